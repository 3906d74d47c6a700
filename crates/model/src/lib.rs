//! Which nouns does Backstory speak, and what do they look like on disk?
//!
//! In: nothing. Out: the types every other crate shares, their schema version
//! and the ports through which effects come in. No I/O happens here.

mod ci;
mod components;
mod environment;
mod execution;
mod git;
mod grammar;
mod id;
mod instance;
mod language_model;
mod ledger;
mod link_report;
mod path;
mod provenance;
mod record;
mod requirement;
mod sandbox;
mod schema;
mod snapshot;
mod snapshot_circle;
mod snapshot_story;
mod step;
mod test;
mod test_text;
mod tokenizer;
mod trace;
mod trace_replay;
mod trajectory;
mod unit;

pub mod exit;
pub mod reasoning;
pub mod seed;

pub use ci::{CiEvidence, CiLogPart, CiReport, CiState, CiSummary};
pub use components::strong_components;
pub use environment::{EnvironmentRecipe, InstallPhase, Manifest, TestRunner};
pub use execution::{
    Candidate, CandidateKind, ExecutedState, Execution, ExecutionOutcome, ExecutionSummary,
    FlakyTest, JudgedTest, Mutant, MutantKind, MutantVerdict, RunOrder, RunVerdict, TestOrigin,
    TouchedFile, TouchedTest, UnitExecution,
};
pub use git::{
    Commit, FileEntry, FileMode, Repository, RepositoryError, Signature, TreeChange, TreeEntry,
    git_object_id,
};
pub use grammar::{FileRole, Language};
pub use id::{
    BlobId, CommitId, EvidenceId, ExecutionId, IdError, ModelId, RecordId, RepoName, RuleId,
    Sha256, TestId, TreeId, UnitId, UnitKey,
};
pub use instance::{FailToPass, Gate, GateResult, OracleStrength, TaskInstance};
pub use language_model::{
    Completion, CompletionEnd, CompletionRequest, Continuation, LanguageModel, LanguageModelError,
    ModelIdentity, Score, ScorerPolicy, is_logprob,
};
pub use ledger::{Counts, Disposition, ExecuteOptions, Outcome, RunManifest, RunOptions, WorkUnit};
pub use link_report::{LinkReport, LinkTruth, PairCount, TruthScore};
pub use path::{PathError, RepoPath};
pub use provenance::{Provenance, Tier};
pub use record::{
    AnnotationRecord, AsItStood, ChangeRecord, CiConclusion, CiJobRecord, CiRunRecord, CiStep,
    CommentRecord, EventRecord, IssueRecord, LogRefRecord, Record, RecordHeader, ReviewRecord,
    TestResultRecord,
};
pub use requirement::{AnswerFlag, Requirement, RequirementSource};
pub use sandbox::{
    Access, Cgroup, Containment, ContainmentLevel, Ending, LimitedBy, Limits, Mount, Network,
    OutputCut, Sandbox, SandboxError, SandboxJob, SandboxResult, Upper, Usage, WorkTree,
};
pub use schema::{SchemaError, SchemaVersion};
pub use snapshot::{
    DependencyGraph, FileStructure, Import, LineRange, Reference, RepoSnapshot, SnapshotFile,
    Symbol, SymbolKind,
};
pub use snapshot_circle::{CircleFile, CutEdge, HandedFile, Instead, SccPolicy};
pub use snapshot_story::{
    Delegation, GivenFile, GivenReason, Plan, PlannedFile, ReadPart, SnapshotOptions,
    SnapshotStory, Statement, WritingAction, WritingStep,
};
pub use step::{
    Action, Content, Hit, Listed, ListedKind, Observation, OpaqueReason, Phase, Role, Seen, Step,
    Thought,
};
pub use test::{TestOutcome, TestReport, TestResult};
pub use test_text::TestText;
pub use tokenizer::{Token, Tokenizer, TokenizerError, TokenizerIdentity};
pub use trace::{
    ExecutionTrace, TraceEvent, TraceFailure, TraceResult, TracedFile, TracedFunction,
    TracedStatement, Unasked, ValueText, Variables,
};
pub use trace_replay::{Activation, ActivationEnd, TraceContradiction};
pub use trajectory::{LicenseEvidence, Trajectory};
pub use unit::{
    AuthoredState, ChangeUnit, CollapseReason, Link, LinkMethod, LinkTarget, Sequence, UnitLabels,
};
