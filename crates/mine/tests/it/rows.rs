//! What of a fix may a row know, and what must its past not hold?

use std::collections::BTreeSet;

use backstory_mine::test_text::test_text;
use backstory_mine::twin::Fix;
use backstory_model::{CommitId, RepoPath, TestText};
use backstory_testkit::{Draft, RepoBuilder, signature};

const NO_EDITS: [(&str, &str); 0] = [];
const PARSER: &str = "def parse(text):\n    return text.split(',')\n";
const FIXED: &str = "def parse(text):\n    return fields(text)\n";
const TEST: &str = "def test_plain():\n    assert parse('a,b')\n";

fn is_test(path: &RepoPath) -> bool {
    path.to_text().is_some_and(|text| text.starts_with("tests/"))
}

/// A parser, and a branch that fixes it with a test.
fn fixed_on_a_branch() -> (RepoBuilder, CommitId, CommitId) {
    let mut builder = RepoBuilder::new("ada/tally");
    builder
        .commit("Start", [("parser.py", PARSER), ("tests/test_parser.py", TEST), ("NEWS", "1\n")]);
    let start = builder.head();
    builder.branch_from("fix", &start);
    let more = format!("{TEST}\ndef test_quoted():\n    assert parse('\"a,b\"')\n");
    let head = builder.commit(
        "Keep quoted commas in one field",
        [("parser.py", FIXED), ("tests/test_parser.py", &more), ("NEWS", "2\n")],
    );
    builder.pull_head(7, &head);
    builder.switch("main");
    (builder, start, head)
}

#[test]
fn the_test_text_is_what_the_branch_adds_to_tests_since_it_left() {
    let (mut builder, _, head) = fixed_on_a_branch();
    // The base lies after the point where the branch left, and changed another test.
    let base = builder.commit("Meanwhile", [("tests/test_other.py", "def test_other(): ...\n")]);
    let text = test_text(&builder.memory(), &base, &head, is_test).unwrap();
    assert_eq!(text.added, "\ndef test_quoted():\n    assert parse('\"a,b\"')\n");
    assert_eq!(text.paths, [RepoPath::from("tests/test_parser.py")]);
}

#[test]
fn named_test_files_are_the_only_ones_read() {
    let (builder, base, head) = fixed_on_a_branch();
    let named = BTreeSet::from([RepoPath::from("NEWS")]);
    let text = test_text(&builder.memory(), &base, &head, |path| named.contains(path)).unwrap();
    assert_eq!((text.added.as_str(), text.paths.len()), ("2\n", 1));
}

#[test]
fn binary_and_missing_test_files_have_no_lines() {
    let (mut builder, base, _) = fixed_on_a_branch();
    builder.switch("fix");
    builder.commit("Add data", [("tests/data.bin", &b"\0\x01"[..])]);
    let head = builder.commit("Add a case", [("tests/case.txt", &b"1\n"[..])]);
    let gone = builder.blob(b"1\n");
    builder.storage().dropped.insert(gone);
    let text = test_text(&builder.memory(), &base, &head, is_test).unwrap();
    assert!(text.added.contains("test_quoted"));
    assert_eq!(text.paths.len(), 3);
    assert!(!text.added.contains('\0'));
}

fn is_twin(builder: &RepoBuilder, base: &CommitId, head: &CommitId, commit: &CommitId) -> bool {
    let repo = builder.memory();
    Fix::read(&repo, base, head).unwrap().is_twin(&repo, commit).unwrap()
}

#[test]
fn a_pick_among_the_ancestors_is_a_twin() {
    let (mut builder, _, head) = fixed_on_a_branch();
    builder.commit("Move down", [("parser.py", format!("import csv\n\n\n{PARSER}"))]);
    let later = signature("Bo Marsh", "bo@example.org", "2024-02-01T10:00:00Z").unwrap();
    let pick = builder.cherry_pick(&head, Some(later));
    let base = builder.commit("Go on", [("NEWS", "3\n")]);
    assert!(is_twin(&builder, &base, &head, &pick));
    assert!(!is_twin(&builder, &base, &head, &base));
}

#[test]
fn a_backport_without_its_test_and_under_another_message_is_a_twin() {
    let (mut builder, _, head) = fixed_on_a_branch();
    let backport = builder.commit("Parser", [("parser.py", FIXED), ("CHANGES", "fixed\n")]);
    assert!(is_twin(&builder, &backport, &head, &backport));
}

#[test]
fn a_pick_that_was_adapted_is_a_twin_by_message_and_paths() {
    let (mut builder, _, head) = fixed_on_a_branch();
    let files =
        [("parser.py", "adapted\n"), ("tests/test_parser.py", "adapted\n"), ("NEWS", "4\n")];
    let message = "[1.x] Keep quoted commas in one field (#9)";
    let pick = builder.commit(message, files);
    assert!(is_twin(&builder, &pick, &head, &pick));
    let fewer = builder.commit(message, [("parser.py", "again\n")]);
    assert!(!is_twin(&builder, &fewer, &head, &fewer));
}

#[test]
fn one_commit_of_the_branch_is_enough_unless_it_is_a_trifle() {
    let reader = "def read(path):\n    with open(path) as file:\n        return file.read()\n";
    let typo = "def parse(text):\n    return text.split(';')\n";
    let (mut builder, _, _) = fixed_on_a_branch();
    builder.switch("fix");
    builder.commit("Add a reader", [("reader.py", reader)]);
    builder.commit("Undo", [("parser.py", PARSER)]);
    builder.commit("Another separator", [("parser.py", typo)]);
    let head = builder.commit("Use the reader", [("parser.py", "import reader\n")]);
    builder.switch("main");
    let early = builder.commit("Reader", [("reader.py", reader)]);
    let trifle = builder.commit("Separate", [("parser.py", typo)]);
    assert!(is_twin(&builder, &early, &head, &early));
    assert!(!is_twin(&builder, &trifle, &head, &trifle));
}

#[test]
fn a_message_over_test_files_alone_is_no_twin() {
    let (mut builder, base, _) = fixed_on_a_branch();
    builder.switch("fix");
    let message = "[pre-commit.ci] auto fixes from pre-commit.com hooks";
    builder.commit(message, [("tests/test_parser.py", "a = 1\n")]);
    let head = builder.head();
    builder.switch("main");
    let other = builder.commit(message, [("tests/test_parser.py", "b = 1\n")]);
    assert!(!is_twin(&builder, &base, &head, &other));
}

#[test]
fn a_branch_that_merged_the_mainline_is_no_twin_of_what_both_share() {
    let (mut builder, start, _) = fixed_on_a_branch();
    let shared = builder.commit("Shared work of both", [("shared.py", "1\n")]);
    builder.branch_from("late", &shared);
    builder.commit("Begin the other fix", [("late.py", "1\n")]);
    builder.switch("main");
    let base = builder.commit("Meanwhile", [("other.py", "1\n")]);
    builder.switch("late");
    let head = builder.merge("Merge main", std::slice::from_ref(&base), NO_EDITS);
    let fix = Fix::read(&builder.memory(), &base, &head).unwrap();
    let ancestors = [start, shared, base.clone()];
    assert_eq!(fix.twins(&builder.memory(), ancestors).unwrap(), BTreeSet::new());
}

#[test]
fn blank_lines_and_prose_make_no_twins() {
    let mut builder = RepoBuilder::new("ada/tally");
    let start = builder.commit("Start", [("parser.py", "a\nb\n"), ("README.md", "1\n")]);
    builder.branch_from("fix", &start);
    let head = builder.commit(
        Draft::new("Air between the two lines of it"),
        [("parser.py", "a\n\nb\n"), ("README.md", "2\n")],
    );
    builder.switch("main");
    let air = builder.commit("Air", [("parser.py", "\na\nb\n")]);
    let prose = builder.commit("Words", [("README.md", "2\n")]);
    assert!(!is_twin(&builder, &prose, &head, &air));
    assert!(!is_twin(&builder, &prose, &head, &prose));
}

#[test]
fn histories_that_share_nothing_have_no_twins_and_no_text() {
    let (mut builder, base, _) = fixed_on_a_branch();
    builder.switch("elsewhere");
    let head = builder.commit("Another start", [("parser.py", FIXED), ("tests/a.py", "1\n")]);
    assert!(!is_twin(&builder, &base, &head, &head));
    let text = test_text(&builder.memory(), &base, &head, is_test).unwrap();
    assert_eq!(text, TestText::default());
}
