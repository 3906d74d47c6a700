//! What does a repository need at one commit so that its tests run?

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobId, Language, RepoPath, Sha256};

/// What runs the tests.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TestRunner {
    /// pytest.
    Pytest,
    /// unittest of the standard library.
    Unittest,
    /// cargo-nextest.
    Nextest,
    /// The test runner of Node itself.
    NodeTest,
    /// Jest.
    Jest,
    /// Vitest.
    Vitest,
    /// Mocha.
    Mocha,
    /// `go test`.
    GoTest,
}

impl TestRunner {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Pytest => "pytest",
            Self::Unittest => "unittest",
            Self::Nextest => "nextest",
            Self::NodeTest => "node_test",
            Self::Jest => "jest",
            Self::Vitest => "vitest",
            Self::Mocha => "mocha",
            Self::GoTest => "go_test",
        }
    }
}

/// A file an environment was derived from.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema)]
pub struct Manifest {
    /// The file.
    pub path: RepoPath,
    /// Its content.
    pub blob: BlobId,
}

/// One call of an ecosystem's own installer.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct InstallPhase {
    /// What it is for, in a few words.
    pub name: String,
    /// The command, one argument an element.
    pub command: Vec<String>,
    /// Whether it runs code of the repository or of its dependencies.
    pub runs_foreign_code: bool,
}

/// How an environment is made, derived from the manifests of one commit.
///
/// The same recipe gives the same environment as far as its installers do; what
/// they chose is in the lock that is stored with it.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EnvironmentRecipe {
    /// The language.
    pub language: Language,
    /// What runs the tests.
    pub runner: TestRunner,
    /// The interpreter or compiler with its version, e.g., `python3.11`.
    pub toolchain: String,
    /// Dependencies are resolved as of this day (`2019-03-31`); `None` for recent ones.
    pub as_of: Option<String>,
    /// What it was derived from, sorted by path.
    pub manifests: Vec<Manifest>,
    /// The digest of what the manifests say about building, without what only
    /// linters, test runners and people read.
    pub build: Sha256,
    /// What is asked of the installer, as the manifests have it, sorted.
    pub requirements: Vec<String>,
    /// The installers, in order.
    pub phases: Vec<InstallPhase>,
    /// The environment of the tests.
    pub variables: BTreeMap<String, String>,
}
