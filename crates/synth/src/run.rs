//! Which runs does a story show, and where do they point?
//!
//! In: the executions of a unit and what is stored of them. Out: the run of the
//! head that ends the story, the runs before it that show the failure, and
//! whether a run leads to some lines of a file: by a stack frame it printed, or
//! because a failing test executed one of them.

use std::collections::BTreeSet;
use std::sync::Arc;

use backstory_model::{
    BlobId, ChangeUnit, ExecutedState, Execution, ExecutionOutcome, LineRange, RepoPath, RunOrder,
    RunVerdict, TestId, TestOutcome, TestReport, TouchedTest, TreeId,
};
use memchr::memmem;

use crate::evidence::{ExecutionEvidence, UnitEvidence};
use crate::text::is_word_byte;

/// The runs of a unit whose head was run to a verdict.
#[derive(Debug)]
pub struct Runs<'a> {
    evidence: &'a ExecutionEvidence,
    passing: BTreeSet<TestId>,
    head: Arc<Run<'a>>,
    with_tests: Option<Arc<Run<'a>>>,
}

/// One run a story shows.
#[derive(Debug)]
pub struct Run<'a> {
    /// The execution.
    pub execution: &'a Execution,
    /// What it printed.
    pub output: Arc<[u8]>,
    /// A test fails in it that passes at the head.
    pub red: bool,
    failing: Vec<TouchedTest>,
}

/// How a run leads to some lines.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Pointer {
    /// It printed one of them as a place.
    Frame,
    /// A test that did not pass executed one of them.
    Line,
}

impl<'a> Runs<'a> {
    /// Reads the runs of a unit; `None` where the head has no stable one.
    pub fn of(evidence: &'a UnitEvidence, unit: &ChangeUnit) -> Option<Self> {
        let evidence = evidence.execution.as_ref()?;
        let known = &evidence.unit;
        if known.unit != unit.id || matches!(known.outcome, ExecutionOutcome::HeadFails { .. }) {
            return None;
        }
        let is_head = |state: &ExecutedState| *state == ExecutedState::Head;
        let head = pick(evidence, &unit.head_tree, is_head)?;
        let flaky: BTreeSet<&TestId> = known.flaky.iter().map(|test| &test.id).collect();
        let report: TestReport = read(evidence, &head.report)?;
        let results = report.results.into_iter();
        let passing = results
            .filter(|test| test.outcome == TestOutcome::Passed && !flaky.contains(&test.id))
            .map(|test| test.id)
            .collect();
        let head = run(evidence, &passing, head)?;
        let is_it = |state: &ExecutedState| *state == ExecutedState::BaseWithTests;
        let any = known.executions.iter().find(|run| is_it(&run.state));
        let with_tests = any
            .and_then(|any| pick(evidence, &any.tree, is_it))
            .and_then(|found| run(evidence, &passing, found));
        Some(Self { evidence, passing, head, with_tests })
    }

    /// Returns the run that ends the story.
    pub fn head(&self) -> Arc<Run<'a>> {
        Arc::clone(&self.head)
    }

    /// Returns the run of the base with the tests, whatever its tree.
    pub fn with_tests(&self) -> Option<Arc<Run<'a>>> {
        self.with_tests.clone()
    }

    /// Returns the run of an authored state by its tree. Equal trees are run once,
    /// under the name of whichever state came first.
    pub fn authored(&self, tree: &TreeId) -> Option<Arc<Run<'a>>> {
        let is_it = |state: &ExecutedState| match state {
            ExecutedState::Base
            | ExecutedState::BaseWithTests
            | ExecutedState::Authored { .. }
            | ExecutedState::AuthoredWithTests { .. }
            | ExecutedState::Head => true,
            ExecutedState::HeadReverted
            | ExecutedState::Mutant { .. }
            | ExecutedState::Canaries
            | ExecutedState::Candidate { .. } => false,
        };
        run(self.evidence, &self.passing, pick(self.evidence, tree, is_it)?)
    }
}

fn run<'a>(
    evidence: &'a ExecutionEvidence,
    passing: &BTreeSet<TestId>,
    execution: &'a Execution,
) -> Option<Arc<Run<'a>>> {
    let output = Arc::clone(evidence.blobs.get(&execution.output)?);
    let report: TestReport = read(evidence, &execution.report)?;
    let failed = |test: &TestId| report.outcome(test).is_failure();
    let broken =
        |test: &TestId| report.broken_modules.iter().any(|module| stands_in(test.as_str(), module));
    let red = passing.iter().any(|test| failed(test) || broken(test));
    let touched: Option<Vec<TouchedTest>> =
        execution.touched.as_ref().and_then(|blob| read(evidence, blob));
    let mut failing = touched.unwrap_or_default();
    failing.retain(|touched| touched.test.as_ref().is_some_and(failed));
    Some(Arc::new(Run { execution, output, red, failing }))
}

/// Returns the first stable run in file order of a tree, one with touched lines
/// before one without.
fn pick<'a>(
    evidence: &'a ExecutionEvidence,
    tree: &TreeId,
    is_state: impl Fn(&ExecutedState) -> bool,
) -> Option<&'a Execution> {
    let usable = evidence.unit.executions.iter().filter(|run| {
        is_state(&run.state)
            && run.tree == *tree
            && run.order == RunOrder::File
            && run.verdict == RunVerdict::Stable
    });
    usable.min_by_key(|run| run.touched.is_none())
}

fn read<T: serde::de::DeserializeOwned>(evidence: &ExecutionEvidence, blob: &BlobId) -> Option<T> {
    serde_json::from_slice(evidence.blobs.get(blob)?).ok()
}

/// Returns true when a test is one of a module, judged by its id; `*` and `.`
/// stand for every module, and a `conftest.py` for its folder.
fn stands_in(test: &str, module: &str) -> bool {
    let folder = module.strip_suffix("conftest.py").unwrap_or(module).trim_end_matches('/');
    let apart = |rest: &str| !rest.bytes().next().is_some_and(is_word_byte);
    matches!(folder, "" | "*" | ".") || test.strip_prefix(folder).is_some_and(apart)
}

impl Run<'_> {
    /// Says how the run leads to these lines, if it does.
    pub fn points_to(&self, path: &RepoPath, lines: LineRange) -> Option<Pointer> {
        if named_lines(&self.output, path, &roots()).any(|line| lines.contains(line)) {
            return Some(Pointer::Frame);
        }
        let files = self.failing.iter().flat_map(|touched| &touched.files);
        let mut executed = files.filter(|file| file.path.as_bytes() == path.as_bytes());
        let met = executed.any(|file| file.lines.iter().any(|line| lines.contains(*line)));
        met.then_some(Pointer::Line)
    }
}

/// What stands before a path of the work tree in the output of a run.
fn roots() -> [Vec<u8>; 2] {
    [b"/work/".to_vec(), b"./".to_vec()]
}

/// Lists the lines of a file that an output names, as `PATH:LINE` or as
/// `PATH", line LINE`; `roots` may stand before the path.
pub fn named_lines<'t>(
    output: &'t [u8],
    path: &'t RepoPath,
    roots: &'t [Vec<u8>],
) -> impl Iterator<Item = u32> + 't {
    let path = path.as_bytes();
    memmem::find_iter(output, path).filter_map(move |at| {
        let before = &output[..at];
        let inside = roots.iter().any(|root| before.ends_with(root));
        let apart = before.last().is_none_or(|byte| !is_word_byte(*byte) && !b".-/".contains(byte));
        let rest = &output[at + path.len()..];
        let number = rest.strip_prefix(b":").or_else(|| rest.strip_prefix(b"\", line "))?;
        (inside || apart).then(|| leading_number(number)).flatten()
    })
}

fn leading_number(bytes: &[u8]) -> Option<u32> {
    let length = bytes.iter().take_while(|byte| byte.is_ascii_digit()).count();
    std::str::from_utf8(&bytes[..length]).ok()?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::{named_lines, roots, stands_in};

    fn lines(output: &str) -> Vec<u32> {
        named_lines(output.as_bytes(), &"src/clock.py".into(), &roots()).collect()
    }

    #[test]
    fn a_frame_is_a_path_of_the_work_tree_with_a_line() {
        let output = "src/clock.py:5: ValueError\n  File \"/work/src/clock.py\", line 12, in f\n\
            (./src/clock.py:7:3)\n";
        assert_eq!(lines(output), [5, 12, 7]);
    }

    #[test]
    fn the_same_path_elsewhere_is_no_frame() {
        let output = "/env/src/clock.py:5\nlib-src/clock.py:6\nxsrc/clock.py:7\n\
            src/clock.py: 8\nsrc/clock.py:x\n";
        assert_eq!(lines(output), [0; 0]);
    }

    #[test]
    fn a_test_stands_in_the_module_its_id_starts_with() {
        assert!(stands_in("tests/test_clock.py::test_day", "tests/test_clock.py"));
        assert!(stands_in("tests.test_clock.Day.test_day", "tests.test_clock"));
        assert!(!stands_in("tests.test_clocks.Day", "tests.test_clock"));
        assert!(stands_in("tests.test_clock.Day", "tests.test_clock.Day"));
        assert!(stands_in("toy tests::adds", "*"));
        assert!(stands_in("tests/test_clock.py::test_day", "tests/conftest.py"));
        assert!(!stands_in("more/test_clock.py::test_day", "tests/conftest.py"));
    }
}
