//! How do environments lie in the cache, and who builds one at a time?
//!
//! `environments/KEY` is an environment, `environments/KEY.failed` a failure,
//! `environments/KEY.lock` is held by whoever looks or builds. What is being
//! built lies in `environments/.KEY.building` and is removed by whoever comes next.

use std::fs::File;
use std::path::{Path, PathBuf};

use backstory_model::Sha256;
use backstory_store::{StoreError, fs};

/// The place of one environment, locked until dropped.
pub(super) struct Place {
    pub(super) key: Sha256,
    pub(super) folder: PathBuf,
    failed: PathBuf,
    building: PathBuf,
    _lock: File,
}

/// An environment that is being built.
pub(super) struct Building(PathBuf);

impl Building {
    /// Returns the folder everything of it lies in.
    pub(super) fn folder(&self) -> &Path {
        &self.0
    }

    /// Returns what is mounted at `/env`.
    pub(super) fn root(&self) -> PathBuf {
        self.0.join("root")
    }

    /// Returns where writes to the work tree go.
    pub(super) fn upper(&self) -> PathBuf {
        self.0.join("upper")
    }
}

impl Place {
    /// Waits until nobody else is at this place.
    pub(super) fn lock(cache: &Path, key: Sha256) -> Result<Self, StoreError> {
        let all = cache.join("environments");
        fs::create_dirs(&all)?;
        let lock = all.join(format!("{}.lock", key.as_str()));
        let write = |source| StoreError::Write { path: lock.clone(), source };
        let file = File::create(&lock).map_err(write)?;
        file.lock().map_err(write)?;
        Ok(Self {
            folder: all.join(key.as_str()),
            failed: all.join(format!("{}.failed", key.as_str())),
            building: all.join(format!(".{}.building", key.as_str())),
            key,
            _lock: file,
        })
    }

    /// Returns true when the environment is there.
    pub(super) fn is_there(&self) -> bool {
        self.folder.is_dir()
    }

    /// Returns the sentence and the log of a failure that is remembered.
    pub(super) fn failure(&self) -> Result<Option<(String, Vec<u8>)>, StoreError> {
        if !self.failed.is_dir() {
            return Ok(None);
        }
        let detail = fs::read_text(&self.failed.join("detail"))?;
        Ok(Some((detail, fs::read_file(&self.failed.join("log"))?)))
    }

    /// Begins anew, without what somebody left who was killed.
    pub(super) fn begin(&self) -> Result<Building, StoreError> {
        fs::remove_dirs(&self.building)?;
        let building = Building(self.building.clone());
        fs::create_dirs(&building.root())?;
        fs::create_dirs(&building.upper())?;
        Ok(building)
    }

    /// Puts an environment in its place.
    #[expect(clippy::needless_pass_by_value, reason = "it is gone afterwards")]
    pub(super) fn commit(&self, building: Building) -> Result<(), StoreError> {
        fs::rename(building.folder(), &self.folder)
    }

    /// Remembers a failure.
    #[expect(clippy::needless_pass_by_value, reason = "it is gone afterwards")]
    pub(super) fn fail(
        &self,
        building: Building,
        detail: &str,
        log: &[u8],
    ) -> Result<(), StoreError> {
        fs::remove_dirs(&building.root())?;
        fs::remove_dirs(&building.upper())?;
        fs::write_file(&building.folder().join("detail"), detail.as_bytes())?;
        fs::write_file(&building.folder().join("log"), log)?;
        fs::rename(building.folder(), &self.failed)
    }
}
