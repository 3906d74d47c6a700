//! How does each action look as a tool of its own, with typed arguments?

use backstory_model::{Action, Content, Observation, RepoPath};
use serde_json::{Value, json};

use super::worktree::Scene;
use super::{RenderedStep, ToolCall, observe};

/// Returns the tool definitions.
pub(super) fn tools() -> Vec<Value> {
    let path = || json!({"type": "string", "description": "Path from the root of the repository."});
    let text = |what: &str| json!({"type": "string", "description": what});
    let count = |what: &str| json!({"type": "integer", "description": what});
    vec![
        tool(
            "search",
            "Find a literal text in all text files.",
            &json!({
            "pattern": text("The text, on one line; case counts."),
            "whole_word": {"type": "boolean", "description": "Only hits that stand as a word."}}),
        ),
        tool("list", "List a directory.", &json!({"path": path(), "depth": count("Levels down.")})),
        tool(
            "read",
            "Print lines of a file.",
            &json!({"path": path(),
            "start": count("The first line, counted from 1."), "end": count("The last line.")}),
        ),
        tool(
            "edit",
            "Replace the only occurrence of a text in a file.",
            &json!({"path": path(),
            "old": text("The text as it stands."), "new": text("The text in its place.")}),
        ),
        tool(
            "create",
            "Write a whole file.",
            &json!({"path": path(),
            "content": text("The content."), "mode": text("The git mode, e.g. 100644.")}),
        ),
        tool("delete", "Remove a file.", &json!({"path": path()})),
        tool("rename", "Move a file.", &json!({"from": path(), "to": path()})),
        tool(
            "set_mode",
            "Change the mode of a file.",
            &json!({"path": path(),
            "mode": text("The git mode, e.g. 100755.")}),
        ),
        tool(
            "run_tests",
            "Run a test command.",
            &json!({"command":
            {"type": "array", "items": {"type": "string"}, "description": "Its arguments."}}),
        ),
        tool("finish", "End the work.", &json!({"message": text("What was done.")})),
    ]
}

fn tool(name: &str, description: &str, properties: &Value) -> Value {
    let required: Vec<&String> =
        properties.as_object().map(|object| object.keys().collect()).unwrap_or_default();
    let required = json!(required);
    json!({"type": "function", "function": {"name": name, "description": description,
        "parameters": {"type": "object", "properties": properties, "required": required}}})
}

/// Renders every action but messages.
pub(super) fn render(scene: &Scene<'_>) -> RenderedStep {
    let placeholder =
        matches!(scene.step.action, Action::Create { content: Content::Opaque { .. }, .. });
    let output = match scene.step.action {
        Action::Message { .. } | Action::Finish { .. } => None,
        _ => Some(output(scene)),
    };
    RenderedStep { call: call(scene), output, placeholder, ..RenderedStep::default() }
}

fn call(scene: &Scene<'_>) -> Option<ToolCall> {
    Some(match &scene.step.action {
        Action::Message { .. } | Action::CiReport { .. } => return None,
        Action::Search { pattern, whole_word } => ToolCall::new(
            "search",
            [("pattern", json!(pattern)), ("whole_word", json!(whole_word))],
        ),
        Action::List { path, depth } => {
            ToolCall::new("list", [("path", written(path)), ("depth", json!(depth))])
        }
        Action::View { path, start, end } => ToolCall::new(
            "read",
            [("path", written(path)), ("start", json!(start)), ("end", json!(end))],
        ),
        Action::Edit { path, old, new } => ToolCall::new(
            "edit",
            [("path", written(path)), ("old", json!(old)), ("new", json!(new))],
        ),
        Action::Create { path, mode, content } => {
            let text = scene.body.clone().unwrap_or_else(|| observe::placeholder(content));
            ToolCall::new(
                "create",
                [("path", written(path)), ("content", json!(text)), ("mode", json!(mode))],
            )
        }
        Action::Delete { path } => ToolCall::new("delete", [("path", written(path))]),
        Action::Rename { from, to } => {
            ToolCall::new("rename", [("from", written(from)), ("to", written(to))])
        }
        Action::SetMode { path, mode } => {
            ToolCall::new("set_mode", [("path", written(path)), ("mode", json!(mode))])
        }
        Action::RunTests { command } => ToolCall::new("run_tests", [("command", json!(command))]),
        Action::Finish { message } => ToolCall::new("finish", [("message", json!(message))]),
    })
}

fn written(path: &RepoPath) -> Value {
    if path.is_root() { ".".into() } else { path.to_string().into() }
}

fn output(scene: &Scene<'_>) -> String {
    let seen = scene.step.observation.as_ref().map(|seen| &seen.content);
    match (&scene.step.action, seen) {
        (_, Some(Observation::Hits { total: 0, .. })) => "no match".to_owned(),
        (_, Some(Observation::Hits { hits, total, files })) => observe::hits(hits, *total, *files),
        (_, Some(Observation::Entries { entries, total })) => observe::names(entries, *total, ""),
        (Action::View { start, end, .. }, Some(Observation::Lines { total, .. })) => {
            let body = scene.body.as_deref().unwrap_or_default();
            let lines = observe::numbered(body, *start as usize, *end as usize);
            format!("lines {start} to {end} of {total}\n{lines}")
        }
        (_, Some(Observation::Applied { before, after })) => match (before, after) {
            (None, _) => "created".to_owned(),
            (_, None) => "removed".to_owned(),
            (Some(_), Some(_)) => "changed".to_owned(),
        },
        (_, Some(Observation::TestOutput { status, .. })) => {
            let body = scene.body.as_deref().unwrap_or_default();
            let status = status.map_or("ended from outside".to_owned(), |s| format!("exit {s}"));
            let output = observe::output(body);
            let break_ = if output.is_empty() || output.ends_with('\n') { "" } else { "\n" };
            format!("{output}{break_}[{status}]")
        }
        (_, Some(Observation::Lines { .. } | Observation::CiLog { .. }) | None) => String::new(),
    }
}
