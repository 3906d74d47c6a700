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
        let structure = match language_of(path) {
            Some(language) => parse(language, bytes),
            None => FileStructure::default(),
        };
        let lines = diff::lines(bytes);
        let mut side = Self::default();
        for at in ranges.flatten() {
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
