//! Which repository, and which commit of it, was typed?

use std::path::{Path, PathBuf};

use backstory_mine::{GitRepository, MineError};
use backstory_model::CommitId;

use crate::Failure;
use crate::build::open_repository;

/// A repository and the commit that is asked about.
pub(crate) struct Place {
    pub(crate) repository: GitRepository,
    pub(crate) commit: CommitId,
    /// Where it lies, as typed.
    pub(crate) path: PathBuf,
    /// The commit was named, so what lies in the work tree may be of another one.
    pub(crate) is_named: bool,
}

impl Place {
    /// Opens `PATH` or `PATH@REVISION`; a path that is there is never cut.
    pub(crate) fn open(typed: &Path) -> Result<Self, Failure> {
        let text = typed.to_string_lossy();
        let (path, revision) = match text.rsplit_once('@') {
            Some((path, revision)) if !typed.exists() && !path.is_empty() => {
                (Path::new(path), Some(revision))
            }
            _ => (typed, None),
        };
        let repository = open_repository(path)?;
        let commit = repository.resolve(revision).map_err(|error| {
            let hint = "write the commit, branch or tag behind an `@`, e.g., `~/src/click@8.1.0`";
            match error {
                MineError::UnknownRevision { .. } => Failure::from(error).hint(hint),
                error => error.into(),
            }
        })?;
        Ok(Self { repository, commit, path: path.to_owned(), is_named: revision.is_some() })
    }
}
