//! Which localizer ranks best, and by how much?
//!
//! Measures the queries of a dataset and of issue rows, or takes them as an earlier
//! call left them, runs every arm, and writes the report.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use backstory_learn::execution::Executed;
use backstory_learn::experiment::{
    Asked, Described, QueryWriter, Role, RunOptions, Source, Told, describe, learning_curve,
    read_queries, report, run, source_files, time_cuts,
};
use backstory_learn::history::{Cache, History, walk};
use backstory_learn::rows::{IssueRow, UnitRow, Usage, read_dataset};
use backstory_learn::snapshot::{Index, is_test_path};
use backstory_mine::test_text::test_text;
use backstory_mine::twin::Fix;
use backstory_mine::{GitRepository, find_repository};
use backstory_model::{CommitId, RepoName, RepositoryError, TestText, exit};
use backstory_store::fs;
use rayon::prelude::*;

use super::save::save_model;
use super::told_rows;
use crate::arguments::LearnLocalizerArgs;
use crate::cost::Cost;
use crate::talk::{Stage, cell};
use crate::{Failure, Talk};

/// Queries that are measured at a time; bounds what waits to be written.
const AT_ONCE: usize = 16;

/// Where the report keeps the queries.
const FEATURES: &str = "features";
/// The report, in two forms.
const REPORT: [&str; 2] = ["report.html", "report.md"];

/// How the experiment is run again from what was measured.
const AGAIN: &str = "backstory learn localizer --features FEATURES --report REPORT";

/// Runs the experiment.
pub(super) fn localizer(args: &LearnLocalizerArgs, talk: &Talk) -> Result<u8, Failure> {
    let features = match &args.features {
        Some(features) => features.clone(),
        None => measure(args, talk)?,
    };
    let queries = read_queries(&features)
        .map_err(|error| Failure::of(error, "failed to read the queries"))?;
    talk.say(&format!("{} queries", queries.len()));
    let mut options = RunOptions { seeds: args.seeds, ..RunOptions::default() };
    if !args.split.is_empty() {
        options.splits.clone_from(&args.split);
    }
    let results = run(&queries, &options).map_err(|error| Failure::of(error, "failed to train"))?;
    let files = source_files(&features)
        .map_err(|error| Failure::of(error, "failed to read the tables again"))?;
    let curve = learning_curve(&queries, &results)
        .map_err(|error| Failure::of(error, "failed to train on parts"))?;
    let told = Told {
        queries: &queries,
        results: &results,
        curve: &curve,
        files: &files,
        command: Some(AGAIN),
        ..Told::default()
    };
    let page = report(&told);
    let html = page.to_html().map_err(|error| Failure::of(error, "failed to draw the report"))?;
    let text = page.to_markdown();
    fs::create_dirs(&args.report)?;
    for (name, text) in REPORT.into_iter().zip([&html, &text]) {
        fs::write_file(&args.report.join(name), text.as_bytes())?;
    }
    talk.data(&text)?;
    if let Some(file) = &args.save_model {
        save_model(file, &queries, &results, talk)?;
    }
    let cost = Cost::so_far().rounded();
    talk.say(&format!("{:.1} CPU seconds, {:.0} MB", cost.cpu_seconds, cost.peak_rss_mb));
    Ok(exit::OK)
}

/// One query before it is measured.
struct Wanted {
    row: IssueRow,
    role: Role,
    source: Source,
    /// Known for units; of a row it is read from the fixing pull request.
    test: Option<TestText>,
    /// What the failing test executed; known for units that were run.
    executed: Option<Executed>,
}

impl Wanted {
    fn repo(&self) -> RepoName {
        self.row.question.repo.clone()
    }
}

/// Measures all queries and returns the folder they are kept in.
fn measure(args: &LearnLocalizerArgs, talk: &Talk) -> Result<std::path::PathBuf, Failure> {
    let Some(repos) = &args.repos else {
        return Err(Failure::new("say with `--repos` where the repositories lie"));
    };
    let wanted = wanted(args, talk)?;
    let stage = talk.stage("queries", wanted.values().map(Vec::len).sum());
    let folder = args.report.join(FEATURES);
    let mut kept = Kept {
        writer: QueryWriter::create(&folder)
            .map_err(|error| Failure::of(error, "failed to start the tables"))?,
        dropped: Vec::new(),
    };
    let index = Index::new(args.cache.as_ref().map(|cache| cache.join("files")));
    for (repo, wanted) in wanted {
        let Some(place) = find_repository(repos, &repo) else {
            kept.drop_all(&wanted, "its repository is not in the folder");
            continue;
        };
        let repository = GitRepository::open(&place)?;
        let cache = past_cache(args.cache.as_deref(), &repo)?;
        for wanted in wanted.chunks(AT_ONCE) {
            let told: Vec<_> = wanted
                .par_iter()
                .map(|wanted| one(&repository, wanted, &index, &cache, &stage))
                .collect::<Result<_, Failure>>()?;
            for (wanted, told) in wanted.iter().zip(told) {
                kept.add(wanted, told)?;
            }
        }
    }
    stage.finish();
    kept.finish(talk)?;
    Ok(folder)
}

fn past_cache(folder: Option<&Path>, repo: &RepoName) -> Result<Cache, Failure> {
    let Some(folder) = folder else { return Ok(Cache::in_memory()) };
    let place = folder.join("past").join(repo.flat());
    Cache::in_folder(&place).map_err(|error| Failure::of(error, "failed to open the cache"))
}

/// Lists what is to be measured, by repository; rows first.
fn wanted(
    args: &LearnLocalizerArgs,
    talk: &Talk,
) -> Result<BTreeMap<RepoName, Vec<Wanted>>, Failure> {
    let mut wanted = Vec::new();
    for file in &args.test {
        wanted.extend(told_rows(file, talk)?.rows.into_iter().map(of_row));
    }
    let tests: BTreeSet<RepoName> =
        wanted.iter().filter(|row| row.role == Role::Test).map(Wanted::repo).collect();
    let development = wanted.iter().filter(|row| row.role == Role::Development);
    let dates = development.filter_map(|row| row.row.base_date.as_deref()).collect();
    let mut budget = Budget::new(args.units, dates);
    let units = units(args)?.into_iter().map(of_unit);
    wanted.extend(units.filter(|unit| !tests.contains(&unit.repo()) && budget.takes(unit)));
    let mut by_repository: BTreeMap<RepoName, Vec<Wanted>> = BTreeMap::new();
    for wanted in wanted {
        by_repository.entry(wanted.repo()).or_default().push(wanted);
    }
    Ok(by_repository)
}

/// Reads the units of all datasets, newest first; one that is in several counts once.
fn units(args: &LearnLocalizerArgs) -> Result<Vec<UnitRow>, Failure> {
    let mut by_id: BTreeMap<String, UnitRow> = BTreeMap::new();
    for dataset in &args.train {
        let units = read_dataset(dataset)
            .map_err(|error| Failure::of(error, "failed to read the dataset"))?;
        for unit in units {
            let id = unit.row.question.id.clone();
            // A dataset with runs says more than one without.
            if by_id.get(&id).is_none_or(|known| known.executed.is_none()) {
                by_id.insert(id, unit);
            }
        }
    }
    let mut units: Vec<UnitRow> = by_id.into_values().collect();
    units.sort_by(|one, other| other.row.base_date.cmp(&one.row.base_date));
    Ok(units)
}

/// How many units of each repository are still measured, in all and before each date
/// at which the split by time cuts.
struct Budget {
    most: usize,
    cuts: Vec<String>,
    taken: BTreeMap<RepoName, Vec<usize>>,
}

impl Budget {
    fn new(most: usize, dates: Vec<&str>) -> Self {
        let cuts = time_cuts(dates).into_iter().map(str::to_owned).collect();
        Self { most, cuts, taken: BTreeMap::new() }
    }

    /// Returns true where a fold learns from the unit, if units come newest first, and for
    /// every unit that was run.
    fn takes(&mut self, unit: &Wanted) -> bool {
        let date = unit.row.base_date.as_deref().unwrap_or_default();
        let counts = self.taken.entry(unit.repo()).or_insert_with(|| vec![0; self.cuts.len() + 1]);
        // What was run is rare and says more, however old it is.
        let mut wanted = unit.executed.is_some();
        for (at, count) in counts.iter_mut().enumerate() {
            if self.cuts.get(at).is_none_or(|cut| date < cut.as_str()) {
                *count += 1;
                wanted |= *count <= self.most;
            }
        }
        wanted
    }
}

fn of_row(row: IssueRow) -> Wanted {
    let role = match row.usage {
        Usage::Development => Role::Development,
        Usage::TestOnly => Role::Test,
    };
    Wanted { row, role, source: Source::Issue, test: None, executed: None }
}

fn of_unit(unit: UnitRow) -> Wanted {
    let source = if unit.is_issue { Source::Issue } else { Source::PseudoIssue };
    Wanted {
        row: unit.row,
        role: Role::Unit,
        source,
        test: Some(unit.test),
        executed: unit.executed,
    }
}

fn one(
    repository: &GitRepository,
    wanted: &Wanted,
    index: &Index,
    cache: &Cache,
    stage: &Stage,
) -> Result<Described, Failure> {
    let (test, twins) = of_pull_request(repository, wanted, cache)?;
    let asked = Asked {
        row: &wanted.row,
        role: wanted.role,
        source: wanted.source,
        test: test.as_ref().or(wanted.test.as_ref()),
        executed: wanted.executed.as_ref(),
        twins: &twins,
    };
    let described = describe(repository, asked, index, cache)
        .map_err(|error| Failure::of(error, "failed to measure a query"))?;
    stage.step();
    Ok(described)
}

/// Reads the failing test and the twins of the fix from its pull request, for rows
/// that name one.
fn of_pull_request(
    repository: &GitRepository,
    wanted: &Wanted,
    cache: &Cache,
) -> Result<(Option<TestText>, BTreeSet<CommitId>), Failure> {
    let row = &wanted.row;
    let base = &row.question.base;
    let Some(head) = &row.answer.pull_head else { return Ok((None, BTreeSet::new())) };
    let named = row.answer.test_files.as_deref();
    let test = test_text(repository, base, head, |path| {
        named.map_or_else(|| is_test_path(path), |named| named.contains(path))
    });
    let test = match test {
        Err(RepositoryError::Missing { .. }) => return Ok((None, BTreeSet::new())),
        test => test.map_err(unread)?,
    };
    let past = walk(repository, base, cache)
        .map_err(|error| Failure::of(error, "failed to read the past of a base"))?;
    let twins = twins(repository, row, head, &past, cache).map_err(unread)?;
    Ok((Some(test), twins))
}

/// Returns the commits of the past that do what the fix does.
fn twins(
    repository: &GitRepository,
    row: &IssueRow,
    head: &CommitId,
    past: &History,
    cache: &Cache,
) -> Result<BTreeSet<CommitId>, RepositoryError> {
    let fix = Fix::read(repository, &row.question.base, head)?;
    fix.twins(repository, past.suspects(fix.paths(), cache))
}

fn unread(error: RepositoryError) -> Failure {
    Failure::of(error, "failed to read the pull request of a row")
}

/// What was measured so far.
struct Kept {
    writer: QueryWriter,
    dropped: Vec<String>,
}

impl Kept {
    fn add(&mut self, wanted: &Wanted, told: Described) -> Result<(), Failure> {
        match told {
            Described::Query(query, docstring) => {
                for query in std::iter::once(query).chain(docstring) {
                    self.writer
                        .push(&query)
                        .map_err(|error| Failure::of(error, "failed to write a query"))?;
                }
            }
            Described::Dropped(why) => self.drop(wanted, &why),
        }
        Ok(())
    }

    fn drop_all(&mut self, wanted: &[Wanted], why: &str) {
        for wanted in wanted {
            self.drop(wanted, why);
        }
    }

    fn drop(&mut self, wanted: &Wanted, why: &str) {
        let id = &wanted.row.question.id;
        // Units without gold are the ordinary case: what they change is new.
        if wanted.role != Role::Unit {
            self.dropped.push(format!("dropped {}: {why}", cell(id)));
        }
    }

    fn finish(self, talk: &Talk) -> Result<(), Failure> {
        self.dropped.iter().for_each(|line| talk.say(line));
        let count = self
            .writer
            .finish()
            .map_err(|error| Failure::of(error, "failed to finish the tables"))?;
        let cost = Cost::so_far().rounded();
        talk.say(&format!(
            "{count} queries measured; {:.1} CPU seconds, {:.0} MB",
            cost.cpu_seconds, cost.peak_rss_mb
        ));
        Ok(())
    }
}
