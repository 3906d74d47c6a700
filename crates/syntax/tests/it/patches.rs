//! Do patches say what git's would say, and can they be applied?

use backstory_model::{FileMode, RepoPath, git_object_id};
use backstory_syntax::diff::{FileChange, Side, binary_stub, lines, unified};
use proptest::prelude::*;

const PLAIN: FileMode = FileMode::Plain;

fn patch(
    path: &str,
    before: Option<(FileMode, &[u8])>,
    after: Option<(FileMode, &[u8])>,
) -> Vec<u8> {
    let path = RepoPath::from(path);
    let id = |side: Option<(FileMode, &[u8])>| git_object_id("blob", side.map_or(b"", |s| s.1));
    let (old, new) = (id(before), id(after));
    let change = FileChange {
        path: &path,
        before: before.map(|(mode, content)| Side { mode, id: &old, content }),
        after: after.map(|(mode, content)| Side { mode, id: &new, content }),
    };
    unified(&change)
}

fn shown(patch: &[u8]) -> String {
    String::from_utf8_lossy(patch).replace('\t', "→")
}

/// Reads `12` or `12,3`.
fn span(text: &str) -> (usize, usize) {
    match text.split_once(',') {
        Some((start, length)) => (
            start.parse().expect("a span is made of numbers"),
            length.parse().expect("a span is made of numbers"),
        ),
        None => (text.parse().expect("a span is made of numbers"), 1),
    }
}

/// Applies the hunks of a patch of one file; `None` when they do not fit.
fn applied(old: &[u8], patch: &[u8]) -> Option<Vec<u8>> {
    let old = lines(old);
    let patch = lines(patch);
    let mut out: Vec<Vec<u8>> = Vec::new();
    let (mut at, mut line) = (0, 0);
    while line < patch.len() && !patch[line].starts_with(b"@@ ") {
        line += 1;
    }
    while line < patch.len() {
        let header = std::str::from_utf8(patch[line]).ok()?;
        let mut words = header.split(' ').skip(1);
        let (start, length) = span(words.next()?.strip_prefix('-')?);
        let first = if length == 0 { start } else { start - 1 };
        out.extend(old.get(at..first)?.iter().map(|line| line.to_vec()));
        at = first;
        line += 1;
        while line < patch.len() && !patch[line].starts_with(b"@@ ") {
            let bare = patch.get(line + 1).is_some_and(|next| next.starts_with(b"\\"));
            let (mark, text) = patch[line].split_at(1);
            let text = if bare { text.strip_suffix(b"\n")? } else { text };
            if mark != b"+" {
                if *old.get(at)? != text {
                    return None;
                }
                at += 1;
            }
            if mark != b"-" {
                out.push(text.to_vec());
            }
            line += if bare { 2 } else { 1 };
        }
    }
    out.extend(old[at..].iter().map(|line| line.to_vec()));
    Some(out.concat())
}

#[test]
fn a_change_shows_three_lines_around_it() {
    let old = b"one\ntwo\nthree\nfour\nfive\nsix\nseven\neight\nnine\n";
    let new = b"one\ntwo\nthree\nfour\nFIVE\nsix\nseven\neight\nnine";
    let patch = patch("src/count.txt", Some((PLAIN, old)), Some((PLAIN, new)));
    insta::assert_snapshot!(shown(&patch));
}

#[test]
fn added_deleted_and_moved_modes_have_gits_headers() {
    let text: &[u8] = b"echo hi\n";
    let patches = [
        patch("run.sh", None, Some((FileMode::Executable, text))),
        patch("run.sh", Some((FileMode::GroupWritable, text)), None),
        patch("run.sh", Some((PLAIN, text)), Some((FileMode::Executable, text))),
        patch("run.sh", Some((PLAIN, text)), Some((FileMode::Executable, b"echo ho\n"))),
        patch("empty", None, Some((PLAIN, b""))),
        patch("current", Some((PLAIN, b"v1\n")), Some((FileMode::Symlink, b"v1"))),
    ];
    insta::assert_snapshot!(shown(&patches.concat()));
}

#[test]
fn odd_names_are_quoted_and_names_with_spaces_end_with_a_tab() {
    let patches = [
        patch("a b.txt", None, Some((PLAIN, b"x\n"))),
        patch("a\t\"b\".txt", None, Some((PLAIN, b"x\n"))),
    ];
    insta::assert_snapshot!(shown(&patches.concat()));
}

#[test]
fn a_binary_change_names_both_sides() {
    let id = git_object_id("blob", b"\0");
    let path = RepoPath::from("logo.png");
    let side = Side { mode: PLAIN, id: &id, content: b"" };
    let change = FileChange { path: &path, before: None, after: Some(side) };
    let stub = binary_stub(&change);
    assert!(stub.ends_with(b"Binary files /dev/null and b/logo.png differ\n"), "{}", shown(&stub));
}

#[test]
fn nothing_is_said_about_a_file_that_stays() {
    assert_eq!(patch("a", Some((PLAIN, b"x\n")), Some((PLAIN, b"x\n"))), b"");
}

#[test]
fn the_applier_of_these_tests_refuses_a_patch_of_another_file() {
    let patch = patch("a", Some((PLAIN, b"a\nb\n")), Some((PLAIN, b"a\nc\n")));
    assert_eq!(applied(b"a\nx\n", &patch), None);
}

fn text() -> impl Strategy<Value = Vec<u8>> {
    let line = prop_oneof![
        6 => Just(&b"same\n"[..]),
        3 => Just(&b"  }\n"[..]),
        2 => Just(&b"-- x\r\n"[..]),
        1 => Just(&b"\\ odd\n"[..]),
        1 => Just(&b"@@ no header\n"[..]),
        1 => Just(&b"unended"[..]),
    ];
    proptest::collection::vec(line, 0..60).prop_map(|lines| lines.concat())
}

proptest! {
    #[test]
    fn a_patch_applied_to_the_old_version_gives_the_new_one(old in text(), new in text()) {
        let patch = patch("file", Some((PLAIN, &old)), Some((PLAIN, &new)));
        prop_assert_eq!(applied(&old, &patch), Some(new));
    }
}
