//! Which edit comes next?
//!
//! The state is the base with all earlier edits. Asked is about the first edits of source and
//! tests of each change; an edit behind a file that is not text cannot be prepared.

use backstory_model::{Action, Content, FileMode, FileRole, RepoPath};
use backstory_syntax::role_of;
use backstory_verify::Expected;
use serde_json::{Value, json};

use super::change::{Edited, Told};
use super::{Found, Prepared, Stage, StageTask, how};
use crate::{Bodies, BodyError};

/// The most edits of a change that are asked about: states grow with each.
const MOST: usize = 8;

/// Adds the tasks of a change, and counts what is none.
pub(super) fn tasks(
    told: &Told<'_>,
    bodies: &dyn Bodies,
    found: &mut Found,
) -> Result<(), BodyError> {
    let mut made: Vec<Value> = Vec::new();
    let mut asked = 0;
    for (at, edit) in told.edits.iter().enumerate() {
        if asked == MOST {
            *found.skipped.entry("late_edit").or_default() += (told.edits.len() - at) as u64;
            return Ok(());
        }
        if let Some(expected) = expected(edit) {
            asked += 1;
            found.tasks.push(task(told, &made, expected));
        } else {
            found.skip("no_edit_of_code");
        }
        let Some(done) = done(edit.action, bodies)? else {
            *found.skipped.entry("state_not_text").or_default() +=
                (told.edits.len() - at - 1) as u64;
            return Ok(());
        };
        made.push(done);
    }
    Ok(())
}

fn task(told: &Told<'_>, made: &[Value], expected: Expected) -> StageTask {
    let so_far = match made {
        [] => "Nothing has been edited so far.".to_owned(),
        [_] => "One edit has been made so far.".to_owned(),
        made => format!("{} edits have been made so far.", made.len()),
    };
    let prompt = format!(
        "This change is asked for:\n\n{}\n\n{so_far} Make the next edit: `old` stands in the file \
         once, `new` takes its place. {}",
        told.asked.trim_end(),
        how(&["path", "old", "new"], false)
    );
    StageTask {
        stage: Stage::NextEdit,
        prompt,
        prepared: Prepared { edits: made.to_vec(), ..Prepared::default() },
        expected,
        rule: "stage/next-edit",
    }
}

/// Returns the answer if an edit is worth asking about.
fn expected(edit: &Edited<'_>) -> Option<Expected> {
    let Action::Edit { path, old, new } = edit.action else { return None };
    let is_code = matches!(role_of(path), FileRole::Source | FileRole::Test);
    let path = path.to_text().filter(|_| is_code)?.to_owned();
    edit.before.is_some().then(|| Expected::Edit { path, old: old.clone(), new: new.clone() })
}

/// Returns how an edit is made again; `None` where it is not of text.
fn done(action: &Action, bodies: &dyn Bodies) -> Result<Option<Value>, BodyError> {
    let text = |path: &RepoPath| path.to_text().map(str::to_owned);
    Ok(match action {
        Action::Edit { path, old, new } => {
            text(path).map(|path| json!({"path": path, "old": old, "new": new}))
        }
        Action::Create { path, mode: FileMode::Plain, content: Content::Text { blob } } => {
            let content = bodies.text(blob)?;
            text(path).map(|path| json!({"path": path, "content": content}))
        }
        Action::Delete { path } => text(path).map(|path| json!({"path": path, "delete": true})),
        _ => None,
    })
}
