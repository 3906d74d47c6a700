//! Which functions does a change touch?
//!
//! Asked is about the functions that are there before the change, in Python source that is
//! no test: their own lines are changed ([`changed_functions`]).

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{Action, FileRole, Language, RepoPath};
use backstory_syntax::{changed_functions, language_of, python_functions, role_of};
use backstory_verify::{Expected, FunctionPlace};

use super::change::Told;
use super::{Found, Prepared, Stage, StageTask, how};

/// A change of more functions is several, or hardly one that is asked for.
const MOST: usize = 10;

/// Adds the task of a change, or why there is none.
pub(super) fn task(told: &Told<'_>, found: &mut Found) {
    let Some(versions) = versions(told) else { return found.skip("text_not_known") };
    let mut functions = Vec::new();
    for (path, (base, end)) in versions {
        functions.extend(touched(path, base, end));
    }
    if functions.is_empty() {
        return found.skip("no_function");
    }
    if functions.len() > MOST {
        return found.skip("many_functions");
    }
    let prompt = format!(
        "This change is asked for:\n\n{}\n\nWhich functions that are there now have to change? \
         Tests do not count. Name each once, by its file and its qualified name. {}",
        told.asked.trim_end(),
        how(&["path", "function"], true)
    );
    found.tasks.push(StageTask {
        stage: Stage::LocateFunction,
        prompt,
        prepared: Prepared::default(),
        expected: Expected::Functions { functions },
        rule: "stage/changed-functions",
    });
}

/// Returns the first and the last text of each Python source file that is edited; `None`
/// where one is not known. What a change brings holds no function to be found.
fn versions<'t>(told: &'t Told<'_>) -> Option<BTreeMap<&'t RepoPath, (&'t str, &'t str)>> {
    let mut versions: BTreeMap<&RepoPath, (&str, &str)> = BTreeMap::new();
    let mut brought: BTreeSet<&RepoPath> = BTreeSet::new();
    for edit in &told.edits {
        let path = match edit.action {
            Action::Create { path, .. } if edit.is_new => {
                brought.insert(path);
                continue;
            }
            Action::Rename { to, .. } => {
                brought.insert(to);
                continue;
            }
            Action::Edit { path, .. } | Action::Create { path, .. } => path,
            _ => continue,
        };
        if brought.contains(path) {
            continue;
        }
        let is_source = role_of(path) == FileRole::Source;
        if !is_source || language_of(path) != Some(Language::Python) {
            continue;
        }
        let (before, after) = (edit.before.as_deref()?, edit.after.as_deref()?);
        versions.entry(path).and_modify(|(_, end)| *end = after).or_insert((before, after));
    }
    Some(versions)
}

fn touched(path: &RepoPath, base: &str, end: &str) -> Vec<FunctionPlace> {
    let (Some(path), Some(changed)) = (path.to_text(), changed_functions(base, end)) else {
        return Vec::new();
    };
    let there = python_functions(base).unwrap_or_default();
    let touched = there.into_iter().filter(|function| changed.names.contains(&function.name));
    let place = |function: backstory_syntax::PythonFunction| FunctionPlace {
        path: path.to_owned(),
        function: function.name,
        start: *function.lines.start(),
        end: *function.lines.end(),
    };
    touched.map(place).collect()
}

#[cfg(test)]
mod tests {
    use backstory_model::{Content, FileMode, git_object_id};

    use super::*;
    use crate::stages::change::Edited;

    const OLD: &str = "def f():\n    return 1\n";
    const NEW: &str = "def f():\n    return 2\n";

    fn edit(path: &str) -> Action {
        Action::Edit { path: path.into(), old: OLD.to_owned(), new: NEW.to_owned() }
    }

    fn edited(action: &Action) -> Edited<'_> {
        let (before, after) = (Some(OLD.to_owned()), Some(NEW.to_owned()));
        Edited { action, before, after, is_new: false }
    }

    #[test]
    fn what_a_change_brings_is_not_there_to_be_found() {
        let blob = git_object_id("blob", OLD.as_bytes());
        let content = Content::Text { blob };
        let create = Action::Create { path: "new.py".into(), mode: FileMode::Plain, content };
        let rename = Action::Rename { from: "a.py".into(), to: "moved.py".into() };
        let edits = ["new.py", "moved.py", "there.py"].map(edit);
        let created = Edited { action: &create, before: None, after: None, is_new: true };
        let told = Told {
            asked: "Return two.",
            edits: [created, edited(&rename)].into_iter().chain(edits.iter().map(edited)).collect(),
        };
        let paths: Vec<String> =
            versions(&told).into_iter().flatten().map(|(path, _)| path.to_string()).collect();
        assert_eq!(paths, ["there.py"]);
    }
}
