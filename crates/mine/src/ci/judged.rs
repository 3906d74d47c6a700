//! What did the jobs of CI come to on one commit?
//!
//! In: the records. Out: for every job of every workflow, whether it was red,
//! green, or both over all runs and attempts on the commit.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{CiConclusion, CiJobRecord, CiRunRecord, CiSummary, CommitId, RecordId};

use crate::records::Records;

/// What makes jobs of different runs the same job.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct JobKey {
    workflow: Option<String>,
    name: String,
    matrix: BTreeMap<String, String>,
}

/// The jobs on one commit.
pub(super) type Judged<'a> = BTreeMap<JobKey, Both<'a>>;

/// One job of one run.
#[derive(Clone, Copy, Debug)]
pub(super) struct Found<'a> {
    pub(super) run: &'a CiRunRecord,
    pub(super) job: &'a CiJobRecord,
    pub(super) conclusion: CiConclusion,
}

/// The last time a job was red on a commit, and the last time it was green.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Both<'a> {
    pub(super) red: Option<Found<'a>>,
    pub(super) green: Option<Found<'a>>,
}

impl<'a> Both<'a> {
    /// Returns true when the same code was found bad and good.
    pub(super) fn is_flaky(&self) -> bool {
        self.red.is_some() && self.green.is_some()
    }

    /// Returns where the job was red, if it never was green.
    pub(super) fn only_red(&self) -> Option<Found<'a>> {
        self.red.filter(|_| self.green.is_none())
    }

    /// Returns where the job was green, if it never was red.
    pub(super) fn only_green(&self) -> Option<Found<'a>> {
        self.green.filter(|_| self.red.is_none())
    }
}

/// Judges every job on a commit over all runs and attempts.
pub(super) fn judged<'a>(records: &'a Records, commit: &CommitId) -> Judged<'a> {
    let mut judged = Judged::new();
    for found in jobs_on(records, commit) {
        let both = judged.entry(key(&found)).or_default();
        if found.conclusion.is_red() {
            both.red = Some(found);
        } else {
            both.green = Some(found);
        }
    }
    judged
}

/// Adds what jobs came to when the same tree was judged again.
pub(super) fn join<'a>(judged: &mut Judged<'a>, again: &Judged<'a>) {
    for (key, both) in again {
        if let Some(earlier) = judged.get_mut(key) {
            earlier.red = earlier.red.or(both.red);
            earlier.green = earlier.green.or(both.green);
        }
    }
}

/// Lists the jobs that found the code of a commit good or bad, oldest run first.
pub(super) fn jobs_on<'a>(
    records: &'a Records,
    commit: &CommitId,
) -> impl Iterator<Item = Found<'a>> {
    latest(records.runs_of(commit), |run| &run.id).into_iter().flat_map(|run| {
        let jobs = latest(records.jobs_of(&run.id), |job| &job.id);
        jobs.into_iter().filter_map(move |job| {
            let conclusion = job.conclusion.filter(|how| how.is_red() || how.is_green())?;
            Some(Found { run, job, conclusion })
        })
    })
}

/// Keeps the last version of every record, in the order of the first ones.
fn latest<R>(versions: &[R], id: impl Fn(&R) -> &RecordId) -> Vec<&R> {
    let mut places: BTreeMap<&RecordId, usize> = BTreeMap::new();
    let mut kept: Vec<&R> = Vec::new();
    for version in versions {
        if let Some(place) = places.get(id(version)) {
            kept[*place] = version;
        } else {
            places.insert(id(version), kept.len());
            kept.push(version);
        }
    }
    kept
}

fn key(found: &Found<'_>) -> JobKey {
    JobKey {
        workflow: found.run.workflow.clone(),
        name: found.job.name.clone(),
        matrix: found.job.matrix.clone(),
    }
}

/// Counts the CI of these commits.
pub(super) fn summary(records: &Records, commits: &BTreeSet<&CommitId>) -> CiSummary {
    let mut summary = CiSummary::default();
    for commit in commits {
        let runs = latest(records.runs_of(commit), |run| &run.id);
        summary.runs += u32::try_from(runs.len()).unwrap_or(u32::MAX);
        for found in jobs_on(records, commit) {
            let red = found.conclusion.is_red();
            summary.red_jobs += u32::from(red);
            summary.green_jobs += u32::from(!red);
            let logged = records.log_of_job(found.job).is_some();
            summary.logs += u32::from(logged);
            summary.logs_missing += u32::from(!logged);
        }
        let flaky = judged(records, commit).values().filter(|both| both.is_flaky()).count();
        summary.flaky_jobs += u32::try_from(flaky).unwrap_or(u32::MAX);
    }
    summary
}
