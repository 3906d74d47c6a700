//! Which differences of a file belong to the tests, and which to the change?
//!
//! In: both versions of one file. Out: its [`Share`]. A file is on one side by
//! its role; in a Rust source file that stays in its place every hunk is asked,
//! because its tests may stand in it. A hunk that touches both kinds of line, or
//! stands so near one of the change that neither patch would apply without the
//! other, belongs to the change.

use backstory_model::{BlobId, FileRole, FileStructure, Language, RepoPath};
use backstory_syntax::diff::{self, Hunk};

use crate::reconstruct::ParseFile;
use crate::text::Text;

/// Patches show three equal lines around a hunk; where fewer than so many stand
/// between two hunks, one patch shows what the other changes or shows too.
const APART: u32 = 6;

/// On which side the change of one file stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Share {
    /// With the change.
    Gold,
    /// With the tests.
    Test,
    /// Some hunks with the change, some with the tests.
    Both {
        /// All hunks, in order, each with whether it belongs to the tests.
        hunks: Vec<(Hunk, bool)>,
    },
}

/// One version of a text file.
pub type TextVersion<'a> = (&'a BlobId, &'a Text);

/// Returns the side of a file by its role alone.
pub fn by_role(path: &RepoPath) -> Share {
    match backstory_syntax::role_of(path) {
        FileRole::Test => Share::Test,
        FileRole::Source | FileRole::Docs | FileRole::Other => Share::Gold,
    }
}

/// Returns the side of a text file that is edited in its place, mode unchanged.
pub fn of_edited(
    path: &RepoPath,
    before: TextVersion<'_>,
    after: TextVersion<'_>,
    parse: ParseFile<'_>,
) -> Share {
    let may_hold_tests = backstory_syntax::language_of(path) == Some(Language::Rust)
        && backstory_syntax::role_of(path) == FileRole::Source;
    if !may_hold_tests {
        return by_role(path);
    }
    let hunks = diff::hunks(before.1.bytes(), after.1.bytes());
    let parsed = |(blob, text): TextVersion<'_>| parse(path, blob, text.bytes());
    let (Some(old), Some(new)) = (parsed(before), parsed(after)) else { return by_role(path) };
    let (old_lines, new_lines) = (before.1.lines(), after.1.lines());
    let kinds: Vec<Kind> = hunks
        .iter()
        .map(|hunk| kind(&old, &old_lines, &hunk.before).and(kind(&new, &new_lines, &hunk.after)))
        .collect();
    settle(hunks, &kinds)
}

/// What the lines of a hunk are.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    /// Blank, all of them.
    Blank,
    Test,
    /// At least one is neither blank nor of a test.
    Source,
}

impl Kind {
    fn and(self, other: Self) -> Self {
        match (self, other) {
            (Self::Source, _) | (_, Self::Source) => Self::Source,
            (Self::Test, _) | (_, Self::Test) => Self::Test,
            (Self::Blank, Self::Blank) => Self::Blank,
        }
    }
}

fn kind(structure: &FileStructure, lines: &[&[u8]], range: &std::ops::Range<u32>) -> Kind {
    range.clone().fold(Kind::Blank, |kind, at| {
        let line = at + 1;
        let blank = lines[at as usize].trim_ascii().is_empty();
        let test = structure.test_lines.iter().any(|range| range.contains(line));
        kind.and(match (blank, test) {
            (true, _) => Kind::Blank,
            (false, true) => Kind::Test,
            (false, false) => Kind::Source,
        })
    })
}

fn settle(hunks: Vec<Hunk>, kinds: &[Kind]) -> Share {
    if !kinds.contains(&Kind::Test) {
        return Share::Gold;
    }
    if !kinds.contains(&Kind::Source) {
        return Share::Test;
    }
    let mut test: Vec<bool> = kinds.iter().map(|kind| *kind == Kind::Test).collect();
    let near = |a: usize, b: usize| hunks[b].before.start - hunks[a].before.end < APART;
    for at in 1..hunks.len() {
        test[at] &= test[at - 1] || !near(at - 1, at);
    }
    for at in (1..hunks.len()).rev() {
        test[at - 1] &= test[at] || !near(at - 1, at);
    }
    if !test.contains(&true) {
        return Share::Gold;
    }
    Share::Both { hunks: hunks.into_iter().zip(test).collect() }
}
