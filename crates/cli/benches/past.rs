//! What does it cost to walk the pasts of issue rows, and to ask them?
//!
//! In: `--rows FILE --repos DIR [--repo OWNER/NAME] [--cache DIR] [--list]`. `FILE` holds
//! issue rows, `DIR` a repository each. Out: for each repository one JSON
//! line on stdout with the CPU time of walking all bases with an empty cache, again
//! with what the cache holds, and of the process features of a query. `--list` prints
//! a line per row instead: its id, its base and how many commits were walked, to be
//! compared with `git rev-list --no-merges --count`. One thread.

#![expect(clippy::print_stdout, reason = "the lines are the output of this program")]

use std::collections::BTreeMap;
use std::error::Error;
use std::path::{Path, PathBuf};

use backstory_cli::cost::Cost;
use backstory_learn::history::{Cache, History, Query, walk};
use backstory_learn::rows::{IssueRow, read_rows};
use backstory_learn::snapshot::Candidates;
use backstory_learn::text::Bag;
use backstory_mine::twin::Fix;
use backstory_mine::{GitRepository, find_repository};
use backstory_model::RepoName;
use backstory_store::fs;

type Failure = Box<dyn Error>;

#[derive(Default)]
struct Arguments {
    rows: PathBuf,
    repos: PathBuf,
    repo: Option<RepoName>,
    cache: Option<PathBuf>,
    list: bool,
}

fn main() -> Result<(), Failure> {
    let arguments = arguments()?;
    let mut by_repo: BTreeMap<RepoName, Vec<IssueRow>> = BTreeMap::new();
    for row in read_rows(&fs::read_file(&arguments.rows)?).rows {
        if arguments.repo.as_ref().is_none_or(|repo| *repo == row.question.repo) {
            by_repo.entry(row.question.repo.clone()).or_default().push(row);
        }
    }
    for (name, rows) in &by_repo {
        let Some(place) = find_repository(&arguments.repos, name) else { continue };
        let cache = match &arguments.cache {
            Some(folder) => Cache::in_folder(&folder.join(name.flat()))?,
            None => Cache::in_memory(),
        };
        if arguments.list {
            list(&place, rows, &cache)?;
        } else {
            measure(name, &place, rows, &cache)?;
        }
    }
    Ok(())
}

fn list(place: &Path, rows: &[IssueRow], cache: &Cache) -> Result<(), Failure> {
    let repo = GitRepository::open(place)?;
    for row in rows {
        let counts = walk(&repo, &row.question.base, cache)?.counts;
        println!(
            "{} {} {} large={} unreadable={} missing_parents={} capped={}",
            row.question.id,
            row.question.base,
            counts.commits,
            counts.large,
            counts.unreadable,
            counts.missing_parents,
            counts.capped
        );
    }
    Ok(())
}

fn measure(name: &RepoName, place: &Path, rows: &[IssueRow], cache: &Cache) -> Result<(), Failure> {
    let repo = GitRepository::open(place)?;
    let walk_all = || -> Result<(f64, Vec<History>), Failure> {
        let start = Cost::so_far().cpu_seconds;
        let walked: Result<Vec<_>, _> =
            rows.iter().map(|row| walk(&repo, &row.question.base, cache)).collect();
        Ok((Cost::so_far().cpu_seconds - start, walked?))
    };
    let (cold, _) = walk_all()?;
    let (warm, pasts) = walk_all()?;
    let start = Cost::so_far().cpu_seconds;
    let mut twins = Vec::new();
    for (row, past) in rows.iter().zip(&pasts) {
        let Some(head) = &row.answer.pull_head else { continue };
        let fix = Fix::read(&repo, &row.question.base, head)?;
        let found = fix.twins(&repo, past.suspects(fix.paths(), cache))?;
        twins.extend(found.into_iter().map(|twin| format!("{} {twin}", row.question.id)));
    }
    let twin_seconds = Cost::so_far().cpu_seconds - start;
    let (mut asked, mut slowest, mut most) = (0.0, 0.0_f64, 0);
    for (row, past) in rows.iter().zip(&pasts) {
        let candidates = Candidates::at(&repo, &row.question.base)?;
        let content = vec![1.0; candidates.len()];
        let start = Cost::so_far().cpu_seconds;
        let words = Bag::of(&row.question.text);
        let query = Query { words: &words, content: &content };
        let columns = past.features(&candidates.paths, query, cache);
        assert_eq!(columns.first().map_or(0, Vec::len), candidates.len(), "one value each");
        let spent = Cost::so_far().cpu_seconds - start;
        asked += spent;
        slowest = slowest.max(spent);
        most = most.max(candidates.len());
    }
    let rows_real = f64::from(u32::try_from(rows.len())?);
    let line = serde_json::json!({
        "repo": name.to_string(),
        "rows": rows.len(),
        "commits": pasts.iter().map(|past| past.counts.commits).max(),
        "most_candidates": most,
        "cold_cpu_seconds": rounded(cold, 2),
        "warm_cpu_seconds": rounded(warm, 3),
        "warm_ms_per_row": rounded(1e3 * warm / rows_real, 2),
        "features_ms_per_query": rounded(1e3 * asked / rows_real, 2),
        "features_ms_slowest": rounded(1e3 * slowest, 2),
        "twins": twins,
        "twins_ms_per_row": rounded(1e3 * twin_seconds / rows_real, 2),
        "peak_rss_mb": rounded(Cost::so_far().peak_rss_mb, 0),
    });
    println!("{line}");
    Ok(())
}

fn rounded(value: f64, digits: i32) -> f64 {
    let scale = 10_f64.powi(digits);
    (value * scale).round() / scale
}

fn arguments() -> Result<Arguments, Failure> {
    let mut arguments = Arguments::default();
    let mut given = std::env::args().skip(1);
    while let Some(flag) = given.next() {
        let mut value = || given.next().ok_or_else(|| format!("`{flag}` needs a value"));
        match flag.as_str() {
            "--rows" => arguments.rows = value()?.into(),
            "--repos" => arguments.repos = value()?.into(),
            "--repo" => arguments.repo = Some(RepoName::parse(&value()?)?),
            "--cache" => arguments.cache = Some(value()?.into()),
            "--list" => arguments.list = true,
            // `cargo bench` adds this flag.
            "--bench" => {}
            other => return Err(format!("`{other}` is not an option").into()),
        }
    }
    Ok(arguments)
}
