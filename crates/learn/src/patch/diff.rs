//! What does a patch change, hunk by hunk?
//!
//! Reads a unified diff as git writes it. A hunk here is a run of changed lines: what
//! one header of the diff joins because its context touches is taken apart. Only
//! source code is kept: change logs and documents say nothing about what runs.

use backstory_model::{FileRole, RepoPath};
use backstory_syntax::{language_of, role_of};

/// What a patch does to one source file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FileDiff {
    /// The path before the change, or after it for a file that is new.
    pub path: RepoPath,
    /// Its changes, in order.
    pub hunks: Vec<HunkDiff>,
}

/// One run of changed lines.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HunkDiff {
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
pub fn read_diff(patch: &str) -> Vec<FileDiff> {
    let mut files: Vec<FileDiff> = Vec::new();
    let mut lines = patch.lines();
    let mut before: Option<&str> = None;
    while let Some(line) = lines.next() {
        if let Some(path) = line.strip_prefix("--- ") {
            before = Some(path);
        } else if let Some(after) = line.strip_prefix("+++ ") {
            let path = before.take().and_then(|old| path(old, "a/")).or_else(|| path(after, "b/"));
            files.push(FileDiff { path: path.unwrap_or_else(RepoPath::root), hunks: Vec::new() });
        } else if let Some((start, counts)) = header(line)
            && let Some(file) = files.last_mut()
        {
            read_hunk(&mut lines, start, counts, &mut file.hunks);
        }
    }
    let code = |file: &FileDiff| {
        language_of(&file.path).is_some() && role_of(&file.path) == FileRole::Source
    };
    files.retain(|file| code(file) && !file.hunks.is_empty());
    files
}

fn read_hunk<'a>(
    lines: &mut impl Iterator<Item = &'a str>,
    mut at: u32,
    (mut old, mut new): (u32, u32),
    hunks: &mut Vec<HunkDiff>,
) {
    let first = hunks.len();
    let mut around = Vec::new();
    let mut inside = false;
    while old > 0 || new > 0 {
        let Some(line) = lines.next() else { break };
        let text = line.get(1..).unwrap_or_default().to_owned();
        let mark = line.as_bytes().first();
        if let Some(b'+' | b'-') = mark {
            if !inside {
                hunks.push(HunkDiff { line: at, ..HunkDiff::default() });
            }
            inside = true;
        }
        match (mark, hunks.last_mut()) {
            (Some(b'\\'), _) => {}
            (Some(b'-'), Some(hunk)) => {
                (old, at) = (old.saturating_sub(1), at + 1);
                hunk.removed.push(text);
            }
            (Some(b'+'), Some(hunk)) => {
                new = new.saturating_sub(1);
                hunk.added.push(text);
            }
            _ => {
                (old, new, at, inside) =
                    (old.saturating_sub(1), new.saturating_sub(1), at + 1, false);
                around.push(text);
            }
        }
    }
    for hunk in &mut hunks[first..] {
        hunk.around.clone_from(&around);
    }
}

fn path(header: &str, side: &str) -> Option<RepoPath> {
    let written = header.split('\t').next().unwrap_or(header).trim_end();
    if written == "/dev/null" {
        return None;
    }
    let path = RepoPath::parse(written).ok()?;
    let bytes = path.as_bytes();
    Some(RepoPath::from_bytes(bytes.strip_prefix(side.as_bytes()).unwrap_or(bytes)))
}

/// Reads `@@ -1,2 +3,4 @@` as the first old line and the numbers of lines.
fn header(line: &str) -> Option<(u32, (u32, u32))> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let read = |range: &str| -> Option<(u32, u32)> {
        let (from, count) = range.split_once(',').unwrap_or((range, "1"));
        Some((from.parse().ok()?, count.parse().ok()?))
    };
    let ((from, old), (_, new)) = (read(old)?, read(new)?);
    Some((from.saturating_add(u32::from(old == 0)), (old, new)))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{HunkDiff, read_diff};

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
        let found = read_diff(patch);
        assert_eq!(found.len(), 1);
        let strings = |lines: &[&str]| lines.iter().map(|line| (*line).to_owned()).collect();
        let around: Vec<String> = strings(&["two", "four"]);
        assert_eq!(
            found[0].hunks,
            [
                HunkDiff {
                    line: 3,
                    removed: strings(&["three"]),
                    added: strings(&["3"]),
                    around: around.clone()
                },
                HunkDiff {
                    line: 5,
                    removed: strings(&["five"]),
                    added: strings(&["--- a/x.py"]),
                    around
                },
            ]
        );
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(---|\\+\\+\\+|@@ -1,9 \\+2 @@| |a/|x.py|é|\n|\"|\\\\|[a-z+-]){0,40}") {
            let _ = read_diff(&text);
        }
    }
}
