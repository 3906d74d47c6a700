//! What was said and done about an issue or merge request, as GitLab tells it?
//!
//! In: notes, discussions and versions of merge requests. Out: comments; notes that
//! the server wrote itself become events, and so does every version: it names a
//! head that was pushed, also one that a later push took away.

use super::{Seen, Told, author};
use crate::import::github::object::{Object, Wrong};
use backstory_model::{CommentRecord, EventRecord, Record, RecordId};

/// Returns the record of a note.
pub(super) fn note(
    object: &Object<'_>,
    answers: Option<&RecordId>,
    seen: &Seen,
) -> Result<Told, Wrong> {
    let kind = match object.text("noteable_type")?.as_deref() {
        Some("Issue" | "WorkItem") => "issue",
        Some("MergeRequest") => "change",
        _ => return Ok(Told::Other("note on something else")),
    };
    let on = match object.number("noteable_iid")? {
        Some(number) => RecordId::new(format!("{kind}:{number}")),
        None => seen.on.clone().ok_or(Wrong::Nowhere { what: "issue or merge request" })?,
    };
    let record = if object.flag("system")? {
        Record::Event(event(object, on, seen)?)
    } else {
        Record::Comment(comment(object, on, answers, seen)?)
    };
    Ok(Told::Records(vec![record]))
}

/// Returns the records of a discussion; its notes answer the first one.
pub(super) fn discussion(object: &Object<'_>, seen: &Seen) -> Result<Told, Wrong> {
    let mut records = Vec::new();
    let mut first = None;
    for part in object.objects("notes")? {
        if let Told::Records(found) = note(&part, first.as_ref(), seen)? {
            if first.is_none() {
                first = found.first().map(|record| record.id().clone());
            }
            records.extend(found);
        }
    }
    Ok(Told::Records(records))
}

fn comment(
    object: &Object<'_>,
    on: RecordId,
    answers: Option<&RecordId>,
    seen: &Seen,
) -> Result<CommentRecord, Wrong> {
    let place = object.object("position")?.unwrap_or_default();
    let line = place.number("new_line")?;
    Ok(CommentRecord {
        id: object.id("comment:", "id")?,
        on,
        author: author(object)?,
        body: object.text("body")?,
        path: place.text("new_path")?,
        line: if line.is_some() { line } else { place.number("old_line")? },
        commit: place.text("head_sha")?,
        in_reply_to: answers.cloned(),
        created_at: object.time("created_at"),
        updated_at: object.time("updated_at"),
        observed_at: seen.observed_at.clone(),
    })
}

fn event(object: &Object<'_>, on: RecordId, seen: &Seen) -> Result<EventRecord, Wrong> {
    let text = object.text("body")?.unwrap_or_default();
    let word = word_of(&text);
    let titles = titles(&text);
    let (commit, number) = named(&text);
    let (from, to) = match titles {
        Some((from, to)) => (Some(from), Some(to)),
        None => (None, Some(text)),
    };
    Ok(EventRecord {
        id: object.id("event:", "id")?,
        on,
        event: word.to_owned(),
        author: author(object)?,
        commit,
        number,
        from,
        to,
        created_at: object.time("created_at"),
        observed_at: seen.observed_at.clone(),
    })
}

/// Returns the titles before and after a renaming, without the marks of what changed.
fn titles(text: &str) -> Option<(String, String)> {
    let told = text.strip_prefix("changed title from **")?.strip_suffix("**")?;
    let (from, to) = told.split_once("** to **")?;
    let plain = |title: &str| {
        ["{+", "+}", "{-", "-}"]
            .iter()
            .fold(title.to_owned(), |title, mark| title.replace(mark, ""))
    };
    Some((plain(from), plain(to)))
}

/// Returns the commit and the number that a note of the server names.
fn named(text: &str) -> (Option<String>, Option<u64>) {
    let words = || text.split_ascii_whitespace();
    let is_commit = |word: &&str| word.len() == 40 && word.bytes().all(|b| b.is_ascii_hexdigit());
    let number = words().find_map(|word| word.strip_prefix(['#', '!'])?.parse().ok());
    (words().find(is_commit).map(str::to_owned), number)
}

/// Returns the word for what a note of the server says; the note itself is kept.
fn word_of(text: &str) -> &'static str {
    const WORDS: [(&str, &str); 12] = [
        ("closed", "closed"),
        ("reopened", "reopened"),
        ("merged", "merged"),
        ("changed title from", "renamed"),
        ("mentioned in commit", "referenced"),
        ("mentioned in", "cross-referenced"),
        ("moved to", "transferred"),
        ("added ~", "labeled"),
        ("removed ~", "unlabeled"),
        ("assigned to", "assigned"),
        ("changed the description", "edited"),
        ("marked this issue as a duplicate", "marked_as_duplicate"),
    ];
    let found = WORDS.iter().find(|(start, _)| text.starts_with(start));
    found.map_or("system_note", |(_, word)| word)
}

/// Returns a version of a merge request: a head that was pushed.
pub(super) fn version(object: &Object<'_>, seen: &Seen) -> Result<EventRecord, Wrong> {
    let on = seen.on.clone().ok_or(Wrong::Nowhere { what: "merge request" })?;
    Ok(EventRecord {
        id: object.id("event:version:", "id")?,
        on,
        event: "head_ref_pushed".to_owned(),
        author: None,
        commit: Some(object.need_text("head_commit_sha")?),
        number: None,
        from: object.text("base_commit_sha")?,
        to: None,
        created_at: object.time("created_at"),
        observed_at: seen.observed_at.clone(),
    })
}

/// Returns what was done to the state of an issue or merge request.
pub(super) fn state_event(object: &Object<'_>, seen: &Seen) -> Result<EventRecord, Wrong> {
    let cause = object.object("source_merge_request")?.unwrap_or_default();
    Ok(EventRecord {
        commit: object.text("source_commit")?.filter(|commit| !commit.is_empty()),
        number: cause.number("iid")?,
        ..told_apart(object, "event:state:", object.need_text("state")?, seen)?
    })
}

/// Returns which label was added or removed.
pub(super) fn label_event(object: &Object<'_>, seen: &Seen) -> Result<EventRecord, Wrong> {
    let word = match object.need_text("action")?.as_str() {
        "add" => "labeled".to_owned(),
        "remove" => "unlabeled".to_owned(),
        other => other.to_owned(),
    };
    // The label may have been deleted since.
    let label = object.object("label")?.unwrap_or_default();
    Ok(EventRecord { to: label.text("name")?, ..told_apart(object, "event:label:", word, seen)? })
}

/// Returns an event of a list that numbers its entries on its own.
fn told_apart(
    object: &Object<'_>,
    prefix: &str,
    word: String,
    seen: &Seen,
) -> Result<EventRecord, Wrong> {
    let on = seen.on.clone().ok_or(Wrong::Nowhere { what: "issue or merge request" })?;
    let user = object.object("user")?.unwrap_or_default();
    Ok(EventRecord {
        id: object.id(prefix, "id")?,
        on,
        event: word,
        author: user.text("username")?.filter(|name| !name.is_empty() && name != "ghost"),
        commit: None,
        number: None,
        from: None,
        to: None,
        created_at: object.time("created_at"),
        observed_at: seen.observed_at.clone(),
    })
}
