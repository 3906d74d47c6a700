//! What was asked of a change, what did its files hold, and what was edited?
//!
//! Texts are replayed from what the trajectory shows; a file whose text is not known gives
//! no task.

use std::collections::BTreeMap;

use backstory_model::{Action, RepoPath, Role, Trajectory};

use super::{Found, edits, functions};
use crate::dialect::worktree::Worktree;
use crate::{Bodies, BodyError};

/// A change as its tasks need it.
pub(super) struct Told<'a> {
    /// What was asked for.
    pub(super) asked: &'a str,
    /// Every edit that changes files, in order.
    pub(super) edits: Vec<Edited<'a>>,
}

/// One action that changes files.
pub(super) struct Edited<'a> {
    pub(super) action: &'a Action,
    /// For edits and creations of text, the file before; `None` where it is not known or
    /// there was none.
    pub(super) before: Option<String>,
    /// The same, afterwards.
    pub(super) after: Option<String>,
    /// There was no file of that name before.
    pub(super) is_new: bool,
}

impl<'a> Edited<'a> {
    fn without_text(action: &'a Action) -> Self {
        Self { action, before: None, after: None, is_new: false }
    }
}

/// Returns the tasks of a change.
pub(super) fn tasks(trajectory: &Trajectory, bodies: &dyn Bodies) -> Result<Found, BodyError> {
    let mut found = Found::default();
    let asked = trajectory.steps.iter().find_map(|step| match &step.action {
        Action::Message { role: Role::User, text } => Some(text.as_str()),
        _ => None,
    });
    let Some(asked) = asked else {
        found.skip("no_requirement");
        return Ok(found);
    };
    let told = Told { asked, edits: edited(trajectory, bodies)? };
    functions::task(&told, &mut found);
    edits::tasks(&told, bodies, &mut found)?;
    Ok(found)
}

fn edited<'a>(
    trajectory: &'a Trajectory,
    bodies: &dyn Bodies,
) -> Result<Vec<Edited<'a>>, BodyError> {
    let mut worktree = Worktree::default();
    let mut texts: BTreeMap<&RepoPath, String> = BTreeMap::new();
    let mut edits = Vec::new();
    for step in &trajectory.steps {
        let scene = worktree.play(step, bodies)?;
        match &step.action {
            Action::View { path, .. } => {
                texts.extend(scene.body.map(|text| (path, text)));
            }
            Action::Edit { path, .. } | Action::Create { path, .. } => {
                let before = texts.remove(path);
                let is_new = !scene.replaces_file();
                texts.extend(scene.body.clone().map(|text| (path, text)));
                edits.push(Edited { action: &step.action, before, after: scene.body, is_new });
            }
            Action::Delete { path } | Action::Rename { from: path, .. } => {
                texts.remove(path);
                edits.push(Edited::without_text(&step.action));
            }
            Action::SetMode { .. } => edits.push(Edited::without_text(&step.action)),
            _ => {}
        }
    }
    Ok(edits)
}
