//! What may the audit ask, besides the trajectory itself?
//!
//! Git objects through the `Repository` port, the stored blobs of the run, and
//! the texts of the records that were read. All three answer by id.

use std::collections::BTreeMap;
use std::ops::Range;

use backstory_model::{
    BlobId, CiJobRecord, CiRunRecord, CommitId, LogRefRecord, Record, RecordId, Repository,
};

/// Gives the stored blobs of a run.
pub trait StoredBlobs: Sync {
    /// Returns the bytes stored under this name, as they are; `None` when there
    /// are none or they cannot be read.
    fn stored(&self, id: &BlobId) -> Option<Vec<u8>>;
}

impl<F: Fn(&BlobId) -> Option<Vec<u8>> + Sync> StoredBlobs for F {
    fn stored(&self, id: &BlobId) -> Option<Vec<u8>> {
        self(id)
    }
}

/// The text of one version of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordText {
    /// The title; empty for records without one.
    pub title: String,
    /// The body; empty when absent.
    pub body: String,
    /// The number of the issue or change, and the numbers the change closes.
    pub numbers: Vec<u64>,
}

/// Gives the texts of records.
pub trait Evidence: Sync {
    /// Returns the text of every version of this record; empty when unknown.
    fn versions(&self, id: &RecordId) -> Vec<RecordText>;

    /// Returns the runs of CI on a commit, each with its jobs and their logs.
    fn ci_on(&self, _commit: &CommitId) -> Vec<CiOnCommit> {
        Vec::new()
    }

    /// Returns these bytes of a stored log whose bytes have the digest its record
    /// names; `None` when there is no such log or part.
    fn log_part(&self, _log: &LogRefRecord, _part: Range<u64>) -> Option<Vec<u8>> {
        None
    }
}

/// One run of CI on a commit; of each record the last version.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CiOnCommit {
    /// The run.
    pub run: CiRunRecord,
    /// Its jobs.
    pub jobs: Vec<CiJobRecord>,
    /// The logs of these.
    pub logs: Vec<LogRefRecord>,
}

/// The texts of a list of records, by id.
#[derive(Clone, Debug, Default)]
pub struct RecordTexts(BTreeMap<RecordId, Vec<RecordText>>);

impl RecordTexts {
    /// Takes the texts out of these records.
    pub fn new<'a>(records: impl IntoIterator<Item = &'a Record>) -> Self {
        let mut texts = BTreeMap::<RecordId, Vec<RecordText>>::new();
        for record in records {
            let stated;
            let (title, body, numbers) = match record {
                Record::Issue(issue) => (issue.title.as_str(), &issue.body, vec![issue.number]),
                Record::Change(change) => {
                    let numbers = [&[change.number], change.closes.as_slice()].concat();
                    (change.title.as_str(), &change.body, numbers)
                }
                Record::Review(review) => ("", &review.body, Vec::new()),
                Record::Comment(comment) => ("", &comment.body, number_of(&comment.on)),
                Record::Annotation(annotation) => {
                    (annotation.title.as_deref().unwrap_or(""), &annotation.message, Vec::new())
                }
                Record::Event(event) => {
                    let told = (&event.event, event.created_at.as_deref().unwrap_or(""));
                    stated = Some(format!("{} {}", told.0, told.1));
                    ("", &stated, number_of(&event.on))
                }
                // They state facts, and hold no text that a step could cite.
                Record::CiRun(_) | Record::CiJob(_) | Record::TestResult(_) | Record::LogRef(_) => {
                    continue;
                }
            };
            texts.entry(record.id().clone()).or_default().push(RecordText {
                title: title.to_owned(),
                body: body.clone().unwrap_or_default(),
                numbers,
            });
        }
        Self(texts)
    }
}

/// Returns the number in the id of an issue, e.g., 12 of `issue:12`.
fn number_of(id: &RecordId) -> Vec<u64> {
    let number = id.as_str().strip_prefix("issue:").and_then(|number| number.parse().ok());
    number.into_iter().collect()
}

impl Evidence for RecordTexts {
    fn versions(&self, id: &RecordId) -> Vec<RecordText> {
        self.0.get(id).cloned().unwrap_or_default()
    }
}

/// Everything the audit of one repository's trajectories reads.
#[derive(Clone, Copy)]
pub struct Sources<'a> {
    /// The repository.
    pub repo: &'a dyn Repository,
    /// The stored blobs of the run.
    pub blobs: &'a dyn StoredBlobs,
    /// The records that were read.
    pub evidence: &'a dyn Evidence,
}

/// The choices of an audit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct AuditOptions {
    /// Files larger than this many bytes are not text; as the run was built.
    pub file_limit: u64,
    /// How many bytes of file contents are kept between trajectories.
    pub cache_bytes: usize,
}

impl Default for AuditOptions {
    fn default() -> Self {
        Self { file_limit: 1 << 20, cache_bytes: 128 << 20 }
    }
}
