//! Which changed paths did an earlier process find?
//!
//! In: a folder, and the changed paths of commits. Out: the same paths again, by
//! commit id. What a walk compared becomes one file that is named by its digest and
//! appears by rename: processes that share the folder cannot harm each other, and a
//! file that is not what its name says is not read.

#![expect(clippy::disallowed_types, reason = "the map is only looked up")]

use std::collections::HashMap;
use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::sync::{Mutex, PoisonError};

use backstory_model::{CommitId, RepoPath};
use backstory_store::{StoreError, fs};
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::past::{Changed, MOST_FILES};

/// How the names begin; another layout, or another limit of files, takes another name.
const PREFIX: &str = "changed-paths-1-";

/// Changed paths on disk.
#[derive(Debug)]
pub(super) struct Folder {
    path: PathBuf,
    known: HashMap<CommitId, Entry>,
    found: Mutex<Vec<Entry>>,
}

/// One line: what one commit changes.
#[derive(Clone, Debug, Serialize, Deserialize)]
struct Entry {
    commit: CommitId,
    files: u32,
    /// Absent when there are too many.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    paths: Option<Vec<RepoPath>>,
}

impl Folder {
    /// Reads what lies in a folder, which need not exist.
    pub(super) fn open(path: &Path) -> Result<Self, StoreError> {
        fs::create_dirs(path)?;
        let mut known = HashMap::new();
        for file in fs::entries(path)? {
            let name = file.file_name().map(|name| name.to_string_lossy().into_owned());
            let Some(digest) = name.as_deref().and_then(digest_of_name) else { continue };
            let bytes = fs::read_file(&file)?;
            if hex(&Sha256::digest(&bytes)) != digest {
                continue;
            }
            for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
                if let Ok(entry) = serde_json::from_slice::<Entry>(line) {
                    known.insert(entry.commit.clone(), entry);
                }
            }
        }
        Ok(Self { path: path.to_owned(), known, found: Mutex::default() })
    }

    /// Returns what a commit changes, if an earlier process found it.
    pub(super) fn get(&self, commit: &CommitId) -> Option<Changed> {
        let entry = self.known.get(commit)?;
        match &entry.paths {
            Some(paths) => Some(Changed::Few(paths.clone())),
            None if entry.files as usize > MOST_FILES => Some(Changed::Many(entry.files)),
            None => None,
        }
    }

    /// Takes what a commit changes, to be kept. A missing tree may be there the next
    /// time, so that is not kept.
    pub(super) fn put(&self, commit: &CommitId, changed: &Changed) {
        let (files, paths) = match changed {
            Changed::Few(paths) => (paths.len(), Some(paths.clone())),
            Changed::Many(files) => (*files as usize, None),
            Changed::Unreadable => return,
        };
        let files = u32::try_from(files).unwrap_or(u32::MAX);
        let entry = Entry { commit: commit.clone(), files, paths };
        self.found.lock().unwrap_or_else(PoisonError::into_inner).push(entry);
    }

    /// Writes what was taken since the last time.
    pub(super) fn keep(&self) -> Result<(), StoreError> {
        let found = std::mem::take(&mut *self.found.lock().unwrap_or_else(PoisonError::into_inner));
        if found.is_empty() {
            return Ok(());
        }
        let mut text = Vec::new();
        for entry in &found {
            serde_json::to_writer(&mut text, entry).expect("plain fields serialize");
            text.push(b'\n');
        }
        let name = format!("{PREFIX}{}.jsonl", hex(&Sha256::digest(&text)));
        fs::write_file(&self.path.join(name), &text)
    }
}

fn digest_of_name(name: &str) -> Option<&str> {
    name.strip_prefix(PREFIX)?.strip_suffix(".jsonl")
}

fn hex(digest: &[u8]) -> String {
    let mut text = String::new();
    for byte in digest {
        write!(text, "{byte:02x}").expect("a string takes everything");
    }
    text
}
