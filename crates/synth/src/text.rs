//! What does a blob say, if it is text?
//!
//! In: blob ids. Out: [`Text`]s, cached by id and bounded, so that a file that
//! ten units share is read and checked once. Reads blobs through the
//! repository port.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, OnceLock};

use backstory_model::{BlobId, FileMode, OpaqueReason, Repository, RepositoryError};
use backstory_syntax::diff;

/// A UTF-8 text of at most the limit, without a NUL byte.
#[derive(Debug)]
pub struct Text {
    bytes: Arc<[u8]>,
    starts: OnceLock<Box<[u32]>>,
    words: OnceLock<Box<[u64]>>,
}

impl Text {
    /// Takes bytes that are text as [`classify`] says.
    pub fn new(bytes: Arc<[u8]>) -> Self {
        Self { bytes, starts: OnceLock::new(), words: OnceLock::new() }
    }

    /// Returns the bytes.
    pub fn bytes(&self) -> &Arc<[u8]> {
        &self.bytes
    }

    /// Returns the text.
    ///
    /// # Panics
    ///
    /// When the bytes are not UTF-8, which [`classify`] rules out.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.bytes).expect("a text was checked to be UTF-8")
    }

    /// Returns the lines, each with its line end.
    pub fn lines(&self) -> Vec<&[u8]> {
        diff::lines(&self.bytes)
    }

    /// Returns how many lines there are.
    pub fn line_count(&self) -> u32 {
        u32::try_from(self.starts().len()).unwrap_or(u32::MAX)
    }

    /// Returns the 1-based line that holds the byte at `offset`.
    pub fn line_at(&self, offset: usize) -> u32 {
        let after = self.starts().partition_point(|start| *start as usize <= offset);
        u32::try_from(after).unwrap_or(u32::MAX)
    }

    /// Returns the 1-based line without its line end.
    pub fn line(&self, number: u32) -> &str {
        let starts = self.starts();
        let at = number as usize - 1;
        let from = starts[at] as usize;
        let to = starts.get(at + 1).map_or(self.bytes.len(), |next| *next as usize);
        let line = &self.as_str()[from..to];
        let line = line.strip_suffix('\n').unwrap_or(line);
        line.strip_suffix('\r').unwrap_or(line)
    }

    /// Returns false only when the word does not occur as a word.
    pub fn may_hold_word(&self, word: &str) -> bool {
        let words = self.words.get_or_init(|| {
            let mut hashes: Vec<u64> = words(&self.bytes).map(hash).collect();
            hashes.sort_unstable();
            hashes.dedup();
            hashes.into_boxed_slice()
        });
        words.binary_search(&hash(word.as_bytes())).is_ok()
    }

    fn starts(&self) -> &[u32] {
        self.starts.get_or_init(|| {
            let mut starts = Vec::new();
            if !self.bytes.is_empty() {
                starts.push(0);
            }
            let inner = self.bytes.len().saturating_sub(1);
            starts.extend(
                memchr::memchr_iter(b'\n', &self.bytes[..inner])
                    .map(|at| u32::try_from(at + 1).unwrap_or(u32::MAX)),
            );
            starts.into_boxed_slice()
        })
    }
}

/// Returns true for bytes that make up words: letters, digits, `_` and 0x80 up.
pub fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Splits bytes into maximal runs of word bytes.
pub fn words(bytes: &[u8]) -> impl Iterator<Item = &[u8]> {
    bytes.split(|byte| !is_word_byte(*byte)).filter(|word| !word.is_empty())
}

/// FNV-1a; collisions only cost a scan.
fn hash(word: &[u8]) -> u64 {
    word.iter().fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

/// Returns why these bytes are not shown as text, or `None` if they are.
pub fn classify(bytes: &[u8], limit: u64) -> Option<OpaqueReason> {
    if bytes.len() as u64 > limit {
        Some(OpaqueReason::TooLarge)
    } else if memchr::memchr(0, bytes).is_some() {
        Some(OpaqueReason::Binary)
    } else if std::str::from_utf8(bytes).is_err() {
        Some(OpaqueReason::NotUtf8)
    } else {
        None
    }
}

type Known = Result<Arc<Text>, OpaqueReason>;

#[derive(Debug, Default)]
struct Shelf {
    #[expect(clippy::disallowed_types, reason = "looked up by id, never iterated")]
    known: std::collections::HashMap<BlobId, Known>,
    order: VecDeque<BlobId>,
    bytes: usize,
}

/// Remembers the texts of a repository; safe to share between threads.
#[derive(Debug)]
pub struct TextCache {
    shelf: Mutex<Shelf>,
    limit: u64,
    capacity: usize,
}

impl TextCache {
    /// Makes an empty cache for texts of at most `limit` bytes, holding at most
    /// `capacity` bytes in all.
    pub fn new(limit: u64, capacity: usize) -> Self {
        Self { shelf: Mutex::new(Shelf::default()), limit, capacity }
    }

    /// Returns the largest size of a text.
    pub fn limit(&self) -> u64 {
        self.limit
    }

    /// Returns the text of a file, or why it is not shown.
    pub fn text(
        &self,
        repo: &dyn Repository,
        mode: FileMode,
        id: &BlobId,
    ) -> Result<Known, RepositoryError> {
        if mode == FileMode::Submodule {
            return Ok(Err(OpaqueReason::Submodule));
        }
        if let Some(known) = self.lock().known.get(id) {
            return Ok(known.clone());
        }
        let known = self.read(repo, id)?;
        self.remember(id, &known);
        Ok(known)
    }

    fn read(&self, repo: &dyn Repository, id: &BlobId) -> Result<Known, RepositoryError> {
        match repo.blob_size(id)? {
            None => return Ok(Err(OpaqueReason::Missing)),
            Some(size) if size > self.limit => return Ok(Err(OpaqueReason::TooLarge)),
            Some(_) => {}
        }
        Ok(match repo.blob(id)? {
            None => Err(OpaqueReason::Missing),
            Some(bytes) => match classify(&bytes, self.limit) {
                Some(reason) => Err(reason),
                None => Ok(Arc::new(Text::new(bytes))),
            },
        })
    }

    fn remember(&self, id: &BlobId, known: &Known) {
        let size = |known: &Known| known.as_ref().map_or(64, |text| text.bytes.len() * 2 + 64);
        let mut kept = self.lock();
        if kept.known.insert(id.clone(), known.clone()).is_none() {
            kept.order.push_back(id.clone());
            kept.bytes += size(known);
        }
        while kept.bytes > self.capacity {
            let Some(oldest) = kept.order.pop_front() else { break };
            if let Some(gone) = kept.known.remove(&oldest) {
                kept.bytes -= size(&gone);
            }
        }
    }

    fn lock(&self) -> std::sync::MutexGuard<'_, Shelf> {
        self.shelf.lock().expect("no reader panics while it holds the cache")
    }
}
