//! What was said and done about an issue or change, as the REST interface tells it?
//!
//! In: comments, reviews, comments on lines, entries of timelines. Out: their
//! records, each with the issue or change it is about.

use backstory_model::{CommentRecord, EventRecord, Record, RecordId, ReviewRecord};

use super::object::{Object, Wrong};
use super::place::{Place, subject};
use super::rest::{Seen, author};

/// Returns the record of a comment on an issue or pull request.
pub(crate) fn comment(object: &Object<'_>, seen: &Seen) -> Result<CommentRecord, Wrong> {
    Ok(CommentRecord {
        id: object.id("comment:", "id")?,
        on: subject_of(object, seen)?,
        author: author(object, actor_field(object))?,
        body: object.text("body")?,
        path: None,
        line: None,
        commit: None,
        in_reply_to: None,
        created_at: object.time("created_at"),
        updated_at: object.time("updated_at"),
        observed_at: seen.observed_at.clone(),
    })
}

/// Returns the record of a comment on lines of a pull request.
///
/// Once the lines are gone from the pull request, the forge keeps only where they
/// stood at first; the record then names that line and that commit.
pub(crate) fn review_comment(object: &Object<'_>, seen: &Seen) -> Result<CommentRecord, Wrong> {
    let line = object.number("line")?;
    let first = if line.is_none() { object.text("original_commit_id")? } else { None };
    let answered = object.name_of("in_reply_to_id")?;
    Ok(CommentRecord {
        id: object.id("comment:", "id")?,
        on: subject_of(object, seen)?,
        author: author(object, "user")?,
        body: object.text("body")?,
        path: object.text("path")?,
        line: line.or(object.number("original_line")?),
        commit: first.or(object.text("commit_id")?),
        in_reply_to: answered.map(|id| RecordId::new(format!("comment:{id}"))),
        created_at: object.time("created_at"),
        updated_at: object.time("updated_at"),
        observed_at: seen.observed_at.clone(),
    })
}

/// Returns the record of a review.
pub(crate) fn review(object: &Object<'_>, seen: &Seen) -> Result<ReviewRecord, Wrong> {
    let submitted = object.time("submitted_at");
    Ok(ReviewRecord {
        id: object.id("review:", "id")?,
        on: subject_of(object, seen)?,
        author: author(object, "user")?,
        state: object.word("state")?,
        body: object.text("body")?,
        commit: object.text("commit_id")?,
        updated_at: object.time("updated_at").or_else(|| submitted.clone()),
        created_at: submitted,
        observed_at: seen.observed_at.clone(),
    })
}

/// Returns the records of an entry of a timeline: an event, or what was said.
pub(crate) fn timeline_entry(object: &Object<'_>, seen: &Seen) -> Result<Vec<Record>, Wrong> {
    Ok(match object.need_text("event")?.as_str() {
        "commented" if object.has("id") => vec![Record::Comment(comment(object, seen)?)],
        "reviewed" if object.has("id") => vec![Record::Review(review(object, seen)?)],
        "line-commented" => {
            let comments = object.objects("comments")?;
            let read = |comment| review_comment(&comment, seen).map(Record::Comment);
            comments.into_iter().map(read).collect::<Result<_, _>>()?
        }
        _ => vec![Record::Event(event(object, seen)?)],
    })
}

/// Returns the record of an event of any name.
pub(crate) fn event(object: &Object<'_>, seen: &Seen) -> Result<EventRecord, Wrong> {
    let name = object.need_text("event")?;
    let on = subject_of(object, seen)?;
    let commit = match object.text("commit_id")? {
        Some(commit) => Some(commit),
        None => object.text("sha")?,
    };
    let committed = object.object("committer").ok().flatten();
    let created_at = object
        .time("created_at")
        .or_else(|| object.time("submitted_at"))
        .or_else(|| committed.as_ref().and_then(|committer| committer.time("date")));
    let number = named_number(object, seen)?;
    let id = match object.name_of("id")? {
        Some(id) => RecordId::new(format!("event:{id}")),
        None => unnumbered(&on, &name, commit.as_deref(), created_at.as_deref(), number),
    };
    let (from, to) = before_and_after(object)?;
    let author = author(object, actor_field(object))?;
    let observed_at = seen.observed_at.clone();
    Ok(EventRecord {
        id,
        on,
        event: name,
        author,
        commit,
        number,
        from,
        to,
        created_at,
        observed_at,
    })
}

/// Names an event to which the forge gives no number by what it is.
fn unnumbered(
    on: &RecordId,
    event: &str,
    commit: Option<&str>,
    time: Option<&str>,
    number: Option<u64>,
) -> RecordId {
    let what = commit.or(time).unwrap_or("unknown");
    let number = number.map(|number| format!("/{number}")).unwrap_or_default();
    RecordId::new(format!("event:{on}/{event}/{what}{number}"))
}

fn actor_field(object: &Object<'_>) -> &'static str {
    if object.raw("actor").is_some() { "actor" } else { "user" }
}

/// Returns what stood there before and what afterwards.
fn before_and_after(object: &Object<'_>) -> Result<(Option<String>, Option<String>), Wrong> {
    const AFTERWARDS: [(&str, &str); 6] = [
        ("label", "name"),
        ("milestone", "title"),
        ("assignee", "login"),
        ("requested_reviewer", "login"),
        ("requested_team", "name"),
        ("dismissed_review", "state"),
    ];
    if let Some(rename) = object.object("rename")? {
        return Ok((rename.text("from")?, rename.text("to")?));
    }
    for (field, name) in AFTERWARDS {
        if let Some(inner) = object.object(field)? {
            return Ok((None, inner.text(name)?));
        }
    }
    Ok((None, None))
}

/// Returns the issue or change of the same repository that an event names.
fn named_number(object: &Object<'_>, seen: &Seen) -> Result<Option<u64>, Wrong> {
    let source = object.object("source")?.unwrap_or_default();
    let named =
        [source.object("issue")?, object.object("sub_issue")?, object.object("parent_issue")?];
    let Some(named) = named.into_iter().flatten().next() else { return Ok(None) };
    let same = seen.repo.is_some() && super::rest::repository(&named) == seen.repo;
    if same { named.number("number") } else { Ok(None) }
}

/// Returns what an object is about: its links say so, else an issue inside it, else
/// where it was seen.
fn subject_of(object: &Object<'_>, seen: &Seen) -> Result<RecordId, Wrong> {
    if let Some(issue) = object.object("issue")? {
        let is_change = issue.raw("pull_request").is_some();
        return Ok(subject(issue.need_number("number")?, is_change));
    }
    let number = |name| {
        let link = object.text(name).ok().flatten()?;
        Place::read(&link).and_then(|place| place.number())
    };
    if let Some(number) = number("pull_request_url").or_else(|| linked_change(object)) {
        return Ok(subject(number, true));
    }
    let shown = object.text("html_url")?.unwrap_or_default();
    let shown = Place::read(&shown).filter(|place| place.number().is_some());
    let linked = number("issue_url").or_else(|| shown.as_ref().and_then(Place::number));
    let is_change = shown.is_some_and(|place| place.is_change());
    match (linked, &seen.on) {
        (Some(number), Some(on)) if !is_change && *on == subject(number, true) => Ok(on.clone()),
        (Some(number), _) => Ok(subject(number, is_change)),
        (None, Some(on)) => Ok(on.clone()),
        (None, None) => Err(Wrong::Nowhere { what: "issue or change" }),
    }
}

/// Returns the number of the pull request that the links of a comment on lines name.
fn linked_change(object: &Object<'_>) -> Option<u64> {
    let links = object.object("_links").ok()??;
    let link = |name| links.object(name).ok()??.text("href").ok()?;
    let place = |link: String| Place::read(&link).and_then(|place| place.number());
    link("pull_request").and_then(place).or_else(|| link("html").and_then(place))
}
