//! What is written down about each candidate?
//!
//! One row for every text that was scored or turned down, in the order in which that
//! happened. No row holds a time: the same answers give the same bytes.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::guard::{GuardReport, Leak};
use crate::{ModelId, ModelIdentity, Sha256};

/// What a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CandidateKind {
    /// No thought at all.
    None,
    /// The thought a start begins with.
    Initial,
    /// A text written in place of the current one.
    Rewrite,
    /// Words that say nothing, as many as the winner has.
    Filler,
    /// A thought of another step, as long as the winner.
    Control,
}

/// Why a candidate does not stand, or a step has no thought.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Reason {
    /// A guard turned it down; which one stands in [`CandidateRow::leaks`].
    Guard,
    /// Nothing was written.
    Empty,
    /// The same text was scored before.
    SeenBefore,
    /// Another one makes the code as likely or more.
    NotLower,
    /// The code is as likely without it.
    NotBetterThanNone,
    /// The code is as likely behind a thought of another step.
    NotBetterThanOther,
    /// It does not fit into the model with its context.
    OverWindow,
    /// The code is too easy or too hard without a thought.
    OutsideGate,
    /// Nothing in the code is named in the context.
    NotInferable,
    /// No candidate stood.
    NoCandidate,
}

impl Reason {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Guard => "guard",
            Self::Empty => "empty",
            Self::SeenBefore => "seen_before",
            Self::NotLower => "not_lower",
            Self::NotBetterThanNone => "not_better_than_none",
            Self::NotBetterThanOther => "not_better_than_other",
            Self::OverWindow => "over_window",
            Self::OutsideGate => "outside_gate",
            Self::NotInferable => "not_inferable",
            Self::NoCandidate => "no_candidate",
        }
    }
}

/// Who wrote a candidate.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Generator {
    /// Its name.
    pub model: ModelId,
    /// The version of its weights.
    pub revision: Option<String>,
}

/// One candidate. What was not measured is absent.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct CandidateRow {
    /// The step it is for.
    pub step_id: String,
    /// What it is.
    pub kind: CandidateKind,
    /// Which of the independent starts it belongs to.
    pub start: usize,
    /// The round, from 1; 0 for what a start begins with.
    pub round: usize,
    /// Its number within the round.
    pub candidate: usize,
    /// The text it was to replace.
    pub parent_hash: Option<Sha256>,
    /// The text.
    pub text_hash: Option<Sha256>,
    /// Words, numbers and marks of the text.
    pub thought_tokens: usize,
    /// Tokens of the code, as the scorer cuts them.
    pub target_tokens: Option<usize>,
    /// Mean negative log-likelihood of the code, in nats a token.
    pub nll_target: Option<f64>,
    /// Its perplexity.
    pub ppl_target: Option<f64>,
    /// The same without a thought.
    pub nll_none: Option<f64>,
    /// Whether the first token of the code holds text from before it.
    pub straddles: Option<bool>,
    /// What the guard found.
    pub guards: Option<GuardReport>,
    /// Why the guard turned it down.
    pub leaks: Vec<Leak>,
    /// Whether it took the place of the current text.
    pub accepted: bool,
    /// Why it did not.
    pub reason: Option<Reason>,
    /// Who scored it.
    pub scorer: ModelIdentity,
    /// Who wrote it.
    pub generator: Option<Generator>,
    /// What the writer was asked.
    pub prompt_hash: Option<Sha256>,
    /// Where its random choices started.
    pub seed: Option<u64>,
    /// Tokens of what the writer was asked.
    pub tokens_prompted: u64,
    /// Tokens that were written.
    pub tokens_written: u64,
    /// Tokens the scorer had to read.
    pub tokens_scored: u64,
}
