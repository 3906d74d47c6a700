//! Which part of a CI log tells why it failed, and which lines of code does it name?
//!
//! In: the stored bytes of a log: of one job, of one step, of a run as `gh run
//! view --log` prints it, or of another server. Out: byte ranges in those
//! bytes: groups, steps, the parts that tell of failures, and the files with
//! lines these name. A log is text anyone may have printed: whether a job
//! failed is for the server to say, and nothing here decides it.

mod line;
mod place;
mod reading;
mod section;

use std::ops::Range;

pub use line::{LogLine, Shown, lines, shown};

/// How many lines before the end of a failing step are its last words.
pub const LAST_LINES: usize = 50;

/// What a part of a log tells of.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum FailureKind {
    /// The last lines of a step that ended with an exit code.
    ExitCode,
    /// The `FAILURES` of pytest.
    PytestFailures,
    /// The `ERRORS` of pytest.
    PytestErrors,
    /// The short test summary of pytest.
    PytestSummary,
    /// A failure of Python's unittest.
    Unittest,
    /// The failures of a Rust test binary.
    Libtest,
    /// A test that failed under cargo-nextest.
    Nextest,
    /// What rustc or cargo refuses.
    Rustc,
    /// What another compiler refuses.
    Compiler,
    /// A failure of Jest.
    Jest,
    /// The failures of Vitest.
    Vitest,
    /// A failure of `node --test`.
    NodeTest,
    /// The failures of Mocha.
    Mocha,
    /// A failure of `go test`.
    GoTest,
    /// A failure of Maven Surefire.
    Surefire,
    /// A failure of Gradle.
    Gradle,
}

/// Lines that the server folds under a title.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogGroup {
    /// What it is called.
    pub title: Range<usize>,
    /// Its lines, from its mark on.
    pub range: Range<usize>,
    /// Whether its end is marked.
    pub closed: bool,
}

/// How a step says it ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StepExit {
    /// The exit code.
    pub code: i32,
    /// The line that says so.
    pub range: Range<usize>,
}

/// One step of a job, as far as the log shows it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LogStep {
    /// What it is called: its command where it has no other name.
    pub title: Range<usize>,
    /// Its lines.
    pub range: Range<usize>,
    /// The exit code of its last line. A step prints such a line itself only to
    /// deceive; one that says so and prints on has not ended.
    pub exit: Option<StepExit>,
    /// How many lines the server shows as errors. Any program can print one.
    pub errors: u32,
}

impl LogStep {
    /// Returns true if the last line says that the step failed.
    pub fn failed(&self) -> bool {
        self.exit.as_ref().is_some_and(|exit| exit.code != 0)
    }
}

/// A part of a log that tells of a failure.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FailurePart {
    /// What it tells of.
    pub kind: FailureKind,
    /// Its lines.
    pub range: Range<usize>,
    /// The place of its step in [`LogParts::steps`].
    pub step: Option<usize>,
}

/// A line of a file that a failure names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NamedPlace {
    /// The path, as written. It may name no file of the repository.
    pub path: String,
    /// The line, 1-based.
    pub line: u32,
    /// Where the log names it first in this part.
    pub range: Range<usize>,
    /// The place of the part in [`LogParts::failures`].
    pub failure: usize,
}

/// What is in a log; every range counts in its bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LogParts {
    /// Groups, by where they begin; one within another is left out.
    pub groups: Vec<LogGroup>,
    /// Steps, in order. Empty where the log does not show them.
    pub steps: Vec<LogStep>,
    /// Parts that tell of failures, by where they begin.
    pub failures: Vec<FailurePart>,
    /// The lines of files that these name, each once for each part.
    pub places: Vec<NamedPlace>,
    /// Whether there was more than is told: each list has a limit.
    pub limited: bool,
}

impl LogParts {
    /// Returns the steps that say they failed, with their places.
    pub fn failing_steps(&self) -> impl Iterator<Item = (usize, &LogStep)> {
        self.steps.iter().enumerate().filter(|(_, step)| step.failed())
    }

    /// Returns the parts that explain the failing steps; where no step says that
    /// it failed, all parts.
    pub fn explanation(&self) -> impl Iterator<Item = (usize, &FailurePart)> {
        let any = self.failing_steps().next().is_some();
        let explains = move |part: &FailurePart| {
            let failed = |step: usize| self.steps.get(step).is_some_and(LogStep::failed);
            !any || part.step.is_some_and(failed)
        };
        self.failures.iter().enumerate().filter(move |(_, part)| explains(part))
    }
}

/// Tells the parts of a log.
pub fn log_parts(log: &[u8]) -> LogParts {
    reading::read(log)
}
