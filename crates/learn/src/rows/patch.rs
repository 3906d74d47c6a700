//! Which files does a patch change, and which lines does it add?
//!
//! In: a unified diff. Out: its paths, by whether they are there before, and the text
//! of its added lines.

use backstory_model::RepoPath;
use backstory_syntax::diff::{DiffLine, read_unified};

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
    for file in read_unified(patch) {
        match (file.before, file.after) {
            (Some(before), _) => changed.existing.push(before),
            (None, Some(after)) => changed.created.push(after),
            (None, None) => {}
        }
        for line in file.hunks.iter().flat_map(|hunk| &hunk.lines) {
            if let DiffLine::Added(text) = line {
                changed.added.extend([*text, "\n"]);
            }
        }
    }
    for paths in [&mut changed.existing, &mut changed.created] {
        paths.sort();
        paths.dedup();
    }
    changed
}

#[cfg(test)]
mod tests {
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
}
