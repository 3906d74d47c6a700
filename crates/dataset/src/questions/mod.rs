//! How do questions about executions become files that trainers read?
//!
//! In: a folder that `backstory questions` wrote. Out: a folder for each format, with one
//! file for each split, and `export.json`, which says what was written, what was left out
//! and why. An item is written only if the verifier gives its own right answer the
//! maximum. Memory holds one item at a time, and the names of all.

mod card;
mod files;
mod format;
mod read;
mod receipt;
mod rows;
mod split;
mod writers;

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};

use backstory_store::{StoreError, fs};
use backstory_table::TableError;
use backstory_verify::{CallOutcome, Function, RewardOptions, Value, score_with};

pub use format::QuestionFormat;
pub use read::{ITEMS, ReadError, ReadItem, items};
pub use split::{NoShare, Shares};

use crate::Split;
use read::Gold;
use receipt::Receipt;
use split::{Groups, split};
use writers::Writers;

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
    /// Arguments are asked for, and no sandbox stands behind the reward.
    NeedsCall,
    /// Our function, called with the known arguments, did not give the stated result.
    NotReproduced,
    /// An earlier item has its name.
    Repeated,
}

impl LeftOut {
    /// Returns the word of funnels.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::BrokenGold => "broken_gold",
            Self::NeedsCall => "needs_call",
            Self::NotReproduced => "not_reproduced",
            Self::Repeated => "repeated",
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
    /// left out, because the reward of their rows would have to wait for a call.
    pub called: Option<Called>,
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
    /// The rows of each format and split.
    pub rows: BTreeMap<QuestionFormat, BTreeMap<Split, u64>>,
    /// The folders.
    pub folders: BTreeMap<QuestionFormat, PathBuf>,
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
    fs::create_dirs(out)?;
    let mut writers = Writers::open(out, &options.formats)?;
    let mut exported = QuestionsExported::default();
    let mut seen = Seen::default();
    for read in items(folder)? {
        let read = read?;
        exported.items += 1;
        let split = split(groups.of(&read.item.family_id), options.shares, &options.split_key);
        match seen.left_out(&read, options) {
            Some(why) => *exported.left_out.entry(why).or_default() += 1,
            None => {
                seen.families.entry(split).or_default().insert(read.item.family_id.clone());
                writers.add(&read, split)?;
            }
        }
    }
    exported.families =
        seen.families.iter().map(|(split, families)| (*split, families.len() as u64)).collect();
    writers.finish(out, &mut exported, &receipt)?;
    Ok(exported)
}

/// What was met so far.
#[derive(Default)]
struct Seen {
    names: BTreeSet<String>,
    families: BTreeMap<Split, BTreeSet<String>>,
}

impl Seen {
    /// Says why an item is no row, if it is none.
    fn left_out(&mut self, read: &ReadItem, options: &QuestionExport) -> Option<LeftOut> {
        if !self.names.insert(read.item.item_id.clone()) {
            return Some(LeftOut::Repeated);
        }
        match Gold::of(read) {
            Gold::Full => None,
            Gold::Broken => Some(LeftOut::BrokenGold),
            Gold::Call => match &options.called {
                None => Some(LeftOut::NeedsCall),
                Some(called) => (!reproduces(read, called)).then_some(LeftOut::NotReproduced),
            },
        }
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
