//! What did an issue say before the work on it began?
//!
//! In: the versions of an issue and a time. Out: the version to show and how
//! sure it is that this is what stood there; nothing if the issue is younger.

use backstory_model::{AsItStood, IssueRecord};
use jiff::Timestamp;

use super::Records;

/// Reads an RFC 3339 time as seconds since 1970-01-01 UTC.
pub(crate) fn seconds(time: Option<&str>) -> Option<i64> {
    time?.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

impl Records {
    /// Returns an issue as it stood before a time (seconds since 1970-01-01 UTC).
    ///
    /// `None` when no version is known to have existed by then: the issue was
    /// filed later, or nothing says when it was filed.
    pub fn issue_as_it_stood(&self, number: u64, before: i64) -> Option<(&IssueRecord, AsItStood)> {
        let versions = self.issue_versions(number);
        let earlier = |time: &Option<String>| {
            seconds(time.as_deref()).is_some_and(|seconds| seconds < before)
        };
        if let Some(seen) = versions.iter().rev().find(|version| earlier(&version.observed_at)) {
            return Some((seen, AsItStood::Exact));
        }
        if !versions.iter().any(|version| earlier(&version.created_at)) {
            return None;
        }
        let unedited = versions.iter().find(|version| not_edited_since(version, before));
        match unedited {
            Some(version) => Some((version, AsItStood::NotLaterEdited)),
            // The version read first is the nearest to what stood there.
            None => Some((versions.first()?, AsItStood::Unknown)),
        }
    }
}

fn not_edited_since(version: &IssueRecord, before: i64) -> bool {
    let created = seconds(version.created_at.as_deref());
    let updated = seconds(version.updated_at.as_deref());
    match (created, updated) {
        (Some(created), Some(updated)) => {
            created < before && (updated < before || updated == created)
        }
        (None, Some(updated)) => updated < before,
        (_, None) => false,
    }
}
