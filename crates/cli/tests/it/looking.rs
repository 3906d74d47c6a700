//! What do the commands that look at a run say?

use crate::sample::{bare, context};

#[test]
fn help_lists_the_commands() {
    let said = context().backstory(["-h"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 0
    ----- stdout -----
    Reconstruct how code came to be, step by step, with evidence

    Usage: backstory [OPTIONS] <COMMAND>

    Commands:
      build        Build trajectories from the history of repositories
      snapshot     Tell how finished repositories could have been written, file by file
      reason       Search better thoughts for the stories of a run
      show         Show one trajectory in the terminal
      export       Export the trajectories of a run, or questions
      validate     Say what a consumer would reject or drop
      execute      Execute units of a run again and say what happens
      audit        Derive every step of a run again and report every difference
      plan         Write the work manifest: one line for every unit to do
      run-unit     Do units of a work manifest
      collect      Put finished units together into a run
      records      Bring in what forges and CI servers know, and say what of it is there
      ci           Do something about continuous integration
      learn        Compare localizers that learn from trajectories with those that see snapshots
      localize     Rank the files and functions that an issue is about
      synthesize   Make what no repository holds
      questions    Trace programs and ask about every step
      grade        Find out how hard questions are for a model, and keep those in between
      score        Score answers to questions about executions, or to stage tasks
      trace        Follow the functions a fix touched while tests run, before it and after
      doctor       Say what this machine offers and what is missing
      cache        Say how large the cache is, or remove what was not used for long
      schema       Print the JSON Schema of a file format
      completions  Print the completions of a shell
      help         Print this message or the help of the given subcommand(s)

    Options:
          --config <FILE>  The configuration file, instead of the `backstory.toml` found upward
      -h, --help           Print help (see more with '--help')
      -V, --version        Print version
    ----- stderr -----
    ");
}

#[test]
fn build_explains_itself() {
    let said = context().backstory(["build", "--help"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 0
    ----- stdout -----
    Build trajectories from the history of repositories

    Every commit of the mainline is a unit. Each unit ends up accepted, with a trajectory, or rejected,
    with a reason; a table of where they went closes the build. A build that was stopped goes on where
    it stopped, and one with nothing left to do ends at once.

    Usage: backstory build [OPTIONS] --out <RUN> <REPOSITORY>...

    Arguments:
      <REPOSITORY>...
              The repositories: work trees, bare mirrors or shared clones

    Options:
          --config <FILE>
              The configuration file, instead of the `backstory.toml` found upward

          --repo-name <OWNER/NAME>
              What the repository is called, if its remote and its path do not say

          --records <DIR>
              The folder with issue and pull request records

          --head <REVISION>
              The commit, branch or tag to start from, instead of HEAD

          --since <DATE>
              Only units committed at or after this date, e.g., `2024-01-31`

          --limit <N>
              Only the newest N units of each repository

          --unit <UNIT>
              Only this unit, e.g., `pallets__click-3781`; may be given several times

          --file-limit <BYTES>
              Files larger than this many bytes are not shown

          --execute
              Run the tests of every unit in the sandbox, before the change and after

          --repeats <N>
              How often the base with tests and the head are run; 5 unless set

          --mutants <N>
              How many wrong versions of each gold patch are run at most; 8 unless set

          --candidates <N>
              How many variants and foreign patches are run at most beside each; none unless set

          --time-limit <SECONDS>
              Seconds until a test run is ended; 300 unless set

          --memory-limit <MIB>
              Memory of a test run in MiB; 2048 unless set

          --cache <DIR>
              The folder that keeps environments and work trees between builds

          --allow-unsandboxed
              Where the machine gives no namespaces, run foreign code with limits alone

      -o, --out <RUN>
              The directory of the run; created, or continued

      -j, --jobs <N>
              How many units are worked on at a time

          --json
              Print the counts as one JSON object on stdout

      -h, --help
              Print help (see a summary with '-h')
    ----- stderr -----
    ");
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
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: there is no unit `acme_toy-2` in `run`

    hint: did you mean `acme__toy-2`?
    ");
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
    let kinds = ["trajectory", "records", "disposition", "manifest", "config", "question", "item"];
    for kind in kinds {
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
