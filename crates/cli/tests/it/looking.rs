//! What do the commands that look at a run say?

use crate::sample::{bare, context};

#[test]
fn help_lists_the_commands() {
    let said = context().backstory(["-h"]).run();
    insta::assert_snapshot!(said, @"");
}

#[test]
fn build_explains_itself() {
    let said = context().backstory(["build", "--help"]).run();
    insta::assert_snapshot!(said, @"");
}

#[test]
fn audit_finds_nothing_wrong_with_a_fresh_run() {
    let context = context();
    bare(context.directory());
    context.backstory(["build", "acme+toy", "-o", "run"]).run();
    let said = context.backstory(["audit", "run", "--repo", "acme+toy"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
}

#[test]
fn audit_finds_an_altered_byte() {
    let context = context();
    bare(context.directory());
    context.backstory(["build", "acme+toy", "-o", "run"]).run();
    let log = context.path("run/log/dispositions.jsonl.zst");
    let mut bytes = backstory_store::fs::read_file(&log).unwrap();
    bytes[20] ^= 1;
    backstory_store::fs::write_file(&log, &bytes).unwrap();
    let said = context.backstory(["audit", "run", "--repo", "acme+toy"]).run();
    assert_eq!(said.exit_code, Some(1), "{said}");
    assert!(said.stderr.contains("log/dispositions.jsonl.zst"), "{said}");
}

#[test]
fn show_tells_the_story_of_one_unit() {
    let context = context();
    bare(context.directory());
    context.backstory(["build", "acme+toy", "-o", "run"]).run();
    let said = context.backstory(["show", "run", "acme__toy-2"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    assert!(said.stdout.contains("Accept empty input"), "{said}");
}

#[test]
fn show_suggests_the_nearest_unit() {
    let context = context();
    bare(context.directory());
    context.backstory(["build", "acme+toy", "-o", "run"]).run();
    let said = context.backstory(["show", "run", "acme_toy-2"]).run();
    insta::assert_snapshot!(said, @"");
}

#[test]
fn every_export_passes_its_own_validation() {
    let context = context();
    bare(context.directory());
    context.backstory(["build", "acme+toy", "-o", "run"]).run();
    let said = context.backstory(["export", "run", "--to", "atif,parquet,chat", "-o", "out"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    for (path, target) in [("out/atif", "atif"), ("out/chat", "trl")] {
        let said = context.backstory(["validate", path, "--target", target]).run();
        assert_eq!(said.exit_code, Some(0), "{said}");
    }
}

#[test]
fn every_format_has_a_schema() {
    let context = context();
    for kind in ["trajectory", "records", "disposition", "manifest", "config"] {
        let said = context.backstory(["schema", kind]).run();
        assert_eq!(said.exit_code, Some(0), "{said}");
        assert!(said.stdout.contains("\"$schema\""), "{said}");
    }
}

#[test]
fn doctor_says_what_it_found() {
    let context = context();
    let said = context.backstory(["doctor"]).run();
    assert!(said.stdout.contains("version"), "{said}");
    assert!(said.stdout.contains("no `backstory.toml` here or above"), "{said}");
}

#[test]
fn completions_are_written_for_a_shell() {
    let said = context().backstory(["completions", "bash"]).run();
    assert_eq!(said.exit_code, Some(0));
    assert!(said.stdout.contains("_backstory"), "{said}");
}
