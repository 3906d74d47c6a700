//! For whom can questions be written?

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};

use crate::export::UnknownWord;

/// What to write of questions.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum QuestionFormat {
    /// Rows for the reinforcement learning of verl: Parquet.
    Verl,
    /// Rows for the `GRPOTrainer` of TRL: Parquet and JSON lines.
    Trl,
    /// Rows for a resources server of NeMo-Gym: JSON lines.
    NemoGym,
    /// Items as they are, which the taskset for verifiers reads: JSON lines.
    Items,
    /// Prompts with answers that were found step by step, for supervised training.
    Sft,
    /// Traces in the text of the Code World Model.
    Cwm,
}

impl QuestionFormat {
    /// Every format.
    pub const ALL: [Self; 6] =
        [Self::Verl, Self::Trl, Self::NemoGym, Self::Items, Self::Sft, Self::Cwm];

    /// Returns the name of the folder.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Verl => "verl",
            Self::Trl => "trl",
            Self::NemoGym => "nemo-gym",
            Self::Items => "items",
            Self::Sft => "sft",
            Self::Cwm => "cwm",
        }
    }

    /// Says whether its rows are scored by a reward while a model trains.
    pub(super) fn is_rewarded(self) -> bool {
        match self {
            Self::Verl | Self::Trl | Self::NemoGym | Self::Items => true,
            Self::Sft | Self::Cwm => false,
        }
    }

    /// Returns the ending of the files that are for reading; others may stand beside them.
    pub(super) fn ending(self) -> &'static str {
        match self {
            Self::Verl | Self::Trl | Self::Sft => "parquet",
            Self::NemoGym | Self::Items | Self::Cwm => "jsonl",
        }
    }
}

impl fmt::Display for QuestionFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for QuestionFormat {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        let found = Self::ALL.into_iter().find(|format| format.as_str() == word);
        let known = "`verl`, `trl`, `nemo-gym`, `items`, `sft`, `cwm`";
        found.ok_or(UnknownWord { word: word.to_owned(), known })
    }
}
