//! What did the CI of GitLab do with a commit?
//!
//! In: pipelines, jobs and test reports. Out: runs, jobs and test results. The
//! server reports tests for a whole pipeline, so they belong to the run where
//! nothing names a job.

use std::collections::BTreeMap;

use backstory_model::{CiConclusion, CiJobRecord, CiRunRecord, Record, TestOutcome};

use super::{Seen, Told};
use crate::import::github::object::{Object, Wrong};
use crate::import::test_list::{Case, TestList};

/// Returns the record of a pipeline.
pub(super) fn pipeline(
    object: &Object<'_>,
    change: Option<u64>,
    seen: &Seen,
) -> Result<CiRunRecord, Wrong> {
    let branch = object.text("ref")?;
    Ok(CiRunRecord {
        id: object.id("run:", "id")?,
        commit: object.need_text("sha")?,
        change: change.or_else(|| change_of(branch.as_deref()?)),
        workflow: object.text("name")?,
        attempt: 1,
        event: object.text("source")?,
        branch,
        conclusion: conclusion(object)?,
        url: object.text("web_url")?,
        created_at: object.time("created_at"),
        started_at: object.time("started_at"),
        finished_at: object.time("finished_at"),
        observed_at: seen.observed_at.clone(),
    })
}

/// Returns the merge request that a pipeline ran for, as its reference names it.
fn change_of(reference: &str) -> Option<u64> {
    let (number, _) = reference.strip_prefix("refs/merge-requests/")?.split_once('/')?;
    number.parse().ok()
}

/// Returns a job, and the run it belongs to as far as the job tells it.
pub(super) fn job(object: &Object<'_>, seen: &Seen) -> Result<Told, Wrong> {
    let around = object.object("pipeline")?.ok_or(Wrong::Nowhere { what: "pipeline" })?;
    let job = CiJobRecord {
        id: object.id("job:", "id")?,
        run: around.id("run:", "id")?,
        name: object.need_text("name")?,
        matrix: BTreeMap::new(),
        conclusion: conclusion(object)?,
        steps: Vec::new(),
        log: None,
        started_at: object.time("started_at"),
        finished_at: object.time("finished_at"),
        observed_at: seen.observed_at.clone(),
    };
    let mut records = vec![Record::CiJob(job)];
    if around.has("sha") {
        records.push(Record::CiRun(pipeline(&around, None, seen)?));
    }
    Ok(Told::Records(records))
}

/// Returns the results of a test report.
pub(super) fn test_report(object: &Object<'_>, seen: &Seen) -> Result<Told, Wrong> {
    let job = seen.job.as_ref().or(seen.run.as_ref());
    let mut tests = TestList::new(job, seen.observed_at.as_ref());
    for suite in object.objects("test_suites")? {
        let name = suite.text("name")?;
        for case in suite.objects("test_cases")? {
            tests.add(Case {
                suite: name.clone(),
                class: case.text("classname")?,
                name: case.need_text("name")?,
                file: case.text("file")?,
                outcome: outcome(case.word("status")?.as_deref()),
                seconds: case.raw("execution_time").and_then(|raw| raw.get().parse().ok()),
                message: message(&case)?,
            });
        }
    }
    Ok(Told::Records(tests.into_records().map(Record::TestResult).collect()))
}

/// Returns what is said about a failure: a text, or an object with one inside.
fn message(case: &Object<'_>) -> Result<Option<String>, Wrong> {
    if let Ok(Some(text)) = case.text("system_output") {
        return Ok(Some(text));
    }
    if let Ok(Some(inner)) = case.object("system_output") {
        return Ok(inner.text("message").ok().flatten());
    }
    case.text("stack_trace")
}

fn outcome(status: Option<&str>) -> TestOutcome {
    match status {
        Some("success") => TestOutcome::Passed,
        Some("failed") => TestOutcome::Failed,
        Some("error") => TestOutcome::Errored,
        Some("skipped") => TestOutcome::Skipped,
        _ => TestOutcome::NotRun,
    }
}

/// Returns how it ended; absent while it runs or waits for others.
fn conclusion(object: &Object<'_>) -> Result<Option<CiConclusion>, Wrong> {
    Ok(match object.word("status")?.as_deref() {
        Some("success") => Some(CiConclusion::Success),
        Some("failed") => Some(CiConclusion::Failure),
        Some("canceled" | "cancelled") => Some(CiConclusion::Cancelled),
        Some("skipped") => Some(CiConclusion::Skipped),
        Some("manual") => Some(CiConclusion::ActionRequired),
        None
        | Some(
            "created"
            | "waiting_for_resource"
            | "preparing"
            | "pending"
            | "running"
            | "scheduled"
            | "canceling",
        ) => None,
        Some(_) => Some(CiConclusion::Unknown),
    })
}
