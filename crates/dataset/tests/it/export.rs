//! Are exports whole, repeatable, and what their readers expect?

use std::collections::BTreeMap;
use std::path::Path;

use backstory_dataset::validate::{self, Finding};
use backstory_dataset::{
    Dialect, ExportContext, ExportError, ExportOptions, Exported, export, narrate,
};
use backstory_model::{
    Counts, ModelId, Provenance, RequirementSource, Thought, Trajectory, UnitId,
};
use backstory_store::fs;
use backstory_table::{Cell, column_types, read_rows};
use serde_json::Value;

use crate::sample::{Stored, numbered, sample};

fn context() -> ExportContext {
    let (trajectory, _) = sample();
    ExportContext {
        counts: Counts {
            units_found: 4,
            accepted: 3,
            reconstructed: 4,
            rejected: [("no_change".to_owned(), 1)].into(),
            ..Counts::default()
        },
        repositories: [(trajectory.unit.repo, trajectory.unit.commit)].into(),
        ..ExportContext::default()
    }
}

fn write(
    out: &Path,
    stories: Vec<Trajectory>,
    stored: &Stored,
    options: &ExportOptions,
) -> Result<Exported, ExportError> {
    let stories = stories.into_iter().map(Ok::<_, ExportError>);
    export(stories, stored, out, &context(), options)
}

fn three(out: &Path, options: &ExportOptions) {
    let stories = [3, 5, 8].map(|number| numbered(number).0);
    let exported = write(out, stories.into(), &sample().1, options).unwrap();
    assert_eq!((exported.trajectories, exported.instances), (3, 3));
}

fn json(path: &Path) -> Value {
    serde_json::from_str(&fs::read_text(path).unwrap()).unwrap()
}

fn lines(path: &Path) -> Vec<Value> {
    let text = fs::read_text(path).unwrap();
    text.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn rows(path: &Path) -> Vec<BTreeMap<String, Cell>> {
    let mut rows = Vec::new();
    read_rows(path, |row| rows.push(row)).unwrap();
    rows
}

const CHAT: &str = "chat/train-00000-of-00001.jsonl";

#[test]
fn an_atif_file_holds_the_whole_story() {
    let folder = tempfile::tempdir().unwrap();
    three(folder.path(), &ExportOptions::default());
    let mut document = json(&folder.path().join("atif/harbor__tidy-8.json"));
    document["agent"]["tool_definitions"] = "[tools]".into();
    document["agent"]["version"] = "[version]".into();
    insta::assert_json_snapshot!(document);
}

#[test]
fn atif_files_pass_every_check_in_every_dialect() {
    for dialect in Dialect::ALL {
        let folder = tempfile::tempdir().unwrap();
        three(folder.path(), &ExportOptions { dialect, ..ExportOptions::default() });
        assert_eq!(validate::atif(&folder.path().join("atif")), []);
    }
}

#[test]
fn chat_rows_pass_every_trainer_but_for_text_beside_calls() {
    for dialect in Dialect::ALL {
        let folder = tempfile::tempdir().unwrap();
        three(folder.path(), &ExportOptions { dialect, ..ExportOptions::default() });
        for path in [folder.path().join("chat"), folder.path().join("parquet")] {
            assert_eq!(validate::trl(&path), []);
            assert_eq!(validate::axolotl(&path), []);
            let lost = validate::llamafactory(&path);
            let known = |finding: &Finding| {
                finding.what.contains("beside its calls")
                    || finding.what.contains("masks per message")
            };
            assert!(lost.iter().all(known), "{lost:?}");
        }
    }
}

#[test]
fn chat_turns_alternate_and_end_with_the_finish() {
    let folder = tempfile::tempdir().unwrap();
    three(folder.path(), &ExportOptions::default());
    let rows = lines(&folder.path().join(CHAT));
    assert_eq!(rows.len(), 3);
    let messages = rows[0]["messages"].as_array().unwrap();
    let roles: Vec<&str> =
        messages.iter().map(|message| message["role"].as_str().unwrap()).collect();
    let mut wanted = vec!["user"];
    wanted.extend(["assistant", "tool"].repeat(12));
    wanted.push("assistant");
    assert_eq!(roles, wanted);
    assert_eq!(rows[0]["provenance"].as_array().unwrap().len(), messages.len());
    let finish = &messages.last().unwrap()["tool_calls"][0]["function"];
    assert_eq!(finish["arguments"]["message"], "Drop empty flags (#8)");
}

#[test]
fn only_assistant_turns_without_placeholders_are_trained_on() {
    let folder = tempfile::tempdir().unwrap();
    three(folder.path(), &ExportOptions::default());
    let row = &lines(&folder.path().join(CHAT))[0];
    for message in row["messages"].as_array().unwrap() {
        let placeholder = message.to_string().contains("content not shown");
        let wanted = message["role"] == "assistant" && !placeholder;
        assert_eq!(message["train"], wanted, "{message}");
    }
}

#[test]
fn hindsight_can_be_left_out_of_training_and_stays_labeled() {
    let folder = tempfile::tempdir().unwrap();
    let options = ExportOptions { train_on_hindsight: false, ..ExportOptions::default() };
    three(folder.path(), &options);
    let row = &lines(&folder.path().join(CHAT))[0];
    let pairs =
        row["messages"].as_array().unwrap().iter().zip(row["provenance"].as_array().unwrap());
    let hindsight: Vec<_> = pairs.filter(|(_, known)| known["hindsight"] == true).collect();
    assert_eq!(hindsight.len(), 2);
    assert!(hindsight.iter().all(|(message, _)| message["train"] == false));
}

#[test]
fn a_synthesized_thought_is_reasoning_and_counts_as_a_model_call() {
    let (mut trajectory, stored) = sample();
    trajectory.steps[4].thought = Some(Thought {
        text: "The split keeps the empty part.".to_owned(),
        provenance: Provenance::Synthesized {
            model: ModelId::new("model-1"),
            prompt: trajectory.gold_patch.clone(),
            seed: 1,
        },
    });
    trajectory.steps[5].thought = Some(Thought {
        text: "Line 5 splits.".to_owned(),
        provenance: Provenance::derived("reason/line", []),
    });
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), vec![trajectory], &stored, &ExportOptions::default()).unwrap();
    let document = json(&folder.path().join("atif/harbor__tidy-8.json"));
    let synthesized = &document["steps"][4];
    assert_eq!(synthesized["reasoning_content"], "The split keeps the empty part.");
    assert_eq!(synthesized["llm_call_count"], 1);
    assert_eq!(synthesized["extra"]["backstory"]["tier"], "synthesized");
    assert_eq!(document["steps"][5]["message"], "Line 5 splits.");
    assert_eq!(document["steps"][5]["llm_call_count"], 0);
    assert_eq!(validate::atif(&folder.path().join("atif")), []);
}

#[test]
fn tables_hold_one_row_per_story_step_and_instance() {
    let folder = tempfile::tempdir().unwrap();
    three(folder.path(), &ExportOptions::default());
    let file = |config: &str| {
        folder.path().join("parquet").join(config).join("train-00000-of-00001.parquet")
    };
    let stories = rows(&file("trajectories"));
    assert_eq!(stories.len(), 3);
    assert_eq!(stories[0]["unit_id"], Cell::Text("harbor__tidy-3".to_owned()));
    assert_eq!(stories[0]["steps_editing"], Cell::Integer(10));
    assert_eq!(stories[0]["hindsight_steps"], Cell::Integer(2));
    assert_eq!(stories[0]["created_at"], Cell::Text("2023-11-14T22:13:20Z".to_owned()));
    let steps = rows(&file("steps"));
    assert_eq!(steps.len(), 3 * sample().0.steps.len());
    assert_eq!(steps[2]["choice_rule"], Cell::Text("localize/requirement-term".to_owned()));
    let instances = rows(&file("instances"));
    assert_eq!(instances[0]["FAIL_TO_PASS"], Cell::Text("[]".to_owned()));
    assert_eq!(instances[0]["executed"], Cell::Boolean(false));
    let types = column_types(&file("steps")).unwrap();
    assert_eq!(types["arguments"], "Some(Json)");
}

#[test]
fn arguments_are_the_same_in_all_three_formats() {
    let folder = tempfile::tempdir().unwrap();
    three(folder.path(), &ExportOptions::default());
    let atif = json(&folder.path().join("atif/harbor__tidy-3.json"));
    let atif: Vec<&Value> = atif["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|step| &step["tool_calls"][0]["arguments"])
        .collect();
    let chat = &lines(&folder.path().join(CHAT))[0];
    let chat: Vec<&Value> = chat["messages"]
        .as_array()
        .unwrap()
        .iter()
        .map(|m| &m["tool_calls"][0]["function"]["arguments"])
        .collect();
    let table = rows(&folder.path().join("parquet/steps/train-00000-of-00001.parquet"));
    let table: Vec<Value> = table
        .iter()
        .take(atif.len())
        .map(|row| match &row["arguments"] {
            Cell::Json(text) => serde_json::from_str(text).unwrap(),
            _ => Value::Null,
        })
        .collect();
    let given = |values: Vec<&Value>| -> Vec<Value> {
        values.into_iter().filter(|v| !v.is_null()).cloned().collect()
    };
    assert_eq!(given(atif.clone()), given(chat));
    assert_eq!(given(atif), given(table.iter().collect()));
}

#[test]
fn a_unit_without_a_base_is_a_story_and_no_instance() {
    let (mut trajectory, stored) = sample();
    trajectory.unit.base = None;
    let folder = tempfile::tempdir().unwrap();
    let exported =
        write(folder.path(), vec![trajectory], &stored, &ExportOptions::default()).unwrap();
    assert_eq!((exported.trajectories, exported.instances), (1, 0));
}

#[test]
fn the_card_says_what_a_reader_must_know() {
    let folder = tempfile::tempdir().unwrap();
    three(folder.path(), &ExportOptions::default());
    let card = fs::read_text(&folder.path().join("parquet/README.md")).unwrap();
    insta::assert_snapshot!(card.replace(env!("CARGO_PKG_VERSION"), "[version]"));
}

#[test]
fn two_exports_are_the_same_byte_for_byte() {
    let folder = tempfile::tempdir().unwrap();
    let (first, second) = (folder.path().join("first"), folder.path().join("second"));
    three(&first, &ExportOptions::default());
    three(&second, &ExportOptions::default());
    // Replacing an export leaves nothing of the one before.
    write(&second, vec![sample().0], &sample().1, &ExportOptions::default()).unwrap();
    three(&second, &ExportOptions::default());
    let content = |root: &Path| -> BTreeMap<String, Vec<u8>> {
        let files = fs::files_below(root).unwrap().into_iter();
        files
            .map(|(path, _)| {
                let full = if path.is_absolute() { path.clone() } else { root.join(&path) };
                let name = path.strip_prefix(root).unwrap_or(&path).display().to_string();
                (name, fs::read_file(&full).unwrap())
            })
            .collect()
    };
    assert_eq!(content(&first), content(&second));
    assert_eq!(content(&first).len(), 3 + 2 + 4 + 1);
}

#[test]
fn a_folder_no_export_wrote_is_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    fs::create_dirs(&folder.path().join("atif")).unwrap();
    let refused = write(folder.path(), vec![sample().0], &sample().1, &ExportOptions::default());
    assert!(matches!(refused, Err(ExportError::Occupied { .. })), "{refused:?}");
}

#[test]
fn an_id_that_is_a_path_never_reaches_the_disk() {
    let (mut trajectory, stored) = sample();
    trajectory.unit.id = UnitId::new("../../escaped");
    let folder = tempfile::tempdir().unwrap();
    let refused =
        write(&folder.path().join("out"), vec![trajectory], &stored, &ExportOptions::default());
    assert!(matches!(refused, Err(ExportError::UnsafeId { .. })), "{refused:?}");
}

#[test]
fn a_story_reads_in_the_terminal() {
    let (mut trajectory, stored) = sample();
    trajectory.requirement.source = RequirementSource::PseudoIssue;
    insta::assert_snapshot!(narrate(&trajectory, &stored, 88));
}

#[test]
fn a_story_never_moves_the_cursor() {
    let (mut trajectory, stored) = sample();
    let nasty = "a\u{1b}[2Jb\rc\u{9b}d\u{202e}e\u{7}\tf\nlast";
    if let backstory_model::Action::Message { text, .. } = &mut trajectory.steps[0].action {
        nasty.clone_into(text);
    }
    if let backstory_model::Action::Search { pattern, .. } = &mut trajectory.steps[2].action {
        nasty.clone_into(pattern);
    }
    let text = narrate(&trajectory, &stored, 200);
    assert!(text.chars().all(|c| c == '\n' || c == '\t' || !c.is_control()), "{text:?}");
    assert!(!text.contains('\u{202e}'));
    assert!(text.contains("a\\u{1b}[2Jb"));
}
