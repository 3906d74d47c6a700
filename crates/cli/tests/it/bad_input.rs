//! Is what is wrong with the input said in one sentence, with the right code?

use backstory_testkit::{Layout, RepoBuilder};

use crate::sample::{bare, context, history};

#[test]
fn a_directory_without_git_is_named() {
    let context = context();
    context.write("plain/file.txt", "text");
    let said = context.backstory(["build", "plain", "-o", "run"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `plain` is not a git repository: it has no `.git` and no `objects` and `HEAD` of its own

    hint: give a work tree, a bare repository or a `.git` directory
    ");
    assert!(!context.path("run").exists());
}

#[test]
fn a_path_that_does_not_exist_is_named() {
    let context = context();
    let said = context.backstory(["build", "nowhere", "-o", "run"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: there is nothing at `nowhere`

    hint: give a work tree, a bare repository or a `.git` directory
    ");
}

#[test]
fn a_repository_without_commits_is_named() {
    let context = context();
    RepoBuilder::new("acme/toy").write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    let said = context.backstory(["build", "acme+toy", "-o", "run"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `acme+toy` has no commits: `HEAD` points at nothing

    hint: commit something, or name the commit to start from with `--head`
    ");
}

#[test]
fn an_unknown_revision_is_named() {
    let context = context();
    bare(context.directory());
    let said = context.backstory(["build", "acme+toy", "--head", "v9", "-o", "run"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: revision `v9` is not in `acme+toy`; give a branch, a tag or a commit id
    ");
}

#[test]
fn a_repository_without_a_name_asks_for_one() {
    let context = context();
    let place = context.path("nameless");
    history().write(&place, Layout::BareWithoutConfig);
    let said = context.backstory(["build", "nameless", "-o", "run"]).run();
    assert_eq!(said.exit_code, Some(2), "{said}");
}

#[test]
fn a_directory_with_other_files_is_not_written_to() {
    let context = context();
    bare(context.directory());
    context.write("run/letter.txt", "dear");
    let said = context.backstory(["build", "acme+toy", "-o", "run"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `run` is not empty and is not a run directory

    hint: choose an empty or a new directory with `-o`
    ");
    assert_eq!(backstory_store::fs::entries(&context.path("run")).unwrap().len(), 1);
}

#[test]
fn a_second_build_on_one_run_is_refused() {
    let context = context();
    bare(context.directory());
    let _lock = backstory_store::RunDirectory::open(&context.path("run")).unwrap();
    let said = context.backstory(["build", "acme+toy", "-o", "run"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: the run `run` is in use by another build

    hint: wait for the other build to end, or write to another directory
    ");
}

#[test]
fn a_broken_record_line_is_named_and_the_rest_is_built() {
    let context = context();
    bare(context.directory());
    context.write(
        "records/issues.ndjson",
        concat!(
            r#"{"kind":"header","format":"backstory-records","version":1}"#,
            "\n{\"kind\":\"issue\",\"id\":\"issue:1\"\n",
            r#"{"kind":"issue","id":"issue:1","number":1,"title":"parse(None) fails"}"#,
            "\n"
        ),
    );
    let arguments = ["build", "acme+toy", "-o", "run", "--records", "records"];
    let said = context.backstory(arguments).run();
    assert_eq!(said.exit_code, Some(1), "{said}");
    assert!(said.stderr.contains("warning: records: `issues.ndjson` line 2: "), "{said}");
    assert!(said.stderr.contains("units found"), "{said}");
}

#[test]
fn records_of_an_unknown_version_are_refused() {
    let context = context();
    bare(context.directory());
    context.write(
        "records/issues.ndjson",
        "{\"kind\":\"header\",\"format\":\"backstory-records\",\"version\":9}\n",
    );
    let arguments = ["build", "acme+toy", "-o", "run", "--records", "records"];
    let said = context.backstory(arguments).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: record file `records/issues.ndjson` has format version `9`; this build reads version 1

    hint: `backstory schema records` prints the format of record files
    ");
}

#[test]
fn a_run_of_a_later_version_is_refused() {
    let context = context();
    bare(context.directory());
    context.backstory(["build", "acme+toy", "-o", "run"]).run();
    context.write("run/manifest.json", r#"{"schema":{"major":9,"minor":0}}"#);
    let said = context.backstory(["export", "run", "--to", "atif", "-o", "out"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `run/manifest.json` cannot be read by this version
      Caused by: schema version 9.0 is not readable; this build reads up to 1.5

    hint: use the version of backstory that wrote the run
    ");
    assert!(!context.path("out").exists());
}

#[test]
fn an_unknown_key_of_the_configuration_is_named() {
    let context = context();
    bare(context.directory());
    context.write("backstory.toml", "[build]\njobz = 3\n");
    let said = context.backstory(["build", "acme+toy", "-o", "run"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: failed to read the configuration `[DIR]/backstory.toml`
      Caused by: TOML parse error at line 2, column 1
      |
    2 | jobz = 3
      | ^^^^
    unknown field `jobz`, expected one of `jobs`, `records`, `file_limit`

    hint: `backstory schema config` prints what it may hold
    ");
}

#[test]
fn a_run_that_is_not_there_is_named() {
    let said = context().backstory(["show", "run", "acme__toy-2"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: there is no run at `run`

    hint: make one with `backstory build REPOSITORY -o RUN`
    ");
}

#[test]
fn an_empty_repository_without_a_name_is_said_to_be_empty() {
    let context = context();
    RepoBuilder::new("acme/toy").write(&context.path("empty"), Layout::BareWithoutConfig);
    let said = context.backstory(["build", "empty", "-o", "run"]).run();
    assert!(said.stderr.contains("`empty` has no commits"), "{said}");
}

#[test]
fn units_rejected_for_a_damaged_copy_are_done_again() {
    let context = context();
    let place = bare(context.directory());
    let tree = history().read_commit(&history().head()).tree;
    let object = place.join("objects").join(&tree.as_str()[..2]).join(&tree.as_str()[2..]);
    let aside = context.path("aside");
    backstory_store::fs::rename(&object, &aside).unwrap();
    let arguments = ["build", "acme+toy", "-o", "run"];
    let said = context.backstory(arguments).run();
    assert!(said.stderr.contains("rejected: tree_missing"), "{said}");
    backstory_store::fs::rename(&aside, &object).unwrap();
    let said = context.backstory(arguments).run();
    assert!(!said.stderr.contains("rejected: tree_missing"), "{said}");
    let said = context.backstory(arguments).run();
    assert!(said.stderr.contains("nothing has changed"), "{said}");
}

#[test]
fn a_head_whose_commit_is_missing_is_named() {
    let context = context();
    let place = bare(context.directory());
    backstory_store::fs::remove_dirs(&place.join("objects")).unwrap();
    backstory_store::fs::create_dirs(&place.join("objects")).unwrap();
    let said = context.backstory(["build", "acme+toy", "-o", "run"]).run();
    assert_eq!(said.exit_code, Some(2), "{said}");
    assert!(said.stderr.contains("error: `HEAD` of `acme+toy` points at `"), "{said}");
    assert!(said.stderr.contains("hint: `git fsck`"), "{said}");
}

#[test]
fn shallow_and_partial_clones_are_told() {
    let context = context();
    let place = bare(context.directory());
    context.write("acme+toy/shallow", format!("{}\n", history().head()));
    backstory_store::fs::create_dirs(&place.join("objects/pack")).unwrap();
    context.write("acme+toy/objects/pack/pack-1.promisor", "");
    let said = context.backstory(["build", "acme+toy", "-o", "run"]).run();
    assert!(said.stderr.contains("warning: `acme+toy` is a shallow clone"), "{said}");
    assert!(said.stderr.contains("warning: `acme+toy` is a partial clone"), "{said}");
}

#[test]
fn more_jobs_than_can_work_are_refused() {
    let context = context();
    bare(context.directory());
    let said = context.backstory(["build", "acme+toy", "-j", "100000", "-o", "run"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: the number of jobs is 100000; at most 512 work

    hint: leave it out to use every core
    ");
    assert!(!context.path("run").exists());
}

#[test]
fn an_export_into_the_run_is_refused() {
    let context = context();
    bare(context.directory());
    context.backstory(["build", "acme+toy", "-o", "run"]).run();
    let said = context.backstory(["export", "run", "--to", "atif", "-o", "run/out"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: `run/out` lies in the run; an export there would be taken for damage

    hint: choose a directory outside of the run with `-o`
    ");
    assert!(!context.path("run/out").exists());
}
