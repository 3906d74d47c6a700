//! Which choices does a search have, and what does it come to?

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::candidate::{CandidateRow, Reason};
use super::guard::GuardOptions;
use crate::Sha256;

/// Returns true for a count that is as if it were absent.
#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands out references")]
pub(super) fn is_zero(count: &usize) -> bool {
    *count == 0
}

/// Choices of a search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct SearchOptions {
    /// Texts written in each round.
    pub candidates: usize,
    /// Rounds.
    pub rounds: usize,
    /// Independent beginnings; the first is the thought the step has.
    pub starts: usize,
    /// How many nats a token the code must gain.
    pub min_gain: f64,
    /// How freely the writer writes.
    pub temperature: f64,
    /// How many tokens the writer may write for one thought.
    pub written_tokens: u32,
    /// How many bytes of the document the scorer sees before the thought.
    pub context: usize,
    /// How many bytes of the context the writer sees.
    pub prompt_context: usize,
    /// How many words, numbers and marks a target has at least; shorter ones tell nothing.
    #[serde(default, skip_serializing_if = "is_zero")]
    pub least_target: usize,
    /// What a thought may have.
    pub guard: GuardOptions,
    /// Between which likelihoods without a thought a step is worth a search.
    pub gate: Option<Gate>,
    /// Where all random choices start.
    pub seed: u64,
}

impl Default for SearchOptions {
    fn default() -> Self {
        Self {
            candidates: 2,
            rounds: 3,
            starts: 1,
            min_gain: 0.0,
            temperature: 0.8,
            written_tokens: 400,
            context: 16_000,
            prompt_context: 16_000,
            least_target: 0,
            guard: GuardOptions::default(),
            gate: None,
            seed: 0,
        }
    }
}

/// Between which percentiles of all likelihoods without a thought a gate is set, 0 to 100.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Percentiles {
    /// The lower one.
    pub low: usize,
    /// The upper one.
    pub high: usize,
}

/// Between which likelihoods without a thought a step is worth a search, in nats a token.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Gate {
    /// Easier code needs no thought.
    pub low: f64,
    /// Harder code cannot be inferred.
    pub high: f64,
}

/// How likely the target of a wanted step was when the gate was set: without a thought,
/// behind the thoughts the story had before the search.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct GateScore {
    /// The step.
    pub step_id: String,
    /// Mean negative log-likelihood, in nats a token.
    pub nll: f64,
}

impl Gate {
    /// Sets the gate between two percentiles (0 to 100) of many steps; `None` without any.
    pub fn between(likelihoods: &[f64], low: usize, high: usize) -> Option<Self> {
        let mut sorted = likelihoods.to_vec();
        sorted.sort_by(f64::total_cmp);
        let last = sorted.len().checked_sub(1)?;
        let at = |percent: usize| sorted[(last * percent.min(100) + 50) / 100];
        Some(Self { low: at(low), high: at(high) })
    }
}

/// What a search came to.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Searched {
    /// The step.
    pub step_id: String,
    /// The thought that stands.
    pub thought: Option<String>,
    /// Why there is none.
    pub dropped: Option<Reason>,
    /// Mean negative log-likelihood of the code without a thought.
    pub nll_none: Option<f64>,
    /// The same behind the thought the step had, if that one was scored.
    pub nll_initial: Option<f64>,
    /// The same behind the best text of the winning start, after each round.
    pub nll_rounds: Vec<f64>,
    /// The same behind words that say nothing, as many as the winner has.
    pub nll_filler: Option<f64>,
    /// The same behind a thought of another step as long as the winner.
    pub nll_control: Option<f64>,
    /// Tokens the scorer had to read.
    pub tokens_scored: u64,
    /// Tokens of what the writer was asked.
    pub tokens_prompted: u64,
    /// Tokens the writer wrote.
    pub tokens_written: u64,
    /// One row for every candidate.
    pub rows: Vec<CandidateRow>,
    /// Every text a row names.
    pub texts: BTreeMap<Sha256, String>,
}

impl Searched {
    /// Returns the tokens that were read and written.
    pub fn tokens(&self) -> u64 {
        self.tokens_scored + self.tokens_prompted + self.tokens_written
    }

    /// Returns the row of the text that won; of equals the first.
    pub fn winner(&self) -> Option<&CandidateRow> {
        let thought = self.thought.as_ref()?;
        self.rows.iter().filter(|row| row.accepted).find(|row| {
            let text = row.text_hash.as_ref().and_then(|hash| self.texts.get(hash));
            text == Some(thought)
        })
    }
}
