//! What can be typed after `backstory localize`?

use std::path::PathBuf;

use clap::Args;

/// Rank the files and functions that an issue is about
///
/// Reads the tree of one commit and its ancestors, and nothing that came later. Every
/// rank stands with its reasons, strongest first. With a failing test, what it names,
/// imports and changed together with counts too. What was read is kept in the cache: the
/// next question to the same repository is answered at once. What the scores are made
/// of: `docs/learn.md`.
#[derive(Args, Debug)]
pub(crate) struct LocalizeArgs {
    /// The repository: a work tree or a bare one, with `@` a commit, branch or tag; else HEAD
    #[arg(value_name = "REPOSITORY[@REVISION]")]
    pub(crate) repository: PathBuf,
    /// The file of the issue, its title in the first line; `-` reads it from stdin
    #[arg(long, value_name = "FILE")]
    pub(crate) issue: PathBuf,
    /// A test that fails: a file of the repository or a new one, with `::` one test of it
    ///
    /// In a work tree the file on disk counts, of one that is committed the lines it adds;
    /// with `@REVISION` the file of that commit counts first.
    #[arg(long, value_name = "FILE[::TEST]")]
    pub(crate) failing_test: Option<String>,
    /// How many files and how many functions are printed
    #[arg(long, value_name = "N", default_value_t = 10)]
    pub(crate) top: usize,
    /// Print the answer as one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
    /// A trained localizer, instead of the one in this program
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// The folder that keeps what was read of repositories between calls
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
}
