//! What does it cost to read a whole history: changed files, both versions of
//! each, and the lines that differ?
//!
//! In: `--repo PATH [--head REVISION] [--commits N] [--threads N] [--only trees|blobs]`.
//! Out: one JSON line on stdout: what was read, to compare with `git log
//! --no-merges --no-renames --numstat --diff-algorithm=histogram`, and the
//! CPU time and memory it took. Reads every non-merge commit, newest first.

#![expect(clippy::print_stdout, reason = "the line is the output of this program")]

use std::collections::{BTreeSet, BinaryHeap};
use std::error::Error;
use std::ops::Add;
use std::path::{Path, PathBuf};

use backstory_mine::GitRepository;
use backstory_model::{
    BlobId, CommitId, FileMode, Repository, RepositoryError, TreeChange, TreeId,
};
use backstory_store::fs;
use backstory_syntax::diff::hunks;
use rayon::prelude::*;
use rustix::time::{ClockId, clock_gettime};

/// How many neighbors one thread reads in a row: versions of one file follow
/// each other, so most find the version they are a delta of still at hand.
const NEIGHBORS: usize = 256;

/// How many bytes git looks at to tell a binary file.
const BINARY_PROBE: usize = 8000;

type Failure = Box<dyn Error>;

#[derive(Clone, Copy, PartialEq, PartialOrd)]
enum Depth {
    Trees,
    Blobs,
    Lines,
}

struct Arguments {
    repo: PathBuf,
    head: Option<String>,
    commits: usize,
    threads: usize,
    depth: Depth,
}

fn main() -> Result<(), Failure> {
    let arguments = arguments()?;
    rayon::ThreadPoolBuilder::new().num_threads(arguments.threads).build_global()?;
    let repo = GitRepository::open(&arguments.repo)?;
    let head = repo.resolve(arguments.head.as_deref())?;
    let start = cpu_seconds();
    let commits = walk(&repo, &head, arguments.commits)?;
    let walked = cpu_seconds();
    let counts = commits
        .par_chunks(NEIGHBORS)
        .map(|commits| {
            let each = commits.iter().map(|commit| Counts::of(&repo, commit, arguments.depth));
            each.sum::<Result<Counts, RepositoryError>>()
        })
        .collect::<Result<Vec<Counts>, RepositoryError>>()?
        .into_iter()
        .fold(Counts::default(), Add::add);
    report(commits.len(), &counts, walked - start, cpu_seconds() - start);
    Ok(())
}

fn report(commits: usize, counts: &Counts, walk: f64, total: f64) {
    #[expect(clippy::cast_precision_loss, reason = "rates are printed with two decimals")]
    let (commits_rate, megabytes) = (commits as f64 / total, counts.bytes as f64 / 1e6);
    let rounded = |value: f64| (value * 100.0).round() / 100.0;
    let line = serde_json::json!({
        "commits": commits,
        "changes": counts.changes,
        "missing_blobs": counts.missing,
        "blob_mb": rounded(megabytes),
        "lines_added": counts.added,
        "lines_removed": counts.removed,
        "walk_cpu_seconds": rounded(walk),
        "cpu_seconds": rounded(total),
        "commits_per_cpu_second": rounded(commits_rate),
        "mb_per_cpu_second": rounded(megabytes / total),
        "peak_rss_mb": rounded(peak_rss_mb().unwrap_or(0.0)),
    });
    println!("{line}");
}

/// One commit and what it stands on.
struct Step {
    before: TreeId,
    after: TreeId,
}

/// Lists the newest non-merge commits, newest first.
fn walk(repo: &GitRepository, head: &CommitId, most: usize) -> Result<Vec<Step>, Failure> {
    let mut steps = Vec::new();
    let mut seen = BTreeSet::from([head.clone()]);
    let mut queue = BinaryHeap::from([(repo.commit(head)?.committer.seconds, head.clone())]);
    while let Some((_, id)) = queue.pop() {
        if steps.len() == most {
            break;
        }
        let commit = repo.commit(&id)?;
        let mut before = TreeId::empty();
        for parent in &commit.parents {
            let read = repo.commit(parent)?;
            before = read.tree;
            if seen.insert(parent.clone()) {
                queue.push((read.committer.seconds, parent.clone()));
            }
        }
        if commit.parents.len() < 2 {
            steps.push(Step { before, after: commit.tree });
        }
    }
    Ok(steps)
}

#[derive(Clone, Copy, Default)]
struct Counts {
    changes: usize,
    missing: usize,
    bytes: usize,
    added: usize,
    removed: usize,
}

impl Counts {
    fn of(repo: &GitRepository, step: &Step, depth: Depth) -> Result<Self, RepositoryError> {
        let changes = repo.changes(&step.before, &step.after)?;
        let mut counts = Self { changes: changes.len(), ..Self::default() };
        if depth > Depth::Trees {
            for change in &changes {
                counts.read(repo, change, depth)?;
            }
        }
        Ok(counts)
    }

    fn read(
        &mut self,
        repo: &GitRepository,
        change: &TreeChange,
        depth: Depth,
    ) -> Result<(), RepositoryError> {
        let Some(old) = content(repo, change.before.as_ref())? else {
            self.missing += 1;
            return Ok(());
        };
        let Some(new) = content(repo, change.after.as_ref())? else {
            self.missing += 1;
            return Ok(());
        };
        self.bytes += old.len() + new.len();
        if depth < Depth::Lines || is_binary(&old) || is_binary(&new) || old == new {
            return Ok(());
        }
        for hunk in hunks(&old, &new) {
            self.added += hunk.after.len();
            self.removed += hunk.before.len();
        }
        Ok(())
    }
}

impl Add for Counts {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            changes: self.changes + other.changes,
            missing: self.missing + other.missing,
            bytes: self.bytes + other.bytes,
            added: self.added + other.added,
            removed: self.removed + other.removed,
        }
    }
}

impl std::iter::Sum for Counts {
    fn sum<I: Iterator<Item = Self>>(each: I) -> Self {
        each.fold(Self::default(), Add::add)
    }
}

/// Returns the bytes of one side, as git diffs it; `None` when the blob is missing.
fn content(
    repo: &GitRepository,
    side: Option<&(FileMode, BlobId)>,
) -> Result<Option<std::sync::Arc<[u8]>>, RepositoryError> {
    match side {
        None => Ok(Some(std::sync::Arc::from([]))),
        Some((FileMode::Submodule, id)) => {
            Ok(Some(std::sync::Arc::from(format!("Subproject commit {id}\n").into_bytes())))
        }
        Some((_, id)) => repo.blob(id),
    }
}

fn is_binary(bytes: &[u8]) -> bool {
    bytes[..bytes.len().min(BINARY_PROBE)].contains(&0)
}

fn cpu_seconds() -> f64 {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    #[expect(clippy::cast_precision_loss, reason = "seconds are printed with two decimals")]
    let seconds = time.tv_sec as f64 + time.tv_nsec as f64 / 1e9;
    seconds
}

/// Reads the high-water mark Linux keeps for every process.
fn peak_rss_mb() -> Option<f64> {
    let status = fs::read_text(Path::new("/proc/self/status")).ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kib: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kib / 1024.0)
}

fn arguments() -> Result<Arguments, Failure> {
    let (mut repo, mut head) = (None, None);
    let (mut commits, mut threads, mut depth) = (usize::MAX, 0, Depth::Lines);
    let mut given = std::env::args().skip(1);
    while let Some(flag) = given.next() {
        // `cargo bench` adds this flag.
        if flag == "--bench" {
            continue;
        }
        let value = given.next().ok_or_else(|| format!("`{flag}` needs a value"))?;
        match (flag.as_str(), value.as_str()) {
            ("--repo", _) => repo = Some(PathBuf::from(value)),
            ("--head", _) => head = Some(value),
            ("--commits", _) => commits = value.parse()?,
            ("--threads", _) => threads = value.parse()?,
            ("--only", "trees") => depth = Depth::Trees,
            ("--only", "blobs") => depth = Depth::Blobs,
            _ => return Err(format!("`{flag} {value}` is not an option").into()),
        }
    }
    let repo = repo.ok_or("give a repository with `--repo PATH`")?;
    Ok(Arguments { repo, head, commits, threads, depth })
}
