//! Which files does a tree hold, and how do two trees differ?
//!
//! In: the ids of whole trees. Out: files or changes, sorted by path bytes.
//! Works on the bytes of tree objects; a subtree that is equal on both sides is
//! never opened.

use std::cmp::Ordering;

use backstory_model::{BlobId, FileEntry, FileMode, RepoPath, RepositoryError, TreeChange};
use gix::ObjectId;

use super::decode::{self, RawEntry};
use super::objects::corrupt;
use super::{GitRepository, decode::Malformed};

/// Lists every file of a tree.
pub(super) fn files(
    repo: &GitRepository,
    tree: &ObjectId,
) -> Result<Vec<FileEntry>, RepositoryError> {
    let mut files = Vec::new();
    collect(repo, tree, &mut Vec::new(), &mut |path, mode, id| {
        files.push(FileEntry { path, mode, id });
    })?;
    files.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(files)
}

/// Lists the differences of two trees.
pub(super) fn changes(
    repo: &GitRepository,
    before: &ObjectId,
    after: &ObjectId,
) -> Result<Vec<TreeChange>, RepositoryError> {
    let mut changes = Vec::new();
    compare(repo, before, after, &mut Vec::new(), &mut changes)?;
    // A file that became a directory, or the reverse, stands at two places of
    // git's order, and the order of directories is not that of paths.
    changes.sort_by(|a, b| a.path.cmp(&b.path));
    Ok(changes)
}

fn entries<'a>(id: &ObjectId, bytes: &'a [u8]) -> Result<Vec<RawEntry<'a>>, RepositoryError> {
    decode::tree(bytes).map_err(|error: Malformed| corrupt(id, error))
}

fn subtree(entry: &RawEntry<'_>) -> ObjectId {
    ObjectId::from_bytes_or_panic(entry.id)
}

/// Runs the closure with the path of an entry and takes the name off again.
fn below<T>(path: &mut Vec<u8>, name: &[u8], run: impl FnOnce(&mut Vec<u8>) -> T) -> T {
    let length = path.len();
    if length > 0 {
        path.push(b'/');
    }
    path.extend_from_slice(name);
    let answer = run(path);
    path.truncate(length);
    answer
}

fn collect(
    repo: &GitRepository,
    tree: &ObjectId,
    path: &mut Vec<u8>,
    push: &mut impl FnMut(RepoPath, FileMode, BlobId),
) -> Result<(), RepositoryError> {
    let bytes = repo.tree_bytes(tree)?;
    for entry in entries(tree, &bytes)? {
        collect_entry(repo, &entry, path, push)?;
    }
    Ok(())
}

fn collect_entry(
    repo: &GitRepository,
    entry: &RawEntry<'_>,
    path: &mut Vec<u8>,
    push: &mut impl FnMut(RepoPath, FileMode, BlobId),
) -> Result<(), RepositoryError> {
    below(path, entry.name, |path| {
        if entry.mode == FileMode::Directory {
            return collect(repo, &subtree(entry), path, push);
        }
        push(RepoPath::from_bytes(path.clone()), entry.mode, entry.blob_id());
        Ok(())
    })
}

fn compare(
    repo: &GitRepository,
    before: &ObjectId,
    after: &ObjectId,
    path: &mut Vec<u8>,
    changes: &mut Vec<TreeChange>,
) -> Result<(), RepositoryError> {
    if before == after {
        return Ok(());
    }
    let (old_bytes, new_bytes) = (repo.tree_bytes(before)?, repo.tree_bytes(after)?);
    let (old, new) = (entries(before, &old_bytes)?, entries(after, &new_bytes)?);
    let (mut old, mut new) = (old.iter().peekable(), new.iter().peekable());
    loop {
        let order = match (old.peek(), new.peek()) {
            (None, None) => return Ok(()),
            (Some(_), None) => Ordering::Less,
            (None, Some(_)) => Ordering::Greater,
            (Some(old), Some(new)) => old.order(new),
        };
        let removed = if order.is_le() { old.next() } else { None };
        let added = if order.is_ge() { new.next() } else { None };
        if removed.map(|e| (e.mode, e.id)) != added.map(|e| (e.mode, e.id)) {
            compare_entries(repo, (removed, added), path, changes)?;
        }
    }
}

fn compare_entries(
    repo: &GitRepository,
    (old, new): (Option<&RawEntry<'_>>, Option<&RawEntry<'_>>),
    path: &mut Vec<u8>,
    changes: &mut Vec<TreeChange>,
) -> Result<(), RepositoryError> {
    let Some(name) = old.or(new).map(|entry| entry.name) else { return Ok(()) };
    let is_directory = |entry: &RawEntry<'_>| entry.mode == FileMode::Directory;
    below(path, name, |path| match (old, new) {
        (Some(old), Some(new)) if is_directory(old) => {
            compare(repo, &subtree(old), &subtree(new), path, changes)
        }
        (Some(old), None) if is_directory(old) => {
            collect(repo, &subtree(old), path, &mut |path, mode, id| {
                changes.push(TreeChange { path, before: Some((mode, id)), after: None });
            })
        }
        (None, Some(new)) if is_directory(new) => {
            collect(repo, &subtree(new), path, &mut |path, mode, id| {
                changes.push(TreeChange { path, before: None, after: Some((mode, id)) });
            })
        }
        _ => {
            let side = |entry: Option<&RawEntry<'_>>| entry.map(|e| (e.mode, e.blob_id()));
            changes.push(TreeChange {
                path: RepoPath::from_bytes(path.clone()),
                before: side(old),
                after: side(new),
            });
            Ok(())
        }
    })
}
