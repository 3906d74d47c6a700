//! How much are right answers worth?
//!
//! In: which questions were answered rightly, and options. Out: a number from 0 to 2:
//! 2·((1 − α)·final + α·steps). Pure arithmetic.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::question::Kind;

/// Choices of the reward.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(default, deny_unknown_fields)]
pub struct RewardOptions {
    /// The share of the questions about the way, from 0 to 1.
    pub alpha: f64,
    /// Whether steps count under a wrong final answer.
    pub gate: Gate,
    /// What another number of entries than questions means.
    pub on_count_mismatch: OnCountMismatch,
    /// What an item without questions about the way is worth.
    pub on_no_questions: OnNoQuestions,
    /// How much a kind weighs among the steps; 1 where nothing is said.
    pub weights: BTreeMap<Kind, f64>,
}

/// Whether steps count under a wrong final answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Gate {
    /// A wrong final answer is worth 0, whatever the steps.
    FinalRequired,
    /// Steps count for themselves, as the printed formula has it.
    None,
}

/// What another number of entries than questions means.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnCountMismatch {
    /// Only the final answer counts.
    FinalOnly,
    /// Every question is judged by its number.
    ById,
}

/// What an item without questions about the way is worth.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum OnNoQuestions {
    /// The final answer counts double.
    Double,
    /// The row gets no score.
    DropRow,
}

/// A set of options with a name.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum Profile {
    /// Ours: judged by number, nothing for nothing.
    #[default]
    Strict,
    /// The arithmetic of the code released with the paper.
    Paper,
}

impl Profile {
    /// Returns the profile of a name.
    pub fn named(name: &str) -> Option<Self> {
        match name {
            "strict" => Some(Self::Strict),
            "paper" => Some(Self::Paper),
            _ => None,
        }
    }

    /// Returns its options.
    pub fn options(self) -> RewardOptions {
        let (on_count_mismatch, on_no_questions) = match self {
            Self::Strict => (OnCountMismatch::ById, OnNoQuestions::DropRow),
            Self::Paper => (OnCountMismatch::FinalOnly, OnNoQuestions::Double),
        };
        RewardOptions {
            alpha: 0.5,
            gate: Gate::FinalRequired,
            on_count_mismatch,
            on_no_questions,
            weights: BTreeMap::new(),
        }
    }
}

impl Default for RewardOptions {
    fn default() -> Self {
        Profile::default().options()
    }
}

impl RewardOptions {
    /// Says whether every number is in its range.
    pub fn is_sound(&self) -> bool {
        let weights = || self.weights.values();
        (0.0..=1.0).contains(&self.alpha)
            && weights().all(|weight| (0.0..=1e6).contains(weight))
            && Kind::ALL.iter().any(|kind| self.weight(*kind) > 0.0)
    }

    /// Returns how much a kind weighs among the steps.
    fn weight(&self, kind: Kind) -> f64 {
        self.weights.get(&kind).copied().unwrap_or(1.0)
    }

    /// Returns the weighted share of steps that are right; `None` if nothing weighs.
    pub(crate) fn share(&self, steps: impl Iterator<Item = (Kind, bool)>) -> Option<f64> {
        let (mut right, mut all) = (0.0, 0.0);
        for (kind, ok) in steps {
            let weight = self.weight(kind);
            all += weight;
            right += if ok { weight } else { 0.0 };
        }
        (all > 0.0).then(|| right / all)
    }

    /// Returns the reward of a final answer and of the share of right steps.
    ///
    /// `white` is `None` where nothing was asked about the way: `None` comes back where
    /// the row then gets no score.
    pub(crate) fn reward(&self, io: bool, white: Option<f64>, counts: bool) -> Option<f64> {
        let last = if io { 1.0 } else { 0.0 };
        let Some(white) = white else {
            return match self.on_no_questions {
                OnNoQuestions::Double => Some(2.0 * last),
                OnNoQuestions::DropRow => None,
            };
        };
        let mismatch = !counts && self.on_count_mismatch == OnCountMismatch::FinalOnly;
        let gated = !io && self.gate == Gate::FinalRequired;
        let white = if mismatch || gated { 0.0 } else { white };
        Some(2.0 * ((1.0 - self.alpha) * last + self.alpha * white))
    }
}
