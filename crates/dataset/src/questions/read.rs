//! What does a folder of questions hold?
//!
//! In: the folder that `backstory questions` wrote. Out: its items in their order, each
//! with the line it stands on, and a count of those whose own right answer is not worth
//! the maximum. A line that is no item is an error: such a file is damaged.

use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use backstory_store::{StoreError, fs};
use backstory_verify::{Item, ItemError, Outcome, RewardOptions, Status, score};

/// The file of items.
pub const ITEMS: &str = "items.jsonl";

/// Says why a folder of questions was not read.
#[derive(Debug, thiserror::Error)]
pub enum ReadError {
    /// A file is missing or damaged.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// A line could not be read.
    #[error("failed to read line {line} of `{}`", path.display())]
    Line {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// A line is no item.
    #[error("line {line} of `{}` is no item", path.display())]
    Item {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// Why not.
        #[source]
        source: ItemError,
    },
    /// A line is no trace.
    #[error("line {line} of `{}` is no trace", path.display())]
    Trace {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A line of a benchmark is no task.
    #[error("line {line} of `{}` is no JSON object", path.display())]
    Task {
        /// The file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: usize,
        /// Why not.
        #[source]
        source: serde_json::Error,
    },
    /// A benchmark holds nothing to compare with.
    #[error("`{}` holds no code and no name of a function", path.display())]
    NoTask {
        /// The file.
        path: PathBuf,
    },
}

/// An item and the text it stands in.
#[derive(Clone, Debug)]
pub struct ReadItem {
    /// The line, as it stands in the file: what rows carry as the right answers.
    pub text: String,
    /// The same, read.
    pub item: Item,
}

/// Returns the items of a folder, one at a time.
pub fn items(
    folder: &Path,
) -> Result<impl Iterator<Item = Result<ReadItem, ReadError>>, ReadError> {
    let path = folder.join(ITEMS);
    Ok(lines(&path)?.map(move |line| {
        let (number, text) = line?;
        let item = Item::parse(&text).map_err(|source| ReadError::Item {
            path: path.clone(),
            line: number,
            source,
        })?;
        Ok(ReadItem { text, item })
    }))
}

/// Returns the lines of a file that hold something, each with its number.
pub(crate) fn lines(
    path: &Path,
) -> Result<impl Iterator<Item = Result<(usize, String), ReadError>> + use<>, ReadError> {
    let path = path.to_owned();
    let lines = BufReader::new(fs::open(&path)?).lines();
    let numbered = (1..).zip(lines).map(move |(line, text)| match text {
        Ok(text) => Ok((line, text)),
        Err(source) => Err(ReadError::Line { path: path.clone(), line, source }),
    });
    Ok(numbered.filter(|line| !matches!(line, Ok((_, text)) if text.trim().is_empty())))
}

/// What the right answer of an item is worth, as the verifier says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Gold {
    /// The maximum.
    Full,
    /// A call has to say.
    Call,
    /// Less, or nothing at all.
    Broken,
}

impl Gold {
    /// Scores the right answer of an item.
    pub(crate) fn of(read: &ReadItem) -> Self {
        let Ok(answer) = read.item.gold_answer() else { return Self::Broken };
        Self::judged(&score(&read.text, &answer, &RewardOptions::default()))
    }

    /// Reads what an answer that ought to be right came to.
    pub(crate) fn judged(outcome: &Outcome) -> Self {
        match outcome.status {
            Status::Scored if outcome.score.is_some_and(is_full) => Self::Full,
            Status::Pending => Self::Call,
            Status::Scored | Status::Dropped | Status::Unusable | Status::Infrastructure => {
                Self::Broken
            }
        }
    }
}

/// Says whether a score is the maximum.
pub(crate) fn is_full(score: f64) -> bool {
    (score - 2.0).abs() < 1e-9
}
