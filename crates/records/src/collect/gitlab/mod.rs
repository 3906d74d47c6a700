//! What does GitLab know about a project?
//!
//! In: the REST interface of GitLab (v4) and how far it was read. Out: the records
//! of what changed since, and how far it is read now. All lists are sorted by
//! change and asked for by time, so that no page is far from the first.

mod ci;

use backstory_model::{Record, RecordId};
use jiff::Timestamp;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::CollectError;
use super::address::escape;
use super::list::{Gathering, Item, List, read_all, read_changed, read_newest};
use super::plan::Plan;
use super::report::Part;
use super::state::{Cursor, State};
use crate::import::github::object::{Object, Wrong};
use crate::import::gitlab::{self, Seen};
use crate::import::objects::Told;

/// What GitLab wants to be asked for; traces are no JSON.
pub(super) const ACCEPT: &str = "application/json, */*;q=0.5";

/// Asks for one project.
pub(super) struct GitLab<'p> {
    path: &'p str,
    root: String,
    plan: &'p Plan,
}

#[derive(Default, Deserialize)]
struct Project {
    #[serde(default)]
    id: Option<u64>,
}

#[derive(Default, Deserialize)]
struct Numbered {
    #[serde(default)]
    iid: Option<u64>,
    #[serde(default)]
    project_id: Option<u64>,
    #[serde(default)]
    created_at: Option<String>,
}

/// An issue or a merge request that is asked about.
struct Subject<'s> {
    kind: &'static str,
    path: String,
    number: u64,
    /// What was said about it before was read already.
    since: &'s Option<String>,
}

impl Subject<'_> {
    fn id(&self) -> RecordId {
        RecordId::new(format!("{}:{}", self.kind, self.number))
    }
}

impl<'p> GitLab<'p> {
    /// Asks for what a plan says; `path` may name groups of groups.
    pub(super) fn new(path: &'p str, plan: &'p Plan) -> Self {
        Self { path, root: format!("/projects/{}", escape(path)), plan }
    }

    /// Collects everything; returns what the next collection needs to know.
    pub(super) fn collect(&self, gathering: &mut Gathering<'_>) -> Result<State, CollectError> {
        let answer = gathering.talk.page(&self.root, None)?;
        if answer.status != 200 {
            let repo = self.path.to_owned();
            return Err(CollectError::NoRepository { repo, status: answer.status });
        }
        let Project { id } = serde_json::from_slice(&answer.body).unwrap_or_default();
        let now = answer.date.and_then(|date| date.parse().ok());
        let mut state = State::default();
        let said = self.wants(Part::Comments) || self.wants(Part::Timeline);
        if said || self.wants(Part::Issues) {
            self.issues(gathering, &mut state)?;
        }
        if said || self.wants(Part::Changes) || self.wants(Part::ReviewComments) {
            self.changes(gathering, id, &mut state)?;
        }
        if self.wants(Part::Runs) {
            self.pipelines(gathering, now, &mut state)?;
        }
        Ok(state)
    }

    fn wants(&self, part: Part) -> bool {
        self.plan.parts.contains(&part)
    }

    fn changed_list(&self, part: Part, list: &str) -> List {
        let root = &self.root;
        let path =
            format!("{root}/{list}?scope=all&state=all&order_by=updated_at&sort=asc&per_page=100");
        List { part, path, since: "updated_after" }
    }

    fn issues(&self, gathering: &mut Gathering<'_>, state: &mut State) -> Result<(), CollectError> {
        let name = self.plan.named("issues", &[Part::Issues, Part::Comments, Part::Timeline]);
        let list = self.changed_list(Part::Issues, "issues");
        let cursor = self.plan.cursor(&name);
        let read = read_changed(gathering, &list, &cursor, &mut |gathering, item| {
            if self.wants(Part::Issues) {
                take(gathering, Part::Issues, item, Seen::default())?;
            }
            let Numbered { iid, .. } = item.peek();
            let Some(number) = iid else { return Ok(()) };
            let path = format!("{}/issues/{number}", self.root);
            let subject = Subject { kind: "issue", path, number, since: &cursor.since };
            self.discussion(gathering, &subject)
        })?;
        state.lists.extend(read.map(|cursor| (name, cursor)));
        Ok(())
    }

    fn changes(
        &self,
        gathering: &mut Gathering<'_>,
        project: Option<u64>,
        state: &mut State,
    ) -> Result<(), CollectError> {
        let about = [Part::Changes, Part::Comments, Part::ReviewComments, Part::Timeline];
        let name = self.plan.named("merge_requests", &about);
        let list = self.changed_list(Part::Changes, "merge_requests");
        let cursor = self.plan.cursor(&name);
        let read = read_changed(gathering, &list, &cursor, &mut |gathering, item| {
            let Numbered { iid, .. } = item.peek();
            let Some(number) = iid else {
                return take(gathering, Part::Changes, item, Seen::default());
            };
            let path = format!("{}/merge_requests/{number}", self.root);
            let subject = Subject { kind: "change", path, number, since: &cursor.since };
            if self.wants(Part::Changes) {
                change(gathering, &subject, project, item)?;
            }
            if self.wants(Part::Timeline) {
                events(gathering, &subject, "versions")?;
            }
            self.discussion(gathering, &subject)
        })?;
        state.lists.extend(read.map(|cursor| (name, cursor)));
        Ok(())
    }

    /// Reads what was said and done about an issue or merge request.
    fn discussion(
        &self,
        gathering: &mut Gathering<'_>,
        subject: &Subject<'_>,
    ) -> Result<(), CollectError> {
        self.notes(gathering, subject)?;
        if self.wants(Part::Timeline) {
            events(gathering, subject, "resource_state_events")?;
            events(gathering, subject, "resource_label_events")?;
        }
        Ok(())
    }

    /// Reads notes, newest first, down to those that were read before.
    fn notes(
        &self,
        gathering: &mut Gathering<'_>,
        subject: &Subject<'_>,
    ) -> Result<(), CollectError> {
        let parts = [Part::Comments, Part::ReviewComments, Part::Timeline];
        let wanted: Vec<Part> = parts.into_iter().filter(|part| self.wants(*part)).collect();
        let Some(part) = wanted.first().copied() else { return Ok(()) };
        if gathering.talk.is_refused(part) {
            return Ok(());
        }
        let path = format!("{}/notes?order_by=updated_at&sort=desc&per_page=100", subject.path);
        let until = Cursor { since: subject.since.clone(), ..Cursor::default() };
        read_newest(gathering, part, &path, &until, &mut |gathering, item| {
            let on = Some(subject.id());
            let mut records = read(item, Seen { on, ..Seen::default() });
            if let Ok(records) = &mut records {
                records.retain(|record| wanted.contains(&part_of(record)));
            }
            gathering.take_read(part, item, records)
        })?;
        Ok(())
    }
}

/// Reads a merge request with what the list leaves out, and what it closes.
fn change(
    gathering: &mut Gathering<'_>,
    subject: &Subject<'_>,
    project: Option<u64>,
    listed: &Item<'_>,
) -> Result<(), CollectError> {
    let mut closes = Vec::new();
    let path = format!("{}/closes_issues?per_page=100", subject.path);
    read_all(gathering, Part::Changes, &path, None, &mut |_, item| {
        let Numbered { iid, project_id, .. } = item.peek();
        // It may close issues of other projects, too.
        let here = project.is_none() || project_id == project;
        closes.extend(iid.filter(|_| here));
        Ok(())
    })?;
    let answer = gathering.talk.page(&subject.path, None)?;
    let whole = serde_json::from_slice::<&RawValue>(&answer.body).ok();
    let observed_at = answer.date.as_deref();
    let item = if let Some(raw) = whole.filter(|_| answer.status == 200) {
        &Item { raw, observed_at, position: 1, asked: &subject.path }
    } else {
        gathering.talk.missing(Part::Changes, &subject.path, &answer);
        listed
    };
    let mut records = read(item, Seen::default());
    for record in records.iter_mut().flatten() {
        if let Record::Change(change) = record {
            change.closes.clone_from(&closes);
        }
    }
    gathering.take_read(Part::Changes, item, records)
}

/// Reads events of one list, which never change; those from before were read.
fn events(
    gathering: &mut Gathering<'_>,
    subject: &Subject<'_>,
    list: &str,
) -> Result<(), CollectError> {
    let path = format!("{}/{list}?per_page=100", subject.path);
    let since = subject.since.as_ref().and_then(|since| since.parse::<Timestamp>().ok());
    read_all(gathering, Part::Timeline, &path, None, &mut |gathering, item| {
        let Numbered { created_at, .. } = item.peek();
        let made = created_at.and_then(|time| time.parse::<Timestamp>().ok());
        if made.is_some() && made < since {
            return Ok(());
        }
        let on = Some(subject.id());
        take(gathering, Part::Timeline, item, Seen { on, ..Seen::default() })
    })?;
    Ok(())
}

/// Returns the part that a note belongs to.
fn part_of(record: &Record) -> Part {
    match record {
        Record::Comment(comment) if comment.path.is_some() => Part::ReviewComments,
        Record::Event(_) => Part::Timeline,
        Record::Comment(_)
        | Record::Issue(_)
        | Record::Change(_)
        | Record::Review(_)
        | Record::CiRun(_)
        | Record::CiJob(_)
        | Record::Annotation(_)
        | Record::TestResult(_)
        | Record::LogRef(_) => Part::Comments,
    }
}

/// Takes the records of one object.
fn take(
    gathering: &mut Gathering<'_>,
    part: Part,
    item: &Item<'_>,
    seen: Seen,
) -> Result<(), CollectError> {
    gathering.take_read(part, item, read(item, seen))
}

/// Returns the records of one object.
fn read(item: &Item<'_>, seen: Seen) -> Result<Vec<Record>, Wrong> {
    let seen = Seen { observed_at: item.observed_at.map(str::to_owned), ..seen };
    match gitlab::told(&Object::read(item.raw)?, seen)? {
        Told::Records(records) => Ok(records),
        Told::Other(found) => Err(Wrong::Other { found }),
    }
}
