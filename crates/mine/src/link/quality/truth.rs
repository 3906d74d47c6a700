//! Which pull request closed which issue, in people's own words?
//!
//! In: the files of a repository at one commit, and its records. Out: pairs of pull
//! request and issue, by where they were written down. Only what says of a number
//! that it is a pull request counts; what we would have to guess is no truth.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    ChangeRecord, CommitId, FileEntry, LinkTruth, RepoName, RepoPath, Repository, RepositoryError,
};

use crate::link::changelog::{AddedLine, Entry, MOST_NUMBERS, entries};
use crate::link::{LARGEST_CHANGELOG, is_changelog, message};
use crate::records::Records;

/// The issues of each pull request.
pub type Pairs = BTreeMap<u64, BTreeSet<u64>>;

/// Pairs, by where they were written down.
pub type Truths = BTreeMap<LinkTruth, Pairs>;

/// One changelog entry that names issues and the pull requests that closed them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct GoldEntry {
    /// The issues.
    pub issues: BTreeSet<u64>,
    /// The pull requests.
    pub pulls: BTreeSet<u64>,
    /// The entry, as written.
    pub text: String,
}

/// Gathers what people wrote down about a repository, as of one commit.
///
/// What cannot be read says nothing. A truth without a pair is left out.
pub fn truths(
    repo: &dyn Repository,
    head: &CommitId,
    name: &RepoName,
    records: Option<&Records>,
) -> Truths {
    let gold = changelog_gold(repo, head, name, &BTreeSet::new()).unwrap_or_default();
    let closing = records.map(|records| closing_references(records, name)).unwrap_or_default();
    let mut truths: Truths =
        [(LinkTruth::Changelog, pairs(&gold)), (LinkTruth::ClosingReferences, closing)].into();
    truths.retain(|_, pairs| !pairs.is_empty());
    truths
}

/// Returns the entries of the changelog that has most of them, as [`gold_entries`] does.
pub fn changelog_gold(
    repo: &dyn Repository,
    head: &CommitId,
    name: &RepoName,
    known_pulls: &BTreeSet<u64>,
) -> Result<Vec<GoldEntry>, RepositoryError> {
    let mut best = Vec::new();
    for file in repo.files(&repo.commit(head)?.tree)? {
        if is_changelog(&file.path)
            && let Some(text) = text_of(repo, &file)
        {
            let entries = gold_entries(&text, name, known_pulls);
            if entries.len() > best.len() {
                best = entries;
            }
        }
    }
    Ok(best)
}

fn text_of(repo: &dyn Repository, file: &FileEntry) -> Option<String> {
    let small = repo.blob_size(&file.id).ok()?? <= LARGEST_CHANGELOG;
    let blob = (small && file.mode.is_file()).then(|| repo.blob(&file.id).ok()?)??;
    Some(String::from_utf8_lossy(&blob).into_owned())
}

/// Returns the entries of a changelog that name both issues and pull requests.
///
/// Where an entry says of no number that it is a pull request, the known ones
/// among its numbers are taken as such; without known ones, such entries are left out.
pub fn gold_entries(
    changelog: &str,
    repo: &RepoName,
    known_pulls: &BTreeSet<u64>,
) -> Vec<GoldEntry> {
    let path = RepoPath::from("CHANGES");
    let lines: Vec<AddedLine> = (1..)
        .zip(changelog.lines())
        .map(|(line, text)| AddedLine { path: path.clone(), line, text: text.to_owned() })
        .collect();
    entries(&lines, repo)
        .into_iter()
        .map(|entry| told_apart(entry, known_pulls))
        .filter(|entry| !entry.issues.is_empty() && !entry.pulls.is_empty())
        .collect()
}

fn told_apart(entry: Entry, known_pulls: &BTreeSet<u64>) -> GoldEntry {
    let Entry { mut issues, mut pulls, text } = entry;
    // A line that names many numbers lists them and pairs none.
    if pulls.is_empty() && issues.len() <= MOST_NUMBERS {
        pulls = &issues & known_pulls;
        issues = &issues - known_pulls;
    }
    GoldEntry { issues, pulls, text }
}

/// Pairs the issues of every entry with each of its pull requests.
pub fn pairs(gold: &[GoldEntry]) -> Pairs {
    let mut pairs = Pairs::new();
    for entry in gold {
        for pull in &entry.pulls {
            pairs.entry(*pull).or_default().extend(&entry.issues);
        }
    }
    pairs
}

/// Returns what changes say they close: as the forge tells it, or by a keyword in
/// their title or body.
fn closing_references(records: &Records, name: &RepoName) -> Pairs {
    let mut pairs: Pairs =
        records.changes().map(|change| (change.number, closed_by(change, name))).collect();
    for (number, issues) in &mut pairs {
        issues.retain(|issue| issue != number && records.change(*issue).is_none());
    }
    pairs.retain(|_, issues| !issues.is_empty());
    pairs
}

fn closed_by(change: &ChangeRecord, name: &RepoName) -> BTreeSet<u64> {
    let texts = [change.title.as_str(), change.body.as_deref().unwrap_or("")];
    let named = texts.into_iter().flat_map(|text| message::closed_numbers(text, name));
    change.closes.iter().copied().chain(named.map(|named| named.number)).collect()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use backstory_model::{LinkTruth, RepoName};
    use backstory_testkit::RepoBuilder;

    use super::{gold_entries, truths};
    use crate::records::read_bytes;

    const CHANGELOG: &str = "- Fix it. {issue}`1` {pr}`2`\n- Fix more. {issue}`3`\n  {pr}`4`\n\
        - Only a pull request. {pr}`5`\n- Plain (#6, #7)";

    fn name() -> RepoName {
        RepoName::parse("acme/toy").expect("a name")
    }

    #[test]
    fn gold_names_both_sides() {
        let numbers = |known: &[u64]| -> Vec<Vec<u64>> {
            let known: BTreeSet<u64> = known.iter().copied().collect();
            let entries = gold_entries(CHANGELOG, &name(), &known);
            entries.iter().map(|gold| gold.issues.union(&gold.pulls).copied().collect()).collect()
        };
        assert_eq!(numbers(&[]), [vec![1, 2], vec![3, 4]]);
        assert_eq!(numbers(&[7]), [vec![1, 2], vec![3, 4], vec![6, 7]]);
    }

    #[test]
    fn truth_is_read_off_the_changelog_and_off_changes() {
        let mut repo = RepoBuilder::new("acme/toy");
        let head = repo.commit("Start", [("CHANGES.md", CHANGELOG), ("NEWS", "- {pr}`9`\n")]);
        let records = read_bytes(
            concat!(
                r#"{"kind":"header","format":"backstory-records","version":1,"repo":"acme/toy"}"#,
                "\n",
                r#"{"kind":"change","id":"change:8","number":8,"title":"Fix (fixes #6)","closes":[7,8,9]}"#,
                "\n",
                r#"{"kind":"change","id":"change:9","number":9,"title":"See #6"}"#,
                "\n",
            )
            .as_bytes(),
            None,
        )
        .expect("records");
        let found = truths(&repo.memory(), &head, &name(), Some(&records));
        let pairs = |truth: LinkTruth| -> Vec<(u64, Vec<u64>)> {
            let of = found[&truth].iter();
            of.map(|(pull, issues)| (*pull, issues.iter().copied().collect())).collect()
        };
        assert_eq!(pairs(LinkTruth::Changelog), [(2, vec![1]), (4, vec![3])]);
        // A number that is a change itself is no issue.
        assert_eq!(pairs(LinkTruth::ClosingReferences), [(8, vec![6, 7])]);
        let head = repo.commit("Drop it", [("CHANGES.md", "- Plain (#6, #7)\n")]);
        assert!(truths(&repo.memory(), &head, &name(), None).is_empty());
    }
}
