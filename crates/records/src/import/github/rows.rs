//! Which issue and change does a SWE-bench-style row speak of?
//!
//! In: rows with `instance_id`, `repo`, `base_commit` and `problem_statement`. Out:
//! the pull request, and the issue it closes. Rows do not say the number of the
//! issue, so that it gets the number of the pull request, which no issue can have.
//! Hints have neither author nor time and are counted only.

use backstory_model::{ChangeRecord, IssueRecord, Record, RecordId, RepoName};
use serde_json::value::RawValue;

use super::object::{Object, Wrong};
use super::place::subject;
use super::reading::Reading;
use crate::RecordsError;

/// Returns true for a row.
pub(in crate::import) fn is_row(has: impl Fn(&str) -> bool) -> bool {
    has("instance_id") && has("problem_statement")
}

impl Reading<'_, '_> {
    /// Takes the issue and the pull request of a row.
    pub(super) fn row(&mut self, object: &Object<'_>, raw: &RawValue) -> Result<(), RecordsError> {
        if let Ok(Some(repo)) = object.text("repo")
            && let Ok(repo) = RepoName::parse(&repo)
        {
            self.learn(&repo);
        }
        if matches!(object.text("hints_text"), Ok(Some(hints)) if !hints.is_empty()) {
            self.sink.other("hints");
        }
        let records = records(object, self.seen.observed_at.as_deref());
        self.take(records, raw)
    }
}

fn records(object: &Object<'_>, observed_at: Option<&str>) -> Result<Vec<Record>, Wrong> {
    let instance = object.need_text("instance_id")?;
    let number = match object.number("pull_number")? {
        Some(number) => Some(number),
        None => instance.rsplit(['-', '_']).next().and_then(|number| number.parse().ok()),
    };
    let Some(number) = number else { return Err(Wrong::Nowhere { what: "pull request" }) };
    let statement = object.need_text("problem_statement")?;
    let (title, body) = statement.split_once('\n').unwrap_or((&statement, ""));
    let created_at = object.time("created_at");
    let observed_at = observed_at.map(str::to_owned);
    let issue = IssueRecord {
        id: RecordId::new(format!("issue:{number}")),
        number,
        title: title.trim().to_owned(),
        body: Some(body.to_owned()),
        author: None,
        state: None,
        labels: Vec::new(),
        created_at: created_at.clone(),
        updated_at: None,
        observed_at: observed_at.clone(),
        closed_at: None,
        url: None,
    };
    let change = ChangeRecord {
        id: subject(number, true),
        number,
        title: String::new(),
        body: None,
        author: None,
        state: Some("merged".to_owned()),
        base_sha: object.text("base_commit")?,
        head_sha: None,
        merge_sha: None,
        merged_at: None,
        commits: Vec::new(),
        closes: vec![number],
        created_at,
        updated_at: None,
        observed_at,
        closed_at: None,
        url: None,
    };
    Ok(vec![Record::Issue(issue), Record::Change(change)])
}
