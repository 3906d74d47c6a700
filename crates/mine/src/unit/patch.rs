//! Do two changes of a tree do the same, though they start from different trees?
//!
//! In: the changes, and the repository for their content. Out: yes or no. Two
//! patches are the same when they change the same paths in the same way, and
//! take away and add the same lines in the same order; where in the file, and
//! between which other lines, does not count.

use backstory_model::{BlobId, FileMode, Repository, RepositoryError, TreeChange};
use backstory_syntax::diff::{hunks, lines};

/// Returns true when both are the same patch.
pub(super) fn is_same(
    repo: &dyn Repository,
    one: &[TreeChange],
    other: &[TreeChange],
) -> Result<bool, RepositoryError> {
    if one.len() != other.len() || !one.iter().zip(other).all(|(a, b)| has_same_shape(a, b)) {
        return Ok(false);
    }
    for (a, b) in one.iter().zip(other).filter(|(a, b)| a != b) {
        if !has_same_lines(repo, a, b)? {
            return Ok(false);
        }
    }
    Ok(true)
}

/// Compares path and modes; files whose mode neither patch changes may differ in it.
fn has_same_shape(a: &TreeChange, b: &TreeChange) -> bool {
    let mode = |side: &Option<(FileMode, BlobId)>| side.as_ref().map(|(mode, _)| *mode);
    let (before, after) = ((mode(&a.before), mode(&b.before)), (mode(&a.after), mode(&b.after)));
    let keeps = |before: Option<FileMode>, after: Option<FileMode>| {
        before == after && before.is_some_and(FileMode::is_file)
    };
    let both_keep = keeps(before.0, after.0) && keeps(before.1, after.1);
    a.path == b.path && (both_keep || (before.0 == before.1 && after.0 == after.1))
}

fn has_same_lines(
    repo: &dyn Repository,
    a: &TreeChange,
    b: &TreeChange,
) -> Result<bool, RepositoryError> {
    match (edited_lines(repo, a)?, edited_lines(repo, b)?) {
        (Some(a), Some(b)) => Ok(a == b),
        // Content that cannot be compared line by line had to be the same.
        _ => Ok(false),
    }
}

/// The lines taken away and the lines added, each in order.
pub(crate) type EditedLines = (Vec<u8>, Vec<u8>);

/// Reads what a change does to a file; `None` for content that has no lines.
pub(crate) fn edited_lines(
    repo: &dyn Repository,
    change: &TreeChange,
) -> Result<Option<EditedLines>, RepositoryError> {
    let mut sides = Vec::new();
    for side in [&change.before, &change.after] {
        match side {
            None => sides.push(None),
            Some((FileMode::Submodule | FileMode::Symlink, _)) => return Ok(None),
            Some((_, id)) => match repo.blob(id)? {
                Some(bytes) if memchr::memchr(0, &bytes).is_none() => sides.push(Some(bytes)),
                _ => return Ok(None),
            },
        }
    }
    let side = |at: usize| sides.get(at).and_then(Option::as_deref).unwrap_or_default();
    let (old, new) = (side(0), side(1));
    let hunks = hunks(old, new);
    let (old, new) = (lines(old), lines(new));
    let mut edited = EditedLines::default();
    for hunk in hunks {
        edited.0.extend(old[hunk.before.start as usize..hunk.before.end as usize].concat());
        edited.1.extend(new[hunk.after.start as usize..hunk.after.end as usize].concat());
    }
    Ok(Some(edited))
}
