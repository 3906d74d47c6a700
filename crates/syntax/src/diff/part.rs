//! What becomes of a file when only some of its differences are made?
//!
//! In: two versions and a choice of their [`Hunk`]s. Out: the version between
//! them, and the patch that leads to it.

use backstory_model::RepoPath;

use super::unified::{body, push, written};
use super::{Hunk, lines};

/// Makes some of the differences of two versions.
///
/// `part` is a choice of what [`hunks`](super::hunks) found, in its order.
pub fn apply_part(old: &[u8], new: &[u8], part: &[Hunk]) -> Vec<u8> {
    between(old, new, part).0
}

/// Returns the patch that makes only some of the differences of a file.
///
/// It stands against the old version and names no ids, because what it leads to
/// is neither of the two. Empty when nothing is chosen.
pub fn unified_part(path: &RepoPath, old: &[u8], new: &[u8], part: &[Hunk]) -> Vec<u8> {
    let mut patch = Vec::new();
    if part.is_empty() {
        return patch;
    }
    let (made, placed) = between(old, new, part);
    let (before, after) = (written(b"a/", path), written(b"b/", path));
    push(&mut patch, format_args!("diff --git {before} {after}\n"));
    body(&mut patch, (before, after), (old, &made), &placed);
    patch
}

/// Returns the version between two others, and where the made differences lie in it.
fn between(old: &[u8], new: &[u8], part: &[Hunk]) -> (Vec<u8>, Vec<Hunk>) {
    let (old, new) = (lines(old), lines(new));
    let mut made: Vec<&[u8]> = Vec::with_capacity(old.len());
    let mut placed = Vec::with_capacity(part.len());
    let mut at = 0;
    for hunk in part {
        made.extend(&old[at..hunk.before.start as usize]);
        let start = u32::try_from(made.len()).unwrap_or(u32::MAX);
        made.extend(&new[hunk.after.start as usize..hunk.after.end as usize]);
        let end = u32::try_from(made.len()).unwrap_or(u32::MAX);
        placed.push(Hunk { before: hunk.before.clone(), after: start..end });
        at = hunk.before.end as usize;
    }
    made.extend(&old[at..]);
    (made.concat(), placed)
}

#[cfg(test)]
mod tests {
    use super::{apply_part, unified_part};
    use crate::diff::hunks;
    use backstory_model::RepoPath;
    use proptest::prelude::*;

    #[test]
    fn a_part_of_a_change_is_a_patch_of_its_own() {
        let old = b"a\nb\nc\nd\ne\nf\ng\nh\ni\n";
        let new = b"A\nA2\nb\nc\nd\ne\nf\ng\nh\ni\nj\n";
        let hunks = hunks(old, new);
        let patch = unified_part(&RepoPath::from("x.rs"), old, new, &hunks[1..]);
        let patch = String::from_utf8(patch).unwrap();
        insta::assert_snapshot!(patch, @"
        diff --git a/x.rs b/x.rs
        --- a/x.rs
        +++ b/x.rs
        @@ -7,3 +7,4 @@
         g
         h
         i
        +j
        ");
        assert_eq!(apply_part(old, new, &hunks[1..]), b"a\nb\nc\nd\ne\nf\ng\nh\ni\nj\n");
    }

    proptest! {
        #[test]
        fn nothing_chosen_is_the_old_version_and_everything_the_new(
            old in "[ab\n]{0,40}",
            new in "[ab\n]{0,40}",
        ) {
            let (old, new) = (old.as_bytes(), new.as_bytes());
            let all = hunks(old, new);
            prop_assert_eq!(apply_part(old, new, &[]), old);
            prop_assert_eq!(apply_part(old, new, &all), new);
        }
    }
}
