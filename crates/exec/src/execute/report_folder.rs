//! Where does a run leave its report, and what is in it?
//!
//! In: a folder of the host. Out: one folder for each run, removed with it, and
//! what the reporter wrote there.

use std::path::{Path, PathBuf};

use backstory_model::{TestRunner, TouchedTest};
use backstory_store::{StoreError, fs};

use crate::report::folder::{self, FolderError};
use crate::report::{self, ParsedReport, python};

/// Where a tracer writes, and its variable.
pub(super) const TOUCHED: &str = "touched.ndjson";

/// The report folder of one run.
pub(super) struct ReportFolder {
    path: PathBuf,
}

impl ReportFolder {
    /// Makes the folder and lays these files into it.
    pub(super) fn create<'a>(
        path: PathBuf,
        inputs: impl Iterator<Item = (&'a String, &'a Vec<u8>)>,
    ) -> Result<Self, StoreError> {
        fs::remove_dirs(&path)?;
        fs::create_dirs(&path)?;
        let folder = Self { path };
        for (name, bytes) in inputs {
            fs::write_file(&folder.path.join(name), bytes)?;
        }
        Ok(folder)
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    /// Reads what the reporter of this runner wrote.
    pub(super) fn report(&self, runner: TestRunner) -> Result<ParsedReport, FolderError> {
        report::read(runner, &self.path)
    }

    /// Reads what each test executed; `None` when the tracer left nothing.
    pub(super) fn touched(&self) -> Result<Option<Vec<TouchedTest>>, FolderError> {
        let bytes = folder::read(&self.path, TOUCHED, python::SIZE_LIMIT)?;
        Ok(bytes.map(|bytes| python::parse_touched(&bytes).tests))
    }

    /// Removes the folder.
    pub(super) fn remove(self) -> Result<(), StoreError> {
        fs::remove_dirs(&self.path)
    }
}
