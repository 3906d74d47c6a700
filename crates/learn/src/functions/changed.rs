//! Which lines of the old files does a patch change?
//!
//! In: a unified diff as git writes it. Out: for each file, by its path before the
//! change, the lines that go and the gaps in which lines come.

use std::collections::BTreeMap;
use std::path::Path;

use backstory_model::{LineRange, RepoPath};
use backstory_store::fs;
use backstory_syntax::diff::{DiffLine, HunkDiff, read_unified};
use backstory_table::{Cell, read_rows};

use crate::rows::DatasetError;

/// Reads the patch of each unit of a dataset, by the id of the unit.
///
/// `folder` is the dataset, or its `parquet` folder.
pub fn patches(folder: &Path) -> Result<BTreeMap<String, String>, DatasetError> {
    let inner = folder.join("parquet");
    let folder = if inner.is_dir() { inner } else { folder.to_owned() };
    let mut found = BTreeMap::new();
    for file in fs::entries(&folder.join("trajectories"))? {
        if file.extension().is_some_and(|suffix| suffix == "parquet") {
            read_rows(&file, |row| {
                if let (Some(Cell::Text(unit)), Some(Cell::Text(patch))) =
                    (row.get("unit_id"), row.get("patch"))
                {
                    found.insert(unit.clone(), patch.clone());
                }
            })?;
        }
    }
    Ok(found)
}

/// What happens to one old file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ChangedLines {
    /// Lines that go, from 1.
    pub removed: Vec<u32>,
    /// Lines behind which others come without one going; 0 is the start of the file.
    pub gaps: Vec<u32>,
}

impl ChangedLines {
    /// Returns true when something changes inside these lines.
    pub fn touches(&self, lines: LineRange) -> bool {
        self.removed.iter().any(|line| lines.contains(*line))
            || self.gaps.iter().any(|gap| lines.start <= *gap && *gap < lines.end)
    }
}

/// Reads the changed lines of a patch; what cannot be read changes nothing.
pub fn changed_lines(patch: &str) -> BTreeMap<RepoPath, ChangedLines> {
    let mut found: BTreeMap<RepoPath, ChangedLines> = BTreeMap::new();
    for file in read_unified(patch) {
        let Some(path) = file.before else { continue };
        let into = found.entry(path).or_default();
        for hunk in &file.hunks {
            into.add(hunk);
        }
    }
    found
}

impl ChangedLines {
    fn add(&mut self, hunk: &HunkDiff<'_>) {
        let mut at = hunk.line;
        let mut removing = false;
        for line in &hunk.lines {
            let gap = at.saturating_sub(1);
            match line {
                DiffLine::Removed(_) => self.removed.push(at),
                DiffLine::Added(_) if !removing && self.gaps.last() != Some(&gap) => {
                    self.gaps.push(gap);
                }
                DiffLine::Added(_) | DiffLine::Kept(_) => {}
            }
            if !matches!(line, DiffLine::Added(_)) {
                at = at.saturating_add(1);
                removing = matches!(line, DiffLine::Removed(_));
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use backstory_model::LineRange;

    use super::changed_lines;

    #[test]
    fn lines_that_go_and_gaps_that_fill_are_told() {
        let patch = "--- a/x.py\n+++ b/x.py\n@@ -3,4 +3,5 @@ def f():\n kept\n--- gone\n+come\n+come\n kept\n\
            +between\n kept\n@@ -20,0 +23 @@\n+added\n--- /dev/null\n+++ b/new.py\n@@ -0,0 +1 @@\n+x\n";
        let found = changed_lines(patch);
        assert_eq!(found.len(), 1);
        let lines = &found[&"x.py".into()];
        assert_eq!((lines.removed.as_slice(), lines.gaps.as_slice()), (&[4][..], &[5, 20][..]));
        let touches = |start, end| lines.touches(LineRange { start, end });
        assert!(touches(4, 4) && touches(5, 6) && touches(19, 21));
        assert!(!touches(6, 19) && !touches(21, 30) && !touches(1, 3));
    }
}
