//! What is the shortest text that names one place of a file?
//!
//! In: the lines of the file as they stand and the lines to replace. Out: the
//! lines the search text must cover to occur exactly once. Pure.

use std::ops::Range;

use memchr::memmem;

/// Up to this many lines of context every split before/after is tried.
const TRIED_ONE_BY_ONE: usize = 24;

/// Extends `place` by the fewest whole lines that make its text unique.
///
/// Among equally long extensions the one with the most lines before wins. The
/// whole file is the last resort, so the result is unique whenever the file
/// has a line.
pub fn unique(lines: &[&[u8]], place: Range<usize>) -> Range<usize> {
    let content = lines.concat();
    let before = place.start;
    let after = lines.len() - place.end;
    let widen = |up: usize, down: usize| place.start - up..place.end + down;
    for context in 0..=TRIED_ONE_BY_ONE.min(before + after) {
        for up in (0..=context.min(before)).rev() {
            let down = context - up;
            if down > after {
                continue;
            }
            let candidate = widen(up, down);
            if occurs_once(&content, &lines[candidate.clone()].concat()) {
                return candidate;
            }
        }
    }
    let mut reach = TRIED_ONE_BY_ONE;
    loop {
        reach *= 2;
        let candidate = widen(reach.min(before), reach.min(after));
        let whole = candidate == (0..lines.len());
        if whole || occurs_once(&content, &lines[candidate.clone()].concat()) {
            return candidate;
        }
    }
}

/// Returns true when `text` is not empty and occurs exactly once, where
/// overlapping occurrences count.
fn occurs_once(content: &[u8], text: &[u8]) -> bool {
    if text.is_empty() {
        return false;
    }
    match memmem::find(content, text) {
        Some(first) => memmem::find(&content[first + 1..], text).is_none(),
        None => false,
    }
}

#[cfg(test)]
mod tests {
    use super::{occurs_once, unique};
    use backstory_syntax::diff::lines;
    use proptest::prelude::*;

    #[test]
    fn overlapping_occurrences_count() {
        assert!(!occurs_once(b"aaa", b"aa"));
    }

    #[test]
    fn a_repeated_line_is_told_apart_by_its_neighbor() {
        let file = lines(b"a\nx\nb\nx\nc\n");
        assert_eq!(unique(&file, 3..4), 2..4);
    }

    #[test]
    fn an_insertion_gets_a_line_to_hold_on_to() {
        let file = lines(b"a\nb\n");
        assert_eq!(unique(&file, 2..2), 1..2);
    }

    proptest! {
        #[test]
        fn the_anchor_occurs_once_and_covers_the_place(
            file in "[ab\n]{1,60}",
            from in 0_usize..40,
            size in 0_usize..6,
        ) {
            let file = lines(file.as_bytes());
            let from = from % file.len();
            let to = (from + size).min(file.len());
            let found = unique(&file, from..to);
            prop_assert!(found.start <= from && to <= found.end);
            prop_assert!(occurs_once(&file.concat(), &file[found].concat()));
        }
    }
}
