//! What did a job leave in its report folder?
//!
//! In: a folder that a job nobody trusts could write to. Out: the bytes of one
//! plain file of it, at most so many. Follows no link and waits for no pipe.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use rustix::fs::{Mode, OFlags, ResolveFlags};

/// Says why a file of a report folder could not be read.
#[derive(Debug, thiserror::Error)]
pub enum FolderError {
    /// It could not be opened or read.
    #[error("failed to read `{name}` of the report folder `{}`", folder.display())]
    Unreadable {
        /// The folder.
        folder: PathBuf,
        /// The file.
        name: String,
        /// What the system said.
        #[source]
        source: std::io::Error,
    },
}

/// Reads one file; `None` where there is no plain file of that name, or a larger one.
pub fn read(folder: &Path, name: &str, most: u64) -> Result<Option<Vec<u8>>, FolderError> {
    let failed = |source| FolderError::Unreadable {
        folder: folder.to_owned(),
        name: name.to_owned(),
        source,
    };
    let flags = OFlags::DIRECTORY | OFlags::CLOEXEC | OFlags::RDONLY;
    let root = rustix::fs::open(folder, flags, Mode::empty()).map_err(|e| failed(e.into()))?;
    let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NONBLOCK | OFlags::NOFOLLOW;
    let resolve = ResolveFlags::BENEATH | ResolveFlags::NO_SYMLINKS | ResolveFlags::NO_MAGICLINKS;
    let Ok(file) = rustix::fs::openat2(&root, name, flags, Mode::empty(), resolve) else {
        return Ok(None);
    };
    let file = File::from(file);
    let metadata = file.metadata().map_err(failed)?;
    if !metadata.is_file() || metadata.len() > most {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    file.take(most).read_to_end(&mut bytes).map_err(failed)?;
    Ok(Some(bytes))
}
