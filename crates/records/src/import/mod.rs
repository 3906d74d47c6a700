//! Which records does a dump hold?
//!
//! In: files and folders in any supported form, detected one by one. Out: record
//! files, and an account of every source file: what it was taken for, how many
//! records of which kind came of it, and every item that could not be read. Links
//! are not followed. Reads the given paths and writes to the records folder.

mod act;
mod actions;
mod archive;
pub(crate) mod gitea;
pub(crate) mod github;
pub(crate) mod gitlab;
mod home;
mod jenkins;
mod junit;
mod neutral;
pub(crate) mod objects;
mod parquet;
mod sink;
mod stored_log;
mod test_list;

use std::collections::BTreeMap;
use std::io::{BufRead, BufReader, Cursor, Read};
use std::path::{Path, PathBuf};

use backstory_model::{RecordId, RepoName};
use backstory_store::fs;

pub use junit::{JunitCase, JunitReport, read_junit};
pub use sink::{Broken, Position};

use self::sink::Sink;
use crate::unpack::unpacked;
use crate::{RecordFolder, RecordsError, StoredFile};

/// How many bytes of a file are looked at to tell what it is.
const HEAD: usize = 64 << 10;

/// What is not in the dump itself.
#[derive(Clone, Debug, Default)]
pub struct ImportOptions {
    /// The repository, where the dump does not name it.
    pub repo: Option<RepoName>,
    /// When the dump was made, RFC 3339, where it does not say.
    pub observed_at: Option<String>,
    /// The commit that reports and logs without a run belong to.
    pub commit: Option<String>,
    /// The job that reports and logs without one belong to.
    pub job: Option<RecordId>,
}

/// What came of one file of the dump.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its path, from the path that was given.
    pub name: String,
    /// What it was taken for; `None` when no reader knows it.
    pub dialect: Option<&'static str>,
    /// How many records of each kind came of it.
    pub records: BTreeMap<&'static str, u64>,
    /// How many items have a kind that is not kept.
    pub other: BTreeMap<String, u64>,
    /// The first items that could not be read.
    pub broken: Vec<Broken>,
    /// How many items could not be read.
    pub broken_count: u64,
}

/// What came of an import.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Imported {
    /// Every file of the dump.
    pub sources: Vec<SourceFile>,
    /// The record files that hold the records.
    pub files: Vec<StoredFile>,
    /// How many logs were stored.
    pub logs: u64,
}

/// One file of a dump while it is read.
pub(crate) struct Input<'a> {
    /// Its path from the path that was given, `/` between the parts.
    pub(crate) name: &'a str,
    /// Its bytes, from the start.
    pub(crate) reader: &'a mut dyn BufRead,
}

/// Reads one form of dump.
pub(crate) trait Dialect: Sync {
    /// Returns the name of the form, as shown to users.
    fn name(&self) -> &'static str;

    /// Returns true when a file is of this form, by its path in the dump and its first bytes.
    fn recognizes(&self, name: &str, head: &[u8]) -> bool;

    /// Reads a file; what cannot be read goes to the sink as broken.
    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError>;
}

/// The forms that are read; the first that recognizes a file reads it.
const DIALECTS: &[&dyn Dialect] = &[
    &stored_log::StoredLog,
    &neutral::Neutral,
    &act::Act,
    &junit::Junit,
    &actions::ActionsLog,
    &github::Rows,
    &github::Webhooks,
    &github::Backup,
    &github::Graphql,
    &jenkins::Jenkins,
    &gitlab::GitLab,
    &gitea::Gitea,
    &github::Rest,
];

/// What an archive is taken for; its members have forms of their own.
const ARCHIVE: &str = "zip archive";

/// Returns the names of the forms of dump that are read.
pub fn dialects() -> impl Iterator<Item = &'static str> {
    DIALECTS.iter().map(|dialect| dialect.name()).chain([parquet::NAME, ARCHIVE])
}

/// Imports every file of the given paths into a records folder.
pub fn import(
    paths: &[PathBuf],
    folder: &RecordFolder,
    options: &ImportOptions,
) -> Result<Imported, RecordsError> {
    let mut imported = Imported::default();
    let mut sink = Sink::new(folder, options);
    for path in paths {
        for (name, file) in files_of(path)? {
            imported.sources.push(read_file(&name, &file, &mut sink)?);
        }
    }
    (imported.files, imported.logs) = sink.finish()?;
    Ok(imported)
}

/// Returns the files of a path with their names in the dump, by name.
fn files_of(path: &Path) -> Result<Vec<(String, PathBuf)>, RecordsError> {
    let kind = std::fs::metadata(path).map_err(RecordsError::read(path))?;
    if kind.is_file() {
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        return Ok(vec![(name, path.to_owned())]);
    }
    let name_of = |file: &Path| {
        let parts = file.strip_prefix(path).unwrap_or(file).components();
        parts.map(|part| part.as_os_str().to_string_lossy()).collect::<Vec<_>>().join("/")
    };
    let files = fs::files_below(path)?;
    Ok(files.into_iter().map(|(file, _)| (name_of(&file), file)).collect())
}

fn read_file(name: &str, path: &Path, sink: &mut Sink<'_>) -> Result<SourceFile, RecordsError> {
    let failed = |source| RecordsError::Read { path: path.to_owned(), source };
    let mut file = unpacked(fs::open(path)?).map_err(failed)?;
    let mut head = Vec::new();
    file.by_ref().take(HEAD as u64).read_to_end(&mut head).map_err(failed)?;
    sink.begin();
    if archive::is_zip(&head) {
        archive::read(name, path, sink)?;
        return Ok(sink.told(name, Some(ARCHIVE)));
    }
    if parquet::is_parquet(&head) {
        let is_known = parquet::read(name, path, sink)?;
        return Ok(sink.told(name, is_known.then_some(parquet::NAME)));
    }
    let dialect = dialect_of(name, &head);
    if let Some(dialect) = dialect {
        let mut reader = BufReader::with_capacity(HEAD, Cursor::new(head).chain(file));
        dialect.read(&mut Input { name, reader: &mut reader }, sink)?;
    }
    Ok(sink.told(name, dialect.map(Dialect::name)))
}

/// Returns who reads a file.
fn dialect_of(name: &str, head: &[u8]) -> Option<&'static dyn Dialect> {
    DIALECTS.iter().copied().find(|dialect| dialect.recognizes(name, head))
}
