//! Does what is said to have come of a unit follow from its runs?

use backstory_model::{ExecutionOutcome, RunVerdict};

use super::super::finding::Findings;
use super::PLACE;
use super::judged::Derived;
use super::stored::Runs;
use super::trees::States;

/// Compares the outcome with the runs, the gates and the instance.
pub(super) fn check(runs: &Runs<'_>, states: &States, derived: &Derived, findings: &mut Findings) {
    let execution = runs.execution;
    let outcome = &execution.outcome;
    let whole = !execution.gates.is_empty() && execution.gates.iter().all(|gate| gate.passed);
    let confirmed = *outcome == ExecutionOutcome::Confirmed;
    findings.demand(
        whole == confirmed && execution.instance.is_some() == confirmed,
        PLACE,
        "an instance, confirmed, exactly where every gate holds",
        || format!("{}, an instance: {}", outcome.as_str(), execution.instance.is_some()),
    );
    if let Some(expected) = contradiction(runs, states, derived) {
        findings.note(PLACE, format_args!("outcome {expected}"), format_args!("{outcome:?}"));
    }
}

/// Returns what the outcome must be when it cannot be what it is.
fn contradiction(runs: &Runs<'_>, states: &States, derived: &Derived) -> Option<&'static str> {
    let head = States::runs_of(runs, Some(&states.head));
    let head = head.first().map(|run| run.execution.verdict);
    let none = derived.fail_to_pass.is_empty();
    let ran = !runs.list.is_empty();
    let broken = runs.list.iter().any(|run| run.execution.verdict == RunVerdict::Infra);
    match &runs.execution.outcome {
        ExecutionOutcome::Infrastructure { .. } => {
            (ran && !broken).then_some("of runs that the infrastructure made")
        }
        _ if broken => Some("of an infrastructure that failed"),
        ExecutionOutcome::Confirmed => none.then_some("without a confirmation"),
        ExecutionOutcome::GateFailed { gate } => {
            let mut gates = runs.execution.gates.iter();
            let first = gates.find(|result| !result.passed).map(|result| result.gate.as_str());
            (first != Some(gate.as_str())).then_some("that names the first gate that fails")
        }
        ExecutionOutcome::NoFailToPass | ExecutionOutcome::Flaky if !none => {
            Some("with the tests that tell the fix")
        }
        ExecutionOutcome::NoFailToPass => {
            (head != Some(RunVerdict::Stable)).then_some("of a head that gave no verdict")
        }
        ExecutionOutcome::Flaky => derived.flaky.is_empty().then_some("without flaky tests"),
        ExecutionOutcome::NoTests
        | ExecutionOutcome::EnvironmentFailed { .. }
        | ExecutionOutcome::Unsupported { .. } => ran.then_some("of a unit that was run"),
        ExecutionOutcome::HeadFails { .. } => {
            (head.is_none() && ran).then_some("of a unit whose head was not run")
        }
        ExecutionOutcome::NeedsNetwork => None,
    }
}
