//! What comes of servers that are slow, busy, broken or nosy?

use std::time::Duration;

use backstory_model::{CompletionRequest, LanguageModel as _, LanguageModelError};
use backstory_synth::lm::{
    AnswerFolder, Budgeted, Cached, NgramModel, NgramOptions, Server, ServerOptions,
};
use backstory_testkit::{ModelReply, ModelServer, ToyEngine};
use serde_json::{Value, json};

use super::{SECRET, Waits, answered, connect, connect_as, key};

/// A server that answers the first requests otherwise, and then as vLLM does.
fn at_first(count: usize, reply: &ModelReply) -> ModelServer {
    let reply = reply.clone();
    ModelServer::start(move |request, before| {
        if before < count { reply.clone() } else { answered(ToyEngine::default(), "vllm", request) }
    })
}

fn connected(server: &ModelServer) -> (Result<Server, LanguageModelError>, Vec<u64>) {
    let waits = Waits::default();
    let model = connect_as(&ServerOptions::at(server.address()), &waits);
    (model, waits.seconds())
}

#[test]
fn failures_of_the_server_are_tried_again_with_growing_waits() {
    let (model, waits) = connected(&at_first(3, &ModelReply::status(500, "out of memory")));
    assert_eq!((model.expect("a server").refusal(), waits), (None, vec![1, 2, 4]));
}

#[test]
fn a_server_that_keeps_failing_is_given_up() {
    let server = at_first(99, &ModelReply::status(502, "<html>bad gateway</html>"));
    let (model, waits) = connected(&server);
    let error = model.expect_err("no answer").to_string();
    insta::assert_snapshot!(
        error.replace(&server.address(), "[SERVER]"),
        @"`[SERVER]/v1/models` failed 5 times, at last with status 502"
    );
    assert_eq!((waits.len(), server.asked().len()), (4, 5));
}

#[test]
fn a_limit_of_the_rate_is_waited_for_as_long_as_it_says() {
    let limit = ModelReply::status(429, r#"{"error":"slow down"}"#).header("Retry-After: 17");
    let (model, waits) = connected(&at_first(2, &limit));
    assert_eq!((model.is_ok(), waits), (true, vec![17, 17]));
    let (model, waits) = connected(&at_first(2, &ModelReply::status(429, "")));
    assert_eq!((model.is_ok(), waits), (true, vec![1, 2]));
    let busy = ModelReply::status(503, "").header("retry-after: 3");
    let (model, waits) = connected(&at_first(1, &busy));
    assert_eq!((model.is_ok(), waits), (true, vec![3]));
}

#[test]
fn a_limit_without_end_is_given_up() {
    let (model, waits) = connected(&at_first(99, &ModelReply::status(429, "")));
    let error = model.expect_err("no answer");
    assert!(matches!(error, LanguageModelError::Limited { waits: 8, .. }), "{error}");
    assert_eq!(waits.len(), 8);
    let day = ModelReply::status(429, "").header("Retry-After: 86400");
    let (model, waits) = connected(&at_first(99, &day));
    assert!(matches!(model, Err(LanguageModelError::Limited { waits: 0, .. })));
    assert_eq!(waits, Vec::<u64>::new());
}

#[test]
fn an_answer_that_is_cut_is_asked_for_again() {
    let toy = ToyEngine::default();
    let whole = toy.models("toy-1", "vllm").to_string();
    let (model, waits) = connected(&at_first(1, &ModelReply::status(200, &whole).cut(20)));
    assert_eq!((model.is_ok(), waits), (true, vec![1]));
}

#[test]
fn a_server_that_keeps_silent_is_given_up() {
    let server = ModelServer::start(|_, _| ModelReply::status(200, "{}").silent());
    let (model, waits) = connected(&server);
    let error = model.expect_err("no answer");
    assert!(matches!(error, LanguageModelError::Unreachable { tries: 5, .. }), "{error}");
    assert_eq!(waits, [1, 2, 4, 8]);
}

#[test]
fn nobody_at_the_address_is_told() {
    let address = ModelServer::start(|_, _| ModelReply::status(200, "{}")).address();
    let model = connect_as(&ServerOptions::at(address), &Waits::default());
    assert!(matches!(model, Err(LanguageModelError::Unreachable { .. })));
}

#[test]
fn an_answer_of_ten_megabytes_is_read_and_an_endless_one_is_not() {
    let server = ModelServer::start(|request, _| {
        let mut answer = match request.path.as_str() {
            "/v1/completions" => ToyEngine::default().completions(&request.body),
            _ => return answered(ToyEngine::default(), "vllm", request),
        };
        answer["padding"] = json!("x".repeat(10 << 20));
        ModelReply::json(&answer)
    });
    assert_eq!(connect(&server).expect("a server").refusal(), None);
    let options = ServerOptions { answer_limit: 1 << 20, ..ServerOptions::at(server.address()) };
    let error = connect_as(&options, &Waits::default()).expect_err("too long").to_string();
    insta::assert_snapshot!(
        error.replace(&server.address(), "[SERVER]"),
        @"the answer of `[SERVER]/v1/completions` is longer than 1048576 bytes"
    );
}

#[test]
fn a_redirect_is_not_followed() {
    let away = ModelReply::status(302, "").header("Location: http://127.0.0.1:1/");
    let (model, _) = connected(&at_first(99, &away));
    assert!(matches!(model, Err(LanguageModelError::Refused { status: 302, .. })));
}

#[test]
fn requests_are_spread_over_the_minute() {
    let server = super::engine("vllm");
    let options =
        ServerOptions { requests_per_minute: Some(20), ..ServerOptions::at(server.address()) };
    let waits = Waits::default();
    connect_as(&options, &waits).expect("a server");
    assert_eq!(waits.seconds(), vec![3; server.asked().len() - 1]);
}

#[test]
fn a_spent_budget_stops_with_a_sentence() {
    let ngram = NgramModel::learn(&["some text"], NgramOptions::default());
    let model = Budgeted::new(&ngram, 25);
    model.score("0123456789", "01234").expect("15 tokens");
    model.score("0123456789", "01234").expect("30 tokens");
    insta::assert_snapshot!(
        model.score("a", "b").expect_err("nothing left"),
        @"the budget of 25 tokens is spent: 30 were used"
    );
    assert_eq!(model.spent(), 30);
}

/// A server that repeats the key everywhere it can.
fn nosy() -> ModelServer {
    ModelServer::start(|request, _| {
        let told = request.head.contains(SECRET);
        let shown = if told { SECRET } else { "no key" };
        match request.path.as_str() {
            "/v1/models" => ModelReply::json(&json!({"data": [{"id": format!("model-{shown}")}]})),
            "/v1/completions"
                if request.body.get("echo").is_none()
                    && request.body.get("prompt_logprobs").is_none() =>
            {
                let mut answer = ToyEngine::default().completions(&request.body);
                answer["choices"][0]["text"] = Value::from(format!("you are {shown}"));
                ModelReply::json(&answer)
            }
            _ => ModelReply::status(
                400,
                &json!({"error": {"message":
                format!("Incorrect API key provided: {shown}")}})
                .to_string(),
            ),
        }
    })
}

#[test]
fn a_key_that_a_server_repeats_is_in_no_error_and_no_file() {
    let server = nosy();
    let options = ServerOptions { key: Some(key()), ..ServerOptions::at(server.address()) };
    let model = connect_as(&options, &Waits::default()).expect("a server");
    assert!(server.asked()[0].head.contains(SECRET));
    let folder = tempfile::tempdir().expect("a folder");
    let answers = AnswerFolder::open(folder.path()).expect("a folder");
    let cached = Cached::new(&model, &answers);
    let request = CompletionRequest {
        prompt: "who am I".to_owned(),
        max_tokens: 9,
        temperature: 0.0,
        seed: 1,
        stop: Vec::new(),
    };
    let written = cached.complete(&request).expect("a text");
    assert_eq!(written.text, "you are [key]");
    let error = model.score("a", "b").expect_err("a refusal");
    let told = format!(
        "{options:?} {model:?} {error} {error:?} {:?} {:?}",
        model.identity(),
        Http::default_debug(&options)
    );
    assert!(!told.contains(SECRET), "{told}");
    assert!(told.contains("Incorrect API key provided: [key]"), "{told}");
    let mut stored = 0;
    for (path, _) in backstory_store::fs::files_below(folder.path()).expect("files") {
        stored += 1;
        let text = backstory_store::fs::read_text(&path).expect("a file");
        assert!(!text.contains(SECRET), "{text}");
    }
    assert_eq!(stored, 1);
}

/// A refused key says so at once, and names no other reason.
#[test]
fn a_refused_key_is_not_tried_again() {
    let server = ModelServer::start(|_, _| ModelReply::status(401, r#"{"error":"Unauthorized"}"#));
    let (model, waits) = connected(&server);
    let error = model.expect_err("no key").to_string();
    insta::assert_snapshot!(
        error.replace(&server.address(), "[SERVER]"),
        @"`[SERVER]/v1/models` refused with status 401: Unauthorized"
    );
    assert_eq!((waits, server.asked().len()), (vec![], 1));
}

struct Http;

impl Http {
    /// The transport itself, as a panic message would show it.
    fn default_debug(options: &ServerOptions) -> String {
        let http = backstory_synth::lm::Http::new(Duration::from_secs(1), None, None);
        format!("{http:?} {:?}", options.key)
    }
}
