//! What does a record say without the people in it?
//!
//! In: a record and its line. Out: the record and the line with pseudonyms. Only
//! what this build knows of a record stays: nobody can say whom the original object
//! (`raw`) or a key of somebody else names. What a program printed stays, but for
//! authors as git prints them.

use std::collections::BTreeMap;

use backstory_identity::Authors;
use backstory_model::{Record, RecordId};
use serde_json::Value;
use serde_json::value::{RawValue, to_raw_value};

use crate::line::written;

/// Events whose `from` and `to` are accounts.
const ABOUT_PEOPLE: [&str; 6] = [
    "assigned",
    "unassigned",
    "review_requested",
    "review_request_removed",
    "mentioned",
    "subscribed",
];

/// Puts pseudonyms in the place of people.
pub(super) fn hide(record: &mut Record, authors: &Authors) {
    match record {
        Record::Issue(issue) => {
            name(&mut issue.author, authors);
            prose([&mut issue.body], authors);
            issue.title = authors.prose(&issue.title).into_string();
        }
        Record::Change(change) => {
            name(&mut change.author, authors);
            prose([&mut change.body], authors);
            change.title = authors.prose(&change.title).into_string();
        }
        Record::Review(review) => {
            id(&mut review.id, authors);
            name(&mut review.author, authors);
            prose([&mut review.body], authors);
        }
        Record::Comment(comment) => {
            id(&mut comment.id, authors);
            comment.in_reply_to.iter_mut().for_each(|answered| id(answered, authors));
            name(&mut comment.author, authors);
            prose([&mut comment.body], authors);
        }
        Record::Event(event) => {
            name(&mut event.author, authors);
            if ABOUT_PEOPLE.contains(&event.event.as_str()) {
                name(&mut event.from, authors);
                name(&mut event.to, authors);
            } else {
                prose([&mut event.from, &mut event.to], authors);
            }
        }
        Record::CiRun(run) => {
            run.branch = run.branch.take().map(|branch| authors.branch(&branch));
        }
        Record::Annotation(annotation) => {
            printed([&mut annotation.title, &mut annotation.message], authors);
        }
        Record::TestResult(result) => printed([&mut result.message], authors),
        Record::CiJob(_) | Record::LogRef(_) => {}
    }
}

fn name(who: &mut Option<String>, authors: &Authors) {
    *who = who.take().map(|who| authors.name(&who));
}

fn prose<const N: usize>(texts: [&mut Option<String>; N], authors: &Authors) {
    for text in texts {
        *text = text.take().map(|text| authors.prose(&text).into_string());
    }
}

fn printed<const N: usize>(texts: [&mut Option<String>; N], authors: &Authors) {
    for text in texts {
        *text = text.take().map(|text| authors.printed(&text).into_string());
    }
}

fn id(id: &mut RecordId, authors: &Authors) {
    *id = RecordId::new(authors.record_id(id.as_str()));
}

/// Returns the line of a record that was hidden; `line` says how it was written.
pub(super) fn hidden_line(
    line: &[u8],
    before: &Record,
    hidden: &Record,
) -> Result<Vec<u8>, serde_json::Error> {
    let written_as: BTreeMap<String, &RawValue> = serde_json::from_slice(line)?;
    let (before, hidden) = (serde_json::to_value(before)?, serde_json::to_value(hidden)?);
    let mut kept: BTreeMap<String, Box<RawValue>> = BTreeMap::new();
    for (name, value) in hidden.as_object().into_iter().flatten() {
        let Some(raw) = written_as.get(name) else { continue };
        // What lies deeper may hold keys this build does not know.
        let is_deep = !value.is_string() && raw.get().contains('{');
        let value = if before.get(name) == Some(value) && !is_deep {
            (*raw).to_owned()
        } else {
            to_raw_value(&told(value))?
        };
        kept.insert(name.clone(), value);
    }
    let fields = kept.iter().map(|(name, value)| (name.clone(), &**value)).collect();
    written(fields, &hidden, line.len())
}

/// Returns a value without what holds nothing.
fn told(value: &Value) -> Value {
    match value {
        Value::Object(fields) => {
            let full = fields.iter().filter(|(_, value)| !is_empty(value));
            Value::Object(full.map(|(name, value)| (name.clone(), told(value))).collect())
        }
        Value::Array(values) => Value::Array(values.iter().map(told).collect()),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => value.clone(),
    }
}

fn is_empty(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::Object(fields) => fields.is_empty(),
        Value::Array(values) => values.is_empty(),
        Value::Bool(_) | Value::Number(_) | Value::String(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use backstory_identity::Authors;

    use super::{hidden_line, hide};
    use crate::line::record_of;

    fn hidden(line: &str) -> String {
        let record = record_of(line.as_bytes()).expect("a record").expect("of a known kind");
        let mut without = record.clone();
        hide(&mut without, &Authors::default());
        let line = hidden_line(line.as_bytes(), &record, &without).expect("a record");
        String::from_utf8(line).expect("text")
    }

    #[test]
    fn nothing_that_may_name_people_stays() {
        let ada = Authors::default().name("ada");
        let line = r#"{"kind":"comment","id":"comment:issue:1/2024-05-01T12:00:00Z/ada","on":"issue:1","author":"Ada","body":"cc @ada","line":07e0,"assignee":"ada","path":"a@b.org","raw":{"user":"ada"}}"#;
        let line = line.replace("07e0", "7");
        let expected = format!(
            r#"{{"kind":"comment","id":"comment:issue:1/2024-05-01T12:00:00Z/{ada}","author":"{ada}","body":"cc @{ada}","line":7,"on":"issue:1","path":"a@b.org"}}"#
        );
        assert_eq!(hidden(&line), expected);
        assert_eq!(hidden(&expected), expected);
    }

    #[test]
    fn words_nobody_knows_stay_and_keys_nobody_knows_do_not() {
        let line = r#"{"kind":"ci_job","id":"job:1","run":"run:1","name":"test","conclusion":"odd","steps":[{"number":1,"name":"x","conclusion":"success","by":"ada"}]}"#;
        assert_eq!(
            hidden(line),
            r#"{"kind":"ci_job","id":"job:1","conclusion":"odd","name":"test","run":"run:1","steps":[{"number":1,"name":"x","conclusion":"success"}]}"#
        );
    }

    #[test]
    fn an_event_about_people_names_them_by_pseudonym() {
        let ada = Authors::default().name("ada");
        let line = r#"{"kind":"event","id":"event:1","on":"issue:1","event":"assigned","author":"ada","to":"ada"}"#;
        assert_eq!(hidden(line).matches(&ada).count(), 2);
        let line = line.replace("assigned", "labeled");
        assert!(hidden(&line).ends_with(r#""on":"issue:1","to":"ada"}"#));
    }
}
