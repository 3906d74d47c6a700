//! Do the steps stand in the order of the six phases?
//!
//! In: the steps. Out: findings about phases, about the first and last step, and
//! about the changes of one authored state standing together.

use backstory_model::{Action, EvidenceId, Phase, Provenance, Role, Step, Trajectory};

use super::ci_step;
use super::finding::{Findings, Place};
use super::replay::is_change;
use super::run_step;

/// Checks the order of all steps.
pub(super) fn check(trajectory: &Trajectory, findings: &mut Findings) {
    let steps = &trajectory.steps;
    ends(steps, findings);
    phases(steps, findings);
    states(trajectory, findings);
    runs(trajectory, findings);
    let changes = steps.iter().any(|step| is_change(&step.action));
    let unit = &trajectory.unit;
    let place = Place::whole("whole/replay");
    findings.demand(changes && unit.base_tree != unit.head_tree, place, "a change", || {
        "a trajectory without changes".to_owned()
    });
}

fn ends(steps: &[Step], findings: &mut Findings) {
    for (index, step) in steps.iter().enumerate() {
        let expected = match &step.action {
            Action::Message { role: Role::User, .. } if index > 0 => "no second requirement",
            Action::Finish { .. } if index + 1 < steps.len() => "nothing after the finish",
            Action::Message { role: Role::User, .. } | Action::Finish { .. } => continue,
            _ if index == 0 => "the requirement as step 1",
            _ if index + 1 == steps.len() => "the finish as last step",
            _ => continue,
        };
        let place = Place::step(index + 1, "whole/order");
        findings.note(place, expected, format_args!("{:?}", step.action));
    }
    if steps.len() < 2 {
        findings.note(Place::whole("whole/order"), "a requirement and a finish", "fewer steps");
    }
}

/// The phase an action belongs to; `None` where any phase that does not go back will do.
fn own_phase(step: &Step) -> Option<Phase> {
    match &step.action {
        Action::Message { role: Role::User, .. } => Some(Phase::Requirements),
        Action::Search { .. } | Action::List { .. } => Some(Phase::Localization),
        Action::View { .. } => Some(Phase::Reading),
        Action::Edit { .. }
        | Action::Create { .. }
        | Action::Delete { .. }
        | Action::Rename { .. }
        | Action::SetMode { .. } => Some(Phase::Editing),
        Action::RunTests { .. } | Action::CiReport { .. } if step.phase == Phase::Validation => {
            Some(Phase::Validation)
        }
        Action::RunTests { .. } | Action::CiReport { .. } => Some(Phase::Debugging),
        Action::Message { role: Role::Agent, .. } | Action::Finish { .. } => None,
    }
}

fn phases(steps: &[Step], findings: &mut Findings) {
    let mut latest = Phase::Requirements;
    let runs = run_step::first(steps).is_some() || steps.iter().any(ci_step::is_report);
    let mut changed = false;
    for (index, step) in steps.iter().enumerate() {
        let place = Place::step(index + 1, "whole/order");
        if let Some(phase) = own_phase(step) {
            findings.equal(place, "phase", (&phase, &step.phase));
        }
        changed |= is_change(&step.action);
        let later_view = latest == Phase::Editing && matches!(step.action, Action::View { .. });
        let alternates = runs
            && changed
            && step.phase > Phase::Requirements
            && latest < Phase::Validation
            && step.phase < Phase::Validation;
        if later_view || alternates {
            continue;
        }
        findings.demand(step.phase >= latest, place, "phases that never go back", || {
            format!("{} after {}", step.phase.as_str(), latest.as_str())
        });
        latest = latest.max(step.phase);
    }
}

/// The state that a step which changes nothing belongs to: the one whose message
/// the agent says.
fn told_state(trajectory: &Trajectory, step: &Step) -> Option<u32> {
    let (Action::Message { role: Role::Agent, .. }, Provenance::Observed { evidence }) =
        (&step.action, &step.choice)
    else {
        return None;
    };
    let states = &trajectory.unit.states;
    let named = |id: &EvidenceId| states.iter().position(|s| EvidenceId::commit(&s.commit) == *id);
    u32::try_from(named(evidence.first()?)?).ok()
}

fn states(trajectory: &Trajectory, findings: &mut Findings) {
    let steps = &trajectory.steps;
    let mut latest: Option<u32> = None;
    let mut interrupted = false;
    let first_run = run_step::first(steps).filter(|_| run_step::tests_first(trajectory));
    let mut last_change = 0;
    for (index, step) in steps.iter().enumerate() {
        let place = Place::step(index + 1, "edit/definition-before-use");
        if !is_change(&step.action) {
            interrupted = true;
            let place = Place::step(index + 1, "whole/order");
            findings.equal(place, "state", (&told_state(trajectory, step), &step.state));
            continue;
        }
        findings.demand(step.state >= latest, place, "states in order", || {
            format!("{:?} after {latest:?}", step.state)
        });
        let tests_first = first_run.is_some_and(|run| last_change < run && run < index);
        findings.demand(
            step.state != latest || !interrupted || tests_first,
            place,
            "the changes of one state together",
            || "another step between them".to_owned(),
        );
        (latest, interrupted, last_change) = (step.state, false, index);
    }
}

/// Checks where test runs stand: after the last change of a state and its
/// message, or after the tests of `edit/tests-first`; one validation at the end.
fn runs(trajectory: &Trajectory, findings: &mut Findings) {
    let steps = &trajectory.steps;
    let is_run = |step: &Step| matches!(step.action, Action::RunTests { .. });
    let tests_first = run_step::tests_first(trajectory);
    let first = run_step::first(steps);
    let told = |step: &Step| is_run(step) || ci_step::is_report(step);
    for (index, _) in steps.iter().enumerate().filter(|(_, step)| told(step)) {
        let place = Place::step(index + 1, "whole/order");
        let last = steps[..index].iter().rev().find(|step| is_change(&step.action));
        let done = last.is_some_and(|last| {
            steps[index..].iter().all(|later| later.state.is_none() || later.state != last.state)
        });
        let due = done || (tests_first && first == Some(index));
        findings.demand(due, place, "a run or report after all changes of a state", || {
            "changes or a message of the same state after it".to_owned()
        });
    }
    let validations = steps.iter().filter(|s| is_run(s) && s.phase == Phase::Validation).count();
    let place = Place::whole("whole/order");
    findings.demand(validations <= 1, place, "at most one run of validation", || {
        validations.to_string()
    });
}
