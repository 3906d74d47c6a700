//! Which commits of the past speak for a candidate?
//!
//! In: the past, and the words of a query or two paths. Out: the commits with the
//! nearest messages, and how often two files changed together. A person is told this
//! beside a ranking; the features say the same to a model in numbers.

use backstory_model::RepoPath;

use super::History;
use super::cache::Cache;
use super::nearest::{by_nearness, nearest};
use super::past::PastCommit;
use super::places::Places;
use crate::text::Bag;

/// A commit of the past whose message is near a query.
#[derive(Clone, Debug, PartialEq)]
pub struct NearCommit<'a> {
    /// The commit.
    pub commit: &'a PastCommit,
    /// The places of the candidates that it changed.
    pub changed: Vec<usize>,
}

/// How often two files changed in one commit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Together {
    /// Commits that changed both.
    pub both: usize,
    /// Commits that changed the first one.
    pub first: usize,
}

impl History {
    /// Returns the commits with the nearest messages, nearest first.
    ///
    /// The cache must be the one of the walk.
    pub fn near<'a>(
        &'a self,
        words: &Bag,
        candidates: &[RepoPath],
        cache: &Cache,
    ) -> Vec<NearCommit<'a>> {
        let places = Places::of(candidates, cache);
        let all = by_nearness(self, words, cache);
        let near = nearest(all.iter()).into_iter().map(|neighbor| NearCommit {
            commit: neighbor.commit,
            changed: places.among(neighbor.files).collect(),
        });
        near.collect()
    }

    /// Counts the commits that changed both files, among those whose files are known
    /// and few enough for a pair to mean something.
    pub fn together(&self, first: &RepoPath, other: &RepoPath, cache: &Cache) -> Together {
        let [Some(first), Some(other)] = cache.path_numbers([first, other])[..] else {
            return Together::default();
        };
        let mut counts = Together::default();
        for (_, files) in self.pairing().filter(|(_, files)| files.contains(&first)) {
            counts.first += 1;
            counts.both += usize::from(files.contains(&other));
        }
        counts
    }
}
