//! Does the table of evidence hold what ran before the fix, and nothing that ran after?

use std::collections::BTreeMap;
use std::path::Path;

use backstory_dataset::{ExportContext, ExportError, ExportFormat, ExportOptions, Story, export};
use backstory_model::{
    BlobId, ContainmentLevel, Ending, ExecutedState, Execution, ExecutionId, RunOrder, RunVerdict,
    Sha256, TestId, TestOutcome, TestReport, TouchedFile, TouchedTest, TreeId, git_object_id,
};
use backstory_store::fs;
use backstory_table::{Cell, read_rows};

use crate::graded::{EMPTY, story};
use crate::sample::Stored;

const TWO: &str = "tests/test_flags.py::test_two";

fn put(stored: &mut Stored, bytes: Vec<u8>) -> BlobId {
    let id = git_object_id("blob", &bytes);
    stored.insert(id.clone(), bytes);
    id
}

fn touched(test: &str, files: &[(&str, &[u32])]) -> TouchedTest {
    let file = |(path, lines): &(&str, &[u32])| TouchedFile {
        path: (*path).to_owned(),
        functions: Vec::new(),
        lines: lines.to_vec(),
    };
    TouchedTest { test: Some(TestId::new(test)), files: files.iter().map(file).collect() }
}

/// Returns a traced run of a state, in which the first test fails.
fn run(stored: &mut Stored, state: ExecutedState, tree: TreeId, path: &str) -> Execution {
    let outcomes = [(EMPTY, TestOutcome::Failed), (TWO, TestOutcome::Passed)];
    let outcomes = outcomes.map(|(id, outcome)| (TestId::new(id), outcome));
    let report = serde_json::to_vec(&TestReport::from_outcomes(outcomes)).unwrap();
    let tests = [
        touched(EMPTY, &[("tests/test_flags.py", &[4, 5]), (path, &[4, 5, 9])]),
        touched(TWO, &[(path, &[4]), ("tidy/other.py", &[1])]),
    ];
    let output =
        format!("=== FAILURES ===\n___ test_empty ___\n{path}:5: ValueError\n=== end ===\n");
    Execution {
        id: ExecutionId::new("state/file/1"),
        state,
        tree,
        order: RunOrder::File,
        command: vec!["pytest".to_owned()],
        environment: Sha256::from_digest(&[0; 32]),
        containment: ContainmentLevel::Namespaces,
        ending: Ending::Exited { status: 1 },
        status: Some(1),
        verdict: RunVerdict::Stable,
        why: None,
        report: put(stored, report),
        output: put(stored, output.into_bytes()),
        cut: None,
        touched: Some(put(stored, serde_json::to_vec(&tests).unwrap())),
    }
}

fn tree(digit: char) -> TreeId {
    TreeId::new(digit.to_string().repeat(40)).unwrap()
}

fn write(out: &Path, story: Story, stored: &Stored) -> Vec<BTreeMap<String, Cell>> {
    let options =
        ExportOptions { formats: [ExportFormat::Parquet].into(), ..ExportOptions::default() };
    let stories = [Ok::<_, ExportError>(story)];
    export(stories, stored, out, &ExportContext::default(), &options).unwrap();
    let mut rows = Vec::new();
    let table = out.join("parquet/evidence/train-00000-of-00001.parquet");
    if table.is_file() {
        read_rows(&table, |row| rows.push(row)).unwrap();
    }
    rows
}

#[test]
fn evidence_counts_what_failing_tests_executed_before_the_fix() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, mut stored) = story(7, &[EMPTY]);
    let state = ExecutedState::BaseWithTests;
    let before = run(&mut stored, state, tree('7'), "tidy/flags.py");
    let after = run(&mut stored, ExecutedState::Head, tree('8'), "tidy/answer.py");
    story.execution.as_mut().unwrap().executions = vec![after, before];
    let rows = write(folder.path(), story, &stored);
    let paths: Vec<_> = rows.iter().map(|row| row["path"].clone()).collect();
    let expected = ["tests/test_flags.py", "tidy/flags.py", "tidy/other.py"];
    assert_eq!(paths, expected.map(|path| Cell::Text(path.to_owned())));
    let number = |row: usize, column: &str| rows[row][column].clone();
    let columns = [
        ("tests_failing", 1),
        ("tests_passing", 1),
        ("lines_failing", 3),
        ("lines_passing", 1),
        ("lines_failing_only", 2),
        ("best_line_failing", 1),
        ("best_line_passing", 0),
        ("first_touch", 1),
        ("frame_depth", 0),
    ];
    for (column, wanted) in columns {
        assert_eq!(number(1, column), Cell::Integer(wanted), "{column}");
    }
    assert_eq!(number(2, "first_touch"), Cell::Missing);
    assert_eq!(number(0, "state"), Cell::Text("base_with_tests".to_owned()));
    let card = fs::read_text(&folder.path().join("parquet/README.md")).unwrap();
    assert!(card.contains("config_name: evidence"));
    assert!(card.contains("| `evidence` | file that tests executed before the fix | 3 |"));
}

#[test]
fn a_run_of_the_head_is_no_evidence() {
    let (story, mut stored) = story(7, &[EMPTY]);
    let head = story.trajectory.unit.head_tree.clone();
    let planted = [
        (ExecutedState::Head, tree('8')),
        (ExecutedState::HeadReverted, tree('8')),
        (ExecutedState::Authored { index: 0 }, tree('8')),
        (ExecutedState::AuthoredWithTests { index: 0 }, tree('8')),
        // A state that calls itself the base and has the tree of the head.
        (ExecutedState::BaseWithTests, head),
    ];
    for (state, tree) in planted {
        let folder = tempfile::tempdir().unwrap();
        let mut story = story.clone();
        let planted = run(&mut stored, state.clone(), tree, "tidy/answer.py");
        story.execution.as_mut().unwrap().executions = vec![planted];
        assert_eq!(write(folder.path(), story, &stored), [], "{state:?}");
        let card = fs::read_text(&folder.path().join("parquet/README.md")).unwrap();
        assert!(!card.contains("config_name: evidence"), "{card}");
    }
}

#[test]
fn a_test_that_fails_without_the_change_is_no_failing_test() {
    let folder = tempfile::tempdir().unwrap();
    let (mut story, mut stored) = story(7, &[EMPTY]);
    let base = run(&mut stored, ExecutedState::Base, tree('6'), "tidy/flags.py");
    let state = ExecutedState::BaseWithTests;
    let before = run(&mut stored, state, tree('7'), "tidy/flags.py");
    story.execution.as_mut().unwrap().executions = vec![base, before];
    assert_eq!(write(folder.path(), story, &stored), []);
}
