//! Which commits stand behind a commit of the mainline?
//!
//! In: the mainline commit, its first parent and the head of the branch. Out:
//! the commit the branch started from and its commits, oldest first, if what
//! they did is what the mainline commit did.

use backstory_model::{CollapseReason, Commit, CommitId, Repository, RepositoryError};

use super::{Mainline, patch};

/// What stands behind a commit of the mainline.
pub(super) enum Branch {
    /// These commits, one on top of the other, oldest first.
    Authored {
        /// What the first of them stands on.
        base: Commit,
        /// At least one.
        commits: Vec<Commit>,
    },
    /// A branch that merged another one into itself.
    HasMerges {
        /// The newest commit of the mainline the branch holds.
        base: Commit,
        /// Its last commit.
        head: Box<Commit>,
    },
    /// Nothing that could be shown in its place.
    Unusable(CollapseReason),
}

/// Reads the branch that ends at `head`.
pub(super) fn branch(
    repo: &dyn Repository,
    mainline: &Mainline,
    parent: &Commit,
    head: &CommitId,
) -> Result<Branch, RepositoryError> {
    match read(repo, mainline, parent, head) {
        Err(RepositoryError::Missing { .. }) => {
            Ok(Branch::Unusable(CollapseReason::BranchIncomplete))
        }
        other => other,
    }
}

fn read(
    repo: &dyn Repository,
    mainline: &Mainline,
    parent: &Commit,
    head: &CommitId,
) -> Result<Branch, RepositoryError> {
    let head = repo.commit(head)?;
    let diverges = Branch::Unusable(CollapseReason::AuthoredSequenceDiverges);
    let Some(base) = repo.merge_base(&parent.id, &head.id)? else {
        walk_to_root(repo, head)?;
        return Ok(diverges);
    };
    let base = repo.commit(&base)?;
    let changes = repo.changes(&base.tree, &head.tree)?;
    if base.id == head.id || !patch::is_same(repo, &changes, &mainline.changes)? {
        return Ok(diverges);
    }
    let Some(commits) = chain(repo, &base, head.clone())? else {
        return Ok(Branch::HasMerges { base, head: Box::new(head) });
    };
    // A tree that is missing half-way would break the story, so each is opened.
    let mut before = &base.tree;
    for commit in &commits {
        repo.changes(before, &commit.tree)?;
        before = &commit.tree;
    }
    Ok(Branch::Authored { base, commits })
}

/// Returns the commits after `base` up to `head`, oldest first; `None` when one
/// of them is a merge.
fn chain(
    repo: &dyn Repository,
    base: &Commit,
    head: Commit,
) -> Result<Option<Vec<Commit>>, RepositoryError> {
    let mut commits = Vec::new();
    let mut next = head;
    while next.id != base.id {
        let [parent] = next.parents.as_slice() else { return Ok(None) };
        let parent = repo.commit(parent)?;
        commits.push(std::mem::replace(&mut next, parent));
    }
    commits.reverse();
    Ok(Some(commits))
}

/// Tells a history of its own from one whose shared part is missing.
fn walk_to_root(repo: &dyn Repository, head: Commit) -> Result<(), RepositoryError> {
    let mut next = head;
    while let Some(parent) = next.parents.first() {
        next = repo.commit(parent)?;
    }
    Ok(())
}
