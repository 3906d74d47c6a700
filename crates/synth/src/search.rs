//! Which lines of the base hold this text?
//!
//! The rules `search/literal` and `list/tree` of `docs/rules.md`: literal
//! match, path order, and fixed limits on what is shown.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    Hit, Listed, ListedKind, Observation, RepoPath, RepoSnapshot, Repository, RepositoryError,
};
use memchr::memmem::Finder;

use crate::text::{Text, TextCache, is_word_byte};

/// How many matching lines of one file are shown.
const SHOWN_PER_FILE: usize = 5;
/// How many matching lines are shown in all.
const SHOWN: usize = 50;
/// How many characters of a line are shown.
const SHOWN_CHARACTERS: usize = 200;
/// How many names of a listing are shown.
const LISTED: usize = 200;

/// The text files of the base, read once for all searches of a unit.
pub struct Corpus<'a> {
    files: Vec<(&'a RepoPath, Arc<Text>)>,
}

/// What one search found.
pub struct Found {
    /// The hits shown, in path and line order.
    pub hits: Vec<Hit>,
    /// How many lines match.
    pub total: u32,
    /// How many files hold a match.
    pub files: u32,
}

impl Found {
    /// Returns true when a shown hit lies in this file.
    pub fn shows(&self, path: &RepoPath) -> bool {
        self.hits.iter().any(|hit| hit.path == *path)
    }

    /// Turns the result into what a search step shows.
    pub fn into_observation(self) -> Observation {
        Observation::Hits { hits: self.hits, total: self.total, files: self.files }
    }
}

impl<'a> Corpus<'a> {
    /// Reads the text files of the snapshot.
    pub fn read(
        repo: &dyn Repository,
        snapshot: &'a RepoSnapshot,
        texts: &TextCache,
    ) -> Result<Self, RepositoryError> {
        let mut files = Vec::with_capacity(snapshot.files.len());
        for file in snapshot.files.iter().filter(|file| file.mode.is_file()) {
            if let Ok(text) = texts.text(repo, file.mode, &file.blob)? {
                files.push((&file.path, text));
            }
        }
        Ok(Self { files })
    }

    /// Returns the text of a file, if it is one.
    pub fn text(&self, path: &RepoPath) -> Option<&Arc<Text>> {
        self.files.binary_search_by(|(at, _)| (*at).cmp(path)).ok().map(|at| &self.files[at].1)
    }

    /// Looks for a literal text.
    pub fn search(&self, pattern: &str, whole_word: bool) -> Found {
        let finder = Finder::new(pattern);
        let single_word = whole_word && pattern.bytes().all(is_word_byte);
        let mut found = Found { hits: Vec::new(), total: 0, files: 0 };
        for (path, text) in &self.files {
            if single_word && !text.may_hold_word(pattern) {
                continue;
            }
            let lines = matching_lines(text, &finder, whole_word);
            if lines.is_empty() {
                continue;
            }
            found.files += 1;
            found.total += u32::try_from(lines.len()).unwrap_or(u32::MAX);
            let room = (SHOWN - found.hits.len()).min(SHOWN_PER_FILE);
            found.hits.extend(lines.into_iter().take(room).map(|line| Hit {
                path: (*path).clone(),
                line,
                text: text.line(line).chars().take(SHOWN_CHARACTERS).collect(),
            }));
        }
        found
    }
}

fn matching_lines(text: &Text, finder: &Finder<'_>, whole_word: bool) -> Vec<u32> {
    let bytes = text.bytes();
    let mut lines = Vec::new();
    let mut from = 0;
    while let Some(at) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
        let (start, end) = (from + at, from + at + finder.needle().len());
        let touched = |at: Option<&u8>| at.is_some_and(|byte| is_word_byte(*byte));
        let alone =
            !touched(start.checked_sub(1).and_then(|at| bytes.get(at))) && !touched(bytes.get(end));
        if whole_word && !alone {
            from = start + 1;
            continue;
        }
        lines.push(text.line_at(start));
        // One match is enough for a line, so the scan goes on behind it.
        from = memchr::memchr(b'\n', &bytes[start..]).map_or(bytes.len(), |at| start + at + 1);
    }
    lines
}

/// Lists the files below a directory and their directories, `depth` levels down.
pub fn list(snapshot: &RepoSnapshot, path: &RepoPath, depth: u32) -> Observation {
    let mut names: BTreeMap<RepoPath, ListedKind> = BTreeMap::new();
    for file in snapshot.files.iter().filter(|file| file.path.is_below(path)) {
        for (at, kind) in ancestors(&file.path, path) {
            if level(&at, path) <= depth {
                names.insert(at, kind);
            }
        }
    }
    let total = u32::try_from(names.len()).unwrap_or(u32::MAX);
    let entries =
        names.into_iter().take(LISTED).map(|(path, kind)| Listed { path, kind }).collect();
    Observation::Entries { entries, total }
}

fn ancestors(path: &RepoPath, root: &RepoPath) -> Vec<(RepoPath, ListedKind)> {
    let mut chain = vec![(path.clone(), ListedKind::File)];
    let mut at = path.parent();
    while at != *root && !at.is_root() {
        chain.push((at.clone(), ListedKind::Directory));
        at = at.parent();
    }
    chain
}

fn level(path: &RepoPath, root: &RepoPath) -> u32 {
    let slashes = |p: &RepoPath| memchr::memchr_iter(b'/', p.as_bytes()).count();
    let base = if root.is_root() { 0 } else { slashes(root) + 1 };
    u32::try_from(slashes(path) + 1 - base).unwrap_or(u32::MAX)
}
