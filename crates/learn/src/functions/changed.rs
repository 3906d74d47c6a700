//! Which lines of the old files does a patch change?
//!
//! In: a unified diff as git writes it. Out: for each file, by its path before the
//! change, the lines that go and the gaps in which lines come.

use std::collections::BTreeMap;
use std::path::Path;

use backstory_model::{LineRange, RepoPath};
use backstory_store::fs;
use backstory_table::{Cell, read_rows};

use crate::rows::{DatasetError, path_of};

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
    let mut path: Option<RepoPath> = None;
    let mut lines = patch.lines();
    while let Some(line) = lines.next() {
        if let Some(header) = line.strip_prefix("--- ") {
            path = path_of(header, "a/");
        } else if let Some((start, old, new)) = hunk(line) {
            let file = path.clone().map(|path| found.entry(path).or_default());
            let mut unused = ChangedLines::default();
            read_hunk(&mut lines, (start, old, new), file.unwrap_or(&mut unused));
        }
    }
    found
}

/// Reads `@@ -1,2 +3,4 @@` as the first old line and the numbers of old and new lines.
fn hunk(line: &str) -> Option<(u32, u32, u32)> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let pair = |range: &str| -> Option<(u32, u32)> {
        match range.split_once(',') {
            Some((start, count)) => Some((start.parse().ok()?, count.parse().ok()?)),
            None => Some((range.parse().ok()?, 1)),
        }
    };
    let ((start, old), (_, new)) = (pair(old)?, pair(new)?);
    // A hunk without old lines names the line before it.
    Some((if old == 0 { start.checked_add(1)? } else { start }, old, new))
}

fn read_hunk<'a>(
    lines: &mut impl Iterator<Item = &'a str>,
    (mut at, mut old, mut new): (u32, u32, u32),
    into: &mut ChangedLines,
) {
    let mut removing = false;
    while old > 0 || new > 0 {
        let Some(line) = lines.next() else { return };
        match line.as_bytes().first() {
            Some(b'-') => {
                into.removed.push(at);
                (at, old, removing) = (at.saturating_add(1), old.saturating_sub(1), true);
            }
            Some(b'+') => {
                new = new.saturating_sub(1);
                if !removing && into.gaps.last() != Some(&(at.saturating_sub(1))) {
                    into.gaps.push(at.saturating_sub(1));
                }
            }
            Some(b'\\') => {}
            _ => {
                at = at.saturating_add(1);
                (old, new, removing) = (old.saturating_sub(1), new.saturating_sub(1), false);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use backstory_model::LineRange;
    use proptest::prelude::*;

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

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(
            text in "(--- |\\+\\+\\+ |@@ -1,9 \\+2 @@|@@ -4294967295,0 \\+1,9 @@|[ +\\\\-]|a/|\n|[a-z]){0,40}",
        ) {
            let _ = changed_lines(&text);
        }
    }
}
