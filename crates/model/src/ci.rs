//! What do the records of CI say about one unit?

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{CiConclusion, CommitId, RecordId};

/// The reports of CI that a story may tell, and counts of all there are.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct CiEvidence {
    /// The reports of passages from red to green, by state; within a state the
    /// green ones come first.
    pub reports: Vec<CiReport>,
    /// What the jobs of each authored state came to together, by state.
    pub states: Vec<CiState>,
    /// What there is in all.
    pub summary: CiSummary,
}

/// What all jobs on one authored state came to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CiState {
    /// No job judged it, or jobs were red and green on it.
    Open,
    /// A job found it bad, and none of the same name found it good.
    Red,
    /// Every job that judged it found it good.
    Green,
}

/// What one job said about one authored state.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CiReport {
    /// The index of the authored state.
    pub state: u32,
    /// Its commit.
    pub commit: CommitId,
    /// The run.
    pub run: RecordId,
    /// The job.
    pub job: RecordId,
    /// The workflow, as the run says.
    pub workflow: Option<String>,
    /// The name of the job.
    pub name: String,
    /// The step that failed, where the record says so.
    pub step: Option<String>,
    /// How the job ended.
    pub conclusion: CiConclusion,
    /// The part of its log that says why.
    pub log: CiLogPart,
    /// The tests that failed in it, where a report says so.
    pub failed_tests: Vec<RecordId>,
}

/// A part of a stored log.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CiLogPart {
    /// The record of the log.
    pub log: RecordId,
    /// Where it begins, in bytes of the stored log.
    pub start: u64,
    /// Where it ends.
    pub end: u64,
    /// These bytes.
    pub bytes: Arc<[u8]>,
}

/// How much CI is known of one unit: its authored states, its head and its commit
/// on the mainline.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CiSummary {
    /// Runs, every attempt counted.
    pub runs: u32,
    /// Jobs that found the code bad.
    pub red_jobs: u32,
    /// Jobs that found it good.
    pub green_jobs: u32,
    /// Of both, those with a stored log.
    pub logs: u32,
    /// Of both, those without: it expired, or nobody kept it.
    pub logs_missing: u32,
    /// Jobs that were red and green on one commit.
    pub flaky_jobs: u32,
    /// Reports that the trajectory shows.
    #[serde(default)]
    pub reports: u32,
    /// The authored states that CI and an execution judge differently.
    #[serde(default)]
    pub disagrees_with_execution: Vec<u32>,
}
