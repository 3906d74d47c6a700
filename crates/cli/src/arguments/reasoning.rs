//! What can be typed after `backstory synthesize` and `backstory questions`?

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::MachineArgs;

/// Make what no repository holds
#[derive(Args, Debug)]
pub(crate) struct SynthesizeArgs {
    #[command(subcommand)]
    pub(crate) command: SynthesizeCommand,
}

/// What is made.
#[derive(Subcommand, Debug)]
pub(crate) enum SynthesizeCommand {
    Programs(ProgramsArgs),
}

/// Write small Python programs for questions about their execution
///
/// A grammar writes them, without a model: each is about one built-in method and has the
/// structure of its level: 1 calls in calls, 2 another method besides, 3 to 5 control flow
/// nested once to three times, 6 two functions. A parser checks every program against its
/// level and counts what does not obey; programs that differ in names and literals alone
/// are kept once. Nothing is run: `backstory questions` does that. The same seed gives the
/// same bytes.
#[derive(Args, Debug)]
pub(crate) struct ProgramsArgs {
    /// The levels, one or a range
    #[arg(long, value_name = "LEVELS", default_value = "1..6")]
    pub(crate) level: String,
    /// How many programs in all
    #[arg(long, value_name = "N", default_value_t = 1000)]
    pub(crate) count: usize,
    /// How many programs with other arguments are kept of each one, at most
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) mutants: usize,
    /// Where the random choices start
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The folder to write; it gets `programs.jsonl`
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
}

/// Trace programs and ask about every step
///
/// Each program runs twice in the sandbox, under limits and with two seeds of the hash;
/// what does not end, does not end the same way or reaches out of itself is counted and
/// left out. From the traces come items: what the call returns, which statement comes
/// next, which value and type a variable has, what is executed how often, what is raised,
/// and which arguments give a result. Answers are read off the trace, and no answer is
/// right too often. The one meaning of an execution: `docs/execution-reasoning.md`.
#[derive(Args, Debug)]
pub(crate) struct QuestionsArgs {
    /// The folder of programs, as `synthesize programs` writes it
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The folder to write; it gets `items.jsonl` and `traces.jsonl`
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// The Python to trace with, e.g., `3.12`; else the latest of at least 3.11
    #[arg(long, value_name = "VERSION")]
    pub(crate) python: Option<String>,
    /// Questions about control flow for each item
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) control: usize,
    /// Questions about variables for each item
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) data: usize,
    /// Where the random choices start
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}
