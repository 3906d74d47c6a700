//! How do records and logs lie on disk?
//!
//! In: records one by one, and logs. Out: `NAME-DIGEST.ndjson.zst` files that
//! begin with a header, and `logs/AB/SHA256.zst`. Files never change and are
//! named by their content, so that importing a dump again adds nothing. Holds
//! one line in memory at a time.

use std::io::{self, BufRead, Read, Write};
use std::path::{Path, PathBuf};

use backstory_model::{LogRefRecord, Record, RecordHeader, RecordId, RepoName, Sha256};
use backstory_store::fs::{self, NewFile};
use backstory_store::lines::{Line, LineReader};
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256 as Hasher};

use crate::redact::{RedactingReader, Redactor};
use crate::unpack::unpacked;
use crate::{LONGEST_ITEM, RECORD_FORMAT_VERSION, RecordsError};

/// Fast, and within a tenth of the size of the default level.
const LEVEL: i32 = 1;

/// A folder of record files.
#[derive(Debug)]
pub struct RecordFolder {
    path: PathBuf,
    redactor: Redactor,
}

/// A record file that was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredFile {
    /// Its name in the folder.
    pub name: String,
    /// How many records it holds.
    pub records: u64,
    /// How many secrets were taken out.
    pub redactions: u64,
    /// Whether the folder held it before.
    pub known: bool,
}

/// What a log belongs to.
#[derive(Clone, Debug, Default)]
pub struct LogName {
    /// The job.
    pub job: Option<RecordId>,
    /// The step, by number.
    pub step: Option<u64>,
    /// What the log is called in its dump.
    pub name: Option<String>,
    /// Whether the end is there.
    pub complete: bool,
    /// When it was read, RFC 3339.
    pub observed_at: Option<String>,
}

impl RecordFolder {
    /// Opens the folder; makes it if it does not exist.
    pub fn open(path: &Path) -> Result<Self, RecordsError> {
        fs::create_dirs(path)?;
        Ok(Self { path: path.to_owned(), redactor: Redactor::default() })
    }

    /// Takes secrets out with this redactor.
    #[must_use]
    pub fn with_redactor(self, redactor: Redactor) -> Self {
        Self { redactor, ..self }
    }

    /// Returns where it lies.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// Begins a record file; `source` says in words where the records come from.
    ///
    /// `stem` is the first part of the name the file will have. What writers that were
    /// killed had begun is removed.
    pub fn writer(
        &self,
        stem: &'static str,
        source: &str,
        repo: Option<&RepoName>,
    ) -> Result<RecordWriter, RecordsError> {
        let header = RecordHeader {
            kind: "header".to_owned(),
            format: "backstory-records".to_owned(),
            version: RECORD_FORMAT_VERSION,
            source: Some(source.to_owned()),
            repo: repo.map(ToString::to_string),
            authors: None,
            identity_key: None,
        };
        fs::remove_abandoned(&self.path)?;
        let logs = self.path.join("logs");
        if logs.is_dir() {
            fs::remove_abandoned(&logs)?;
        }
        RecordWriter::begin(self, stem, &header)
    }

    /// Stores a log without its secrets; returns its record. The same bytes are stored once.
    pub fn store_log(
        &self,
        log: &mut dyn Read,
        named: &LogName,
    ) -> Result<LogRefRecord, RecordsError> {
        let failed = RecordsError::write(&self.path);
        let folder = self.path.join("logs");
        fs::create_dirs(&folder)?;
        let file = NewFile::create(&folder.join("log"))?;
        let mut out = zstd::Encoder::new(file, LEVEL).map_err(RecordsError::write(&self.path))?;
        let mut log = RedactingReader::new(&self.redactor, log);
        let told = copy_log(&mut log, &mut out).map_err(failed)?;
        let redactions = log.redactions();
        let file = out.finish().map_err(RecordsError::write(&self.path))?;
        let place = self.log_place(&told.sha256);
        if place.exists() {
            drop(file);
        } else {
            fs::create_dirs(place.parent().unwrap_or(&folder))?;
            file.commit_as(&place)?;
        }
        Ok(LogRefRecord {
            id: RecordId::new(format!("log:{}", told.sha256)),
            job: named.job.clone(),
            step: named.step,
            name: named.name.clone(),
            sha256: told.sha256,
            bytes: told.bytes,
            encoding: if told.utf8 { "utf-8" } else { "binary" }.to_owned(),
            complete: named.complete,
            redactions,
            observed_at: named.observed_at.clone(),
        })
    }

    /// Opens a stored log.
    pub fn log(&self, digest: &Sha256) -> Result<impl BufRead + use<>, RecordsError> {
        let place = self.log_place(digest);
        let file = fs::open(&place)?;
        let decoder = zstd::Decoder::new(file).map_err(RecordsError::read(&place))?;
        Ok(io::BufReader::new(decoder))
    }

    fn log_place(&self, digest: &Sha256) -> PathBuf {
        log_place(&self.path.join("logs"), digest)
    }
}

/// Returns where a log lies in a folder of logs.
pub(crate) fn log_place(logs: &Path, digest: &Sha256) -> PathBuf {
    logs.join(&digest.as_str()[..2]).join(format!("{digest}.zst"))
}

/// Returns every record file of a folder (or the one file that is given) with its header.
pub(crate) fn record_files(path: &Path) -> Result<Vec<(PathBuf, RecordHeader)>, RecordsError> {
    let kind = std::fs::metadata(path).map_err(RecordsError::read(path))?;
    let files = if kind.is_file() { vec![path.to_owned()] } else { fs::entries(path)? };
    let named_so = |file: &Path| {
        let name = file.file_name().unwrap_or_default().to_string_lossy().to_ascii_lowercase();
        let name = name.strip_suffix(".zst").unwrap_or(&name);
        name.rsplit_once('.').is_some_and(|(_, end)| matches!(end, "ndjson" | "jsonl"))
    };
    let is_record_file = |file: &PathBuf| *file == path || (named_so(file) && file.is_file());
    let headed = |file: PathBuf| read_header(&file).map(|header| (file, header));
    files.into_iter().filter(is_record_file).map(headed).collect()
}

fn read_header(path: &Path) -> Result<RecordHeader, RecordsError> {
    let file = unpacked(fs::open(path)?).map_err(RecordsError::read(path))?;
    let mut lines = LineReader::new(io::BufReader::new(file), LONGEST_ITEM);
    let refuse = |why: String| RecordsError::Header { path: path.to_owned(), why };
    let line = match lines.next_line().map_err(RecordsError::read(path))? {
        Some(Line::Whole(line)) => line.strip_prefix(b"\xef\xbb\xbf").unwrap_or(line),
        Some(Line::TooLong) => return Err(refuse("the line is too long".to_owned())),
        None => return Err(refuse("the file is empty".to_owned())),
    };
    let header: RecordHeader =
        serde_json::from_slice(line).map_err(|error| refuse(error.to_string()))?;
    if header.kind != "header" || header.format != "backstory-records" {
        return Err(refuse("`kind` or `format` is something else".to_owned()));
    }
    if header.version != RECORD_FORMAT_VERSION {
        return Err(refuse(format!("version {} is not read", header.version)));
    }
    Ok(header)
}

struct Told {
    sha256: Sha256,
    bytes: u64,
    utf8: bool,
}

/// Copies a log in pieces of bounded size.
fn copy_log(log: &mut dyn Read, out: &mut dyn Write) -> io::Result<Told> {
    let mut hasher = Hasher::new();
    let mut buffer = vec![0; 64 << 10];
    let (mut bytes, mut utf8, mut rest) = (0_u64, true, Vec::new());
    loop {
        let read = log.read(&mut buffer)?;
        if read == 0 {
            break;
        }
        let piece = &buffer[..read];
        hasher.update(piece);
        out.write_all(piece)?;
        bytes += read as u64;
        rest.extend_from_slice(piece);
        rest = match std::str::from_utf8(&rest) {
            Ok(_) => Vec::new(),
            Err(error) => {
                utf8 &= error.error_len().is_none();
                rest.split_off(if utf8 { error.valid_up_to() } else { rest.len() })
            }
        };
    }
    let utf8 = utf8 && rest.is_empty();
    Ok(Told { sha256: Sha256::from_digest(&hasher.finalize()), bytes, utf8 })
}

/// Writes one record file.
pub struct RecordWriter {
    folder: PathBuf,
    redactor: Redactor,
    stem: &'static str,
    out: zstd::Encoder<'static, NewFile>,
    hasher: Hasher,
    records: u64,
    redactions: u64,
}

impl RecordWriter {
    fn begin(
        within: &RecordFolder,
        stem: &'static str,
        header: &RecordHeader,
    ) -> Result<Self, RecordsError> {
        let beside = match &header.repo {
            Some(repo) => format!("{stem}.{}", repo.replace('/', "+")),
            None => stem.to_owned(),
        };
        let folder = &within.path;
        let file = NewFile::create(&folder.join(beside))?;
        let out = zstd::Encoder::new(file, LEVEL).map_err(RecordsError::write(folder))?;
        let mut writer = Self {
            folder: folder.clone(),
            redactor: within.redactor.clone(),
            stem,
            out,
            hasher: Hasher::new(),
            records: 0,
            redactions: 0,
        };
        let line = serde_json::to_vec(header)
            .map_err(|source| RecordsError::Json { id: "header".to_owned(), source })?;
        writer.put(&line)?;
        Ok(writer)
    }

    /// Adds a record; `raw` is the object it was read from, kept as it is.
    pub fn add(&mut self, record: &Record, raw: Option<&RawValue>) -> Result<(), RecordsError> {
        let line = serde_json::to_vec(record)
            .map_err(|source| RecordsError::Json { id: record.id().to_string(), source })?;
        self.add_raw(line, raw)
    }

    /// Adds a line that holds an object, with the object it was read from.
    pub(crate) fn add_raw(
        &mut self,
        mut line: Vec<u8>,
        raw: Option<&RawValue>,
    ) -> Result<(), RecordsError> {
        if let Some(raw) = raw {
            line.pop();
            line.extend_from_slice(br#","raw":"#);
            one_line(raw.get().as_bytes(), &mut line);
            line.push(b'}');
        }
        self.add_line(&line)
    }

    /// Adds a record that is a line already; secrets in it are taken out.
    pub fn add_line(&mut self, line: &[u8]) -> Result<(), RecordsError> {
        self.records += 1;
        let (line, redactions) = self.redactor.redact_json(line);
        self.redactions += redactions;
        self.put(&line)
    }

    fn put(&mut self, line: &[u8]) -> Result<(), RecordsError> {
        for part in [line, b"\n"] {
            self.hasher.update(part);
            self.out.write_all(part).map_err(RecordsError::write(&self.folder))?;
        }
        Ok(())
    }

    /// Puts the file in its place; one without records is not kept.
    pub fn finish(self) -> Result<Option<StoredFile>, RecordsError> {
        if self.records == 0 {
            return Ok(None);
        }
        let digest = Sha256::from_digest(&self.hasher.finalize());
        let name = format!("{}-{}.ndjson.zst", self.stem, &digest.as_str()[..16]);
        let file = self.out.finish().map_err(RecordsError::write(&self.folder))?;
        let place = self.folder.join(&name);
        let known = place.exists();
        if !known {
            file.commit_as(&place)?;
        }
        let (records, redactions) = (self.records, self.redactions);
        Ok(Some(StoredFile { name, records, redactions, known }))
    }
}

/// Copies JSON without line ends; between tokens they mean nothing, and inside
/// strings JSON does not allow them.
fn one_line(json: &[u8], line: &mut Vec<u8>) {
    for piece in json.split(|byte| matches!(byte, b'\n' | b'\r')) {
        line.extend_from_slice(piece);
    }
}
