//! How do the stories of snapshots become files that other tools read?
//!
//! In: stories one by one, their stored bodies, a folder. Out: a folder for each
//! format below it, put in its place when it is whole: `text` with one file of
//! documents for each arm, `atif`, `chat`, and `parquet` with the documents as a
//! table. Memory holds one story at a time.

mod atif;
mod chat;
mod document;
mod flatten;
mod narrate;
mod places;
mod tables;
mod tokens;

use std::collections::{BTreeMap, BTreeSet};
use std::error::Error;
use std::path::{Path, PathBuf};

use backstory_model::{SchemaVersion, SnapshotStory, Tokenizer};
use backstory_store::{Reasoned, fs};
use serde::Serialize;
use serde_json::{Value, json};

pub use document::{Document, Span, SpanKind};
pub use flatten::{Arm, documents, written};
pub use narrate::narrate_snapshot;
pub(crate) use places::end_of;
pub use places::{AFTER_THOUGHT, BEFORE_THOUGHT, Verdict, WritePlace, each_write, writes};
pub use tokens::{DocumentTokens, NOT_LEARNED};

use crate::export::{ExportError, Split, UnknownWord};
use crate::rows::RowFile;
use crate::stages::Stages;
use crate::{Bodies, BodyError};
use tables::Tables;

/// What to write of a story.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SnapshotFormat {
    /// Documents with spans, one file for each arm.
    Text,
    /// One ATIF-v1.7 file for each story, with a trajectory for each file in it.
    Atif,
    /// Chat rows.
    Chat,
    /// The documents as a table.
    Parquet,
    /// Single stages as tasks that are checked without running anything.
    Stages,
}

impl SnapshotFormat {
    /// Every format.
    pub const ALL: [Self; 5] = [Self::Text, Self::Atif, Self::Chat, Self::Parquet, Self::Stages];

    /// The formats that are written unless others are named.
    pub const USUAL: [Self; 4] = [Self::Text, Self::Atif, Self::Chat, Self::Parquet];

    /// Returns the name of the folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Text => "text",
            Self::Atif => "atif",
            Self::Chat => "chat",
            Self::Parquet => "parquet",
            Self::Stages => "stages",
        }
    }
}

impl std::str::FromStr for SnapshotFormat {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == word);
        let known = "`text`, `atif`, `chat`, `parquet`, `stages`";
        found.ok_or(UnknownWord { word: word.to_owned(), known })
    }
}

/// How stories are exported.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SnapshotExport {
    /// What to write.
    pub formats: BTreeSet<SnapshotFormat>,
    /// How long a document may be, in bytes, as far as single files allow it.
    pub document_limit: usize,
    /// Whether thoughts were searched, so that there is an arm with them.
    pub searched: bool,
}

impl SnapshotExport {
    /// Returns the arms that are written.
    pub fn arms(&self) -> impl Iterator<Item = Arm> {
        let searched = self.searched;
        Arm::ALL.into_iter().filter(move |arm| searched || *arm != Arm::TrajectorySearch)
    }
}

impl Default for SnapshotExport {
    /// The usual formats; documents of about 64k tokens.
    fn default() -> Self {
        Self { formats: SnapshotFormat::USUAL.into(), document_limit: 256 << 10, searched: false }
    }
}

/// What was written, added up.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct SnapshotExported {
    /// How many stories.
    pub stories: u64,
    /// What the documents of each arm come to.
    pub arms: BTreeMap<&'static str, ArmTally>,
    /// The folders, by format.
    pub folders: BTreeMap<&'static str, PathBuf>,
}

/// What the documents of one arm come to.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct ArmTally {
    /// Documents.
    pub documents: u64,
    /// Their bytes.
    pub bytes: u64,
    /// Those a model learns to write.
    pub bytes_with_loss: u64,
    /// Tokens, where a tokenizer counts them.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tokens: Option<u64>,
    /// Documents by the context they fit in; without a tokenizer, tokens are estimated at four
    /// bytes.
    pub buckets: BTreeMap<&'static str, u64>,
}

impl ArmTally {
    fn add(&mut self, document: &Document) {
        self.documents += 1;
        self.bytes += document.text.len() as u64;
        let loss = document.spans.iter().filter(|span| span.loss);
        self.bytes_with_loss +=
            loss.map(|span| (span.byte_end - span.byte_start) as u64).sum::<u64>();
        *self.buckets.entry(document.bucket()).or_default() += 1;
        if let Some(tokens) = document.tokens() {
            *self.tokens.get_or_insert(0) += tokens.input_ids.len() as u64;
        }
    }
}

/// Writes stories, each with what was found for its steps, into folders below `out`. A
/// folder of an earlier export is replaced; any other folder in the way is an error.
/// Where thoughts were searched, `atif` and `chat` hold those that stand. With a tokenizer,
/// documents of `text` have their tokens and labels.
pub fn export_snapshots<E: Into<Box<dyn Error + Send + Sync>>>(
    stories: impl IntoIterator<Item = Result<Reasoned, E>>,
    bodies: &dyn Bodies,
    out: &Path,
    options: &SnapshotExport,
    tokenizer: Option<&dyn Tokenizer>,
) -> Result<SnapshotExported, ExportError> {
    for format in &options.formats {
        let path = out.join(format.as_str());
        if path.exists() && !out.join(RECEIPT).is_file() {
            return Err(ExportError::Occupied { path });
        }
    }
    let mut writers = Writers::open(out, options)?;
    writers.tokenizer = tokenizer;
    let mut exported = SnapshotExported::default();
    for story in stories {
        let told = story.map_err(|source| ExportError::Trajectory { source: source.into() })?;
        writers.add(&told, bodies, options, &mut exported)?;
    }
    exported.folders = writers.finish(out)?;
    let receipt = json!({
        "tool": format!("backstory {}", env!("CARGO_PKG_VERSION")),
        "schema": SchemaVersion::CURRENT,
        "formats": options.formats,
        "document_limit": options.document_limit,
        "tokenizer": tokenizer.map(Tokenizer::identity),
        "stories": exported.stories,
        "arms": exported.arms,
    });
    fs::write_file(&out.join(RECEIPT), format!("{receipt:#}\n").as_bytes())?;
    Ok(exported)
}

const RECEIPT: &str = "export.json";

/// The folders that grow, each hidden until it is whole.
#[derive(Default)]
struct Writers<'t> {
    tokenizer: Option<&'t dyn Tokenizer>,
    text: Option<(PathBuf, BTreeMap<Arm, RowFile>)>,
    atif: Option<PathBuf>,
    chat: Option<(PathBuf, RowFile)>,
    parquet: Option<(PathBuf, Tables)>,
    stages: Option<(PathBuf, Stages)>,
}

impl Writers<'_> {
    fn open(out: &Path, options: &SnapshotExport) -> Result<Self, ExportError> {
        fs::create_dirs(out)?;
        let mut writers = Self::default();
        for format in &options.formats {
            let folder = out.join(format!(".{}.partial", format.as_str()));
            fs::remove_dirs(&folder)?;
            fs::create_dirs(&folder)?;
            match format {
                SnapshotFormat::Text => {
                    let files = options
                        .arms()
                        .map(|arm| Ok((arm, RowFile::create(&folder, arm.as_str())?)))
                        .collect::<Result<_, ExportError>>()?;
                    writers.text = Some((folder, files));
                }
                SnapshotFormat::Atif => writers.atif = Some(folder),
                SnapshotFormat::Chat => {
                    let file = RowFile::create(&folder, "train-00000-of-00001")?;
                    writers.chat = Some((folder, file));
                }
                SnapshotFormat::Parquet => {
                    let tables = Tables::create(&folder)?;
                    writers.parquet = Some((folder, tables));
                }
                SnapshotFormat::Stages => {
                    let stages = Stages::create(&folder, Split::default())?;
                    writers.stages = Some((folder, stages));
                }
            }
        }
        Ok(writers)
    }

    fn add(
        &mut self,
        (story, steps): &Reasoned,
        bodies: &dyn Bodies,
        options: &SnapshotExport,
        exported: &mut SnapshotExported,
    ) -> Result<(), ExportError> {
        let reasoned = story.with_reasoning(steps);
        self.add_documents((story, &reasoned), bodies, options, exported)?;
        self.add_agents(&reasoned, bodies)
    }

    /// Adds the documents of every arm.
    fn add_documents(
        &mut self,
        (story, reasoned): (&SnapshotStory, &SnapshotStory),
        bodies: &dyn Bodies,
        options: &SnapshotExport,
        exported: &mut SnapshotExported,
    ) -> Result<(), ExportError> {
        let failed = |source: BodyError| ExportError::Body { unit: story.id.clone(), source };
        exported.stories += 1;
        for arm in options.arms() {
            let told = if arm == Arm::TrajectorySearch { reasoned } else { story };
            let mut documents =
                documents(told, bodies, arm, options.document_limit).map_err(failed)?;
            let tally = exported.arms.entry(arm.as_str()).or_default();
            let parts = documents.len();
            for (part, document) in (1..).zip(&mut documents) {
                document
                    .cut(self.tokenizer)
                    .map_err(|source| ExportError::Tokens { unit: story.id.clone(), source })?;
                tally.add(document);
                let place = (part, parts);
                if let Some((_, files)) = &mut self.text
                    && let Some(file) = files.get_mut(&arm)
                {
                    file.write(&row(story, document, place))?;
                }
                if let Some((_, tables)) = &mut self.parquet {
                    tables.add(story, arm, document, place)?;
                }
            }
        }
        Ok(())
    }

    /// Adds what the agents of a story did.
    fn add_agents(
        &mut self,
        story: &SnapshotStory,
        bodies: &dyn Bodies,
    ) -> Result<(), ExportError> {
        let failed = |source: BodyError| ExportError::Body { unit: story.id.clone(), source };
        if let Some(folder) = &self.atif {
            let name = story.id.as_str();
            if name.contains(['/', '\\', '\0']) || name.starts_with('.') {
                return Err(ExportError::UnsafeId { unit: story.id.clone() });
            }
            let document = atif::document(story, bodies).map_err(failed)?;
            fs::write_file(
                &folder.join(format!("{name}.json")),
                format!("{document:#}\n").as_bytes(),
            )?;
        }
        if let Some((_, file)) = &mut self.chat {
            for row in chat::rows(story, bodies).map_err(failed)? {
                file.write(&row)?;
            }
        }
        if let Some((_, stages)) = &mut self.stages {
            stages.add_snapshot(story, bodies)?;
        }
        Ok(())
    }

    fn finish(self, out: &Path) -> Result<BTreeMap<&'static str, PathBuf>, ExportError> {
        let mut folders = BTreeMap::new();
        let mut place = |format: SnapshotFormat, hidden: PathBuf| -> Result<(), ExportError> {
            let folder = out.join(format.as_str());
            fs::remove_dirs(&folder)?;
            fs::rename(&hidden, &folder)?;
            folders.insert(format.as_str(), folder);
            Ok(())
        };
        if let Some((folder, files)) = self.text {
            files.into_values().try_for_each(RowFile::finish)?;
            place(SnapshotFormat::Text, folder)?;
        }
        if let Some(folder) = self.atif {
            place(SnapshotFormat::Atif, folder)?;
        }
        if let Some((folder, file)) = self.chat {
            file.finish()?;
            place(SnapshotFormat::Chat, folder)?;
        }
        if let Some((folder, tables)) = self.parquet {
            tables.finish()?;
            place(SnapshotFormat::Parquet, folder)?;
        }
        if let Some((folder, stages)) = self.stages {
            stages.finish()?;
            place(SnapshotFormat::Stages, folder)?;
        }
        Ok(folders)
    }
}

/// Returns one row of a text file.
fn row(story: &SnapshotStory, document: &Document, (part, parts): (usize, usize)) -> Value {
    let mut row = json!({
        "id": story.id,
        "repo": story.repo,
        "commit": story.commit,
        "license": story.license.as_ref().map(|license| &license.spdx),
        "part": part,
        "parts": parts,
        "bucket": document.bucket(),
        "text": document.text,
        "spans": document.spans,
    });
    if let Some(tokens) = document.tokens() {
        row["input_ids"] = json!(tokens.input_ids);
        row["labels"] = json!(tokens.labels);
        for (span, (first, behind)) in
            row["spans"].as_array_mut().into_iter().flatten().zip(&tokens.spans)
        {
            span["token_start"] = (*first).into();
            span["token_end"] = (*behind).into();
        }
    }
    row
}
