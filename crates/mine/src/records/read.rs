//! What do the record files of a folder say about one repository?
//!
//! In: a folder (or one file) of record lines, written by anyone. Out: the
//! [`Records`]; a line that cannot be read is reported and the rest is kept.
//! Reads these files and nothing else.

use std::fs::File;
use std::io::{self, BufRead, BufReader};
use std::path::{Path, PathBuf};

use backstory_model::RepoName;
use backstory_store::lines::{Line, LineReader};
use serde::Deserialize;
use serde::de::DeserializeOwned;
use serde_json::Value;
use sha2::{Digest as _, Sha256 as Hasher};

use super::{BrokenLine, Gathered, Records, SkippedFile};

/// The version of the record format this build reads.
pub const RECORD_FORMAT_VERSION: u64 = 1;

/// The longest line that is read.
pub const LONGEST_LINE: usize = 64 << 20;

const ENDINGS: [&str; 4] = [".ndjson", ".jsonl", ".ndjson.zst", ".jsonl.zst"];

/// Says why record files cannot be used at all.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// The folder or a file cannot be read.
    #[error("failed to read records from `{}`", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// There is nothing to read.
    #[error("folder `{}` holds no record file (`*.ndjson` or `*.jsonl`)", path.display())]
    NoFiles {
        /// The folder.
        path: PathBuf,
    },
    /// The first line is not a header.
    #[error("record file `{}` does not begin with a `backstory-records` header: {why}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with its first line.
        why: String,
    },
    /// The file has a version that this build does not know.
    #[error(
        "record file `{}` has format version `{version}`; this build reads version {RECORD_FORMAT_VERSION}",
        path.display()
    )]
    Version {
        /// The file.
        path: PathBuf,
        /// The version it states.
        version: String,
    },
}

/// Reads every record file of a folder; a path to one file reads that file.
///
/// Files of a repository other than `expected` are skipped with a note. The
/// result does not depend on how lines are spread over files, nor on their order.
pub fn read_folder(path: &Path, expected: Option<&RepoName>) -> Result<Records, RecordsError> {
    let mut gathered = Gathered::default();
    for file in record_files(path)? {
        let failed = |source| RecordsError::Read { path: file.clone(), source };
        let opened = File::open(&file).map_err(failed)?;
        let name = file_name(&file);
        if has_ending(&name, ".zst") {
            let decoder = zstd::Decoder::new(opened).map_err(failed)?;
            read_file(BufReader::new(decoder), &file, expected, &mut gathered)?;
        } else {
            read_file(BufReader::new(opened), &file, expected, &mut gathered)?;
        }
    }
    Ok(gathered.finish())
}

/// Reads one record file from memory, as [`read_folder`] reads it from disk.
pub fn read_bytes(bytes: &[u8], expected: Option<&RepoName>) -> Result<Records, RecordsError> {
    let mut gathered = Gathered::default();
    read_file(bytes, Path::new("memory.ndjson"), expected, &mut gathered)?;
    Ok(gathered.finish())
}

fn record_files(path: &Path) -> Result<Vec<PathBuf>, RecordsError> {
    let failed = |source| RecordsError::Read { path: path.to_owned(), source };
    if std::fs::metadata(path).map_err(failed)?.is_file() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    for entry in std::fs::read_dir(path).map_err(failed)? {
        let file = entry.map_err(failed)?.path();
        let name = file_name(&file);
        if ENDINGS.iter().any(|ending| has_ending(&name, ending)) && file.is_file() {
            files.push(file);
        }
    }
    if files.is_empty() {
        return Err(RecordsError::NoFiles { path: path.to_owned() });
    }
    files.sort();
    Ok(files)
}

fn has_ending(name: &str, ending: &str) -> bool {
    name.to_ascii_lowercase().ends_with(ending)
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

fn read_file(
    reader: impl BufRead,
    path: &Path,
    expected: Option<&RepoName>,
    gathered: &mut Gathered,
) -> Result<(), RecordsError> {
    let failed = |source| RecordsError::Read { path: path.to_owned(), source };
    let mut lines = LineReader::new(reader, LONGEST_LINE);
    let first = match lines.next_line().map_err(failed)? {
        Some(Line::Whole(line)) => line,
        Some(Line::TooLong) => return Err(bad_header(path, "the line is too long")),
        None => return Err(bad_header(path, "the file is empty")),
    };
    if let Some(found) = foreign_repo(first, path, expected)? {
        gathered.skipped.push(SkippedFile { file: file_name(path), repo: found });
        return Ok(());
    }
    let mut number = 1;
    while let Some(line) = lines.next_line().map_err(failed)? {
        number += 1;
        let result = match line {
            Line::Whole(bytes) => read_line(bytes, gathered),
            Line::TooLong => Err(format!("longer than {} MiB", LONGEST_LINE >> 20)),
        };
        if let Err(why) = result {
            gathered.broken.push(BrokenLine { file: file_name(path), line: number, why });
        }
    }
    Ok(())
}

fn bad_header(path: &Path, why: &str) -> RecordsError {
    RecordsError::Header { path: path.to_owned(), why: why.to_owned() }
}

/// Checks the header; returns the repository it names if that is not the expected one.
fn foreign_repo(
    line: &[u8],
    path: &Path,
    expected: Option<&RepoName>,
) -> Result<Option<String>, RecordsError> {
    let line = line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line);
    let header: Value =
        serde_json::from_slice(line).map_err(|error| bad_header(path, &error.to_string()))?;
    if header["kind"] != "header" || header["format"] != "backstory-records" {
        return Err(bad_header(path, "`kind` or `format` is something else"));
    }
    let version = &header["version"];
    if version.as_u64() != Some(RECORD_FORMAT_VERSION) {
        return Err(RecordsError::Version { path: path.to_owned(), version: version.to_string() });
    }
    let named = match &header["repo"] {
        Value::Null => return Ok(None),
        Value::String(named) => named,
        _ => return Err(bad_header(path, "`repo` is not a text")),
    };
    let same = expected.is_none_or(|name| named.eq_ignore_ascii_case(&name.to_string()));
    Ok((!same).then(|| named.clone()))
}

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

/// Takes in one record line; the error says what is wrong with it.
fn read_line(bytes: &[u8], gathered: &mut Gathered) -> Result<(), String> {
    if bytes.trim_ascii().is_empty() {
        return Ok(());
    }
    gathered.line_digests.push(Hasher::digest(bytes.trim_ascii()).into());
    let text = std::str::from_utf8(bytes).map_err(|error| error.to_string())?;
    let Kind { kind } = typed(text)?;
    match kind.as_str() {
        "header" => return Err("a header stands inside the file".to_owned()),
        "issue" => gathered.issues.push(typed(text)?),
        "change" => gathered.changes.push(typed(text)?),
        "review" => gathered.reviews.push(typed(text)?),
        "comment" => gathered.comments.push(typed(text)?),
        "event" => gathered.events.push(typed(text)?),
        "ci_run" => gathered.runs.push(typed(text)?),
        "ci_job" => gathered.jobs.push(typed(text)?),
        "annotation" => gathered.annotations.push(typed(text)?),
        "test_result" => gathered.tests.push(typed(text)?),
        "log_ref" => gathered.logs.push(typed(text)?),
        _ => *gathered.other_kinds.entry(kind).or_default() += 1,
    }
    Ok(())
}

fn typed<T: DeserializeOwned>(text: &str) -> Result<T, String> {
    serde_json::from_str(text).map_err(|error| {
        // The parser sees one line, so its line number says nothing.
        let message = error.to_string();
        let (why, _) = message.rsplit_once(" at line ").unwrap_or((&message, ""));
        format!("{why} at column {}", error.column())
    })
}
