//! What does a reader know of a value that a prompt shows?
//!
//! In: the canonical JSON of a trace. Out: whether it is shown whole, and what is certain
//! about it otherwise. Touches nothing.

use backstory_model::{ValueText, Variables};
use serde_json::Value as Json;

/// What is known of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Seen {
    /// A builtin type, shown whole.
    Plain,
    /// The same, but the order of a set in it is not known.
    Unordered,
    /// A builtin container, shown whole but for objects of other classes in it.
    Holds,
    /// An object of another class; that it is one, and not `None`, is known.
    Thing,
    /// A builtin class.
    Class,
}

/// Views whose elements are told; iterators are used up by whoever looks.
const VIEWS: [&str; 3] = ["dict_keys", "dict_values", "dict_items"];

/// Tags of what is empty or not.
const CONTAINERS: [&str; 4] = ["tuple", "dict", "set", "frozenset"];

impl Seen {
    /// Returns what is known of a value; `None` where it is not told.
    pub(super) fn of(value: &Json) -> Option<Self> {
        match value {
            Json::Null | Json::Bool(_) | Json::Number(_) | Json::String(_) => Some(Self::Plain),
            Json::Array(items) => Self::of_all(items),
            Json::Object(tagged) => {
                let (tag, inner) = tagged.iter().next()?;
                match (tag.as_str(), inner) {
                    ("tuple" | "dict", Json::Array(items)) => Self::of_all(items),
                    ("set" | "frozenset", Json::Array(items)) => {
                        let all = Self::of_all(items)?;
                        Some(if items.len() > 1 { all.max(Self::Unordered) } else { all })
                    }
                    ("items", Json::Object(view)) => {
                        let class = view.get("class")?.as_str()?;
                        let items = view.get("items")?.as_array()?;
                        VIEWS.contains(&class).then(|| Self::of_all(items))?
                    }
                    ("object", _) => Some(Self::Thing),
                    (
                        "int" | "float" | "complex" | "str" | "bytes" | "bytearray" | "range"
                        | "slice",
                        _,
                    ) => Some(Self::Plain),
                    // What is larger than the limits, differs, or leads back.
                    _ => None,
                }
            }
        }
    }

    fn of_all(items: &[Json]) -> Option<Self> {
        items.iter().try_fold(Self::Plain, |all, item| {
            let one = Self::of(item)?;
            Some(all.max(if one == Self::Thing { Self::Holds } else { one }))
        })
    }

    /// Says whether an `if` can be decided: an object of another class may decide itself.
    pub(super) fn has_truth(self) -> bool {
        matches!(self, Self::Plain | Self::Unordered | Self::Holds)
    }
}

/// Returns whether a shown value counts as true; `None` where that is not told.
pub(super) fn truth(value: &Json) -> Option<bool> {
    Some(match value {
        Json::Null => false,
        Json::Bool(is) => *is,
        Json::Number(number) => number.as_f64()? != 0.0,
        Json::String(text) => !text.is_empty(),
        Json::Array(items) => !items.is_empty(),
        Json::Object(tagged) => match tagged.iter().next()? {
            (tag, Json::Array(items)) if CONTAINERS.contains(&tag.as_str()) => !items.is_empty(),
            (tag, Json::String(text)) if tag == "bytes" || tag == "bytearray" => !text.is_empty(),
            (tag, Json::String(text)) if tag == "float" => text != "-0.0",
            (tag, _) if tag == "int" => true,
            _ => return None,
        },
    })
}

/// Reads the JSON of a variable.
pub(super) fn variable(state: &Variables, name: &str) -> Option<Json> {
    serde_json::from_str(state.get(name)?.as_str()).ok()
}

/// Returns the value of a field of an object that is shown with its fields.
pub(super) fn field<'v>(value: &'v Json, name: &str) -> Option<&'v Json> {
    let fields = value.get("object")?.get("fields")?.as_array()?;
    let mut found = fields.iter().filter_map(|pair| {
        let [Json::String(field), value] = pair.as_array()?.as_slice() else { return None };
        (field == name).then_some(value)
    });
    found.next()
}

/// Returns an object with those of its fields that pass; other values stay as they are.
pub(super) fn with_fields(value: &ValueText, keep: impl Fn(&str) -> bool) -> String {
    let Ok(mut json) = serde_json::from_str::<Json>(value.as_str()) else {
        return value.to_string();
    };
    let fields = json.get_mut("object").and_then(|object| object.get_mut("fields"));
    if let Some(Json::Array(fields)) = fields {
        fields.retain(|pair| pair.get(0).and_then(Json::as_str).is_some_and(&keep));
        return json.to_string();
    }
    value.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seen(text: &str) -> Option<Seen> {
        Seen::of(&serde_json::from_str(text).unwrap())
    }

    #[test]
    fn what_is_known_follows_from_what_is_shown() {
        assert_eq!(seen(r#"{"dict":[["a",{"tuple":[1,null]}]]}"#), Some(Seen::Plain));
        assert_eq!(seen(r#"[{"set":[1,2]}]"#), Some(Seen::Unordered));
        assert_eq!(seen(r#"{"set":[1]}"#), Some(Seen::Plain));
        assert_eq!(seen(r#"[{"object":{"class":"A","number":3}},1]"#), Some(Seen::Holds));
        assert_eq!(seen(r#"{"object":{"class":"A","fields":[]}}"#), Some(Seen::Thing));
        assert_eq!(seen(r#"[{"truncated":{"class":"str"}}]"#), None);
        assert_eq!(seen(r#"{"items":{"class":"list_iterator","items":[]}}"#), None);
        assert_eq!(seen(r#"[{"ref":0}]"#), None);
    }

    #[test]
    fn what_counts_as_true_is_what_python_says() {
        let truth = |text: &str| truth(&serde_json::from_str(text).unwrap());
        for text in ["null", "0", "0.0", "\"\"", "[]", r#"{"dict":[]}"#, r#"{"bytes":""}"#] {
            assert_eq!(truth(text), Some(false), "{text}");
        }
        for text in ["1", "[0]", r#"{"tuple":[null]}"#, r#"{"float":"nan"}"#, r#"{"int":"9"}"#] {
            assert_eq!(truth(text), Some(true), "{text}");
        }
        assert_eq!(truth(r#"{"object":{"class":"A","fields":[]}}"#), None);
        assert_eq!(truth(r#"{"range":[0,0,1]}"#), None);
        assert_eq!(truth(r#"{"complex":[0.0,0.0]}"#), None);
    }

    #[test]
    fn an_object_is_shown_with_the_fields_that_are_named() {
        let text = r#"{"object":{"class":"A","fields":[["a",1],["b",[2]]]}}"#;
        let json: Json = serde_json::from_str(text).unwrap();
        assert_eq!(field(&json, "b"), Some(&serde_json::json!([2])));
        assert_eq!(field(&json, "c"), None);
        let value = ValueText::new(text.to_owned()).unwrap();
        let shown = with_fields(&value, |name| name == "b");
        assert_eq!(shown, r#"{"object":{"class":"A","fields":[["b",[2]]]}}"#);
    }
}
