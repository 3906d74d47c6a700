//! How is one part of a step known?

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{BlobId, EvidenceId, ExecutionId, ModelId, RuleId};

/// How one part of a step (its choice, its observation, its thought) is known.
///
/// A part without a provenance cannot be built; if none can be filled in, the
/// part does not belong in the data.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(tag = "tier", rename_all = "snake_case")]
pub enum Provenance {
    /// Read off a record, a git object, or a captured log.
    Observed {
        /// Which ones.
        evidence: Vec<EvidenceId>,
    },
    /// Happened when Backstory ran the recorded command.
    Executed {
        /// Which execution.
        execution: ExecutionId,
    },
    /// Computed from evidence by a named rule that can be run again.
    Derived {
        /// The rule; its postcondition is published in `docs/rules.md`.
        rule: RuleId,
        /// What the rule read.
        evidence: Vec<EvidenceId>,
    },
    /// Written by a model. True only as far as it survives the audit.
    Synthesized {
        /// Which model.
        model: ModelId,
        /// The prompt, as stored.
        prompt: BlobId,
        /// The seed of the sampling.
        seed: u64,
    },
}

/// The four ways of knowing, without their evidence.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Tier {
    /// See [`Provenance::Observed`].
    Observed,
    /// See [`Provenance::Executed`].
    Executed,
    /// See [`Provenance::Derived`].
    Derived,
    /// See [`Provenance::Synthesized`].
    Synthesized,
}

impl Tier {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Observed => "observed",
            Self::Executed => "executed",
            Self::Derived => "derived",
            Self::Synthesized => "synthesized",
        }
    }

    /// Returns true for the tiers that make up the recorded part of a dataset.
    pub fn is_recorded(self) -> bool {
        match self {
            Self::Observed | Self::Executed => true,
            Self::Derived | Self::Synthesized => false,
        }
    }
}

impl Provenance {
    /// Says that the part was read off this evidence.
    pub fn observed(evidence: impl IntoIterator<Item = EvidenceId>) -> Self {
        Self::Observed { evidence: evidence.into_iter().collect() }
    }

    /// Says that the part was computed by this rule from this evidence.
    pub fn derived(rule: &str, evidence: impl IntoIterator<Item = EvidenceId>) -> Self {
        Self::Derived { rule: RuleId::new(rule), evidence: evidence.into_iter().collect() }
    }

    /// Returns the tier.
    pub fn tier(&self) -> Tier {
        match self {
            Self::Observed { .. } => Tier::Observed,
            Self::Executed { .. } => Tier::Executed,
            Self::Derived { .. } => Tier::Derived,
            Self::Synthesized { .. } => Tier::Synthesized,
        }
    }
}
