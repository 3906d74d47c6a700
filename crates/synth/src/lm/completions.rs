//! How does an `OpenAI`-compatible completion endpoint score given text?
//!
//! In: whole texts. Out: their tokens with log-probabilities, counted against the
//! engine's own count. Three forms of the same question are known, because engines and
//! versions differ in which they take: the prompt echoed with nothing written behind it,
//! echoed with one token behind it that is dropped, and `prompt_logprobs`.

use std::collections::BTreeMap;

use backstory_model::{LanguageModelError, ModelId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::server::Entry;

/// One way to ask.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Form {
    /// `echo`, `logprobs`, `max_tokens: 0`.
    EchoAlone,
    /// `echo`, `logprobs`, `max_tokens: 1`.
    EchoOne,
    /// `prompt_logprobs`, as vLLM has it.
    PromptLogprobs,
}

impl Form {
    /// Every form, the cheapest first.
    pub(super) const ALL: [Self; 3] = [Self::EchoAlone, Self::EchoOne, Self::PromptLogprobs];

    /// Returns what is sent, in words.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::EchoAlone => "echo",
            Self::EchoOne => "echo with one token more",
            Self::PromptLogprobs => "prompt_logprobs",
        }
    }

    fn body(self, model: &str, texts: &[String]) -> Value {
        let (model, prompt) = (json!(model), json!(texts));
        match self {
            Self::EchoAlone => json!({"model": model, "prompt": prompt, "echo": true,
                "logprobs": 1, "max_tokens": 0, "temperature": 0}),
            Self::EchoOne => json!({"model": model, "prompt": prompt, "echo": true,
                "logprobs": 1, "max_tokens": 1, "temperature": 0}),
            Self::PromptLogprobs => json!({"model": model, "prompt": prompt,
                "prompt_logprobs": 0, "return_token_ids": true, "max_tokens": 1,
                "temperature": 0}),
        }
    }
}

/// The path of the endpoint.
pub(super) const PATH: &str = "/v1/completions";

#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
    usage: Usage,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    index: usize,
    #[serde(default)]
    logprobs: Option<Echoed>,
    #[serde(default)]
    prompt_logprobs: Option<Vec<Option<BTreeMap<String, Alternative>>>>,
    #[serde(default)]
    prompt_token_ids: Option<Vec<u64>>,
}

#[derive(Deserialize)]
struct Echoed {
    tokens: Vec<String>,
    token_logprobs: Vec<Option<f64>>,
}

#[derive(Deserialize)]
struct Alternative {
    logprob: f64,
    #[serde(default)]
    decoded_token: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u64,
    #[serde(default)]
    completion_tokens: u64,
}

/// Asks for the tokens of texts.
pub(super) fn entries(
    client: &Client,
    model: &ModelId,
    form: Form,
    texts: &[String],
) -> Result<Vec<Vec<Entry>>, LanguageModelError> {
    let Answer { mut choices, usage } = client.post(PATH, &form.body(model.as_str(), texts))?;
    if choices.len() != texts.len() {
        let (asked, answered) = (texts.len(), choices.len());
        return Err(LanguageModelError::Incomplete { model: model.clone(), asked, answered });
    }
    choices.sort_by_key(|choice| choice.index);
    let read = |choice| match form {
        Form::EchoAlone | Form::EchoOne => echoed(model, choice),
        Form::PromptLogprobs => prompted(model, choice),
    };
    let mut all = choices.into_iter().map(read).collect::<Result<Vec<_>, _>>()?;
    drop_written(model, &mut all, &usage)?;
    Ok(all)
}

/// Takes away the token that was written behind each text, and counts.
fn drop_written(
    model: &ModelId,
    all: &mut [Vec<Entry>],
    usage: &Usage,
) -> Result<(), LanguageModelError> {
    let entries: usize = all.iter().map(Vec::len).sum();
    let (counted, texts) = (entries as u64, all.len() as u64);
    if counted == usage.prompt_tokens {
        return Ok(());
    }
    // An engine that overlooks `echo` gives the tokens it wrote and nothing else.
    if counted <= usage.completion_tokens {
        let why = "it gives log-probabilities of what it wrote alone".to_owned();
        return Err(LanguageModelError::CannotScore { model: model.clone(), why });
    }
    if counted == usage.prompt_tokens + texts && usage.completion_tokens == texts {
        for entries in all {
            entries.pop();
        }
        return Ok(());
    }
    let tokens = usage.prompt_tokens;
    Err(LanguageModelError::TokenCount { model: model.clone(), entries, tokens })
}

fn echoed(model: &ModelId, choice: Choice) -> Result<Vec<Entry>, LanguageModelError> {
    let Some(Echoed { tokens, token_logprobs }) = choice.logprobs else {
        let why = "its answers hold no log-probabilities".to_owned();
        return Err(LanguageModelError::CannotScore { model: model.clone(), why });
    };
    if tokens.len() != token_logprobs.len() {
        return Err(LanguageModelError::TokenCount {
            model: model.clone(),
            entries: token_logprobs.len(),
            tokens: tokens.len() as u64,
        });
    }
    let pairs = tokens.into_iter().zip(token_logprobs);
    Ok(pairs.map(|(token, logprob)| Entry { token: Some(token), logprob }).collect())
}

fn prompted(model: &ModelId, choice: Choice) -> Result<Vec<Entry>, LanguageModelError> {
    let Some(places) = choice.prompt_logprobs else {
        let why = "its answers hold no `prompt_logprobs`".to_owned();
        return Err(LanguageModelError::CannotScore { model: model.clone(), why });
    };
    let ids = choice.prompt_token_ids.unwrap_or_default();
    let entry = |(at, place): (usize, Option<BTreeMap<String, Alternative>>)| {
        let mut alternatives = place.unwrap_or_default();
        let id = ids.get(at).map(u64::to_string);
        let of_id = id.and_then(|id| alternatives.remove(&id));
        // Without ids, a single alternative can only be the token itself.
        let chosen = of_id.or_else(|| match alternatives.len() {
            1 => alternatives.pop_first().map(|(_, chosen)| chosen),
            _ => None,
        });
        match chosen {
            Some(Alternative { logprob, decoded_token }) => {
                Entry { token: decoded_token, logprob: Some(logprob) }
            }
            None => Entry { token: None, logprob: None },
        }
    };
    Ok(places.into_iter().enumerate().map(entry).collect())
}
