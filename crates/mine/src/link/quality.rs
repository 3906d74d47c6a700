//! How good is each way of finding links?
//!
//! In: pairs of pull request and issue that people wrote down, and the links of
//! units. Out: how many of the pairs each method found, and how many of those it
//! found are true. A method never judges itself: what reads the truth is left out.

mod truth;

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    Disposition, Link, LinkMethod, LinkReport, LinkTarget, LinkTruth, PairCount, TruthScore,
};

pub use self::truth::{GoldEntry, Pairs, Truths, changelog_gold, gold_entries, pairs, truths};

/// The links found for one pull request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ScoredPull {
    /// Its number.
    pub pull: u64,
    /// What was found.
    pub links: Vec<Link>,
}

/// Whose pairs are counted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Finder {
    /// One method's.
    Method(LinkMethod),
    /// Those of all methods but mentions, which do not say that an issue is the task.
    WithoutMentions,
    /// Those of all methods.
    Together,
}

/// How one finder did over the pull requests of the truth.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct MethodScore {
    /// Pairs of pull request and issue it found that the truth names.
    pub right: BTreeSet<(u64, u64)>,
    /// Pairs it found that the truth does not name.
    pub wrong: BTreeSet<(u64, u64)>,
    /// Pairs of the truth that it did not find.
    pub missed: BTreeSet<(u64, u64)>,
}

impl MethodScore {
    /// Counts the pairs.
    pub fn count(&self) -> PairCount {
        let agreeing = number(self.right.len());
        PairCount { found: agreeing + number(self.wrong.len()), agreeing }
    }

    /// Counts the pairs of the truth.
    pub fn true_pairs(&self) -> u32 {
        number(self.right.len() + self.missed.len())
    }
}

fn number(count: usize) -> u32 {
    u32::try_from(count).unwrap_or(u32::MAX)
}

/// Scores each method, over the pull requests that are in the truth and were mined.
///
/// Links of methods that the truth cannot judge are passed over. The two sums are
/// always there, a method only where it found something.
pub fn score(
    truth: LinkTruth,
    pairs: &Pairs,
    pulls: &[ScoredPull],
) -> BTreeMap<Finder, MethodScore> {
    let mut wanted = BTreeSet::new();
    let mut found: BTreeMap<Finder, BTreeSet<(u64, u64)>> =
        [Finder::WithoutMentions, Finder::Together].map(|sum| (sum, BTreeSet::new())).into();
    for scored in pulls {
        let Some(issues) = pairs.get(&scored.pull) else { continue };
        wanted.extend(issues.iter().map(|issue| (scored.pull, *issue)));
        for link in to_issues(&scored.links).filter(|link| truth.may_judge(link.method)) {
            let mut finders = vec![Finder::Method(link.method), Finder::Together];
            if link.method != LinkMethod::Mention {
                finders.push(Finder::WithoutMentions);
            }
            for finder in finders {
                found.entry(finder).or_default().insert((scored.pull, link.number));
            }
        }
    }
    let compare = |found: BTreeSet<(u64, u64)>| MethodScore {
        right: &found & &wanted,
        wrong: &found - &wanted,
        missed: &wanted - &found,
    };
    found.into_iter().map(|(finder, found)| (finder, compare(found))).collect()
}

fn to_issues(links: &[Link]) -> impl Iterator<Item = &Link> {
    links.iter().filter(|link| link.target != LinkTarget::Pull)
}

/// Adds up the links of one repository, unit by unit.
#[derive(Debug)]
pub struct LinkTally<'a> {
    truths: &'a Truths,
    report: LinkReport,
    scored: Vec<ScoredPull>,
}

impl<'a> LinkTally<'a> {
    /// Starts with no unit.
    pub fn new(truths: &'a Truths) -> Self {
        Self { truths, report: LinkReport::default(), scored: Vec::new() }
    }

    /// Adds one unit, accepted or not.
    pub fn add(&mut self, unit: &Disposition) {
        let methods: BTreeSet<LinkMethod> =
            to_issues(&unit.links).map(|link| link.method).collect();
        self.report.units += 1;
        let linked = unit.links.iter().any(|link| link.target == LinkTarget::Issue);
        self.report.linked += u32::from(linked);
        for method in methods {
            *self.report.methods.entry(method).or_default() += 1;
        }
        let Some(pull) = change_number(unit) else { return };
        if self.truths.values().any(|pairs| pairs.contains_key(&pull)) {
            self.scored.push(ScoredPull { pull, links: unit.links.clone() });
        }
    }

    /// Ends with the counts; a truth that names no unit's pull request is left out.
    pub fn finish(mut self) -> LinkReport {
        for (truth, pairs) in self.truths {
            let told = count(&score(*truth, pairs, &self.scored));
            if told.true_pairs > 0 {
                self.report.judged.insert(*truth, told);
            }
        }
        self.report
    }
}

/// Returns the number of the unit's change: the one it states, else that of its record.
fn change_number(unit: &Disposition) -> Option<u64> {
    let linked = || unit.links.iter().find(|link| link.target == LinkTarget::Pull);
    unit.work.pull.or_else(|| linked().map(|link| link.number))
}

fn count(scores: &BTreeMap<Finder, MethodScore>) -> TruthScore {
    let mut told = TruthScore::default();
    for (finder, score) in scores {
        match finder {
            Finder::Method(method) => {
                told.methods.insert(*method, score.count());
            }
            Finder::WithoutMentions => told.without_mentions = score.count(),
            Finder::Together => {
                told.true_pairs = score.true_pairs();
                told.together = score.count();
            }
        }
    }
    told
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use backstory_model::{
        CommitId, Disposition, EvidenceId, Link, LinkMethod, LinkReport, LinkTarget, LinkTruth,
        Outcome, PairCount, RepoName, SchemaVersion, UnitId, UnitKey, WorkUnit,
    };
    use proptest::prelude::*;

    use super::{LinkTally, Pairs, Truths};
    use crate::link::{LinkInput, Methods, links};

    fn commit() -> CommitId {
        CommitId::new("a".repeat(40)).expect("an id")
    }

    fn link(number: u64, method: LinkMethod) -> Link {
        Link {
            target: LinkTarget::Issue,
            number,
            method,
            confidence: 1,
            evidence: EvidenceId::commit(&commit()),
            excerpt: String::new(),
        }
    }

    fn unit(pull: Option<u64>, links: &[(u64, LinkMethod)]) -> Disposition {
        Disposition {
            schema: SchemaVersion::CURRENT,
            work: WorkUnit {
                key: UnitKey::new("0".repeat(64)).expect("64 digits"),
                repo: RepoName::parse("acme/toy").expect("a name"),
                unit: UnitId::new("acme__toy-1"),
                commit: commit(),
                position: 0,
                pull,
                pull_head: None,
            },
            outcome: Outcome::Rejected { reason: String::new(), detail: String::new() },
            labels: None,
            links: links.iter().map(|(number, method)| link(*number, *method)).collect(),
            execution: None,
            ci: None,
        }
    }

    fn report(truth: LinkTruth, pairs: &[(u64, &[u64])], units: &[Disposition]) -> LinkReport {
        let pairs: Pairs =
            pairs.iter().map(|(pull, issues)| (*pull, issues.iter().copied().collect())).collect();
        let truths: Truths = [(truth, pairs)].into();
        let mut tally = LinkTally::new(&truths);
        for unit in units {
            tally.add(unit);
        }
        tally.finish()
    }

    #[test]
    fn a_wrong_and_a_missed_link_lower_the_score() {
        use LinkMethod::{ClosingKeyword, Mention};
        let told = report(
            LinkTruth::Changelog,
            &[(2, &[1]), (4, &[3]), (6, &[5])],
            &[
                unit(Some(2), &[(1, ClosingKeyword), (9, ClosingKeyword), (8, Mention)]),
                unit(Some(4), &[]),
                unit(Some(77), &[(1, ClosingKeyword)]),
            ],
        );
        // Pull request 6 has no unit, so that nobody could find its pair.
        let judged = &told.judged[&LinkTruth::Changelog];
        assert_eq!(judged.true_pairs, 2);
        let keyword = judged.methods[&ClosingKeyword];
        assert_eq!(keyword, PairCount { found: 2, agreeing: 1 });
        assert_eq!((keyword.precision(), keyword.recall(2)), (Some(0.5), Some(0.5)));
        assert_eq!(judged.without_mentions, keyword);
        assert_eq!(judged.methods[&Mention].precision(), Some(0.0));
        assert_eq!(judged.together, PairCount { found: 3, agreeing: 1 });
        let coverage = BTreeMap::from([(ClosingKeyword, 2), (Mention, 1)]);
        assert_eq!((told.units, told.linked, told.methods), (3, 2, coverage));
    }

    #[test]
    fn a_method_never_judges_itself() {
        use LinkMethod::{Changelog, ClosingKeyword, NewsFragment, Record};
        let found = [(1, Changelog), (1, NewsFragment), (1, Record), (9, ClosingKeyword)];
        let units = [unit(Some(2), &found)];
        let told = report(LinkTruth::Changelog, &[(2, &[1])], &units);
        let methods: Vec<_> = told.judged[&LinkTruth::Changelog].methods.keys().collect();
        assert_eq!(methods, [&ClosingKeyword, &Record]);
        let told = report(LinkTruth::ClosingReferences, &[(2, &[1])], &units);
        let judged = &told.judged[&LinkTruth::ClosingReferences];
        let methods: Vec<_> = judged.methods.keys().collect();
        assert_eq!(methods, [&ClosingKeyword, &Changelog, &NewsFragment]);
        assert_eq!(judged.together, PairCount { found: 2, agreeing: 1 });
    }

    #[test]
    fn without_a_pair_of_any_unit_there_is_coverage_only() {
        let units = [unit(None, &[(1, LinkMethod::Mention)])];
        let told = report(LinkTruth::Changelog, &[(2, &[1])], &units);
        assert_eq!((told.judged.len(), told.linked), (0, 1));
    }

    fn message() -> impl Strategy<Value = String> {
        let part = prop_oneof![
            (1_u64..30).prop_map(|number| format!("fixes #{number}\n")),
            (1_u64..30).prop_map(|number| format!("see #{number}\n")),
            (1_u64..30).prop_map(|number| format!("\nIssue: #{number}\n")),
        ];
        prop::collection::vec(part, 0..5).prop_map(|parts| format!("Do it\n\n{}", parts.concat()))
    }

    proptest! {
        /// Leaving out the links of a method gives the links without that method, so
        /// that the links of a finished build can be judged.
        #[test]
        fn a_method_that_is_left_out_changes_no_other_link(
            message in message(),
            named in prop::collection::vec(1_u64..30, 0..4),
            pull in prop::option::of(1_u64..30),
        ) {
            let added: Vec<crate::link::AddedLine> = named
                .iter()
                .zip(1..)
                .map(|(number, line)| crate::link::AddedLine {
                    path: "CHANGES.md".into(),
                    line,
                    text: format!("- Change it {{issue}}`{number}`"),
                })
                .collect();
            let (commit, repo) = (commit(), RepoName::parse("acme/toy").expect("a name"));
            let of = |methods: &Methods| {
                links(&LinkInput {
                    repo: &repo,
                    messages: &[(commit.clone(), message.as_str())],
                    pull,
                    merged_at: 0,
                    known_pulls: &[7, 8, 9].into(),
                    added_changelog_lines: &added,
                    added_paths: &[],
                    records: None,
                    enabled: methods,
                })
            };
            let mut all = of(&Methods::all());
            all.retain(|link| link.method != LinkMethod::Changelog);
            prop_assert_eq!(all, of(&Methods::all().without(LinkMethod::Changelog)));
        }
    }
}
