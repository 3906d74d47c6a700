//! Which states of a unit did CI find bad, and which later ones good?
//!
//! In: a unit, the records, and a way to read stored logs. Out: the reports of
//! passages from red to green, and counts of all CI there is. A job that was red
//! and green on one commit is flaky: it is counted and tells nothing. Reads
//! nothing but its arguments.

mod judged;
mod log;
mod part;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    ChangeUnit, CiConclusion, CiEvidence, CiJobRecord, CiLogPart, CiReport, CiState, CiSummary,
    CommitId, LogRefRecord,
};

use self::judged::{Found, JobKey, Judged, judged, summary};
pub use self::log::{LogGap, LogTail, read_log};
use crate::records::Records;

/// Reads the end of a stored log; `None` when it is not there.
pub type ReadLog<'a> = &'a dyn Fn(&LogRefRecord) -> Option<LogTail>;

/// Gathers what the records of CI say about a unit.
///
/// Runs are joined to the authored states by commit. A passage begins with a job
/// that is red on one state and ends with the first later state on which the
/// same job of the same workflow is green; both need a stored log. Of several
/// jobs that are red on one state and turn green, the first by name is told.
pub fn evidence(unit: &ChangeUnit, records: &Records, read: ReadLog<'_>) -> CiEvidence {
    let states = judged_states(unit, records);
    let mut summary = summary(records, &commits(unit));
    let teller = Teller { unit, records, read, states: &states };
    let reports = if unit.states.len() > 1 { teller.reports() } else { Vec::new() };
    summary.reports = u32::try_from(reports.len()).unwrap_or(u32::MAX);
    CiEvidence { reports, states: states.iter().map(state_of).collect(), summary }
}

/// Lists the commits whose runs of CI belong to a unit.
fn commits(unit: &ChangeUnit) -> BTreeSet<&CommitId> {
    let own = unit.states.iter().map(|state| &state.commit);
    own.chain([&unit.head, &unit.commit]).collect()
}

/// Counts the CI of a unit: what [`evidence`] says of it, without reading a log.
pub fn counts(unit: &ChangeUnit, records: &Records) -> CiSummary {
    summary(records, &commits(unit))
}

/// Lists the jobs that judged a unit, each with its log if there is one, by commit.
pub fn jobs<'a>(
    unit: &ChangeUnit,
    records: &'a Records,
) -> Vec<(&'a CiJobRecord, Option<&'a LogRefRecord>)> {
    let found = commits(unit).into_iter().flat_map(|commit| judged::jobs_on(records, commit));
    found.map(|found| (found.job, records.log_of_job(found.job))).collect()
}

/// Judges the jobs on every authored state.
///
/// What ran on a commit that changes nothing ran on the tree of the state before:
/// it can show that a job is flaky and tells nothing else.
fn judged_states<'a>(unit: &ChangeUnit, records: &'a Records) -> Vec<Judged<'a>> {
    let mut states: Vec<Judged<'a>> = Vec::with_capacity(unit.states.len());
    let mut tree = &unit.base_tree;
    let mut standing = None;
    for state in &unit.states {
        let found = judged(records, &state.commit);
        if state.tree == *tree {
            let earlier = standing.and_then(|at: usize| states.get_mut(at));
            if let Some(earlier) = earlier {
                judged::join(earlier, &found);
            }
            states.push(Judged::new());
        } else {
            standing = Some(states.len());
            states.push(found);
        }
        tree = &state.tree;
    }
    states
}

/// Says what all jobs on a state came to.
fn state_of(judged: &Judged<'_>) -> CiState {
    let sure = || judged.values().filter(|found| !found.is_flaky());
    if sure().any(|found| found.red.is_some()) {
        CiState::Red
    } else if !judged.is_empty() && judged.values().all(|found| !found.is_flaky()) {
        CiState::Green
    } else {
        CiState::Open
    }
}

struct Teller<'a> {
    unit: &'a ChangeUnit,
    records: &'a Records,
    read: ReadLog<'a>,
    states: &'a [Judged<'a>],
}

impl Teller<'_> {
    /// Returns the reports of all passages, by state, green before red.
    fn reports(&self) -> Vec<CiReport> {
        let mut told: BTreeMap<(usize, bool, &JobKey), CiReport> = BTreeMap::new();
        for index in 0..self.states.len() {
            let passage = self.states[index].keys().find_map(|key| self.passage(index, key));
            let Some((key, red, (end, green))) = passage else { continue };
            told.insert((index, true, key), red);
            told.insert((end, false, key), green);
        }
        told.into_values().collect()
    }

    /// Returns the report of a job that is red on a state, and that of the first
    /// later state on which it is green.
    fn passage(
        &self,
        index: usize,
        key: &JobKey,
    ) -> Option<(&JobKey, CiReport, (usize, CiReport))> {
        let (key, found) = self.states[index].get_key_value(key)?;
        let red = found.only_red()?;
        let mut later = self.states.iter().enumerate().skip(index + 1);
        let (end, green) =
            later.find_map(|(end, judged)| Some((end, judged.get(key)?.only_green()?)))?;
        Some((key, self.report(index, red)?, (end, self.report(end, green)?)))
    }

    fn report(&self, index: usize, found: Found<'_>) -> Option<CiReport> {
        let Found { run, job, conclusion } = found;
        let step = failing_step(job, conclusion);
        let tests = self.records.tests_of(&job.id).iter();
        Some(CiReport {
            state: u32::try_from(index).ok()?,
            commit: self.unit.states[index].commit.clone(),
            run: run.id.clone(),
            job: job.id.clone(),
            workflow: run.workflow.clone(),
            name: job.name.clone(),
            step: step.map(|(_, name)| name.to_owned()),
            conclusion,
            log: self.log(job, step.map(|(number, _)| number), conclusion)?,
            failed_tests: tests
                .filter(|test| test.outcome.is_failure())
                .map(|test| test.id.clone())
                .collect(),
        })
    }

    /// Returns what is told of the log of a job: of its failing step, else of all.
    fn log(
        &self,
        job: &CiJobRecord,
        step: Option<u64>,
        conclusion: CiConclusion,
    ) -> Option<CiLogPart> {
        let named = job.log.iter().filter_map(|id| self.records.log(id));
        let logs: Vec<&LogRefRecord> = named.chain(self.records.logs_of(&job.id)).collect();
        let of_step = logs.iter().find(|log| step.is_some() && log.step == step);
        let log = of_step.or_else(|| logs.iter().find(|log| log.step.is_none()))?;
        let tail = (self.read)(log)?;
        let range = if conclusion.is_red() {
            part::failing(&tail.bytes)
        } else {
            part::ending(&tail.bytes)
        };
        Some(CiLogPart {
            log: log.id.clone(),
            start: tail.start + range.start as u64,
            end: tail.start + range.end as u64,
            bytes: tail.bytes[range].into(),
        })
    }
}

/// Returns number and name of the step that failed.
fn failing_step(job: &CiJobRecord, conclusion: CiConclusion) -> Option<(u64, &str)> {
    let failed = |conclusion: Option<CiConclusion>| conclusion.is_some_and(CiConclusion::is_red);
    let step = job.steps.iter().find(|step| conclusion.is_red() && failed(step.conclusion))?;
    Some((step.number, &step.name))
}
