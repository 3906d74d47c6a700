//! Which ATIF files would a reader of ATIF-v1.7 reject or misread?
//!
//! Checks what the published validator checks, and what it lets pass: call ids
//! used twice, calls without a result, results of one call written twice, wrong
//! totals, references to nothing, missing ids, a missing version.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use backstory_store::fs;
use serde_json::{Map, Value};

use super::part::{check_items, check_parts};
use super::shape::{self, Key, Kind, Presence};
use super::{Finding, Report, with_causes};

use Kind::{Boolean, Content, Count, List, Number, Object, Text, TextOrNumber};
use Presence::{Optional, Required};

const ROOT: &[Key] = &[
    ("schema_version", Text, Required),
    ("session_id", Text, Optional),
    ("trajectory_id", Text, Optional),
    ("agent", Object, Required),
    ("steps", List, Required),
    ("notes", Text, Optional),
    ("final_metrics", Object, Optional),
    ("continued_trajectory_ref", Text, Optional),
    ("extra", Object, Optional),
    ("subagent_trajectories", List, Optional),
];
const AGENT: &[Key] = &[
    ("name", Text, Required),
    ("version", Text, Required),
    ("model_name", Text, Optional),
    ("tool_definitions", List, Optional),
    ("extra", Object, Optional),
];
const STEP: &[Key] = &[
    ("step_id", Count, Required),
    ("source", Text, Required),
    ("message", Content, Required),
    ("timestamp", Text, Optional),
    ("observation", Object, Optional),
    ("is_copied_context", Boolean, Optional),
    ("llm_call_count", Count, Optional),
    ("extra", Object, Optional),
    ("model_name", Text, Optional),
    ("reasoning_effort", TextOrNumber, Optional),
    ("reasoning_content", Text, Optional),
    ("tool_calls", List, Optional),
    ("metrics", Object, Optional),
];
const AGENT_ONLY: [&str; 5] =
    ["model_name", "reasoning_effort", "reasoning_content", "tool_calls", "metrics"];
const CALL: &[Key] = &[
    ("tool_call_id", Text, Required),
    ("function_name", Text, Required),
    ("arguments", Object, Required),
    ("extra", Object, Optional),
];
const OBSERVATION: &[Key] = &[("results", List, Required)];
const RESULT: &[Key] = &[
    ("source_call_id", Text, Optional),
    // Required by the Agent Data Protocol's reader.
    ("content", Content, Required),
    ("subagent_trajectory_ref", List, Optional),
    ("extra", Object, Optional),
];
const REFERENCE: &[Key] = &[
    ("trajectory_id", Text, Optional),
    ("trajectory_path", Text, Optional),
    ("session_id", Text, Optional),
    ("extra", Object, Optional),
];
const METRICS: &[Key] = &[
    ("prompt_tokens", Count, Optional),
    ("completion_tokens", Count, Optional),
    ("cached_tokens", Count, Optional),
    ("cost_usd", Number, Optional),
    ("prompt_token_ids", List, Optional),
    ("completion_token_ids", List, Optional),
    ("logprobs", List, Optional),
    ("extra", Object, Optional),
];
const TOKENS: [(&str, Kind); 3] =
    [("prompt_token_ids", Count), ("completion_token_ids", Count), ("logprobs", Number)];
const FINAL_METRICS: &[Key] = &[
    ("total_prompt_tokens", Count, Optional),
    ("total_completion_tokens", Count, Optional),
    ("total_cached_tokens", Count, Optional),
    ("total_cost_usd", Number, Optional),
    ("total_steps", Count, Optional),
    ("extra", Object, Optional),
];

/// Checks one ATIF file, or every `.json` file of a folder.
pub fn atif(path: &Path) -> Vec<Finding> {
    let mut report = Report::new(path);
    match documents(path) {
        Ok(files) if files.is_empty() => report.rejected("", "holds no `.json` file"),
        Ok(files) => {
            for file in files {
                report.path.clone_from(&file);
                check_file(&mut report, &file);
            }
        }
        Err(error) => report.rejected("", with_causes(&error)),
    }
    report.findings
}

fn documents(path: &Path) -> Result<Vec<PathBuf>, backstory_store::StoreError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let entries = fs::entries(path)?;
    Ok(entries.into_iter().filter(|file| file.extension().is_some_and(|e| e == "json")).collect())
}

fn check_file(report: &mut Report, file: &Path) {
    let text = match fs::read_text(file) {
        Ok(text) => text,
        Err(error) => return report.rejected("", with_causes(&error)),
    };
    match serde_json::from_str::<Value>(&text) {
        Ok(document) => check_document(report, "", &document, &BTreeSet::new()),
        Err(error) => report.rejected("", format!("is not JSON: {error}")),
    }
}

/// Checks one document; `embedded` names the sub-agents its parent holds.
fn check_document(report: &mut Report, at: &str, document: &Value, embedded: &BTreeSet<String>) {
    let Some(root) = shape::object(report, at, document) else { return };
    shape::keys(report, at, root, ROOT);
    check_identity(report, at, root);
    if let Some(agent) = root.get("agent").and_then(Value::as_object) {
        let place = format!("{at}agent");
        shape::keys(report, &place, agent, AGENT);
        check_items(report, &place, agent, "tool_definitions", Object);
    }
    let mut known = embedded.clone();
    known.extend(check_subagents(report, at, root));
    let steps = shape::list(root, "steps");
    if steps.is_empty() {
        report.rejected(&format!("{at}steps"), "has no step");
    }
    let mut calls = BTreeSet::new();
    for (index, step) in steps.iter().enumerate() {
        let last = index + 1 == steps.len();
        let place = format!("{at}steps[{index}]");
        Steps { known: &known, calls: &mut calls, last }.check(report, &place, index, step);
    }
    check_totals(report, at, root, steps.len());
}

fn check_identity(report: &mut Report, at: &str, root: &Map<String, Value>) {
    match shape::text(root, "schema_version") {
        Some("ATIF-v1.7") | None => {}
        Some(version) if is_known_version(version) => report.doubtful(
            at,
            format!("says {version}; readers of the Agent Data Protocol take ATIF-v1.7 only"),
        ),
        Some(version) => report.rejected(at, format!("says the unknown version {version:?}")),
    }
    for key in ["session_id", "trajectory_id"] {
        if !shape::holds(root, key) {
            report.doubtful(at, format!("lacks `{key}`, so nothing can refer to it"));
        }
    }
}

fn is_known_version(version: &str) -> bool {
    matches!(version.strip_prefix("ATIF-v1.").map(str::as_bytes), Some([b'0'..=b'8']))
}

/// Checks the embedded sub-agents and returns their ids.
fn check_subagents(report: &mut Report, at: &str, root: &Map<String, Value>) -> BTreeSet<String> {
    let mut ids = BTreeSet::new();
    let subagents = shape::list(root, "subagent_trajectories");
    for (index, subagent) in subagents.iter().enumerate() {
        let place = format!("{at}subagent_trajectories[{index}].");
        match subagent.get("trajectory_id").and_then(Value::as_str) {
            None => report.rejected(&place, "lacks `trajectory_id`, which a sub-agent must have"),
            Some(id) if !ids.insert(id.to_owned()) => {
                report.rejected(&place, format!("has the id {id:?} of another sub-agent"));
            }
            Some(_) => {}
        }
    }
    for (index, subagent) in subagents.iter().enumerate() {
        let place = format!("{at}subagent_trajectories[{index}].");
        check_document(report, &place, subagent, &ids);
    }
    ids
}

fn check_totals(report: &mut Report, at: &str, root: &Map<String, Value>, steps: usize) {
    let Some(totals) = root.get("final_metrics").and_then(Value::as_object) else { return };
    let place = format!("{at}final_metrics");
    shape::keys(report, &place, totals, FINAL_METRICS);
    let total = totals.get("total_steps").and_then(Value::as_u64);
    if total.is_some_and(|total| total != steps as u64) {
        report.doubtful(&place, format!("says another number of steps than the {steps} there are"));
    }
}

/// What one step is checked against.
struct Steps<'a> {
    known: &'a BTreeSet<String>,
    calls: &'a mut BTreeSet<String>,
    last: bool,
}

impl Steps<'_> {
    fn check(&mut self, report: &mut Report, place: &str, index: usize, step: &Value) {
        let Some(step) = shape::object(report, place, step) else { return };
        shape::keys(report, place, step, STEP);
        let id = step.get("step_id").and_then(Value::as_u64);
        if id.is_some_and(|id| id != index as u64 + 1) {
            report.rejected(place, format!("should have the `step_id` {}", index + 1));
        }
        check_source(report, place, step);
        check_parts(report, place, step, "message");
        if let Some(time) = shape::text(step, "timestamp")
            && !is_iso_8601(time)
        {
            report.rejected(place, format!("has a `timestamp` that is not ISO 8601: {time:?}"));
        }
        if let Some(metrics) = step.get("metrics").and_then(Value::as_object) {
            let place = format!("{place}.metrics");
            shape::keys(report, &place, metrics, METRICS);
            for (key, kind) in TOKENS {
                check_items(report, &place, metrics, key, kind);
            }
        }
        let calls = self.check_calls(report, place, step);
        self.check_results(report, place, step, &calls);
    }

    fn check_calls(
        &mut self,
        report: &mut Report,
        place: &str,
        step: &Map<String, Value>,
    ) -> BTreeSet<String> {
        let mut own = BTreeSet::new();
        for (index, call) in shape::list(step, "tool_calls").iter().enumerate() {
            let place = format!("{place}.tool_calls[{index}]");
            let Some(call) = shape::object(report, &place, call) else { continue };
            shape::keys(report, &place, call, CALL);
            if let Some(id) = shape::text(call, "tool_call_id") {
                if !self.calls.insert(id.to_owned()) {
                    report.doubtful(&place, format!("uses the `tool_call_id` {id:?} again"));
                }
                own.insert(id.to_owned());
            }
        }
        own
    }

    fn check_results(
        &self,
        report: &mut Report,
        place: &str,
        step: &Map<String, Value>,
        calls: &BTreeSet<String>,
    ) {
        let mut answered = BTreeSet::new();
        if let Some(observation) = step.get("observation").and_then(Value::as_object) {
            shape::keys(report, &format!("{place}.observation"), observation, OBSERVATION);
            for (index, result) in shape::list(observation, "results").iter().enumerate() {
                let place = format!("{place}.observation.results[{index}]");
                let Some(result) = shape::object(report, &place, result) else { continue };
                shape::keys(report, &place, result, RESULT);
                check_parts(report, &place, result, "content");
                self.check_references(report, &place, result);
                let Some(id) = shape::text(result, "source_call_id") else { continue };
                if !calls.contains(id) {
                    report
                        .rejected(&place, format!("answers {id:?}, which no call of the step is"));
                } else if !answered.insert(id.to_owned()) {
                    report.doubtful(&place, format!("answers {id:?} a second time"));
                }
            }
        }
        // The call that ends the work prints nothing.
        let ends = self.last && calls.len() == 1 && answered.is_empty();
        for id in calls.difference(&answered).filter(|_| !ends) {
            report.doubtful(place, format!("calls {id:?} and shows no result"));
        }
    }

    fn check_references(&self, report: &mut Report, place: &str, result: &Map<String, Value>) {
        for (index, reference) in shape::list(result, "subagent_trajectory_ref").iter().enumerate()
        {
            let place = format!("{place}.subagent_trajectory_ref[{index}]");
            let Some(reference) = shape::object(report, &place, reference) else { continue };
            shape::keys(report, &place, reference, REFERENCE);
            let path = shape::holds(reference, "trajectory_path");
            match shape::text(reference, "trajectory_id") {
                None if !path => report.rejected(&place, "names neither an id nor a path"),
                Some(id) if !path && !self.known.contains(id) => {
                    report.doubtful(&place, format!("refers to {id:?}, which is not embedded"));
                }
                _ => {}
            }
        }
    }
}

fn check_source(report: &mut Report, place: &str, step: &Map<String, Value>) {
    let source = shape::text(step, "source");
    match source {
        Some("system" | "user" | "agent") | None => {}
        Some(other) => report.rejected(place, format!("has the unknown source {other:?}")),
    }
    if source != Some("agent") {
        for key in AGENT_ONLY.into_iter().filter(|key| shape::holds(step, key)) {
            report.rejected(place, format!("has `{key}`, which only steps of the agent may have"));
        }
    } else if step.get("llm_call_count").and_then(Value::as_u64) == Some(0) {
        for key in
            ["metrics", "reasoning_content"].into_iter().filter(|key| shape::holds(step, key))
        {
            report.rejected(place, format!("has `{key}` and says that no model was called"));
        }
    }
}

/// Says whether a text is a date and time of the form `2026-01-31T23:59:59.5+01:00`.
fn is_iso_8601(text: &str) -> bool {
    // A zone in brackets is an extension that readers of plain ISO 8601 refuse.
    if text.contains('[') {
        return false;
    }
    let zoned = text.parse::<jiff::Timestamp>().is_ok();
    zoned || text.parse::<jiff::civil::DateTime>().is_ok()
}
