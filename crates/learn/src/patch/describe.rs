//! Which numbers do the patches of one instance have?
//!
//! In: an instance, its repository and caches. Out: one row of features for each patch.
//! The tree at the base and its ancestors are read; of a patch only its lines, of the
//! instance only its statement and the files of its tests.

use std::collections::BTreeSet;

use backstory_model::{RepoPath, Repository, RepositoryError};

use super::diff::{Run, SourceDiff};
use super::error::PatchError;
use super::features::FEATURES;
use super::past::{Past, PastCache, is_source};
use super::read::{Instance, Tried};
use super::surprisal::{Language, each_token};
use crate::history::{self, Cache, walk};
use crate::number::{ratio, real, single};
use crate::snapshot::{self, Index, IndexError, Snapshot};
use crate::text::{Bag, Term, bm25, mean_ranks};

/// What is kept between the instances of one repository.
#[derive(Debug)]
pub struct Caches<'a> {
    /// Files that were read.
    pub index: &'a Index,
    /// Commits that were compared.
    pub commits: &'a Cache,
    /// Lines of commits.
    pub lines: &'a PastCache,
}

/// What came of an instance.
#[derive(Clone, Debug, PartialEq)]
pub enum Described {
    /// One row for each patch, a number for each of [`FEATURES`].
    Rows(Vec<Vec<f32>>),
    /// No rows, and why.
    Dropped(String),
}

/// Describes the patches of one instance.
pub fn describe(
    repository: &dyn Repository,
    instance: &Instance,
    caches: &Caches<'_>,
) -> Result<Described, PatchError> {
    let snapshot = match Snapshot::read(repository, &instance.base, caches.index) {
        Ok(snapshot) => snapshot,
        Err(IndexError::Repository(RepositoryError::Missing { id })) => {
            let why = format!("object `{id}` of its base is not in the repository");
            return Ok(Described::Dropped(why));
        }
        Err(error) => return Err(error.into()),
    };
    let ground = Ground::read(repository, instance, &snapshot, caches)?;
    Ok(Described::Rows(instance.tried.iter().map(|tried| ground.row(tried)).collect()))
}

/// What all patches of an instance stand on.
struct Ground<'a> {
    snapshot: &'a Snapshot,
    statement: Bag,
    /// Every word of the base.
    words: BTreeSet<Term>,
    language: Language,
    past: Past,
    walked: history::History,
    commits: &'a Cache,
    /// How the untrained fusion ranks the files.
    located: Vec<f32>,
    /// How near past messages come to the statement, by file.
    messages: Vec<f32>,
    churn: Vec<f32>,
    /// How much each file changes together with the failing tests.
    test_partner: Vec<f32>,
}

impl<'a> Ground<'a> {
    fn read(
        repository: &dyn Repository,
        instance: &Instance,
        snapshot: &'a Snapshot,
        caches: &Caches<'a>,
    ) -> Result<Self, PatchError> {
        let walked = walk(repository, &instance.base, caches.commits)?;
        let past = Past::read(repository, &walked, caches.lines)?;
        let statement = Bag::of(&instance.statement);
        let columns = snapshot::features(snapshot, snapshot::Query::of(&instance.statement));
        let fusion = &columns[columns.len() - 1];
        let paths = &snapshot.candidates.paths;
        let asked = history::Query { words: &statement, content: &columns[0] };
        let process = walked.features(paths, asked, caches.commits);
        let mut language = Language::default();
        let mut words = BTreeSet::new();
        for (path, blob) in paths.iter().zip(&snapshot.candidates.blobs) {
            let bytes = repository.blob(blob)?.filter(|_| is_source(path));
            for line in String::from_utf8_lossy(&bytes.unwrap_or_default()).lines() {
                language.learn(line);
                each_token(line, |token| {
                    words.insert(Term::of(token));
                });
            }
        }
        Ok(Self {
            located: mean_ranks(fusion).into_iter().map(|rank| 1.0 / (1.0 + rank)).collect(),
            messages: over_largest(history::column(&process, "neighbors_sum")),
            churn: over_largest(history::column(&process, "commits_last_year")),
            test_partner: over_largest(&walked.cochange(paths, &instance.tests, caches.commits)),
            snapshot,
            statement,
            words,
            language,
            past,
            walked,
            commits: caches.commits,
        })
    }

    fn row(&self, tried: &Tried) -> Vec<f32> {
        let patch = Patch::of(&tried.files);
        let mut row = patch.size();
        row.extend(patch.style());
        row.extend(self.snapshot_features(&patch));
        row.extend(self.past_features(&patch));
        // Where nothing was traced, nothing is known of any patch of the instance.
        let run = tried.executed.map_or(0.0, |(hunks, _)| f64::from(hunks));
        let idle =
            if tried.executed.is_some() { (1.0 - run) * real(patch.runs.len()) } else { 0.0 };
        row.extend([run, idle.max(0.0).ln_1p()]);
        debug_assert_eq!(row.len(), FEATURES.len(), "a number for each feature");
        row.into_iter().map(single).collect()
    }

    fn snapshot_features(&self, patch: &Patch<'_>) -> Vec<f64> {
        let bits = |line: &str| self.language.bits(line);
        let (added, worst) = surprise(patch.added(), bits);
        let (removed, _) = surprise(patch.removed(), bits);
        let gain = if removed > 0.0 && added > 0.0 { added - removed } else { 0.0 };
        let located = patch.of_files(self.snapshot, &self.located);
        let mut new: Vec<Term> = Vec::new();
        let mut known = 0;
        patch.added().for_each(|line| {
            each_token(line, |token| {
                let term = Term::of(token);
                let is_word = token.starts_with(|c: char| c.is_alphabetic() || c == '_');
                if self.words.contains(&term) {
                    known += usize::from(is_word);
                } else if is_word {
                    new.push(term);
                }
            });
        });
        let all = known + new.len();
        let bag = Bag::from_terms(new);
        let lonely = bag.counts().iter().filter(|(_, count)| *count == 1).count();
        vec![
            added,
            worst,
            gain,
            self.answers(&text(patch.added())),
            self.answers(&text(patch.shown())),
            largest(&located),
            least(&located),
            if all == 0 { 1.0 } else { ratio(known, all) },
            real(lonely).ln_1p(),
        ]
    }

    /// Scores a text for the statement as if it were one more file.
    fn answers(&self, text: &str) -> f64 {
        let own = Bag::of(text);
        let mut documents: Vec<&Bag> =
            self.snapshot.files.iter().map(|file| &file.content).collect();
        documents.push(&own);
        bm25(&self.statement, &documents).last().copied().map_or(0.0, f64::from)
    }

    fn past_features(&self, patch: &Patch<'_>) -> Vec<f64> {
        let of = |column: &[f32]| patch.of_files(self.snapshot, column);
        let messages = of(&self.messages);
        let paths = &self.snapshot.candidates.paths;
        let touched: Vec<RepoPath> = patch.paths();
        let partners = self.walked.cochange(paths, &touched, self.commits);
        let left = paths.iter().zip(&partners).filter(|(path, _)| !touched.contains(path));
        let fresh: Vec<f64> = patch.runs.iter().map(|run| self.past.freshness(run)).collect();
        let (surprisal, _) = surprise(patch.added(), |line| self.past.bits(line));
        let changed = Bag::of(&text(patch.added().chain(patch.removed())));
        vec![
            largest(&messages),
            least(&messages),
            least(&of(&self.churn)),
            left.map(|(_, share)| f64::from(*share)).fold(0.0, f64::max),
            least(&of(&self.test_partner)),
            fresh.iter().sum::<f64>() / real(fresh.len().max(1)),
            fresh.iter().copied().fold(f64::INFINITY, f64::min).min(1.0),
            surprisal,
            self.past.goes_back(patch.added()),
            self.past.like_fixes(&changed),
            self.past.unlike_size(patch.added().count() + patch.removed().count()),
        ]
    }
}

/// The lines of one patch.
struct Patch<'a> {
    files: &'a [SourceDiff],
    runs: Vec<&'a Run>,
}

impl<'a> Patch<'a> {
    fn of(files: &'a [SourceDiff]) -> Self {
        Self { files, runs: files.iter().flat_map(|file| &file.runs).collect() }
    }

    fn added(&self) -> impl Iterator<Item = &'a String> {
        self.runs.iter().flat_map(|run| &run.added)
    }

    fn removed(&self) -> impl Iterator<Item = &'a String> {
        self.runs.iter().flat_map(|run| &run.removed)
    }

    fn shown(&self) -> impl Iterator<Item = &'a String> {
        let lines = |run: &'a Run| run.added.iter().chain(&run.removed).chain(&run.around);
        self.runs.iter().copied().flat_map(lines)
    }

    fn paths(&self) -> Vec<RepoPath> {
        self.files.iter().map(|file| file.path.clone()).collect()
    }

    fn size(&self) -> Vec<f64> {
        let counts =
            [self.added().count(), self.removed().count(), self.runs.len(), self.files.len()];
        counts.map(|count| real(count).ln_1p()).to_vec()
    }

    fn style(&self) -> Vec<f64> {
        let lines: Vec<&str> = self.added().map(String::as_str).collect();
        let count = |is: &dyn Fn(&str) -> bool| lines.iter().filter(|line| is(line)).count();
        let length: usize = lines.iter().map(|line| line.trim_end().len()).sum();
        let marks = |mark: char| lines.iter().map(|line| line.matches(mark).count()).sum::<usize>();
        vec![
            ratio(length, lines.len()),
            ratio(count(&|line| line.trim().is_empty()), lines.len()),
            ratio(count(&|line| line.trim_start().starts_with('#')), lines.len()),
            ratio(marks('"'), marks('"') + marks('\'')),
        ]
    }

    /// Returns what a column says of the files; 0 for a file that is no candidate.
    fn of_files(&self, snapshot: &Snapshot, column: &[f32]) -> Vec<f64> {
        let place = |file: &SourceDiff| snapshot.candidates.index_of(&file.path);
        let value = |file| place(file).and_then(|at| column.get(at)).map_or(0.0, |v| f64::from(*v));
        self.files.iter().map(value).collect()
    }
}

fn text<'l>(lines: impl Iterator<Item = &'l String>) -> String {
    lines.fold(String::new(), |text, line| text + line + "\n")
}

/// Returns the bits a token over all lines, and those of the worst line.
fn surprise<'l>(
    lines: impl Iterator<Item = &'l String>,
    bits: impl Fn(&str) -> Vec<f64>,
) -> (f64, f64) {
    let (mut sum, mut count, mut worst) = (0.0, 0, 0.0_f64);
    for line in lines {
        let bits = bits(line);
        let total: f64 = bits.iter().sum();
        sum += total;
        count += bits.len();
        worst = worst.max(total / real(bits.len().max(1)));
    }
    (sum / real(count.max(1)), worst)
}

fn over_largest(column: &[f32]) -> Vec<f32> {
    let largest = column.iter().copied().fold(0.0_f32, f32::max);
    column.iter().map(|value| if largest > 0.0 { value / largest } else { 0.0 }).collect()
}

fn largest(values: &[f64]) -> f64 {
    values.iter().copied().fold(0.0, f64::max)
}

fn least(values: &[f64]) -> f64 {
    if values.is_empty() { 0.0 } else { values.iter().copied().fold(f64::INFINITY, f64::min) }
}
