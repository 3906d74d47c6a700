//! What did the runners' reporters say?
//!
//! In: the bytes a reporter left in the report folder, which nobody trusts.
//! Out: one `TestReport`, the tests that had begun and did not end, and what in
//! the report contradicts itself. What a run printed is never looked at.

pub mod assets;
pub mod canary;
pub mod command;
pub mod folder;
pub mod go;
pub mod id;
pub mod junit;
pub mod libtest;
pub mod lines;
pub mod nextest;
pub mod python;

use std::path::Path;

use backstory_model::{TestId, TestReport, TestRunner};

use folder::FolderError;
use nextest::NextestFiles;

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

/// The most bytes that are read of one file of a report.
const LARGEST_FILE: u64 = 64 << 20;

/// Reads what a run left in its report folder.
///
/// A file that is missing, too large or no plain file reads as an empty one: the
/// report is not complete then.
pub fn read(runner: TestRunner, folder: &Path) -> Result<ParsedReport, FolderError> {
    let file = |name| folder::read(folder, name, LARGEST_FILE);
    Ok(match runner {
        TestRunner::Pytest | TestRunner::Unittest => {
            python::parse(&file("report.ndjson")?.unwrap_or_default())
        }
        TestRunner::NodeTest | TestRunner::Jest | TestRunner::Vitest | TestRunner::Mocha => {
            lines::parse(&file("report.ndjson")?.unwrap_or_default())
        }
        TestRunner::Nextest => {
            let names =
                ["list.json", "junit.xml", "libtest.ndjson", "broken.ndjson", "finished.ndjson"];
            let mut files = Vec::new();
            for name in names {
                files.push(file(name)?);
            }
            nextest::parse(&NextestFiles {
                list: files[0].as_deref(),
                junit: files[1].as_deref(),
                events: files[2].as_deref(),
                broken: files[3].as_deref(),
                finished: files[4].as_deref(),
            })
        }
        TestRunner::GoTest => {
            let events = file("go.ndjson")?.unwrap_or_default();
            go::parse(&events, &file("finished.ndjson")?.unwrap_or_default())
        }
    })
}

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
