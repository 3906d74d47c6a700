//! Are single stages of a run tasks with a state, a question and an answer?

use std::path::Path;

use backstory_dataset::{ExportContext, ExportError, ExportFormat, ExportOptions, export};
use backstory_store::fs;
use backstory_verify::{Expected, score_stage};
use serde_json::Value;

use crate::sample::{Stored, sample};

fn written(out: &Path, stored: &Stored) -> (Vec<Value>, Value) {
    let options =
        ExportOptions { formats: [ExportFormat::Stages].into(), ..ExportOptions::default() };
    let stories = [Ok::<_, ExportError>(sample().0)];
    export(stories, stored, out, &ExportContext::default(), &options).unwrap();
    let text = |name: &str| fs::read_text(&out.join("stages").join(name)).unwrap();
    let rows = text("train-00000-of-00001.jsonl");
    let rows = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (rows, serde_json::from_str(&text("stages.json")).unwrap())
}

#[test]
fn a_change_is_asked_where_it_belongs_and_what_comes_next() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, told) = written(folder.path(), &sample().1);
    insta::assert_json_snapshot!(rows);
    insta::assert_json_snapshot!(told);
}

#[test]
fn the_right_answer_of_each_task_has_the_full_score() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, _) = written(folder.path(), &sample().1);
    for row in rows {
        let expected: Expected = serde_json::from_value(row["expected"].clone()).unwrap();
        let answer = match &expected {
            Expected::Functions { functions } => serde_json::to_string(functions),
            Expected::Files { paths } => serde_json::to_string(paths),
            edit @ Expected::Edit { .. } => serde_json::to_string(&[edit]),
        };
        let text = format!("<answer>{}</answer>", answer.unwrap());
        assert!((score_stage(&expected, &text).score - 1.0).abs() < 1e-9, "{row}");
    }
}
