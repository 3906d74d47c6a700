//! What does a trajectory look like as an ATIF-v1.7 document?
//!
//! One step of the trajectory is one step of the document, with the same
//! number. Everything ATIF has no key for sits under `extra.backstory`.

use backstory_model::{Action, Role, Step, Tier, Trajectory};
use serde_json::{Map, Value, json};

use crate::dialect::{Rendered, RenderedStep};
use crate::{label, time};

/// Returns the document.
pub(crate) fn document(trajectory: &Trajectory, rendered: &Rendered) -> Value {
    let id = trajectory.unit.id.as_str();
    let steps: Vec<Value> = trajectory
        .steps
        .iter()
        .zip(&rendered.steps)
        .enumerate()
        .map(|(index, (step, shown))| step_object(index + 1, step, shown))
        .collect();
    let total = steps.len();
    json!({
        "schema_version": "ATIF-v1.7",
        "session_id": id,
        "trajectory_id": id,
        "agent": {
            "name": "backstory",
            "version": env!("CARGO_PKG_VERSION"),
            "tool_definitions": rendered.tools,
        },
        "steps": steps,
        "final_metrics": {"total_steps": total},
        "extra": {"backstory": origin(trajectory, rendered)},
    })
}

/// Says which change this is, under which terms, and how it was cut.
fn origin(trajectory: &Trajectory, rendered: &Rendered) -> Value {
    let unit = &trajectory.unit;
    let states: Vec<Value> = unit
        .states
        .iter()
        .map(|state| {
            json!({"commit": state.commit, "tree": state.tree,
                "authored_at": time::rfc3339(state.authored_at)})
        })
        .collect();
    json!({
        "schema": trajectory.schema,
        "unit": unit.id,
        "repo": unit.repo,
        "commit": unit.commit,
        "position": unit.position,
        "parent": unit.parent,
        "pull": unit.pull,
        "base_commit": unit.base,
        "base_tree": unit.base_tree,
        "head_commit": unit.head,
        "head_tree": unit.head_tree,
        "sequence": unit.sequence,
        "states": states,
        "links": unit.links,
        "labels": unit.labels,
        "requirement_source": label::requirement_source(trajectory.requirement.source),
        "requirement": trajectory.requirement,
        "license": trajectory.license,
        "gold_patch": trajectory.gold_patch,
        "test_patch": trajectory.test_patch,
        "dialect": rendered.dialect,
        "root": rendered.root,
    })
}

fn step_object(number: usize, step: &Step, shown: &RenderedStep) -> Value {
    let mut object = Map::new();
    let source = match step.action {
        Action::Message { role: Role::User, .. } => "user",
        Action::CiReport { .. } => "system",
        _ => "agent",
    };
    object.insert("step_id".to_owned(), number.into());
    object.insert("source".to_owned(), source.into());
    object.insert("message".to_owned(), shown.text.clone().into());
    if source == "agent" {
        object.insert("llm_call_count".to_owned(), u32::from(shown.reasoning.is_some()).into());
    }
    if let Some(reasoning) = &shown.reasoning {
        object.insert("reasoning_content".to_owned(), reasoning.clone().into());
    }
    if let Some(call) = &shown.call {
        let id = call_id(number);
        object.insert(
            "tool_calls".to_owned(),
            json!([{"tool_call_id": id, "function_name": call.name, "arguments": call.arguments}]),
        );
        if let Some(output) = &shown.output {
            object.insert(
                "observation".to_owned(),
                json!({"results": [{"source_call_id": id, "content": output}]}),
            );
        }
    }
    if let (None, Some(output)) = (&shown.call, &shown.output) {
        // No call asked for it.
        object.insert("observation".to_owned(), json!({"results": [{"content": output}]}));
    }
    object.insert("extra".to_owned(), json!({"backstory": known(step, shown)}));
    Value::Object(object)
}

/// Says how each part of a step is known.
fn known(step: &Step, shown: &RenderedStep) -> Value {
    let mut known = Map::new();
    known.insert("phase".to_owned(), step.phase.as_str().into());
    known.insert("action".to_owned(), label::action(&step.action).into());
    known.insert("tier".to_owned(), tier(step).as_str().into());
    known.insert("choice".to_owned(), json!(step.choice));
    if let Some(seen) = &step.observation {
        known.insert("observation".to_owned(), json!(seen.provenance));
    }
    if let Some(thought) = &step.thought {
        known.insert("thought".to_owned(), json!(thought.provenance));
    }
    known.insert("hindsight".to_owned(), step.hindsight.into());
    if let Some(state) = step.state {
        known.insert("state".to_owned(), state.into());
    }
    if shown.placeholder {
        known.insert("placeholder".to_owned(), true.into());
    }
    Value::Object(known)
}

/// Returns the tier of the whole step: synthesized as soon as a model wrote its thought.
fn tier(step: &Step) -> Tier {
    let thought = step.thought.as_ref().map(|thought| thought.provenance.tier());
    if thought == Some(Tier::Synthesized) { Tier::Synthesized } else { step.choice.tier() }
}

/// Names the call of a step; unique within a trajectory.
pub(crate) fn call_id(number: usize) -> String {
    format!("call_{number}")
}
