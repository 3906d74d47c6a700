//! What is known of the commits of one repository, so that nothing is read twice?
//!
//! In: commits to look at, through the port. Out: their parents and dates, their
//! messages and the paths that they change. The rows of one repository share a
//! cache, from any number of threads; what was compared once is kept in memory
//! and, if there is a folder, for the next process.

#![expect(
    clippy::disallowed_types,
    reason = "the maps are only looked up; what is listed is listed by number"
)]

use std::collections::HashMap;
use std::hash::Hash;
use std::path::Path;
use std::sync::{Arc, Mutex, OnceLock, PoisonError, RwLock};

use backstory_model::{Commit, CommitId, RepoPath, Repository, RepositoryError};

use super::HistoryError;
use super::folder::Folder;
use super::past::{Changed, Files, PastCommit, is_fix};
use crate::text::{Bag, Term};

/// What is known of the commits of one repository.
#[derive(Debug, Default)]
pub struct Cache {
    commits: RwLock<Commits>,
    terms: RwLock<Numbers<Term>>,
    paths: RwLock<Numbers<RepoPath>>,
    folder: Option<Folder>,
}

#[derive(Debug, Default)]
struct Commits {
    numbers: HashMap<CommitId, u32>,
    slots: Vec<Arc<Slot>>,
}

/// What is known of one commit.
#[derive(Debug)]
pub(super) struct Slot {
    id: CommitId,
    /// `None` inside for a commit that the repository does not hold.
    origin: OnceLock<Option<Origin>>,
    past: OnceLock<Arc<PastCommit>>,
    /// Held while the commit is compared, so that no other thread compares it too.
    comparing: Mutex<()>,
}

/// Where a commit comes from.
#[derive(Debug)]
pub(super) struct Origin {
    pub(super) seconds: i64,
    parents: Box<[u32]>,
}

/// A term with its number and how often it stands in a text.
#[derive(Clone, Copy, Debug)]
pub(super) struct Numbered {
    pub(super) term: Term,
    pub(super) number: u32,
    pub(super) count: u32,
}

impl Slot {
    pub(super) fn id(&self) -> &CommitId {
        &self.id
    }

    pub(super) fn parents(&self) -> &[u32] {
        self.origin.get().and_then(Option::as_ref).map_or(&[], |origin| &origin.parents)
    }

    pub(super) fn is_merge(&self) -> bool {
        self.parents().len() > 1
    }
}

impl Cache {
    /// Makes a cache that lasts as long as the process.
    pub fn in_memory() -> Self {
        Self::default()
    }

    /// Makes a cache that also keeps the changed paths in a folder.
    ///
    /// The folder may be shared by processes and by repositories: what it holds is
    /// named by commit id. One folder a repository is read faster.
    pub fn in_folder(folder: &Path) -> Result<Self, HistoryError> {
        Ok(Self { folder: Some(Folder::open(folder)?), ..Self::default() })
    }

    pub(super) fn number(&self, id: &CommitId) -> u32 {
        if let Some(number) = read(&self.commits).numbers.get(id) {
            return *number;
        }
        let mut commits = self.commits.write().unwrap_or_else(PoisonError::into_inner);
        let next = u32::try_from(commits.slots.len()).expect("fewer than four billion commits");
        if let Some(number) = commits.numbers.get(id) {
            return *number;
        }
        commits.numbers.insert(id.clone(), next);
        commits.slots.push(Arc::new(Slot {
            id: id.clone(),
            origin: OnceLock::new(),
            past: OnceLock::new(),
            comparing: Mutex::new(()),
        }));
        next
    }

    pub(super) fn slot(&self, number: u32) -> Arc<Slot> {
        read(&self.commits).slots[number as usize].clone()
    }

    /// Reads where a commit comes from; `None` when the repository does not hold it.
    pub(super) fn origin<'slot>(
        &self,
        repo: &dyn Repository,
        slot: &'slot Slot,
    ) -> Result<Option<&'slot Origin>, HistoryError> {
        if let Some(known) = slot.origin.get() {
            return Ok(known.as_ref());
        }
        let origin = match repo.commit(&slot.id) {
            Ok(commit) => Some(Origin {
                seconds: commit.committer.seconds,
                parents: commit.parents.iter().map(|parent| self.number(parent)).collect(),
            }),
            Err(RepositoryError::Missing { .. }) => None,
            Err(corrupt) => return Err(corrupt.into()),
        };
        Ok(slot.origin.get_or_init(|| origin).as_ref())
    }

    /// Reads what a commit tells; compares its trees the first time only.
    pub(super) fn past(
        &self,
        repo: &dyn Repository,
        slot: &Slot,
    ) -> Result<Arc<PastCommit>, HistoryError> {
        if let Some(past) = slot.past.get() {
            return Ok(past.clone());
        }
        let _alone = slot.comparing.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(past) = slot.past.get() {
            return Ok(past.clone());
        }
        let commit = repo.commit(&slot.id)?;
        let changed = self.changed(repo, &commit)?;
        let past = Arc::new(self.read(commit, changed));
        Ok(slot.past.get_or_init(|| past).clone())
    }

    fn changed(&self, repo: &dyn Repository, commit: &Commit) -> Result<Changed, HistoryError> {
        let Some(folder) = &self.folder else { return Ok(Changed::of(repo, commit)?) };
        if let Some(known) = folder.get(&commit.id) {
            return Ok(known);
        }
        let changed = Changed::of(repo, commit)?;
        folder.put(&commit.id, &changed);
        Ok(changed)
    }

    fn read(&self, commit: Commit, changed: Changed) -> PastCommit {
        let files = match changed {
            Changed::Few(paths) => Files::Few(number_all(&self.paths, paths)),
            Changed::Many(count) => Files::Many(count),
            Changed::Unreadable => Files::Unreadable,
        };
        let bag = Bag::of(&commit.message);
        let (terms, counts): (Vec<_>, Vec<_>) = bag.counts().iter().copied().unzip();
        PastCommit {
            id: commit.id,
            seconds: commit.committer.seconds,
            is_fix: is_fix(&commit.message),
            terms: number_all(&self.terms, terms).into_iter().zip(counts).collect(),
            length: bag.length(),
            message: commit.message.into(),
            files,
        }
    }

    /// Keeps what was compared since the last time for the next process.
    pub(super) fn keep(&self) -> Result<(), HistoryError> {
        match &self.folder {
            Some(folder) => Ok(folder.keep()?),
            None => Ok(()),
        }
    }

    /// Returns the terms of a text that stand in some message, in the order of terms.
    pub(super) fn numbered(&self, bag: &Bag) -> Vec<Numbered> {
        let known = read(&self.terms);
        let number = |(term, count): &(Term, u32)| {
            let number = *known.numbers.get(term)?;
            Some(Numbered { term: *term, number, count: *count })
        };
        bag.counts().iter().filter_map(number).collect()
    }

    /// Returns how many terms have a number.
    pub(super) fn terms(&self) -> usize {
        read(&self.terms).numbers.len()
    }

    /// Returns the numbers of these paths; `None` for a path that no commit changed.
    pub(super) fn path_numbers<'a>(
        &self,
        paths: impl IntoIterator<Item = &'a RepoPath>,
    ) -> Vec<Option<u32>> {
        let known = read(&self.paths);
        paths.into_iter().map(|path| known.numbers.get(path).copied()).collect()
    }

    /// Returns how many paths have a number.
    pub(super) fn paths(&self) -> usize {
        read(&self.paths).numbers.len()
    }
}

/// Numbers in the order in which things came up. The order differs between
/// processes, so that no result may depend on it.
#[derive(Debug)]
struct Numbers<T> {
    numbers: HashMap<T, u32>,
}

impl<T> Default for Numbers<T> {
    fn default() -> Self {
        Self { numbers: HashMap::new() }
    }
}

fn number_all<T: Eq + Hash>(known: &RwLock<Numbers<T>>, each: Vec<T>) -> Box<[u32]> {
    let mut known = known.write().unwrap_or_else(PoisonError::into_inner);
    let number = |one| {
        let next = u32::try_from(known.numbers.len()).expect("fewer than four billion words");
        *known.numbers.entry(one).or_insert(next)
    };
    each.into_iter().map(number).collect()
}

fn read<T>(lock: &RwLock<T>) -> std::sync::RwLockReadGuard<'_, T> {
    lock.read().unwrap_or_else(PoisonError::into_inner)
}
