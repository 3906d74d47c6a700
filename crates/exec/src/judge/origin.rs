//! Which tests tell the fix, and why do they fail before it?
//!
//! In: what every test did at the base, at the base with the tests and at the
//! head. Out: each test with its origin, `FAIL_TO_PASS` and `PASS_TO_PASS`.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    FailToPass, FlakyTest, JudgedTest, TestId, TestOrigin, TestOutcome, TestReport,
};

/// What every test did at the three states.
#[derive(Clone, Copy)]
pub struct States<'a> {
    /// The report of the base, tests of broken modules included; `None` when
    /// there was nothing to run.
    pub base: Option<&'a TestReport>,
    /// What the runs of the base with tests agree on.
    pub before: &'a BTreeMap<TestId, TestOutcome>,
    /// What the runs of the head agree on.
    pub after: &'a BTreeMap<TestId, TestOutcome>,
    /// Tests whose repeats differ somewhere; they are left out.
    pub flaky: &'a [FlakyTest],
    /// Ids that more than one test has; they are no part of an instance.
    pub shared: &'a BTreeSet<TestId>,
    /// Whether the test patch touches a test, its parameters or its fixtures.
    pub touched: &'a dyn Fn(&TestId) -> bool,
}

/// The tests of a unit, sorted into their roles.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Labels {
    /// Every test that is not flaky, sorted by id.
    pub tests: Vec<JudgedTest>,
    /// New and modified tests that fail before and pass after.
    pub fail_to_pass: Vec<FailToPass>,
    /// Tests that must go on passing.
    pub pass_to_pass: Vec<TestId>,
}

/// Sorts the tests of a unit into their roles.
pub fn label(states: &States<'_>) -> Labels {
    let mut labels = Labels::default();
    for id in ids(states) {
        let test = judged(id, states);
        if !states.shared.contains(id) {
            match test.origin {
                Some(origin @ (TestOrigin::New | TestOrigin::Modified)) => {
                    labels.fail_to_pass.push(FailToPass { id: id.clone(), origin });
                }
                Some(TestOrigin::Collateral) => labels.pass_to_pass.push(id.clone()),
                None if always_passes(&test) => labels.pass_to_pass.push(id.clone()),
                Some(TestOrigin::IdOnly) | None => {}
            }
        }
        labels.tests.push(test);
    }
    labels
}

fn ids<'a>(states: &States<'a>) -> BTreeSet<&'a TestId> {
    let flaky: BTreeSet<&TestId> = states.flaky.iter().map(|test| &test.id).collect();
    let all = states.before.keys().chain(states.after.keys());
    all.filter(|id| !flaky.contains(*id)).collect()
}

fn always_passes(test: &JudgedTest) -> bool {
    test.before == TestOutcome::Passed && test.after == TestOutcome::Passed
}

fn judged(id: &TestId, states: &States<'_>) -> JudgedTest {
    let known = |outcomes: &BTreeMap<TestId, TestOutcome>| {
        outcomes.get(id).copied().unwrap_or(TestOutcome::NotRun)
    };
    let speaks = |report: &&TestReport| report.results.binary_search_by(|r| r.id.cmp(id)).is_ok();
    let at_base = match states.base.filter(speaks) {
        Some(report) => AtBase::Known(report.outcome(id)),
        None => AtBase::Absent,
    };
    let (before, after) = (known(states.before), known(states.after));
    JudgedTest {
        id: id.clone(),
        base: states.base.map(|report| report.outcome(id)),
        before,
        after,
        origin: origin(at_base, before, after, || (states.touched)(id)),
    }
}

/// Whether a test is known at the base.
#[derive(Clone, Copy)]
enum AtBase {
    /// Its id is not in the report, and its module is not broken.
    Absent,
    /// It is, and did this.
    Known(TestOutcome),
}

fn origin(
    base: AtBase,
    before: TestOutcome,
    after: TestOutcome,
    touched: impl Fn() -> bool,
) -> Option<TestOrigin> {
    match after {
        TestOutcome::Passed => {}
        TestOutcome::XFailed
        | TestOutcome::Skipped
        | TestOutcome::Failed
        | TestOutcome::Errored
        | TestOutcome::NotRun
        | TestOutcome::TimedOut
        | TestOutcome::OutOfMemory => return None,
    }
    match (before, base) {
        (TestOutcome::Failed | TestOutcome::Errored, AtBase::Absent) => Some(TestOrigin::New),
        (TestOutcome::Failed | TestOutcome::Errored, AtBase::Known(outcome)) => {
            if touched() {
                Some(TestOrigin::Modified)
            } else {
                (outcome == TestOutcome::Passed).then_some(TestOrigin::Collateral)
            }
        }
        (TestOutcome::NotRun, AtBase::Absent) => Some(TestOrigin::IdOnly),
        (TestOutcome::NotRun, AtBase::Known(_))
        | (
            TestOutcome::Passed
            | TestOutcome::XFailed
            | TestOutcome::Skipped
            | TestOutcome::TimedOut
            | TestOutcome::OutOfMemory,
            AtBase::Absent | AtBase::Known(_),
        ) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const ALL: [TestOutcome; 8] = [
        TestOutcome::Passed,
        TestOutcome::XFailed,
        TestOutcome::Skipped,
        TestOutcome::Failed,
        TestOutcome::Errored,
        TestOutcome::NotRun,
        TestOutcome::TimedOut,
        TestOutcome::OutOfMemory,
    ];

    fn one(base: Option<TestOutcome>, before: TestOutcome, touched: bool) -> Labels {
        let id = TestId::new("t");
        let base = TestReport::from_outcomes(base.map(|outcome| (id.clone(), outcome)));
        label(&States {
            base: Some(&base),
            before: &BTreeMap::from([(id.clone(), before)]),
            after: &BTreeMap::from([(id, TestOutcome::Passed)]),
            flaky: &[],
            shared: &BTreeSet::new(),
            touched: &|_| touched,
        })
    }

    fn origin_of(labels: &Labels) -> Option<TestOrigin> {
        labels.tests[0].origin
    }

    #[test]
    fn a_test_the_base_does_not_have_is_new() {
        let labels = one(None, TestOutcome::Errored, true);
        assert_eq!(origin_of(&labels), Some(TestOrigin::New));
        assert_eq!(labels.fail_to_pass.len(), 1);
    }

    #[test]
    fn a_touched_test_is_modified_and_an_untouched_one_collateral() {
        let modified = one(Some(TestOutcome::Passed), TestOutcome::Failed, true);
        assert_eq!(origin_of(&modified), Some(TestOrigin::Modified));
        let collateral = one(Some(TestOutcome::Passed), TestOutcome::Errored, false);
        assert_eq!(origin_of(&collateral), Some(TestOrigin::Collateral));
        assert_eq!((collateral.fail_to_pass.len(), collateral.pass_to_pass.len()), (0, 1));
    }

    #[test]
    fn a_test_that_failed_at_the_base_and_is_untouched_tells_nothing() {
        let labels = one(Some(TestOutcome::Failed), TestOutcome::Failed, false);
        assert_eq!((origin_of(&labels), labels.fail_to_pass.len()), (None, 0));
        assert!(labels.pass_to_pass.is_empty());
    }

    #[test]
    fn an_id_of_the_head_alone_is_no_fail_to_pass() {
        let labels = one(None, TestOutcome::NotRun, true);
        assert_eq!(origin_of(&labels), Some(TestOrigin::IdOnly));
        assert_eq!((labels.fail_to_pass.len(), labels.pass_to_pass.len()), (0, 0));
    }

    proptest! {
        #[test]
        fn a_test_has_at_most_one_role_and_only_evidence_gives_one(
            base in proptest::option::of(0..8_usize), before in 0..8_usize, after in 0..8_usize,
            touched: bool, shared: bool, flaky: bool,
        ) {
            let id = TestId::new("t");
            let base = TestReport::from_outcomes(base.map(|kind| (id.clone(), ALL[kind])));
            let flaky = if flaky {
                let seen = vec![(TestOutcome::Passed, 1), (TestOutcome::Failed, 1)];
                vec![FlakyTest { id: id.clone(), state: backstory_model::ExecutedState::Head, seen }]
            } else {
                Vec::new()
            };
            let labels = label(&States {
                base: Some(&base),
                before: &BTreeMap::from([(id.clone(), ALL[before])]),
                after: &BTreeMap::from([(id.clone(), ALL[after])]),
                flaky: &flaky,
                shared: &shared.then_some(id).into_iter().collect(),
                touched: &|_| touched,
            });
            let roles = labels.fail_to_pass.len() + labels.pass_to_pass.len();
            prop_assert!(roles <= 1);
            prop_assert!(roles == 0 || (ALL[after] == TestOutcome::Passed && !shared && flaky.is_empty()));
            prop_assert!(labels.fail_to_pass.is_empty() || ALL[before].is_failure());
            prop_assert_eq!(labels.tests.len(), usize::from(flaky.is_empty()));
        }
    }
}
