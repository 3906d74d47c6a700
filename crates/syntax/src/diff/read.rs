//! What does a unified diff say?
//!
//! Reads the form that git writes. The lines of a hunk are counted off by its header,
//! so that a removed line such as `-- x` is no header. What cannot be read is passed
//! over: these patches come from anywhere.

use backstory_model::RepoPath;

/// What a patch says of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct FileDiff<'p> {
    /// The path before the change; `None` for a file that is created.
    pub before: Option<RepoPath>,
    /// The path after the change; `None` for a file that is deleted.
    pub after: Option<RepoPath>,
    /// What changes in it, in order.
    pub hunks: Vec<HunkDiff<'p>>,
}

/// What one header of a patch joins.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct HunkDiff<'p> {
    /// The first line of the file before the change that it shows or stands in front of;
    /// from 1.
    pub line: u32,
    /// Its lines, in order.
    pub lines: Vec<DiffLine<'p>>,
}

/// One line of a hunk, without its mark and its end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DiffLine<'p> {
    /// A line on both sides.
    Kept(&'p str),
    /// A line that goes.
    Removed(&'p str),
    /// A line that comes.
    Added(&'p str),
}

/// Reads the files of a patch, in its order.
pub fn read_unified(patch: &str) -> Vec<FileDiff<'_>> {
    let mut files: Vec<FileDiff<'_>> = Vec::new();
    let mut lines = patch.lines();
    let (mut minus, mut renamed) = (None, None);
    while let Some(line) = lines.next() {
        if let Some(header) = line.strip_prefix("--- ") {
            minus = Some(path(header, "a/"));
        } else if let Some(header) = line.strip_prefix("+++ ") {
            let Some(before) = minus.take() else { continue };
            let after = path(header, "b/");
            let is_renamed = |file: &FileDiff<'_>| {
                file.hunks.is_empty() && file.before == before && file.after == after
            };
            if !files.last().is_some_and(is_renamed) {
                files.push(FileDiff { before, after, hunks: Vec::new() });
            }
        } else if let Some(header) = line.strip_prefix("rename from ") {
            renamed = path(header, "");
        } else if let Some(header) = line.strip_prefix("rename to ") {
            let Some(before) = renamed.take() else { continue };
            files.push(FileDiff {
                before: Some(before),
                after: path(header, ""),
                hunks: Vec::new(),
            });
        } else if let Some((start, counts)) = hunk_header(line) {
            let hunk = HunkDiff { line: start, lines: body(&mut lines, counts) };
            if let Some(file) = files.last_mut() {
                file.hunks.push(hunk);
            }
        }
    }
    files
}

/// Reads as many old and new lines as the header of a hunk says.
fn body<'p>(
    lines: &mut impl Iterator<Item = &'p str>,
    (mut old, mut new): (u32, u32),
) -> Vec<DiffLine<'p>> {
    let mut read = Vec::new();
    while old > 0 || new > 0 {
        let Some(line) = lines.next() else { break };
        let text = line.get(1..).unwrap_or_default();
        match line.as_bytes().first() {
            Some(b'\\') => {}
            Some(b'-') => {
                old = old.saturating_sub(1);
                read.push(DiffLine::Removed(text));
            }
            Some(b'+') => {
                new = new.saturating_sub(1);
                read.push(DiffLine::Added(text));
            }
            _ => {
                (old, new) = (old.saturating_sub(1), new.saturating_sub(1));
                read.push(DiffLine::Kept(text));
            }
        }
    }
    read
}

/// Reads a path as a header writes it, behind `a/` or `b/`; `None` for `/dev/null`.
fn path(header: &str, side: &str) -> Option<RepoPath> {
    // Other tools put a tab and a time behind the path.
    let written = header.split('\t').next().unwrap_or(header).trim_end();
    if written == "/dev/null" {
        return None;
    }
    let path = RepoPath::parse(written).ok()?;
    let bytes = path.as_bytes();
    Some(RepoPath::from_bytes(bytes.strip_prefix(side.as_bytes()).unwrap_or(bytes)))
}

/// Reads `@@ -1,2 +3,4 @@` as the first old line and the numbers of old and new lines.
fn hunk_header(line: &str) -> Option<(u32, (u32, u32))> {
    let (old, rest) = line.strip_prefix("@@ -")?.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let range = |range: &str| -> Option<(u32, u32)> {
        let (start, count) = range.split_once(',').unwrap_or((range, "1"));
        Some((start.parse().ok()?, count.parse().ok()?))
    };
    let ((start, old), (_, new)) = (range(old)?, range(new)?);
    // A hunk without old lines names the line before it.
    Some((start.checked_add(u32::from(old == 0))?, (old, new)))
}

#[cfg(test)]
mod tests {
    use backstory_model::RepoPath;
    use proptest::prelude::*;

    use super::{DiffLine, FileDiff, HunkDiff, read_unified};

    fn paths(patch: &str) -> Vec<(Option<String>, Option<String>)> {
        let text = |path: Option<RepoPath>| path.map(|path| path.to_string());
        let files = read_unified(patch).into_iter();
        files.map(|file| (text(file.before), text(file.after))).collect()
    }

    fn named(before: &str, after: &str) -> (Option<String>, Option<String>) {
        let some = |path: &str| (!path.is_empty()).then(|| path.to_owned());
        (some(before), some(after))
    }

    #[test]
    fn paths_are_told_by_what_is_there_before() {
        let patch = "\
diff --git a/src/a.py b/src/a.py
--- a/src/a.py
+++ b/src/a.py
@@ -1,2 +1,2 @@
--- a/not/a/header.py
+++ b/not/a/header.py
 kept
diff --git a/old.py b/new.py
similarity index 100%
rename from old.py
rename to new.py
diff --git a/was.py b/is.py
rename from was.py
rename to is.py
--- a/was.py
+++ b/is.py
@@ -1 +1 @@
-x = 1
+x = 2
diff --git a/made.py b/made.py
new file mode 100644
--- /dev/null
+++ b/made.py
@@ -0,0 +1 @@
+x = 1
\\ No newline at end of file
diff --git a/gone.py b/gone.py
--- a/gone.py
+++ /dev/null
@@ -1 +0,0 @@
-x = 1
";
        let all = [
            named("src/a.py", "src/a.py"),
            named("old.py", "new.py"),
            named("was.py", "is.py"),
            named("", "made.py"),
            named("gone.py", ""),
        ];
        assert_eq!(paths(patch), all);
    }

    #[test]
    fn odd_names_are_read_as_git_writes_them() {
        let patch = "--- \"a/caf\\303\\251.py\"\n+++ \"b/caf\\303\\251.py\"\n--- a/b c.py\t\n+++ b/b c.py\t\n";
        assert_eq!(paths(patch), [named("café.py", "café.py"), named("b c.py", "b c.py")]);
    }

    #[test]
    fn lines_are_counted_off_by_the_header() {
        let patch = "--- a/x.py\n+++ b/x.py\n@@ -3,2 +3,2 @@ def f():\n kept\n--- gone\n+come\n@@ -20,0 +23 @@\n+added\n";
        let hunk = |line, lines: &[_]| HunkDiff { line, lines: lines.to_vec() };
        let lines = [DiffLine::Kept("kept"), DiffLine::Removed("-- gone"), DiffLine::Added("come")];
        let path = Some(RepoPath::from_bytes(b"x.py"));
        let hunks = vec![hunk(3, &lines), hunk(21, &[DiffLine::Added("added")])];
        assert_eq!(read_unified(patch), [FileDiff { before: path.clone(), after: path, hunks }]);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(
            text in "(--- |\\+\\+\\+ |@@ -1,9 \\+2 @@|@@ -4294967295,0 \\+1,9 @@|rename (from|to) |[ +\\\\-]|a/|é|\n|\"|[a-z]){0,40}",
        ) {
            let _ = read_unified(&text);
        }
    }
}
