//! What does one change do to the work tree, and was it allowed?
//!
//! In: an edit, create, delete, rename or change of mode. Out: findings, and the
//! work tree and the marks of shown lines as they are afterwards.

use backstory_model::{
    Action, BlobId, Content, EvidenceId, FileMode, Observation, OpaqueReason, Provenance, RepoPath,
    RepositoryError, Seen, Step, git_object_id,
};

use super::edit;
use super::finding::Place;
use super::replay::Replay;
use super::text::Reading;
use super::worktree::{Entry, Worktree};

/// What a change did to a path.
struct Applied {
    path: RepoPath,
    before: Option<BlobId>,
    after: Option<BlobId>,
}

impl Replay<'_> {
    /// Applies one change and checks everything about it.
    pub(super) fn change(&mut self, number: usize, step: &Step) -> Result<(), RepositoryError> {
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
            | Action::CiReport { .. }
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
        let after = git_object_id("blob", &content);
        // The limit is one of stored files; between two edits a file may be over it.
        let changed = Reading::of(content.into(), u64::MAX);
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
                Ok(Reading::Opaque)
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
}
