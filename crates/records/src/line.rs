//! Which record does one line of a record file hold?
//!
//! In: a line. Out: its record, or its canonical form, in which two lines that hold
//! the same are the same bytes. What is not known is kept as it was written.

use std::collections::BTreeMap;

use backstory_model::Record;
use serde::Deserialize;
use serde_json::Value;
use serde_json::value::RawValue;

#[derive(Deserialize)]
struct Kind {
    kind: String,
}

/// Returns the record of a line, `None` for a kind that is not kept.
///
/// The error says what is wrong with the line.
pub(crate) fn record_of(line: &[u8]) -> Result<Option<Record>, serde_json::Error> {
    fn typed<'l, T: Deserialize<'l>>(
        line: &'l [u8],
        record: fn(T) -> Record,
    ) -> Result<Option<Record>, serde_json::Error> {
        serde_json::from_slice(line).map(|fields| Some(record(fields)))
    }
    // Each kind is read on its own: reading the enum would judge the numbers in `raw`.
    let Kind { kind } = serde_json::from_slice(line)?;
    match kind.as_str() {
        "issue" => typed(line, Record::Issue),
        "change" => typed(line, Record::Change),
        "review" => typed(line, Record::Review),
        "comment" => typed(line, Record::Comment),
        "event" => typed(line, Record::Event),
        "ci_run" => typed(line, Record::CiRun),
        "ci_job" => typed(line, Record::CiJob),
        "annotation" => typed(line, Record::Annotation),
        "test_result" => typed(line, Record::TestResult),
        "log_ref" => typed(line, Record::LogRef),
        _ => Ok(None),
    }
}

/// Brings the line of a record into canonical form.
///
/// The keys stand in one order: `kind`, `id`, the others by name, `raw` last. Known
/// fields that hold nothing are left out. Values stay as they were written, so
/// that numbers, unknown words and raw objects are untouched.
pub(crate) fn canonical(line: &[u8], record: &Record) -> Result<Vec<u8>, serde_json::Error> {
    written(serde_json::from_slice(line)?, &serde_json::to_value(record)?, line.len())
}

/// Writes the fields of a record in order; `known` are those that have a meaning.
pub(crate) fn written(
    mut fields: BTreeMap<String, &RawValue>,
    known: &Value,
    about: usize,
) -> Result<Vec<u8>, serde_json::Error> {
    let empty = |name: &String, value: &RawValue| {
        known.get(name).is_some() && matches!(value.get(), "null" | "[]" | "{}")
    };
    fields.retain(|name, value| !empty(name, value));
    let raw = fields.remove_entry("raw");
    let first = ["kind", "id"].map(|name| fields.remove_entry(name));
    let ordered = first.into_iter().flatten().chain(fields).chain(raw);
    let mut bytes = Vec::with_capacity(about);
    for (name, value) in ordered {
        bytes.push(if bytes.is_empty() { b'{' } else { b',' });
        serde_json::to_writer(&mut bytes, &name)?;
        bytes.push(b':');
        bytes.extend_from_slice(value.get().as_bytes());
    }
    bytes.push(b'}');
    Ok(bytes)
}

#[cfg(test)]
mod tests {
    use super::{canonical, record_of};

    fn text(line: &str) -> String {
        let record = record_of(line.as_bytes()).expect("a record").expect("of a known kind");
        let line = canonical(line.as_bytes(), &record).expect("a record");
        String::from_utf8(line).expect("text")
    }

    #[test]
    fn order_and_absence_are_told_in_one_way_and_nothing_is_lost() {
        let line = r#"{"raw":{"b":1,"a":1e400}, "title":"T","surprise":null,"number":1,"id":"issue:1","labels":[],"author":null,"kind":"issue"}"#;
        let canonical = r#"{"kind":"issue","id":"issue:1","number":1,"surprise":null,"title":"T","raw":{"b":1,"a":1e400}}"#;
        assert_eq!(text(line), canonical);
        assert_eq!(text(canonical), canonical);
    }

    #[test]
    fn a_word_that_is_not_known_stays() {
        let line = r#"{"kind":"ci_run","id":"run:1","commit":"a","conclusion":"odd"}"#;
        assert!(text(line).contains(r#""conclusion":"odd""#));
    }
}
