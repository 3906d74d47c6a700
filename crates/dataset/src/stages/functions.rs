//! Which functions does a change touch?
//!
//! Asked is about the functions that are there before the change, in Python source that is
//! no test: their own lines are changed ([`changed_functions`]).

use std::collections::BTreeMap;

use backstory_model::{Action, FileRole, Language, RepoPath};
use backstory_syntax::{changed_functions, language_of, python_functions, role_of};
use backstory_verify::{Expected, FunctionPlace};

use super::change::Told;
use super::{Found, Prepared, Stage, StageTask, how};

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
/// where one is not known. New files hold no function to be found.
fn versions<'t>(told: &'t Told<'_>) -> Option<BTreeMap<&'t RepoPath, (&'t str, &'t str)>> {
    let mut versions: BTreeMap<&RepoPath, (&str, &str)> = BTreeMap::new();
    for edit in &told.edits {
        let Action::Edit { path, .. } = edit.action else { continue };
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
