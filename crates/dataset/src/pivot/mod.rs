//! Which decisions of a trajectory become tasks of one step?
//!
//! In: a trajectory and its chat messages. Out: a row for each decision worth practicing, as
//! the verifier `swe_pivot` of NeMo-Gym 0.4 reads it: what came before, the tools, and the
//! call that was made (`PivotRL`, arXiv 2603.21383). Beside the rows lies what was left out.

mod choose;
mod responses;

use std::collections::BTreeMap;
use std::path::Path;

use backstory_model::{Step, Trajectory};
use serde::Serialize;
use serde_json::{Map, Value, json};

use crate::chat::{Message, TrainRule};
use crate::dialect::{Rendered, ToolCall};
use crate::export::ExportError;
use crate::rows::RowFile;
use crate::{Split, label};
use choose::{Pivot, pivots};

/// The agent of NeMo-Gym that asks for one step and hands it to `swe_pivot`.
const AGENT: &str = "swe_pivot_tool_simulation_agent";

/// Says what became of the decisions, beside the rows.
const REPORT: &str = "pivots.json";

/// The open file of the rows.
pub(crate) struct Pivots {
    file: RowFile,
    counts: Counts,
}

/// What became of the decisions of all trajectories.
#[derive(Default, Serialize)]
struct Counts {
    /// Calls of all trajectories.
    calls: u64,
    rows: u64,
    /// Rows by what makes the decision worth it; a row may have two reasons.
    by_tag: BTreeMap<&'static str, u64>,
    /// Decisions that are no row, by reason.
    skipped: BTreeMap<&'static str, u64>,
}

impl Pivots {
    /// Begins the file of a split.
    pub(crate) fn create(folder: &Path, split: Split) -> Result<Self, ExportError> {
        let file = RowFile::create(folder, &split.file_stem())?;
        Ok(Self { file, counts: Counts::default() })
    }

    /// Writes the rows of one trajectory.
    pub(crate) fn add(
        &mut self,
        trajectory: &Trajectory,
        rendered: &Rendered,
        messages: &[Message],
        rule: TrainRule,
    ) -> Result<(), ExportError> {
        self.counts.calls +=
            rendered.steps.iter().filter(|step| step.call.is_some()).count() as u64;
        for (number, tags) in pivots(trajectory) {
            let (step, shown) = (&trajectory.steps[number - 1], &rendered.steps[number - 1]);
            let before = before(messages, number);
            let (Some(call), Some(before)) = (&shown.call, before) else {
                *self.counts.skipped.entry("no_call").or_default() += 1;
                continue;
            };
            if let Some(why) = unfit(step, shown.placeholder, rule) {
                *self.counts.skipped.entry(why).or_default() += 1;
                continue;
            }
            let decision = Decision { trajectory, rendered, step, number, call, tags: &tags };
            self.file.write(&decision.row(before))?;
            self.counts.rows += 1;
            for tag in &tags {
                *self.counts.by_tag.entry(tag.as_str()).or_default() += 1;
            }
        }
        Ok(())
    }

    /// Puts the file in its place.
    pub(crate) fn finish(self) -> Result<(), ExportError> {
        self.file.finish_with(REPORT, &self.counts)
    }
}

/// Returns the messages before the turn that makes the call of a step.
fn before(messages: &[Message], number: usize) -> Option<&[Message]> {
    let at = messages.iter().position(|message| {
        message.body.get("tool_calls").is_some() && message.known["step"] == number
    })?;
    Some(&messages[..at])
}

/// Says why nobody should practice a decision.
fn unfit(step: &Step, placeholder: bool, rule: TrainRule) -> Option<&'static str> {
    if placeholder {
        return Some("content_not_shown");
    }
    (step.hindsight && !rule.hindsight).then_some("hindsight")
}

/// One decision of a trajectory.
struct Decision<'a> {
    trajectory: &'a Trajectory,
    rendered: &'a Rendered,
    step: &'a Step,
    number: usize,
    call: &'a ToolCall,
    tags: &'a [Pivot],
}

impl Decision<'_> {
    fn row(&self, before: &[Message]) -> Value {
        let unit = &self.trajectory.unit;
        let tags: Vec<&str> = self.tags.iter().map(|tag| tag.as_str()).collect();
        json!({
            "uuid": format!("{}/{}", unit.id, self.number),
            "agent_ref": {"type": "responses_api_agents", "name": AGENT},
            "responses_create_params": {
                "input": responses::items(before.iter().map(|message| &message.body)),
                "tools": responses::tools(&self.rendered.tools),
                "tool_choice": "auto",
                "parallel_tool_calls": false,
            },
            "expected_action": {"type": "function_call", "name": self.call.name,
                "arguments": responses::arguments(&self.call.arguments)},
            "pivot_tags": tags,
            "metadata": self.metadata(),
        })
    }

    fn metadata(&self) -> Value {
        let (unit, choice) = (&self.trajectory.unit, &self.step.choice);
        let mut known = Map::new();
        let pairs = [
            ("category", Some(json!(category(self.call.name)))),
            ("unit", Some(json!(unit.id))),
            ("step", Some(json!(self.number))),
            ("phase", Some(json!(self.step.phase))),
            ("tier", Some(json!(choice.tier()))),
            ("rule", label::rule(choice).map(|rule| json!(rule))),
            ("hindsight", Some(json!(self.step.hindsight))),
            ("repo", Some(json!(unit.repo))),
            ("base_commit", unit.base.as_ref().map(|base| json!(base))),
            ("license", label::license(self.trajectory).map(|license| json!(license))),
            ("dialect", Some(json!(self.rendered.dialect))),
        ];
        for (key, value) in pairs {
            // What is not known is absent: NeMo-Gym turns rows with `null` down.
            known.extend(value.map(|value| (key.to_owned(), value)));
        }
        Value::Object(known)
    }
}

/// Returns the group in which `swe_pivot` compares a tool with others.
fn category(tool: &str) -> &'static str {
    match tool {
        "str_replace_editor" | "edit" | "create" => "edit",
        "execute_bash" | "bash" => "bash",
        "view" => "read",
        "finish" | "submit" => "finish",
        _ => "unknown",
    }
}
