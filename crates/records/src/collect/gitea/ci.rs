//! What did Gitea Actions do, and what did it print?
//!
//! In: runs, newest first; there is no asking for a time. Out: runs with their jobs
//! and logs as far as the server tells them; older servers tell only of tasks.

use std::collections::BTreeMap;

use backstory_model::RecordId;
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::Gitea;
use crate::collect::CollectError;
use crate::collect::list::{Gathering, Item, read_all};
use crate::collect::report::{Gap, Part};
use crate::collect::runs::time;
use crate::collect::state::{KnownRuns, State};

/// How long after it was made a run is asked for again, because it may be run again.
const UNSETTLED: SignedDuration = SignedDuration::from_hours(36 * 24);

#[derive(Deserialize)]
struct Runs<'b> {
    #[serde(default, borrow)]
    workflow_runs: Vec<&'b RawValue>,
}

#[derive(Default, Deserialize)]
struct Run {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    conclusion: Option<String>,
    #[serde(default, rename = "run_attempt")]
    attempt: Option<u64>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    started_at: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
    #[serde(default)]
    completed_at: Option<String>,
}

impl Run {
    fn made(&self) -> Option<Timestamp> {
        let text = self.created_at.as_ref().or(self.started_at.as_ref())?;
        text.parse().ok()
    }

    fn ended(&self) -> bool {
        let words = ["completed", "success", "failure", "cancelled", "skipped"];
        self.status.as_deref().is_some_and(|status| words.contains(&status))
    }

    /// Tells one state of a run from another; begins with the time it was made.
    fn mark(&self) -> String {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let made = self.made().map(|made| made.to_string()).unwrap_or_default();
        let (status, conclusion) = (text(&self.status), text(&self.conclusion));
        let (changed, ended) = (text(&self.updated_at), text(&self.completed_at));
        let attempt = self.attempt.unwrap_or(1);
        format!("{made} {changed} {ended} {attempt} {status} {conclusion}")
    }
}

#[derive(Default, Deserialize)]
struct Job {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    conclusion: Option<String>,
}

/// What is learned while runs are read.
struct Reading {
    /// Runs made before were read.
    from: Option<Timestamp>,
    known: BTreeMap<u64, String>,
    /// Whether runs have jobs to ask for.
    jobs: bool,
}

impl Gitea<'_> {
    /// Reads the runs of CI.
    pub(super) fn runs(
        &self,
        gathering: &mut Gathering<'_>,
        now: Option<Timestamp>,
        state: &mut State,
    ) -> Result<(), CollectError> {
        let name = self.plan.named("runs", &[Part::Jobs, Part::Logs]);
        let before = self.plan.state.runs.get(&name).cloned().unwrap_or_default();
        let (asked, last) = (self.plan.asked(), time(before.since.as_ref()));
        let recent = now.and_then(|now| self.plan.recent(now));
        let from = asked.or(last).or(recent);
        let open = gathering.talk.open;
        let mut reading = Reading { from, known: before.known, jobs: true };
        if !self.pages(gathering, "runs", &mut reading)? {
            // Servers before these lists have one of tasks.
            reading.jobs = false;
            self.pages(gathering, "tasks", &mut reading)?;
        }
        let settled = now.and_then(|now| now.checked_sub(UNSETTLED).ok());
        let left_out = last.is_some() && last < asked;
        let since = match last {
            _ if gathering.talk.open > open => last.min(from),
            Some(last) if left_out => Some(last),
            _ => settled.max(from),
        };
        let since = since.map(|since| since.to_string());
        state.runs.insert(name, KnownRuns::since(since, reading.known));
        Ok(())
    }

    /// Reads a list of runs; returns false where the server does not have it.
    fn pages(
        &self,
        gathering: &mut Gathering<'_>,
        list: &str,
        reading: &mut Reading,
    ) -> Result<bool, CollectError> {
        let mut path = format!("{}/actions/{list}?limit=50", self.root);
        loop {
            let answer = gathering.talk.page(&path, None)?;
            if answer.status == 404 && list == "runs" {
                return Ok(false);
            }
            if answer.status != 200 {
                gathering.talk.missing(Part::Runs, &path, &answer);
                return Ok(true);
            }
            let wrong = |source| CollectError::Shape { url: path.clone(), source };
            let runs: Runs<'_> = serde_json::from_slice(&answer.body).map_err(wrong)?;
            let mut done = runs.workflow_runs.is_empty();
            for (position, raw) in (1..).zip(runs.workflow_runs) {
                let observed_at = answer.date.as_deref();
                let item = Item { raw, observed_at, position, asked: &path };
                done |= self.run(gathering, &item, reading)?;
            }
            match answer.next {
                Some(next) if !done => path = next,
                _ => return Ok(true),
            }
        }
    }

    /// Reads a run; returns true when it is older than what is asked for.
    fn run(
        &self,
        gathering: &mut Gathering<'_>,
        item: &Item<'_>,
        reading: &mut Reading,
    ) -> Result<bool, CollectError> {
        let run: Run = item.peek();
        let made = run.made();
        if made.is_some() && made < reading.from {
            return Ok(true);
        }
        let mark = run.mark();
        let Some(id) = run.id else {
            self.take(gathering, Part::Runs, item, None)?;
            return Ok(false);
        };
        if reading.known.get(&id) == Some(&mark) {
            return Ok(false);
        }
        let open = gathering.talk.open;
        self.take(gathering, Part::Runs, item, None)?;
        if reading.jobs && self.wants(Part::Jobs) {
            self.jobs(gathering, &run, id)?;
        }
        if run.ended() && gathering.talk.open == open {
            reading.known.insert(id, mark);
        }
        Ok(false)
    }

    fn jobs(&self, gathering: &mut Gathering<'_>, run: &Run, id: u64) -> Result<(), CollectError> {
        let full = self.plan.is_full(gathering.talk.told.bytes);
        let path = format!("{}/actions/runs/{id}/jobs?limit=50", self.root);
        let field = Some("jobs");
        read_all(gathering, Part::Jobs, &path, field, &mut |gathering, item| {
            let Job { id, status, conclusion } = item.peek();
            let ran =
                status.as_deref() == Some("completed") && conclusion.as_deref() != Some("skipped");
            let log = match id.filter(|_| ran && self.wants(Part::Logs)) {
                Some(id) => self.log(gathering, run, id, full)?,
                None => None,
            };
            gathering.take_job(item, self.read(item, None), log.as_ref())
        })?;
        Ok(())
    }

    /// Reads what a job printed.
    fn log(
        &self,
        gathering: &mut Gathering<'_>,
        run: &Run,
        job: u64,
        full: bool,
    ) -> Result<Option<RecordId>, CollectError> {
        let path = format!("{}/actions/jobs/{job}/logs", self.root);
        let talk = &mut gathering.talk;
        let refused = talk.is_refused(Part::Logs);
        if refused || full {
            let gap = if refused { Gap::Refused(Part::Logs) } else { Gap::OverLimit(Part::Logs) };
            talk.gap(gap, &path, None);
            return Ok(None);
        }
        Ok(gathering.job_log(&path, job, run.created_at.as_ref())?.stored())
    }
}
