//! What does it cost to search the thoughts of a story without a model?
//!
//! In: nothing. Out: one JSON line: how many steps were searched, how many candidates and
//! tokens were scored by counts of bytes, how many steps have a thought at the end, and
//! the CPU seconds. The story is made here, the same each time: 60 files of six functions,
//! of which each builds on the one before, shown behind the last 8,000 bytes.

#![expect(clippy::print_stdout, reason = "the line is the output of this program")]

use std::fmt::Write as _;
use std::time::Duration;

use backstory_model::LanguageModelError;
use backstory_synth::lm::{NgramModel, NgramOptions};
use backstory_synth::reason::clauses::ClauseWriter;
use backstory_synth::reason::search::{BeforeWhat, SearchOptions, ThoughtStep, search};
use rustix::time::{ClockId, clock_gettime};

const FILES: usize = 60;
const FUNCTIONS: usize = 6;
/// How much of what is written is shown before a step, in bytes.
const CONTEXT: usize = 8_000;
const VERBS: [&str; 7] = ["read", "sort", "join", "trim", "count", "match", "fold"];

fn main() -> Result<(), LanguageModelError> {
    let model = NgramModel::learn(&[], NgramOptions { learned: 0, shown: 8, shown_least: 0 });
    let files: Vec<String> = (0..FILES).map(code).collect();
    let names: Vec<String> = (0..FILES).flat_map(names).collect();
    let known: Vec<&str> = names.iter().map(String::as_str).collect();
    let thoughts: Vec<String> = (0..FILES).map(thought).collect();
    let (mut before, mut candidates, mut tokens, mut kept) = (String::new(), 0, 0, 0);
    let start = cpu_time();
    for (at, target) in files.iter().enumerate() {
        let clauses = clauses(at);
        let clauses: Vec<&str> = clauses.iter().map(String::as_str).collect();
        let others = thoughts.iter().enumerate().filter(|(other, _)| *other != at);
        let others: Vec<&str> = others.map(|(_, text)| text.as_str()).collect();
        let step = ThoughtStep {
            id: &format!("acme__words/{at}"),
            context: &before[before.len().saturating_sub(CONTEXT)..],
            before: "Think: ",
            after: "\n",
            lead: &format!("Write {}\n", path(at)),
            target,
            thought: Some(&thoughts[at]),
            known: &known,
            earlier: None,
            before_what: BeforeWhat::Code,
            others: &others,
            clauses: &clauses,
        };
        let found = search(&step, &SearchOptions::default(), &model, &ClauseWriter)?;
        candidates += found.rows.len();
        tokens += found.tokens_scored;
        kept += usize::from(found.thought.is_some());
        before.push_str(target);
    }
    let seconds = cpu_time().saturating_sub(start).as_secs_f64();
    println!(
        "{{\"steps\":{FILES},\"candidates\":{candidates},\"tokens_scored\":{tokens},\
         \"thoughts\":{kept},\"cpu_seconds\":{seconds:.3}}}"
    );
    Ok(())
}

fn path(file: usize) -> String {
    format!("words/{}_{file}.py", VERBS[file % VERBS.len()])
}

fn name(file: usize, function: usize) -> String {
    format!("{}_{}_{file}", VERBS[(file + function) % VERBS.len()], VERBS[function % VERBS.len()])
}

fn names(file: usize) -> Vec<String> {
    std::iter::once(path(file)).chain((0..FUNCTIONS).map(|at| name(file, at))).collect()
}

/// Writes a file; its functions call those of the file before.
fn code(file: usize) -> String {
    let mut text = String::new();
    for at in 0..FUNCTIONS {
        let called = name(file.saturating_sub(1), (at + 1) % FUNCTIONS);
        let _ = writeln!(
            text,
            "def {}(text, limit={at}):\n    words = [{called}(word) for word in text.split()]\n    \
             if len(words) > limit:\n        words = words[:limit + {file}]\n    \
             return \" \".join(words)\n",
            name(file, at)
        );
    }
    text
}

fn thought(file: usize) -> String {
    format!("I write `{}` with `{}` and `{}`.", path(file), name(file, 0), name(file, 1))
}

/// Says what a plan would say of a file.
fn clauses(file: usize) -> Vec<String> {
    let wanted: Vec<String> = (0..FUNCTIONS).map(|at| format!("`{}`", name(file, at))).collect();
    let mut said = vec![format!("The plan wants {} in it.", wanted.join(", "))];
    if let Some(before) = file.checked_sub(1) {
        said.push(format!("`{}` gives it `{}`.", path(before), name(before, 1)));
        said.push(format!("It builds on `{}`.", path(before)));
    }
    said.push("No other file of the plan waits for it.".to_owned());
    said
}

fn cpu_time() -> Duration {
    let time = clock_gettime(ClockId::ProcessCPUTime);
    let nanoseconds = u32::try_from(time.tv_nsec).unwrap_or_default();
    Duration::new(time.tv_sec.unsigned_abs(), nanoseconds)
}
