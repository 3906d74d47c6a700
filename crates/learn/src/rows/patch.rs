//! Which files does a patch change, and which lines does it add?
//!
//! Reads the headers of a unified diff as git writes it and counts the lines of
//! every hunk, so that a removed line such as `-- x` is no header.

use backstory_model::RepoPath;

/// The files of one patch, by their path before the change.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Changed {
    /// Files that are there before.
    pub(super) existing: Vec<RepoPath>,
    /// Files that the patch creates.
    pub(super) created: Vec<RepoPath>,
    /// The lines that it adds, in order, each with its end.
    pub(super) added: String,
}

impl Changed {
    /// Returns all files.
    pub(super) fn all(self) -> Vec<RepoPath> {
        let mut all = self.existing;
        all.extend(self.created);
        all.sort();
        all
    }
}

/// Reads the paths of a patch.
pub(super) fn changed(patch: &str) -> Changed {
    let mut changed = Changed::default();
    let mut lines = patch.lines();
    let mut before: Option<&str> = None;
    while let Some(line) = lines.next() {
        if let Some(path) = line.strip_prefix("--- ") {
            before = Some(path);
        } else if let Some(after) = line.strip_prefix("+++ ") {
            if let Some(before) = before.take() {
                changed.add(before, after);
            }
        } else if let Some(path) = line.strip_prefix("rename from ") {
            changed.existing.extend(RepoPath::parse(path));
        } else if let Some(count) = hunk_lines(line) {
            changed.read_hunk(&mut lines, count);
        }
    }
    for paths in [&mut changed.existing, &mut changed.created] {
        paths.sort();
        paths.dedup();
    }
    changed
}

impl Changed {
    fn add(&mut self, before: &str, after: &str) {
        match (path_of(before, "a/"), path_of(after, "b/")) {
            (Some(before), _) => self.existing.push(before),
            (None, Some(after)) => self.created.push(after),
            (None, None) => {}
        }
    }

    /// Reads as many old and new lines as the header of a hunk says.
    fn read_hunk<'a>(
        &mut self,
        lines: &mut impl Iterator<Item = &'a str>,
        (mut old, mut new): (u64, u64),
    ) {
        while old > 0 || new > 0 {
            let Some(line) = lines.next() else { return };
            match line.as_bytes().first() {
                Some(b'-') => old = old.saturating_sub(1),
                Some(b'+') => {
                    new = new.saturating_sub(1);
                    self.added.extend([&line[1..], "\n"]);
                }
                Some(b'\\') => {}
                _ => {
                    old = old.saturating_sub(1);
                    new = new.saturating_sub(1);
                }
            }
        }
    }
}

/// Reads the path behind `--- ` or `+++ `, with `a/` or `b/` as its `side`; `None` for
/// `/dev/null`.
pub(crate) fn path_of(header: &str, side: &str) -> Option<RepoPath> {
    // Other tools put a tab and a time behind the path.
    let written = header.split('\t').next().unwrap_or(header).trim_end();
    if written == "/dev/null" {
        return None;
    }
    let path = RepoPath::parse(written).ok()?;
    let bytes = path.as_bytes();
    Some(RepoPath::from_bytes(bytes.strip_prefix(side.as_bytes()).unwrap_or(bytes)))
}

/// Reads `@@ -1,2 +3,4 @@` as the numbers of old and new lines.
fn hunk_lines(line: &str) -> Option<(u64, u64)> {
    let ranges = line.strip_prefix("@@ -")?;
    let (old, rest) = ranges.split_once(" +")?;
    let (new, _) = rest.split_once(" @@")?;
    let count = |range: &str| match range.split_once(',') {
        Some((_, count)) => count.parse().ok(),
        None => Some(1),
    };
    Some((count(old)?, count(new)?))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::changed;

    fn texts(paths: &[backstory_model::RepoPath]) -> Vec<String> {
        paths.iter().map(ToString::to_string).collect()
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
        let changed = changed(patch);
        assert_eq!(texts(&changed.existing), ["gone.py", "old.py", "src/a.py"]);
        assert_eq!(texts(&changed.created), ["made.py"]);
        assert_eq!(changed.added, "++ b/not/a/header.py\nx = 1\n");
        assert_eq!(changed.all().len(), 4);
    }

    #[test]
    fn odd_names_are_read_as_git_writes_them() {
        let patch = "--- \"a/caf\\303\\251.py\"\n+++ \"b/caf\\303\\251.py\"\n--- a/b c.py\t\n+++ b/b c.py\t\n";
        assert_eq!(texts(&changed(patch).existing), ["b c.py", "café.py"]);
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in "(---|\\+\\+\\+|@@ -1,9 \\+2 @@| |a/|\n|\"|\\\\|[a-z]){0,40}") {
            let _ = changed(&text);
        }
    }
}
