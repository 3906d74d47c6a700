//! What did every test do before and after, and which ones tell the fix?
//!
//! In: the reports of all runs. Out: outcomes over repeats, flaky tests, and the
//! lists `FAIL_TO_PASS` and `PASS_TO_PASS` as far as reports alone decide them.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    RunOrder, TestId, TestOrigin, TestOutcome, TestReport, TestRunner, UnitExecution,
};

use super::stored::{Run, Runs};
use super::trees::States;

/// What the reports say about all tests.
#[derive(Debug, Default)]
pub(super) struct Derived {
    /// Tests with one outcome in all repeats of both states, with what they did.
    pub(super) tests: BTreeMap<TestId, Outcomes>,
    /// Where repeats differ: how often each outcome was seen before, and after.
    pub(super) flaky: BTreeMap<(TestId, Side), BTreeMap<TestOutcome, u32>>,
    /// Sorted, by the origins that are stored.
    pub(super) fail_to_pass: Vec<(TestId, TestOrigin)>,
    pub(super) pass_to_pass: Vec<TestId>,
    /// Ids that more than one test has.
    pub(super) shared: BTreeSet<TestId>,
}

/// The two states that are repeated.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Side {
    Before,
    After,
}

/// What one test did.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Outcomes {
    /// `None` where the base was not run.
    pub(super) base: Option<TestOutcome>,
    /// The base speaks of it, or it is one of a broken module.
    pub(super) known_at_base: bool,
    pub(super) before: TestOutcome,
    pub(super) after: TestOutcome,
}

/// Computes everything from the reports.
pub(super) fn derive(runs: &Runs<'_>, states: &States) -> Derived {
    let before = States::runs_of(runs, states.with_tests.as_ref());
    let after = States::runs_of(runs, Some(&states.head));
    let base = States::runs_of(runs, Some(&states.base)).into_iter().find(|run| is_whole(run));
    let runner = runs.execution.recipe.as_ref().map(|recipe| recipe.runner);
    let known = spoken_of(&after);
    let mut derived = Derived::default();
    let mut agreed = [BTreeMap::new(), BTreeMap::new()];
    for (side, runs) in [(Side::Before, &before), (Side::After, &after)] {
        for (id, seen) in outcomes(runner, runs, &known) {
            match seen.len() {
                1 => agreed[side as usize]
                    .extend(seen.into_keys().map(|outcome| (id.clone(), outcome))),
                _ => drop(derived.flaky.insert((id, side), seen)),
            }
        }
    }
    for run in &runs.list {
        derived.shared.extend(run.report.shared_ids.iter().cloned());
    }
    let ids: BTreeSet<&TestId> = agreed.iter().flat_map(BTreeMap::keys).collect();
    for id in ids {
        let side =
            |side: Side| agreed[side as usize].get(id).copied().unwrap_or(TestOutcome::NotRun);
        if !derived.is_flaky(id) {
            let at_base = base.map(|run| outcome(runner, &run.report, id));
            derived.tests.insert(
                id.clone(),
                Outcomes {
                    base: at_base.map(|(_, outcome)| outcome),
                    known_at_base: at_base.is_some_and(|(known, _)| known),
                    before: side(Side::Before),
                    after: side(Side::After),
                },
            );
        }
    }
    derived.roles(runs.execution);
    derived
}

/// Returns true when a run was asked for all tests.
pub(super) fn is_whole(run: &Run<'_>) -> bool {
    !matches!(run.execution.order, RunOrder::Selected { .. })
}

fn spoken_of(runs: &[&Run<'_>]) -> BTreeSet<TestId> {
    runs.iter().flat_map(|run| &run.report.results).map(|test| test.id.clone()).collect()
}

/// Returns what a report says about a test, and whether it knows it; one of a
/// module that could not be collected errored.
fn outcome(runner: Option<TestRunner>, report: &TestReport, id: &TestId) -> (bool, TestOutcome) {
    let spoken = report.results.binary_search_by(|test| test.id.cmp(id)).is_ok();
    if !spoken && is_broken(runner, report, id) {
        return (true, TestOutcome::Errored);
    }
    (spoken, report.outcome(id))
}

/// Returns true when a report says that the module of a test is broken.
pub(super) fn is_broken(runner: Option<TestRunner>, report: &TestReport, id: &TestId) -> bool {
    let id = id.as_str();
    let ends = |rest: &str| match runner {
        Some(TestRunner::Nextest | TestRunner::GoTest) => rest.starts_with(' '),
        Some(TestRunner::Unittest) => rest.starts_with('.'),
        Some(TestRunner::Pytest) => rest.starts_with("::") || rest.starts_with('/'),
        _ => rest.starts_with("::"),
    };
    report.broken_modules.iter().any(|module| {
        // What a folder of pytest shares breaks the folder.
        let shared = (runner == Some(TestRunner::Pytest))
            .then(|| module.strip_suffix("conftest.py").unwrap_or(module).trim_end_matches('/'));
        let module = shared.unwrap_or(module);
        let whole = module == "*" || (shared.is_some() && matches!(module, "" | "."));
        whole || id.strip_prefix(module).is_some_and(|rest| rest.is_empty() || ends(rest))
    })
}

/// Counts the outcomes of every test over the repeats that asked for it.
fn outcomes(
    runner: Option<TestRunner>,
    runs: &[&Run<'_>],
    known: &BTreeSet<TestId>,
) -> BTreeMap<TestId, BTreeMap<TestOutcome, u32>> {
    let mut ids = spoken_of(runs);
    let broken = |id: &&TestId| runs.iter().any(|run| is_broken(runner, &run.report, id));
    ids.extend(known.iter().filter(broken).cloned());
    let selected: Vec<Option<BTreeSet<&TestId>>> = runs
        .iter()
        .map(|run| match &run.execution.order {
            RunOrder::Selected { tests } => Some(tests.iter().collect()),
            RunOrder::File | RunOrder::Random { .. } => None,
        })
        .collect();
    let mut counted = BTreeMap::new();
    for id in ids {
        let mut seen = BTreeMap::new();
        for (run, selected) in runs.iter().zip(&selected) {
            if selected.as_ref().is_none_or(|tests| tests.contains(&id)) {
                *seen.entry(outcome(runner, &run.report, &id).1).or_default() += 1;
            }
        }
        if !seen.is_empty() {
            counted.insert(id, seen);
        }
    }
    counted
}

impl Derived {
    fn is_flaky(&self, id: &TestId) -> bool {
        [Side::Before, Side::After].iter().any(|side| self.flaky.contains_key(&(id.clone(), *side)))
    }

    /// Sorts the tests into the two lists. Which tests the patch touches is the
    /// author's reading; where it decides, the stored origin is taken.
    fn roles(&mut self, execution: &UnitExecution) {
        for (id, did) in &self.tests {
            if self.shared.contains(id) {
                continue;
            }
            let stored = execution.tests.binary_search_by(|test| test.id.cmp(id));
            let stored = stored.ok().and_then(|at| execution.tests[at].origin);
            match did.origin(stored) {
                Some(origin @ (TestOrigin::New | TestOrigin::Modified)) => {
                    self.fail_to_pass.push((id.clone(), origin));
                }
                Some(TestOrigin::Collateral) => self.pass_to_pass.push(id.clone()),
                None if (did.before, did.after) == (TestOutcome::Passed, TestOutcome::Passed) => {
                    self.pass_to_pass.push(id.clone());
                }
                Some(TestOrigin::IdOnly) | None => {}
            }
        }
    }
}

impl Outcomes {
    /// Returns why a test fails before and passes after; `stored` decides what
    /// only the touched lines tell.
    pub(super) fn origin(self, stored: Option<TestOrigin>) -> Option<TestOrigin> {
        if self.after != TestOutcome::Passed {
            return None;
        }
        match (self.before, self.known_at_base) {
            (TestOutcome::Failed | TestOutcome::Errored, false) => Some(TestOrigin::New),
            (TestOutcome::Failed | TestOutcome::Errored, true) => match stored {
                Some(TestOrigin::Modified) => Some(TestOrigin::Modified),
                _ if self.base == Some(TestOutcome::Passed) => Some(TestOrigin::Collateral),
                _ => None,
            },
            (TestOutcome::NotRun, false) => Some(TestOrigin::IdOnly),
            _ => None,
        }
    }
}
