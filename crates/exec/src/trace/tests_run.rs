//! How are chosen functions traced while a project's own tests run?
//!
//! In: functions, and the tests in which they are followed. Out: what a run of pytest is
//! given for it, and the traces that it leaves. The run itself is a job like any other run
//! of tests: its command gets [`PLUGIN`], its variables [`REQUEST_VARIABLE`].

use std::collections::BTreeMap;

use backstory_model::{
    ExecutionTrace, RepoPath, SchemaVersion, TestId, TraceResult, TracedFile, TracedFunction,
};
use serde::{Deserialize, Serialize};

use super::{events, report};

/// The arguments of pytest that load the tracer.
pub const PLUGIN: [&str; 2] = ["-p", "backstory_trace_tests"];

/// The variable that names the file of the request, as the job sees it.
pub const REQUEST_VARIABLE: &str = "BACKSTORY_TRACE";

/// More bytes of traces are not read.
pub const SIZE_LIMIT: u64 = 512 << 20;

/// A function to follow.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct FollowedFunction {
    /// Its file.
    pub path: RepoPath,
    /// Its qualified name, e.g., `Command.make_context`.
    pub name: String,
}

/// What is traced in a run of tests.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TestTraceRequest {
    /// The folder of the work tree, as the job sees it.
    pub root: String,
    /// The file to write, as the job sees it.
    pub out: String,
    /// The functions.
    pub functions: Vec<FollowedFunction>,
    /// The tests; all if absent.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tests: Option<Vec<TestId>>,
    /// The most activations of one test.
    pub events: u32,
}

impl TestTraceRequest {
    /// Returns the file of the request.
    ///
    /// # Panics
    ///
    /// Never: a request is plain JSON.
    pub fn to_json(&self) -> Vec<u8> {
        serde_json::to_vec(self).expect("a request is plain JSON")
    }
}

/// The trace of one test.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TestTrace {
    /// The test.
    pub test: TestId,
    /// What the functions did in it.
    pub trace: ExecutionTrace,
    /// Whether it did more than was kept; the trace is its beginning.
    pub cut: bool,
}

/// What a run of tests left.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedTestTraces {
    /// The tests in which a function was called, in the order they ran.
    pub tests: Vec<TestTrace>,
    /// Lines that no tracer of ours writes; none in a whole file.
    pub faults: u32,
}

#[derive(Deserialize)]
struct Line {
    #[serde(default)]
    file: Option<String>,
    #[serde(default)]
    rows: Vec<report::Row>,
    #[serde(default)]
    test: Option<String>,
    #[serde(default)]
    functions: Vec<(String, u32, u32)>,
    #[serde(default)]
    full: bool,
    #[serde(default)]
    events: String,
}

/// Reads what a run left. Lines that no tracer of ours writes are counted and left out.
pub fn parse_tests(bytes: &[u8], python: &str) -> ParsedTestTraces {
    let mut parsed = ParsedTestTraces::default();
    let mut files: Vec<TracedFile> = Vec::new();
    let mut functions: Vec<TracedFunction> = Vec::new();
    for text in bytes.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()) {
        let taken = serde_json::from_slice(text)
            .ok()
            .and_then(|line| take(line, &mut files, &mut functions, python));
        match taken {
            Some(Taken::Test(test)) => parsed.tests.push(*test),
            Some(Taken::File) => {}
            None => parsed.faults = parsed.faults.saturating_add(1),
        }
    }
    parsed
}

/// What a line holds.
enum Taken {
    File,
    Test(Box<TestTrace>),
}

/// Takes one line; `None` if no tracer of ours writes it.
fn take(
    line: Line,
    files: &mut Vec<TracedFile>,
    functions: &mut Vec<TracedFunction>,
    python: &str,
) -> Option<Taken> {
    if let Some(path) = line.file {
        let path = RepoPath::parse(&path).ok()?.to_string();
        files.push(TracedFile { path, statements: report::statements(line.rows)? });
        return Some(Taken::File);
    }
    let test = TestId::new(line.test?);
    for (name, line, file) in line.functions {
        files.get(usize::try_from(file).ok()?)?;
        functions.push(TracedFunction { name, line, file });
    }
    let trace = part(files, functions, &line.events, python)?;
    Some(Taken::Test(Box::new(TestTrace { test, trace, cut: line.full })))
}

/// Puts together a trace with the files and functions that it needs, numbered anew.
fn part(
    files: &[TracedFile],
    functions: &[TracedFunction],
    events: &str,
    python: &str,
) -> Option<ExecutionTrace> {
    let mut events = events::read(events.as_bytes()).ok()?;
    let (mut of_function, mut of_file) = (BTreeMap::new(), BTreeMap::new());
    let (mut kept_functions, mut kept_files) = (Vec::new(), Vec::new());
    for event in &mut events {
        let backstory_model::TraceEvent::Call { function, .. } = event else { continue };
        if let Some(known) = of_function.get(function) {
            *function = *known;
            continue;
        }
        let mut found = functions.get(usize::try_from(*function).ok()?)?.clone();
        let next = u32::try_from(kept_files.len()).ok()?;
        let file = *of_file.entry(found.file).or_insert(next);
        if file == next {
            kept_files.push(files.get(usize::try_from(found.file).ok()?)?.clone());
        }
        found.file = file;
        let number = u32::try_from(kept_functions.len()).ok()?;
        of_function.insert(*function, number);
        kept_functions.push(found);
        *function = number;
    }
    let trace = ExecutionTrace {
        schema: SchemaVersion::CURRENT,
        python: python.to_owned(),
        files: kept_files,
        functions: kept_functions,
        events,
        result: TraceResult::Part,
        library_frames: 0,
        dropped_values: 0,
    };
    trace.visit_activations(|_, _| {}).ok()?;
    Some(trace)
}
