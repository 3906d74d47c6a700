//! Does a text of frames read as the Code World Model reads one?
//!
//! Marks in their order, variables as JSON objects of texts, `..` only where the scope has
//! said the variable before, and every frame that is entered is left.

use std::collections::BTreeSet;

use serde_json::{Map, Value};

use super::Report;

const PLACE: &str = "text";

/// Checks the text of one trace.
pub(super) fn check_frames(report: &mut Report, text: &str) {
    if let Err(what) = read(text) {
        report.rejected(PLACE, what);
    }
}

/// Says what is wrong with a text.
fn read(text: &str) -> Result<(), String> {
    let text = text
        .strip_prefix("<|begin_of_text|><|trace_context_start|>")
        .ok_or("does not begin with the context of a trace")?;
    let text = text.strip_suffix("<|frame_sep|><|end_of_text|>");
    let text = text.ok_or("does not end with a whole frame")?;
    let mut frames = text.split("<|frame_sep|>");
    let source = frames.next().unwrap_or_default();
    if source.matches("  # << START_OF_TRACE\n").count() != 1 {
        return Err("does not say once where the trace starts".to_owned());
    }
    let mut scopes: Vec<BTreeSet<String>> = Vec::new();
    let mut is_over = false;
    for (number, frame) in (1..).zip(frames) {
        if is_over {
            return Err(format!("goes on with frame {number} behind the end of the call"));
        }
        read_frame(frame, &mut scopes)
            .map_err(|what| format!("has a frame {number} that {what}"))?;
        is_over = scopes.is_empty();
    }
    Ok(())
}

fn read_frame(frame: &str, scopes: &mut Vec<BTreeSet<String>>) -> Result<(), String> {
    let parts = frame.strip_prefix("<|").and_then(|rest| rest.split_once("_sep|>"));
    let (mark, rest) = parts.ok_or("begins with no mark")?;
    let (locals, line) = rest.split_once("<|action_sep|>").ok_or("has no action")?;
    match mark {
        "call" => scopes.push(BTreeSet::new()),
        "line" | "return" | "exception" => {}
        _ => return Err(format!("has the unknown mark {mark:?}")),
    }
    if mark == "call" || mark == "line" {
        let scope = scopes.last_mut().ok_or("stands in no call")?;
        return read_locals(locals, scope);
    }
    let (_, value) = line.split_once("<|arg_sep|>").ok_or("has no value")?;
    serde_json::from_str::<String>(value).map_err(|_| "has a value that is no JSON text")?;
    if mark == "return" {
        scopes.pop().ok_or("returns from no call")?;
    }
    Ok(())
}

fn read_locals(locals: &str, scope: &mut BTreeSet<String>) -> Result<(), String> {
    let locals: Map<String, Value> =
        serde_json::from_str(locals).map_err(|_| "has variables that are no JSON object")?;
    for (name, value) in &locals {
        let Some(text) = value.as_str() else {
            return Err(format!("says of {name:?} what is no text"));
        };
        if text == ".." && !scope.contains(name) {
            return Err(format!("says that {name:?} is unchanged, which was not said before"));
        }
    }
    *scope = locals.into_iter().map(|(name, _)| name).collect();
    Ok(())
}
