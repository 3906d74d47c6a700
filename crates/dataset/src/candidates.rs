//! Which patches of an instance were run, and what became of each?
//!
//! In: a story with its execution. Out: one row for each patch: the gold patch, its
//! mutants and what else stood beside it, with the verdict of the tests and how
//! much of what it changes the failing tests execute before the fix. The columns are
//! described in `docs/formats.md`.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    BlobId, ExecutedState, MutantVerdict, RepoPath, TaskInstance, TestId, TouchedTest,
    UnitExecution,
};
use backstory_syntax::diff::{DiffLine, HunkDiff, read_unified};
use backstory_table::{Cell, ColumnKind};

use crate::evidence::stored;
use crate::export::{ExportError, Shown};
use crate::label;

use ColumnKind::{Integer, Text};

/// The columns of the table.
pub(crate) fn columns() -> Vec<(&'static str, ColumnKind)> {
    vec![
        ("instance_id", Text),
        ("repo", Text),
        ("base_commit", Text),
        ("license", Text),
        ("number", Integer),
        ("family", Text),
        ("patch", Text),
        ("verdict", Text),
        ("grade", Integer),
        ("hunks", Integer),
        ("hunks_run", Integer),
        ("lines", Integer),
        ("lines_run", Integer),
    ]
}

/// One patch before it is a row.
struct Tried<'a> {
    family: &'static str,
    patch: &'a BlobId,
    verdict: MutantVerdict,
}

/// Returns the rows of one story; none without an instance or without a wrong patch.
pub(crate) fn rows(story: &Shown<'_>) -> Result<Vec<Vec<Cell>>, ExportError> {
    let (Some(execution), Some(instance)) = (story.execution, story.instance) else {
        return Ok(Vec::new());
    };
    if execution.mutants.is_empty() && execution.candidates.is_empty() {
        return Ok(Vec::new());
    }
    let executed = executed(story, execution, instance)?;
    let mut rows = Vec::new();
    for (number, tried) in (0..).zip(tried(execution, instance)) {
        let unit = &execution.unit;
        let bytes = story
            .bodies
            .bytes(tried.patch)
            .map_err(|source| ExportError::Body { unit: unit.clone(), source })?;
        let patch = String::from_utf8_lossy(&bytes).into_owned();
        let mut row = vec![
            Cell::Text(instance.instance_id.to_string()),
            Cell::Text(instance.repo.to_string()),
            Cell::Text(instance.base_commit.to_string()),
            Cell::text(label::license(story.trajectory)),
            Cell::Integer(number),
            Cell::Text(tried.family.to_owned()),
        ];
        let touches = touches(&patch, executed.as_ref());
        row.push(Cell::Text(patch));
        row.push(Cell::Text(tried.verdict.as_str().to_owned()));
        row.push(Cell::integer(grade(tried.verdict)));
        row.extend(touches.cells());
        rows.push(row);
    }
    Ok(rows)
}

/// Lists the patches: gold first, then mutants, then candidates.
fn tried<'a>(execution: &'a UnitExecution, instance: &'a TaskInstance) -> Vec<Tried<'a>> {
    // The gates say that gold passes every time.
    let verdict = MutantVerdict::Survives;
    let mut all = vec![Tried { family: "gold", patch: &instance.patch, verdict }];
    all.extend(execution.mutants.iter().map(|mutant| Tried {
        family: mutant.kind.as_str(),
        patch: &mutant.patch,
        verdict: mutant.verdict,
    }));
    all.extend(execution.candidates.iter().map(|candidate| Tried {
        family: candidate.kind.as_str(),
        patch: &candidate.patch,
        verdict: candidate.verdict,
    }));
    all
}

/// Returns how good a patch is, from 0 (nothing runs) to 3 (passes); `None` where
/// there is no verdict.
fn grade(verdict: MutantVerdict) -> Option<i64> {
    match verdict {
        MutantVerdict::SuiteBroken => Some(0),
        MutantVerdict::FailToPassFails => Some(1),
        MutantVerdict::FailToPassPartly | MutantVerdict::PassToPassBreaks => Some(2),
        MutantVerdict::Survives => Some(3),
        MutantVerdict::Unresolved => None,
    }
}

type Lines = BTreeMap<String, BTreeSet<u32>>;

/// Returns the lines that tests which tell the fix execute at the base with the tests;
/// `None` where no such test was traced.
///
/// No other state is read: the head holds the answer.
fn executed(
    story: &Shown<'_>,
    execution: &UnitExecution,
    instance: &TaskInstance,
) -> Result<Option<Lines>, ExportError> {
    let telling: BTreeSet<&TestId> = instance.fail_to_pass.iter().map(|test| &test.id).collect();
    let mut lines: Option<Lines> = None;
    let runs = execution.executions.iter();
    let before = runs.filter(|run| run.state == ExecutedState::BaseWithTests);
    for blob in before.filter_map(|run| run.touched.as_ref()) {
        let tests: Option<Vec<TouchedTest>> = stored(story.bodies, blob)
            .map_err(|source| ExportError::Body { unit: execution.unit.clone(), source })?;
        let tests = tests.into_iter().flatten();
        for test in tests.filter(|test| test.test.as_ref().is_some_and(|id| telling.contains(id))) {
            let lines = lines.get_or_insert_default();
            for file in test.files {
                lines.entry(file.path).or_default().extend(file.lines);
            }
        }
    }
    Ok(lines)
}

/// How much of what a patch changes is executed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Touches {
    hunks: i64,
    lines: i64,
    /// Hunks and lines; `None` where nothing was traced.
    run: Option<(i64, i64)>,
}

impl Touches {
    fn cells(self) -> [Cell; 4] {
        [
            Cell::Integer(self.hunks),
            Cell::integer(self.run.map(|(hunks, _)| hunks)),
            Cell::Integer(self.lines),
            Cell::integer(self.run.map(|(_, lines)| lines)),
        ]
    }
}

/// Counts the changed places of a patch, and those of them that are executed: removed
/// lines, and the line an insertion stands behind.
fn touches(patch: &str, executed: Option<&Lines>) -> Touches {
    let mut touches = Touches { run: executed.map(|_| (0, 0)), ..Touches::default() };
    for (path, places) in changed_places(patch) {
        let lines = executed.and_then(|lines| lines.get(&path.to_string()));
        let is_run = |line: &u32| lines.is_some_and(|lines| lines.contains(line));
        let run = places.iter().filter(|line| is_run(line)).count();
        touches.hunks += 1;
        touches.lines += i64::try_from(places.len()).unwrap_or_default();
        if let Some((hunks_run, lines_run)) = &mut touches.run {
            *hunks_run += i64::from(run > 0);
            *lines_run += i64::try_from(run).unwrap_or_default();
        }
    }
    touches
}

/// Returns the places that each run of changed lines changes, as lines of the base
/// counted from 1; the lines between two runs of one hunk are no change.
fn changed_places(patch: &str) -> Vec<(RepoPath, BTreeSet<u32>)> {
    let mut found = Vec::new();
    for file in read_unified(patch) {
        let Some(path) = file.before.or(file.after) else { continue };
        let runs = file.hunks.iter().flat_map(runs);
        found.extend(runs.map(|places| (path.clone(), places)));
    }
    found
}

fn runs(hunk: &HunkDiff<'_>) -> Vec<BTreeSet<u32>> {
    let mut runs: Vec<BTreeSet<u32>> = Vec::new();
    let (mut at, mut inside) = (hunk.line, false);
    for line in &hunk.lines {
        let starts = !inside && !matches!(line, DiffLine::Kept(_));
        if starts {
            runs.push(BTreeSet::new());
        }
        match (line, runs.last_mut()) {
            (DiffLine::Removed(_), Some(run)) => {
                run.insert(at);
            }
            // Lines that come where others went stand at the places of those.
            (DiffLine::Added(_), Some(run)) if starts => {
                run.insert(at.saturating_sub(1));
            }
            _ => {}
        }
        inside = !matches!(line, DiffLine::Kept(_));
        at = at.saturating_add(u32::from(!matches!(line, DiffLine::Added(_))));
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::*;

    const PATCH: &str = "\
diff --git a/src/a.py b/src/a.py
--- a/src/a.py
+++ b/src/a.py
@@ -2,7 +2,7 @@ def a():
 kept 2
-gone 3
-gone 4
+new
 kept 5
 kept 6
+--- a/no/header.py
 kept 7
 kept 8
";

    #[test]
    fn places_are_lines_of_the_base() {
        let found = changed_places(PATCH);
        assert_eq!(
            found,
            [("src/a.py".into(), BTreeSet::from([3, 4])), ("src/a.py".into(), [6].into())]
        );
    }

    #[test]
    fn what_no_test_ran_is_told_from_what_nobody_traced() {
        let lines = Lines::from([("src/a.py".to_owned(), BTreeSet::from([4, 5]))]);
        let seen = touches(PATCH, Some(&lines));
        assert_eq!(seen, Touches { hunks: 2, lines: 3, run: Some((1, 1)) });
        assert_eq!(touches(PATCH, Some(&Lines::new())).run, Some((0, 0)));
        assert_eq!(touches(PATCH, None).run, None);
    }
}
