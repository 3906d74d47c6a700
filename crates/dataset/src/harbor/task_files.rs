//! Which files does one Harbor task directory hold?

use serde_json::{Value, json};

use super::toml_text::TomlText;
use super::{Files, task_name};
use crate::label;
use crate::task::Task;

const TEST: &str = include_str!("assets/test.sh");
const REWARD: &str = include_str!("assets/reward.py");

const SOLVE: &str = "#!/bin/bash\n\
    # The gold patch, as the authors of the change wrote it.\n\
    cd /testbed && git apply --whitespace=nowarn /solution/gold.patch\n";

/// Writes what the agent did as one patch, commits of its own and new files included.
const COLLECT: &str = "mkdir -p /logs/artifacts && cd /testbed \
    && git add --all --intent-to-add . \
    && git diff --binary backstory-base > /logs/artifacts/model.patch";

/// Returns the files; `links` are other names of the work tree in the image.
pub(super) fn files(task: &Task<'_>, suffix: &str, links: &[&str]) -> Files {
    let tests = json!({"FAIL_TO_PASS": task.fail_to_pass, "PASS_TO_PASS": task.pass_to_pass});
    Files::from([
        ("task.toml", description(task, suffix)),
        ("instruction.md", task.instance.problem_statement.clone()),
        ("environment/Dockerfile", task.dockerfile(links)),
        ("environment/requirements.txt", task.requirements.clone()),
        ("tests/test.sh", TEST.to_owned()),
        ("tests/eval.sh", task.eval_script.clone()),
        ("tests/reward.py", REWARD.to_owned()),
        ("tests/tests.json", format!("{tests:#}\n")),
        ("solution/solve.sh", SOLVE.to_owned()),
        ("solution/gold.patch", task.patch.clone()),
    ])
}

/// Returns the text of `task.toml`.
fn description(task: &Task<'_>, suffix: &str) -> String {
    let mut toml = TomlText::default();
    toml.entry("schema_version", &"1.4".into());
    toml.table("task");
    toml.entry("name", &task_name(task, suffix).into());
    toml.entry("keywords", &json!([label::language(task.recipe.language), "repository"]));
    metadata(task, &mut toml);
    let limits = &task.execution.limits;
    toml.table("verifier");
    toml.entry("environment_mode", &"separate".into());
    toml.entry("network_mode", &"no-network".into());
    toml.entry("timeout_sec", &Value::from(limits.wall_seconds.max(1)));
    toml.array_table("verifier.collect");
    toml.entry("command", &COLLECT.into());
    toml.table("environment");
    toml.entry("network_mode", &"no-network".into());
    toml.entry("workdir", &"/testbed".into());
    toml.entry("build_timeout_sec", &1800.into());
    let megabytes = Some(limits.memory >> 20).filter(|megabytes| *megabytes > 0);
    toml.entry("memory_mb", &megabytes.into());
    toml.text()
}

fn metadata(task: &Task<'_>, toml: &mut TomlText) {
    let instance = task.instance;
    toml.table("metadata");
    toml.entry("instance_id", &json!(instance.instance_id));
    toml.entry("repo", &json!(instance.repo));
    toml.entry("base_commit", &json!(instance.base_commit));
    toml.entry("created_at", &task.created_at.as_str().into());
    toml.entry("license", &label::license(task.trajectory).into());
    toml.entry("FAIL_TO_PASS", &json!(task.fail_to_pass));
    toml.entry("PASS_TO_PASS", &json!(task.pass_to_pass));
    toml.entry("test_ids_dropped", &task.ids_dropped.into());
    toml.entry("tier", &"executed".into());
    toml.entry("containment", &task.execution.containment.level.as_str().into());
    toml.entry("environment", &task.version.as_str().into());
    toml.entry("image_verified", &false.into());
    toml.entry("oracle", &json!(instance.oracle));
}
