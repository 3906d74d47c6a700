//! What can be typed behind `snapshot`?

use std::path::PathBuf;

use backstory_model::SccPolicy;
use clap::{Args, ValueEnum};

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
    /// What is done about files that depend on each other in a circle
    #[arg(long, value_enum, default_value_t)]
    pub(crate) scc: CirclePolicy,
    /// Print the counts as one line of JSON
    #[arg(long)]
    pub(crate) json: bool,
}

/// What is done about a circle.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum CirclePolicy {
    /// The file that needs the fewest others goes first, and so on
    #[default]
    Cut,
    /// One agent writes all files of the circle, in that order
    Group,
    /// The signatures of later files of the circle are written first
    Stub,
}

impl CirclePolicy {
    /// Returns what was typed as a choice of the story.
    pub(crate) fn policy(self) -> SccPolicy {
        match self {
            Self::Cut => SccPolicy::Cut,
            Self::Group => SccPolicy::Group,
            Self::Stub => SccPolicy::Stub,
        }
    }
}
