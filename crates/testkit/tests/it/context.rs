//! Are transcripts whole and free of what differs between machines?

use backstory_testkit::TestContext;

fn shell(script: &str) -> String {
    TestContext::new("/bin/sh").backstory(["-c", script]).run().to_string()
}

#[test]
fn a_transcript_holds_exit_code_and_both_streams() {
    insta::assert_snapshot!(shell("echo out; echo err >&2; exit 3"), @r"
    exit_code: 3
    ----- stdout -----
    out
    ----- stderr -----
    err
    ");
}

#[test]
fn temporary_paths_and_times_are_replaced() {
    insta::assert_snapshot!(shell("echo $PWD/run took 1.25 s, $HOME"), @r"
    exit_code: 0
    ----- stdout -----
    [DIR]/run took [TIME], [DIR]/home
    ----- stderr -----
    ");
}

#[test]
fn nothing_of_the_machine_reaches_the_program() {
    let context = TestContext::new("/usr/bin/env");
    let said = context.backstory::<&str>([]).env("BACKSTORY_JOBS", "2").run().stdout;
    let names: Vec<&str> = said.lines().filter_map(|line| line.split('=').next()).collect();
    assert_eq!(names, ["BACKSTORY_JOBS", "HOME", "LC_ALL", "TZ"]);
}
