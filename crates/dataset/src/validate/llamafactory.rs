//! Which chat rows would LLaMA-Factory 0.9.5 empty, and what text would it lose?
//!
//! Its `openai` converter joins consecutive tool results into one turn, wants
//! user or tool and assistant in turn and an even number of turns, and empties
//! a row that breaks this with nothing but a line in the log.

use std::path::Path;

use serde_json::{Map, Value};

use super::rows::{check_rows, messages};
use super::{Finding, Report, shape};

/// Checks a chat file, a table with messages, or a folder with either.
pub fn llamafactory(path: &Path) -> Vec<Finding> {
    check_rows(path, check_row)
}

/// A turn as the converter sees it.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Turn {
    /// `user` or joined `tool` messages.
    Asks,
    /// `assistant`, with or without calls, and `function`.
    Answers,
    /// `system` after the first message, which fits nowhere.
    Neither,
}

fn check_row(report: &mut Report, row: &Map<String, Value>) {
    match row.get("tools") {
        None | Some(Value::Null | Value::Array(_) | Value::String(_) | Value::Object(_)) => {}
        Some(_) => report.rejected("tools", "is neither a list nor a text"),
    }
    let messages = messages(report, row);
    let mut turns: Vec<(Turn, &str)> = Vec::new();
    let mut results = false;
    for (index, (place, message)) in messages.iter().enumerate() {
        if !check_keys(report, place, message) {
            return;
        }
        let role = shape::text(message, "role");
        match role {
            // A leading system message is taken out before the turns are counted.
            Some("system") if index == 0 => continue,
            Some("tool") => results = true,
            _ => {
                if std::mem::take(&mut results) {
                    turns.push((Turn::Asks, place));
                }
                let Some(turn) = turn(role) else {
                    report.rejected(place, "has a role that is not among the tags");
                    return;
                };
                turns.push((turn, place));
            }
        }
        lost_text(report, place, message, role);
    }
    if results {
        let place = messages.last().map_or("messages", |(place, _)| place);
        report.dropped(place, "is a tool result at the end, which is lost");
    }
    check_order(report, &turns);
}

/// Returns the turn of a role that is neither a tool's nor a leading system message's.
fn turn(role: Option<&str>) -> Option<Turn> {
    match role? {
        "user" => Some(Turn::Asks),
        "assistant" | "function" => Some(Turn::Answers),
        "system" => Some(Turn::Neither),
        _ => None,
    }
}

/// Checks what the converter takes for granted; a missing key aborts the run.
fn check_keys(report: &mut Report, place: &str, message: &Map<String, Value>) -> bool {
    for key in ["role", "content"] {
        if !message.contains_key(key) {
            report.rejected(place, format!("lacks `{key}`, which aborts the run"));
            return false;
        }
    }
    let calls = message.get("tool_calls").and_then(Value::as_array);
    let broken = calls.is_some_and(|calls| calls.iter().any(|call| call.get("function").is_none()));
    if broken {
        report.rejected(place, "has a call without `function`, which aborts the run");
    }
    if !message.get("content").is_some_and(Value::is_string) {
        report.doubtful(place, "has a `content` that is not a text");
    }
    !broken
}

fn lost_text(report: &mut Report, place: &str, message: &Map<String, Value>, role: Option<&str>) {
    let calls = message.get("tool_calls").and_then(Value::as_array);
    let calls = calls.is_some_and(|calls| !calls.is_empty());
    let said = shape::text(message, "content").is_some_and(|text| !text.is_empty());
    if role == Some("assistant") && calls && said {
        report.dropped(place, "says something beside its calls, which is lost");
    }
    if role == Some("assistant") && shape::holds(message, "reasoning_content") {
        report.dropped(place, "has `reasoning_content`, which is not read");
    }
    if message.get("train") == Some(&Value::Bool(false)) && role == Some("assistant") {
        report.doubtful(place, "is not to be trained on; masks per message are not read");
    }
}

fn check_order(report: &mut Report, turns: &[(Turn, &str)]) {
    let order = [Turn::Asks, Turn::Answers];
    let broken = turns.iter().enumerate().find(|(index, (turn, _))| *turn != order[index % 2]);
    if let Some((_, (_, place))) = broken {
        report.dropped(place, "breaks the alternation of turns, so the row is emptied");
    }
    if turns.len() % 2 == 1 {
        report.dropped("messages", "has an odd number of turns, so the row is emptied");
    }
    if turns.is_empty() {
        report.dropped("messages", "has no turn, so the row is emptied");
    }
}
