//! Which job do reports and logs belong to that tell of none?
//!
//! In: what was said on the command line. Out: the job that was named; else, for
//! a commit that was named, a job that stands for all that was imported about it.

use std::collections::BTreeMap;

use backstory_model::{CiJobRecord, CiRunRecord, Record, RecordId};

use super::sink::Sink;
use crate::RecordsError;

/// Returns the job; `name` tells jobs of one commit apart. Without a job and a
/// commit there is none.
pub(super) fn home(
    sink: &mut Sink<'_>,
    name: Option<&str>,
) -> Result<Option<RecordId>, RecordsError> {
    let options = sink.options().clone();
    if options.job.is_some() {
        return Ok(options.job);
    }
    let Some(commit) = options.commit else { return Ok(None) };
    let run = RecordId::new(format!("run:import/{commit}"));
    let job = match name {
        Some(name) => RecordId::new(format!("job:import/{commit}/{name}")),
        None => RecordId::new(format!("job:import/{commit}")),
    };
    if sink.first(&run) {
        let record = CiRunRecord {
            id: run.clone(),
            commit,
            change: None,
            workflow: None,
            attempt: 1,
            event: None,
            branch: None,
            conclusion: None,
            url: None,
            created_at: None,
            started_at: None,
            finished_at: None,
            observed_at: options.observed_at.clone(),
        };
        sink.record(&Record::CiRun(record), None)?;
    }
    if sink.first(&job) {
        let record = CiJobRecord {
            id: job.clone(),
            run,
            name: name.unwrap_or("imported reports").to_owned(),
            matrix: BTreeMap::new(),
            conclusion: None,
            steps: Vec::new(),
            log: None,
            started_at: None,
            finished_at: None,
            observed_at: options.observed_at,
        };
        sink.record(&Record::CiJob(record), None)?;
    }
    Ok(Some(job))
}
