//! What can be typed behind `grade`, and wherever a model is asked to write?

use std::path::PathBuf;

use clap::Args;

use super::MachineArgs;

/// Which model writes, and how it is reached.
#[derive(Args, Clone, Debug)]
pub(crate) struct WriterArgs {
    /// The GGUF file of the model in this process
    #[arg(long, value_name = "FILE", requires = "model")]
    pub(crate) weights: Option<PathBuf>,
    /// The model, if the server has several
    #[arg(long, value_name = "MODEL", requires = "model")]
    pub(crate) name: Option<String>,
    /// Which version of its weights the server has, if it is known
    #[arg(long, value_name = "REVISION", requires = "model")]
    pub(crate) revision: Option<String>,
    /// Ask through the chat endpoint, so that the server puts the prompt into the form the
    /// model was tuned for
    #[arg(long, requires = "model")]
    pub(crate) chat: bool,
    /// How freely the model writes; 0 takes the likeliest token
    #[arg(long, value_name = "NUMBER", default_value_t = 1.0, requires = "model")]
    pub(crate) temperature: f64,
    /// How many tokens one answer may have
    #[arg(long, value_name = "N", default_value_t = 2048, requires = "model")]
    pub(crate) max_tokens: u32,
    /// How many tokens may be read and written; what was begun is ended
    #[arg(long, value_name = "TOKENS", requires = "model")]
    pub(crate) budget: Option<u64>,
}

/// Find out how hard questions are for a model, and keep those in between
///
/// The model answers every item several times. Each answer is judged by the verifier that
/// rewards, profile `strict`; where arguments are asked for, our copy of the function is
/// called with them in the sandbox. Right is an answer with a reward above 0. Items with too
/// few or too many right answers are counted and left out; the others say in `difficulty` how
/// many were right, of which model. Answers are kept: run it again to go on after an
/// interruption, or with another band, and nothing is asked twice.
#[derive(Args, Debug)]
pub(crate) struct GradeArgs {
    /// The folder of questions
    #[arg(value_name = "QUESTIONS")]
    pub(crate) questions: PathBuf,
    /// Who answers: the address of a server, or `local` (a model in this process, if this build
    /// has the engine)
    #[arg(long, value_name = "local|URL")]
    pub(crate) model: String,
    /// The folder to write; it gets `items.jsonl` and `traces.jsonl`
    #[arg(short, long, value_name = "DIR")]
    pub(crate) output: PathBuf,
    /// How many answers are drawn for each item
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) samples: u32,
    /// How many of them must be right at least and may be right at most
    #[arg(long, value_name = "LEAST..MOST", default_value = "1..3")]
    pub(crate) band: String,
    /// Where the draws start
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    #[command(flatten)]
    pub(crate) writer: WriterArgs,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
}
