//! Where does what was searched for the stories of a run lie?
//!
//! ```text
//! reasoning/search.json        how was searched
//! reasoning/ab/abc….jsonl.zst  one line for each step of a unit
//! ```
//!
//! The manifest covers both, and what it does not list does not count. Nothing else of a
//! run changes: the stories stay as they are. Prompts lie among the blobs.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use backstory_model::reasoning::{ReasonedStep, ReasoningSearch};
use backstory_model::{BlobId, Disposition, RunManifest, SnapshotStory, UnitKey};

use crate::blob::{compress, decompress};
use crate::collect::prune_blobs;
use crate::unit::{Told, from_json, sha256, to_pretty_json};
use crate::{RunDirectory, StoreError, fs};

pub(crate) const REASONING: &str = "reasoning";
const SEARCH: &str = "reasoning/search.json";

/// Reasoning that is being put together.
#[derive(Debug)]
pub struct ReasoningWriter<'run> {
    run: &'run RunDirectory,
    hidden: PathBuf,
    prompts: BTreeSet<BlobId>,
}

/// A story, and what was found for its steps.
pub type Reasoned = (SnapshotStory, Vec<ReasonedStep>);

/// A unit, and what was found for its steps.
pub type ReasonedUnit = (Disposition, Vec<ReasonedStep>);

impl RunDirectory {
    /// Begins to put reasoning together; what the run holds stays until the end.
    pub fn write_reasoning(&self) -> Result<ReasoningWriter<'_>, StoreError> {
        let disk = self.disk()?;
        let hidden = disk.temporary();
        disk.create_dirs(&hidden)?;
        Ok(ReasoningWriter { run: self, hidden, prompts: BTreeSet::new() })
    }

    /// Returns how the thoughts of a complete run were searched; `None` where they were not.
    pub fn reasoning(&self) -> Result<Option<ReasoningSearch>, StoreError> {
        let manifest = self.manifest()?;
        let text = self.listed(&manifest, SEARCH)?;
        text.map(|text| from_json(&self.path().join(SEARCH), &text)).transpose()
    }

    /// Reads what was found for the steps of one unit, in the order of the story.
    pub fn reasoned(
        &self,
        manifest: &RunManifest,
        key: &UnitKey,
    ) -> Result<Vec<ReasonedStep>, StoreError> {
        let inside = inside(key);
        let path = self.path().join(&inside);
        let Some(stored) = self.listed(manifest, &inside)? else { return Ok(Vec::new()) };
        let text = decompress(&path, &stored)?;
        let lines = text.split(|byte| *byte == b'\n').filter(|line| !line.is_empty());
        lines
            .map(|line| {
                serde_json::from_slice(line)
                    .map_err(|error| StoreError::damaged(&path, error.to_string()))
            })
            .collect()
    }

    /// Reads the accepted units of a complete run one at a time, in collect order, each with
    /// what was found for the steps of its story.
    pub fn reasoned_units(
        &self,
    ) -> Result<impl Iterator<Item = Result<ReasonedUnit, StoreError>>, StoreError> {
        let manifest = self.manifest()?;
        Ok(self.accepted()?.map(move |line| {
            let line = line?;
            let steps = self.reasoned(&manifest, &line.work.key)?;
            Ok((line, steps))
        }))
    }

    /// Reads the accepted units of a run of changes one at a time, in collect order, each
    /// with its trajectory, which has the thoughts that were found for its steps, and what was
    /// executed for it.
    pub fn reasoned_changes(
        &self,
    ) -> Result<impl Iterator<Item = Result<Told, StoreError>>, StoreError> {
        if self.manifest()?.snapshots.is_some() {
            return Err(StoreError::OfSnapshots { path: self.path().to_owned() });
        }
        Ok(self.reasoned_units()?.map(|unit| {
            let (line, steps) = unit?;
            let (trajectory, execution) = self.told(&line)?;
            Ok((trajectory.with_reasoning(&steps), execution))
        }))
    }

    /// Reads the stories of a run of snapshots one at a time, in collect order, each with
    /// what was found for its steps.
    pub fn reasoned_stories(
        &self,
    ) -> Result<impl Iterator<Item = Result<Reasoned, StoreError>>, StoreError> {
        if self.manifest()?.snapshots.is_none() {
            return Err(StoreError::OfChanges { path: self.path().to_owned() });
        }
        Ok(self.reasoned_units()?.map(|unit| {
            let (line, steps) = unit?;
            Ok((self.snapshot_story(&line)?, steps))
        }))
    }

    /// Reads a file as the manifest lists it; `None` where it does not.
    fn listed(&self, manifest: &RunManifest, inside: &str) -> Result<Option<Vec<u8>>, StoreError> {
        let Some(expected) = manifest.files.get(inside) else { return Ok(None) };
        let path = self.path().join(inside);
        let bytes = fs::read_file(&path)?;
        if sha256(&bytes) != *expected {
            return Err(StoreError::damaged(&path, "its digest does not match"));
        }
        Ok(Some(bytes))
    }
}

impl ReasoningWriter<'_> {
    /// Stores what a model was asked.
    pub fn prompt(&mut self, text: &str) -> Result<BlobId, StoreError> {
        let id = self.run.put_blob(text.as_bytes())?;
        self.prompts.insert(id.clone());
        Ok(id)
    }

    /// Adds what was found for the steps of a unit, one JSON text each.
    pub fn unit(&self, key: &UnitKey, steps: &[String]) -> Result<(), StoreError> {
        if steps.is_empty() {
            return Ok(());
        }
        let disk = self.run.disk()?;
        let path = self.hidden.join(below(key));
        if let Some(folder) = path.parent() {
            disk.create_dirs(folder)?;
        }
        let text: String = steps.iter().flat_map(|step| [step.as_str(), "\n"]).collect();
        disk.write_hidden(&path, &compress(&path, text.as_bytes())?)
    }

    /// Puts everything in its place, instead of what was searched before, and lists it in
    /// the manifest. Nothing is ever listed that is not there.
    pub fn seal(self, search: &ReasoningSearch) -> Result<RunManifest, StoreError> {
        let disk = self.run.disk()?;
        disk.write_hidden(&self.hidden.join("search.json"), &to_pretty_json(search))?;
        let wanted = self.wanted()?;
        let manifest = self.run.manifest()?;
        if manifest.files.contains_key(SEARCH) {
            self.run.put_manifest(&self.without_reasoning(manifest.clone(), &wanted))?;
        }
        let place = self.run.path().join(REASONING);
        disk.remove_dirs(&place)?;
        disk.rename(&self.hidden, &place)?;
        prune_blobs(self.run, &wanted)?;
        self.run.write_manifest(manifest)
    }

    /// Takes out of the manifest what is about to go.
    fn without_reasoning(
        &self,
        mut manifest: RunManifest,
        wanted: &BTreeSet<BlobId>,
    ) -> RunManifest {
        let kept: BTreeSet<PathBuf> = wanted.iter().map(|id| self.run.blob_path(id)).collect();
        manifest.files.retain(|path, _| match path.split_once('/') {
            Some((REASONING, _)) => false,
            Some(("blobs", _)) => kept.contains(&self.run.path().join(path)),
            _ => true,
        });
        manifest
    }

    /// Returns the blobs that the stories and the thoughts refer to.
    fn wanted(&self) -> Result<BTreeSet<BlobId>, StoreError> {
        let mut wanted = self.prompts.clone();
        for line in self.run.dispositions()? {
            wanted.extend(self.run.read_unit(&line?.work.key)?.blobs);
        }
        Ok(wanted)
    }
}

/// Returns the path of the steps of a unit below `reasoning`.
fn below(key: &UnitKey) -> PathBuf {
    Path::new(&key.as_str()[..2]).join(format!("{}.jsonl.zst", key.as_str()))
}

fn inside(key: &UnitKey) -> String {
    Path::new(REASONING).join(below(key)).to_string_lossy().into_owned()
}
