//! What is known of one question about functions?
//!
//! In: a repository, the best files of a ranking, the question and its gold. Out: the
//! features of every function with the places of gold; gold that is not among them
//! is counted and never found.

use std::collections::BTreeSet;

use backstory_model::{RepoName, Repository, RepositoryError};

use super::changed::changed_lines;
use super::definitions::{Function, RankedFile, definitions};
use super::features::{Asked, features, fused};
use crate::experiment::Role;

/// Which functions are right.
#[derive(Clone, Copy, Debug)]
pub enum Gold<'a> {
    /// Those of these names, `path:Class.method`.
    Named(&'a [String]),
    /// Those that this patch changes.
    Patch(&'a str),
}

/// One question over the functions of the best files.
#[derive(Clone, Debug, PartialEq)]
pub struct Measured {
    /// Its name.
    pub id: String,
    /// The repository.
    pub repo: RepoName,
    /// Where it may stand.
    pub role: Role,
    /// The places of gold among the functions, ascending.
    pub gold: Vec<usize>,
    /// How many gold functions there are, found or not.
    pub wanted: usize,
    /// The untrained ranking.
    pub fused: Vec<f64>,
    /// The features as measured, one column each.
    pub columns: Vec<Vec<f32>>,
}

/// Who asks.
#[derive(Clone, Debug)]
pub struct Asker {
    /// The name of the question.
    pub id: String,
    /// The repository.
    pub repo: RepoName,
    /// Where it may stand.
    pub role: Role,
}

/// Measures one question.
pub fn measure(
    repository: &dyn Repository,
    files: &[RankedFile],
    asker: Asker,
    asked: Asked<'_>,
    gold: Gold<'_>,
) -> Result<Measured, RepositoryError> {
    let functions = definitions(repository, files)?;
    let columns = features(&functions, files, asked);
    let (gold, wanted) = places(&functions, files, gold);
    let Asker { id, repo, role } = asker;
    let fused = fused(&functions, &columns);
    Ok(Measured { id, repo, role, gold, wanted, fused, columns })
}

/// Returns the places of gold and how much gold there is.
fn places(functions: &[Function], files: &[RankedFile], gold: Gold<'_>) -> (Vec<usize>, usize) {
    let all = || (0..functions.len()).map(|at| (at, &functions[at]));
    match gold {
        Gold::Named(names) => {
            let names: BTreeSet<&str> = names.iter().map(String::as_str).collect();
            let name = |one: &Function| format!("{}:{}", files[one.file].path, one.name);
            let found = all().filter(|(_, one)| names.contains(name(one).as_str()));
            (found.map(|(at, _)| at).collect(), names.len())
        }
        Gold::Patch(patch) => {
            let changed = changed_lines(patch);
            let is_changed = |one: &Function| {
                let file = changed.get(&files[one.file].path);
                file.is_some_and(|file| file.touches(one.lines))
            };
            let found: Vec<usize> =
                all().filter(|(_, one)| is_changed(one)).map(|(at, _)| at).collect();
            let count = found.len();
            (found, count)
        }
    }
}
