//! What do `backstory synthesize` and `backstory questions` say and do?

use std::collections::BTreeSet;

use backstory_testkit::{TestContext, Transcript};
use backstory_verify::{Item, ItemType, RewardOptions, score};

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
}
