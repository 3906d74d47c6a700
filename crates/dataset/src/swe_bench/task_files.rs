//! Which files does one directory of a task repository hold?

use std::path::Path;

use backstory_store::fs;
use serde_json::json;

use super::{DATASET, EVAL_TYPE, LOG_PARSER, image};
use crate::export::{ExportError, Split};
use crate::label;
use crate::task::Task;

/// Writes the directory of one task.
pub(super) fn write(place: &Path, task: &Task<'_>, split: Split) -> Result<(), ExportError> {
    fs::create_dirs(place)?;
    let tests = json!({"FAIL_TO_PASS": task.fail_to_pass, "PASS_TO_PASS": task.pass_to_pass});
    let files = [
        ("task.yaml", description(task, split)),
        ("tests.json", format!("{tests:#}\n")),
        ("problem_statement.md", task.instance.problem_statement.clone()),
        ("gold.patch", task.patch.clone()),
        ("test.patch", task.test_patch.clone()),
        ("eval.sh", task.eval_script.clone()),
        ("Dockerfile", task.dockerfile(&[])),
        ("requirements.txt", task.requirements.clone()),
    ];
    for (name, text) in files {
        fs::write_file(&place.join(name), text.as_bytes())?;
    }
    Ok(())
}

/// Returns the text of `task.yaml`; a JSON text is a YAML scalar of the same value.
fn description(task: &Task<'_>, split: Split) -> String {
    let instance = task.instance;
    let id = instance.instance_id.as_str();
    let entries = [
        ("base_commit", json!(instance.base_commit)),
        ("created_at", json!(task.created_at)),
        ("datasets", json!([DATASET])),
        ("environment_setup_commit", json!(instance.base_commit)),
        ("eval_type", json!(EVAL_TYPE)),
        ("image", json!(image(id))),
        ("image_verified", json!(false)),
        ("instance_id", json!(id)),
        ("license", json!(label::license(task.trajectory).unwrap_or_default())),
        ("log_parser", json!(LOG_PARSER)),
        ("repo", json!(instance.repo)),
        ("split", json!(split.as_str())),
        ("test_ids_dropped", json!(task.ids_dropped)),
        ("version", json!(task.version)),
    ];
    let lines = entries.iter().map(|(key, value)| format!("{key}: {value}"));
    lines.collect::<Vec<_>>().join("\n") + "\n"
}
