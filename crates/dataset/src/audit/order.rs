//! Do the steps stand in the order of the six phases?
//!
//! In: the steps. Out: findings about phases, about the first and last step, and
//! about the changes of one authored state standing together.

use backstory_model::{Action, EvidenceId, Phase, Provenance, Role, Step, Trajectory};

use super::finding::{Findings, Place};
use super::replay::is_change;

/// Checks the order of all steps.
pub(super) fn check(trajectory: &Trajectory, findings: &mut Findings) {
    let steps = &trajectory.steps;
    ends(steps, findings);
    phases(steps, findings);
    states(trajectory, findings);
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
fn own_phase(action: &Action) -> Option<Phase> {
    match action {
        Action::Message { role: Role::User, .. } => Some(Phase::Requirements),
        Action::Search { .. } | Action::List { .. } => Some(Phase::Localization),
        Action::View { .. } => Some(Phase::Reading),
        Action::Edit { .. }
        | Action::Create { .. }
        | Action::Delete { .. }
        | Action::Rename { .. }
        | Action::SetMode { .. } => Some(Phase::Editing),
        Action::Message { role: Role::Agent, .. }
        | Action::RunTests { .. }
        | Action::Finish { .. } => None,
    }
}

fn phases(steps: &[Step], findings: &mut Findings) {
    let mut latest = Phase::Requirements;
    for (index, step) in steps.iter().enumerate() {
        let place = Place::step(index + 1, "whole/order");
        if let Some(phase) = own_phase(&step.action) {
            findings.equal(place, "phase", (&phase, &step.phase));
        }
        let later_view = latest == Phase::Editing && matches!(step.action, Action::View { .. });
        if later_view {
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
        findings.demand(
            step.state != latest || !interrupted,
            place,
            "the changes of one state together",
            || "another step between them".to_owned(),
        );
        (latest, interrupted) = (step.state, false);
    }
}
