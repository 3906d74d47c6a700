//! Where did the last collection of a repository end?
//!
//! In and out: `state.json` beside the journals. It holds what the next collection
//! needs to ask only for what changed; without it, everything is asked for again
//! and nothing is lost.

use std::collections::BTreeMap;
use std::path::Path;

use backstory_store::fs;
use serde::{Deserialize, Serialize};

use super::CollectError;

/// What is known of one repository.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct State {
    /// How far each list was read, by the name of the list.
    pub(crate) lists: BTreeMap<String, Cursor>,
    /// Which runs of CI were read, by what was asked about each.
    pub(crate) runs: BTreeMap<String, KnownRuns>,
}

/// How far a list was read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct Cursor {
    /// What changed at this time or later is asked for; everything where absent.
    pub(crate) since: Option<String>,
    /// What the forge called the page with that question.
    pub(crate) etag: Option<String>,
    /// How many items a full page of it holds.
    pub(crate) page: Option<usize>,
    /// The items that are read again with that question, with their digests.
    pub(crate) seen: BTreeMap<String, String>,
}

/// Which runs of CI were read.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(crate) struct KnownRuns {
    /// Runs made at this time or later are asked for.
    pub(crate) since: Option<String>,
    /// How each of these runs stood when it was read completely.
    pub(crate) known: BTreeMap<u64, String>,
}

impl State {
    /// Reads the state; a missing one is empty.
    ///
    /// So is one that cannot be read, because all it saves is requests.
    pub(crate) fn read(path: &Path) -> Result<Self, CollectError> {
        if !path.exists() {
            return Ok(Self::default());
        }
        Ok(serde_json::from_slice(&fs::read_file(path)?).unwrap_or_default())
    }

    /// Writes the state in place of the one before.
    pub(crate) fn write(&self, path: &Path) -> Result<(), CollectError> {
        let mut json = serde_json::to_vec_pretty(self).unwrap_or_default();
        json.push(b'\n');
        fs::write_file(path, &json)?;
        Ok(())
    }
}
