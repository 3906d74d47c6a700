//! Which unit resolved an issue, as the records of the issue say?
//!
//! In: the issues of a repository with their comments and events. Out: what each
//! comment or closing names: a pull request, a commit, or the moment at which a
//! forge closed the issue by itself. An issue that was never closed says nothing.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use backstory_model::{CommentRecord, CommitId, EventRecord, LinkMethod, RecordId, RepoName};
use regex::Regex;

use super::own_text::own_text;
use super::reference::{ReferenceKind, references};
use crate::records::{Records, seconds};

/// A forge closes the issues of a pull request this soon after it was merged; in
/// the histories that were measured, people need seven seconds and more.
const MOST_SECONDS: i64 = 3;

/// The fewest digits a commit is named by.
const FEWEST_DIGITS: usize = 7;

// Words of a claim that the issue is resolved, up to what resolved it.
static RESOLVED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)(?:^|[^\w-])
        (?: (?:fixed|closed|resolved|solved|implemented|completed|addressed|done)
            (?:\s+(?:by|in|with|via|as|part|of|the|this|pr|pull|request|commit|now|it))*
          | fix(?:es)?\s+(?:in|with|by)
        )
        \s*:?\s*[(\[<`]{0,2}$",
    )
    .expect("the pattern is valid")
});

static DENIED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)(?:\b(?:not|never|cannot|partially|partly|almost|if|when|once|until|to\s+be|can\s+be|could\s+be|might\s+be|may\s+be|will\s+be|would\s+be)\b|n't)[^.!?\n]*$",
    )
    .expect("the pattern is valid")
});

static COMMIT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?:https?://[^/\s]+/(?P<repo>[^/\s]+/[^/\s]+)/(?:-/)?commit/)?\b(?P<id>[0-9a-f]{7,40})\b",
    )
    .expect("the pattern is valid")
});

/// What one record says about the end of an issue.
#[derive(Clone, Debug)]
pub(crate) struct Resolution {
    /// The number of the issue.
    pub(crate) issue: u64,
    /// The record that says so.
    pub(crate) record: RecordId,
    /// Its words.
    pub(crate) text: String,
}

/// What the records of all issues say about their ends.
#[derive(Clone, Debug, Default)]
pub(crate) struct Resolutions {
    pulls: BTreeMap<u64, Vec<Resolution>>,
    commits: BTreeMap<String, Vec<(LinkMethod, Resolution)>>,
    closings: BTreeMap<i64, Vec<Resolution>>,
}

impl Resolutions {
    /// Reads the issues of a repository.
    pub(crate) fn read(records: &Records, repo: &RepoName) -> Self {
        let mut found = Self::default();
        for number in records.issue_numbers() {
            let Some(issue) = records.issue(number) else { continue };
            let closings: Vec<_> =
                records.events_on(&issue.id).iter().filter(|told| told.event == "closed").collect();
            if closings.is_empty() && issue.state.as_deref() != Some("closed") {
                continue;
            }
            for closing in closings {
                found.closing(number, closing);
            }
            for comment in records.comments_on(&issue.id) {
                found.comment(number, comment, repo);
            }
        }
        found
    }

    /// Returns what is said about a unit: its pull request, its commits, when it was merged.
    ///
    /// Only the merge of a pull request makes a forge close issues at that moment.
    pub(crate) fn of_unit<'a>(
        &'a self,
        pull: Option<u64>,
        commits: impl Iterator<Item = &'a CommitId>,
        merged_at: i64,
    ) -> Vec<(&'a Resolution, LinkMethod)> {
        let mut found = Vec::new();
        if let Some(pull) = pull {
            let told = self.pulls.get(&pull).into_iter().flatten();
            found.extend(told.map(|told| (told, LinkMethod::IssueComment)));
            let closed = self.closings.range(merged_at..=merged_at.saturating_add(MOST_SECONDS));
            found.extend(closed.flat_map(|(_, told)| told).map(|t| (t, LinkMethod::ClosedAtMerge)));
        }
        for commit in commits {
            // A range over all names from the shortest one to the whole one.
            let (shortest, whole) = (&commit.as_str()[..FEWEST_DIGITS], commit.as_str());
            let named = self.commits.range(shortest.to_owned()..=whole.to_owned());
            let named = named.filter(|(id, _)| whole.starts_with(id.as_str()));
            found.extend(named.flat_map(|(_, told)| told).map(|(method, told)| (told, *method)));
        }
        found
    }

    fn closing(&mut self, issue: u64, event: &EventRecord) {
        let Some(time) = event.created_at.as_deref() else { return };
        let text = format!("closed {time}");
        let told = Resolution { issue, record: event.id.clone(), text };
        if let Some(at) = seconds(Some(time)) {
            self.closings.entry(at).or_default().push(told.clone());
        }
        if let Some(commit) = &event.commit {
            let id = commit.to_ascii_lowercase();
            self.commits.entry(id).or_default().push((LinkMethod::Record, told));
        }
    }

    fn comment(&mut self, issue: u64, comment: &CommentRecord, repo: &RepoName) {
        let own = own_text(comment.body.as_deref().unwrap_or(""));
        let told = |at: usize| {
            let text = super::line_at(&own, at).to_owned();
            Resolution { issue, record: comment.id.clone(), text }
        };
        for named in references(&own, repo) {
            let may_be_pull = match named.kind {
                ReferenceKind::Number | ReferenceKind::Pull => named.number != issue,
                ReferenceKind::Issue => false,
            };
            if may_be_pull && resolves(&own[..named.range.start]) {
                self.pulls.entry(named.number).or_default().push(told(named.range.start));
            }
        }
        for found in COMMIT.captures_iter(&own) {
            let (Some(whole), Some(id)) = (found.get(0), found.name("id")) else { continue };
            let ours = found
                .name("repo")
                .is_none_or(|named| named.as_str().eq_ignore_ascii_case(&repo.to_string()));
            // A word of letters or digits alone is rather a word or a number.
            let mixed = id.as_str().bytes().any(|b| b.is_ascii_digit())
                && id.as_str().bytes().any(|b| b.is_ascii_alphabetic());
            if ours && mixed && resolves(&own[..whole.start()]) {
                let told = (LinkMethod::IssueComment, told(whole.start()));
                self.commits.entry(id.as_str().to_owned()).or_default().push(told);
            }
        }
    }
}

/// Returns true when the text ends in a claim that what comes next resolved the issue.
fn resolves(before: &str) -> bool {
    let line = before.rsplit('\n').next().unwrap_or("");
    RESOLVED.is_match(line) && !DENIED.is_match(line)
}

#[cfg(test)]
mod tests {
    use backstory_model::{CommitId, LinkMethod, RepoName};
    use serde_json::json;

    use super::Resolutions;
    use crate::records::{Records, read_bytes};

    fn records(comment: &str, state: &str) -> Records {
        let header = json!({"kind": "header", "format": "backstory-records", "version": 1});
        let issue = json!({"kind": "issue", "id": "issue:3", "number": 3, "title": "Crash", "state": state});
        let comment =
            json!({"kind": "comment", "id": "comment:1", "on": "issue:3", "body": comment});
        read_bytes(format!("{header}\n{issue}\n{comment}\n").as_bytes(), None).expect("records")
    }

    fn told(comment: &str, state: &str) -> Vec<(u64, LinkMethod)> {
        let repo = RepoName::parse("acme/toy").expect("a name");
        let found = Resolutions::read(&records(comment, state), &repo);
        let commit = CommitId::new("1a2b3c4d5e".repeat(4)).expect("an id");
        let of_unit = found.of_unit(Some(7), [&commit].into_iter(), 0);
        of_unit.into_iter().map(|(told, method)| (told.issue, method)).collect()
    }

    #[test]
    fn a_claim_that_names_the_unit_is_found() {
        for comment in [
            "Fixed by #7",
            "This has been fixed in https://github.com/acme/toy/pull/7 :tada:",
            "Thanks!\r\n\r\nImplemented with #7.",
            "Done as part of #7",
            "Fix in acme/toy#7",
            "closed by 1a2b3c4",
            "Fixed with https://github.com/acme/toy/commit/1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e1a2b3c4d5e.",
        ] {
            assert_eq!(told(comment, "closed"), [(3, LinkMethod::IssueComment)], "{comment}");
        }
    }

    #[test]
    fn other_words_other_repositories_and_open_issues_say_nothing() {
        for comment in [
            "See #7",
            "Not fixed by #7",
            "This will be fixed by #7",
            "Closed as duplicate of #7",
            "Closed in favor of #7",
            "> Fixed by #7",
            "Fixed by other/toy#7",
            "Fixed by https://github.com/acme/toy/issues/7",
            "Fixed with https://github.com/other/toy/commit/1a2b3c4",
            "Fixed by #8",
            "Fixed in 1a2b3c5",
        ] {
            assert_eq!(told(comment, "closed"), [], "{comment}");
        }
        assert_eq!(told("Fixed by #7", "open"), []);
    }
}
