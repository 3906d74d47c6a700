//! Why has a job no log?
//!
//! In: the record of the job. Out: what its times say. Nothing here says that a log
//! was deleted: only that it was too late to get it, or that nobody did.

use std::fmt;

use backstory_model::CiJobRecord;
use jiff::Timestamp;

/// How long forges keep logs unless they are told otherwise, in days.
const KEPT_DAYS: i64 = 90;

/// Why a job has no log.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LogAbsence {
    /// It had ended more than 90 days before it was read.
    Expired,
    /// It was read in time, and its log was not kept.
    NotCaptured,
    /// Nothing says when it ended, or when it was read.
    Undated,
}

impl LogAbsence {
    /// Returns what the times of a job without a log say.
    pub fn of(job: &CiJobRecord) -> Self {
        let time = |time: &Option<String>| time.as_deref()?.parse::<Timestamp>().ok();
        match (time(&job.finished_at), time(&job.observed_at)) {
            (Some(ended), Some(read)) if read.duration_since(ended).as_hours() > KEPT_DAYS * 24 => {
                Self::Expired
            }
            (Some(_), Some(_)) => Self::NotCaptured,
            (None, _) | (_, None) => Self::Undated,
        }
    }

    /// Returns the reason, in a few words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Expired => "expired, because it was read more than 90 days after its end",
            Self::NotCaptured => "never captured, though it was read within 90 days",
            Self::Undated => "expired, or never captured",
        }
    }
}

impl fmt::Display for LogAbsence {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

#[cfg(test)]
mod tests {
    use super::LogAbsence;

    #[test]
    fn a_log_is_expired_where_its_job_was_read_too_late() {
        let of = |times: &str| {
            let json = format!(r#"{{"id":"job:1","run":"run:1","name":"test"{times}}}"#);
            LogAbsence::of(&serde_json::from_str(&json).unwrap())
        };
        let ended = r#","finished_at":"2024-01-01T00:00:00Z""#;
        let read = |day: &str| format!(r#"{ended},"observed_at":"{day}T01:00:00Z""#);
        assert_eq!(of(&read("2024-03-30")), LogAbsence::NotCaptured);
        assert_eq!(of(&read("2024-03-31")), LogAbsence::Expired);
        assert_eq!(of(ended), LogAbsence::Undated);
        assert_eq!(of(r#","finished_at":"soon","observed_at":"later""#), LogAbsence::Undated);
    }
}
