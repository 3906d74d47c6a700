//! Which items of a list are new, and was the whole list read?
//!
//! In: a list of a forge and how far it was read. Out: every item that changed,
//! one by one, page after page, and how far the list is read now. One page is held
//! at a time.
//!
//! Pages with a number move while a list is read: an item that changes leaves its
//! place, and the item behind it slips onto a page that was read. So a list that is
//! sorted by change is not read by numbers but by the time of the last item seen.

use std::collections::BTreeMap;
use std::path::PathBuf;

use backstory_model::{Record, Sha256};
use jiff::{SignedDuration, Timestamp};
use serde::Deserialize;
use serde_json::value::RawValue;
use sha2::{Digest as _, Sha256 as Hasher};

use super::CollectError;
use super::address::escape;
use super::artifact::Fetched;
use super::client::Answer;
use super::conversation::Conversation;
use super::harvest::Harvest;
use super::report::{Gap, Part};
use super::state::Cursor;
use crate::import::github::object::Wrong;

/// How many items every list is asked to give on a page.
const PAGE: usize = 100;

/// What a forge is still writing while it is asked may show up so much later.
const OVERLAP: SignedDuration = SignedDuration::from_secs(60);

/// A talk, and what comes of it.
pub(crate) struct Gathering<'a> {
    /// Where answers come from.
    pub(crate) talk: Conversation<'a>,
    /// Where records go.
    pub(crate) harvest: Harvest,
    /// Where files that runs left behind are put.
    pub(crate) artifacts: PathBuf,
    /// Those files.
    pub(crate) fetched: Vec<Fetched>,
}

impl Gathering<'_> {
    /// Takes the records of an item; one that could not be read is kept as it is.
    pub(crate) fn take_read(
        &mut self,
        part: Part,
        item: &Item<'_>,
        read: Result<Vec<Record>, Wrong>,
    ) -> Result<(), CollectError> {
        match read {
            Ok(records) => {
                for (at, record) in records.iter().enumerate() {
                    self.harvest.take(record, (at == 0).then_some(item.raw))?;
                }
                Ok(())
            }
            Err(wrong) => self.keep_unread(part, item, &wrong.to_string()),
        }
    }

    /// Keeps an item that is not of the shape its endpoint gives.
    pub(crate) fn keep_unread(
        &mut self,
        part: Part,
        item: &Item<'_>,
        why: &str,
    ) -> Result<(), CollectError> {
        self.talk.gap(Gap::Broken(part), item.asked, Some(why.to_owned()));
        Ok(self.harvest.keep(part, item, why)?)
    }
}

/// One item of an answer.
pub(crate) struct Item<'b> {
    /// The object.
    pub(crate) raw: &'b RawValue,
    /// When it was read, RFC 3339.
    pub(crate) observed_at: Option<&'b str>,
    /// Its place in the list, from 1.
    pub(crate) position: u64,
    /// The path that was asked.
    pub(crate) asked: &'b str,
}

/// Takes items.
pub(crate) type Take<'t, 'a> =
    dyn FnMut(&mut Gathering<'a>, &Item<'_>) -> Result<(), CollectError> + 't;

/// A list that can be asked for what changed.
pub(crate) struct List {
    /// What it holds.
    pub(crate) part: Part,
    /// Its path with a query, sorted by change.
    pub(crate) path: String,
    /// The name of the parameter for a time.
    pub(crate) since: &'static str,
}

impl List {
    /// Returns the address of what changed since a time.
    fn address(&self, since: Option<&str>) -> String {
        match since {
            Some(since) => format!("{}&{}={}", self.path, self.since, escape(since)),
            None => self.path.clone(),
        }
    }
}

#[derive(Default, Deserialize)]
struct Peek<'b> {
    #[serde(default, borrow)]
    id: Option<&'b RawValue>,
    #[serde(default)]
    updated_at: Option<String>,
}

impl Item<'_> {
    /// Reads some fields of the object; what has another shape reads as absent.
    pub(crate) fn peek<'r, T: Deserialize<'r> + Default>(&'r self) -> T {
        serde_json::from_str(self.raw.get()).unwrap_or_default()
    }

    fn mark(&self) -> Mark {
        let peek: Peek<'_> = self.peek();
        let digest = Sha256::from_digest(&Hasher::digest(self.raw.get())).to_string();
        Mark {
            id: peek.id.map_or_else(|| digest.clone(), |id| id.get().to_owned()),
            updated: peek.updated_at.and_then(|time| time.parse().ok()),
            digest: digest[..16].to_owned(),
            open: false,
        }
    }
}

/// What is remembered of an item.
struct Mark {
    id: String,
    updated: Option<Timestamp>,
    digest: String,
    /// Whether something about it must be asked for again.
    open: bool,
}

/// How far back the next collection must begin, for what must be asked for again.
enum Held {
    No,
    At(Timestamp),
    Before,
}

impl Held {
    /// Takes the items of a page into account.
    fn with(self, marks: &[Mark]) -> Self {
        marks.iter().filter(|mark| mark.open).fold(self, |held, mark| match (held, mark.updated) {
            (Self::Before, _) | (_, None) => Self::Before,
            (Self::No, Some(time)) => Self::At(time),
            (Self::At(before), Some(time)) => Self::At(before.min(time)),
        })
    }

    /// Returns where the next collection begins, instead of where the list ended.
    fn cursor(self, read: Cursor, before: &Cursor) -> Cursor {
        match self {
            Self::No => read,
            Self::At(time) => {
                let since = floor_of(time).map(|time| time.to_string());
                Cursor { since, page: read.page, ..Cursor::default() }
            }
            Self::Before => Cursor { etag: None, ..before.clone() },
        }
    }
}

/// Whether a forge means "at or after" or "after" is not the same everywhere.
fn floor_of(time: Timestamp) -> Option<Timestamp> {
    time.checked_sub(SignedDuration::from_secs(1)).ok()
}

/// Splits an answer into its items; `field` names the list where it stands in an object.
fn items<'b>(body: &'b [u8], field: Option<&str>) -> Result<Vec<&'b RawValue>, serde_json::Error> {
    let Some(field) = field else { return serde_json::from_slice(body) };
    let mut wrapper: BTreeMap<String, &RawValue> = serde_json::from_slice(body)?;
    wrapper.remove(field).map_or(Ok(Vec::new()), |list| serde_json::from_str(list.get()))
}

/// Reads what changed of a list that is sorted by change, oldest first.
///
/// `None` when the forge does not give the list.
pub(crate) fn read_changed<'a>(
    gathering: &mut Gathering<'a>,
    list: &List,
    cursor: &Cursor,
    take: &mut Take<'_, 'a>,
) -> Result<Option<Cursor>, CollectError> {
    let (mut since, mut seen) = (cursor.since.clone(), cursor.seen.clone());
    let (mut path, mut etag) = (list.address(since.as_deref()), cursor.etag.clone());
    let (mut by_time, mut page, mut held) = (true, cursor.page, Held::No);
    loop {
        let answer = gathering.talk.page(&path, etag.take().as_deref())?;
        match answer.status {
            200 => {}
            304 => return Ok(Some(cursor.clone())),
            _ => {
                gathering.talk.missing(list.part, &path, &answer);
                return Ok(None);
            }
        }
        let marks = take_new(gathering, &answer, &path, (&seen, None), take)?;
        held = held.with(&marks);
        let last = marks.iter().filter_map(|mark| mark.updated).max();
        let floor = last.and_then(floor_of);
        let Some(next) = answer.next else {
            let asked = Cursor { since, etag: answer.etag, page, ..Cursor::default() };
            return Ok(Some(held.cursor(ended(by_time, asked, marks, floor), cursor)));
        };
        page = Some(page.map_or(marks.len(), |page| page.min(marks.len())));
        let marks = marks.into_iter().map(|mark| (mark.id, mark.digest));
        let before = since.as_ref().and_then(|since| since.parse::<Timestamp>().ok());
        by_time = floor.is_some() && before < floor;
        if let (true, Some(floor)) = (by_time, floor) {
            since = Some(floor.to_string());
            path = list.address(since.as_deref());
            seen = marks.collect();
        } else {
            path = next;
            seen.extend(marks);
        }
    }
}

/// Returns how far a list was read once its last page was.
fn ended(by_time: bool, asked: Cursor, marks: Vec<Mark>, floor: Option<Timestamp>) -> Cursor {
    // A full page stays as it is when something is added to the list behind it.
    let full = marks.len() >= asked.page.unwrap_or(PAGE);
    let whole = marks.into_iter().filter(|mark| by_time || mark.updated >= floor);
    let seen = whole.map(|mark| (mark.id, mark.digest)).collect();
    // The page that was asked last by time can be asked again as it is.
    if by_time {
        return Cursor { etag: asked.etag.filter(|_| !full), seen, ..asked };
    }
    let since = floor.map(|floor| floor.to_string()).or(asked.since);
    Cursor { since, etag: None, seen, page: asked.page }
}

/// Hands the items of a page on that were not seen as they are; returns all marks.
fn take_new<'a>(
    gathering: &mut Gathering<'a>,
    answer: &Answer,
    path: &str,
    (seen, from): (&BTreeMap<String, String>, Option<Timestamp>),
    take: &mut Take<'_, 'a>,
) -> Result<Vec<Mark>, CollectError> {
    let wrong = |source| CollectError::Shape { url: path.to_owned(), source };
    let mut marks = Vec::new();
    for (position, raw) in (1..).zip(items(&answer.body, None).map_err(wrong)?) {
        let item = Item { raw, observed_at: answer.date.as_deref(), position, asked: path };
        let mut mark = item.mark();
        let open = gathering.talk.open;
        let old = mark.updated.is_some() && mark.updated < from;
        if !old && seen.get(&mark.id) != Some(&mark.digest) {
            take(gathering, &item)?;
        }
        mark.open = gathering.talk.open > open;
        marks.push(mark);
    }
    Ok(marks)
}

/// Reads what changed of a list that is sorted by something else, e.g., by number.
///
/// What changes meanwhile is read the next time, which begins where this one began.
pub(crate) fn read_since<'a>(
    gathering: &mut Gathering<'a>,
    list: &List,
    cursor: &Cursor,
    take: &mut Take<'_, 'a>,
) -> Result<Option<Cursor>, CollectError> {
    let mut path = list.address(cursor.since.as_deref());
    let (mut began, mut seen, mut held) = (None, BTreeMap::new(), Held::No);
    loop {
        let answer = gathering.talk.page(&path, None)?;
        if answer.status != 200 {
            gathering.talk.missing(list.part, &path, &answer);
            return Ok(None);
        }
        let date = || answer.date.as_ref()?.parse::<Timestamp>().ok();
        began = began.or_else(|| date()?.checked_sub(OVERLAP).ok());
        let marks = take_new(gathering, &answer, &path, (&cursor.seen, None), take)?;
        held = held.with(&marks);
        let recent = marks.into_iter().filter(|mark| mark.updated >= began);
        seen.extend(recent.map(|mark| (mark.id, mark.digest)));
        match answer.next {
            Some(next) => path = next,
            None => break,
        }
    }
    // Without a date of the forge, all is asked for again.
    let since = began.map(|began| began.to_string()).or_else(|| cursor.since.clone());
    let read = Cursor { since, etag: None, page: None, seen };
    Ok(Some(held.cursor(read, cursor)))
}

/// Reads what changed of a list that is sorted by change, newest first.
///
/// Items that change meanwhile move to the front, so that nothing slips away; they
/// are read the next time.
pub(crate) fn read_newest<'a>(
    gathering: &mut Gathering<'a>,
    part: Part,
    path: &str,
    cursor: &Cursor,
    take: &mut Take<'_, 'a>,
) -> Result<Option<Cursor>, CollectError> {
    let until = cursor.since.as_ref().and_then(|since| since.parse::<Timestamp>().ok());
    let (mut path, mut etag) = (path.to_owned(), cursor.etag.clone());
    let (mut seen, mut reached, mut open) = (cursor.seen.clone(), None, false);
    loop {
        let answer = gathering.talk.page(&path, etag.take().as_deref())?;
        match answer.status {
            200 => {}
            304 => return Ok(Some(cursor.clone())),
            _ => {
                gathering.talk.missing(part, &path, &answer);
                return Ok(None);
            }
        }
        let marks = take_new(gathering, &answer, &path, (&seen, until), take)?;
        open |= marks.iter().any(|mark| mark.open);
        let done = until.is_some() && marks.iter().any(|mark| mark.updated < until);
        let newest = marks.iter().filter_map(|mark| mark.updated).max();
        let marks: BTreeMap<_, _> = marks.into_iter().map(|mark| (mark.id, mark.digest)).collect();
        let since = newest.map(|newest| newest.to_string()).or_else(|| cursor.since.clone());
        seen.clone_from(&marks);
        let read = Cursor { since, etag: answer.etag.clone(), seen: marks, page: None };
        let reached = reached.get_or_insert(read);
        match answer.next {
            Some(next) if !done => path = next,
            _ if open => return Ok(Some(Cursor { etag: None, ..cursor.clone() })),
            _ => return Ok(Some(reached.clone())),
        }
    }
}

/// Reads a whole list, page after page. Returns false when it must be asked again.
pub(crate) fn read_all<'a>(
    gathering: &mut Gathering<'a>,
    part: Part,
    path: &str,
    field: Option<&str>,
    take: &mut Take<'_, 'a>,
) -> Result<bool, CollectError> {
    if gathering.talk.is_refused(part) {
        return Ok(true);
    }
    let (mut path, mut position) = (path.to_owned(), 0);
    loop {
        let answer = gathering.talk.page(&path, None)?;
        if answer.status != 200 {
            return Ok(!gathering.talk.missing(part, &path, &answer));
        }
        let found = match items(&answer.body, field) {
            Ok(found) => found,
            Err(error) => {
                return keep_whole(gathering, part, &path, &answer, &error);
            }
        };
        for raw in found {
            position += 1;
            let observed_at = answer.date.as_deref();
            take(gathering, &Item { raw, observed_at, position, asked: &path })?;
        }
        match answer.next {
            Some(next) => path = next,
            None => return Ok(true),
        }
    }
}

/// Keeps an answer that is no list. Returns true: asking again would change nothing.
fn keep_whole(
    gathering: &mut Gathering<'_>,
    part: Part,
    path: &str,
    answer: &Answer,
    error: &serde_json::Error,
) -> Result<bool, CollectError> {
    let wrong = |source| CollectError::Shape { url: path.to_owned(), source };
    let raw = serde_json::from_slice(&answer.body).map_err(wrong)?;
    let item = Item { raw, observed_at: answer.date.as_deref(), position: 1, asked: path };
    gathering.keep_unread(part, &item, &error.to_string())?;
    Ok(true)
}
