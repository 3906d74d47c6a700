//! Which records came out of the answers?
//!
//! In: objects of answers and what they were mapped to. Out: one record file. The
//! file appears at the end, from the journal and the last answers together.

use std::collections::BTreeMap;

use backstory_model::{Record, Sha256};
use serde::Serialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256 as Hasher};

use super::list::Item;
use super::report::Part;
use crate::{RecordWriter, RecordsError, StoredFile};

/// Takes the records of one collection.
pub(crate) struct Harvest {
    writer: RecordWriter,
    records: BTreeMap<&'static str, u64>,
}

/// An object of which no record can be made.
#[derive(Serialize)]
struct Unread<'a> {
    kind: &'static str,
    id: &'a str,
    part: Part,
    asked: &'a str,
    why: &'a str,
    #[serde(skip_serializing_if = "Option::is_none")]
    observed_at: Option<&'a str>,
}

impl Harvest {
    /// Writes to this file.
    pub(crate) fn new(writer: RecordWriter) -> Self {
        Self { writer, records: BTreeMap::new() }
    }

    /// Takes a record with the object it was read from.
    pub(crate) fn take(
        &mut self,
        record: &Record,
        raw: Option<&RawValue>,
    ) -> Result<(), RecordsError> {
        *self.records.entry(record.kind()).or_default() += 1;
        self.writer.add(record, raw)
    }

    /// Keeps an object of which no record can be made, as a line of its own kind.
    pub(crate) fn keep(
        &mut self,
        part: Part,
        item: &Item<'_>,
        why: &str,
    ) -> Result<(), RecordsError> {
        let digest = Sha256::from_digest(&Hasher::digest(item.raw.get()));
        let id = format!("unread:{}", &digest.as_str()[..16]);
        let line = Unread {
            kind: "unread",
            id: &id,
            part,
            asked: item.asked,
            why,
            observed_at: item.observed_at,
        };
        let line = serde_json::to_vec(&line);
        let line = line.map_err(|source| RecordsError::Json { id: id.clone(), source })?;
        *self.records.entry("unread").or_default() += 1;
        self.writer.add_raw(line, Some(item.raw))
    }

    /// Puts the file in its place.
    pub(crate) fn finish(
        self,
    ) -> Result<(Option<StoredFile>, BTreeMap<&'static str, u64>), RecordsError> {
        Ok((self.writer.finish()?, self.records))
    }
}
