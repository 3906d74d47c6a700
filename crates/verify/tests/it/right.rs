//! Is every kind judged right where it is, and wrong where one thing is off?
//!
//! For every checker: the right answer, other spellings of it, and planted wrong ones.

use backstory_verify::{ItemType, Kind, Reason, RewardOptions, score};

use crate::sample::{RIGHT, asked, block, item, mixed};

fn reason(kind: Kind, answer: &str, answer_type: Option<&str>, entry: &str) -> Reason {
    let item = item(ItemType::Single, vec![asked(1, kind, answer, answer_type)]);
    let row = serde_json::to_string(&item).expect("json");
    let text = block(&[&format!("{{\"q\":1,{entry}}}")]);
    let outcome = score(&row, &text, &RewardOptions::default());
    assert_eq!(outcome.score, Some(if outcome.steps[0].ok { 2.0 } else { 0.0 }));
    assert_eq!(outcome.steps[0].ok, outcome.steps[0].reason == Reason::Ok);
    outcome.steps[0].reason
}

struct Case {
    kind: Kind,
    answer: &'static str,
    answer_type: Option<&'static str>,
    right: &'static [&'static str],
    wrong: &'static [(&'static str, Reason)],
}

const CASES: &[Case] = &[
    Case {
        kind: Kind::NextStatement,
        answer: "7",
        answer_type: None,
        right: &[r#""value":7"#, r#""value":7,"type":"int""#, r#""why":[1],"value":7"#],
        wrong: &[
            (r#""value":8"#, Reason::WrongValue),
            (r#""value":"7""#, Reason::WrongType),
            (r#""value":7.0"#, Reason::WrongType),
            (r#""value":"end""#, Reason::WrongValue),
            (r#""value":-7"#, Reason::WrongValue),
            (r#""value":null"#, Reason::WrongType),
            (r#""type":"int""#, Reason::NoValue),
        ],
    },
    Case {
        kind: Kind::VariableValue,
        answer: r#"{"dict":[["a",{"set":[1,2]}],["b",0.3]]}"#,
        answer_type: Some("dict"),
        right: &[
            r#""value":{"dict":[["b",0.30000000000000004],["a",{"set":[2,1]}]]}"#,
            r#""value":{"dict":[["a",{"set":[1,2]}],["b",0.3]]},"type":"builtins.dict""#,
            r#""value":{"dict":[["a",{"set":[1,2]}],["b",0.3]]},"type":null"#,
        ],
        wrong: &[
            (r#""value":{"dict":[["a",{"set":[1,2]}]]}"#, Reason::WrongValue),
            (r#""value":{"dict":[["a",{"set":[1,2]}],["b",0.31]]}"#, Reason::WrongValue),
            (r#""value":{"dict":[["a",[1,2]],["b",0.3]]}"#, Reason::WrongValue),
            (r#""value":{"a":{"set":[1,2]},"b":0.3}"#, Reason::MalformedValue),
            (
                r#""value":{"dict":[["a",{"set":[1,2]}],["b",0.3]]},"type":"list""#,
                Reason::WrongType,
            ),
            (r#""value":{"dict":[["a",{"set":[1,2]}],["b",0.3]]},"type":7"#, Reason::WrongType),
            (
                r#""value":{"dict":[["a",{"set":[1,2]}],["b",0.3],["b",0.3]]}"#,
                Reason::MalformedValue,
            ),
        ],
    },
    Case {
        kind: Kind::VariableValue,
        answer: r#"{"state":"unbound"}"#,
        answer_type: None,
        right: &[r#""value":{"state":"unbound"}"#, r#""value":"unbound""#],
        wrong: &[
            (r#""value":{"state":"not_executed"}"#, Reason::WrongValue),
            (r#""value":null"#, Reason::WrongValue),
        ],
    },
    Case {
        kind: Kind::VariableValue,
        answer: r#""unbound""#,
        answer_type: Some("str"),
        right: &[r#""value":"unbound""#],
        wrong: &[(r#""value":{"state":"unbound"}"#, Reason::WrongValue)],
    },
    Case {
        kind: Kind::VariableType,
        answer: r#""shop.Cart""#,
        answer_type: None,
        right: &[r#""value":"shop.Cart""#, r#""value":" shop.Cart ""#],
        wrong: &[
            (r#""value":"Cart""#, Reason::WrongValue),
            (r#""value":"<class 'shop.Cart'>""#, Reason::MalformedValue),
            (r#""value":["shop.Cart"]"#, Reason::MalformedValue),
            (r#""value":"unbound""#, Reason::WrongValue),
        ],
    },
    Case {
        kind: Kind::FinalOutput,
        answer: "true",
        answer_type: Some("bool"),
        right: &[r#""value":true"#],
        wrong: &[
            (r#""value":1"#, Reason::WrongType),
            (r#""value":1,"type":"bool""#, Reason::WrongType),
            (r#""value":false"#, Reason::WrongValue),
        ],
    },
    Case {
        kind: Kind::Coverage,
        answer: "false",
        answer_type: None,
        right: &[r#""value":false"#],
        wrong: &[
            (r#""value":0"#, Reason::WrongType),
            (r#""value":null"#, Reason::WrongType),
            (r#""value":true"#, Reason::WrongValue),
        ],
    },
    Case {
        kind: Kind::ExecutionCount,
        answer: "1",
        answer_type: None,
        right: &[r#""value":1"#],
        wrong: &[
            (r#""value":true"#, Reason::WrongType),
            (r#""value":1e0"#, Reason::WrongType),
            (r#""value":2"#, Reason::WrongValue),
            (r#""value":99999999999999999999999"#, Reason::WrongValue),
        ],
    },
    Case {
        kind: Kind::Exception,
        answer: "4",
        answer_type: Some("ValueError"),
        right: &[r#""value":4,"type":"ValueError""#, r#""value":4,"type":"builtins.ValueError""#],
        wrong: &[
            (r#""value":4"#, Reason::WrongType),
            (r#""value":4,"type":"Exception""#, Reason::WrongType),
            (r#""value":5,"type":"ValueError""#, Reason::WrongValue),
            (r#""value":"not_raised""#, Reason::WrongValue),
        ],
    },
    Case {
        kind: Kind::FixedValue,
        answer: r#"{"tuple":[1,null]}"#,
        answer_type: Some("tuple"),
        right: &[r#""value":{"tuple":[1,null]}"#, r#""value":{"tuple":[1,null]},"type":"tuple""#],
        wrong: &[
            (r#""value":[1,null]"#, Reason::WrongType),
            (r#""value":{"tuple":[1,0]}"#, Reason::WrongValue),
            (r#""value":{"state":"unbound"}"#, Reason::WrongValue),
        ],
    },
    Case {
        kind: Kind::OutputToInput,
        answer: "3",
        answer_type: Some("int"),
        right: &[],
        wrong: &[],
    },
];

#[test]
fn every_checker_finds_what_is_planted_and_takes_what_is_right() {
    for case in CASES.iter().filter(|case| case.kind != Kind::OutputToInput) {
        let reason = |entry: &str| reason(case.kind, case.answer, case.answer_type, entry);
        for entry in case.right {
            assert_eq!(reason(entry), Reason::Ok, "{} {entry}", case.kind);
        }
        for (entry, wanted) in case.wrong {
            assert_eq!(reason(entry), *wanted, "{} {entry}", case.kind);
        }
    }
    // Calls have tests of their own, in `oi`.
    let seen = |kind: &Kind| CASES.iter().any(|case| case.kind == *kind);
    assert!(Kind::ALL.iter().all(seen));
}

#[test]
fn an_outcome_says_why_for_every_question() {
    let row = serde_json::to_string(&mixed()).expect("json");
    let text = block(&[RIGHT[0], r#"{"q":2,"value":8}"#, RIGHT[2], RIGHT[3], RIGHT[3]]);
    let outcome = score(&row, &text, &RewardOptions::default());
    insta::assert_snapshot!(serde_json::to_string_pretty(&outcome).expect("json"));
}

#[test]
fn the_gold_answer_is_worth_the_maximum() {
    let options = RewardOptions::default();
    let text = mixed().gold_answer().expect("sound");
    assert!((crate::sample::worth(&mixed(), &text, &options) - 2.0).abs() < 1e-12, "{text}");
    let arguments = crate::sample::oi().gold_answer().expect("sound");
    assert_eq!(arguments, "<answer>[{\"q\":1,\"value\":[1,2]}]</answer>");
    let broken = backstory_verify::Item { questions: Vec::new(), ..mixed() };
    assert!(broken.gold_answer().is_err());
}
