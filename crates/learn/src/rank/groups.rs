//! What does a trainer see of its queries?
//!
//! In: the feature rows of the candidates of each query, in candidate order, and how
//! relevant each is. Out: one table with the borders between the queries, checked.

/// The highest relevance; its gain 2^relevance - 1 is still exact.
pub const MOST_RELEVANT: u8 = 30;

/// Queries with their candidates, one after the other.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Groups {
    /// How many features a candidate has.
    pub columns: usize,
    /// The features, candidate by candidate.
    pub features: Vec<f32>,
    /// How relevant each candidate is: 0 is not at all.
    pub relevance: Vec<u8>,
    /// How many candidates each query has.
    pub sizes: Vec<u32>,
    /// For how many queries each one counts; 1 unless said otherwise.
    pub votes: Vec<u32>,
}

/// The candidates of one query.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Group<'a> {
    /// Where its first candidate stands in the table.
    pub start: usize,
    /// The features, candidate by candidate.
    pub features: &'a [f32],
    /// How relevant each candidate is.
    pub relevance: &'a [u8],
    /// For how many queries it counts.
    pub votes: u32,
}

/// Says why a table is none.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
pub enum GroupError {
    /// The parts do not fit together.
    #[error("{rows} rows of {columns} features need {wanted} numbers, not {found}")]
    Shape {
        /// How many rows the sizes add up to.
        rows: usize,
        /// How many features a row has.
        columns: usize,
        /// How many numbers that makes.
        wanted: usize,
        /// How many there are.
        found: usize,
    },
    /// Rows and relevance differ in number.
    #[error("{rows} rows have {found} labels of relevance")]
    Labels {
        /// How many rows there are.
        rows: usize,
        /// How many labels.
        found: usize,
    },
    /// Queries and their votes differ in number.
    #[error("{queries} queries have {found} votes")]
    Votes {
        /// How many queries there are.
        queries: usize,
        /// How many votes.
        found: usize,
    },
    /// There are more features than a tree can name.
    #[error("a row has {columns} features; a ranker names at most {}", u16::MAX)]
    Columns {
        /// How many there are.
        columns: usize,
    },
    /// A feature is not a number or has no end.
    #[error("feature {column} of row {row} is `{value}`, which is no finite number")]
    NotFinite {
        /// The row, from 0.
        row: usize,
        /// The feature, from 0.
        column: usize,
        /// What stands there.
        value: f32,
    },
    /// A relevance is out of range.
    #[error("row {row} has the relevance {found}; the highest is {MOST_RELEVANT}")]
    Relevance {
        /// The row, from 0.
        row: usize,
        /// What it claims.
        found: u8,
    },
    /// Nothing can be learned from the table.
    #[error("no query has both a relevant candidate and another one")]
    NothingToLearn,
}

impl Groups {
    /// Opens an empty table.
    pub fn new(columns: usize) -> Self {
        Self { columns, ..Self::default() }
    }

    /// Adds a query with the features of its candidates, row by row.
    pub fn push(&mut self, features: &[f32], relevance: &[u8]) -> Result<(), GroupError> {
        self.push_counting(features, relevance, 1)
    }

    /// Adds a query that counts for as many queries as it has votes.
    pub fn push_counting(
        &mut self,
        features: &[f32],
        relevance: &[u8],
        votes: u32,
    ) -> Result<(), GroupError> {
        let wanted = relevance.len() * self.columns;
        let size = u32::try_from(relevance.len()).ok();
        let (Some(size), true) = (size, features.len() == wanted) else {
            return Err(GroupError::Shape {
                rows: relevance.len(),
                columns: self.columns,
                wanted,
                found: features.len(),
            });
        };
        self.features.extend_from_slice(features);
        self.relevance.extend_from_slice(relevance);
        self.sizes.push(size);
        self.votes.push(votes);
        Ok(())
    }

    /// Returns how many candidates all queries have together.
    pub fn rows(&self) -> usize {
        self.relevance.len()
    }

    /// Returns the features of one row.
    pub fn row(&self, row: usize) -> &[f32] {
        &self.features[row * self.columns..(row + 1) * self.columns]
    }

    /// Goes through the queries in their order.
    pub fn iter(&self) -> impl Iterator<Item = Group<'_>> {
        let mut start = 0;
        self.sizes.iter().zip(&self.votes).map(move |(size, votes)| {
            let rows = start..start + *size as usize;
            let numbers = rows.start * self.columns..rows.end * self.columns;
            start = rows.end;
            Group {
                start: rows.start,
                features: &self.features[numbers],
                relevance: &self.relevance[rows],
                votes: *votes,
            }
        })
    }

    /// Checks that a trainer can read the table and has something to learn from it.
    pub fn check(&self) -> Result<(), GroupError> {
        self.check_shape()?;
        let row_of = |at: usize| (at / self.columns, at % self.columns);
        if let Some(at) = self.features.iter().position(|value| !value.is_finite()) {
            let ((row, column), value) = (row_of(at), self.features[at]);
            return Err(GroupError::NotFinite { row, column, value });
        }
        if let Some(row) = self.relevance.iter().position(|label| *label > MOST_RELEVANT) {
            return Err(GroupError::Relevance { row, found: self.relevance[row] });
        }
        if !self.iter().any(|group| group.has_pair()) {
            return Err(GroupError::NothingToLearn);
        }
        Ok(())
    }

    fn check_shape(&self) -> Result<(), GroupError> {
        let rows: usize = self.sizes.iter().map(|size| *size as usize).sum();
        let (wanted, found) = (rows * self.columns, self.features.len());
        if wanted != found {
            return Err(GroupError::Shape { rows, columns: self.columns, wanted, found });
        }
        if self.relevance.len() != rows {
            return Err(GroupError::Labels { rows, found: self.relevance.len() });
        }
        if self.votes.len() != self.sizes.len() {
            let (queries, found) = (self.sizes.len(), self.votes.len());
            return Err(GroupError::Votes { queries, found });
        }
        if u16::try_from(self.columns).is_err() {
            return Err(GroupError::Columns { columns: self.columns });
        }
        Ok(())
    }
}

impl Group<'_> {
    /// Returns true where one candidate is more relevant than another.
    pub fn has_pair(&self) -> bool {
        self.relevance.windows(2).any(|pair| pair[0] != pair[1])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn two() -> Groups {
        let mut groups = Groups::new(2);
        groups.push(&[1.0, 2.0, 3.0, 4.0], &[0, 1]).expect("fits");
        groups.push(&[5.0, 6.0], &[0]).expect("fits");
        groups
    }

    #[test]
    fn groups_come_back_in_order() {
        let groups = two();
        let starts: Vec<_> = groups.iter().map(|group| (group.start, group.relevance)).collect();
        assert_eq!(starts, [(0, &[0, 1][..]), (2, &[0][..])]);
        assert_eq!(groups.row(2), [5.0, 6.0]);
        assert_eq!(groups.check(), Ok(()));
    }

    #[test]
    fn broken_tables_are_refused() {
        let said = |change: fn(&mut Groups)| {
            let mut groups = two();
            change(&mut groups);
            groups.check().expect_err("the table is broken").to_string()
        };
        insta::assert_snapshot!([
            said(|groups| { groups.features.pop(); }),
            said(|groups| groups.relevance.push(0)),
            said(|groups| groups.sizes.push(4)),
            said(|groups| groups.votes.push(1)),
            said(|groups| groups.features[3] = f32::NAN),
            said(|groups| groups.relevance[2] = 31),
            said(|groups| groups.relevance[1] = 0),
        ].join("\n"), @"
        3 rows of 2 features need 6 numbers, not 5
        3 rows have 4 labels of relevance
        7 rows of 2 features need 14 numbers, not 6
        2 queries have 3 votes
        feature 1 of row 1 is `NaN`, which is no finite number
        row 2 has the relevance 31; the highest is 30
        no query has both a relevant candidate and another one
        ");
        assert!(two().push(&[1.0], &[1]).is_err());
    }
}
