//! What does one piece of evidence from a forge look like?
//!
//! The neutral record format, one JSON object a line. The first line of a file
//! is a [`RecordHeader`]. A later version of a record is another record with
//! the same id and a later `observed_at`.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::RecordId;

mod change;
mod ci;
mod discussion;
mod issue;
mod log;

pub use change::ChangeRecord;
pub use ci::{AnnotationRecord, CiConclusion, CiJobRecord, CiRunRecord, CiStep, TestResultRecord};
pub use discussion::{CommentRecord, EventRecord, ReviewRecord};
pub use issue::IssueRecord;
pub use log::LogRefRecord;

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
    /// Of an export: whether people stand there `plain` or `hashed`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authors: Option<String>,
    /// Of an export with hashed people: the key, `own` or `default-insecure`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub identity_key: Option<String>,
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
    /// Something that happened to an issue or a change.
    Event(EventRecord),
    /// A run of a workflow on a commit.
    CiRun(CiRunRecord),
    /// A job of such a run.
    CiJob(CiJobRecord),
    /// What CI remarked about lines of a file.
    Annotation(AnnotationRecord),
    /// What one test did in a job.
    TestResult(TestResultRecord),
    /// Where the log of a job or step lies.
    LogRef(LogRefRecord),
}

impl Record {
    /// Returns the id of the record.
    pub fn id(&self) -> &RecordId {
        match self {
            Self::Issue(record) => &record.id,
            Self::Change(record) => &record.id,
            Self::Review(record) => &record.id,
            Self::Comment(record) => &record.id,
            Self::Event(record) => &record.id,
            Self::CiRun(record) => &record.id,
            Self::CiJob(record) => &record.id,
            Self::Annotation(record) => &record.id,
            Self::TestResult(record) => &record.id,
            Self::LogRef(record) => &record.id,
        }
    }

    /// Returns the word used for its kind on disk.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Issue(_) => "issue",
            Self::Change(_) => "change",
            Self::Review(_) => "review",
            Self::Comment(_) => "comment",
            Self::Event(_) => "event",
            Self::CiRun(_) => "ci_run",
            Self::CiJob(_) => "ci_job",
            Self::Annotation(_) => "annotation",
            Self::TestResult(_) => "test_result",
            Self::LogRef(_) => "log_ref",
        }
    }
}
