//! Does `reason` search thoughts beside the stories, and go on where it was killed?

use std::collections::BTreeMap;

use backstory_testkit::{Layout, ModelReply, ModelRequest, ModelServer, RepoBuilder, TestContext};
use backstory_testkit::{ToyEngine, Transcript};
use serde_json::{Value, json};

use crate::sample::{context, covered};

/// What the planted server writes for every thought, and what makes code likelier.
const THOUGHT: &str = "The words have to be counted, so each of them gets a number of its own.";

pub(crate) fn repository() -> RepoBuilder {
    let mut repo = RepoBuilder::new("acme/toy");
    repo.commit(
        "Start",
        [
            ("README.md", "# Toy\n\nToy splits words and counts them, for whoever reads many of them.\n"),
            ("toy/lexer.py", "\"\"\"Cuts text into tokens.\"\"\"\n\n\ndef tokens(text):\n    return text.split()\n"),
            ("toy/parser.py", "\"\"\"Parses text.\"\"\"\n\nfrom toy.lexer import tokens\n\n\ndef parse(text):\n    return [token.lower() for token in tokens(text)]\n"),
            ("tests/test_parser.py", "from toy.parser import parse\n\n\ndef test():\n    assert parse(\"A b\") == [\"a\", \"b\"]\n"),
        ],
    );
    repo
}

/// Makes a run of one story.
pub(crate) fn told() -> TestContext {
    let context = context();
    repository().write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    let said = context.backstory(["snapshot", "acme+toy", "-o", "run"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    context
}

pub(crate) fn reason(context: &TestContext, arguments: &[&str]) -> Transcript {
    context.backstory([&["reason", "run"][..], arguments].concat()).run()
}

/// The table, without what it cost.
pub(crate) fn table(said: &Transcript) -> String {
    let lines: Vec<&str> = said.stderr.lines().filter(|line| !line.contains("MiB")).collect();
    lines.join("\n")
}

pub(crate) fn audited(context: &TestContext) -> Transcript {
    context.backstory(["audit", "run", "--repo", "acme+toy"]).run()
}

/// A server that scores, writes the same thought always, and dies after so many requests.
fn server(lives: usize) -> ModelServer {
    ModelServer::start(move |request, before| {
        if before >= lives {
            return ModelReply::status(400, r#"{"error":{"message":"out of service"}}"#);
        }
        answered(request, THOUGHT, |prompt| {
            prompt.ends_with("tokens(text)]\n") && prompt.contains(THOUGHT)
        })
    })
}

/// Answers as a server that writes one text, and finds some prompts likelier than others.
pub(crate) fn answered(
    request: &ModelRequest,
    text: &str,
    is_likely: impl Fn(&str) -> bool,
) -> ModelReply {
    match request.path.as_str() {
        "/v1/models" => ModelReply::json(&ToyEngine::default().models("toy-1", "vllm")),
        "/v1/completions" => ModelReply::json(&completed(request, text, is_likely)),
        _ => ModelReply::status(404, "{}"),
    }
}

fn completed(request: &ModelRequest, text: &str, is_likely: impl Fn(&str) -> bool) -> Value {
    let mut answer = ToyEngine::default().completions(&request.body);
    if request.body["echo"] != json!(true) {
        answer["choices"][0]["text"] = json!(format!(" {text}\n"));
        return answer;
    }
    let prompts = request.body["prompt"].as_array().unwrap().iter();
    for (prompt, choice) in prompts.zip(answer["choices"].as_array_mut().unwrap()) {
        if is_likely(prompt.as_str().unwrap()) {
            let numbers = choice["logprobs"]["token_logprobs"].as_array_mut().unwrap();
            let halves = numbers.iter().map(|number| number.as_f64().map(|nats| nats / 2.0));
            *numbers = halves.map(|half| json!(half)).collect();
        }
    }
    answer
}

/// Searches with a server, and expects that it worked.
pub(crate) fn searched_by_a_server(context: &TestContext) -> Transcript {
    let server = server(usize::MAX);
    let said = reason(context, &["--model", &server.address()]);
    assert_eq!(said.exit_code, Some(0), "{said}");
    said
}

#[test]
fn thoughts_are_searched_without_any_model() {
    let context = told();
    let stories = covered(&context.path("run"));
    let said = reason(&context, &["--model", "ngram"]);
    insta::assert_snapshot!(table(&said), @"
    thoughts: 4 of 4

    stories                                1
    steps found                            4
    steps searched                         4
    with a thought, derived                1
    of these the one they had              0
    without, not_better_than_none          3
    accepted, round 0              4 of 4, 0 turned down
    accepted, round 1              2 of 8, 0 turned down
    accepted, round 2              1 of 8, 0 turned down
    accepted, round 3              1 of 8, 0 turned down
    perplexity, no thought             8.582
    perplexity, searched               8.581
    tokens scored                      37643
    tokens prompted                        0
    tokens written                         0
    ");
    let after = covered(&context.path("run"));
    let added: Vec<&String> = after.keys().filter(|path| !stories.contains_key(*path)).collect();
    assert_eq!(added.len(), 2, "{added:?}");
    let same = |path: &&String| path.starts_with("units/") && after[*path] == stories[*path];
    assert_eq!(stories.keys().filter(same).count(), 2, "the stories stay as they are");
    let audited = audited(&context);
    assert_eq!(audited.exit_code, Some(0), "{audited}");
    let again = context.backstory(["snapshot", "acme+toy", "-o", "run"]).run();
    assert!(again.stderr.contains("nothing has changed since the last run"), "{again}");
    assert_eq!(covered(&context.path("run")), after);
}

#[test]
fn the_same_search_gives_the_same_bytes() {
    let (one, other) = (told(), told());
    let arguments = ["--model", "ngram", "--thoughts", "2", "--seed", "7"];
    reason(&one, &arguments);
    reason(&other, &["--model", "ngram", "--rounds", "1"]);
    reason(&other, &arguments);
    assert_eq!(covered(&one.path("run")), covered(&other.path("run")));
}

#[test]
fn a_spent_budget_leaves_the_other_thoughts_as_they_are() {
    let context = told();
    let said = reason(&context, &["--model", "ngram", "--budget", "1"]);
    assert!(said.stderr.contains("not searched, budget spent             3"), "{said}");
    assert_eq!(audited(&context).exit_code, Some(0));
}

#[test]
fn a_server_scores_and_writes_and_its_thoughts_say_so() {
    let context = told();
    let said = searched_by_a_server(&context);
    insta::assert_snapshot!(table(&said), @"
    thoughts: 4 of 4

    stories                                1
    steps found                            4
    steps searched                         4
    with a thought, synthesized            1
    of these the one they had              0
    without, not_better_than_none          3
    accepted, round 0              4 of 4, 0 turned down
    accepted, round 1              1 of 8, 0 turned down
    accepted, round 2              0 of 8, 0 turned down
    accepted, round 3              0 of 8, 0 turned down
    perplexity, no thought             5.294
    perplexity, searched               3.982
    tokens scored                       7130
    tokens prompted                    15862
    tokens written                        24
    ");
    let audited = audited(&context);
    assert_eq!(audited.exit_code, Some(0), "{audited}");
    let exported = context.backstory(["export", "run", "-o", "out"]).run();
    assert_eq!(exported.exit_code, Some(0), "{exported}");
    let lines = |arm: &str| context.read(&format!("out/text/{arm}.jsonl"));
    assert!(lines("trajectory_search").contains(THOUGHT));
    assert!(!lines("trajectory_initial").contains(THOUGHT));
    let chat = context.read("out/chat/train-00000-of-00001.jsonl");
    assert!(chat.contains(&format!("\"reasoning_content\":\"{THOUGHT}\"")), "{chat}");
    let checked = context.backstory(["validate", "out/atif", "--target", "atif"]).run();
    assert_eq!(checked.exit_code, Some(0), "{checked}");
}

#[test]
fn a_search_that_was_killed_goes_on_to_the_same_bytes() {
    let undisturbed = told();
    let whole = server(usize::MAX);
    let said = reason(&undisturbed, &["--model", &whole.address()]);
    assert_eq!(said.exit_code, Some(0), "{said}");
    let expected = covered(&undisturbed.path("run"));
    let context = told();
    let before: BTreeMap<_, _> = covered(&context.path("run"));
    for lives in [4, 9, 14] {
        let dying = server(lives);
        let said = reason(&context, &["--model", &dying.address()]);
        assert_eq!(said.exit_code, Some(2), "{said}");
        assert_eq!(covered(&context.path("run")), before, "nothing half-written is left");
    }
    let rest = server(usize::MAX);
    let said = reason(&context, &["--model", &rest.address()]);
    assert_eq!(said.exit_code, Some(0), "{said}");
    assert_eq!(covered(&context.path("run")), expected);
    assert!(rest.asked().len() < whole.asked().len(), "nothing is asked twice");
}

#[test]
fn what_cannot_be_searched_is_said() {
    let context = told();
    let chat = ModelServer::start(|request, _| match request.path.as_str() {
        "/v1/models" => ModelReply::json(&ToyEngine::default().models("toy-1", "hosted")),
        _ => ModelReply::status(404, r#"{"detail":"Not Found"}"#),
    });
    let said = reason(&context, &["--model", &chat.address()]);
    insta::assert_snapshot!(said.to_string(), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `toy-1` cannot score given text: a chat endpoint gives log-probabilities of what it wrote alone; it says `Not Found`

    hint: `backstory doctor --model` says what a server can do; `--model ngram` needs none
    ");
    let said = context.backstory(["reason", "nowhere", "--model", "ngram"]).run();
    insta::assert_snapshot!(said.to_string(), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: there is no run at `nowhere`

    hint: make one with `backstory build REPOSITORY -o RUN`
    ");
    let said = reason(&context, &["--model", "ngram", "--min-gain=-1"]);
    insta::assert_snapshot!(said.to_string(), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `--min-gain` is -1

    hint: give 0 or more nats a token
    ");
}

#[test]
fn what_was_searched_is_told_on_a_page() {
    let context = told();
    let said = reason(&context, &["--report", "page"]);
    insta::assert_snapshot!(said.to_string(), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: nothing was searched for `run`

    hint: search with `--model ngram`, or with the address of a server
    ");
    searched_by_a_server(&context);
    let said = reason(&context, &["--report", "page"]);
    insta::assert_snapshot!(said.to_string(), @"
    exit_code: 0
    ----- stdout -----
    ----- stderr -----
    report: page/report.html
    report: page/report.md
    ");
    insta::assert_snapshot!("page", context.read("page/report.md"));
    assert!(context.read("page/report.html").contains("<svg"));
    assert_eq!(reason(&context, &["--report", "run/page"]).exit_code, Some(2));
    assert_eq!(audited(&context).exit_code, Some(0));
}

#[test]
fn wider_scopes_and_a_gate_hold_for_snapshots_too() {
    let context = told();
    let said = reason(&context, &["--model", "ngram", "--scopes", "--gate", "0..50"]);
    assert_eq!(said.exit_code, Some(0), "{said}");
    assert!(said.stderr.contains("without, outside_gate"), "{said}");
    assert_eq!(audited(&context).exit_code, Some(0));
    let search: Value = serde_json::from_str(&context.read("run/reasoning/search.json")).unwrap();
    let scopes = search["scopes"].as_array().unwrap();
    let texts: Vec<u64> = scopes.iter().map(|row| row["texts"].as_u64().unwrap()).collect();
    assert_eq!(texts, [4, 4, 4, 1, 1, 1]);
}
