//! Which chat rows would Axolotl 0.21 refuse, or train on wrongly?
//!
//! With `type: chat_template`, `field_messages: messages`, `field_tools: tools`
//! and `message_field_training: train`.

use std::path::Path;

use serde_json::{Map, Value};

use super::rows::{calls, check_rows, messages};
use super::{Finding, Report, shape};

const ROLES: [&str; 6] = ["human", "user", "assistant", "gpt", "system", "tool"];

/// Checks a chat file, a table with messages, or a folder with either.
pub fn axolotl(path: &Path) -> Vec<Finding> {
    check_rows(path, check_row)
}

fn check_row(report: &mut Report, row: &Map<String, Value>) {
    check_tools(report, row);
    let messages = messages(report, row);
    if row.get("messages").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        report.rejected("messages", "is empty");
    }
    let mut trained = 0;
    for (index, (place, message)) in messages.iter().enumerate() {
        let trains = check_message(report, place, message);
        trained += u32::from(trains);
        if index + 1 == messages.len() && !trains {
            report
                .doubtful(place, "is last and not trained on, so the end of turn may be unmasked");
        }
    }
    if trained == 0 && !messages.is_empty() {
        report.dropped("messages", "has no message to train on; every label is masked");
    }
}

fn check_tools(report: &mut Report, row: &Map<String, Value>) {
    let tools = match row.get("tools") {
        None | Some(Value::Null) => return,
        Some(Value::String(text)) => serde_json::from_str(text).unwrap_or(Value::Null),
        Some(tools) => tools.clone(),
    };
    let Some(tools) = tools.as_array() else {
        return report.rejected("tools", "is neither a list nor a JSON text of one");
    };
    for (index, tool) in tools.iter().enumerate() {
        let parameters = tool.get("function").and_then(|function| function.get("parameters"));
        if let Some(Value::String(text)) = parameters
            && serde_json::from_str::<Value>(text).is_err()
        {
            report.rejected(&format!("tools[{index}]"), "has parameters that are not JSON");
        }
    }
}

/// Checks one message and says whether it is trained on.
fn check_message(report: &mut Report, place: &str, message: &Map<String, Value>) -> bool {
    let role = shape::text(message, "role");
    match role {
        Some(role) if ROLES.contains(&role) => {}
        Some(role) => report.doubtful(place, format!("has the role {role:?}, which is not mapped")),
        None => report.rejected(place, "has no `role`"),
    }
    let content = match message.get("content") {
        Some(Value::String(text)) => !text.is_empty(),
        Some(Value::Array(_)) => true,
        _ => {
            report.rejected(place, "has no `content`");
            false
        }
    };
    let functions = calls(report, place, message);
    for (place, function) in &functions {
        check_arguments(report, place, function);
    }
    let trains = match message.get("train") {
        None | Some(Value::Null) => role == Some("assistant") || role == Some("gpt"),
        Some(Value::Bool(train)) => *train,
        Some(_) => {
            report.doubtful(place, "has a `train` that is not true or false");
            false
        }
    };
    if trains && !content && functions.is_empty() && !shape::holds(message, "reasoning_content") {
        report.dropped(place, "is empty, so its turn is not found and not trained on");
    }
    trains
}

fn check_arguments(report: &mut Report, place: &str, function: &Map<String, Value>) {
    match function.get("arguments") {
        Some(Value::String(text)) if serde_json::from_str::<Value>(text).is_err() => {
            report.rejected(place, "has arguments that are a text and not JSON");
        }
        Some(Value::Object(arguments)) => {
            for (key, _) in arguments.iter().filter(|(_, value)| value.is_null()) {
                report
                    .doubtful(place, format!("has the null argument {key:?}, a trace of padding"));
            }
        }
        _ => {}
    }
}
