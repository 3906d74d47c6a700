//! What happened when the states of a unit were run?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    BlobId, Containment, ContainmentLevel, Ending, EnvironmentRecipe, ExecutionId, GateResult,
    Limits, OutputCut, SchemaVersion, Sha256, TaskInstance, TestId, TestOutcome, TreeId, UnitId,
};

/// Which files stood in the work tree of an execution.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExecutedState {
    /// The base tree.
    Base,
    /// The base tree with the test patch applied.
    BaseWithTests,
    /// The tree of an authored state, as authored.
    Authored {
        /// Its index in the unit.
        index: u32,
    },
    /// The tree of an authored state with the test files of the head.
    AuthoredWithTests {
        /// Its index in the unit.
        index: u32,
    },
    /// The head tree.
    Head,
    /// The head tree with the gold patch taken back.
    HeadReverted,
    /// The head tree with one mutant in the place of the gold patch.
    Mutant {
        /// Its number in [`UnitExecution::mutants`], from 1.
        number: u32,
    },
    /// The head tree with planted tests, one that must pass and one that must fail.
    Canaries,
    /// The head tree with one candidate in the place of the gold patch.
    Candidate {
        /// Its number in [`UnitExecution::candidates`], from 1.
        number: u32,
    },
}

/// In which order the tests of an execution ran.
#[derive(
    Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum RunOrder {
    /// As the runner has it.
    File,
    /// Shuffled by this seed.
    Random {
        /// The seed.
        seed: u64,
    },
    /// Only these tests, selected by id.
    Selected {
        /// Their ids, as given to the runner.
        tests: Vec<TestId>,
    },
}

/// What a run, or repeats of it, are worth as evidence.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum RunVerdict {
    /// Report, exit status and collected set say the same, and so do the repeats.
    Stable,
    /// Repeats of the same run differ.
    Flaky,
    /// The channels of one run disagree.
    Inconclusive,
    /// A test is said to have passed whose lines never ran, or a planted test lied.
    SpoofSuspect,
    /// The infrastructure failed; the run is not graded.
    Infra,
}

impl RunVerdict {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Stable => "stable",
            Self::Flaky => "flaky",
            Self::Inconclusive => "inconclusive",
            Self::SpoofSuspect => "spoof_suspect",
            Self::Infra => "infra",
        }
    }
}

/// One run of tests in the sandbox.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Execution {
    /// Its id within the unit: state, order and number.
    pub id: ExecutionId,
    /// What stood in the work tree.
    pub state: ExecutedState,
    /// The tree of it, by its git id.
    pub tree: TreeId,
    /// In which order tests ran.
    pub order: RunOrder,
    /// The command as a developer would type it; what is shown in a step.
    pub command: Vec<String>,
    /// The environment, by the digest of its recipe.
    pub environment: Sha256,
    /// What was in force around it.
    pub containment: ContainmentLevel,
    /// How it ended.
    pub ending: Ending,
    /// The exit status of the command.
    pub status: Option<i32>,
    /// What it is worth: the agreement of its own channels.
    pub verdict: RunVerdict,
    /// Why, in one sentence, when it is not `stable`.
    pub why: Option<String>,
    /// What the structured channel said: a stored `TestReport`.
    pub report: BlobId,
    /// What it printed, normalized as `docs/execution.md` says, as stored.
    pub output: BlobId,
    /// What is missing in the output.
    pub cut: Option<OutputCut>,
    /// What each test executed first: a stored list of `TouchedTest`.
    pub touched: Option<BlobId>,
}

/// Why a test that fails before the fix does so.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TestOrigin {
    /// It does not exist at the base.
    New,
    /// It exists at the base, and the test patch touches its source, its
    /// parameters or its fixtures.
    Modified,
    /// It passes at the base, is untouched, and fails with the test patch only
    /// because something shared broke.
    Collateral,
    /// Its id exists only with the fix, and nothing fails before it.
    IdOnly,
}

/// One test before and after the fix, over all repeats.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct JudgedTest {
    /// The test.
    pub id: TestId,
    /// At the base; `None` when the base was not run.
    pub base: Option<TestOutcome>,
    /// At the base with the test patch.
    pub before: TestOutcome,
    /// At the head.
    pub after: TestOutcome,
    /// Why it fails before and passes after; `None` when it does not.
    pub origin: Option<TestOrigin>,
}

/// A test whose repeats differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct FlakyTest {
    /// The test.
    pub id: TestId,
    /// Where it was seen.
    pub state: ExecutedState,
    /// How often each outcome was seen, worst last.
    pub seen: Vec<(TestOutcome, u32)>,
}

/// How a wrong version of the gold patch was made.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MutantKind {
    /// Only the first hunks.
    EditPrefix,
    /// Without one hunk.
    DropHunk,
    /// With one removed line kept.
    KeepRemovedLine,
    /// Without one added line.
    DropAddedLine,
    /// With an operator or constant of an added line changed.
    FlipToken,
}

/// What the tests said about a mutant.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum MutantVerdict {
    /// All tests that must fail before fail, as if nothing had been done.
    FailToPassFails,
    /// Some of them fail.
    FailToPassPartly,
    /// They pass, and a test that must go on passing fails.
    PassToPassBreaks,
    /// Nothing could be collected.
    SuiteBroken,
    /// The tests accept it: an equivalent change, or weak tests.
    Survives,
    /// No verdict: flaky, ended by a limit, or infrastructure.
    Unresolved,
}

impl MutantKind {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EditPrefix => "edit_prefix",
            Self::DropHunk => "drop_hunk",
            Self::KeepRemovedLine => "keep_removed_line",
            Self::DropAddedLine => "drop_added_line",
            Self::FlipToken => "flip_token",
        }
    }
}

impl MutantVerdict {
    /// Returns whether the tests reject the mutant; `None` when there is no verdict.
    pub fn rejects(self) -> Option<bool> {
        match self {
            Self::FailToPassFails
            | Self::FailToPassPartly
            | Self::PassToPassBreaks
            | Self::SuiteBroken => Some(true),
            Self::Survives => Some(false),
            Self::Unresolved => None,
        }
    }

    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::FailToPassFails => "fail_to_pass_fails",
            Self::FailToPassPartly => "fail_to_pass_partly",
            Self::PassToPassBreaks => "pass_to_pass_breaks",
            Self::SuiteBroken => "suite_broken",
            Self::Survives => "survives",
            Self::Unresolved => "unresolved",
        }
    }
}

/// One wrong version of the gold patch and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Mutant {
    /// Its number, from 1.
    pub number: u32,
    /// How it was made.
    pub kind: MutantKind,
    /// Its unified diff against the base, tests left out, as a stored blob.
    pub patch: BlobId,
    /// What the tests said.
    pub verdict: MutantVerdict,
    /// Which execution says so.
    pub execution: Option<ExecutionId>,
}

/// How a patch that stands beside the gold patch was made, right or wrong.
///
/// Unlike a mutant it says nothing about the strength of the tests: a variant must
/// pass, and an over-long patch may.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum CandidateKind {
    /// A variant: a local variable of the added lines has another name.
    RenamedLocal,
    /// A variant: other quotes, redundant parentheses or blank lines.
    Reformatted,
    /// A variant: without the comments and blank lines it adds.
    Bare,
    /// Over-long: with a hunk of another change besides.
    UnrelatedHunk,
    /// Over-long: with a line of a changed file spoiled besides.
    StrayEdit,
    /// The hunks of another change of the same file in the place of its own.
    OtherHunks,
}

impl CandidateKind {
    /// Returns true when the patch does what the gold patch does.
    pub fn is_variant(self) -> bool {
        match self {
            Self::RenamedLocal | Self::Reformatted | Self::Bare => true,
            Self::UnrelatedHunk | Self::StrayEdit | Self::OtherHunks => false,
        }
    }

    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::RenamedLocal => "renamed_local",
            Self::Reformatted => "reformatted",
            Self::Bare => "bare",
            Self::UnrelatedHunk => "unrelated_hunk",
            Self::StrayEdit => "stray_edit",
            Self::OtherHunks => "other_hunks",
        }
    }
}

/// One patch that stands beside the gold patch and what became of it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Candidate {
    /// Its number, from 1.
    pub number: u32,
    /// How it was made.
    pub kind: CandidateKind,
    /// Its unified diff against the base, tests left out, as a stored blob.
    pub patch: BlobId,
    /// What the tests said.
    pub verdict: MutantVerdict,
    /// Which execution says so.
    pub execution: Option<ExecutionId>,
}

/// What came of executing one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum ExecutionOutcome {
    /// There is an instance, and every gate holds.
    Confirmed,
    /// Tests ran, and none fails before and passes after.
    NoFailToPass,
    /// The unit touches no test, or none that can be run.
    NoTests,
    /// The environment could not be provided; never a test failure.
    EnvironmentFailed {
        /// What failed, in one sentence.
        detail: String,
    },
    /// No runner is known for the language or the set-up of the repository.
    Unsupported {
        /// What is missing, in one sentence.
        detail: String,
    },
    /// The head itself could not be run to a verdict.
    HeadFails {
        /// What was seen, in one sentence.
        detail: String,
    },
    /// A gate does not hold.
    GateFailed {
        /// The first gate that does not, as its word on disk.
        gate: String,
    },
    /// The tests that would make the instance are flaky.
    Flaky,
    /// The tests need the network.
    NeedsNetwork,
    /// The infrastructure failed; executed again by the next build.
    Infrastructure {
        /// What failed, in one sentence.
        detail: String,
    },
}

impl ExecutionOutcome {
    /// Returns the word used in tables.
    pub fn as_str(&self) -> &'static str {
        match self {
            Self::Confirmed => "confirmed",
            Self::NoFailToPass => "no_fail_to_pass",
            Self::NoTests => "no_tests",
            Self::EnvironmentFailed { .. } => "env_failed",
            Self::Unsupported { .. } => "unsupported",
            Self::HeadFails { .. } => "head_fails",
            Self::GateFailed { .. } => "gate_failed",
            Self::Flaky => "flaky",
            Self::NeedsNetwork => "needs_network",
            Self::Infrastructure { .. } => "infra",
        }
    }
}

/// Everything that was executed for one unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct UnitExecution {
    /// The version it was written at.
    pub schema: SchemaVersion,
    /// The unit.
    pub unit: UnitId,
    /// What came of it.
    pub outcome: ExecutionOutcome,
    /// The environment; `None` when none could be derived.
    pub recipe: Option<EnvironmentRecipe>,
    /// What the installers chose, as a stored blob.
    pub lock: Option<BlobId>,
    /// What the installers printed when they failed, as a stored blob.
    pub log: Option<BlobId>,
    /// What the sandbox has in force.
    pub containment: Containment,
    /// What every run may use.
    pub limits: Limits,
    /// Every run, in the order they were made.
    pub executions: Vec<Execution>,
    /// Every test of the head and of the base with tests, sorted by id.
    pub tests: Vec<JudgedTest>,
    /// Tests whose repeats differ.
    pub flaky: Vec<FlakyTest>,
    /// How often the base with tests and the head were run.
    pub repeats: u32,
    /// Wrong versions of the gold patch.
    pub mutants: Vec<Mutant>,
    /// Other patches that stand beside the gold patch, where they were asked for.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub candidates: Vec<Candidate>,
    /// The gates, in their order; empty when no test fails before and passes after.
    pub gates: Vec<GateResult>,
    /// The instance; only when every gate holds.
    pub instance: Option<TaskInstance>,
}

/// What a disposition says about the execution of its unit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ExecutionSummary {
    /// The digest of the JSON text of the `UnitExecution`.
    pub execution: Sha256,
    /// What came of it.
    pub outcome: ExecutionOutcome,
    /// How many runs were made.
    pub runs: u32,
    /// How many tests fail before and pass after.
    pub fail_to_pass: u32,
    /// How many tests must go on passing.
    pub pass_to_pass: u32,
}

/// What one test executed, each line once.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TouchedTest {
    /// The test; `None` for what ran outside of any (imports, collection).
    pub test: Option<TestId>,
    /// The files of the work tree it executed, in the order of first touch.
    pub files: Vec<TouchedFile>,
}

/// The lines of one file that were executed.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TouchedFile {
    /// The path from the root of the work tree.
    pub path: String,
    /// The functions entered, by qualified name and first line, in order of first touch.
    pub functions: Vec<(String, u32)>,
    /// The lines, sorted.
    pub lines: Vec<u32>,
}
