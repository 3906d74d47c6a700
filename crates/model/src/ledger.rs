//! What went into a run, and where did every unit go?

use std::collections::{BTreeMap, BTreeSet};

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    CiSummary, CommitId, ContainmentLevel, ExecutionSummary, Limits, Link, LinkReport, RepoName,
    SchemaVersion, Sha256, SnapshotOptions, UnitId, UnitKey, UnitLabels,
};

/// The choices that change what a run writes.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunOptions {
    /// Only units committed at or after this time, seconds since 1970-01-01 UTC.
    #[serde(default)]
    pub since: Option<i64>,
    /// Only the newest units, this many.
    #[serde(default)]
    pub limit: Option<u32>,
    /// Only these units; all of them when empty.
    #[serde(default)]
    pub units: BTreeSet<UnitId>,
    /// Files larger than this many bytes are not shown.
    pub file_limit: u64,
    /// How units are executed; `None` when they are not.
    #[serde(default)]
    pub execute: Option<ExecuteOptions>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self {
            since: None,
            limit: None,
            units: BTreeSet::new(),
            file_limit: 1 << 20,
            execute: None,
        }
    }
}

/// How units are executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExecuteOptions {
    /// How often the base with tests and the head are run.
    pub repeats: u32,
    /// How many mutants of the gold patch are run at most.
    pub mutants: u32,
    /// How many other candidates are run at most beside the gold patch.
    #[serde(default, skip_serializing_if = "is_none_asked")]
    pub candidates: u32,
    /// What every run may use.
    pub limits: Limits,
    /// The containment below which nothing is run.
    pub minimum: ContainmentLevel,
    /// The seed of random orders and planted names.
    pub seed: u64,
}

/// Keeps what nobody asked for out of the keys of units.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "the attribute hands over a reference")]
fn is_none_asked(number: &u32) -> bool {
    *number == 0
}

impl Default for ExecuteOptions {
    fn default() -> Self {
        Self {
            repeats: 5,
            mutants: 8,
            candidates: 0,
            limits: Limits::default(),
            minimum: ContainmentLevel::Namespaces,
            seed: 0,
        }
    }
}

/// One line of the work manifest: one unit to do.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct WorkUnit {
    /// The hash of inputs, options and tool version.
    pub key: UnitKey,
    /// The repository.
    pub repo: RepoName,
    /// The unit's id.
    pub unit: UnitId,
    /// The commit on the mainline.
    pub commit: CommitId,
    /// Its position on the first-parent line; the root is 0.
    pub position: u32,
    /// The pull request number, if one is known.
    pub pull: Option<u64>,
    /// The pull request head to look behind, if the repository holds one.
    pub pull_head: Option<CommitId>,
}

/// Where one unit went.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Disposition {
    /// The version it was written at.
    pub schema: SchemaVersion,
    /// The work it answers.
    pub work: WorkUnit,
    /// What became of it.
    pub outcome: Outcome,
    /// What it touches; absent when the unit could not be read that far.
    pub labels: Option<UnitLabels>,
    /// The issues and pull requests it is linked to.
    pub links: Vec<Link>,
    /// What came of executing it; `None` when that was not asked for.
    #[serde(default)]
    pub execution: Option<ExecutionSummary>,
    /// What is known of its CI; `None` where no record tells of any.
    #[serde(default)]
    pub ci: Option<CiSummary>,
}

/// What became of one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Outcome {
    /// There is a trajectory.
    Accepted {
        /// The digest of its JSON text.
        trajectory: Sha256,
        /// How many steps it has.
        steps: u32,
    },
    /// There is none.
    Rejected {
        /// The reason, one word of a closed list in `docs/rules.md`.
        reason: String,
        /// What exactly, in one sentence.
        detail: String,
    },
}

/// The funnel of a run; the same counts `build --json` ends with.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Counts {
    /// Units found.
    pub units_found: u32,
    /// Units linked to an issue (a side count).
    pub linked: u32,
    /// Units linked to a pull request, i.e., with a change number (a side count);
    /// `None` in runs of before 1.3, which do not say.
    #[serde(default)]
    pub with_pull: Option<u32>,
    /// Units for which a story was written, whether or not it was accepted.
    pub reconstructed: u32,
    /// Units with a trajectory.
    pub accepted: u32,
    /// Units without, by reason.
    pub rejected: BTreeMap<String, u32>,
    /// Units of at most 5 source files and 25 files.
    pub small_units: u32,
    /// Of these, accepted.
    pub small_accepted: u32,
    /// Units that touch test code and source code.
    pub test_source_units: u32,
    /// Of these, small.
    pub small_test_source_units: u32,
    /// Accepted units by what came of executing them; empty without execution.
    #[serde(default)]
    pub executed: BTreeMap<String, u32>,
    /// Units by what is known of their CI; empty without records of it.
    #[serde(default)]
    pub ci: BTreeMap<String, u32>,
}

/// What made the files of a run.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RunManifest {
    /// The version it was written at.
    pub schema: SchemaVersion,
    /// The tool and its version.
    pub tool: String,
    /// The repositories, each with the commit the walk started from.
    pub repositories: BTreeMap<RepoName, CommitId>,
    /// The digest of the records that were read; `None` without records.
    pub records: Option<Sha256>,
    /// The choices.
    pub options: RunOptions,
    /// How the repositories are told as snapshots; `None` in a run of changes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub snapshots: Option<SnapshotOptions>,
    /// The funnel.
    pub counts: Counts,
    /// How far the links of each repository reach and how good they are; empty in runs
    /// of before 1.3, which do not say.
    #[serde(default)]
    pub links: BTreeMap<RepoName, LinkReport>,
    /// The digest of every covered file, by its path inside the run.
    pub files: BTreeMap<String, Sha256>,
}
