//! Does `backstory grade` keep what is neither too hard nor too easy for a model?

use std::collections::BTreeMap;
use std::sync::Mutex;

use backstory_testkit::{ModelReply, ModelRequest, ModelServer, TestContext, Transcript};
use backstory_verify::{Difficulty, Item};
use serde_json::{Value, json};

use crate::sample::context;

/// How many tokens the server says that an answer took, its prompt among them.
const TOKENS: u64 = 10;

/// A server that chats: the script gets the prompt and the seed.
pub(crate) fn chatting(
    answer: impl Fn(&str, u64) -> String + Send + Sync + 'static,
) -> ModelServer {
    ModelServer::start(move |request, _| chat(request, &answer))
}

fn chat(request: &ModelRequest, answer: &dyn Fn(&str, u64) -> String) -> ModelReply {
    if request.path == "/v1/models" {
        return ModelReply::json(&json!({"data": [{"id": "toy-1", "owned_by": "other"}]}));
    }
    let prompt = request.body["messages"][0]["content"].as_str().unwrap_or_default();
    let said = answer(prompt, request.body["seed"].as_u64().unwrap_or_default());
    ModelReply::json(&json!({
        "choices": [{"message": {"role": "assistant", "content": said}, "finish_reason": "stop"}],
        "usage": {"prompt_tokens": TOKENS - 1, "completion_tokens": 1},
    }))
}

fn answer(value: &str) -> String {
    format!("<answer>[{{\"q\":1,\"value\":{value}}}]</answer>")
}

/// Items with one question each, whose right answers are counts.
fn items(context: &TestContext, counts: &[u32]) {
    let item = |(number, count): (usize, &u32)| {
        json!({"item_id": format!("i{number}"), "type": "single",
            "program_id": format!("p{number}"), "family_id": format!("f{number}"),
            "prompt": format!("How often, in {number}?"), "questions": [{"q": 1,
                "question_id": format!("q{number}"), "kind": "execution_count",
                "answer": count.to_string(), "checker": "count", "statement_id": 2}],
            "trace_ref": format!("t{number}"),
            "difficulty": {"measure": "structural", "level": 2},
            "python_version": "3.12.1", "source": "grammar"})
        .to_string()
            + "\n"
    };
    let text: String = counts.iter().enumerate().map(item).collect();
    context.write("questions/items.jsonl", text);
    let trace = |number: usize| {
        format!("{{\"trace_ref\":\"t{number}\",\"program_id\":\"p{number}\",\"trace\":{{}}}}\n")
    };
    let text: String = (0..counts.len()).map(trace).collect();
    context.write("questions/traces.jsonl", text);
}

fn grade(context: &TestContext, server: &ModelServer, more: &[&str]) -> Transcript {
    let address = server.address();
    let fixed = ["grade", "questions", "--model", &address, "--chat", "--cache", "cache"];
    context.backstory(fixed.iter().chain(more)).run()
}

fn kept(context: &TestContext, folder: &str) -> BTreeMap<String, Difficulty> {
    let text = context.read(&format!("{folder}/items.jsonl"));
    let items = text.lines().map(|line| Item::parse(line).unwrap());
    items.map(|item| (item.item_id, item.difficulty.unwrap())).collect()
}

/// The expected text is anywhere in what is said, which is no answer.
#[test]
fn who_says_one_and_true_to_everything_is_right_only_where_that_is_the_answer() {
    let context = context();
    items(&context, &[1, 10, 21, 0]);
    let talker = chatting(|_, _| "It is 1, or True; perhaps 10, 21 or 0.".to_owned());
    let all = ["-o", "none", "--samples", "2", "--band", "0..2"];
    grade(&context, &talker, &all);
    let never = |one: &Difficulty| matches!(one, Difficulty::PassRate { successes: 0, .. });
    assert!(kept(&context, "none").values().all(never));
    let one = chatting(|_, _| format!("1, True. {}", answer("1")));
    let more = ["-o", "ones", "--samples", "2", "--band", "2..2", "--seed", "1"];
    insta::assert_snapshot!(grade(&context, &one, &more), @"
    exit_code: 0
    ----- stdout -----
    items                                       4
      right 0 of 2                              3
      right 2 of 2                              1
    left out: never right                       3
    kept                                        1
    ----- stderr -----
    items: 4 of 4
    1 items in `ones`, 80 tokens of `toy-1`, [TIME]
    ");
    assert_eq!(kept(&context, "ones").into_keys().collect::<Vec<_>>(), ["i0"]);
}

/// Of the item with the number N, N of ten answers are right.
fn by_number() -> ModelServer {
    let asked: Mutex<BTreeMap<String, u32>> = Mutex::default();
    chatting(move |prompt, _| {
        let mut asked = asked.lock().unwrap();
        let before = asked.entry(prompt.to_owned()).or_default();
        *before += 1;
        let number: u32 = prompt.trim_end_matches('?').rsplit(' ').next().unwrap().parse().unwrap();
        answer(if *before <= number { "7" } else { "8" })
    })
}

#[test]
fn the_band_has_two_sides_and_everything_is_counted() {
    let context = context();
    items(&context, &[7; 11]);
    let server = by_number();
    insta::assert_snapshot!(grade(&context, &server, &["-o", "graded", "--band", "2..4"]), @"
    exit_code: 0
    ----- stdout -----
    items                                      11
      right 0 of 10                             1
      right 1 of 10                             1
      right 2 of 10                             1
      right 3 of 10                             1
      right 4 of 10                             1
      right 5 of 10                             1
      right 6 of 10                             1
      right 7 of 10                             1
      right 8 of 10                             1
      right 9 of 10                             1
      right 10 of 10                            1
    left out: never right                       1
    left out: too hard                          1
    left out: too easy                          6
    kept                                        3
    ----- stderr -----
    items: 11 of 11
    3 items in `graded`, 1100 tokens of `toy-1`, [TIME]
    ");
    let kept = kept(&context, "graded");
    assert_eq!(kept.keys().map(String::as_str).collect::<Vec<_>>(), ["i2", "i3", "i4"]);
    insta::assert_snapshot!(
        serde_json::to_string(&kept["i3"]).unwrap(),
        @r#"{"measure":"pass_rate","samples":10,"successes":3,"full":3,"model":"toy-1","temperature":1.0,"max_tokens":2048,"seed":0,"band":{"least":2,"most":4}}"#
    );
    let traces = context.read("graded/traces.jsonl");
    let named: Vec<Value> =
        traces.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let named: Vec<&str> = named.iter().map(|row| row["trace_ref"].as_str().unwrap()).collect();
    assert_eq!(named, ["t2", "t3", "t4"]);
    // Another band asks nothing again.
    let before = server.asked().len();
    grade(&context, &server, &["-o", "easy", "--band", "9..10"]);
    assert_eq!(self::kept(&context, "easy").into_keys().collect::<Vec<_>>(), ["i10", "i9"]);
    let asked = server.asked().split_off(before);
    assert!(asked.iter().all(|request| request.path == "/v1/models"), "{asked:?}");
}

/// An answer that follows from prompt and seed alone.
fn settled(prompt: &str, seed: u64) -> String {
    answer(if (seed + prompt.len() as u64).is_multiple_of(3) { "7" } else { "8" })
}

#[test]
fn a_grading_that_was_broken_off_goes_on_and_ends_with_the_same_bytes() {
    let more = ["-o", "graded", "--samples", "4"];
    let whole = context();
    items(&whole, &[7; 12]);
    let undisturbed = chatting(settled);
    assert_eq!(grade(&whole, &undisturbed, &more).exit_code, Some(0));
    let broken = context();
    items(&broken, &[7; 12]);
    let dying = ModelServer::start(|request, before| {
        if before > 20 {
            return ModelReply::status(401, r#"{"error":"Unauthorized"}"#);
        }
        chat(request, &settled)
    });
    let first = grade(&broken, &dying, &more);
    assert_eq!(first.exit_code, Some(2), "{first}");
    assert!(!broken.path("graded/items.jsonl").exists());
    let again = chatting(settled);
    assert_eq!(grade(&broken, &again, &more).exit_code, Some(0));
    let asked = again.asked().len();
    assert!(asked < undisturbed.asked().len() - 15, "{asked}");
    for file in ["graded/items.jsonl", "graded/traces.jsonl"] {
        assert_eq!(broken.read(file), whole.read(file));
    }
    assert!(!kept(&whole, "graded").is_empty());
}

#[test]
fn the_budget_ends_the_grading_at_the_same_item_whatever_was_kept() {
    let context = context();
    items(&context, &[7; 6]);
    let server = chatting(|_, _| answer("7"));
    let more = ["--samples", "2", "--band", "2..2", "--budget", "50"];
    let first = grade(&context, &server, &[&["-o", "one"], &more[..]].concat());
    insta::assert_snapshot!(first, @"
    exit_code: 0
    ----- stdout -----
    items                                       6
      not graded: budget spent                  3
      right 2 of 2                              3
    kept                                        3
    ----- stderr -----
    items: 6 of 6
    3 items in `one`, 60 tokens of `toy-1`, [TIME]
    ");
    let before = server.asked().len();
    let second = grade(&context, &server, &[&["-o", "two"], &more[..]].concat());
    assert_eq!(second.to_string(), first.to_string().replace("`one`", "`two`"));
    assert_eq!(context.read("two/items.jsonl"), context.read("one/items.jsonl"));
    assert_eq!(server.asked().len(), before + 1);
}

#[test]
fn what_cannot_be_meant_is_said() {
    let context = context();
    items(&context, &[7]);
    let server = chatting(settled);
    let mut text = String::new();
    for more in [
        &["-o", "graded", "--band", "3..1"][..],
        &["-o", "graded", "--band", "1..3", "--samples", "2"],
        &["-o", "questions"],
        &["-o", "graded", "--temperature=-1"],
    ] {
        text += &grade(&context, &server, more).stderr;
    }
    insta::assert_snapshot!(text, @"
    error: `3..1` is no band of 10 answers

    hint: name the fewest and the most right answers, as in `--band 1..3`
    error: `1..3` is no band of 2 answers

    hint: name the fewest and the most right answers, as in `--band 1..3`
    error: `questions` is what is graded

    hint: choose another directory with `-o`
    error: `--temperature` is -1

    hint: give 0 or more
    ");
}
