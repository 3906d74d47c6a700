//! What do `backstory synthesize` and `backstory questions` say and do?

use std::collections::{BTreeMap, BTreeSet};

use backstory_testkit::{TestContext, Transcript};
use backstory_verify::{Item, ItemType, RewardOptions, score};

use crate::grade::chatting;
use crate::sample::context;

fn programs(context: &TestContext, folder: &str, more: &[&str]) -> Transcript {
    let arguments = ["synthesize", "programs", "-o", folder];
    context.backstory(arguments.iter().chain(more)).run()
}

#[test]
fn programs_are_written_and_every_draft_is_counted() {
    let context = context();
    let said = programs(&context, "programs", &["--level", "2..4", "--count", "31"]);
    assert_eq!(said.exit_code, Some(0), "{said}");
    insta::assert_snapshot!(said.stdout);
    let text = context.read("programs/programs.jsonl");
    assert_eq!(text.lines().count(), 31);
    programs(&context, "again", &["--level", "2..4", "--count", "31"]);
    assert_eq!(context.read("again/programs.jsonl"), text);
    programs(&context, "other", &["--level", "2..4", "--count", "31", "--seed", "1"]);
    assert_ne!(context.read("other/programs.jsonl"), text);
}

#[test]
fn what_is_no_level_is_said() {
    let context = context();
    insta::assert_snapshot!(programs(&context, "programs", &["--level", "0..9"]), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `0..9` names no levels

    hint: one level from 1 to 6, or a range as in `--level 1..6`
    ");
    assert!(!context.path("programs").exists());
}

/// Where the machine has no sandbox or no Python of at least 3.11, the test ends early and
/// says so.
#[test]
fn questions_have_answers_that_the_verifier_takes() {
    let context = context();
    programs(&context, "programs", &["--count", "48"]);
    let ask = |folder: &str| {
        let arguments = ["questions", "--from", "programs", "-o", folder, "--cache", "cache"];
        context.backstory(arguments).run()
    };
    let said = ask("questions");
    if said.exit_code != Some(0) {
        let why = said.to_string();
        let known = ["foreign code is not run", "has no Python"];
        assert!(known.iter().any(|known| why.contains(known)), "{why}");
        eprintln!("skipped: {why}");
        return;
    }
    let text = context.read("questions/items.jsonl");
    let mut ids = BTreeSet::new();
    for line in text.lines() {
        let item = Item::parse(line).unwrap();
        assert!(ids.insert(item.item_id.clone()), "{} stands twice", item.item_id);
        let gold = item.gold_answer().unwrap();
        let outcome = score(line, &gold, &RewardOptions::default());
        match item.item_type {
            // What is right is for a call to say.
            ItemType::Oi => assert!(outcome.pending.is_some(), "{outcome:?}"),
            ItemType::IoMixed | ItemType::Single => {
                assert!(outcome.score.is_some_and(|one| one > 1.999), "{line}: {outcome:?}");
            }
        }
    }
    assert!(ids.len() > 48, "{said}");
    let traces = context.read("questions/traces.jsonl");
    ask("again");
    assert_eq!(context.read("again/items.jsonl"), text);
    assert_eq!(context.read("again/traces.jsonl"), traces);
    let said = context.backstory(["export", "questions", "-o", "out"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    settled(&context, &text);
    graded(&context, &text);
    for wrong in ["broken_gold", "not_full", "contradiction", "no_trace"] {
        assert!(!said.stdout.contains(wrong), "{said}");
    }
}

/// Answers that wait for a call are settled, and rows that ask for arguments are kept.
fn settled(context: &TestContext, items: &str) {
    let items: Vec<Item> = items.lines().map(|line| Item::parse(line).unwrap()).collect();
    let mut responses = String::new();
    for item in items.iter().filter(|item| item.item_type == ItemType::Oi) {
        let gold = item.gold_answer().unwrap();
        for response in [&gold[..], "<answer>[{\"q\": 1, \"value\": []}]</answer>"] {
            let line = serde_json::json!({"item_id": item.item_id, "response": response});
            responses += &line.to_string();
            responses.push('\n');
        }
    }
    context.write("responses.jsonl", &responses);
    let arguments = ["score", "questions/items.jsonl", "responses.jsonl", "--cache", "cache"];
    let said = context.backstory(arguments).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    let scores = said.stdout.lines().map(|line| {
        let row: serde_json::Value = serde_json::from_str(line).unwrap();
        row["outcome"]["score"].as_f64().unwrap_or_else(|| panic!("{row}"))
    });
    for (at, score) in scores.enumerate() {
        let is_right = (score > 0.0) == (at % 2 == 0);
        assert!(is_right, "{}: {score}", responses.lines().nth(at).unwrap());
    }
    let arguments = ["export", "questions", "-o", "called", "--calls", "--cache", "cache"];
    let said = context.backstory(arguments).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    for wrong in ["needs_call", "not_reproduced"] {
        assert!(!said.stdout.contains(wrong), "{said}");
    }
    let said = context.backstory(["validate", "called", "--target", "questions"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
}

/// A model that knows every right answer is graded so, arguments among them, and what is
/// kept is exported like everything else.
fn graded(context: &TestContext, items: &str) {
    let count = items.lines().count();
    let items = items.lines().map(|line| Item::parse(line).unwrap());
    let known: BTreeMap<String, String> =
        items.map(|item| (item.prompt.clone(), item.gold_answer().unwrap())).collect();
    let server = chatting(move |prompt, _| known[prompt].clone());
    let address = server.address();
    let arguments = ["grade", "questions", "--model", &address, "--chat", "-o", "graded"];
    let more = ["--samples", "2", "--band", "2..2", "--cache", "cache"];
    let said = context.backstory(arguments.iter().chain(&more)).run();
    assert!(said.stdout.contains(&format!("kept{count:>41}\n")), "{said}");
    let arguments = ["export", "graded", "-o", "hard", "--calls", "--cache", "cache"];
    let said = context.backstory(arguments).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    for wrong in ["broken_gold", "no_trace", "not_reproduced"] {
        assert!(!said.stdout.contains(wrong), "{said}");
    }
    let said = context.backstory(["validate", "hard", "--target", "questions"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
}

#[test]
fn responses_are_scored_by_the_names_of_their_items() {
    let context = context();
    few_questions(&context);
    let answer = |value: u32| format!("<answer>[{{\\\"q\\\":1,\\\"value\\\":{value}}}]</answer>");
    let line = |name: &str, value| {
        format!("{{\"item_id\": \"{name}\", \"response\": \"{}\"}}\n", answer(value))
    };
    let score = |responses: &str| {
        context.write("responses.jsonl", responses);
        context.backstory(["score", "questions/items.jsonl", "responses.jsonl"]).run()
    };
    insta::assert_snapshot!(score(&(line("i3", 3) + &line("i3", 4))), @r#"
    exit_code: 0
    ----- stdout -----
    {"item_id":"i3","outcome":{"score":2.0,"status":"scored","reason":"ok","io":null,"white":1.0,"steps":[{"q":1,"kind":"execution_count","ok":true,"reason":"ok"}],"verifier_version":"1.0"}}
    {"item_id":"i3","outcome":{"score":0.0,"status":"scored","reason":"ok","io":null,"white":0.0,"steps":[{"q":1,"kind":"execution_count","ok":false,"reason":"wrong_value"}],"verifier_version":"1.0"}}
    ----- stderr -----
    2 responses, 2 scored, 1 with the maximum
    "#);
    insta::assert_snapshot!(score(&line("i99", 3)), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `questions/items.jsonl` has no item `i99`
    ");
    insta::assert_snapshot!(score("{}\n"), @r#"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: line 1 of `responses.jsonl` is no response
      Caused by: missing field `item_id` at line 1 column 2

    hint: a line is `{"item_id": …, "response": …}`
    "#);
}

/// Twenty programs with one question each.
fn few_questions(context: &TestContext) {
    let item = |number: u32| {
        format!(
            r#"{{"item_id":"i{number}","type":"single","program_id":"p{number}","family_id":"f{number}","prompt":"How often?","questions":[{{"q":1,"question_id":"q{number}","kind":"execution_count","answer":"{number}","checker":"count","statement_id":2}}],"python_version":"3.12.1","source":"grammar"}}"#
        ) + "\n"
    };
    let text: String = (0..20).map(item).collect();
    context.write("questions/items.jsonl", &text);
}

#[test]
fn questions_are_exported_with_a_table_of_where_they_went() {
    let context = context();
    few_questions(&context);
    let export = |more: &[&str]| {
        let arguments = ["export", "questions", "-o", "out", "--validation", "10", "--test", "20"];
        context.backstory(arguments.iter().chain(more)).run()
    };
    insta::assert_snapshot!(export(&["--to", "verl,trl,nemo-gym,items"]), @"
    exit_code: 0
    ----- stdout -----
    items                              20
    families of train                  16
    families of validation              1
    families of test                    3
    verl, train                        16
    verl, validation                    1
    verl, test                          3
    trl, train                         16
    trl, validation                     1
    trl, test                           3
    nemo-gym, train                    16
    nemo-gym, validation                1
    nemo-gym, test                      3
    items, train                       16
    items, validation                   1
    items, test                         3
    ----- stderr -----
    verl: out/verl
    trl: out/trl
    nemo-gym: out/nemo-gym
    items: out/items
    ");
    insta::assert_snapshot!(export(&["--to", "verl", "--split-key", "other"]), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `out/trl` was made of other questions, or split another way

    hint: export all formats again at once, or choose another directory with `-o`
    ");
    insta::assert_snapshot!(export(&["--to", "atif"]), @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: the option `--to` cannot be understood
      Caused by: `atif` is not one of `verl`, `trl`, `nemo-gym`, `items`, `sft`, `cwm`
    ");
    let greedy = context.backstory(["export", "questions", "-o", "b", "--test", "100"]).run();
    insta::assert_snapshot!(greedy, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: the shares of the splits cannot be understood
      Caused by: 5 and 100 per cent leave nothing to train on
    ");
}
