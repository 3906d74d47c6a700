//! Which units went where, in order, and is the record of it whole?
//!
//! The log is zstd JSON lines. Each line carries a checksum over itself and
//! the line before, and the last line is an end mark with the count, so that a
//! changed, missing, added or moved line shows, and a log cut at any byte still
//! gives every whole line before the cut.

use std::fs::File;
use std::io::{BufRead as _, BufReader, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use backstory_model::{Disposition, SchemaVersion, Sha256};
use serde::{Deserialize, Serialize};
use zstd::stream::{read::Decoder, write::Encoder};

use crate::blob::LEVEL;
use crate::unit::{from_json, sha256, to_json};
use crate::{RunDirectory, StoreError, fs};

const FORMAT: &str = "backstory-dispositions";

#[derive(Serialize, Deserialize)]
struct Header {
    format: String,
    schema: SchemaVersion,
}

#[derive(Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line {
    Unit { disposition: Box<Disposition>, chain: Sha256 },
    End { count: u64, chain: Sha256 },
}

fn link(before: &Sha256, content: &[u8]) -> Sha256 {
    sha256(&[before.as_str().as_bytes(), b"\n", content].concat())
}

/// Writes a log line by line.
pub struct LogWriter {
    path: PathBuf,
    file: Encoder<'static, BufWriter<File>>,
    chain: Sha256,
    count: u64,
}

impl std::fmt::Debug for LogWriter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogWriter").field("path", &self.path).finish_non_exhaustive()
    }
}

impl LogWriter {
    /// Begins a log at this path.
    pub fn create(path: &Path) -> Result<Self, StoreError> {
        let begin = || {
            let mut file = Encoder::new(BufWriter::new(File::create(path)?), LEVEL)?;
            file.include_checksum(true)?;
            Ok(file)
        };
        let file = begin().map_err(|source| StoreError::write(path, source))?;
        let header = to_json(&Header { format: FORMAT.to_owned(), schema: SchemaVersion::CURRENT });
        let mut log = Self { path: path.to_owned(), file, chain: sha256(&header), count: 0 };
        log.write_line(&header)?;
        Ok(log)
    }

    /// Appends one disposition.
    pub fn append(&mut self, disposition: &Disposition) -> Result<(), StoreError> {
        self.chain = link(&self.chain, &to_json(disposition));
        self.count += 1;
        let disposition = Box::new(disposition.clone());
        self.write_line(&to_json(&Line::Unit { disposition, chain: self.chain.clone() }))
    }

    /// Writes the end mark; a log without it is torn.
    pub fn finish(mut self) -> Result<(), StoreError> {
        let chain = link(&self.chain, self.count.to_string().as_bytes());
        self.write_line(&to_json(&Line::End { count: self.count, chain }))?;
        self.file
            .finish()
            .and_then(|mut file| file.flush())
            .map_err(|source| StoreError::write(&self.path, source))
    }

    fn write_line(&mut self, json: &[u8]) -> Result<(), StoreError> {
        // The flush ends a block, so that a reader gets every line before a cut.
        self.file
            .write_all(json)
            .and_then(|()| self.file.write_all(b"\n"))
            .and_then(|()| self.file.flush())
            .map_err(|source| StoreError::write(&self.path, source))
    }
}

/// Reads a log line by line; ends after the first error.
pub struct LogReader {
    path: PathBuf,
    lines: BufReader<Decoder<'static, BufReader<File>>>,
    chain: Sha256,
    count: u64,
    done: bool,
}

impl std::fmt::Debug for LogReader {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("LogReader").field("path", &self.path).finish_non_exhaustive()
    }
}

impl LogReader {
    /// Opens a log and reads its header.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        let decoder =
            Decoder::new(fs::open(path)?).map_err(|source| StoreError::read(path, source))?;
        let mut reader = Self {
            path: path.to_owned(),
            lines: BufReader::new(decoder),
            chain: sha256(b""),
            count: 0,
            done: false,
        };
        let header = reader.read_line()?;
        let parsed: Header = from_json(path, &header)?;
        if parsed.format != FORMAT {
            return Err(reader.damaged("it is not a log of dispositions"));
        }
        reader.chain = sha256(&header);
        Ok(reader)
    }

    fn damaged(&self, what: &str) -> StoreError {
        StoreError::damaged(&self.path, format!("after line {}, {what}", self.count + 1))
    }

    /// Reads one line without its line feed.
    fn read_line(&mut self) -> Result<Vec<u8>, StoreError> {
        let mut line = Vec::new();
        let read = self.lines.read_until(b'\n', &mut line);
        match read {
            Ok(_) if line.last() == Some(&b'\n') => {
                line.pop();
                Ok(line)
            }
            Ok(_) => Err(self.damaged("it ends without its end mark")),
            Err(_) => Err(self.damaged("it is torn or altered")),
        }
    }

    fn read_next(&mut self) -> Result<Option<Disposition>, StoreError> {
        let text = self.read_line()?;
        let line: Line = serde_json::from_slice(&text)
            .map_err(|error| self.damaged(&format!("a line does not parse: {error}")))?;
        match line {
            Line::Unit { disposition, chain } => {
                self.check_chain(&to_json(&disposition), &chain)?;
                self.count += 1;
                Ok(Some(*disposition))
            }
            Line::End { count, chain } => {
                self.check_chain(self.count.to_string().as_bytes(), &chain)?;
                let rest = self.lines.fill_buf().map(<[u8]>::len);
                match rest {
                    Ok(0) if count == self.count => Ok(None),
                    _ => Err(self.damaged("something follows the end mark")),
                }
            }
        }
    }

    fn check_chain(&mut self, content: &[u8], chain: &Sha256) -> Result<(), StoreError> {
        self.chain = link(&self.chain, content);
        if self.chain == *chain { Ok(()) } else { Err(self.damaged("a checksum does not match")) }
    }
}

impl Iterator for LogReader {
    type Item = Result<Disposition, StoreError>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.done {
            return None;
        }
        let read = self.read_next();
        self.done = !matches!(read, Ok(Some(_)));
        read.transpose()
    }
}

impl RunDirectory {
    /// Reads where every unit went, one at a time, in collect order.
    pub fn dispositions(&self) -> Result<LogReader, StoreError> {
        match LogReader::open(&self.log_path()) {
            Err(error) if error.is_not_found() => {
                Err(StoreError::Incomplete { path: self.path().to_owned() })
            }
            other => other,
        }
    }
}
