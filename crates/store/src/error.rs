//! What can go wrong with files, in one sentence each?

use std::io;
use std::path::{Path, PathBuf};

use backstory_model::{BlobId, SchemaError, UnitKey};

/// Says why the store could not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// A file or directory could not be read.
    #[error("failed to read `{path}`")]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file or directory could not be written.
    #[error("failed to write `{path}`")]
    Write {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// Another process builds in this directory.
    #[error("the run `{path}` is in use by another build")]
    Locked {
        /// The run directory.
        path: PathBuf,
    },
    /// The directory holds files and is not a run.
    #[error("`{path}` is not empty and is not a run directory")]
    NotARun {
        /// The directory.
        path: PathBuf,
    },
    /// There is no run at this path.
    #[error("there is no run at `{path}`")]
    NoRun {
        /// The directory.
        path: PathBuf,
    },
    /// The run has no manifest: its build has not come to its end.
    #[error("the run `{path}` is not complete")]
    Incomplete {
        /// The run directory.
        path: PathBuf,
    },
    /// The run tells how repositories could have been written, and changes were asked for.
    #[error("the run `{path}` holds snapshots and no changes")]
    OfSnapshots {
        /// The directory.
        path: PathBuf,
    },
    /// The run tells about changes, and snapshots were asked for.
    #[error("the run `{path}` holds changes and no snapshots")]
    OfChanges {
        /// The directory.
        path: PathBuf,
    },
    /// The run was opened for reading and was asked to write.
    #[error("the run `{path}` was opened for reading only")]
    ReadOnly {
        /// The run directory.
        path: PathBuf,
    },
    /// A blob is not in the run.
    #[error("blob `{id}` is missing from the run")]
    MissingBlob {
        /// Which blob.
        id: BlobId,
    },
    /// A unit is not in the run.
    #[error("unit `{key}` is missing from the run")]
    MissingUnit {
        /// Which unit.
        key: UnitKey,
    },
    /// A stored file does not hold what was written.
    #[error("`{path}` is damaged: {what}")]
    Damaged {
        /// Which file.
        path: PathBuf,
        /// What is wrong with it.
        what: String,
    },
    /// A stored file was written by another version.
    #[error("`{path}` cannot be read by this version")]
    Schema {
        /// Which file.
        path: PathBuf,
        /// Which version it has.
        #[source]
        source: SchemaError,
    },
    /// The ledger could not be used.
    #[error("failed to use the ledger `{path}`")]
    Ledger {
        /// Which file.
        path: PathBuf,
        /// What the database said.
        #[source]
        source: rusqlite::Error,
    },
}

impl StoreError {
    pub(crate) fn read(path: &Path, source: io::Error) -> Self {
        Self::Read { path: path.to_owned(), source }
    }

    pub(crate) fn write(path: &Path, source: io::Error) -> Self {
        Self::Write { path: path.to_owned(), source }
    }

    /// Names the place a user knows in a write error, not a hidden one.
    pub(crate) fn at(self, place: &Path) -> Self {
        match self {
            Self::Write { source, .. } => Self::write(place, source),
            other => other,
        }
    }

    pub(crate) fn damaged(path: &Path, what: impl Into<String>) -> Self {
        Self::Damaged { path: path.to_owned(), what: what.into() }
    }

    /// Returns true when the file or directory does not exist.
    pub fn is_not_found(&self) -> bool {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => {
                source.kind() == io::ErrorKind::NotFound
            }
            _ => false,
        }
    }

    /// Returns true when the disk (or the quota) is full.
    pub fn is_disk_full(&self) -> bool {
        match self {
            Self::Read { source, .. } | Self::Write { source, .. } => matches!(
                source.kind(),
                io::ErrorKind::StorageFull
                    | io::ErrorKind::QuotaExceeded
                    | io::ErrorKind::FileTooLarge
            ),
            Self::Ledger { source, .. } => {
                // The shared memory of the ledger could not grow: SQLITE_IOERR_SHMSIZE.
                source.sqlite_error_code() == Some(rusqlite::ErrorCode::DiskFull)
                    || source.sqlite_error().is_some_and(|e| e.extended_code == 4874)
            }
            _ => false,
        }
    }
}
