//! Is there a field of a trajectory that can be altered unnoticed?
//!
//! Every value of the sample's JSON text is altered in several ways, one at a
//! time. Either the text no longer is a trajectory, or the audit has a finding,
//! or the field is on the list of what nobody but the digests protects.

use serde_json::Value;

use crate::sample::sample;

/// What the audit does not derive again, with the reason.
const UNCOVERED: &[&str] = &[
    // Every version this build reads is as good.
    "schema.minor",
    // Decided by the author's grammar or by its measurements.
    "unit.labels.source_files",
    "unit.labels.test_files",
    "unit.labels.inline_test_files",
    "unit.labels.test_source",
    "unit.labels.docs_only",
    "unit.labels.bot",
    "unit.labels.revert",
    "unit.labels.languages",
    "unit.links.0.target",
    "unit.links.0.method",
    "unit.links.0.confidence",
    "license.spdx",
    // Compared with the log and the mainline when a whole run is audited.
    "unit.position",
    // Judgments about the text, not the text.
    "requirement.source",
    "requirement.as_it_stood",
    "requirement.flags",
    // A phase that nothing fixes but the order.
    "steps.21.phase",
    // Another story that is just as true: less is seen, or the same is asked for
    // in other words.
    "unit.links",
    "license",
    "steps",
    "steps.1.action.depth",
    "steps.3.action.whole_word",
    "steps.4.action.end",
    "steps.5.action.start",
    "steps.5.action.end",
    "steps.6.action.end",
    "steps.11.action.start",
    "steps.11.action.end",
];

/// Returns true when the field itself, or a leaf below it, is on the list.
fn is_uncovered(name: &str) -> bool {
    let whole = ["unit.links", "license", "steps"];
    let below = |field: &&&str| !whole.contains(*field) && name.starts_with(&format!("{field}."));
    UNCOVERED.contains(&name) || UNCOVERED.iter().any(|field| below(&field))
}

/// Returns other values for this one.
fn others(value: &Value) -> Vec<Value> {
    match value {
        Value::Null => vec![Value::from(0), Value::from("x"), Value::from(true)],
        Value::Bool(flag) => vec![Value::from(!flag), Value::Null],
        Value::Number(number) => {
            let number = number.as_i64().expect("a small number");
            vec![Value::from(number + 1), Value::from(number - 1), Value::from(0), Value::Null]
                .into_iter()
                .filter(|other| other.as_i64() != Some(number))
                .collect()
        }
        Value::String(text) => {
            let mut texts = vec![format!("{text}x"), String::new(), swapped_first(text)];
            texts.extend(WORDS.iter().map(|word| (*word).to_owned()));
            texts.retain(|other| other != text);
            texts.into_iter().map(Value::from).chain([Value::Null]).collect()
        }
        Value::Array(list) if list.is_empty() => vec![Value::Null, Value::from(vec!["x"])],
        Value::Array(list) => (0..list.len())
            .map(|index| {
                let mut shorter = list.clone();
                shorter.remove(index);
                Value::Array(shorter)
            })
            .collect(),
        Value::Object(_) => vec![Value::Null],
    }
}

/// Words of the format, so that one can stand in the place of another.
const WORDS: &[&str] = &[
    "requirements",
    "localization",
    "reading",
    "editing",
    "debugging",
    "validation",
    "user",
    "agent",
    "observed",
    "derived",
    "100644",
    "100755",
    "120000",
    "160000",
    "100664",
    "issue",
    "change",
    "pseudo_issue",
    "authored",
    "file",
    "directory",
    "binary",
    "not_utf8",
    "too_large",
    "missing",
    "submodule",
    "exact",
    "not_later_edited",
];

/// Changes the first character into another hexadecimal digit.
fn swapped_first(text: &str) -> String {
    let mut chars = text.chars();
    match chars.next() {
        Some('0') => format!("1{}", chars.as_str()),
        Some(_) => format!("0{}", chars.as_str()),
        None => "0".to_owned(),
    }
}

/// Lists the pointers of all values below this one.
fn pointers(value: &Value, at: &str, found: &mut Vec<String>) {
    let inside: Vec<(String, &Value)> = match value {
        Value::Object(map) => map.iter().map(|(key, value)| (key.clone(), value)).collect(),
        Value::Array(list) => {
            list.iter().enumerate().map(|(index, value)| (index.to_string(), value)).collect()
        }
        _ => Vec::new(),
    };
    for (key, value) in inside {
        let at = format!("{at}/{key}");
        found.push(at.clone());
        pointers(value, &at, found);
    }
}

#[test]
fn no_field_is_altered_unnoticed() {
    let good = sample();
    let json = serde_json::to_value(&good.trajectory).expect("a trajectory is JSON");
    let mut all = Vec::new();
    pointers(&json, "", &mut all);
    let (mut tried, mut unnoticed) = (0, Vec::new());
    for pointer in &all {
        let name = pointer[1..].replace('/', ".");
        if is_uncovered(&name) {
            continue;
        }
        for other in others(json.pointer(pointer).expect("it was listed")) {
            let mut altered = json.clone();
            *altered.pointer_mut(pointer).expect("it was listed") = other.clone();
            let Ok(trajectory) = serde_json::from_value(altered) else { continue };
            if trajectory == good.trajectory {
                continue;
            }
            tried += 1;
            let mut bad = good.clone();
            bad.trajectory = trajectory;
            if bad.audit().is_clean() {
                unnoticed.push(format!("{name} = {:.80}", other.to_string()));
            }
        }
    }
    assert!(unnoticed.is_empty(), "{} of {tried}: {unnoticed:#?}", unnoticed.len());
    assert!(tried > 500, "only {tried} alterations are trajectories at all");
}
