//! What does one piece of evidence from a forge look like?
//!
//! The neutral record format, one JSON object a line. The first line of a file
//! is a [`RecordHeader`]. A later version of a record is another record with
//! the same id and a later `observed_at`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RecordId;

/// The first line of a record file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct RecordHeader {
    /// Always `header`.
    pub kind: String,
    /// Always `backstory-records`.
    pub format: String,
    /// The version of the record format; this build reads 1.
    pub version: u32,
    /// Where the records come from, in words.
    #[serde(default)]
    pub source: Option<String>,
    /// The repository they belong to, `owner/name`.
    #[serde(default)]
    pub repo: Option<String>,
}

/// Whether a text is known to be what stood there at a given time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum AsItStood {
    /// A version observed before that time.
    Exact,
    /// Observed later, and the record says that it was not edited since.
    NotLaterEdited,
    /// It may have been edited since.
    Unknown,
}

/// One issue.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct IssueRecord {
    /// The id of the record.
    pub id: RecordId,
    /// The issue number.
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
}

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
}

/// One piece of evidence, immutable.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "kind", rename_all = "snake_case")]
pub enum Record {
    /// An issue.
    Issue(IssueRecord),
    /// A pull or merge request.
    Change(ChangeRecord),
    /// A review.
    Review(ReviewRecord),
    /// A comment.
    Comment(CommentRecord),
}

impl Record {
    /// Returns the id of the record.
    pub fn id(&self) -> &RecordId {
        match self {
            Self::Issue(record) => &record.id,
            Self::Change(record) => &record.id,
            Self::Review(record) => &record.id,
            Self::Comment(record) => &record.id,
        }
    }
}
