//! What did other changes of the repository do to files that the base has?
//!
//! In: the base and the trees before and after other changes, nearest first. Out:
//! their source files, as the base has them and as they changed.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use backstory_model::{BlobId, ExecutedState, FileRole, RepoPath, RepositoryError, TouchedTest};
use backstory_syntax::{language_of, role_of};

use crate::mutants::OtherFile;

use super::bench::Bench;
use super::input::ExecuteInput;
use super::trees::{Trees, version};

/// How many files of other changes are looked at.
const MOST_FILES: usize = 40;

/// A change with more source files than this is no one thing.
const MOST_OF_ONE: usize = 8;

/// The largest file that hunks are taken over to.
const LARGEST: usize = 400_000;

/// Reads what other changes did.
pub(super) fn others(
    input: &ExecuteInput<'_>,
    trees: &Trees,
) -> Result<Vec<OtherFile>, RepositoryError> {
    let mut found = Vec::new();
    for (before, after) in input.others {
        let changes = input.repo.changes(before, after)?;
        let source =
            |path: &RepoPath| language_of(path).is_some() && role_of(path) == FileRole::Source;
        let changes: Vec<_> = changes.iter().filter(|change| source(&change.path)).collect();
        if changes.len() > MOST_OF_ONE {
            continue;
        }
        for change in changes {
            let (Some((_, old)), Some((_, new))) = (&change.before, &change.after) else {
                continue;
            };
            let Some(here) = version(input.repo, &trees.base, &change.path)? else { continue };
            let (Some(before), Some(after)) = (text(input, old)?, text(input, new)?) else {
                continue;
            };
            if here.0.is_file() && is_text(&here.1) {
                found.push(OtherFile { path: change.path.clone(), here, before, after });
            }
            if found.len() == MOST_FILES {
                return Ok(found);
            }
        }
    }
    Ok(found)
}

fn text(input: &ExecuteInput<'_>, id: &BlobId) -> Result<Option<Arc<[u8]>>, RepositoryError> {
    Ok(input.repo.blob(id)?.filter(|bytes| is_text(bytes)))
}

fn is_text(bytes: &[u8]) -> bool {
    bytes.len() <= LARGEST && !bytes.contains(&0) && std::str::from_utf8(bytes).is_ok()
}

impl Bench<'_> {
    /// Returns the lines that tests execute at the base with the tests.
    pub(super) fn executed_lines(&self) -> BTreeMap<RepoPath, BTreeSet<u32>> {
        let mut lines: BTreeMap<RepoPath, BTreeSet<u32>> = BTreeMap::new();
        let with_tests = self.of_state(&ExecutedState::BaseWithTests);
        let stored = with_tests.filter_map(|run| run.execution.touched.as_ref());
        for blob in stored.filter_map(|id| self.blobs.get(id)) {
            let tests: Vec<TouchedTest> = serde_json::from_slice(blob).unwrap_or_default();
            for file in tests.iter().filter(|test| test.test.is_some()).flat_map(|test| &test.files)
            {
                let path = RepoPath::from(file.path.as_str());
                lines.entry(path).or_default().extend(&file.lines);
            }
        }
        lines
    }
}
