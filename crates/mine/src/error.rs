//! Why can a repository not be mined at all?
//!
//! One unit that cannot be read is a value ([`crate::unit::UnitError`]); these
//! are the errors that stop a whole repository.

use std::path::PathBuf;

use backstory_model::{CommitId, IdError, RepositoryError};
use backstory_store::StoreError;

type Source = Box<dyn std::error::Error + Send + Sync>;

/// Says why a repository cannot be mined.
#[derive(Debug, thiserror::Error)]
pub enum MineError {
    /// There is no git directory at the path.
    #[error("`{path}` is not a git repository: it has no `.git` and no `objects` and `HEAD` of its own", path = path.display())]
    NotARepository {
        /// What was given.
        path: PathBuf,
    },
    /// The repository has no commit yet.
    #[error("`{path}` has no commits: `HEAD` points at nothing", path = path.display())]
    NoCommits {
        /// Where the repository lies.
        path: PathBuf,
    },
    /// Objects are named by another hash than SHA-1.
    #[error("`{path}` names objects by `{format}`; only `sha1` repositories can be read", path = path.display())]
    ObjectFormat {
        /// Where the repository lies.
        path: PathBuf,
        /// What its configuration says.
        format: String,
    },
    /// Refs are stored in another way than files.
    #[error("`{path}` stores refs as `{format}`; convert them with `git refs migrate --ref-format=files`", path = path.display())]
    RefFormat {
        /// Where the repository lies.
        path: PathBuf,
        /// What its configuration says.
        format: String,
    },
    /// Nothing in the repository has this name.
    #[error("revision `{revision}` is not in `{path}`; give a branch, a tag or a commit id", path = path.display())]
    UnknownRevision {
        /// What was asked for.
        revision: String,
        /// Where the repository lies.
        path: PathBuf,
    },
    /// A ref points at an object that is not there.
    #[error("`{name}` of `{path}` points at `{id}`, which is not in the repository", path = path.display())]
    MissingTip {
        /// The ref.
        name: String,
        /// What it points at.
        id: String,
        /// Where the repository lies.
        path: PathBuf,
    },
    /// The short id fits several commits.
    #[error("revision `{revision}` fits several commits of `{path}`; give more digits", path = path.display())]
    AmbiguousRevision {
        /// What was asked for.
        revision: String,
        /// Where the repository lies.
        path: PathBuf,
    },
    /// The name leads to a tree or a blob.
    #[error("revision `{revision}` is not a commit")]
    NotACommit {
        /// What was asked for.
        revision: String,
    },
    /// A file or directory of the repository cannot be read.
    #[error("`{path}` cannot be read as part of a git repository", path = path.display())]
    Unreadable {
        /// What was read.
        path: PathBuf,
        /// What the reader said.
        #[source]
        source: Source,
    },
    /// The mainline breaks off although the repository does not say it is shallow.
    #[error(
        "commit `{commit}` has a parent `{parent}` that is not in the repository; `git fsck` tells what else is missing"
    )]
    BrokenHistory {
        /// The last commit that could be read.
        commit: CommitId,
        /// The one before it.
        parent: CommitId,
    },
    /// An object of the mainline cannot be read.
    #[error("the history of the mainline cannot be read")]
    Object(#[from] RepositoryError),
    /// Nothing says what the repository is called.
    #[error("`{path}` does not say what it is called: it has no remote `origin`; name it with `--repo-name OWNER/NAME`", path = path.display())]
    NoName {
        /// What was given.
        path: PathBuf,
    },
    /// The given name is not a repository name.
    #[error("the given repository name cannot be used")]
    Name(#[from] IdError),
    /// A file cannot be read from disk.
    #[error("a file of the repository cannot be read")]
    File(#[from] StoreError),
}

impl MineError {
    /// Wraps what a reader said about a path.
    pub(crate) fn unreadable(path: impl Into<PathBuf>, source: impl Into<Source>) -> Self {
        Self::Unreadable { path: path.into(), source: source.into() }
    }
}
