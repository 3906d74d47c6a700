//! How well do the untrained rankings do that read the past and the failing test?
//!
//! In: `--rows FILE --repos DIR [--usage dev|test-only] [--cache DIR]`. Out: a table on
//! stdout with the arms without training of the protocol, by stratum, and what the
//! features of a query took. Twins of a row's fix are taken out of its past first.

#![expect(clippy::print_stdout, reason = "the table is the output of this program")]

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::PathBuf;

use backstory_learn::history::{
    Cache, Query as PastQuery, content_with_cochange, fused_with_history, walk,
};
use backstory_learn::measure::{Hits, Metric};
use backstory_learn::rows::{IssueRow, Strata, Stratum, Usage, read_rows};
use backstory_learn::snapshot::{Index, Query, Snapshot, Views, is_test_path};
use backstory_learn::test_query::{self, TestQuery, fused_with_test, fused_with_test_and_cochange};
use backstory_learn::text::{Bag, View};
use backstory_mine::test_text::test_text;
use backstory_mine::twin::Fix;
use backstory_mine::{GitRepository, find_repository};
use backstory_model::{RepoName, RepoPath, TestText};
use backstory_store::fs;
use rustix::time::{ClockId, clock_gettime};

type Failure = Box<dyn Error>;

/// The arms, in the order of the table.
const ARMS: [&str; 6] = ["BM25", "RRF", "RRF+H", "BM25+co", "RRF+T", "RRF+T+co"];
const METRICS: [Metric; 6] =
    [Metric::Acc(1), Metric::Acc(3), Metric::Acc(5), Metric::Hit(1), Metric::Hit(5), Metric::Mrr];

#[derive(Default)]
struct Arguments {
    rows: PathBuf,
    repos: PathBuf,
    usage: Option<Usage>,
    cache: Option<PathBuf>,
}

/// What was seen of one row.
struct Seen {
    strata: Strata,
    places: Vec<Hits>,
    candidates: usize,
    past_seconds: f64,
    test_seconds: f64,
}

fn main() -> Result<(), Failure> {
    let arguments = arguments()?;
    let mut by_repo: BTreeMap<RepoName, Vec<IssueRow>> = BTreeMap::new();
    for row in read_rows(&fs::read_file(&arguments.rows)?).rows {
        if arguments.usage.is_none_or(|usage| usage == row.usage) {
            by_repo.entry(row.question.repo.clone()).or_default().push(row);
        }
    }
    let mut seen = Vec::new();
    for (name, rows) in &by_repo {
        let Some(place) = find_repository(&arguments.repos, name) else { continue };
        let repo = GitRepository::open(&place)?;
        let (index, cache) = (Index::new(arguments.cache.clone()), Cache::in_memory());
        for row in rows {
            seen.extend(of_row(&repo, row, &index, &cache)?);
        }
    }
    print(&seen);
    Ok(())
}

/// Ranks the candidates of one row by every arm; `None` for a row without gold.
fn of_row(
    repo: &GitRepository,
    row: &IssueRow,
    index: &Index,
    cache: &Cache,
) -> Result<Option<Seen>, Failure> {
    let base = &row.question.base;
    let snapshot = Snapshot::read(repo, base, index)?;
    let gold = row.answer.gold(&snapshot.candidates);
    if gold.is_empty() {
        return Ok(None);
    }
    let paths: Vec<RepoPath> =
        gold.iter().map(|at| snapshot.candidates.paths[*at].clone()).collect();
    let views = Views::of(&snapshot, Query::of(&row.question.text));
    let rrf = [&views.content, &views.path, &views.definitions, &views.title_content];
    let mut past = walk(repo, base, cache)?;
    if let Some(head) = &row.answer.pull_head {
        let fix = Fix::read(repo, base, head)?;
        let twins = fix.twins(repo, past.suspects(fix.paths(), cache))?;
        past = past.without(&twins);
    }
    let start = cpu_seconds();
    let words = Bag::of(&row.question.text);
    let asked = PastQuery { words: &words, content: &views.content };
    let history = past.features(&snapshot.candidates.paths, asked, cache);
    let past_seconds = cpu_seconds() - start;
    let text = text_of(repo, row)?;
    let start = cpu_seconds();
    let test = TestQuery::read(repo, base, &text, index)?;
    let told = test_query::features(&snapshot, &test);
    let cochange = test_query::history_features(&past, &snapshot.candidates, &test, cache);
    let test_seconds = cpu_seconds() - start;
    let rrf_views: Vec<View<'_>> =
        rrf.iter().map(|scores| View { scores, sparse: false }).collect();
    let rrf: Vec<&[f32]> = rrf.iter().map(|scores| &scores[..]).collect();
    let rankings = [
        views.content.clone(),
        views.fusion(),
        fused_with_history(&rrf_views, &history),
        content_with_cochange(&views.content, &history),
        fused_with_test(&rrf, &told),
        fused_with_test_and_cochange(&rrf, &told, &cochange[0]),
    ];
    let place = |scores: &Vec<f32>| {
        let scores: Vec<f64> = scores.iter().map(|score| f64::from(*score)).collect();
        Hits::of_scores(&scores, &gold)
    };
    Ok(Some(Seen {
        strata: Strata::of(&row.question.text, &paths),
        places: rankings.iter().map(place).collect(),
        candidates: snapshot.candidates.len(),
        past_seconds,
        test_seconds,
    }))
}

fn text_of(repo: &GitRepository, row: &IssueRow) -> Result<TestText, Failure> {
    let Some(head) = &row.answer.pull_head else { return Ok(TestText::default()) };
    let named: Option<BTreeSet<&RepoPath>> =
        row.answer.test_files.as_ref().map(|files| files.iter().collect());
    let is_test = |path: &RepoPath| match &named {
        Some(named) => named.contains(path),
        None => is_test_path(path),
    };
    Ok(test_text(repo, &row.question.base, head, is_test)?)
}

fn print(seen: &[Seen]) {
    for stratum in Stratum::ALL {
        let inside: Vec<&Seen> = seen.iter().filter(|row| row.strata.contains(stratum)).collect();
        for (at, arm) in ARMS.iter().enumerate() {
            print!("{:20}{arm:10}{:>5}", stratum.label(), inside.len());
            for metric in METRICS {
                let sum: f64 = inside.iter().map(|row| row.places[at].metric(metric)).sum();
                print!("{:>8.1}", 100.0 * sum / count(inside.len()));
            }
            println!();
        }
    }
    let mean = |of: fn(&Seen) -> f64| 1e3 * seen.iter().map(of).sum::<f64>() / count(seen.len());
    let most = |of: fn(&Seen) -> f64| 1e3 * seen.iter().map(of).fold(0.0, f64::max);
    println!(
        "columns: {}; at most {} candidates",
        METRICS.map(|metric| metric.to_string()).join(" "),
        seen.iter().map(|row| row.candidates).max().unwrap_or(0)
    );
    println!(
        "past: {:.2} ms a query, {:.2} at most; test: {:.2} ms a query, {:.2} at most",
        mean(|row| row.past_seconds),
        most(|row| row.past_seconds),
        mean(|row| row.test_seconds),
        most(|row| row.test_seconds)
    );
}

fn count(rows: usize) -> f64 {
    f64::from(u32::try_from(rows.max(1)).unwrap_or(u32::MAX))
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ThreadCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "milliseconds are printed")]
    let seconds = time.tv_sec as f64 + time.tv_nsec as f64 / 1e9;
    seconds
}

fn arguments() -> Result<Arguments, Failure> {
    let mut arguments = Arguments::default();
    let mut given = std::env::args().skip(1);
    while let Some(flag) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("`{flag}` needs a value"));
        match flag.as_str() {
            "--rows" => arguments.rows = value()?.into(),
            "--repos" => arguments.repos = value()?.into(),
            "--cache" => arguments.cache = Some(value()?.into()),
            "--usage" => {
                arguments.usage = Some(match value()?.as_str() {
                    "dev" => Usage::Development,
                    "test-only" => Usage::TestOnly,
                    other => return Err(format!("`{other}` is no usage").into()),
                });
            }
            // `cargo bench` adds this flag.
            "--bench" => {}
            other => return Err(format!("`{other}` is not an option").into()),
        }
    }
    Ok(arguments)
}
