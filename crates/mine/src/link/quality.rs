//! How good is each way of finding links?
//!
//! In: the changelog of a repository, whose maintainers wrote down which pull
//! request closed which issue, and the links of units, found without reading
//! that changelog. Out: precision and recall of each method.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{Link, LinkMethod, LinkTarget, RepoName, RepoPath};

use super::changelog::{AddedLine, entries};

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

/// The links found for one pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoredPull {
    /// Its number.
    pub pull: u64,
    /// What was found, the changelog left out.
    pub links: Vec<Link>,
}

/// How one method did over the pull requests of the gold.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MethodScore {
    /// Pairs of pull request and issue it found that the gold names.
    pub right: BTreeSet<(u64, u64)>,
    /// Pairs it found that the gold does not name.
    pub wrong: BTreeSet<(u64, u64)>,
    /// Pairs of the gold that it did not find.
    pub missed: BTreeSet<(u64, u64)>,
}

impl MethodScore {
    /// Returns the share of found pairs that are right, `None` when none was found.
    pub fn precision(&self) -> Option<f64> {
        share(self.right.len(), self.wrong.len())
    }

    /// Returns the share of gold pairs that were found, `None` without gold.
    pub fn recall(&self) -> Option<f64> {
        share(self.right.len(), self.missed.len())
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of pairs are small")]
fn share(part: usize, rest: usize) -> Option<f64> {
    (part + rest > 0).then(|| part as f64 / (part + rest) as f64)
}

/// Returns the entries of a changelog that name both issues and pull requests.
pub fn gold_entries(changelog: &str, repo: &RepoName) -> Vec<GoldEntry> {
    let path = RepoPath::from("CHANGES");
    let lines: Vec<AddedLine> = (1..)
        .zip(changelog.lines())
        .map(|(line, text)| AddedLine { path: path.clone(), line, text: text.to_owned() })
        .collect();
    entries(&lines, repo)
        .into_iter()
        .filter(|entry| !entry.issues.is_empty() && !entry.pulls.is_empty())
        .map(|entry| GoldEntry { issues: entry.issues, pulls: entry.pulls, text: entry.text })
        .collect()
}

/// Scores each method, over the pull requests that are in the gold and were mined.
///
/// The issues of a pull request are those of every entry that names it. `None`
/// stands for all methods but mentions taken together.
pub fn score(
    gold: &[GoldEntry],
    pulls: &[ScoredPull],
) -> BTreeMap<Option<LinkMethod>, MethodScore> {
    let mut truth: BTreeMap<u64, BTreeSet<u64>> = BTreeMap::new();
    for entry in gold {
        for pull in &entry.pulls {
            truth.entry(*pull).or_default().extend(&entry.issues);
        }
    }
    let mut found: BTreeMap<Option<LinkMethod>, BTreeSet<(u64, u64)>> = BTreeMap::new();
    let mut wanted = BTreeSet::new();
    for scored in pulls {
        let Some(issues) = truth.get(&scored.pull) else { continue };
        wanted.extend(issues.iter().map(|issue| (scored.pull, *issue)));
        for link in scored.links.iter().filter(|link| link.target == LinkTarget::Issue) {
            let pair = (scored.pull, link.number);
            found.entry(Some(link.method)).or_default().insert(pair);
            if link.method != LinkMethod::Mention {
                found.entry(None).or_default().insert(pair);
            }
        }
    }
    found.into_iter().map(|(method, found)| (method, compare(&found, &wanted))).collect()
}

fn compare(found: &BTreeSet<(u64, u64)>, wanted: &BTreeSet<(u64, u64)>) -> MethodScore {
    MethodScore { right: found & wanted, wrong: found - wanted, missed: wanted - found }
}
