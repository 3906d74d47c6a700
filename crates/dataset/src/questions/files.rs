//! How do the rows of a format come into one file for each split?
//!
//! A file begins with its first row, so that a split without rows has none. Everything
//! grows in the folder that is given; who gives it puts the folder in its place.

use std::collections::BTreeMap;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use backstory_store::fs::NewFile;
use backstory_table::{Cell, ColumnKind, Schema, TableWriter, WriteOptions};

use super::QuestionExportError;
use crate::Split;

/// Files of JSON, one row a line.
pub(super) struct Lines {
    folder: PathBuf,
    files: BTreeMap<Split, (PathBuf, NewFile)>,
}

impl Lines {
    /// Writes into a folder that is there.
    pub(super) fn new(folder: &Path) -> Self {
        Self { folder: folder.to_owned(), files: BTreeMap::new() }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, split: Split, row: &str) -> Result<(), QuestionExportError> {
        let (path, file) = if let Some(open) = self.files.get_mut(&split) {
            open
        } else {
            let path = self.folder.join(format!("{}.jsonl", split.file_stem()));
            let file = NewFile::create(&path)?;
            self.files.entry(split).or_insert((path, file))
        };
        writeln!(file, "{row}")
            .map_err(|source| QuestionExportError::Write { path: path.clone(), source })
    }

    /// Closes the files.
    pub(super) fn finish(self) -> Result<(), QuestionExportError> {
        self.files.into_values().try_for_each(|(_, file)| file.commit())?;
        Ok(())
    }
}

/// Parquet files.
pub(super) struct SplitTables {
    folder: PathBuf,
    columns: Vec<(&'static str, ColumnKind)>,
    files: BTreeMap<Split, TableWriter>,
}

impl SplitTables {
    /// Writes into a folder that is there.
    pub(super) fn new(folder: &Path, columns: Vec<(&'static str, ColumnKind)>) -> Self {
        Self { folder: folder.to_owned(), columns, files: BTreeMap::new() }
    }

    /// Adds a row.
    pub(super) fn push(&mut self, split: Split, row: Vec<Cell>) -> Result<(), QuestionExportError> {
        let file = if let Some(open) = self.files.get_mut(&split) {
            open
        } else {
            let path = self.folder.join(format!("{}.parquet", split.file_stem()));
            let schema = Schema::new(self.columns.iter().copied());
            let file = TableWriter::create(&path, schema, WriteOptions::default())?;
            self.files.entry(split).or_insert(file)
        };
        Ok(file.push(row)?)
    }

    /// Closes the files.
    pub(super) fn finish(self) -> Result<(), QuestionExportError> {
        for file in self.files.into_values() {
            file.finish()?;
        }
        Ok(())
    }
}
