//! What can be typed?
//!
//! One struct per command; what the arguments mean together with environment
//! and configuration is decided in `settings`.

mod forge;
mod grade;
mod learn;
mod localize;
mod reason;
mod reasoning;
mod records;
mod snapshot;

use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub(crate) use forge::{
    CiArgs, CiCaptureArgs, CiCommand, ForgeArgs, ForgePartsArgs, RecordsGiteaArgs,
    RecordsGithubArgs, RecordsGitlabArgs,
};
pub(crate) use grade::{GradeArgs, WriterArgs};
pub(crate) use learn::{
    LearnArgs, LearnCommand, LearnFeaturesArgs, LearnFunctionsArgs, LearnLocalizerArgs,
    LearnRankerArgs, LearnScoreArgs,
};
pub(crate) use localize::LocalizeArgs;
pub(crate) use reason::ReasonArgs;
pub(crate) use reasoning::{
    FollowArgs, ProgramsArgs, QuestionSplitArgs, QuestionsArgs, ScoreArgs, SynthesizeArgs,
    SynthesizeCommand, TraceArgs,
};
pub(crate) use records::{
    RecordsArgs, RecordsCheckArgs, RecordsCommand, RecordsExportArgs, RecordsImportArgs,
    ReportFormat,
};
pub(crate) use snapshot::SnapshotArgs;

/// Reconstruct how code came to be, step by step, with evidence
///
/// Backstory reads the history of git repositories and writes trajectories:
/// what was asked for, where it belonged, what was read, what was changed.
/// Every step says how it is known, and `audit` derives all of them again.
#[derive(Debug, Parser)]
#[command(name = "backstory", version, max_term_width = 100)]
pub struct Arguments {
    /// The configuration file, instead of the `backstory.toml` found upward
    #[arg(long, global = true, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    Build(BuildArgs),
    Snapshot(SnapshotArgs),
    Reason(ReasonArgs),
    Show(ShowArgs),
    Export(ExportArgs),
    Validate(ValidateArgs),
    Execute(ExecuteArgs),
    Audit(AuditArgs),
    Plan(PlanArgs),
    RunUnit(RunUnitArgs),
    Collect(CollectArgs),
    Records(RecordsArgs),
    Ci(CiArgs),
    Learn(LearnArgs),
    Localize(LocalizeArgs),
    Synthesize(SynthesizeArgs),
    Questions(QuestionsArgs),
    Grade(GradeArgs),
    Score(ScoreArgs),
    Trace(TraceArgs),
    Doctor(DoctorArgs),
    Cache(CacheCommand),
    Schema(SchemaArgs),
    Completions(CompletionsArgs),
}

/// The repositories to read, and what of them.
#[derive(Args, Clone, Debug)]
pub(crate) struct SourceArgs {
    /// The repositories: work trees, bare mirrors or shared clones
    #[arg(required = true, value_name = "REPOSITORY")]
    pub(crate) repositories: Vec<PathBuf>,
    /// What the repository is called, if its remote and its path do not say
    #[arg(long, value_name = "OWNER/NAME")]
    pub(crate) repo_name: Option<String>,
    /// The folder with issue and pull request records
    #[arg(long, value_name = "DIR")]
    pub(crate) records: Option<PathBuf>,
}

/// Which units to take, and how.
#[derive(Args, Clone, Debug)]
pub(crate) struct SelectArgs {
    /// The commit, branch or tag to start from, instead of HEAD
    #[arg(long, value_name = "REVISION")]
    pub(crate) head: Option<String>,
    /// Only units committed at or after this date, e.g., `2024-01-31`
    #[arg(long, value_name = "DATE")]
    pub(crate) since: Option<String>,
    /// Only the newest N units of each repository
    #[arg(long, value_name = "N")]
    pub(crate) limit: Option<u32>,
    /// Only this unit, e.g., `pallets__click-3781`; may be given several times
    #[arg(long = "unit", value_name = "UNIT")]
    pub(crate) units: Vec<String>,
    /// Files larger than this many bytes are not shown
    #[arg(long, value_name = "BYTES")]
    pub(crate) file_limit: Option<u64>,
}

/// Whether and how the states of a unit are run.
#[derive(Args, Clone, Debug)]
pub(crate) struct ExecutionArgs {
    /// Run the tests of every unit in the sandbox, before the change and after
    #[arg(long)]
    pub(crate) execute: bool,
    /// How often the base with tests and the head are run; 5 unless set
    #[arg(long, value_name = "N", requires = "execute")]
    pub(crate) repeats: Option<u32>,
    /// How many wrong versions of each gold patch are run at most; 8 unless set
    #[arg(long, value_name = "N", requires = "execute")]
    pub(crate) mutants: Option<u32>,
    /// How many variants and foreign patches are run at most beside each; none unless set
    #[arg(long, value_name = "N", requires = "execute")]
    pub(crate) candidates: Option<u32>,
    /// Seconds until a test run is ended; 300 unless set
    #[arg(long, value_name = "SECONDS", requires = "execute")]
    pub(crate) time_limit: Option<u32>,
    /// Memory of a test run in MiB; 2048 unless set
    #[arg(long, value_name = "MIB", requires = "execute")]
    pub(crate) memory_limit: Option<u64>,
}

/// Where environments are kept between builds.
#[derive(Args, Clone, Debug)]
pub(crate) struct CacheArgs {
    /// The folder that keeps environments and work trees between builds
    #[arg(long, value_name = "DIR")]
    pub(crate) cache: Option<PathBuf>,
}

/// What runs foreign code.
#[derive(Args, Clone, Debug)]
pub(crate) struct MachineArgs {
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// Where the machine gives no namespaces, run foreign code with limits alone
    #[arg(long)]
    pub(crate) allow_unsandboxed: bool,
}

/// Build trajectories from the history of repositories
///
/// Every commit of the mainline is a unit. Each unit ends up accepted, with a
/// trajectory, or rejected, with a reason; a table of where they went closes
/// the build. A build that was stopped goes on where it stopped, and one with
/// nothing left to do ends at once.
#[derive(Args, Debug)]
pub(crate) struct BuildArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// The directory of the run; created, or continued
    #[arg(short, long, value_name = "RUN")]
    pub(crate) out: PathBuf,
    /// How many units are worked on at a time
    #[arg(short, long, value_name = "N")]
    pub(crate) jobs: Option<usize>,
    /// Print the counts as one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// Execute units of a run again and say what happens
///
/// Prints every run with its command, how it ended and what its tests did. The run
/// itself is not changed.
#[derive(Args, Debug)]
pub(crate) struct ExecuteArgs {
    /// The run
    pub(crate) run: PathBuf,
    /// The units, e.g., `pallets__click-3781`; all that were executed unless named
    pub(crate) units: Vec<String>,
    /// A repository of the run: its path, or NAME=PATH; where the build found it unless set
    #[arg(long = "repo", value_name = "[NAME=]PATH")]
    pub(crate) repositories: Vec<String>,
    /// The folder with the records the run was built with
    #[arg(long, value_name = "DIR")]
    pub(crate) records: Option<PathBuf>,
    /// Run up to N wrong versions of each gold patch and write them, with verdicts, to `--out`
    #[arg(long, value_name = "N", requires = "out")]
    pub(crate) candidates: Option<u32>,
    /// Run the `eval.sh` of each instance of this SWE-bench export and write its logs to `--out`
    #[arg(long, value_name = "EXPORT", requires = "out", conflicts_with = "candidates")]
    pub(crate) grade: Option<PathBuf>,
    /// The folder to write candidates or logs to
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// Print what came of each unit as one JSON object a line on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// Show one trajectory in the terminal
#[derive(Args, Debug)]
pub(crate) struct ShowArgs {
    /// The run
    pub(crate) run: PathBuf,
    /// The unit, e.g., `pallets__click-3781`
    pub(crate) unit: String,
    /// Print the trajectory as JSON
    #[arg(long)]
    pub(crate) json: bool,
    /// Print what was executed for the unit as JSON instead
    #[arg(long, conflicts_with = "json")]
    pub(crate) execution: bool,
}

/// Export the trajectories of a run, or questions
///
/// Writes one folder per format. Folders of an earlier export are replaced. People
/// are named by pseudonyms, made with the key in `BACKSTORY_IDENTITY_KEY`.
#[derive(Args, Debug)]
pub(crate) struct ExportArgs {
    /// The run, or a folder of questions
    pub(crate) run: PathBuf,
    /// The formats, separated by commas: `atif`, `parquet`, `chat`, `swe-bench`, `harbor`,
    /// `nemo-gym`, `stages`; of a run of snapshots `text`, `atif`, `chat`, `parquet`, `stages`;
    /// of questions `verl`, `trl`, `nemo-gym`, `items`, `sft`, `cwm`
    #[arg(long = "to", value_name = "FORMATS", value_delimiter = ',')]
    pub(crate) formats: Vec<String>,
    /// The directory to write
    #[arg(short, long, value_name = "DIR")]
    pub(crate) out: PathBuf,
    /// The tools the trajectories speak of: `openhands`, `swe-agent`, `backstory`
    #[arg(long, value_name = "DIALECT")]
    pub(crate) dialect: Option<String>,
    /// Do not train on steps chosen with knowledge of the final change
    #[arg(long)]
    pub(crate) no_train_on_hindsight: bool,
    /// Name people as they are, not by pseudonyms
    #[arg(long)]
    pub(crate) keep_authors: bool,
    /// How long a document of a snapshot may be; 262144 unless set
    #[arg(long, value_name = "BYTES")]
    pub(crate) document_limit: Option<usize>,
    /// Count the tokens of documents of snapshots with this `tokenizer.json` or GGUF file, and
    /// add their numbers and labels to `text`; needs a build with the feature `lm`
    #[arg(long, value_name = "FILE")]
    pub(crate) tokenizer: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) questions: QuestionSplitArgs,
}

/// Say what a consumer would reject or drop
#[derive(Args, Debug)]
pub(crate) struct ValidateArgs {
    /// The exported file or folder
    pub(crate) path: PathBuf,
    /// The consumer
    #[arg(long, value_enum)]
    pub(crate) target: Target,
}

/// A consumer of exported files.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Target {
    /// Harbor, which reads ATIF
    Atif,
    /// TRL
    Trl,
    /// Axolotl
    Axolotl,
    /// LLaMA-Factory
    Llamafactory,
    /// Trainers that read exported questions
    Questions,
}

/// Derive every step of a run again and report every difference
///
/// Shares no code with what wrote the run. Ends with exit code 1 if one byte
/// differs.
#[derive(Args, Debug)]
pub(crate) struct AuditArgs {
    /// The run
    #[arg(required_unless_present = "dataset")]
    pub(crate) run: Option<PathBuf>,
    /// A repository of the run: its path, or NAME=PATH; where the build found it unless set
    #[arg(long = "repo", value_name = "[NAME=]PATH")]
    pub(crate) repositories: Vec<String>,
    /// Execute the units again and compare every verdict
    #[arg(long)]
    pub(crate) rerun: bool,
    /// Execute only N units again, chosen by their ids
    #[arg(long, value_name = "N", requires = "rerun")]
    pub(crate) sample: Option<usize>,
    /// Check the labels of a SWE-bench-style file instead: Parquet, JSON or JSON lines
    #[arg(long, value_name = "FILE", conflicts_with_all = ["run", "rerun"])]
    pub(crate) dataset: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// The folder with the records the run was built with
    #[arg(long, value_name = "DIR")]
    pub(crate) records: Option<PathBuf>,
    /// Print the report as one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// Write the work manifest: one line for every unit to do
///
/// `plan`, `run-unit` and `collect` are the three parts of `build`, for any
/// engine that spreads work over machines.
#[derive(Args, Debug)]
pub(crate) struct PlanArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) select: SelectArgs,
    #[command(flatten)]
    pub(crate) execution: ExecutionArgs,
    /// The file to write
    #[arg(short, long, value_name = "MANIFEST")]
    pub(crate) out: PathBuf,
}

/// Do units of a work manifest
///
/// Doing a unit again changes nothing. Any number of workers may write to the
/// same run.
#[derive(Args, Debug)]
pub(crate) struct RunUnitArgs {
    #[command(flatten)]
    pub(crate) source: SourceArgs,
    #[command(flatten)]
    pub(crate) machine: MachineArgs,
    /// The work manifest
    #[arg(long, value_name = "MANIFEST")]
    pub(crate) manifest: PathBuf,
    /// The keys of the units to do
    #[arg(long = "key", value_name = "KEY", required_unless_present = "shard")]
    pub(crate) keys: Vec<String>,
    /// Every N-th unit, starting at the I-th (from 0)
    #[arg(long, value_name = "I/N", conflicts_with = "keys")]
    pub(crate) shard: Option<String>,
    /// The directory of the run
    #[arg(short, long, value_name = "RUN")]
    pub(crate) out: PathBuf,
}

/// Put finished units together into a run
#[derive(Args, Debug)]
pub(crate) struct CollectArgs {
    /// The work manifest
    #[arg(long, value_name = "MANIFEST")]
    pub(crate) manifest: PathBuf,
    /// The directory of the run
    #[arg(short, long, value_name = "RUN")]
    pub(crate) out: PathBuf,
    /// Print the counts as one JSON object on stdout
    #[arg(long)]
    pub(crate) json: bool,
}

/// Say what this machine offers and what is missing
///
/// With `--model` it looks at a server of a language model instead: which engine it is,
/// which model it serves, whether it can score given text and whether it writes.
#[derive(Args, Debug)]
pub(crate) struct DoctorArgs {
    /// The directory a run would be written to
    #[arg(short, long, value_name = "DIR", default_value = ".")]
    pub(crate) out: PathBuf,
    /// The address of a language model to look at, e.g., `http://localhost:8000`
    #[arg(long, value_name = "URL")]
    pub(crate) model: Option<String>,
    /// The model, if the server has several
    #[arg(long, value_name = "MODEL", requires = "model")]
    pub(crate) name: Option<String>,
}

/// Say how large the cache is, or remove what was not used for long
///
/// The cache keeps environments, work trees and downloads between builds. Whatever
/// is removed is made again when it is needed.
#[derive(Args, Debug)]
pub(crate) struct CacheCommand {
    #[command(subcommand)]
    pub(crate) what: CacheAction,
}

#[derive(Debug, Subcommand)]
pub(crate) enum CacheAction {
    /// Say how large each part of the cache is
    Size(CacheArgs),
    /// Remove the least recently used parts of the cache
    Clean(CleanArgs),
}

/// What of the cache goes.
#[derive(Args, Debug)]
pub(crate) struct CleanArgs {
    #[command(flatten)]
    pub(crate) cache: CacheArgs,
    /// Remove until at most so many gigabytes are left
    #[arg(long, value_name = "GB", required_unless_present = "older_than")]
    pub(crate) keep: Option<u64>,
    /// Remove what was not used for so many days
    #[arg(long, value_name = "DAYS")]
    pub(crate) older_than: Option<u32>,
}

/// Print the JSON Schema of a file format
#[derive(Args, Debug)]
pub(crate) struct SchemaArgs {
    /// The format
    #[arg(value_enum)]
    pub(crate) kind: SchemaKind,
}

/// A file format.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum SchemaKind {
    /// A trajectory
    Trajectory,
    /// The story of a snapshot
    Snapshot,
    /// What was searched for the thought of one step
    Reasoning,
    /// A line of a record file
    Records,
    /// What was executed for one unit
    Execution,
    /// Where one unit went
    Disposition,
    /// The manifest of a run
    Manifest,
    /// The configuration file
    Config,
    /// A question about an execution, alone in its row
    Question,
    /// A prompt with several such questions
    Item,
}

/// Print the completions of a shell
#[derive(Args, Debug)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum)]
    pub(crate) shell: clap_complete::Shell,
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    #[test]
    fn the_command_line_holds_together() {
        super::Arguments::command().debug_assert();
    }
}
