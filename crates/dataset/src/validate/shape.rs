//! Which keys may an object have, and what may stand in them?

use serde_json::{Map, Value};

use super::Report;

/// What may stand under a key.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    Text,
    /// A text, or a list of content parts.
    Content,
    Count,
    Number,
    TextOrNumber,
    Boolean,
    Object,
    List,
}

impl Kind {
    pub(super) fn fits(self, value: &Value) -> bool {
        match self {
            Self::Text => value.is_string(),
            Self::Content => value.is_string() || value.is_array(),
            Self::Count => value.is_u64(),
            Self::Number => value.is_number(),
            Self::TextOrNumber => value.is_string() || value.is_number(),
            Self::Boolean => value.is_boolean(),
            Self::Object => value.is_object(),
            Self::List => value.is_array(),
        }
    }

    pub(super) fn describe(self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Content => "a text or a list of parts",
            Self::Count => "a whole number of at least 0",
            Self::Number => "a number",
            Self::TextOrNumber => "a text or a number",
            Self::Boolean => "true or false",
            Self::Object => "an object",
            Self::List => "a list",
        }
    }
}

/// One key of an object: its name, what stands under it, whether it must be there.
pub(super) type Key = (&'static str, Kind, Presence);

/// Whether a key must be there.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    Required,
    Optional,
}

/// Takes a value as an object, or reports that it is none.
pub(super) fn object<'v>(
    report: &mut Report,
    place: &str,
    value: &'v Value,
) -> Option<&'v Map<String, Value>> {
    let object = value.as_object();
    if object.is_none() {
        report.rejected(place, "is not an object");
    }
    object
}

/// Reports unknown keys, missing keys and values of another kind. Null stands
/// for an absent value, except where the key is required.
pub(super) fn keys(report: &mut Report, place: &str, object: &Map<String, Value>, keys: &[Key]) {
    for name in object.keys() {
        if !keys.iter().any(|(known, ..)| known == name) {
            report.rejected(place, format!("has the key {name:?}, which the format does not know"));
        }
    }
    for (name, kind, presence) in keys {
        match object.get(*name) {
            None if *presence == Presence::Required => {
                report.rejected(place, format!("lacks the key `{name}`"));
            }
            None => {}
            Some(Value::Null) if *presence == Presence::Optional => {}
            Some(value) if kind.fits(value) => {}
            Some(_) => {
                report.rejected(
                    place,
                    format!("holds under `{name}` what is not {}", kind.describe()),
                );
            }
        }
    }
}

/// Returns the list under a key; empty when there is none.
pub(super) fn list<'v>(object: &'v Map<String, Value>, key: &str) -> &'v [Value] {
    object.get(key).and_then(Value::as_array).map_or(&[], Vec::as_slice)
}

/// Returns the text under a key.
pub(super) fn text<'v>(object: &'v Map<String, Value>, key: &str) -> Option<&'v str> {
    object.get(key).and_then(Value::as_str)
}

/// Says whether a key holds something.
pub(super) fn holds(object: &Map<String, Value>, key: &str) -> bool {
    object.get(key).is_some_and(|value| !value.is_null())
}
