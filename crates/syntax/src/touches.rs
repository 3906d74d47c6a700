//! Does a change of a file touch test code, source code, or both?
//!
//! In: the path and both versions. Out: [`Touched`]. Where tests live inside
//! source files, every changed line is asked on its own side.

use backstory_model::{FileRole, FileStructure, RepoPath};

use crate::{diff, language_of, parse, role_of};

/// What a change of one file touches.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Touched {
    /// Source code of the product.
    pub source: bool,
    /// Test code: a test file, or test lines inside a source file.
    pub test: bool,
    /// Lines added; 0 when a side is not text.
    pub lines_added: u32,
    /// Lines removed; 0 when a side is not text.
    pub lines_removed: u32,
}

/// Returns what a change of one file touches.
///
/// `None` is an absent file. A file that is binary on either side is touched as
/// a whole and has no lines. Blank lines decide nothing on their own.
pub fn touched(path: &RepoPath, old: Option<&[u8]>, new: Option<&[u8]>) -> Touched {
    let (old, new) = (old.unwrap_or_default(), new.unwrap_or_default());
    let role = role_of(path);
    let mut touched = Touched {
        source: role == FileRole::Source,
        test: role == FileRole::Test,
        ..Touched::default()
    };
    if is_binary(old) || is_binary(new) {
        return touched;
    }
    let hunks = diff::hunks(old, new);
    let length = |range: &std::ops::Range<u32>| range.end - range.start;
    touched.lines_added = hunks.iter().map(|hunk| length(&hunk.after)).sum();
    touched.lines_removed = hunks.iter().map(|hunk| length(&hunk.before)).sum();
    if touched.source && may_hold_tests(path) && !hunks.is_empty() {
        let before = Side::of(path, old, hunks.iter().map(|hunk| hunk.before.clone()));
        let after = Side::of(path, new, hunks.iter().map(|hunk| hunk.after.clone()));
        touched.test = before.test || after.test;
        // Only blank lines changed: the file is touched, as source.
        touched.source = before.source || after.source || !touched.test;
    }
    touched
}

fn is_binary(bytes: &[u8]) -> bool {
    memchr::memchr(0, bytes).is_some()
}

fn may_hold_tests(path: &RepoPath) -> bool {
    language_of(path) == Some(backstory_model::Language::Rust)
}

#[derive(Default)]
struct Side {
    source: bool,
    test: bool,
}

impl Side {
    fn of(
        path: &RepoPath,
        bytes: &[u8],
        ranges: impl Iterator<Item = std::ops::Range<u32>>,
    ) -> Self {
        let changed: Vec<u32> = ranges.flatten().collect();
        if changed.is_empty() {
            return Self::default();
        }
        let structure = match language_of(path) {
            Some(language) => parse(language, bytes),
            None => FileStructure::default(),
        };
        let lines = diff::lines(bytes);
        let mut side = Self::default();
        for at in changed {
            if lines[at as usize].trim_ascii().is_empty() {
                continue;
            }
            let line = at + 1;
            if structure.test_lines.iter().any(|range| range.contains(line)) {
                side.test = true;
            } else {
                side.source = true;
            }
        }
        side
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "/// Adds.\n///\n/// ```\n/// assert_eq!(sum::add(1, 1), 2);\n/// ```\n\
        pub fn add(a: u32, b: u32) -> u32 {\n    a + b\n}\n\n\
        #[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {\n        super::add(1, 2);\n    }\n}\n";

    fn change(path: &str, after: &str) -> (bool, bool) {
        let path = RepoPath::from(path);
        let found = touched(&path, Some(BEFORE.as_bytes()), Some(after.as_bytes()));
        (found.source, found.test)
    }

    #[test]
    fn a_change_inside_cfg_test_touches_tests_only() {
        let after = BEFORE.replace("super::add(1, 2)", "assert_eq!(super::add(1, 2), 3)");
        assert_eq!(change("src/lib.rs", &after), (false, true));
    }

    #[test]
    fn a_change_of_a_doc_test_touches_tests_only() {
        let after = BEFORE.replace("add(1, 1), 2", "add(1, 3), 4");
        assert_eq!(change("src/lib.rs", &after), (false, true));
    }

    #[test]
    fn a_change_of_both_halves_of_a_file_touches_both() {
        let after = BEFORE.replace("a + b", "b + a").replace("add(1, 2)", "add(2, 2)");
        assert_eq!(change("src/lib.rs", &after), (true, true));
    }

    #[test]
    fn adding_tests_after_a_blank_line_does_not_touch_source() {
        let path = RepoPath::from("src/lib.rs");
        let (bare, _) = BEFORE.split_once("\n#[cfg(test)]").unwrap();
        let found = touched(&path, Some(bare.as_bytes()), Some(BEFORE.as_bytes()));
        let wanted = Touched { source: false, test: true, lines_added: 8, lines_removed: 0 };
        assert_eq!(found, wanted);
    }

    #[test]
    fn other_languages_are_judged_by_path() {
        let path = RepoPath::from("tests/test_sum.py");
        let found = touched(&path, None, Some(b"def test_sum(): ...\n"));
        let wanted = Touched { source: false, test: true, lines_added: 1, lines_removed: 0 };
        assert_eq!(found, wanted);
    }

    #[test]
    fn a_binary_file_has_no_lines() {
        let found = touched(&RepoPath::from("src/a.py"), Some(b"x\0"), Some(b"y\n"));
        assert_eq!((found.source, found.lines_added, found.lines_removed), (true, 0, 0));
    }
}
