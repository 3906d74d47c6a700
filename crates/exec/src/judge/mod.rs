//! What are reports worth, and which tests tell the fix?
//!
//! In: what the reporters said, how the runs ended and which tests the change
//! touches. Out: the verdict of every run, what repeats agree on, the tests
//! that fail before and pass after, and the gates. Pure functions of their
//! arguments; `docs/execution.md` states the rules.

mod arithmetic;
mod gates;
mod mutant;
mod network;
mod origin;
mod outcome;
mod repeats;
mod run;
mod touched;

pub use arithmetic::{bound, chance_of_false_fail_to_pass, chance_of_seeing};
pub use gates::{Gated, GatedRun, Planted, first_failed, gates};
pub use mutant::{MutantRun, mutant_verdict, oracle_strength};
pub use network::{needs_network, network_sentence};
pub use origin::{Labels, States, label};
pub use outcome::{Decided, decide};
pub use repeats::{Agreement, Repeat, agree};
pub use run::{JudgedRun, RunFacts, judge_run};
pub use touched::{ChangedTestFile, TouchedTests};

use std::collections::BTreeSet;

use backstory_model::{TestId, TestOutcome, TestReport, TestRunner};

use crate::report::id;

/// Says of every test that is known of a broken module that it errored.
///
/// `known` are the ids another state has; a module that could not be collected
/// tells none of its own.
pub fn with_broken_modules(
    runner: TestRunner,
    report: &TestReport,
    known: &BTreeSet<TestId>,
) -> TestReport {
    let said = report.results.iter().map(|result| (result.id.clone(), result.outcome));
    let spoken: BTreeSet<&TestId> = report.results.iter().map(|result| &result.id).collect();
    let missing = known
        .iter()
        .filter(|test| !spoken.contains(test) && id::is_in(runner, test, &report.broken_modules))
        .map(|test| (test.clone(), TestOutcome::Errored));
    TestReport { results: TestReport::from_outcomes(said.chain(missing)).results, ..report.clone() }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ids(texts: &[&str]) -> BTreeSet<TestId> {
        texts.iter().map(|text| TestId::new(*text)).collect()
    }

    #[test]
    fn tests_of_a_broken_module_errored_and_its_neighbors_did_not() {
        let report = TestReport {
            broken_modules: vec!["tests/test_a.py".to_owned()],
            ..TestReport::default()
        };
        let known = ids(&["tests/test_a.py::test_x", "tests/test_ab.py::z"]);
        let told = with_broken_modules(TestRunner::Pytest, &report, &known);
        let said: Vec<(&str, TestOutcome)> =
            told.results.iter().map(|result| (result.id.as_str(), result.outcome)).collect();
        assert_eq!(said, [("tests/test_a.py::test_x", TestOutcome::Errored)]);
    }

    #[test]
    fn what_a_report_says_itself_is_kept() {
        let id = TestId::new("tests.test_a.T.test_x");
        let mut report = TestReport::from_outcomes([(id.clone(), TestOutcome::Passed)]);
        report.broken_modules.push("tests.test_a".to_owned());
        let known = ids(&["tests.test_a.T.test_x"]);
        let told = with_broken_modules(TestRunner::Unittest, &report, &known);
        assert_eq!(told.outcome(&id), TestOutcome::Passed);
    }
}
