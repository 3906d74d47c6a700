//! Which parts of small logs tell of failures?

use std::fmt::Write as _;
use std::ops::Range;

use backstory_syntax::log::{FailureKind, lines, log_parts};
use proptest::prelude::*;

fn text(log: &[u8], range: &Range<usize>) -> String {
    String::from_utf8_lossy(&log[range.clone()]).into_owned()
}

/// Tells the parts with the bytes they point at.
fn told(log: &[u8]) -> String {
    let parts = log_parts(log);
    let mut told = String::new();
    for group in &parts.groups {
        let closed = if group.closed { "closed" } else { "open" };
        _ = writeln!(told, "group {:?} {:?} {closed}", text(log, &group.title), group.range);
    }
    for step in &parts.steps {
        let (code, title) = (step.exit.as_ref().map(|exit| exit.code), text(log, &step.title));
        _ = writeln!(told, "step {title:?} {:?} exit {code:?} errors {}", step.range, step.errors);
    }
    for (at, part) in parts.failures.iter().enumerate() {
        let explains = parts.explanation().any(|(place, _)| place == at);
        let explains = if explains { "" } else { " (explains nothing)" };
        _ = writeln!(told, "\n{:?} {:?} step {:?}{explains}", part.kind, part.range, part.step);
        for place in parts.places.iter().filter(|place| place.failure == at) {
            let stored = text(log, &place.range);
            _ = writeln!(told, "  names {}:{} as {stored:?}", place.path, place.line);
        }
        for line in text(log, &part.range).lines() {
            _ = writeln!(told, "  | {}", line.escape_debug());
        }
    }
    told
}

macro_rules! log_tests {
    ($($name:ident: $file:literal,)*) => {$(
        #[test]
        fn $name() {
            insta::assert_snapshot!(told(include_bytes!(concat!("logs/", $file))));
        }
    )*};
}

log_tests! {
    pytest_tells_of_failures_between_rules: "pytest.log",
    a_step_that_prints_on_has_not_ended: "forged.log",
    groups_without_an_end_do_not_swallow_the_rest: "unbalanced.log",
    libtest_tells_of_failures_up_to_the_result: "cargo.log",
    nextest_tells_of_each_failing_test: "nextest.log",
    rustc_tells_of_errors_with_their_place: "rustc.log",
    jest_tells_of_each_failing_test: "jest.log",
    vitest_tells_of_failures_up_to_the_counts: "vitest.log",
    node_tells_of_failures_with_their_details: "node.log",
    go_tells_of_a_failure_after_what_it_printed: "go.log",
    surefire_tells_of_failures_and_sums_them_up: "maven.log",
    unittest_tells_of_failures_between_rules: "unittest.log",
    columns_name_job_and_step: "run-view.log",
}

#[test]
fn a_line_of_a_hundred_megabytes_is_one_line() {
    let mut log = vec![b'x'; 100 << 20];
    log.extend_from_slice(b"\nerror: after it\n");
    assert_eq!(lines(&log).count(), 2);
    assert_eq!(log_parts(&log).failures[0].kind, FailureKind::Rustc);
}

fn pieces() -> impl Strategy<Value = Vec<u8>> {
    let known = vec![
        "2026-03-01T10:00:00.1234567Z ",
        "\u{feff}",
        "##[group]",
        "##[group]Run a",
        "##[endgroup]",
        "##[error]",
        "##[error]Process completed with exit code 1.",
        "\n",
        "\r\n",
        "\r",
        "\u{1b}[31m",
        "\u{1b}]",
        "= FAILURES =",
        "===",
        "failures:",
        "not ok 1 - a",
        "  ...",
        "--- FAIL: T",
        "● a",
        "=== RUN   T",
        "a.py:3",
        "File \"a.py\", line 4",
        "FAIL [",
        "build\tRun\t",
        " ",
        "é",
    ];
    let piece = prop_oneof![
        4 => proptest::sample::select(known).prop_map(|text| text.as_bytes().to_vec()),
        1 => proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(piece, 0..60).prop_map(|pieces| pieces.concat())
}

proptest! {
    #[test]
    fn every_part_is_whole_lines_of_the_log(log in pieces()) {
        let parts = log_parts(&log);
        let starts = |at: usize| at == 0 || log[at - 1] == b'\n';
        for range in parts.failures.iter().map(|part| &part.range) {
            prop_assert!(starts(range.start) && range.start < range.end, "{range:?}");
            // A log may be cut between the two bytes that end a line.
            let rest = &log[range.end..];
            let ends = [&b""[..], b"\r"].contains(&rest)
                || [&b"\n"[..], b"\r\n"].iter().any(|end| rest.starts_with(end));
            prop_assert!(starts(range.end) || ends, "{range:?}");
        }
        for place in &parts.places {
            let part = &parts.failures[place.failure].range;
            prop_assert!(part.start <= place.range.start && place.range.end <= part.end);
            prop_assert!(log[place.range.clone()].len() >= 3);
        }
        for step in &parts.steps {
            prop_assert!(step.range.start <= step.range.end && step.range.end <= log.len());
        }
    }
}
