//! What was said and done about an issue or a change?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RecordId;

/// One review of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ReviewRecord {
    /// The id of the record.
    pub id: RecordId,
    /// The id of the change record it is about.
    pub on: RecordId,
    /// Who wrote it.
    #[serde(default)]
    pub author: Option<String>,
    /// `approved`, `changes_requested`, `commented` or `dismissed`.
    #[serde(default)]
    pub state: Option<String>,
    /// The text.
    #[serde(default)]
    pub body: Option<String>,
    /// The commit it was written about.
    #[serde(default)]
    pub commit: Option<String>,
    /// When it was written, RFC 3339.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When its text last changed, RFC 3339.
    #[serde(default)]
    pub updated_at: Option<String>,
    /// When this version was read, RFC 3339.
    #[serde(default)]
    pub observed_at: Option<String>,
}

/// One comment on an issue, a change, or a line of a change.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct CommentRecord {
    /// The id of the record.
    pub id: RecordId,
    /// The id of the record it is about.
    pub on: RecordId,
    /// Who wrote it.
    #[serde(default)]
    pub author: Option<String>,
    /// The text.
    #[serde(default)]
    pub body: Option<String>,
    /// The file it is about.
    #[serde(default)]
    pub path: Option<String>,
    /// The line it is about, 1-based.
    #[serde(default)]
    pub line: Option<u64>,
    /// The commit it was written about.
    #[serde(default)]
    pub commit: Option<String>,
    /// The comment it answers.
    #[serde(default)]
    pub in_reply_to: Option<RecordId>,
    /// When it was written, RFC 3339.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When its text last changed, RFC 3339.
    #[serde(default)]
    pub updated_at: Option<String>,
    /// When this version was read, RFC 3339.
    #[serde(default)]
    pub observed_at: Option<String>,
}

/// One thing that happened to an issue or a change, other than a comment or review.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct EventRecord {
    /// The id of the record.
    pub id: RecordId,
    /// The id of the issue or change it happened to.
    pub on: RecordId,
    /// What happened, in the forge's word, e.g., `closed`, `renamed`, `head_ref_force_pushed`.
    pub event: String,
    /// Who did it.
    #[serde(default)]
    pub author: Option<String>,
    /// The commit it names.
    #[serde(default)]
    pub commit: Option<String>,
    /// The number of the issue or change it names, e.g., of a cross reference.
    #[serde(default)]
    pub number: Option<u64>,
    /// What stood there before, e.g., the title before a renaming.
    #[serde(default)]
    pub from: Option<String>,
    /// What stood there afterwards, e.g., the label that was given.
    #[serde(default)]
    pub to: Option<String>,
    /// When it happened, RFC 3339.
    #[serde(default)]
    pub created_at: Option<String>,
    /// When this was read, RFC 3339.
    #[serde(default)]
    pub observed_at: Option<String>,
}
