//! What does python-github-backup keep with an issue or pull request?
//!
//! In: an issue or pull request with the lists the tool adds to it. Out: its record,
//! and the records of every entry of these lists. An entry that cannot be read is
//! told by list and place, and the others are taken.

use backstory_model::Record;
use serde_json::value::{RawValue, to_raw_value};

use super::object::{Object, Wrong};
use super::place::subject;
use super::reading::Reading;
use super::rest::{self, RestKind};
use crate::RecordsError;

/// The lists of an issue.
const OF_ISSUE: [(&str, RestKind); 3] = [
    ("comment_data", RestKind::Comment),
    ("event_data", RestKind::Event),
    ("timeline_data", RestKind::Event),
];

/// The lists of a pull request.
const OF_CHANGE: [(&str, RestKind); 5] = [
    ("comment_regular_data", RestKind::Comment),
    ("comment_data", RestKind::ReviewComment),
    ("review_data", RestKind::Review),
    ("event_data", RestKind::Event),
    ("timeline_data", RestKind::Event),
];

/// Returns true for an object with lists that this tool adds.
pub(super) fn is_backup(has: impl Fn(&str) -> bool) -> bool {
    let lists = OF_ISSUE.iter().chain(&OF_CHANGE).map(|(list, _)| *list);
    has("number") && lists.chain(["commit_data"]).any(has)
}

/// Returns true for the path of an issue or pull request in a backup.
pub(super) fn is_backup_path(name: &str) -> bool {
    let mut parts = name.rsplit('/');
    let number = parts.next().and_then(|file| file.strip_suffix(".json"));
    let numbered = number.is_some_and(|number| number.bytes().all(|byte| byte.is_ascii_digit()));
    numbered && matches!(parts.next(), Some("issues" | "pulls"))
}

/// Returns true for a file that the tool was writing when it was stopped.
pub(super) fn is_torn(name: &str) -> bool {
    name.strip_suffix(".temp").is_some_and(is_backup_path)
}

impl Reading<'_, '_> {
    /// Takes an issue or pull request and everything kept with it.
    pub(super) fn backup(
        &mut self,
        kind: RestKind,
        object: &Object<'_>,
    ) -> Result<(), RecordsError> {
        let is_change = kind == RestKind::Change || object.is_pull_request();
        let lists: &[_] = if is_change { &OF_CHANGE } else { &OF_ISSUE };
        let own = object.without(|name| lists.iter().any(|(list, _)| *list == name));
        let own = to_raw_value(&own).map_err(Wrong::Json);
        match (self.with_commits(kind, object), own) {
            (Ok(record), Ok(own)) => self.take(Ok(vec![record]), &own)?,
            (Err(wrong), _) | (_, Err(wrong)) => self.broken(wrong),
        }
        let Ok(number) = object.need_number("number") else { return Ok(()) };
        let outside = self.seen.on.replace(subject(number, is_change));
        for (list, kind) in lists {
            match object.list(list) {
                Ok(entries) => self.entries(list, *kind, &entries)?,
                Err(wrong) => self.broken(wrong),
            }
        }
        self.seen.on = outside;
        Ok(())
    }

    fn with_commits(&self, kind: RestKind, object: &Object<'_>) -> Result<Record, Wrong> {
        if kind != RestKind::Change && !object.is_pull_request() {
            return Ok(Record::Issue(rest::issue(object, &self.seen)?));
        }
        let mut change = rest::change(object, &self.seen)?;
        for commit in object.objects("commit_data")? {
            change.commits.push(commit.need_text("sha")?);
        }
        Ok(Record::Change(change))
    }

    fn entries(
        &mut self,
        list: &str,
        kind: RestKind,
        entries: &[&RawValue],
    ) -> Result<(), RecordsError> {
        for (at, raw) in entries.iter().enumerate() {
            let records =
                Object::read(raw).and_then(|entry| rest::records(kind, &entry, &self.seen));
            match records {
                Ok(records) => self.take(Ok(records), raw)?,
                Err(wrong) => self.broken(format_args!("`{list}` {}: {wrong}", at + 1)),
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{is_backup_path, is_torn};

    #[test]
    fn paths_of_a_backup_are_known() {
        assert!(is_backup_path("repositories/toy/issues/12.json"));
        assert!(is_backup_path("pulls/3.json"));
        assert!(!is_backup_path("pulls/list.json") && !is_backup_path("12.json"));
        assert!(is_torn("issues/12.json.temp") && !is_torn("issues/12.json"));
    }
}
