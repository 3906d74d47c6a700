//! What does GitHub know about a repository?
//!
//! In: the REST interface of GitHub (or a server that speaks it) and how far it was
//! read. Out: the records of what changed since, and how far it is read now.

mod ci;

use std::collections::BTreeSet;

use backstory_model::{Record, RecordId, RepoName};
use jiff::Timestamp;
use serde::Deserialize;

use super::CollectError;
use super::list::{Gathering, Item, List, read_all, read_changed, read_newest};
use super::plan::Plan;
use super::report::Part;
use super::state::State;
use crate::import::github::object::{Object, Wrong};
use crate::import::github::rest::{self, RestKind, Seen};

/// What GitHub wants to be asked for.
pub(super) const ACCEPT: &str = "application/vnd.github+json";

/// Asks for one repository.
pub(super) struct GitHub<'p> {
    repo: &'p RepoName,
    root: String,
    parts: &'p BTreeSet<Part>,
    plan: &'p Plan,
}

#[derive(Default, Deserialize)]
struct Repository {
    #[serde(default)]
    created_at: Option<String>,
}

#[derive(Default, Deserialize)]
struct Numbered {
    #[serde(default)]
    number: Option<u64>,
    #[serde(default)]
    head: Option<Head>,
}

#[derive(Default, Deserialize)]
struct Head {
    #[serde(default)]
    sha: Option<String>,
}

#[derive(Default, Deserialize)]
struct CheckedBy {
    #[serde(default)]
    app: Option<App>,
}

#[derive(Deserialize)]
struct App {
    #[serde(default)]
    slug: Option<String>,
}

impl<'p> GitHub<'p> {
    /// Asks for what a plan says.
    pub(super) fn new(repo: &'p RepoName, plan: &'p Plan) -> Self {
        let root = format!("/repos/{}/{}", repo.owner(), repo.name());
        Self { repo, root, parts: &plan.parts, plan }
    }

    /// Collects everything; returns what the next collection needs to know.
    pub(super) fn collect(&self, gathering: &mut Gathering<'_>) -> Result<State, CollectError> {
        let answer = gathering.talk.page(&self.root, None)?;
        if answer.status != 200 {
            let repo = self.repo.to_string();
            return Err(CollectError::NoRepository { repo, status: answer.status });
        }
        let told: Repository = serde_json::from_slice(&answer.body).unwrap_or_default();
        let made = told.created_at.and_then(|time| time.parse().ok());
        let now = answer.date.and_then(|date| date.parse().ok());
        let mut state = State::default();
        self.discussion(gathering, &mut state)?;
        if self.wants(Part::Runs) {
            // Runs without a time cannot be asked for in parts.
            let now: Timestamp = now.unwrap_or(Timestamp::MAX);
            self.runs(gathering, made.unwrap_or(Timestamp::UNIX_EPOCH), now, &mut state)?;
        }
        Ok(state)
    }

    fn wants(&self, part: Part) -> bool {
        self.parts.contains(&part)
    }

    fn discussion(
        &self,
        gathering: &mut Gathering<'_>,
        state: &mut State,
    ) -> Result<(), CollectError> {
        if self.wants(Part::Issues) || self.wants(Part::Timeline) {
            self.issues(gathering, state)?;
        }
        if self.wants(Part::Comments) {
            let (list, kind) = ("issues/comments", RestKind::Comment);
            self.comments(gathering, state, Part::Comments, list, kind)?;
        }
        if self.wants(Part::Changes) || self.wants(Part::Reviews) || self.wants(Part::Checks) {
            self.changes(gathering, state)?;
        }
        if self.wants(Part::ReviewComments) {
            let (list, kind) = ("pulls/comments", RestKind::ReviewComment);
            self.comments(gathering, state, Part::ReviewComments, list, kind)?;
        }
        Ok(())
    }

    fn changed_list(&self, part: Part, list: &str) -> List {
        let root = &self.root;
        let path = format!("{root}/{list}sort=updated&direction=asc&per_page=100");
        List { part, path, since: "since" }
    }

    /// Reads issues, and what happened to issues and pull requests.
    fn issues(&self, gathering: &mut Gathering<'_>, state: &mut State) -> Result<(), CollectError> {
        let name = self.plan.named("issues", &[Part::Issues, Part::Timeline]);
        let list = self.changed_list(Part::Issues, "issues?state=all&");
        let read =
            read_changed(gathering, &list, &self.plan.cursor(&name), &mut |gathering, item| {
                let Numbered { number, .. } = item.peek();
                let is_change = Object::read(item.raw).is_ok_and(|issue| issue.is_pull_request());
                if !is_change && self.wants(Part::Issues) {
                    take(gathering, Part::Issues, RestKind::Issue, item, &self.seen(item))?;
                }
                match number {
                    Some(number) if self.wants(Part::Timeline) => {
                        self.timeline(gathering, number, is_change)
                    }
                    _ => Ok(()),
                }
            })?;
        state.lists.extend(read.map(|cursor| (name, cursor)));
        Ok(())
    }

    fn timeline(
        &self,
        gathering: &mut Gathering<'_>,
        number: u64,
        is_change: bool,
    ) -> Result<(), CollectError> {
        let path = format!("{}/issues/{number}/timeline?per_page=100", self.root);
        let kind = if is_change { "change" } else { "issue" };
        let on = Some(RecordId::new(format!("{kind}:{number}")));
        read_all(gathering, Part::Timeline, &path, None, &mut |gathering, item| {
            let seen = Seen { on: on.clone(), ..self.seen(item) };
            take(gathering, Part::Timeline, RestKind::Event, item, &seen)
        })?;
        Ok(())
    }

    fn comments(
        &self,
        gathering: &mut Gathering<'_>,
        state: &mut State,
        part: Part,
        list: &str,
        kind: RestKind,
    ) -> Result<(), CollectError> {
        let plan = self.changed_list(part, &format!("{list}?"));
        let read =
            read_changed(gathering, &plan, &self.plan.cursor(list), &mut |gathering, item| {
                take(gathering, part, kind, item, &self.seen(item))
            })?;
        state.lists.extend(read.map(|cursor| (list.to_owned(), cursor)));
        Ok(())
    }

    /// Reads pull requests with their reviews, and the checks of their heads.
    fn changes(
        &self,
        gathering: &mut Gathering<'_>,
        state: &mut State,
    ) -> Result<(), CollectError> {
        let name = self.plan.named("pulls", &[Part::Changes, Part::Reviews, Part::Checks]);
        let path =
            format!("{}/pulls?state=all&sort=updated&direction=desc&per_page=100", self.root);
        let cursor = self.plan.cursor(&name);
        let read =
            read_newest(gathering, Part::Changes, &path, &cursor, &mut |gathering, item| {
                let Numbered { number, head, .. } = item.peek();
                if self.wants(Part::Changes) {
                    take(gathering, Part::Changes, RestKind::Change, item, &self.seen(item))?;
                }
                if let (Some(number), true) = (number, self.wants(Part::Reviews)) {
                    self.reviews(gathering, number)?;
                }
                match head.and_then(|head| head.sha) {
                    Some(sha) if self.wants(Part::Checks) => self.checks(gathering, &sha),
                    _ => Ok(()),
                }
            })?;
        state.lists.extend(read.map(|cursor| (name, cursor)));
        Ok(())
    }

    fn reviews(&self, gathering: &mut Gathering<'_>, number: u64) -> Result<(), CollectError> {
        let path = format!("{}/pulls/{number}/reviews?per_page=100", self.root);
        let on = Some(RecordId::new(format!("change:{number}")));
        read_all(gathering, Part::Reviews, &path, None, &mut |gathering, item| {
            let seen = Seen { on: on.clone(), ..self.seen(item) };
            take(gathering, Part::Reviews, RestKind::Review, item, &seen)
        })?;
        Ok(())
    }

    /// Reads what other services than Actions checked; those of Actions are jobs.
    fn checks(&self, gathering: &mut Gathering<'_>, sha: &str) -> Result<(), CollectError> {
        if sha.is_empty() || !sha.bytes().all(|byte| byte.is_ascii_hexdigit()) {
            return Ok(());
        }
        let path = format!("{}/commits/{sha}/check-runs?filter=all&per_page=100", self.root);
        let field = Some("check_runs");
        read_all(gathering, Part::Checks, &path, field, &mut |gathering, item| {
            let CheckedBy { app } = item.peek();
            if app.and_then(|app| app.slug).as_deref() == Some("github-actions") {
                return Ok(());
            }
            take(gathering, Part::Checks, RestKind::CheckRun, item, &self.seen(item))?;
            self.remarks_of_check(gathering, item)
        })?;
        Ok(())
    }

    fn seen(&self, item: &Item<'_>) -> Seen {
        Seen {
            observed_at: item.observed_at.map(str::to_owned),
            repo: Some(self.repo.clone()),
            on: None,
            job: None,
            position: item.position,
        }
    }
}

/// Takes the records of one object.
fn take(
    gathering: &mut Gathering<'_>,
    part: Part,
    kind: RestKind,
    item: &Item<'_>,
    seen: &Seen,
) -> Result<(), CollectError> {
    gathering.take_read(part, item, read(kind, item, seen))
}

/// Returns the records of one object.
fn read(kind: RestKind, item: &Item<'_>, seen: &Seen) -> Result<Vec<Record>, Wrong> {
    Object::read(item.raw).and_then(|object| rest::records(kind, &object, seen))
}
