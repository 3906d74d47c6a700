//! What becomes of a file that two patches change in different places?

use backstory_syntax::diff::{Hunk, hunks, lines};

/// Applies the changes of two versions to their base.
///
/// `None` where they change the same lines, or lines that touch.
pub fn compose(base: &[u8], one: &[u8], other: &[u8]) -> Option<Vec<u8>> {
    let changes = |version: &[u8]| -> Vec<(Hunk, Vec<u8>)> {
        let new = lines(version);
        let text = |hunk: &Hunk| new[hunk.after.start as usize..hunk.after.end as usize].concat();
        hunks(base, version).into_iter().map(|hunk| (hunk.clone(), text(&hunk))).collect()
    };
    let mut all = changes(one);
    all.extend(changes(other));
    all.sort_by_key(|(hunk, _)| (hunk.before.start, hunk.before.end));
    let apart = all.windows(2).all(|pair| pair[0].0.before.end < pair[1].0.before.start);
    if !apart {
        return None;
    }
    let old = lines(base);
    let mut text = Vec::new();
    let mut at = 0;
    for (hunk, added) in all {
        text.extend(old[at..hunk.before.start as usize].concat());
        text.extend(added);
        at = hunk.before.end as usize;
    }
    text.extend(old[at..].concat());
    Some(text)
}

#[cfg(test)]
mod tests {
    use super::compose;

    #[test]
    fn changes_in_different_places_stand_together() {
        let base = b"a\nb\nc\nd\n";
        let both = compose(base, b"A\nb\nc\nd\n", b"a\nb\nc\nd\ne\n");
        assert_eq!(both.as_deref(), Some(&b"A\nb\nc\nd\ne\n"[..]));
        assert_eq!(compose(base, b"A\nb\nc\nd\n", b"x\nb\nc\nd\n"), None);
    }
}
