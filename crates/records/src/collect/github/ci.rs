//! What did GitHub Actions do, and what did it print?
//!
//! In: the runs made since the last collection, and those of a while before, because
//! a run may be run again. Out: runs with every attempt, their jobs with logs,
//! remarks about lines, and files that may be test reports. Newest first: a forge
//! keeps logs for a time, so that where they end is seen once.

use std::collections::BTreeMap;

use backstory_model::{Record, RecordId};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{GitHub, read, take};
use crate::collect::CollectError;
use crate::collect::address::escape;
use crate::collect::artifact::{self, Artifact};
use crate::collect::list::{Gathering, Item, read_all};
use crate::collect::report::{Gap, Part};
use crate::collect::runs::{JobLog, time};
use crate::collect::state::{KnownRuns, State};
use crate::import::github::rest::{RestKind, Seen};

/// The forge tells no more runs than this for one question.
const MOST_RUNS: u64 = 1_000;

/// How long after it was made a run may still change: 30 days until it may be run
/// again last, 5 days until that ends.
const UNSETTLED: SignedDuration = SignedDuration::from_hours(36 * 24);

/// After as many jobs in a row whose logs are gone, older ones are not asked for.
const GONE: u32 = 50;

/// The forge lets a run be run again 50 times.
const MOST_ATTEMPTS: u64 = 100;

#[derive(Deserialize)]
struct Runs<'b> {
    #[serde(default)]
    total_count: u64,
    #[serde(default, borrow)]
    workflow_runs: Vec<&'b RawValue>,
}

#[derive(Default, Deserialize)]
struct Run {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default, rename = "run_attempt")]
    attempt: Option<u64>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    head_sha: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
}

impl Run {
    fn settled(&self) -> bool {
        self.status.as_deref() == Some("completed")
    }

    /// Tells one state of a run from another; begins with the time it was made.
    fn mark(&self) -> String {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        let attempt = self.attempt.unwrap_or(1);
        let (made, changed) = (text(&self.created_at), text(&self.updated_at));
        format!("{made} {changed} {attempt}")
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

#[derive(Default, Deserialize)]
struct CheckRun {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    output: Option<Output>,
}

#[derive(Deserialize)]
struct Output {
    #[serde(default)]
    annotations_count: u64,
}

/// A span of time, ends included.
type Window = (Timestamp, Timestamp);

/// What is learned while runs are read.
struct Reading<'k> {
    before: Option<&'k KnownRuns>,
    known: BTreeMap<u64, String>,
    /// Whether something must be asked for again.
    open: bool,
    /// How many jobs in a row had no log.
    gone: u32,
    /// Whether the limit on bytes was reached before this run.
    full: bool,
    only_job: Option<RecordId>,
    jobs: u64,
}

impl GitHub<'_> {
    /// Reads the runs of CI.
    pub(super) fn runs(
        &self,
        gathering: &mut Gathering<'_>,
        made: Timestamp,
        now: Timestamp,
        state: &mut State,
    ) -> Result<(), CollectError> {
        let about = [Part::Jobs, Part::Logs, Part::Annotations, Part::Artifacts];
        let name = self.plan.named("runs", &about);
        let before = self.plan.state.runs.get(&name);
        let last = before.and_then(|before| time(before.since.as_ref()));
        let asked = self.plan.asked();
        let recent = self.plan.recent(now);
        let first = asked.or(last).unwrap_or_else(|| recent.unwrap_or(made).max(made));
        let known = before.map(|before| before.known.clone()).unwrap_or_default();
        let mut reading =
            Reading { before, known, open: false, gone: 0, full: false, only_job: None, jobs: 0 };
        self.windows(gathering, (first, now), &mut reading)?;
        let left_out = asked.is_some() && last.is_some() && last < asked;
        let since = match last {
            _ if reading.open => Some(last.map_or(first, |last| last.min(first))),
            Some(last) if left_out => Some(last),
            _ => now.checked_sub(UNSETTLED).ok().map(|settled| settled.max(first.min(now))),
        };
        let since = since.map(|since| since.to_string());
        state.runs.insert(name, KnownRuns::since(since, reading.known));
        Ok(())
    }

    /// Reads the runs of a span, in parts that the forge tells completely.
    fn windows(
        &self,
        gathering: &mut Gathering<'_>,
        whole: Window,
        reading: &mut Reading<'_>,
    ) -> Result<(), CollectError> {
        let mut open = vec![whole];
        while let Some((from, to)) = open.pop() {
            if let Some(middle) = self.window(gathering, (from, to), reading)? {
                let after = middle.checked_add(SignedDuration::from_secs(1)).unwrap_or(to);
                open.extend([(from, middle), (after, to)]);
            }
            if gathering.talk.is_refused(Part::Runs) {
                break;
            }
        }
        Ok(())
    }

    /// Reads the runs of one span; returns its middle when there are too many.
    fn window(
        &self,
        gathering: &mut Gathering<'_>,
        (from, to): Window,
        reading: &mut Reading<'_>,
    ) -> Result<Option<Timestamp>, CollectError> {
        let span = escape(&format!("{from}..{to}"));
        let mut path = format!("{}/actions/runs?per_page=100&created={span}", self.root);
        loop {
            let answer = gathering.talk.page(&path, None)?;
            if answer.status != 200 {
                reading.open |= gathering.talk.missing(Part::Runs, &path, &answer);
                return Ok(None);
            }
            let wrong = |source| CollectError::Shape { url: path.clone(), source };
            let runs: Runs<'_> = serde_json::from_slice(&answer.body).map_err(wrong)?;
            if runs.total_count > MOST_RUNS {
                let seconds = to.as_second() - from.as_second();
                if seconds > 1 {
                    return Ok(from.checked_add(SignedDuration::from_secs(seconds / 2)).ok());
                }
                gathering.talk.gap(Gap::Absent(Part::Runs), &path, None);
            }
            for (position, raw) in (1..).zip(runs.workflow_runs) {
                let observed_at = answer.date.as_deref();
                let item = Item { raw, observed_at, position, asked: &path };
                self.run(gathering, &item, reading)?;
            }
            match answer.next {
                Some(next) => path = next,
                None => return Ok(None),
            }
        }
    }

    fn run(
        &self,
        gathering: &mut Gathering<'_>,
        item: &Item<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<(), CollectError> {
        let run: Run = item.peek();
        let mark = run.mark();
        let id = run.id.unwrap_or_default();
        if reading.before.is_some_and(|before| before.known.get(&id) == Some(&mark)) {
            return Ok(());
        }
        take(gathering, Part::Runs, RestKind::Run, item, &self.seen(item))?;
        if run.id.is_none() {
            return Ok(());
        }
        // A run is read whole or not at all, so that nothing of it is read again.
        reading.full = self.plan.is_full(gathering.talk.told.bytes);
        let mut open = self.attempts(gathering, &run, id)?;
        (reading.only_job, reading.jobs) = (None, 0);
        if self.wants(Part::Jobs) {
            open |= self.jobs(gathering, &run, id, reading)?;
        }
        if self.wants(Part::Artifacts) && run.settled() {
            open |= self.artifacts(gathering, &run, id, reading)?;
        }
        reading.open |= open;
        if run.settled() && !open {
            reading.known.insert(id, mark);
        }
        Ok(())
    }

    /// Reads the attempts before the last one, which the list of runs leaves out.
    fn attempts(
        &self,
        gathering: &mut Gathering<'_>,
        run: &Run,
        id: u64,
    ) -> Result<bool, CollectError> {
        let mut open = false;
        for attempt in 1..run.attempt.unwrap_or(1).min(MOST_ATTEMPTS) {
            let path = format!("{}/actions/runs/{id}/attempts/{attempt}", self.root);
            let answer = gathering.talk.page(&path, None)?;
            let raw = serde_json::from_slice::<&RawValue>(&answer.body);
            match raw {
                Ok(raw) if answer.status == 200 => {
                    let observed_at = answer.date.as_deref();
                    let item = Item { raw, observed_at, position: 1, asked: &path };
                    take(gathering, Part::Runs, RestKind::Run, &item, &self.seen(&item))?;
                }
                _ => open |= gathering.talk.missing(Part::Runs, &path, &answer),
            }
        }
        Ok(open)
    }

    /// Reads the jobs of a run; true when something must be asked for again.
    fn jobs(
        &self,
        gathering: &mut Gathering<'_>,
        run: &Run,
        id: u64,
        reading: &mut Reading<'_>,
    ) -> Result<bool, CollectError> {
        let path = format!("{}/actions/runs/{id}/jobs?filter=all&per_page=100", self.root);
        let mut open = false;
        let field = Some("jobs");
        let whole = read_all(gathering, Part::Jobs, &path, field, &mut |gathering, item| {
            open |= self.job(gathering, run, item, reading)?;
            Ok(())
        })?;
        Ok(open || !whole)
    }

    fn job(
        &self,
        gathering: &mut Gathering<'_>,
        run: &Run,
        item: &Item<'_>,
        reading: &mut Reading<'_>,
    ) -> Result<bool, CollectError> {
        let Job { id, status, conclusion } = item.peek();
        let ran =
            status.as_deref() == Some("completed") && conclusion.as_deref() != Some("skipped");
        let (mut log, mut open) = (None, false);
        if let Some(id) = id.filter(|_| ran && self.wants(Part::Logs)) {
            (log, open) = self.log(gathering, run, id, reading)?;
        }
        let records = read(RestKind::Job, item, &self.seen(item));
        for record in records.iter().flatten() {
            if let Record::CiJob(job) = record {
                reading.only_job = Some(job.id.clone());
            }
        }
        gathering.take_job(item, records, log.as_ref())?;
        reading.jobs += 1;
        let bad = conclusion.as_deref().is_some_and(|word| !["success", "skipped"].contains(&word));
        match id {
            // The check run of a job has its number.
            Some(id) if bad && self.wants(Part::Annotations) => {
                Ok(open | !self.remarks(gathering, id)?)
            }
            _ => Ok(open),
        }
    }

    fn log(
        &self,
        gathering: &mut Gathering<'_>,
        run: &Run,
        job: u64,
        reading: &mut Reading<'_>,
    ) -> Result<(Option<RecordId>, bool), CollectError> {
        let path = format!("{}/actions/jobs/{job}/logs", self.root);
        if gathering.talk.is_refused(Part::Logs) || reading.gone >= GONE {
            let refused = gathering.talk.is_refused(Part::Logs);
            let gap = if refused { Gap::Refused(Part::Logs) } else { Gap::Expired(Part::Logs) };
            return Ok((None, gathering.talk.gap(gap, &path, None)));
        }
        if reading.full {
            return Ok((None, gathering.talk.gap(Gap::OverLimit(Part::Logs), &path, None)));
        }
        match gathering.job_log(&path, job, run.created_at.as_ref())? {
            JobLog::Stored(id) => {
                reading.gone = 0;
                Ok((Some(id), false))
            }
            JobLog::Missing { status, open } => {
                reading.gone += u32::from(matches!(status, 404 | 410));
                Ok((None, open))
            }
        }
    }

    /// Reads what a check remarked about lines; false when it must be asked again.
    fn remarks(&self, gathering: &mut Gathering<'_>, check: u64) -> Result<bool, CollectError> {
        let path = format!("{}/check-runs/{check}/annotations?per_page=100", self.root);
        let job = Some(RecordId::new(format!("job:{check}")));
        read_all(gathering, Part::Annotations, &path, None, &mut |gathering, item| {
            let seen = Seen { job: job.clone(), ..self.seen(item) };
            take(gathering, Part::Annotations, RestKind::Annotation, item, &seen)
        })
    }

    /// Reads the remarks of a check that says it made some.
    pub(super) fn remarks_of_check(
        &self,
        gathering: &mut Gathering<'_>,
        item: &Item<'_>,
    ) -> Result<(), CollectError> {
        let CheckRun { id, output } = item.peek();
        let any = output.is_some_and(|output| output.annotations_count > 0);
        if let Some(id) = id.filter(|_| any && self.wants(Part::Annotations)) {
            self.remarks(gathering, id)?;
        }
        Ok(())
    }

    /// Reads what a run left behind, as far as it may be test reports.
    fn artifacts(
        &self,
        gathering: &mut Gathering<'_>,
        run: &Run,
        id: u64,
        reading: &Reading<'_>,
    ) -> Result<bool, CollectError> {
        let path = format!("{}/actions/runs/{id}/artifacts?per_page=100", self.root);
        let mut open = false;
        // With several jobs nothing tells which of them wrote a report.
        let job = reading.only_job.clone().filter(|_| reading.jobs == 1);
        let field = Some("artifacts");
        let whole = read_all(gathering, Part::Artifacts, &path, field, &mut |gathering, item| {
            let artifact: Artifact = item.peek();
            let Some(file) = artifact.id.filter(|_| artifact.may_be_a_report()) else {
                return Ok(());
            };
            let path = format!("{}/actions/artifacts/{file}/zip", self.root);
            let about = artifact::About {
                repo: self.repo.clone(),
                commit: run.head_sha.clone(),
                job: job.clone(),
            };
            open |= artifact::take(gathering, reading.full, &artifact, &path, about)?;
            Ok(())
        })?;
        Ok(open || !whole)
    }
}
