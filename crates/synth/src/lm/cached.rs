//! Was the same model asked the same question before?
//!
//! In: a model and the answers it gave. Out: the same port; only what was never answered
//! is asked. An answer belongs to the model, its revision and tokenizer, and to every
//! byte of the question. Numbers are kept as text that reads back to the same bits.

use backstory_model::{
    Completion, CompletionRequest, Continuation, LanguageModel, LanguageModelError, ModelIdentity,
    Score, Sha256,
};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256 as Hasher};

use super::answers::Answers;

/// The version of what a file holds.
const FORMAT: u32 = 1;

/// A model that remembers.
pub struct Cached<'m> {
    model: &'m dyn LanguageModel,
    answers: &'m dyn Answers,
}

#[derive(Serialize, Deserialize)]
struct StoredScore {
    format: u32,
    /// Decimal numbers with a blank between them.
    logprobs: String,
    tokens_before: usize,
    straddles: bool,
}

#[derive(Serialize, Deserialize)]
struct StoredCompletion {
    format: u32,
    completion: Completion,
}

impl<'m> Cached<'m> {
    /// Puts answers before a model.
    pub fn new(model: &'m dyn LanguageModel, answers: &'m dyn Answers) -> Self {
        Self { model, answers }
    }

    fn key(&self, parts: &[&str]) -> Sha256 {
        let ModelIdentity { model, revision, tokenizer_hash, policy: _ } = self.identity();
        let tokenizer = tokenizer_hash.as_ref().map_or("", Sha256::as_str);
        let revision = revision.as_deref().unwrap_or_default();
        let mut hasher = Hasher::new();
        for part in [model.as_str(), revision, tokenizer].iter().chain(parts) {
            hasher.update((part.len() as u64).to_le_bytes());
            hasher.update(part.as_bytes());
        }
        Sha256::from_digest(&hasher.finalize())
    }

    fn kept<T: DeserializeOwned>(&self, key: &Sha256) -> Option<T> {
        serde_json::from_str(&self.answers.get(key)?).ok()
    }

    fn keep(&self, key: &Sha256, answer: &impl Serialize) -> Result<(), LanguageModelError> {
        let keep =
            |source: Box<dyn std::error::Error + Send + Sync>| LanguageModelError::Keep { source };
        let text = serde_json::to_string(answer).map_err(|error| keep(error.into()))?;
        self.answers.put(key, &text).map_err(|error| keep(error.into()))
    }

    fn kept_score(&self, key: &Sha256) -> Option<Score> {
        let stored: StoredScore = self.kept(key).filter(|s: &StoredScore| s.format == FORMAT)?;
        let numbers = stored.logprobs.split(' ').map(|text| text.parse().ok());
        let logprobs = numbers.collect::<Option<Vec<f64>>>()?;
        Score::new(logprobs, stored.tokens_before, stored.straddles)
    }

    fn keep_score(&self, key: &Sha256, score: &Score) -> Result<(), LanguageModelError> {
        let numbers: Vec<String> = score.logprobs().iter().map(f64::to_string).collect();
        self.keep(
            key,
            &StoredScore {
                format: FORMAT,
                logprobs: numbers.join(" "),
                tokens_before: score.tokens_before,
                straddles: score.straddles,
            },
        )
    }
}

impl LanguageModel for Cached<'_> {
    fn identity(&self) -> &ModelIdentity {
        self.model.identity()
    }

    fn score_each(
        &self,
        context: &str,
        continuations: &[Continuation<'_>],
    ) -> Result<Vec<Score>, LanguageModelError> {
        let key = |c: &Continuation<'_>| self.key(&["score", context, c.given, c.target]);
        let keys: Vec<Sha256> = continuations.iter().map(key).collect();
        let mut scores: Vec<Option<Score>> = keys.iter().map(|key| self.kept_score(key)).collect();
        let open: Vec<usize> = (0..keys.len()).filter(|at| scores[*at].is_none()).collect();
        if !open.is_empty() {
            let asked: Vec<Continuation<'_>> = open.iter().map(|at| continuations[*at]).collect();
            for (at, score) in open.iter().zip(self.model.score_each(context, &asked)?) {
                self.keep_score(&keys[*at], &score)?;
                scores[*at] = Some(score);
            }
        }
        let (asked, answered) = (keys.len(), scores.iter().flatten().count());
        let model = || self.identity().model.clone();
        let all: Option<Vec<Score>> = scores.into_iter().collect();
        all.ok_or_else(|| LanguageModelError::Incomplete { model: model(), asked, answered })
    }

    fn complete(&self, request: &CompletionRequest) -> Result<Completion, LanguageModelError> {
        let CompletionRequest { prompt, max_tokens, temperature, seed, stop } = request;
        let numbers = format!("{max_tokens} {temperature} {seed}");
        let mut parts = vec!["complete", prompt, &numbers];
        parts.extend(stop.iter().map(String::as_str));
        let key = self.key(&parts);
        if let Some(StoredCompletion { format: FORMAT, completion }) = self.kept(&key) {
            return Ok(completion);
        }
        let completion = self.model.complete(request)?;
        self.keep(&key, &StoredCompletion { format: FORMAT, completion: completion.clone() })?;
        Ok(completion)
    }
}
