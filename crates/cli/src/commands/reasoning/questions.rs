//! What is asked about programs, and where did every one of them go?

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::path::Path;

use backstory_exec::environment::ToolKind;
use backstory_exec::trace::{Interpreter, TraceOptions, TraceProgram, trace_patiently};
use backstory_model::seed::Seed;
use backstory_model::{
    ContainmentLevel, ExecutionTrace, TraceEvent, TraceFailure, ValueText, exit,
};
use backstory_store::fs;
use backstory_synth::programs::{Origin, Parts, Program};
use backstory_synth::questions::{AskOptions, Balance, Subject, ask};
use backstory_verify::Function;
use serde::Serialize;
use serde_json::value::RawValue;

use super::of_run::of_run;
use super::programs::PROGRAMS;
use super::rows::{Counts, QuestionFolder, TraceText};
use crate::arguments::QuestionsArgs;
use crate::cost::Cost;
use crate::execution::Machine;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// How many programs are traced before the next ones are read.
const AT_ONCE: usize = 4096;

/// A trace as it stands on disk.
#[derive(Serialize)]
struct StoredTrace<'a> {
    trace_ref: &'a str,
    program_id: &'a str,
    trace: &'a RawValue,
}

/// Where every program went.
#[derive(Default)]
struct Funnel {
    programs: usize,
    failures: BTreeMap<&'static str, usize>,
    counts: Counts,
}

/// Traces programs and asks about them.
pub(crate) fn questions(
    args: &QuestionsArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    if !args.from.join(PROGRAMS).exists() && args.from.join("manifest.json").exists() {
        return of_run(args, settings, talk);
    }
    let programs = read(&args.from.join(PROGRAMS))?;
    let machine =
        Machine::open(settings, args.machine.clone(), ContainmentLevel::Namespaces, talk)?;
    let interpreter = interpreter(&machine, args.python.as_deref())?;
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(settings.jobs(None)?)
        .build()
        .map_err(|error| Failure::of(error, "failed to start the worker threads"))?;
    let options = AskOptions { control: args.control, data: args.data, seed: Seed::new(args.seed) };
    let (mut balance, mut funnel) = (Balance::default(), Funnel::default());
    let mut folder = QuestionFolder::create(&args.output)?;
    let stage = talk.stage("programs", programs.len());
    for some in programs.chunks(AT_ONCE) {
        let parts: Vec<Option<Parts>> = some.iter().map(Program::parts).collect();
        let traced = pool.install(|| trace(&machine, &interpreter, &parts, runs(some)))?;
        for (program, traced) in some.iter().zip(traced) {
            stage.step();
            funnel.programs += 1;
            let (parts, trace) = match traced {
                Ok(traced) => traced,
                Err(why) => {
                    *funnel.failures.entry(why.as_str()).or_default() += 1;
                    continue;
                }
            };
            let TraceText { trace_ref, text } = TraceText::of(&trace)?;
            let asked = ask(&subject(program, parts, &trace, &trace_ref), options, &mut balance);
            funnel.counts.add(&asked.items, &asked.dropped);
            let program_id = &program.program_id;
            let row = StoredTrace { trace_ref: &trace_ref, program_id, trace: &text };
            folder.write(&asked.items, &row)?;
        }
    }
    stage.finish();
    folder.finish()?;
    talk.data(&funnel.table(&balance))?;
    let cost = Cost::so_far().rounded();
    talk.say(&format!(
        "{} items in `{}`, Python {}, {:.1} CPU-seconds",
        funnel.counts.items,
        args.output.display(),
        interpreter.version,
        cost.cpu_seconds
    ));
    Ok(exit::OK)
}

fn read(path: &Path) -> Result<Vec<Program>, Failure> {
    let text = fs::read_text(path)?;
    let mut programs = Vec::new();
    for (number, line) in (1..).zip(text.lines()) {
        let program = serde_json::from_str(line).map_err(|error| {
            Failure::of(error, &format!("line {number} of `{}` is no program", path.display()))
        })?;
        programs.push(program);
    }
    Ok(programs)
}

/// Returns the interpreter that was asked for, or the latest one that can be followed.
pub(super) fn interpreter(machine: &Machine, wanted: Option<&str>) -> Result<Interpreter, Failure> {
    let fits = |version: &str| match wanted {
        Some(wanted) => {
            version == wanted
                || version.strip_prefix(wanted).is_some_and(|rest| rest.starts_with('.'))
        }
        None => true,
    };
    let minor = |version: &str| version.split('.').nth(1)?.parse::<u32>().ok();
    let tools = machine.toolchains.found.iter().filter(|tool| tool.kind == ToolKind::Python);
    let found = tools
        .filter(|tool| fits(&tool.version))
        .find_map(|tool| Some((tool, minor(&tool.version).filter(|minor| *minor >= 11)?)));
    let Some((tool, minor)) = found else {
        let which = wanted.unwrap_or("3.11 or later");
        return Err(Failure::new(format!("this machine has no Python {which} to trace with"))
            .hint("`backstory doctor` lists what it has; questions need at least 3.11"));
    };
    Ok(Interpreter {
        program: format!("/toolchain/python3.{minor}/bin/python3.{minor}"),
        mounts: tool.mounts.clone(),
        version: tool.version.clone(),
    })
}

/// Returns with how many seeds of the hash programs run.
///
/// Two are enough for the grammar, in which nothing depends on the seed. An order of two
/// texts in a set is the same under two seeds as often as not, so others run with more.
fn runs(programs: &[Program]) -> u32 {
    let is_safe = |program: &Program| program.origin == Origin::Grammar;
    if programs.iter().all(is_safe) { 2 } else { 5 }
}

/// A program taken apart with its trace.
type Followed<'p> = Result<(&'p Parts, ExecutionTrace), TraceFailure>;

/// Traces programs; what cannot be taken apart is invalid.
fn trace<'p>(
    machine: &Machine,
    interpreter: &Interpreter,
    parts: &'p [Option<Parts>],
    runs: u32,
) -> Result<Vec<Followed<'p>>, Failure> {
    let programs: Vec<TraceProgram> = parts
        .iter()
        .flatten()
        .map(|parts| TraceProgram {
            source: parts.module.clone(),
            entry: parts.call.clone(),
            points: Vec::new(),
        })
        .collect();
    let folder = machine.scratch().join("trace");
    let options = TraceOptions { runs, ..TraceOptions::default() };
    let traced = trace_patiently(&programs, &options, interpreter, &*machine.sandbox, &folder)
        .map_err(|error| Failure::of(error, "failed to trace programs"))?;
    let mut traced = traced.into_iter();
    let invalid = || TraceFailure::Invalid { what: "shape".to_owned() };
    let mut one = |parts: &'p Option<Parts>| {
        let parts = parts.as_ref().ok_or_else(invalid)?;
        Ok((parts, traced.next().unwrap_or_else(|| Err(invalid()))?))
    };
    Ok(parts.iter().map(&mut one).collect())
}

fn subject<'a>(
    program: &'a Program,
    parts: &'a Parts,
    trace: &'a ExecutionTrace,
    trace_ref: &'a str,
) -> Subject<'a> {
    let last = u32::try_from(parts.module.lines().count()).unwrap_or(u32::MAX);
    Subject {
        program_id: &program.program_id,
        family_id: &program.family_id,
        source: &parts.module,
        file: 0,
        shown: vec![1..=last],
        call: &parts.call,
        function: arguments(trace, program, parts).map(|arguments| Function {
            entry: program.entry.clone(),
            source: parts.module.clone(),
            arguments,
        }),
        origin: program.origin.as_str(),
        license: program.license.clone(),
        trace,
        trace_ref,
    }
}

/// Returns the arguments of the call as the JSON of a list, as the trace saw them.
fn arguments(trace: &ExecutionTrace, program: &Program, parts: &Parts) -> Option<String> {
    let Some(TraceEvent::Call { function, set }) = trace.events.first() else { return None };
    // What makes an argument may be followed before the entry is.
    let called = trace.functions.get(usize::try_from(*function).ok()?)?;
    let names = parts.parameters.as_ref().filter(|_| called.name == program.entry)?;
    let values: Option<Vec<&str>> = names
        .iter()
        .map(|name| set.get(name).filter(|value| !value.is_unknown()).map(ValueText::as_str))
        .collect();
    Some(format!("[{}]", values?.join(",")))
}

impl Funnel {
    fn table(&self, balance: &Balance) -> String {
        let mut text = format!("{:<28}{:>9}\n", "programs", self.programs);
        for (why, count) in &self.failures {
            // Writing to a string does not fail.
            let _ = writeln!(text, "{:<28}{count:>9}", format!("  no trace: {why}"));
        }
        text + &self.counts.table(balance)
    }
}
