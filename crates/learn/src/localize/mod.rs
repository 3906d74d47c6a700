//! Where does an issue belong?
//!
//! In: a repository through its port, a commit, an issue, the failing test where one is
//! known, and trained rankers. Out: files and functions, best first, each with the
//! reasons that a person can check. Reads the tree of the commit and its ancestors.

mod evidence;
mod model;
mod reasons;
pub mod test;
mod words;

use std::sync::LazyLock;

use backstory_model::{CommitId, RepoPath, Repository, RepositoryError, TestText};

use crate::experiment::Arm;
use crate::feature::{column_names, normalized};
use crate::functions::{self, Function, RankedFile};
use crate::history::{Cache, HistoryError, WalkCounts, walk};
use crate::rank::Ranker;
use crate::seen::{Columns, Ground, Sight, matrix, names};
use crate::snapshot::{self, Candidates, Index, IndexError, Snapshot};
use crate::test_query::TestQuery;
use evidence::Evidence;

pub use model::{Localizer, LocalizerError, Task};
pub use reasons::{Reason, ReasonKind};

/// The localizer that ships with this build.
static SHIPPED: &[u8] = include_bytes!("shipped.model");

/// Returns the localizer that ships with this build.
pub fn shipped() -> &'static Localizer {
    static READ: LazyLock<Localizer> =
        LazyLock::new(|| Localizer::from_bytes(SHIPPED).expect("a test reads the shipped model"));
    &READ
}

/// What is asked.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The issue; its first line is the title.
    pub issue: &'a str,
    /// The failing test, where one is known.
    pub test: Option<&'a TestText>,
}

impl Asked<'_> {
    /// Returns which task this is.
    pub fn task(self) -> Task {
        if self.test.is_some() { Task::IssueAndTest } else { Task::Issue }
    }
}

/// What came of a question.
#[derive(Clone, Debug)]
pub struct Localization {
    /// How many files could be named.
    pub candidates: usize,
    /// How many of them the repository does not hold; they count as empty.
    pub absent: usize,
    /// What was found of the past.
    pub past: WalkCounts,
    /// The best files, best first.
    pub files: Vec<FoundFile>,
    /// The best functions, best first.
    pub functions: Vec<FoundFunction>,
}

/// A file with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundFile {
    /// Where it lies.
    pub path: RepoPath,
    /// Its score; means something beside the others of the same question only.
    pub score: f64,
    /// Why it stands here, strongest first.
    pub reasons: Vec<Reason>,
}

/// A function with its reasons.
#[derive(Clone, Debug, PartialEq)]
pub struct FoundFunction {
    /// The file that defines it.
    pub path: RepoPath,
    /// Its name with the lines of its first definition.
    pub function: Function,
    /// Its score; means something beside the others of the same question only.
    pub score: f64,
    /// Why it stands here, strongest first.
    pub reasons: Vec<Reason>,
}

/// Says why there is no answer.
#[derive(Debug, thiserror::Error)]
pub enum LocalizeError {
    /// There is nothing to rank.
    #[error("the commit holds no code file that could be ranked")]
    NoCode,
    /// There is nothing to read.
    #[error("none of the {files} code files of the commit is in the repository")]
    NoContent {
        /// How many files there are.
        files: usize,
    },
    /// The tree or its files cannot be read.
    #[error("failed to read the files of the commit")]
    Files(#[from] IndexError),
    /// The past cannot be read.
    #[error("failed to read the past of the commit")]
    Past(#[from] HistoryError),
}

impl From<RepositoryError> for LocalizeError {
    fn from(error: RepositoryError) -> Self {
        Self::Files(error.into())
    }
}

/// Reads repositories for questions.
pub struct Localize<'a> {
    /// The objects.
    pub repository: &'a dyn Repository,
    /// Files that were read before.
    pub index: &'a Index,
    /// Commits that were read before.
    pub cache: &'a Cache,
    /// What ranks.
    pub model: &'a Localizer,
    /// How many files and how many functions are wanted.
    pub most: usize,
}

impl Localize<'_> {
    /// Ranks the files and functions of one commit; `told` is called after each
    /// candidate that was read, from any thread.
    pub fn at(
        &self,
        base: &CommitId,
        candidates: Candidates,
        asked: Asked<'_>,
        told: &(dyn Fn() + Sync),
    ) -> Result<Localization, LocalizeError> {
        let Self { repository, index, cache, .. } = *self;
        if candidates.is_empty() {
            return Err(LocalizeError::NoCode);
        }
        let (snapshot, past) = rayon::join(
            || Snapshot::of(repository, candidates, index, told),
            || walk(repository, base, cache),
        );
        let (snapshot, past) = (snapshot?, past?);
        let count = snapshot.candidates.len();
        if snapshot.absent == count {
            return Err(LocalizeError::NoContent { files: count });
        }
        let test = match asked.test {
            Some(test) => Some(TestQuery::read(repository, base, test, index)?),
            None => None,
        };
        let ground = Ground { snapshot: &snapshot, past: &past, cache };
        let columns = ground.columns(snapshot::Query::of(asked.issue), test.as_ref());
        let ranked = Ranked::of(self.model, asked.task(), &columns);
        let evidence = Evidence::of(ground, &columns, asked);
        let functions = self.functions(&ranked, &snapshot.candidates, asked)?;
        Ok(Localization {
            candidates: count,
            absent: snapshot.absent,
            past: past.counts,
            files: ranked.files(self.most, &evidence),
            functions,
        })
    }

    fn functions(
        &self,
        ranked: &Ranked<'_>,
        candidates: &Candidates,
        asked: Asked<'_>,
    ) -> Result<Vec<FoundFunction>, LocalizeError> {
        let files = ranked.best(functions::MOST_FILES, candidates);
        let found = functions::definitions(self.repository, &files)?;
        let test = asked.test.map_or("", |test| &test.added);
        let question = functions::Asked { issue: asked.issue, test };
        let columns = functions::features(&found, &files, question);
        let scores = function_scores(self.model.functions(asked.task()), &found, &columns);
        let order = best(&scores, self.most);
        let reasons = reasons::of_functions(&order, &found, &columns, question);
        let ranked = order.into_iter().zip(reasons).map(|(at, reasons)| FoundFunction {
            path: files[found[at].file].path.clone(),
            function: found[at].clone(),
            score: scores[at],
            reasons,
        });
        Ok(ranked.collect())
    }
}

/// Scores functions with a model, or without training where there is none.
pub fn function_scores(
    model: Option<&Ranker>,
    functions: &[Function],
    columns: &[Vec<f32>],
) -> Vec<f64> {
    match model {
        Some(ranker) => {
            let columns = normalized(&functions::FEATURES, columns);
            let row = |at: usize| columns.iter().map(move |column| column[at]);
            let rows: Vec<f32> = (0..functions.len()).flat_map(row).collect();
            ranker.model.scores(&rows)
        }
        None => functions::fused(functions, columns),
    }
}

/// Returns the names of the features that a ranker of functions reads.
pub fn function_names() -> Vec<String> {
    column_names(&functions::FEATURES)
}

/// Returns what a ranker of files sees in a task: what the arms C and E see.
pub fn sight(task: Task) -> Sight {
    let arm = match task {
        Task::Issue => Arm::C,
        Task::IssueAndTest => Arm::E,
    };
    seen_by(arm)
}

fn seen_by(arm: Arm) -> Sight {
    arm.trained().expect("the arms of localizers are trained").1
}

/// Every candidate with its score and what lifted it.
struct Ranked<'a> {
    columns: &'a Columns,
    names: Vec<String>,
    scores: Vec<f64>,
    lifts: Vec<Vec<f64>>,
}

impl<'a> Ranked<'a> {
    fn of(model: &Localizer, task: Task, columns: &'a Columns) -> Self {
        let rows = matrix("", columns, sight(task), None).rows;
        let model = &model.files(task).model;
        let (scores, lifts) = (model.scores(&rows), model.reasons(&rows));
        Self { columns, names: names(sight(task)), scores, lifts }
    }

    fn best(&self, most: usize, candidates: &Candidates) -> Vec<RankedFile> {
        let file = |at: usize| RankedFile {
            path: candidates.paths[at].clone(),
            blob: candidates.blobs[at].clone(),
            score: self.scores[at],
        };
        best(&self.scores, most).into_iter().map(file).collect()
    }

    fn files(&self, most: usize, evidence: &Evidence<'_>) -> Vec<FoundFile> {
        let file = |at: usize| FoundFile {
            path: self.columns.paths[at].clone(),
            score: self.scores[at],
            reasons: reasons::of_file(at, &self.names, &self.lifts[at], evidence),
        };
        best(&self.scores, most).into_iter().map(file).collect()
    }
}

/// Returns the places of the best scores, best first; equal ones stay in order.
fn best(scores: &[f64], most: usize) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|one, other| scores[*other].total_cmp(&scores[*one]));
    order.truncate(most);
    order
}
