//! Are the stored outcomes of tests those of the reports?

use backstory_model::{ExecutedState, FlakyTest, JudgedTest, TestId};

use super::super::finding::Findings;
use super::PLACE;
use super::judged::{Derived, Side};
use super::stored::Runs;

/// Compares every test and every flaky one.
pub(super) fn check(runs: &Runs<'_>, derived: &Derived, findings: &mut Findings) {
    let stored = &runs.execution.tests;
    let (expected, found): (Vec<&TestId>, Vec<&TestId>) =
        (derived.tests.keys().collect(), stored.iter().map(|test| &test.id).collect());
    findings.equal(PLACE, "tests that do not differ", (&expected, &found));
    for test in stored {
        let Some(did) = derived.tests.get(&test.id) else { continue };
        let again = JudgedTest {
            id: test.id.clone(),
            base: did.base,
            before: did.before,
            after: did.after,
            origin: did.origin(test.origin),
        };
        findings.equal(PLACE, "test", (&again, test));
    }
    let flaky = derived.flaky.iter().map(|((id, side), seen)| FlakyTest {
        id: id.clone(),
        state: match side {
            Side::Before => ExecutedState::BaseWithTests,
            Side::After => ExecutedState::Head,
        },
        seen: seen.iter().map(|(outcome, count)| (*outcome, *count)).collect(),
    });
    let sorted = |mut list: Vec<FlakyTest>| {
        list.sort_by(|a, b| (&a.id, &a.state).cmp(&(&b.id, &b.state)));
        list
    };
    let (expected, found) = (sorted(flaky.collect()), sorted(runs.execution.flaky.clone()));
    findings.equal(PLACE, "flaky tests", (&expected, &found));
}
