//! Which records came out of the answers?
//!
//! In: objects of answers and what they were mapped to. Out: one record file. The
//! file appears at the end, from the journal and the last answers together.

use std::collections::BTreeMap;

use backstory_model::Record;
use serde_json::value::RawValue;

use crate::{RecordWriter, RecordsError, StoredFile};

/// Takes the records of one collection.
pub(crate) struct Harvest {
    writer: RecordWriter,
    records: BTreeMap<&'static str, u64>,
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

    /// Puts the file in its place.
    pub(crate) fn finish(
        self,
    ) -> Result<(Option<StoredFile>, BTreeMap<&'static str, u64>), RecordsError> {
        Ok((self.writer.finish()?, self.records))
    }
}
