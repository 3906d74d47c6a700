//! What does the experiment know of one query?
//!
//! In: feature columns as they were measured, over all candidates. Out: the query
//! with its gold, its strata and its columns; nothing here reads a repository.

use backstory_model::RepoName;
use serde::{Deserialize, Serialize};

use crate::control::Answered;
use crate::rows::Strata;
use crate::seen::Columns;

/// Where the text of a query comes from.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Source {
    /// Somebody else's issue, as an issue row or a record holds it.
    Issue,
    /// The words of the change, written with knowledge of the fix.
    PseudoIssue,
    /// A docstring; its file is the gold.
    Docstring,
}

/// On which side of the experiment a query may stand.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// A row that is learned from and scored, never both in one fold.
    Development,
    /// A row that is only scored.
    Test,
    /// A mined unit; learned from.
    Unit,
    /// A docstring of the snapshot of another query; what the baseline learns from.
    Pseudo,
}

/// One query over the candidates of its tree.
#[derive(Clone, Debug)]
pub struct Query {
    /// Its name, unique among queries of its role.
    pub id: String,
    /// The repository.
    pub repo: RepoName,
    /// When its base was committed, RFC 3339 in UTC; empty where not known.
    pub date: String,
    /// The query whose snapshot it shares: its own id but for docstrings.
    pub parent: String,
    /// The digest of its text, white space and case aside.
    pub text: String,
    /// Where the text comes from.
    pub source: Source,
    /// Where it may stand.
    pub role: Role,
    /// What the text gives away.
    pub strata: Strata,
    /// The places of the gold files, ascending; at least one.
    pub gold: Vec<usize>,
    /// The candidates with what was measured of them.
    pub columns: Columns,
}

impl Query {
    /// Returns what the controls see of it.
    pub fn answered(&self) -> Answered<'_> {
        let candidates = &self.columns.paths;
        Answered { id: &self.id, repo: &self.repo, candidates, gold: &self.gold }
    }
}
