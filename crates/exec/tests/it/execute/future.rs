//! Is what came later found where it was planted, and nowhere else?

use backstory_exec::execute::Tag;
use backstory_model::{AsItStood, Gate, RequirementSource};

use super::story::Story;

const WRONG: &str = "def add(a, b):\n    return a - b\n";

const TITLE: &str = "Add numbers instead of subtracting them";

/// The first is a line that no other code has by chance.
const LINES: [&str; 3] = [
    "first_addend, second_addend = int(a), int(b)",
    "total_of_both = first_addend.__add__(second_addend)",
    "return total_of_both  # never a + b, which floats take",
];

/// A unit whose title and lines nobody knows before it.
fn story(more: &[(&str, &str)]) -> Story {
    let right = format!("def add(a, b):\n    {}\n", LINES.join("\n    "));
    let files: Vec<(&str, &str)> = [("src/m.py", WRONG)].iter().chain(more).copied().collect();
    Story::new(&files).then_titled(
        &format!("{TITLE} (#7)"),
        &[("src/m.py", &right), ("tests/test_m.py", "def test_add(): has src/m.py: a + b\n")],
    )
}

/// Returns what the gate says, or nothing when it holds.
fn leak(story: &Story) -> Option<String> {
    let gates = story.execute().executed.execution.gates;
    let gate = gates.into_iter().find(|result| result.gate == Gate::NoFuture).unwrap();
    (!gate.passed).then_some(gate.detail)
}

/// Returns what the gate says of this statement; `edited` is an issue that may
/// have been written to later.
fn in_statement(statement: &str, edited: bool) -> Option<String> {
    let mut story = story(&[]);
    statement.clone_into(&mut story.statement);
    if edited {
        story.requirement.source = RequirementSource::Issue;
        story.requirement.as_it_stood = AsItStood::Unknown;
    }
    let tag = |name: &str, seconds| Tag { name: name.to_owned(), seconds };
    story.tags = vec![tag("v0.9.0", 0), tag("v1.0.0", i64::MAX), tag("2024", i64::MAX)];
    leak(&story)
}

#[test]
fn a_statement_that_names_the_fix_does_not_make_an_instance() {
    let mut story = story(&[]);
    story.requirement.source = RequirementSource::Issue;
    story.statement = format!("Backport of {}.", &story.head().as_str()[..9]);
    let told = story.execute();
    assert_eq!(told.executed.execution.outcome.as_str(), "gate_failed");
    assert!(leak(&story).unwrap().starts_with("the statement names the commit"));
}

#[test]
fn a_change_that_lists_its_own_commits_is_told_without_their_ids() {
    let mut story = story(&[]);
    let own = story.head().as_str().to_owned();
    story.statement = format!(
        "Add numbers\n\n* {own}: add\n* {}\u{e9}{}\nas in 0123456789\n",
        own[..8].to_uppercase(),
        &own[..6],
    );
    let told = story.execute();
    assert_eq!(leak(&story), None);
    let instance = told.executed.execution.instance.unwrap();
    let shown = instance.problem_statement.replace(&own[..6], "SIX-DIGITS");
    insta::assert_snapshot!(shown, @"
    Add numbers

    * [COMMIT]: add
    * [COMMIT]éSIX-DIGITS
    as in 0123456789
    ");
}

#[test]
fn a_line_of_the_change_in_the_statement_is_found() {
    let pasted = format!("It should be\n\n\t{}\n", LINES[1].replace(' ', "  "));
    insta::assert_snapshot!(
        in_statement(&pasted, false).unwrap(),
        @"the statement holds the line `total_of_both = first_addend.__add__(second_addend)` of the change"
    );
    assert_eq!(in_statement("It should be\n\n    return a + b\n", false), None);
}

#[test]
fn a_title_below_an_issue_that_was_edited_is_found() {
    let below = format!("add is wrong\n\nDone in: {TITLE}.\n");
    insta::assert_snapshot!(
        in_statement(&below, true).unwrap(),
        @"the statement holds the title `Add numbers instead of subtracting them` of the change"
    );
    assert_eq!(in_statement(&below, false), None, "the words of the change itself");
    let own = format!("[bug] {}\n\nSee above: {TITLE}\n", TITLE.to_uppercase());
    assert_eq!(in_statement(&own, true), None, "the change is named like its issue");
}

#[test]
fn a_later_tag_in_an_issue_that_was_edited_is_found() {
    insta::assert_snapshot!(
        in_statement("add is wrong\n\nFixed in v1.0.0.", true).unwrap(),
        @"the statement names the later tag `v1.0.0`"
    );
    assert_eq!(in_statement("add is wrong since v0.9.0 of 2024, not v1.0.01", true), None);
    assert_eq!(in_statement("to be gone in v1.0.0", false), None);
}

#[test]
fn a_change_that_lies_at_the_base_is_found() {
    let patch = format!("+    {}\n", LINES.join("\n+    "));
    insta::assert_snapshot!(
        leak(&story(&[("notes/fix.patch", &patch)])).unwrap(),
        @"`notes/fix.patch` at the base holds the change"
    );
    let log = format!("{TITLE}\n\n{}\n", LINES[0]);
    assert!(leak(&story(&[("notes/log", &log)])).is_some());
    let copied = format!("def mul(a, b):\n    {}\n    return 0\n", LINES[0]);
    assert_eq!(leak(&story(&[("src/copied.py", &copied)])), None, "code is copied");
    assert_eq!(leak(&story(&[("notes/todo", TITLE)])), None, "titles come again");
}

#[test]
fn a_line_that_only_moves_tells_nothing() {
    let mut moved = Story::new(&[("src/m.py", LINES[0]), ("src/n.py", WRONG)]).then(&[
        ("src/m.py", ""),
        ("src/n.py", &format!("def add(a, b):\n    {}\n    return a + b\n", LINES[0])),
        ("tests/test_n.py", "def test_add(): has src/n.py: a + b\n"),
    ]);
    moved.statement = format!("Move `{}` where it belongs", LINES[0]);
    assert_eq!(leak(&moved), None);
}
