//! What comes of programs that a model writes, or that somebody gives?

use backstory_testkit::{ModelServer, TestContext, Transcript};
use backstory_verify::Item;
use serde_json::{Value, json};

use crate::grade::chatting;
use crate::sample::context;

/// A model that obeys where the method under test begins with some letters, and else makes
/// one mistake after the other.
fn writing() -> ModelServer {
    chatting(|prompt, seed| {
        let method = prompt.split_once("A function calls `").unwrap().1.split_once('`').unwrap().0;
        let name = method.rsplit_once('.').map_or(method, |(_, name)| name);
        let word = prompt.split_once("this word: ").unwrap().1.split_once('.').unwrap().0;
        let entry = format!("def {word}(text, number):\n");
        let body = format!("    return len(text.{name}(number)) + {}\n", seed % 7);
        let call = format!("\n\nprint({word}(\"ab\", 3))\n");
        match name {
            "casefold" => format!("```python\n{entry}    # length\n{body}{call}```"),
            "center" => format!("{entry}    print(text)\n    return len(text.rjust(9))\n{call}"),
            "count" => "I would rather not.".to_owned(),
            _ => format!("Here:\n```python\n{entry}{body}{call}```\nIt adds."),
        }
    })
}

fn synthesize(context: &TestContext, server: &ModelServer, more: &[&str]) -> Transcript {
    let address = server.address();
    let fixed = [
        "synthesize",
        "programs",
        "--model",
        &address,
        "--chat",
        "--cache",
        "cache",
        "--level",
        "1",
    ];
    context.backstory(fixed.iter().chain(more)).run()
}

fn rows(context: &TestContext, file: &str) -> Vec<Value> {
    context.read(file).lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

#[test]
fn what_a_model_writes_is_checked_like_everything_else() {
    let context = context();
    let server = writing();
    let more = ["-o", "programs", "--count", "9"];
    insta::assert_snapshot!(synthesize(&context, &server, &more), @"
    exit_code: 0
    ----- stdout -----
    level                              1     all
    drafts                             8       8
      unmet: parses                    1       1
      unmet: no_comments               1       1
      unmet: one_print                 1       1
      repeated                         0       0
      kept, of a hundred              62      62
    mutants                            4       4
    programs                           9       9
    ----- stderr -----
    9 programs in `programs`, 80 tokens of `toy-1`, [TIME]
    ");
    let programs = rows(&context, "programs/programs.jsonl");
    assert_eq!(programs.len(), 9);
    for program in &programs {
        assert_eq!(program["origin"], "model");
        assert_eq!(program["written_by"]["model"], "toy-1");
    }
    let rejected = rows(&context, "programs/rejected.jsonl").into_iter().map(|row| {
        let method = row["constraint"]["method"].as_str().unwrap().to_owned();
        format!("{method}: {}\n", row["unmet"])
    });
    insta::assert_snapshot!(rejected.collect::<String>(), @r#"
    str.casefold: ["no_comments"]
    str.center: ["one_print","calls_method"]
    str.count: ["parses"]
    "#);
    // What was written is not asked for again, and comes to the same.
    let before = server.asked().len();
    synthesize(&context, &server, &["-o", "again", "--count", "9"]);
    for file in ["programs.jsonl", "rejected.jsonl"] {
        let of = |folder: &str| context.read(&format!("{folder}/{file}"));
        assert_eq!(of("again"), of("programs"));
    }
    assert_eq!(server.asked().len(), before + 1);
}

#[test]
fn a_model_writes_no_more_than_the_budget_allows() {
    let context = context();
    let more = ["-o", "programs", "--count", "100", "--budget", "90"];
    let text = synthesize(&context, &writing(), &more).to_string();
    let end: Vec<&str> = text.lines().rev().take(2).collect();
    insta::assert_snapshot!(end.join("\n"), @"
    74 fewer than wanted: the budget is spent
    26 programs in `programs`, 160 tokens of `toy-1`, [TIME]
    ");
}

#[test]
fn options_of_a_model_need_a_model() {
    let context = context();
    let arguments = ["synthesize", "programs", "-o", "programs", "--budget", "90"];
    let refused = context.backstory(arguments).run();
    assert_eq!(refused.exit_code, Some(2), "{refused}");
    assert!(refused.stderr.contains("--model"), "{refused}");
}

/// Where the machine has no sandbox or no Python of at least 3.11, the test ends early and
/// says so.
#[test]
fn programs_that_were_given_are_asked_about_under_five_seeds() {
    let context = context();
    let given = |name: &str, source: &str, call: &str| {
        json!({"program_id": name, "family_id": name, "entry": "f", "source": source, "call": call,
            "origin": "given", "license": "MIT"})
        .to_string()
            + "\n"
    };
    // The first of these two texts is the same one under the seeds 0 to 2.
    let order = "def f(words):\n    for word in set(words):\n        return word\n";
    let sides = "from typing import List\n\n\ndef f(sides: List[int], more=2) -> int:\n    \
                 total = 0\n    for side in sides:\n        total += side * more\n    return total\n";
    let text = given("order", order, "f([\"one\", \"two\"])") + &given("sides", sides, "f([2, 3])");
    context.write("given/programs.jsonl", text);
    let arguments = ["questions", "--from", "given", "-o", "questions", "--cache", "cache"];
    let asked = context.backstory(arguments).run();
    if asked.exit_code != Some(0) {
        let why = asked.to_string();
        let known = ["foreign code is not run", "has no Python"];
        assert!(known.iter().any(|known| why.contains(known)), "{why}");
        eprintln!("skipped: {why}");
        return;
    }
    let items = context.read("questions/items.jsonl");
    let items: Vec<Item> = items.lines().map(|line| Item::parse(line).unwrap()).collect();
    assert!(!items.is_empty(), "{asked}");
    for item in &items {
        assert_eq!((&item.source[..], item.license.as_deref()), ("given", Some("MIT")));
    }
    let outcome_of = |name: &str| items.iter().any(|item| item.item_id == format!("{name}-io"));
    assert_eq!((outcome_of("sides"), outcome_of("order")), (true, false), "{asked}");
    let known = items.iter().find_map(|item| item.function.as_ref()).unwrap();
    assert_eq!(known.arguments, "[[2,3],2]");
}
