//! What may be asked of a repository, whoever answers?
//!
//! The `Repository` port: commits, trees, blobs and differences without rename
//! detection, by object id. Nothing here names a ref or a work tree. The real
//! one lives in `backstory-mine`, the fake one in `backstory-testkit`.

use std::sync::Arc;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};
use sha1::Digest as _;

use crate::{BlobId, CommitId, RepoPath, TreeId};

/// What kind of thing a tree entry is, as git's mode says.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
pub enum FileMode {
    /// A directory, `040000`.
    #[serde(rename = "040000")]
    Directory,
    /// A plain file, `100644` (the historic `100664` reads as this).
    #[serde(rename = "100644")]
    Plain,
    /// An executable file, `100755`.
    #[serde(rename = "100755")]
    Executable,
    /// A symbolic link, `120000`; its blob is the target.
    #[serde(rename = "120000")]
    Symlink,
    /// A submodule, `160000`; its id is a commit of another repository.
    #[serde(rename = "160000")]
    Submodule,
    /// The historic group-writable file, `100664`; kept so that trees hash as they did.
    #[serde(rename = "100664")]
    GroupWritable,
}

impl FileMode {
    /// Returns the octal text git writes into a tree object (no leading zero).
    pub fn as_tree_text(self) -> &'static str {
        match self {
            Self::Directory => "40000",
            Self::Plain => "100644",
            Self::Executable => "100755",
            Self::Symlink => "120000",
            Self::Submodule => "160000",
            Self::GroupWritable => "100664",
        }
    }

    /// Returns true for plain, executable and group-writable files.
    pub fn is_file(self) -> bool {
        match self {
            Self::Plain | Self::Executable | Self::GroupWritable => true,
            Self::Directory | Self::Symlink | Self::Submodule => false,
        }
    }
}

/// Who did something, and when.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Signature {
    /// The name, as UTF-8 (bytes that are not are replaced).
    pub name: String,
    /// The e-mail address, as UTF-8.
    pub email: String,
    /// Seconds since 1970-01-01 UTC.
    pub seconds: i64,
    /// Minutes east of UTC.
    pub offset_minutes: i32,
}

/// One commit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Commit {
    /// Its id.
    pub id: CommitId,
    /// The root tree.
    pub tree: TreeId,
    /// The parents, first parent first.
    pub parents: Vec<CommitId>,
    /// Who wrote the change.
    pub author: Signature,
    /// Who committed it.
    pub committer: Signature,
    /// The message, as UTF-8 (bytes that are not are replaced).
    pub message: String,
}

impl Commit {
    /// Returns the first line of the message.
    pub fn subject(&self) -> &str {
        self.message.lines().next().unwrap_or("")
    }
}

/// One entry of one tree object.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeEntry {
    /// The name inside the directory.
    pub name: Vec<u8>,
    /// What it is.
    pub mode: FileMode,
    /// The object id: a tree for directories, a commit for submodules, else a blob.
    pub id: BlobId,
}

/// One file of a whole tree: everything but directories.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct FileEntry {
    /// Where it lies.
    pub path: RepoPath,
    /// What it is.
    pub mode: FileMode,
    /// The blob (for submodules, the commit of the other repository).
    pub id: BlobId,
}

/// How one path differs between two trees. Renames are a removal and an addition.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TreeChange {
    /// The path.
    pub path: RepoPath,
    /// Mode and id before; `None` when added.
    pub before: Option<(FileMode, BlobId)>,
    /// Mode and id after; `None` when deleted.
    pub after: Option<(FileMode, BlobId)>,
}

/// Says why a repository could not answer.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// The object is not in the store.
    #[error("object `{id}` is missing from the repository")]
    Missing {
        /// Which object.
        id: String,
    },
    /// The object is there and cannot be read.
    #[error("object `{id}` cannot be read")]
    Corrupt {
        /// Which object.
        id: String,
        /// What the reader said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

/// Reads objects of one repository; never siblings, refs or work trees.
///
/// All methods are pure: the same id gives the same answer.
pub trait Repository: Sync {
    /// Reads one commit.
    fn commit(&self, id: &CommitId) -> Result<Commit, RepositoryError>;

    /// Reads the entries of one tree object, in git's order.
    fn tree(&self, id: &TreeId) -> Result<Arc<[TreeEntry]>, RepositoryError>;

    /// Reads the bytes of one blob; `None` when the store does not hold it
    /// (partial clones and filtered mirrors list objects that are absent).
    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, RepositoryError>;

    /// Returns the size of one blob in bytes without reading it, `None` when absent.
    fn blob_size(&self, id: &BlobId) -> Result<Option<u64>, RepositoryError>;

    /// Returns a best common ancestor; `None` when the histories are unrelated.
    fn merge_base(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, RepositoryError>;

    /// Lists every file of a tree, sorted by path bytes.
    fn files(&self, tree: &TreeId) -> Result<Vec<FileEntry>, RepositoryError> {
        let mut files = Vec::new();
        if *tree != TreeId::empty() {
            collect_files(self, tree, &RepoPath::root(), &mut files)?;
        }
        files.sort();
        Ok(files)
    }

    /// Lists the differences of two trees, sorted by path bytes, without renames.
    fn changes(&self, before: &TreeId, after: &TreeId) -> Result<Vec<TreeChange>, RepositoryError> {
        let mut changes = Vec::new();
        collect_changes(self, (Some(before), Some(after)), &RepoPath::root(), &mut changes)?;
        changes.sort_by(|a, b| a.path.cmp(&b.path));
        Ok(changes)
    }
}

/// Reads a tree id out of an entry that is a directory.
fn as_tree(id: &BlobId) -> TreeId {
    TreeId::new(id.as_str()).expect("an entry id has 40 digits")
}

fn collect_files<R: Repository + ?Sized>(
    repo: &R,
    tree: &TreeId,
    under: &RepoPath,
    files: &mut Vec<FileEntry>,
) -> Result<(), RepositoryError> {
    for entry in repo.tree(tree)?.iter() {
        let path = under.join(&entry.name);
        if entry.mode == FileMode::Directory {
            collect_files(repo, &as_tree(&entry.id), &path, files)?;
        } else {
            files.push(FileEntry { path, mode: entry.mode, id: entry.id.clone() });
        }
    }
    Ok(())
}

fn entries<R: Repository + ?Sized>(
    repo: &R,
    tree: Option<&TreeId>,
) -> Result<Arc<[TreeEntry]>, RepositoryError> {
    match tree {
        Some(id) if *id != TreeId::empty() => repo.tree(id),
        _ => Ok(Arc::from([])),
    }
}

fn collect_changes<R: Repository + ?Sized>(
    repo: &R,
    (before, after): (Option<&TreeId>, Option<&TreeId>),
    under: &RepoPath,
    changes: &mut Vec<TreeChange>,
) -> Result<(), RepositoryError> {
    if before == after {
        return Ok(());
    }
    let (old, new) = (entries(repo, before)?, entries(repo, after)?);
    let mut names: Vec<(&[u8], Option<&TreeEntry>, Option<&TreeEntry>)> = Vec::new();
    let mut by_name: std::collections::BTreeMap<&[u8], (Option<&TreeEntry>, Option<&TreeEntry>)> =
        std::collections::BTreeMap::new();
    for entry in old.iter() {
        by_name.entry(&entry.name).or_default().0 = Some(entry);
    }
    for entry in new.iter() {
        by_name.entry(&entry.name).or_default().1 = Some(entry);
    }
    names.extend(by_name.into_iter().map(|(name, (old, new))| (name, old, new)));
    for (name, old, new) in names {
        let same = |a: &TreeEntry, b: &TreeEntry| a.mode == b.mode && a.id == b.id;
        if old.zip(new).is_some_and(|(a, b)| same(a, b)) {
            continue;
        }
        let path = under.join(name);
        let subtree = |entry: Option<&TreeEntry>| {
            entry.filter(|e| e.mode == FileMode::Directory).map(|e| as_tree(&e.id))
        };
        let leaf = |entry: Option<&TreeEntry>| {
            entry.filter(|e| e.mode != FileMode::Directory).map(|e| (e.mode, e.id.clone()))
        };
        let (old_tree, new_tree) = (subtree(old), subtree(new));
        if old_tree.is_some() || new_tree.is_some() {
            collect_changes(repo, (old_tree.as_ref(), new_tree.as_ref()), &path, changes)?;
        }
        let (before, after) = (leaf(old), leaf(new));
        if before.is_some() || after.is_some() {
            changes.push(TreeChange { path, before, after });
        }
    }
    Ok(())
}

/// Returns the git id of an object of this kind (`blob`, `tree`, `commit`) and content.
pub fn git_object_id(kind: &str, content: &[u8]) -> BlobId {
    let mut hasher = sha1::Sha1::new();
    hasher.update(format!("{kind} {}\0", content.len()).as_bytes());
    hasher.update(content);
    BlobId::from_digest(&hasher.finalize())
}

#[cfg(test)]
mod tests {
    use super::git_object_id;

    #[test]
    fn the_empty_blob_has_the_id_git_gives_it() {
        assert_eq!(git_object_id("blob", b"").as_str(), "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391");
    }
}
