//! What did a bug say, and from when on?
//!
//! In: the operations of one bug in the order they apply. Out: its records by
//! time. A bridge writes all edits of a text before what came in between, so
//! operations are put in the order of their times; only where a clock went
//! backwards for one and the same text is an operation dated by the one before it.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{CommentRecord, EventRecord, IssueRecord, Record, RecordId, RepoName};
use jiff::Timestamp;
use serde_json::value::RawValue;

use super::operation::{Act, Operation};
use super::{BugError, BugRecord};
use crate::link::issue_url_number;

/// The records of a bug.
#[derive(Debug)]
pub(super) struct Story {
    pub(super) records: Vec<BugRecord>,
    pub(super) other: BTreeMap<String, u64>,
}

/// Tells the story of a bug.
pub(super) fn story(operations: Vec<Operation>, repo: &RepoName) -> Result<Story, BugError> {
    let Some(first) = operations.first() else { return Err(BugError::NotOpened) };
    let Act::Open { title, message } = &first.act else { return Err(BugError::NotOpened) };
    let urls = urls(&operations);
    let url = urls.get(&first.id).cloned();
    let number = url.as_deref().and_then(|url| issue_url_number(url, repo));
    let name = number.map_or_else(|| first.id.clone(), |number| number.to_string());
    let issue = IssueRecord {
        id: RecordId::new(format!("issue:{name}")),
        number: number.unwrap_or(0),
        title: title.clone(),
        body: Some(message.clone()),
        author: first.author.clone(),
        state: Some("open".to_owned()),
        labels: Vec::new(),
        created_at: Some(first.at.to_string()),
        updated_at: None,
        observed_at: None,
        closed_at: None,
        url,
    };
    let opened = first.id.clone();
    let (comments, records) = (BTreeMap::new(), Vec::new());
    let mut teller = Teller {
        issue,
        opened,
        bridged: number.is_some(),
        urls,
        comments,
        records,
        other: BTreeMap::new(),
    };
    for (at, operation) in timed(operations) {
        teller.tell(at, operation);
    }
    Ok(Story { records: teller.records, other: teller.other })
}

/// Returns where each operation is shown, also where that was noted down later.
fn urls(operations: &[Operation]) -> BTreeMap<String, String> {
    let mut urls = BTreeMap::new();
    for operation in operations {
        if let Some(url) = &operation.url {
            urls.insert(operation.id.clone(), url.clone());
        }
        if let Act::SetUrl { target, url } = &operation.act {
            urls.entry(target.clone()).or_insert_with(|| url.clone());
        }
    }
    urls
}

/// What an operation changes.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Part {
    Title,
    Text(String),
    Status,
    Labels,
    Nothing,
}

/// Dates every operation and puts them in the order of these times.
fn timed(operations: Vec<Operation>) -> Vec<(Timestamp, Operation)> {
    let Some(opened) = operations.first().map(|first| first.at) else { return Vec::new() };
    let mut last: BTreeMap<Part, Timestamp> = BTreeMap::new();
    let mut timed: Vec<_> = operations
        .into_iter()
        .map(|operation| {
            let part = match &operation.act {
                Act::Open { .. } | Act::Comment { .. } => Part::Text(operation.id.clone()),
                Act::EditComment { target, .. } => Part::Text(target.clone()),
                Act::Rename { .. } => Part::Title,
                Act::Close | Act::Reopen => Part::Status,
                Act::Label { .. } => Part::Labels,
                Act::SetUrl { .. } | Act::Other { .. } => Part::Nothing,
            };
            let at = operation.at.max(*last.get(&part).unwrap_or(&opened));
            last.insert(part, at);
            (at, operation)
        })
        .collect();
    timed.sort_by_key(|(at, _)| *at);
    timed
}

struct Teller {
    issue: IssueRecord,
    opened: String,
    bridged: bool,
    urls: BTreeMap<String, String>,
    comments: BTreeMap<String, CommentRecord>,
    records: Vec<BugRecord>,
    other: BTreeMap<String, u64>,
}

impl Teller {
    fn tell(&mut self, at: Timestamp, operation: Operation) {
        let Operation { id, author, act, raw, .. } = operation;
        match act {
            Act::Open { .. } if id == self.opened => self.version(at, raw),
            Act::Open { .. } => self.count("second opening"),
            Act::Rename { title } => {
                let was = std::mem::replace(&mut self.issue.title, title);
                let (from, to) = (Some(was), Some(self.issue.title.clone()));
                if from != to {
                    self.version(at, raw.clone());
                }
                self.event(at, &id, author, "renamed", (from, to), raw);
            }
            Act::EditComment { target, message } if target == self.opened => {
                let was = self.issue.body.replace(message);
                if was != self.issue.body {
                    self.version(at, raw);
                }
            }
            Act::Comment { message } => self.comment(at, id, author, message, raw),
            Act::EditComment { target, message } => self.edited(at, &target, message, raw),
            Act::Close => {
                self.issue.state = Some("closed".to_owned());
                self.issue.closed_at = Some(at.to_string());
                self.event(at, &id, author, "closed", (None, None), raw);
            }
            Act::Reopen => {
                self.issue.state = Some("open".to_owned());
                self.issue.closed_at = None;
                self.event(at, &id, author, "reopened", (None, None), raw);
            }
            Act::Label { added, removed } => {
                self.relabel(at, &id, author.as_ref(), (added, removed), &raw);
            }
            Act::SetUrl { .. } => self.count("metadata"),
            Act::Other { kind } => self.count(&kind),
        }
    }

    fn count(&mut self, kind: &str) {
        *self.other.entry(kind.to_owned()).or_default() += 1;
    }

    /// Notes down the issue as it stands; of two versions of one second the last one stays.
    fn version(&mut self, at: Timestamp, raw: Box<RawValue>) {
        let time = Some(at.to_string());
        self.issue.updated_at.clone_from(&time);
        self.issue.observed_at.clone_from(&time);
        self.records.retain(|told| match &told.record {
            Record::Issue(version) => version.observed_at != time,
            _ => true,
        });
        self.records.push(BugRecord { record: Record::Issue(self.issue.clone()), raw });
    }

    fn event(
        &mut self,
        at: Timestamp,
        id: &str,
        author: Option<String>,
        event: &str,
        (from, to): (Option<String>, Option<String>),
        raw: Box<RawValue>,
    ) {
        let time = Some(at.to_string());
        let record = EventRecord {
            id: RecordId::new(format!("event:{id}")),
            on: self.issue.id.clone(),
            event: event.to_owned(),
            author,
            commit: None,
            number: None,
            from,
            to,
            created_at: time.clone(),
            observed_at: time,
        };
        self.records.push(BugRecord { record: Record::Event(record), raw });
    }

    fn relabel(
        &mut self,
        at: Timestamp,
        id: &str,
        author: Option<&String>,
        (added, removed): (Vec<String>, Vec<String>),
        raw: &RawValue,
    ) {
        let mut labels: BTreeSet<String> =
            std::mem::take(&mut self.issue.labels).into_iter().collect();
        let given = added.into_iter().map(|label| ("labeled", label));
        let taken = removed.into_iter().map(|label| ("unlabeled", label));
        for (place, (event, label)) in given.chain(taken).enumerate() {
            let told = if event == "labeled" {
                labels.insert(label.clone());
                (None, Some(label))
            } else {
                labels.remove(&label);
                (Some(label), None)
            };
            self.event(
                at,
                &format!("{id}/{}", place + 1),
                author.cloned(),
                event,
                told,
                raw.to_owned(),
            );
        }
        self.issue.labels = labels.into_iter().collect();
    }

    fn comment(
        &mut self,
        at: Timestamp,
        id: String,
        author: Option<String>,
        message: String,
        raw: Box<RawValue>,
    ) {
        let time = Some(at.to_string());
        let numbered = self.bridged.then(|| forge_id(self.urls.get(&id)?)).flatten();
        let name = numbered.unwrap_or(&id);
        let comment = CommentRecord {
            id: RecordId::new(format!("comment:{name}")),
            on: self.issue.id.clone(),
            author,
            body: Some(message),
            path: None,
            line: None,
            commit: None,
            in_reply_to: None,
            created_at: time.clone(),
            updated_at: time.clone(),
            observed_at: time,
        };
        self.records.push(BugRecord { record: Record::Comment(comment.clone()), raw });
        self.comments.insert(id, comment);
    }

    fn edited(&mut self, at: Timestamp, target: &str, message: String, raw: Box<RawValue>) {
        let Some(comment) = self.comments.get_mut(target) else {
            return self.count("edit of an unknown comment");
        };
        if comment.body.as_ref() == Some(&message) {
            return;
        }
        let time = Some(at.to_string());
        comment.body = Some(message);
        comment.updated_at.clone_from(&time);
        comment.observed_at = time;
        self.records.push(BugRecord { record: Record::Comment(comment.clone()), raw });
    }
}

/// Returns the forge's number of a comment.
fn forge_id(url: &str) -> Option<&str> {
    let (_, id) = url.rsplit_once("#issuecomment-").or_else(|| url.rsplit_once("#note_"))?;
    (!id.is_empty() && id.bytes().all(|byte| byte.is_ascii_digit())).then_some(id)
}
