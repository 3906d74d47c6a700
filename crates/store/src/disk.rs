//! How does a run write, so that being killed anywhere tears nothing?
//!
//! Everything is written into `tmp/` of the run and renamed into place. Leftovers
//! in `tmp/` belong to a killed build and are removed when the next one begins.
//! Nothing is synced to the platter: a killed process loses nothing the kernel
//! has, and after a power loss the digests tell what must be done again.

use std::fs::File;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use crate::{Faults, StoreError, fs};

/// The writing side of a run directory.
#[derive(Debug)]
pub(crate) struct Disk {
    root: PathBuf,
    faults: Arc<Faults>,
    next: AtomicU64,
}

impl Disk {
    pub(crate) fn new(root: &Path, faults: Arc<Faults>) -> Self {
        Self { root: root.to_owned(), faults, next: AtomicU64::new(0) }
    }

    pub(crate) fn temporary_root(&self) -> PathBuf {
        self.root.join("tmp")
    }

    /// Returns a path inside `tmp/` that no one else uses.
    pub(crate) fn temporary(&self) -> PathBuf {
        let number = self.next.fetch_add(1, Ordering::Relaxed);
        self.temporary_root().join(format!("{}-{number}", std::process::id()))
    }

    fn pass(&self, path: &Path) -> Result<(), StoreError> {
        self.faults.pass().map_err(|fault| StoreError::write(path, fault.into()))
    }

    /// Writes the bytes to a path that is not yet visible to readers.
    pub(crate) fn write_hidden(&self, path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let broken = self.pass(path);
        // A write that fails leaves half of its bytes behind, like a real one.
        let bytes = if broken.is_err() { &bytes[..bytes.len() / 2] } else { bytes };
        File::create(path)
            .and_then(|mut file| file.write_all(bytes))
            .map_err(|source| StoreError::write(path, source))?;
        broken
    }

    /// Writes the bytes to their place, whole or not at all.
    pub(crate) fn write(&self, place: &Path, bytes: &[u8]) -> Result<(), StoreError> {
        let hidden = self.temporary();
        let done = self.write_hidden(&hidden, bytes).and_then(|()| self.rename(&hidden, place));
        if done.is_err() {
            // The write error is the one to report, not this one.
            let _ = fs::remove_file(&hidden);
        }
        done.map_err(|error| error.at(place))
    }

    pub(crate) fn rename(&self, from: &Path, to: &Path) -> Result<(), StoreError> {
        self.pass(to)?;
        fs::rename(from, to)
    }

    pub(crate) fn create_dirs(&self, path: &Path) -> Result<(), StoreError> {
        if path.is_dir() {
            return Ok(());
        }
        self.pass(path)?;
        fs::create_dirs(path)
    }

    pub(crate) fn remove_file(&self, path: &Path) -> Result<(), StoreError> {
        self.pass(path)?;
        fs::remove_file(path)
    }

    pub(crate) fn remove_dirs(&self, path: &Path) -> Result<(), StoreError> {
        self.pass(path)?;
        fs::remove_dirs(path)
    }
}
