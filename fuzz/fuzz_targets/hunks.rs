//! Do the hunks between two versions turn the one into the other?
//!
//! In: two versions, apart by the first NUL byte. Out: nothing; panics on a
//! broken promise.

#![no_main]

use backstory_syntax::diff::{Hunk, hunks, lines};
use libfuzzer_sys::fuzz_target;

fuzz_target!(|bytes: &[u8]| {
    let cut = bytes.iter().position(|byte| *byte == 0).unwrap_or(bytes.len());
    let (old, new) = (&bytes[..cut], bytes.get(cut + 1..).unwrap_or_default());
    for (old, new) in [(old, new), (new, old)] {
        let hunks = hunks(old, new);
        assert_eq!(applied(old, new, &hunks), new);
        assert_eq!(hunks.is_empty(), old == new);
        let apart = |pair: &[Hunk]| {
            pair[0].before.end < pair[1].before.start && pair[0].after.end < pair[1].after.start
        };
        assert!(hunks.windows(2).all(apart), "adjacent: {hunks:?}");
        assert!(hunks.iter().all(|hunk| !hunk.before.is_empty() || !hunk.after.is_empty()));
    }
});

/// Takes the lines outside hunks from the old version, and the others from the new one.
fn applied(old: &[u8], new: &[u8], hunks: &[Hunk]) -> Vec<u8> {
    let (old, new) = (lines(old), lines(new));
    let mut out = Vec::new();
    let mut at = 0;
    for hunk in hunks {
        out.extend_from_slice(&old[at..hunk.before.start as usize]);
        out.extend_from_slice(&new[hunk.after.start as usize..hunk.after.end as usize]);
        at = hunk.before.end as usize;
    }
    out.extend_from_slice(&old[at..]);
    out.concat()
}
