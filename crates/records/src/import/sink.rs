//! Where do the records of a dump go, and what is told about them?
//!
//! In: records, lines and logs as readers find them. Out: one record file for
//! each repository, and the account of the file that is being read.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::io::{self, Read};

use backstory_model::{LogRefRecord, Record, RecordId, RepoName, Sha256};
use serde_json::value::RawValue;

use super::{ImportOptions, SourceFile};
use crate::{LogName, RecordFolder, RecordWriter, RecordsError, StoredFile};

/// How many broken items of one file are told one by one.
const MOST_BROKEN: usize = 1_000;

/// How many record files are written at once; a dump may name any number of repositories.
const MOST_WRITERS: usize = 64;

/// Where in a file an item stands.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Position {
    /// In the file as a whole.
    Whole,
    /// At this line, 1-based.
    Line(u64),
    /// At this byte, from 0.
    Byte(u64),
    /// At this named place, e.g., a path in an archive.
    Named(String),
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole => f.write_str("whole file"),
            Self::Line(line) => write!(f, "line {line}"),
            Self::Byte(byte) => write!(f, "byte {byte}"),
            Self::Named(name) => f.write_str(name),
        }
    }
}

/// An item that could not be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Broken {
    /// Where it stands.
    pub at: Position,
    /// What is wrong with it.
    pub why: String,
}

/// Takes the records of one import.
pub(crate) struct Sink<'a> {
    folder: &'a RecordFolder,
    options: &'a ImportOptions,
    writers: BTreeMap<Option<RepoName>, RecordWriter>,
    written: Vec<StoredFile>,
    repo: Option<RepoName>,
    current: Account,
    logs: u64,
    made: BTreeSet<RecordId>,
    member: Option<String>,
}

#[derive(Default)]
struct Account {
    records: BTreeMap<&'static str, u64>,
    other: BTreeMap<String, u64>,
    broken: Vec<Broken>,
    broken_count: u64,
}

impl<'a> Sink<'a> {
    pub(super) fn new(folder: &'a RecordFolder, options: &'a ImportOptions) -> Self {
        let (writers, written) = (BTreeMap::new(), Vec::new());
        let (repo, current) = (options.repo.clone(), Account::default());
        let (made, member) = (BTreeSet::new(), None);
        Self { folder, options, writers, written, repo, current, logs: 0, made, member }
    }

    /// Begins the account of another file.
    pub(super) fn begin(&mut self) {
        self.current = Account::default();
        self.repo.clone_from(&self.options.repo);
    }

    /// Returns the account of the file that was read.
    pub(super) fn told(&mut self, name: &str, dialect: Option<&'static str>) -> SourceFile {
        let Account { records, other, broken, broken_count } = std::mem::take(&mut self.current);
        SourceFile { name: name.to_owned(), dialect, records, other, broken, broken_count }
    }

    /// Returns what was said on the command line.
    pub(crate) fn options(&self) -> &ImportOptions {
        self.options
    }

    /// Says which repository the records from here on belong to, by what the dump names.
    ///
    /// A repository given by the user stays.
    pub(crate) fn set_repo(&mut self, repo: Option<&RepoName>) {
        if self.options.repo.is_none() {
            self.repo = repo.cloned();
        }
    }

    /// Takes a record with the object it was read from.
    pub(crate) fn record(
        &mut self,
        record: &Record,
        raw: Option<&RawValue>,
    ) -> Result<(), RecordsError> {
        self.count(record.kind());
        self.writer()?.add(record, raw)
    }

    /// Takes a line that is a record of a known kind already.
    pub(crate) fn line(&mut self, kind: &'static str, line: &[u8]) -> Result<(), RecordsError> {
        self.count(kind);
        self.writer()?.add_line(line)
    }

    /// Returns true when a record that the import itself makes is asked for first.
    pub(super) fn first(&mut self, id: &RecordId) -> bool {
        self.made.insert(id.clone())
    }

    /// Stores a log and takes its record; whether its end is there is judged by
    /// its last 4 KiB where `named` does not say it is.
    pub(crate) fn log(
        &mut self,
        log: &mut dyn Read,
        named: &LogName,
        whole: fn(&[u8]) -> bool,
    ) -> Result<LogRefRecord, RecordsError> {
        let mut log = Tail { inner: log, last: Vec::new() };
        let mut stored = self.folder.store_log(&mut log, named)?;
        stored.complete |= whole(&log.last);
        self.logs += 1;
        self.record(&Record::LogRef(stored.clone()), None)?;
        Ok(stored)
    }

    /// Stores a log whose record stands elsewhere; returns its digest.
    pub(crate) fn stored_log(&mut self, log: &mut dyn Read) -> Result<Sha256, RecordsError> {
        self.logs += 1;
        Ok(self.folder.store_log(log, &LogName::default())?.sha256)
    }

    /// Counts an item of a kind that is not kept.
    pub(crate) fn other(&mut self, kind: &str) {
        *self.current.other.entry(kind.chars().take(60).collect()).or_default() += 1;
    }

    /// Notes an item that cannot be read.
    pub(crate) fn broken(&mut self, at: Position, why: impl fmt::Display) {
        self.current.broken_count += 1;
        let at = match (&self.member, at) {
            (Some(member), Position::Whole) => Position::Named(member.clone()),
            (Some(member), at) => Position::Named(format!("{member}: {at}")),
            (None, at) => at,
        };
        if self.current.broken.len() < MOST_BROKEN {
            self.current.broken.push(Broken { at, why: why.to_string() });
        }
    }

    /// Says which member of an archive is read.
    pub(super) fn set_member(&mut self, member: Option<&str>) {
        self.member = member.map(str::to_owned);
    }

    fn count(&mut self, kind: &'static str) {
        *self.current.records.entry(kind).or_default() += 1;
    }

    fn writer(&mut self) -> Result<&mut RecordWriter, RecordsError> {
        if !self.writers.contains_key(&self.repo) {
            if self.writers.len() >= MOST_WRITERS
                && let Some((_, full)) = self.writers.pop_first()
            {
                self.written.extend(full.finish()?);
            }
            let writer = self.folder.writer("import", "import", self.repo.as_ref())?;
            self.writers.insert(self.repo.clone(), writer);
        }
        Ok(self.writers.get_mut(&self.repo).expect("it was just put there"))
    }

    pub(super) fn finish(self) -> Result<(Vec<StoredFile>, u64), RecordsError> {
        let mut files = self.written;
        for writer in self.writers.into_values() {
            files.extend(writer.finish()?);
        }
        Ok((files, self.logs))
    }
}

/// How much of the end of a log is looked at.
const TAIL: usize = 4 << 10;

/// A stream that remembers its end.
struct Tail<'r> {
    inner: &'r mut dyn Read,
    last: Vec<u8>,
}

impl Read for Tail<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.inner.read(buffer)?;
        self.last.extend_from_slice(&buffer[read.saturating_sub(TAIL)..read]);
        let over = self.last.len().saturating_sub(TAIL);
        self.last.drain(..over);
        Ok(read)
    }
}
