//! How is one file of a dump read, object by object?
//!
//! In: a stream of objects. Out: their records and an account in the sink. What is
//! broken is told with its place; the rest goes on.

use std::fmt;
use std::io::BufRead;

use backstory_model::Record;
use serde_json::value::RawValue;

use super::object::{Object, Wrong};
use super::origin;
use super::rest::{self, RestKind, Seen};
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

/// One file while it is read.
pub(super) struct Reading<'r, 'a> {
    pub(super) sink: &'r mut Sink<'a>,
    pub(super) seen: Seen,
    at: u64,
}

impl<'r, 'a> Reading<'r, 'a> {
    pub(super) fn new(name: &str, sink: &'r mut Sink<'a>) -> Self {
        let mut seen = origin::of_path(name);
        seen.observed_at.clone_from(&sink.options().observed_at);
        if sink.options().repo.is_some() {
            seen.repo.clone_from(&sink.options().repo);
        }
        Self { sink, seen, at: 0 }
    }

    /// Reads every object of a stream.
    pub(super) fn all(&mut self, reader: impl BufRead) -> Result<(), RecordsError> {
        let mut items = JsonItems::new(reader, LONGEST_ITEM);
        loop {
            match items.next_piece(LISTS) {
                Ok(None) => return Ok(()),
                Ok(Some(Piece::Opened { around, .. })) => self.around(around),
                Ok(Some(Piece::Item(item))) => self.item(&item)?,
                Ok(Some(Piece::Rest { offset, bytes })) => {
                    self.at = offset;
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
        self.sink.broken(Position::Byte(self.at), why);
    }

    /// Learns from the object around a list what its entries do not say.
    fn around(&mut self, bytes: &[u8]) {
        self.seen.position = 0;
        if let Ok(object) = serde_json::from_slice::<Object<'_>>(bytes) {
            self.learn_repository(&object);
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
        match rest::kind_of(|name| object.has(name)) {
            Some(RestKind::Other(name)) => self.sink.other(name),
            Some(kind) => self.rest(kind, object, raw)?,
            None => self.sink.other("unknown object"),
        }
        Ok(())
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
        let given = self.sink.options().repo.is_some();
        if let Some(repo) = rest::repository(object).filter(|_| !given) {
            self.seen.repo = Some(repo);
        }
    }
}
