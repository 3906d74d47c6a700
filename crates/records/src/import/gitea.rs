//! What do dumps of Gitea and Forgejo hold?
//!
//! In: objects of their REST interface (v1). Out: their records. The interface is
//! that of GitHub but for timelines, reviews and the runs of CI, which are read here.

use backstory_model::{CiConclusion, CiRunRecord, EventRecord, Record, RecordId, RepoName};

use super::github::object::{Object, Wrong};
use super::github::place::{Place, subject};
use super::github::rest::{self, RestKind, Seen};
use super::objects::{Mapping, Told, read_objects};
use super::sink::Sink;
use super::{Dialect, Input};
use crate::items::first_names;
use crate::{ListPath, RecordsError};

/// Objects of the REST interface.
pub(super) struct Gitea;

/// Names that only objects of this forge have.
const MARKS: [&str; 6] = [
    "original_author",
    "original_author_id",
    "pin_order",
    "ref_comment",
    "resolve_doer",
    "comments_count",
];

impl Dialect for Gitea {
    fn name(&self) -> &'static str {
        "gitea"
    }

    fn recognizes(&self, _: &str, head: &[u8]) -> bool {
        let names = first_names(head);
        MARKS.iter().any(|mark| names.iter().any(|found| found == mark))
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        let seen = Seen { observed_at: sink.options().observed_at.clone(), ..Seen::default() };
        read_objects(&mut *input.reader, sink, &mut Objects { seen, on: None })
    }
}

/// Returns what an object is; the objects of every endpoint may come here.
pub(crate) fn told(object: &Object<'_>, seen: Seen) -> Result<Told, Wrong> {
    let on = seen.on.clone();
    Objects { seen, on }.told(object)
}

struct Objects {
    seen: Seen,
    /// The issue or change it was asked from, where it does not say so itself.
    on: Option<RecordId>,
}

impl Mapping for Objects {
    fn lists(&self) -> &'static [&'static ListPath] {
        &[&["workflow_runs"]]
    }

    fn around(&mut self, _: &Object<'_>) {}

    fn repo(&self, object: &Object<'_>) -> Option<RepoName> {
        ["html_url", "issue_url", "pull_request_url"].into_iter().find_map(|name| {
            let link = object.text(name).ok()??;
            Place::read(&link).map(|place| place.repo)
        })
    }

    fn told(&mut self, object: &Object<'_>) -> Result<Told, Wrong> {
        self.seen.on = subject_of(object).or_else(|| self.on.clone());
        if object.has("type") && object.has("ref_comment") {
            return self.timeline(object);
        }
        if object.has("comments_count") && object.has("state") && !object.has("number") {
            let mut review = super::github::discussion::review(object, &self.seen)?;
            review.state = review.state.map(|state| match state.as_str() {
                "request_changes" => "changes_requested".to_owned(),
                "comment" => "commented".to_owned(),
                _ => state,
            });
            return Ok(Told::Records(vec![Record::Review(review)]));
        }
        let has = |name: &str| object.has(name);
        match rest::kind_of(has) {
            Some(RestKind::Run) if !object.has("conclusion") => {
                Ok(Told::Records(vec![Record::CiRun(self.task(object)?)]))
            }
            Some(RestKind::Other(name)) => Ok(Told::Other(name)),
            Some(kind) => {
                let mut records = rest::records(kind, object, &self.seen)?;
                for record in &mut records {
                    forget_deleted(record);
                    complete(record, object)?;
                }
                Ok(Told::Records(records))
            }
            None => Ok(Told::Other("unknown object")),
        }
    }
}

impl Objects {
    /// Returns the record of an entry of a timeline: a comment, a review or an event.
    fn timeline(&self, object: &Object<'_>) -> Result<Told, Wrong> {
        let kind = object.need_text("type")?;
        let mut record = match kind.as_str() {
            "comment" | "code" => {
                Record::Comment(super::github::discussion::comment(object, &self.seen)?)
            }
            _ => Record::Event(self.event(object, &kind)?),
        };
        forget_deleted(&mut record);
        Ok(Told::Records(vec![record]))
    }

    fn event(&self, object: &Object<'_>, kind: &str) -> Result<EventRecord, Wrong> {
        let on = self.seen.on.clone().ok_or(Wrong::Nowhere { what: "issue or change" })?;
        let label = object.object("label")?.map_or(Ok(None), |label| label.text("name"))?;
        let given = object.text("body")?.as_deref() == Some("1");
        let event = match kind {
            "close" => "closed",
            "reopen" => "reopened",
            "merge_pull" => "merged",
            "change_title" => "renamed",
            "commit_ref" => "referenced",
            "issue_ref" | "pull_ref" | "comment_ref" => "cross-referenced",
            // The body of a label's entry is `1` where it was given.
            "label" if given => "labeled",
            "label" => "unlabeled",
            "pull_push" => "head_ref_pushed",
            other => other,
        };
        let named = object.object("ref_issue")?;
        let commit = object.text("ref_commit_sha")?.filter(|commit| !commit.is_empty());
        Ok(EventRecord {
            id: object.id("event:", "id")?,
            on,
            event: event.to_owned(),
            author: object.object("user")?.map_or(Ok(None), |user| user.text("login"))?,
            commit,
            number: named.map_or(Ok(None), |issue| issue.number("number"))?,
            from: object.text("old_title")?.filter(|title| !title.is_empty()),
            to: label.or(object.text("new_title")?.filter(|title| !title.is_empty())),
            created_at: object.time("created_at"),
            observed_at: self.seen.observed_at.clone(),
        })
    }

    /// Returns a run of CI whose status says also how it ended.
    fn task(&self, object: &Object<'_>) -> Result<CiRunRecord, Wrong> {
        let conclusion = match object.word("status")?.as_deref() {
            Some("success") => Some(CiConclusion::Success),
            Some("failure") => Some(CiConclusion::Failure),
            Some("cancelled") => Some(CiConclusion::Cancelled),
            Some("skipped") => Some(CiConclusion::Skipped),
            None | Some("running" | "waiting" | "blocked" | "queued" | "in_progress") => None,
            Some(_) => Some(CiConclusion::Unknown),
        };
        Ok(CiRunRecord {
            id: object.id("run:", "id")?,
            commit: object.need_text("head_sha")?,
            change: None,
            workflow: object.text("workflow_id")?,
            attempt: 1,
            event: object.text("event")?,
            branch: object.text("head_branch")?,
            conclusion,
            url: object.text("url")?,
            created_at: object.time("created_at"),
            started_at: object.time("run_started_at"),
            finished_at: conclusion.and_then(|_| object.time("updated_at")),
            observed_at: self.seen.observed_at.clone(),
        })
    }
}

/// Returns the issue or change that an object says it belongs to; the link to the
/// other kind is there, but empty.
fn subject_of(object: &Object<'_>) -> Option<RecordId> {
    [("pull_request_url", true), ("issue_url", false)].into_iter().find_map(|(name, is_change)| {
        let link = object.text(name).ok()??;
        Some(subject(Place::read(&link)?.number()?, is_change))
    })
}

/// Adds what this forge calls by another name.
fn complete(record: &mut Record, object: &Object<'_>) -> Result<(), Wrong> {
    match record {
        // Lines of the file, not of the diff; the side that has none tells zero.
        Record::Comment(comment) if comment.path.is_some() && comment.line.is_none() => {
            let line = object.number("position")?.filter(|line| *line > 0);
            let old = object.number("original_position")?.filter(|line| *line > 0);
            comment.line = line.or(old);
        }
        Record::CiRun(run) if run.finished_at.is_none() && run.conclusion.is_some() => {
            run.finished_at = object.time("completed_at");
            run.started_at = run.started_at.take().or_else(|| object.time("started_at"));
        }
        Record::Comment(_)
        | Record::CiRun(_)
        | Record::Issue(_)
        | Record::Change(_)
        | Record::Review(_)
        | Record::Event(_)
        | Record::CiJob(_)
        | Record::Annotation(_)
        | Record::TestResult(_)
        | Record::LogRef(_) => {}
    }
    Ok(())
}

/// Takes away the account that stands for deleted ones.
fn forget_deleted(record: &mut Record) {
    let author = match record {
        Record::Issue(record) => &mut record.author,
        Record::Change(record) => &mut record.author,
        Record::Review(record) => &mut record.author,
        Record::Comment(record) => &mut record.author,
        Record::Event(record) => &mut record.author,
        Record::CiRun(_)
        | Record::CiJob(_)
        | Record::Annotation(_)
        | Record::TestResult(_)
        | Record::LogRef(_) => return,
    };
    if author.as_deref() == Some("Ghost") {
        *author = None;
    }
}
