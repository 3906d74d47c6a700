//! What do the Python reporters and the tracer say?
//!
//! In: the files that `assets/python` left in the report folder, written by a
//! process in which foreign code ran too. Out: a [`ParsedReport`], what each test
//! executed, and the tests whose pass nothing speaks for. Reads nothing but its
//! arguments.

mod touch;

use serde::Deserialize;

use super::{ParsedReport, lines};

pub use touch::{ParsedTouch, SIZE_LIMIT, parse_touched, spoofed};

/// The reporters, by file name; they belong into one folder on `PYTHONPATH`.
pub const REPORTERS: [(&str, &str); 5] = [
    ("backstory_lines.py", include_str!("../../assets/python/backstory_lines.py")),
    ("backstory_options.py", include_str!("../../assets/python/backstory_options.py")),
    ("backstory_reporter.py", include_str!("../../assets/python/backstory_reporter.py")),
    ("backstory_touch.py", include_str!("../../assets/python/backstory_touch.py")),
    ("backstory_unittest.py", include_str!("../../assets/python/backstory_unittest.py")),
];

/// What every line of a Python reporter holds besides what it says.
#[derive(Deserialize)]
struct Numbered {
    n: u64,
}

/// Reads the report of pytest or unittest.
///
/// Its lines are numbered: where one is missing, or one more was written by
/// somebody else, that is a fault.
pub fn parse(bytes: &[u8]) -> ParsedReport {
    let mut parsed = lines::parse(bytes);
    if let Some(line) = first_out_of_order(bytes) {
        parsed.faults.push(format!("line {line} is not the one the reporter wrote there"));
    }
    parsed
}

/// Returns the first line that does not bear its number, counted from 1.
fn first_out_of_order(bytes: &[u8]) -> Option<u64> {
    let whole = bytes.split_inclusive(|byte| *byte == b'\n').filter(|line| line.ends_with(b"\n"));
    (0..).zip(whole).find_map(|(number, line)| {
        let numbered = serde_json::from_slice::<Numbered>(line).ok();
        (numbered.map(|line| line.n) != Some(number)).then_some(number + 1)
    })
}

#[cfg(test)]
mod tests {
    use super::parse;

    /// A report of one test that passes.
    const WHOLE: &str = r#"{"kind": "collected", "id": "t.py::a", "n": 0}
{"kind": "started", "id": "t.py::a", "n": 1}
{"kind": "result", "id": "t.py::a", "part": "call", "outcome": "passed", "n": 2}
{"kind": "result", "id": "t.py::a", "part": "teardown", "outcome": "passed", "n": 3}
{"kind": "finished", "status": 0, "n": 4}
"#;

    #[test]
    fn a_whole_report_has_no_fault() {
        let parsed = parse(WHOLE.as_bytes());
        assert!(parsed.faults.is_empty());
        assert!(parsed.report.complete);
    }

    #[test]
    fn a_line_of_somebody_else_is_a_fault() {
        for without in 0..5 {
            let kept = WHOLE.lines().enumerate().filter(|(at, _)| *at != without);
            let text: Vec<&str> = kept.flat_map(|(_, line)| [line, "\n"]).collect();
            let faults = parse(text.concat().as_bytes()).faults;
            assert_eq!(faults.is_empty(), without == 4, "without line {without}: {faults:?}");
        }
        let twice =
            WHOLE.replace("\"n\": 3}\n", "\"n\": 3}\n{\"kind\":\"broken\",\"module\":\"m\"}\n");
        insta::assert_debug_snapshot!(parse(twice.as_bytes()).faults, @r#"
        [
            "line 5 is not the one the reporter wrote there",
        ]
        "#);
    }
}
