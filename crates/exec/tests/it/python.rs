//! Do the Python reporters say the same whatever pytest and Python they run on?
//!
//! In: reports recorded with seven versions of pytest on the project below
//! `tests/python/story`, and the project itself where a pytest is at hand.

use std::path::{Path, PathBuf};

use backstory_exec::report::{ParsedReport, id, python};
use backstory_model::{TestId, TestRunner};
use backstory_store::fs;

use crate::python_forgery::{copied, python_with_pytest, run};

fn samples() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/python")
}

fn recorded(name: &str) -> Vec<u8> {
    fs::read_file(&samples().join("recorded").join(name)).unwrap()
}

/// What a report says, as a reader sees it.
fn told(parsed: &ParsedReport) -> String {
    let report = &parsed.report;
    let lines =
        report.results.iter().map(|test| format!("{}: {}\n", test.outcome.as_str(), test.id));
    format!(
        "{}broken {:?}, status {:?}, complete {}, collected {}, running {:?}, faults {:?}",
        lines.collect::<Vec<_>>().concat(),
        report.broken_modules,
        report.status,
        report.complete,
        report.collected,
        parsed.running,
        parsed.faults,
    )
}

#[test]
fn seven_versions_of_pytest_tell_one_story() {
    let versions = ["3.6.4", "4.6.11", "5.4.3", "6.2.5", "7.4.4", "8.4.2", "9.2.0"];
    let stories = versions
        .map(|version| told(&python::parse(&recorded(&format!("pytest-{version}.ndjson")))));
    insta::assert_snapshot!(stories[0], @r#"
    passed: test_names.py::TestGroup::TestInner::test_deep
    x_failed: test_names.py::TestOfTheStandardLibrary::test_expected
    failed: test_names.py::TestOfTheStandardLibrary::test_parts
    skipped: test_names.py::TestOfTheStandardLibrary::test_skipped
    passed: test_names.py::test_texts[1 h 30 min]
    failed: test_names.py::test_texts[[x]]
    passed: test_names.py::test_texts[\u65e5\u672c]
    passed: test_names.py::test_texts[\x1b[0m]
    passed: test_names.py::test_texts[]
    passed: test_names.py::test_texts[a/b.py::c]
    passed: test_names.py::test_texts[a::b]
    passed: test_names.py::test_texts[q"\\]
    passed: test_names.py::test_texts[same0]
    passed: test_names.py::test_texts[same1]
    passed: test_names.py::test_texts[two\nlines]
    passed: test_names.py::test_values[1.5]
    passed: test_names.py::test_values[None]
    passed: test_names.py::test_values[value0]
    passed: test_names.py::test_values[value3]
    errored: test_outcomes.py::test_breaks_in_setup
    errored: test_outcomes.py::test_breaks_in_teardown
    failed: test_outcomes.py::test_fails
    errored: test_outcomes.py::test_fails_and_breaks_in_teardown
    x_failed: test_outcomes.py::test_fails_as_expected
    skipped: test_outcomes.py::test_is_skipped_by_mark
    passed: test_outcomes.py::test_passes
    failed: test_outcomes.py::test_passes_against_a_strict_mark
    passed: test_outcomes.py::test_passes_unexpectedly
    failed: test_outcomes.py::test_raises
    skipped: test_outcomes.py::test_skips_itself
    broken ["test_broken.py"], status Some(1), complete true, collected 30, running [], faults []
    "#);
    for (version, story) in versions.iter().zip(&stories) {
        assert_eq!(story, &stories[0], "pytest {version}");
    }
}

#[test]
fn unittest_tells_its_own_story() {
    let parsed = python::parse(&recorded("unittest-python3.13.ndjson"));
    insta::assert_snapshot!(told(&parsed), @r#"
    failed: tests.test_outcomes.Body.test_fails
    x_failed: tests.test_outcomes.Body.test_fails_as_expected
    failed: tests.test_outcomes.Body.test_fails_in_a_part
    passed: tests.test_outcomes.Body.test_passes
    failed: tests.test_outcomes.Body.test_passes_unexpectedly
    errored: tests.test_outcomes.Body.test_raises
    skipped: tests.test_outcomes.Body.test_skips_itself
    errored: tests.test_outcomes.BrokenSetUp.test_one
    errored: tests.test_outcomes.BrokenTearDown.test_one
    skipped: tests.test_outcomes.LeftOut.test_one
    broken ["tests.test_broken"], status Some(1), complete true, collected 10, running [], faults []
    "#);
}

#[test]
fn a_pass_of_an_honest_project_has_lines() {
    for (report, touched) in
        [("pytest-3.6.4", "touched-python3.6"), ("pytest-9.2.0", "touched-python3.13")]
    {
        let report = python::parse(&recorded(&format!("{report}.ndjson"))).report;
        let touched = python::parse_touched(&recorded(&format!("{touched}.ndjson")));
        assert_eq!(touched.faults, 0);
        let none: [TestId; 0] = [];
        assert_eq!(python::spoofed(TestRunner::Pytest, &report, &touched.tests), none);
        // Without the evidence no pass stands.
        let passed = report.results.iter().filter(|test| test.outcome.as_str() == "passed").count();
        assert_eq!(python::spoofed(TestRunner::Pytest, &report, &[]).len(), passed);
    }
}

#[test]
fn a_report_cut_anywhere_never_turns_a_failure_into_a_pass() {
    let bytes = recorded("pytest-9.2.0.ndjson");
    let whole = python::parse(&bytes).report;
    for end in (0..bytes.len()).step_by(97) {
        let part = python::parse(&bytes[..end]);
        assert!(!part.report.complete);
        for test in part.report.results.iter().filter(|test| test.outcome.is_pass()) {
            assert!(whole.outcome(&test.id).is_pass(), "{} at {end}", test.id);
        }
    }
}

#[test]
fn a_broken_conftest_breaks_its_folder() {
    let broken = ["tests/unit/conftest.py".to_owned()];
    let is_in = |test: &str| id::is_in(TestRunner::Pytest, &TestId::new(test), &broken);
    assert!(is_in("tests/unit/test_a.py::test_a"));
    assert!(!is_in("tests/test_a.py::test_a"));
    assert!(!is_in("tests/unity/test_a.py::test_a"));
    let broken = ["t/test_a.py::TestA".to_owned()];
    assert!(id::is_in(TestRunner::Pytest, &TestId::new("t/test_a.py::TestA::test_b[x]"), &broken));
    assert!(!id::is_in(TestRunner::Pytest, &TestId::new("t/test_a.py::TestAB::test_b"), &broken));
}

#[test]
fn every_id_runs_exactly_its_test_in_any_order() {
    let Some(python) = python_with_pytest() else {
        eprintln!("skipped: no Python 3.8 or later with pytest is at hand");
        return;
    };
    let folder = copied(&samples().join("story"));
    let all = run(&python, folder.path(), &[], &[]);
    let recorded = python::parse(&recorded("pytest-9.2.0.ndjson"));
    assert_eq!(told(&all.report), told(&recorded));
    assert_eq!(all.status, 1);

    let choice = folder.path().join("choice");
    let odd = ["a::b", "lines", "q\"", "test_deep"];
    let is_odd = |id: &TestId| odd.iter().any(|part| id.as_str().contains(part));
    for test in recorded.report.results.iter().filter(|test| is_odd(&test.id)) {
        let line = format!("{}\n", serde_json::Value::from(test.id.as_str()));
        fs::write_file(&choice, line.as_bytes()).unwrap();
        let file = test.id.as_str().split("::").next().unwrap();
        let variables = [("BACKSTORY_SELECT", choice.to_str().unwrap())];
        let alone = run(&python, folder.path(), &[file], &variables).report.report;
        assert_eq!(alone.results, std::slice::from_ref(test));
    }

    let ordered = |seed: &str| {
        let run =
            run(&python, folder.path(), &["test_names.py"], &[("BACKSTORY_ORDER_SEED", seed)]);
        assert_eq!(run.report.faults, Vec::<String>::new());
        run.touched.tests.into_iter().filter_map(|test| test.test).collect::<Vec<_>>()
    };
    assert_eq!(ordered("1"), ordered("1"));
    assert_ne!(ordered("1"), ordered("2"));
}
