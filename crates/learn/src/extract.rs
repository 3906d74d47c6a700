//! Which numbers describe one issue row, and why do some rows have none?
//!
//! In: issue rows, a repository, an index. Out: for each row its candidates, gold and
//! snapshot features, or the reason why it was dropped. A table of them as columns.

use backstory_model::{Repository, RepositoryError};
use backstory_table::Values;

use crate::rows::{IssueRow, Strata};
use crate::snapshot::{Candidates, FEATURES, Index, IndexError, Query, Snapshot, features};

/// One row with everything that is scored or learned from.
#[derive(Clone, Debug)]
pub struct Described {
    /// What may be named.
    pub candidates: Candidates,
    /// The places of the gold files, sorted; at least one.
    pub gold: Vec<usize>,
    /// What the issue gives away.
    pub strata: Strata,
    /// One column per entry of [`FEATURES`], as measured.
    pub columns: Vec<Vec<f32>>,
    /// How many candidates are not in the repository and count as empty.
    pub absent: usize,
}

/// Describes one row; `Err` inside is the reason why it is dropped.
pub fn describe(
    repository: &dyn Repository,
    row: &IssueRow,
    index: &Index,
) -> Result<Result<Described, String>, IndexError> {
    let snapshot = match Snapshot::read(repository, &row.question.base, index) {
        Ok(snapshot) => snapshot,
        Err(IndexError::Repository(RepositoryError::Missing { id })) => {
            return Ok(Err(format!("object `{id}` of its base is not in the repository")));
        }
        Err(error) => return Err(error),
    };
    let gold = row.answer.gold(&snapshot.candidates);
    if gold.is_empty() {
        return Ok(Err(row.answer.missing_gold().to_owned()));
    }
    let paths: Vec<_> = gold.iter().map(|at| snapshot.candidates.paths[*at].clone()).collect();
    Ok(Ok(Described {
        strata: Strata::of(&row.question.text, &paths),
        columns: features(&snapshot, Query::of(&row.question.text)),
        absent: snapshot.absent,
        candidates: snapshot.candidates,
        gold,
    }))
}

/// Returns the names of the columns of a feature table.
pub fn table_names() -> Vec<String> {
    let keys = ["query", "group", "repo", "path", "gold"].into_iter();
    keys.chain(FEATURES.iter().map(|feature| feature.name)).map(str::to_owned).collect()
}

/// Returns the rows of one query in a feature table, one per candidate.
///
/// `group` numbers the queries of a table from 0, in the form that trainers of other
/// libraries ask for. Features stand there as measured.
pub fn table_rows(row: &IssueRow, group: i64, described: &Described) -> Vec<Values> {
    let count = described.candidates.len();
    let repeated = |text: String| Values::Text(vec![text; count]);
    let gold = (0..count).map(|at| described.gold.binary_search(&at).is_ok());
    let mut columns = vec![
        repeated(row.question.id.clone()),
        Values::Integer(vec![group; count]),
        repeated(row.question.repo.to_string()),
        Values::Text(described.candidates.paths.iter().map(ToString::to_string).collect()),
        Values::Boolean(gold.collect()),
    ];
    columns.extend(described.columns.iter().map(|column| Values::Real(column.clone())));
    columns
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::table_names;

    /// Readers of other libraries refuse a table with two columns of one name.
    #[test]
    fn no_two_columns_of_a_table_have_one_name() {
        let names: BTreeSet<String> = table_names().into_iter().collect();
        assert_eq!(names.len(), table_names().len());
    }
}
