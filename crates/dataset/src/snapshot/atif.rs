//! What does the story of a snapshot look like as an ATIF-v1.7 document?
//!
//! The main agent's steps are the document's; the agent of each file is one of its
//! `subagent_trajectories`, named by the call that hands the file over.

use backstory_model::{
    Delegation, HandedFile, Provenance, ReadPart, SccPolicy, SnapshotStory, Thought, Tier,
    WritingAction, WritingStep,
};
use serde_json::{Map, Value, json};

use super::flatten::{content, done, plan};
use crate::{Bodies, BodyError};

/// Returns the document.
pub(super) fn document(story: &SnapshotStory, bodies: &dyn Bodies) -> Result<Value, BodyError> {
    let mut steps = vec![
        json!({"step_id": 1, "source": "user", "message": story.requirements.text,
            "extra": {"backstory": known(&story.requirements.provenance, story.requirements.hindsight)}}),
        json!({"step_id": 2, "source": "agent", "llm_call_count": 0,
            "message": plan(&story.plan.files),
            "extra": {"backstory": known(&story.plan.provenance, story.plan.hindsight)}}),
    ];
    let mut agents = Vec::new();
    for (place, delegation) in (1..).zip(&story.delegations) {
        let id = agent_id(story, place);
        steps.push(handed(steps.len() + 1, place, delegation, &id));
        agents.push(agent(story, delegation, (place, &id), bodies)?);
    }
    let finish = &story.finish;
    steps.push(json!({"step_id": steps.len() + 1, "source": "agent", "llm_call_count": 0,
        "message": finish.text,
        "extra": {"backstory": known(&finish.provenance, finish.hindsight)}}));
    let total = steps.len();
    Ok(json!({
        "schema_version": "ATIF-v1.7",
        "session_id": story.id,
        "trajectory_id": story.id,
        "agent": named(&[delegate_tool(story)]),
        "steps": steps,
        "final_metrics": {"total_steps": total},
        "subagent_trajectories": agents,
        "extra": {"backstory": told(story)},
    }))
}

/// Says what stands in a story beside its steps.
fn told(story: &SnapshotStory) -> Value {
    let mut told = json!({
        "schema": story.schema,
        "repo": story.repo,
        "commit": story.commit,
        "tree": story.tree,
        "license": story.license,
        "given": story.given,
        "cut_edges": story.cut_edges,
    });
    if !story.scc.is_cut() {
        told["scc"] = json!(story.scc);
    }
    told
}

/// Names the trajectory of the agent of one file; unique within a story.
fn agent_id(story: &SnapshotStory, place: usize) -> String {
    format!("{}.{place}", story.id)
}

fn named(tools: &[Value]) -> Value {
    json!({"name": "backstory", "version": env!("CARGO_PKG_VERSION"), "tool_definitions": tools})
}

fn handed(number: usize, place: usize, delegation: &Delegation, id: &str) -> Value {
    let task = &delegation.task;
    let call = format!("delegate_{place}");
    json!({
        "step_id": number, "source": "agent", "llm_call_count": 0, "message": "",
        "tool_calls": [{"tool_call_id": call, "function_name": "delegate",
            "arguments": handed_over(delegation)}],
        "observation": {"results": [{"source_call_id": call,
            "content": format!("Done: {}", done(delegation)),
            "subagent_trajectory_ref": [{"trajectory_id": id}]}]},
        "extra": {"backstory": known(&task.provenance, task.hindsight)},
    })
}

/// Returns what the main agent calls its tool with.
pub(super) fn handed_over(delegation: &Delegation) -> Value {
    let mut arguments = json!({"path": delegation.path, "task": delegation.task.text});
    if !delegation.with.is_empty() {
        arguments["with"] = delegation.with.iter().map(|file| json!(file.path)).collect();
    }
    arguments
}

/// Returns the trajectory of the agent of one file, or of a circle of files.
fn agent(
    story: &SnapshotStory,
    delegation: &Delegation,
    (place, id): (usize, &str),
    bodies: &dyn Bodies,
) -> Result<Value, BodyError> {
    let task = &delegation.task;
    let mut steps = vec![json!({"step_id": 1, "source": "user", "message": task.text,
        "extra": {"backstory": known(&task.provenance, task.hindsight)}})];
    for (number, (file, step)) in (2..).zip(delegation.served()) {
        steps.push(writing(file, step, (place, number), bodies)?);
    }
    let total = steps.len();
    let mut about = json!({
        "path": delegation.path, "mode": delegation.mode, "blob": delegation.blob,
    });
    if !delegation.with.is_empty() {
        about["with"] = json!(delegation.with);
    }
    Ok(json!({
        "schema_version": "ATIF-v1.7",
        "session_id": story.id,
        "trajectory_id": id,
        "agent": named(&tools(story.scc)),
        "steps": steps,
        "final_metrics": {"total_steps": total},
        "extra": {"backstory": about},
    }))
}

fn writing(
    file: HandedFile<'_>,
    step: &WritingStep,
    (place, number): (usize, usize),
    bodies: &dyn Bodies,
) -> Result<Value, BodyError> {
    let id = format!("call_{place}_{number}");
    let called = Called::of(file, step, bodies)?;
    let mut object = Map::new();
    object.insert("step_id".to_owned(), number.into());
    object.insert("source".to_owned(), "agent".into());
    let (said, reasoned) = spoken(step.thought.as_ref());
    object.insert("message".to_owned(), said.into());
    object.insert("llm_call_count".to_owned(), u32::from(reasoned.is_some()).into());
    if let Some(reasoned) = reasoned {
        object.insert("reasoning_content".to_owned(), reasoned.into());
    }
    object.insert(
        "tool_calls".to_owned(),
        json!([{"tool_call_id": id, "function_name": called.name, "arguments": called.arguments}]),
    );
    object.insert(
        "observation".to_owned(),
        json!({"results": [{"source_call_id": id, "content": called.output}]}),
    );
    let mut extra = known(&step.choice, step.hindsight);
    extra["content"] = json!(step.content);
    if let Some(thought) = &step.thought {
        extra["thought"] = json!(thought.provenance);
    }
    object.insert("extra".to_owned(), json!({"backstory": extra}));
    Ok(Value::Object(object))
}

/// Splits a thought into what is said and what a model reasoned.
pub(super) fn spoken(thought: Option<&Thought>) -> (&str, Option<&str>) {
    match thought {
        None => ("", None),
        Some(thought) if thought.provenance.tier() == Tier::Synthesized => {
            ("", Some(thought.text.as_str()))
        }
        Some(thought) => (thought.text.as_str(), None),
    }
}

/// A call of one of the two tools, and what it gives.
pub(super) struct Called {
    pub(super) name: &'static str,
    pub(super) arguments: Value,
    pub(super) output: String,
}

impl Called {
    pub(super) fn of(
        file: HandedFile<'_>,
        step: &WritingStep,
        bodies: &dyn Bodies,
    ) -> Result<Self, BodyError> {
        let content = content(file, step, bodies)?;
        Ok(match &step.action {
            WritingAction::Read { path, part, shown, .. } => {
                let mut arguments = json!({"path": path, "part": part});
                if *part == ReadPart::Definitions {
                    arguments["lines"] = shown.iter().map(|r| json!([r.start, r.end])).collect();
                }
                Self { name: "read", arguments, output: content }
            }
            WritingAction::Stub { path, .. } => Self {
                name: "write",
                arguments: json!({"path": path, "content": content, "signatures": true}),
                output: format!("Written: {path}, signatures"),
            },
            WritingAction::Write { lines, .. } => Self {
                name: "write",
                arguments: json!({"path": file.path, "content": content,
                    "append": lines.start > 1}),
                output: format!("Written: {} up to line {}", file.path, lines.end),
            },
        })
    }
}

fn known(provenance: &Provenance, hindsight: bool) -> Value {
    json!({"tier": provenance.tier(), "choice": provenance, "hindsight": hindsight})
}

fn tool(name: &str, about: &str, properties: &Value, required: &[&str]) -> Value {
    json!({"type": "function", "function": {"name": name, "description": about,
        "parameters": {"type": "object", "properties": properties, "required": required}}})
}

/// Describes the tool of the main agent.
pub(super) fn delegate_tool(story: &SnapshotStory) -> Value {
    let text = json!({"type": "string"});
    let mut properties = json!({"path": text, "task": text});
    if story.scc == SccPolicy::Group {
        properties["with"] = json!({"type": "array", "items": text});
    }
    tool("delegate", "Hands a file to an agent that writes it.", &properties, &["path", "task"])
}

/// Describes the tools of the agent of a file.
pub(super) fn tools(scc: SccPolicy) -> Vec<Value> {
    let text = json!({"type": "string"});
    let lines = json!({"type": "array", "items": {"type": "array", "items": {"type": "integer"}}});
    let mut parts = json!({"type": "string", "enum": ["whole", "outline", "definitions"]});
    let mut write = json!({"path": text, "content": text, "append": {"type": "boolean"}});
    if scc == SccPolicy::Stub {
        parts["enum"] = json!(["whole", "outline", "definitions", "stub"]);
        write["signatures"] = json!({"type": "boolean"});
    }
    let read = json!({"path": text, "part": parts, "lines": lines});
    vec![
        tool("read", "Reads a file that is there already.", &read, &["path"]),
        tool("write", "Writes the file, or goes on writing it.", &write, &["path", "content"]),
    ]
}
