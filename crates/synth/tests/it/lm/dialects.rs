//! Is each engine asked in its own dialect, and understood?

use backstory_model::{CompletionEnd, CompletionRequest, Continuation, LanguageModel as _};
use backstory_synth::lm::{Engine, ServerOptions};
use backstory_testkit::{ModelReply, ModelServer, ToyEngine};
use serde_json::json;

use super::{Waits, answered, connect, connect_as, engine};

const CONTEXT: &str = "import os\n\n";
const THOUGHT: &str = "# first the root\n";
const TARGET: &str = "def root(path):\n    return os.path.dirname(path)\n";

/// The log-probabilities the toy gives to the target behind a thought, straight from it.
fn expected(toy: ToyEngine, thought: &str) -> Vec<f64> {
    let before = toy.tokens(&format!("{CONTEXT}{thought}")).len();
    let tokens = toy.tokens(&format!("{CONTEXT}{thought}{TARGET}"));
    toy.logprobs(&tokens).into_iter().skip(before).map(|value| value.expect("known")).collect()
}

fn continuations() -> [Continuation<'static>; 2] {
    [Continuation { given: "", target: TARGET }, Continuation { given: THOUGHT, target: TARGET }]
}

#[test]
fn every_engine_gives_the_numbers_of_its_model() {
    for (owner, marks_beginning) in
        [("vllm", false), ("vllm", true), ("sglang", true), ("acme", false)]
    {
        let toy = ToyEngine { marks_beginning };
        let server = ModelServer::start(move |request, _| answered(toy, owner, request));
        let model = connect(&server).expect("a server");
        assert_eq!(model.refusal(), None, "{owner}");
        for _ in 0..2 {
            let scores = model.score_each(CONTEXT, &continuations()).expect("scores");
            assert_eq!(scores[0].logprobs(), expected(toy, ""), "{owner}");
            assert_eq!(scores[1].logprobs(), expected(toy, THOUGHT), "{owner}");
            let before = toy.tokens(&format!("{CONTEXT}{THOUGHT}")).len();
            assert_eq!((scores[1].tokens_before, scores[1].straddles), (before, false));
        }
    }
}

#[test]
fn a_token_over_the_boundary_belongs_to_the_target_and_is_flagged() {
    for owner in ["vllm", "sglang"] {
        let server = engine(owner);
        let model = connect(&server).expect("a server");
        let cut = model.score("import pa", "th\n").expect("a score");
        assert!(cut.straddles, "{owner}");
        assert_eq!(cut.target_tokens(), 2, "{owner}");
        let whole = model.score("import ", "path\n").expect("a score");
        assert_eq!((whole.straddles, whole.logprobs().len()), (true, 2), "{owner}");
    }
}

#[test]
fn sglang_reads_a_context_once() {
    let server = engine("sglang");
    let model = connect(&server).expect("a server");
    let before = server.asked().len();
    model.score_each(CONTEXT, &[continuations()[0]; 4]).expect("scores");
    model.score_each(CONTEXT, &continuations()).expect("scores");
    let starts: Vec<u64> = server.asked()[before..]
        .iter()
        .map(|asked| asked.body["logprob_start_len"].as_u64().expect("a number"))
        .collect();
    let context = ToyEngine::default().tokens(CONTEXT).len() as u64;
    let tail = context.saturating_sub(8);
    assert_eq!(starts, [0, tail, tail]);
}

#[test]
fn continuations_of_one_context_go_into_one_request() {
    let server = engine("vllm");
    let model = connect(&server).expect("a server");
    let before = server.asked().len();
    model.score_each(CONTEXT, &continuations()).expect("scores");
    assert_eq!(server.asked().len(), before + 1);
}

/// Older versions want a token written; theirs is dropped.
#[test]
fn an_engine_that_must_write_one_token_is_understood() {
    let server = super::spoiled("vllm", |request| {
        if request.body["max_tokens"] == json!(0) {
            return ModelReply::status(
                400,
                r#"{"object":"error","message":"max_tokens must be at least 1, got 0.","code":400}"#,
            );
        }
        ModelReply::json(&ToyEngine::default().completions(&request.body))
    });
    let model = connect(&server).expect("a server");
    assert_eq!(model.scores_by(), Some("echo with one token more"));
    let score = model.score(CONTEXT, TARGET).expect("a score");
    assert_eq!(score.logprobs(), expected(ToyEngine::default(), ""));
}

#[test]
fn an_engine_without_echo_is_asked_for_prompt_logprobs() {
    let server = super::spoiled("vllm", |request| {
        if request.body.get("echo").is_some() {
            return ModelReply::status(400, r#"{"error":{"message":"echo is not allowed here"}}"#);
        }
        ModelReply::json(&ToyEngine::default().completions(&request.body))
    });
    let model = connect(&server).expect("a server");
    assert_eq!(model.scores_by(), Some("prompt_logprobs"));
    let score = model.score(CONTEXT, TARGET).expect("a score");
    assert_eq!(score.logprobs(), expected(ToyEngine::default(), ""));
}

#[test]
fn the_identity_names_what_is_known() {
    let server = engine("vllm");
    let options = ServerOptions {
        revision: Some("2026-01".to_owned()),
        ..ServerOptions::at(format!("{}/v1/", server.address()))
    };
    let model = connect_as(&options, &Waits::default()).expect("a server");
    let identity = model.identity();
    assert_eq!((identity.model.as_str(), identity.revision.as_deref()), ("toy-1", Some("2026-01")));
    assert!(identity.tokenizer_hash.is_some());
    let marked = ToyEngine { marks_beginning: true };
    let other = ModelServer::start(move |request, _| answered(marked, "vllm", request));
    let other = connect(&other).expect("a server");
    assert_ne!(other.identity().tokenizer_hash, identity.tokenizer_hash);
    let tested = model.tested().expect("a test");
    assert_eq!((tested.drift, tested.tokens > tested.target_tokens as u64), (0.0, true));
}

fn request() -> CompletionRequest {
    CompletionRequest {
        prompt: "What does it do?".to_owned(),
        max_tokens: 5,
        temperature: 0.5,
        seed: u64::MAX,
        stop: vec!["\n\n".to_owned()],
    }
}

#[test]
fn a_completion_endpoint_writes() {
    let server = engine("vllm");
    let model = connect(&server).expect("a server");
    let written = model.complete(&request()).expect("a text");
    assert_eq!((written.text.as_str(), written.end), (" ok", CompletionEnd::Length));
    assert_eq!(written.tokens, 1);
    let body = server.asked().pop().expect("a request").body;
    assert_eq!(
        body,
        json!({"model": "toy-1", "temperature": 0.5, "seed": 0x7fff_ffff_u64, "max_tokens": 5,
            "stop": ["\n\n"], "prompt": "What does it do?"})
    );
}

#[test]
fn a_chat_endpoint_writes_and_cannot_score() {
    let server = ModelServer::start(|request, _| {
        if request.body.get("max_tokens").is_some() && request.path.contains("chat") {
            return ModelReply::status(
                400,
                r#"{"error":{"message":"Unsupported parameter: use 'max_completion_tokens'"}}"#,
            );
        }
        answered(ToyEngine::default(), "acme", request)
    });
    let options =
        ServerOptions { engine: Some(Engine::Chat), ..ServerOptions::at(server.address()) };
    let model = connect_as(&options, &Waits::default()).expect("a server");
    let written = model.complete(&request()).expect("a text");
    assert_eq!(
        (written.text.as_str(), written.end, written.tokens),
        ("It adds.", CompletionEnd::Stop, 3)
    );
    insta::assert_snapshot!(
        model.score(CONTEXT, TARGET).expect_err("no way to score"),
        @"`toy-1` cannot score given text: a chat endpoint gives log-probabilities of what it wrote alone"
    );
}
