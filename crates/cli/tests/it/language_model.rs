//! Does `doctor --model` tell a server that scores given text from all others?

use backstory_testkit::{ModelReply, ModelRequest, ModelServer, ToyEngine, Transcript};
use serde_json::{Value, json};

use crate::sample::context;

/// The planted key.
const SECRET: &str = "sk-planted-0123456789abcdef";

/// Answers everything as an engine of this owner does.
fn answered(owner: &str, request: &ModelRequest) -> ModelReply {
    let toy = ToyEngine::default();
    match request.path.as_str() {
        "/v1/models" => ModelReply::json(&toy.models("toy-1", owner)),
        "/v1/completions" => ModelReply::json(&toy.completions(&request.body)),
        "/v1/chat/completions" => ModelReply::json(&toy.chat(&request.body)),
        "/generate" if owner == "sglang" => ModelReply::json(&toy.generate(&request.body)),
        _ => ModelReply::status(404, r#"{"detail":"Not Found"}"#),
    }
}

/// A server that answers what is asked of a given text otherwise.
fn spoiled(
    owner: &'static str,
    spoil: impl Fn(&ModelRequest) -> ModelReply + Send + Sync + 'static,
) -> ModelServer {
    ModelServer::start(move |request, _| match request.path.as_str() {
        "/v1/completions" => spoil(request),
        _ => answered(owner, request),
    })
}

/// Answers as the toy does, changed where the prompt is echoed. An engine that is not
/// vLLM overlooks what it does not know.
fn echoes(change: impl Fn(&mut Value) + Send + Sync) -> impl Fn(&ModelRequest) -> ModelReply {
    move |request| {
        let mut body = request.body.clone();
        let echo = body["echo"] == json!(true);
        if let Some(body) = body.as_object_mut() {
            body.remove("prompt_logprobs");
        }
        let mut answer = ToyEngine::default().completions(&body);
        if echo {
            change(&mut answer);
        }
        ModelReply::json(&answer)
    }
}

fn doctor(server: &ModelServer, more: &[&str]) -> String {
    let address = server.address();
    let arguments = [&["doctor", "--model", address.as_str()][..], more].concat();
    let said = context().backstory(arguments).env("BACKSTORY_MODEL_KEY", SECRET).run();
    shown(server, &said)
}

fn shown(server: &ModelServer, said: &Transcript) -> String {
    said.to_string().replace(&server.address(), "[SERVER]")
}

/// What is said of the scoring, in one line.
fn scores(server: &ModelServer) -> String {
    let said = doctor(server, &[]);
    assert!(said.starts_with("exit_code: 1"), "{said}");
    said.lines().find(|line| line.contains("scores")).unwrap().to_owned()
}

#[test]
fn a_server_that_scores_is_said_to() {
    let server = ModelServer::start(|request, _| answered("vllm", request));
    insta::assert_snapshot!(doctor(&server, &[]), @"
    exit_code: 0
    ----- stdout -----
      server    `[SERVER]`, asked as `vllm`
      model     `toy-1`
      scores    by `echo`: a fixed text has 52 tokens, its last 23 have 1.488 nats each
      writes    1 tokens behind 10
    ----- stderr -----
    ");
    let server = ModelServer::start(|request, _| answered("sglang", request));
    insta::assert_snapshot!(doctor(&server, &["--name", "toy-1"]), @"
    exit_code: 0
    ----- stdout -----
      server    `[SERVER]`, asked as `sglang`
      model     `toy-1`
      scores    by `input_token_logprobs`: a fixed text has 52 tokens, its last 23 have 1.488 nats each
      writes    1 tokens behind 10
    ----- stderr -----
    ");
}

#[test]
fn a_chat_endpoint_writes_and_does_not_score() {
    let server = spoiled("hosted", |_| ModelReply::status(404, r#"{"detail":"Not Found"}"#));
    insta::assert_snapshot!(doctor(&server, &[]), @"
    exit_code: 1
    ----- stdout -----
      server    `[SERVER]`, asked as `chat`
      model     `toy-1`
    ! scores    cannot score given text: a chat endpoint gives log-probabilities of what it wrote alone; it says `Not Found`
      writes    3 tokens behind 10
    ----- stderr -----
    hint: scores: serve the model with vLLM or SGLang, which score given text; `backstory reason --model ngram` needs no server
    ");
}

#[test]
fn every_documented_refusal_is_said_in_one_line() {
    let no_echo = ModelReply::status(
        500,
        r#"{"error":{"code":500,"message":"Only no echo is supported","type":"server_error"}}"#,
    );
    let llama = spoiled("llamacpp", move |request| {
        if request.body["echo"] == json!(true) { no_echo.clone() } else { echoes(|_| {})(request) }
    });
    let ollama =
        spoiled("library", echoes(|answer| answer["choices"][0]["logprobs"] = Value::Null));
    let fewer = spoiled(
        "other",
        echoes(|answer| {
            let numbers = answer["choices"][0]["logprobs"]["token_logprobs"].as_array_mut();
            numbers.unwrap().truncate(20);
        }),
    );
    let missing = spoiled(
        "other",
        echoes(|answer| {
            answer["choices"][0]["logprobs"]["token_logprobs"][30] = Value::Null;
        }),
    );
    let zeros = spoiled(
        "other",
        echoes(|answer| {
            for choice in answer["choices"].as_array_mut().unwrap() {
                let numbers = choice["logprobs"]["token_logprobs"].as_array_mut().unwrap();
                numbers.iter_mut().skip(1).for_each(|number| *number = json!(0.0));
            }
        }),
    );
    let lines = [&llama, &ollama, &fewer, &missing, &zeros].map(scores).join("\n");
    insta::assert_snapshot!(lines, @"
    ! scores    cannot score given text: Only no echo is supported
    ! scores    cannot score given text: its answers hold no log-probabilities
    ! scores    cannot score given text: `toy-1` gave 20 log-probabilities for 53 tokens
    ! scores    cannot score given text: `toy-1` gave no log-probability for token 30
    ! scores    cannot score given text: a fixed text has 0.0000 nats a token
    ");
}

#[test]
fn a_server_without_the_right_key_is_no_server() {
    let server = ModelServer::start(|request, _| {
        // A server that says the key it was shown must not make us print it.
        let shown = request.head.lines().find(|line| line.starts_with("authorization")).unwrap();
        ModelReply::status(401, &json!({"error": format!("bad {shown}")}).to_string())
    });
    insta::assert_snapshot!(doctor(&server, &[]), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `[SERVER]/v1/models` refused with status 401: bad authorization: Bearer [key]

    hint: put the key of the server into `BACKSTORY_MODEL_KEY`
    ");
}

#[test]
fn an_address_holds_no_key_and_a_key_goes_over_tls() {
    let said = context().backstory(["doctor", "--model", "http://me:secret@model:8000"]).run();
    insta::assert_snapshot!(said.to_string(), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `…@…` is no address of a model: a key belongs into the environment, not into an address

    hint: write it as `http://localhost:8000`; a key goes into `BACKSTORY_MODEL_KEY`
    ");
    let arguments = ["doctor", "--model", "http://model.example:8000"];
    let said = context().backstory(arguments).env("BACKSTORY_MODEL_KEY", SECRET).run();
    insta::assert_snapshot!(said.to_string(), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `http://model.example:8000` is no address of a model: a key goes over `https` alone

    hint: write it as `http://localhost:8000`; a key goes into `BACKSTORY_MODEL_KEY`
    ");
}

#[test]
fn one_of_several_models_is_named() {
    let server = ModelServer::start(|_, _| {
        ModelReply::json(&json!({"data": [{"id": "small"}, {"id": "large"}]}))
    });
    insta::assert_snapshot!(doctor(&server, &[]), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `[SERVER]` serves `small`, `large`, and none was named

    hint: name one of them with `--name`
    ");
}
