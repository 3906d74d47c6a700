//! What is known of a failing test before its fix is looked for?

use serde::{Deserialize, Serialize};

use crate::RepoPath;

/// The text of a failing test, as a developer who debugs it has it.
///
/// It is an input of whoever reads it: filled by what made the test fail, never read
/// from the fix by a feature.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TestText {
    /// The lines that were added to test files, in the order of paths and lines.
    pub added: String,
    /// The test files they stand in, sorted by bytes.
    pub paths: Vec<RepoPath>,
}
