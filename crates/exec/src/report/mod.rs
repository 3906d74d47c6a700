//! What did the runners' reporters say?
//!
//! In: the bytes a reporter left in the report folder, which nobody trusts.
//! Out: one `TestReport`, the tests that had begun and did not end, and what in
//! the report contradicts itself. What a run printed is never looked at.

pub mod command;
pub mod folder;
pub mod id;
pub mod lines;
pub mod python;

use backstory_model::{TestId, TestReport};

/// What the structured channel of one run said, and what it said wrongly.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedReport {
    /// What it said.
    pub report: TestReport,
    /// The tests that had begun and have no result, sorted.
    pub running: Vec<TestId>,
    /// What no honest reporter writes, one sentence each, at most
    /// [`MOST_FAULTS`]; none in a whole report.
    pub faults: Vec<String>,
    /// What the tracer said of itself when it could not run, e.g., `taken`.
    pub tracer: Option<String>,
}

/// How many faults of one report are kept.
pub const MOST_FAULTS: usize = 20;

/// Faults, each once, in the order they were seen.
#[derive(Default)]
struct Faults(Vec<String>);

impl Faults {
    fn add(&mut self, fault: impl FnOnce() -> String) {
        if self.0.len() < MOST_FAULTS {
            let fault = fault();
            if !self.0.contains(&fault) {
                self.0.push(fault);
            }
        }
    }

    fn sentences(self) -> Vec<String> {
        self.0
    }
}
