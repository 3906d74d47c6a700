//! Is every mutant what its patch says, and wrong in one way only?

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use backstory_exec::mutants::{
    CandidateInput, CandidatePatch, GoldFile, OtherFile, WrongPatch, candidates, mutants,
};
use backstory_model::{CandidateKind, FileMode, MutantKind, RepoPath};
use proptest::prelude::*;

const BEFORE: &str = "\
def parse(text):
    # Reads a number.
    if text == '':
        return None
    return int(text)


def show(value):
    return str(value)
";

const AFTER: &str = "\
def parse(text: str) -> int:
    # Reads a number, or 0.
    if not text and text is not None:
        return 0
    return int(text)


def show(value):
    \"\"\"Shows a value.\"\"\"
    value = abs(value)
    if value < 10:
        return f'0{value}'
    return str(value)
";

fn file(path: &str, before: Option<&str>, after: Option<&str>) -> GoldFile {
    let version = |text: &str| (FileMode::Plain, Arc::from(text.as_bytes()));
    GoldFile { path: RepoPath::from(path), before: before.map(version), after: after.map(version) }
}

fn gold() -> Vec<GoldFile> {
    vec![
        file("CHANGES.md", Some("# Changes\n"), Some("# Changes\n\nNumbers.\n")),
        file("src/numbers.py", Some(BEFORE), Some(AFTER)),
    ]
}

fn text(mutant: &WrongPatch, path: &str) -> String {
    let (_, bytes) = mutant.files[&RepoPath::from(path)].as_ref().unwrap();
    String::from_utf8(bytes.to_vec()).unwrap()
}

#[test]
fn mutants_of_every_kind_are_made() {
    let made = mutants(&gold(), 100, 7);
    let kinds: BTreeSet<MutantKind> = made.iter().map(|mutant| mutant.kind).collect();
    assert_eq!(kinds.len(), 5, "{kinds:?}");
    let told: Vec<String> = made.iter().take(6).map(difference).collect();
    insta::assert_snapshot!(told.join("\n"), @r#"
    EditPrefix
    -    """Shows a value."""
    -    value = abs(value)
    -    if value < 10:
    -        return f'0{value}'

    FlipToken
    -    if value < 10:
    +    if value <= 10:

    DropHunk
    -def parse(text: str) -> int:
    -    # Reads a number, or 0.
    -    if not text and text is not None:
    -        return 0
    +def parse(text):
    +    # Reads a number.
    +    if text == '':
    +        return None

    KeepRemovedLine
    +        return None

    FlipToken
    -    if not text and text is not None:
    +    if  text and text is not None:

    FlipToken
    -    if value < 10:
    +    if value < 11:
    "#);
}

/// Returns the lines that a mutant has otherwise than the gold patch.
fn difference(mutant: &WrongPatch) -> String {
    let wrong = text(mutant, "src/numbers.py");
    let only = |mark: &str, one: &str, other: &str| -> Vec<String> {
        let lines = one.lines().filter(|line| !other.lines().any(|known| known == *line));
        lines.map(|line| format!("{mark}{line}")).collect()
    };
    let lines = [only("-", AFTER, &wrong), only("+", &wrong, AFTER)].concat();
    format!("{:?}\n{}\n", mutant.kind, lines.join("\n"))
}

#[test]
fn a_mutant_that_no_program_can_tell_is_not_made() {
    let after = BEFORE
        .replace("# Reads a number.", "# Reads one number.")
        .replace("def show(value):", "def show(value):\n    \"\"\"Shows it.\"\"\"");
    let told = vec![file("src/numbers.py", Some(BEFORE), Some(&after))];
    assert!(mutants(&told, 100, 7).is_empty());
    let silent = AFTER.replace("    \"\"\"Shows a value.\"\"\"\n", "");
    let made = mutants(&gold(), 100, 7);
    assert!(made.iter().all(|mutant| text(mutant, "src/numbers.py") != silent));
}

#[test]
fn a_mutant_that_cannot_be_read_is_not_made() {
    let headless = AFTER.replace("    if value < 10:\n", "");
    let made = mutants(&gold(), 100, 7);
    assert!(made.iter().all(|mutant| text(mutant, "src/numbers.py") != headless));
}

#[test]
fn only_source_files_are_changed() {
    let changed = |mutant: &WrongPatch| text(mutant, "CHANGES.md") != "# Changes\n\nNumbers.\n";
    assert!(!mutants(&gold(), 100, 7).iter().any(changed));
    let docs = vec![file("README.md", Some("a\n"), Some("b\nc\n"))];
    assert!(mutants(&docs, 100, 7).is_empty());
}

#[test]
fn an_added_file_loses_lines_and_a_deleted_one_stays_deleted() {
    let gold = vec![
        file("src/a.py", None, Some("A = 1\nB = 2\n")),
        file("src/b.py", Some("B = 2\n"), None),
    ];
    let made = mutants(&gold, 100, 7);
    assert!(!made.is_empty());
    assert!(made.iter().all(|mutant| mutant.files[&RepoPath::from("src/b.py")].is_none()));
}

#[test]
fn the_seed_decides_which_are_made() {
    let patches = |seed| -> Vec<Vec<u8>> {
        mutants(&gold(), 3, seed).into_iter().map(|mutant| mutant.patch).collect()
    };
    assert_eq!(patches(1), patches(1));
    assert!((2..10).any(|seed| patches(seed) != patches(1)));
}

/// What stands below both versions, far from what the gold patch changes.
const TAIL: &str = "

def count(items):
    total = 0
    for one in items:
        total += 1
    return total


def last(items):
    first = items[0]
    if len(items) > 1:
        return items[-1]
    return first
";

/// What a later change did to the file: it counts another way.
fn later() -> OtherFile {
    let before = [AFTER, TAIL].concat();
    let after = before.replace("total += 1", "total += len(one)");
    OtherFile {
        path: RepoPath::from("src/numbers.py"),
        here: (FileMode::Plain, Arc::from([BEFORE, TAIL].concat().as_bytes())),
        before: Arc::from(before.as_bytes()),
        after: Arc::from(after.as_bytes()),
    }
}

fn beside(others: &[OtherFile], most: usize) -> Vec<CandidatePatch> {
    let local = "    if not text and text is not None:\n        return 0\n";
    let named = "    number = 0\n    if not text and text is not None:\n        return number\n";
    let [before, after] = [BEFORE, &AFTER.replace(local, named)].map(|text| [text, TAIL].concat());
    let gold = [file("src/numbers.py", Some(&before), Some(&after))];
    let executed = BTreeMap::new();
    candidates(&CandidateInput { gold: &gold, others, executed: &executed }, most, 7)
}

#[test]
fn candidates_of_every_kind_stand_beside_the_gold_patch() {
    let made = beside(&[later()], 100);
    let kinds: BTreeSet<&str> = made.iter().map(|one| one.kind.as_str()).collect();
    assert_eq!(
        kinds.into_iter().collect::<Vec<_>>(),
        ["bare", "other_hunks", "reformatted", "renamed_local", "stray_edit", "unrelated_hunk"]
    );
    assert_eq!(made, beside(&[later()], 100), "the same seed gives the same candidates");
    assert_eq!(beside(&[later()], 3), made[..3]);
}

#[test]
fn hunks_of_another_change_stand_in_the_place_of_gold_or_besides() {
    let made = beside(&[later()], 100);
    let texts = |kind: CandidateKind| -> Vec<String> {
        let of_kind = made.iter().filter(|one| one.kind == kind);
        let bytes = of_kind.map(|one| one.files[&RepoPath::from("src/numbers.py")].clone());
        bytes.map(|file| String::from_utf8(file.unwrap().1.to_vec()).unwrap()).collect()
    };
    let place = texts(CandidateKind::OtherHunks);
    let moved = [BEFORE, TAIL].concat().replace("total += 1", "total += len(one)");
    assert_eq!(place, [moved]);
    let besides = texts(CandidateKind::UnrelatedHunk);
    assert_eq!(besides.len(), 1);
    assert!(besides[0].contains("abs(value)") && besides[0].contains("len(one)"));
}

#[test]
fn an_other_version_of_the_same_file_gives_nothing_where_its_lines_are_unknown() {
    let strange = OtherFile {
        before: Arc::from(&b"x = 1\n"[..]),
        after: Arc::from(&b"x = 2\n"[..]),
        ..later()
    };
    let made = beside(&[strange], 100);
    let foreign = |one: &&CandidatePatch| {
        matches!(one.kind, CandidateKind::OtherHunks | CandidateKind::UnrelatedHunk)
    };
    assert_eq!(made.iter().filter(foreign).count(), 0);
}

/// Applies the patch of one file as `git apply` would.
fn apply(before: &str, patch: &str) -> String {
    let old: Vec<&str> = before.split_inclusive('\n').collect();
    let (mut text, mut at) = (String::new(), 0);
    for line in patch.lines().skip_while(|line| !line.starts_with("@@")) {
        let (mark, rest) = line.split_at(1);
        if mark == "@" {
            let start = hunk_start(line);
            text.extend(old[at..start].iter().copied());
            at = start;
            continue;
        }
        if mark != "+" {
            assert_eq!(old[at], format!("{rest}\n"));
            at += 1;
        }
        if mark != "-" {
            text.extend([rest, "\n"]);
        }
    }
    text.extend(old[at..].iter().copied());
    text
}

/// Returns how many lines stand before a hunk of `@@ -3,2 +3,4 @@`.
fn hunk_start(header: &str) -> usize {
    let range = header.split(' ').nth(1).unwrap().trim_start_matches('-');
    let (start, length) = range.split_once(',').unwrap_or((range, "1"));
    start.parse::<usize>().unwrap() - usize::from(length != "0")
}

fn lines() -> impl Strategy<Value = String> {
    let line = prop::sample::select(vec![
        "a = 1",
        "b = a + 2",
        "if a == b:",
        "    c(b)",
        "# note",
        "",
        "return a",
        "d = 'x'",
        "return 'y'",
    ]);
    prop::collection::vec(line, 1..14).prop_map(|lines| lines.join("\n") + "\n")
}

proptest! {
    #[test]
    fn the_patch_of_a_mutant_makes_its_file(before in lines(), after in lines(), seed: u64) {
        let gold = vec![file("src/m.py", Some(&before), Some(&after))];
        let made = mutants(&gold, 6, seed);
        let mut known = BTreeSet::from([before.clone(), after]);
        for mutant in &made {
            let wrong = text(mutant, "src/m.py");
            let patch = String::from_utf8(mutant.patch.clone()).unwrap();
            prop_assert_eq!(apply(&before, &patch), wrong.clone());
            prop_assert!(known.insert(wrong), "a mutant equals another, the gold patch or none");
        }
        let executed = BTreeMap::new();
        let input = CandidateInput { gold: &gold, others: &[], executed: &executed };
        for candidate in candidates(&input, 6, seed) {
            let (_, bytes) = candidate.files[&RepoPath::from("src/m.py")].as_ref().unwrap();
            let text = String::from_utf8(bytes.to_vec()).unwrap();
            let patch = String::from_utf8(candidate.patch.clone()).unwrap();
            prop_assert_eq!(apply(&before, &patch), text);
        }
    }
}
