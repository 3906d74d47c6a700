//! Which issues and pull requests belong to a change, and how do we know?
//!
//! In: the messages of a unit, the changelog lines and paths it adds, and what
//! the forge's records say. Out: its links, each with method, confidence and
//! evidence; a unit without a link stays a unit. Reads nothing but its arguments.

mod branch;
mod changelog;
mod fragment;
mod message;
mod own_text;
mod pull;
pub mod quality;
mod reference;
mod resolution;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use backstory_model::{
    CommitId, EvidenceId, Link, LinkMethod, LinkTarget, RecordId, RepoName, RepoPath,
};

use crate::records::Records;

pub use branch::{MOST_BRANCH_COMMITS, branch_commits};
pub(crate) use changelog::LARGEST_CHANGELOG;
pub use changelog::{AddedLine, is_changelog};
pub use fragment::news_fragment_number;
use pull::branch_numbers;
pub use pull::{StatedPull, pull_number, stated_pull};
pub(crate) use reference::issue_url_number;
pub(crate) use resolution::Resolutions;

/// The longest excerpt, in characters.
pub const LONGEST_EXCERPT: usize = 120;

/// What is known about a unit when its links are looked for.
#[derive(Clone, Copy, Debug)]
pub struct LinkInput<'a> {
    /// The repository; numbers of others are not links.
    pub repo: &'a RepoName,
    /// The commit of the unit with its message, then the authored commits, oldest first.
    pub messages: &'a [(CommitId, &'a str)],
    /// The pull request of the unit.
    pub pull: Option<u64>,
    /// When the commit of the unit was made, in seconds since 1970-01-01 UTC.
    pub merged_at: i64,
    /// Numbers known to be pull requests, e.g., from the refs of the repository.
    ///
    /// Only those below `pull` are used, so that pull requests opened later do
    /// not change what an earlier unit is linked to.
    pub known_pulls: &'a BTreeSet<u64>,
    /// The lines the unit adds to changelogs (see [`is_changelog`]), by path and line.
    pub added_changelog_lines: &'a [AddedLine],
    /// The paths the unit adds.
    pub added_paths: &'a [RepoPath],
    /// What the forge says, if records were given.
    pub records: Option<&'a Records>,
    /// The methods to use.
    pub enabled: &'a Methods,
}

/// A choice of link methods.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Methods(BTreeSet<LinkMethod>);

impl Methods {
    /// Every method there is.
    pub const ALL: [LinkMethod; 13] = [
        LinkMethod::MergeSubject,
        LinkMethod::SquashSubject,
        LinkMethod::ClosingKeyword,
        LinkMethod::Trailer,
        LinkMethod::Mention,
        LinkMethod::Changelog,
        LinkMethod::NewsFragment,
        LinkMethod::Record,
        LinkMethod::PullHead,
        LinkMethod::IssueComment,
        LinkMethod::ClosedAtMerge,
        LinkMethod::Subject,
        LinkMethod::BranchName,
    ];

    /// Chooses every method.
    pub fn all() -> Self {
        Self(Self::ALL.into())
    }

    /// Leaves one method out.
    #[must_use]
    pub fn without(mut self, method: LinkMethod) -> Self {
        self.0.remove(&method);
        self
    }

    /// Returns true when the method is chosen.
    pub fn contains(&self, method: LinkMethod) -> bool {
        self.0.contains(&method)
    }
}

impl Default for Methods {
    fn default() -> Self {
        Self::all()
    }
}

/// Returns how sure a method is, 0 to 100.
///
/// Subjects, closing keywords, trailers, branch names, mentions and news fragments are
/// measured (see `docs/results/links.md`), the others assigned. Without `known_pulls`
/// the number of a pull request passes for that of an issue, so these are less sure.
pub fn confidence(method: LinkMethod, knows_pulls: bool) -> u8 {
    match (method, knows_pulls) {
        (
            LinkMethod::Record
            | LinkMethod::PullHead
            | LinkMethod::MergeSubject
            | LinkMethod::SquashSubject,
            _,
        ) => 99,
        (
            LinkMethod::ClosingKeyword
            | LinkMethod::NewsFragment
            | LinkMethod::Subject
            | LinkMethod::BranchName,
            true,
        )
        | (LinkMethod::ClosedAtMerge, _) => 95,
        (LinkMethod::ClosingKeyword | LinkMethod::IssueComment, _) => 90,
        (LinkMethod::Trailer, _) => 88,
        (LinkMethod::Changelog, _) => 85,
        (LinkMethod::BranchName, false) => 80,
        (LinkMethod::Mention, true) => 70,
        (LinkMethod::NewsFragment | LinkMethod::Subject, false) => 60,
        (LinkMethod::Mention, false) => 40,
    }
}

/// Returns the links of a unit, sorted by target, number and method, each once.
///
/// The unit's own pull request and other known pull requests are never issue
/// links. A number that a message names as its task is not also a mention; what is
/// only mentioned has a target of its own.
pub fn links(input: &LinkInput<'_>) -> Vec<Link> {
    let mut found = Found { input, links: Vec::new() };
    found.pull_links();
    found.message_links();
    found.changelog_links();
    found.fragment_links();
    found.record_links();
    found.resolution_links();
    found.sorted()
}

/// Where a link was read.
enum Source<'a> {
    Commit(&'a CommitId),
    Record(&'a RecordId),
}

struct Found<'a> {
    input: &'a LinkInput<'a>,
    links: Vec<Link>,
}

impl Found<'_> {
    fn add(
        &mut self,
        target: LinkTarget,
        number: u64,
        method: LinkMethod,
        source: &Source<'_>,
        text: &str,
    ) {
        if target != LinkTarget::Pull && self.input.pull == Some(number) {
            return;
        }
        let evidence = match source {
            Source::Commit(id) => EvidenceId::commit(id),
            Source::Record(id) => EvidenceId::record(id),
        };
        let confidence = confidence(method, !self.input.known_pulls.is_empty());
        let excerpt = excerpt(text);
        self.links.push(Link { target, number, method, confidence, evidence, excerpt });
    }

    fn add_issue(&mut self, number: u64, method: LinkMethod, source: &Source<'_>, text: &str) {
        let known = self.input.known_pulls.contains(&number);
        if known && self.input.pull.is_some_and(|pull| number < pull) {
            return;
        }
        let target = match method {
            LinkMethod::Mention => LinkTarget::Mentioned,
            _ => LinkTarget::Issue,
        };
        self.add(target, number, method, source, text);
    }

    /// Links the unit to its own pull request.
    fn pull_links(&mut self) {
        let (Some(pull), Some((commit, message))) = (self.input.pull, self.input.messages.first())
        else {
            return;
        };
        let source = Source::Commit(commit);
        if let Some(stated) = stated_pull(message).filter(|stated| stated.number == pull) {
            let line = &message[stated.range];
            self.add(LinkTarget::Pull, pull, stated.method, &source, line);
        } else {
            let line = format!("pull request head {pull}");
            self.add(LinkTarget::Pull, pull, LinkMethod::PullHead, &source, &line);
        }
    }

    /// Links the issues that the messages close, belong to or mention.
    fn message_links(&mut self) {
        for (commit, message) in self.input.messages {
            // The number in a merge subject or at the end of a subject is a pull request.
            let own = stated_pull(message).map(|stated| (stated.number, stated.range));
            for named in message::named_numbers(message, self.input.repo) {
                let states_pull = own.as_ref().is_some_and(|(number, range)| {
                    *number == named.number && range.contains(&named.range.start)
                });
                if states_pull {
                    continue;
                }
                let line = line_at(message, named.range.start);
                let method = self.method_of(&named);
                self.add_issue(named.number, method, &Source::Commit(commit), line);
            }
        }
        let Some((commit, message)) = self.input.messages.first() else { return };
        for number in branch_numbers(message) {
            // A branch cannot be named after a number given out later.
            if self.input.pull.is_some_and(|pull| number < pull) {
                let line = line_at(message, 0);
                self.add_issue(number, LinkMethod::BranchName, &Source::Commit(commit), line);
            }
        }
    }

    /// A subject cannot be about a number that was given out later.
    fn method_of(&self, named: &message::Named) -> LinkMethod {
        match named.method {
            LinkMethod::Subject if self.input.pull.is_some_and(|pull| named.number > pull) => {
                LinkMethod::Mention
            }
            method => method,
        }
    }

    /// Links the issues that added changelog entries name.
    fn changelog_links(&mut self) {
        let Some((commit, _)) = self.input.messages.first() else { return };
        // A changelog that the unit itself brings tells of what was before, or elsewhere.
        let is_new = |line: &AddedLine| self.input.added_paths.contains(&line.path);
        let added = self.input.added_changelog_lines.iter().filter(|line| !is_new(line));
        let added: Vec<AddedLine> = added.cloned().collect();
        let entries = changelog::entries(&added, self.input.repo);
        // A unit that adds many entries is a release or a merge of branches.
        if entries.len() > changelog::MOST_NUMBERS {
            return;
        }
        let source = Source::Commit(commit);
        for entry in entries {
            if entry.issues.len() + entry.pulls.len() > changelog::MOST_NUMBERS {
                continue;
            }
            let own = self
                .input
                .pull
                .filter(|pull| entry.pulls.contains(pull) || entry.issues.contains(pull));
            if let Some(pull) = own {
                self.add(LinkTarget::Pull, pull, LinkMethod::Changelog, &source, &entry.text);
            }
            for number in &entry.issues {
                self.add_issue(*number, LinkMethod::Changelog, &source, &entry.text);
            }
        }
    }

    /// Links the issues that added news fragments are named after.
    fn fragment_links(&mut self) {
        let Some((commit, _)) = self.input.messages.first() else { return };
        let fragments: Vec<(u64, &RepoPath)> = self
            .input
            .added_paths
            .iter()
            .filter_map(|path| Some((news_fragment_number(path)?, path)))
            .collect();
        let numbers: BTreeSet<u64> = fragments.iter().map(|(number, _)| *number).collect();
        if numbers.len() > changelog::MOST_NUMBERS {
            return;
        }
        for (number, path) in fragments {
            let source = Source::Commit(commit);
            self.add_issue(number, LinkMethod::NewsFragment, &source, &path.to_string());
        }
    }

    /// Links the issues that the record of the pull request closes.
    fn record_links(&mut self) {
        let Some(records) = self.input.records else { return };
        let merged = self.input.messages.first().and_then(|(commit, _)| {
            records.change_for_commit(commit).filter(|change| is_merged_by(change, commit))
        });
        let change = match self.input.pull {
            Some(pull) => records.change(pull),
            None => merged,
        };
        let Some(change) = change else { return };
        let source = Source::Record(&change.id);
        self.add(LinkTarget::Pull, change.number, LinkMethod::Record, &source, &change.title);
        for number in &change.closes {
            if *number != change.number {
                self.add_issue(*number, LinkMethod::Record, &source, &change.title);
            }
        }
        let body = change.body.as_deref().unwrap_or("");
        for text in [change.title.as_str(), body] {
            for named in message::closed_numbers(text, self.input.repo) {
                let line = line_at(text, named.range.start);
                self.add_issue(named.number, LinkMethod::Record, &source, line);
            }
        }
    }

    /// Links the issues whose own records say that this unit resolved them.
    fn resolution_links(&mut self) {
        let Some(records) = self.input.records else { return };
        let resolutions = records.resolutions(self.input.repo);
        let commits = self.input.messages.iter().map(|(commit, _)| commit);
        let told = resolutions.of_unit(self.input.pull, commits, self.input.merged_at);
        for (resolution, method) in told {
            let source = Source::Record(&resolution.record);
            self.add(LinkTarget::Issue, resolution.issue, method, &source, &resolution.text);
        }
    }

    /// Takes the subjects of a unit for mentions where they name several issues: then
    /// each names the task of its commit, and none that of the unit.
    fn settle_subjects(&mut self) {
        let of_subjects = || self.links.iter().filter(|l| l.method == LinkMethod::Subject);
        let named: BTreeSet<u64> = of_subjects().map(|link| link.number).collect();
        if named.len() > 1 {
            let knows_pulls = !self.input.known_pulls.is_empty();
            for link in self.links.iter_mut().filter(|l| l.method == LinkMethod::Subject) {
                link.target = LinkTarget::Mentioned;
                link.method = LinkMethod::Mention;
                link.confidence = confidence(LinkMethod::Mention, knows_pulls);
            }
        }
    }

    fn sorted(mut self) -> Vec<Link> {
        self.settle_subjects();
        let stronger: BTreeSet<u64> = self
            .links
            .iter()
            .filter(|link| {
                use LinkMethod::{ClosingKeyword, Subject, Trailer};
                link.target != LinkTarget::Pull
                    && matches!(link.method, ClosingKeyword | Trailer | Subject)
            })
            .map(|link| link.number)
            .collect();
        let mut links = self.links;
        links.retain(|link| {
            let shadowed = link.method == LinkMethod::Mention && stronger.contains(&link.number);
            self.input.enabled.contains(link.method) && !shadowed
        });
        // The sort is stable: of equal links the one of the first message stays.
        links.sort_by_key(|link| (link.target, link.number, link.method));
        links.dedup_by_key(|link| (link.target, link.number, link.method));
        links
    }
}

fn is_merged_by(change: &backstory_model::ChangeRecord, commit: &CommitId) -> bool {
    change.merge_sha.as_deref().is_some_and(|id| id.eq_ignore_ascii_case(commit.as_str()))
}

/// Returns the line of a text that holds this byte.
fn line_at(text: &str, at: usize) -> &str {
    let start = text[..at].rfind('\n').map_or(0, |end| end + 1);
    text[start..].split('\n').next().unwrap_or("")
}

/// Returns the text on one line, cut to [`LONGEST_EXCERPT`] characters.
fn excerpt(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control());
    let line = words.filter(|word| !word.is_empty()).collect::<Vec<_>>().join(" ");
    line.chars().take(LONGEST_EXCERPT).collect()
}
