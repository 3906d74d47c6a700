//! What can be typed after `backstory records`?

use std::path::PathBuf;

use clap::{Args, Subcommand, ValueEnum};

use super::{RecordsGiteaArgs, RecordsGithubArgs, RecordsGitlabArgs};

/// Bring in what forges and CI servers know, and say what of it is there
///
/// Issues, pull requests, reviews and CI become record files in one folder,
/// which `build --records` reads. What was imported never changes; importing it
/// again adds nothing.
#[derive(Args, Debug)]
pub(crate) struct RecordsArgs {
    #[command(subcommand)]
    pub(crate) command: RecordsCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum RecordsCommand {
    Import(RecordsImportArgs),
    Export(RecordsExportArgs),
    Check(RecordsCheckArgs),
    Github(RecordsGithubArgs),
    Gitlab(RecordsGitlabArgs),
    Gitea(RecordsGiteaArgs),
}

/// How a report is printed.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// A table for people
    #[default]
    Table,
    /// One JSON object
    Json,
}

/// Import dumps of any supported form
///
/// Files and folders are looked through; what each file is shows in its name and
/// first bytes. Prints what every file was taken for and how many records came
/// of it. What cannot be read is reported with its place, and the rest is
/// imported; the exit code is then 1.
#[derive(Args, Debug)]
pub(crate) struct RecordsImportArgs {
    /// The dumps: files, or folders that are searched
    #[arg(required = true, value_name = "PATH")]
    pub(crate) paths: Vec<PathBuf>,
    /// The records folder to write to; created, or added to
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The repository the dumps are about, if they do not say
    #[arg(long, value_name = "OWNER/NAME")]
    pub(crate) repo: Option<String>,
    /// When the dumps were made, if they do not say, e.g., `2024-05-01T12:00:00Z`
    #[arg(long, value_name = "TIME")]
    pub(crate) observed_at: Option<String>,
    /// The commit that reports and logs without a run belong to
    #[arg(long, value_name = "COMMIT")]
    pub(crate) commit: Option<String>,
    /// The record id of the job that reports and logs without one belong to
    #[arg(long, value_name = "JOB")]
    pub(crate) job: Option<String>,
    /// How the account is printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,
}

/// Write the records of a folder as one file
///
/// Each record stands there once, in an order that depends on the records alone:
/// importing the file and exporting again gives the same bytes. People are named by
/// pseudonyms, made with the key in `BACKSTORY_IDENTITY_KEY`, and the original objects
/// (`raw`) are left out, because they name people.
#[derive(Args, Debug)]
pub(crate) struct RecordsExportArgs {
    /// The records folder
    pub(crate) records: PathBuf,
    /// The file to write; packed if it ends in `.zst`
    #[arg(short, long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The repository whose records are written, if the folder holds several
    #[arg(long, value_name = "OWNER/NAME")]
    pub(crate) repo: Option<String>,
    /// The folder to copy the logs to that the records name
    #[arg(long, value_name = "DIR")]
    pub(crate) logs: Option<PathBuf>,
    /// Name people as they are, not by pseudonyms, and keep the original objects
    #[arg(long)]
    pub(crate) keep_authors: bool,
}

/// Say what the records cover, what is missing, and why
///
/// Counts records and versions of each kind, and finds what records name that is
/// not there, jobs without a log, and logs that are gone or damaged. With a run, also
/// says why a unit has no usable text of an issue and why a job has no usable log.
/// Ends with exit code 1 if something is damaged.
#[derive(Args, Debug)]
pub(crate) struct RecordsCheckArgs {
    /// The records folder
    pub(crate) records: PathBuf,
    /// A run: also say which of its units have an issue, a change, a review and CI
    #[arg(long, value_name = "RUN")]
    pub(crate) run: Option<PathBuf>,
    /// How the report is printed
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,
}
