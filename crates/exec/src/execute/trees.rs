//! Which trees are the states of a unit?
//!
//! In: the trees of base and head and both sides of the change. Out: the work
//! tree of every state, without a commit of its own where there is none.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{FileMode, FileRole, RepoPath, Repository, RepositoryError};
use backstory_syntax::role_of;

use crate::checkout::{Changes, VirtualTree};
use crate::mutants::{GoldFile, compose};

use super::input::ExecuteInput;

/// The trees of the states every unit has.
pub(super) struct Trees {
    pub(super) base: VirtualTree,
    pub(super) with_tests: VirtualTree,
    pub(super) head: VirtualTree,
    pub(super) reverted: VirtualTree,
}

type Version = Option<(FileMode, Arc<[u8]>)>;

impl Trees {
    /// Reads the trees of a unit.
    pub(super) fn of(input: &ExecuteInput<'_>) -> Result<Self, RepositoryError> {
        let base = VirtualTree::from_tree(input.repo, &input.unit.base_tree)?;
        let head = VirtualTree::from_tree(input.repo, &input.unit.head_tree)?;
        let with_tests = base.with(input.test_side);
        let mut back = Changes::new();
        for path in input.gold_side.keys() {
            back.insert(path.clone(), version(input.repo, &with_tests, path)?);
        }
        let reverted = head.with(&back);
        Ok(Self { base, with_tests, head, reverted })
    }

    /// Returns the files of the gold patch.
    pub(super) fn gold(&self, input: &ExecuteInput<'_>) -> Result<Vec<GoldFile>, RepositoryError> {
        let file = |(path, after): (&RepoPath, &Version)| {
            let before = version(input.repo, &self.base, path)?;
            Ok(GoldFile { path: path.clone(), before, after: after.clone() })
        };
        input.gold_side.iter().map(file).collect()
    }

    /// Returns the base with the tests and what stands in the place of the gold
    /// patch; `None` where both change the same lines of one file.
    pub(super) fn mutated(
        &self,
        input: &ExecuteInput<'_>,
        files: &BTreeMap<RepoPath, Version>,
    ) -> Result<Option<VirtualTree>, RepositoryError> {
        let mut changes = Changes::new();
        for (path, version_of_mutant) in files {
            let both = input.test_side.get(path);
            let merged = match (both, version_of_mutant) {
                (Some(Some((mode, tests))), Some((_, wrong))) => {
                    let base = version(input.repo, &self.base, path)?;
                    let base = base.map(|(_, bytes)| bytes).unwrap_or_default();
                    match compose(&base, tests, wrong) {
                        Some(text) => Some((*mode, Arc::from(text))),
                        None => return Ok(None),
                    }
                }
                (Some(None), _) | (Some(Some(_)) | None, None) | (None, Some(_)) => {
                    version_of_mutant.clone()
                }
            };
            changes.insert(path.clone(), merged);
        }
        Ok(Some(self.with_tests.with(&changes)))
    }

    /// Returns a tree with the test files of the head in the place of its own.
    pub(super) fn with_final_tests(
        &self,
        input: &ExecuteInput<'_>,
        tree: &VirtualTree,
    ) -> Result<VirtualTree, RepositoryError> {
        let mut changes = Changes::new();
        // A source file with tests inside cannot be taken from another state.
        for path in input.test_side.keys().filter(|path| role_of(path) == FileRole::Test) {
            changes.insert(path.clone(), version(input.repo, &self.head, path)?);
        }
        Ok(tree.with(&changes))
    }
}

/// Reads one file of a tree.
pub(super) fn version(
    repo: &dyn Repository,
    tree: &VirtualTree,
    path: &RepoPath,
) -> Result<Version, RepositoryError> {
    let Some((mode, id)) = tree.file(path) else { return Ok(None) };
    if mode == FileMode::Submodule {
        return Ok(None);
    }
    let bytes = tree.blob(repo, id)?;
    let missing = || RepositoryError::Missing { id: id.to_string() };
    Ok(Some((mode, bytes.ok_or_else(missing)?)))
}
