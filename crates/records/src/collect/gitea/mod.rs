//! What does a Gitea or Forgejo server know about a repository?
//!
//! In: its REST interface (v1) and how far it was read. Out: the records of what
//! changed since, and how far it is read now. It sorts most lists by number, so
//! what changed is asked for by the time at which the last collection began.

mod ci;

use backstory_model::{Record, RecordId, RepoName};
use jiff::Timestamp;
use serde::Deserialize;

use super::CollectError;
use super::address::escape;
use super::list::{Gathering, Item, List, read_all, read_newest, read_since};
use super::plan::Plan;
use super::report::Part;
use super::state::State;
use crate::import::gitea;
use crate::import::github::object::{Object, Wrong};
use crate::import::github::rest::Seen;
use crate::import::objects::Told;

/// What Gitea wants to be asked for; logs are no JSON.
pub(super) const ACCEPT: &str = "application/json, */*;q=0.5";

/// Asks for one repository.
pub(super) struct Gitea<'p> {
    repo: &'p RepoName,
    root: String,
    plan: &'p Plan,
}

#[derive(Default, Deserialize)]
struct Numbered {
    #[serde(default)]
    id: Option<u64>,
    #[serde(default)]
    number: Option<u64>,
    #[serde(default)]
    comments_count: u64,
    #[serde(default)]
    updated_at: Option<String>,
}

impl<'p> Gitea<'p> {
    /// Asks for what a plan says.
    pub(super) fn new(repo: &'p RepoName, plan: &'p Plan) -> Self {
        let root = format!("/repos/{}/{}", repo.owner(), repo.name());
        Self { repo, root, plan }
    }

    /// Collects everything; returns what the next collection needs to know.
    pub(super) fn collect(&self, gathering: &mut Gathering<'_>) -> Result<State, CollectError> {
        let answer = gathering.talk.page(&self.root, None)?;
        if answer.status != 200 {
            let repo = self.repo.to_string();
            return Err(CollectError::NoRepository { repo, status: answer.status });
        }
        let now = answer.date.and_then(|date| date.parse().ok());
        let mut state = State::default();
        if self.wants(Part::Issues) || self.wants(Part::Timeline) {
            self.issues(gathering, &mut state)?;
        }
        if self.wants(Part::Comments) {
            self.comments(gathering, &mut state)?;
        }
        if self.wants(Part::Changes) || self.wants(Part::Reviews) || self.wants(Part::Timeline) {
            self.changes(gathering, &mut state)?;
        }
        if self.wants(Part::Runs) {
            self.runs(gathering, now, &mut state)?;
        }
        Ok(state)
    }

    fn wants(&self, part: Part) -> bool {
        self.plan.parts.contains(&part)
    }

    fn issues(&self, gathering: &mut Gathering<'_>, state: &mut State) -> Result<(), CollectError> {
        let name = self.plan.named("issues", &[Part::Issues, Part::Timeline]);
        let path = format!("{}/issues?state=all&type=issues&limit=50", self.root);
        let list = List { part: Part::Issues, path, since: "since" };
        let cursor = self.plan.cursor(&name);
        let read = read_since(gathering, &list, &cursor, &mut |gathering, item| {
            if self.wants(Part::Issues) {
                self.take(gathering, Part::Issues, item, None)?;
            }
            let Numbered { number, .. } = item.peek();
            let Some(number) = number else { return Ok(()) };
            let on = RecordId::new(format!("issue:{number}"));
            self.timeline(gathering, number, &on, cursor.since.as_deref())
        })?;
        state.lists.extend(read.map(|cursor| (name, cursor)));
        Ok(())
    }

    fn comments(
        &self,
        gathering: &mut Gathering<'_>,
        state: &mut State,
    ) -> Result<(), CollectError> {
        let name = "issues/comments";
        let path = format!("{}/{name}?limit=50", self.root);
        let list = List { part: Part::Comments, path, since: "since" };
        let cursor = self.plan.cursor(name);
        let read = read_since(gathering, &list, &cursor, &mut |gathering, item| {
            self.take(gathering, Part::Comments, item, None)
        })?;
        state.lists.extend(read.map(|cursor| (name.to_owned(), cursor)));
        Ok(())
    }

    fn changes(
        &self,
        gathering: &mut Gathering<'_>,
        state: &mut State,
    ) -> Result<(), CollectError> {
        let about = [Part::Changes, Part::Reviews, Part::ReviewComments, Part::Timeline];
        let name = self.plan.named("pulls", &about);
        let path = format!("{}/pulls?state=all&sort=recentupdate&limit=50", self.root);
        let cursor = self.plan.cursor(&name);
        let since = cursor.since.as_deref();
        let read =
            read_newest(gathering, Part::Changes, &path, &cursor, &mut |gathering, item| {
                if self.wants(Part::Changes) {
                    self.take(gathering, Part::Changes, item, None)?;
                }
                let Numbered { number, .. } = item.peek();
                let Some(number) = number else { return Ok(()) };
                let on = RecordId::new(format!("change:{number}"));
                if self.wants(Part::Reviews) || self.wants(Part::ReviewComments) {
                    self.reviews(gathering, number, &on, since)?;
                }
                self.timeline(gathering, number, &on, since)
            })?;
        state.lists.extend(read.map(|cursor| (name, cursor)));
        Ok(())
    }

    /// Reads reviews that changed, and what they say about lines.
    fn reviews(
        &self,
        gathering: &mut Gathering<'_>,
        number: u64,
        on: &RecordId,
        since: Option<&str>,
    ) -> Result<(), CollectError> {
        let path = format!("{}/pulls/{number}/reviews?limit=50", self.root);
        let since = since.and_then(|since| since.parse::<Timestamp>().ok());
        read_all(gathering, Part::Reviews, &path, None, &mut |gathering, item| {
            let Numbered { id, comments_count, updated_at, .. } = item.peek();
            let changed = updated_at.and_then(|time| time.parse::<Timestamp>().ok());
            if changed.is_some() && changed < since {
                return Ok(());
            }
            if self.wants(Part::Reviews) {
                self.take(gathering, Part::Reviews, item, Some(on))?;
            }
            let said = comments_count > 0 && self.wants(Part::ReviewComments);
            let Some(id) = id.filter(|_| said) else { return Ok(()) };
            let path = format!("{}/pulls/{number}/reviews/{id}/comments", self.root);
            read_all(gathering, Part::ReviewComments, &path, None, &mut |gathering, item| {
                self.take(gathering, Part::ReviewComments, item, Some(on))
            })?;
            Ok(())
        })?;
        Ok(())
    }

    /// Reads what happened; the comments among it come from a list of their own,
    /// which tells of later edits as well.
    fn timeline(
        &self,
        gathering: &mut Gathering<'_>,
        number: u64,
        on: &RecordId,
        since: Option<&str>,
    ) -> Result<(), CollectError> {
        if !self.wants(Part::Timeline) {
            return Ok(());
        }
        let since = since.map(|since| format!("&since={}", escape(since))).unwrap_or_default();
        let path = format!("{}/issues/{number}/timeline?limit=50{since}", self.root);
        read_all(gathering, Part::Timeline, &path, None, &mut |gathering, item| {
            let mut records = self.read(item, Some(on));
            if let Ok(records) = &mut records {
                records.retain(|record| matches!(record, Record::Event(_)));
            }
            gathering.take_read(Part::Timeline, item, records)
        })?;
        Ok(())
    }

    /// Takes the records of one object.
    fn take(
        &self,
        gathering: &mut Gathering<'_>,
        part: Part,
        item: &Item<'_>,
        on: Option<&RecordId>,
    ) -> Result<(), CollectError> {
        gathering.take_read(part, item, self.read(item, on))
    }

    /// Returns the records of one object.
    fn read(&self, item: &Item<'_>, on: Option<&RecordId>) -> Result<Vec<Record>, Wrong> {
        let seen = Seen {
            observed_at: item.observed_at.map(str::to_owned),
            repo: Some(self.repo.clone()),
            on: on.cloned(),
            job: None,
            position: item.position,
        };
        match gitea::told(&Object::read(item.raw)?, seen)? {
            Told::Records(records) => Ok(records),
            Told::Other(found) => Err(Wrong::Other { found }),
        }
    }
}
