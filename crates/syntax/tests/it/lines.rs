//! Do hunks say exactly what changed?

use backstory_syntax::diff::{Hunk, hunks, lines};
use proptest::prelude::*;

/// Rebuilds the new version from the old one, the hunks and the lines they add.
fn rebuilt(old: &[u8], new: &[u8], hunks: &[Hunk]) -> Vec<u8> {
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

fn text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        4 => Just(&b"\n"[..]),
        4 => Just(&b"    }\n"[..]),
        2 => Just(&b"fn read() {\n"[..]),
        2 => Just(&b"let x = 1;\r\n"[..]),
        1 => Just(&b"\xff\xfe\n"[..]),
        1 => Just(&b"no line feed"[..]),
    ];
    proptest::collection::vec(line, 0..120).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn hunks_rebuild_the_new_version(old in text(), new in text()) {
        prop_assert_eq!(rebuilt(&old, &new, &hunks(&old, &new)), new);
    }

    #[test]
    fn hunks_of_a_small_change_in_a_long_file_rebuild_it(
        head in text(), old in text(), new in text(), tail in text()
    ) {
        let old = [&head[..], &head, &old, &tail, &tail].concat();
        let new = [&head[..], &head, &new, &tail, &tail].concat();
        prop_assert_eq!(rebuilt(&old, &new, &hunks(&old, &new)), new);
    }

    #[test]
    fn hunks_are_ordered_apart_and_never_empty(old in text(), new in text()) {
        let hunks = hunks(&old, &new);
        for hunk in &hunks {
            prop_assert!(!hunk.before.is_empty() || !hunk.after.is_empty());
        }
        for pair in hunks.windows(2) {
            prop_assert!(pair[0].before.end < pair[1].before.start);
            prop_assert!(pair[0].after.end < pair[1].after.start);
        }
    }
}

#[test]
fn a_lost_hunk_is_noticed_by_the_rebuild() {
    let (old, new) = (b"a\nb\nc\nd\n", b"a\nB\nc\nD\n");
    let mut found = hunks(old, new);
    found.pop();
    assert_ne!(rebuilt(old, new, &found), new);
}

#[test]
fn an_added_function_is_one_hunk_that_starts_with_its_first_line() {
    let old = b"def a():\n    return 1\n\n\ndef c():\n    return 1\n";
    let new = b"def a():\n    return 1\n\n\ndef b():\n    return 1\n\n\ndef c():\n    return 1\n";
    assert_eq!(hunks(old, new), [Hunk { before: 4..4, after: 4..8 }]);
}
