//! Which numbers does a model see of each candidate?
//!
//! In: a query, what an arm sees of it, and for one control a query of another
//! repository. Out: normalized rows, candidate by candidate.

use std::borrow::Cow;

use super::columns::Columns;
use super::sight::{Past, Sight};
use crate::control::{foreign_rows, permuted_rows};
use crate::feature::{Family, Feature, Kind, column_names, normalized};
use crate::seed::Seed;
use crate::{execution, history, snapshot, test_query};

/// The fusion that an arm with the failing test must beat, as a feature of it.
const FUSION_WITH_TEST: Feature = Feature {
    name: "fusion_with_test",
    family: Family::Test,
    kind: Kind::Scalar,
    meaning: "untrained fusion of the snapshot and the failing test",
};

/// The rows of one query.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Matrix {
    /// How many numbers a row has.
    pub columns: usize,
    /// The rows, one after the other.
    pub rows: Vec<f32>,
}

impl Matrix {
    /// Returns one row.
    pub fn row(&self, at: usize) -> &[f32] {
        &self.rows[at * self.columns..(at + 1) * self.columns]
    }
}

/// Returns the names of the columns of [`matrix`].
pub fn names(sight: Sight) -> Vec<String> {
    let mut names = column_names(&snapshot::FEATURES);
    if sight.past != Past::Unseen {
        names.extend(column_names(history::FEATURES));
    }
    if sight.test {
        names.extend(column_names(test_query::FEATURES));
        if sight.past != Past::Unseen {
            names.extend(column_names(test_query::HISTORY_FEATURES));
        }
        names.extend(column_names(&[FUSION_WITH_TEST]));
    }
    if sight.execution {
        names.extend(column_names(execution::FEATURES));
    }
    names
}

/// Returns the rows of the query `id`; `other` is of another repository.
pub fn matrix(id: &str, query: &Columns, sight: Sight, other: Option<&Columns>) -> Matrix {
    let mut columns = normalized(&snapshot::FEATURES, &query.snapshot);
    if let Some(past) = past(id, query, sight.past, other) {
        columns.extend(normalized(history::FEATURES, &past));
    }
    if sight.test {
        let has_past = sight.past != Past::Unseen;
        columns.extend(normalized(test_query::FEATURES, query.test_now()));
        if has_past {
            let cochange = &query.test[test_query::FEATURES.len()..];
            columns.extend(normalized(test_query::HISTORY_FEATURES, cochange));
        }
        columns.extend(normalized(&[FUSION_WITH_TEST], &[query.fused_with_test(has_past)]));
    }
    if sight.execution {
        columns.extend(normalized(execution::FEATURES, &executed(query)));
    }
    let mut rows = Vec::with_capacity(columns.len() * query.len());
    for at in 0..query.len() {
        rows.extend(columns.iter().map(|column| column[at]));
    }
    Matrix { columns: columns.len(), rows }
}

/// Returns the execution columns; where nothing was executed, all candidates are alike in
/// them, so that they tell none from another.
fn executed(query: &Columns) -> Cow<'_, [Vec<f32>]> {
    if query.has_execution() {
        return Cow::Borrowed(&query.execution);
    }
    Cow::Owned(vec![vec![0.0; query.len()]; execution::FEATURES.len()])
}

/// Returns the process columns that an arm sees.
fn past<'q>(
    id: &str,
    query: &'q Columns,
    past: Past,
    other: Option<&Columns>,
) -> Option<Cow<'q, [Vec<f32>]>> {
    match past {
        Past::Unseen => None,
        Past::Own => Some(Cow::Borrowed(&query.process)),
        Past::Permuted => {
            let seed = Seed::of(&["permuted past", id]);
            Some(Cow::Owned(permuted_rows(&query.process, seed)))
        }
        Past::Foreign => {
            let foreign = other.map_or(&[][..], |other| &other.process);
            let seed = Seed::of(&["foreign past"]);
            let rows = foreign_rows(foreign, &query.paths, seed);
            let silent = || vec![vec![0.0; query.len()]; history::FEATURES.len()];
            Some(Cow::Owned(if rows.is_empty() { silent() } else { rows }))
        }
    }
}
