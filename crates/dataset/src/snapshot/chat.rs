//! What does the story of a snapshot look like as chat rows?
//!
//! One row for the main agent and one for the agent of each file. The turns are
//! user, then assistant and tool in strict alternation, and an assistant turn
//! last. A turn that writes signatures is not trained on.

use backstory_model::{Delegation, SnapshotStory, WritingAction};
use serde_json::{Value, json};

use super::atif::{Called, delegate_tool, handed_over, spoken, tools};
use super::flatten::{done, plan};
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
                "arguments": handed_over(delegation)}}],
            "train": true}));
        messages.push(json!({"role": "tool", "tool_call_id": call,
            "content": format!("Done: {}", done(delegation)), "train": false}));
    }
    messages.push(json!({"role": "assistant", "content": story.finish.text, "train": true}));
    row(story, story.id.as_str(), &messages, &[delegate_tool(story)])
}

fn agent(
    story: &SnapshotStory,
    delegation: &Delegation,
    place: usize,
    bodies: &dyn Bodies,
) -> Result<Value, BodyError> {
    let mut messages = vec![user(&delegation.task.text)];
    for (number, (file, step)) in (2..).zip(delegation.served()) {
        let call = format!("call_{place}_{number}");
        let called = Called::of(file, step, bodies)?;
        let (said, reasoned) = spoken(step.thought.as_ref());
        let mut turn = json!({"role": "assistant", "content": said,
            "tool_calls": [{"id": call, "type": "function",
                "function": {"name": called.name, "arguments": called.arguments}}],
            "train": !matches!(step.action, WritingAction::Stub { .. })});
        if let Some(reasoned) = reasoned {
            turn["reasoning_content"] = reasoned.into();
        }
        messages.push(turn);
        messages.push(json!({"role": "tool", "tool_call_id": call, "content": called.output,
            "train": false}));
    }
    messages.push(json!({"role": "assistant", "content": written(delegation), "train": true}));
    Ok(row(story, &format!("{}.{place}", story.id), &messages, &tools(story.scc)))
}

/// What an agent says at its end.
fn written(delegation: &Delegation) -> String {
    let paths: Vec<String> = delegation.files().map(|file| format!("`{}`", file.path)).collect();
    let are = if paths.len() == 1 { "is" } else { "are" };
    format!("{} {are} written.", paths.join(", "))
}
