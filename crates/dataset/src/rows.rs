//! How do rows come into a file of lines?
//!
//! A file grows beside its place and is there once it is whole.

use std::io::Write as _;
use std::path::{Path, PathBuf};

use backstory_store::fs;
use serde::Serialize;
use serde_json::Value;

use crate::export::ExportError;

/// A file of JSON rows, one a line.
pub(crate) struct RowFile {
    path: PathBuf,
    file: fs::NewFile,
}

impl RowFile {
    /// Begins the file `STEM.jsonl` of a folder.
    pub(crate) fn create(folder: &Path, stem: &str) -> Result<Self, ExportError> {
        let path = folder.join(format!("{stem}.jsonl"));
        let file = fs::NewFile::create(&path)?;
        Ok(Self { path, file })
    }

    /// Writes a row.
    pub(crate) fn write(&mut self, row: &Value) -> Result<(), ExportError> {
        writeln!(self.file, "{row}")
            .map_err(|source| ExportError::Write { path: self.path.clone(), source })
    }

    /// Puts the file in its place.
    pub(crate) fn finish(self) -> Result<(), ExportError> {
        Ok(self.file.commit()?)
    }

    /// Puts the file in its place, and beside it one that says what became of the rows.
    pub(crate) fn finish_with(self, name: &str, told: &impl Serialize) -> Result<(), ExportError> {
        let beside = self.path.with_file_name(name);
        self.finish()?;
        let told = serde_json::to_value(told).expect("counts are numbers by words");
        fs::write_file(&beside, format!("{told:#}\n").as_bytes())?;
        Ok(())
    }
}
