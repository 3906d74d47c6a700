//! What is the story of one change?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobId, ChangeUnit, RepoPath, Requirement, SchemaVersion, Step};

/// The story of one change unit, step by step.
///
/// Applying the edits to `unit.base_tree` gives the tree of every authored
/// state in turn and `unit.head_tree` at the end, byte for byte.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Trajectory {
    /// The version it was written at.
    pub schema: SchemaVersion,
    /// The change it tells.
    pub unit: ChangeUnit,
    /// What was asked for.
    pub requirement: Requirement,
    /// The license at the base commit, as the repository's files say.
    pub license: Option<LicenseEvidence>,
    /// The unified diff of the source side, base to head, as a stored blob.
    pub gold_patch: BlobId,
    /// The unified diff of the test side, base to head, as a stored blob.
    pub test_patch: BlobId,
    /// The steps, in order.
    pub steps: Vec<Step>,
}

/// The license file at the base commit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LicenseEvidence {
    /// The file.
    pub path: RepoPath,
    /// Its content.
    pub blob: BlobId,
    /// The SPDX expression read from its text; `NOASSERTION` when unclear.
    pub spdx: String,
}
