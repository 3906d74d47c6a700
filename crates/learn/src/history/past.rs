//! What does one commit of the past tell?
//!
//! In: a commit and, of its tree and that of its first parent, which paths differ.
//! Out: when it was made, what its message says, and which paths it changes. Paths
//! are as they were then: a renamed file is one that went and one that came, and
//! nothing of the old name counts for the new one.

use backstory_model::{
    Commit, CommitId, RepoPath, Repository, RepositoryError, TreeChange, TreeId,
};

/// A commit that changes more files than this says nothing about any of them.
pub const MOST_FILES: usize = 30;

/// One commit of the past.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PastCommit {
    /// Its id.
    pub id: CommitId,
    /// When it was committed, in seconds since 1970.
    pub seconds: i64,
    /// Its message.
    pub message: Box<str>,
    /// The message says that something was wrong.
    pub is_fix: bool,
    /// The terms of the message by number, and how often each stands there, in the
    /// order of terms, so that sums over them are the same in every process.
    pub(super) terms: Box<[(u32, u32)]>,
    /// How many words the message has, repetitions counted.
    pub(super) length: u64,
    /// The files it changes.
    pub(super) files: Files,
}

/// The files that a commit changes, as numbers of their paths.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Files {
    /// At most [`MOST_FILES`].
    Few(Box<[u32]>),
    /// So many that they are not kept.
    Many(u32),
    /// A tree is missing.
    Unreadable,
}

/// The paths that a commit changes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Changed {
    /// At most [`MOST_FILES`], sorted by path bytes.
    Few(Vec<RepoPath>),
    /// So many that they are not kept.
    Many(u32),
    /// A tree is missing.
    Unreadable,
}

impl Changed {
    /// Compares the tree of a commit with that of its first parent; contents are
    /// not read.
    pub(super) fn of(repo: &dyn Repository, commit: &Commit) -> Result<Self, RepositoryError> {
        match changes(repo, commit) {
            Ok(changes) if changes.len() > MOST_FILES => {
                Ok(Self::Many(u32::try_from(changes.len()).unwrap_or(u32::MAX)))
            }
            Ok(changes) => Ok(Self::Few(changes.into_iter().map(|change| change.path).collect())),
            Err(RepositoryError::Missing { .. }) => Ok(Self::Unreadable),
            Err(corrupt) => Err(corrupt),
        }
    }
}

/// Lists what a commit does to its first parent.
pub(super) fn changes(
    repo: &dyn Repository,
    commit: &Commit,
) -> Result<Vec<TreeChange>, RepositoryError> {
    let before = match commit.parents.first() {
        Some(parent) => repo.commit(parent)?.tree,
        None => TreeId::empty(),
    };
    repo.changes(&before, &commit.tree)
}

/// How a word begins that says that something was wrong.
const FIX_STEMS: [&str; 5] = ["fix", "bug", "clos", "resolv", "regress"];

/// Returns true when a word of the message begins as a word for a fix does.
pub(super) fn is_fix(message: &str) -> bool {
    let lower = message.to_lowercase();
    lower
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| FIX_STEMS.iter().any(|stem| word.starts_with(stem)))
}

#[cfg(test)]
mod tests {
    use super::is_fix;

    #[test]
    fn a_fix_is_told_by_how_a_word_begins() {
        for message in ["Fixes #3", "Bugfix: x", "Closes #1", "resolved", "REGRESSION in y"] {
            assert!(is_fix(message), "`{message}`");
        }
        for message in ["Add a prefix", "Debugging aid", "Enclose it", ""] {
            assert!(!is_fix(message), "`{message}`");
        }
    }
}
