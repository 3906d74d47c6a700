//! Which commits were written on the branch behind a mainline commit?
//!
//! In: the first parent of the mainline commit and the head of the branch. Out:
//! the commits of the branch, oldest first, for their messages alone: a branch
//! whose patch is not what was merged still says which issue it is about.

use backstory_model::{Commit, CommitId, Repository, RepositoryError};

/// The most commits that are read of one branch.
pub const MOST_BRANCH_COMMITS: usize = 200;

/// Returns the first-parent line from `head` down to what `parent` already holds.
///
/// A line that leaves the repository (a shallow clone) ends there.
pub fn branch_commits(
    repo: &dyn Repository,
    parent: &CommitId,
    head: &CommitId,
) -> Result<Vec<Commit>, RepositoryError> {
    let mut line = Line { repo, next: Some(head.clone()), commits: Vec::new() };
    // What `parent` holds of a line is its older end, so the border is searched
    // for in steps of doubling size, then halved: each question walks history.
    let (mut outside, mut step) = (0, 1);
    let mut held = loop {
        let reached = line.read(outside + step)?;
        if reached == outside {
            break reached;
        }
        if line.is_held(parent, reached - 1)? {
            break reached - 1;
        }
        outside = reached;
        step *= 2;
    };
    while outside < held {
        let middle = usize::midpoint(outside, held);
        if line.is_held(parent, middle)? {
            held = middle;
        } else {
            outside = middle + 1;
        }
    }
    line.commits.truncate(outside);
    line.commits.reverse();
    Ok(line.commits)
}

/// A first-parent line, newest commit first, as far as it is read.
struct Line<'r> {
    repo: &'r dyn Repository,
    next: Option<CommitId>,
    commits: Vec<Commit>,
}

impl Line<'_> {
    /// Reads on until there are this many commits; returns how many there are.
    fn read(&mut self, wanted: usize) -> Result<usize, RepositoryError> {
        while self.commits.len() < wanted.min(MOST_BRANCH_COMMITS) {
            let Some(id) = self.next.take() else { break };
            match self.repo.commit(&id) {
                Err(RepositoryError::Missing { .. }) => break,
                read => self.commits.push(read?),
            }
            self.next = self.commits.last().and_then(|commit| commit.parents.first().cloned());
        }
        Ok(self.commits.len())
    }

    fn is_held(&self, parent: &CommitId, at: usize) -> Result<bool, RepositoryError> {
        let id = &self.commits[at].id;
        match self.repo.merge_base(parent, id) {
            Err(RepositoryError::Missing { .. }) => Ok(true),
            base => Ok(base?.as_ref() == Some(id)),
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use backstory_model::{
        BlobId, Commit, CommitId, Repository, RepositoryError, Signature, TreeEntry, TreeId,
    };

    use super::{MOST_BRANCH_COMMITS, branch_commits};

    /// A line of commits 0, 1, 2, …, of which the mainline holds the first ones.
    struct Straight {
        held: usize,
        missing: usize,
    }

    fn id(number: usize) -> CommitId {
        CommitId::new(format!("{number:040x}")).expect("an id")
    }

    fn number(id: &CommitId) -> usize {
        usize::from_str_radix(id.as_str(), 16).expect("a number")
    }

    impl Repository for Straight {
        fn commit(&self, of: &CommitId) -> Result<Commit, RepositoryError> {
            if number(of) < self.missing {
                return Err(RepositoryError::Missing { id: of.to_string() });
            }
            let somebody = Signature {
                name: String::new(),
                email: String::new(),
                seconds: 0,
                offset_minutes: 0,
            };
            Ok(Commit {
                id: of.clone(),
                tree: TreeId::empty(),
                parents: number(of).checked_sub(1).map(id).into_iter().collect(),
                author: somebody.clone(),
                committer: somebody,
                message: String::new(),
            })
        }

        fn tree(&self, _: &TreeId) -> Result<Arc<[TreeEntry]>, RepositoryError> {
            Ok(Arc::from([]))
        }

        fn blob(&self, _: &BlobId) -> Result<Option<Arc<[u8]>>, RepositoryError> {
            Ok(None)
        }

        fn blob_size(&self, _: &BlobId) -> Result<Option<u64>, RepositoryError> {
            Ok(None)
        }

        fn merge_base(
            &self,
            _: &CommitId,
            other: &CommitId,
        ) -> Result<Option<CommitId>, RepositoryError> {
            Ok(self.held.checked_sub(1).map(|newest| id(number(other).min(newest))))
        }
    }

    fn numbers(repo: &Straight, head: usize) -> Vec<usize> {
        let commits = branch_commits(repo, &id(0), &id(head)).expect("readable");
        commits.iter().map(|commit| number(&commit.id)).collect()
    }

    #[test]
    fn a_branch_is_what_the_mainline_does_not_hold() {
        for head in 0..40 {
            for held in 0..=head + 1 {
                let expected: Vec<_> = (held..=head).collect();
                assert_eq!(numbers(&Straight { held, missing: 0 }, head), expected);
            }
        }
    }

    #[test]
    fn a_branch_ends_where_the_repository_ends_and_at_the_limit() {
        assert_eq!(numbers(&Straight { held: 0, missing: 3 }, 5), [3, 4, 5]);
        assert_eq!(numbers(&Straight { held: 0, missing: 0 }, 999).len(), MOST_BRANCH_COMMITS);
    }
}
