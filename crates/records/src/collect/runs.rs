//! What is done for runs of CI alike, whichever forge has them?
//!
//! In: what a plan and the last collection say of times, and where a log lies. Out:
//! the span to read, the runs to remember, and the log with what it says about its age.

use std::collections::BTreeMap;

use backstory_model::{Record, RecordId};
use jiff::{SignedDuration, Timestamp};

use super::CollectError;
use super::list::{Gathering, Item};
use super::plan::Plan;
use super::report::Part;
use super::state::KnownRuns;
use crate::LogName;
use crate::import::github::object::Wrong;

/// Reads a time as forges write it.
pub(crate) fn time(text: Option<&String>) -> Option<Timestamp> {
    text?.parse().ok()
}

impl Plan {
    /// Returns the time since which runs are asked for.
    pub(crate) fn asked(&self) -> Option<Timestamp> {
        time(self.since.as_ref())
    }

    /// Returns the time since which a first collection asks for runs.
    pub(crate) fn recent(&self, now: Timestamp) -> Option<Timestamp> {
        let days = SignedDuration::from_hours(24 * i64::from(self.first_days?));
        now.checked_sub(days).ok()
    }
}

impl KnownRuns {
    /// Remembers the runs that will be listed again; a mark begins with their time.
    pub(crate) fn since(since: Option<String>, mut known: BTreeMap<u64, String>) -> Self {
        let floor = time(since.as_ref());
        known.retain(|_, mark| {
            let told = mark.split(' ').next().and_then(|text| text.parse().ok());
            told.is_none() || told >= floor
        });
        Self { since, known }
    }
}

/// What came of asking for the log of a job.
pub(crate) enum JobLog {
    /// It is stored.
    Stored(RecordId),
    /// The forge does not give it.
    Missing {
        /// The status of its answer.
        status: u16,
        /// Whether the next collection should ask again.
        open: bool,
    },
}

impl JobLog {
    /// Returns the log's record.
    pub(crate) fn stored(self) -> Option<RecordId> {
        match self {
            Self::Stored(id) => Some(id),
            Self::Missing { .. } => None,
        }
    }
}

impl Gathering<'_> {
    /// Reads what a job printed; `made` is when its run was made.
    pub(crate) fn job_log(
        &mut self,
        path: &str,
        job: u64,
        made: Option<&String>,
    ) -> Result<JobLog, CollectError> {
        let job = Some(RecordId::new(format!("job:{job}")));
        let named = LogName { job, complete: true, ..LogName::default() };
        let (answer, log) = self.talk.log(path, &named)?;
        let Some(log) = log else {
            let open = self.talk.missing(Part::Logs, path, &answer);
            return Ok(JobLog::Missing { status: answer.status, open });
        };
        let oldest = &mut self.talk.told.oldest_log;
        if oldest.is_none() || made < oldest.as_ref() {
            *oldest = made.cloned();
        }
        let id = log.id.clone();
        self.harvest.take(&Record::LogRef(log), None)?;
        Ok(JobLog::Stored(id))
    }

    /// Takes the records of a job, which its log is made known to.
    pub(crate) fn take_job(
        &mut self,
        item: &Item<'_>,
        mut records: Result<Vec<Record>, Wrong>,
        log: Option<&RecordId>,
    ) -> Result<(), CollectError> {
        for record in records.iter_mut().flatten() {
            if let Record::CiJob(job) = record {
                job.log = log.cloned();
            }
        }
        self.take_read(Part::Jobs, item, records)
    }
}
