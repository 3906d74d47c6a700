//! How do rows become Parquet files, and Parquet files rows again?
//!
//! In: a [`Schema`] and rows of [`Cell`]s. Out: one Parquet file, zstd, with
//! nested values as JSON text that carries the `arrow.json` extension, so that
//! readers decode them and none of them pads objects with nulls. The only crate
//! that knows Arrow and Parquet types; touches the files it is given.

mod batch;
mod columns;
mod read;
mod schema;
mod texts;
mod write;

pub use columns::{ColumnWriter, Values, read_columns};
pub use read::{column_types, read_rows};
pub use schema::{Cell, Column, ColumnKind, Record, Schema};
pub use texts::{read_texts, text_columns};
pub use write::{TableWriter, WriteOptions, write_table};

use std::path::PathBuf;

/// Says why a table was not written or read.
#[derive(Debug, thiserror::Error)]
pub enum TableError {
    /// The file system refused.
    #[error("failed to {verb} `{}`", path.display())]
    Io {
        /// What was tried.
        verb: &'static str,
        /// On which file.
        path: PathBuf,
        /// What it answered.
        #[source]
        source: std::io::Error,
    },
    /// The Parquet library refused.
    #[error("failed to {verb} the Parquet file `{}`", path.display())]
    Parquet {
        /// What was tried.
        verb: &'static str,
        /// On which file.
        path: PathBuf,
        /// What it answered.
        #[source]
        source: parquet::errors::ParquetError,
    },
    /// The columns do not make up a table.
    #[error("failed to put rows together for `{}`", path.display())]
    Arrow {
        /// For which file.
        path: PathBuf,
        /// Why.
        #[source]
        source: arrow_schema::ArrowError,
    },
    /// A row has another number of cells than the table has columns.
    #[error("a row has {found} cells, the table has {wanted} columns")]
    RowLength {
        /// How many it has.
        found: usize,
        /// How many there are.
        wanted: usize,
    },
    /// A cell does not fit its column.
    #[error("column `{column}` holds {wanted}, not {found}")]
    CellKind {
        /// The column.
        column: String,
        /// What it holds.
        wanted: &'static str,
        /// What was given.
        found: &'static str,
    },
    /// A file has a column of a type this crate never writes.
    #[error("column `{column}` of `{}` has the type `{kind}`, which is not read", path.display())]
    ColumnType {
        /// The file.
        path: PathBuf,
        /// The column.
        column: String,
        /// Its type.
        kind: String,
    },
}
