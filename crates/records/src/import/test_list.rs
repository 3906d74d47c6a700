//! What did the tests of one report do?
//!
//! In: the cases of a report, one by one. Out: a record for each test; of several
//! cases with one name the worst outcome counts, and how many there are is kept.

use std::collections::BTreeMap;

use backstory_model::{RecordId, Sha256, TestOutcome, TestResultRecord};
use sha2::{Digest as _, Sha256 as Hasher};

/// One case of a report.
#[derive(Clone, Debug)]
pub(super) struct Case {
    pub(super) suite: Option<String>,
    pub(super) class: Option<String>,
    pub(super) name: String,
    pub(super) file: Option<String>,
    pub(super) outcome: TestOutcome,
    pub(super) seconds: Option<f64>,
    pub(super) message: Option<String>,
}

/// The tests of one report.
pub(super) struct TestList<'a> {
    /// The job, or the run where the server reports for whole runs.
    job: Option<&'a RecordId>,
    observed_at: Option<&'a String>,
    tests: BTreeMap<[String; 3], TestResultRecord>,
}

impl<'a> TestList<'a> {
    pub(super) fn new(job: Option<&'a RecordId>, observed_at: Option<&'a String>) -> Self {
        Self { job, observed_at, tests: BTreeMap::new() }
    }

    /// Takes a case.
    pub(super) fn add(&mut self, case: Case) {
        let key = [
            case.suite.clone().unwrap_or_default(),
            case.class.clone().unwrap_or_default(),
            case.name.clone(),
        ];
        if let Some(known) = self.tests.get_mut(&key) {
            known.entries += 1;
            known.flaky |= is_red(known.outcome) != is_red(case.outcome);
            if rank(case.outcome) > rank(known.outcome) {
                known.outcome = case.outcome;
                known.message = case.message;
            }
            return;
        }
        let record = self.record(&key, case);
        self.tests.insert(key, record);
    }

    /// Returns the records, by suite, class and name.
    pub(super) fn into_records(self) -> impl Iterator<Item = TestResultRecord> {
        self.tests.into_values()
    }

    fn record(&self, key: &[String; 3], case: Case) -> TestResultRecord {
        let digest = Sha256::from_digest(&Hasher::digest(key.join("\0")));
        let job = self.job.map_or("alone", |job| job.as_str());
        let job = job.strip_prefix("job:").unwrap_or(job);
        TestResultRecord {
            id: RecordId::new(format!("test:{job}/{}", &digest.as_str()[..16])),
            job: self.job.cloned(),
            producer: "unknown".to_owned(),
            suite: case.suite,
            raw_classname: case.class,
            raw_name: case.name,
            test: None,
            file: case.file,
            line: None,
            outcome: case.outcome,
            entries: 1,
            flaky: false,
            duration_ms: case.seconds.and_then(milliseconds),
            message: case.message,
            observed_at: self.observed_at.cloned(),
        }
    }
}

fn is_red(outcome: TestOutcome) -> bool {
    rank(outcome) >= rank(TestOutcome::Failed)
}

/// Returns how bad an outcome is.
fn rank(outcome: TestOutcome) -> u8 {
    match outcome {
        TestOutcome::Passed => 0,
        TestOutcome::XFailed => 1,
        TestOutcome::Skipped => 2,
        TestOutcome::NotRun => 3,
        TestOutcome::Failed => 4,
        TestOutcome::TimedOut => 5,
        TestOutcome::OutOfMemory => 6,
        TestOutcome::Errored => 7,
    }
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the number is checked to be small and not negative"
)]
fn milliseconds(seconds: f64) -> Option<u64> {
    (0.0..1e12).contains(&seconds).then(|| (seconds * 1000.0).round() as u64)
}
