//! Is every documented way not to score given text told from a score?

use backstory_model::{CompletionRequest, LanguageModel as _, LanguageModelError};
use backstory_synth::lm::{Engine, ServerOptions};
use backstory_testkit::{ModelReply, ModelRequest, ModelServer, ToyEngine};
use serde_json::{Value, json};

use super::{Waits, answered, connect, connect_as, spoiled};

/// Returns why a server that answers so cannot score.
fn why(
    owner: &'static str,
    spoil: impl Fn(&ModelRequest) -> ModelReply + Send + Sync + 'static,
) -> String {
    let server = spoiled(owner, spoil);
    let model = connect(&server).expect("a server that writes");
    let why = model.refusal().expect("a refusal").to_owned();
    let error = model.score("a", "b").expect_err("no score");
    assert!(matches!(error, LanguageModelError::CannotScore { .. }), "{error}");
    why
}

/// Answers as the toy does, changed in some place.
fn changed(change: impl Fn(&mut Value) + Send + Sync) -> impl Fn(&ModelRequest) -> ModelReply {
    move |request| {
        let mut body = request.body.clone();
        // An engine that is not vLLM overlooks what it does not know.
        let known =
            body.as_object_mut().is_some_and(|body| body.remove("prompt_logprobs").is_none());
        let mut answer = match request.path.as_str() {
            "/generate" => ToyEngine::default().generate(&body),
            _ => ToyEngine::default().completions(&body),
        };
        if known {
            change(&mut answer);
        }
        ModelReply::json(&answer)
    }
}

#[test]
fn vllm_with_prompt_logprobs_disabled() {
    insta::assert_snapshot!(
        why("vllm", |_| ModelReply::status(400, r#"{"error":{"message":"Requested prompt logprobs of 1, which is greater than max allowed: 0","type":"BadRequestError","param":null,"code":400}}"#)),
        @"Requested prompt logprobs of 1, which is greater than max allowed: 0"
    );
}

/// The llama.cpp server says it with a status that is tried again elsewhere.
#[test]
fn the_llama_server_that_supports_no_echo() {
    let told =
        r#"{"error":{"code":500,"message":"Only no echo is supported","type":"server_error"}}"#;
    let spoil = |request: &ModelRequest| {
        if request.body["echo"] == json!(true) {
            return ModelReply::status(500, told);
        }
        changed(|_| {})(request)
    };
    insta::assert_snapshot!(why("llamacpp", spoil), @"Only no echo is supported");
}

/// Newer ones overlook it and give the one token they wrote.
#[test]
fn the_llama_server_that_overlooks_echo() {
    insta::assert_snapshot!(
        why("llamacpp", changed(|answer| {
            answer["choices"][0]["logprobs"] = json!({"tokens": [" ok"], "token_logprobs": [-0.5]});
        })),
        @"it gives log-probabilities of what it wrote alone"
    );
}

#[test]
fn ollama_that_gives_no_logprobs() {
    insta::assert_snapshot!(
        why("library", changed(|answer| answer["choices"][0]["logprobs"] = Value::Null)),
        @"its answers hold no log-probabilities"
    );
}

#[test]
fn a_hosted_model_that_refuses_echo_with_logprobs() {
    insta::assert_snapshot!(
        why("openai", |_| ModelReply::status(400, r#"{"error":{"message":"Setting 'echo' and 'logprobs' at the same time is not supported for this model.","type":"invalid_request_error"}}"#)),
        @"a chat endpoint gives log-probabilities of what it wrote alone; it says `Setting 'echo' and 'logprobs' at the same time is not supported for this model.`"
    );
}

#[test]
fn null_beyond_the_first_token() {
    insta::assert_snapshot!(
        why("vllm", changed(|answer| {
            for logprob in answer["choices"][0]["logprobs"]["token_logprobs"].as_array_mut().into_iter().flatten() {
                *logprob = Value::Null;
            }
        })),
        @"`toy-1` gave no log-probability for token 29"
    );
}

#[test]
fn fewer_numbers_than_tokens() {
    insta::assert_snapshot!(
        why("vllm", changed(|answer| {
            let numbers = answer["choices"][0]["logprobs"]["token_logprobs"].as_array_mut();
            numbers.expect("numbers").truncate(20);
        })),
        @"`toy-1` gave 20 log-probabilities for 53 tokens"
    );
}

#[test]
fn other_token_counts() {
    insta::assert_snapshot!(
        why("vllm", changed(|answer| answer["usage"]["prompt_tokens"] = json!(31))),
        @"`toy-1` gave 53 log-probabilities for 31 tokens"
    );
    insta::assert_snapshot!(
        why("sglang", changed(|answer| answer[0]["meta_info"]["prompt_tokens"] = json!(31))),
        @"`toy-1` gave 52 log-probabilities for 31 tokens"
    );
}

#[test]
fn tokens_of_another_text() {
    insta::assert_snapshot!(
        why("vllm", changed(|answer| answer["choices"][0]["logprobs"]["tokens"][5] = json!("zz"))),
        @"the tokens of `toy-1` do not spell the text at byte 14"
    );
}

#[test]
fn zeros_instead_of_numbers() {
    insta::assert_snapshot!(
        why("vllm", changed(|answer| {
            for logprob in answer["choices"].as_array_mut().into_iter().flatten().filter_map(|choice| choice["logprobs"]["token_logprobs"].as_array_mut()).flatten() {
                *logprob = json!(0.0);
            }
        })),
        @"a fixed text has 0.0000 nats a token"
    );
}

#[test]
fn one_number_for_every_token() {
    insta::assert_snapshot!(
        why("sglang", changed(|answer| {
            for answer in answer.as_array_mut().into_iter().flatten() {
                for place in answer["meta_info"]["input_token_logprobs"].as_array_mut().into_iter().flatten() {
                    place[0] = json!(-1.5);
                }
            }
        })),
        @"every token of a fixed text is equally likely"
    );
}

#[test]
fn infinities_written_as_numbers() {
    insta::assert_snapshot!(
        why("vllm", changed(|answer| answer["choices"][0]["logprobs"]["token_logprobs"][30] = json!(-9999.0))),
        @"`toy-1` gave -9999 as the log-probability of token 30"
    );
    insta::assert_snapshot!(
        why("vllm", changed(|answer| answer["choices"][0]["logprobs"]["token_logprobs"][30] = json!(2.5))),
        @"`toy-1` gave 2.5 as the log-probability of token 30"
    );
}

#[test]
fn fewer_texts_than_asked() {
    insta::assert_snapshot!(
        why("vllm", changed(|answer| answer["choices"] = json!([]))),
        @"`toy-1` answered 0 of 1 texts"
    );
}

#[test]
fn json_that_is_something_else() {
    for body in ["<html>gateway</html>", "{\"choices\": [", "[1, 2]", "{}", "NaN"] {
        let why = why("vllm", move |_| ModelReply::status(200, body));
        assert!(why.ends_with("is not what the engine documents"), "{body}: {why}");
    }
}

#[test]
fn sglang_without_its_field() {
    insta::assert_snapshot!(
        why("sglang", changed(|answer| answer[0]["meta_info"]["input_token_logprobs"] = Value::Null)),
        @"its answers hold no `input_token_logprobs`"
    );
}

/// Whatever the numbers are: another answer the second time counts as no answer.
#[test]
fn a_server_that_changes_its_mind() {
    let server = ModelServer::start(|request, before| {
        let mut answer = ToyEngine::default().completions(&request.body);
        if request.path != "/v1/completions" {
            return answered(ToyEngine::default(), "vllm", request);
        }
        answer["choices"][0]["logprobs"]["token_logprobs"][30] =
            json!(-0.1 * u8::try_from(before).map_or(0.0, f64::from));
        ModelReply::json(&answer)
    });
    let model = connect(&server).expect("a server");
    insta::assert_snapshot!(
        model.refusal().expect("a refusal"),
        @"two answers lie 0.1000 nats a token apart"
    );
}

#[test]
fn a_text_that_does_not_fit_is_told_from_other_refusals() {
    let server = spoiled("vllm", |request| {
        let prompt = request.body["prompt"].to_string();
        if prompt.len() < 400 {
            return ModelReply::json(&ToyEngine::default().completions(&request.body));
        }
        ModelReply::status(
            400,
            r#"{"error":{"message":"This model's maximum context length is 40 tokens. However, you requested 99 tokens.","code":400}}"#,
        )
    });
    let model = connect(&server).expect("a server");
    let error = model.score(&"long ".repeat(90), "b").expect_err("too long");
    assert!(matches!(error, LanguageModelError::OverWindow { .. }), "{error}");
}

#[test]
fn a_server_of_many_models_asks_which() {
    let server =
        ModelServer::start(|_, _| ModelReply::json(&json!({"data": [{"id": "a"}, {"id": "b"}]})));
    let mut text = connect(&server).expect_err("no choice").to_string();
    text = text.replace(&server.address(), "[SERVER]");
    insta::assert_snapshot!(text, @"`[SERVER]` serves `a`, `b`, and none was named");
    let options =
        ServerOptions { model: Some("c".to_owned()), ..ServerOptions::at(server.address()) };
    let error = connect_as(&options, &Waits::default()).expect_err("another model");
    assert!(error.to_string().ends_with("and `c` was named"), "{error}");
}

/// A server that knows chats alone is found out, and writes.
#[test]
fn a_server_that_only_chats_is_found_out() {
    let server = spoiled("openai", |_| {
        ModelReply::status(
            404,
            r#"{"error":{"message":"This is a chat model and not supported in the v1/completions endpoint."}}"#,
        )
    });
    let model = connect(&server).expect("a server");
    assert_eq!(model.engine(), Engine::Chat);
    let request = CompletionRequest {
        prompt: "x".to_owned(),
        max_tokens: 3,
        temperature: 0.0,
        seed: 1,
        stop: Vec::new(),
    };
    assert_eq!(model.complete(&request).expect("a text").text, "It adds.");
}
