//! Which candidate does a path of the past stand for?
//!
//! A path counts for the candidate of the same path and for no other: what a file
//! was called before, or will be called, is not looked for.

use backstory_model::RepoPath;

use super::cache::Cache;

/// Candidates by the number of their path.
#[derive(Debug)]
pub(super) struct Places {
    of_path: Vec<Option<u32>>,
    /// How many candidates there are.
    pub(super) count: usize,
}

impl Places {
    /// Numbers the candidates.
    pub(super) fn of(candidates: &[RepoPath], cache: &Cache) -> Self {
        let mut of_path = vec![None; cache.paths()];
        for (at, number) in (0_u32..).zip(cache.path_numbers(candidates)) {
            // Another thread may have numbered more paths since.
            if let Some(slot) = number.and_then(|number| of_path.get_mut(number as usize)) {
                *slot = Some(at);
            }
        }
        Self { of_path, count: candidates.len() }
    }

    /// Returns the candidate that a path stands for.
    pub(super) fn at(&self, path: u32) -> Option<usize> {
        self.of_path.get(path as usize).copied().flatten().map(|at| at as usize)
    }

    /// Returns the candidates that stand for some of these paths.
    pub(super) fn among<'p>(&self, paths: &'p [u32]) -> impl Iterator<Item = usize> + use<'p, '_> {
        paths.iter().filter_map(|path| self.at(*path))
    }
}
