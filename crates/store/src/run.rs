//! Is this directory a run, and may this process write to it?

use std::collections::BTreeMap;
use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use backstory_model::{BlobId, RepoName, UnitKey};

use crate::blob::VerifiedBlobs;
use crate::disk::Disk;
use crate::{Faults, Ledger, StoreError, fs};

const LOCK: &str = "run.lock";
/// The name of the report inside a run.
pub(crate) const REPORT: &str = "report.md";

/// One run on disk.
///
/// ```text
/// manifest.json      digest of every covered file; manifest.sha256 is its own
/// report.md          what came of it, for people
/// log/               dispositions in collect order, chained by checksums
/// units/ab/abc…/     one finished unit: result.json, trajectory.json.zst, execution.json.zst
/// blobs/ab/cdef….zst bytes by their git blob id
/// tables/*.parquet   the funnel, one row a unit
/// reasoning/         what was searched for the thoughts of snapshots, if anything was
/// state.sqlite       what is done; not covered, rebuilt at will
/// ```
#[derive(Debug)]
pub struct RunDirectory {
    root: PathBuf,
    pub(crate) disk: Option<Disk>,
    pub(crate) verified: VerifiedBlobs,
    alone: bool,
    _lock: Option<File>,
}

impl Drop for RunDirectory {
    fn drop(&mut self) {
        if let (Some(disk), true) = (&self.disk, self.alone) {
            // Goes only when it is empty; what a failed build left is removed
            // by the next one.
            let _ = std::fs::remove_dir(disk.temporary_root());
        }
    }
}

impl RunDirectory {
    /// Creates the run or opens an existing one, for this process alone.
    pub fn open(path: &Path) -> Result<Self, StoreError> {
        Self::open_with(path, Arc::new(Faults::none()))
    }

    /// Opens a run as [`RunDirectory::open`] does, with chosen faults.
    pub fn open_with(path: &Path, faults: Arc<Faults>) -> Result<Self, StoreError> {
        let run = Self::open_locked(path, faults, Sharing::Alone)?;
        if let Some(disk) = &run.disk {
            fs::remove_dirs(&disk.temporary_root())?;
            fs::create_dirs(&disk.temporary_root())?;
        }
        Ok(run)
    }

    /// Opens a run to which other workers write units at the same time.
    ///
    /// Fails while one process has the run for itself, and keeps it from that.
    pub fn open_worker(path: &Path) -> Result<Self, StoreError> {
        let run = Self::open_locked(path, Arc::new(Faults::none()), Sharing::Workers)?;
        fs::create_dirs(&run.root.join("tmp"))?;
        Ok(run)
    }

    /// Opens an existing run for reading; takes no lock and writes nothing.
    pub fn read_only(path: &Path) -> Result<Self, StoreError> {
        if !is_run(path) {
            return Err(StoreError::NoRun { path: path.to_owned() });
        }
        Ok(Self {
            root: path.to_owned(),
            disk: None,
            verified: VerifiedBlobs::default(),
            alone: false,
            _lock: None,
        })
    }

    fn open_locked(path: &Path, faults: Arc<Faults>, sharing: Sharing) -> Result<Self, StoreError> {
        let occupied = path.exists() && !(path.is_dir() && fs::entries(path)?.is_empty());
        if occupied && !is_run(path) {
            return Err(StoreError::NotARun { path: path.to_owned() });
        }
        fs::create_dirs(path)?;
        let lock = lock(path, sharing)?;
        Ok(Self {
            root: path.to_owned(),
            disk: Some(Disk::new(path, faults)),
            verified: VerifiedBlobs::default(),
            alone: matches!(sharing, Sharing::Alone),
            _lock: Some(lock),
        })
    }

    /// Returns the directory.
    pub fn path(&self) -> &Path {
        &self.root
    }

    /// Returns the directory of the tables.
    pub fn tables(&self) -> PathBuf {
        self.root.join("tables")
    }

    /// Returns the path of the log.
    pub fn log_path(&self) -> PathBuf {
        self.root.join("log").join("dispositions.jsonl.zst")
    }

    /// Returns the path of the report for people.
    pub fn report_path(&self) -> PathBuf {
        self.root.join(REPORT)
    }

    /// Returns the path of the manifest.
    pub fn manifest_path(&self) -> PathBuf {
        self.root.join("manifest.json")
    }

    /// Returns the path of the digest of the manifest.
    pub fn manifest_digest_path(&self) -> PathBuf {
        self.root.join("manifest.sha256")
    }

    /// Returns the directory of one unit, whether or not it is there.
    pub fn unit_path(&self, key: &UnitKey) -> PathBuf {
        self.root.join("units").join(&key.as_str()[..2]).join(key.as_str())
    }

    /// Returns the path of one blob, whether or not it is there.
    pub fn blob_path(&self, id: &BlobId) -> PathBuf {
        let (first, rest) = id.as_str().split_at(2);
        self.root.join("blobs").join(first).join(format!("{rest}.zst"))
    }

    /// Opens the ledger; only the process that has the run for itself does.
    pub fn ledger(&self) -> Result<Ledger, StoreError> {
        self.disk()?;
        Ledger::open(&self.root.join("state.sqlite"))
    }

    /// Returns where the repositories lay when the run was built; empty when the
    /// run came from another machine.
    pub fn sources(&self) -> BTreeMap<RepoName, PathBuf> {
        let path = self.root.join("state.sqlite");
        if !path.is_file() {
            return BTreeMap::new();
        }
        Ledger::open_to_read(&path).and_then(|ledger| ledger.sources()).unwrap_or_default()
    }

    pub(crate) fn disk(&self) -> Result<&Disk, StoreError> {
        self.disk.as_ref().ok_or_else(|| StoreError::ReadOnly { path: self.root.clone() })
    }
}

#[derive(Clone, Copy)]
enum Sharing {
    Alone,
    Workers,
}

fn is_run(path: &Path) -> bool {
    path.join(LOCK).is_file() || path.join("manifest.json").is_file()
}

fn lock(root: &Path, sharing: Sharing) -> Result<File, StoreError> {
    let path = root.join(LOCK);
    let file = File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .read(true)
        .open(&path)
        .map_err(|source| StoreError::write(&path, source))?;
    let locked = match sharing {
        Sharing::Alone => file.try_lock(),
        Sharing::Workers => file.try_lock_shared(),
    };
    match locked {
        Ok(()) => Ok(file),
        Err(TryLockError::WouldBlock) => Err(StoreError::Locked { path: root.to_owned() }),
        Err(TryLockError::Error(source)) => Err(StoreError::write(&path, source)),
    }
}
