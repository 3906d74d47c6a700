//! How does a made-up pytest run the made-up tests of a work tree?
//!
//! A test is `def test_NAME(): ACTION`; a line `needs FILE: TEXT` at the margin
//! breaks the module unless the file holds the text. Actions:
//!
//! | action | the test |
//! |---|---|
//! | `pass` | passes |
//! | `fail` | fails |
//! | `has FILE: TEXT` | passes if the file holds the text |
//! | `coin` | passes in every other run of the process |
//! | `connect` | fails and says that a name could not be resolved |
//! | `leave` | ends the process with status 0 |
//! | `eat`, `sleep`, `break` | meets the memory limit, the time limit, a fault of the sandbox |

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::atomic::{AtomicU32, Ordering};

use backstory_model::{Ending, LimitedBy, SandboxError, SandboxJob};
use backstory_testkit::{FakeAnswer, FakeSandbox, work_file};
use serde_json::{Value, json};

/// A sandbox in which the made-up pytest runs.
pub(crate) fn toy_sandbox() -> FakeSandbox {
    let runs = AtomicU32::new(0);
    FakeSandbox::new(move |job| {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        Ok(toy_answer(job, run))
    })
}

/// Returns what the made-up pytest says in this run of the process.
pub(crate) fn toy_answer(job: &SandboxJob, run: u32) -> FakeAnswer {
    Session { job, run, lines: Vec::new(), failed: false, output: String::new() }.run()
}

/// A sandbox that cannot be started.
pub(crate) fn broken_sandbox() -> FakeSandbox {
    FakeSandbox::new(|job| {
        let what = "its first process was killed".to_owned();
        Err(SandboxError::Broken { job: job.name.clone(), what })
    })
}

struct Session<'a> {
    job: &'a SandboxJob,
    run: u32,
    lines: Vec<Value>,
    failed: bool,
    output: String,
}

impl Session<'_> {
    fn run(mut self) -> FakeAnswer {
        let arguments = self.job.command.iter().filter(|word| word.contains(".py"));
        let mut files: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
        for argument in arguments {
            let (file, test) = argument.split_once("::").unwrap_or((argument, ""));
            files.entry(file).or_default().extend((!test.is_empty()).then_some(test));
        }
        let mut tests = Vec::new();
        let mut broken = false;
        for (file, wanted) in files {
            let text = self.text(file);
            if text.lines().any(|line| self.is_missing(line)) {
                self.lines.push(json!({"kind": "broken", "module": file}));
                broken = true;
                continue;
            }
            for (name, action) in tests_of(&text) {
                if wanted.is_empty() || wanted.contains(&name.as_str()) {
                    tests.push((format!("{file}::{name}"), action));
                }
            }
        }
        for (id, _) in &tests {
            self.lines.push(json!({"kind": "collected", "id": id}));
        }
        if broken {
            return self.end(2);
        }
        for (id, action) in &tests {
            self.lines.push(json!({"kind": "started", "id": id}));
            if let Some(answer) = self.act(id, action) {
                return answer;
            }
        }
        let status = if tests.is_empty() { 5 } else { i32::from(self.failed) };
        self.end(status)
    }

    fn text(&self, path: &str) -> String {
        let file = work_file(self.job, path);
        let bytes = file.map(|file| backstory_store::fs::read_file(&file).unwrap());
        String::from_utf8(bytes.unwrap_or_default()).unwrap()
    }

    fn holds(&self, condition: &str) -> bool {
        let (file, text) = condition.split_once(": ").unwrap();
        self.text(file).contains(text)
    }

    fn is_missing(&self, line: &str) -> bool {
        line.strip_prefix("needs ").is_some_and(|condition| !self.holds(condition))
    }

    fn act(&mut self, id: &str, action: &str) -> Option<FakeAnswer> {
        let memory = Ending::MemoryLimit { by: LimitedBy::Cgroup };
        let passes = match action.split_once(' ').map_or(action, |(word, _)| word) {
            "pass" => true,
            "fail" => false,
            "has" => self.holds(action.strip_prefix("has ").unwrap()),
            "coin" => self.run % 4 < 2,
            "connect" => {
                self.output += "socket.gaierror: [Errno -3] Temporary failure in name resolution\n";
                false
            }
            "leave" => return Some(self.stop(Ending::Exited { status: 0 }, Some(0))),
            "eat" => return Some(self.stop(memory, Some(137))),
            "sleep" => return Some(self.stop(Ending::TimeLimit, None)),
            "break" => {
                let what = "its first process was killed".to_owned();
                return Some(self.stop(Ending::Broken { what }, None));
            }
            other => panic!("`{other}` is no action"),
        };
        let outcome = if passes { "passed" } else { "failed" };
        self.failed |= !passes;
        writeln!(self.output, "{id} {outcome} in 0.{}s", self.run + 1).unwrap();
        for part in ["call", "teardown"] {
            let outcome = if part == "call" { outcome } else { "passed" };
            let line = json!({"kind": "result", "id": id, "part": part, "outcome": outcome});
            self.lines.push(line);
        }
        None
    }

    fn end(&mut self, status: i32) -> FakeAnswer {
        self.lines.push(json!({"kind": "finished", "status": status}));
        self.stop(Ending::Exited { status }, Some(status))
    }

    fn stop(&mut self, ending: Ending, status: Option<i32>) -> FakeAnswer {
        let mut report = String::new();
        for (number, line) in self.lines.iter_mut().enumerate() {
            line["n"] = json!(number);
            writeln!(report, "{line}").unwrap();
        }
        let report = BTreeMap::from([("report.ndjson".to_owned(), report.into_bytes())]);
        FakeAnswer { ending, status, output: std::mem::take(&mut self.output), report }
    }
}

/// Reads names and actions; of planted tests, which are real ones, the action
/// follows from the numbers they compare.
fn tests_of(text: &str) -> Vec<(String, String)> {
    let lines: Vec<&str> = text.lines().collect();
    let mut tests = Vec::new();
    for (at, line) in lines.iter().enumerate() {
        let Some(rest) = line.strip_prefix("def test_") else { continue };
        let (name, action) = rest.split_once("():").unwrap();
        let action = if action.is_empty() { planted(&lines[at + 1..]) } else { action.trim() };
        tests.push((format!("test_{name}"), action.to_owned()));
    }
    tests
}

fn planted(body: &[&str]) -> &'static str {
    let number = |line: &str| line.rsplit(' ').next().unwrap().to_owned();
    if number(body[0]) == number(body[1]) { "pass" } else { "fail" }
}
