//! What does the snapshot say about each candidate for one issue?
//!
//! In: a snapshot and the text of an issue. Out: the views that are fused and the
//! declared features (S), one value per candidate. A function of its arguments.

use std::sync::Arc;

use super::candidates::is_package_index;
use super::file::FileTerms;
use super::imports::ImportGraph;
use super::tree::Snapshot;
use crate::feature::Family::Snapshot as S;
use crate::feature::Kind::{Binary, Scalar};
use crate::feature::{Feature, Kind};
use crate::number::{real, single};
use crate::text::{Bag, Term, bm25, fuse, order};

const fn declared(name: &'static str, kind: Kind, meaning: &'static str) -> Feature {
    Feature { name, family: S, kind, meaning }
}

/// The features of the snapshot, in the order of the columns.
pub const FEATURES: [Feature; 16] = [
    declared("content", Scalar, "BM25 of the issue against the words of the file"),
    declared("path_words", Scalar, "BM25 of the issue against the words of the path"),
    declared("definitions", Scalar, "BM25 of the issue against the words of defined names"),
    declared("title_content", Scalar, "BM25 of the title against the words of the file"),
    declared("title_path", Scalar, "BM25 of the title against the words of the path"),
    declared("named_whole", Binary, "the issue names its full path or its dotted module"),
    declared("named_base", Binary, "the issue names its base name"),
    declared("stem_word", Binary, "its base name without suffix is a word of the issue"),
    declared("named_last_two", Binary, "the issue names its last two path parts"),
    declared("defined_names", Scalar, "log of 1 + defined names that the issue holds"),
    declared("size", Scalar, "log of 1 + its size in bytes"),
    declared("depth", Scalar, "directories above it"),
    declared("package_index", Binary, "it stands for its directory, e.g., `__init__.py`"),
    declared("in_degree", Scalar, "log of 1 + candidates that import it"),
    declared("near_hits", Scalar, "imports between it and the five best hits by content"),
    declared("fusion", Scalar, "untrained fusion of content, path, definitions and title"),
];

/// How many of the best hits by content count as such.
pub const BEST_HITS: usize = 5;

/// One query against a snapshot.
#[derive(Clone, Copy, Debug)]
pub struct Query<'a> {
    /// The text; its first line is the title.
    pub text: &'a str,
    /// A candidate whose content is scored without the words of the text: the one that
    /// holds a pseudo-query.
    pub without: Option<usize>,
}

impl<'a> Query<'a> {
    /// Asks for an issue.
    pub fn of(text: &'a str) -> Self {
        Self { text, without: None }
    }
}

/// BM25 of one query, by what of the files it is compared with.
#[derive(Clone, Debug, PartialEq)]
pub struct Views {
    /// The issue against the words of the file.
    pub content: Vec<f32>,
    /// The issue against the words of the path.
    pub path: Vec<f32>,
    /// The issue against the words of the defined names.
    pub definitions: Vec<f32>,
    /// The title against the words of the file.
    pub title_content: Vec<f32>,
    /// The title against the words of the path.
    pub title_path: Vec<f32>,
}

impl Views {
    /// Compares a query with every candidate.
    pub fn of(snapshot: &Snapshot, query: Query<'_>) -> Self {
        let issue = Bag::of(query.text);
        let title = Bag::of(query.text.lines().next().unwrap_or(""));
        let own = query.without.map(|at| (at, snapshot.files[at].content.minus(&issue)));
        let mut contents: Vec<&Bag> = snapshot.files.iter().map(|file| &file.content).collect();
        if let Some((at, rest)) = &own {
            contents[*at] = rest;
        }
        let paths: Vec<&Bag> = snapshot.paths.iter().collect();
        let names: Vec<&Bag> = snapshot.files.iter().map(|file| &file.definitions).collect();
        Self {
            content: bm25(&issue, &contents),
            path: bm25(&issue, &paths),
            definitions: bm25(&issue, &names),
            title_content: bm25(&title, &contents),
            title_path: bm25(&title, &paths),
        }
    }

    /// Fuses the four views of the untrained arm RRF.
    pub fn fusion(&self) -> Vec<f32> {
        fuse(&[&self.content, &self.path, &self.definitions, &self.title_content])
    }
}

/// Returns the candidates that score best, at most five, none that scores nothing.
pub fn best_hits(content: &[f32]) -> Vec<usize> {
    let found = order(content).into_iter().filter(|at| content[*at] > 0.0);
    found.take(BEST_HITS).collect()
}

/// Returns one column per entry of [`FEATURES`], as measured; see
/// [`crate::feature::normalized`] for what a model sees.
pub fn features(snapshot: &Snapshot, query: Query<'_>) -> Vec<Vec<f32>> {
    let views = Views::of(snapshot, query);
    let fusion = views.fusion();
    let mentions = snapshot.names.in_text(query.text, snapshot.candidates.len());
    let near = near_hits(&snapshot.imports, &views.content);
    let paths = &snapshot.candidates.paths;
    let logs = |count: &dyn Fn(usize) -> usize| -> Vec<f32> {
        (0..paths.len()).map(|at| single(real(count(at)).ln_1p())).collect()
    };
    let size = |at: usize| usize::try_from(snapshot.files[at].size).unwrap_or(usize::MAX);
    let depth = |at: usize| paths[at].as_bytes().split(|byte| *byte == b'/').count() - 1;
    let index = |at: usize| f32::from(u8::from(is_package_index(&paths[at])));
    vec![
        views.content,
        views.path,
        views.definitions,
        views.title_content,
        views.title_path,
        mentions.whole,
        mentions.base_name,
        mentions.stem,
        mentions.last_two,
        defined_names(&snapshot.files, query.text),
        logs(&size),
        (0..paths.len()).map(|at| single(real(depth(at)))).collect(),
        (0..paths.len()).map(index).collect(),
        logs(&|at| snapshot.imports.imported_by(at).len()),
        near,
        fusion,
    ]
}

/// Counts, for each candidate, the best hits that import it or that it imports.
fn near_hits(imports: &ImportGraph, content: &[f32]) -> Vec<f32> {
    let mut near = vec![0.0; content.len()];
    for hit in best_hits(content) {
        let mut neighbors = [imports.imports(hit), imports.imported_by(hit)].concat();
        neighbors.sort_unstable();
        neighbors.dedup();
        for neighbor in neighbors {
            near[neighbor] += 1.0;
        }
    }
    near
}

fn defined_names(files: &[Arc<FileTerms>], text: &str) -> Vec<f32> {
    let identifiers = text.split(|c: char| !c.is_alphanumeric() && c != '_');
    let mut words: Vec<Term> = identifiers.filter(|word| !word.is_empty()).map(Term::of).collect();
    words.sort_unstable();
    words.dedup();
    let held = |file: &Arc<FileTerms>| {
        let names = words.iter().filter(|word| file.names.binary_search(word).is_ok());
        single(real(names.count()).ln_1p())
    };
    files.iter().map(held).collect()
}
