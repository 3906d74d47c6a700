//! What does the failing test say about where the fault lies?
//!
//! In: the text of the failing test as a plain value, the snapshot of the base and,
//! for co-change, its past. Out: the test features (T, TH) and the untrained arms
//! RRF+T and RRF+T+co. The text is what the caller gives: no pull request is read here.

mod fusion;
mod name;
mod read;
#[cfg(test)]
mod tests;

use std::collections::BTreeSet;
use std::sync::Arc;

use backstory_model::RepoPath;

use crate::feature::Kind::{Binary, Scalar};
use crate::feature::{Family, Feature, Kind};
use crate::history::{Cache, History};
use crate::number::{real, single};
use crate::snapshot::{Candidates, FileTerms, ImportGraph, Snapshot};
use crate::text::{Bag, bm25};
use name::{names_file, subject_words};

pub use fusion::{fused_with_execution, fused_with_test, fused_with_test_and_cochange};
pub(crate) use read::blob_at;
pub use read::{MOST_TOKENS, TestQuery};

/// The test features (T), in the order of the columns.
pub const FEATURES: &[Feature] = &[
    declared("test_content", Scalar, "BM25 of the test text against the words of the file"),
    declared("test_definitions", Scalar, "BM25 of the test text against defined names"),
    declared("test_path_words", Scalar, "Jaccard of the words of both paths"),
    declared("test_name", Binary, "the test is called after the file"),
    declared("test_imports", Binary, "the test file imports the file"),
    declared("test_defined_names", Scalar, "log of 1 + defined names that the test text holds"),
];

/// The test feature that reads the past (TH).
pub const HISTORY_FEATURES: &[Feature] =
    &[declared("test_cochange", Scalar, "co-change of the test file with the file")];

const fn declared(name: &'static str, kind: Kind, meaning: &'static str) -> Feature {
    Feature { name, family: Family::Test, kind, meaning }
}

/// Returns one column per entry of [`FEATURES`].
pub fn features(snapshot: &Snapshot, test: &TestQuery) -> Vec<Vec<f32>> {
    let contents: Vec<&Bag> = snapshot.files.iter().map(|file| &file.content).collect();
    let names: Vec<&Bag> = snapshot.files.iter().map(|file| &file.definitions).collect();
    vec![
        bm25(&test.words, &contents),
        bm25(&test.words, &names),
        path_words(snapshot, test),
        named(&snapshot.candidates.paths, test),
        imported(snapshot, test),
        defined_names(&snapshot.files, test),
    ]
}

/// Returns one column per entry of [`HISTORY_FEATURES`].
pub fn history_features(
    history: &History,
    candidates: &Candidates,
    test: &TestQuery,
    cache: &Cache,
) -> Vec<Vec<f32>> {
    vec![history.cochange(&candidates.paths, &test.paths, cache)]
}

/// Compares the words of the paths, what marks a test left out; the best of several tests.
fn path_words(snapshot: &Snapshot, test: &TestQuery) -> Vec<f32> {
    let tests: Vec<Bag> = test.paths.iter().map(subject_words).collect();
    let best = |path: &Bag| {
        let each = tests.iter().map(|test| jaccard(test, path));
        single(each.fold(0.0, f64::max))
    };
    snapshot.paths.iter().map(best).collect()
}

fn jaccard(one: &Bag, other: &Bag) -> f64 {
    let mut shared = 0;
    one.for_each_shared(other, |_, _, _| shared += 1);
    let all = one.counts().len() + other.counts().len() - shared;
    if all == 0 { 0.0 } else { real(shared) / real(all) }
}

fn named(candidates: &[RepoPath], test: &TestQuery) -> Vec<f32> {
    let is_named = |path: &RepoPath| test.paths.iter().any(|test| names_file(test, path));
    candidates.iter().map(|path| f32::from(u8::from(is_named(path)))).collect()
}

/// Marks what the test files import, at the base or in the lines that were added.
fn imported(snapshot: &Snapshot, test: &TestQuery) -> Vec<f32> {
    let (candidates, files) = beside_tests(&snapshot.candidates, test);
    let graph = ImportGraph::of(&candidates, &files);
    let mut column = vec![0.0; snapshot.candidates.len()];
    for path in test.imports.keys() {
        let Some(from) = candidates.index_of(path) else { continue };
        for to in graph.imports(from) {
            if let Some(at) = snapshot.candidates.index_of(&candidates.paths[*to]) {
                column[at] = 1.0;
            }
        }
    }
    column
}

/// Returns the candidates with the test files among them, of which alone it is told
/// what they import: where a path leads to depends on all files.
fn beside_tests(candidates: &Candidates, test: &TestQuery) -> (Candidates, Vec<Arc<FileTerms>>) {
    let tests: BTreeSet<&RepoPath> = test.imports.keys().collect();
    let mut all: Vec<_> = candidates.paths.iter().zip(&candidates.blobs).collect();
    all.retain(|(path, _)| !tests.contains(path));
    all.extend(tests.into_iter().zip(std::iter::repeat(&test.blob)));
    all.sort_unstable();
    let silent = Arc::new(FileTerms::default());
    let terms = |path: &RepoPath| match test.imports.get(path) {
        Some(imports) => Arc::new(FileTerms { imports: imports.clone(), ..FileTerms::default() }),
        None => silent.clone(),
    };
    let files = all.iter().map(|(path, _)| terms(path)).collect();
    let (paths, blobs) = all.into_iter().map(|(path, blob)| (path.clone(), blob.clone())).unzip();
    (Candidates { paths, blobs }, files)
}

fn defined_names(files: &[Arc<FileTerms>], test: &TestQuery) -> Vec<f32> {
    let held = |file: &Arc<FileTerms>| {
        let names = test.names.iter().filter(|name| file.names.binary_search(name).is_ok());
        single(real(names.count()).ln_1p())
    };
    files.iter().map(held).collect()
}
