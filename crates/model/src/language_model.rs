//! What may be asked of a language model, whoever answers?
//!
//! The `LanguageModel` port: how likely is given text, and how does a text go on? The
//! adapters live in `backstory-synth`. A log-probability that is not there is an error,
//! never 0, and a model that cannot do one of the two says so.

use std::fmt;
use std::io;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{ModelId, Sha256};

/// How the model that scores relates to the one that is trained on the result.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum ScorerPolicy {
    /// The model that scores is the one that will be trained.
    OnPolicy,
    /// Another model will be trained.
    #[default]
    OffPolicy,
}

/// Which model answers. What is not known is absent.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct ModelIdentity {
    /// The name it goes by.
    pub model: ModelId,
    /// Which version of its weights.
    pub revision: Option<String>,
    /// The digest of what cuts text into tokens: of its file, or, for a server that does
    /// not show it, of the tokens of a fixed text.
    pub tokenizer_hash: Option<Sha256>,
    /// How it relates to the model that will be trained.
    pub policy: ScorerPolicy,
}

/// One text behind a shared context: what is given, and what is scored.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Continuation<'a> {
    /// Stands between the context and the target; is not scored.
    pub given: &'a str,
    /// The text whose tokens are scored.
    pub target: &'a str,
}

/// How likely one target is, token by token.
#[derive(Clone, Debug, PartialEq)]
pub struct Score {
    logprobs: Vec<f64>,
    /// Tokens in front of the target.
    pub tokens_before: usize,
    /// Whether the first tokens hold text from before the target as well.
    pub straddles: bool,
}

impl Score {
    /// Takes the natural logarithms of the probabilities of all tokens of a target.
    ///
    /// `None` when there is no token, or one that is no logarithm of a probability.
    pub fn new(logprobs: Vec<f64>, tokens_before: usize, straddles: bool) -> Option<Self> {
        let good = !logprobs.is_empty() && logprobs.iter().all(|value| is_logprob(*value));
        good.then_some(Self { logprobs, tokens_before, straddles })
    }

    /// Returns the log-probability of each token, in nats.
    pub fn logprobs(&self) -> &[f64] {
        &self.logprobs
    }

    /// Returns how many tokens the target has.
    pub fn target_tokens(&self) -> usize {
        self.logprobs.len()
    }

    /// Returns how many tokens the model had to read.
    pub fn tokens(&self) -> u64 {
        (self.tokens_before + self.logprobs.len()) as u64
    }

    /// Returns the log-probability of the whole target.
    pub fn sum(&self) -> f64 {
        self.logprobs.iter().sum()
    }

    /// Returns the mean negative log-likelihood of a token, in nats.
    #[expect(clippy::cast_precision_loss, reason = "targets have fewer than 2^52 tokens")]
    pub fn mean_nll(&self) -> f64 {
        -self.sum() / self.logprobs.len() as f64
    }

    /// Returns the perplexity: `exp` of the mean negative log-likelihood.
    pub fn perplexity(&self) -> f64 {
        self.mean_nll().exp()
    }
}

/// The rounding error servers make: a probability of one may come as a little more.
const ROUNDING: f64 = 1e-4;

/// What servers write for minus infinity, which is no number in JSON.
const MINUS_INFINITY: f64 = -9999.0;

/// Returns true for the logarithm of a probability above zero.
pub fn is_logprob(value: f64) -> bool {
    value > MINUS_INFINITY && value <= ROUNDING
}

/// A text to go on with.
#[derive(Clone, Debug, PartialEq)]
pub struct CompletionRequest {
    /// The text.
    pub prompt: String,
    /// How many tokens may be written.
    pub max_tokens: u32,
    /// How freely: 0 takes the most likely token.
    pub temperature: f64,
    /// Where the random choices start.
    pub seed: u64,
    /// Texts that end it; none of them is part of what is returned.
    pub stop: Vec<String>,
}

/// Why a completion ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(rename_all = "snake_case")]
pub enum CompletionEnd {
    /// The model ended it, or one of the stop texts came.
    Stop,
    /// No more tokens were allowed.
    Length,
}

/// How a text goes on.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Completion {
    /// What was written.
    pub text: String,
    /// Why it ended.
    pub end: CompletionEnd,
    /// Tokens of the prompt, as the model counts them.
    pub prompt_tokens: u64,
    /// Tokens that were written.
    pub tokens: u64,
}

/// Scores given text and writes text.
pub trait LanguageModel: Send + Sync {
    /// Returns which model answers.
    fn identity(&self) -> &ModelIdentity;

    /// Scores several continuations of one context, each alone behind it.
    ///
    /// The text of a continuation, context included, is cut into tokens once. A token
    /// that holds the end of what is given and the beginning of the target belongs to the
    /// target and is flagged. Engines read the context once where they can.
    fn score_each(
        &self,
        context: &str,
        continuations: &[Continuation<'_>],
    ) -> Result<Vec<Score>, LanguageModelError>;

    /// Scores one text behind a context.
    fn score(&self, context: &str, target: &str) -> Result<Score, LanguageModelError> {
        let scores = self.score_each(context, &[Continuation { given: "", target }])?;
        scores.into_iter().next().ok_or_else(|| LanguageModelError::Incomplete {
            model: self.identity().model.clone(),
            asked: 1,
            answered: 0,
        })
    }

    /// Goes on with a text. The same request gives the same text as far as the engine
    /// keeps that promise.
    fn complete(&self, request: &CompletionRequest) -> Result<Completion, LanguageModelError>;
}

/// Says why a model gave no answer that counts.
#[derive(Debug, thiserror::Error)]
pub enum LanguageModelError {
    /// The engine has no way to score given text.
    #[error("`{model}` cannot score given text: {why}")]
    CannotScore {
        /// The model.
        model: ModelId,
        /// Why, in a few words.
        why: String,
    },
    /// The engine has no way to write text.
    #[error("`{model}` cannot write text: {why}")]
    CannotComplete {
        /// The model.
        model: ModelId,
        /// Why, in a few words.
        why: String,
    },
    /// There is no target.
    #[error("there is no text to score")]
    NothingToScore,
    /// A token of the target has no log-probability.
    #[error("`{model}` gave no log-probability for token {token}")]
    MissingLogprob {
        /// The model.
        model: ModelId,
        /// The token, counted from 0 over the whole text.
        token: usize,
    },
    /// A number is no logarithm of a probability.
    #[error("`{model}` gave {value} as the log-probability of token {token}")]
    NotALogprob {
        /// The model.
        model: ModelId,
        /// The token, counted from 0 over the whole text.
        token: usize,
        /// What was given.
        value: f64,
    },
    /// There are more or fewer numbers than tokens.
    #[error("`{model}` gave {entries} log-probabilities for {tokens} tokens")]
    TokenCount {
        /// The model.
        model: ModelId,
        /// How many numbers came.
        entries: usize,
        /// How many tokens the text has.
        tokens: u64,
    },
    /// The tokens do not spell the text that was sent.
    #[error("the tokens of `{model}` do not spell the text at byte {at}")]
    OtherText {
        /// The model.
        model: ModelId,
        /// Where they differ first.
        at: usize,
    },
    /// Fewer texts were answered than asked.
    #[error("`{model}` answered {answered} of {asked} texts")]
    Incomplete {
        /// The model.
        model: ModelId,
        /// How many were asked.
        asked: usize,
        /// How many were answered.
        answered: usize,
    },
    /// The text does not fit into the model.
    #[error("the text is too long for `{model}`: {why}")]
    OverWindow {
        /// The model.
        model: ModelId,
        /// What the engine says.
        why: String,
    },
    /// An answer is not of the shape the engine documents.
    #[error("the answer of `{place}` is not what the engine documents")]
    Shape {
        /// What was asked.
        place: String,
        /// What is wrong.
        #[source]
        source: serde_json::Error,
    },
    /// An answer is longer than anything that was asked for.
    #[error("the answer of `{place}` is longer than {limit} bytes")]
    AnswerTooLong {
        /// What was asked.
        place: String,
        /// The limit.
        limit: u64,
    },
    /// The engine refused.
    #[error("`{place}` refused with status {status}: {reason}")]
    Refused {
        /// What was asked.
        place: String,
        /// The status.
        status: u16,
        /// What it says.
        reason: String,
    },
    /// The engine kept failing.
    #[error("`{place}` failed {tries} times, at last with status {status}")]
    Failing {
        /// What was asked.
        place: String,
        /// How often.
        tries: u32,
        /// The last status.
        status: u16,
    },
    /// The engine kept asking for patience.
    #[error("`{place}` limits the rate and did not answer after {waits} waits")]
    Limited {
        /// What was asked.
        place: String,
        /// How often was waited.
        waits: u32,
    },
    /// No answer came.
    #[error("`{place}` gave no answer in {tries} tries")]
    Unreachable {
        /// What was asked.
        place: String,
        /// How often.
        tries: u32,
        /// What went wrong the last time.
        #[source]
        source: io::Error,
    },
    /// No request may go to this address.
    #[error("`{address}` is no address of a model: {why}")]
    Address {
        /// The address.
        address: String,
        /// Why, in a few words.
        why: &'static str,
    },
    /// Several models are there, or another one.
    #[error("`{place}` serves {}, and {}", listed(served), wanted(named.as_ref()))]
    WhichModel {
        /// What was asked.
        place: String,
        /// What there is.
        served: Vec<String>,
        /// What was named.
        named: Option<String>,
    },
    /// The tokens that may be spent are spent.
    #[error("the budget of {budget} tokens is spent: {spent} were used")]
    BudgetSpent {
        /// How many may be spent.
        budget: u64,
        /// How many were.
        spent: u64,
    },
    /// An answer could not be kept.
    #[error("failed to keep an answer")]
    Keep {
        /// What went wrong.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
}

fn listed(names: &[String]) -> String {
    if names.is_empty() {
        return "no model".to_owned();
    }
    let quoted: Vec<String> = names.iter().take(5).map(|name| format!("`{name}`")).collect();
    let more = if names.len() > 5 { ", …" } else { "" };
    format!("{}{more}", quoted.join(", "))
}

fn wanted(named: Option<&String>) -> impl fmt::Display {
    named.map_or_else(|| "none was named".to_owned(), |name| format!("`{name}` was named"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_score_is_made_of_probabilities_alone() {
        let score = Score::new(vec![-1.0, -3.0], 4, false).expect("two probabilities");
        assert!((score.mean_nll() - 2.0).abs() < 1e-12);
        assert!((score.perplexity() - 2.0_f64.exp()).abs() < 1e-9);
        assert_eq!((score.target_tokens(), score.tokens()), (2, 6));
        for wrong in [vec![], vec![0.5], vec![f64::NAN], vec![-9999.0], vec![f64::NEG_INFINITY]] {
            assert_eq!(Score::new(wrong, 0, false), None);
        }
    }

    #[test]
    fn errors_read_as_one_sentence() {
        let served: Vec<String> = ["a", "b"].map(str::to_owned).into();
        let place = "http://localhost:8000".to_owned();
        let error = LanguageModelError::WhichModel { place, served, named: Some("c".to_owned()) };
        insta::assert_snapshot!(
            error,
            @"`http://localhost:8000` serves `a`, `b`, and `c` was named"
        );
        let error = LanguageModelError::CannotScore {
            model: ModelId::new("m"),
            why: "a chat endpoint scores what it wrote itself alone".to_owned(),
        };
        insta::assert_snapshot!(
            error,
            @"`m` cannot score given text: a chat endpoint scores what it wrote itself alone"
        );
    }
}
