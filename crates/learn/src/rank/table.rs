//! Which groups stand in a feature table?
//!
//! In: a Parquet file with one row per candidate, rows of a query side by side: the
//! columns `group` and `gold`, and one column of real numbers for each feature. Out:
//! the groups, with the names of the features. Text columns say who a row is and are
//! not read.

use std::path::{Path, PathBuf};

use backstory_table::{TableError, Values, read_columns};

use super::{GroupError, Groups};

/// The groups of a file.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct FeatureTable {
    /// The names of the features, in the order of the rows.
    pub names: Vec<String>,
    /// The rows.
    pub groups: Groups,
}

/// Says why a file is no feature table.
#[derive(Debug, thiserror::Error)]
pub enum FeatureTableError {
    /// The file cannot be read.
    #[error("failed to read the feature table")]
    Table(#[source] TableError),
    /// A column is missing, or of another type.
    #[error("`{}` has no column `{column}` of {wanted}", path.display())]
    Column {
        /// The file.
        path: PathBuf,
        /// The column.
        column: &'static str,
        /// What it should hold.
        wanted: &'static str,
    },
    /// The rows of a group do not stand side by side.
    #[error("`{}` comes back to group {group} after another one", path.display())]
    Torn {
        /// The file.
        path: PathBuf,
        /// The group.
        group: i64,
    },
    /// The rows make no groups.
    #[error("the feature table cannot be trained on")]
    Groups(#[source] GroupError),
}

/// Reads the groups of a feature table.
pub fn read_groups(path: &Path) -> Result<FeatureTable, FeatureTableError> {
    let mut reading = Reading::default();
    let mut found = Ok(());
    read_columns(path, |columns| {
        if found.is_ok() {
            found = reading.add(path, columns);
        }
    })
    .map_err(FeatureTableError::Table)?;
    found?;
    reading.finish(path)
}

/// What was read so far.
#[derive(Default)]
struct Reading {
    table: FeatureTable,
    ids: Vec<i64>,
}

impl Reading {
    fn add(
        &mut self,
        path: &Path,
        columns: Vec<(String, Values)>,
    ) -> Result<(), FeatureTableError> {
        let missing =
            |column, wanted| FeatureTableError::Column { path: path.to_owned(), column, wanted };
        let (mut names, mut features) = (Vec::new(), Vec::new());
        let (mut ids, mut gold) = (None, None);
        for (name, values) in columns {
            match (name.as_str(), values) {
                ("group", Values::Integer(values)) => ids = Some(values),
                ("gold", Values::Boolean(values)) => gold = Some(values),
                (_, Values::Real(values)) => {
                    names.push(name);
                    features.push(values);
                }
                _ => {}
            }
        }
        let ids = ids.ok_or_else(|| missing("group", "integers"))?;
        let gold = gold.ok_or_else(|| missing("gold", "true or false"))?;
        self.table.groups.columns = names.len();
        self.table.names = names;
        for row in 0..ids.len() {
            self.table.groups.features.extend(features.iter().map(|values| values[row]));
        }
        self.table.groups.relevance.extend(gold.into_iter().map(u8::from));
        self.ids.extend(ids);
        Ok(())
    }

    fn finish(mut self, path: &Path) -> Result<FeatureTable, FeatureTableError> {
        let mut known = std::collections::BTreeSet::new();
        for run in self.ids.chunk_by(|left, right| left == right) {
            if !known.insert(run[0]) {
                let (path, group) = (path.to_owned(), run[0]);
                return Err(FeatureTableError::Torn { path, group });
            }
            self.table.groups.sizes.extend(u32::try_from(run.len()));
            self.table.groups.votes.push(1);
        }
        self.table.groups.check().map_err(FeatureTableError::Groups)?;
        Ok(self.table)
    }
}

#[cfg(test)]
mod tests {
    use backstory_table::ColumnWriter;

    use super::*;

    fn written(columns: &[(&str, Values)]) -> Result<FeatureTable, FeatureTableError> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("table.parquet");
        let names = columns.iter().map(|(name, _)| (*name).to_owned()).collect();
        let values: Vec<Values> = columns.iter().map(|(_, values)| values.clone()).collect();
        let mut writer = ColumnWriter::create(&path, names);
        writer.push(&values).expect("columns of one length");
        writer.finish().expect("a file");
        read_groups(&path)
    }

    fn ids(ids: &[i64]) -> (&'static str, Values) {
        ("group", Values::Integer(ids.to_vec()))
    }

    fn gold() -> (&'static str, Values) {
        ("gold", Values::Boolean(vec![false, true, false]))
    }

    #[test]
    fn features_come_back_row_by_row() {
        let path = ("path", Values::Text(vec!["a.py".to_owned(); 3]));
        let size = ("size", Values::Real(vec![1.0, 2.0, 3.0]));
        let depth = ("depth", Values::Real(vec![4.0, 5.0, 6.0]));
        let table = written(&[ids(&[7, 7, 2]), path, gold(), size, depth]).expect("a table");
        assert_eq!(table.names, ["size", "depth"]);
        assert_eq!(table.groups.features, [1.0, 4.0, 2.0, 5.0, 3.0, 6.0]);
        assert_eq!((table.groups.sizes, table.groups.relevance), (vec![2, 1], vec![0, 1, 0]));
    }

    #[test]
    fn tables_of_something_else_are_refused() {
        let size = || ("size", Values::Real(vec![1.0, 2.0, 3.0]));
        let whole = |columns: &[(&str, Values)]| {
            let error = written(columns).expect_err("the table is broken");
            let source = std::error::Error::source(&error).map(ToString::to_string);
            let text = error.to_string();
            // The folder differs from run to run.
            let text = text.rsplit('/').next().unwrap_or(&text);
            format!("{text} {}", source.unwrap_or_default()).trim_end().to_owned()
        };
        insta::assert_snapshot!([
            whole(&[gold(), size()]),
            whole(&[ids(&[1, 1, 1]), size()]),
            whole(&[ids(&[1, 2, 1]), gold(), size()]),
            whole(&[ids(&[1, 1, 1]), gold(), ("size", Values::Real(vec![1.0, f32::NAN, 0.0]))]),
        ].join("\n"), @"
        table.parquet` has no column `group` of integers
        table.parquet` has no column `gold` of true or false
        table.parquet` comes back to group 1 after another one
        the feature table cannot be trained on feature 0 of row 1 is `NaN`, which is no finite number
        ");
    }
}
