//! What does the forge say about issues and changes, and as of when?
//!
//! In: record files in the neutral format of `docs/records.md`. Out: the records
//! of one repository, looked up by number, commit or id, every version kept.

mod as_it_stood;
mod read;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::OnceLock;

use backstory_model::{
    AnnotationRecord, ChangeRecord, CiJobRecord, CiRunRecord, CommentRecord, CommitId, EventRecord,
    IssueRecord, LogRefRecord, RecordId, RepoName, ReviewRecord, Sha256, TestResultRecord,
};
use serde::Serialize;
use sha2::{Digest as _, Sha256 as Hasher};

use crate::link::Resolutions;

pub use self::as_it_stood::TextGap;
pub(crate) use self::as_it_stood::seconds;
pub use self::read::{LONGEST_LINE, RECORD_FORMAT_VERSION, RecordsError, read_bytes, read_folder};

/// A line that could not be read.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct BrokenLine {
    /// The name of the file, without its folder.
    pub file: String,
    /// The line, 1-based.
    pub line: u64,
    /// What is wrong with it.
    pub why: String,
}

/// A file that belongs to another repository.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct SkippedFile {
    /// The name of the file, without its folder.
    pub file: String,
    /// The repository its header names.
    pub repo: String,
}

/// What record files say about one repository.
#[derive(Clone, Debug)]
pub struct Records {
    /// The lines that could not be read, by file and line.
    pub broken: Vec<BrokenLine>,
    /// The files of other repositories.
    pub skipped: Vec<SkippedFile>,
    /// How many records have a kind that is not read here.
    pub other_kinds: BTreeMap<String, u64>,
    issues: BTreeMap<u64, Vec<IssueRecord>>,
    changes: BTreeMap<u64, Vec<ChangeRecord>>,
    change_by_commit: BTreeMap<String, (CommitRole, u64)>,
    reviews: BTreeMap<RecordId, Vec<ReviewRecord>>,
    comments: BTreeMap<RecordId, Vec<CommentRecord>>,
    events: BTreeMap<RecordId, Vec<EventRecord>>,
    runs: BTreeMap<String, Vec<CiRunRecord>>,
    jobs: BTreeMap<RecordId, Vec<CiJobRecord>>,
    annotations: BTreeMap<RecordId, Vec<AnnotationRecord>>,
    tests: BTreeMap<RecordId, Vec<TestResultRecord>>,
    logs: BTreeMap<RecordId, LogRefRecord>,
    logs_by_job: BTreeMap<RecordId, BTreeSet<RecordId>>,
    digest: Sha256,
    resolutions: OnceLock<Resolutions>,
}

/// What a commit is to a change; the first one is the surest.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum CommitRole {
    Merge,
    Head,
    Authored,
}

impl Records {
    /// Returns the latest version of an issue.
    pub fn issue(&self, number: u64) -> Option<&IssueRecord> {
        self.issues.get(&number)?.last()
    }

    /// Returns the latest version of a change.
    pub fn change(&self, number: u64) -> Option<&ChangeRecord> {
        self.changes.get(&number)?.last()
    }

    /// Returns every version of an issue, oldest first.
    pub fn issue_versions(&self, number: u64) -> &[IssueRecord] {
        self.issues.get(&number).map_or(&[], Vec::as_slice)
    }

    /// Returns every version of a change, oldest first.
    pub fn change_versions(&self, number: u64) -> &[ChangeRecord] {
        self.changes.get(&number).map_or(&[], Vec::as_slice)
    }

    /// Returns the numbers of all issues, ascending.
    pub fn issue_numbers(&self) -> impl Iterator<Item = u64> {
        self.issues.keys().copied()
    }

    /// Returns the latest version of every change, by number.
    pub fn changes(&self) -> impl Iterator<Item = &ChangeRecord> {
        self.changes.values().filter_map(|versions| versions.last())
    }

    /// Returns the change a commit merged; else the one it is the head of, else one it belongs to.
    pub fn change_for_commit(&self, commit: &CommitId) -> Option<&ChangeRecord> {
        let (_, number) = self.change_by_commit.get(commit.as_str())?;
        self.change(*number)
    }

    /// Returns the comments on a record, oldest first.
    pub fn comments_on(&self, id: &RecordId) -> &[CommentRecord] {
        self.comments.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns the reviews of a change, oldest first.
    pub fn reviews_on(&self, id: &RecordId) -> &[ReviewRecord] {
        self.reviews.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns what happened to an issue or change, oldest first.
    pub fn events_on(&self, id: &RecordId) -> &[EventRecord] {
        self.events.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns the runs of CI on a commit, oldest first; versions of one run follow each other.
    pub fn runs_of(&self, commit: &CommitId) -> &[CiRunRecord] {
        self.runs.get(commit.as_str()).map_or(&[], Vec::as_slice)
    }

    /// Returns the jobs of a run, oldest first; versions of one job follow each other.
    pub fn jobs_of(&self, run: &RecordId) -> &[CiJobRecord] {
        self.jobs.get(run).map_or(&[], Vec::as_slice)
    }

    /// Returns what CI remarked in a job or run.
    pub fn annotations_of(&self, id: &RecordId) -> &[AnnotationRecord] {
        self.annotations.get(id).map_or(&[], Vec::as_slice)
    }

    /// Returns the test results of a job.
    pub fn tests_of(&self, job: &RecordId) -> &[TestResultRecord] {
        self.tests.get(job).map_or(&[], Vec::as_slice)
    }

    /// Returns a log by the id of its record.
    pub fn log(&self, id: &RecordId) -> Option<&LogRefRecord> {
        self.logs.get(id)
    }

    /// Returns the log of a job: the one it names, else the first that names it.
    pub fn log_of_job(&self, job: &CiJobRecord) -> Option<&LogRefRecord> {
        let named = job.log.as_ref().and_then(|id| self.log(id));
        named.or_else(|| self.logs_of(&job.id).next())
    }

    /// Returns the logs that name a job, by id.
    pub fn logs_of(&self, job: &RecordId) -> impl Iterator<Item = &LogRefRecord> {
        self.logs_by_job.get(job).into_iter().flatten().filter_map(|id| self.logs.get(id))
    }

    /// Returns true when a run of CI is known.
    pub fn has_runs(&self) -> bool {
        !self.runs.is_empty()
    }

    /// Returns what the issues of the repository say about who resolved them.
    pub(crate) fn resolutions(&self, repo: &RepoName) -> &Resolutions {
        self.resolutions.get_or_init(|| Resolutions::read(self, repo))
    }

    /// Returns the digest of all record lines, whatever their order and files.
    pub fn digest(&self) -> &Sha256 {
        &self.digest
    }
}

/// Records as they come in.
#[derive(Default)]
struct Gathered {
    issues: Vec<IssueRecord>,
    changes: Vec<ChangeRecord>,
    reviews: Vec<ReviewRecord>,
    comments: Vec<CommentRecord>,
    events: Vec<EventRecord>,
    runs: Vec<CiRunRecord>,
    jobs: Vec<CiJobRecord>,
    annotations: Vec<AnnotationRecord>,
    tests: Vec<TestResultRecord>,
    logs: Vec<LogRefRecord>,
    other_kinds: BTreeMap<String, u64>,
    broken: Vec<BrokenLine>,
    skipped: Vec<SkippedFile>,
    line_digests: Vec<[u8; 32]>,
}

impl Gathered {
    /// Orders and indexes everything, so that the order of lines does not matter.
    fn finish(mut self) -> Records {
        // Nothing can name an issue without a number, and they are not versions of one.
        self.issues.retain(|issue| issue.number > 0);
        self.broken.sort();
        self.skipped.sort();
        let changes = grouped(
            self.changes,
            |record| record.number,
            |record| version_time([&record.observed_at, &record.updated_at, &record.created_at]),
        );
        Records {
            issues: grouped(
                self.issues,
                |record| record.number,
                |record| {
                    version_time([&record.observed_at, &record.updated_at, &record.created_at])
                },
            ),
            change_by_commit: index_commits(&changes),
            changes,
            reviews: grouped(
                self.reviews,
                |record| record.on.clone(),
                |record| version_time([&record.created_at]),
            ),
            comments: grouped(
                self.comments,
                |record| record.on.clone(),
                |record| version_time([&record.created_at]),
            ),
            events: grouped(
                self.events,
                |record| record.on.clone(),
                |record| version_time([&record.created_at]),
            ),
            runs: grouped(
                self.runs,
                |record| record.commit.to_ascii_lowercase(),
                |record| version_time([&record.started_at, &record.created_at]),
            ),
            jobs: grouped(
                self.jobs,
                |record| record.run.clone(),
                |record| version_time([&record.started_at]),
            ),
            annotations: grouped(self.annotations, |record| record.on.clone(), |_| None),
            tests: grouped(
                self.tests,
                |record| record.job.clone().unwrap_or_else(|| record.id.clone()),
                |_| None,
            ),
            logs_by_job: index_logs(&self.logs),
            logs: self.logs.into_iter().map(|record| (record.id.clone(), record)).collect(),
            broken: self.broken,
            skipped: self.skipped,
            other_kinds: self.other_kinds,
            digest: digest_of(self.line_digests),
            resolutions: OnceLock::new(),
        }
    }
}

/// Returns the first of these times that can be read; without any, a record sorts first.
fn version_time<const N: usize>(times: [&Option<String>; N]) -> Option<i64> {
    times.into_iter().find_map(|time| seconds(time.as_deref()))
}

/// Groups records by key; within a group by time, then by content; a repeated line counts once.
fn grouped<K: Ord, R: Serialize + PartialEq>(
    records: Vec<R>,
    key: impl Fn(&R) -> K,
    time: impl Fn(&R) -> Option<i64>,
) -> BTreeMap<K, Vec<R>> {
    let mut groups: BTreeMap<K, Vec<R>> = BTreeMap::new();
    for record in records {
        groups.entry(key(&record)).or_default().push(record);
    }
    for group in groups.values_mut() {
        group.sort_by_cached_key(|record| {
            (time(record), serde_json::to_string(record).unwrap_or_default())
        });
        group.dedup();
    }
    groups
}

fn index_commits(
    changes: &BTreeMap<u64, Vec<ChangeRecord>>,
) -> BTreeMap<String, (CommitRole, u64)> {
    let mut index: BTreeMap<String, (CommitRole, u64)> = BTreeMap::new();
    for (number, versions) in changes {
        for record in versions {
            let merge = record.merge_sha.iter().map(|id| (CommitRole::Merge, id));
            let head = record.head_sha.iter().map(|id| (CommitRole::Head, id));
            let authored = record.commits.iter().map(|id| (CommitRole::Authored, id));
            for (role, id) in merge.chain(head).chain(authored) {
                let entry = index.entry(id.to_ascii_lowercase()).or_insert((role, *number));
                *entry = (role, *number).min(*entry);
            }
        }
    }
    index
}

fn index_logs(logs: &[LogRefRecord]) -> BTreeMap<RecordId, BTreeSet<RecordId>> {
    let mut index = BTreeMap::<RecordId, BTreeSet<RecordId>>::new();
    for log in logs {
        if let Some(job) = &log.job {
            index.entry(job.clone()).or_default().insert(log.id.clone());
        }
    }
    index
}

fn digest_of(mut lines: Vec<[u8; 32]>) -> Sha256 {
    lines.sort_unstable();
    let mut hasher = Hasher::new();
    for line in lines {
        hasher.update(line);
    }
    Sha256::from_digest(&hasher.finalize())
}
