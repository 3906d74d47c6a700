//! How does `SGLang` score given text?
//!
//! In: whole texts, and how many of their first tokens need no answer. Out: the tokens
//! behind those, with log-probabilities, counted against the engine's own count. Tokens
//! that need no answer come out of the engine's cache when it has read them before.

use backstory_model::{LanguageModelError, ModelId};
use serde::Deserialize;
use serde_json::json;

use super::client::Client;
use super::server::Entry;

/// The path of the engine's own endpoint.
const PATH: &str = "/generate";

#[derive(Deserialize)]
struct Answer {
    meta_info: Meta,
}

/// Log-probability, id and text of a token.
type Place = (Option<f64>, i64, Option<String>);

#[derive(Deserialize)]
struct Meta {
    prompt_tokens: u64,
    #[serde(default)]
    input_token_logprobs: Option<Vec<Place>>,
}

/// Asks for the tokens of texts from the token `skipped` on.
pub(super) fn entries(
    client: &Client,
    model: &ModelId,
    texts: &[String],
    skipped: usize,
) -> Result<Vec<Vec<Entry>>, LanguageModelError> {
    let body = json!({
        "text": texts,
        "sampling_params": {"max_new_tokens": 0, "temperature": 0},
        "return_logprob": true,
        "logprob_start_len": skipped,
        "return_text_in_logprobs": true,
    });
    let answers: Vec<Answer> = client.post(PATH, &body)?;
    if answers.len() != texts.len() {
        let (asked, answered) = (texts.len(), answers.len());
        return Err(LanguageModelError::Incomplete { model: model.clone(), asked, answered });
    }
    answers.into_iter().map(|answer| read(model, answer.meta_info, skipped)).collect()
}

fn read(model: &ModelId, meta: Meta, skipped: usize) -> Result<Vec<Entry>, LanguageModelError> {
    let Some(places) = meta.input_token_logprobs else {
        let why = "its answers hold no `input_token_logprobs`".to_owned();
        return Err(LanguageModelError::CannotScore { model: model.clone(), why });
    };
    if (places.len() + skipped) as u64 != meta.prompt_tokens {
        return Err(LanguageModelError::TokenCount {
            model: model.clone(),
            entries: places.len(),
            tokens: meta.prompt_tokens.saturating_sub(skipped as u64),
        });
    }
    let entries = places.into_iter().map(|(logprob, _, token)| Entry { token, logprob });
    Ok(entries.collect())
}
