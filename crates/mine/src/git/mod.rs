//! What is in a git repository, without running or believing anything in it?
//!
//! In: the path of a work tree, a bare repository or a linked work tree. Out: a
//! [`GitRepository`] that answers the `Repository` port. Objects and refs are
//! read in process; hooks, filters, text conversions, replacement objects and
//! lazy fetches do not exist here, and configuration is text (see `layout`).
//! Objects are not re-hashed: the audit does that.

mod ancestry;
mod cache;
mod decode;
mod layout;
mod name;
mod objects;
mod pool;
mod refs;
mod trees;

use std::collections::BTreeSet;
use std::path::Path;

use backstory_model::CommitId;
use gix::hash::Kind as HashKind;

use crate::MineError;
use ancestry::Graph;
use cache::ObjectCache;
use layout::Layout;
use pool::Pool;

pub use name::{find_repository, repository_name};

/// How many bytes of commits are kept.
const COMMIT_CACHE: usize = 16 << 20;
/// How many bytes of trees are kept.
const TREE_CACHE: usize = 32 << 20;
/// How many bytes of blobs are kept.
const BLOB_CACHE: usize = 48 << 20;

/// One git repository, opened for reading.
pub struct GitRepository {
    layout: Layout,
    pool: Pool,
    refs: gix::refs::file::Store,
    commits: ObjectCache,
    trees: ObjectCache,
    blobs: ObjectCache,
    graph: Graph,
    shallow: BTreeSet<CommitId>,
    promisor_packs: BTreeSet<String>,
}

impl GitRepository {
    /// Opens the repository at this path; the path itself must be a repository
    /// or its work tree, directories above it are not searched.
    pub fn open(path: &Path) -> Result<Self, MineError> {
        let layout = Layout::find(path)?;
        let stated = layout.configuration()?;
        if let Some(format) = stated.object_format.filter(|f| !f.eq_ignore_ascii_case("sha1")) {
            return Err(MineError::ObjectFormat { path: path.to_owned(), format });
        }
        if let Some(format) = stated.ref_storage.filter(|f| !f.eq_ignore_ascii_case("files")) {
            return Err(MineError::RefFormat { path: path.to_owned(), format });
        }
        let refs = gix::refs::file::Store::for_linked_worktree(
            layout.git_directory.clone(),
            layout.common_directory.clone(),
            HashKind::Sha1,
        );
        Ok(Self {
            pool: Pool::open(&layout.objects())?,
            shallow: layout.shallow_boundary()?,
            promisor_packs: layout.promisor_packs()?,
            layout,
            refs,
            commits: ObjectCache::new(COMMIT_CACHE),
            trees: ObjectCache::new(TREE_CACHE),
            blobs: ObjectCache::new(BLOB_CACHE),
            graph: Graph::default(),
        })
    }

    /// Returns true for a commit whose parents a shallow clone left out.
    pub(crate) fn is_shallow_boundary(&self, id: &CommitId) -> bool {
        self.shallow.contains(id)
    }

    /// Returns true for a shallow clone.
    pub fn is_shallow(&self) -> bool {
        !self.shallow.is_empty()
    }

    /// Returns true for a partial clone, whose contents may be missing.
    pub fn is_partial(&self) -> bool {
        !self.promisor_packs.is_empty()
    }

    /// Returns the names of the packs a partial clone fetched, sorted.
    pub fn promisor_packs(&self) -> &BTreeSet<String> {
        &self.promisor_packs
    }

    /// Returns the path the repository was opened at.
    pub fn path(&self) -> &Path {
        &self.layout.path
    }
}

impl std::fmt::Debug for GitRepository {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("GitRepository").field("layout", &self.layout).finish_non_exhaustive()
    }
}
