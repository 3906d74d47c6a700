//! What else is known about a unit, besides its commits?

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{AsItStood, BlobId, ChangeRecord, CiEvidence, IssueRecord, UnitExecution};

/// The records and runs that speak of one unit. All of it may be absent.
#[derive(Clone, Debug, Default)]
pub struct UnitEvidence {
    /// The linked issues as they stood before the earliest authored commit,
    /// best link first.
    pub issues: Vec<(IssueRecord, AsItStood)>,
    /// The pull request of the unit.
    pub change: Option<(ChangeRecord, AsItStood)>,
    /// What happened when the states of the unit were run.
    pub execution: Option<ExecutionEvidence>,
    /// What CI said about the states of the unit.
    pub ci: CiEvidence,
}

/// The runs of a unit with what is stored of them.
#[derive(Clone, Debug)]
pub struct ExecutionEvidence {
    /// The runs.
    pub unit: UnitExecution,
    /// The stored reports, outputs and touched lines, by blob id. A run whose
    /// report or output is not here is not shown.
    pub blobs: BTreeMap<BlobId, Arc<[u8]>>,
}
