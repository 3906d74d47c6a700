//! Which blobs are text, and where do their lines begin?
//!
//! In: blob ids. Out: shared texts, read once from the repository and kept
//! while they fit the stated number of bytes.

#![expect(
    clippy::disallowed_types,
    reason = "the cache is only looked up; nothing iterates over it"
)]

use std::collections::HashMap;
use std::sync::{Arc, Mutex, OnceLock, PoisonError};

use backstory_model::{BlobId, Repository, RepositoryError};
use memchr::memchr_iter;

/// The content of a text blob.
#[derive(Debug)]
pub(super) struct Text {
    bytes: Arc<[u8]>,
    starts: OnceLock<Vec<usize>>,
}

impl Text {
    pub(super) fn bytes(&self) -> &[u8] {
        &self.bytes
    }

    /// Returns where each line begins.
    pub(super) fn starts(&self) -> &[usize] {
        self.starts.get_or_init(|| {
            let after = memchr_iter(b'\n', &self.bytes).map(|at| at + 1);
            let mut starts: Vec<usize> = std::iter::once(0).chain(after).collect();
            if starts.last() == Some(&self.bytes.len()) {
                starts.pop();
            }
            starts
        })
    }

    /// Returns the number of lines.
    pub(super) fn lines(&self) -> usize {
        self.starts().len()
    }

    /// Returns the 0-based number of the line that holds this byte.
    pub(super) fn line_at(&self, byte: usize) -> usize {
        self.starts().partition_point(|start| *start <= byte).saturating_sub(1)
    }
}

/// A blob as the audit reads it.
#[derive(Clone, Debug)]
pub(super) enum Reading {
    Text(Arc<Text>),
    Opaque,
}

impl Reading {
    /// Sorts the bytes into text and not text.
    pub(super) fn of(bytes: Arc<[u8]>, file_limit: u64) -> Self {
        let too_large = u64::try_from(bytes.len()).is_ok_and(|size| size > file_limit);
        let binary = memchr::memchr(0, &bytes).is_some();
        if too_large || binary || std::str::from_utf8(&bytes).is_err() {
            return Self::Opaque;
        }
        Self::Text(Arc::new(Text { bytes, starts: OnceLock::new() }))
    }

    pub(super) fn text(&self) -> Option<&Arc<Text>> {
        match self {
            Self::Text(text) => Some(text),
            Self::Opaque => None,
        }
    }

    /// Guesses what keeping it costs: line starts may follow the bytes.
    fn cost(&self) -> usize {
        const ENTRY: usize = 160;
        match self {
            Self::Text(text) => text.bytes.len() + text.bytes.len() / 4 + ENTRY,
            Self::Opaque => ENTRY,
        }
    }
}

#[derive(Debug, Default)]
struct Generations {
    young: HashMap<BlobId, Reading>,
    old: HashMap<BlobId, Reading>,
    young_bytes: usize,
}

/// Reads blobs and keeps the recently read ones.
///
/// Two generations: when the young one is full it becomes the old one, and what
/// was not asked for again since is dropped.
#[derive(Debug)]
pub(super) struct Texts {
    generations: Mutex<Generations>,
    cache_bytes: usize,
    pub(super) file_limit: u64,
}

impl Texts {
    pub(super) fn new(file_limit: u64, cache_bytes: usize) -> Self {
        Self { generations: Mutex::default(), cache_bytes, file_limit }
    }

    /// Reads one blob.
    pub(super) fn read(
        &self,
        repo: &dyn Repository,
        id: &BlobId,
    ) -> Result<Reading, RepositoryError> {
        if let Some(reading) = self.kept(id) {
            return Ok(reading);
        }
        let reading = self.fetch(repo, id)?;
        self.keep(id, &reading);
        Ok(reading)
    }

    fn fetch(&self, repo: &dyn Repository, id: &BlobId) -> Result<Reading, RepositoryError> {
        // The size comes first so that a huge blob is never loaded.
        match repo.blob_size(id)? {
            None => return Ok(Reading::Opaque),
            Some(size) if size > self.file_limit => {
                return Ok(Reading::Opaque);
            }
            Some(_) => {}
        }
        Ok(match repo.blob(id)? {
            Some(bytes) => Reading::of(bytes, self.file_limit),
            None => Reading::Opaque,
        })
    }

    fn kept(&self, id: &BlobId) -> Option<Reading> {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(reading) = generations.young.get(id) {
            return Some(reading.clone());
        }
        let reading = generations.old.remove(id)?;
        drop(generations);
        self.keep(id, &reading);
        Some(reading)
    }

    fn keep(&self, id: &BlobId, reading: &Reading) {
        let mut generations = self.generations.lock().unwrap_or_else(PoisonError::into_inner);
        if generations.young.insert(id.clone(), reading.clone()).is_none() {
            generations.young_bytes += reading.cost();
        }
        if generations.young_bytes > self.cache_bytes / 2 {
            generations.old = std::mem::take(&mut generations.young);
            generations.young_bytes = 0;
        }
    }
}
