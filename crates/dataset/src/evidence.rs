//! What did failing tests execute before the fix, file by file?
//!
//! In: the execution of a unit and its stored reports, touched lines and outputs. Out:
//! counts for each file that tests executed at the base with the tests of the change.
//! A run of a state that holds anything of the fix is never read: what it executes
//! knows the answer.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    BlobId, ChangeUnit, ExecutedState, Execution, ExecutionId, RunVerdict, TestId, TestReport,
    TouchedTest, UnitExecution,
};
use serde::de::DeserializeOwned;

use crate::{Bodies, BodyError};

/// The word of the only state that evidence is taken from.
pub(crate) const STATE: &str = "base_with_tests";

/// What the tests of one unit executed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Evidence {
    /// The run that was traced.
    pub(crate) execution: ExecutionId,
    /// How many tests failed that did not fail without the tests of the change.
    pub(crate) failing: usize,
    /// How many passed.
    pub(crate) passing: usize,
    /// The files that these tests executed.
    pub(crate) files: BTreeMap<String, FileEvidence>,
}

/// What is known of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct FileEvidence {
    /// How many of its lines a failing test executed.
    pub(crate) lines_failing: usize,
    /// How many a passing test executed.
    pub(crate) lines_passing: usize,
    /// How many a failing test executed and no passing one.
    pub(crate) lines_failing_only: usize,
    /// By how many failing and passing tests the line was executed that tells them
    /// apart best, by Ochiai.
    pub(crate) best: (usize, usize),
    /// How many files a failing test touched before it, at the least.
    pub(crate) first_touch: Option<usize>,
    /// How many frames lie between it and the failure, at the least.
    pub(crate) frame_depth: Option<usize>,
}

/// Returns the evidence of a unit; `None` where no failing test was traced.
pub(crate) fn evidence(
    unit: &ChangeUnit,
    execution: &UnitExecution,
    bodies: &dyn Bodies,
) -> Result<Option<Evidence>, BodyError> {
    let Some((run, touched)) = traced(unit, execution) else { return Ok(None) };
    let Some(report) = stored::<TestReport>(bodies, &run.report)? else { return Ok(None) };
    let Some(touched) = stored::<Vec<TouchedTest>>(bodies, touched)? else { return Ok(None) };
    let before = match execution.executions.iter().find(|run| run.state == ExecutedState::Base) {
        Some(run) => stored::<TestReport>(bodies, &run.report)?.unwrap_or_default(),
        None => TestReport::default(),
    };
    let results = || report.results.iter();
    let failing: BTreeSet<&TestId> = results()
        .filter(|result| result.outcome.is_failure() && !before.outcome(&result.id).is_failure())
        .map(|result| &result.id)
        .collect();
    let passing: BTreeSet<&TestId> =
        results().filter(|result| result.outcome.is_pass()).map(|result| &result.id).collect();
    let mut files = counted(&touched, &failing, &passing);
    if files.values().all(|file| file.lines_failing == 0) {
        return Ok(None);
    }
    for (path, depth) in frames(&bodies.text(&run.output)?, &failing) {
        if let Some(file) = files.get_mut(&path) {
            file.frame_depth = Some(depth);
        }
    }
    let (failing, passing) = (failing.len(), passing.len());
    Ok(Some(Evidence { execution: run.id.clone(), failing, passing, files }))
}

/// Returns the traced run of the base with the tests, unless that is the head itself.
fn traced<'e>(
    unit: &ChangeUnit,
    execution: &'e UnitExecution,
) -> Option<(&'e Execution, &'e BlobId)> {
    let fits = |run: &&Execution| {
        run.state == ExecutedState::BaseWithTests
            && run.tree != unit.head_tree
            && run.verdict == RunVerdict::Stable
    };
    execution.executions.iter().filter(fits).find_map(|run| Some((run, run.touched.as_ref()?)))
}

/// Reads a stored noun; `None` where it is of another form.
pub(crate) fn stored<T: DeserializeOwned>(
    bodies: &dyn Bodies,
    blob: &BlobId,
) -> Result<Option<T>, BodyError> {
    Ok(serde_json::from_slice(&bodies.bytes(blob)?).ok())
}

/// Counts lines by the tests that executed them.
fn counted(
    touched: &[TouchedTest],
    failing: &BTreeSet<&TestId>,
    passing: &BTreeSet<&TestId>,
) -> BTreeMap<String, FileEvidence> {
    let mut lines: BTreeMap<&str, BTreeMap<u32, (usize, usize)>> = BTreeMap::new();
    let mut first: BTreeMap<&str, usize> = BTreeMap::new();
    for test in touched {
        let Some(id) = &test.test else { continue };
        let fails = failing.contains(id);
        if !fails && !passing.contains(id) {
            continue;
        }
        for (place, file) in test.files.iter().enumerate() {
            let counts = lines.entry(&file.path).or_default();
            for line in &file.lines {
                let (failed, passed) = counts.entry(*line).or_default();
                *failed += usize::from(fails);
                *passed += usize::from(!fails);
            }
            if fails {
                let first = first.entry(&file.path).or_insert(place);
                *first = place.min(*first);
            }
        }
    }
    let told = |(path, lines): (&str, BTreeMap<u32, (usize, usize)>)| {
        let file = FileEvidence { first_touch: first.get(path).copied(), ..of_lines(&lines) };
        (path.to_owned(), file)
    };
    lines.into_iter().map(told).collect()
}

fn of_lines(lines: &BTreeMap<u32, (usize, usize)>) -> FileEvidence {
    let mut file = FileEvidence::default();
    for (failed, passed) in lines.values().copied() {
        file.lines_failing += usize::from(failed > 0);
        file.lines_passing += usize::from(passed > 0);
        file.lines_failing_only += usize::from(failed > 0 && passed == 0);
        if tells_more((failed, passed), file.best) {
            file.best = (failed, passed);
        }
    }
    file
}

/// Compares two lines by Ochiai, failed / sqrt(all failed * (failed + passed)), without
/// its root and what all lines share.
fn tells_more(one: (usize, usize), other: (usize, usize)) -> bool {
    let square = |(failed, passed): (usize, usize)| (failed * failed, (failed + passed).max(1));
    let ((left, by_left), (right, by_right)) = (square(one), square(other));
    (left * by_right, one.0) > (right * by_left, other.0)
}

/// Returns, for each file in a stack of a failing test as pytest prints it, how many
/// frames lie between it and the failure.
fn frames(output: &str, failing: &BTreeSet<&TestId>) -> BTreeMap<String, usize> {
    let names: BTreeSet<&str> = failing.iter().map(|id| name(id.as_str(), "::")).collect();
    let mut depths: BTreeMap<String, usize> = BTreeMap::new();
    let mut stack: Vec<&str> = Vec::new();
    let mut is_failing = false;
    // A last heading closes the last stack.
    for line in output.lines().chain(std::iter::once("= end =")) {
        if let Some(heading) = heading(line) {
            for (depth, path) in stack.drain(..).rev().enumerate() {
                let least = depths.entry(path.to_owned()).or_insert(depth);
                *least = depth.min(*least);
            }
            is_failing = names.contains(name(heading, "."));
        } else if is_failing {
            stack.extend(frame(line));
        }
    }
    depths
}

/// Returns the name of a test without its class and parameters.
fn name<'t>(id: &'t str, separator: &str) -> &'t str {
    let bare = id.split_once('[').map_or(id, |(bare, _)| bare);
    bare.rsplit_once(separator).map_or(bare, |(_, name)| name)
}

/// Returns what a line of `_` or `=` on both sides is called.
fn heading(line: &str) -> Option<&str> {
    let bare = ['_', '='].into_iter().find_map(|mark| {
        let inner = line.trim_start_matches(mark);
        (inner.len() < line.len() && line.ends_with(mark)).then(|| inner.trim_end_matches(mark))
    })?;
    // Between frames of one stack stands `_ _ _ _`.
    bare.chars().any(char::is_alphabetic).then(|| bare.trim())
}

/// Returns the file of a line such as `src/toy.py:12: in parse` or `src/toy.py:12: ValueError`.
fn frame(line: &str) -> Option<&str> {
    let (path, rest) = line.split_once(".py:")?;
    let (number, _) = rest.split_once(':')?;
    let is_place = !number.is_empty() && number.bytes().all(|byte| byte.is_ascii_digit());
    let is_path = !path.is_empty() && !path.contains(char::is_whitespace);
    (is_place && is_path).then(|| &line[..path.len() + 3])
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_line_that_tells_best_is_executed_by_failing_tests_alone() {
        let lines = [(3, (1, 9)), (5, (1, 0)), (7, (2, 8)), (9, (0, 4))].into();
        let file = of_lines(&lines);
        assert_eq!((file.lines_failing, file.lines_passing, file.lines_failing_only), (3, 3, 1));
        assert_eq!(file.best, (1, 0));
        assert!(tells_more((2, 0), (1, 0)) && !tells_more((1, 0), (1, 0)));
        assert!(!tells_more((0, 0), (0, 5)));
    }

    #[test]
    fn a_stack_is_read_from_its_failure_outward() {
        let output = "\
============ FAILURES ============
______ TestParse.test_empty[a-b] ______

    def test_empty():
>       parse('')

tests/test_toy.py:4: 
_ _ _ _ _ _ _ _
src/toy/api.py:12: in parse
    return read(text)
src/toy/read.py:3: ValueError
______ test_other ______
src/toy/other.py:3: ValueError
====== short test summary info ======
src/toy/late.py:3: in nothing
";
        let failing = TestId::new("tests/test_toy.py::TestParse::test_empty[a-b]");
        let found = frames(output, &[&failing].into());
        let expected = [("src/toy/api.py", 1), ("src/toy/read.py", 0), ("tests/test_toy.py", 2)];
        assert_eq!(found, expected.map(|(path, depth)| (path.to_owned(), depth)).into());
        assert!(frames(output, &BTreeSet::new()).is_empty());
    }
}
