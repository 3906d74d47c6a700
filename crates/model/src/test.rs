//! What did each test do in one run?

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::TestId;

/// What one test did in one run.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum TestOutcome {
    /// It ran and passed.
    Passed,
    /// It was expected to fail, and did.
    XFailed,
    /// It was left out by the project itself.
    Skipped,
    /// An assertion of it failed.
    Failed,
    /// It broke outside its body: in a fixture, in its module, while being collected.
    Errored,
    /// The report holds no evidence about it: the runner crashed, was ended, or
    /// never collected it. Never treat this as a pass.
    NotRun,
    /// It was running when the time was over.
    TimedOut,
    /// It was running when memory was over.
    OutOfMemory,
}

impl TestOutcome {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Passed => "passed",
            Self::XFailed => "x_failed",
            Self::Skipped => "skipped",
            Self::Failed => "failed",
            Self::Errored => "errored",
            Self::NotRun => "not_run",
            Self::TimedOut => "timed_out",
            Self::OutOfMemory => "out_of_memory",
        }
    }

    /// Returns true when the test ran to its end and did what it should.
    pub fn is_pass(self) -> bool {
        match self {
            Self::Passed | Self::XFailed => true,
            Self::Skipped
            | Self::Failed
            | Self::Errored
            | Self::NotRun
            | Self::TimedOut
            | Self::OutOfMemory => false,
        }
    }

    /// Returns true when there is evidence that the test does not pass.
    pub fn is_failure(self) -> bool {
        match self {
            Self::Failed | Self::Errored | Self::TimedOut | Self::OutOfMemory => true,
            Self::Passed | Self::XFailed | Self::Skipped | Self::NotRun => false,
        }
    }

    /// Returns the worse of two outcomes of one test in one run, e.g., of its
    /// body and its teardown.
    #[must_use]
    pub fn worst(self, other: Self) -> Self {
        self.max(other)
    }
}

/// One test and what it did.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestResult {
    /// The test.
    pub id: TestId,
    /// What it did.
    pub outcome: TestOutcome,
}

/// What the structured channel of one run said.
///
/// A pure function of the reporter's bytes. Holds no time, path of the host or
/// address, so that repeats of a stable run are the same bytes.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TestReport {
    /// Every test that was collected or ran, sorted by id, each id once.
    pub results: Vec<TestResult>,
    /// The modules (or packages) that could not be collected, sorted.
    pub broken_modules: Vec<String>,
    /// Ids the runner gave to more than one test, sorted; their outcome is the
    /// worst of all, and they are no part of an instance.
    pub shared_ids: Vec<TestId>,
    /// How many tests were collected, broken modules not counted.
    pub collected: u32,
    /// The reporter wrote its closing line.
    pub complete: bool,
    /// The status the runner said it would end with; `None` when it did not say.
    pub status: Option<i32>,
}

impl TestReport {
    /// Returns what a test did; `NotRun` when the report does not speak of it.
    pub fn outcome(&self, id: &TestId) -> TestOutcome {
        match self.results.binary_search_by(|result| result.id.cmp(id)) {
            Ok(place) => self.results[place].outcome,
            Err(_) => TestOutcome::NotRun,
        }
    }

    /// Puts outcomes in order; a test that occurs twice keeps the worst.
    pub fn from_outcomes(outcomes: impl IntoIterator<Item = (TestId, TestOutcome)>) -> Self {
        let mut by_id: BTreeMap<TestId, TestOutcome> = BTreeMap::new();
        for (id, outcome) in outcomes {
            by_id.entry(id).and_modify(|known| *known = known.worst(outcome)).or_insert(outcome);
        }
        let results: Vec<TestResult> =
            by_id.into_iter().map(|(id, outcome)| TestResult { id, outcome }).collect();
        let collected = u32::try_from(results.len()).unwrap_or(u32::MAX);
        Self { results, collected, ..Self::default() }
    }
}
