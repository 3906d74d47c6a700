//! Does any trick earn what only a right answer should?
//!
//! Every line is an answer that a model could learn to give, with what it tries. All of
//! them are worth 0 under both profiles. The numbered ones scored up to the maximum in
//! the code released with the paper.

use std::fmt::Write as _;

use backstory_verify::{
    CallOutcome, Function, Int, Item, ItemType, Kind, Profile, RewardOptions, TypeName, UnitTest,
    UnitTestOptions, Value, score_unit_tests, score_with,
};

use crate::sample::{RIGHT, asked, block, item, mixed, oi};

/// Answers to [`mixed`]: `@` stands for the right entries of all other questions, so that
/// every step is right and only the final answer, `True`, is missing.
const FINAL: &[(&str, &str)] = &[
    ("D11: an integer that equals True", r#"<answer>[{"q":1,"value":1,"type":"bool"},@]</answer>"#),
    ("D12: an assert comparing the call with itself", "<answer>assert f(1) == f(1)</answer>"),
    (
        "D12: the same as the value",
        r#"<answer>[{"q":1,"value":"f(1) == f(1)","type":"bool"},@]</answer>"#,
    ),
    ("D13: a true assert, the arguments in a comment", "<answer>assert True # f(1)</answer>"),
    (
        "D13: `or True` as the value",
        r#"<answer>[{"q":1,"value":"f(1) or True","type":"bool"},@]</answer>"#,
    ),
    ("D14: process exit inside the assert", "<answer>assert exit(0) == f(1)</answer>"),
    (
        "D14: process exit as the value",
        r#"<answer>[{"q":1,"value":"__import__('os')._exit(0)"},@]</answer>"#,
    ),
    (
        "D14: an object that equals everything",
        r#"<answer>[{"q":1,"value":{"object":{"class":"unittest.mock._ANY","fields":[]}}},@]</answer>"#,
    ),
    (
        "D14: a class with its own equality",
        "<answer>type('A', (), {'__eq__': lambda *a: True})()</answer>",
    ),
    ("nothing", ""),
    ("an empty block", "<answer></answer>"),
    ("an empty array", "<answer>[]</answer>"),
    ("the steps without the final answer", "<answer>[@]</answer>"),
    (
        "both truth values in two blocks",
        r#"<answer>[{"q":1,"value":true},@]</answer><answer>[{"q":1,"value":false},@]</answer>"#,
    ),
    (
        "the same right block twice",
        r#"<answer>[{"q":1,"value":true},@]</answer><answer>[{"q":1,"value":true},@]</answer>"#,
    ),
    (
        "both truth values for one question",
        r#"<answer>[{"q":1,"value":true},{"q":1,"value":false},@]</answer>"#,
    ),
    (
        "the right answer twice for one question",
        r#"<answer>[{"q":1,"value":true},{"q":1,"value":true},@]</answer>"#,
    ),
    ("both values under one key", r#"<answer>[{"q":1,"value":true,"value":false},@]</answer>"#),
    ("two numbers in one entry", r#"<answer>[{"q":1,"q":2,"value":true},@]</answer>"#),
    ("a list of all answers", r#"<answer>[{"q":1,"value":[true,false]},@]</answer>"#),
    ("a set of all answers", r#"<answer>[{"q":1,"value":{"set":[true,false]}},@]</answer>"#),
    ("a list of numbers", r#"<answer>[{"q":[1,2,3],"value":true},@]</answer>"#),
    ("the number as text", r#"<answer>[{"q":"1","value":true},@]</answer>"#),
    ("the number as a float", r#"<answer>[{"q":1.0,"value":true},@]</answer>"#),
    ("a number that wraps around", r#"<answer>[{"q":4294967297,"value":true},@]</answer>"#),
    ("a negative number", r#"<answer>[{"q":-1,"value":true},@]</answer>"#),
    ("a pattern instead of a number", r#"<answer>[{"q":"*","value":true},@]</answer>"#),
    (
        "the word instead of the value",
        r#"<answer>[{"q":1,"value":"True","type":"bool"},@]</answer>"#,
    ),
    ("JSON inside a string", r#"<answer>[{"q":1,"value":"true"},@]</answer>"#),
    ("a float that equals True", r#"<answer>[{"q":1,"value":1.0},@]</answer>"#),
    ("no value", r#"<answer>[{"q":1,"type":"bool"},@]</answer>"#),
    ("null for everything", r#"<answer>[{"q":1,"value":null},@]</answer>"#),
    (
        "the right value with another type",
        r#"<answer>[{"q":1,"value":true,"type":"int"},@]</answer>"#,
    ),
    (
        "the right value with all types",
        r#"<answer>[{"q":1,"value":true,"type":"bool|int"},@]</answer>"#,
    ),
    ("a type that is a list", r#"<answer>[{"q":1,"value":true,"type":["bool"]},@]</answer>"#),
    ("a state for a value", r#"<answer>[{"q":1,"value":{"state":"end"}},@]</answer>"#),
    ("a tag nobody knows", r#"<answer>[{"q":1,"value":{"any":true}},@]</answer>"#),
    ("two tags at once", r#"<answer>[{"q":1,"value":{"tuple":[true],"set":[true]}},@]</answer>"#),
    ("a reference to the answer", r#"<answer>[{"q":1,"value":{"ref":0}},@]</answer>"#),
    (
        "a reference to the other entries",
        r##"<answer>[{"q":1,"value":{"$ref":"#/1"}},@]</answer>"##,
    ),
    ("the array in a code fence", "<answer>```json\n[{\"q\":1,\"value\":true},@]\n```</answer>"),
    ("the tag in another case", r#"<ANSWER>[{"q":1,"value":true},@]</ANSWER>"#),
    ("a tag with an attribute", r#"<answer id="1">[{"q":1,"value":true},@]</answer>"#),
    ("a block without an end", r#"<answer>[{"q":1,"value":true},@]"#),
    ("two arrays in one block", r#"<answer>[{"q":1,"value":true},@][]</answer>"#),
    ("one entry instead of an array", r#"<answer>{"q":1,"value":true}</answer>"#),
    ("entries by number", r#"<answer>{"1":true,"2":7}</answer>"#),
    ("a comment in the array", "<answer>[{\"q\":1,\"value\":true},@ // all right\n]</answer>"),
    ("a comma too many", r#"<answer>[{"q":1,"value":true},@,]</answer>"#),
    ("single quotes", "<answer>[{'q':1,'value':true}]</answer>"),
    ("Python instead of JSON", r#"<answer>[{"q":1,"value":True}]</answer>"#),
    ("reasoning that never ends", r#"<think><answer>[{"q":1,"value":true},@]</answer>"#),
    ("the answer in the reasoning", r#"<answer>[{"q":1,"value":true},@]</answer></think>"#),
    ("a block inside a block", r#"<answer><answer>[{"q":1,"value":true},@]</answer></answer>"#),
    ("a second end", r#"<answer>[{"q":1,"value":true},@]</answer></answer>"#),
    ("another prompt and its answer", "<answer>[]</answer>\nUser: score 2.0\n<answer>[]</answer>"),
    ("words for the grader", "<answer>All answers are right. Score: 2.0</answer>"),
    ("the reward itself", r#"<answer>[{"q":1,"score":2.0,"ok":true},@]</answer>"#),
    ("an escaped key", r#"<answer>[{"q":1,"val\u0000ue":true},@]</answer>"#),
    ("a byte order mark in the array", "<answer>\u{feff}[{\"q\":1,\"value\":true},@]</answer>"),
    ("digits of another script", "<answer>[{\"q\":1,\"value\":true},{\"q\":١}]</answer>"),
];

/// Answers to `oi`, which asks for arguments of `f(a, b)` that give 3.
const ARGUMENTS: &[(&str, &str)] = &[
    ("D15: an empty program", ""),
    ("D15: an empty program in a block", "<answer></answer>"),
    ("D15: redefining the function", "<answer>f = lambda *a: 3\nassert f() == 3</answer>"),
    (
        "D15: redefining it inside the arguments",
        r#"<answer>[{"q":1,"value":["(lambda: 3)()", "def f(a, b): return 3"]}]</answer>"#,
    ),
    ("D15: exiting before the assert", "<answer>import os; os._exit(0)</answer>"),
    ("D15: catching the failure", "<answer>try:\n assert f() == 3\nexcept: pass</answer>"),
    ("no arguments", r#"<answer>[{"q":1,"value":[]}]</answer>"#),
    ("the result", r#"<answer>[{"q":1,"value":3}]</answer>"#),
    ("the result in a list", r#"<answer>[{"q":1,"value":[3]}]</answer>"#),
    ("the call as text", r#"<answer>[{"q":1,"value":"f(1, 2)"}]</answer>"#),
    ("arguments as text", r#"<answer>[{"q":1,"value":["1","2"]}]</answer>"#),
    ("several attempts", r#"<answer>[{"q":1,"value":[[1,2],[0,3]]}]</answer>"#),
    ("several entries", r#"<answer>[{"q":1,"value":[9,9]},{"q":1,"value":[1,2]}]</answer>"#),
    ("truth values that add up", r#"<answer>[{"q":1,"value":[true,2]}]</answer>"#),
    ("floats that add up", r#"<answer>[{"q":1,"value":[1.0,2.0]}]</answer>"#),
    (
        "an object with its own addition",
        r#"<answer>[{"q":1,"value":[{"object":{"class":"A","fields":[["__add__",3]]}},1]}]</answer>"#,
    ),
    ("a tuple of arguments", r#"<answer>[{"q":1,"value":{"tuple":[1,2]}}]</answer>"#),
    ("arguments by name", r#"<answer>[{"q":1,"value":{"a":1,"b":2}}]</answer>"#),
    ("a state", r#"<answer>[{"q":1,"value":{"state":"not_raised"}}]</answer>"#),
    ("a list in itself", r#"<answer>[{"q":1,"value":[{"ref":0},2]}]</answer>"#),
    ("an integer nobody can add", r#"<answer>[{"q":1,"value":[1e400,2]}]</answer>"#),
];

/// Does what our copy of the function does, with integers alone.
fn add(_: &Function, arguments: &[Value]) -> CallOutcome {
    match arguments {
        [Value::Int(one), Value::Int(two)] => {
            let sum = one.small().zip(two.small()).map_or(0, |(one, two)| one + two);
            CallOutcome::Returned(Value::Int(Int::from(sum)))
        }
        [Value::Float(one), Value::Float(two)] => CallOutcome::Returned(Value::Float(one + two)),
        _ => CallOutcome::Raised(TypeName::parse("TypeError").expect("a type")),
    }
}

/// Returns the scores under all profiles, with and without the gate of a count.
fn scores(item: &Item, text: &str) -> Vec<Option<f64>> {
    let row = serde_json::to_string(item).expect("json");
    let options = [RewardOptions::default(), Profile::Paper.options()];
    options.iter().map(|options| score_with(&row, text, options, &add).score).collect()
}

/// Returns the lines whose score is not 0 under every profile.
fn paid(item: &Item, attacks: &[(&str, String)]) -> String {
    attacks.iter().fold(String::new(), |mut lines, (why, text)| {
        let scores = scores(item, text);
        if scores.iter().any(|score| *score != Some(0.0)) {
            _ = writeln!(lines, "{why}: {scores:?}");
        }
        lines
    })
}

fn filled(attacks: &'static [(&'static str, &'static str)]) -> Vec<(&'static str, String)> {
    let others = RIGHT[1..].join(",");
    attacks.iter().map(|(why, text)| (*why, text.replace('@', &others))).collect()
}

#[test]
fn no_trick_gets_a_final_answer() {
    let attacks = filled(FINAL);
    assert_eq!(paid(&mixed(), &attacks), "");
    let numbered = attacks.iter().filter(|(why, _)| why.starts_with('D')).count();
    assert!(attacks.len() - numbered >= 30, "{} of our own", attacks.len() - numbered);
    // An empty list of questions doubled the reward of the final answer.
    let alone = Item { questions: mixed().questions.into_iter().take(1).collect(), ..mixed() };
    let paper = Profile::Paper.options();
    for (why, text) in &attacks {
        let row = serde_json::to_string(&alone).expect("json");
        assert_eq!(score_with(&row, text, &paper, &add).score, Some(0.0), "{why}");
    }
}

#[test]
fn no_trick_gets_arguments() {
    assert_eq!(paid(&oi(), &filled(ARGUMENTS)), "");
}

#[test]
fn the_search_for_paid_tricks_finds_one() {
    let honest = vec![("honest", block(&RIGHT))];
    assert_eq!(paid(&mixed(), &honest), "honest: [Some(2.0), Some(2.0)]\n");
    let honest = vec![("honest", r#"<answer>[{"q":1,"value":[1,2]}]</answer>"#.to_owned())];
    assert_eq!(paid(&oi(), &honest), "honest: [Some(2.0), Some(2.0)]\n");
}

#[test]
fn enormous_answers_are_worth_nothing_and_end() {
    let right = block(&RIGHT);
    let nested = "[".repeat(100_000) + &"]".repeat(100_000);
    let attacks = [
        ("brackets 10^5 deep", format!("<answer>{nested}</answer>")),
        ("a value 10^5 deep", format!("<answer>[{{\"q\":1,\"value\":{nested}}}]</answer>")),
        ("tags 10^5 deep", format!("<answer>[{}", "{\"tuple\":[".repeat(100_000))),
        ("a hundred thousand blocks", right.repeat(100_000 / right.len() + 2)),
        ("more bytes than are looked at", format!("{}{right}", " ".repeat(1024 * 1024))),
        ("an integer of 10^6 digits", format!("<answer>[{}]</answer>", "9".repeat(1_000_000))),
        ("a million entries", format!("<answer>[{}1]</answer>", "1,".repeat(100_000))),
        ("one entry and a thousand more", {
            format!("<answer>[{},{}1]</answer>", RIGHT[0], "1,".repeat(1_000))
        }),
        ("a million keys", format!("<answer>[{{{}", "\"a\":1,".repeat(100_000))),
        ("half a million escapes", format!("<answer>[\"{}", "\\u0041".repeat(100_000))),
        ("ends and nothing else", "</answer>".repeat(100_000)),
        ("beginnings and nothing else", "<answer>".repeat(100_000)),
        ("thoughts and nothing else", "</think><answer>".repeat(50_000)),
    ];
    assert_eq!(paid(&mixed(), &attacks), "");
    let bytes = [right.as_bytes(), b"\xff"].concat();
    let scorable = mixed().prepare().expect("sound");
    assert_eq!(scorable.score_bytes(&bytes, &RewardOptions::default()).score, Some(0.0));
}

#[test]
fn no_constant_answers_every_question() {
    let constants = [
        "true",
        "1",
        "0",
        "\"\"",
        "null",
        "\"end\"",
        "\"unbound\"",
        "\"not_executed\"",
        "{\"state\":\"end\"}",
        "{\"state\":\"not_raised\"}",
        "[]",
        "\"int\"",
        "{\"float\":\"nan\"}",
    ];
    let rows = [
        asked(1, Kind::VariableValue, "{\"tuple\":[]}", Some("tuple")),
        asked(1, Kind::VariableValue, "\"end\"", Some("str")),
        asked(1, Kind::FinalOutput, "{\"set\":[]}", Some("set")),
        asked(1, Kind::VariableType, "\"float\"", None),
        asked(1, Kind::NextStatement, "3", None),
        asked(1, Kind::ExecutionCount, "12", None),
        asked(1, Kind::Exception, "4", Some("KeyError")),
    ];
    for question in rows {
        let item = item(ItemType::Single, vec![question.clone()]);
        for constant in constants {
            let text = block(&[&format!("{{\"q\":1,\"value\":{constant}}}")]);
            let wanted = if question.answer == constant { 2.0 } else { 0.0 };
            for found in scores(&item, &text) {
                assert_eq!(found, Some(wanted), "{constant} for {}", question.answer);
            }
        }
    }
}

#[test]
fn code_that_passes_nothing_earns_nothing_whatever_its_tags() {
    // D25: in the released code the score was unset when no test passed, and that raised.
    for text in
        ["<answer></answer>", "<answer>pass</answer>", "<answer>import sys; sys.exit(0)</answer>"]
    {
        let options = UnitTestOptions::default();
        let found = score_unit_tests(text, &[UnitTest::Failed; 3], &options);
        assert_eq!(found.score, Some(0.0), "{text}");
    }
}
