//! Are passages found where jobs turned from red to green, and nowhere else?

use std::fmt::Write as _;

use backstory_model::{ChangeUnit, CiEvidence, CiState, LogRefRecord};
use serde_json::{Value, json};

use super::{LogTail, evidence};
use crate::records::read_bytes;

const STATES: [&str; 3] = [
    "1111111111111111111111111111111111111111",
    "2222222222222222222222222222222222222222",
    "3333333333333333333333333333333333333333",
];

fn unit() -> ChangeUnit {
    let tree = "4b825dc642cb6eb9a060e54bf8d69288fbee4904";
    let states: Vec<Value> = STATES
        .iter()
        .map(|commit| json!({"commit": commit, "tree": commit, "message": "m", "authored_at": 1}))
        .collect();
    let labels = json!({"files": 1, "source_files": 1, "test_files": 0, "inline_test_files": 0,
        "lines_added": 1, "lines_removed": 0, "small": true, "test_source": false,
        "docs_only": false, "bot": false, "revert": false, "opaque_files": 0, "languages": []});
    let unit = json!({"id": "acme__toy-1", "repo": "acme/toy", "commit": "5".repeat(40),
        "position": 1, "parent": "0".repeat(40), "pull": 1, "base": "0".repeat(40),
        "base_tree": tree, "head": STATES[2], "head_tree": STATES[2], "states": states,
        "sequence": {"kind": "authored"}, "links": [], "labels": labels});
    serde_json::from_value(unit).unwrap()
}

/// Writes a run with one job a line: run id, commit, job name, conclusion.
fn records(jobs: &[(&str, usize, &str, &str)], logs: bool) -> String {
    let mut text = concat!(
        r#"{"kind":"header","format":"backstory-records","version":1,"repo":"acme/toy"}"#,
        "\n"
    )
    .to_owned();
    let mut line = |value: Value| writeln!(text, "{value}").unwrap();
    for (at, (run, state, name, conclusion)) in jobs.iter().enumerate() {
        let started = format!("2026-01-01T00:00:{at:02}Z");
        line(json!({"kind": "ci_run", "id": run, "commit": STATES[*state],
            "workflow": "ci.yml", "conclusion": conclusion, "started_at": started}));
        let steps = json!([{"number": 1, "name": "Test", "conclusion": conclusion}]);
        let job = format!("job:{run}/{name}");
        line(json!({"kind": "ci_job", "id": job, "run": run, "name": name,
            "conclusion": conclusion, "steps": steps}));
        if logs {
            let digest = format!("{at:064x}");
            line(json!({"kind": "log_ref", "id": format!("log:{digest}"), "job": job,
                "sha256": digest, "bytes": 7, "encoding": "utf-8", "complete": true}));
        }
    }
    text
}

fn read(jobs: &[(&str, usize, &str, &str)]) -> CiEvidence {
    gathered(&records(jobs, true))
}

fn gathered(text: &str) -> CiEvidence {
    let records = read_bytes(text.as_bytes(), None).unwrap();
    assert_eq!(records.broken, []);
    let log = |_: &LogRefRecord| Some(LogTail { start: 100, bytes: b"a\nfail\n".to_vec() });
    evidence(&unit(), &records, &log)
}

fn told(evidence: &CiEvidence) -> Vec<(u32, &str, &str)> {
    let tell = |report: &'_ backstory_model::CiReport| report.conclusion.as_str();
    let reports = evidence.reports.iter();
    reports.map(|report| (report.state, report.name.as_str(), tell(report))).collect()
}

#[test]
fn a_job_that_turns_green_on_a_later_state_is_a_passage() {
    let found = read(&[
        ("run:1", 0, "test", "failure"),
        ("run:2", 1, "test", "failure"),
        ("run:3", 2, "test", "success"),
    ]);
    let expected = [(0, "test", "failure"), (1, "test", "failure"), (2, "test", "success")];
    assert_eq!(told(&found), expected);
    assert_eq!(found.states, [CiState::Red, CiState::Red, CiState::Green]);
    let first = &found.reports[0];
    assert_eq!(first.step.as_deref(), Some("Test"));
    assert_eq!((first.log.start, first.log.end), (100, 107));
    assert_eq!(found.summary.reports, 3);
}

#[test]
fn red_and_green_on_one_commit_is_flaky_and_no_passage() {
    let found = read(&[
        ("run:1", 0, "test", "failure"),
        ("run:1/2", 0, "test", "success"),
        ("run:2", 1, "test", "success"),
    ]);
    assert_eq!(told(&found), []);
    assert_eq!(found.states, [CiState::Open, CiState::Green, CiState::Open]);
    assert_eq!(found.summary.flaky_jobs, 1);
}

#[test]
fn another_job_that_is_green_ends_no_passage() {
    let found = read(&[("run:1", 0, "test", "failure"), ("run:2", 1, "lint", "success")]);
    assert_eq!(told(&found), []);
}

#[test]
fn a_job_that_was_cancelled_judges_nothing() {
    let found = read(&[("run:1", 0, "test", "cancelled"), ("run:2", 1, "test", "success")]);
    assert_eq!(told(&found), []);
    assert_eq!(found.states, [CiState::Open, CiState::Green, CiState::Open]);
}

#[test]
fn without_a_log_nothing_is_told_and_it_is_counted() {
    let jobs = [("run:1", 0, "test", "failure"), ("run:2", 1, "test", "success")];
    let found = gathered(&records(&jobs, false));
    assert_eq!(told(&found), []);
    assert_eq!((found.summary.logs, found.summary.logs_missing), (0, 2));
}
