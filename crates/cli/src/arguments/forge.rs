//! What can be typed to ask a forge?

use std::path::PathBuf;

use backstory_records::Part;
use clap::builder::{PossibleValuesParser, TypedValueParser};
use clap::{Args, Subcommand};

use super::ReportFormat;

/// Collect what GitHub knows about a repository
///
/// Asks for issues, pull requests, comments, reviews, what happened to them, and
/// the runs of CI with jobs, logs and test reports. A collection that was stopped
/// goes on with the next request, and the next collection asks only for what
/// changed. Rate limits are waited for. The exit code is 1 when the token lacks a
/// right, or something has to be asked for again.
#[derive(Args, Debug)]
pub(crate) struct RecordsGithubArgs {
    /// The repository
    #[arg(value_name = "OWNER/REPO")]
    pub(crate) repo: String,
    #[command(flatten)]
    pub(crate) parts: ForgePartsArgs,
}

/// Collect what GitLab knows about a project
///
/// Asks for issues and merge requests with their notes, versions and events, and for
/// pipelines with jobs, logs and test reports. Works on from where it was stopped
/// and asks only for what changed, as `records github` does, with the same exit codes.
#[derive(Args, Debug)]
pub(crate) struct RecordsGitlabArgs {
    /// The project, with all its groups
    #[arg(value_name = "GROUP/PROJECT")]
    pub(crate) project: String,
    /// The repository that the records belong to [default: the last two parts of the project]
    #[arg(long, value_name = "OWNER/REPO")]
    pub(crate) repo: Option<String>,
    #[command(flatten)]
    pub(crate) parts: ForgePartsArgs,
}

/// Collect what a Gitea or Forgejo server knows about a repository
///
/// Asks for issues, pull requests, comments, reviews, timelines, and runs of CI with
/// jobs and logs as far as the server tells them. `--url` must say which server, e.g.,
/// `https://codeberg.org/api/v1`. Works on from where it was stopped and asks only for
/// what changed, as `records github` does, with the same exit codes.
#[derive(Args, Debug)]
pub(crate) struct RecordsGiteaArgs {
    /// The repository
    #[arg(value_name = "OWNER/REPO")]
    pub(crate) repo: String,
    #[command(flatten)]
    pub(crate) parts: ForgePartsArgs,
}

/// Do something about continuous integration
#[derive(Args, Debug)]
pub(crate) struct CiArgs {
    #[command(subcommand)]
    pub(crate) command: CiCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CiCommand {
    Capture(CiCaptureArgs),
}

/// Capture logs, jobs, checks and test reports before they expire
///
/// Made for a scheduled job: each run asks only for what is new and says in one
/// line what it got and how old the oldest run is that still has a log. Forges
/// keep logs for 90 days unless told otherwise; the first capture looks back 400
/// days. The exit code is 1 when the token lacks a right, or the forge failed.
#[derive(Args, Debug)]
pub(crate) struct CiCaptureArgs {
    /// The repository, on GitHub
    #[arg(value_name = "OWNER/REPO")]
    pub(crate) repo: String,
    #[command(flatten)]
    pub(crate) forge: ForgeArgs,
}

/// Where the forge is, and which parts of it are collected.
#[derive(Args, Debug)]
pub(crate) struct ForgePartsArgs {
    #[command(flatten)]
    pub(crate) forge: ForgeArgs,
    /// Parts to leave out, separated by commas
    #[arg(long, value_name = "PARTS", value_delimiter = ',', value_parser = parts())]
    pub(crate) without: Vec<Part>,
}

/// Where the forge is, and how much of it is asked for.
#[derive(Args, Debug)]
pub(crate) struct ForgeArgs {
    /// The records folder to write to; created, or added to
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// Where the interface of the forge is, e.g., `https://ghe.example/api/v3`
    #[arg(long, value_name = "URL")]
    pub(crate) url: Option<String>,
    /// Only runs of CI made at this time or later, e.g., `2024-05-01`
    #[arg(long, value_name = "TIME")]
    pub(crate) since: Option<String>,
    /// Begin no download of logs and reports once so many bytes were read
    #[arg(long, value_name = "BYTES")]
    pub(crate) max_bytes: Option<u64>,
    /// How the account is printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,
}

fn parts() -> impl TypedValueParser<Value = Part> {
    let named = |word: String| Part::ALL.into_iter().find(|part| part.as_str() == word);
    PossibleValuesParser::new(Part::ALL.map(Part::as_str))
        .map(move |word| named(word).expect("only these words are possible"))
}
