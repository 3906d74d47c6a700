//! What else is known about a unit, besides its commits?

use backstory_model::{AsItStood, BlobId, ChangeRecord, IssueRecord, Provenance};

/// The records and runs that speak of one unit. All of it may be absent.
#[derive(Clone, Debug, Default)]
pub struct UnitEvidence {
    /// The linked issues as they stood before the earliest authored commit,
    /// best link first.
    pub issues: Vec<(IssueRecord, AsItStood)>,
    /// The pull request of the unit.
    pub change: Option<(ChangeRecord, AsItStood)>,
    /// Test runs at the head of the unit, in order; from the sandbox or from CI.
    pub runs: Vec<TestRun>,
}

/// One run of tests at the head of a unit.
#[derive(Clone, Debug)]
pub struct TestRun {
    /// The command, one argument an element.
    pub command: Vec<String>,
    /// What it printed, as stored.
    pub output: BlobId,
    /// Its exit status.
    pub status: Option<i32>,
    /// How the run is known.
    pub provenance: Provenance,
}
