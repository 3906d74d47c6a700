//! Which bytes carry this id, and are they still the bytes that were stored?
//!
//! A blob lies at `blobs/ab/cdef….zst`, named by its git blob id. Writing the
//! same bytes twice writes once. Reading hashes what was read.

use std::cell::RefCell;
#[expect(clippy::disallowed_types, reason = "only looked up, never iterated")]
use std::collections::HashSet;
use std::path::Path;
use std::sync::{Mutex, PoisonError};

use backstory_model::{BlobId, git_object_id};
use zstd::bulk::Compressor;

use crate::{RunDirectory, StoreError, fs};

/// The level every file of a run is compressed at; higher levels cost five
/// times the time for a quarter of the size.
pub(crate) const LEVEL: i32 = 3;

/// The blobs this process wrote or read whole.
#[derive(Debug, Default)]
#[expect(clippy::disallowed_types, reason = "only looked up, never iterated")]
pub(crate) struct VerifiedBlobs(Mutex<HashSet<[u8; 20]>>);

impl VerifiedBlobs {
    fn holds(&self, id: &BlobId) -> bool {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).contains(&digits(id))
    }

    fn insert(&self, id: &BlobId) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).insert(digits(id));
    }
}

/// Packs the 40 digits into 20 bytes: a long history has a million blobs.
fn digits(id: &BlobId) -> [u8; 20] {
    let mut packed = [0; 20];
    for (at, digit) in id.as_str().bytes().enumerate() {
        let value = if digit.is_ascii_digit() { digit - b'0' } else { digit - b'a' + 10 };
        packed[at / 2] = packed[at / 2] << 4 | value;
    }
    packed
}

impl RunDirectory {
    /// Stores bytes and returns their id; bytes already stored are left alone.
    ///
    /// A stored file this process did not write is read first, and replaced
    /// when a power loss tore it.
    pub fn put_blob(&self, bytes: &[u8]) -> Result<BlobId, StoreError> {
        let id = git_object_id("blob", bytes);
        if !self.has_blob(&id) {
            let disk = self.disk()?;
            let place = self.blob_path(&id);
            if let Some(directory) = place.parent() {
                disk.create_dirs(directory)?;
            }
            disk.write(&place, &compress(&place, bytes)?)?;
            self.verified.insert(&id);
        }
        Ok(id)
    }

    /// Reads the bytes of a blob, and checks that they carry its id.
    pub fn blob(&self, id: &BlobId) -> Result<Vec<u8>, StoreError> {
        let path = self.blob_path(id);
        let stored = match fs::read_file(&path) {
            Err(error) if error.is_not_found() => {
                return Err(StoreError::MissingBlob { id: id.clone() });
            }
            other => other?,
        };
        let bytes = decompress(&path, &stored)?;
        if git_object_id("blob", &bytes) != *id {
            return Err(StoreError::damaged(&path, "its bytes do not carry its id"));
        }
        Ok(bytes)
    }

    /// Returns true when the blob is stored and undamaged; reads each one once.
    pub fn has_blob(&self, id: &BlobId) -> bool {
        if self.verified.holds(id) {
            return true;
        }
        let good = self.blob(id).is_ok();
        if good {
            self.verified.insert(id);
        }
        good
    }
}

/// Compresses with a checksum over the content.
pub(crate) fn compress(path: &Path, bytes: &[u8]) -> Result<Vec<u8>, StoreError> {
    thread_local! {
        static COMPRESSOR: RefCell<Option<Compressor<'static>>> = const { RefCell::new(None) };
    }
    COMPRESSOR
        .with_borrow_mut(|slot| {
            let compressor = match slot {
                Some(compressor) => compressor,
                None => slot.insert(compressor()?),
            };
            compressor.compress(bytes)
        })
        .map_err(|source| StoreError::write(path, source))
}

fn compressor() -> std::io::Result<Compressor<'static>> {
    let mut compressor = Compressor::new(LEVEL)?;
    compressor.include_checksum(true)?;
    Ok(compressor)
}

pub(crate) fn decompress(path: &Path, stored: &[u8]) -> Result<Vec<u8>, StoreError> {
    zstd::stream::decode_all(stored)
        .map_err(|_| StoreError::damaged(path, "it does not decompress"))
}
