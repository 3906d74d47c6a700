//! Which tests does a `JUnit` report tell of?
//!
//! In: XML in the dialect of some producer. Out: one record for each test; of
//! entries with one identity the worst outcome counts, and their number is told.

mod bounded;
mod case;
mod producer;
mod read;

use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use backstory_model::{Record, RecordId, Sha256, TestOutcome, TestResultRecord};
use sha2::{Digest as _, Sha256 as Hasher};

pub use self::case::JunitCase;
pub use self::read::{JunitReport, read_junit};

use self::producer::{Producer, native_id};
use super::archive::archive_of;
use super::home::home;
use super::sink::{Position, Sink};
use super::{Dialect, Input};
use crate::RecordsError;

/// Reports in `JUnit` XML.
pub(super) struct Junit;

impl Dialect for Junit {
    fn name(&self) -> &'static str {
        "JUnit report"
    }

    fn recognizes(&self, _: &str, head: &[u8]) -> bool {
        let text = head.strip_prefix(b"\xef\xbb\xbf").unwrap_or(head).trim_ascii_start();
        text.starts_with(b"<") && memchr::memmem::find(text, b"<testsuite").is_some()
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        let report = read_junit(&mut *input.reader);
        for (at, why) in &report.broken {
            sink.broken(Position::Byte(*at), why);
        }
        if report.cases.is_empty() {
            sink.broken(Position::Whole, "the report holds no test");
            return Ok(());
        }
        let job = home(sink, archive_of(input.name))?;
        let tests = tests_of(&report);
        if tests.producer == Producer::JestJunit && tests.entries > report.marks.counted() {
            let why = "the report lists more tests than it counts: some that read as passed are \
                to do";
            sink.broken(Position::Whole, why);
        }
        for test in tests.merged {
            let record = test.record(tests.producer, job.as_ref(), sink);
            sink.record(&Record::TestResult(record), None)?;
        }
        Ok(())
    }
}

/// The tests of a report, each once.
struct Tests<'r> {
    producer: Producer,
    entries: u64,
    merged: Vec<Merged<'r>>,
}

/// All entries of one test.
struct Merged<'r> {
    case: &'r JunitCase,
    outcome: TestOutcome,
    entries: u32,
    flaky: bool,
    passed: bool,
}

fn tests_of(report: &JunitReport) -> Tests<'_> {
    let mut places = BTreeMap::new();
    let mut merged: Vec<Merged<'_>> = Vec::new();
    for case in &report.cases {
        let key = (&case.suite, &case.class, &case.name, &case.file);
        match places.entry(key) {
            Entry::Vacant(place) => {
                place.insert(merged.len());
                merged.push(Merged::new(case));
            }
            Entry::Occupied(place) => merged[*place.get()].add(case),
        }
    }
    let mut producer = report.marks.producer(&report.cases);
    // pytest writes a test twice only if it fails and then its teardown breaks.
    let again = |test: &Merged<'_>| test.entries > 1 && test.passed;
    if producer == Producer::Pytest && merged.iter().any(again) {
        producer = Producer::PytestRerunfailures;
        for test in merged.iter_mut().filter(|test| again(test)) {
            // An attempt that failed stands there like a pass.
            test.flaky = !test.outcome.is_failure();
        }
    }
    Tests { producer, entries: report.cases.len() as u64, merged }
}

impl<'r> Merged<'r> {
    fn new(case: &'r JunitCase) -> Self {
        let outcome = case.outcome.unwrap_or(TestOutcome::Passed);
        Self { case, outcome, entries: 1, flaky: case.flaky, passed: outcome.is_pass() }
    }

    /// Adds another entry; the worst is told, with what it says.
    fn add(&mut self, case: &'r JunitCase) {
        let outcome = case.outcome.unwrap_or(TestOutcome::Passed);
        self.entries = self.entries.saturating_add(1);
        self.passed |= outcome.is_pass();
        let worst = self.outcome.worst(outcome);
        if worst != self.outcome {
            (self.case, self.outcome) = (case, worst);
        }
        self.flaky |= case.flaky || (self.passed && self.outcome.is_failure());
    }

    fn record(
        &self,
        producer: Producer,
        job: Option<&RecordId>,
        sink: &Sink<'_>,
    ) -> TestResultRecord {
        let case = self.case;
        let zero_based = matches!(producer, Producer::Pytest | Producer::PytestRerunfailures);
        TestResultRecord {
            id: record_id(producer, case, job),
            job: job.cloned(),
            producer: producer.as_str().to_owned(),
            suite: case.suite.clone(),
            raw_classname: case.class.clone(),
            raw_name: case.name.clone(),
            test: native_id(producer, case),
            file: case.file.clone(),
            line: case.line.map(|line| line.saturating_add(u64::from(zero_based))),
            outcome: self.outcome,
            entries: self.entries,
            flaky: self.flaky,
            duration_ms: case.duration_ms,
            message: case.message.clone(),
            observed_at: sink.options().observed_at.clone(),
        }
    }
}

/// Names the test within its job, or where there is none among reports without one.
fn record_id(producer: Producer, case: &JunitCase, job: Option<&RecordId>) -> RecordId {
    let mut hasher = Hasher::new();
    let parts = [&case.suite, &case.class, &Some(case.name.clone()), &case.file];
    hasher.update(producer.as_str());
    for part in parts {
        hasher.update([0, u8::from(part.is_some())]);
        hasher.update(part.as_deref().unwrap_or_default());
    }
    let digest = Sha256::from_digest(&hasher.finalize());
    let job = job.map_or("-", |job| job.as_str().strip_prefix("job:").unwrap_or(job.as_str()));
    RecordId::new(format!("test:{job}/{}", &digest.as_str()[..16]))
}
