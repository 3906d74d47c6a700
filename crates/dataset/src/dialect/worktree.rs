//! What do the files a trajectory has shown hold at each of its steps?
//!
//! Scaffolds print a piece of the file after an edit. The text after an edit is
//! not stored, so it is replayed from the viewed text and checked against the
//! blob id the step names; where that cannot be done, the piece is left out.

use std::collections::BTreeMap;

use backstory_model::{Action, BlobId, Content, Observation, RepoPath, Step, git_object_id};

use crate::{Bodies, BodyError};

/// The texts known so far, by path.
#[derive(Default)]
pub(crate) struct Worktree {
    texts: BTreeMap<RepoPath, String>,
}

/// One step with the texts a tool would print from.
pub(crate) struct Scene<'a> {
    pub(crate) step: &'a Step,
    /// For views, the file; for edits and creations, the file afterwards; for
    /// test runs and reports of CI, what they printed.
    pub(crate) body: Option<String>,
    /// For edits, the 1-based line the replacement starts at.
    pub(crate) edited_line: Option<usize>,
}

impl Scene<'_> {
    /// Returns the blob a change found in its place, if there was a file.
    pub(crate) fn replaces_file(&self) -> bool {
        let seen = self.step.observation.as_ref().map(|seen| &seen.content);
        matches!(seen, Some(Observation::Applied { before: Some(_), .. }))
    }
}

impl Worktree {
    /// Moves past one step and says what its tool would print from.
    pub(crate) fn play<'a>(
        &mut self,
        step: &'a Step,
        bodies: &dyn Bodies,
    ) -> Result<Scene<'a>, BodyError> {
        let mut scene = Scene { step, body: None, edited_line: None };
        let seen = step.observation.as_ref().map(|seen| &seen.content);
        match (&step.action, seen) {
            (Action::View { path, .. }, Some(Observation::Lines { blob, .. }))
            | (Action::Create { path, content: Content::Text { blob }, .. }, _) => {
                let text = bodies.text(blob)?;
                self.texts.insert(path.clone(), text.clone());
                scene.body = Some(text);
            }
            (Action::Edit { path, old, new }, Some(Observation::Applied { after, .. })) => {
                if let Some((line, text)) = self.edit(path, old, new, after.as_ref()) {
                    scene.edited_line = Some(line);
                    scene.body = Some(text);
                }
            }
            (Action::Rename { from, to }, _) => {
                if let Some(text) = self.texts.remove(from) {
                    self.texts.insert(to.clone(), text);
                }
            }
            (
                Action::Delete { path } | Action::Create { path, .. } | Action::Edit { path, .. },
                _,
            ) => {
                self.texts.remove(path);
            }
            (
                _,
                Some(Observation::TestOutput { output, .. } | Observation::CiLog { output, .. }),
            ) => {
                scene.body = Some(String::from_utf8_lossy(&bodies.bytes(output)?).into_owned());
            }
            _ => {}
        }
        Ok(scene)
    }

    fn edit(
        &mut self,
        path: &RepoPath,
        old: &str,
        new: &str,
        after: Option<&BlobId>,
    ) -> Option<(usize, String)> {
        let before = self.texts.remove(path)?;
        let at = before.find(old)?;
        let line = 1 + before[..at].matches('\n').count();
        let text = [&before[..at], new, &before[at + old.len()..]].concat();
        let id = git_object_id("blob", text.as_bytes());
        if after != Some(&id) {
            return None;
        }
        self.texts.insert(path.clone(), text.clone());
        Some((line, text))
    }
}
