//! Which commits does the past of a base commit hold, newest first?
//!
//! In: a repository, a base commit and what is known of the repository's commits.
//! Out: the ancestors of the base that are no merges, at most [`MOST_COMMITS`].
//! Followed are parents and nothing else: refs are never asked, and no date lets a
//! commit in. The order is that of a queue that starts with the base, gives the
//! commit with the latest commit date first (of equal dates the smaller id) and
//! takes in the parents of what it gave; it is the order in which git lists the
//! same commits, except that git has no rule for equal dates.

use std::cmp::Reverse;
use std::collections::{BTreeSet, BinaryHeap};
use std::sync::Arc;

use backstory_model::{CommitId, Repository};

use super::HistoryError;
use super::cache::{Cache, Slot};
use super::past::{Files, PastCommit};

/// How many commits of the past are read.
pub const MOST_COMMITS: usize = 6_000;

/// The past of one base commit.
#[derive(Clone, Debug)]
pub struct History {
    /// The commits, newest first.
    pub(super) commits: Vec<Arc<PastCommit>>,
    /// When the base was committed.
    pub(super) base_seconds: i64,
    /// What was found on the way.
    pub counts: WalkCounts,
}

/// What a walk found; every commit it gave is counted once.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct WalkCounts {
    /// Commits that are no merges, the base among them.
    pub commits: u32,
    /// Of these, how many change more files than are looked at.
    pub large: u32,
    /// Of these, how many have a tree that is missing or cannot be compared.
    pub unreadable: u32,
    /// Of these, how many were taken out as twins of the fix.
    pub twins: u32,
    /// Parents that the repository does not hold; a shallow clone ends in them.
    pub missing_parents: u32,
    /// The past holds more commits than were read.
    pub capped: bool,
}

impl History {
    /// Returns the commits, newest first.
    pub fn commits(&self) -> impl ExactSizeIterator<Item = &PastCommit> {
        self.commits.iter().map(AsRef::as_ref)
    }

    /// Returns the commits whose files are known and few, newest first.
    pub(super) fn small(&self) -> impl Iterator<Item = (&PastCommit, &[u32])> {
        self.commits.iter().filter_map(|commit| match &commit.files {
            Files::Few(paths) => Some((commit.as_ref(), &paths[..])),
            Files::Many(_) | Files::Unreadable => None,
        })
    }

    /// Returns this past without some commits, which it counts as twins of the fix.
    #[must_use]
    pub fn without(mut self, twins: &BTreeSet<CommitId>) -> Self {
        let before = self.commits.len();
        self.commits.retain(|commit| !twins.contains(&commit.id));
        let gone = before - self.commits.len();
        self.counts.twins += u32::try_from(gone).unwrap_or(u32::MAX);
        self
    }
}

/// Walks the past of `base`.
pub fn walk(
    repo: &dyn Repository,
    base: &CommitId,
    cache: &Cache,
) -> Result<History, HistoryError> {
    walk_at_most(repo, base, cache, MOST_COMMITS)
}

/// Walks the past of `base` and takes at most `most` commits.
pub(super) fn walk_at_most(
    repo: &dyn Repository,
    base: &CommitId,
    cache: &Cache,
    most: usize,
) -> Result<History, HistoryError> {
    let mut queue = Queue::start(repo, base, cache)?;
    let mut history = History {
        commits: Vec::new(),
        base_seconds: queue.base_seconds,
        counts: WalkCounts::default(),
    };
    while let Some(slot) = queue.next(repo, cache)? {
        if slot.is_merge() {
            continue;
        }
        if history.commits.len() == most {
            history.counts.capped = true;
            break;
        }
        history.commits.push(cache.past(repo, &slot)?);
    }
    history.counts.missing_parents = queue.missing;
    history.count();
    cache.keep()?;
    Ok(history)
}

impl History {
    fn count(&mut self) {
        for commit in &self.commits {
            self.counts.commits += 1;
            self.counts.large += u32::from(matches!(commit.files, Files::Many(_)));
            self.counts.unreadable += u32::from(matches!(commit.files, Files::Unreadable));
        }
    }
}

/// The commits still to give, and which were ever put in.
struct Queue {
    waiting: BinaryHeap<(i64, Reverse<CommitId>, u32)>,
    seen: Vec<bool>,
    base_seconds: i64,
    missing: u32,
}

impl Queue {
    fn start(repo: &dyn Repository, base: &CommitId, cache: &Cache) -> Result<Self, HistoryError> {
        let base_seconds = repo.commit(base)?.committer.seconds;
        let mut queue =
            Self { waiting: BinaryHeap::new(), seen: Vec::new(), base_seconds, missing: 0 };
        queue.put(repo, cache, cache.number(base))?;
        Ok(queue)
    }

    fn put(
        &mut self,
        repo: &dyn Repository,
        cache: &Cache,
        number: u32,
    ) -> Result<(), HistoryError> {
        let at = number as usize;
        if at >= self.seen.len() {
            self.seen.resize(at + 1, false);
        }
        if std::mem::replace(&mut self.seen[at], true) {
            return Ok(());
        }
        let slot = cache.slot(number);
        match cache.origin(repo, &slot)? {
            Some(origin) => {
                self.waiting.push((origin.seconds, Reverse(slot.id().clone()), number));
            }
            None => self.missing += 1,
        }
        Ok(())
    }

    fn next(
        &mut self,
        repo: &dyn Repository,
        cache: &Cache,
    ) -> Result<Option<Arc<Slot>>, HistoryError> {
        let Some((_, _, number)) = self.waiting.pop() else { return Ok(None) };
        let slot = cache.slot(number);
        for parent in slot.parents() {
            self.put(repo, cache, *parent)?;
        }
        Ok(Some(slot))
    }
}
