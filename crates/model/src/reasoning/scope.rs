//! How likely are more than the searched steps?
//!
//! A search scores the steps it is about. Two wider scopes tell whether its thoughts help or
//! harm what stands around them: all code that a model learns to write, and whole documents.

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

/// What is scored.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum Scope {
    /// Every write of a story, or every edit and new file of a change, searched or not, each
    /// behind as much text as the search shows.
    Code,
    /// Every document, from its first token on, its thoughts included.
    Document,
}

impl Scope {
    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Code => "code",
            Self::Document => "document",
        }
    }
}

/// Which thoughts stand in what is scored.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum ThoughtVersion {
    /// No thought.
    None,
    /// The thoughts a search begins with.
    Initial,
    /// The thoughts that stand at the end.
    Searched,
}

impl ThoughtVersion {
    /// Every version.
    pub const ALL: [Self; 3] = [Self::None, Self::Initial, Self::Searched];

    /// Returns the word used on disk.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::None => "none",
            Self::Initial => "initial",
            Self::Searched => "searched",
        }
    }
}

/// How likely one scope is with one version of the thoughts.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct ScopeRow {
    /// What was scored.
    pub scope: Scope,
    /// The thoughts in it.
    pub thoughts: ThoughtVersion,
    /// Texts that were scored.
    pub texts: usize,
    /// Texts that do not fit into the model.
    pub over_window: usize,
    /// Their tokens.
    pub tokens: u64,
    /// The negative log-likelihood of all of them, in nats.
    pub nats: f64,
}

impl ScopeRow {
    /// Begins with nothing.
    pub fn new(scope: Scope, thoughts: ThoughtVersion) -> Self {
        Self { scope, thoughts, texts: 0, over_window: 0, tokens: 0, nats: 0.0 }
    }

    /// Returns the nats of a token; `None` where nothing was scored.
    #[expect(clippy::cast_precision_loss, reason = "tokens stay far below 2^53")]
    pub fn nats_a_token(&self) -> Option<f64> {
        (self.tokens > 0).then(|| self.nats / self.tokens as f64)
    }
}
