//! Which other records does a record name, and of which time does it speak?

use backstory_model::{Record, RecordId};

/// Returns the records a record names, each with the field that does.
pub(super) fn references(record: &Record) -> Vec<(&'static str, RecordId)> {
    let mut named = Vec::new();
    match record {
        Record::Issue(_) | Record::Change(_) => {}
        Record::Review(review) => named.push(("on", review.on.clone())),
        Record::Comment(comment) => {
            named.push(("on", comment.on.clone()));
            named.extend(comment.in_reply_to.clone().map(|id| ("in_reply_to", id)));
        }
        Record::Event(event) => named.push(("on", event.on.clone())),
        Record::CiRun(run) => {
            named.extend(run.change.map(|n| ("change", RecordId::new(format!("change:{n}")))));
        }
        Record::CiJob(job) => {
            named.push(("run", job.run.clone()));
            named.extend(job.log.clone().map(|id| ("log", id)));
        }
        Record::Annotation(annotation) => named.push(("on", annotation.on.clone())),
        Record::TestResult(test) => named.extend(test.job.clone().map(|id| ("job", id))),
        Record::LogRef(log) => named.extend(log.job.clone().map(|id| ("job", id))),
    }
    named
}

/// Returns the time a record speaks of.
pub(super) fn time_of(record: &Record) -> Option<&String> {
    match record {
        Record::Issue(record) => record.created_at.as_ref(),
        Record::Change(record) => record.created_at.as_ref(),
        Record::Review(record) => record.created_at.as_ref(),
        Record::Comment(record) => record.created_at.as_ref(),
        Record::Event(record) => record.created_at.as_ref(),
        Record::CiRun(record) => record.started_at.as_ref().or(record.created_at.as_ref()),
        Record::CiJob(record) => record.started_at.as_ref(),
        Record::Annotation(record) => record.observed_at.as_ref(),
        Record::TestResult(record) => record.observed_at.as_ref(),
        Record::LogRef(record) => record.observed_at.as_ref(),
    }
}
