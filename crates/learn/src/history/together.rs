//! Which files change when these files change?
//!
//! In: the past and some files, the seeds. Out: one value per candidate, the sum
//! over the seeds of (commits that change both) / (commits that change the seed + 1).
//! The one in the denominator keeps a seed that changed once from being certain. A
//! seed says nothing about itself, and a commit of more than eight files says
//! nothing about any pair.

use super::past::PastCommit;
use super::places::Places;
use super::walk::History;
use crate::number::single;

/// A commit that changes more files than this pairs none of them.
const MOST_FILES: usize = 8;

impl History {
    /// Returns the commits that pair the files they change.
    pub(super) fn pairing(&self) -> impl Iterator<Item = (&PastCommit, &[u32])> {
        self.small().filter(|(_, files)| files.len() <= MOST_FILES)
    }
}

/// Returns how much each candidate changes together with the seeds, given as
/// numbers of paths.
pub(super) fn together(history: &History, places: &Places, seeds: &[u32]) -> Vec<f32> {
    let mut seeds = seeds.to_vec();
    seeds.sort_unstable();
    seeds.dedup();
    let mut changed = vec![0_u32; seeds.len()];
    for (_, files) in history.pairing() {
        for seed in seeds_among(&seeds, files) {
            changed[seed] += 1;
        }
    }
    let mut sums = vec![0.0_f64; places.count];
    for (_, files) in history.pairing() {
        for seed in seeds_among(&seeds, files) {
            let share = 1.0 / (f64::from(changed[seed]) + 1.0);
            for path in files.iter().filter(|path| **path != seeds[seed]) {
                if let Some(at) = places.at(*path) {
                    sums[at] += share;
                }
            }
        }
    }
    sums.into_iter().map(single).collect()
}

/// Returns the places in `seeds` of those that a commit changes.
fn seeds_among(seeds: &[u32], files: &[u32]) -> impl Iterator<Item = usize> {
    files.iter().filter_map(|path| seeds.binary_search(path).ok())
}
