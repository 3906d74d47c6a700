//! What did cargo-nextest's tests do?
//!
//! In: five files of the report folder: the list of tests, the results (`JUnit`),
//! the events as they came, the binaries that do not compile, and the closing
//! line. Out: one report. A test binary that does not compile is a broken module,
//! because one that fails stands for it; where a library does not, every test is.

use std::collections::BTreeMap;

use backstory_model::{TestId, TestOutcome, TestReport, TestResult};
use serde::Deserialize;

use super::id::EVERY_MODULE;
use super::{Faults, ParsedReport, junit, libtest, lines};

/// The one test of the binary that stands for one that does not compile.
const STUB: &str = "backstory_does_not_compile";

/// The status when tests fail.
const TESTS_FAILED: i32 = 100;

/// What a run left, each file where there is one.
#[derive(Clone, Copy, Debug, Default)]
pub struct NextestFiles<'a> {
    /// `cargo nextest list --message-format json`.
    pub list: Option<&'a [u8]>,
    /// The results.
    pub junit: Option<&'a [u8]>,
    /// The events.
    pub events: Option<&'a [u8]>,
    /// What does not compile.
    pub broken: Option<&'a [u8]>,
    /// The closing line.
    pub finished: Option<&'a [u8]>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct List {
    rust_suites: BTreeMap<String, Suite>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Suite {
    package_name: String,
    binary_id: String,
    binary_name: String,
    #[serde(default)]
    testcases: BTreeMap<String, Listed>,
}

#[derive(Deserialize)]
#[serde(rename_all = "kebab-case")]
struct Listed {
    filter_match: Match,
}

#[derive(Deserialize)]
struct Match {
    status: String,
    reason: Option<String>,
}

/// One line about a crate that does not compile.
#[derive(Deserialize)]
struct Uncompiled {
    tests: bool,
}

/// Reads what a run left.
pub fn parse(files: &NextestFiles<'_>) -> ParsedReport {
    let mut reading = Reading::default();
    if let Some(list) = files.list {
        reading.list(list);
    }
    reading.broken(files.broken.unwrap_or_default());
    let whole = files.junit.is_some_and(|junit| reading.junit(junit));
    let running = match files.events {
        Some(events) if !whole => reading.events(events),
        _ => Vec::new(),
    };
    let closing = lines::parse(files.finished.unwrap_or_default()).report;
    // Where nothing could be compiled there is nothing to report on.
    let complete = closing.complete && (whole || !reading.broken.is_empty());
    if whole && closing.complete {
        reading.compare(closing.status);
    }
    let report = TestReport {
        results: reading.results(),
        broken_modules: reading.broken,
        shared_ids: Vec::new(),
        collected: reading.collected,
        complete,
        status: closing.status,
    };
    ParsedReport { report, running, faults: reading.faults.sentences(), tracer: None }
}

#[derive(Default)]
struct Reading {
    suites: Vec<Suite>,
    tests: BTreeMap<TestId, Option<TestOutcome>>,
    collected: u32,
    broken: Vec<String>,
    failed: bool,
    faults: Faults,
}

fn test_id(binary: &str, name: &str) -> TestId {
    TestId::new(format!("{binary} {name}"))
}

impl Reading {
    fn list(&mut self, bytes: &[u8]) {
        let Ok(list) = serde_json::from_slice::<List>(bytes) else {
            // Cargo ended before nextest wrote the list.
            return;
        };
        for suite in list.rust_suites.into_values() {
            for (name, test) in &suite.testcases {
                let ignored = test.filter_match.reason.as_deref() == Some("ignored");
                let outcome = match (test.filter_match.status.as_str(), ignored) {
                    ("matches", _) => None,
                    (_, true) => Some(TestOutcome::Skipped),
                    (_, false) => continue,
                };
                if name == STUB {
                    self.broken.push(suite.binary_id.clone());
                    continue;
                }
                self.collected = self.collected.saturating_add(1);
                self.tests.insert(test_id(&suite.binary_id, name), outcome);
            }
            self.suites.push(suite);
        }
    }

    /// Takes what the compiler refused; a library is needed by everything.
    fn broken(&mut self, bytes: &[u8]) {
        for line in bytes.split(|byte| *byte == b'\n').filter(|line| !line.is_empty()) {
            match serde_json::from_slice::<Uncompiled>(line) {
                Ok(Uncompiled { tests: false }) => self.broken.push(EVERY_MODULE.to_owned()),
                // Known by what stands for it, also where cargo did not build it again.
                Ok(Uncompiled { tests: true }) => {}
                Err(_) => self.faults.add(|| "a line that no compiler writes".to_owned()),
            }
        }
        self.broken.sort();
        self.broken.dedup();
    }

    /// Takes the results; false when the file is not whole.
    fn junit(&mut self, bytes: &[u8]) -> bool {
        let cases = match junit::parse(bytes) {
            Ok(cases) => cases,
            Err(error) => {
                self.faults.add(|| error.to_string());
                return false;
            }
        };
        for case in cases {
            self.failed |= case.outcome.is_failure();
            if case.name == STUB {
                continue;
            }
            self.took(&test_id(&case.class, &case.name), case.outcome);
        }
        true
    }

    fn took(&mut self, id: &TestId, outcome: TestOutcome) {
        match self.tests.get_mut(id) {
            Some(known) => *known = Some(known.map_or(outcome, |known| known.worst(outcome))),
            None => self.faults.add(|| format!("a result of `{id}`, which is not in the list")),
        }
    }

    /// Takes what had ended, and returns what had not.
    fn events(&mut self, bytes: &[u8]) -> Vec<TestId> {
        let events = libtest::parse(bytes);
        let mut ended = Vec::new();
        let mut running = Vec::new();
        for suite in &self.suites {
            for name in suite.testcases.keys().filter(|name| *name != STUB) {
                let event = format!("{}::{}${name}", suite.package_name, suite.binary_name);
                let id = test_id(&suite.binary_id, name);
                match events.get(&event) {
                    Some(Some(outcome)) => ended.push((id, *outcome)),
                    Some(None) => running.push(id),
                    None => {}
                }
            }
        }
        for (id, outcome) in ended {
            if self.tests.contains_key(&id) {
                self.took(&id, outcome);
            }
        }
        running.sort();
        running
    }

    fn compare(&mut self, status: Option<i32>) {
        if self.failed != (status == Some(TESTS_FAILED)) {
            self.faults.add(|| "the results and the status disagree".to_owned());
        }
    }

    fn results(&mut self) -> Vec<TestResult> {
        let tests = std::mem::take(&mut self.tests).into_iter();
        tests
            .map(|(id, outcome)| TestResult { id, outcome: outcome.unwrap_or(TestOutcome::NotRun) })
            .collect()
    }
}
