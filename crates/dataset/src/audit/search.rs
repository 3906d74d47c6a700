//! Which lines does a search find, and which names does a listing show?
//!
//! In: the files of a state. Out: what `search/literal` and `list/tree` of
//! `docs/rules.md` demand. Written from the rules alone.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{Hit, Listed, ListedKind, Observation, RepoPath};
use memchr::{memchr, memchr_iter, memmem};

use super::text::Text;

const HITS_PER_FILE: usize = 5;
const HITS: usize = 50;
const HIT_CHARACTERS: usize = 200;
const ENTRIES: usize = 200;

/// Returns what a search shows over these text files, given in path order.
pub(super) fn search(
    files: &[(RepoPath, Arc<Text>)],
    pattern: &str,
    whole_word: bool,
) -> Observation {
    let finder = memmem::Finder::new(pattern.as_bytes());
    let (mut hits, mut total, mut in_files) = (Vec::new(), 0_u32, 0_u32);
    for (path, text) in files {
        let mut in_file = 0_usize;
        let mut lines = MatchingLines { text: text.bytes(), at: 0, line: 1, counted: 0 };
        while let Some((line, content)) = lines.next_match(&finder, whole_word) {
            if in_file < HITS_PER_FILE && hits.len() < HITS {
                hits.push(Hit { path: path.clone(), line, text: cut(content) });
            }
            in_file += 1;
            total += 1;
        }
        in_files += u32::from(in_file > 0);
    }
    Observation::Hits { hits, total, files: in_files }
}

struct MatchingLines<'a> {
    text: &'a [u8],
    /// Where the search goes on.
    at: usize,
    /// The number of the line that begins at or before `counted`.
    line: u32,
    counted: usize,
}

impl<'a> MatchingLines<'a> {
    fn next_match(
        &mut self,
        finder: &memmem::Finder<'_>,
        whole_word: bool,
    ) -> Option<(u32, &'a [u8])> {
        let length = finder.needle().len();
        loop {
            let found = self.at + finder.find(self.text.get(self.at..)?)?;
            let start = line_start(self.text, found);
            let next = memchr(b'\n', &self.text[found..])
                .map_or(self.text.len(), |offset| found + offset + 1);
            let content = without_line_end(&self.text[start..next]);
            let inside = found + length <= start + content.len();
            if inside && (!whole_word || is_word(content, found - start, length)) {
                self.line += count_line_feeds(&self.text[self.counted..start]);
                self.counted = start;
                self.at = next;
                return Some((self.line, content));
            }
            self.at = found + 1;
        }
    }
}

fn line_start(text: &[u8], at: usize) -> usize {
    memchr::memrchr(b'\n', &text[..at]).map_or(0, |feed| feed + 1)
}

fn count_line_feeds(bytes: &[u8]) -> u32 {
    u32::try_from(memchr_iter(b'\n', bytes).count()).unwrap_or(u32::MAX)
}

fn without_line_end(line: &[u8]) -> &[u8] {
    match line.strip_suffix(b"\n") {
        Some(line) => line.strip_suffix(b"\r").unwrap_or(line),
        None => line,
    }
}

fn is_word_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Returns true when no word byte touches these bytes.
fn is_word(text: &[u8], start: usize, length: usize) -> bool {
    let before = start.checked_sub(1).and_then(|at| text.get(at));
    let after = text.get(start + length);
    !before.copied().is_some_and(is_word_byte) && !after.copied().is_some_and(is_word_byte)
}

/// Returns true when the name occurs in the text as a word.
pub(super) fn holds_word(text: &[u8], name: &[u8]) -> bool {
    let mut from = 0;
    while let Some(offset) = text.get(from..).and_then(|rest| memmem::find(rest, name)) {
        if name.is_empty() || is_word(text, from + offset, name.len()) {
            return !name.is_empty();
        }
        from += offset + 1;
    }
    false
}

fn cut(line: &[u8]) -> String {
    String::from_utf8_lossy(line).chars().take(HIT_CHARACTERS).collect()
}

/// Returns what a listing shows over these paths.
pub(super) fn list<'a>(
    files: impl Iterator<Item = &'a RepoPath>,
    under: &RepoPath,
    depth: u32,
) -> Observation {
    let depth = usize::try_from(depth).unwrap_or(usize::MAX);
    let mut names = BTreeMap::<RepoPath, ListedKind>::new();
    for file in files.filter(|file| file.is_below(under)) {
        let skip = if under.is_root() { 0 } else { under.as_bytes().len() + 1 };
        let components: Vec<&[u8]> = file.as_bytes()[skip..].split(|b| *b == b'/').collect();
        let mut path = under.clone();
        for (level, name) in components.iter().enumerate().take(depth) {
            path = path.join(name);
            let last = level + 1 == components.len();
            let kind = if last { ListedKind::File } else { ListedKind::Directory };
            names.insert(path.clone(), kind);
        }
    }
    let total = u32::try_from(names.len()).unwrap_or(u32::MAX);
    let entries = names.into_iter().take(ENTRIES).map(|(path, kind)| Listed { path, kind });
    Observation::Entries { entries: entries.collect(), total }
}

#[cfg(test)]
mod tests {
    use super::super::text::Reading;
    use super::{holds_word, list, search};
    use backstory_model::{Observation, RepoPath};

    fn found(text: &str, pattern: &str, whole_word: bool) -> Vec<u32> {
        let reading = Reading::of(text.as_bytes().into(), 1 << 20);
        let text = reading.text().expect("the sample is text").clone();
        match search(&[(RepoPath::from("a"), text)], pattern, whole_word) {
            Observation::Hits { hits, .. } => hits.iter().map(|hit| hit.line).collect(),
            other => panic!("{other:?}"),
        }
    }

    #[test]
    fn a_line_is_found_once_however_often_it_matches() {
        assert_eq!(found("x\naa aa\nx\naa", "aa", false), [2, 4]);
    }

    #[test]
    fn the_line_end_does_not_match() {
        assert_eq!(found("a\r\nb\r\n", "a\r", false), [] as [u32; 0]);
        assert_eq!(found("b\ra\r", "a\r", false), [1]);
    }

    #[test]
    fn a_word_match_may_overlap_one_that_is_no_word() {
        assert_eq!(found("ba-a-a", "a-a", true), [1]);
        assert_eq!(found("éa", "a", true), [] as [u32; 0]);
        assert!(holds_word(b"(run)", b"run"));
        assert!(!holds_word(b"rerun run_x", b"run"));
    }

    #[test]
    fn a_listing_stands_in_byte_order_of_whole_paths() {
        let files = ["a-b", "a/b/c", "a0"].map(RepoPath::from);
        let Observation::Entries { entries, total } = list(files.iter(), &RepoPath::root(), 2)
        else {
            panic!("a listing shows entries")
        };
        let names: Vec<String> = entries.iter().map(|entry| entry.path.to_string()).collect();
        assert_eq!((names.join(" ").as_str(), total), ("a a-b a/b a0", 4));
    }
}
