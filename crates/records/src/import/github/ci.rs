//! What did CI do, as the REST interface tells it?
//!
//! In: workflow runs, jobs, check suites, check runs, annotations and commit
//! statuses. Out: runs, jobs and annotations. A check suite is a run of its own,
//! and so are the statuses of one commit: other servers report through them.

use std::collections::BTreeMap;

use backstory_model::{
    AnnotationRecord, CiConclusion, CiJobRecord, CiRunRecord, CiStep, Record, RecordId,
};
use serde::Deserialize as _;
use serde::de::IntoDeserializer as _;
use serde::de::value::{Error as WordError, StrDeserializer};

use super::object::{Object, Wrong};
use super::place::Place;
use super::rest::Seen;

/// Returns the record of one attempt of a workflow run.
pub(crate) fn run(object: &Object<'_>, seen: &Seen) -> Result<CiRunRecord, Wrong> {
    let attempt = attempt(object)?;
    let path = object.text("path")?.filter(|path| !path.is_empty());
    Ok(CiRunRecord {
        id: run_id(&object.name_of("id")?.ok_or(Wrong::Missing { name: "id" })?, attempt),
        commit: object.need_text("head_sha")?,
        change: only_change(object)?,
        workflow: path.or(object.text("name")?),
        attempt,
        event: object.text("event")?,
        branch: object.text("head_branch")?,
        conclusion: conclusion(object)?,
        url: object.text("html_url")?,
        created_at: object.time("created_at"),
        started_at: object.time("run_started_at"),
        finished_at: finished(object)?,
        observed_at: seen.observed_at.clone(),
    })
}

/// Returns the record of a job.
pub(crate) fn job(object: &Object<'_>, seen: &Seen) -> Result<CiJobRecord, Wrong> {
    let run = object.name_of("run_id")?.ok_or(Wrong::Missing { name: "run_id" })?;
    let steps = object.objects("steps")?;
    Ok(CiJobRecord {
        id: object.id("job:", "id")?,
        run: run_id(&run, attempt(object)?),
        name: object.need_text("name")?,
        matrix: BTreeMap::new(),
        conclusion: conclusion(object)?,
        steps: steps.iter().map(step).collect::<Result<_, _>>()?,
        log: None,
        started_at: object.time("started_at"),
        finished_at: object.time("completed_at"),
        observed_at: seen.observed_at.clone(),
    })
}

fn step(object: &Object<'_>) -> Result<CiStep, Wrong> {
    Ok(CiStep {
        number: object.need_number("number")?,
        name: object.need_text("name")?,
        command: None,
        conclusion: conclusion(object)?,
        started_at: object.time("started_at"),
        finished_at: object.time("completed_at"),
    })
}

/// Returns the record of a check suite: what one app said about a commit.
pub(crate) fn check_suite(object: &Object<'_>, seen: &Seen) -> Result<CiRunRecord, Wrong> {
    let commit = object.need_text("head_sha")?;
    let mut run = suite_run(object, commit, app(object)?, seen)?;
    run.change = only_change(object)?;
    run.branch = object.text("head_branch")?;
    run.conclusion = conclusion(object)?;
    run.created_at = object.time("created_at");
    run.finished_at = finished(object)?;
    Ok(run)
}

/// Returns a check run as a job, and the run it belongs to.
///
/// The number of a check run is the number of the job where GitHub Actions made it.
pub(crate) fn check_run(object: &Object<'_>, seen: &Seen) -> Result<Vec<Record>, Wrong> {
    let suite = object.object("check_suite")?.unwrap_or_default();
    if !suite.has("id") {
        return Err(Wrong::Nowhere { what: "check suite" });
    }
    let commit = object.need_text("head_sha")?;
    let run = suite_run(&suite, commit, app(object)?, seen)?;
    let job = CiJobRecord {
        id: object.id("job:", "id")?,
        run: run.id.clone(),
        name: object.need_text("name")?,
        matrix: BTreeMap::new(),
        conclusion: conclusion(object)?,
        steps: Vec::new(),
        log: None,
        started_at: object.time("started_at"),
        finished_at: object.time("completed_at"),
        observed_at: seen.observed_at.clone(),
    };
    Ok(vec![Record::CiJob(job), Record::CiRun(run)])
}

fn suite_run(
    suite: &Object<'_>,
    commit: String,
    workflow: Option<String>,
    seen: &Seen,
) -> Result<CiRunRecord, Wrong> {
    let id = suite.id("run:suite/", "id")?;
    Ok(bare_run(id, commit, workflow, seen))
}

fn bare_run(id: RecordId, commit: String, workflow: Option<String>, seen: &Seen) -> CiRunRecord {
    CiRunRecord {
        id,
        commit,
        change: None,
        workflow,
        attempt: 1,
        event: None,
        branch: None,
        conclusion: None,
        url: None,
        created_at: None,
        started_at: None,
        finished_at: None,
        observed_at: seen.observed_at.clone(),
    }
}

/// Returns a commit status as a job, and the run that all statuses of its commit make.
pub(crate) fn status(object: &Object<'_>, seen: &Seen) -> Result<Vec<Record>, Wrong> {
    let link = object.text("url")?.unwrap_or_default();
    let linked = Place::read(&link).and_then(|place| place.behind("statuses").map(str::to_owned));
    let Some(commit) = object.text("sha")?.or(linked) else {
        return Err(Wrong::Nowhere { what: "commit" });
    };
    let run = bare_run(RecordId::new(format!("run:status/{commit}")), commit, None, seen);
    let conclusion = match object.word("state")?.as_deref() {
        None | Some("pending") => None,
        Some(word) => Some(conclusion_word(word)),
    };
    let job = CiJobRecord {
        id: object.id("job:status/", "id")?,
        run: run.id.clone(),
        // The forge's own name for a status that was given none.
        name: object.text("context")?.unwrap_or_else(|| "default".to_owned()),
        matrix: BTreeMap::new(),
        finished_at: conclusion.and_then(|_| object.time("updated_at")),
        conclusion,
        steps: Vec::new(),
        log: None,
        started_at: object.time("created_at"),
        observed_at: seen.observed_at.clone(),
    };
    Ok(vec![Record::CiJob(job), Record::CiRun(run)])
}

/// Returns the record of an annotation; where it was asked from says of which job.
pub(crate) fn annotation(object: &Object<'_>, seen: &Seen) -> Result<AnnotationRecord, Wrong> {
    let Some(job) = &seen.job else { return Err(Wrong::Nowhere { what: "check run" }) };
    let name = job.as_str().strip_prefix("job:").unwrap_or(job.as_str());
    Ok(AnnotationRecord {
        id: RecordId::new(format!("annotation:{name}/{}", seen.position)),
        on: job.clone(),
        path: object.text("path")?,
        start_line: object.number("start_line")?,
        end_line: object.number("end_line")?,
        level: object.word("annotation_level")?,
        title: object.text("title")?,
        message: object.text("message")?,
        observed_at: seen.observed_at.clone(),
    })
}

fn run_id(id: &str, attempt: u32) -> RecordId {
    RecordId::new(if attempt > 1 { format!("run:{id}/{attempt}") } else { format!("run:{id}") })
}

fn attempt(object: &Object<'_>) -> Result<u32, Wrong> {
    let attempt = object.number("run_attempt")?.unwrap_or(1);
    Ok(u32::try_from(attempt).unwrap_or(u32::MAX).max(1))
}

/// Returns the pull request a run was for, where there is no doubt.
fn only_change(object: &Object<'_>) -> Result<Option<u64>, Wrong> {
    match object.objects("pull_requests")?.as_slice() {
        [only] => only.number("number"),
        _ => Ok(None),
    }
}

fn app(object: &Object<'_>) -> Result<Option<String>, Wrong> {
    let app = object.object("app")?.unwrap_or_default();
    Ok(app.text("slug")?.or(app.text("name")?))
}

/// Returns when it ended: the forge gives only the time of the last change.
fn finished(object: &Object<'_>) -> Result<Option<String>, Wrong> {
    let completed = object.word("status")?.as_deref() == Some("completed");
    Ok(if completed { object.time("updated_at") } else { None })
}

fn conclusion(object: &Object<'_>) -> Result<Option<CiConclusion>, Wrong> {
    Ok(object.word("conclusion")?.map(|word| conclusion_word(&word)))
}

fn conclusion_word(word: &str) -> CiConclusion {
    let word: StrDeserializer<'_, WordError> = word.into_deserializer();
    CiConclusion::deserialize(word).unwrap_or(CiConclusion::Unknown)
}
