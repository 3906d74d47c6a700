//! Which chat rows would TRL 1.16 refuse, or train on wrongly?
//!
//! It applies the chat template to `messages` with `tools`; one row without an
//! assistant token aborts a run with `assistant_only_loss`.

use std::path::Path;

use serde_json::{Map, Value};

use super::rows::{calls, check_rows, messages};
use super::{Finding, Report, shape};

/// Checks a chat file, a table with messages, or a folder with either.
pub fn trl(path: &Path) -> Vec<Finding> {
    check_rows(path, check_row)
}

fn check_row(report: &mut Report, row: &Map<String, Value>) {
    check_tools(report, row);
    let messages = messages(report, row);
    if row.get("messages").and_then(Value::as_array).is_some_and(Vec::is_empty) {
        report.rejected("messages", "is empty");
    }
    let mut answers = 0;
    for (place, message) in &messages {
        let role = shape::text(message, "role");
        if role.is_none() {
            report.rejected(place, "has no `role`, so the row does not read as a conversation");
        }
        answers += u32::from(role == Some("assistant"));
        check_content(report, place, message);
        for (place, function) in calls(report, place, message) {
            check_call(report, &place, function);
        }
    }
    if answers == 0 && !messages.is_empty() {
        report
            .rejected("messages", "has no assistant turn, which aborts a run that masks the rest");
    }
}

fn check_tools(report: &mut Report, row: &Map<String, Value>) {
    match row.get("tools") {
        None | Some(Value::Null | Value::Array(_)) => {}
        Some(Value::String(text)) => {
            if !serde_json::from_str::<Value>(text).is_ok_and(|tools| tools.is_array()) {
                report.rejected("tools", "is a text that is not a JSON list");
            }
        }
        Some(_) => report.rejected("tools", "is neither a list nor a JSON text"),
    }
}

fn check_content(report: &mut Report, place: &str, message: &Map<String, Value>) {
    match message.get("content") {
        Some(Value::String(_) | Value::Array(_)) => {}
        None | Some(Value::Null) if shape::holds(message, "tool_calls") => {
            report.doubtful(place, "has no `content`; some chat templates print `None`");
        }
        _ => report.rejected(place, "has no `content` a chat template can print"),
    }
}

fn check_call(report: &mut Report, place: &str, function: &Map<String, Value>) {
    if shape::text(function, "name").is_none() {
        report.rejected(place, "calls a function without a name");
    }
    match function.get("arguments") {
        Some(Value::Object(arguments)) => {
            for (key, _) in arguments.iter().filter(|(_, value)| value.is_null()) {
                report
                    .doubtful(place, format!("has the null argument {key:?}, a trace of padding"));
            }
        }
        Some(Value::String(_)) => {
            report.doubtful(place, "has arguments as a text, which chat templates encode twice");
        }
        _ => report.rejected(place, "has no arguments"),
    }
}
