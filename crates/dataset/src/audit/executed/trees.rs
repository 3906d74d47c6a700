//! Is the tree of every run the one its state stands for?
//!
//! In: a state. Out: the id of its tree, made of the trees of the repository and
//! of the stored patches by an applier of our own; `None` where a patch says only
//! that bytes differ.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    BlobId, ExecutedState, RepoPath, RepositoryError, Trajectory, TreeId, git_object_id,
};

use super::super::finding::{Findings, Place};
use super::super::patch::{self, FilePatch, Hunk};
use super::super::sources::Sources;
use super::super::text::Texts;
use super::super::worktree::{Entry, Worktree};
use super::PLACE;
use super::stored::{Run, Runs};

type Patch = BTreeMap<RepoPath, Vec<FilePatch>>;

/// A tree that was made, or that cannot be.
struct Made(Option<TreeId>);

/// What patches make of one file.
enum Patched {
    Entry(Entry),
    Gone,
    Unfit,
}

/// Makes the trees of states.
pub(super) struct Trees<'a> {
    trajectory: &'a Trajectory,
    sources: Sources<'a>,
    texts: &'a Texts,
    gold: Patch,
    tests: Patch,
    with_tests: Option<Made>,
}

/// The trees that runs of the unit are compared by.
#[derive(Debug)]
pub(super) struct States {
    pub(super) base: TreeId,
    /// That of the runs where it cannot be made.
    pub(super) with_tests: Option<TreeId>,
    pub(super) head: TreeId,
    pub(super) reverted: Option<TreeId>,
}

impl<'a> Trees<'a> {
    pub(super) fn new(trajectory: &'a Trajectory, sources: Sources<'a>, texts: &'a Texts) -> Self {
        // A patch that cannot be read is a finding of `whole/patch`.
        let read = |id: &BlobId| {
            let bytes = sources.blobs.stored(id).unwrap_or_default();
            patch::parse(&bytes).unwrap_or_default()
        };
        let (gold, tests) = (read(&trajectory.gold_patch), read(&trajectory.test_patch));
        Self { trajectory, sources, texts, gold, tests, with_tests: None }
    }

    /// Returns the trees that tell which runs are runs of which state.
    pub(super) fn states_of(&mut self, runs: &Runs<'_>) -> Result<States, RepositoryError> {
        let unit = &self.trajectory.unit;
        let (base, head) = (unit.base_tree.clone(), unit.head_tree.clone());
        let said = |state: ExecutedState| {
            let mut of_state = runs.list.iter().filter(move |run| run.execution.state == state);
            of_state.next().map(|run| run.execution.tree.clone())
        };
        let made = self.with_tests()?;
        let with_tests = made.or_else(|| said(ExecutedState::BaseWithTests));
        let reverted = said(ExecutedState::HeadReverted).or_else(|| with_tests.clone());
        Ok(States { base, with_tests, head, reverted })
    }

    /// Compares the tree of one run with that of its state.
    pub(super) fn check(
        &mut self,
        run: &Run<'_>,
        runs: &Runs<'_>,
        findings: &mut Findings,
    ) -> Result<(), RepositoryError> {
        let Some(tree) = self.expected(&run.execution.state, runs)? else { return Ok(()) };
        let what = format!("tree of `{}`", run.execution.id);
        findings.equal(PLACE, &what, (&tree, &run.execution.tree));
        Ok(())
    }

    /// Returns the tree a state stands for; `None` where it cannot be made.
    pub(super) fn expected(
        &mut self,
        state: &ExecutedState,
        runs: &Runs<'_>,
    ) -> Result<Option<TreeId>, RepositoryError> {
        let unit = &self.trajectory.unit;
        match state {
            ExecutedState::Base => Ok(Some(unit.base_tree.clone())),
            ExecutedState::Head => Ok(Some(unit.head_tree.clone())),
            ExecutedState::BaseWithTests => self.with_tests(),
            ExecutedState::HeadReverted => {
                let binary = says_only_differ(&self.gold) || says_only_differ(&self.tests);
                if binary { Ok(None) } else { self.with_tests() }
            }
            ExecutedState::Authored { index } => {
                let state = unit.states.get(*index as usize);
                Ok(Some(state.map_or_else(TreeId::empty, |state| state.tree.clone())))
            }
            ExecutedState::AuthoredWithTests { index } => self.authored_with_tests(*index),
            ExecutedState::Mutant { number } => {
                let mut all = runs.execution.mutants.iter();
                self.beside(all.find(|mutant| mutant.number == *number).map(|one| &one.patch))
            }
            ExecutedState::Candidate { number } => {
                let mut all = runs.execution.candidates.iter();
                self.beside(all.find(|one| one.number == *number).map(|one| &one.patch))
            }
            ExecutedState::Canaries => Ok(None),
        }
    }

    fn with_tests(&mut self) -> Result<Option<TreeId>, RepositoryError> {
        if self.with_tests.is_none() {
            self.with_tests = Some(Made(self.patched(&[&self.tests])?));
        }
        Ok(self.with_tests.as_ref().and_then(|made| made.0.clone()))
    }

    /// The tree of an authored state with the files of the test patch as the head
    /// has them; `None` where one of them may hold source as well.
    fn authored_with_tests(&self, index: u32) -> Result<Option<TreeId>, RepositoryError> {
        let unit = &self.trajectory.unit;
        let Some(state) = unit.states.get(index as usize) else { return Ok(Some(TreeId::empty())) };
        let mixed = |path: &RepoPath| self.gold.contains_key(path) || !names_test(path);
        if self.tests.keys().any(mixed) {
            return Ok(None);
        }
        let mut tree = Worktree::new(self.sources.repo, &state.tree);
        let mut head = Worktree::new(self.sources.repo, &unit.head_tree);
        for path in self.tests.keys() {
            tree.set(path, head.get(path)?)?;
        }
        Ok(Some(tree.tree_id()))
    }

    /// The base tree with the test patch and a patch that stands beside the gold patch.
    fn beside(&self, patch: Option<&BlobId>) -> Result<Option<TreeId>, RepositoryError> {
        let Some(patch) = patch else { return Ok(Some(TreeId::empty())) };
        let bytes = self.sources.blobs.stored(patch).unwrap_or_default();
        match patch::parse(&bytes) {
            // What is no text stays as the gold patch has it, and the patch need
            // not say so.
            Ok(other) if !says_only_differ(&self.gold) => self.patched(&[&self.tests, &other]),
            Ok(_) => Ok(None),
            Err(_) => Ok(Some(TreeId::empty())),
        }
    }

    /// Applies patches that all stand against the base tree; `None` where a hunk
    /// does not fit, or where content that is no text has no side to come from.
    fn patched(&self, patches: &[&Patch]) -> Result<Option<TreeId>, RepositoryError> {
        let unit = &self.trajectory.unit;
        let mut tree = Worktree::new(self.sources.repo, &unit.base_tree);
        let mut head = Worktree::new(self.sources.repo, &unit.head_tree);
        let paths: BTreeSet<&RepoPath> = patches.iter().flat_map(|patch| patch.keys()).collect();
        for path in paths {
            let files = patches.iter().filter_map(|patch| patch.get(path)).flatten();
            let files: Vec<&FilePatch> = files.collect();
            let entry = if files.iter().any(|file| file.is_binary) {
                head.get(path)?
            } else {
                match self.applied(tree.get(path)?, &files)? {
                    Patched::Entry(entry) => Some(entry),
                    Patched::Gone => None,
                    Patched::Unfit => return Ok(None),
                }
            };
            tree.set(path, entry)?;
        }
        Ok(Some(tree.tree_id()))
    }

    /// Applies what patches say about one file.
    fn applied(
        &self,
        before: Option<Entry>,
        files: &[&FilePatch],
    ) -> Result<Patched, RepositoryError> {
        let Some(last) = files.last() else { return Ok(Patched::Unfit) };
        if last.is_deleted {
            return Ok(Patched::Gone);
        }
        // A file that becomes a link is deleted first.
        let fresh = files.iter().any(|file| file.is_new);
        let (mode, old) = match before.filter(|_| !fresh) {
            Some((mode, id)) => {
                let reading = self.texts.read(self.sources.repo, &id)?;
                let Some(text) = reading.text() else { return Ok(Patched::Unfit) };
                (Some(mode), text.bytes().to_vec())
            }
            None => (None, Vec::new()),
        };
        let hunks = files.iter().filter(|file| !file.is_deleted).flat_map(|file| &file.hunks);
        let mut hunks: Vec<&Hunk> = hunks.collect();
        hunks.sort_by_key(|hunk| hunk.old_start);
        let made = patch::apply(&patch::lines_of(&old), &hunks, false);
        let mode = files.iter().rev().find_map(|file| file.new_mode).or(mode);
        let (Ok(made), Some(mode)) = (made, mode) else { return Ok(Patched::Unfit) };
        Ok(Patched::Entry((mode, git_object_id("blob", &made))))
    }

    /// Checks that the recipe was derived from files of the unit.
    pub(super) fn manifests(
        &self,
        runs: &Runs<'_>,
        findings: &mut Findings,
    ) -> Result<(), RepositoryError> {
        let unit = &self.trajectory.unit;
        let mut base = Worktree::new(self.sources.repo, &unit.base_tree);
        let mut head = Worktree::new(self.sources.repo, &unit.head_tree);
        for manifest in runs.execution.recipe.iter().flat_map(|recipe| &recipe.manifests) {
            let blob = Some(manifest.blob.clone());
            let known = [base.get(&manifest.path)?, head.get(&manifest.path)?];
            let known = known.into_iter().any(|entry| entry.map(|(_, id)| id) == blob);
            let place = Place { rule: "unit/execution", ..PLACE };
            findings.demand(known, place, "a manifest of the base or the head", || {
                format!("`{}` as {}", manifest.path, manifest.blob)
            });
        }
        Ok(())
    }
}

/// Returns true when a directory or the name of a file says that it is a test.
fn names_test(path: &RepoPath) -> bool {
    let path = path.as_bytes().to_ascii_lowercase();
    memchr::memmem::find(&path, b"test").is_some() && !path.ends_with(b".rs")
}

/// Returns true when content that is no text changes.
fn says_only_differ(patch: &Patch) -> bool {
    patch.values().flatten().any(|file| file.is_binary)
}

impl States {
    /// Returns true when a run shows what the tests do in this tree.
    fn is_of(run: &Run<'_>, tree: Option<&TreeId>) -> bool {
        let changed = matches!(
            run.execution.state,
            ExecutedState::Mutant { .. }
                | ExecutedState::Candidate { .. }
                | ExecutedState::Canaries
        );
        !changed && tree == Some(&run.execution.tree)
    }

    /// Picks the runs of a tree, in the order they were made.
    pub(super) fn runs_of<'r, 'a>(runs: &'r Runs<'a>, tree: Option<&TreeId>) -> Vec<&'r Run<'a>> {
        runs.list.iter().filter(|run| Self::is_of(run, tree)).collect()
    }
}
