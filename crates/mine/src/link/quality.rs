//! How good is each way of finding links?
//!
//! In: the changelog of a repository, whose maintainers wrote down which pull
//! request closed which issue, and the links of units, found without reading
//! that changelog. Out: precision and recall of each method.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{Link, LinkMethod, LinkTarget, RepoName, RepoPath};

use super::changelog::{AddedLine, Entry, MOST_NUMBERS, entries};

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

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use backstory_model::{CommitId, EvidenceId, Link, LinkMethod, LinkTarget, RepoName};

    use super::{ScoredPull, gold_entries, score};

    const CHANGELOG: &str = "- Fix it. {issue}`1` {pr}`2`\n- Fix more. {issue}`3`\n  {pr}`4`\n\
        - Only a pull request. {pr}`5`\n- Plain (#6, #7)";

    fn link(number: u64, method: LinkMethod) -> Link {
        let commit = CommitId::new("a".repeat(40)).expect("an id");
        Link {
            target: LinkTarget::Issue,
            number,
            method,
            confidence: 1,
            evidence: EvidenceId::commit(&commit),
            excerpt: String::new(),
        }
    }

    #[test]
    fn gold_names_both_sides() {
        let repo = RepoName::parse("acme/toy").expect("a name");
        let numbers = |known: &[u64]| -> Vec<Vec<u64>> {
            let known: BTreeSet<u64> = known.iter().copied().collect();
            let entries = gold_entries(CHANGELOG, &repo, &known);
            entries.iter().map(|gold| gold.issues.union(&gold.pulls).copied().collect()).collect()
        };
        assert_eq!(numbers(&[]), [vec![1, 2], vec![3, 4]]);
        assert_eq!(numbers(&[7]), [vec![1, 2], vec![3, 4], vec![6, 7]]);
    }

    #[test]
    fn a_wrong_and_a_missed_link_lower_the_score() {
        let repo = RepoName::parse("acme/toy").expect("a name");
        let gold = gold_entries(CHANGELOG, &repo, &BTreeSet::new());
        let pulls = [
            ScoredPull {
                pull: 2,
                links: vec![
                    link(1, LinkMethod::ClosingKeyword),
                    link(9, LinkMethod::ClosingKeyword),
                    link(8, LinkMethod::Mention),
                ],
            },
            ScoredPull { pull: 4, links: vec![] },
            ScoredPull { pull: 77, links: vec![link(1, LinkMethod::ClosingKeyword)] },
        ];
        let scores = score(&gold, &pulls);
        let keyword = &scores[&Some(LinkMethod::ClosingKeyword)];
        assert_eq!((keyword.precision(), keyword.recall()), (Some(0.5), Some(0.5)));
        assert_eq!(scores[&None], *keyword);
        assert_eq!(scores[&Some(LinkMethod::Mention)].precision(), Some(0.0));
    }
}
