//! What does a forge say about a pull or merge request?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RecordId;

/// One pull or merge request.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ChangeRecord {
    /// The id of the record.
    pub id: RecordId,
    /// The pull request number.
    pub number: u64,
    /// The title.
    pub title: String,
    /// The body; absent bodies are empty.
    #[serde(default)]
    pub body: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    pub author: Option<String>,
    /// `open`, `merged` or `closed`.
    #[serde(default)]
    pub state: Option<String>,
    /// The head of the target branch, as the forge says.
    #[serde(default)]
    pub base_sha: Option<String>,
    /// The head of the pull request.
    #[serde(default)]
    pub head_sha: Option<String>,
    /// The commit that merged it.
    #[serde(default)]
    pub merge_sha: Option<String>,
    /// When it was merged, RFC 3339.
    #[serde(default)]
    pub merged_at: Option<String>,
    /// Its commits, oldest first.
    #[serde(default)]
    pub commits: Vec<String>,
    /// The issues the forge says it closes.
    #[serde(default)]
    pub closes: Vec<u64>,
    /// When it was opened, RFC 3339.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When its text last changed, RFC 3339.
    #[serde(default)]
    pub updated_at: Option<String>,
    /// When this version was read, RFC 3339.
    #[serde(default)]
    pub observed_at: Option<String>,
    /// When it was closed, RFC 3339.
    #[serde(default)]
    pub closed_at: Option<String>,
    /// Where it can be read.
    #[serde(default)]
    pub url: Option<String>,
}
