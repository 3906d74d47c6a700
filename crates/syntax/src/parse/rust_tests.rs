//! Which lines of a Rust source file are test code?
//!
//! In: attributes and doc comments, as the walk meets them. Out: the lines of
//! `#[cfg(test)]` items, of test functions, and of runnable code blocks in doc
//! comments.

use backstory_model::LineRange;

/// Attributes that make the function below them a test.
const TEST_ATTRIBUTES: [&[u8]; 8] = [
    b"bench",
    b"proptest",
    b"quickcheck",
    b"rstest",
    b"test",
    b"test_case",
    b"test_log",
    b"wasm_bindgen_test",
];

/// Words after a fence under which the block is still compiled as Rust.
const RUST_FENCES: [&str; 5] = ["compile_fail", "no_run", "rust", "should_panic", "test_harness"];

/// Returns true for `#[test]` and its kin, and for `#[cfg(test)]`.
pub(super) fn is_test_attribute(text: &[u8]) -> bool {
    let inner = text.strip_prefix(b"#[").unwrap_or(text);
    is_test_condition(inner) || {
        let path = inner.split(|b| !is_path_byte(*b)).next().unwrap_or_default();
        let last = path.rsplit(|b| *b == b':').next().unwrap_or_default();
        TEST_ATTRIBUTES.contains(&last)
    }
}

/// Returns true for `#![cfg(test)]`.
pub(super) fn is_inner_test_attribute(text: &[u8]) -> bool {
    text.strip_prefix(b"#![").is_some_and(is_test_condition)
}

/// Returns true for `cfg(test)` and for `cfg(all(test, …))`.
///
/// `any(test, …)` and `not(test)` hold code of the product as well.
fn is_test_condition(inner: &[u8]) -> bool {
    let Some(condition) = inner.strip_prefix(b"cfg") else { return false };
    let condition: Vec<u8> =
        condition.iter().copied().filter(|b| !b.is_ascii_whitespace()).collect();
    let all =
        condition.strip_prefix(b"(all(").unwrap_or(condition.strip_prefix(b"(").unwrap_or(b""));
    let mut depth = 0_usize;
    all.split(|b| {
        match b {
            b'(' => depth += 1,
            b')' => depth = depth.saturating_sub(1),
            _ => {}
        }
        *b == b',' && depth == 0
    })
    .any(|part| part.split(|b| *b == b')').next() == Some(b"test"))
}

fn is_path_byte(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b':'
}

/// Finds runnable code blocks in doc comments, line by line.
#[derive(Default)]
pub(super) struct DocTests {
    /// The lines found.
    pub(super) lines: Vec<LineRange>,
    /// The row of the doc comment before this one.
    last_row: Option<usize>,
    fence: Option<Fence>,
}

struct Fence {
    row: usize,
    runs: bool,
}

impl DocTests {
    /// Takes the next comment of the file.
    pub(super) fn comment(&mut self, row: usize, text: &[u8]) {
        let body = text.strip_prefix(b"///").or_else(|| text.strip_prefix(b"//!"));
        let Some(body) = body else { return };
        if self.last_row.is_none_or(|last| last + 1 != row) {
            self.fence = None;
        }
        self.last_row = Some(row);
        let body = String::from_utf8_lossy(body);
        let Some(words) = body.trim().strip_prefix("```") else { return };
        match self.fence.take() {
            Some(fence) if fence.runs => {
                let line = |row: usize| u32::try_from(row + 1).unwrap_or(u32::MAX);
                self.lines.push(LineRange { start: line(fence.row), end: line(row) });
            }
            Some(_) => {}
            None => self.fence = Some(Fence { row, runs: runs(words) }),
        }
    }
}

/// Returns true when rustdoc would compile a block with these words.
fn runs(words: &str) -> bool {
    words
        .split([',', ' ', '\t'])
        .map(str::trim)
        .filter(|word| !word.is_empty())
        .all(|word| RUST_FENCES.contains(&word) || word.starts_with("edition"))
}

/// Sorts ranges and joins those that touch or overlap.
pub(super) fn joined(mut ranges: Vec<LineRange>) -> Vec<LineRange> {
    ranges.sort_unstable();
    let mut joined: Vec<LineRange> = Vec::with_capacity(ranges.len());
    for range in ranges {
        match joined.last_mut() {
            Some(last) if range.start <= last.end.saturating_add(1) => {
                last.end = last.end.max(range.end);
            }
            _ => joined.push(range),
        }
    }
    joined
}
