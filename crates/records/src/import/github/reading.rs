//! How is one file of a dump read, object by object?
//!
//! In: a stream of objects. Out: their records and an account in the sink. What is
//! broken is told with its place; the rest goes on.

use std::fmt;
use std::io::BufRead;

use backstory_model::{Record, RepoName};
use serde_json::Value;
use serde_json::value::RawValue;

use super::object::{Object, Wrong};
use super::place::Place;
use super::rest::{self, RestKind, Seen};
use super::{backup, graphql, origin, rows, webhook};
use crate::import::sink::{Position, Sink};
use crate::{Item, JsonItems, LONGEST_ITEM, ListPath, Piece, RecordsError};

/// The lists that are too long to be held: of pages, searches, mirrors and queries.
const LISTS: &[&ListPath] = &[
    &["workflow_runs"],
    &["jobs"],
    &["check_runs"],
    &["check_suites"],
    &["statuses"],
    &["items"],
    &["issues"],
    &["pulls"],
    &["data", "repository", "issues", "nodes"],
    &["data", "repository", "pullRequests", "nodes"],
    &["data", "search", "nodes"],
];

/// The form an object has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// A SWE-bench-style row.
    Row,
    /// A webhook in its envelope.
    Delivery,
    /// A webhook without one.
    Payload,
    /// An issue or pull request in camel case.
    Graphql,
    /// An issue or pull request with the lists of a backup.
    Backup(RestKind),
    /// An object of the REST interface.
    Rest(RestKind),
}

/// Tells the form of an object by its fields.
pub(super) fn form_of(has: impl Fn(&str) -> bool) -> Option<Form> {
    if rows::is_row(&has) {
        return Some(Form::Row);
    }
    if webhook::is_delivery(&has) {
        return Some(Form::Delivery);
    }
    if graphql::is_subject(&has) {
        return Some(Form::Graphql);
    }
    match rest::kind_of(&has) {
        Some(kind @ (RestKind::Issue | RestKind::Change)) if backup::is_backup(&has) => {
            Some(Form::Backup(kind))
        }
        _ if webhook::is_payload(&has) => Some(Form::Payload),
        kind => kind.map(Form::Rest),
    }
}

/// The rows of a table while they are read.
pub(in crate::import) struct TableRows<'r, 'a>(Reading<'r, 'a>);

impl<'r, 'a> TableRows<'r, 'a> {
    /// Begins with the table's path in the dump.
    pub(in crate::import) fn new(name: &str, sink: &'r mut Sink<'a>) -> Self {
        Self(Reading::new(name, sink))
    }

    /// Takes the records of a row, by its number from 1.
    pub(in crate::import) fn take(&mut self, number: u64, row: &Value) -> Result<(), RecordsError> {
        self.0.row_number = Some(number);
        self.0.whole(row.to_string().as_bytes())
    }
}

/// One file while it is read.
pub(super) struct Reading<'r, 'a> {
    pub(super) sink: &'r mut Sink<'a>,
    pub(super) seen: Seen,
    at: u64,
    /// Where the file is a table, whose bytes are no place to look at.
    row_number: Option<u64>,
    list: &'static ListPath,
}

impl<'r, 'a> Reading<'r, 'a> {
    pub(super) fn new(name: &str, sink: &'r mut Sink<'a>) -> Self {
        let mut seen = origin::of_path(name);
        seen.observed_at.clone_from(&sink.options().observed_at);
        if sink.options().repo.is_some() {
            seen.repo.clone_from(&sink.options().repo);
        }
        Self { sink, seen, at: 0, row_number: None, list: &[] }
    }

    /// Reads every object of a stream.
    pub(super) fn all(&mut self, reader: impl BufRead) -> Result<(), RecordsError> {
        let mut items = JsonItems::new(reader, LONGEST_ITEM);
        loop {
            match items.next_piece(LISTS) {
                Ok(None) => return Ok(()),
                Ok(Some(Piece::Opened { list, around })) => {
                    self.list = list;
                    self.around(around);
                }
                Ok(Some(Piece::Item(item))) => self.item(&item)?,
                Ok(Some(Piece::Rest { offset, bytes })) => {
                    (self.at, self.list) = (offset, &[]);
                    self.rest_of_list(bytes);
                }
                Err(error) => {
                    self.sink.broken(Position::Whole, format!("the file is cut: {error}"));
                    return Ok(());
                }
            }
        }
    }

    fn item(&mut self, item: &Item<'_>) -> Result<(), RecordsError> {
        match *item {
            Item::Whole { offset, bytes } => {
                self.at = offset;
                self.whole(bytes)?;
            }
            Item::TooLong { offset } => {
                self.at = offset;
                self.broken(format_args!("longer than {} MiB", LONGEST_ITEM >> 20));
            }
            Item::TooDeep { offset } => {
                self.at = offset;
                self.broken("nested too deep");
            }
            Item::Cut { offset } => {
                self.at = offset;
                self.broken("the file ends inside this object");
            }
            Item::Stray { offset } => {
                self.at = offset;
                self.broken("not a JSON object");
            }
        }
        Ok(())
    }

    /// Notes that the object at hand, or a part of it, cannot be read.
    pub(super) fn broken(&mut self, why: impl fmt::Display) {
        let at = match self.row_number {
            Some(number) => Position::Named(format!("row {number}")),
            None => Position::Byte(self.at),
        };
        self.sink.broken(at, why);
    }

    /// Learns from the object around a list what its entries do not say.
    fn around(&mut self, bytes: &[u8]) {
        self.seen.position = 0;
        if let Ok(object) = serde_json::from_slice::<Object<'_>>(bytes) {
            self.learn_repository(&object);
            self.learn_mirror(&object);
        }
    }

    /// Learns what a mirror of issues says at its top: which repository, and when.
    fn learn_mirror(&mut self, object: &Object<'_>) {
        if !object.has("magic") {
            return;
        }
        if let Some(time) = object.time("timestamp") {
            self.seen.observed_at = Some(time);
        }
        if let Ok(Some(repo)) = object.text("repo")
            && let Ok(repo) = RepoName::parse(&repo)
        {
            self.learn(&repo);
        }
    }

    /// Checks the end of an object around lists; its lists were read before.
    fn rest_of_list(&mut self, bytes: &[u8]) {
        if let Err(error) = serde_json::from_slice::<Object<'_>>(bytes) {
            self.broken(error);
        }
    }

    fn whole(&mut self, bytes: &[u8]) -> Result<(), RecordsError> {
        let raw = match serde_json::from_slice::<&RawValue>(bytes) {
            Ok(raw) => raw,
            Err(error) => {
                self.broken(error);
                return Ok(());
            }
        };
        match Object::read(raw) {
            Ok(object) => self.object(&object, raw),
            Err(wrong) => {
                self.broken(wrong);
                Ok(())
            }
        }
    }

    /// Takes the records of an object of any form.
    fn object(&mut self, object: &Object<'_>, raw: &RawValue) -> Result<(), RecordsError> {
        self.learn_repository(object);
        let in_changes = matches!(self.list.last(), Some(&"pulls" | &"pullRequests"));
        match form_of(|name| object.has(name)) {
            Some(Form::Row) => self.row(object, raw),
            Some(Form::Delivery) => self.delivery(object, raw),
            Some(Form::Payload) => self.bare_payload(object, raw),
            Some(Form::Graphql) => self.graphql(object, raw, in_changes),
            Some(Form::Backup(kind)) => self.backup(kind, object),
            Some(Form::Rest(RestKind::Other(name))) => {
                self.sink.other(name);
                Ok(())
            }
            Some(Form::Rest(RestKind::Comment)) if !self.is_on_issue(object) => {
                self.sink.other("comment on something else");
                Ok(())
            }
            Some(Form::Rest(kind)) => self.rest(kind, object, raw),
            None => {
                self.sink.other("unknown object");
                Ok(())
            }
        }
    }

    /// Returns true for a comment on an issue or pull request; old ones do not name it.
    fn is_on_issue(&self, object: &Object<'_>) -> bool {
        let link = object.text("url").ok().flatten().unwrap_or_default();
        let place = Place::read(&link);
        object.has("issue_url")
            || self.seen.on.is_some()
            || place.is_some_and(|place| place.behind("issues") == Some("comments"))
    }

    /// Takes the records of an object of the REST interface.
    pub(super) fn rest(
        &mut self,
        kind: RestKind,
        object: &Object<'_>,
        raw: &RawValue,
    ) -> Result<(), RecordsError> {
        self.seen.position += 1;
        let records = rest::records(kind, object, &self.seen);
        self.take(records, raw)
    }

    /// Takes records, of which the first one carries the object they were read from.
    pub(super) fn take(
        &mut self,
        records: Result<Vec<Record>, Wrong>,
        raw: &RawValue,
    ) -> Result<(), RecordsError> {
        match records {
            Ok(records) => {
                self.sink.set_repo(self.seen.repo.as_ref());
                for (at, record) in records.iter().enumerate() {
                    self.sink.record(record, (at == 0).then_some(raw))?;
                }
            }
            Err(wrong) => self.broken(wrong),
        }
        Ok(())
    }

    /// Notes the repository that an object names; it holds for what follows, too.
    pub(super) fn learn_repository(&mut self, object: &Object<'_>) {
        if let Some(repo) = rest::repository(object) {
            self.learn(&repo);
        }
    }

    /// Notes a repository, unless the user named one.
    pub(super) fn learn(&mut self, repo: &RepoName) {
        if self.sink.options().repo.is_none() && self.seen.repo.as_ref() != Some(repo) {
            self.seen.repo = Some(repo.clone());
        }
    }
}
