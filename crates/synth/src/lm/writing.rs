//! How does an `OpenAI`-compatible endpoint go on with a text?
//!
//! In: a request of the port. Out: what was written, with the engine's own counts. A chat
//! endpoint gets the prompt as what the user says.

use backstory_model::{Completion, CompletionEnd, CompletionRequest, LanguageModelError, ModelId};
use serde::Deserialize;
use serde_json::{Value, json};

use super::client::Client;
use super::completions;

const CHAT: &str = "/v1/chat/completions";

/// Seeds of engines have 31 bits at least.
const SEED_BITS: u64 = 0x7fff_ffff;

#[derive(Deserialize)]
struct Answer {
    choices: Vec<Choice>,
    usage: Usage,
}

#[derive(Deserialize)]
struct Choice {
    #[serde(default)]
    text: Option<String>,
    #[serde(default)]
    message: Option<Message>,
    #[serde(default)]
    finish_reason: Option<String>,
}

#[derive(Deserialize)]
struct Message {
    #[serde(default)]
    content: Option<String>,
}

#[derive(Deserialize)]
struct Usage {
    prompt_tokens: u64,
    completion_tokens: u64,
}

/// Writes behind a prompt.
pub(super) fn complete(
    client: &Client,
    model: &ModelId,
    request: &CompletionRequest,
) -> Result<Completion, LanguageModelError> {
    let mut body = body(model, request, "max_tokens");
    body["prompt"] = json!(request.prompt);
    read(model, client.post(completions::PATH, &body)?)
}

/// Answers a prompt.
pub(super) fn chat(
    client: &Client,
    model: &ModelId,
    request: &CompletionRequest,
) -> Result<Completion, LanguageModelError> {
    let ask = |name: &str| {
        let mut body = body(model, request, name);
        body["messages"] = json!([{"role": "user", "content": request.prompt}]);
        client.post(CHAT, &body)
    };
    let answer = match ask("max_tokens") {
        // Reasoning models of OpenAI know the limit by another name.
        Err(LanguageModelError::Refused { status: 400, reason, .. })
            if reason.contains("max_completion_tokens") =>
        {
            ask("max_completion_tokens")
        }
        other => other,
    };
    read(model, answer?)
}

fn body(model: &ModelId, request: &CompletionRequest, limit: &str) -> Value {
    let mut body = json!({
        "model": model.as_str(),
        "temperature": request.temperature,
        "seed": request.seed & SEED_BITS,
    });
    body[limit] = json!(request.max_tokens);
    if !request.stop.is_empty() {
        body["stop"] = json!(request.stop);
    }
    body
}

fn read(model: &ModelId, answer: Answer) -> Result<Completion, LanguageModelError> {
    let Some(choice) = answer.choices.into_iter().next() else {
        let model = model.clone();
        return Err(LanguageModelError::Incomplete { model, asked: 1, answered: 0 });
    };
    let content = choice.message.and_then(|message| message.content);
    let Some(text) = choice.text.or(content) else {
        let why = "its answer holds no text".to_owned();
        return Err(LanguageModelError::CannotComplete { model: model.clone(), why });
    };
    let end = match choice.finish_reason.as_deref() {
        Some("length") => CompletionEnd::Length,
        _ => CompletionEnd::Stop,
    };
    let Usage { prompt_tokens, completion_tokens } = answer.usage;
    Ok(Completion { text, end, prompt_tokens, tokens: completion_tokens })
}
