//! What do the events of `go test -json` say?
//!
//! In: its lines, and our closing line. Out: one report. A package that cannot be
//! built, or ends before any test of it begins, is a broken module.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{TestId, TestOutcome, TestReport, TestResult};
use serde::Deserialize;

use super::{Faults, ParsedReport, lines};

#[derive(Deserialize)]
#[serde(rename_all = "PascalCase")]
struct Line {
    action: String,
    #[serde(default)]
    package: String,
    test: Option<String>,
}

/// Returns what the tests and the compiler printed, as `go test -v` shows it.
pub fn printed(events: &[u8]) -> Vec<u8> {
    #[derive(Deserialize)]
    #[serde(rename_all = "PascalCase")]
    struct Printed {
        output: String,
    }
    let lines = events.split(|byte| *byte == b'\n');
    let printed = lines.filter_map(|line| serde_json::from_slice::<Printed>(line).ok());
    printed.flat_map(|line| line.output.into_bytes()).collect()
}

/// Reads the events of a run and its closing line.
pub fn parse(events: &[u8], finished: &[u8]) -> ParsedReport {
    let mut reading = Reading::default();
    for line in events.split_inclusive(|byte| *byte == b'\n') {
        match serde_json::from_slice(line) {
            Ok(line) => reading.take(line),
            // The writer was ended in the middle of a line.
            Err(_) if !line.ends_with(b"\n") => break,
            Err(_) => reading.faults.add(|| "a line that `go test` does not write".to_owned()),
        }
    }
    reading.finish(&lines::parse(finished).report)
}

#[derive(Default)]
struct Package {
    tests: BTreeMap<String, Option<TestOutcome>>,
    ended: Option<TestOutcome>,
}

#[derive(Default)]
struct Reading {
    packages: BTreeMap<String, Package>,
    faults: Faults,
}

impl Reading {
    fn take(&mut self, line: Line) {
        let outcome = match line.action.as_str() {
            "start" | "run" | "pause" | "cont" => None,
            "pass" => Some(TestOutcome::Passed),
            "skip" => Some(TestOutcome::Skipped),
            "fail" => Some(TestOutcome::Failed),
            // What tests print, benchmarks, and what the compiler says.
            _ => return,
        };
        let package = self.packages.entry(line.package).or_default();
        let known = match line.test {
            Some(test) => package.tests.entry(test).or_default(),
            None => &mut package.ended,
        };
        *known = (*known).max(outcome);
    }

    fn finish(self, closing: &TestReport) -> ParsedReport {
        let mut report = TestReport { status: closing.status, ..TestReport::default() };
        let mut running = Vec::new();
        let mut results = BTreeMap::new();
        let mut broken = BTreeSet::new();
        let all_ended = self.packages.values().all(|package| package.ended.is_some());
        for (name, package) in self.packages {
            if package.tests.is_empty() && package.ended == Some(TestOutcome::Failed) {
                broken.insert(name.clone());
            }
            for (test, outcome) in package.tests {
                let id = TestId::new(format!("{name} {test}"));
                let outcome = match (outcome, package.ended) {
                    (Some(outcome), _) => outcome,
                    // The process of the package ended within the test.
                    (None, Some(_)) => TestOutcome::Errored,
                    (None, None) => {
                        running.push(id.clone());
                        TestOutcome::NotRun
                    }
                };
                results.insert(id, outcome);
            }
        }
        running.sort();
        report.collected = u32::try_from(results.len()).unwrap_or(u32::MAX);
        report.results =
            results.into_iter().map(|(id, outcome)| TestResult { id, outcome }).collect();
        report.broken_modules = broken.into_iter().collect();
        report.complete = closing.complete && all_ended;
        ParsedReport { report, running, faults: self.faults.sentences(), tracer: None }
    }
}
