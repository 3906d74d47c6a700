//! Which records does an object hold whose names are in camel case?
//!
//! In: issues and pull requests as `gh issue list --json`, `gh pr list --json`, a
//! GraphQL query or an `archive.json` mirror of issues tell them, with comments and
//! reviews inside. Out: their records. What has no number of its own is named by
//! where and when it was written.

use std::collections::BTreeMap;

use backstory_model::{
    ChangeRecord, CommentRecord, IssueRecord, Record, RecordId, RepoName, ReviewRecord,
};
use serde_json::value::RawValue;

use super::object::{Object, Wrong};
use super::place::{Place, subject};
use super::reading::Reading;
use super::rest::author;
use crate::RecordsError;

/// Names that only these objects have.
const CAMEL: [&str; 6] =
    ["createdAt", "updatedAt", "closedAt", "authorAssociation", "stateReason", "headRefName"];

/// Names that only pull requests have.
const OF_CHANGE: [&str; 8] = [
    "headRefOid",
    "baseRefOid",
    "headRefName",
    "baseRefName",
    "mergedAt",
    "mergeCommit",
    "isDraft",
    "reviewDecision",
];

/// Returns true for an issue or pull request of this form.
pub(super) fn is_subject(has: impl Fn(&str) -> bool) -> bool {
    has("number") && has("title") && CAMEL.iter().chain(&OF_CHANGE).any(|name| has(name))
}

/// What an object is said inside of.
struct Inside<'a> {
    on: &'a RecordId,
    observed_at: Option<&'a str>,
    /// How often a name was made up from place and time.
    made_up: BTreeMap<String, u32>,
}

impl Reading<'_, '_> {
    /// Takes an issue or pull request and what was said about it.
    pub(super) fn graphql(
        &mut self,
        object: &Object<'_>,
        raw: &RawValue,
        in_changes: bool,
    ) -> Result<(), RecordsError> {
        let link = object.text("url").ok().flatten().unwrap_or_default();
        let place = Place::read(&link);
        if let Some(place) = &place {
            self.learn(&place.repo);
        }
        let is_change = in_changes
            || place.is_some_and(|place| place.is_change())
            || OF_CHANGE.iter().any(|name| object.has(name));
        let record = if is_change {
            self.change(object).map(Record::Change)
        } else {
            self.issue(object).map(Record::Issue)
        };
        let on = match &record {
            Ok(record) => record.id().clone(),
            Err(_) => return self.take(record.map(|record| vec![record]), raw),
        };
        self.take(record.map(|record| vec![record]), raw)?;
        self.said(object, &on)
    }

    fn issue(&self, object: &Object<'_>) -> Result<IssueRecord, Wrong> {
        let number = object.need_number("number")?;
        Ok(IssueRecord {
            id: subject(number, false),
            number,
            title: object.need_text("title")?,
            body: object.text("body")?,
            author: author(object, "author")?,
            state: object.word("state")?,
            labels: labels(object)?,
            created_at: object.time("createdAt"),
            updated_at: object.time("updatedAt"),
            observed_at: self.seen.observed_at.clone(),
            closed_at: object.time("closedAt"),
            url: object.text("url")?,
        })
    }

    fn change(&self, object: &Object<'_>) -> Result<ChangeRecord, Wrong> {
        let number = object.need_number("number")?;
        let merge = object.object("mergeCommit")?.unwrap_or_default();
        Ok(ChangeRecord {
            id: subject(number, true),
            number,
            title: object.need_text("title")?,
            body: object.text("body")?,
            author: author(object, "author")?,
            state: object.word("state")?,
            base_sha: object.text("baseRefOid")?,
            head_sha: object.text("headRefOid")?,
            merge_sha: merge.text("oid")?,
            merged_at: object.time("mergedAt"),
            commits: commits(object)?,
            closes: closes(object, self.seen.repo.as_ref())?,
            created_at: object.time("createdAt"),
            updated_at: object.time("updatedAt"),
            observed_at: self.seen.observed_at.clone(),
            closed_at: object.time("closedAt"),
            url: object.text("url")?,
        })
    }

    /// Takes comments and reviews; each one that is broken is told by itself.
    fn said(&mut self, object: &Object<'_>, on: &RecordId) -> Result<(), RecordsError> {
        let observed_at = self.seen.observed_at.clone();
        let made_up = BTreeMap::new();
        let mut inside = Inside { on, observed_at: observed_at.as_deref(), made_up };
        for raw in self.entries_of(object, "comments") {
            let comment = Object::read(raw).and_then(|entry| comment(&entry, &mut inside));
            self.take(comment.map(|comment| vec![Record::Comment(comment)]), raw)?;
        }
        for raw in self.entries_of(object, "reviews") {
            let entry = Object::read(raw);
            let written = entry
                .as_ref()
                .map_or_else(|_| Vec::new(), |entry| self.entries_of(entry, "comments"));
            let review = entry.and_then(|entry| review(&entry, &mut inside));
            self.take(review.map(|review| vec![Record::Review(review)]), raw)?;
            for raw in written {
                let comment = Object::read(raw).and_then(|entry| comment(&entry, &mut inside));
                self.take(comment.map(|comment| vec![Record::Comment(comment)]), raw)?;
            }
        }
        Ok(())
    }

    /// Returns the entries of a list; one that is no list is told.
    fn entries_of<'o>(&mut self, object: &Object<'o>, name: &str) -> Vec<&'o RawValue> {
        // Some queries ask for the number of comments only.
        if object.number(name).is_ok() {
            return Vec::new();
        }
        nodes(object, name).unwrap_or_else(|wrong| {
            self.broken(wrong);
            Vec::new()
        })
    }
}

/// Returns the entries of a list, which may be a page of a query.
fn nodes<'o>(object: &Object<'o>, name: &str) -> Result<Vec<&'o RawValue>, Wrong> {
    if let Ok(entries) = object.list(name) {
        return Ok(entries);
    }
    let page = object.object(name)?.unwrap_or_default();
    if !page.has("edges") {
        return page.list("nodes");
    }
    let edges = page.objects("edges")?;
    Ok(edges.iter().filter_map(|edge| edge.raw("node")).collect())
}

fn comment(object: &Object<'_>, inside: &mut Inside<'_>) -> Result<CommentRecord, Wrong> {
    let created_at = object.time("createdAt");
    let commit = match object.object("originalCommit")? {
        Some(commit) => commit.text("oid")?,
        None => object.object("commit")?.unwrap_or_default().text("oid")?,
    };
    let answered = object.object("replyTo")?.unwrap_or_default();
    let path = object.text("path")?;
    Ok(CommentRecord {
        id: id("comment", object, inside, created_at.as_deref())?,
        on: inside.on.clone(),
        author: author(object, "author")?,
        body: object.text("body")?,
        line: object.number("line")?.or(object.number("originalLine")?).filter(|_| path.is_some()),
        path,
        commit,
        in_reply_to: own_name(&answered)?.map(|id| RecordId::new(format!("comment:{id}"))),
        updated_at: object.time("updatedAt").or_else(|| object.time("lastEditedAt")),
        created_at,
        observed_at: inside.observed_at.map(str::to_owned),
    })
}

fn review(object: &Object<'_>, inside: &mut Inside<'_>) -> Result<ReviewRecord, Wrong> {
    let created_at = object.time("submittedAt").or_else(|| object.time("createdAt"));
    Ok(ReviewRecord {
        id: id("review", object, inside, created_at.as_deref())?,
        on: inside.on.clone(),
        author: author(object, "author")?,
        state: object.word("state")?,
        body: object.text("body")?,
        commit: object.object("commit")?.unwrap_or_default().text("oid")?,
        updated_at: object.time("updatedAt").or_else(|| created_at.clone()),
        created_at,
        observed_at: inside.observed_at.map(str::to_owned),
    })
}

/// Names what was said: by its number, else by its link, else by what the forge calls
/// it in queries, else by who said it when and where.
fn id(
    kind: &str,
    object: &Object<'_>,
    inside: &mut Inside<'_>,
    created_at: Option<&str>,
) -> Result<RecordId, Wrong> {
    if let Some(name) = own_name(object)? {
        return Ok(RecordId::new(format!("{kind}:{name}")));
    }
    let Some(created_at) = created_at else { return Err(Wrong::Missing { name: "id" }) };
    let by = author(object, "author")?.unwrap_or_else(|| "ghost".to_owned());
    let name = format!("{kind}:{}/{created_at}/{by}", inside.on);
    let times = inside.made_up.entry(name.clone()).or_default();
    *times += 1;
    Ok(RecordId::new(if *times > 1 { format!("{name}/{times}") } else { name }))
}

fn own_name(object: &Object<'_>) -> Result<Option<String>, Wrong> {
    for name in ["databaseId", "fullDatabaseId"] {
        if let Some(number) = object.name_of(name)? {
            return Ok(Some(number));
        }
    }
    let link = object.text("url")?.unwrap_or_default();
    let numbered = Place::read(&link).and_then(|place| place.fragment_number());
    numbered.map_or_else(|| object.name_of("id"), |number| Ok(Some(number.to_string())))
}

fn labels(object: &Object<'_>) -> Result<Vec<String>, Wrong> {
    let mut names = Vec::new();
    for raw in nodes(object, "labels")? {
        match serde_json::from_str::<String>(raw.get()) {
            Ok(name) => names.push(name),
            Err(_) => names.extend(Object::read(raw)?.text("name")?),
        }
    }
    Ok(names)
}

fn commits(object: &Object<'_>) -> Result<Vec<String>, Wrong> {
    if object.number("commits").is_ok() {
        return Ok(Vec::new());
    }
    let mut commits = Vec::new();
    for raw in nodes(object, "commits")? {
        let entry = Object::read(raw)?;
        let inner = entry.object("commit")?;
        commits.extend(inner.unwrap_or(entry).text("oid")?);
    }
    Ok(commits)
}

/// Returns the issues of the same repository that the forge says it closes.
fn closes(object: &Object<'_>, repo: Option<&RepoName>) -> Result<Vec<u64>, Wrong> {
    let mut numbers = Vec::new();
    for raw in nodes(object, "closingIssuesReferences")? {
        let issue = Object::read(raw)?;
        let link = issue.text("url")?.unwrap_or_default();
        let named = Place::read(&link).map(|place| place.repo);
        let foreign = named.is_some_and(|named| repo.is_some_and(|repo| *repo != named));
        numbers.extend(issue.number("number")?.filter(|_| !foreign));
    }
    Ok(numbers)
}
