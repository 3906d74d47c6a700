//! What does the past of the base commit say about where an issue belongs?
//!
//! In: a repository through its port, a base commit, the candidates and the query.
//! Out: the process features (H), one column per entry of [`FEATURES`]. Only
//! ancestors of the base are read, and of them only commits and trees: a mirror
//! without some blobs gives the same features, and no other ref is ever looked at.
//! Renames are not followed.

mod activity;
mod cache;
mod error;
mod folder;
mod messages;
mod nearest;
mod past;
mod places;
mod together;
mod told;
mod walk;

#[cfg(test)]
mod tests;

use std::collections::BTreeSet;

use backstory_model::{CommitId, RepoPath, Repository};

use crate::feature::{Family, Feature, Kind};
use crate::number::single;

use crate::snapshot::{Candidates, best_hits};
use crate::text::{Bag, View, fuse_views};
use activity::activity;

use messages::messages;
use nearest::{Neighbor, by_nearness, nearest};
use places::Places;
use together::together;

pub use cache::Cache;
pub use error::HistoryError;
pub use past::{MOST_FILES, PastCommit};
pub use told::{NearCommit, Together};
pub use walk::{History, MOST_COMMITS, WalkCounts, walk};

/// The process features, in the order of the columns.
pub const FEATURES: &[Feature] = &[
    scalar("commits_last_year", "log of one plus the commits of the year before the base"),
    scalar("commits", "log of one plus all commits that changed the file"),
    scalar("days_since_change", "log of one plus the days from the last change to the base"),
    scalar("fix_commits", "log of one plus the commits whose message speaks of a fix"),
    scalar("neighbors_sum", "sum of cosines over the 50 nearest messages whose commits changed it"),
    scalar("neighbors_max", "largest cosine among the 50 nearest messages that changed it"),
    scalar("past_messages", "BM25 of the query against the last 60 messages of the file"),
    scalar("cochange_hits", "co-change with the five best content hits"),
    scalar("recent_share", "share of the last 100 commits"),
    scalar("fix_neighbors_sum", "sum of cosines over the 50 nearest messages of fixes"),
    scalar("cochange_neighbors", "co-change with the files of the nearest five commits"),
];

const fn scalar(name: &'static str, meaning: &'static str) -> Feature {
    Feature { name, family: Family::Process, kind: Kind::Scalar, meaning }
}

/// How many of the nearest commits are asked which files changed with theirs.
const NEAREST: usize = 5;

/// What is asked of the past.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The words of the query.
    pub words: &'a Bag,
    /// How well the content of each candidate answers it.
    pub content: &'a [f32],
}

/// Returns the process features of one query, one column per entry of [`FEATURES`].
///
/// Walks the past first; a cache that has seen the commits makes that quick.
pub fn features(
    repo: &dyn Repository,
    base: &CommitId,
    candidates: &Candidates,
    query: Query<'_>,
    cache: &Cache,
) -> Result<Vec<Vec<f32>>, HistoryError> {
    Ok(walk(repo, base, cache)?.features(&candidates.paths, query, cache))
}

impl History {
    /// Returns the process features of one query over these candidates.
    ///
    /// The cache must be the one of the walk.
    ///
    /// # Panics
    ///
    /// When there is not one content score per candidate.
    pub fn features(
        &self,
        candidates: &[RepoPath],
        query: Query<'_>,
        cache: &Cache,
    ) -> Vec<Vec<f32>> {
        assert_eq!(candidates.len(), query.content.len(), "one content score per candidate");
        let places = Places::of(candidates, cache);
        let active = activity(self, &places);
        let near = by_nearness(self, query.words, cache);
        let neighbors = nearest(near.iter());
        let fixes = nearest(near.iter().filter(|neighbor| neighbor.commit.is_fix));
        let (sum, max) = carried(&neighbors, &places);
        let (fix_sum, _) = carried(&fixes, &places);
        let hits = numbers(best_hits(query.content).into_iter().map(|at| &candidates[at]), cache);
        let closest: Vec<u32> =
            neighbors.iter().take(NEAREST).flat_map(|near| near.files).copied().collect();
        vec![
            active.last_year,
            active.all,
            active.age,
            active.fixes,
            sum,
            max,
            messages(self, &places, query.words, cache),
            together(self, &places, &hits),
            active.recent,
            fix_sum,
            together(self, &places, &closest),
        ]
    }

    /// Returns how much each candidate changes together with some files, e.g., the
    /// test that fails.
    pub fn cochange(&self, candidates: &[RepoPath], files: &[RepoPath], cache: &Cache) -> Vec<f32> {
        together(self, &Places::of(candidates, cache), &numbers(files.iter(), cache))
    }

    /// Returns the commits that change at least all paths of some part.
    ///
    /// The parts are those of a fix, and whoever can read contents tells which of these
    /// commits are twins of it, to be taken out with [`History::without`].
    pub fn suspects(
        &self,
        parts: impl IntoIterator<Item = Vec<RepoPath>>,
        cache: &Cache,
    ) -> BTreeSet<CommitId> {
        let numbered = |part: Vec<RepoPath>| -> Option<Vec<u32>> {
            cache.path_numbers(&part).into_iter().collect()
        };
        let parts: Vec<Vec<u32>> = parts.into_iter().filter_map(numbered).collect();
        let is_suspect =
            |files: &[u32]| parts.iter().any(|part| part.iter().all(|path| files.contains(path)));
        let suspects = self.small().filter(|(_, files)| is_suspect(files));
        suspects.map(|(commit, _)| commit.id.clone()).collect()
    }
}

/// Returns the sum and the largest of what neighbors carry to the files they change.
fn carried(neighbors: &[Neighbor<'_>], places: &Places) -> (Vec<f32>, Vec<f32>) {
    let (mut sum, mut max) = (vec![0.0_f64; places.count], vec![0.0_f64; places.count]);
    for neighbor in neighbors {
        for at in places.among(neighbor.files) {
            sum[at] += neighbor.cosine;
            max[at] = max[at].max(neighbor.cosine);
        }
    }
    let column = |values: Vec<f64>| values.into_iter().map(single).collect();
    (column(sum), column(max))
}

fn numbers<'a>(paths: impl Iterator<Item = &'a RepoPath>, cache: &Cache) -> Vec<u32> {
    cache.path_numbers(paths).into_iter().flatten().collect()
}

/// Returns the column of a feature.
///
/// # Panics
///
/// When no process feature has this name.
pub fn column<'c>(columns: &'c [Vec<f32>], name: &str) -> &'c [f32] {
    let at = FEATURES.iter().position(|feature| feature.name == name);
    &columns[at.unwrap_or_else(|| panic!("`{name}` is no process feature"))]
}

/// Fuses the views of a snapshot with three of the past: arm RRF+H.
///
/// `snapshot` are the views of RRF; the past adds the neighbors among the commits,
/// the past messages and the churn of one year.
pub fn fused_with_history(snapshot: &[View<'_>], columns: &[Vec<f32>]) -> Vec<f32> {
    let mut views = snapshot.to_vec();
    for name in ["neighbors_sum", "past_messages", "commits_last_year"] {
        views.push(View { scores: column(columns, name), sparse: false });
    }
    fuse_views(&views)
}

/// Fuses content with co-change: arm BM25+co. Co-change is a sparse view.
pub fn content_with_cochange(content: &[f32], columns: &[Vec<f32>]) -> Vec<f32> {
    let cochange = View { scores: column(columns, "cochange_hits"), sparse: true };
    fuse_views(&[View { scores: content, sparse: false }, cochange])
}
