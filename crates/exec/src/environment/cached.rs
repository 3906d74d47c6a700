//! How do environments lie in the cache, and who builds one at a time?
//!
//! `environments/KEY` is an environment, `environments/KEY.failed` a failure,
//! `environments/KEY.lock` is held by whoever looks or builds. What is being
//! built lies in `environments/.KEY.building` and is removed by whoever comes next.
//!
//! Below the level of namespaces an environment holds paths of the host and cannot be
//! moved: it is named for the place of the cache too, built where it stays, and there
//! once its log is.

use std::fs::File;
use std::path::{Path, PathBuf};

use backstory_model::Sha256;
use backstory_store::{StoreError, fs};
use sha2::Digest as _;

/// What the installers printed; the last file of an environment that is written.
pub(super) const LOG: &str = "log";

/// The place of one environment, locked until dropped.
pub(super) struct Place {
    pub(super) key: Sha256,
    pub(super) folder: PathBuf,
    failed: PathBuf,
    building: PathBuf,
    stays: bool,
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

/// Names an environment that cannot be moved.
fn fixed_name(key: &Sha256, all: &Path) -> String {
    let place = Sha256::from_digest(&sha2::Sha256::digest(all.as_os_str().as_encoded_bytes()));
    format!("{}-{}", key.as_str(), &place.as_str()[..12])
}

impl Place {
    /// Waits until nobody else is at this place; `stays` says that what is made in
    /// it cannot be moved.
    pub(super) fn lock(cache: &Path, key: Sha256, stays: bool) -> Result<Self, StoreError> {
        let all = cache.join("environments");
        fs::create_dirs(&all)?;
        let name = if stays { fixed_name(&key, &all) } else { key.as_str().to_owned() };
        let lock = all.join(format!("{name}.lock"));
        let write = |source| StoreError::Write { path: lock.clone(), source };
        let file = File::create(&lock).map_err(write)?;
        file.lock().map_err(write)?;
        Ok(Self {
            folder: all.join(&name),
            failed: all.join(format!("{name}.failed")),
            building: all.join(if stays { name } else { format!(".{name}.building") }),
            stays,
            key,
            _lock: file,
        })
    }

    /// Returns true when the environment is there.
    pub(super) fn is_there(&self) -> bool {
        if self.stays { self.folder.join(LOG).is_file() } else { self.folder.is_dir() }
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
        if self.stays { Ok(()) } else { fs::rename(building.folder(), &self.folder) }
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
