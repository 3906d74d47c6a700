//! What can go wrong with a records folder or a dump, in one sentence each?

use std::io;
use std::path::{Path, PathBuf};

use backstory_store::StoreError;

/// Says why records could not be written or a dump not be read at all.
#[derive(Debug, thiserror::Error)]
pub enum RecordsError {
    /// A file of the dump cannot be read.
    #[error("failed to read `{}`", path.display())]
    Read {
        /// Which one.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A file of the records folder cannot be written.
    #[error("failed to write to the records folder `{}`", path.display())]
    Write {
        /// The folder.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A record file does not begin as one.
    #[error("record file `{}` does not begin with a `backstory-records` header: {why}", path.display())]
    Header {
        /// The file.
        path: PathBuf,
        /// What is wrong with its first line.
        why: String,
    },
    /// The folder holds records of several repositories, or not of the one asked for.
    #[error(
        "records folder `{}` holds records of {}",
        path.display(),
        if found.is_empty() { "no repository".to_owned() } else { found.join(", ") }
    )]
    Repositories {
        /// The folder.
        path: PathBuf,
        /// The repositories its files name, each in backticks.
        found: Vec<String>,
    },
    /// The store could not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A record cannot be told as JSON.
    #[error("failed to write record `{id}` as JSON")]
    Json {
        /// The id of the record.
        id: String,
        /// Why.
        #[source]
        source: serde_json::Error,
    },
}

impl RecordsError {
    pub(crate) fn read(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Read { path, source }
    }

    pub(crate) fn write(path: &Path) -> impl FnOnce(io::Error) -> Self {
        let path = path.to_owned();
        move |source| Self::Write { path, source }
    }
}
