//! What may an agent be shown that goes on with the work?
//!
//! In: the ATIF document of a trajectory. Out: the same document up to the first
//! edit, without what was chosen with knowledge of the final change and without
//! any name of the head. The work tree is that of the base at this point.

use backstory_model::{Action, Step};
use serde_json::{Value, json};

use crate::task::Task;

/// Returns the prior context; `None` when nothing comes before the first edit.
pub(super) fn prior_context(task: &Task<'_>, document: &Value) -> Option<Value> {
    let steps = &task.trajectory.steps;
    let before = steps.iter().take_while(|step| !leaves_the_base(step)).count();
    let shown = document.get("steps")?.as_array()?;
    let kept: Vec<&Value> = steps[..before]
        .iter()
        .zip(shown)
        .filter(|(step, _)| !step.hindsight)
        .map(|(_, shown)| shown)
        .collect();
    if !kept.iter().any(|step| step["source"] == "agent") {
        return None;
    }
    let kept: Vec<Value> =
        kept.into_iter().enumerate().map(|(at, step)| copied(at + 1, step)).collect();
    let id = format!("{}-continue", task.instance.instance_id);
    Some(json!({
        "schema_version": document["schema_version"],
        "session_id": id,
        "trajectory_id": id,
        "agent": document["agent"],
        "final_metrics": {"total_steps": kept.len()},
        "steps": kept,
        "extra": {"backstory": {
            "unit": task.instance.instance_id,
            "repo": task.instance.repo,
            "base_commit": task.instance.base_commit,
            "root": document["extra"]["backstory"]["root"],
        }},
    }))
}

/// Returns true for a step after which the work tree is not that of the base any
/// more, and for one that tells how the story ends.
fn leaves_the_base(step: &Step) -> bool {
    match &step.action {
        Action::Edit { .. }
        | Action::Create { .. }
        | Action::Delete { .. }
        | Action::Rename { .. }
        | Action::SetMode { .. }
        | Action::RunTests { .. }
        | Action::CiReport { .. }
        | Action::Finish { .. } => true,
        Action::Message { .. }
        | Action::List { .. }
        | Action::Search { .. }
        | Action::View { .. } => step.state.is_some(),
    }
}

/// Returns a step under its number here, marked as context that is not trained on.
fn copied(number: usize, step: &Value) -> Value {
    let mut step = step.clone();
    if let Some(step) = step.as_object_mut() {
        step.insert("step_id".to_owned(), number.into());
        step.insert("is_copied_context".to_owned(), true.into());
        let known = step.get("extra").map(|extra| &extra["backstory"]);
        let known = known.map(|known| json!({"phase": known["phase"], "tier": known["tier"]}));
        step.insert("extra".to_owned(), json!({"backstory": known}));
    }
    step
}
