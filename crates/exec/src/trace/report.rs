//! What does the tracer's report say?
//!
//! In: foreign bytes: for each program a line of JSON and the events of its runs. Out: the
//! trace of each program or why it has none, as far as the report is whole. Reads nothing
//! but its arguments.

use backstory_model::{
    ExecutionTrace, SchemaVersion, TraceFailure, TraceResult, TracedFile, TracedFunction,
    TracedStatement, Unasked, ValueText,
};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

use super::{EventFault, events, merge};

/// The longest line of JSON that is read.
const LONGEST_LINE: usize = 32 << 20;

/// The trace of a program, or why it has none.
pub type Traced = Result<ExecutionTrace, TraceFailure>;

/// What a report holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedTraces {
    /// The programs in the order they were asked for; those after a fault are missing.
    pub programs: Vec<Traced>,
    /// Whether the report has its last line and nothing else.
    pub complete: bool,
    /// Where no tracer of ours wrote what comes next, and why.
    pub fault: Option<String>,
}

#[derive(Deserialize)]
struct Head {
    #[serde(default)]
    program: Option<usize>,
    #[serde(default)]
    programs: Option<usize>,
    #[serde(default)]
    rows: Vec<Row>,
    #[serde(default)]
    runs: Vec<RunHead>,
}

/// Line, column, end line, end column, kind, parent, why unasked, silent.
pub(super) type Row = (u32, u32, u32, u32, String, u32, Option<Unasked>, u8);

#[derive(Deserialize)]
struct RunHead {
    outcome: String,
    #[serde(default)]
    what: Option<String>,
    #[serde(default)]
    class: Option<String>,
    #[serde(default)]
    signal: Option<i32>,
    #[serde(default, deserialize_with = "present")]
    value: Option<Box<RawValue>>,
    #[serde(default)]
    library: u64,
    #[serde(default)]
    functions: Vec<(String, u32)>,
    bytes: usize,
}

/// Keeps `null`, which is a value like others.
fn present<'de, D: Deserializer<'de>>(value: D) -> Result<Option<Box<RawValue>>, D::Error> {
    Box::<RawValue>::deserialize(value).map(Some)
}

/// Reads a report. `python` is the version of the interpreter.
pub fn parse(bytes: &[u8], python: &str) -> ParsedTraces {
    let mut parsed = ParsedTraces::default();
    let mut rest = bytes;
    while !rest.is_empty() {
        match program(rest, parsed.programs.len(), python) {
            Ok(Next::Program(traced, after)) => {
                parsed.programs.push(*traced);
                rest = after;
            }
            Ok(Next::End(after)) => {
                parsed.complete = after.is_empty();
                if !parsed.complete {
                    parsed.fault = Some("something follows the last line".to_owned());
                }
                return parsed;
            }
            Err(what) => {
                parsed.fault = Some(format!("program {}: {what}", parsed.programs.len()));
                return parsed;
            }
        }
    }
    parsed
}

/// What comes next in a report, and the bytes after it.
enum Next<'a> {
    Program(Box<Traced>, &'a [u8]),
    End(&'a [u8]),
}

fn program<'a>(bytes: &'a [u8], number: usize, python: &str) -> Result<Next<'a>, String> {
    let end = memchr::memchr(b'\n', bytes).filter(|end| *end <= LONGEST_LINE);
    let (line, mut rest) = bytes.split_at(end.ok_or("its line has no end")?);
    rest = &rest[1..];
    let head: Head = serde_json::from_slice(line).map_err(|error| error.to_string())?;
    if head.programs == Some(number) {
        return Ok(Next::End(rest));
    }
    if head.program != Some(number) || head.runs.is_empty() {
        return Err("its line is not the one that belongs there".to_owned());
    }
    let statements = statements(head.rows).ok_or("its statements contradict themselves")?;
    let mut runs = Vec::new();
    for run in head.runs {
        let (events, after) = rest.split_at_checked(run.bytes).ok_or("its events are cut off")?;
        rest = after.strip_prefix(b"\n").ok_or("its events are longer than said")?;
        runs.push(traced(run, events, &statements, python));
    }
    Ok(Next::Program(Box::new(judged(runs)), rest))
}

/// Returns the statements of rows that do not contradict one another.
pub(super) fn statements(rows: Vec<Row>) -> Option<Vec<TracedStatement>> {
    let mut statements = Vec::with_capacity(rows.len());
    for (line, column, end_line, end_column, kind, parent, unasked, silent) in rows {
        if usize::try_from(parent).ok()? > statements.len() {
            return None;
        }
        let silent = silent != 0;
        statements.push(TracedStatement {
            line,
            column,
            end_line,
            end_column,
            kind,
            parent,
            unasked,
            silent,
        });
    }
    Some(statements)
}

/// Puts the runs of a program together.
fn judged(runs: Vec<Traced>) -> Traced {
    let runs = runs.into_iter().collect::<Result<Vec<_>, _>>()?;
    merge::merged(runs).ok_or(TraceFailure::Nondeterministic)
}

fn traced(run: RunHead, bytes: &[u8], statements: &[TracedStatement], python: &str) -> Traced {
    let result = result(&run)?;
    let tampered = |what: &str| TraceFailure::Tampered { what: what.to_owned() };
    let events = events::read(bytes).map_err(|fault| match fault {
        EventFault::TooMuch => TraceFailure::Trace,
        EventFault::NotText { .. } | EventFault::NoEvent { .. } => tampered("events"),
    })?;
    let function = |(name, line): (String, u32)| TracedFunction { name, line, file: 0 };
    let trace = ExecutionTrace {
        schema: SchemaVersion::CURRENT,
        python: python.to_owned(),
        files: vec![TracedFile { path: String::new(), statements: statements.to_vec() }],
        functions: run.functions.into_iter().map(function).collect(),
        events,
        result,
        library_frames: run.library,
        dropped_values: 0,
    };
    // No tracer of ours writes events that contradict one another.
    trace.visit_activations(|_, _| {}).map_err(|_| tampered("events"))?;
    Ok(trace)
}

fn result(run: &RunHead) -> Result<TraceResult, TraceFailure> {
    let what = || run.what.clone().unwrap_or_default();
    let tampered = |what: &str| TraceFailure::Tampered { what: what.to_owned() };
    match run.outcome.as_str() {
        "returned" => {
            let text = run.value.as_ref().map(|value| value.get().to_owned());
            let value = text.and_then(ValueText::new).ok_or_else(|| tampered("result"))?;
            Ok(TraceResult::Returned(value))
        }
        "raised" => Ok(TraceResult::Raised(run.class.clone().ok_or_else(|| tampered("result"))?)),
        "invalid" => Err(TraceFailure::Invalid { what: what() }),
        "module" => Err(TraceFailure::Module { class: what() }),
        "timeout" => Err(TraceFailure::Timeout { what: what() }),
        "oom" => Err(TraceFailure::Oom),
        "steps" => Err(TraceFailure::Steps),
        "trace" => Err(TraceFailure::Trace),
        "output" => Err(TraceFailure::Output),
        "recursion" => Err(TraceFailure::Recursion),
        "exit" => Err(TraceFailure::Exit),
        "crashed" => Err(TraceFailure::Crashed { signal: run.signal.unwrap_or_default() }),
        "forbidden" => Err(TraceFailure::Forbidden { what: what() }),
        "tampered" => Err(TraceFailure::Tampered { what: what() }),
        _ => Err(tampered("outcome")),
    }
}
