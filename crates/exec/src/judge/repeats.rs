//! What do repeats of one run agree on?
//!
//! In: the reports of equal runs of one state. Out: the outcome of every test
//! they agree on, and for the others how often each outcome was seen.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{ExecutedState, FlakyTest, RunVerdict, TestId, TestOutcome, TestReport};

/// One of several runs of a state.
#[derive(Clone, Copy, Debug)]
pub struct Repeat<'a> {
    /// What it said.
    pub report: &'a TestReport,
    /// What it is worth.
    pub verdict: RunVerdict,
    /// The tests it was asked for, sorted; `None` for all.
    pub selected: Option<&'a [TestId]>,
}

/// What repeats agree on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Agreement {
    /// The tests with one outcome in all runs.
    pub outcomes: BTreeMap<TestId, TestOutcome>,
    /// The others, sorted by id.
    pub flaky: Vec<FlakyTest>,
    /// What the repeats are worth together.
    pub verdict: RunVerdict,
}

/// Merges the runs of one state.
///
/// A test that one run speaks of and another does not was `not_run` there. A
/// run of selected tests says nothing about the others.
pub fn agree(state: &ExecutedState, runs: &[Repeat<'_>]) -> Agreement {
    let ids: BTreeSet<&TestId> =
        runs.iter().flat_map(|run| &run.report.results).map(|result| &result.id).collect();
    let mut outcomes = BTreeMap::new();
    let mut flaky = Vec::new();
    for id in ids {
        let seen = counts(id, runs);
        match seen.len() {
            0 => {}
            1 => outcomes.extend(seen.into_keys().map(|outcome| (id.clone(), outcome))),
            _ => flaky.push(FlakyTest {
                id: id.clone(),
                state: state.clone(),
                seen: seen.into_iter().collect(),
            }),
        }
    }
    let verdict = together(runs.iter().map(|run| run.verdict), !flaky.is_empty());
    Agreement { outcomes, flaky, verdict }
}

fn counts(id: &TestId, runs: &[Repeat<'_>]) -> BTreeMap<TestOutcome, u32> {
    let mut seen = BTreeMap::new();
    for run in runs {
        if run.selected.is_none_or(|ids| ids.binary_search(id).is_ok()) {
            *seen.entry(run.report.outcome(id)).or_default() += 1;
        }
    }
    seen
}

/// Returns the verdict that wins: `infra`, `spoof_suspect`, `flaky`,
/// `inconclusive`, `stable`; no run at all is `inconclusive`.
fn together(verdicts: impl Iterator<Item = RunVerdict>, flaky: bool) -> RunVerdict {
    let flaky = flaky.then_some(RunVerdict::Flaky);
    verdicts.chain(flaky).max_by_key(|verdict| weight(*verdict)).unwrap_or(RunVerdict::Inconclusive)
}

fn weight(verdict: RunVerdict) -> u8 {
    match verdict {
        RunVerdict::Stable => 0,
        RunVerdict::Inconclusive => 1,
        RunVerdict::Flaky => 2,
        RunVerdict::SpoofSuspect => 3,
        RunVerdict::Infra => 4,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const OUTCOMES: [TestOutcome; 3] =
        [TestOutcome::Passed, TestOutcome::Failed, TestOutcome::NotRun];

    fn report(outcomes: &[usize]) -> TestReport {
        let named = outcomes.iter().enumerate();
        TestReport::from_outcomes(
            named.map(|(at, kind)| (TestId::new(format!("t{at}")), OUTCOMES[*kind])),
        )
    }

    fn agreement(reports: &[TestReport]) -> Agreement {
        let repeat = |report| Repeat { report, verdict: RunVerdict::Stable, selected: None };
        let repeats: Vec<Repeat<'_>> = reports.iter().map(repeat).collect();
        agree(&ExecutedState::Head, &repeats)
    }

    proptest! {
        #[test]
        fn every_test_is_agreed_on_or_flaky(
            runs in proptest::collection::vec(proptest::collection::vec(0..3_usize, 0..5), 1..6)
        ) {
            let reports: Vec<TestReport> = runs.iter().map(|run| report(run)).collect();
            let merged = agreement(&reports);
            let longest = runs.iter().map(Vec::len).max().unwrap_or_default();
            prop_assert_eq!(merged.outcomes.len() + merged.flaky.len(), longest);
            for test in &merged.flaky {
                let seen: u32 = test.seen.iter().map(|(_, count)| count).sum();
                prop_assert_eq!(seen as usize, runs.len());
                prop_assert!(test.seen.len() > 1);
            }
            for (id, outcome) in &merged.outcomes {
                prop_assert!(reports.iter().all(|report| report.outcome(id) == *outcome));
            }
        }

        #[test]
        fn the_order_of_runs_does_not_matter(
            runs in proptest::collection::vec(proptest::collection::vec(0..3_usize, 0..5), 1..6)
        ) {
            let mut reports: Vec<TestReport> = runs.iter().map(|run| report(run)).collect();
            let forth = agreement(&reports);
            reports.reverse();
            prop_assert_eq!(forth, agreement(&reports));
        }
    }

    #[test]
    fn a_run_of_selected_tests_says_nothing_about_the_others() {
        let all = report(&[0, 0]);
        let one = report(&[0]);
        let selected = [TestId::new("t0")];
        let runs = [
            Repeat { report: &all, verdict: RunVerdict::Stable, selected: None },
            Repeat { report: &one, verdict: RunVerdict::Stable, selected: Some(&selected) },
        ];
        let merged = agree(&ExecutedState::Head, &runs);
        assert_eq!((merged.outcomes.len(), merged.verdict), (2, RunVerdict::Stable));
    }

    #[test]
    fn the_heaviest_verdict_wins() {
        use RunVerdict::{Flaky, Inconclusive, Infra, SpoofSuspect, Stable};
        let both = |verdicts: &[RunVerdict], flaky| together(verdicts.iter().copied(), flaky);
        assert_eq!(both(&[Stable, Inconclusive], true), Flaky);
        assert_eq!(both(&[SpoofSuspect, Stable], true), SpoofSuspect);
        assert_eq!(both(&[Stable, Infra, SpoofSuspect], false), Infra);
        assert_eq!(both(&[], false), Inconclusive);
    }
}
