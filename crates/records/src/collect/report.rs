//! What came of a collection, and what is missing?

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

use crate::StoredFile;

/// What came of one collection.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Collected {
    /// How many requests were sent.
    pub requests: u64,
    /// How many answers were there from before.
    pub resumed: u64,
    /// How many lists had not changed.
    pub unchanged: u64,
    /// How many records of each kind were taken.
    pub records: BTreeMap<&'static str, u64>,
    /// The record files that hold them.
    pub files: Vec<StoredFile>,
    /// How many logs were stored.
    pub logs: u64,
    /// How many bytes of logs and artifacts were read.
    pub bytes: u64,
    /// When the oldest run began that still has a log, RFC 3339.
    pub oldest_log: Option<String>,
    /// When the forge was asked first, RFC 3339.
    pub asked_at: Option<String>,
    /// What is missing, and how often.
    pub gaps: BTreeMap<Gap, Missing>,
}

/// Why something is missing.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Gap {
    /// The forge keeps it no more.
    Expired(Part),
    /// The token lacks a right.
    Refused(Part),
    /// The forge does not show it, or does not have it.
    Absent(Part),
    /// The forge failed; the next collection asks again.
    Failed(Part),
    /// The limit on downloads was reached; the next collection asks again.
    OverLimit(Part),
    /// The object is not of the shape that the endpoint gives.
    Broken(Part),
}

impl Gap {
    /// Returns true when the next collection asks for it again.
    pub(crate) fn is_open(&self) -> bool {
        match self {
            Self::Failed(_) | Self::OverLimit(_) => true,
            Self::Expired(_) | Self::Refused(_) | Self::Absent(_) | Self::Broken(_) => false,
        }
    }
}

impl std::fmt::Display for Gap {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Expired(part) => write!(f, "{part}: expired"),
            Self::Refused(part) => {
                write!(f, "{part}: the token lacks the right `{}`", part.right())
            }
            Self::Absent(part) => write!(f, "{part}: not there"),
            Self::Failed(part) => write!(f, "{part}: the forge failed; asked again next time"),
            Self::OverLimit(part) => {
                write!(f, "{part}: over the limit on bytes; asked again next time")
            }
            Self::Broken(part) => write!(f, "{part}: not of the shape the forge describes"),
        }
    }
}

/// How often something is missing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Missing {
    /// How often.
    pub count: u64,
    /// The first one, by its path at the forge.
    pub first: String,
    /// What else is known about the first one.
    pub why: Option<String>,
}

/// One part of what a forge knows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Part {
    /// Issues.
    Issues,
    /// Comments on issues and changes.
    Comments,
    /// Pull and merge requests.
    Changes,
    /// Comments on lines of changes.
    ReviewComments,
    /// Reviews.
    Reviews,
    /// What happened to issues and changes.
    Timeline,
    /// Runs of CI.
    Runs,
    /// Jobs of runs.
    Jobs,
    /// Logs of jobs.
    Logs,
    /// What CI remarked about lines.
    Annotations,
    /// Checks of other services than the forge's own CI.
    Checks,
    /// Files that runs left behind, as far as they are test reports.
    Artifacts,
}

impl Part {
    /// Every part.
    pub const ALL: [Self; 12] = [
        Self::Issues,
        Self::Comments,
        Self::Changes,
        Self::ReviewComments,
        Self::Reviews,
        Self::Timeline,
        Self::Runs,
        Self::Jobs,
        Self::Logs,
        Self::Annotations,
        Self::Checks,
        Self::Artifacts,
    ];

    /// The parts of CI, most of which a forge keeps for a while only.
    pub const CI: [Self; 7] = [
        Self::Changes,
        Self::Runs,
        Self::Jobs,
        Self::Logs,
        Self::Annotations,
        Self::Checks,
        Self::Artifacts,
    ];

    /// Returns the word users give and read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Issues => "issues",
            Self::Comments => "comments",
            Self::Changes => "changes",
            Self::ReviewComments => "review-comments",
            Self::Reviews => "reviews",
            Self::Timeline => "timeline",
            Self::Runs => "runs",
            Self::Jobs => "jobs",
            Self::Logs => "logs",
            Self::Annotations => "annotations",
            Self::Checks => "checks",
            Self::Artifacts => "artifacts",
        }
    }

    /// Returns the right that a token needs for it.
    fn right(self) -> &'static str {
        match self {
            Self::Issues | Self::Comments | Self::Timeline => "issues: read",
            Self::Changes | Self::ReviewComments | Self::Reviews => "pull requests: read",
            Self::Runs | Self::Jobs | Self::Logs | Self::Artifacts => "actions: read",
            Self::Annotations | Self::Checks => "checks: read",
        }
    }
}

impl std::fmt::Display for Part {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str(self.as_str())
    }
}
