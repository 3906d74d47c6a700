//! What does a grader need to judge a change like this one?
//!
//! Names as in SWE-bench; the gates are those of `docs/execution.md`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobId, CommitId, RepoName, TestId, TestOrigin, UnitId};

/// A test that fails before the fix and passes after it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FailToPass {
    /// The test.
    pub id: TestId,
    /// Why it fails before.
    pub origin: TestOrigin,
}

/// One change as a task with a grader.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TaskInstance {
    /// Its id, that of the unit.
    pub instance_id: UnitId,
    /// The repository.
    pub repo: RepoName,
    /// The commit the work starts from.
    pub base_commit: CommitId,
    /// What is asked for.
    pub problem_statement: String,
    /// The unified diff of everything but tests, as a stored blob.
    pub patch: BlobId,
    /// The unified diff of the tests, as a stored blob.
    pub test_patch: BlobId,
    /// When the earliest commit was authored, seconds since 1970-01-01 UTC.
    pub created_at: i64,
    /// New and modified tests that fail before and pass after, sorted by id.
    pub fail_to_pass: Vec<FailToPass>,
    /// Tests that must go on passing, sorted; collateral ones are among them.
    pub pass_to_pass: Vec<TestId>,
    /// The test files (or packages) the grader runs, sorted.
    pub test_files: Vec<String>,
    /// How strong the tests are.
    pub oracle: Option<OracleStrength>,
}

/// How many wrong versions of the gold patch the tests reject.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct OracleStrength {
    /// Mutants that were run to a verdict.
    pub judged: u32,
    /// Of these, rejected by the tests.
    pub rejected: u32,
    /// Mutants that ended otherwise (flaky, ended by a limit, infrastructure).
    pub unresolved: u32,
    /// Fewer than half of the judged mutants were rejected.
    pub weak: bool,
}

/// A condition every exported instance meets.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// Nothing newer than the base can be reached from what an agent sees.
    NoFuture,
    /// Doing nothing scores 0.
    NothingDone,
    /// The gold patch scores 1, every time.
    GoldPatch,
    /// The gold patch applied and reverted scores 0.
    GoldReverted,
    /// Tests were collected in every run.
    TestsCollected,
    /// Every id, selected alone, runs exactly that test.
    IdsRoundTrip,
    /// Repeats in file order, in random order and alone agree.
    Repeats,
    /// The network was off while judging.
    NetworkOff,
    /// No run ended by a fault of the infrastructure.
    NoInfrastructureFault,
    /// Report, exit status and collected set agree in every run.
    ChannelsAgree,
    /// Time zone, locale, hash seed and limits are pinned.
    Pinned,
    /// A planted test that must fail fails, and one that must pass passes.
    Canaries,
    /// Files outside the patch are those of the pinned tree while judging.
    ProtectedFiles,
}

impl Gate {
    /// Every gate, in the order they are printed.
    pub const ALL: [Self; 13] = [
        Self::NoFuture,
        Self::NothingDone,
        Self::GoldPatch,
        Self::GoldReverted,
        Self::TestsCollected,
        Self::IdsRoundTrip,
        Self::Repeats,
        Self::NetworkOff,
        Self::NoInfrastructureFault,
        Self::ChannelsAgree,
        Self::Pinned,
        Self::Canaries,
        Self::ProtectedFiles,
    ];

    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoFuture => "no_future",
            Self::NothingDone => "nothing_done",
            Self::GoldPatch => "gold_patch",
            Self::GoldReverted => "gold_reverted",
            Self::TestsCollected => "tests_collected",
            Self::IdsRoundTrip => "ids_round_trip",
            Self::Repeats => "repeats",
            Self::NetworkOff => "network_off",
            Self::NoInfrastructureFault => "no_infrastructure_fault",
            Self::ChannelsAgree => "channels_agree",
            Self::Pinned => "pinned",
            Self::Canaries => "canaries",
            Self::ProtectedFiles => "protected_files",
        }
    }
}

/// Whether one gate holds.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct GateResult {
    /// The gate.
    pub gate: Gate,
    /// Whether it holds.
    pub passed: bool,
    /// What was seen, in one sentence.
    pub detail: String,
}
