//! What can be typed after `backstory learn`?

use std::path::PathBuf;

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
