//! Which answers does a collection have already?
//!
//! In: answers, in the order in which they were asked for. Out: the same answers
//! in the same order when the collection goes on after it was killed. Every answer
//! is one packed, checksummed piece at the end of the file, on disk before it is
//! used; what a kill left of the last piece is cut off. Holds one answer at a time.

use std::fs::{File, OpenOptions};
use std::io::{self, BufReader, Read as _, Seek as _, SeekFrom, Write as _};
use std::path::{Path, PathBuf};

use backstory_model::LogRefRecord;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::CollectError;
use super::client::Answer;
use crate::RecordsError;

/// No piece is longer; a longer one is damage.
const LONGEST_PIECE: u64 = 1 << 30;

/// Length and checksum of a piece.
const FRAME: usize = 16;

/// One question and its answer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Entry {
    /// The path that was asked.
    pub(crate) asked: String,
    /// The answer; its body is empty for files.
    pub(crate) answer: Answer,
    /// The log that was stored, where one was asked for.
    pub(crate) log: Option<LogRefRecord>,
}

#[derive(Serialize, Deserialize)]
struct Head {
    asked: String,
    status: u16,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    date: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    etag: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    next: Option<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    log: Option<LogRefRecord>,
}

/// The answers of one collection that is not finished.
#[derive(Debug)]
pub(crate) struct Journal {
    path: PathBuf,
    file: File,
    /// What is left to read; `None` once everything was.
    reader: Option<BufReader<File>>,
    at: u64,
}

impl Journal {
    /// Opens a journal, or begins one. One process alone has it open.
    pub(crate) fn open(path: &Path) -> Result<Self, CollectError> {
        let failed = || RecordsError::write(path);
        let file = OpenOptions::new()
            .create(true)
            .truncate(false)
            .read(true)
            .write(true)
            .open(path)
            .map_err(failed())?;
        match file.try_lock() {
            Ok(()) => {}
            Err(std::fs::TryLockError::WouldBlock) => {
                return Err(CollectError::Busy { path: path.to_owned() });
            }
            Err(std::fs::TryLockError::Error(error)) => return Err(failed()(error).into()),
        }
        let reader = BufReader::new(File::open(path).map_err(failed())?);
        Ok(Self { path: path.to_owned(), file, reader: Some(reader), at: 0 })
    }

    /// Returns where it lies.
    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns the next answer from before; `None` once there is none.
    pub(crate) fn next_entry(&mut self) -> Result<Option<Entry>, CollectError> {
        let Some(reader) = &mut self.reader else { return Ok(None) };
        let piece = read_piece(reader).map_err(RecordsError::read(&self.path))?;
        if let Some((entry, length)) = piece {
            self.at += length;
            return Ok(Some(entry));
        }
        self.reader = None;
        // What a kill left of the last piece would hide the pieces after it.
        let cut = self.file.set_len(self.at);
        cut.and_then(|()| self.file.seek(SeekFrom::Start(self.at)))
            .map_err(RecordsError::write(&self.path))?;
        Ok(None)
    }

    /// Adds an answer; it is on disk when this returns.
    pub(crate) fn append(&mut self, entry: &Entry) -> Result<(), CollectError> {
        let failed = RecordsError::write(&self.path);
        let packed = pack(entry).map_err(failed)?;
        let mut piece = Vec::with_capacity(packed.len() + FRAME);
        piece.extend_from_slice(&(packed.len() as u64).to_le_bytes());
        piece.extend_from_slice(&Sha256::digest(&packed)[..8]);
        piece.extend_from_slice(&packed);
        let written = self.file.write_all(&piece).and_then(|()| self.file.sync_data());
        written.map_err(RecordsError::write(&self.path))?;
        self.at += piece.len() as u64;
        Ok(())
    }
}

fn pack(entry: &Entry) -> io::Result<Vec<u8>> {
    let Entry { asked, answer, log } = entry;
    let Answer { status, date, etag, next, body } = answer;
    let head = Head {
        asked: asked.clone(),
        status: *status,
        date: date.clone(),
        etag: etag.clone(),
        next: next.clone(),
        log: log.clone(),
    };
    let mut content = serde_json::to_vec(&head)?;
    content.push(b'\n');
    content.extend_from_slice(body);
    zstd::encode_all(content.as_slice(), 3)
}

/// Reads one piece with its length; `None` at the end, or where only a part is there.
fn read_piece(reader: &mut impl io::Read) -> io::Result<Option<(Entry, u64)>> {
    let mut frame = [0; FRAME];
    if !filled(reader, &mut frame)? {
        return Ok(None);
    }
    let (length, sum) = frame.split_at(8);
    let length = u64::from_le_bytes(length.try_into().unwrap_or_default());
    if length > LONGEST_PIECE {
        return Ok(None);
    }
    let mut packed = Vec::new();
    reader.by_ref().take(length).read_to_end(&mut packed)?;
    if packed.len() as u64 != length || Sha256::digest(&packed)[..8] != *sum {
        return Ok(None);
    }
    Ok(unpack(&packed).map(|entry| (entry, length + FRAME as u64)))
}

fn filled(reader: &mut impl io::Read, buffer: &mut [u8]) -> io::Result<bool> {
    match reader.read_exact(buffer) {
        Ok(()) => Ok(true),
        Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => Ok(false),
        Err(error) => Err(error),
    }
}

fn unpack(packed: &[u8]) -> Option<Entry> {
    let mut content = zstd::decode_all(packed).ok()?;
    let line = memchr::memchr(b'\n', &content)?;
    let body = content.split_off(line + 1);
    let Head { asked, status, date, etag, next, log } = serde_json::from_slice(&content).ok()?;
    Some(Entry { asked, answer: Answer { status, date, etag, next, body }, log })
}

#[cfg(test)]
mod tests {
    use super::{Answer, Entry, Journal};

    fn entry(number: u16) -> Entry {
        let body = format!("[{{\"number\":{number}}}]\n\n").into_bytes();
        let next = Some("https://forge.example/next".to_owned());
        let answer = Answer { status: number, next, body, ..Answer::default() };
        Entry { asked: format!("/{number}"), answer, log: None }
    }

    fn read_all(journal: &mut Journal) -> Vec<Entry> {
        std::iter::from_fn(|| journal.next_entry().expect("a readable journal")).collect()
    }

    #[test]
    fn a_journal_cut_at_any_byte_gives_every_whole_answer_and_takes_more() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let mut journal = Journal::open(&path).expect("a new journal");
        assert_eq!(read_all(&mut journal), []);
        let ends: Vec<u64> = (1..=3)
            .map(|number| {
                journal.append(&entry(number)).expect("room");
                journal.at
            })
            .collect();
        drop(journal);
        let whole = std::fs::File::open(&path).expect("the journal");
        let size = whole.metadata().expect("a size").len();
        for cut in (0..=size).rev() {
            let file = std::fs::OpenOptions::new().write(true).open(&path).expect("the journal");
            file.set_len(cut).expect("a cut");
            let mut journal = Journal::open(&path).expect("a cut journal");
            let kept = ends.iter().filter(|end| **end <= cut).count();
            assert_eq!(read_all(&mut journal).len(), kept, "cut at {cut}");
        }
        let mut journal = Journal::open(&path).expect("an empty journal");
        assert_eq!(read_all(&mut journal), []);
        journal.append(&entry(9)).expect("room");
        drop(journal);
        let mut journal = Journal::open(&path).expect("the journal");
        assert_eq!(read_all(&mut journal), [entry(9)]);
    }

    #[test]
    fn two_collections_do_not_share_a_journal() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("journal");
        let _first = Journal::open(&path).expect("a new journal");
        let error = Journal::open(&path).expect_err("it is in use");
        assert!(error.to_string().starts_with("another collection is at work"), "{error}");
    }
}
