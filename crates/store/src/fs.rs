//! How are files read and written so that every error names its path?
//!
//! In: paths and bytes. Out: bytes, or a [`StoreError`] with the path in it.
//! A file appears under its name whole or not at all: it is written beside its
//! place and renamed.

use std::fs::{self, File};
use std::io::{self, BufWriter, Read as _, Write};
use std::path::{Path, PathBuf};

use crate::StoreError;

/// Reads a whole file.
pub fn read_file(path: &Path) -> Result<Vec<u8>, StoreError> {
    let mut bytes = Vec::new();
    open(path)?.read_to_end(&mut bytes).map_err(|source| StoreError::read(path, source))?;
    Ok(bytes)
}

/// Reads a whole file as UTF-8 text.
pub fn read_text(path: &Path) -> Result<String, StoreError> {
    String::from_utf8(read_file(path)?)
        .map_err(|_| StoreError::damaged(path, "it is not UTF-8 text"))
}

/// Opens a file for reading.
pub fn open(path: &Path) -> Result<File, StoreError> {
    File::open(path).map_err(|source| StoreError::read(path, source))
}

/// Writes a whole file: beside its place first, then renamed.
pub fn write_file(path: &Path, bytes: &[u8]) -> Result<(), StoreError> {
    let mut file = NewFile::create(path)?;
    file.write_all(bytes).map_err(|source| StoreError::write(path, source))?;
    file.commit()
}

/// Creates a directory and everything above it.
pub fn create_dirs(path: &Path) -> Result<(), StoreError> {
    fs::create_dir_all(path).map_err(|source| StoreError::write(path, source))
}

/// Removes a file; a file that is not there is removed already.
pub fn remove_file(path: &Path) -> Result<(), StoreError> {
    match fs::remove_file(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::write(path, source))
        }
        _ => Ok(()),
    }
}

/// Removes a directory with everything in it; one that is not there is removed already.
pub fn remove_dirs(path: &Path) -> Result<(), StoreError> {
    match fs::remove_dir_all(path) {
        Err(source) if source.kind() != io::ErrorKind::NotFound => {
            Err(StoreError::write(path, source))
        }
        _ => Ok(()),
    }
}

/// Moves a file or directory within one file system.
pub fn rename(from: &Path, to: &Path) -> Result<(), StoreError> {
    fs::rename(from, to).map_err(|source| StoreError::write(to, source))
}

/// Lists the entries of one directory, sorted by name.
pub fn entries(path: &Path) -> Result<Vec<PathBuf>, StoreError> {
    let mut entries = fs::read_dir(path)
        .and_then(|entries| {
            entries.map(|entry| entry.map(|entry| entry.path())).collect::<io::Result<Vec<_>>>()
        })
        .map_err(|source| StoreError::read(path, source))?;
    entries.sort();
    Ok(entries)
}

/// Lists every file below a directory as `(path, size)`, sorted by path.
///
/// A symbolic link counts as a file and is not followed.
pub fn files_below(path: &Path) -> Result<Vec<(PathBuf, u64)>, StoreError> {
    let mut found = Vec::new();
    let mut open = vec![path.to_owned()];
    while let Some(directory) = open.pop() {
        for entry in entries(&directory)? {
            let kind =
                fs::symlink_metadata(&entry).map_err(|source| StoreError::read(&entry, source))?;
            if kind.is_dir() {
                open.push(entry);
            } else {
                found.push((entry, kind.len()));
            }
        }
    }
    found.sort();
    Ok(found)
}

/// Removes the beginnings of files that were left in a directory by processes that were
/// killed. Whoever still writes one holds a lock on it.
pub fn remove_abandoned(path: &Path) -> Result<(), StoreError> {
    for entry in entries(path)? {
        let name = entry.file_name().unwrap_or_default().to_string_lossy();
        let begun = name.strip_prefix('.').and_then(|name| name.strip_suffix(PART));
        let process = begun.and_then(|begun| begun.rsplit_once('.')).map(|(_, process)| process);
        if !process.is_some_and(|id| !id.is_empty() && id.bytes().all(|b| b.is_ascii_digit())) {
            continue;
        }
        if let Ok(file) = File::open(&entry)
            && file.try_lock().is_ok()
        {
            remove_file(&entry)?;
        }
    }
    Ok(())
}

/// What the name of a file ends in while it is written.
const PART: &str = ".part";

/// A file that does not exist under its name until it is committed.
///
/// Dropped without [`NewFile::commit`], it leaves nothing behind.
#[derive(Debug)]
pub struct NewFile {
    place: PathBuf,
    beside: PathBuf,
    file: Option<BufWriter<File>>,
}

impl NewFile {
    /// Begins a file that will lie at `place`.
    pub fn create(place: &Path) -> Result<Self, StoreError> {
        let name = place.file_name().unwrap_or_default().to_string_lossy();
        let beside = place.with_file_name(format!(".{name}.{}{PART}", std::process::id()));
        let failed = |source| StoreError::write(place, source);
        loop {
            let mut options = File::options();
            let file = options.write(true).create(true).truncate(false).open(&beside);
            let file = file.map_err(failed)?;
            // Where there are no locks, nothing is taken for abandoned.
            let locked = file.lock().is_ok();
            // Somebody may have put it in its place or taken it for abandoned meanwhile.
            if !locked || beside.exists() {
                file.set_len(0).map_err(failed)?;
                let file = Some(BufWriter::new(file));
                return Ok(Self { place: place.to_owned(), beside, file });
            }
        }
    }

    /// Puts the file in another place of the same file system, e.g., one named by content.
    pub fn commit_as(mut self, place: &Path) -> Result<(), StoreError> {
        place.clone_into(&mut self.place);
        self.commit()
    }

    /// Puts the file in its place.
    pub fn commit(mut self) -> Result<(), StoreError> {
        if let Some(mut file) = self.file.take() {
            let done = file.flush().and_then(|()| fs::rename(&self.beside, &self.place));
            if done.is_err() {
                self.file = Some(file);
            }
            done.map_err(|source| StoreError::write(&self.place, source))?;
        }
        Ok(())
    }
}

impl Write for NewFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.file {
            Some(file) => file.write(bytes),
            None => Err(io::ErrorKind::NotConnected.into()),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.as_mut().map_or(Ok(()), Write::flush)
    }
}

impl Drop for NewFile {
    fn drop(&mut self) {
        if self.file.take().is_some() {
            // The error that led here is the one to report, not this one.
            let _ = fs::remove_file(&self.beside);
        }
    }
}
