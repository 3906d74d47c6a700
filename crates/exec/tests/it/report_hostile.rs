//! Does a report that nobody honest wrote break a parser, or pass for a whole one?

use std::fmt::Write as _;

use backstory_exec::report::nextest::{self, NextestFiles};
use backstory_exec::report::{MOST_FAULTS, folder, go, junit, libtest, lines, read};
use backstory_model::{TestId, TestOutcome, TestRunner};
use backstory_store::fs;
use proptest::prelude::*;

const WHOLE: &str = r#"{"kind":"collected","id":"t.py::a"}
{"kind":"started","id":"t.py::a"}
{"kind":"result","id":"t.py::a","part":"setup","outcome":"passed"}
{"kind":"result","id":"t.py::a","part":"call","outcome":"passed"}
{"kind":"result","id":"t.py::a","part":"teardown","outcome":"passed"}
{"kind":"finished","status":0}
"#;

fn outcome_of(text: &str) -> TestOutcome {
    lines::parse(text.as_bytes()).report.outcome(&TestId::new("t.py::a"))
}

#[test]
fn a_whole_report_has_no_fault() {
    let parsed = lines::parse(WHOLE.as_bytes());
    assert_eq!((parsed.faults, parsed.running), (vec![], vec![]));
    assert!(parsed.report.complete);
    assert_eq!((parsed.report.collected, parsed.report.status), (1, Some(0)));
    assert_eq!(outcome_of(WHOLE), TestOutcome::Passed);
}

#[test]
fn a_test_passes_only_with_all_its_parts() {
    for part in ["call", "teardown"] {
        let kept = |line: &&str| !line.contains(part);
        let without: String = WHOLE.split_inclusive('\n').filter(kept).collect();
        assert_eq!(outcome_of(&without), TestOutcome::NotRun, "without {part}");
    }
}

#[test]
fn the_worst_part_of_a_test_wins() {
    for part in ["setup", "call", "teardown"] {
        let before = format!(r#""part":"{part}","outcome":"passed""#);
        let after = format!(r#""part":"{part}","outcome":"errored""#);
        assert_eq!(outcome_of(&WHOLE.replace(&before, &after)), TestOutcome::Errored, "{part}");
    }
}

#[test]
fn a_report_cut_anywhere_is_not_complete() {
    for end in 0..WHOLE.len() {
        let parsed = lines::parse(&WHOLE.as_bytes()[..end]);
        assert!(!parsed.report.complete, "cut after {end} bytes");
        assert_eq!(parsed.faults, Vec::<String>::new(), "a cut is no lie");
    }
}

#[test]
fn a_test_that_was_running_is_told_from_one_that_was_not() {
    let text = r#"{"kind":"collected","id":"a"}
{"kind":"collected","id":"b"}
{"kind":"started","id":"a"}
{"kind":"result","id":"a","part":"setup","outcome":"passed"}
"#;
    let parsed = lines::parse(text.as_bytes());
    assert_eq!(parsed.running, [TestId::new("a")]);
    let outcomes: Vec<_> = parsed.report.results.iter().map(|result| result.outcome).collect();
    assert_eq!(outcomes, [TestOutcome::NotRun, TestOutcome::NotRun]);
}

#[test]
fn lines_after_the_end_make_a_report_incomplete() {
    for more in [WHOLE, "{\"kind\":\"finished\",\"status\":0}\n", "half a line"] {
        let parsed = lines::parse(format!("{WHOLE}{more}").as_bytes());
        assert!(!parsed.report.complete, "{more:?}");
        assert!(!parsed.faults.is_empty(), "{more:?}");
    }
}

#[test]
fn lines_no_reporter_writes_are_faults() {
    for line in [
        "not json",
        "[]",
        r#"{"kind":"result","id":"t.py::a","outcome":"not_run"}"#,
        r#"{"kind":"result","id":"t.py::a","outcome":"PASSED"}"#,
        r#"{"kind":"passed","id":"t.py::a"}"#,
        r#"{"kind":"finished","status":"0"}"#,
        "",
    ] {
        let parsed = lines::parse(format!("{line}\n{WHOLE}").as_bytes());
        assert_eq!(parsed.faults, ["a line that no reporter writes"], "{line:?}");
    }
    let many: Vec<String> = (1..=30).map(|more| "x".repeat((1 << 20) + more)).collect();
    assert_eq!(lines::parse(format!("{}\n", many.join("\n")).as_bytes()).faults.len(), MOST_FAULTS);
}

#[test]
fn an_id_of_two_tests_is_shared() {
    let twice = "{\"kind\":\"collected\",\"id\":\"a\"}\n".repeat(2);
    let parsed = lines::parse(twice.as_bytes());
    assert_eq!(parsed.report.shared_ids, [TestId::new("a")]);
    assert_eq!(parsed.report.collected, 2);
}

#[test]
fn hostile_xml_is_refused() {
    let laughs = r#"<?xml version="1.0"?><!DOCTYPE l [<!ENTITY a "ha"><!ENTITY b "&a;&a;">]>
        <testsuites><testcase name="&b;" classname="c"/></testsuites>"#;
    let foreign = r#"<testsuites><testcase name="&xxe;" classname="c"/></testsuites>"#;
    let deep = "<a>".repeat(100_000);
    let long = format!(r#"<testcase name="{}" classname="c"/>"#, "x".repeat(10 << 20));
    let cut = r#"<testsuites><testcase name="a" classname="c"/>"#;
    for text in [laughs, foreign, &deep, &long, cut, "", "no xml", "<a></b>"] {
        assert!(junit::parse(text.as_bytes()).is_err(), "{}", &text[..text.len().min(80)]);
    }
    assert!(junit::parse(b"<testsuites><testcase name=\"\xff\"/></testsuites>").is_err());
}

#[test]
fn a_case_of_a_binary_that_is_not_listed_is_a_fault() {
    let junit = br#"<testsuites><testcase name="forged" classname="toy"/></testsuites>"#;
    let finished = b"{\"kind\":\"finished\",\"status\":0}\n";
    let files = NextestFiles {
        list: Some(br#"{"rust-suites":{}}"#),
        junit: Some(junit),
        finished: Some(finished),
        ..NextestFiles::default()
    };
    let parsed = nextest::parse(&files);
    assert_eq!(parsed.faults, ["a result of `toy forged`, which is not in the list"]);
    assert!(parsed.report.results.is_empty());
}

#[test]
fn a_report_folder_full_of_traps_reads_as_empty() {
    let place = tempfile::tempdir().unwrap();
    let report = place.path().join("report.ndjson");
    let secret = place.path().join("secret");
    fs::write_file(&secret, WHOLE.as_bytes()).unwrap();
    let traps: [&dyn Fn(); 4] = [
        &|| std::os::unix::fs::symlink(&secret, &report).unwrap(),
        &|| std::os::unix::fs::symlink("/dev/zero", &report).unwrap(),
        &|| rustix::fs::mkfifoat(rustix::fs::CWD, &report, 0o644.into()).unwrap(),
        &|| std::fs::File::create(&report).unwrap().set_len(1 << 40).unwrap(),
    ];
    for trap in traps {
        trap();
        let parsed = read(TestRunner::Pytest, place.path()).unwrap();
        assert_eq!(parsed, lines::parse(b""));
        std::fs::remove_file(&report).unwrap();
    }
    std::fs::create_dir(&report).unwrap();
    assert_eq!(folder::read(place.path(), "report.ndjson", 10).unwrap(), None);
    assert_eq!(folder::read(place.path(), "../secret", 1000).unwrap(), None);
    assert!(folder::read(&place.path().join("gone"), "a", 1).is_err());
}

/// A report of our reporters with a few bytes changed.
fn damaged() -> impl Strategy<Value = Vec<u8>> {
    let change = (any::<proptest::sample::Index>(), any::<u8>());
    proptest::collection::vec(change, 0..6).prop_map(|changes| {
        let mut bytes = WHOLE.as_bytes().to_vec();
        for (place, byte) in changes {
            let place = place.index(bytes.len());
            bytes[place] = byte;
        }
        bytes
    })
}

fn assert_sound(bytes: &[u8]) {
    let other = Some(bytes);
    let files =
        NextestFiles { list: other, junit: other, events: other, broken: other, finished: other };
    _ = (junit::parse(bytes).is_ok(), libtest::parse(bytes), go::printed(bytes));
    for parsed in [lines::parse(bytes), nextest::parse(&files), go::parse(bytes, bytes)] {
        let ids: Vec<_> = parsed.report.results.iter().map(|result| &result.id).collect();
        assert!(ids.is_sorted_by(|a, b| a < b), "sorted, and each once");
        assert!(parsed.faults.len() <= MOST_FAULTS);
        for running in &parsed.running {
            assert!(!parsed.report.outcome(running).is_pass(), "{running} runs and has passed");
        }
    }
}

proptest! {
    #[test]
    fn no_bytes_break_a_parser(bytes in proptest::collection::vec(any::<u8>(), 0..300)) {
        assert_sound(&bytes);
    }

    #[test]
    fn no_damage_breaks_a_parser(bytes in damaged()) {
        assert_sound(&bytes);
    }

    #[test]
    fn what_is_written_is_read(outcomes in proptest::collection::btree_map("[a-z:\\[\\] é\n\"]{1,12}", 0..5_usize, 0..8)) {
        let words = ["passed", "x_failed", "skipped", "failed", "errored"];
        let mut text = String::new();
        for (id, word) in &outcomes {
            let id = serde_json::Value::from(id.as_str());
            writeln!(text, r#"{{"kind":"collected","id":{id}}}"#).unwrap();
            writeln!(text, r#"{{"kind":"result","id":{id},"outcome":"{}"}}"#, words[*word]).unwrap();
        }
        let report = lines::parse(text.as_bytes()).report;
        let read: Vec<_> =
            report.results.iter().map(|result| (result.id.as_str(), result.outcome.as_str())).collect();
        let written: Vec<_> = outcomes.iter().map(|(id, word)| (id.as_str(), words[*word])).collect();
        prop_assert_eq!(read, written);
    }
}
