//! Which issues and changes do the rows of a Parquet file speak of?
//!
//! In: a table of rows as SWE-bench and data sets like it are handed out. Out: what the
//! same rows give as JSON lines. Only columns of text are read; the number of the pull
//! request stands in `instance_id`. Reads the table, some rows at a time.

use std::collections::BTreeMap;
use std::error::Error;
use std::path::Path;

use backstory_table::{Cell, read_texts, text_columns};
use serde_json::{Map, Value};

use super::github;
use super::sink::{Position, Sink};
use crate::RecordsError;

/// What such a file is taken for.
pub(super) const NAME: &str = "swe-bench rows in Parquet";

/// Returns true for the start of a Parquet file.
pub(super) fn is_parquet(head: &[u8]) -> bool {
    head.starts_with(b"PAR1")
}

/// Reads every row; returns false where the table holds something else.
pub(super) fn read(name: &str, path: &Path, sink: &mut Sink<'_>) -> Result<bool, RecordsError> {
    let columns = match text_columns(path) {
        Ok(columns) => columns,
        Err(error) => {
            sink.broken(Position::Whole, in_full(&error));
            return Ok(true);
        }
    };
    let columns: Vec<&str> = columns.iter().map(String::as_str).collect();
    if !github::is_row(|name| columns.contains(&name)) {
        return Ok(false);
    }
    let mut rows = github::TableRows::new(name, sink);
    let (mut taken, mut number) = (Ok(()), 0_u64);
    let read = read_texts(path, &columns, |row| {
        number += 1;
        if taken.is_ok() {
            taken = rows.take(number, &object(row));
        }
    });
    taken?;
    if let Err(error) = read {
        let at = Position::Named(format!("after row {number}"));
        sink.broken(at, in_full(&error));
    }
    Ok(true)
}

/// Returns a row as an object; a cell without a text is absent.
fn object(row: BTreeMap<String, Cell>) -> Value {
    let texts = row.into_iter().filter_map(|(name, cell)| match cell {
        Cell::Text(text) => Some((name, Value::from(text))),
        _ => None,
    });
    Value::Object(texts.collect::<Map<_, _>>())
}

/// Returns an error with its causes: the account has one line for each item.
fn in_full(error: &(dyn Error + 'static)) -> String {
    let causes = std::iter::successors(error.source(), |cause| Error::source(*cause));
    causes.fold(error.to_string(), |told, cause| format!("{told}: {cause}"))
}
