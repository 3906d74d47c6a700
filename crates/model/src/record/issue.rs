//! What does a forge say about an issue?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RecordId;

/// One issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IssueRecord {
    /// The id of the record.
    pub id: RecordId,
    /// The issue number; 0 for an issue without one, e.g., of git-bug alone.
    pub number: u64,
    /// The title.
    pub title: String,
    /// The body; absent bodies are empty.
    #[serde(default)]
    pub body: Option<String>,
    /// Who wrote it.
    #[serde(default)]
    pub author: Option<String>,
    /// `open` or `closed`.
    #[serde(default)]
    pub state: Option<String>,
    /// The labels.
    #[serde(default)]
    pub labels: Vec<String>,
    /// When it was filed, RFC 3339.
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
