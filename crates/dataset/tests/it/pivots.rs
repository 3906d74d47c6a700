//! Are decisions worth practicing found, and is each a row with all that came before it?

use std::path::Path;

use backstory_dataset::{ExportContext, ExportError, ExportFormat, ExportOptions, export};
use backstory_model::{Provenance, Thought};
use backstory_store::fs;
use serde_json::Value;

use crate::sample::{sample, sample_with_runs};

/// Exports the sample with its runs; returns the rows and what is said of them.
fn written(out: &Path, options: ExportOptions) -> (Vec<Value>, Value) {
    let (trajectory, stored) = sample_with_runs();
    let options = ExportOptions { formats: [ExportFormat::NemoGym].into(), ..options };
    let stories = [Ok::<_, ExportError>(trajectory)];
    export(stories, &stored, out, &ExportContext::default(), &options).unwrap();
    let text = |name: &str| fs::read_text(&out.join("nemo-gym").join(name)).unwrap();
    let rows = text("train-00000-of-00001.jsonl");
    let rows = rows.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    (rows, serde_json::from_str(&text("pivots.json")).unwrap())
}

#[test]
fn a_row_holds_what_came_before_and_the_call_that_was_made() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, told) = written(folder.path(), ExportOptions::default());
    let mut first = rows[0].clone();
    first["responses_create_params"]["tools"] = "[tools]".into();
    insta::assert_json_snapshot!(first);
    insta::assert_json_snapshot!(told);
}

#[test]
fn what_is_decided_stands_in_no_row_before_it() {
    let folder = tempfile::tempdir().unwrap();
    let (rows, _) = written(folder.path(), ExportOptions::default());
    assert!(!rows.is_empty());
    for row in rows {
        let items = row["responses_create_params"]["input"].as_array().unwrap();
        let call = &row["expected_action"];
        let stands = items.iter().any(|item| item["arguments"] == call["arguments"]);
        let is_test = row["pivot_tags"][0] == "last_test";
        assert_eq!(stands, is_test, "a run of the same tests alone may come twice: {call}");
        let answered = items.iter().filter(|item| item["type"] == "function_call_output").count();
        let called = items.iter().filter(|item| item["type"] == "function_call").count();
        assert_eq!(answered, called);
        assert!(!row.to_string().contains("null"), "nulls are turned down");
    }
}

#[test]
fn hindsight_can_be_left_out_and_is_counted() {
    let folder = tempfile::tempdir().unwrap();
    let options = ExportOptions { train_on_hindsight: false, ..ExportOptions::default() };
    let (rows, told) = written(folder.path(), options);
    assert!(rows.iter().all(|row| row["metadata"]["hindsight"] == false));
    assert_eq!(told["skipped"]["hindsight"], 1);
}

#[test]
fn a_thought_of_a_model_is_reasoning() {
    let (mut trajectory, stored) = sample();
    let thought = Thought {
        text: "The flags are split here.".to_owned(),
        provenance: Provenance::Synthesized {
            model: backstory_model::ModelId::new("m"),
            prompt: trajectory.gold_patch.clone(),
            seed: 1,
        },
    };
    trajectory.steps[1].thought = Some(thought);
    let folder = tempfile::tempdir().unwrap();
    let options =
        ExportOptions { formats: [ExportFormat::NemoGym].into(), ..ExportOptions::default() };
    let stories = [Ok::<_, ExportError>(trajectory)];
    export(stories, &stored, folder.path(), &ExportContext::default(), &options).unwrap();
    let text = fs::read_text(&folder.path().join("nemo-gym/train-00000-of-00001.jsonl")).unwrap();
    let row: Value = serde_json::from_str(text.lines().next().unwrap()).unwrap();
    insta::assert_json_snapshot!(row["responses_create_params"]["input"][1], @"");
}
