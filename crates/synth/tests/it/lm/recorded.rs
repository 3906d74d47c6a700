//! Is what a real engine answered understood?
//!
//! `vllm-0.32.0.json` holds what vLLM 0.32.0 answered on a CPU, with SmolLM2-135M-Instruct:
//! whole answers to the requests of the adapter, and how odd texts are shown, each with the
//! bytes at which its tokens end as the tokenizer says.

use backstory_model::{CompletionEnd, CompletionRequest, LanguageModel as _, LanguageModelError};
use backstory_synth::lm::{Engine, Server, ServerOptions};
use backstory_testkit::{ModelReply, ModelRequest, ModelServer};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{Waits, connect, connect_as};

#[derive(Deserialize)]
struct Recorded {
    models: Value,
    answers: Vec<Exchange>,
    texts: Vec<Shown>,
}

#[derive(Deserialize)]
struct Exchange {
    path: String,
    body: Value,
    answer: Value,
}

#[derive(Deserialize)]
struct Shown {
    text: String,
    ends: Vec<usize>,
    tokens: Vec<String>,
    token_logprobs: Vec<Option<f64>>,
}

impl Shown {
    /// Returns the first token that holds a byte at or behind a place, and whether it
    /// begins before it.
    fn first(&self, place: usize) -> (usize, bool) {
        let first = self.ends.partition_point(|end| *end <= place);
        (first, first.checked_sub(1).map_or(0, |before| self.ends[before]) < place)
    }
}

fn recorded() -> Recorded {
    serde_json::from_str(include_str!("vllm-0.32.0.json")).expect("what was recorded")
}

/// Answers again what was answered.
fn replayed(recorded: &Recorded, request: &ModelRequest) -> Option<Value> {
    if request.path == "/v1/models" {
        return Some(recorded.models.clone());
    }
    let same = |answer: &&Exchange| answer.path == request.path && answer.body == request.body;
    if let Some(known) = recorded.answers.iter().find(same) {
        return Some(known.answer.clone());
    }
    let prompt = request.body["prompt"].get(0)?;
    let Shown { text, tokens, token_logprobs, .. } =
        recorded.texts.iter().find(|text| text.text == *prompt)?;
    Some(json!({
        "choices": [{"index": 0, "text": text,
            "logprobs": {"tokens": tokens, "token_logprobs": token_logprobs}}],
        "usage": {"prompt_tokens": tokens.len(), "completion_tokens": 1},
    }))
}

/// A server that answers what vLLM did; `echo` may be refused.
fn vllm(echo: bool) -> ModelServer {
    let recorded = recorded();
    ModelServer::start(move |request, _| {
        if !echo && request.body.get("echo").is_some() {
            return ModelReply::status(400, r#"{"error":{"message":"no echo here"}}"#);
        }
        match replayed(&recorded, request) {
            Some(answer) => ModelReply::json(&answer),
            None => ModelReply::status(404, r#"{"error":{"message":"never asked"}}"#),
        }
    })
}

fn odd(recorded: &Recorded) -> String {
    recorded.answers[4].body["prompt"][0].as_str().expect("a text").to_owned()
}

fn tested(model: &Server) -> String {
    let tested = model.tested().expect("a test");
    let (form, drift) = (model.scores_by().unwrap_or_default(), tested.drift);
    let (tokens, target) = (tested.tokens, tested.target_tokens);
    format!("{form}: {target} of {tokens}, {:.6} nats, drift {drift}", tested.mean_nll)
}

#[test]
fn vllm_passes_the_test_in_both_of_its_forms() {
    let (echo, other) = (vllm(true), vllm(false));
    let (echo, other) = (connect(&echo).expect("a server"), connect(&other).expect("a server"));
    assert_eq!((echo.engine(), other.engine()), (Engine::Vllm, Engine::Vllm));
    insta::assert_snapshot!(tested(&echo), @"echo: 17 of 33, 0.724703 nats, drift 0");
    insta::assert_snapshot!(tested(&other), @"prompt_logprobs: 17 of 33, 0.724703 nats, drift 0");
}

/// The text holds accents, an emoji, U+FFFD and what looks like a mark of the model.
#[test]
fn both_forms_give_one_text_the_same_numbers() {
    let text = odd(&recorded());
    let (context, target) = text.split_at(text.find("def").expect("a definition"));
    let (echo, other) = (vllm(true), vllm(false));
    let of = |server: &ModelServer| {
        connect(server).expect("a server").score(context, target).expect("a score")
    };
    let (echo, other) = (of(&echo), of(&other));
    assert_eq!(echo.logprobs(), other.logprobs());
    assert_eq!((echo.tokens_before, echo.straddles), (other.tokens_before, other.straddles));
}

#[test]
fn every_boundary_of_odd_texts_is_found_or_flagged() {
    let recorded = recorded();
    let server = vllm(true);
    let model = connect(&server).expect("a server");
    let (mut exact, mut flagged, mut without) = (0, 0, 0);
    for text in &recorded.texts {
        let places = text.text.char_indices().map(|(place, _)| place);
        for (context, target) in places.map(|place| text.text.split_at(place)) {
            let (first, straddles) = text.first(context.len());
            match model.score(context, target) {
                Ok(score) if (score.tokens_before, score.straddles) == (first, straddles) => {
                    exact += 1;
                }
                Ok(score) => {
                    assert!(
                        score.straddles && score.tokens_before < first,
                        "{context:?} {target:?}"
                    );
                    flagged += 1;
                }
                Err(LanguageModelError::MissingLogprob { token: 0, .. }) => without += 1,
                Err(error) => panic!("{context:?} {target:?}: {error}"),
            }
        }
    }
    insta::assert_snapshot!(
        format!("{exact} exact, {flagged} flagged, {without} in the first token"),
        @"223 exact, 6 flagged, 34 in the first token"
    );
}

#[test]
fn what_vllm_writes_is_read() {
    let server = vllm(true);
    let request = |prompt: &str, stop: &[&str]| CompletionRequest {
        prompt: prompt.to_owned(),
        max_tokens: 5,
        temperature: 0.8,
        seed: 7,
        stop: stop.iter().map(|stop| (*stop).to_owned()).collect(),
    };
    let written = connect(&server).expect("a server").complete(&request("def add", &["\n\n"]));
    let written = written.expect("a text");
    assert_eq!((written.text.as_str(), written.end), ("(obj, key):", CompletionEnd::Length));
    assert_eq!((written.prompt_tokens, written.tokens), (2, 5));
    let chat = ServerOptions { engine: Some(Engine::Chat), ..ServerOptions::at(server.address()) };
    let model = connect_as(&chat, &Waits::default()).expect("a server");
    let said = model.complete(&request("Say one word.", &[])).expect("a text");
    assert_eq!((said.text.as_str(), said.end, said.tokens), ("therefore", CompletionEnd::Stop, 3));
}
