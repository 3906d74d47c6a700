//! How are many small programs traced?
//!
//! In: programs with a call each, an interpreter and a sandbox. Out: the trace of each, or
//! why it has none. Programs go into the sandbox by the batch, and as many batches run at a
//! time as there are threads; a program that takes down the process that parses is the last
//! of its job, and the others of its batch go into the next one.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use backstory_model::{
    Access, Ending, Limits, Mount, Network, Sandbox, SandboxError, SandboxJob, SandboxResult,
    TraceFailure, Upper, WorkTree,
};
use backstory_store::{StoreError, fs};
use rayon::prelude::*;

use crate::report::folder::{self, FolderError};

use super::{ParsedTraces, TRACER, Traced, parse};

/// The most programs in one job; a job starts three interpreters, which takes as long as
/// some fifty programs.
const BATCH: usize = 512;

/// The most bytes of a report that are read.
const LARGEST_REPORT: u64 = 1 << 30;

/// The file that the tracer writes.
const REPORT: &str = "traces";

/// An execution of a statement after which values are wanted.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct TracePoint {
    /// The number of the statement.
    pub statement: u32,
    /// Which execution of it, from 1.
    pub k: u32,
}

/// A program and a call.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceProgram {
    /// Its text. What its module executes comes before the trace.
    pub source: String,
    /// The expression that is evaluated in its module, e.g., `f([1, 2], "x")`.
    pub entry: String,
    /// Where values are wanted; everywhere if there is none.
    pub points: Vec<TracePoint>,
}

/// How programs are traced. Every run has these limits for itself.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TraceOptions {
    /// The runs of each program, each with its own seed of the hash.
    pub runs: u32,
    /// Statements it may execute.
    pub steps: u32,
    /// Milliseconds until it is ended.
    pub wall_milliseconds: u32,
    /// Milliseconds of CPU time.
    pub cpu_milliseconds: u32,
    /// Bytes of memory.
    pub memory: u64,
    /// Characters it may print.
    pub output: u64,
    /// Bytes of values in its trace.
    pub trace: u64,
    /// Whether values are written at all.
    pub values: bool,
    /// The most objects in one value.
    pub nodes: u32,
    /// The most characters or bytes in one string.
    pub length: u32,
}

impl Default for TraceOptions {
    fn default() -> Self {
        Self {
            runs: 2,
            steps: 100_000,
            wall_milliseconds: 2_000,
            cpu_milliseconds: 1_000,
            memory: 256 << 20,
            output: 64 << 10,
            trace: 8 << 20,
            values: true,
            nodes: 256,
            length: 1024,
        }
    }
}

/// The interpreter that programs run on; 3.11 or later.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Interpreter {
    /// Where the sandbox has it.
    pub program: String,
    /// What is mounted for it.
    pub mounts: Vec<Mount>,
    /// Its version, e.g., `3.12.1`.
    pub version: String,
}

/// Says why programs could not be traced at all.
#[derive(Debug, thiserror::Error)]
pub enum TraceError {
    /// The sandbox failed.
    #[error("failed to run the tracer")]
    Sandbox(#[from] SandboxError),
    /// Files for the tracer could not be written or read.
    #[error("failed to prepare the tracer")]
    Store(#[from] StoreError),
    /// What the tracer left could not be read.
    #[error("failed to read what the tracer left")]
    Report(#[from] FolderError),
    /// The tracer did not start.
    #[error("the tracer did not start: {what}")]
    Start {
        /// What it said.
        what: String,
    },
}

/// Traces programs; the result has one entry for each, in their order.
///
/// `folder` is empty or missing and is used for files of the tracer.
pub fn trace_programs(
    programs: &[TraceProgram],
    options: &TraceOptions,
    interpreter: &Interpreter,
    sandbox: &dyn Sandbox,
    folder: &Path,
) -> Result<Vec<Traced>, TraceError> {
    let batches: Vec<Vec<Traced>> = programs
        .par_chunks(BATCH)
        .enumerate()
        .map(|(number, batch)| {
            let place = Place::create(&folder.join(number.to_string()))?;
            place.trace(batch, options, interpreter, sandbox)
        })
        .collect::<Result<_, TraceError>>()?;
    Ok(batches.into_iter().flatten().collect())
}

/// How many times longer a program may take that met the limit of wall time.
const LONGER: u32 = 10;

/// Traces programs like [`trace_programs`], and a busy machine changes nothing.
///
/// What met the limit of wall time runs once more with ten times as much of it. CPU time
/// stays limited as it was, so that only a program that waits for nothing takes so long.
pub fn trace_patiently(
    programs: &[TraceProgram],
    options: &TraceOptions,
    interpreter: &Interpreter,
    sandbox: &dyn Sandbox,
    folder: &Path,
) -> Result<Vec<Traced>, TraceError> {
    let mut traced = trace_programs(programs, options, interpreter, sandbox, folder)?;
    let is_late =
        |one: &Traced| matches!(one, Err(TraceFailure::Timeout { what }) if what == "wall");
    let late: Vec<usize> = (0..traced.len()).filter(|at| is_late(&traced[*at])).collect();
    if late.is_empty() {
        return Ok(traced);
    }
    let again: Vec<TraceProgram> = late.iter().map(|at| programs[*at].clone()).collect();
    let wall_milliseconds = options.wall_milliseconds.saturating_mul(LONGER);
    let longer = TraceOptions { wall_milliseconds, ..options.clone() };
    let found = trace_programs(&again, &longer, interpreter, sandbox, folder)?;
    for (at, one) in late.into_iter().zip(found) {
        traced[at] = one;
    }
    Ok(traced)
}

/// Returns why the report ends before the program.
fn why_last(ending: &Ending, fault: Option<String>) -> TraceFailure {
    match ending {
        Ending::Signaled { signal } => TraceFailure::Crashed { signal: *signal },
        Ending::MemoryLimit { .. } => TraceFailure::Oom,
        Ending::TimeLimit => TraceFailure::Timeout { what: "wall".to_owned() },
        Ending::CpuLimit => TraceFailure::Timeout { what: "cpu".to_owned() },
        Ending::OutputLimit => TraceFailure::Output,
        Ending::Exited { .. }
        | Ending::ProcessLimit { .. }
        | Ending::DiskLimit { .. }
        | Ending::Broken { .. }
        | Ending::Canceled => {
            TraceFailure::Tampered { what: fault.unwrap_or_else(|| "report".to_owned()) }
        }
    }
}

/// The folders of the host that a job sees.
struct Place {
    tracer: PathBuf,
    work: PathBuf,
    report: PathBuf,
}

impl Place {
    fn create(folder: &Path) -> Result<Self, StoreError> {
        let [tracer, work, report] = ["tracer", "work", "report"].map(|name| folder.join(name));
        for path in [&tracer, &work, &report] {
            fs::create_dirs(path)?;
        }
        for (name, content) in TRACER {
            fs::write_file(&tracer.join(name), content.as_bytes())?;
        }
        Ok(Self { tracer, work, report })
    }

    /// Traces a batch, in as many jobs as it takes.
    fn trace(
        &self,
        batch: &[TraceProgram],
        options: &TraceOptions,
        interpreter: &Interpreter,
        sandbox: &dyn Sandbox,
    ) -> Result<Vec<Traced>, TraceError> {
        let mut traced: Vec<Traced> = Vec::with_capacity(batch.len());
        while traced.len() < batch.len() {
            let left = &batch[traced.len()..];
            let (parsed, result) = self.run(left, options, interpreter, sandbox)?;
            let begun = traced.len();
            traced.extend(parsed.programs.into_iter().take(left.len()));
            let is_full = matches!(result.ending, Ending::DiskLimit { .. });
            // A report that is full is no fault of the program that comes next.
            if traced.len() < batch.len() && !(is_full && traced.len() > begun) {
                if traced.is_empty() {
                    self.check(options, interpreter, sandbox)?;
                }
                traced.push(Err(why_last(&result.ending, parsed.fault)));
            }
        }
        Ok(traced)
    }

    /// Runs a job and reads the report.
    fn run(
        &self,
        batch: &[TraceProgram],
        options: &TraceOptions,
        interpreter: &Interpreter,
        sandbox: &dyn Sandbox,
    ) -> Result<(ParsedTraces, SandboxResult), TraceError> {
        fs::write_file(&self.work.join("requests"), &requests(batch))?;
        fs::remove_dirs(&self.report)?;
        fs::create_dirs(&self.report)?;
        let result = sandbox.run(&self.job(batch.len(), options, interpreter))?;
        let bytes = folder::read(&self.report, REPORT, LARGEST_REPORT)?.unwrap_or_default();
        Ok((parse(&bytes, &interpreter.version), result))
    }

    /// Fails if not even a harmless program is traced.
    fn check(
        &self,
        options: &TraceOptions,
        interpreter: &Interpreter,
        sandbox: &dyn Sandbox,
    ) -> Result<(), TraceError> {
        let harmless = TraceProgram {
            source: "def f():\n    return 1\n".to_owned(),
            entry: "f()".to_owned(),
            points: Vec::new(),
        };
        let (parsed, result) = self.run(&[harmless], options, interpreter, sandbox)?;
        if parsed.programs.len() == 1 {
            return Ok(());
        }
        let said = String::from_utf8_lossy(&result.output);
        let last = said.lines().last().unwrap_or_default();
        Err(TraceError::Start { what: format!("{:?}, {last}", result.ending) })
    }

    fn job(
        &self,
        programs: usize,
        options: &TraceOptions,
        interpreter: &Interpreter,
    ) -> SandboxJob {
        let mount = |source: &Path, target: &str, access| Mount {
            source: source.to_owned(),
            target: target.to_owned(),
            access,
        };
        let mut mounts = interpreter.mounts.clone();
        mounts.push(mount(&self.tracer, "/backstory", Access::ReadOnly));
        mounts.push(mount(&self.work, "/requests", Access::ReadOnly));
        mounts.push(mount(&self.report, "/report", Access::ReadWrite));
        let variables = [
            ("HOME", "/tmp/home"),
            ("LC_ALL", "C.UTF-8"),
            ("PYTHONDONTWRITEBYTECODE", "1"),
            ("PYTHONHASHSEED", "0"),
            ("TZ", "UTC"),
        ];
        let script = "/backstory/backstory_programs.py";
        let mut command: Vec<String> =
            [&interpreter.program, "-s", "-S", "-B", script].map(str::to_owned).into();
        command.extend(["/requests/requests".to_owned(), format!("/report/{REPORT}")]);
        command.extend(words(options));
        SandboxJob {
            name: format!("trace of {programs} programs"),
            work: WorkTree { layers: Vec::new(), upper: Upper::Discarded },
            mounts,
            variables: variables
                .map(|(name, value)| (name.to_owned(), value.to_owned()))
                .into_iter()
                .collect(),
            command,
            limits: limits(programs, options),
            network: Network::None,
        }
    }
}

/// Returns what all runs of a batch together may use.
fn limits(programs: usize, options: &TraceOptions) -> Limits {
    let programs = u32::try_from(programs).unwrap_or(u32::MAX);
    let runs = programs.saturating_mul(options.runs).saturating_add(options.runs);
    let seconds = |each: u32| 30_u32.saturating_add(runs.saturating_mul(each.div_ceil(1000) + 1));
    Limits {
        wall_seconds: seconds(options.wall_milliseconds),
        cpu_seconds: seconds(options.cpu_milliseconds),
        memory: u64::from(options.runs) * (options.memory + (64 << 20)) + (512 << 20),
        processes: 8 + 4 * options.runs,
        output: 1 << 20,
        disk: LARGEST_REPORT,
        files: 1000,
    }
}

/// Returns the options as the tracer takes them.
fn words(options: &TraceOptions) -> impl Iterator<Item = String> {
    let numbers = [
        ("seeds", u64::from(options.runs)),
        ("steps", options.steps.into()),
        ("wall_ms", options.wall_milliseconds.into()),
        ("cpu_ms", options.cpu_milliseconds.into()),
        ("memory", options.memory),
        ("output", options.output),
        ("trace", options.trace),
        ("values", options.values.into()),
        ("nodes", options.nodes.into()),
        ("length", options.length.into()),
    ];
    numbers.into_iter().map(|(name, number)| format!("{name}={number}"))
}

/// Writes the requests of a batch.
fn requests(batch: &[TraceProgram]) -> Vec<u8> {
    let mut text = String::new();
    for program in batch {
        let mut points = String::new();
        for point in &program.points {
            // Writing to a string does not fail.
            let _ = write!(points, "{}:{} ", point.statement, point.k);
        }
        let lengths = (program.source.len(), program.entry.len(), points.len());
        let _ = writeln!(text, "program {} {} {}", lengths.0, lengths.1, lengths.2);
        text.extend([&program.source, &program.entry, &points].map(String::as_str));
    }
    text.into_bytes()
}
