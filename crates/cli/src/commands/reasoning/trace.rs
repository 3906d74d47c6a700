//! What did a fix change in what its functions do?
//!
//! In: one instance of a run. Out: for each function and test, where the ways before the
//! fix and after it part, and which value differs there; and the traces as rows.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use backstory_exec::execute::{BothVersions, FollowedTest, FollowedUnit};
use backstory_model::{ExecutionTrace, RepoPath, TracedFile, exit};
use backstory_store::{RunDirectory, fs};
use backstory_synth::questions::{SameStatements, TracedCall, calls, is_same_call, parting};

use super::follow::Following;
use super::rows::{Rows, RunTrace, TraceText};
use crate::arguments::TraceArgs;
use crate::commands::show::find;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// Values are printed up to this many characters.
const WIDTH: usize = 120;

/// Traces one instance.
pub(crate) fn trace(args: &TraceArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    let run = RunDirectory::read_only(&args.run)?;
    let unit = find(&run, &args.unit, &args.run)?;
    let python = args.python.as_deref();
    let following =
        Following::open(&run, &args.follow, python, args.machine.clone(), settings, talk)?;
    let execution = following.confirmed(&unit)?.map_err(|why| {
        Failure::new(format!("`{}` has no confirmed instance: {}", args.unit, why.as_str()))
            .hint("`backstory show --execution` says what its execution came to")
    })?;
    let followed = following
        .follow(&unit, &execution)?
        .map_err(|why| Failure::of(why, &format!("`{}` cannot be followed", args.unit)))?;
    if let Some(folder) = &args.output {
        fs::create_dirs(folder)?;
        let mut rows = Rows::create(&folder.join("traces.jsonl"))?;
        for test in &followed.tests {
            write_states(&mut rows, &args.unit, test)?;
        }
        rows.finish()?;
    }
    talk.data(&told(&followed))?;
    let count = followed.tests.iter().filter(|test| test.after.is_ok()).count();
    talk.say(&format!(
        "{count} of {} tests traced, {} functions, Python {}",
        followed.tests.len(),
        followed.functions.len(),
        followed.python
    ));
    Ok(exit::OK)
}

fn write_states(rows: &mut Rows, instance: &str, test: &FollowedTest) -> Result<(), Failure> {
    for (state, traced) in [("base_with_tests", &test.before), ("head", &test.after)] {
        let Ok(traced) = traced else { continue };
        let TraceText { trace_ref, text } = TraceText::of(&traced.trace)?;
        rows.write(&RunTrace {
            trace_ref: &trace_ref,
            program_id: None,
            instance,
            state,
            test: test.id.as_str(),
            function: None,
            path: None,
            call: None,
            cut: traced.cut,
            before_ref: None,
            trace: &text,
        })?;
    }
    Ok(())
}

/// Writes what is read on a terminal.
fn told(followed: &FollowedUnit) -> String {
    let mut text = String::new();
    // Writing to a string does not fail.
    for function in &followed.functions {
        let _ = writeln!(text, "{} {}", function.path, function.name);
    }
    if followed.outside > 0 {
        let _ = writeln!(text, "{} changed lines lie in no function", followed.outside);
    }
    for test in &followed.tests {
        let _ = writeln!(text, "\n{}", test.id);
        match (&test.before, &test.after) {
            (Ok(before), Ok(after)) => {
                text.push_str(&parted(followed, &before.trace, &after.trace));
            }
            (before, after) => {
                for (word, state) in [("before the fix", before), ("after the fix", after)] {
                    let said = match state {
                        Ok(traced) => format!("{} executions", executions(&traced.trace)),
                        Err(why) => format!("no trace: {}", why.as_str()),
                    };
                    let _ = writeln!(text, "  {word}: {said}");
                }
            }
        }
    }
    text
}

fn executions(trace: &ExecutionTrace) -> usize {
    trace.visit_activations(|_, _| {}).map_or(0, |found| found.len())
}

/// Tells where the calls of a test part.
fn parted(followed: &FollowedUnit, before: &ExecutionTrace, after: &ExecutionTrace) -> String {
    let mut text = String::new();
    let (old, new) = (calls(before).calls, calls(after).calls);
    let mut same: BTreeMap<&str, usize> = BTreeMap::new();
    for call in &new {
        let twin = old.iter().find(|one| is_same_call(one, call));
        let said = twin.and_then(|twin| way(followed, twin, call));
        match said {
            Some(said) => {
                let _ = write!(text, "  {} call {}\n{said}", call.function, call.number);
            }
            None if twin.is_some() => *same.entry(&call.function).or_default() += 1,
            None => {
                let _ = writeln!(
                    text,
                    "  {} call {}: no such call before the fix",
                    call.function, call.number
                );
            }
        }
    }
    for (function, count) in same {
        let _ = writeln!(text, "  {function}: {count} calls do the same");
    }
    text
}

fn way(followed: &FollowedUnit, before: &TracedCall, after: &TracedCall) -> Option<String> {
    let versions = RepoPath::parse(&after.path).ok().and_then(|path| followed.files.get(&path))?;
    let (old, new) = (before.file()?, after.file()?);
    let same = SameStatements::of((&versions.before, old), (&versions.after, new));
    let found = parting(before, after, &same);
    let mut text = String::new();
    if let Some(value) = &found.value {
        let shown = |value: &Option<backstory_model::ValueText>| {
            value.as_ref().map_or("unbound".to_owned(), |value| short(value.as_str()))
        };
        let line = line(new, value.statement);
        let _ = writeln!(
            text,
            "    after {}:{line} ({}), execution {}: `{}` was {} and is {}",
            after.path,
            code(&versions.after, line),
            value.k,
            value.variable,
            shown(&value.before),
            shown(&value.after)
        );
    }
    if let Some((one, other)) = found.way {
        let named = |versions: &str, file: &TracedFile, one: Option<(u32, u32)>| match one {
            Some((statement, _)) => {
                let line = line(file, statement);
                format!("line {line} ({})", code(versions, line))
            }
            None => "the end".to_owned(),
        };
        let BothVersions { before, after } = versions;
        let _ = writeln!(
            text,
            "    the way parts: before the fix to {}, after it to {}",
            named(before, old, one),
            named(after, new, other)
        );
    }
    (!text.is_empty()).then_some(text)
}

fn line(file: &TracedFile, statement: u32) -> u32 {
    let place = usize::try_from(statement).ok().and_then(|number| number.checked_sub(1));
    place.and_then(|place| file.statements.get(place)).map_or(0, |one| one.line)
}

fn code(text: &str, line: u32) -> String {
    let place = usize::try_from(line).unwrap_or_default().saturating_sub(1);
    short(text.lines().nth(place).unwrap_or_default().trim())
}

fn short(text: &str) -> String {
    if text.chars().count() <= WIDTH {
        return text.to_owned();
    }
    text.chars().take(WIDTH).chain("...".chars()).collect()
}
