//! Which nouns does Backstory speak, and what do they look like on disk?
//!
//! In: nothing. Out: the types every other crate shares, their schema version
//! and the ports through which effects come in. No I/O happens here.

mod git;
mod grammar;
mod id;
mod ledger;
mod path;
mod provenance;
mod record;
mod requirement;
mod schema;
mod snapshot;
mod step;
mod trajectory;
mod unit;

pub mod exit;

pub use git::{
    Commit, FileEntry, FileMode, Repository, RepositoryError, Signature, TreeChange, TreeEntry,
    git_object_id,
};
pub use grammar::{FileRole, Language};
pub use id::{
    BlobId, CommitId, EvidenceId, ExecutionId, IdError, ModelId, RecordId, RepoName, RuleId,
    Sha256, TreeId, UnitId, UnitKey,
};
pub use ledger::{Counts, Disposition, Outcome, RunManifest, RunOptions, WorkUnit};
pub use path::{PathError, RepoPath};
pub use provenance::{Provenance, Tier};
pub use record::{
    AsItStood, ChangeRecord, CommentRecord, IssueRecord, Record, RecordHeader, ReviewRecord,
};
pub use requirement::{AnswerFlag, Requirement, RequirementSource};
pub use schema::{SchemaError, SchemaVersion};
pub use snapshot::{
    DependencyGraph, FileStructure, Import, LineRange, Reference, RepoSnapshot, SnapshotFile,
    Symbol, SymbolKind,
};
pub use step::{
    Action, Content, Hit, Listed, ListedKind, Observation, OpaqueReason, Phase, Role, Seen, Step,
    Thought,
};
pub use trajectory::{LicenseEvidence, Trajectory};
pub use unit::{
    AuthoredState, ChangeUnit, CollapseReason, Link, LinkMethod, LinkTarget, Sequence, UnitLabels,
};
