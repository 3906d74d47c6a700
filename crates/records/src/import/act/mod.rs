//! What did `act`, which runs GitHub's workflows locally, tell while it ran?
//!
//! In: the events of `act --json`, those of several legs mixed. Out: a run for
//! each workflow, a job for each leg, and what each job and each step printed,
//! one line for each line of output. The events name no commit: the user does.

mod event;
mod leg;

use std::collections::BTreeMap;
use std::ops::Range;

use backstory_model::{CiConclusion, CiJobRecord, CiRunRecord, Record, RecordId};

use self::leg::{Leg, Legs};
use super::sink::{Position, Sink};
use super::{Dialect, Input};
use crate::{Item, JsonItems, LONGEST_ITEM, LogName, RecordsError};

/// Events of `act --json`.
pub(super) struct Act;

impl Dialect for Act {
    fn name(&self) -> &'static str {
        "act events"
    }

    fn recognizes(&self, _: &str, head: &[u8]) -> bool {
        let has = |key: &str| memchr::memmem::find(head, key.as_bytes()).is_some();
        let json = head.trim_ascii_start().starts_with(b"{");
        json && has("\"jobID\":\"") && has("\"dryrun\":") && has("\"msg\":\"")
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        let Some(commit) = sink.options().commit.clone() else {
            let why = "the events name no commit; say which one was run";
            sink.broken(Position::Whole, why);
            return Ok(());
        };
        let mut items = JsonItems::new(&mut *input.reader, LONGEST_ITEM);
        let mut legs = Legs::default();
        loop {
            let (offset, why) = match items.next_item() {
                Ok(None) => break,
                Ok(Some(Item::Whole { offset, bytes })) => match serde_json::from_slice(bytes) {
                    Ok(event) => {
                        legs.add(event);
                        continue;
                    }
                    Err(error) => (offset, error.to_string()),
                },
                Ok(Some(Item::TooLong { offset })) => {
                    (offset, format!("longer than {} MiB", LONGEST_ITEM >> 20))
                }
                Ok(Some(Item::TooDeep { offset })) => (offset, "nested too deeply".to_owned()),
                Ok(Some(Item::Cut { offset })) => (offset, "the events end here".to_owned()),
                Ok(Some(Item::Stray { .. })) => {
                    sink.other("line that is no event");
                    continue;
                }
                Err(error) => {
                    sink.broken(Position::Whole, format!("the file is cut: {error}"));
                    break;
                }
            };
            sink.broken(Position::Byte(offset), why);
        }
        (0..legs.outside).for_each(|_| sink.other("event of no job"));
        write(&commit, legs.legs, sink)
    }
}

/// Writes the runs, the jobs and the logs.
fn write(commit: &str, legs: Vec<Leg>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
    let mut workflows: BTreeMap<String, Vec<Leg>> = BTreeMap::new();
    for leg in legs {
        workflows.entry(leg.workflow().to_owned()).or_default().push(leg);
    }
    for (workflow, mut legs) in workflows {
        let start = legs.iter().filter_map(|leg| leg.started_at.clone()).min();
        let finish = legs.iter().filter_map(|leg| leg.finished_at.clone()).max();
        let number = format!("act/{commit}/{}/{workflow}", start.as_deref().unwrap_or("-"));
        let run = RecordId::new(format!("run:{number}"));
        let alone = |leg: &Leg| legs.iter().filter(|other| other.job_id == leg.job_id).count() == 1;
        let ends: Vec<_> = legs.iter().map(|leg| leg.conclusion(alone(leg))).collect();
        let observed_at = sink.options().observed_at.clone().or_else(|| finish.clone());
        let record = CiRunRecord {
            id: run.clone(),
            commit: commit.to_owned(),
            change: None,
            workflow: Some(workflow).filter(|name| !name.is_empty()),
            attempt: 1,
            event: None,
            branch: None,
            conclusion: together(&ends),
            url: None,
            created_at: None,
            started_at: start,
            finished_at: finish,
            observed_at: observed_at.clone(),
        };
        sink.record(&Record::CiRun(record), None)?;
        for (leg, conclusion) in legs.iter_mut().zip(ends) {
            job(leg, conclusion, &run, observed_at.as_deref(), sink)?;
        }
    }
    Ok(())
}

/// Returns how a run ended whose jobs ended so; `None` while one goes on.
fn together(jobs: &[Option<CiConclusion>]) -> Option<CiConclusion> {
    let red = jobs.iter().flatten().find(|end| end.is_red());
    let other = jobs.iter().flatten().find(|end| !end.is_green() && **end != CiConclusion::Skipped);
    match (red, other) {
        (Some(red), _) => Some(*red),
        (None, _) if jobs.iter().any(Option::is_none) => None,
        (None, Some(other)) => Some(*other),
        (None, None) => Some(CiConclusion::Success),
    }
}

fn job(
    leg: &mut Leg,
    conclusion: Option<CiConclusion>,
    run: &RecordId,
    observed_at: Option<&str>,
    sink: &mut Sink<'_>,
) -> Result<(), RecordsError> {
    let number = run.as_str().strip_prefix("run:").unwrap_or_default();
    let id = RecordId::new(format!("job:{number}/{}", leg.name));
    let complete = conclusion.is_some();
    let named = |step: Option<u64>, name: &str| LogName {
        job: Some(id.clone()),
        step,
        name: Some(name.to_owned()),
        complete,
        observed_at: observed_at.map(str::to_owned),
    };
    let printed = leg.printed();
    let mut log = None;
    if printed.bytes > 0 {
        let mut text = printed.read(0..printed.bytes);
        log = Some(sink.log(&mut text, &named(None, &leg.name), |_| false)?.id);
        // One that printed all there is has the log of the job.
        let apart = |range: &Range<u64>| !range.is_empty() && *range != (0..printed.bytes);
        for step in leg.steps.iter().filter(|step| apart(&step.printed)) {
            let mut text = printed.read(step.printed.clone());
            sink.log(&mut text, &named(Some(step.number), &step.name), |_| false)?;
        }
    }
    let record = CiJobRecord {
        id: id.clone(),
        run: run.clone(),
        name: leg.name.clone(),
        matrix: leg.matrix.clone(),
        conclusion,
        steps: leg.steps.iter().map(leg::LegStep::record).collect(),
        log,
        started_at: leg.started_at.clone(),
        finished_at: leg.finished_at.clone().filter(|_| complete),
        observed_at: observed_at.map(str::to_owned),
    };
    sink.record(&Record::CiJob(record), None)
}
