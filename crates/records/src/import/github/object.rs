//! What do the fields of one foreign JSON object say?
//!
//! In: the text of an object. Out: its fields, read one by one and only when asked
//! for, so that what nobody asks for can have any shape. `null` reads as absent.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;

use backstory_model::RecordId;
use jiff::Timestamp;
use serde::de::{DeserializeOwned, MapAccess, Visitor};
use serde::{Deserialize, Deserializer};
use serde_json::value::RawValue;

/// Says why an object is no record.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Wrong {
    /// A field has another shape.
    #[error("`{name}` is not {expected}")]
    Field {
        /// Its name.
        name: String,
        /// What it should be.
        expected: &'static str,
    },
    /// A field is not there.
    #[error("`{name}` is missing")]
    Missing {
        /// Its name.
        name: &'static str,
    },
    /// Nothing says what it belongs to.
    #[error("nothing tells which {what} it belongs to")]
    Nowhere {
        /// Of what kind that would be.
        what: &'static str,
    },
    /// It is something that its endpoint does not give.
    #[error("reads as {found}")]
    Other {
        /// What it reads as.
        found: &'static str,
    },
    /// It is no JSON.
    #[error("{0}")]
    Json(#[from] serde_json::Error),
}

/// The fields of one object, in the order of the text.
#[derive(Debug, Default)]
pub(crate) struct Object<'a> {
    fields: Vec<(Cow<'a, str>, &'a RawValue)>,
}

impl<'a> Object<'a> {
    /// Reads the fields of an object.
    pub(crate) fn read(raw: &'a RawValue) -> Result<Self, Wrong> {
        Ok(serde_json::from_str(raw.get())?)
    }

    /// Returns true where a field is there, even if it is `null`.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|(key, _)| key == name)
    }

    /// Returns the fields but for some, as they are written.
    pub(crate) fn without(&self, left_out: impl Fn(&str) -> bool) -> BTreeMap<&str, &'a RawValue> {
        let kept = self.fields.iter().filter(|(key, _)| !left_out(key));
        kept.map(|(key, raw)| (key.as_ref(), *raw)).collect()
    }

    /// Returns a field as it is written; of several with one name the last one counts.
    pub(crate) fn raw(&self, name: &str) -> Option<&'a RawValue> {
        let (_, raw) = self.fields.iter().rev().find(|(key, _)| key == name)?;
        (raw.get() != "null").then_some(*raw)
    }

    /// Returns a text.
    pub(crate) fn text(&self, name: &str) -> Result<Option<String>, Wrong> {
        self.field(name, "text")
    }

    /// Returns a text that must be there.
    pub(crate) fn need_text(&self, name: &'static str) -> Result<String, Wrong> {
        self.text(name)?.ok_or(Wrong::Missing { name })
    }

    /// Returns a text in lower case; an empty one is absent.
    pub(crate) fn word(&self, name: &str) -> Result<Option<String>, Wrong> {
        let text = self.text(name)?.filter(|text| !text.is_empty());
        Ok(text.map(|text| text.to_ascii_lowercase()))
    }

    /// Returns a whole number from 0, also where it is written with a fraction of zero.
    pub(crate) fn number(&self, name: &str) -> Result<Option<u64>, Wrong> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let wrong = || Wrong::Field { name: name.to_owned(), expected: "a whole number" };
        whole_number(raw.get()).map(Some).ok_or_else(wrong)
    }

    /// Returns a whole number that must be there.
    pub(crate) fn need_number(&self, name: &'static str) -> Result<u64, Wrong> {
        self.number(name)?.ok_or(Wrong::Missing { name })
    }

    /// Returns what a thing is called by its forge: a number, or a word of few letters.
    pub(crate) fn name_of(&self, name: &'static str) -> Result<Option<String>, Wrong> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        if let Some(number) = whole_number(raw.get()) {
            return Ok(Some(number.to_string()));
        }
        let text = self.field::<String>(name, "a number or a name")?.unwrap_or_default();
        let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_=+/.:".contains(&byte);
        if text.is_empty() || text.len() > 200 || !text.bytes().all(plain) {
            return Err(Wrong::Field { name: name.to_owned(), expected: "a number or a name" });
        }
        Ok(Some(text))
    }

    /// Returns the id of a record, a prefix like `comment:` and a name that must be there.
    pub(crate) fn id(&self, prefix: &str, name: &'static str) -> Result<RecordId, Wrong> {
        let id = self.name_of(name)?.ok_or(Wrong::Missing { name })?;
        Ok(RecordId::new(format!("{prefix}{id}")))
    }

    /// Returns a time in UTC. A time that no calendar knows is absent, not wrong:
    /// times are set by whoever wrote the commit or the dump.
    pub(crate) fn time(&self, name: &str) -> Option<String> {
        let raw = self.raw(name)?;
        let time = match whole_number(raw.get()) {
            Some(seconds) => Timestamp::from_second(i64::try_from(seconds).ok()?).ok()?,
            None => utc(&serde_json::from_str::<String>(raw.get()).ok()?)?,
        };
        Some(time.to_string())
    }

    /// Returns true or false; false where it is absent.
    pub(crate) fn flag(&self, name: &str) -> Result<bool, Wrong> {
        Ok(self.field(name, "true or false")?.unwrap_or_default())
    }

    /// Returns the fields of an object inside this one.
    pub(crate) fn object(&self, name: &str) -> Result<Option<Object<'a>>, Wrong> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let wrong = |_| Wrong::Field { name: name.to_owned(), expected: "an object" };
        Object::read(raw).map(Some).map_err(wrong)
    }

    /// Returns true for an issue that is a pull request. Until 2013 GitHub gave every
    /// issue the object that tells them apart, with nothing but `null` in it.
    pub(crate) fn is_pull_request(&self) -> bool {
        let Ok(Some(listed)) = self.object("pull_request") else {
            return self.raw("pull_request").is_some();
        };
        let tells_nothing = listed.fields.iter().all(|(_, raw)| raw.get() == "null");
        !tells_nothing || listed.fields.is_empty() || listed.has("merged_at")
    }

    /// Returns what a list holds; an absent one is empty.
    pub(crate) fn list(&self, name: &str) -> Result<Vec<&'a RawValue>, Wrong> {
        let Some(raw) = self.raw(name) else { return Ok(Vec::new()) };
        let wrong = |_| Wrong::Field { name: name.to_owned(), expected: "a list" };
        serde_json::from_str(raw.get()).map_err(wrong)
    }

    /// Returns the objects of a list.
    pub(crate) fn objects(&self, name: &str) -> Result<Vec<Object<'a>>, Wrong> {
        let wrong = |_| Wrong::Field { name: name.to_owned(), expected: "a list of objects" };
        self.list(name)?.into_iter().map(|raw| Object::read(raw).map_err(wrong)).collect()
    }

    fn field<T: DeserializeOwned>(
        &self,
        name: &str,
        expected: &'static str,
    ) -> Result<Option<T>, Wrong> {
        let Some(raw) = self.raw(name) else { return Ok(None) };
        let wrong = |_| Wrong::Field { name: name.to_owned(), expected };
        serde_json::from_str(raw.get()).map(Some).map_err(wrong)
    }
}

/// Reads a time; without a zone it is taken as UTC, as forges write it.
pub(crate) fn utc(text: &str) -> Option<Timestamp> {
    let text = text.trim();
    let zoned = || format!("{text}Z").parse::<Timestamp>();
    text.parse::<Timestamp>().or_else(|_| zoned()).ok()
}

/// Reads a number without a sign and without a fraction that says something.
fn whole_number(text: &str) -> Option<u64> {
    if let Ok(number) = text.parse() {
        return Some(number);
    }
    let (whole, rest) = text.split_once('.')?;
    rest.bytes().all(|byte| byte == b'0').then(|| whole.parse().ok()).flatten()
}

impl<'de: 'a, 'a> Deserialize<'de> for Object<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(Fields)
    }
}

struct Fields;

impl<'de> Visitor<'de> for Fields {
    type Value = Object<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Object<'de>, A::Error> {
        let mut fields = Vec::with_capacity(32);
        while let Some((Key(key), raw)) = map.next_entry::<Key<'de>, &'de RawValue>()? {
            fields.push((key, raw));
        }
        Ok(Object { fields })
    }
}

#[derive(Deserialize)]
struct Key<'a>(#[serde(borrow)] Cow<'a, str>);

#[cfg(test)]
mod tests {
    use super::Object;

    fn object(text: &str) -> Object<'_> {
        serde_json::from_str(text).expect("an object")
    }

    #[test]
    fn fields_are_read_when_asked_for_and_null_is_absent() {
        let object = object(r#"{"title":"a","n":12.0,"x":null,"id":"IC_1","t\u0069me":1}"#);
        assert_eq!(object.need_text("title").expect("a text"), "a");
        assert_eq!(object.number("n").expect("a number"), Some(12));
        assert_eq!(object.text("x").expect("absent"), None);
        assert!(object.has("x") && object.has("time"));
        assert_eq!(object.id("comment:", "id").expect("an id").as_str(), "comment:IC_1");
        assert_eq!(
            object.number("title").expect_err("no number").to_string(),
            "`title` is not a whole number"
        );
    }

    #[test]
    fn times_are_in_utc_and_forged_ones_are_absent() {
        let object = object(
            r#"{"a":"2020-01-02T03:04:05+02:00","b":"99999-01-01T00:00:00Z","c":0,"d":"2020-01-02 03:04:05"}"#,
        );
        assert_eq!(object.time("a").as_deref(), Some("2020-01-02T01:04:05Z"));
        assert_eq!(object.time("b"), None);
        assert_eq!(object.time("c").as_deref(), Some("1970-01-01T00:00:00Z"));
        assert_eq!(object.time("d").as_deref(), Some("2020-01-02T03:04:05Z"));
    }

    #[test]
    fn of_two_fields_with_one_name_the_last_one_counts() {
        assert_eq!(object(r#"{"a":1,"a":2}"#).number("a").expect("a number"), Some(2));
    }
}
