//! What did an issue say before the work on it began?
//!
//! In: the versions of an issue and a time. Out: the version to show and how
//! sure it is that this is what stood there; else why there is none.

use std::fmt;

use backstory_model::{AsItStood, IssueRecord, RecordId};
use jiff::Timestamp;

use super::Records;

/// Reads an RFC 3339 time as seconds since 1970-01-01 UTC.
pub(crate) fn seconds(time: Option<&str>) -> Option<i64> {
    time?.parse::<Timestamp>().ok().map(Timestamp::as_second)
}

/// Why no text of an issue is known to have stood there before a time.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TextGap {
    /// No record of it is there.
    NoRecord,
    /// No record of it is there, and an event says that it was deleted.
    Deleted,
    /// No record of it is there, and an event says that it went elsewhere.
    Transferred,
    /// It was filed after that time.
    Younger,
    /// Nothing says when it was filed.
    Undated,
    /// It was edited after that time, and only the later text is there.
    EditedLater,
    /// Nothing says whether it was edited after that time.
    EditsUnknown,
}

impl TextGap {
    /// Returns the reason, in a few words.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::NoRecord => "no record",
            Self::Deleted => "deleted",
            Self::Transferred => "transferred",
            Self::Younger => "younger than the work",
            Self::Undated => "nothing says when it was filed",
            Self::EditedLater => "edited later",
            Self::EditsUnknown => "nothing says whether it was edited later",
        }
    }
}

impl fmt::Display for TextGap {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Records {
    /// Returns an issue as it stood before a time (seconds since 1970-01-01 UTC).
    ///
    /// There is none when no version is known to have existed by then: the issue was
    /// filed later, or nothing says when it was filed. A text that may have been edited
    /// since is returned as [`AsItStood::Unknown`]; [`Records::text_gap`] says why.
    pub fn issue_as_it_stood(
        &self,
        number: u64,
        before: i64,
    ) -> Result<(&IssueRecord, AsItStood), TextGap> {
        let versions = self.issue_versions(number);
        let Some(first) = versions.first() else { return Err(self.absence(number)) };
        let earlier = |time: &Option<String>| {
            seconds(time.as_deref()).is_some_and(|seconds| seconds < before)
        };
        if let Some(seen) = versions.iter().rev().find(|version| earlier(&version.observed_at)) {
            return Ok((seen, AsItStood::Exact));
        }
        if !versions.iter().any(|version| earlier(&version.created_at)) {
            let dated = versions.iter().any(|v| seconds(v.created_at.as_deref()).is_some());
            return Err(if dated { TextGap::Younger } else { TextGap::Undated });
        }
        let unedited = versions.iter().find(|version| not_edited_since(version, before));
        match unedited {
            Some(version) => Ok((version, AsItStood::NotLaterEdited)),
            // The version read first is the nearest to what stood there.
            None => Ok((first, AsItStood::Unknown)),
        }
    }

    /// Returns why no text of an issue is known to have stood there before a time;
    /// `None` where one is.
    pub fn text_gap(&self, number: u64, before: i64) -> Option<TextGap> {
        let (version, stood) = match self.issue_as_it_stood(number, before) {
            Ok(found) => found,
            Err(gap) => return Some(gap),
        };
        match stood {
            AsItStood::Exact | AsItStood::NotLaterEdited => None,
            AsItStood::Unknown if seconds(version.updated_at.as_deref()).is_none() => {
                Some(TextGap::EditsUnknown)
            }
            AsItStood::Unknown => Some(TextGap::EditedLater),
        }
    }

    /// Says why an issue has no record, as far as events tell.
    fn absence(&self, number: u64) -> TextGap {
        let id = RecordId::new(format!("issue:{number}"));
        let told = |event: &str| match event {
            "deleted" => Some(TextGap::Deleted),
            "transferred" => Some(TextGap::Transferred),
            _ => None,
        };
        let last = self.events_on(&id).iter().rev().find_map(|event| told(&event.event));
        last.unwrap_or(TextGap::NoRecord)
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
