//! What does a patch change, run of lines by run?
//!
//! What one header of a diff joins because its context touches is taken apart. Only
//! source code is kept: change logs and documents say nothing about what runs.

use backstory_model::{FileRole, RepoPath};
use backstory_syntax::diff::{DiffLine, HunkDiff, read_unified};
use backstory_syntax::{language_of, role_of};

/// What a patch does to one source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceDiff {
    /// The path before the change, or after it for a file that is new.
    pub path: RepoPath,
    /// Its changes, in order.
    pub runs: Vec<Run>,
}

/// One run of changed lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Run {
    /// The first line of the base that it changes, or stands in front of; from 1.
    pub line: u32,
    /// The lines that go.
    pub removed: Vec<String>,
    /// The lines that come.
    pub added: Vec<String>,
    /// The unchanged lines that the diff shows around it.
    pub around: Vec<String>,
}

/// Reads the source files of a patch.
pub fn read_source(patch: &str) -> Vec<SourceDiff> {
    let mut files = Vec::new();
    for file in read_unified(patch) {
        let Some(path) = file.before.or(file.after) else { continue };
        let is_code = language_of(&path).is_some() && role_of(&path) == FileRole::Source;
        let runs: Vec<Run> = file.hunks.iter().flat_map(runs).collect();
        if is_code && !runs.is_empty() {
            files.push(SourceDiff { path, runs });
        }
    }
    files
}

/// Takes a hunk apart.
fn runs(hunk: &HunkDiff<'_>) -> Vec<Run> {
    let mut runs: Vec<Run> = Vec::new();
    let mut around = Vec::new();
    let (mut at, mut inside) = (hunk.line, false);
    for line in &hunk.lines {
        let is_change = !matches!(line, DiffLine::Kept(_));
        if is_change && !inside {
            runs.push(Run { line: at, ..Run::default() });
        }
        inside = is_change;
        match (line, runs.last_mut()) {
            (DiffLine::Removed(text), Some(run)) => run.removed.push((*text).to_owned()),
            (DiffLine::Added(text), Some(run)) => run.added.push((*text).to_owned()),
            (DiffLine::Kept(text), _) => around.push((*text).to_owned()),
            (DiffLine::Removed(_) | DiffLine::Added(_), None) => {}
        }
        at = at.saturating_add(u32::from(!matches!(line, DiffLine::Added(_))));
    }
    for run in &mut runs {
        run.around.clone_from(&around);
    }
    runs
}

#[cfg(test)]
mod tests {
    use super::{Run, read_source};

    #[test]
    fn hunks_are_runs_of_changed_lines_of_source_files() {
        let patch = "\
diff --git a/CHANGES.md b/CHANGES.md
--- a/CHANGES.md
+++ b/CHANGES.md
@@ -1 +1,2 @@
 # Changes
+One.
diff --git a/src/a.py b/src/a.py
--- a/src/a.py
+++ b/src/a.py
@@ -2,4 +2,4 @@
 two
-three
+3
 four
+--- a/x.py
-five
";
        let found = read_source(patch);
        assert_eq!(found.len(), 1);
        let strings = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        let around: Vec<String> = strings(&["two", "four"]);
        assert_eq!(
            found[0].runs,
            [
                Run {
                    line: 3,
                    removed: strings(&["three"]),
                    added: strings(&["3"]),
                    around: around.clone()
                },
                Run {
                    line: 5,
                    removed: strings(&["five"]),
                    added: strings(&["--- a/x.py"]),
                    around
                },
            ]
        );
    }
}
