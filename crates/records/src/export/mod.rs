//! How do the records of a folder become one file that is always the same?
//!
//! In: a records folder. Out: one neutral file with every record of one repository
//! once, by kind, id and version, with pseudonyms for the people in it unless asked
//! otherwise, and on wish a folder with the logs it names.
//! A line that cannot be read is left out and said. Memory is bounded: lines are
//! sorted in pieces on disk. Touches the folder and the files it writes.

mod people;
mod sort;

use std::io::{self, BufReader, Write};
use std::path::{Path, PathBuf};

use backstory_identity::Authors;
use backstory_model::{Record, RecordHeader, RepoName};
use backstory_store::fs::{self, NewFile};
use backstory_store::lines::{Line, LineReader};

use self::sort::{Keyed, Sorter};
use crate::folder::{log_place, record_files};
use crate::line::{canonical, record_of};
use crate::{LONGEST_ITEM, RECORD_FORMAT_VERSION, RecordsError};

/// How many lines that are left out are told one by one.
const MOST_LEFT_OUT: usize = 100;

/// The choices of an export.
#[derive(Clone, Debug, Default)]
pub struct ExportOptions {
    /// The repository whose records are written; needed where the folder holds several.
    pub repo: Option<RepoName>,
    /// The folder to copy logs to.
    pub logs: Option<PathBuf>,
    /// How people are named.
    pub authors: Authors,
}

/// What was exported.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Exported {
    /// How many records were written.
    pub records: u64,
    /// How many lines held a record that was there already.
    pub repeated: u64,
    /// How many logs were copied.
    pub logs: u64,
    /// The first things that were left out, in one sentence each.
    pub left_out: Vec<String>,
    /// How many things were left out.
    pub left_out_count: u64,
}

impl Exported {
    fn leave_out(&mut self, sentence: impl FnOnce() -> String) {
        self.left_out_count += 1;
        if self.left_out.len() < MOST_LEFT_OUT {
            self.left_out.push(sentence());
        }
    }
}

/// Writes the records of a folder, or of one file, to `out`.
pub fn export(
    records: &Path,
    out: &Path,
    options: &ExportOptions,
) -> Result<Exported, RecordsError> {
    let mut exported = Exported::default();
    let files = record_files(records)?;
    let repo = chosen(records, &files, options.repo.as_ref())?;
    let beside = out.parent().filter(|parent| !parent.as_os_str().is_empty());
    let beside = beside.unwrap_or(Path::new("."));
    fs::create_dirs(beside)?;
    let mut sorter = Sorter::new(beside);
    for (file, header) in &files {
        let stranger = header.repo.as_deref().is_some_and(|name| Some(name) != repo.as_deref());
        if !stranger {
            gather(file, (beside, &options.authors), &mut sorter, &mut exported)?;
        }
    }
    let header = header(repo, &options.authors);
    let mut place = NewFile::create(out)?;
    let packed = out.extension().is_some_and(|ending| ending == "zst");
    let failed = RecordsError::write(beside);
    let logs = options.logs.as_deref().map(|to| (records, to));
    if packed {
        let mut encoder = zstd::Encoder::new(place, 0).map_err(RecordsError::write(beside))?;
        write(sorter, (&header, beside), logs, &mut encoder, &mut exported)?;
        place = encoder.finish().map_err(failed)?;
    } else {
        write(sorter, (&header, beside), logs, &mut place, &mut exported)?;
    }
    place.commit()?;
    Ok(exported)
}

/// Returns the one repository to write; files that name none belong to any.
fn chosen(
    folder: &Path,
    files: &[(PathBuf, RecordHeader)],
    wanted: Option<&RepoName>,
) -> Result<Option<String>, RecordsError> {
    let mut named: Vec<&String> =
        files.iter().filter_map(|(_, header)| header.repo.as_ref()).collect();
    named.sort();
    named.dedup();
    let refuse = || {
        let found = named.iter().map(|name| format!("`{name}`")).collect();
        Err(RecordsError::Repositories { path: folder.to_owned(), found })
    };
    match (wanted.map(ToString::to_string), named.as_slice()) {
        (Some(wanted), []) => Ok(Some(wanted)),
        (Some(wanted), _) if named.contains(&&wanted) => Ok(Some(wanted)),
        (None, []) => Ok(None),
        (None, [one]) => Ok(Some((*one).clone())),
        (Some(_) | None, _) => refuse(),
    }
}

/// Takes the records of one file.
fn gather(
    path: &Path,
    (beside, authors): (&Path, &Authors),
    sorter: &mut Sorter,
    exported: &mut Exported,
) -> Result<(), RecordsError> {
    let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
    let file = crate::unpack::unpacked(fs::open(path)?).map_err(RecordsError::read(path))?;
    let mut lines = LineReader::new(BufReader::with_capacity(64 << 10, file), LONGEST_ITEM);
    let mut number = 0_u64;
    loop {
        number += 1;
        let line = match lines.next_line() {
            Ok(Some(line)) => line,
            Ok(None) => return Ok(()),
            Err(error) => {
                exported.leave_out(|| format!("`{name}` is cut at line {number}: {error}"));
                return Ok(());
            }
        };
        let why = match line {
            Line::Whole(_) if number == 1 => continue,
            Line::Whole(line) if line.trim_ascii().is_empty() => continue,
            Line::Whole(line) => match keyed(line, authors) {
                Ok(Some(keyed)) => {
                    sorter.push(keyed).map_err(RecordsError::write(beside))?;
                    continue;
                }
                Ok(None) => "its kind is not kept".to_owned(),
                Err(why) => why.to_string(),
            },
            Line::TooLong => format!("longer than {} MiB", LONGEST_ITEM >> 20),
        };
        exported.leave_out(|| format!("`{name}` line {number}: {why}"));
    }
}

fn keyed(line: &[u8], authors: &Authors) -> Result<Option<Keyed>, serde_json::Error> {
    let Some(record) = record_of(line)? else { return Ok(None) };
    if *authors == Authors::Plain {
        return Ok(Some(Keyed { key: key_of(&record), line: canonical(line, &record)? }));
    }
    let mut hidden = record.clone();
    people::hide(&mut hidden, authors);
    let line = people::hidden_line(line, &record, &hidden)?;
    Ok(Some(Keyed { key: key_of(&hidden), line }))
}

/// Returns what records are ordered by: kind, id with its numbers as numbers, time of reading.
fn key_of(record: &Record) -> Vec<u8> {
    let (rank, observed_at) = match record {
        Record::Issue(record) => (0, &record.observed_at),
        Record::Change(record) => (1, &record.observed_at),
        Record::Review(record) => (2, &record.observed_at),
        Record::Comment(record) => (3, &record.observed_at),
        Record::Event(record) => (4, &record.observed_at),
        Record::CiRun(record) => (5, &record.observed_at),
        Record::CiJob(record) => (6, &record.observed_at),
        Record::Annotation(record) => (7, &record.observed_at),
        Record::TestResult(record) => (8, &record.observed_at),
        Record::LogRef(record) => (9, &record.observed_at),
    };
    let mut key = vec![rank];
    let id = record.id().as_str();
    let digits = |c: char| c.is_ascii_digit();
    let mut rest = id;
    while let Some(start) = rest.find(digits) {
        let (before, number) = rest.split_at(start);
        let end = number.find(|c| !digits(c)).unwrap_or(number.len());
        let (number, after) = number.split_at(end);
        key.extend_from_slice(before.as_bytes());
        key.push(b'0');
        key.extend_from_slice(&(number.len() as u64).to_be_bytes());
        key.extend_from_slice(number.as_bytes());
        rest = after;
    }
    key.extend_from_slice(rest.as_bytes());
    key.push(0);
    key.extend_from_slice(observed_at.as_deref().unwrap_or("").as_bytes());
    key
}

fn header(repo: Option<String>, authors: &Authors) -> RecordHeader {
    RecordHeader {
        kind: "header".to_owned(),
        format: "backstory-records".to_owned(),
        version: RECORD_FORMAT_VERSION,
        source: Some("backstory records export".to_owned()),
        repo,
        authors: Some(authors.as_str().to_owned()),
        identity_key: authors.key_word().map(str::to_owned),
    }
}

/// Writes the header and all lines; copies the logs they name.
fn write(
    sorter: Sorter,
    (header, place): (&RecordHeader, &Path),
    logs: Option<(&Path, &Path)>,
    out: &mut dyn Write,
    exported: &mut Exported,
) -> Result<(), RecordsError> {
    let failed = |source| RecordsError::Json { id: "header".to_owned(), source };
    let header = serde_json::to_string(header).map_err(failed)?;
    writeln!(out, "{header}").map_err(RecordsError::write(place))?;
    let mut copied = Ok(());
    let repeated = sorter.finish(|one| {
        exported.records += 1;
        out.write_all(&one.line)?;
        out.write_all(b"\n")?;
        if let (Some((from, to)), Ok(())) = (logs, &copied) {
            copied = copy_log(&one.line, from, to, exported);
        }
        Ok(())
    });
    exported.repeated = repeated.map_err(RecordsError::write(place))?;
    copied
}

/// Copies the log a line names, if it is the record of one.
fn copy_log(
    line: &[u8],
    from: &Path,
    to: &Path,
    exported: &mut Exported,
) -> Result<(), RecordsError> {
    if !line.starts_with(br#"{"kind":"log_ref""#) {
        return Ok(());
    }
    let Ok(Some(Record::LogRef(record))) = record_of(line) else { return Ok(()) };
    let place = log_place(to, &record.sha256);
    if place.exists() {
        return Ok(());
    }
    let from = log_place(&from.join("logs"), &record.sha256);
    if !from.is_file() {
        exported.leave_out(|| format!("log `{}` is not in the folder", record.sha256));
        return Ok(());
    }
    fs::create_dirs(place.parent().unwrap_or(to))?;
    let mut file = NewFile::create(&place)?;
    let mut reader = fs::open(&from)?;
    io::copy(&mut reader, &mut file).map_err(RecordsError::write(to))?;
    file.commit()?;
    exported.logs += 1;
    Ok(())
}
