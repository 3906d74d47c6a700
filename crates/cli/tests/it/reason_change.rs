//! Does `reason` search thoughts before the actions of changes, from what was seen by then?

use std::collections::BTreeMap;

use backstory_testkit::{ModelServer, TestContext, Transcript};
use serde_json::{Value, json};

use crate::reason::{answered, audited, reason, table};
use crate::sample::{bare, context, covered};

/// What the planted server writes when it thinks well, and what makes actions likelier.
pub(crate) const THOUGHT: &str =
    "Nothing is there to split, so the function has to give back an empty list early.";

/// What it writes else: a file and a symbol that only a later edit brings, and the edit.
pub(crate) const LEAKS: [&str; 3] = [
    "The words are joined again, which is the job of toy/writer.py and nothing else.",
    "I will need `test_empty` to see that the parser takes what is empty.",
    "So if text is None: return [] and return text.split() is all that is left to write.",
];

/// Builds the history of [`crate::sample::history`].
pub(crate) fn built() -> TestContext {
    let context = context();
    bare(&context.path(""));
    let said = context.backstory(["build", "acme+toy", "-o", "run"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    context
}

fn exported(context: &TestContext, out: &str) -> BTreeMap<String, Vec<u8>> {
    let said = context.backstory(["export", "run", "-o", out]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    covered(&context.path(out))
}

/// A server that scores, and thinks well or gives something away, as the seed says.
fn server() -> ModelServer {
    ModelServer::start(|request, _| {
        let seed = request.body["seed"].as_u64().unwrap_or_default();
        let texts = [THOUGHT, LEAKS[0], LEAKS[1], LEAKS[2]];
        answered(request, texts[usize::try_from(seed % 4).unwrap()], |prompt| {
            prompt.contains(THOUGHT) && prompt.ends_with(">>>>>>> REPLACE\n")
        })
    })
}

/// Searches with the server, and expects that it worked.
pub(crate) fn searched_by_a_server(context: &TestContext) -> Transcript {
    let server = server();
    let said = reason(context, &["--model", &server.address()]);
    assert_eq!(said.exit_code, Some(0), "{said}");
    said
}

#[test]
fn thoughts_before_actions_are_searched_without_any_model() {
    let context = built();
    let (run, before) = (context.path("run"), exported(&context, "before"));
    let stories = covered(&run);
    let said = reason(&context, &["--model", "ngram"]);
    insta::assert_snapshot!(table(&said), @"
    thoughts: 8 of 8

    stories                                 4
    steps found                             8
    too short to search                     6
    steps searched                          8
    with a thought, derived                 2
    of these the one they had               1
    without, not_better_than_none           5
    without, not_better_than_other          1
    accepted, round 0               8 of 8, 0 turned down
    accepted, round 1               1 of 16, 0 turned down
    accepted, round 2               0 of 16, 0 turned down
    accepted, round 3               1 of 16, 0 turned down
    perplexity, no thought              9.509
    perplexity, searched                9.429
    tokens scored                       19451
    tokens prompted                         0
    tokens written                          0
    ");
    let after = covered(&run);
    let same = |path: &&String| path.starts_with("units/") && after[*path] == stories[*path];
    let units = stories.keys().filter(|path| path.starts_with("units/")).count();
    assert_eq!(stories.keys().filter(same).count(), units, "the changes stay as they are");
    let audited = audited(&context);
    assert_eq!(audited.exit_code, Some(0), "{audited}");
    let shown = context.backstory(["show", "run", "acme__toy-2"]).run();
    insta::assert_snapshot!("shown", shown.stdout);
    assert_ne!(exported(&context, "after"), before);
    let page = reason(&context, &["--report", "page"]);
    assert_eq!(page.exit_code, Some(0), "{page}");
    let again = context.backstory(["build", "acme+toy", "-o", "run"]).run();
    assert!(again.stderr.contains("nothing has changed since the last build"), "{again}");
    assert_eq!(covered(&run), after);
}

#[test]
fn the_same_search_of_changes_gives_the_same_bytes() {
    let (one, other) = (built(), built());
    let arguments = ["--model", "ngram", "--thoughts", "3", "--seed", "7", "--least-target", "2"];
    reason(&one, &arguments);
    reason(&other, &["--model", "ngram", "--rounds", "1"]);
    reason(&other, &arguments);
    assert_eq!(covered(&one.path("run")), covered(&other.path("run")));
}

#[test]
fn a_model_that_knows_what_comes_later_is_not_listened_to() {
    let context = built();
    let said = searched_by_a_server(&context);
    insta::assert_snapshot!(table(&said), @"
    thoughts: 8 of 8

    stories                                4
    steps found                            8
    too short to search                    6
    steps searched                         8
    with a thought, synthesized            2
    of these the one they had              0
    without, not_better_than_none          6
    accepted, round 0              8 of 8, 0 turned down
    accepted, round 1              1 of 16, 7 turned down
    accepted, round 2              1 of 16, 9 turned down
    accepted, round 3              0 of 16, 8 turned down
    leaks, grounded                       24
    leaks, ident                           8
    perplexity, no thought             3.808
    perplexity, searched               2.812
    tokens scored                       6063
    tokens prompted                    16046
    tokens written                        48
    ");
    let audited = audited(&context);
    assert_eq!(audited.exit_code, Some(0), "{audited}");
    exported(&context, "out");
    let chat = context.read("out/chat/train-00000-of-00001.jsonl");
    assert!(chat.contains(&format!("\"reasoning_content\":\"{THOUGHT}\"")), "{chat}");
    for leak in LEAKS {
        assert!(!chat.contains(leak), "{chat}");
    }
    let checked = context.backstory(["validate", "out/atif", "--target", "atif"]).run();
    assert_eq!(checked.exit_code, Some(0), "{checked}");
    let atif = context.read("out/atif/acme__toy-2.json");
    let document: Value = serde_json::from_str(&atif).unwrap();
    let steps = document["steps"].as_array().unwrap();
    let thought = steps.iter().find(|step| step["reasoning_content"] == json!(THOUGHT)).unwrap();
    assert_eq!(thought["llm_call_count"], json!(1));
    let known = &thought["extra"]["backstory"];
    assert_eq!(known["thought"]["model"], json!("toy-1"));
    assert_eq!((&known["tier"], &known["hindsight"]), (&json!("synthesized"), &json!(true)));
}

#[test]
fn only_steps_that_are_neither_easy_nor_hard_are_searched() {
    let context = built();
    let arguments = ["--model", "ngram", "--gate", "30..70", "--least-target", "1", "--json"];
    let said = reason(&context, &arguments);
    assert_eq!(said.exit_code, Some(0), "{said}");
    let told: Value = serde_json::from_str(&said.stdout).unwrap();
    let outside = told["dropped"]["outside_gate"].as_u64().unwrap();
    assert!(outside > 0 && outside < told["steps"].as_u64().unwrap(), "{said}");
    assert!(told["gate_tokens"].as_u64().unwrap() > 0, "{said}");
    let audited = audited(&context);
    assert_eq!(audited.exit_code, Some(0), "{audited}");
    let before = covered(&context.path("run"));
    reason(&context, &arguments);
    assert_eq!(covered(&context.path("run")), before);
    let said = reason(&context, &["--model", "ngram", "--gate", "70..30"]);
    assert_eq!(said.exit_code, Some(2), "{said}");
}

#[test]
fn all_code_and_whole_documents_are_scored_where_that_is_wanted() {
    let context = built();
    let said = reason(&context, &["--model", "ngram", "--scopes", "--report", "page"]);
    assert_eq!(said.exit_code, Some(0), "{said}");
    let page = context.read("page/report.md");
    let section = page.split("\n## ").find(|part| part.starts_with("Other scopes")).unwrap();
    insta::assert_snapshot!(section, @"
    Other scopes

    All code that is written, searched or not, and whole documents. A document holds its thoughts, so its perplexities are of different texts.

    | scope | thoughts | texts | too long | tokens | nats a token | perplexity |
    |---|---|--:|--:|--:|--:|--:|
    | code | none | 7 | 0 | 658 | 2.3698 | 10.695 |
    | code | initial | 7 | 0 | 658 | 2.4174 | 11.216 |
    | code | searched | 7 | 0 | 658 | 2.3524 | 10.511 |
    | document | none | 4 | 0 | 1514 | 2.7057 | 14.965 |
    | document | initial | 4 | 0 | 2117 | 2.4615 | 11.722 |
    | document | searched | 4 | 0 | 1653 | 2.7659 | 15.893 |
    ");
    let audited = audited(&context);
    assert_eq!(audited.exit_code, Some(0), "{audited}");
}
