//! What can be typed after `backstory synthesize` and `backstory questions`, and after
//! `backstory export` about questions?

use std::path::PathBuf;

use clap::{Args, Subcommand};

use super::{CacheArgs, MachineArgs, WriterArgs};

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
/// A grammar writes them, or with `--model` a model: each is about one built-in method and has
/// the structure of its level: 1 calls in calls, 2 another method besides, 3 to 5 control flow
/// nested once to three times, 6 two functions. A parser checks every program against its
/// level and counts what does not obey; programs that differ in names and literals alone
/// are kept once. Nothing is run: `backstory questions` does that. The same seed gives the
/// same bytes; what a model wrote is kept and not asked for again.
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
    /// The folder to write; it gets `programs.jsonl`, and of a model `rejected.jsonl`
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// Who writes instead of the grammar: the address of a server, or `local` (a model in this
    /// process, if this build has the engine)
    #[arg(long, value_name = "local|URL")]
    pub(crate) model: Option<String>,
    #[command(flatten)]
    pub(crate) writer: WriterArgs,
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
}

/// Follow the functions a fix touched while tests run, before it and after
///
/// The tests that tell the fix, and some of those that must go on passing and call what it
/// touched, run in the sandbox on the base with the test patch and on the head, twice each
/// with two seeds of the hash. Prints, for each function and test, where the two ways part
/// and which value differs there. Needs Python 3.11 or later.
#[derive(Args, Debug)]
pub(crate) struct TraceArgs {
    /// The run
    pub(crate) run: PathBuf,
    /// The unit, e.g., `pallets__click-3781`; its instance has to be confirmed
    pub(crate) unit: String,
    /// The folder to write; it gets `traces.jsonl`
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: Option<PathBuf>,
    /// The Python of the environment, e.g., `3.12`; else the one its recipe chooses
    #[arg(long, value_name = "VERSION")]
    pub(crate) python: Option<String>,
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}

/// What of a run is followed.
#[derive(Args, Clone, Debug)]
pub(crate) struct FollowArgs {
    /// A repository of the run: its path, or NAME=PATH; where the build found it unless set
    #[arg(long = "repo", value_name = "[NAME=]PATH")]
    pub(crate) repositories: Vec<String>,
    /// The folder with the records the run was built with
    #[arg(long, value_name = "DIR")]
    pub(crate) records: Option<PathBuf>,
    /// How many tests that must go on passing are followed for each instance, at most
    #[arg(long, value_name = "N", default_value_t = 40)]
    pub(crate) tests: usize,
    /// How many executions of one test are kept, at most
    #[arg(long, value_name = "N", default_value_t = 20_000)]
    pub(crate) events: u32,
}

/// Trace programs and ask about every step
///
/// FROM is a folder of programs, made or given, or a run. Each program runs twice in the sandbox, under limits and with two seeds of the hash;
/// what does not end, does not end the same way or reaches out of itself is counted and
/// left out. From the traces come items: what the call returns, which statement comes
/// next, which value and type a variable has, what is executed how often, what is raised,
/// and which arguments give a result. Of a run, the functions that fixes touched are followed
/// as `backstory trace` does, and of each call those parts become questions that can be
/// answered from the prompt alone. Answers are read off the trace, and no answer is
/// right too often. The one meaning of an execution: `docs/execution-reasoning.md`.
#[derive(Args, Debug)]
pub(crate) struct QuestionsArgs {
    /// The folder of programs, as `synthesize programs` writes it, or a run
    #[arg(long, value_name = "DIR")]
    pub(crate) from: PathBuf,
    /// The folder to write; it gets `items.jsonl` and `traces.jsonl`
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// The Python to trace with, e.g., `3.12`; else the latest of at least 3.11, and of a run
    /// that of each environment
    #[arg(long, value_name = "VERSION")]
    pub(crate) python: Option<String>,
    /// Of a run: how many calls of a function are asked about for each test, at most
    #[arg(long, value_name = "N", default_value_t = 20)]
    pub(crate) calls: usize,
    /// Of a run: how many questions each instance has, at most
    #[arg(long, value_name = "N", default_value_t = 1_000)]
    pub(crate) questions: usize,
    #[command(flatten)]
    pub(crate) follow: FollowArgs,
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

/// How questions are chosen and split when they are exported.
#[derive(Args, Clone, Debug)]
pub(crate) struct QuestionSplitArgs {
    /// Of questions: how many families of a hundred go to validation; 5 unless set
    #[arg(long, value_name = "PERCENT")]
    pub(crate) validation: Option<u32>,
    /// Of questions: how many families of a hundred go to test; 5 unless set
    #[arg(long, value_name = "PERCENT")]
    pub(crate) test: Option<u32>,
    /// Of questions: a word that draws other splits
    #[arg(long, value_name = "WORD")]
    pub(crate) split_key: Option<String>,
    /// Of questions: a benchmark to ask nothing about, as JSON lines with code or names of
    /// functions; may be given several times
    #[arg(long = "against", value_name = "FILE")]
    pub(crate) against: Vec<PathBuf>,
    /// Of questions: keep those that ask for arguments in formats with a reward; each function
    /// is called with the known ones first, and must give the stated result
    #[arg(long)]
    pub(crate) calls: bool,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}

/// Score answers to questions about executions, or to stage tasks
///
/// ROWS holds items, or exported rows with an `item`, one a line; RESPONSES holds
/// `{"item_id": …, "response": …}`, one a line. Or ROWS holds stage tasks of an export, and
/// RESPONSES `{"task_id": …, "response": …}`. Where arguments were asked for, our copy of the
/// function is called with them in the sandbox, with the Python the item is about. Nothing
/// that a model wrote is run. Prints a line with the outcome of each response.
#[derive(Args, Debug)]
pub(crate) struct ScoreArgs {
    /// The file of items, rows or stage tasks
    pub(crate) rows: PathBuf,
    /// The file of responses
    pub(crate) responses: PathBuf,
    /// How much right answers are worth: `strict` or `paper`
    #[arg(long, value_name = "PROFILE", default_value = "strict")]
    pub(crate) profile: String,
    /// The file to write instead of printing
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}
