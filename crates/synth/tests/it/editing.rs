//! In which order, and how, are changes written?

use backstory_model::{Action, Provenance, Step, Tier};
use backstory_synth::{Story, UnitEvidence};
use backstory_testkit::{Edit, RepoBuilder};
use insta::assert_snapshot;

use crate::replay::replay;
use crate::scene::story_of;

/// Tells the changes of a story, one line each.
pub fn changes(story: &Story) -> String {
    let lines = story.trajectory.steps.iter().filter_map(|step| {
        let tier = step.choice.tier().as_str();
        let told = match &step.action {
            Action::Edit { path, old, new } => format!("edit {path} {old:?} -> {new:?}"),
            Action::Create { path, mode, .. } => format!("create {path} {}", mode.as_tree_text()),
            Action::Delete { path } => format!("delete {path}"),
            Action::Rename { from, to } => format!("rename {from} -> {to}"),
            Action::SetMode { path, mode } => format!("set mode {path} {}", mode.as_tree_text()),
            Action::Message { text, .. } if step.state.is_some() => format!("message {text:?}"),
            _ => return None,
        };
        Some(format!("{} {told} [{tier}]", step.state.map_or(0, |state| state)))
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[test]
fn a_definition_is_written_before_its_use_and_source_before_tests() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit(
        "start",
        [("app.py", "import util\n\n\ndef main():\n    return 1\n"), ("util.py", "ZERO = 0\n")],
    );
    let head = builder.commit(
        "use a helper",
        [
            ("app.py", "import util\n\n\ndef main():\n    return util.double(1)\n"),
            ("util.py", "ZERO = 0\n\n\ndef double(x):\n    return 2 * x\n"),
            ("test_app.py", "from app import main\n\n\ndef test_main():\n    assert main() == 2\n"),
        ],
    );
    let repo = builder.memory();
    let states = [head];
    let story =
        story_of(&repo, &builder, Some(&base), &states, &[], &UnitEvidence::default()).unwrap();
    replay(&story, &repo, Some(&base), &states);
    assert_snapshot!(changes(&story), @r#"
    0 edit util.py "ZERO = 0\n" -> "ZERO = 0\n\n\ndef double(x):\n    return 2 * x\n" [derived]
    0 edit app.py "    return 1\n" -> "    return util.double(1)\n" [derived]
    0 create test_app.py 100644 [derived]
    "#);
}

#[test]
fn the_commit_sequence_is_kept_with_its_messages() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("a.py", "one = 1\n")]);
    let first = builder.commit("Add two", [("a.py", "one = 1\ntwo = 2\n")]);
    let second = builder.commit("Add three", [("a.py", "one = 1\ntwo = 2\nthree = 3\n")]);
    let repo = builder.memory();
    let states = [first, second];
    let story =
        story_of(&repo, &builder, Some(&base), &states, &[], &UnitEvidence::default()).unwrap();
    replay(&story, &repo, Some(&base), &states);
    assert_snapshot!(changes(&story), @r#"
    0 edit a.py "one = 1\n" -> "one = 1\ntwo = 2\n" [observed]
    0 message "Add two" [observed]
    1 edit a.py "two = 2\n" -> "two = 2\nthree = 3\n" [observed]
    1 message "Add three" [observed]
    "#);
}

#[test]
fn moves_modes_links_and_bytes_that_are_no_text_survive() {
    let mut builder = RepoBuilder::new("acme/toy");
    let body = "alpha\nbeta\ngamma\ndelta\nepsilon\n";
    let base = builder.commit(
        "start",
        [
            ("run.sh", Edit::from("echo hi\n")),
            ("old.py", Edit::from(body)),
            ("gone.py", Edit::from("x = 1\n")),
            ("icon.png", Edit::from(&b"\x89PNG\0"[..])),
        ],
    );
    let head = builder.commit(
        "shuffle",
        [
            ("run.sh", Edit::MakeExecutable),
            ("new.py", Edit::MoveFrom("old.py".into())),
            ("gone.py", Edit::Delete),
            ("icon.png", Edit::from(&b"\x89PNG\0\0"[..])),
            ("link", Edit::Symlink(b"new.py".to_vec())),
        ],
    );
    let repo = builder.memory();
    let states = [head];
    let story =
        story_of(&repo, &builder, Some(&base), &states, &[], &UnitEvidence::default()).unwrap();
    replay(&story, &repo, Some(&base), &states);
    assert_snapshot!(changes(&story), @"
    0 rename old.py -> new.py [derived]
    0 delete gone.py [derived]
    0 create icon.png 100644 [derived]
    0 create link 120000 [derived]
    0 set mode run.sh 100755 [derived]
    ");
}

#[test]
fn a_single_edit_is_observed_and_not_derived() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("a.py", "one = 1\n")]);
    let head = builder.commit("two", [("a.py", "one = 2\n")]);
    let repo = builder.memory();
    let story =
        story_of(&repo, &builder, Some(&base), &[head], &[], &UnitEvidence::default()).unwrap();
    let edit = |step: &&Step| matches!(step.action, Action::Edit { .. });
    let step = story.trajectory.steps.iter().find(edit).expect("an edit");
    assert_eq!(step.choice.tier(), Tier::Observed);
    assert!(matches!(&step.choice, Provenance::Observed { evidence } if evidence.len() == 1));
}

#[test]
fn an_empty_file_that_is_created_is_stored() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("a.py", "one = 1\n")]);
    let edits = [("a.py", "one = 2\n"), ("pkg/__init__.py", ""), ("test_a.py", "import a\n")];
    let head = builder.commit("package", edits);
    let repo = builder.memory();
    let states = [head];
    let story =
        story_of(&repo, &builder, Some(&base), &states, &[], &UnitEvidence::default()).unwrap();
    replay(&story, &repo, Some(&base), &states);
}

#[test]
fn a_unit_that_changes_nothing_is_rejected_with_its_reason() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("a.py", "one = 1\n")]);
    let head = builder.commit("nothing", Vec::<(&str, Edit)>::new());
    let repo = builder.memory();
    let rejection =
        story_of(&repo, &builder, Some(&base), &[head], &[], &UnitEvidence::default()).unwrap_err();
    assert_eq!(rejection.reason, "no_change");
}
