//! Is what real runners reported read rightly?
//!
//! The files in `tests/report` were recorded from the runners they are named
//! after, on one story in each language: passes, failures, tests left out,
//! names with signs, a name that occurs twice, a broken hook, a file that cannot
//! be loaded. The files are copied into a folder as a job would leave them.

use std::path::Path;

use backstory_exec::report::{ParsedReport, id, read};
use backstory_model::{TestId, TestOutcome, TestRunner};
use backstory_store::fs;

fn recorded(name: &str) -> std::path::PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/report").join(name)
}

/// Reads what one file of JSON lines says, laid where a reporter writes it.
fn read_lines(runner: TestRunner, name: &str) -> ParsedReport {
    let folder = tempfile::tempdir().unwrap();
    let bytes = fs::read_file(&recorded(name)).unwrap();
    fs::write_file(&folder.path().join("report.ndjson"), &bytes).unwrap();
    read(runner, folder.path()).unwrap()
}

/// Says everything a report holds, one line for each thing.
fn told(parsed: &ParsedReport) -> String {
    let report = &parsed.report;
    let mut lines: Vec<String> = report
        .results
        .iter()
        .map(|result| format!("{:8} {}", result.outcome.as_str(), result.id))
        .collect();
    lines.extend(report.broken_modules.iter().map(|module| format!("broken   {module}")));
    lines.extend(report.shared_ids.iter().map(|id| format!("shared   {id}")));
    lines.extend(parsed.running.iter().map(|id| format!("running  {id}")));
    lines.extend(parsed.faults.iter().map(|fault| format!("fault    {fault}")));
    lines.push(format!(
        "collected {}, complete {}, status {:?}",
        report.collected, report.complete, report.status
    ));
    lines.join("\n")
}

#[test]
fn mocha_is_read_rightly() {
    let report = read_lines(TestRunner::Mocha, "mocha-11.ndjson");
    insta::assert_snapshot!(told(&report), @"
    failed   t_mocha/a.test.js::outer fails [x] (y) $
    skipped  t_mocha/a.test.js::outer has no body
    errored  t_mocha/a.test.js::outer hooks one
    errored  t_mocha/a.test.js::outer hooks two
    passed   t_mocha/a.test.js::outer inner / deep passes > really
    skipped  t_mocha/a.test.js::outer is left out
    passed   t_mocha/a.test.js::outer passes
    passed   t_mocha/a.test.js::stands alone
    passed   t_mocha/c.test.js::third
    broken   t_mocha/b.test.js
    shared   t_mocha/a.test.js::outer passes
    collected 10, complete true, status Some(3)
    ");
    assert_eq!(report, read_lines(TestRunner::Mocha, "mocha-8.ndjson"));
}

#[test]
fn jest_is_read_rightly() {
    let report = read_lines(TestRunner::Jest, "jest-29.ndjson");
    insta::assert_snapshot!(told(&report), @"
    failed   t_jest/a.test.js::outer fails [x] (y) $
    skipped  t_jest/a.test.js::outer has no body
    failed   t_jest/a.test.js::outer hooks one
    failed   t_jest/a.test.js::outer hooks two
    passed   t_jest/a.test.js::outer inner / deep passes > really
    skipped  t_jest/a.test.js::outer is left out
    passed   t_jest/a.test.js::outer passes
    passed   t_jest/a.test.js::stands alone
    passed   t_jest/c.test.js::third
    broken   t_jest/b.test.js
    shared   t_jest/a.test.js::outer passes
    collected 10, complete true, status Some(1)
    ");
    assert_eq!(report, read_lines(TestRunner::Jest, "jest-24.ndjson"));
}

#[test]
fn vitest_is_read_rightly() {
    let report = read_lines(TestRunner::Vitest, "vitest-2.ndjson");
    insta::assert_snapshot!(told(&report), @"
    failed   t_vitest/a.test.mjs::outer fails [x] (y) $
    skipped  t_vitest/a.test.mjs::outer has no body
    failed   t_vitest/a.test.mjs::outer hooks one
    failed   t_vitest/a.test.mjs::outer hooks two
    passed   t_vitest/a.test.mjs::outer inner / deep passes > really
    skipped  t_vitest/a.test.mjs::outer is left out
    passed   t_vitest/a.test.mjs::outer passes
    passed   t_vitest/a.test.mjs::stands alone
    passed   t_vitest/c.test.mjs::third
    broken   t_vitest/b.test.mjs
    shared   t_vitest/a.test.mjs::outer passes
    collected 10, complete true, status Some(1)
    ");
    assert_eq!(report, read_lines(TestRunner::Vitest, "vitest-4.ndjson"));
    assert_eq!(report, read_lines(TestRunner::Vitest, "vitest-0.34.ndjson"));
}

#[test]
fn node_is_read_rightly() {
    insta::assert_snapshot!(told(&read_lines(TestRunner::NodeTest, "node-20.ndjson")), @"
    failed   t_node/a.test.js::has steps
    passed   t_node/a.test.js::has steps > step one
    failed   t_node/a.test.js::has steps > step two
    failed   t_node/a.test.js::outer > fails [x] (y) $
    errored  t_node/a.test.js::outer > hooks > one
    errored  t_node/a.test.js::outer > hooks > two
    passed   t_node/a.test.js::outer > inner / deep > passes > really
    skipped  t_node/a.test.js::outer > is left out
    x_failed t_node/a.test.js::outer > is to do
    passed   t_node/a.test.js::outer > passes
    passed   t_node/a.test.js::stands alone
    passed   t_node/c.test.js::third
    broken   t_node/b.test.js
    shared   t_node/a.test.js::outer > passes
    collected 13, complete true, status Some(1)
    ");
}

#[test]
fn nextest_is_read_rightly() {
    let report = read(TestRunner::Nextest, &recorded("nextest-0.9.143")).unwrap();
    insta::assert_snapshot!(told(&report), @"
    passed   toy tests::adds
    failed   toy tests::fails
    skipped  toy tests::left_out
    passed   toy tests::panics
    failed   toy::outer aborts
    passed   toy::outer adds
    passed   toy::outer exits
    broken   toy::broken
    collected 7, complete true, status Some(100)
    ");
}

#[test]
fn a_library_that_does_not_compile_breaks_every_test() {
    let parsed = read(TestRunner::Nextest, &recorded("nextest-library-broken")).unwrap();
    insta::assert_snapshot!(told(&parsed), @"
    broken   *
    collected 0, complete true, status Some(101)
    ");
    let broken = &parsed.report.broken_modules;
    assert!(id::is_in(TestRunner::Nextest, &TestId::new("toy::outer adds"), broken));
}

#[test]
fn a_nextest_run_that_is_ended_keeps_what_it_had() {
    let folder = tempfile::tempdir().unwrap();
    let file = |name: &str| fs::read_text(&recorded("nextest-0.9.143").join(name)).unwrap();
    let events = file("libtest.ndjson");
    // Ended while `tests::fails` ran: no results, no closing line, half a line of events.
    let until = events.find(r#""failed","name":"toy::toy$tests::fails""#).unwrap();
    fs::write_file(&folder.path().join("list.json"), file("list.json").as_bytes()).unwrap();
    fs::write_file(&folder.path().join("libtest.ndjson"), &events.as_bytes()[..until]).unwrap();
    let parsed = read(TestRunner::Nextest, folder.path()).unwrap();
    insta::assert_snapshot!(told(&parsed), @"
    passed   toy tests::adds
    not_run  toy tests::fails
    skipped  toy tests::left_out
    passed   toy tests::panics
    not_run  toy::outer aborts
    not_run  toy::outer adds
    not_run  toy::outer exits
    broken   toy::broken
    running  toy tests::fails
    collected 7, complete false, status None
    ");
}

#[test]
fn results_that_contradict_the_status_are_a_fault() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["list.json", "junit.xml", "libtest.ndjson", "broken.ndjson"] {
        let bytes = fs::read_file(&recorded("nextest-0.9.143").join(name)).unwrap();
        fs::write_file(&folder.path().join(name), &bytes).unwrap();
    }
    let closing = br#"{"kind":"finished","status":0}"#;
    fs::write_file(&folder.path().join("finished.ndjson"), &[closing, &b"\n"[..]].concat())
        .unwrap();
    let parsed = read(TestRunner::Nextest, folder.path()).unwrap();
    assert_eq!(parsed.faults, ["the results and the status disagree"]);
}

#[test]
fn go_is_read_rightly() {
    let report = read(TestRunner::GoTest, &recorded("go-1.27")).unwrap();
    insta::assert_snapshot!(told(&report), @"
    passed   example.com/toy TestAdds
    failed   example.com/toy TestFails
    skipped  example.com/toy TestLeftOut
    failed   example.com/toy TestTable
    passed   example.com/toy TestTable/1_+_2
    failed   example.com/toy TestTable/a/b_(c)
    passed   example.com/toy/inner TestBefore
    errored  example.com/toy/inner TestExits
    broken   example.com/toy/broken
    collected 8, complete true, status Some(1)
    ");
}

#[test]
fn a_go_run_that_is_ended_tells_what_ran() {
    let folder = tempfile::tempdir().unwrap();
    let events = fs::read_text(&recorded("go-1.27").join("go.ndjson")).unwrap();
    let until =
        events.find(r#""pass","Package":"example.com/toy","Test":"TestTable/1_+_2""#).unwrap();
    fs::write_file(&folder.path().join("go.ndjson"), &events.as_bytes()[..until]).unwrap();
    let parsed = read(TestRunner::GoTest, folder.path()).unwrap();
    insta::assert_snapshot!(told(&parsed), @"
    passed   example.com/toy TestAdds
    failed   example.com/toy TestFails
    skipped  example.com/toy TestLeftOut
    not_run  example.com/toy TestTable
    not_run  example.com/toy TestTable/1_+_2
    running  example.com/toy TestTable
    running  example.com/toy TestTable/1_+_2
    collected 5, complete false, status None
    ");
}

#[test]
fn what_go_tests_print_is_no_result() {
    // The recorded `TestAdds` prints `--- FAIL: TestAdds`.
    let parsed = read(TestRunner::GoTest, &recorded("go-1.27")).unwrap();
    let adds = TestId::new("example.com/toy TestAdds");
    assert_eq!(parsed.report.outcome(&adds), TestOutcome::Passed);
    let events = fs::read_file(&recorded("go-1.27").join("go.ndjson")).unwrap();
    let printed = String::from_utf8(backstory_exec::report::go::printed(&events)).unwrap();
    assert!(printed.contains("broken/b_test.go:3:34: undefined: missing\n"), "{printed}");
    assert!(printed.contains("    a_test.go:11: no\n--- FAIL: TestFails"), "{printed}");
}
