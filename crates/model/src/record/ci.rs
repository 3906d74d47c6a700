//! What did CI do with a commit?
//!
//! Names follow the REST interface of GitHub; other servers are told in the same words.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{RecordId, TestId, TestOutcome};

/// How a run, a job or a step of CI ended.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CiConclusion {
    /// Everything passed.
    Success,
    /// Something failed.
    Failure,
    /// It ended without a judgement.
    Neutral,
    /// Someone stopped it.
    Cancelled,
    /// It was not started.
    Skipped,
    /// It took too long.
    TimedOut,
    /// It waits for someone.
    ActionRequired,
    /// It was given up after a long time.
    Stale,
    /// It could not start.
    StartupFailure,
    /// A word this build does not know; the original stands in `raw`.
    #[serde(other)]
    Unknown,
}

impl CiConclusion {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Success => "success",
            Self::Failure => "failure",
            Self::Neutral => "neutral",
            Self::Cancelled => "cancelled",
            Self::Skipped => "skipped",
            Self::TimedOut => "timed_out",
            Self::ActionRequired => "action_required",
            Self::Stale => "stale",
            Self::StartupFailure => "startup_failure",
            Self::Unknown => "unknown",
        }
    }

    /// Returns true where the code was judged, and found bad.
    pub fn is_red(self) -> bool {
        match self {
            Self::Failure | Self::TimedOut => true,
            Self::Success
            | Self::Neutral
            | Self::Cancelled
            | Self::Skipped
            | Self::ActionRequired
            | Self::Stale
            | Self::StartupFailure
            | Self::Unknown => false,
        }
    }

    /// Returns true where the code was judged, and found good.
    pub fn is_green(self) -> bool {
        self == Self::Success
    }
}

/// One attempt of one workflow on one commit (of a pipeline, a build, a check suite).
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CiRunRecord {
    /// The id of the record; attempts of one run are records of their own.
    pub id: RecordId,
    /// The commit it ran on.
    pub commit: String,
    /// The number of the pull request it ran for, where the forge says so.
    #[serde(default)]
    pub change: Option<u64>,
    /// The workflow: its path, else its name.
    #[serde(default)]
    pub workflow: Option<String>,
    /// The how-manieth attempt this is, from 1.
    #[serde(default = "first")]
    pub attempt: u32,
    /// What started it, e.g., `push` or `pull_request`.
    #[serde(default)]
    pub event: Option<String>,
    /// The branch.
    #[serde(default)]
    pub branch: Option<String>,
    /// How it ended; absent while it runs.
    #[serde(default)]
    pub conclusion: Option<CiConclusion>,
    /// Where it can be read.
    #[serde(default)]
    pub url: Option<String>,
    /// When it was made, RFC 3339.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When this attempt began, RFC 3339.
    #[serde(default)]
    pub started_at: Option<String>,
    /// When it ended, RFC 3339.
    #[serde(default)]
    pub finished_at: Option<String>,
    /// When this was read, RFC 3339.
    #[serde(default)]
    pub observed_at: Option<String>,
}

fn first() -> u32 {
    1
}

/// One job of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CiJobRecord {
    /// The id of the record.
    pub id: RecordId,
    /// The id of the run record it belongs to.
    pub run: RecordId,
    /// Its name, as shown.
    pub name: String,
    /// What tells the legs of a matrix apart.
    #[serde(default)]
    pub matrix: BTreeMap<String, String>,
    /// How it ended; absent while it runs.
    #[serde(default)]
    pub conclusion: Option<CiConclusion>,
    /// Its steps, in order.
    #[serde(default)]
    pub steps: Vec<CiStep>,
    /// The id of its log's record.
    #[serde(default)]
    pub log: Option<RecordId>,
    /// When it began, RFC 3339.
    #[serde(default)]
    pub started_at: Option<String>,
    /// When it ended, RFC 3339.
    #[serde(default)]
    pub finished_at: Option<String>,
    /// When this was read, RFC 3339.
    #[serde(default)]
    pub observed_at: Option<String>,
}

/// One step of a job.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CiStep {
    /// Its number, as the forge counts.
    pub number: u64,
    /// Its name, as shown.
    pub name: String,
    /// The command it ran, where the record says so.
    #[serde(default)]
    pub command: Option<String>,
    /// How it ended; absent while it runs.
    #[serde(default)]
    pub conclusion: Option<CiConclusion>,
    /// When it began, RFC 3339.
    #[serde(default)]
    pub started_at: Option<String>,
    /// When it ended, RFC 3339.
    #[serde(default)]
    pub finished_at: Option<String>,
}

/// What CI remarked about lines of a file. It outlives the log.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct AnnotationRecord {
    /// The id of the record.
    pub id: RecordId,
    /// The id of the job (or run) that remarked it.
    pub on: RecordId,
    /// The file.
    #[serde(default)]
    pub path: Option<String>,
    /// The first line, 1-based.
    #[serde(default)]
    pub start_line: Option<u64>,
    /// The last line, included.
    #[serde(default)]
    pub end_line: Option<u64>,
    /// `notice`, `warning` or `failure`.
    #[serde(default)]
    pub level: Option<String>,
    /// The title.
    #[serde(default)]
    pub title: Option<String>,
    /// The text.
    #[serde(default)]
    pub message: Option<String>,
    /// When this was read, RFC 3339.
    #[serde(default)]
    pub observed_at: Option<String>,
}

/// What one test did in a job, as its report says.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestResultRecord {
    /// The id of the record.
    pub id: RecordId,
    /// The id of the job, or of the run where the server reports tests for whole runs;
    /// absent where the report stands alone.
    #[serde(default)]
    pub job: Option<RecordId>,
    /// Who wrote the report, e.g., `pytest` or `nextest`; `unknown` where it does not show.
    pub producer: String,
    /// The suite, as written.
    #[serde(default)]
    pub suite: Option<String>,
    /// The class name, as written. Producers disagree about what it is.
    #[serde(default)]
    pub raw_classname: Option<String>,
    /// The name, as written.
    pub raw_name: String,
    /// The test as its runner accepts it back, where that can be rebuilt.
    #[serde(default)]
    pub test: Option<TestId>,
    /// The file, where the report says so.
    #[serde(default)]
    pub file: Option<String>,
    /// The line, 1-based, where the report says so.
    #[serde(default)]
    pub line: Option<u64>,
    /// What it did; the worst of all entries with this id in one report.
    pub outcome: TestOutcome,
    /// How many entries of the report have this id; more than one is suspect.
    #[serde(default = "first")]
    pub entries: u32,
    /// Whether it failed and passed within one report.
    #[serde(default)]
    pub flaky: bool,
    /// How long it took, in milliseconds.
    #[serde(default)]
    pub duration_ms: Option<u64>,
    /// What is said about a failure, as written.
    #[serde(default)]
    pub message: Option<String>,
    /// When this was read, RFC 3339.
    #[serde(default)]
    pub observed_at: Option<String>,
}
