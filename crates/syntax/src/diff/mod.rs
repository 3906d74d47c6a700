//! Which lines differ between two versions of a file?
//!
//! In: the bytes of both. Out: [`Hunk`]s of line ranges, or the patch `git`
//! would accept. A line is the bytes up to and including a line feed, so a
//! carriage return or a missing last line feed is a difference like any other.

mod part;
mod read;
mod unified;

use std::ops::Range;

use imara_diff::{Algorithm, Diff, InternedInput};

pub use part::{apply_part, unified_part};
pub use read::{DiffLine, FileDiff, HunkDiff, read_unified};
pub use unified::{FileChange, Side, binary_stub, unified};

/// Equal lines kept on each side of the difference, so that a hunk can slide.
const SLIDE: usize = 64;

/// One place where two versions differ; both ranges are 0-based line numbers.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Hunk {
    /// The lines removed; empty for an insertion, at the line it stands before.
    pub before: Range<u32>,
    /// The lines added; empty for a deletion, at the line it stood before.
    pub after: Range<u32>,
}

/// Splits bytes into lines, each with its line feed; the last may lack it.
pub fn lines(bytes: &[u8]) -> Vec<&[u8]> {
    bytes.split_inclusive(|b| *b == b'\n').collect()
}

/// Returns the places where two versions differ, in order, never adjacent.
///
/// Histogram diff; a hunk that could stand at several places is put where
/// indentation says that it reads best.
pub fn hunks(old: &[u8], new: &[u8]) -> Vec<Hunk> {
    let frame = Frame::around(old, new);
    let input = InternedInput::new(
        &old[frame.start..old.len() - frame.tail],
        &new[frame.start..new.len() - frame.tail],
    );
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let shift = |range: Range<u32>| range.start + frame.lines..range.end + frame.lines;
    diff.hunks().map(|hunk| Hunk { before: shift(hunk.before), after: shift(hunk.after) }).collect()
}

/// What two versions share at both ends, in whole lines.
struct Frame {
    /// Bytes shared at the start.
    start: usize,
    /// Lines shared at the start.
    lines: u32,
    /// Bytes shared at the end.
    tail: usize,
}

impl Frame {
    /// Hashing every line costs more than comparing bytes, and most changes are small.
    fn around(old: &[u8], new: &[u8]) -> Self {
        let same = shared_prefix(old, new);
        let start = nth_line_start_back(&old[..same]);
        let (old_rest, new_rest) = (&old[start..], &new[start..]);
        let tail = shared_suffix(&old[same..], &new[same..]);
        let tail = tail - nth_line_start(&old_rest[old_rest.len() - tail..]);
        debug_assert!(tail <= new_rest.len(), "the shared end lies in both versions");
        let lines = memchr::memchr_iter(b'\n', &old[..start]).count();
        Self { start, lines: u32::try_from(lines).unwrap_or(u32::MAX), tail }
    }
}

fn shared_prefix(old: &[u8], new: &[u8]) -> usize {
    const STEP: usize = 256;
    let blocks = old.chunks_exact(STEP).zip(new.chunks_exact(STEP));
    let at = blocks.take_while(|(a, b)| a == b).count() * STEP;
    at + old[at..].iter().zip(&new[at..]).take_while(|(a, b)| a == b).count()
}

fn shared_suffix(old: &[u8], new: &[u8]) -> usize {
    const STEP: usize = 256;
    let blocks = old.rchunks_exact(STEP).zip(new.rchunks_exact(STEP));
    let at = blocks.take_while(|(a, b)| a == b).count() * STEP;
    let (old, new) = (&old[..old.len() - at], &new[..new.len() - at]);
    at + old.iter().rev().zip(new.iter().rev()).take_while(|(a, b)| a == b).count()
}

/// Returns where the line starts that lies [`SLIDE`] lines before the end.
fn nth_line_start_back(shared: &[u8]) -> usize {
    memchr::memrchr_iter(b'\n', shared).nth(SLIDE).map_or(0, |at| at + 1)
}

/// Returns where the line starts that lies [`SLIDE`] lines after the start.
fn nth_line_start(shared: &[u8]) -> usize {
    memchr::memchr_iter(b'\n', shared).nth(SLIDE).map_or(shared.len(), |at| at + 1)
}
