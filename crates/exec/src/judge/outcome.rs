//! What came of executing a unit?
//!
//! In: what was seen at the head, the labels and the gates. Out: one outcome.

use backstory_model::{ExecutionOutcome, FlakyTest, GateResult, RunVerdict, TestOutcome};

use super::{Labels, first_failed};

/// What decides the outcome of a unit whose tests could be run.
#[derive(Clone, Copy, Debug)]
pub struct Decided<'a> {
    /// The verdict of the head's first run and why it is not stable.
    pub head: (RunVerdict, Option<&'a str>),
    /// The tests and their roles.
    pub labels: &'a Labels,
    /// Tests whose repeats differ.
    pub flaky: &'a [FlakyTest],
    /// The gates; empty when no test fails before and passes after.
    pub gates: &'a [GateResult],
    /// The tests that fail at the head do so for want of a network.
    pub needs_network: bool,
}

/// Decides what came of a unit.
pub fn decide(seen: &Decided<'_>) -> ExecutionOutcome {
    let (verdict, why) = seen.head;
    let why = || why.unwrap_or("the head gave no verdict").to_owned();
    match verdict {
        RunVerdict::Infra => return ExecutionOutcome::Infrastructure { detail: why() },
        RunVerdict::Inconclusive | RunVerdict::SpoofSuspect if seen.needs_network => {
            return ExecutionOutcome::NeedsNetwork;
        }
        RunVerdict::Inconclusive | RunVerdict::SpoofSuspect => {
            return ExecutionOutcome::HeadFails { detail: why() };
        }
        RunVerdict::Stable | RunVerdict::Flaky => {}
    }
    if !seen.labels.fail_to_pass.is_empty() {
        return match first_failed(seen.gates) {
            Some(gate) => ExecutionOutcome::GateFailed { gate: gate.as_str().to_owned() },
            None => ExecutionOutcome::Confirmed,
        };
    }
    without_fail_to_pass(seen)
}

fn without_fail_to_pass(seen: &Decided<'_>) -> ExecutionOutcome {
    if seen.needs_network {
        return ExecutionOutcome::NeedsNetwork;
    }
    let passes = seen.labels.tests.iter().any(|test| test.after == TestOutcome::Passed);
    if seen.flaky.iter().any(could_tell) {
        ExecutionOutcome::Flaky
    } else if passes || !seen.flaky.is_empty() {
        ExecutionOutcome::NoFailToPass
    } else {
        ExecutionOutcome::HeadFails { detail: "no test passes at the head".to_owned() }
    }
}

/// Returns true when a flaky test was seen to fail somewhere.
fn could_tell(test: &FlakyTest) -> bool {
    test.seen.iter().any(|(outcome, _)| outcome.is_failure())
}

#[cfg(test)]
mod tests {
    use super::*;
    use backstory_model::{ExecutedState, Gate, JudgedTest, TestId};

    fn passing() -> Labels {
        let test = JudgedTest {
            id: TestId::new("t"),
            base: None,
            before: TestOutcome::Passed,
            after: TestOutcome::Passed,
            origin: None,
        };
        Labels { tests: vec![test], ..Labels::default() }
    }

    fn seen<'a>(
        labels: &'a Labels,
        flaky: &'a [FlakyTest],
        gates: &'a [GateResult],
    ) -> Decided<'a> {
        Decided { head: (RunVerdict::Stable, None), labels, flaky, gates, needs_network: false }
    }

    #[test]
    fn tests_that_pass_before_and_after_tell_nothing() {
        assert_eq!(decide(&seen(&passing(), &[], &[])), ExecutionOutcome::NoFailToPass);
    }

    #[test]
    fn a_head_that_passes_nothing_fails() {
        let outcome = decide(&seen(&Labels::default(), &[], &[]));
        assert_eq!(outcome.as_str(), "head_fails");
    }

    #[test]
    fn a_test_that_fails_now_and_then_is_named_as_the_cause() {
        let flaky = FlakyTest {
            id: TestId::new("t"),
            state: ExecutedState::BaseWithTests,
            seen: vec![(TestOutcome::Passed, 3), (TestOutcome::Failed, 2)],
        };
        assert_eq!(decide(&seen(&passing(), &[flaky], &[])), ExecutionOutcome::Flaky);
    }

    #[test]
    fn one_gate_that_does_not_hold_is_enough() {
        let mut labels = passing();
        labels.fail_to_pass.push(backstory_model::FailToPass {
            id: TestId::new("t"),
            origin: backstory_model::TestOrigin::New,
        });
        let result = |gate, passed| GateResult { gate, passed, detail: String::new() };
        let gates = [result(Gate::NoFuture, true), result(Gate::Canaries, false)];
        let outcome = decide(&seen(&labels, &[], &gates));
        assert_eq!(outcome, ExecutionOutcome::GateFailed { gate: "canaries".to_owned() });
        assert_eq!(decide(&seen(&labels, &[], &gates[..1])), ExecutionOutcome::Confirmed);
    }

    #[test]
    fn a_broken_machine_is_no_fault_of_the_head() {
        let labels = passing();
        let broken =
            Decided { head: (RunVerdict::Infra, Some("no space")), ..seen(&labels, &[], &[]) };
        let wanted = ExecutionOutcome::Infrastructure { detail: "no space".to_owned() };
        assert_eq!(decide(&broken), wanted);
    }
}
