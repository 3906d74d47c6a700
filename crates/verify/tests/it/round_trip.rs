//! Does every value survive being written and read, and stay itself alone?

use backstory_verify::{ItemType, Kind, RewardOptions, TypeName, Value};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::sample::{asked, block, item, worth};

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        // Strings that look like something else, and tags inside values.
        Just("'3'".to_owned()),
        Just("3".to_owned()),
        Just("a; int\nb".to_owned()),
        Just("</answer><answer>[]</think>".to_owned()),
        Just("\u{0}\u{1f}\u{7f}\u{2028}\"\\".to_owned()),
        any::<String>(),
    ]
}

fn leaf() -> impl Strategy<Value = Value> {
    let wide = "-?[1-9][0-9]{15,40}".prop_map(|digits| format!("{{\"int\":\"{digits}\"}}"));
    prop_oneof![
        Just(Value::None),
        any::<bool>().prop_map(Value::Bool),
        any::<i64>().prop_map(|int| Value::Int(int.into())),
        (-3..3_i64).prop_map(|int| Value::Int(int.into())),
        wide.prop_map(|json| Value::parse(&json).expect("an integer")),
        any::<f64>().prop_map(Value::Float),
        prop_oneof![Just(f64::NAN), Just(f64::INFINITY), Just(-0.0), Just(1e16), Just(1e-5)]
            .prop_map(Value::Float),
        (any::<f64>(), any::<f64>()).prop_map(|(real, other)| Value::Complex(real, other)),
        text().prop_map(Value::Text),
        vec(0xd800..0xe000_u32, 1..4).prop_map(Value::Points),
        vec(any::<u8>(), 0..9).prop_map(Value::Bytes),
        vec(any::<u8>(), 0..9).prop_map(Value::ByteArray),
        (any::<i64>(), any::<i64>(), 1..9_i64).prop_map(|(start, stop, step)| Value::Range(
            start.into(),
            stop.into(),
            step.into()
        )),
    ]
}

fn value() -> impl Strategy<Value = Value> {
    leaf().prop_recursive(4, 40, 6, |inner| {
        let keys = || {
            vec(inner.clone().prop_filter("hashable", Value::is_hashable), 0..5).prop_map(distinct)
        };
        let named = || (text(), inner.clone());
        prop_oneof![
            vec(inner.clone(), 0..6).prop_map(Value::List),
            vec(inner.clone(), 0..6).prop_map(Value::Tuple),
            keys().prop_map(|items| Value::Set(items.into())),
            keys().prop_map(|items| Value::FrozenSet(items.into())),
            (keys(), vec(inner.clone(), 5))
                .prop_map(|(keys, values)| Value::Dict(keys.into_iter().zip(values).collect())),
            vec(inner.clone(), 0..4)
                .prop_map(|items| Value::Items { class: class("dict_values"), items }),
            vec(named(), 0..4).prop_map(|fields| Value::Object {
                class: class("shop.Cart"),
                fields: named_once(fields)
            }),
        ]
    })
}

/// Leaves out what stands there already, by the comparison under test and by text.
fn distinct(values: Vec<Value>) -> Vec<Value> {
    let mut kept: Vec<Value> = Vec::new();
    for value in values {
        let known = |other: &Value| other.same(&value) || other.canonical() == value.canonical();
        if !kept.iter().any(known) {
            kept.push(value);
        }
    }
    kept
}

fn named_once(fields: Vec<(String, Value)>) -> Vec<(String, Value)> {
    let named: std::collections::BTreeMap<String, Value> = fields.into_iter().collect();
    named.into_iter().rev().collect()
}

fn class(name: &str) -> TypeName {
    TypeName::parse(name).expect("a type name")
}

fn alone(value: &Value) -> backstory_verify::Item {
    let name = value.type_name();
    let asked = asked(1, Kind::FinalOutput, &value.canonical(), Some(name.as_str()));
    item(ItemType::Single, vec![asked])
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_value_is_what_its_json_says(value in value()) {
        for json in [value.canonical(), value.in_order()] {
            let read = Value::parse(&json).expect("what was written is read");
            prop_assert!(read.same(&value) && value.same(&read), "{json}");
            prop_assert_eq!(read.canonical(), value.canonical());
            prop_assert_eq!(read.digest(), value.digest());
        }
        prop_assert_eq!(Value::parse(&value.in_order()).expect("read").in_order(), value.in_order());
    }

    #[test]
    fn every_value_can_be_answered(value in value()) {
        let json = value.in_order();
        let text = block(&[&format!("{{\"q\":1,\"value\":{json}}}")]);
        let found = worth(&alone(&value), &text, &RewardOptions::default());
        prop_assert!((found - 2.0).abs() < 1e-12, "{text}");
    }

    #[test]
    fn the_order_of_a_dict_is_kept_and_does_not_count(
        keys in vec(-50..50_i64, 0..9), turn in 0..9_usize,
    ) {
        let mut keys: Vec<i64> = keys;
        keys.sort_unstable();
        keys.dedup();
        let pairs = |keys: &[i64]| {
            Value::Dict(keys.iter().map(|key| (Value::Int((*key).into()), Value::None)).collect())
        };
        let one = pairs(&keys);
        if !keys.is_empty() {
            let places = keys.len();
            keys.rotate_left(turn % places);
        }
        let two = pairs(&keys);
        prop_assert!(one.same(&two));
        prop_assert_eq!(one.canonical(), two.canonical());
        prop_assert_eq!(Value::parse(&two.in_order()).expect("read").in_order(), two.in_order());
    }

    #[test]
    fn another_value_is_another_answer(one in value(), two in value()) {
        // Equal texts are the same value; the same value has equal texts but for close floats.
        if one.canonical() == two.canonical() {
            prop_assert!(one.same(&two));
        } else if one.same(&two) {
            let texts = [one.canonical(), two.canonical()];
            prop_assert!(texts.iter().all(|text| text.contains(['.', 'e'])), "{texts:?}");
        }
        prop_assert_eq!(one.same(&two), two.same(&one));
    }
}

#[test]
fn what_looks_like_a_value_and_is_none_is_refused() {
    for text in [
        "",
        "nan",
        "1 2",
        "{}",
        "{\"a\":1}",
        "{\"tuple\":[1],\"list\":[1]}",
        "{\"tuple\":1}",
        "{\"int\":1}",
        "{\"int\":\"01\"}",
        "{\"int\":\"1e3\"}",
        "{\"float\":\"1.5\"}",
        "{\"float\":\"NaN\"}",
        "1e999",
        "{\"complex\":[1,2]}",
        "{\"complex\":[1.0]}",
        "{\"bytes\":\"0\"}",
        "{\"bytes\":\"é0\"}",
        "{\"set\":[[1]]}",
        "{\"set\":[{\"tuple\":[[1]]}]}",
        "{\"dict\":[[[1],2]]}",
        "{\"dict\":[[1]]}",
        "{\"dict\":[[1,2],[1,3]]}",
        "{\"dict\":[[0.0,2],[{\"float\":\"-0.0\"},3]]}",
        "{\"set\":[1,2,1]}",
        "{\"frozenset\":[{\"tuple\":[]},{\"tuple\":[]}]}",
        "{\"object\":{\"class\":\"A\",\"fields\":[[\"b\",1],[\"b\",2]]}}",
        "{\"range\":[0,1,0]}",
        "{\"range\":[0,true,1]}",
        "{\"slice\":[1,2]}",
        "{\"items\":{\"class\":\"a b\",\"items\":[]}}",
        "{\"object\":{\"class\":\"A\",\"number\":1}}",
        "{\"object\":{\"class\":\"A\"}}",
        "{\"object\":{\"class\":\"A\",\"fields\":[],\"id\":1}}",
        "{\"truncated\":{\"class\":\"list\"}}",
        "{\"str\":[1114112]}",
        "{\"ref\":0}",
        "[{\"ref\":1}]",
        "[{\"ref\":-1}]",
        "{\"eval\":\"1\"}",
    ] {
        assert!(Value::parse(text).is_err(), "{text}");
    }
    let deep = "[".repeat(100_000) + &"]".repeat(100_000);
    assert!(Value::parse(&deep).is_err());
    assert!(Value::parse(&("[".repeat(65) + &"]".repeat(65))).is_err());
    assert!(Value::parse(&("[".repeat(64) + &"]".repeat(64))).is_ok());
}

#[test]
fn other_spellings_of_a_value_are_that_value() {
    for (text, canonical) in [
        ("9007199254740993", "{\"int\":\"9007199254740993\"}"),
        ("{\"int\":\"5\"}", "5"),
        ("-0", "0"),
        ("-0.0", "{\"float\":\"-0.0\"}"),
        ("1E2", "100.0"),
        ("{\"set\":[10,9]}", "{\"set\":[10,9]}"),
        ("{\"set\":[9,10]}", "{\"set\":[10,9]}"),
        ("{\"bytes\":\"FF\"}", "{\"bytes\":\"ff\"}"),
        ("\"\\u0041\\/\"", "\"A/\""),
        ("{\"str\":[65]}", "\"A\""),
        ("\"\\ud800\"", "{\"str\":[55296]}"),
        (" [ { \"ref\" : 0 } ] ", "[{\"ref\":0}]"),
    ] {
        assert_eq!(Value::parse(text).expect(text).canonical(), canonical);
    }
}
