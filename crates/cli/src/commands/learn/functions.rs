//! How well are functions ranked, with training and without?

use std::collections::BTreeMap;
use std::fmt::Write as _;

use backstory_learn::experiment::{Query, Role, Setting, read_queries};
use backstory_learn::functions::{
    Asked, Asker, FunctionSetting, Gold, MOST_FILES, Measured, RankedFile, Scored, file_scores,
    measure, patches, scored, train,
};
use backstory_learn::localize::{Localizer, Task, shipped};
use backstory_learn::measure::{Hits, Metric};
use backstory_learn::number::real;
use backstory_learn::rows::{IssueRow, read_dataset};
use backstory_learn::snapshot::{Candidates, is_test_path};
use backstory_mine::test_text::test_text;
use backstory_mine::{GitRepository, find_repository};
use backstory_model::{RepoName, RepositoryError, TestText, exit};
use rayon::prelude::*;

use super::save::write;
use super::told_rows;
use crate::arguments::LearnFunctionsArgs;
use crate::commands::localize::read_model;
use crate::cost::Cost;
use crate::{Failure, Talk};

/// How rankers of files are trained.
const FILES: Setting = Setting { trees: 100, leaves: 7, issue_votes: 10, fusion: 0.5 };
/// How rankers of functions are trained.
const FUNCTIONS: FunctionSetting = FunctionSetting { leaves: 7, trees: 100, linear: 0.5 };

/// What the table shows of each ranking.
const SHOWN: [Metric; 5] =
    [Metric::Acc(1), Metric::Acc(5), Metric::Acc(10), Metric::Hit(5), Metric::Mrr];

/// Scores rankings of functions, and saves rankers if asked.
pub(super) fn functions(args: &LearnFunctionsArgs, talk: &Talk) -> Result<u8, Failure> {
    let queries = read_queries(&args.features)
        .map_err(|error| Failure::of(error, "failed to read the queries"))?;
    let wanted = wanted(args, talk)?;
    talk.say(&format!("{} queries, {} with functions to look for", queries.len(), wanted.len()));
    let mut rankers = [None, None];
    talk.data(&header())?;
    for (at, task) in Task::ALL.into_iter().enumerate() {
        let measured = measured(args, &queries, &wanted, task, talk)?;
        let by_rows = score(&measured, |one| one.role == Role::Development)?;
        let by_all = score(&measured, |_| true)?;
        talk.data(&table(task, &measured, &by_rows, &by_all))?;
        if args.save_model.is_some() {
            let learned: Vec<&Measured> =
                measured.iter().filter(|one| one.role != Role::Test).collect();
            rankers[at] = Some(train(&learned, FUNCTIONS).map_err(untrained)?);
        }
    }
    if let Some(file) = &args.save_model {
        let base = match &args.model {
            Some(model) => read_model(model)?,
            None => shipped().clone(),
        };
        write(file, &Localizer { functions: rankers, ..base }, talk)?;
    }
    let cost = Cost::so_far().rounded();
    talk.say(&format!("{:.1} CPU-seconds, {:.0} MB", cost.cpu_seconds, cost.peak_rss_mb));
    Ok(exit::OK)
}

fn score(
    measured: &[Measured],
    learns: impl Fn(&Measured) -> bool + Sync,
) -> Result<Vec<Scored>, Failure> {
    scored(measured, FUNCTIONS, learns).map_err(untrained)
}

fn untrained(error: backstory_learn::rank::GroupError) -> Failure {
    Failure::of(error, "failed to train on functions")
}

/// A question with what is known of its functions.
struct Wanted {
    row: IssueRow,
    /// What a unit changes; rows name their functions.
    patch: Option<String>,
    test: Option<TestText>,
}

/// Lists rows and units by id.
fn wanted(args: &LearnFunctionsArgs, talk: &Talk) -> Result<BTreeMap<String, Wanted>, Failure> {
    let mut wanted = BTreeMap::new();
    let unread = |error| Failure::of(error, "failed to read the dataset");
    for dataset in &args.train {
        let mut patches = patches(dataset).map_err(unread)?;
        for unit in read_dataset(dataset).map_err(unread)? {
            let id = unit.row.question.id.clone();
            let patch = patches.remove(&id);
            wanted.insert(id, Wanted { row: unit.row, patch, test: Some(unit.test) });
        }
    }
    for file in &args.test {
        for row in told_rows(file, talk)?.rows {
            let id = row.question.id.clone();
            wanted.insert(id, Wanted { row, patch: None, test: None });
        }
    }
    Ok(wanted)
}

/// Measures every query whose functions are known.
fn measured(
    args: &LearnFunctionsArgs,
    queries: &[Query],
    wanted: &BTreeMap<String, Wanted>,
    task: Task,
    talk: &Talk,
) -> Result<Vec<Measured>, Failure> {
    let scores = file_scores(queries, task, FILES)
        .map_err(|error| Failure::of(error, "failed to train on files"))?;
    let mut by_repository: BTreeMap<&RepoName, Vec<Found<'_>>> = BTreeMap::new();
    for (query, scores) in queries.iter().zip(&scores) {
        let (Some(scores), Some(wanted)) = (scores, wanted.get(&query.id)) else { continue };
        let found = by_repository.entry(&query.repo).or_default();
        let is_unit = |found: &&Found<'_>| found.query.role == Role::Unit;
        // The queries of a repository stand newest first.
        if query.role != Role::Unit || found.iter().filter(is_unit).count() < args.units {
            found.push(Found { query, wanted, scores });
        }
    }
    let stage = talk.stage(task.as_str(), by_repository.values().map(Vec::len).sum());
    let mut measured = Vec::new();
    for (repo, queries) in by_repository {
        let Some(place) = find_repository(&args.repos, repo) else { continue };
        let repository = GitRepository::open(&place)?;
        let found: Vec<Option<Measured>> = queries
            .par_iter()
            .map(|found| {
                let one = found.measured(&repository, task);
                stage.step();
                one
            })
            .collect::<Result<_, RepositoryError>>()
            .map_err(|error| Failure::of(error, "failed to read functions"))?;
        measured.extend(found.into_iter().flatten());
    }
    stage.finish();
    Ok(measured)
}

/// A query with what is known of it and the scores of its files.
struct Found<'a> {
    query: &'a Query,
    wanted: &'a Wanted,
    scores: &'a [f64],
}

impl Found<'_> {
    /// Measures the query; `None` where its functions or its files are not known.
    fn measured(
        &self,
        repository: &GitRepository,
        task: Task,
    ) -> Result<Option<Measured>, RepositoryError> {
        let Self { query, wanted, scores } = *self;
        let answer = &wanted.row.answer;
        let gold = match (&wanted.patch, &answer.gold_functions) {
            (Some(patch), _) => Gold::Patch(patch),
            (None, Some(names)) => Gold::Named(names),
            (None, None) => return Ok(None),
        };
        let base = &wanted.row.question.base;
        let candidates = Candidates::at(repository, base)?;
        if candidates.paths != query.columns.paths {
            return Ok(None);
        }
        let mut order: Vec<usize> = (0..scores.len()).collect();
        order.sort_by(|one, other| scores[*other].total_cmp(&scores[*one]));
        let files: Vec<RankedFile> = order
            .into_iter()
            .take(MOST_FILES)
            .map(|at| RankedFile {
                path: candidates.paths[at].clone(),
                blob: candidates.blobs[at].clone(),
                score: scores[at],
            })
            .collect();
        let test = match (task, &wanted.test) {
            (Task::Issue, _) => TestText::default(),
            (Task::IssueAndTest, Some(test)) => test.clone(),
            (Task::IssueAndTest, None) => of_pull_request(repository, &wanted.row)?,
        };
        let asker = Asker { id: query.id.clone(), repo: query.repo.clone(), role: query.role };
        let asked = Asked { issue: &wanted.row.question.text, test: &test.added };
        measure(repository, &files, asker, asked, gold).map(Some)
    }
}

fn of_pull_request(
    repository: &GitRepository,
    row: &IssueRow,
) -> Result<TestText, RepositoryError> {
    let Some(head) = &row.answer.pull_head else { return Ok(TestText::default()) };
    let named = row.answer.test_files.as_deref();
    test_text(repository, &row.question.base, head, |path| {
        named.map_or_else(|| is_test_path(path), |named| named.contains(path))
    })
}

fn header() -> String {
    let mut text = format!("{:16}{:14}{:22}{:>6}", "task", "rows", "ranking", "rows");
    for metric in SHOWN {
        write!(text, "{:>8}", metric.to_string()).expect("writing to a string cannot fail");
    }
    text + "\n"
}

fn table(task: Task, measured: &[Measured], by_rows: &[Scored], by_all: &[Scored]) -> String {
    let mut text = String::new();
    for (label, role) in [("development", Role::Development), ("test", Role::Test)] {
        let of = |scored: &[Scored], hits: fn(&Scored) -> &Hits| -> Vec<Hits> {
            let inside = scored.iter().filter(|one| measured[one.at].role == role);
            inside.map(|one| hits(one).clone()).collect()
        };
        for (ranking, hits) in [
            ("untrained", of(by_all, |one| &one.fused)),
            ("rows", of(by_rows, |one| &one.trained)),
            ("rows and units", of(by_all, |one| &one.trained)),
        ] {
            write!(text, "{:16}{label:14}{ranking:22}{:>6}", task.as_str(), hits.len())
                .expect("writing to a string cannot fail");
            for metric in SHOWN {
                let sum: f64 = hits.iter().map(|hits| hits.metric(metric)).sum();
                write!(text, "{:>8.1}", 100.0 * sum / real(hits.len().max(1)))
                    .expect("writing to a string cannot fail");
            }
            text.push('\n');
        }
    }
    text
}
