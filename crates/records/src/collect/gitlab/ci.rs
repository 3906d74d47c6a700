//! What did the CI of GitLab do, and what did it print?
//!
//! In: the pipelines that changed since the last collection. Out: runs, their jobs
//! (also those that were retried) with logs, and what the server read of their test
//! reports. Oldest first: a pipeline that is retried changes and comes again.

use std::collections::BTreeMap;

use backstory_model::{Record, RecordId};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::{GitLab, read, take};
use crate::collect::CollectError;
use crate::collect::list::{Gathering, Item, List, read_all, read_changed};
use crate::collect::report::{Gap, Part};
use crate::collect::runs::time;
use crate::collect::state::{Cursor, KnownRuns, State};
use crate::import::gitlab::Seen;

/// The states in which a pipeline or job rests.
const ENDED: [&str; 5] = ["success", "failed", "canceled", "skipped", "manual"];

#[derive(Default, Deserialize)]
struct Pipeline {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    created_at: Option<String>,
    #[serde(default)]
    updated_at: Option<String>,
}

impl Pipeline {
    fn ended(&self) -> bool {
        self.status.as_deref().is_some_and(|status| ENDED.contains(&status))
    }

    /// Tells one state of a pipeline from another; begins with the time of change.
    fn mark(&self) -> String {
        let text = |field: &Option<String>| field.clone().unwrap_or_default();
        format!("{} {}", text(&self.updated_at), text(&self.status))
    }
}

#[derive(Default, Deserialize)]
struct Job {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    status: Option<String>,
    #[serde(default)]
    started_at: Option<String>,
    #[serde(default)]
    erased_at: Option<String>,
}

/// What is learned while pipelines are read.
struct Reading {
    /// Only pipelines made at this time or later.
    from: Option<Timestamp>,
    known: BTreeMap<u64, String>,
    /// Whether the limit on bytes was reached before this pipeline.
    full: bool,
}

impl GitLab<'_> {
    /// Reads the pipelines that changed.
    pub(super) fn pipelines(
        &self,
        gathering: &mut Gathering<'_>,
        now: Option<Timestamp>,
        state: &mut State,
    ) -> Result<(), CollectError> {
        let name = self.plan.named("pipelines", &[Part::Jobs, Part::Logs, Part::Artifacts]);
        let before = self.plan.state.runs.get(&name).cloned().unwrap_or_default();
        let (asked, last) = (self.plan.asked(), time(before.since.as_ref()));
        let recent = now.and_then(|now| self.plan.recent(now));
        let first = asked.or(last).or(recent);
        let from = asked.or(recent.filter(|_| last.is_none()));
        let mut reading = Reading { from, known: before.known, full: false };
        let path = format!("{}/pipelines?order_by=updated_at&sort=asc&per_page=100", self.root);
        let list = List { part: Part::Runs, path, since: "updated_after" };
        let since = first.map(|first| first.to_string());
        let cursor = Cursor { since, ..Cursor::default() };
        let read = read_changed(gathering, &list, &cursor, &mut |gathering, item| {
            self.pipeline(gathering, item, &mut reading)
        })?;
        let Some(read) = read else { return Ok(()) };
        // What lies between the last collection and the time asked for was not read.
        let left_out = last.is_some() && last < asked;
        let since = if left_out { before.since } else { read.since };
        state.runs.insert(name, KnownRuns::since(since, reading.known));
        Ok(())
    }

    fn pipeline(
        &self,
        gathering: &mut Gathering<'_>,
        item: &Item<'_>,
        reading: &mut Reading,
    ) -> Result<(), CollectError> {
        let pipeline: Pipeline = item.peek();
        let Some(id) = pipeline.id else {
            return take(gathering, Part::Runs, item, Seen::default());
        };
        let mark = pipeline.mark();
        let made: Option<Timestamp> = time(pipeline.created_at.as_ref());
        if reading.known.get(&id) == Some(&mark) || made.is_some() && made < reading.from {
            return Ok(());
        }
        // A pipeline is read whole or not at all, so that nothing of it is read again.
        reading.full = self.plan.is_full(gathering.talk.told.bytes);
        let open = gathering.talk.open;
        self.whole(gathering, id, item)?;
        if self.wants(Part::Jobs) {
            self.jobs(gathering, &pipeline, id, reading)?;
        }
        if self.wants(Part::Artifacts) && pipeline.ended() {
            self.test_report(gathering, id)?;
        }
        if pipeline.ended() && gathering.talk.open == open {
            reading.known.insert(id, mark);
        }
        Ok(())
    }

    /// Reads a pipeline with the times that the list leaves out.
    fn whole(
        &self,
        gathering: &mut Gathering<'_>,
        id: u64,
        listed: &Item<'_>,
    ) -> Result<(), CollectError> {
        let path = format!("{}/pipelines/{id}", self.root);
        let answer = gathering.talk.page(&path, None)?;
        let observed_at = answer.date.as_deref();
        match serde_json::from_slice::<&RawValue>(&answer.body) {
            Ok(raw) if answer.status == 200 => {
                let item = Item { raw, observed_at, position: 1, asked: &path };
                take(gathering, Part::Runs, &item, Seen::default())
            }
            _ => {
                gathering.talk.missing(Part::Runs, &path, &answer);
                take(gathering, Part::Runs, listed, Seen::default())
            }
        }
    }

    fn jobs(
        &self,
        gathering: &mut Gathering<'_>,
        pipeline: &Pipeline,
        id: u64,
        reading: &Reading,
    ) -> Result<(), CollectError> {
        let path = format!("{}/pipelines/{id}/jobs?include_retried=true&per_page=100", self.root);
        read_all(gathering, Part::Jobs, &path, None, &mut |gathering, item| {
            let job: Job = item.peek();
            let ran = job.started_at.is_some()
                && job.status.as_deref().is_some_and(|status| ENDED.contains(&status));
            let log = match job.id.filter(|_| ran && self.wants(Part::Logs)) {
                Some(number) => self.trace(gathering, pipeline, number, &job, reading.full)?,
                None => None,
            };
            let mut records = read(item, Seen::default());
            if let Ok(records) = &mut records {
                // The job tells less about its pipeline than the pipeline does.
                records.retain(|record| matches!(record, Record::CiJob(_)));
            }
            gathering.take_job(item, records, log.as_ref())
        })?;
        Ok(())
    }

    /// Reads what a job printed.
    fn trace(
        &self,
        gathering: &mut Gathering<'_>,
        pipeline: &Pipeline,
        number: u64,
        job: &Job,
        full: bool,
    ) -> Result<Option<RecordId>, CollectError> {
        let path = format!("{}/jobs/{number}/trace", self.root);
        let talk = &mut gathering.talk;
        let gap = match (job.erased_at.is_some(), talk.is_refused(Part::Logs), full) {
            (true, ..) => Some(Gap::Expired(Part::Logs)),
            (_, true, _) => Some(Gap::Refused(Part::Logs)),
            (.., true) => Some(Gap::OverLimit(Part::Logs)),
            (false, false, false) => None,
        };
        if let Some(gap) = gap {
            talk.gap(gap, &path, None);
            return Ok(None);
        }
        Ok(gathering.job_log(&path, number, pipeline.created_at.as_ref())?.stored())
    }

    /// Reads what the server read of the test reports of a pipeline.
    fn test_report(&self, gathering: &mut Gathering<'_>, id: u64) -> Result<(), CollectError> {
        let path = format!("{}/pipelines/{id}/test_report", self.root);
        if gathering.talk.is_refused(Part::Artifacts) {
            return Ok(());
        }
        let answer = gathering.talk.page(&path, None)?;
        match serde_json::from_slice::<&RawValue>(&answer.body) {
            Ok(raw) if answer.status == 200 => {
                let observed_at = answer.date.as_deref();
                let item = Item { raw, observed_at, position: 1, asked: &path };
                let run = Some(RecordId::new(format!("run:{id}")));
                take(gathering, Part::Artifacts, &item, Seen { run, ..Seen::default() })
            }
            _ => {
                gathering.talk.missing(Part::Artifacts, &path, &answer);
                Ok(())
            }
        }
    }
}
