//! What can be typed behind `reason`?

use std::path::PathBuf;

use backstory_model::reasoning::Percentiles;
use clap::Args;

use crate::reason::percentiles;

/// Search better thoughts for the stories of a run
///
/// Before each write of a snapshot's story, and before each action of a change (search, read,
/// edit, run of tests), several thoughts are tried; the one that makes what was really done
/// likeliest stands, if it gives nothing away and beats no thought at all and a thought of
/// another step. The thoughts of a change name only what earlier steps have shown. The
/// stories stay as they are: what was tried and what won lies beside them in the run,
/// `export` writes it, and `audit` checks it. Run it again to go on after an interruption.
#[derive(Args, Debug)]
pub(crate) struct ReasonArgs {
    /// The run, as `backstory snapshot` or `backstory build` made it
    #[arg(value_name = "RUN")]
    pub(crate) run: PathBuf,
    /// Who says how likely code is: `ngram`, `local` (a model in this process, if this build
    /// has the engine), or the address of a server, which writes as well
    #[arg(long, value_name = "ngram|local|URL", required_unless_present = "report")]
    pub(crate) model: Option<String>,
    /// Write `report.html` and `report.md` about what was searched into this folder; without
    /// `--model` nothing is searched
    #[arg(long, value_name = "DIR")]
    pub(crate) report: Option<PathBuf>,
    /// The GGUF file of the model in this process
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: Option<PathBuf>,
    /// The model, if the server has several
    #[arg(long, value_name = "MODEL")]
    pub(crate) name: Option<String>,
    /// Which version of its weights the server has, if it is known
    #[arg(long, value_name = "REVISION")]
    pub(crate) revision: Option<String>,
    /// The model that scores is the one that will be trained
    #[arg(long)]
    pub(crate) on_policy: bool,
    /// How many thoughts are tried in each round
    #[arg(long, value_name = "N", default_value_t = 2)]
    pub(crate) candidates: usize,
    /// How many rounds there are
    #[arg(long, value_name = "N", default_value_t = 3)]
    pub(crate) rounds: usize,
    /// How many independent beginnings are tried
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) starts: usize,
    /// How many nats a token of the code a thought must gain
    #[arg(long, value_name = "NATS", default_value_t = 0.0)]
    pub(crate) min_gain: f64,
    /// Search only steps whose target, without a thought, is between these percentiles of all
    /// wanted ones in nats a token: hard enough, and still to be inferred
    #[arg(long, value_name = "LOW..HIGH", value_parser = percentiles)]
    pub(crate) gate: Option<Percentiles>,
    /// How many bytes of the document are shown before a thought
    #[arg(long, value_name = "BYTES", default_value_t = 16_000)]
    pub(crate) context: usize,
    /// Score all code and all documents too, with and without the thoughts, for the report
    #[arg(long)]
    pub(crate) scopes: bool,
    /// How many words, numbers and marks an action of a change has at least to be searched
    #[arg(long, value_name = "N", default_value_t = 8)]
    pub(crate) least_target: usize,
    /// How many tokens may be read and written; the step that spends the last one is ended
    #[arg(long, value_name = "TOKENS")]
    pub(crate) budget: Option<u64>,
    /// How many steps are searched, drawn from all; all unless set
    #[arg(long, value_name = "N")]
    pub(crate) thoughts: Option<usize>,
    /// Where all random choices start
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// The folder that keeps what was answered
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
    /// Print the counts as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}
