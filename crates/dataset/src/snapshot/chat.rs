//! What does the story of a snapshot look like as chat rows?
//!
//! One row for the main agent and one for the agent of each file. The turns are
//! user, then assistant and tool in strict alternation, and an assistant turn
//! last.

use backstory_model::{Delegation, SnapshotStory};
use serde_json::{Value, json};

use super::atif::{Called, delegate_tool, spoken, tools};
use super::flatten::plan;
use crate::{Bodies, BodyError};

/// Returns the rows of a story.
pub(super) fn rows(story: &SnapshotStory, bodies: &dyn Bodies) -> Result<Vec<Value>, BodyError> {
    let mut rows = vec![main(story)];
    for (place, delegation) in (1..).zip(&story.delegations) {
        rows.push(agent(story, delegation, place, bodies)?);
    }
    Ok(rows)
}

fn row(story: &SnapshotStory, id: &str, messages: &[Value], tools: &[Value]) -> Value {
    let license = story.license.as_ref().map(|license| &license.spdx);
    json!({"id": id, "messages": messages, "tools": tools, "repo": story.repo,
        "commit": story.commit, "license": license, "hindsight": true})
}

fn user(text: &str) -> Value {
    json!({"role": "user", "content": text, "train": false})
}

fn main(story: &SnapshotStory) -> Value {
    let mut messages = vec![user(&story.requirements.text)];
    let mut said = plan(&story.plan.files);
    for (place, delegation) in (1..).zip(&story.delegations) {
        let call = format!("delegate_{place}");
        messages.push(json!({"role": "assistant", "content": std::mem::take(&mut said),
            "tool_calls": [{"id": call, "type": "function", "function": {"name": "delegate",
                "arguments": {"path": delegation.path, "task": delegation.task.text}}}],
            "train": true}));
        messages.push(json!({"role": "tool", "tool_call_id": call,
            "content": format!("Done: {}", delegation.path), "train": false}));
    }
    messages.push(json!({"role": "assistant", "content": story.finish.text, "train": true}));
    row(story, story.id.as_str(), &messages, &[delegate_tool()])
}

fn agent(
    story: &SnapshotStory,
    delegation: &Delegation,
    place: usize,
    bodies: &dyn Bodies,
) -> Result<Value, BodyError> {
    let mut messages = vec![user(&delegation.task.text)];
    for (number, step) in (2..).zip(&delegation.steps) {
        let call = format!("call_{place}_{number}");
        let called = Called::of(delegation, step, bodies)?;
        let (said, reasoned) = spoken(step.thought.as_ref());
        let mut turn = json!({"role": "assistant", "content": said,
            "tool_calls": [{"id": call, "type": "function",
                "function": {"name": called.name, "arguments": called.arguments}}],
            "train": true});
        if let Some(reasoned) = reasoned {
            turn["reasoning_content"] = reasoned.into();
        }
        messages.push(turn);
        messages.push(json!({"role": "tool", "tool_call_id": call, "content": called.output,
            "train": false}));
    }
    let done = format!("`{}` is written.", delegation.path);
    messages.push(json!({"role": "assistant", "content": done, "train": true}));
    Ok(row(story, &format!("{}.{place}", story.id), &messages, &tools()))
}
