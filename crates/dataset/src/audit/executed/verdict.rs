//! Does the verdict of one run follow from its report, status and ending?

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    Ending, ExecutedState, RunOrder, RunVerdict, TestId, TestOutcome, TestReport, TestRunner,
    TouchedFile,
};

use super::super::finding::Findings;
use super::PLACE;
use super::stored::{Run, Runs};

/// Compares the verdict of one run with what its channels say.
pub(super) fn check(run: &Run<'_>, runner: Option<TestRunner>, findings: &mut Findings) {
    let execution = run.execution;
    let what = format!("verdict of `{}`", execution.id);
    findings.equal(PLACE, &what, (&verdict(run, runner), &execution.verdict));
    let explained = execution.why.is_some() == (execution.verdict != RunVerdict::Stable);
    findings.demand(explained, PLACE, "a reason exactly where a run is not stable", || {
        format!("{:?} of `{}`", execution.why, execution.id)
    });
    let sorted = run.report.results.windows(2).all(|pair| pair[0].id < pair[1].id);
    findings.demand(sorted, PLACE, "a report with every test once, sorted", || {
        format!("another one of `{}`", execution.id)
    });
    if let Ending::Exited { status } = &execution.ending {
        let what = format!("status of `{}`", execution.id);
        findings.equal(PLACE, &what, (&Some(*status), &execution.status));
    }
}

fn verdict(run: &Run<'_>, runner: Option<TestRunner>) -> RunVerdict {
    if matches!(run.execution.ending, Ending::Broken { .. } | Ending::Canceled) {
        RunVerdict::Infra
    } else if is_spoofed(run, runner) {
        RunVerdict::SpoofSuspect
    } else if agrees(run) {
        RunVerdict::Stable
    } else {
        RunVerdict::Inconclusive
    }
}

/// Returns true when report, ending and status say the same.
fn agrees(run: &Run<'_>) -> bool {
    let report = &*run.report;
    let (Ending::Exited { .. }, Some(status)) = (&run.execution.ending, run.execution.status)
    else {
        return false;
    };
    let collected = report.collected > 0 || !report.broken_modules.is_empty();
    report.complete
        && collected
        && report.status.is_none_or(|said| said == status)
        && follows(report, status)
}

/// Returns true when a status follows from the outcomes: 0 exactly when nothing
/// failed, and every test has an outcome unless a broken module stopped the run.
fn follows(report: &TestReport, status: i32) -> bool {
    let any = |is: fn(TestOutcome) -> bool| report.results.iter().any(|test| is(test.outcome));
    let broken = !report.broken_modules.is_empty();
    let red = broken || any(TestOutcome::is_failure);
    (status == 0) != red && (broken || !any(|outcome| outcome == TestOutcome::NotRun))
}

/// Returns true when a test is said to have passed and nothing of it was executed:
/// no line of its own file, and no function of its name in another.
fn is_spoofed(run: &Run<'_>, runner: Option<TestRunner>) -> bool {
    let Some(touched) = &run.touched else { return false };
    let by_test: BTreeMap<&TestId, &[TouchedFile]> = touched
        .iter()
        .filter_map(|test| Some((test.test.as_ref()?, test.files.as_slice())))
        .collect();
    let mut passed = run.report.results.iter().filter(|test| test.outcome == TestOutcome::Passed);
    passed.any(|test| {
        let own = Own::of(runner, test.id.as_str());
        let files = by_test.get(&test.id).copied().unwrap_or_default();
        own.is_some_and(|own| !files.iter().any(|file| own.is_in(file)))
    })
}

/// What the id of a Python test says about its file and its function.
enum Own<'a> {
    File { path: &'a str, function: &'a str },
    Module { id: &'a str, function: &'a str },
}

impl<'a> Own<'a> {
    /// Returns `None` for a test of a file that has no lines of Python.
    fn of(runner: Option<TestRunner>, id: &'a str) -> Option<Self> {
        let bare = id.split('[').next().unwrap_or(id);
        if runner == Some(TestRunner::Unittest) {
            return Some(Self::Module { id, function: bare.rsplit('.').next()? });
        }
        let (path, _) = id.split_once("::")?;
        let function = bare.rsplit("::").next()?;
        path.strip_suffix(".py").map(|_| Self::File { path, function })
    }

    fn is_in(&self, file: &TouchedFile) -> bool {
        let (own, function) = match self {
            Self::File { path, function } => (file.path == *path, *function),
            Self::Module { id, function } => (is_module_of(&file.path, id), *function),
        };
        let last = |name: &str| name.rsplit('.').next() == Some(function);
        (own && !file.lines.is_empty()) || file.functions.iter().any(|(name, _)| last(name))
    }
}

/// Returns true when a dotted id lies in the module of a file, imported from the
/// root or from a folder below it.
fn is_module_of(path: &str, id: &str) -> bool {
    let parts: Vec<&str> = path.strip_suffix(".py").unwrap_or(path).split('/').collect();
    let begins = |from: usize| {
        let module = parts[from..].join(".");
        id.strip_prefix(&module).is_some_and(|rest| rest.starts_with('.'))
    };
    (0..parts.len()).any(begins)
}

/// Checks that the id of a run says its state and order.
pub(super) fn check_id(run: &Run<'_>, findings: &mut Findings) {
    let execution = run.execution;
    let state = match &execution.state {
        ExecutedState::Base => "base".to_owned(),
        ExecutedState::BaseWithTests => "base_with_tests".to_owned(),
        ExecutedState::Authored { index } => format!("authored/{index}"),
        ExecutedState::AuthoredWithTests { index } => format!("authored_with_tests/{index}"),
        ExecutedState::Head => "head".to_owned(),
        ExecutedState::HeadReverted => "head_reverted".to_owned(),
        ExecutedState::Mutant { number } => format!("mutant/{number}"),
        ExecutedState::Canaries => "canaries".to_owned(),
        ExecutedState::Candidate { number } => format!("candidate/{number}"),
    };
    let order = match &execution.order {
        RunOrder::File => "file",
        RunOrder::Random { .. } => "random",
        RunOrder::Selected { .. } => "selected",
    };
    let begin = format!("{state}/{order}/");
    let number = execution.id.as_str().strip_prefix(&begin);
    let counted = number.and_then(|digits| digits.parse::<u32>().ok()).is_some_and(|n| n > 0);
    findings.demand(counted, PLACE, &format!("an id `{begin}N`"), || execution.id.to_string());
}

/// Checks that every run has its own id.
pub(super) fn check_unique(runs: &Runs<'_>, findings: &mut Findings) {
    let ids: BTreeSet<_> = runs.list.iter().map(|run| &run.execution.id).collect();
    findings.demand(ids.len() == runs.list.len(), PLACE, "every run once", || {
        format!("{} ids of {} runs", ids.len(), runs.list.len())
    });
}
