//! How do questions about executions become files that trainers read?
//!
//! In: a folder that `backstory questions` wrote. Out: a folder for each format, with one
//! file for each split, and `export.json`, which says what was written, what was left out
//! and why. An item is written only if the verifier gives its own right answer the
//! maximum. Memory holds one item at a time, and the names of all.

mod against;
mod card;
mod cwm;
mod files;
mod form;
mod format;
mod prompt;
mod rationale;
mod read;
mod receipt;
mod rows;
mod split;
mod story;
mod traces;
mod writers;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use backstory_store::{StoreError, fs};
use backstory_table::TableError;
use backstory_verify::{CallOutcome, Function, RewardOptions, Value, score_with};
use serde::Serialize;

pub use format::QuestionFormat;
pub use read::{ITEMS, ReadError, ReadItem, items};
pub use split::{NoShare, Shares};

use crate::Split;
use against::Benchmarks;
use read::Gold;
use receipt::Receipt;
use split::{Groups, split};
use writers::{Placed, Writers};

/// Says why an export of questions stopped.
#[derive(Debug, thiserror::Error)]
pub enum QuestionExportError {
    /// The questions could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// The file system refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A Parquet file could not be written.
    #[error(transparent)]
    Table(#[from] TableError),
    /// A line could not be written.
    #[error("failed to write `{}`", path.display())]
    Write {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A folder is in the way that no export of questions wrote.
    #[error("`{}` exists and was not written by an export of questions", path.display())]
    Occupied {
        /// The folder.
        path: PathBuf,
    },
    /// A format stays in the folder that was made of other questions or another way.
    #[error("`{}` was made of other questions, or split another way", path.display())]
    OtherSplit {
        /// The folder.
        path: PathBuf,
    },
}

/// Why an item is not among the rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum LeftOut {
    /// The verifier does not give its right answer the maximum.
    BrokenGold,
    /// Our function, called with the known arguments, did not give the stated result.
    NotReproduced,
    /// An earlier item has its name.
    Repeated,
    /// It is about what a benchmark asks.
    Contaminated,
}

impl LeftOut {
    /// Returns the word of funnels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BrokenGold => "broken_gold",
            Self::NotReproduced => "not_reproduced",
            Self::Repeated => "repeated",
            Self::Contaminated => "contaminated",
        }
    }
}

/// What calls with the known arguments came to, by the item.
pub type Called = BTreeMap<String, CallOutcome>;

/// How questions are exported.
#[derive(Clone, Debug, Default)]
pub struct QuestionExport {
    /// What to write.
    pub formats: BTreeSet<QuestionFormat>,
    /// How much is kept from training.
    pub shares: Shares,
    /// What the draw of the splits depends on beside the family.
    pub split_key: String,
    /// What the functions of items that ask for arguments gave. Without it these items are
    /// no rows of formats with a reward, because that would have to wait for a call.
    pub called: Option<Called>,
    /// Benchmarks that nothing is asked about: files of JSON lines.
    pub against: Vec<PathBuf>,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct QuestionsExported {
    /// How many items the folder holds.
    pub items: u64,
    /// How many families the items of each split are of.
    pub families: BTreeMap<Split, u64>,
    /// The items that are no rows, by reason.
    pub left_out: BTreeMap<LeftOut, u64>,
    /// What each benchmark was compared with.
    pub against: Vec<Compared>,
    /// The rows of each format and split.
    pub rows: BTreeMap<QuestionFormat, BTreeMap<Split, u64>>,
    /// What of the other items, or of their traces, is no row of a format, by reason.
    pub unwritten: BTreeMap<QuestionFormat, BTreeMap<&'static str, u64>>,
    /// The folders.
    pub folders: BTreeMap<QuestionFormat, PathBuf>,
}

/// How a benchmark was compared with the items.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// The name of its file.
    pub list: String,
    /// How many tasks it has.
    pub tasks: u64,
    /// How many of its rows hold no code and no name of a function.
    pub unread: u64,
    /// The items that match a task, by what both share.
    pub matched: BTreeMap<&'static str, u64>,
}

/// Writes the items of `folder` into folders below `out`.
///
/// A folder of an earlier export is replaced; any other folder in the way is an error. So
/// is one that stays and has other splits, because what is trained on in one format must
/// not be measured with in another.
pub fn export_questions(
    folder: &Path,
    out: &Path,
    options: &QuestionExport,
) -> Result<QuestionsExported, QuestionExportError> {
    let receipt = Receipt::of(folder, options)?;
    receipt.check_place(out, &options.formats)?;
    let mut groups = Groups::default();
    for read in items(folder)? {
        groups.add(&read?.item);
    }
    let benchmarks = Benchmarks::read(&options.against)?;
    fs::create_dirs(out)?;
    let mut writers = Writers::open(folder, out, &options.formats)?;
    let mut exported = QuestionsExported::default();
    let mut seen = Seen::new(&benchmarks);
    for read in items(folder)? {
        let read = read?;
        exported.items += 1;
        let split = split(groups.of(&read.item.family_id), options.shares, &options.split_key);
        match seen.judge(&read, options) {
            Err(why) => *exported.left_out.entry(why).or_default() += 1,
            Ok(gold) => {
                seen.families.entry(split).or_default().insert(read.item.family_id.clone());
                let waits = gold == Gold::Call && options.called.is_none();
                writers.add(Placed { read: &read, split, waits })?;
            }
        }
    }
    exported.families =
        seen.families.iter().map(|(split, families)| (*split, families.len() as u64)).collect();
    exported.against = seen.compared;
    write_matches(out, &seen.matches)?;
    writers.finish(out, &mut exported, &receipt)?;
    Ok(exported)
}

/// The file that lists what was left out because a benchmark asks about it.
const MATCHES: &str = "contaminated.jsonl";

fn write_matches(out: &Path, matches: &str) -> Result<(), QuestionExportError> {
    let path = out.join(MATCHES);
    if matches.is_empty() {
        return Ok(fs::remove_file(&path)?);
    }
    Ok(fs::write_file(&path, matches.as_bytes())?)
}

/// What was met so far.
struct Seen<'a> {
    benchmarks: &'a Benchmarks,
    names: BTreeSet<String>,
    families: BTreeMap<Split, BTreeSet<String>>,
    compared: Vec<Compared>,
    /// The lines of the file of matches.
    matches: String,
}

impl<'a> Seen<'a> {
    fn new(benchmarks: &'a Benchmarks) -> Self {
        let compared = benchmarks.lists().iter().map(|list| Compared {
            list: list.name.clone(),
            tasks: list.tasks,
            unread: list.unread,
            matched: BTreeMap::new(),
        });
        Self {
            benchmarks,
            names: BTreeSet::new(),
            families: BTreeMap::new(),
            compared: compared.collect(),
            matches: String::new(),
        }
    }

    /// Says what the right answer of an item is worth, or why it is no row.
    fn judge(&mut self, read: &ReadItem, options: &QuestionExport) -> Result<Gold, LeftOut> {
        if !self.names.insert(read.item.item_id.clone()) {
            return Err(LeftOut::Repeated);
        }
        let gold = Gold::of(read);
        if gold == Gold::Broken {
            return Err(LeftOut::BrokenGold);
        }
        if gold == Gold::Call
            && let Some(called) = &options.called
            && !reproduces(read, called)
        {
            return Err(LeftOut::NotReproduced);
        }
        if self.is_contaminated(read) { Err(LeftOut::Contaminated) } else { Ok(gold) }
    }

    /// Says whether a benchmark asks about the same, and notes where.
    fn is_contaminated(&mut self, read: &ReadItem) -> bool {
        let Some(found) = self.benchmarks.find(&read.item) else { return false };
        let item = &read.item;
        let line = serde_json::json!({"item_id": item.item_id, "program_id": item.program_id,
            "family_id": item.family_id, "list": found.list, "task": found.task,
            "by": found.by.as_str()});
        self.matches.push_str(&line.to_string());
        self.matches.push('\n');
        if let Some(list) = self.compared.get_mut(found.place) {
            *list.matched.entry(found.by.as_str()).or_default() += 1;
        }
        true
    }
}

/// Says whether the known arguments gave the stated result.
fn reproduces(read: &ReadItem, called: &Called) -> bool {
    let (Some(outcome), Ok(gold)) = (called.get(&read.item.item_id), read.item.gold_answer())
    else {
        return false;
    };
    let caller = |_: &Function, _: &[Value]| outcome.clone();
    let scored = score_with(&read.text, &gold, &RewardOptions::default(), &caller);
    Gold::judged(&scored) == Gold::Full
}
