//! Do the edits lead from the base to every authored state, and was everything
//! shown what stood there?
//!
//! In: the steps of a trajectory. Out: findings. Walks the steps once, keeps the
//! work tree of the moment, and computes every observation again.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    Action, BlobId, Content, EvidenceId, FileMode, Observation, OpaqueReason, Provenance, RepoPath,
    RepositoryError, Seen, Step, Trajectory, TreeId,
};

use super::edit;
use super::finding::{Findings, Place};
use super::search;
use super::shown::Shown;
use super::sources::Sources;
use super::text::{Reading, Text, Texts};
use super::worktree::{Entry, Worktree};

const VIEWED_LINES: usize = 200;

/// The work tree of the moment and what was shown of it.
pub(super) struct Replay<'a> {
    trajectory: &'a Trajectory,
    sources: Sources<'a>,
    texts: &'a Texts,
    findings: &'a mut Findings,
    worktree: Worktree<'a>,
    /// The contents this trajectory wrote, which git may never have held.
    written: BTreeMap<BlobId, Reading>,
    shown: Shown,
    /// The text files of the moment, in path order; dropped by every change.
    searchable: Option<Vec<(RepoPath, Arc<Text>)>>,
    /// How many authored states were compared so far.
    reached: usize,
    /// The tree of the authored state under way.
    target: Option<(usize, Worktree<'a>)>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(
        trajectory: &'a Trajectory,
        sources: Sources<'a>,
        texts: &'a Texts,
        findings: &'a mut Findings,
    ) -> Self {
        Self {
            trajectory,
            sources,
            texts,
            findings,
            worktree: Worktree::new(sources.repo, &trajectory.unit.base_tree),
            written: BTreeMap::new(),
            shown: Shown::default(),
            searchable: None,
            reached: 0,
            target: None,
        }
    }

    /// Walks all steps; an unreadable object ends the walk with a finding.
    pub(super) fn run(mut self) {
        let steps = &self.trajectory.steps;
        let mut upcoming = self.trajectory.unit.states.len();
        let mut upcoming_states = vec![upcoming; steps.len()];
        for (index, step) in steps.iter().enumerate().rev() {
            if is_change(&step.action) {
                upcoming = step.state.map_or(upcoming, |state| state as usize);
            }
            upcoming_states[index] = upcoming;
        }
        for (index, step) in steps.iter().enumerate() {
            if let Err(error) = self.step(index + 1, step, upcoming_states[index]) {
                self.unreadable(Some(index + 1), &error);
                return;
            }
        }
        self.reach(self.trajectory.unit.states.len());
    }

    fn unreadable(&mut self, step: Option<usize>, error: &RepositoryError) {
        let place = Place { step, rule: "whole/objects", tier: None };
        self.findings.note(place, "an object that can be read", error);
    }

    fn step(&mut self, number: usize, step: &Step, state: usize) -> Result<(), RepositoryError> {
        match &step.action {
            Action::Message { .. } | Action::Finish { .. } => {
                let place = Place::step(number, "whole/order");
                self.findings.demand(
                    step.observation.is_none(),
                    place,
                    "no observation after a message",
                    || "an observation".to_owned(),
                );
                Ok(())
            }
            Action::RunTests { .. } => {
                let place = Place::step(number, "whole/order");
                self.findings.note(place, "only actions with a published rule", "a test run");
                Ok(())
            }
            Action::Search { pattern, whole_word } => {
                let expected = self.search(number, pattern, *whole_word)?;
                self.observed(number, step, "search/literal", state, expected)
            }
            Action::List { path, depth } => {
                let expected = self.list(number, path, *depth)?;
                self.observed(number, step, "list/tree", state, expected)
            }
            Action::View { path, start, end } => {
                let expected = self.view(number, path, (*start as usize, *end as usize))?;
                self.observed(number, step, "view/lines", state, expected)
            }
            Action::Edit { .. }
            | Action::Create { .. }
            | Action::Delete { .. }
            | Action::Rename { .. }
            | Action::SetMode { .. } => self.change(number, step),
        }
    }

    fn search(
        &mut self,
        number: usize,
        pattern: &str,
        whole_word: bool,
    ) -> Result<Option<Observation>, RepositoryError> {
        let place = Place::step(number, "search/literal");
        if pattern.is_empty() || pattern.contains('\n') {
            self.findings.note(place, "a pattern of one line", format_args!("{pattern:?}"));
            return Ok(None);
        }
        if self.searchable.is_none() {
            let mut texts = Vec::new();
            for (path, mode, id) in self.worktree.files()? {
                if mode.is_file()
                    && let Some(text) = self.read(&id)?.text()
                {
                    texts.push((path, text.clone()));
                }
            }
            self.searchable = Some(texts);
        }
        let texts = self.searchable.as_deref().unwrap_or_default();
        Ok(Some(search::search(texts, pattern, whole_word)))
    }

    fn list(
        &mut self,
        number: usize,
        path: &RepoPath,
        depth: u32,
    ) -> Result<Option<Observation>, RepositoryError> {
        let place = Place::step(number, "list/tree");
        if depth == 0 || !self.worktree.is_directory(path)? {
            self.findings.note(place, "a directory and at least one level", path);
            return Ok(None);
        }
        let files = self.worktree.files()?;
        Ok(Some(search::list(files.iter().map(|(path, ..)| path), path, depth)))
    }

    fn view(
        &mut self,
        number: usize,
        path: &RepoPath,
        (start, end): (usize, usize),
    ) -> Result<Option<Observation>, RepositoryError> {
        let place = Place::step(number, "view/lines");
        let Some((mode, id)) = self.worktree.get(path)? else {
            self.findings.note(place, "a file of the state", format_args!("no `{path}`"));
            return Ok(None);
        };
        let reading = self.read(&id)?;
        let Some(text) = reading.text().filter(|_| mode.is_file()) else {
            self.findings.note(place, "a text file", format_args!("`{path}` is none"));
            return Ok(None);
        };
        let total = text.lines();
        let good = 1 <= start && start <= end && end <= total && end - start < VIEWED_LINES;
        self.findings.demand(good, place, "a range of at most 200 lines of the file", || {
            format!("lines {start} to {end} of {total}")
        });
        if good {
            self.shown.view(path, start - 1..end, total);
        }
        self.stored(number, &id);
        let total = u32::try_from(total).unwrap_or(u32::MAX);
        Ok(Some(Observation::Lines { blob: id, total }))
    }

    /// Compares an observation and its claim with what the state demands.
    fn observed(
        &mut self,
        number: usize,
        step: &Step,
        rule: &str,
        state: usize,
        expected: Option<Observation>,
    ) -> Result<(), RepositoryError> {
        let place = Place::step(number, rule);
        let Some(Seen { content, provenance }) = &step.observation else {
            self.findings.note(place, "an observation", "none");
            return Ok(());
        };
        let place = place.claimed(provenance.tier());
        if let Some(expected) = expected {
            self.findings.equal(place, "", (&expected, content));
        }
        let tree = self.worktree.tree_id();
        let allowed = self.evidence_of(&tree, state);
        let good = matches!(provenance, Provenance::Observed { evidence }
            if evidence.len() == 1 && allowed.contains(&evidence[0]));
        self.findings.demand(good, place, "observed in the commit whose tree the state is", || {
            format!("{provenance:?}")
        });
        Ok(())
    }

    /// Lists what may be named as the source of this tree before a state is begun.
    fn evidence_of(&self, tree: &TreeId, state: usize) -> Vec<EvidenceId> {
        let unit = &self.trajectory.unit;
        let base = unit.base.iter().filter(|_| unit.base_tree == *tree);
        let done = unit.states.iter().take(state).filter(|done| done.tree == *tree);
        let mut allowed: Vec<_> =
            base.chain(done.map(|state| &state.commit)).map(EvidenceId::commit).collect();
        if *tree == TreeId::empty() {
            allowed.push(EvidenceId::tree(tree));
        }
        allowed
    }

    fn read(&self, id: &BlobId) -> Result<Reading, RepositoryError> {
        match self.written.get(id) {
            Some(reading) => Ok(reading.clone()),
            None => self.texts.read(self.sources.repo, id),
        }
    }

    /// Reads a stored blob and checks that its name is its hash.
    fn stored(&mut self, number: usize, id: &BlobId) -> Option<Vec<u8>> {
        let place = Place::step(number, "whole/stored");
        stored(self.sources, self.findings, place, id)
    }

    fn change(&mut self, number: usize, step: &Step) -> Result<(), RepositoryError> {
        let place = Place::step(number, "edit/apply");
        let states = self.trajectory.unit.states.len();
        let Some(state) = step.state.map(|state| state as usize).filter(|state| *state < states)
        else {
            let found = format!("{:?} of {states}", step.state);
            self.findings.note(place, "the index of an authored state", found);
            return Ok(());
        };
        self.reach(state);
        let applied = match &step.action {
            Action::Edit { path, old, new } => self.edit(number, path, (old, new))?,
            Action::Create { path, mode, content } => self.create(number, path, *mode, content)?,
            Action::Delete { path } => self.delete(number, path)?,
            Action::Rename { from, to } => self.rename(number, from, to)?,
            Action::SetMode { path, mode } => self.set_mode(number, path, *mode)?,
            Action::Message { .. }
            | Action::Search { .. }
            | Action::List { .. }
            | Action::View { .. }
            | Action::RunTests { .. }
            | Action::Finish { .. } => None,
        };
        match applied {
            Some(applied) => self.applied(number, step, state, &applied),
            None => Ok(()),
        }
    }

    fn put(&mut self, path: &RepoPath, entry: Option<Entry>) -> Result<(), RepositoryError> {
        self.searchable = None;
        self.worktree.set(path, entry)
    }

    /// Returns the entry of a path that must exist.
    fn existing(
        &mut self,
        number: usize,
        path: &RepoPath,
    ) -> Result<Option<Entry>, RepositoryError> {
        let entry = self.worktree.get(path)?;
        if entry.is_none() {
            let place = Place::step(number, "edit/apply");
            self.findings.note(place, "a path of the state", format_args!("no `{path}`"));
        }
        Ok(entry)
    }

    fn edit(
        &mut self,
        number: usize,
        path: &RepoPath,
        (old, new): (&str, &str),
    ) -> Result<Option<Applied>, RepositoryError> {
        let Some((mode, before)) = self.existing(number, path)? else { return Ok(None) };
        let reading = self.read(&before)?;
        let place = Place::step(number, "whole/unique");
        let Some(text) = reading.text() else {
            self.findings.note(place, "a text file", format_args!("`{path}` is none"));
            return Ok(None);
        };
        let places = edit::occurrences(text.bytes(), old.as_bytes(), 2);
        let [at] = places[..] else {
            let found = if places.is_empty() { "none" } else { "more than one" };
            self.findings.note(place, "exactly one occurrence of the old text", found);
            return Ok(None);
        };
        let touched = edit::touched_lines(text, at, old.len());
        if let Some(line) = self.shown.first_unseen(path, touched) {
            let place = Place::step(number, "whole/shown");
            let found = format!("line {} of `{path}` was not", line + 1);
            self.findings.note(place, "every touched line was shown before", found);
        }
        let content = edit::replaced(text.bytes(), at, old.len(), new.as_bytes());
        let after = backstory_model::git_object_id("blob", &content);
        let changed = Reading::of(content.into(), self.texts.file_limit);
        match changed.text() {
            Some(changed) => self.shown.edit(path, (text, changed), (at, old.len(), new.len())),
            None => self.shown.remove(path),
        }
        self.written.insert(after.clone(), changed);
        self.put(path, Some((mode, after.clone())))?;
        Ok(Some(Applied { path: path.clone(), before: Some(before), after: Some(after) }))
    }

    fn create(
        &mut self,
        number: usize,
        path: &RepoPath,
        mode: FileMode,
        content: &Content,
    ) -> Result<Option<Applied>, RepositoryError> {
        let place = Place::step(number, "edit/apply");
        let free = self.worktree.is_free_for_file(path)?;
        self.findings.demand(
            free && mode != FileMode::Directory,
            place,
            "a place for a file",
            || format!("`{path}` cannot be one"),
        );
        if !free {
            return Ok(None);
        }
        let before = self.worktree.get(path)?;
        if let Some(entry) = &before {
            self.seen_before_loss(number, path, entry)?;
        }
        let reading = self.content(number, mode, content)?;
        match reading.text() {
            Some(text) => self.shown.write(path, text.lines()),
            None => self.shown.remove(path),
        }
        let after = content.blob().clone();
        if let Content::Text { .. } = content {
            self.written.insert(after.clone(), reading);
        }
        self.put(path, Some((mode, after.clone())))?;
        let before = before.map(|(_, id)| id);
        Ok(Some(Applied { path: path.clone(), before, after: Some(after) }))
    }

    /// Reads the content a step writes and checks what is said about it.
    fn content(
        &mut self,
        number: usize,
        mode: FileMode,
        content: &Content,
    ) -> Result<Reading, RepositoryError> {
        let place = Place::step(number, "whole/stored");
        match content {
            Content::Text { blob } => {
                let bytes = self.stored(number, blob).unwrap_or_default();
                let reading = Reading::of(bytes.into(), self.texts.file_limit);
                let good = reading.text().is_some() && mode != FileMode::Submodule;
                self.findings.demand(good, place, "text", || format!("{blob} is none"));
                Ok(reading)
            }
            Content::Opaque { blob, reason } => {
                let good = self.is_reason(mode, blob, *reason)?;
                self.findings.demand(good, place, "a true reason not to show the content", || {
                    format!("{blob} is said to be {reason:?}")
                });
                Ok(Reading::Opaque(*reason))
            }
        }
    }

    /// Returns true when this is a reason not to show this blob.
    fn is_reason(
        &self,
        mode: FileMode,
        blob: &BlobId,
        reason: OpaqueReason,
    ) -> Result<bool, RepositoryError> {
        if mode == FileMode::Submodule || reason == OpaqueReason::Submodule {
            return Ok(mode == FileMode::Submodule && reason == OpaqueReason::Submodule);
        }
        let repo = self.sources.repo;
        let Some(size) = repo.blob_size(blob)? else { return Ok(reason == OpaqueReason::Missing) };
        if reason == OpaqueReason::TooLarge || size > self.texts.file_limit {
            return Ok(reason == OpaqueReason::TooLarge && size > self.texts.file_limit);
        }
        Ok(match repo.blob(blob)? {
            None => reason == OpaqueReason::Missing,
            Some(bytes) => match reason {
                OpaqueReason::Binary => bytes.contains(&0),
                OpaqueReason::NotUtf8 => {
                    !bytes.contains(&0) && std::str::from_utf8(&bytes).is_err()
                }
                OpaqueReason::TooLarge | OpaqueReason::Missing | OpaqueReason::Submodule => false,
            },
        })
    }

    /// Checks that a text file had a line shown before it goes away.
    fn seen_before_loss(
        &mut self,
        number: usize,
        path: &RepoPath,
        (mode, id): &Entry,
    ) -> Result<(), RepositoryError> {
        let reading = self.read(id)?;
        let lines = reading.text().filter(|_| mode.is_file()).map_or(0, |text| text.lines());
        let place = Place::step(number, "whole/shown");
        self.findings.demand(
            lines == 0 || self.shown.any(path),
            place,
            "a line of the file was shown before",
            || format!("none of `{path}` was"),
        );
        Ok(())
    }

    fn delete(
        &mut self,
        number: usize,
        path: &RepoPath,
    ) -> Result<Option<Applied>, RepositoryError> {
        let Some(entry) = self.existing(number, path)? else { return Ok(None) };
        self.seen_before_loss(number, path, &entry)?;
        self.shown.remove(path);
        self.put(path, None)?;
        Ok(Some(Applied { path: path.clone(), before: Some(entry.1), after: None }))
    }

    fn rename(
        &mut self,
        number: usize,
        from: &RepoPath,
        to: &RepoPath,
    ) -> Result<Option<Applied>, RepositoryError> {
        let Some(entry) = self.existing(number, from)? else { return Ok(None) };
        self.seen_before_loss(number, from, &entry)?;
        self.put(from, None)?;
        let free = self.worktree.is_free_for_file(to)? && self.worktree.get(to)?.is_none();
        let place = Place::step(number, "edit/apply");
        self.findings
            .demand(free, place, "a free place for the file", || format!("`{to}` is none"));
        self.shown.rename(from, to);
        self.put(to, Some(entry.clone()))?;
        let blob = Some(entry.1);
        Ok(Some(Applied { path: to.clone(), before: blob.clone(), after: blob }))
    }

    fn set_mode(
        &mut self,
        number: usize,
        path: &RepoPath,
        mode: FileMode,
    ) -> Result<Option<Applied>, RepositoryError> {
        let Some((old_mode, id)) = self.existing(number, path)? else { return Ok(None) };
        let good = mode.is_file() || mode == FileMode::Symlink;
        let good = good && old_mode != FileMode::Submodule && mode != old_mode;
        let place = Place::step(number, "edit/apply");
        self.findings.demand(good, place, "another mode of a file", || format!("{mode:?}"));
        self.put(path, Some((mode, id.clone())))?;
        Ok(Some(Applied { path: path.clone(), before: Some(id.clone()), after: Some(id) }))
    }

    /// Compares the observation of a change and its claim.
    fn applied(
        &mut self,
        number: usize,
        step: &Step,
        state: usize,
        applied: &Applied,
    ) -> Result<(), RepositoryError> {
        let place = Place::step(number, "edit/apply");
        let Some(Seen { content, provenance }) = &step.observation else {
            self.findings.note(place, "an observation", "none");
            return Ok(());
        };
        let place = place.claimed(provenance.tier());
        let (before, after) = (applied.before.clone(), applied.after.clone());
        self.findings.equal(place, "", (&Observation::Applied { before, after }, content));
        let commit = EvidenceId::commit(&self.trajectory.unit.states[state].commit);
        let is_final = self.in_target(state, &applied.path)? == applied.after;
        let good = match provenance {
            Provenance::Observed { evidence } => is_final && *evidence == [commit],
            Provenance::Derived { rule, evidence } => {
                !is_final && rule.as_str() == "edit/apply" && *evidence == [commit]
            }
            Provenance::Executed { .. } | Provenance::Synthesized { .. } => false,
        };
        let expected = if is_final { "observed in the state's commit" } else { "derived" };
        self.findings.demand(good, place, expected, || format!("{provenance:?}"));
        Ok(())
    }

    /// Returns the blob that the authored state has at a path.
    fn in_target(
        &mut self,
        state: usize,
        path: &RepoPath,
    ) -> Result<Option<BlobId>, RepositoryError> {
        if self.target.as_ref().is_none_or(|(current, _)| *current != state) {
            let tree = &self.trajectory.unit.states[state].tree;
            self.target = Some((state, Worktree::new(self.sources.repo, tree)));
        }
        match &mut self.target {
            Some((_, target)) => Ok(target.get(path)?.map(|(_, id)| id)),
            None => Ok(None),
        }
    }

    /// Checks that the trees of all states before this one were reached.
    fn reach(&mut self, state: usize) {
        let states = &self.trajectory.unit.states;
        for (index, passed) in states.iter().enumerate().take(state).skip(self.reached) {
            let tree = self.worktree.tree_id();
            if tree != passed.tree {
                let place = Place::whole("whole/replay");
                let expected = format!("tree {} of authored state {index}", passed.tree);
                self.findings.note(place, expected, format_args!("tree {tree}"));
            }
        }
        self.reached = self.reached.max(state);
    }
}

/// What a change did to a path.
struct Applied {
    path: RepoPath,
    before: Option<BlobId>,
    after: Option<BlobId>,
}

/// Returns true for the actions that change a file.
pub(super) fn is_change(action: &Action) -> bool {
    match action {
        Action::Edit { .. }
        | Action::Create { .. }
        | Action::Delete { .. }
        | Action::Rename { .. }
        | Action::SetMode { .. } => true,
        Action::Message { .. }
        | Action::Search { .. }
        | Action::List { .. }
        | Action::View { .. }
        | Action::RunTests { .. }
        | Action::Finish { .. } => false,
    }
}

/// Reads a stored blob and notes when it is absent or not what its name says.
pub(super) fn stored(
    sources: Sources<'_>,
    findings: &mut Findings,
    place: Place<'_>,
    id: &BlobId,
) -> Option<Vec<u8>> {
    let Some(bytes) = sources.blobs.stored(id) else {
        findings.note(place, format_args!("blob {id} in the run"), "none");
        return None;
    };
    let hash = backstory_model::git_object_id("blob", &bytes);
    findings.equal(place, "content of blob", (id, &hash));
    Some(bytes)
}
