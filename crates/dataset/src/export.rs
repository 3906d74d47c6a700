//! How does a run become files that other tools read?
//!
//! In: trajectories one by one, their stored bodies, a folder. Out: a folder for
//! each format below it, put in its place when it is whole, and `export.json`,
//! which says what was written. Memory holds one trajectory at a time, and for
//! Parquet one row group.

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use backstory_identity::Authors;
use backstory_model::{
    CommitId, Counts, RepoName, SchemaVersion, TaskInstance, TokenizerError, Trajectory,
    UnitExecution, UnitId,
};
use backstory_store::{StoreError, fs};
use backstory_table::TableError;
use serde::{Deserialize, Serialize};
use serde_json::json;

use crate::atif;
use crate::card::{self, Tally};
use crate::chat::{self, Message, TrainRule};
use crate::dialect::{Dialect, Rendered};
use crate::harbor::Harbor;
use crate::people;
use crate::pivot::Pivots;
use crate::rows::RowFile;
use crate::stages::Stages;
use crate::swe_bench::SweBench;
use crate::tables::Tables;
use crate::task::{LeftOut, Reporter, Story, Task};
use crate::{Bodies, BodyError};

/// Says why an export stopped.
#[derive(Debug, thiserror::Error)]
pub enum ExportError {
    /// A trajectory could not be read.
    #[error("failed to read the next trajectory of the run")]
    Trajectory {
        /// Why.
        #[source]
        source: Box<dyn Error + Send + Sync>,
    },
    /// A stored body is missing or damaged.
    #[error("failed to render `{unit}`")]
    Body {
        /// The unit.
        unit: UnitId,
        /// Why.
        #[source]
        source: BodyError,
    },
    /// A document has no tokens.
    #[error("failed to cut the documents of `{unit}` into tokens")]
    Tokens {
        /// The unit.
        unit: UnitId,
        /// Why.
        #[source]
        source: TokenizerError,
    },
    /// A file could not be written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A Parquet file could not be written.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A line of a chat file could not be written.
    #[error("failed to write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The unit's id cannot be a file name.
    #[error("unit `{unit}` has an id that cannot be a file name")]
    UnsafeId {
        /// The unit.
        unit: UnitId,
    },
    /// A format needs a reporter and was given none.
    #[error("`{format}` needs the reporter that its scripts carry")]
    NoReporter {
        /// The format.
        format: ExportFormat,
    },
    /// A format stays in the folder whose people are named another way.
    #[error("`{}` was exported with people named another way than now", path.display())]
    OtherAuthors {
        /// The folder.
        path: PathBuf,
    },
    /// A folder is in the way that no export wrote.
    #[error("`{}` exists and was not written by an export", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
}

/// Says that a word of the command line names nothing.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of {known}")]
pub struct UnknownWord {
    /// What was given.
    pub word: String,
    /// What there is.
    pub known: &'static str,
}

/// What to write.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum ExportFormat {
    /// One ATIF-v1.7 file per trajectory.
    Atif,
    /// A folder of Parquet tables with a dataset card.
    Parquet,
    /// Chat rows for supervised training.
    Chat,
    /// A task repository, rows and gold predictions for the SWE-bench harness.
    SweBench,
    /// Task directories and a jobs folder for Harbor.
    Harbor,
    /// Decisions to practice alone, as rows of NeMo-Gym's `swe_pivot`.
    NemoGym,
    /// Single stages as tasks that are checked without running anything.
    Stages,
}

impl ExportFormat {
    /// Every format.
    pub const ALL: [Self; 7] = [
        Self::Atif,
        Self::Parquet,
        Self::Chat,
        Self::SweBench,
        Self::Harbor,
        Self::NemoGym,
        Self::Stages,
    ];

    /// The formats that need nothing executed.
    pub const DERIVED: [Self; 3] = [Self::Atif, Self::Parquet, Self::Chat];

    /// Returns the name of the folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Atif => "atif",
            Self::Parquet => "parquet",
            Self::Chat => "chat",
            Self::SweBench => "swe-bench",
            Self::Harbor => "harbor",
            Self::NemoGym => "nemo-gym",
            Self::Stages => "stages",
        }
    }
}

impl fmt::Display for ExportFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for ExportFormat {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == word);
        let known = "`atif`, `parquet`, `chat`, `swe-bench`, `harbor`, `nemo-gym`, `stages`";
        found.ok_or(UnknownWord { word: word.to_owned(), known })
    }
}

/// Which part of a dataset the rows go to.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Split {
    /// To train on.
    #[default]
    Train,
    /// To choose settings by.
    Validation,
    /// To measure with.
    Test,
}

impl Split {
    /// Returns the word used in file names.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Train => "train",
            Self::Validation => "validation",
            Self::Test => "test",
        }
    }

    /// Returns the name of the only file of this split, without its extension.
    pub(crate) fn file_stem(self) -> String {
        format!("{}-00000-of-00001", self.as_str())
    }
}

impl FromStr for Split {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let all = [Self::Train, Self::Validation, Self::Test];
        let found = all.into_iter().find(|split| split.as_str() == word);
        found.ok_or(UnknownWord { word: word.to_owned(), known: "`train`, `validation`, `test`" })
    }
}

/// How an export is written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ExportOptions {
    /// What to write.
    pub formats: BTreeSet<ExportFormat>,
    /// Whose tools the calls speak.
    pub dialect: Dialect,
    /// Where all rows go.
    pub split: Split,
    /// Whether messages chosen with knowledge of the final change are trained on.
    pub train_on_hindsight: bool,
    /// How people are named.
    pub authors: Authors,
}

impl Default for ExportOptions {
    fn default() -> Self {
        Self {
            formats: ExportFormat::DERIVED.into(),
            dialect: Dialect::default(),
            split: Split::default(),
            train_on_hindsight: true,
            authors: Authors::default(),
        }
    }
}

/// What an export is told about the run it comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExportContext {
    /// The funnel of the run.
    pub counts: Counts,
    /// The repositories, each with the commit the walk started from.
    pub repositories: BTreeMap<RepoName, CommitId>,
    /// The reporter that the scripts of `swe-bench` and `harbor` carry.
    pub reporter: Reporter,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Exported {
    /// How many trajectories.
    pub trajectories: u64,
    /// How many steps they have.
    pub steps: u64,
    /// How many of them are task instances; a unit without a base commit is none.
    pub instances: u64,
    /// How many of them a grader can judge; counted by `swe-bench` and `harbor`.
    pub tasks: u64,
    /// The trajectories that are no task, by reason.
    pub left_out: BTreeMap<&'static str, u64>,
    /// Test ids that a log cannot carry, left out of tasks.
    pub test_ids_dropped: u64,
    /// The folders, by format.
    pub folders: BTreeMap<&'static str, PathBuf>,
}

/// A trajectory with everything the writers need of it.
pub(crate) struct Shown<'a> {
    pub(crate) trajectory: &'a Trajectory,
    pub(crate) instance: Option<&'a TaskInstance>,
    pub(crate) execution: Option<&'a UnitExecution>,
    pub(crate) rendered: &'a Rendered,
    pub(crate) messages: &'a [Message],
    pub(crate) bodies: &'a dyn Bodies,
}

/// Writes the trajectories into folders below `out`.
///
/// A folder of an earlier export is replaced; any other folder in the way is an
/// error. A folder appears under its name whole or not at all.
pub fn export<S: Into<Story>, E: Into<Box<dyn Error + Send + Sync>>>(
    stories: impl IntoIterator<Item = Result<S, E>>,
    bodies: &dyn Bodies,
    out: &Path,
    context: &ExportContext,
    options: &ExportOptions,
) -> Result<Exported, ExportError> {
    let earlier = Receipt::read(out);
    if let Some(format) = earlier.other_authors(options) {
        return Err(ExportError::OtherAuthors { path: out.join(format.as_str()) });
    }
    for format in &options.formats {
        let path = out.join(format.as_str());
        if path.exists() && !earlier.formats.contains(format) {
            return Err(ExportError::Occupied { path });
        }
        if JUDGED.contains(format) && context.reporter.is_empty() {
            return Err(ExportError::NoReporter { format: *format });
        }
    }
    let mut writers = Writers::open(out, options)?;
    let mut tally = Tally::default();
    let mut exported = Exported::default();
    for story in stories {
        let mut story: Story =
            story.map_err(|source| ExportError::Trajectory { source: source.into() })?.into();
        people::hide(&mut story, &options.authors);
        tally.add(&story.trajectory);
        let rendered = writers.add(&story, bodies, options)?;
        if writers.judge() {
            let task = Task::of(&story, bodies, &context.reporter)?;
            writers.add_task(&task, &rendered)?;
            exported.count(&task);
        }
    }
    exported.trajectories = tally.trajectories;
    exported.steps = tally.steps;
    exported.instances = tally.instances;
    exported.folders = writers.finish(out, tally, context, options)?;
    write_receipt(out, &earlier, &exported, options)?;
    Ok(exported)
}

impl Exported {
    fn count(&mut self, task: &Result<Task<'_>, LeftOut>) {
        match task {
            Ok(task) => {
                self.tasks += 1;
                self.test_ids_dropped += task.ids_dropped;
            }
            Err(reason) => *self.left_out.entry(reason.as_str()).or_default() += 1,
        }
    }
}

/// The formats with a grader.
const JUDGED: [ExportFormat; 2] = [ExportFormat::SweBench, ExportFormat::Harbor];

const RECEIPT: &str = "export.json";

/// What an earlier export says of itself; nothing where there is none.
#[derive(Default, Deserialize)]
#[serde(default)]
struct Receipt {
    formats: BTreeSet<ExportFormat>,
    authors: Option<String>,
    identity_key: Option<String>,
}

impl Receipt {
    fn read(out: &Path) -> Self {
        let receipt = fs::read_text(&out.join(RECEIPT)).ok();
        receipt.and_then(|text| serde_json::from_str(&text).ok()).unwrap_or_default()
    }

    /// Returns a format that stays here although it names people another way.
    fn other_authors(&self, options: &ExportOptions) -> Option<ExportFormat> {
        let authors = &options.authors;
        let is_same = self.authors.as_deref() == Some(authors.as_str())
            && self.identity_key.as_deref() == authors.key_word();
        let stays = self.formats.difference(&options.formats).next();
        stays.copied().filter(|_| !is_same)
    }
}

fn write_receipt(
    out: &Path,
    earlier: &Receipt,
    exported: &Exported,
    options: &ExportOptions,
) -> Result<(), ExportError> {
    let formats: BTreeSet<ExportFormat> =
        earlier.formats.union(&options.formats).copied().collect();
    let mut receipt = json!({
        "tool": format!("backstory {}", env!("CARGO_PKG_VERSION")),
        "schema": SchemaVersion::CURRENT,
        "formats": formats,
        "dialect": options.dialect,
        "split": options.split,
        "train_on_hindsight": options.train_on_hindsight,
        "authors": options.authors.as_str(),
        "trajectories": exported.trajectories,
        "steps": exported.steps,
        "instances": exported.instances,
    });
    if let Some(key) = options.authors.key_word() {
        receipt["identity_key"] = key.into();
    }
    if JUDGED.iter().any(|format| options.formats.contains(format)) {
        receipt["tasks"] = exported.tasks.into();
        receipt["left_out"] = json!(exported.left_out);
        receipt["test_ids_dropped"] = exported.test_ids_dropped.into();
    }
    fs::write_file(&out.join(RECEIPT), format!("{receipt:#}\n").as_bytes())?;
    Ok(())
}

/// The open files of an export; each format grows in a hidden folder first.
#[derive(Default)]
struct Writers {
    atif: Option<PathBuf>,
    chat: Option<RowFile>,
    parquet: Option<(PathBuf, Tables)>,
    swe_bench: Option<SweBench>,
    harbor: Option<Harbor>,
    pivots: Option<Pivots>,
    stages: Option<Stages>,
}

impl Writers {
    fn open(out: &Path, options: &ExportOptions) -> Result<Self, ExportError> {
        fs::create_dirs(out)?;
        let mut writers = Self::default();
        for format in &options.formats {
            let folder = partial(out, *format);
            fs::remove_dirs(&folder)?;
            fs::create_dirs(&folder)?;
            match format {
                ExportFormat::Atif => writers.atif = Some(folder),
                ExportFormat::Chat => {
                    writers.chat = Some(RowFile::create(&folder, &options.split.file_stem())?);
                }
                ExportFormat::Parquet => {
                    let tables = Tables::create(&folder, &options.split.file_stem())?;
                    writers.parquet = Some((folder, tables));
                }
                ExportFormat::SweBench => {
                    writers.swe_bench = Some(SweBench::create(&folder, options.split)?);
                }
                ExportFormat::Harbor => writers.harbor = Some(Harbor::create(&folder)?),
                ExportFormat::NemoGym => {
                    writers.pivots = Some(Pivots::create(&folder, options.split)?);
                }
                ExportFormat::Stages => {
                    writers.stages = Some(Stages::create(&folder, options.split)?);
                }
            }
        }
        Ok(writers)
    }

    fn add(
        &mut self,
        story: &Story,
        bodies: &dyn Bodies,
        options: &ExportOptions,
    ) -> Result<Rendered, ExportError> {
        let trajectory = &story.trajectory;
        let unit = &trajectory.unit.id;
        let in_unit = |source| ExportError::Body { unit: unit.clone(), source };
        let mut rendered = options.dialect.render(trajectory, bodies).map_err(in_unit)?;
        people::hide_in_logs(&mut rendered, &trajectory.steps, &options.authors);
        let rule = TrainRule { hindsight: options.train_on_hindsight };
        let messages = chat::messages(trajectory, &rendered, rule);
        if let Some(folder) = &self.atif {
            let path = folder.join(format!("{}.json", file_name(unit)?));
            let document = atif::document(trajectory, &rendered);
            fs::write_file(&path, format!("{document:#}\n").as_bytes())?;
        }
        if let Some(file) = &mut self.chat {
            file.write(&chat::row(trajectory, &rendered, &messages))?;
        }
        if let Some(rows) = &mut self.pivots {
            rows.add(trajectory, &rendered, &messages, rule)?;
        }
        if let Some(rows) = &mut self.stages {
            rows.add_change(trajectory, bodies)?;
        }
        if let Some((_, tables)) = &mut self.parquet {
            let execution = story.execution.as_ref();
            let instance = execution.and_then(|known| known.instance.as_ref());
            let (rendered, messages) = (&rendered, &messages);
            let shown = Shown { trajectory, instance, execution, rendered, messages, bodies };
            tables.add(&shown)?;
        }
        Ok(rendered)
    }

    /// Returns whether a format with a grader is written.
    fn judge(&self) -> bool {
        self.swe_bench.is_some() || self.harbor.is_some()
    }

    fn add_task(
        &mut self,
        task: &Result<Task<'_>, LeftOut>,
        rendered: &Rendered,
    ) -> Result<(), ExportError> {
        let Ok(task) = task else { return Ok(()) };
        if let Some(swe_bench) = &mut self.swe_bench {
            swe_bench.add(task)?;
        }
        if let Some(harbor) = &mut self.harbor {
            let document = atif::document(task.trajectory, rendered);
            harbor.add(task, &document, &rendered.root)?;
        }
        Ok(())
    }

    fn finish(
        self,
        out: &Path,
        mut tally: Tally,
        context: &ExportContext,
        options: &ExportOptions,
    ) -> Result<BTreeMap<&'static str, PathBuf>, ExportError> {
        if let Some(file) = self.chat {
            let name = format!("{}.jsonl", options.split.file_stem());
            file.finish_with("dataset_info.json", &chat::llamafactory_description(&name))?;
        }
        if let Some((folder, tables)) = self.parquet {
            tally.found = tables.finish()?;
            let card = card::write(&tally, context, options);
            fs::write_file(&folder.join("README.md"), card.as_bytes())?;
        }
        if let Some(swe_bench) = self.swe_bench {
            swe_bench.finish()?;
        }
        if let Some(harbor) = self.harbor {
            harbor.finish()?;
        }
        if let Some(rows) = self.pivots {
            rows.finish()?;
        }
        if let Some(rows) = self.stages {
            rows.finish()?;
        }
        let mut folders = BTreeMap::new();
        for format in &options.formats {
            let place = out.join(format.as_str());
            fs::remove_dirs(&place)?;
            fs::rename(&partial(out, *format), &place)?;
            folders.insert(format.as_str(), place);
        }
        Ok(folders)
    }
}

fn partial(out: &Path, format: ExportFormat) -> PathBuf {
    out.join(format!(".{format}.partial"))
}

/// Returns the id as a file name; ids are made of repository names and digits,
/// and one that is not never reaches the file system.
pub(crate) fn file_name(unit: &UnitId) -> Result<&str, ExportError> {
    let id = unit.as_str();
    let good = !id.is_empty()
        && !id.starts_with('.')
        && id.bytes().all(|b| b.is_ascii_alphanumeric() || b"-_.".contains(&b));
    if good { Ok(id) } else { Err(ExportError::UnsafeId { unit: unit.clone() }) }
}
