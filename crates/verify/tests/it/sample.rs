//! Which items do these tests ask?

use backstory_verify::{Asked, Function, Item, ItemType, Kind, RewardOptions, TypeName, score};

/// Returns a question whose checker is that of its kind.
pub(crate) fn asked(q: u32, kind: Kind, answer: &str, answer_type: Option<&str>) -> Asked {
    Asked {
        q,
        question_id: format!("tide-{q}"),
        kind,
        answer: answer.to_owned(),
        answer_type: answer_type.map(|name| TypeName::parse(name).expect("a type name")),
        checker: kind.checker(),
        k: Some(1),
        statement_id: Some(2),
    }
}

/// Returns an item of these questions.
pub(crate) fn item(item_type: ItemType, questions: Vec<Asked>) -> Item {
    Item {
        item_id: "tide".into(),
        item_type,
        program_id: "p".into(),
        family_id: "f".into(),
        prompt: "What does it return?".into(),
        questions,
        trace_ref: None,
        difficulty: None,
        python_version: "3.12".into(),
        source: "grammar".into(),
        license: None,
        function: None,
    }
}

/// A final `True` and one question of every other kind but `output_to_input`.
pub(crate) fn mixed() -> Item {
    item(
        ItemType::IoMixed,
        vec![
            asked(1, Kind::FinalOutput, "true", Some("bool")),
            asked(2, Kind::NextStatement, "7", None),
            asked(3, Kind::VariableValue, "{\"tuple\":[1,\"3\"]}", Some("tuple")),
            asked(4, Kind::VariableType, "\"collections.deque\"", None),
            asked(5, Kind::Coverage, "true", None),
            asked(6, Kind::ExecutionCount, "1", None),
            asked(7, Kind::Exception, "4", Some("ValueError")),
        ],
    )
}

/// The entries that answer [`mixed`] rightly, in its order.
pub(crate) const RIGHT: [&str; 7] = [
    r#"{"q":1,"value":true,"type":"bool"}"#,
    r#"{"q":2,"value":7}"#,
    r#"{"q":3,"value":{"tuple":[1,"3"]},"type":"tuple"}"#,
    r#"{"q":4,"value":"collections.deque"}"#,
    r#"{"q":5,"value":true}"#,
    r#"{"q":6,"value":1}"#,
    r#"{"q":7,"value":4,"type":"ValueError"}"#,
];

/// An item that asks for arguments which `f` turns into 3.
pub(crate) fn oi() -> Item {
    let function = Function {
        entry: "f".into(),
        source: "def f(a, b):\n    return a + b\n".into(),
        arguments: "[1,2]".into(),
    };
    let questions = vec![asked(1, Kind::OutputToInput, "3", Some("int"))];
    Item { function: Some(function), ..item(ItemType::Oi, questions) }
}

/// Puts entries into a block.
pub(crate) fn block(entries: &[&str]) -> String {
    format!("<answer>[{}]</answer>", entries.join(","))
}

/// Returns the score of a text; an item without a score has -1.
pub(crate) fn worth(item: &Item, text: &str, options: &RewardOptions) -> f64 {
    let row = serde_json::to_string(item).expect("an item is JSON");
    score(&row, text, options).score.unwrap_or(-1.0)
}

#[test]
fn the_stored_items_are_the_ones_asked_here() {
    let stored = |text: &str| Item::parse(text).expect("an item");
    assert_eq!(stored(include_str!("answers/mixed.json")), mixed());
    assert_eq!(
        stored(include_str!("answers/oi.json")),
        Item { prompt: "Which arguments give 3?".into(), ..oi() }
    );
    let text = include_str!("answers/right.txt");
    assert!((worth(&mixed(), text, &RewardOptions::default()) - 2.0).abs() < 1e-12);
    let values = include_str!("answers/values.txt");
    assert!(backstory_verify::Value::parse(values).is_ok());
}
