//! How do runs of tests look in every export, and in a terminal?

use std::fmt::Write as _;
use std::path::Path;

use backstory_dataset::validate::{self, Finding};
use backstory_dataset::{Dialect, ExportContext, ExportError, ExportOptions, export, narrate};
use backstory_model::Action;
use backstory_store::fs;
use serde_json::Value;

use crate::sample::{FAILURE, sample_with_runs};

/// Prints the calls that run tests and what they show.
fn runs(dialect: Dialect) -> String {
    let (trajectory, stored) = sample_with_runs();
    let rendered = dialect.render(&trajectory, &stored).unwrap();
    let mut text = String::new();
    for (step, shown) in trajectory.steps.iter().zip(&rendered.steps) {
        if let (Action::RunTests { .. }, Some(call)) = (&step.action, &shown.call) {
            let arguments = serde_json::to_string(&call.arguments).unwrap();
            writeln!(text, "{} {arguments}", call.name).unwrap();
            writeln!(text, "{}", shown.output.as_deref().unwrap()).unwrap();
        }
    }
    text
}

fn write(out: &Path, dialect: Dialect) {
    let (trajectory, stored) = sample_with_runs();
    let stories = [Ok::<_, ExportError>(trajectory)];
    let options = ExportOptions { dialect, ..ExportOptions::default() };
    export(stories, &stored, out, &ExportContext::default(), &options).unwrap();
}

#[test]
fn openhands_says_how_the_command_ended_and_where_the_repository_lies() {
    insta::assert_snapshot!(runs(Dialect::OpenHands), @r#"
    execute_bash {"command":"pytest tests/test_flags.py -k 'not slow'"}
    F
    /workspace/tidy/tests/test_flags.py:5: in test_empty
        assert split_flags("") == []
    E   AssertionError: assert [''] == []
    1 failed in [TIME]
    [The command completed with exit code 1.]
    [Current working directory: /workspace/tidy]
    [Command finished with exit code 1]
    execute_bash {"command":"pytest tests/test_flags.py -k 'not slow'"}
    .
    1 passed in [TIME]
    [The command completed with exit code 0.]
    [Current working directory: /workspace/tidy]
    [Command finished with exit code 0]
    "#);
}

#[test]
fn swe_agent_prints_what_the_run_printed() {
    insta::assert_snapshot!(runs(Dialect::SweAgent), @r#"
    bash {"command":"pytest tests/test_flags.py -k 'not slow'"}
    F
    /workspace/tidy/tests/test_flags.py:5: in test_empty
        assert split_flags("") == []
    E   AssertionError: assert [''] == []
    1 failed in [TIME]
    bash {"command":"pytest tests/test_flags.py -k 'not slow'"}
    .
    1 passed in [TIME]
    "#);
}

/// Writes the work tree of the sandbox as `WORK`, which stands nowhere else.
fn guest(text: &str) -> String {
    assert!(!text.contains("WORK"), "{text}");
    text.replace(concat!("/work", "/tests"), "WORK/tests")
}

#[test]
fn backstory_prints_the_output_and_the_status() {
    insta::assert_snapshot!(guest(&runs(Dialect::Backstory)), @r#"
    run_tests {"command":["pytest","tests/test_flags.py","-k","not slow"]}
    F
    WORK/tests/test_flags.py:5: in test_empty
        assert split_flags("") == []
    E   AssertionError: assert [''] == []
    1 failed in [TIME]
    [exit 1]
    run_tests {"command":["pytest","tests/test_flags.py","-k","not slow"]}
    .
    1 passed in [TIME]
    [exit 0]
    "#);
}

#[test]
fn exports_with_runs_pass_every_check() {
    for dialect in Dialect::ALL {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path(), dialect);
        assert_eq!(validate::atif(&folder.path().join("atif")), []);
        let chat = folder.path().join("chat");
        assert_eq!(validate::trl(&chat), []);
        assert_eq!(validate::axolotl(&chat), []);
        let lost = |finding: &Finding| {
            finding.what.contains("beside its calls") || finding.what.contains("masks per message")
        };
        assert!(validate::llamafactory(&chat).iter().all(lost));
    }
}

#[test]
fn an_atif_step_says_which_execution_was_seen() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), Dialect::default());
    let text = fs::read_text(&folder.path().join("atif/harbor__tidy-8.json")).unwrap();
    let document: Value = serde_json::from_str(&text).unwrap();
    let steps = document["steps"].as_array().unwrap();
    let run = steps.iter().find(|step| step["extra"]["backstory"]["phase"] == "debugging");
    insta::assert_json_snapshot!(run.unwrap()["extra"]["backstory"], @r#"
    {
      "phase": "debugging",
      "action": "run_tests",
      "tier": "derived",
      "choice": {
        "tier": "derived",
        "rule": "run/reproduce",
        "evidence": [
          "execution:authored/0/file/1"
        ]
      },
      "observation": {
        "tier": "executed",
        "execution": "authored/0/file/1"
      },
      "hindsight": false
    }
    "#);
}

#[test]
fn in_chat_rows_the_output_of_a_run_follows_its_call() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), Dialect::Backstory);
    let text = fs::read_text(&folder.path().join("chat/train-00000-of-00001.jsonl")).unwrap();
    let row: Value = serde_json::from_str(&text).unwrap();
    let messages = row["messages"].as_array().unwrap();
    let calls: Vec<usize> = (0..messages.len())
        .filter(|at| messages[*at]["tool_calls"][0]["function"]["name"] == "run_tests")
        .collect();
    assert_eq!(calls.len(), 2);
    for (at, first) in calls.into_iter().zip(["F", "."]) {
        let (call, output) = (&messages[at]["tool_calls"][0], &messages[at + 1]);
        assert_eq!(output["role"], "tool");
        assert_eq!(output["tool_call_id"], call["id"]);
        assert!(output["content"].as_str().unwrap().starts_with(first));
        assert_eq!(row["provenance"][at + 1]["tier"], "executed");
    }
}

#[test]
fn a_run_is_told_with_its_command_its_status_and_what_failed() {
    let (trajectory, stored) = sample_with_runs();
    let text = narrate(&trajectory, &stored, 100);
    let debugging: Vec<&str> =
        text.lines().skip_while(|line| !line.contains("debugging")).take(8).collect();
    insta::assert_snapshot!(guest(&debugging.join("\n")), @r#"
    ── debugging ──
       9. run pytest tests/test_flags.py -k not slow  [derived run/reproduce]
          exit 1  [executed authored/0/file/1]
          | F
          | WORK/tests/test_flags.py:5: in test_empty
          |     assert split_flags("") == []
          | E   AssertionError: assert [''] == []
          | 1 failed in [TIME]
    "#);
    let validation: Vec<&str> =
        text.lines().skip_while(|line| !line.contains("validation")).collect();
    insta::assert_snapshot!(validation.join("\n"), @"
    ── validation ──
      16. run pytest tests/test_flags.py -k not slow  [derived run/validate]
          exit 0  [executed head/file/1]
          | .
          | 1 passed in [TIME]
      17. finish: Drop empty flags (#8)  [observed commit:dddddddddddd]
    ");
}

#[test]
fn of_a_long_failure_the_end_is_told() {
    let (trajectory, mut stored) = sample_with_runs();
    let red = stored.values_mut().find(|bytes| **bytes == FAILURE.as_bytes()).unwrap();
    *red = (0..100).flat_map(|line| format!("line {line}\n").into_bytes()).collect();
    let text = narrate(&trajectory, &stored, 100);
    assert!(text.contains("| … 60 lines above\n      | line 60\n") && text.contains("| line 99\n"));
}
