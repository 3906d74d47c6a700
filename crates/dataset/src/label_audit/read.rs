//! Which rows does a file hold?
//!
//! In: the path of a Parquet file, a JSON list, or JSON lines; told apart by
//! their first bytes. Out: its rows, in file order.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backstory_store::{StoreError, fs};
use backstory_table::{Cell, TableError, read_texts};
use serde_json::Value;

use super::row::{COLUMNS, LabelRow, RowError, parse_row};

/// What a Parquet file begins with.
const PARQUET: &[u8] = b"PAR1";

/// Says why a data set was not read.
#[derive(Debug, thiserror::Error)]
pub enum LabelError {
    /// The file cannot be read.
    #[error("failed to read the data set")]
    File(#[source] StoreError),
    /// The table cannot be read.
    #[error("failed to read the data set")]
    Table(#[source] TableError),
    /// The text is not JSON.
    #[error("`{}` is neither Parquet nor JSON", path.display())]
    Json {
        /// The file.
        path: PathBuf,
        /// Where it goes wrong.
        #[source]
        source: serde_json::Error,
    },
    /// A row is none.
    #[error("row {number} of `{}` is not one of a task data set", path.display())]
    Row {
        /// The file.
        path: PathBuf,
        /// Its number, from 1.
        number: usize,
        /// What is wrong with it.
        #[source]
        source: RowError,
    },
}

/// Reads all rows of a file.
pub fn read(path: &Path) -> Result<Vec<LabelRow>, LabelError> {
    let bytes = fs::read_file(path).map_err(LabelError::File)?;
    let values = if bytes.starts_with(PARQUET) {
        drop(bytes);
        parquet_rows(path)?
    } else {
        json_rows(&bytes).map_err(|source| LabelError::Json { path: path.to_owned(), source })?
    };
    let row = |(at, value): (usize, &Value)| {
        parse_row(value).map_err(|source| LabelError::Row {
            path: path.to_owned(),
            number: at + 1,
            source,
        })
    };
    values.iter().enumerate().map(row).collect()
}

/// Reads one list of rows, or rows one after the other.
fn json_rows(bytes: &[u8]) -> Result<Vec<Value>, serde_json::Error> {
    let mut rows = Vec::new();
    for value in serde_json::Deserializer::from_slice(bytes).into_iter::<Value>() {
        match value? {
            Value::Array(items) => rows.extend(items),
            row => rows.push(row),
        }
    }
    Ok(rows)
}

fn parquet_rows(path: &Path) -> Result<Vec<Value>, LabelError> {
    let mut rows = Vec::new();
    // Numbers stand in the id as well, so these columns are not asked for.
    let texts: Vec<&str> =
        COLUMNS.into_iter().filter(|name| !matches!(*name, "pr_number" | "pull_number")).collect();
    read_texts(path, &texts, |row| rows.push(object(row))).map_err(LabelError::Table)?;
    Ok(rows)
}

fn object(row: BTreeMap<String, Cell>) -> Value {
    let value = |(name, cell)| (name, value(cell));
    Value::Object(row.into_iter().map(value).collect())
}

fn value(cell: Cell) -> Value {
    match cell {
        Cell::Text(text) | Cell::Json(text) => Value::from(text),
        Cell::TextList(texts) | Cell::JsonList(texts) => Value::from(texts),
        Cell::Integer(number) => Value::from(number),
        Cell::Boolean(flag) => Value::from(flag),
        Cell::Missing => Value::Null,
        Cell::Record(record) => object(record),
        Cell::RecordList(records) => Value::Array(records.into_iter().map(object).collect()),
    }
}
