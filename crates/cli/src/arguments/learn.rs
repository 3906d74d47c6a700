//! What can be typed after `backstory learn`?

use std::path::PathBuf;

use backstory_learn::experiment::Split;
use clap::{Args, Subcommand};

/// Compare localizers that learn from trajectories with those that see snapshots
///
/// Issue rows name a repository, a base commit, an issue and the files that the fix
/// changed. Everything is measured the way `docs/experiment/protocol.md` says.
#[derive(Args, Debug)]
pub(crate) struct LearnArgs {
    #[command(subcommand)]
    pub(crate) command: LearnCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum LearnCommand {
    Features(LearnFeaturesArgs),
    Functions(LearnFunctionsArgs),
    Localizer(LearnLocalizerArgs),
    Ranker(LearnRankerArgs),
    Score(LearnScoreArgs),
}

/// Write the features of issue rows as a Parquet table
///
/// One row per candidate file, with the id and the number of its query, whether it is
/// gold, and every feature as measured. Features see the issue and the tree at the
/// base commit. Prints how the two untrained rankings, BM25 and the fusion of four
/// views, do on these rows, and every row that was dropped, with its reason.
#[derive(Args, Debug)]
pub(crate) struct LearnFeaturesArgs {
    /// Issue rows, one JSON object a line: SWE-bench, Loc-Bench or alike
    #[arg(long, value_name = "FILE")]
    pub(crate) rows: PathBuf,
    /// The folder of repositories: `owner+name`, `owner__name` or `owner/name`
    #[arg(long, value_name = "DIR")]
    pub(crate) repos: PathBuf,
    /// The folder that keeps what was read of files between runs
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
    /// The Parquet file to write
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

/// Score the predictions of any tool on issue rows
///
/// Predictions are JSON Lines with `instance_id` and `ranking`, the paths of files with
/// the best first; lists called `found_files` are read as well, and `functions` or
/// `found_entities` may rank functions as `path:Class.method`. Prints the metrics of the
/// protocol by stratum with their intervals, and by repository. A row without a
/// prediction is a miss; lines that cannot be read are told by number. With two files
/// the first is compared with the second, row by row.
#[derive(Args, Debug)]
pub(crate) struct LearnScoreArgs {
    /// One or two files of predictions, one JSON object a line
    #[arg(required = true, num_args = 1..=2, value_name = "PREDICTIONS")]
    pub(crate) predictions: Vec<PathBuf>,
    /// Issue rows with the files that the fix changed, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) gold: PathBuf,
    /// Print the report as one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// Train localizers and compare them under one protocol
///
/// Learns from the units of exported datasets and scores issue rows: rows for
/// development by repository and by time, rows for tests once. Writes what was
/// measured of every query to `features` in the report's folder; `--features` runs
/// again from there.
#[derive(Args, Debug)]
pub(crate) struct LearnLocalizerArgs {
    /// Exported datasets whose units are learned from (the `parquet` format)
    #[arg(long, value_name = "DIR")]
    pub(crate) train: Vec<PathBuf>,
    /// Issue rows, one JSON object a line
    #[arg(long, value_name = "FILE")]
    pub(crate) test: Vec<PathBuf>,
    /// The folder of repositories: `owner+name`, `owner__name` or `owner/name`
    #[arg(long, value_name = "DIR")]
    pub(crate) repos: Option<PathBuf>,
    /// Queries as an earlier call measured them, instead of `--train` and `--test`
    #[arg(long, value_name = "DIR", conflicts_with_all = ["train", "test"])]
    pub(crate) features: Option<PathBuf>,
    /// The folder that keeps what was read of repositories between calls
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
    /// How many units of each repository are measured, newest first, and as many again
    /// before each date at which the split by time cuts
    #[arg(long, value_name = "N", default_value_t = 150)]
    pub(crate) units: usize,
    /// Run these splits alone: `repositories`, `time`, `units`, `executed` (units whose
    /// failing tests were run), `test`
    #[arg(long, value_name = "SPLIT", value_delimiter = ',')]
    pub(crate) split: Vec<Split>,
    /// How many seeds are averaged
    #[arg(long, value_name = "N", default_value_t = 5)]
    pub(crate) seeds: u64,
    /// The folder of the report
    #[arg(long, value_name = "DIR")]
    pub(crate) report: PathBuf,
    /// Write a localizer that learned from every row for development and every unit
    #[arg(long, value_name = "FILE")]
    pub(crate) save_model: Option<PathBuf>,
}

/// Train rankers of functions on those that fixes changed, and score them
///
/// Files are ranked first, by models that never saw the repository; ranked are then the
/// functions of the best files. Prints acc@5 and acc@10 over the rows that have gold
/// functions: rows for development by repository, rows for tests once.
#[derive(Args, Debug)]
pub(crate) struct LearnFunctionsArgs {
    /// Queries as `learn localizer` measured them
    #[arg(long, value_name = "DIR")]
    pub(crate) features: PathBuf,
    /// Exported datasets whose units are learned from, as `learn localizer` read them
    #[arg(long, value_name = "DIR")]
    pub(crate) train: Vec<PathBuf>,
    /// Issue rows, one JSON object a line
    #[arg(long, value_name = "FILE", required = true)]
    pub(crate) test: Vec<PathBuf>,
    /// The folder of repositories: `owner+name`, `owner__name` or `owner/name`
    #[arg(long, value_name = "DIR")]
    pub(crate) repos: PathBuf,
    /// How many units of each repository teach, newest first
    #[arg(long, value_name = "N", default_value_t = 60)]
    pub(crate) units: usize,
    /// Write a localizer with rankers of functions that learned from everything
    #[arg(long, value_name = "FILE")]
    pub(crate) save_model: Option<PathBuf>,
    /// The localizer whose rankers of files it has, instead of the one in this program
    #[arg(long, value_name = "FILE", requires = "save_model")]
    pub(crate) model: Option<PathBuf>,
}

/// Train rankers of patches and compare them under one protocol
///
/// Chooses among the patches that were run for each instance: the gold patch, variants of
/// it, and wrong patches of several families. Learns from some families and is asked
/// about others, of other repositories. Writes the report and, as a Parquet table, what
/// was measured of every patch.
#[derive(Args, Debug)]
pub(crate) struct LearnRankerArgs {
    /// Exported datasets built with `--execute --candidates N` (the `parquet` format)
    #[arg(long, value_name = "DIR", required = true)]
    pub(crate) train: Vec<PathBuf>,
    /// The folder of repositories: `owner+name`, `owner__name` or `owner/name`
    #[arg(long, value_name = "DIR")]
    pub(crate) repos: PathBuf,
    /// The folder that keeps what was read of files between calls
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
    /// The folder of the report
    #[arg(long, value_name = "DIR")]
    pub(crate) report: PathBuf,
}
