//! How do finished units become one run with a manifest?
//!
//! In: the finished units, in collect order. Out: the log, then the manifest
//! over every covered file. What no unit of this run needs (units of other
//! options, their blobs) is removed, so that equal input gives equal bytes.
//! The manifest goes first and comes back last: a run that has one is whole.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use backstory_model::{BlobId, RunManifest, UnitKey};

use crate::reasoning::REASONING;
use crate::unit::{sha256, to_pretty_json};
use crate::{LogWriter, RunDirectory, StoreError, StoredUnit, fs};

/// A run being put together.
#[derive(Debug)]
pub struct Collection<'run> {
    run: &'run RunDirectory,
    hidden: PathBuf,
    log: LogWriter,
    units: BTreeSet<UnitKey>,
    blobs: BTreeSet<BlobId>,
}

impl RunDirectory {
    /// Begins to put the run together; its manifest is gone until the end.
    pub fn collect(&self) -> Result<Collection<'_>, StoreError> {
        let disk = self.disk()?;
        for path in [self.manifest_digest_path(), self.manifest_path(), self.report_path()] {
            if path.exists() {
                disk.remove_file(&path)?;
            }
        }
        // What was searched belongs to the stories that were there before.
        for directory in [self.tables(), self.path().join(REASONING)] {
            disk.remove_dirs(&directory)?;
        }
        for directory in ["log", "tables", "units", "blobs"] {
            disk.create_dirs(&self.path().join(directory))?;
        }
        let hidden = disk.temporary();
        let log = LogWriter::create(&hidden)?;
        Ok(Collection { run: self, hidden, log, units: BTreeSet::new(), blobs: BTreeSet::new() })
    }
}

impl Collection<'_> {
    /// Adds the next finished unit.
    pub fn append(&mut self, unit: &StoredUnit) -> Result<(), StoreError> {
        self.log.append(&unit.disposition)?;
        self.units.insert(unit.disposition.work.key.clone());
        self.blobs.extend(unit.blobs.iter().cloned());
        Ok(())
    }

    /// Writes the report for people; a run without one is whole, too.
    pub fn report(&self, text: &str) -> Result<(), StoreError> {
        self.run.disk()?.write(&self.run.report_path(), text.as_bytes())
    }

    /// Puts the log in its place, removes what is left over and writes the
    /// manifest. The tables and the report must be written before.
    pub fn seal(self, manifest: RunManifest) -> Result<RunManifest, StoreError> {
        let disk = self.run.disk()?;
        self.log.finish()?;
        disk.rename(&self.hidden, &self.run.log_path())?;
        prune_units(self.run, &self.units)?;
        prune_blobs(self.run, &self.blobs)?;
        self.run.write_manifest(manifest)
    }
}

impl RunDirectory {
    /// Lists every covered file in the manifest and writes it.
    pub(crate) fn write_manifest(
        &self,
        mut manifest: RunManifest,
    ) -> Result<RunManifest, StoreError> {
        manifest.files = self.digests()?;
        self.put_manifest(&manifest)?;
        Ok(manifest)
    }

    /// Writes the manifest as it is.
    pub(crate) fn put_manifest(&self, manifest: &RunManifest) -> Result<(), StoreError> {
        let disk = self.disk()?;
        let text = to_pretty_json(manifest);
        disk.write(&self.manifest_path(), &text)?;
        let digest = format!("{}  manifest.json\n", sha256(&text));
        disk.write(&self.manifest_digest_path(), digest.as_bytes())
    }
}

fn prune_units(run: &RunDirectory, wanted: &BTreeSet<UnitKey>) -> Result<(), StoreError> {
    let wanted: BTreeSet<PathBuf> = wanted.iter().map(|key| run.unit_path(key)).collect();
    prune(run, &run.path().join("units"), &wanted)
}

pub(crate) fn prune_blobs(run: &RunDirectory, wanted: &BTreeSet<BlobId>) -> Result<(), StoreError> {
    let wanted: BTreeSet<PathBuf> = wanted.iter().map(|id| run.blob_path(id)).collect();
    prune(run, &run.path().join("blobs"), &wanted)
}

/// Removes everything two levels below `root` that is not wanted.
fn prune(run: &RunDirectory, root: &Path, wanted: &BTreeSet<PathBuf>) -> Result<(), StoreError> {
    let disk = run.disk()?;
    for directory in fs::entries(root)? {
        let entries = if directory.is_dir() { fs::entries(&directory)? } else { Vec::new() };
        let (keep, drop): (Vec<_>, Vec<_>) =
            entries.into_iter().partition(|entry| wanted.contains(entry));
        for entry in drop {
            if entry.is_dir() { disk.remove_dirs(&entry)? } else { disk.remove_file(&entry)? }
        }
        if keep.is_empty() && directory.is_dir() {
            disk.remove_dirs(&directory)?;
        } else if keep.is_empty() {
            disk.remove_file(&directory)?;
        }
    }
    Ok(())
}
