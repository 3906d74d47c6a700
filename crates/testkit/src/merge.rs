//! What does git make of two changes to the same files?
//!
//! In: three versions. Out: the merged version, or the path that conflicts.
//! Files changed on one side are taken; texts changed on both are merged by
//! lines, and changes that touch each other conflict, as they do in git.

use std::collections::BTreeSet;
use std::ops::Range;

use backstory_model::{BlobId, FileMode, RepoPath};
use imara_diff::{Algorithm, Diff, InternedInput};

use crate::object::{Files, Kind, Objects};

/// Merges `theirs` into `ours`; returns the paths that conflict.
pub(crate) fn merge_files(
    objects: &mut Objects,
    base: &Files,
    ours: &Files,
    theirs: &Files,
) -> (Files, Vec<RepoPath>) {
    let (mut merged, mut conflicts) = (ours.clone(), Vec::new());
    let paths: BTreeSet<&RepoPath> = base.keys().chain(theirs.keys()).collect();
    for path in paths {
        let (before, mine, other) = (base.get(path), ours.get(path), theirs.get(path));
        if other == before || other == mine {
            continue;
        }
        if mine == before {
            match other {
                Some(entry) => merged.insert(path.clone(), entry.clone()),
                None => merged.remove(path),
            };
            continue;
        }
        match merge_entry(objects, before, mine, other) {
            Some(entry) => _ = merged.insert(path.clone(), entry),
            None => conflicts.push(path.clone()),
        }
    }
    (merged, conflicts)
}

type Entry = (FileMode, BlobId);

fn merge_entry(
    objects: &mut Objects,
    base: Option<&Entry>,
    ours: Option<&Entry>,
    theirs: Option<&Entry>,
) -> Option<Entry> {
    let (base, ours, theirs) = (base?, ours?, theirs?);
    let mode = if ours.0 == base.0 { theirs.0 } else { ours.0 };
    let text = |entry: &Entry| objects.content(Kind::Blob, entry.1.as_str()).cloned();
    let merged = merge_text(&text(base)?, &text(ours)?, &text(theirs)?)?;
    Some((mode, objects.add(Kind::Blob, merged)))
}

/// One replaced range of lines of the base, and the lines that replace it.
struct Hunk {
    before: Range<usize>,
    after: Range<usize>,
}

fn lines(text: &[u8]) -> Vec<&[u8]> {
    text.split_inclusive(|byte| *byte == b'\n').collect()
}

fn hunks(base: &[u8], other: &[u8]) -> Vec<Hunk> {
    let input = InternedInput::new(base, other);
    let mut diff = Diff::compute(Algorithm::Histogram, &input);
    diff.postprocess_lines(&input);
    let range = |range: Range<u32>| range.start as usize..range.end as usize;
    diff.hunks().map(|hunk| Hunk { before: range(hunk.before), after: range(hunk.after) }).collect()
}

/// Merges two texts by lines; `None` when the changes touch each other.
fn merge_text(base: &[u8], ours: &[u8], theirs: &[u8]) -> Option<Vec<u8>> {
    let (old, mine, other) = (lines(base), lines(ours), lines(theirs));
    let mut changes: Vec<(Hunk, &[&[u8]])> = Vec::new();
    changes.extend(hunks(base, ours).into_iter().map(|hunk| (hunk, mine.as_slice())));
    changes.extend(hunks(base, theirs).into_iter().map(|hunk| (hunk, other.as_slice())));
    changes.sort_by_key(|(hunk, _)| (hunk.before.start, hunk.before.end));
    let (mut merged, mut at): (Vec<u8>, Option<usize>) = (Vec::new(), None);
    for (hunk, source) in &changes {
        if at.is_some_and(|end| hunk.before.start <= end) {
            return None;
        }
        merged.extend(old[at.unwrap_or(0)..hunk.before.start].concat());
        merged.extend(source[hunk.after.clone()].concat());
        at = Some(hunk.before.end);
    }
    merged.extend(old[at.unwrap_or(0)..].concat());
    Some(merged)
}

#[cfg(test)]
mod tests {
    use super::merge_text;

    #[test]
    fn distant_changes_are_merged() {
        let merged = merge_text(b"a\nb\nc\nd\n", b"A\nb\nc\nd\n", b"a\nb\nc\nD\ne\n");
        assert_eq!(merged.as_deref(), Some(b"A\nb\nc\nD\ne\n".as_slice()));
    }

    #[test]
    fn touching_changes_conflict() {
        assert_eq!(merge_text(b"a\nb\n", b"a\nX\nb\n", b"a\nY\nb\n"), None);
        assert_eq!(merge_text(b"a\nb\n", b"A\nb\n", b"a\nB\n"), None);
    }
}
