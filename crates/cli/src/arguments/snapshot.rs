//! What can be typed behind `snapshot`?

use std::path::PathBuf;

use clap::Args;

/// Tell how finished repositories could have been written, file by file
///
/// Needs no model. A main agent states requirements and a plan; for each file an
/// agent of its own reads what is already written and writes it. Every byte read
/// or written is the repository's, in an order that respects its dependencies,
/// and the story gives the exact tree of the commit again. Run it again to go on
/// after an interruption.
#[derive(Args, Debug)]
pub(crate) struct SnapshotArgs {
    /// The repositories: work trees or bare mirrors; `@REV` behind one names the commit
    #[arg(required = true, value_name = "REPOSITORY[@REV]")]
    pub(crate) repositories: Vec<PathBuf>,
    /// The run to write
    #[arg(short, long, value_name = "RUN")]
    pub(crate) out: PathBuf,
    /// What the repository is called, if its remote and its path do not say
    #[arg(long, value_name = "OWNER/NAME")]
    pub(crate) repo_name: Option<String>,
    /// How many repositories are told at a time
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Files larger than this many bytes are given, not written
    #[arg(long, value_name = "BYTES")]
    pub(crate) file_limit: Option<u64>,
    /// Files larger than this many bytes are read in parts; 16384 unless set
    #[arg(long, value_name = "BYTES")]
    pub(crate) read_limit: Option<u64>,
    /// Files larger than this many bytes are written in parts; 16384 unless set
    #[arg(long, value_name = "BYTES")]
    pub(crate) write_limit: Option<u64>,
    /// Print the counts as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}
