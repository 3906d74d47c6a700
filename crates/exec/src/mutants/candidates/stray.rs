//! What does a patch look like that is right and spoils a line besides?
//!
//! Lines that tests execute come alone where any are known, because a spoiled line
//! that no test reaches is never told from a right patch.

use std::collections::{BTreeMap, BTreeSet};
use std::ops::Range;

use backstory_model::{CandidateKind, RepoPath};
use backstory_syntax::diff::lines;

use super::super::Source;
use super::super::flip::flips_in;
use super::Draft;

/// How many lines away from a hunk a stray edit begins, so that it is a hunk of its own.
const AWAY: u32 = 4;

/// Lists patches with one token changed elsewhere in a changed file.
pub(super) fn strays(
    sources: &[Source<'_>],
    executed: &BTreeMap<RepoPath, BTreeSet<u32>>,
) -> Vec<Draft> {
    let mut drafts = Vec::new();
    for (at, source) in sources.iter().enumerate() {
        for flip in flips_in(source, &elsewhere(source, executed.get(source.path))) {
            let mut texts: Vec<Vec<u8>> = sources.iter().map(|one| one.after.to_vec()).collect();
            texts[at] = flip.apply(source.after);
            drafts.push(Draft { kind: CandidateKind::StrayEdit, texts, besides: None });
        }
    }
    drafts
}

/// Returns the bytes of the lines that the gold patch leaves alone.
fn elsewhere(source: &Source<'_>, executed: Option<&BTreeSet<u32>>) -> Vec<Range<usize>> {
    let mut ranges = Vec::new();
    let mut start = 0;
    for (number, line) in (0..).zip(lines(source.after)) {
        let range = start..start + line.len();
        start = range.end;
        let near = source.hunks.iter().any(|hunk| {
            number + AWAY >= hunk.after.start && number < hunk.after.end.saturating_add(AWAY)
        });
        let runs = executed.is_none_or(|lines| lines.contains(&(before(source, number) + 1)));
        if !near && runs {
            ranges.push(range);
        }
    }
    ranges
}

/// Returns the line of the base that a line outside of all hunks is.
fn before(source: &Source<'_>, line: u32) -> u32 {
    let past = source.hunks.iter().filter(|hunk| hunk.after.end <= line);
    let (added, removed) = past.fold((0, 0), |(added, removed), hunk| {
        (added + hunk.after.len(), removed + hunk.before.len())
    });
    let moved = i64::from(line) - i64::try_from(added).unwrap_or_default()
        + i64::try_from(removed).unwrap_or_default();
    u32::try_from(moved).unwrap_or_default()
}
