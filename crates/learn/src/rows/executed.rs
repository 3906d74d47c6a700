//! What did the tests of exported units execute before the fix?
//!
//! In: the `evidence` table of an export. Out: what was executed, by unit and base. A
//! row of any state but the base with the tests is refused: it may know the answer.

use std::collections::BTreeMap;
use std::path::Path;

use backstory_model::{CommitId, RepoPath};
use backstory_store::fs;
use backstory_table::{Cell, read_rows};

use super::dataset::DatasetError;
use crate::execution::{Executed, ExecutedFile, STATE};

/// What was executed, by unit and base.
pub(super) type ByUnit = BTreeMap<(String, CommitId), Executed>;

/// Reads the table of a dataset; nothing where there is none.
pub(super) fn read_executed(folder: &Path) -> Result<ByUnit, DatasetError> {
    let mut units = ByUnit::new();
    let folder = folder.join("evidence");
    if !folder.is_dir() {
        return Ok(units);
    }
    for file in fs::entries(&folder)? {
        if file.extension().is_none_or(|suffix| suffix != "parquet") {
            continue;
        }
        let mut refused = None;
        read_rows(&file, |row| {
            if refused.is_none() {
                refused = add(&mut units, &row).err();
            }
        })?;
        if let Some(refused) = refused {
            return Err(refused);
        }
    }
    Ok(units)
}

type Row = BTreeMap<String, Cell>;

fn add(units: &mut ByUnit, row: &Row) -> Result<(), DatasetError> {
    let text = |name: &str| match row.get(name) {
        Some(Cell::Text(text)) => text.as_str(),
        _ => "",
    };
    let (unit, state) = (text("unit_id"), text("state"));
    if state != STATE {
        let (unit, state) = (unit.to_owned(), state.to_owned());
        return Err(DatasetError::State { unit, state });
    }
    let Ok(base) = CommitId::new(text("base_commit")) else { return Ok(()) };
    let count = |name: &str| match row.get(name) {
        Some(Cell::Integer(number)) => usize::try_from(*number).ok(),
        _ => None,
    };
    let file = ExecutedFile {
        lines: count("lines_failing").unwrap_or_default(),
        best: (
            count("best_line_failing").unwrap_or_default(),
            count("best_line_passing").unwrap_or_default(),
        ),
        first_touch: count("first_touch"),
        frame_depth: count("frame_depth"),
    };
    let executed = units.entry((unit.to_owned(), base)).or_default();
    executed.failing = count("tests_failing").unwrap_or_default();
    executed.files.insert(RepoPath::from(text("path")), file);
    Ok(())
}

#[cfg(test)]
mod tests {
    use backstory_store::fs;
    use backstory_table::{Cell, ColumnKind, Schema, TableWriter, WriteOptions};

    use super::*;

    const BASE: &str = "0123456789012345678901234567890123456789";

    /// Writes a table with one row of a state.
    fn written(state: &str) -> tempfile::TempDir {
        let folder = tempfile::tempdir().unwrap();
        let inner = folder.path().join("evidence");
        fs::create_dirs(&inner).unwrap();
        let texts = ["unit_id", "base_commit", "state", "path"];
        let counts = [
            "tests_failing",
            "lines_failing",
            "best_line_failing",
            "best_line_passing",
            "first_touch",
        ];
        let texts = texts.map(|name| (name, ColumnKind::Text)).into_iter();
        let columns: Vec<_> = texts.chain(counts.map(|name| (name, ColumnKind::Integer))).collect();
        let path = inner.join("train.parquet");
        let mut writer =
            TableWriter::create(&path, Schema::new(columns), WriteOptions::default()).unwrap();
        let row = ["toy-1", BASE, state, "toy.py"].map(|text| Cell::Text(text.to_owned()));
        let counts = [2, 5, 1, 3, 0].map(Cell::Integer);
        writer.push(row.into_iter().chain(counts).collect()).unwrap();
        writer.finish().unwrap();
        folder
    }

    #[test]
    fn evidence_is_read_by_unit_and_base() {
        let folder = written(STATE);
        let units = read_executed(folder.path()).unwrap();
        let key = ("toy-1".to_owned(), CommitId::new(BASE).unwrap());
        let executed = &units[&key];
        let file = ExecutedFile { lines: 5, best: (1, 3), first_touch: Some(0), frame_depth: None };
        assert_eq!(executed.failing, 2);
        assert_eq!(executed.files, [(RepoPath::from("toy.py"), file)].into());
        assert_eq!(read_executed(&folder.path().join("none")).unwrap(), ByUnit::new());
    }

    #[test]
    fn an_execution_of_the_fix_is_refused() {
        for state in ["head", "head_reverted", "authored/1", "base_with_tests ", ""] {
            let refused = read_executed(written(state).path()).unwrap_err();
            assert!(matches!(refused, DatasetError::State { .. }), "{state}");
        }
        insta::assert_snapshot!(
            read_executed(written("head").path()).unwrap_err(),
            @"the evidence of `toy-1` comes from the state `head`, and only `base_with_tests` is before the fix"
        );
    }
}
