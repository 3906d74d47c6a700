//! May an entry of this name be written at all?
//!
//! In: paths of a git tree, which a stranger chose. Out: why one is refused. Names
//! that another file system would read as `.git` are refused everywhere, so
//! that a tree is refused on every machine or on none.

use std::collections::BTreeMap;

use backstory_model::RepoPath;

/// The longest name of one file that file systems take.
const LONGEST_NAME: usize = 255;

/// The longest path that is written.
const LONGEST_PATH: usize = 2048;

/// Why a tree is not written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Refusal {
    /// A part of the path is empty; absolute paths begin with one.
    EmptyName,
    /// A part of the path is `.` or `..`.
    Dots,
    /// A part of the path is read as `.git` by some file system.
    DotGit,
    /// A part of the path holds a NUL byte.
    Nul,
    /// The path, or a part of it, is too long.
    TooLong,
    /// The path occurs twice.
    Duplicate,
    /// The path is a file and a folder at once.
    FileAndFolder,
    /// Another path differs in upper and lower case only.
    CaseCollision,
}

impl Refusal {
    /// Returns the reason as part of a sentence.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::EmptyName => "a part of it is empty",
            Self::Dots => "a part of it is `.` or `..`",
            Self::DotGit => "a part of it is read as `.git`",
            Self::Nul => "it holds a NUL byte",
            Self::TooLong => "it is too long",
            Self::Duplicate => "it occurs twice",
            Self::FileAndFolder => "it is a file and a folder at once",
            Self::CaseCollision => "another path differs in case only",
        }
    }
}

/// Says why this path is not written; `None` when it may be.
pub(super) fn refusal(path: &RepoPath) -> Option<Refusal> {
    if path.as_bytes().len() > LONGEST_PATH {
        return Some(Refusal::TooLong);
    }
    path.as_bytes().split(|byte| *byte == b'/').find_map(part_refusal)
}

fn part_refusal(name: &[u8]) -> Option<Refusal> {
    match name {
        b"" => Some(Refusal::EmptyName),
        b"." | b".." => Some(Refusal::Dots),
        _ if name.contains(&0) => Some(Refusal::Nul),
        _ if name.len() > LONGEST_NAME => Some(Refusal::TooLong),
        _ if is_dot_git(name) => Some(Refusal::DotGit),
        _ => None,
    }
}

/// Returns true when some file system reads the name as `.git`: case does not
/// matter, Windows drops dots and spaces at the end, what follows a colon, and
/// has short names; macOS drops ignorable letters.
pub(super) fn is_dot_git(name: &[u8]) -> bool {
    let text: String =
        String::from_utf8_lossy(name).chars().filter(|letter| !is_ignorable(*letter)).collect();
    let stem = text.split([':', '\\']).next().unwrap_or_default();
    let stem = stem.trim_end_matches(['.', ' ']).to_lowercase();
    stem == ".git" || stem == "git~1"
}

/// The code points HFS+ ignores in names.
fn is_ignorable(letter: char) -> bool {
    matches!(letter,
        '\u{200c}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{206a}'..='\u{206f}' | '\u{feff}')
}

/// Finds two paths that cannot lie side by side. The paths are sorted.
pub(super) fn clash(paths: &[&RepoPath]) -> Option<(RepoPath, Refusal)> {
    if let Some(pair) = paths.windows(2).find(|pair| pair[0] == pair[1]) {
        return Some((pair[1].clone(), Refusal::Duplicate));
    }
    // Every file and folder by its path in lower case: its spelling, and whether it is a file.
    let mut known: BTreeMap<String, (RepoPath, bool)> = BTreeMap::new();
    for path in paths {
        let mut place = (*path).clone();
        let mut is_file = true;
        while !place.is_root() {
            let folded = folded(&place);
            let seen = known.get(&folded).cloned();
            match seen {
                Some((spelling, _)) if spelling.as_bytes() != place.as_bytes() => {
                    return Some((place, Refusal::CaseCollision));
                }
                Some((_, was_file)) if was_file || is_file => {
                    return Some((place, Refusal::FileAndFolder));
                }
                // The folder is known, and so are those above it.
                Some(_) => break,
                None => _ = known.insert(folded, (place.clone(), is_file)),
            }
            (place, is_file) = (place.parent(), false);
        }
    }
    None
}

/// Returns the path in lower case; one that is not UTF-8 is like no other.
fn folded(path: &RepoPath) -> String {
    path.to_text().map_or_else(|| format!("\0{path}"), str::to_lowercase)
}

#[cfg(test)]
mod tests {
    use super::is_dot_git;

    #[test]
    fn names_that_some_file_system_reads_as_the_git_folder_are_known() {
        for name in [
            ".git",
            ".GIT",
            ".Git",
            "git~1",
            "GIT~1",
            ".git.",
            ".git ",
            ".git. .",
            ".git:stream",
            ".git\\hooks",
            ".g\u{200c}it",
            "\u{feff}.git",
            ".gi\u{206f}T",
        ] {
            assert!(is_dot_git(name.as_bytes()), "{name:?}");
        }
        for name in [".github", ".gitignore", "git", "git~2", ".git2", "a.git", ".gitmodules"] {
            assert!(!is_dot_git(name.as_bytes()), "{name:?}");
        }
    }
}
