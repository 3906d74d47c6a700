//! How is a stream of foreign objects read, one by one?
//!
//! In: a stream of JSON objects and what each of them means. Out: their records and
//! an account in the sink. What is broken is told with its place; the rest goes on.

use std::io::BufRead;

use backstory_model::{Record, RepoName};
use serde_json::value::RawValue;

use super::github::object::{Object, Wrong};
use super::sink::{Position, Sink};
use crate::{Item, JsonItems, LONGEST_ITEM, ListPath, Piece, RecordsError};

/// What an object is.
#[derive(Debug)]
pub(crate) enum Told {
    /// It holds these records.
    Records(Vec<Record>),
    /// Something of which no record is made.
    Other(&'static str),
}

/// Says what the objects of one form of dump mean.
pub(super) trait Mapping {
    /// Returns the lists inside objects that are too long to be held.
    fn lists(&self) -> &'static [&'static ListPath];

    /// Learns from the object around a list what its entries do not say.
    fn around(&mut self, object: &Object<'_>);

    /// Returns the repository that an object belongs to, if it says so.
    fn repo(&self, object: &Object<'_>) -> Option<RepoName>;

    /// Returns what an object is.
    fn told(&mut self, object: &Object<'_>) -> Result<Told, Wrong>;
}

/// Reads every object of a stream.
pub(super) fn read_objects(
    reader: &mut dyn BufRead,
    sink: &mut Sink<'_>,
    mapping: &mut dyn Mapping,
) -> Result<(), RecordsError> {
    let mut items = JsonItems::new(reader, LONGEST_ITEM);
    loop {
        match items.next_piece(mapping.lists()) {
            Ok(None) => return Ok(()),
            Ok(Some(Piece::Opened { around, .. })) => {
                if let Ok(object) = serde_json::from_slice::<Object<'_>>(around) {
                    learn_repo(&object, sink, mapping);
                    mapping.around(&object);
                }
            }
            Ok(Some(Piece::Item(item))) => take_item(&item, sink, mapping)?,
            Ok(Some(Piece::Rest { offset, bytes })) => {
                if let Err(error) = serde_json::from_slice::<Object<'_>>(bytes) {
                    sink.broken(Position::Byte(offset), error);
                }
            }
            Err(error) => {
                sink.broken(Position::Whole, format!("the file is cut: {error}"));
                return Ok(());
            }
        }
    }
}

fn take_item(
    item: &Item<'_>,
    sink: &mut Sink<'_>,
    mapping: &mut dyn Mapping,
) -> Result<(), RecordsError> {
    let (offset, why) = match *item {
        Item::Whole { offset, bytes } => match take_object(bytes, sink, mapping)? {
            None => return Ok(()),
            Some(wrong) => (offset, wrong.to_string()),
        },
        Item::TooLong { offset } => (offset, format!("longer than {} MiB", LONGEST_ITEM >> 20)),
        Item::TooDeep { offset } => (offset, "nested too deep".to_owned()),
        Item::Cut { offset } => (offset, "the file ends inside this object".to_owned()),
        Item::Stray { offset } => (offset, "not a JSON object".to_owned()),
    };
    sink.broken(Position::Byte(offset), why);
    Ok(())
}

/// Takes the records of an object; returns what is wrong with it.
fn take_object(
    bytes: &[u8],
    sink: &mut Sink<'_>,
    mapping: &mut dyn Mapping,
) -> Result<Option<Wrong>, RecordsError> {
    let raw = match serde_json::from_slice::<&RawValue>(bytes) {
        Ok(raw) => raw,
        Err(error) => return Ok(Some(error.into())),
    };
    let told = Object::read(raw).and_then(|object| {
        learn_repo(&object, sink, mapping);
        mapping.told(&object)
    });
    match told {
        Ok(Told::Records(records)) => {
            for (at, record) in records.iter().enumerate() {
                sink.record(record, (at == 0).then_some(raw))?;
            }
            Ok(None)
        }
        Ok(Told::Other(kind)) => {
            sink.other(kind);
            Ok(None)
        }
        Err(wrong) => Ok(Some(wrong)),
    }
}

/// Notes the repository that an object names; it holds for what follows, too.
fn learn_repo(object: &Object<'_>, sink: &mut Sink<'_>, mapping: &dyn Mapping) {
    if let Some(repo) = mapping.repo(object) {
        sink.set_repo(Some(&repo));
    }
}
