//! What do the lines of our own reporters say?
//!
//! In: JSON lines as the reporters for Python and JavaScript write them. Out: a
//! [`ParsedReport`]. A line has a `kind`:
//!
//! | line | says |
//! |---|---|
//! | `{"kind":"collected","id":ID}` | the test was found |
//! | `{"kind":"started","id":ID}` | it begins |
//! | `{"kind":"result","id":ID,"outcome":WORD}` | it ended |
//! | `{"kind":"result","id":ID,"part":PART,"outcome":WORD}` | its `setup`, `call` or `teardown` ended; it has ended with its teardown |
//! | `{"kind":"suite","id":ID}` | what began is a suite, no test |
//! | `{"kind":"broken","module":NAME}` | the module could not be collected |
//! | `{"kind":"overruled","id":ID}` | its body raised, and somebody made it pass |
//! | `{"kind":"tracer","state":WORD}` | the tracer could not run |
//! | `{"kind":"finished","status":N}` | the runner will end with this status |

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{TestId, TestOutcome, TestReport, TestResult};
use serde::Deserialize;

use super::{Faults, ParsedReport};

/// The longest line that is read.
const LONGEST_LINE: usize = 1 << 20;

#[derive(Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case")]
enum Line {
    Collected { id: String },
    Started { id: String },
    Result { id: String, part: Option<Part>, outcome: Word },
    Suite { id: String },
    Broken { module: String },
    Overruled { id: String },
    Tracer { state: String },
    Finished { status: i32 },
}

#[derive(Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Part {
    Setup,
    Call,
    Teardown,
}

/// The outcomes a reporter may state.
#[derive(Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Word {
    Passed,
    XFailed,
    Skipped,
    Failed,
    Errored,
}

impl Word {
    fn outcome(self) -> TestOutcome {
        match self {
            Self::Passed => TestOutcome::Passed,
            Self::XFailed => TestOutcome::XFailed,
            Self::Skipped => TestOutcome::Skipped,
            Self::Failed => TestOutcome::Failed,
            Self::Errored => TestOutcome::Errored,
        }
    }
}

/// Reads a report. What no reporter of ours writes is a fault, never an error.
pub fn parse(bytes: &[u8]) -> ParsedReport {
    let mut reading = Reading::default();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        let Some(text) = line.strip_suffix(b"\n") else {
            // The writer was ended in the middle of a line.
            reading.open_ended = true;
            break;
        };
        reading.line(text);
    }
    reading.finish()
}

/// What is known of one test so far.
#[derive(Default)]
struct Seen {
    collected: u32,
    started: bool,
    ended: bool,
    outcome: Option<TestOutcome>,
}

impl Seen {
    fn result(&mut self, part: Option<Part>, outcome: TestOutcome) {
        self.started = true;
        // A set-up or teardown that passes says nothing about the test.
        let counts = match part {
            None | Some(Part::Call) => true,
            Some(Part::Setup | Part::Teardown) => outcome != TestOutcome::Passed,
        };
        if counts {
            self.outcome = Some(self.outcome.map_or(outcome, |known| known.worst(outcome)));
        }
        self.ended = !matches!(part, Some(Part::Setup | Part::Call));
    }
}

#[derive(Default)]
struct Reading {
    tests: BTreeMap<TestId, Seen>,
    broken: BTreeSet<String>,
    collected: u32,
    status: Option<i32>,
    tracer: Option<String>,
    open_ended: bool,
    after_end: bool,
    faults: Faults,
}

impl Reading {
    fn line(&mut self, text: &[u8]) {
        if text.len() > LONGEST_LINE {
            self.faults.add(|| format!("a line of {} bytes", text.len()));
            return;
        }
        match serde_json::from_slice(text) {
            Ok(line) => self.take(line),
            Err(_) => self.faults.add(|| "a line that no reporter writes".to_owned()),
        }
    }

    fn take(&mut self, line: Line) {
        if self.status.is_some() && !matches!(line, Line::Tracer { .. }) {
            self.after_end = true;
            self.faults.add(|| "lines after the closing line".to_owned());
        }
        match line {
            Line::Collected { id } => {
                self.collected = self.collected.saturating_add(1);
                self.test(id).collected += 1;
            }
            Line::Started { id } => {
                let test = self.test(id);
                (test.started, test.ended) = (true, false);
            }
            Line::Result { id, part, outcome } => self.test(id).result(part, outcome.outcome()),
            Line::Suite { id } => {
                let id = TestId::new(id);
                if self.tests.get(&id).is_some_and(|test| test.outcome.is_none()) {
                    self.tests.remove(&id);
                }
            }
            Line::Broken { module } => {
                self.broken.insert(module);
            }
            Line::Overruled { id } => {
                self.faults.add(|| format!("`{id}` raised, and its outcome was changed to passed"));
            }
            Line::Tracer { state } => self.tracer = Some(state),
            Line::Finished { status } => {
                self.status = Some(status);
            }
        }
    }

    fn test(&mut self, id: String) -> &mut Seen {
        self.tests.entry(TestId::new(id)).or_default()
    }

    fn finish(mut self) -> ParsedReport {
        if self.open_ended && self.status.is_some() {
            self.after_end = true;
            self.faults.add(|| "bytes after the closing line".to_owned());
        }
        let ids_where = |wanted: &dyn Fn(&Seen) -> bool| -> Vec<TestId> {
            self.tests.iter().filter(|(_, test)| wanted(test)).map(|(id, _)| id.clone()).collect()
        };
        let running = ids_where(&|test| test.started && !test.ended);
        let shared_ids = ids_where(&|test| test.collected > 1);
        let results = self.tests.into_iter().map(|(id, test)| {
            // A pass without its teardown is no pass.
            let outcome = test.outcome.filter(|outcome| test.ended || outcome.is_failure());
            TestResult { id, outcome: outcome.unwrap_or(TestOutcome::NotRun) }
        });
        let report = TestReport {
            results: results.collect(),
            broken_modules: self.broken.into_iter().collect(),
            shared_ids,
            collected: self.collected,
            complete: self.status.is_some() && !self.after_end,
            status: self.status,
        };
        ParsedReport { report, running, faults: self.faults.sentences(), tracer: self.tracer }
    }
}
