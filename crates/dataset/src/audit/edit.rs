//! What does replacing the only occurrence of a text do to a file?
//!
//! In: the content and the two texts of an edit. Out: where the text stands,
//! which lines it touches, and the new content.

use std::ops::Range;

use memchr::memmem;

use super::text::Text;

/// Returns where the text stands, overlapping occurrences included, up to `most`.
pub(super) fn occurrences(content: &[u8], text: &[u8], most: usize) -> Vec<usize> {
    let finder = memmem::Finder::new(text);
    let mut found = Vec::new();
    let mut from = 0;
    while found.len() < most
        && let Some(offset) = content.get(from..).and_then(|rest| finder.find(rest))
    {
        found.push(from + offset);
        from += offset + 1;
    }
    found
}

/// Returns the lines, 0-based, that hold one of these bytes.
pub(super) fn touched_lines(text: &Text, at: usize, length: usize) -> Range<usize> {
    if length == 0 {
        return 0..0;
    }
    text.line_at(at)..text.line_at(at + length - 1) + 1
}

/// Returns the content after the replacement.
pub(super) fn replaced(content: &[u8], at: usize, length: usize, new: &[u8]) -> Vec<u8> {
    [&content[..at], new, &content[at + length..]].concat()
}

#[cfg(test)]
mod tests {
    use super::occurrences;

    #[test]
    fn overlapping_occurrences_count() {
        assert_eq!(occurrences(b"aaa", b"aa", 2), [0, 1]);
        assert_eq!(occurrences(b"aab", b"aa", 2), [0]);
        assert_eq!(occurrences(b"", b"", 2), [0]);
        assert_eq!(occurrences(b"x", b"", 2), [0, 1]);
    }
}
