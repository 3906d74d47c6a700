//! Which bytes of a log does a report show?
//!
//! In: the end of a log. Out: a byte range of whole lines, at most 16 KiB.

use std::ops::Range;

use backstory_syntax::log::log_parts;

/// A report shows at most this many bytes.
const LONGEST: usize = 16 << 10;
/// So many lines at the end of a log tell of a failure.
const FAILING_LINES: usize = 150;
/// So many lines at its end tell that all went well.
const ENDING_LINES: usize = 12;

/// Returns the part that tells why a job failed: from the first to the last line
/// that explains it, else the last lines.
pub(super) fn failing(log: &[u8]) -> Range<usize> {
    let parts = log_parts(log);
    let explained = parts.explanation().map(|(_, part)| part.range.clone());
    let whole = explained.reduce(|one, other| one.start.min(other.start)..one.end.max(other.end));
    match whole {
        Some(whole) if !whole.is_empty() => {
            let cut = last_lines(&log[whole.clone()], usize::MAX);
            whole.start + cut.start..whole.start + cut.end
        }
        Some(_) | None => last_lines(log, FAILING_LINES),
    }
}

/// Returns the part that tells that a job went well.
pub(super) fn ending(log: &[u8]) -> Range<usize> {
    last_lines(log, ENDING_LINES)
}

/// Returns the last lines, without blank ones at the end.
fn last_lines(log: &[u8], most: usize) -> Range<usize> {
    let end = log.iter().rposition(|byte| !byte.is_ascii_whitespace()).map_or(0, |at| at + 1);
    let end =
        log[end..].iter().position(|byte| *byte == b'\n').map_or(log.len(), |at| end + at + 1);
    let floor = end.saturating_sub(LONGEST);
    let body = &log[floor..end.saturating_sub(1).max(floor)];
    let mut breaks = memchr::memrchr_iter(b'\n', body).map(|at| floor + at + 1);
    match breaks.nth(most.saturating_sub(1)) {
        Some(start) => start..end,
        None if floor == 0 => 0..end,
        // The first line in reach is cut, so it is left out.
        None => memchr::memchr(b'\n', body).map_or(floor, |at| floor + at + 1)..end,
    }
}

#[cfg(test)]
mod tests {
    use super::{LONGEST, failing, last_lines};

    fn shown(log: &str, most: usize) -> &str {
        &log[last_lines(log.as_bytes(), most)]
    }

    #[test]
    fn the_last_lines_are_whole() {
        assert_eq!(shown("a\nb\nc\n", 2), "b\nc\n");
        assert_eq!(shown("a\nb\nc", 2), "b\nc");
        assert_eq!(shown("a\nb\nc\n\n \n", 2), "b\nc\n");
        assert_eq!(shown("a\nb\n", 9), "a\nb\n");
        assert_eq!(shown("\n\n", 2), "\n");
        assert_eq!(shown("", 2), "");
    }

    #[test]
    fn a_failure_that_is_explained_is_shown_from_its_first_line_on() {
        let failure = "=== FAILURES ===\n___ test_a ___\n    assert 1 == 2\nE   assert 1 == 2\n\
            tests/test_a.py:3: AssertionError\n=== short test summary info ===\n\
            FAILED tests/test_a.py::test_a\n=== 1 failed in 0.1s ===\n";
        let log = format!("{}{failure}", "noise\n".repeat(300));
        let shown = &log[failing(log.as_bytes())];
        assert!(shown.starts_with("=== FAILURES"), "{shown}");
        assert!(shown.contains("FAILED tests/test_a.py::test_a"), "{shown}");
    }

    #[test]
    fn a_cut_line_is_left_out() {
        let log = format!("{}\nlast\n", "x".repeat(LONGEST));
        assert_eq!(shown(&log, 9), "last\n");
        let one = "x".repeat(2 * LONGEST);
        assert_eq!(shown(&one, 9).len(), LONGEST);
    }
}
