//! What is measured of one query?
//!
//! In: a row, its repository, the failing test if one is known, and commits that do
//! the same as the fix. Out: the query with every column, and one docstring of its
//! snapshot, or the reason why there is none. Features see the tree at the base and
//! its ancestors; gold is looked up last.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use backstory_model::{CommitId, Repository, RepositoryError, TestText};
use sha2::{Digest as _, Sha256};

use super::query::{Query, Role, Source};
use crate::execution::{self, Executed};
use crate::history::{Cache, HistoryError, walk};
use crate::rows::{IssueRow, Strata};
use crate::seen::Ground;
use crate::snapshot::{self, Index, IndexError, Snapshot, sampled};
use crate::test_query::TestQuery;

/// One row with what is known beside it.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The row.
    pub row: &'a IssueRow,
    /// Where the query may stand.
    pub role: Role,
    /// Where its text comes from.
    pub source: Source,
    /// The failing test.
    pub test: Option<&'a TestText>,
    /// What the failing test executed before the fix.
    pub executed: Option<&'a Executed>,
    /// Commits that do the same as the fix; no feature sees them.
    pub twins: &'a BTreeSet<CommitId>,
}

/// Says why a query cannot be measured though its row is fine.
#[derive(Debug, thiserror::Error)]
pub enum DescribeError {
    /// Its files cannot be read.
    #[error("failed to read the files of the base commit")]
    Files(#[from] IndexError),
    /// Its past cannot be read.
    #[error("failed to read the past of the base commit")]
    Past(#[from] HistoryError),
}

/// What came of a row.
#[derive(Clone, Debug)]
pub enum Described {
    /// The query, and a docstring of its snapshot where there is one.
    Query(Box<Query>, Option<Box<Query>>),
    /// No query, and why.
    Dropped(String),
}

/// Measures one row.
pub fn describe(
    repository: &dyn Repository,
    asked: Asked<'_>,
    index: &Index,
    cache: &Cache,
) -> Result<Described, DescribeError> {
    let base = &asked.row.question.base;
    let snapshot = match Snapshot::read(repository, base, index) {
        Ok(snapshot) => snapshot,
        Err(IndexError::Repository(RepositoryError::Missing { id })) => {
            let why = format!("object `{id}` of its base is not in the repository");
            return Ok(Described::Dropped(why));
        }
        Err(error) => return Err(error.into()),
    };
    let past = walk(repository, base, cache)?.without(asked.twins);
    let ground = Ground { snapshot: &snapshot, past: &past, cache };
    let test = match asked.test.filter(|test| !test.paths.is_empty()) {
        Some(test) => Some(TestQuery::read(repository, base, test, index)?),
        None => None,
    };
    let gold = asked.row.answer.gold(&snapshot.candidates);
    if gold.is_empty() {
        return Ok(Described::Dropped(asked.row.answer.missing_gold().to_owned()));
    }
    let query = issue(ground, asked, gold, test.as_ref());
    let docstring = match asked.role {
        Role::Development | Role::Unit => docstring(ground, asked),
        Role::Test | Role::Pseudo => None,
    };
    Ok(Described::Query(Box::new(query), docstring.map(Box::new)))
}

/// Measures the query of a row.
fn issue(
    ground: Ground<'_>,
    asked: Asked<'_>,
    gold: Vec<usize>,
    test: Option<&TestQuery>,
) -> Query {
    let question = &asked.row.question;
    let mut columns = ground.columns(snapshot::Query::of(&question.text), test);
    if let Some(executed) = asked.executed.filter(|_| columns.has_test()) {
        columns.execution = execution::features(&columns.paths, executed);
    }
    let paths: Vec<_> = gold.iter().map(|at| columns.paths[*at].clone()).collect();
    Query {
        id: question.id.clone(),
        repo: question.repo.clone(),
        date: asked.row.base_date.clone().unwrap_or_default(),
        parent: question.id.clone(),
        text: digest(&question.text),
        source: asked.source,
        role: asked.role,
        strata: Strata::of(&question.text, &paths),
        gold,
        columns,
    }
}

/// Measures the query that one docstring of the snapshot makes.
fn docstring(ground: Ground<'_>, asked: Asked<'_>) -> Option<Query> {
    let question = &asked.row.question;
    let drawn = sampled(ground.snapshot, &question.id, 1).into_iter().next()?;
    let query = snapshot::Query { text: &drawn.text, without: Some(drawn.gold) };
    let columns = ground.columns(query, None);
    let gold = columns.paths[drawn.gold].clone();
    Some(Query {
        id: format!("{}#docstring", question.id),
        repo: question.repo.clone(),
        date: asked.row.base_date.clone().unwrap_or_default(),
        parent: question.id.clone(),
        text: digest(&drawn.text),
        source: Source::Docstring,
        role: Role::Pseudo,
        strata: Strata::of(&drawn.text, &[gold]),
        gold: vec![drawn.gold],
        columns,
    })
}

/// Returns the digest of a text, white space and case aside.
fn digest(text: &str) -> String {
    let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
    let mut text = String::new();
    for byte in Sha256::digest(words.join(" ")).iter().take(16) {
        let _ = write!(text, "{byte:02x}");
    }
    text
}
