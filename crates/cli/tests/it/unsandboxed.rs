//! What does a build say where the machine gives no namespaces?
//!
//! A bubblewrap that is not there stands for such a machine.

use backstory_testkit::{TestContext, Transcript};

use crate::sample::{bare, context};

fn build(context: &TestContext, more: &[&str]) -> Transcript {
    let arguments = ["build", "acme+toy", "-o", "run", "--execute", "--limit", "1", "--cache", "c"];
    context
        .backstory(arguments.iter().chain(more))
        .env("BACKSTORY_BWRAP", "/nowhere/bwrap")
        .env("HOME", context.directory())
        .run()
}

#[test]
fn foreign_code_is_refused_and_the_hint_names_the_way_around() {
    let context = context();
    bare(context.directory());
    let said = build(&context, &[]);
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: foreign code is not run on this machine
      Caused by: this machine reaches containment level `rlimit`, and `namespaces` is the minimum

    hint: `backstory doctor` says what is missing; `bubblewrap` is a package of most systems. `--allow-unsandboxed` runs it with limits alone
    ");
    assert!(!context.path("run").exists());
}

#[test]
fn with_the_flag_it_is_said_once_and_stored() {
    let context = context();
    bare(context.directory());
    let said = build(&context, &["--allow-unsandboxed"]);
    assert_eq!(said.exit_code, Some(0), "{said}");
    assert_eq!(said.stderr.matches("foreign code runs unsandboxed").count(), 1, "{said}");
    let manifest = context.read("run/manifest.json");
    assert!(manifest.contains("\"minimum\": \"rlimit\""), "{manifest}");
}
