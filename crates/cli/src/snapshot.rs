//! How do finished repositories become a run of stories?
//!
//! In: opened repositories, each at one commit, and options. Out: a run directory
//! in which every repository is a unit, accepted with its story or rejected with a
//! reason, and a [`SnapshotReport`]. A unit that is done is left alone, so a killed
//! run goes on where it was.

use std::collections::BTreeMap;

use backstory_mine::GitRepository;
use backstory_mine::ground::Grounder;
use backstory_model::{
    BlobId, CommitId, Counts, Disposition, Outcome, RepoName, Repository as _, RunManifest,
    RunOptions, SchemaVersion, Sha256, SnapshotOptions, SnapshotStory, UnitKey, WorkUnit,
    WritingAction,
};
use backstory_store::{RunDirectory, RunState, UnitTexts};
use backstory_synth::snapshot::{SnapshotInput, ToldSnapshot, snapshot_id, tell_snapshot};
use backstory_synth::{Rejection, TextCache};
use rayon::prelude::*;
use serde::Serialize;
use sha2::Digest as _;

use crate::build::tool;
use crate::cost::Cost;
use crate::{Failure, Talk};

/// How many bytes of texts are kept of one repository.
const TEXT_CACHE: usize = 64 << 20;

/// One repository at one commit.
pub(crate) struct SnapshotSource {
    pub(crate) name: RepoName,
    pub(crate) repo: GitRepository,
    pub(crate) commit: CommitId,
}

/// What a run of snapshots ends with.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub(crate) struct SnapshotReport {
    /// Repositories.
    pub(crate) repositories: u32,
    /// Those with a story.
    pub(crate) accepted: u32,
    /// Those without, by reason.
    pub(crate) rejected: BTreeMap<String, u32>,
    #[serde(flatten)]
    pub(crate) told: Tally,
    /// CPU seconds of this process.
    pub(crate) cpu_seconds: f64,
    /// The most memory this process held, in MiB.
    pub(crate) peak_rss_mb: f64,
}

/// What the stories of a run hold.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub(crate) struct Tally {
    /// Files that are written.
    pub(crate) files_written: u64,
    /// Files that are given, by reason.
    pub(crate) files_given: BTreeMap<&'static str, u64>,
    /// Dependencies no order could respect.
    pub(crate) cut_edges: u64,
    /// Circles of files that one agent writes.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) circles: u64,
    /// Files whose signatures are written first.
    #[serde(skip_serializing_if = "is_none")]
    pub(crate) stubs: u64,
    /// Steps, the main agent's and the others'.
    pub(crate) steps: u64,
    /// Reads.
    pub(crate) reads: u64,
    /// Writes.
    pub(crate) writes: u64,
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_none(count: &u64) -> bool {
    *count == 0
}

impl Tally {
    fn add(&mut self, story: &SnapshotStory) {
        self.files_written += story.written().count() as u64;
        self.circles += story.delegations.iter().filter(|one| !one.with.is_empty()).count() as u64;
        for given in &story.given {
            *self.files_given.entry(given.reason.as_str()).or_default() += 1;
        }
        self.cut_edges += story.cut_edges.len() as u64;
        self.steps += story.step_count() as u64;
        for step in story.delegations.iter().flat_map(|delegation| &delegation.steps) {
            match step.action {
                WritingAction::Read { .. } => self.reads += 1,
                WritingAction::Stub { .. } => self.stubs += 1,
                WritingAction::Write { .. } => self.writes += 1,
            }
        }
    }

    /// Returns the lines for people: what, and how many.
    fn rows(&self) -> Vec<(String, u64)> {
        let mut rows = vec![("files written".to_owned(), self.files_written)];
        rows.extend(self.files_given.iter().map(|(why, n)| (format!("files given, {why}"), *n)));
        rows.push(("dependencies cut".to_owned(), self.cut_edges));
        if self.circles > 0 {
            rows.push(("circles written together".to_owned(), self.circles));
        }
        if self.stubs > 0 {
            rows.push(("signatures written first".to_owned(), self.stubs));
        }
        rows.push(("steps".to_owned(), self.steps));
        rows.push(("reads".to_owned(), self.reads));
        rows.push(("writes".to_owned(), self.writes));
        rows
    }
}

impl SnapshotReport {
    /// Draws the report for the terminal.
    pub(crate) fn table(&self) -> String {
        let rows = rows(self.repositories, self.accepted, &self.rejected, &self.told);
        let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let lines: Vec<String> =
            rows.iter().map(|(label, number)| format!("{label:width$}  {number:>9}")).collect();
        lines.join("\n")
    }
}

fn rows(
    repositories: u32,
    accepted: u32,
    rejected: &BTreeMap<String, u32>,
    told: &Tally,
) -> Vec<(String, u64)> {
    let mut rows = vec![
        ("repositories".to_owned(), repositories.into()),
        ("told".to_owned(), accepted.into()),
    ];
    rows.extend(rejected.iter().map(|(why, n)| (format!("rejected, {why}"), u64::from(*n))));
    rows.extend(told.rows());
    rows
}

/// Tells every repository, or goes on, or finds that there is nothing to do.
pub(crate) fn tell_all(
    sources: &[SnapshotSource],
    options: &SnapshotOptions,
    (run, jobs): (&RunDirectory, usize),
    talk: &Talk,
) -> Result<SnapshotReport, Failure> {
    let mut ledger = run.ledger()?;
    ledger.set_sources(sources.iter().map(|source| (&source.name, source.repo.path())))?;
    let work: Vec<WorkUnit> =
        (0..).zip(sources).map(|(at, source)| work_unit(source, at, options)).collect();
    let run_key = run_key(&work);
    let last = ledger.last_run()?.filter(|last| last.run_key == run_key && run.is_sealed());
    if let Some(last) = last
        && run.listing_digest()? == last.listing
    {
        talk.say("nothing has changed since the last run");
        return report(run, &run.manifest()?.counts);
    }
    ledger.begin()?;
    let stage = talk.stage("snapshots", work.len());
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(jobs)
        .build()
        .map_err(|error| Failure::of(error, "failed to start the worker threads"))?;
    pool.install(|| {
        sources.par_iter().zip(&work).try_for_each(|(source, work)| {
            let done = tell_one(source, work, options, run);
            stage.step();
            done
        })
    })?;
    stage.finish();
    let manifest = collect(run, sources, &work, options)?;
    let cost = Cost::so_far();
    ledger.complete(&RunState {
        run_key,
        listing: run.listing_digest()?,
        cpu_seconds: cost.cpu_seconds,
        peak_rss_mb: cost.peak_rss_mb,
    })?;
    report(run, &manifest.counts)
}

/// Names the work of one repository; its key covers what determines the story.
fn work_unit(source: &SnapshotSource, position: u32, options: &SnapshotOptions) -> WorkUnit {
    let mut hasher = sha2::Sha256::new();
    let (name, commit) = (&source.name, &source.commit);
    hasher.update(format!("snapshot {} {} {name} {commit}\n", tool(), SchemaVersion::CURRENT));
    hasher.update(options_text(options));
    for pack in source.repo.promisor_packs() {
        hasher.update(format!("promisor {pack}\n"));
    }
    WorkUnit {
        key: UnitKey::from_digest(&hasher.finalize()),
        repo: source.name.clone(),
        unit: snapshot_id(&source.name, &source.commit),
        commit: source.commit.clone(),
        position,
        pull: None,
        pull_head: None,
    }
}

/// Writes the options down for a key. One that is as usual is left out, so that a
/// choice that nobody makes changes no key.
fn options_text(options: &SnapshotOptions) -> String {
    let SnapshotOptions { file_limit, read_limit, write_limit, scc } = options;
    let scc = if scc.is_cut() { String::new() } else { format!(", scc: {}", scc.as_str()) };
    format!(
        "SnapshotOptions {{ file_limit: {file_limit}, read_limit: {read_limit}, \
         write_limit: {write_limit}{scc} }}\n"
    )
}

fn run_key(work: &[WorkUnit]) -> Sha256 {
    let mut hasher = sha2::Sha256::new();
    for unit in work {
        hasher.update(format!("{}\n", unit.key));
    }
    Sha256::from_digest(&hasher.finalize())
}

/// Tells one repository, unless that is done.
fn tell_one(
    source: &SnapshotSource,
    work: &WorkUnit,
    options: &SnapshotOptions,
    run: &RunDirectory,
) -> Result<(), Failure> {
    if run.unit(&work.key).is_some() {
        return Ok(());
    }
    let disposition = |outcome| Disposition {
        schema: SchemaVersion::CURRENT,
        work: work.clone(),
        outcome,
        labels: None,
        links: Vec::new(),
        execution: None,
        ci: None,
    };
    match tell(source, options) {
        Err(rejection) => {
            let reason = rejection.reason.to_owned();
            let outcome = Outcome::Rejected { reason, detail: rejection.detail };
            Ok(run.commit_unit(&disposition(outcome), UnitTexts::default(), &[])?)
        }
        Ok(ToldSnapshot { story, blobs }) => {
            let json = serde_json::to_vec(&story)
                .map_err(|error| Failure::of(error, &format!("failed to write `{}`", work.unit)))?;
            for (id, bytes) in &blobs {
                if !run.has_blob(id) {
                    run.put_blob(bytes)?;
                }
            }
            let outcome = Outcome::Accepted {
                trajectory: RunDirectory::text_digest(&json),
                steps: u32::try_from(story.step_count()).unwrap_or(u32::MAX),
            };
            let blobs: Vec<BlobId> = blobs.into_keys().collect();
            let texts = UnitTexts { trajectory: Some(&json), execution: None };
            Ok(run.commit_unit(&disposition(outcome), texts, &blobs)?)
        }
    }
}

fn tell(source: &SnapshotSource, options: &SnapshotOptions) -> Result<ToldSnapshot, Rejection> {
    let tree = source.repo.commit(&source.commit)?.tree;
    let snapshot = Grounder::new().ground(&source.repo, &tree)?;
    let texts = TextCache::new(options.file_limit, TEXT_CACHE);
    tell_snapshot(&SnapshotInput {
        repo: &source.repo,
        name: &source.name,
        commit: &source.commit,
        snapshot: &snapshot,
        texts: &texts,
        options,
    })
}

/// Puts the finished units together.
fn collect(
    run: &RunDirectory,
    sources: &[SnapshotSource],
    work: &[WorkUnit],
    options: &SnapshotOptions,
) -> Result<RunManifest, Failure> {
    let mut counts = Counts::default();
    let mut told = Tally::default();
    let mut collection = run.collect()?;
    for work in work {
        let Some(unit) = run.unit(&work.key) else {
            return Err(Failure::new(format!("`{}` is not done", work.unit))
                .hint("run the same command again"));
        };
        counts.units_found += 1;
        match &unit.disposition.outcome {
            Outcome::Accepted { .. } => {
                counts.accepted += 1;
                counts.reconstructed += 1;
                told.add(&run.snapshot_story(&unit.disposition)?);
            }
            Outcome::Rejected { reason, .. } => {
                *counts.rejected.entry(reason.clone()).or_default() += 1;
            }
        }
        collection.append(&unit)?;
    }
    let manifest = RunManifest {
        schema: SchemaVersion::CURRENT,
        tool: tool(),
        repositories: sources.iter().map(|s| (s.name.clone(), s.commit.clone())).collect(),
        records: None,
        options: RunOptions { file_limit: options.file_limit, ..RunOptions::default() },
        snapshots: Some(options.clone()),
        counts,
        links: BTreeMap::new(),
        files: BTreeMap::new(),
    };
    collection.report(&markdown(&manifest, &told))?;
    Ok(collection.seal(manifest)?)
}

/// Writes the report that a run holds. It names no cost, no machine and no time.
fn markdown(manifest: &RunManifest, told: &Tally) -> String {
    let mut lines = vec![format!("# Report of a run of snapshots\n\nMade by {}.\n", manifest.tool)];
    for (repo, commit) in &manifest.repositories {
        lines.push(format!("- `{repo}` at commit `{commit}`"));
    }
    lines.push("\n| | |\n|---|--:|".to_owned());
    let counts = &manifest.counts;
    for (label, number) in rows(counts.units_found, counts.accepted, &counts.rejected, told) {
        lines.push(format!("| {label} | {number} |"));
    }
    lines.join("\n") + "\n"
}

fn report(run: &RunDirectory, counts: &Counts) -> Result<SnapshotReport, Failure> {
    let mut told = Tally::default();
    for story in run.snapshot_stories()? {
        told.add(&story?);
    }
    let Cost { cpu_seconds, peak_rss_mb } = Cost::so_far().rounded();
    Ok(SnapshotReport {
        repositories: counts.units_found,
        accepted: counts.accepted,
        rejected: counts.rejected.clone(),
        told,
        cpu_seconds,
        peak_rss_mb,
    })
}
