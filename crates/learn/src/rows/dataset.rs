//! Which queries do the trajectories of an exported dataset make?
//!
//! In: the tables `trajectories` and `evidence` of an export. Out: an issue row for each
//! unit that changes tests and source, small and not by a bot, with its failing test,
//! what that executed and where its text comes from. What a customer has is all that
//! is read.

use std::collections::BTreeMap;
use std::path::Path;

use backstory_model::{CommitId, RepoName, TestText};
use backstory_store::{StoreError, fs};
use backstory_table::{Cell, TableError, read_rows};
use serde::Deserialize;

use super::executed::read_executed;
use super::patch::changed;
use super::row::{Answer, IssueRow, Question, Usage};
use crate::execution::Executed;

/// One unit of a dataset.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct UnitRow {
    /// What is asked, and what is right.
    pub row: IssueRow,
    /// True when the text is somebody else's issue, false for the words of the change.
    pub is_issue: bool,
    /// The test lines that the unit adds.
    pub test: TestText,
    /// What its failing tests executed before the fix, where they were run.
    pub executed: Option<Executed>,
}

/// Says why a dataset cannot be read.
#[derive(Debug, thiserror::Error)]
pub enum DatasetError {
    /// Its folder cannot be listed.
    #[error("failed to list the tables of the dataset")]
    Folder(#[from] StoreError),
    /// One of its tables cannot be read.
    #[error("failed to read a table of the dataset")]
    Table(#[from] TableError),
    /// Evidence was taken where the fix may have been.
    #[error(
        "the evidence of `{unit}` comes from the state `{state}`, and only `base_with_tests` \
         is before the fix"
    )]
    State {
        /// The unit.
        unit: String,
        /// The state.
        state: String,
    },
}

/// Reads the units of a dataset, by repository and then newest first.
///
/// `folder` is the dataset, or its `parquet` folder.
pub fn read_dataset(folder: &Path) -> Result<Vec<UnitRow>, DatasetError> {
    let inner = folder.join("parquet");
    let folder = if inner.is_dir() { inner } else { folder.to_owned() };
    let mut units: Vec<(RepoName, i64, UnitRow)> = Vec::new();
    for file in fs::entries(&folder.join("trajectories"))? {
        if file.extension().is_some_and(|suffix| suffix == "parquet") {
            read_rows(&file, |row| units.extend(unit(&row)))?;
        }
    }
    let mut executed = read_executed(&folder)?;
    for (_, _, unit) in &mut units {
        let question = &unit.row.question;
        unit.executed = executed.remove(&(question.id.clone(), question.base.clone()));
    }
    units.sort_by(|one, other| {
        (&one.0, -one.1, &one.2.row.question.id).cmp(&(
            &other.0,
            -other.1,
            &other.2.row.question.id,
        ))
    });
    Ok(units.into_iter().map(|(_, _, unit)| unit).collect())
}

type Row = BTreeMap<String, Cell>;

fn unit(row: &Row) -> Option<(RepoName, i64, UnitRow)> {
    let learns = flag(row, "test_source") && flag(row, "small") && !flag(row, "bot");
    if !learns {
        return None;
    }
    let repo = RepoName::parse(text(row, "repo")?).ok()?;
    let question = Question {
        id: text(row, "unit_id")?.to_owned(),
        repo: repo.clone(),
        base: CommitId::new(text(row, "base_commit")?).ok()?,
        text: asked(row)?,
    };
    let patch = changed(text(row, "patch")?);
    let mut test_patch = changed(text(row, "test_patch").unwrap_or_default());
    let added = std::mem::take(&mut test_patch.added);
    let tests = test_patch.all();
    let answer = Answer {
        gold_files: patch.all(),
        gold_functions: None,
        test_files: Some(tests.clone()),
        pull_head: None,
    };
    let row_of_unit = IssueRow {
        question,
        answer,
        usage: Usage::Development,
        source_set: None,
        base_date: text(row, "created_at").map(str::to_owned),
    };
    let is_issue = text(row, "requirement_source") == Some("issue");
    let test = TestText { added, paths: tests };
    Some((repo, position(row), UnitRow { row: row_of_unit, is_issue, test, executed: None }))
}

/// Returns the text of the first message of the user.
fn asked(row: &Row) -> Option<String> {
    #[derive(Deserialize)]
    struct Message {
        role: String,
        #[serde(default)]
        content: Option<String>,
    }
    let Some(Cell::JsonList(messages)) = row.get("messages") else { return None };
    let message = |json: &String| serde_json::from_str::<Message>(json).ok();
    let mut messages = messages.iter().filter_map(message);
    messages.find(|message| message.role == "user").and_then(|message| message.content)
}

fn text<'r>(row: &'r Row, name: &str) -> Option<&'r str> {
    match row.get(name) {
        Some(Cell::Text(text)) => Some(text),
        _ => None,
    }
}

fn flag(row: &Row, name: &str) -> bool {
    matches!(row.get(name), Some(Cell::Boolean(true)))
}

fn position(row: &Row) -> i64 {
    match row.get("position") {
        Some(Cell::Integer(position)) => *position,
        _ => 0,
    }
}
