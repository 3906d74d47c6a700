//! Is this unit done, and what came out of it?
//!
//! A finished unit is one directory, put in place by one rename: `result.json`
//! (disposition, the blobs it needs, a digest over both), when accepted
//! `trajectory.json.zst`, and when executed `execution.json.zst`. A directory that
//! does not verify counts as not done.

use std::path::Path;

use backstory_model::{
    BlobId, Disposition, Outcome, SchemaError, SchemaVersion, Sha256, SnapshotStory, Trajectory,
    UnitExecution, UnitKey,
};
use serde::{Deserialize, Serialize};

use crate::blob::{compress, decompress};
use crate::{RunDirectory, StoreError, fs};

const RESULT: &str = "result.json";
const TRAJECTORY: &str = "trajectory.json.zst";
const EXECUTION: &str = "execution.json.zst";

/// The JSON texts a finished unit leaves besides its disposition.
#[derive(Clone, Copy, Debug, Default)]
pub struct UnitTexts<'a> {
    /// The trajectory of an accepted unit.
    pub trajectory: Option<&'a [u8]>,
    /// What was executed for it.
    pub execution: Option<&'a [u8]>,
}

/// A trajectory and what was executed for its unit.
pub type Told = (Trajectory, Option<UnitExecution>);

/// What a finished unit left in the run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredUnit {
    /// Where the unit went.
    pub disposition: Disposition,
    /// The blobs its trajectory refers to, sorted.
    pub blobs: Vec<BlobId>,
}

#[derive(Serialize, Deserialize)]
struct ResultFile {
    schema: SchemaVersion,
    disposition: Disposition,
    blobs: Vec<BlobId>,
    /// Over the JSON text of the three fields above, joined by line feeds.
    digest: Sha256,
}

impl ResultFile {
    fn new(disposition: &Disposition, blobs: &[BlobId]) -> Self {
        let mut blobs = blobs.to_vec();
        blobs.sort();
        blobs.dedup();
        let schema = SchemaVersion::CURRENT;
        let digest = Self::digest(schema, disposition, &blobs);
        Self { schema, disposition: disposition.clone(), blobs, digest }
    }

    fn digest(schema: SchemaVersion, disposition: &Disposition, blobs: &[BlobId]) -> Sha256 {
        let parts = [to_json(&schema), to_json(disposition), to_json(&blobs)];
        sha256(&parts.join(&b'\n'))
    }
}

/// Returns the SHA-256 digest of the bytes.
pub(crate) fn sha256(bytes: &[u8]) -> Sha256 {
    use sha2::Digest as _;
    Sha256::from_digest(&sha2::Sha256::digest(bytes))
}

/// Returns the JSON text of one of our own nouns.
pub(crate) fn to_json<T: Serialize>(value: &T) -> Vec<u8> {
    serde_json::to_vec(value).expect("the nouns are made of strings, numbers and lists")
}

/// Returns the JSON text of one of our own nouns, for people to read.
pub(crate) fn to_pretty_json<T: Serialize>(value: &T) -> Vec<u8> {
    let mut text =
        serde_json::to_vec_pretty(value).expect("the nouns are made of strings, numbers and lists");
    text.push(b'\n');
    text
}

/// Reads a JSON file of ours: its schema version first, then the rest.
pub(crate) fn from_json<T: serde::de::DeserializeOwned>(
    path: &Path,
    text: &[u8],
) -> Result<T, StoreError> {
    #[derive(Deserialize)]
    struct Versioned {
        schema: SchemaVersion,
    }
    let damaged = |error: serde_json::Error| StoreError::damaged(path, error.to_string());
    let Versioned { schema } = serde_json::from_slice(text).map_err(damaged)?;
    schema
        .check_readable()
        .map_err(|source: SchemaError| StoreError::Schema { path: path.to_owned(), source })?;
    serde_json::from_slice(text).map_err(damaged)
}

impl RunDirectory {
    /// Returns the digest the JSON text of a trajectory or an execution is known by.
    pub fn text_digest(json: &[u8]) -> Sha256 {
        sha256(json)
    }

    /// Puts one finished unit in its place, with the blobs it refers to.
    ///
    /// The blobs must be stored before. Doing it again changes nothing.
    pub fn commit_unit(
        &self,
        disposition: &Disposition,
        texts: UnitTexts<'_>,
        blobs: &[BlobId],
    ) -> Result<(), StoreError> {
        let disk = self.disk()?;
        let place = self.unit_path(&disposition.work.key);
        let hidden = disk.temporary();
        let put = || {
            disk.create_dirs(&hidden)?;
            for (name, text) in [(TRAJECTORY, texts.trajectory), (EXECUTION, texts.execution)] {
                if let Some(json) = text {
                    let path = hidden.join(name);
                    disk.write_hidden(&path, &compress(&path, json)?)?;
                }
            }
            let result = to_json(&ResultFile::new(disposition, blobs));
            disk.write_hidden(&hidden.join(RESULT), &result)?;
            if let Some(parent) = place.parent() {
                disk.create_dirs(parent)?;
            }
            if place.exists() {
                disk.remove_dirs(&place)?;
            }
            disk.rename(&hidden, &place)
        };
        put().map_err(|error| error.at(&place))
    }

    /// Returns what a unit left, or `None` when it is not done or is damaged.
    ///
    /// Checks the digests of the result, the trajectory and the execution, and
    /// every blob.
    pub fn unit(&self, key: &UnitKey) -> Option<StoredUnit> {
        let unit = self.read_unit(key).ok()?;
        let whole = match &unit.disposition.outcome {
            Outcome::Accepted { .. } => self.trajectory_json(&unit.disposition).is_ok(),
            Outcome::Rejected { .. } => true,
        };
        let executed = self.execution(&unit.disposition).is_ok();
        (whole && executed && unit.blobs.iter().all(|blob| self.has_blob(blob))).then_some(unit)
    }

    /// Reads the result of a unit and checks its digest.
    pub fn read_unit(&self, key: &UnitKey) -> Result<StoredUnit, StoreError> {
        let path = self.unit_path(key).join(RESULT);
        let text = match fs::read_file(&path) {
            Err(error) if error.is_not_found() => {
                return Err(StoreError::MissingUnit { key: key.clone() });
            }
            other => other?,
        };
        let file: ResultFile = from_json(&path, &text)?;
        if ResultFile::digest(file.schema, &file.disposition, &file.blobs) != file.digest {
            return Err(StoreError::damaged(&path, "its digest does not match"));
        }
        if file.disposition.work.key != *key {
            return Err(StoreError::damaged(&path, "it belongs to another unit"));
        }
        Ok(StoredUnit { disposition: file.disposition, blobs: file.blobs })
    }

    /// Reads the JSON text of an accepted unit's trajectory and checks its digest.
    pub fn trajectory_json(&self, disposition: &Disposition) -> Result<Vec<u8>, StoreError> {
        let path = self.unit_path(&disposition.work.key).join(TRAJECTORY);
        let Outcome::Accepted { trajectory, .. } = &disposition.outcome else {
            return Err(StoreError::damaged(&path, "the unit was rejected"));
        };
        let json = decompress(&path, &fs::read_file(&path)?)?;
        if sha256(&json) != *trajectory {
            return Err(StoreError::damaged(&path, "its digest does not match"));
        }
        Ok(json)
    }

    /// Reads the trajectory of an accepted unit.
    pub fn trajectory(&self, disposition: &Disposition) -> Result<Trajectory, StoreError> {
        let path = self.unit_path(&disposition.work.key).join(TRAJECTORY);
        from_json(&path, &self.trajectory_json(disposition)?)
    }

    /// Reads the story of an accepted unit of a run of snapshots.
    pub fn snapshot_story(&self, disposition: &Disposition) -> Result<SnapshotStory, StoreError> {
        let path = self.unit_path(&disposition.work.key).join(TRAJECTORY);
        from_json(&path, &self.trajectory_json(disposition)?)
    }

    /// Reads what was executed for a unit and checks its digest; `None` when
    /// nothing was.
    pub fn execution(
        &self,
        disposition: &Disposition,
    ) -> Result<Option<UnitExecution>, StoreError> {
        let Some(summary) = &disposition.execution else { return Ok(None) };
        let path = self.unit_path(&disposition.work.key).join(EXECUTION);
        let json = decompress(&path, &fs::read_file(&path)?)?;
        if sha256(&json) != summary.execution {
            return Err(StoreError::damaged(&path, "its digest does not match"));
        }
        from_json(&path, &json).map(Some)
    }
}

impl RunDirectory {
    /// Reads the stories of a run of snapshots one at a time, in collect order.
    pub fn snapshot_stories(
        &self,
    ) -> Result<impl Iterator<Item = Result<SnapshotStory, StoreError>>, StoreError> {
        if self.manifest()?.snapshots.is_none() {
            return Err(StoreError::OfChanges { path: self.path().to_owned() });
        }
        Ok(self.accepted()?.map(|line| self.snapshot_story(&line?)))
    }

    pub(crate) fn accepted(
        &self,
    ) -> Result<impl Iterator<Item = Result<Disposition, StoreError>>, StoreError> {
        Ok(self.dispositions()?.filter(|line| match line {
            Ok(unit) => matches!(unit.outcome, Outcome::Accepted { .. }),
            Err(_) => true,
        }))
    }

    pub(crate) fn told(&self, unit: &Disposition) -> Result<Told, StoreError> {
        Ok((self.trajectory(unit)?, self.execution(unit)?))
    }
}
