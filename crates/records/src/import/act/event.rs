//! What does one event of `act --json` say?
//!
//! In: a JSON object. Out: the fields that are read.

use std::collections::BTreeMap;

use backstory_model::CiConclusion;
use serde::Deserialize;
use serde_json::Value;

/// One event, as far as it is read.
#[derive(Deserialize)]
pub(super) struct Event {
    pub(super) job: Option<String>,
    #[serde(default, rename = "jobID")]
    pub(super) job_id: String,
    #[serde(default)]
    pub(super) matrix: Option<BTreeMap<String, Value>>,
    #[serde(default)]
    pub(super) step: String,
    #[serde(default)]
    pub(super) stage: String,
    /// Set-up and completion write the key in small letters.
    #[serde(default, rename = "stepID", alias = "stepid")]
    pub(super) step_id: Vec<String>,
    #[serde(default)]
    pub(super) msg: String,
    #[serde(default)]
    pub(super) raw_output: bool,
    /// The line of a workflow command, as printed.
    pub(super) raw: Option<String>,
    #[serde(rename = "stepResult")]
    pub(super) step_result: Option<CiConclusion>,
    #[serde(rename = "jobResult")]
    pub(super) job_result: Option<CiConclusion>,
    pub(super) time: Option<String>,
}

impl Event {
    /// Returns the line that the step printed, if the event is one.
    pub(super) fn output(&self) -> Option<&str> {
        match &self.raw {
            Some(raw) => Some(raw),
            None => self.raw_output.then_some(&self.msg),
        }
    }
}
