//! Do the exports with a grader hold what their graders need?

use std::collections::BTreeMap;
use std::path::Path;

use backstory_dataset::{
    ExportContext, ExportError, ExportFormat, ExportOptions, Exported, Story, export,
};
use backstory_model::{
    BlobId, Containment, ContainmentLevel, EnvironmentRecipe, ExecutionOutcome, FailToPass,
    InstallPhase, JudgedTest, Language, Limits, OracleStrength, SchemaVersion, TaskInstance,
    TestId, TestOrigin, TestOutcome, TestRunner, UnitExecution, git_object_id,
};
use backstory_store::fs;
use backstory_table::{Cell, read_rows};
use serde_json::{Value, json};

use crate::sample::{Stored, TEST, numbered};

const GOLD: &str = "diff --git a/tidy/flags.py b/tidy/flags.py
--- a/tidy/flags.py
+++ b/tidy/flags.py
@@ -2,7 +2,7 @@
\x20
\x20
 def split_flags(text):
-    return text.split(\",\")
+    return [part for part in text.split(\",\") if part]
\x20
\x20
 def main():
";

fn test_patch() -> String {
    let lines: Vec<String> = TEST.lines().map(|line| format!("+{line}\n")).collect();
    let lines = lines.concat();
    format!(
        "diff --git a/tests/test_flags.py b/tests/test_flags.py\nnew file mode 100644\n\
         --- /dev/null\n+++ b/tests/test_flags.py\n@@ -0,0 +1,{} @@\n{lines}",
        TEST.lines().count()
    )
}

fn put(stored: &mut Stored, text: &str) -> BlobId {
    let id = git_object_id("blob", text.as_bytes());
    stored.insert(id.clone(), text.as_bytes().to_vec());
    id
}

fn recipe() -> EnvironmentRecipe {
    let phase = |name: &str, command: &[&str]| InstallPhase {
        name: name.to_owned(),
        command: command.iter().map(ToString::to_string).collect(),
        runs_foreign_code: true,
    };
    EnvironmentRecipe {
        language: Language::Python,
        runner: TestRunner::Pytest,
        toolchain: "python3.11".to_owned(),
        as_of: None,
        manifests: Vec::new(),
        build: backstory_model::Sha256::from_digest(&[0; 32]),
        requirements: vec!["pytest".to_owned()],
        phases: vec![
            phase("requirements", &["uv", "pip", "install", "pytest"]),
            phase("project", &["env", "VERSION=1.0", "uv", "pip", "install", "-e", "/work"]),
        ],
        variables: [("PATH", "/env/bin:/usr/bin:/bin"), ("PYTHONPATH", "/work")]
            .map(|(name, value)| (name.to_owned(), value.to_owned()))
            .into(),
    }
}

fn judged(id: &str) -> JudgedTest {
    JudgedTest {
        id: TestId::new(id),
        base: None,
        before: TestOutcome::Failed,
        after: TestOutcome::Passed,
        origin: Some(TestOrigin::New),
    }
}

/// A story with an instance of these tests.
pub(crate) fn story(number: u64, fail_to_pass: &[&str]) -> (Story, Stored) {
    let (mut trajectory, mut stored) = numbered(number);
    trajectory.gold_patch = put(&mut stored, GOLD);
    trajectory.test_patch = put(&mut stored, &test_patch());
    let fails = |id: &&str| FailToPass { id: TestId::new(*id), origin: TestOrigin::New };
    let instance = TaskInstance {
        instance_id: trajectory.unit.id.clone(),
        repo: trajectory.unit.repo.clone(),
        base_commit: trajectory.unit.base.clone().unwrap(),
        problem_statement: "Empty input gives one empty flag\n".to_owned(),
        patch: trajectory.gold_patch.clone(),
        test_patch: trajectory.test_patch.clone(),
        created_at: 1_700_000_000,
        fail_to_pass: fail_to_pass.iter().map(fails).collect(),
        pass_to_pass: vec![TestId::new("tests/test_flags.py::test_two[a b]")],
        test_files: vec!["tests/test_flags.py".to_owned()],
        oracle: Some(OracleStrength { judged: 4, rejected: 4, unresolved: 0, weak: false }),
    };
    let execution = UnitExecution {
        schema: SchemaVersion::CURRENT,
        unit: trajectory.unit.id.clone(),
        outcome: ExecutionOutcome::Confirmed,
        recipe: Some(recipe()),
        lock: Some(put(&mut stored, "-e file:///work\npytest==8.4.0\npluggy==1.6.0\n")),
        log: None,
        containment: Containment {
            level: ContainmentLevel::Cgroup,
            launcher: "bubblewrap 0.8.0".to_owned(),
            cgroup: None,
            landlock: 0,
            seccomp: false,
            missing: Vec::new(),
        },
        limits: Limits::default(),
        executions: Vec::new(),
        tests: fail_to_pass.iter().map(|id| judged(id)).collect(),
        flaky: Vec::new(),
        repeats: 5,
        mutants: Vec::new(),
        candidates: Vec::new(),
        gates: Vec::new(),
        instance: Some(instance),
    };
    (Story { trajectory, execution: Some(execution) }, stored)
}

pub(crate) const EMPTY: &str = "tests/test_flags.py::test_empty";

fn write(out: &Path, stories: Vec<(Story, Stored)>) -> Result<Exported, ExportError> {
    let stored: Stored = stories.iter().flat_map(|(_, stored)| stored.clone()).collect();
    let reporter = [("backstory_reporter.py".to_owned(), "# reports\n".to_owned())].into();
    let context = ExportContext { reporter, ..ExportContext::default() };
    let formats = [ExportFormat::SweBench, ExportFormat::Harbor].into();
    let options = ExportOptions { formats, ..ExportOptions::default() };
    export(
        stories.into_iter().map(|(story, _)| Ok::<_, ExportError>(story)),
        &stored,
        out,
        &context,
        &options,
    )
}

fn text(folder: &Path, path: &str) -> String {
    fs::read_text(&folder.join(path)).unwrap()
}

fn files(folder: &Path) -> Vec<String> {
    let files = fs::files_below(folder).unwrap().into_iter();
    let mut names: Vec<String> = files
        .map(|(path, _)| path.strip_prefix(folder).unwrap_or(&path).display().to_string())
        .collect();
    names.sort();
    names
}

#[test]
fn every_file_a_grader_asks_for_is_there() {
    let folder = tempfile::tempdir().unwrap();
    let exported = write(folder.path(), vec![story(8, &[EMPTY])]).unwrap();
    assert_eq!((exported.tasks, exported.test_ids_dropped), (1, 0));
    insta::assert_snapshot!(files(folder.path()).join("\n"), @"
    export.json
    harbor/continue/dataset.toml
    harbor/continue/harbor__tidy-8/environment/Dockerfile
    harbor/continue/harbor__tidy-8/environment/requirements.txt
    harbor/continue/harbor__tidy-8/instruction.md
    harbor/continue/harbor__tidy-8/solution/gold.patch
    harbor/continue/harbor__tidy-8/solution/solve.sh
    harbor/continue/harbor__tidy-8/task.toml
    harbor/continue/harbor__tidy-8/tests/eval.sh
    harbor/continue/harbor__tidy-8/tests/reward.py
    harbor/continue/harbor__tidy-8/tests/test.sh
    harbor/continue/harbor__tidy-8/tests/tests.json
    harbor/continue/harbor__tidy-8/trajectory.json
    harbor/jobs/backstory/config.json
    harbor/jobs/backstory/harbor__tidy-8/agent/trajectory.json
    harbor/jobs/backstory/harbor__tidy-8/config.json
    harbor/jobs/backstory/harbor__tidy-8/result.json
    harbor/jobs/backstory/harbor__tidy-8/verifier/reward.json
    harbor/jobs/backstory/result.json
    harbor/tasks/dataset.toml
    harbor/tasks/harbor__tidy-8/environment/Dockerfile
    harbor/tasks/harbor__tidy-8/environment/requirements.txt
    harbor/tasks/harbor__tidy-8/instruction.md
    harbor/tasks/harbor__tidy-8/solution/gold.patch
    harbor/tasks/harbor__tidy-8/solution/solve.sh
    harbor/tasks/harbor__tidy-8/task.toml
    harbor/tasks/harbor__tidy-8/tests/eval.sh
    harbor/tasks/harbor__tidy-8/tests/reward.py
    harbor/tasks/harbor__tidy-8/tests/test.sh
    harbor/tasks/harbor__tidy-8/tests/tests.json
    swe-bench/data/train.jsonl
    swe-bench/data/train.parquet
    swe-bench/predictions/gold.jsonl
    swe-bench/sweb.yaml
    swe-bench/tasks/harbor__tidy-8/Dockerfile
    swe-bench/tasks/harbor__tidy-8/eval.sh
    swe-bench/tasks/harbor__tidy-8/gold.patch
    swe-bench/tasks/harbor__tidy-8/problem_statement.md
    swe-bench/tasks/harbor__tidy-8/requirements.txt
    swe-bench/tasks/harbor__tidy-8/task.yaml
    swe-bench/tasks/harbor__tidy-8/test.patch
    swe-bench/tasks/harbor__tidy-8/tests.json
    ");
}

#[test]
fn a_row_and_its_task_directory_say_the_same() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), vec![story(8, &[EMPTY])]).unwrap();
    let out = folder.path().join("swe-bench");
    let row: Value = serde_json::from_str(&text(&out, "data/train.jsonl")).unwrap();
    let task = "tasks/harbor__tidy-8";
    assert_eq!(row["eval_script"], text(&out, &format!("{task}/eval.sh")));
    assert_eq!(row["patch"], text(&out, &format!("{task}/gold.patch")));
    assert_eq!(row["test_patch"], test_patch());
    let tests: Value = serde_json::from_str(&text(&out, &format!("{task}/tests.json"))).unwrap();
    let lists =
        |name: &str| -> Value { serde_json::from_str(row[name].as_str().unwrap()).unwrap() };
    assert_eq!(
        tests,
        json!({"FAIL_TO_PASS": lists("FAIL_TO_PASS"), "PASS_TO_PASS": lists("PASS_TO_PASS")})
    );
    let prediction: Value = serde_json::from_str(&text(&out, "predictions/gold.jsonl")).unwrap();
    assert_eq!(prediction["model_patch"], GOLD);
    let mut cells: Vec<BTreeMap<String, Cell>> = Vec::new();
    read_rows(&out.join("data/train.parquet"), |row| cells.push(row)).unwrap();
    for (name, value) in row.as_object().unwrap() {
        let cell = match value {
            Value::String(text) => Cell::Text(text.clone()),
            Value::Bool(truth) => Cell::Boolean(*truth),
            Value::Number(number) => Cell::integer(number.as_i64()),
            _ => Cell::Missing,
        };
        assert_eq!(cells[0][name], cell, "{name}");
    }
    insta::assert_snapshot!(text(&out, &format!("{task}/task.yaml")), @r#"
    base_commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    created_at: "2023-11-14T22:13:20Z"
    datasets: ["backstory/instances"]
    environment_setup_commit: "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    eval_type: "pass_and_fail"
    image: "swebench/sweb.eval.x86_64.harbor_1776_tidy-8:latest"
    image_verified: false
    instance_id: "harbor__tidy-8"
    license: "MIT"
    log_parser: "parse_log_jest_json"
    repo: "harbor/tidy"
    split: "train"
    test_ids_dropped: 0
    version: ""
    "#);
}

#[test]
fn the_script_that_judges_carries_all_it_needs() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), vec![story(8, &[EMPTY])]).unwrap();
    insta::assert_snapshot!(text(folder.path(), "swe-bench/tasks/harbor__tidy-8/eval.sh"));
}

#[test]
fn an_image_is_rendered_from_the_recipe_and_says_that_nobody_built_it() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), vec![story(8, &[EMPTY])]).unwrap();
    let task = folder.path().join("harbor/continue/harbor__tidy-8");
    insta::assert_snapshot!(text(&task, "environment/Dockerfile"), @r#"
    # image_verified: false. Rendered from the recipe the tests ran with; no image was built.
    FROM python:3.11-slim
    RUN apt-get update && apt-get install -y --no-install-recommends build-essential git && rm -rf /var/lib/apt/lists/*
    RUN pip install --no-cache-dir uv==0.13.8

    # The base commit, as one commit of its own: nothing newer can be reached.
    ARG REPOSITORY=https://github.com/harbor/tidy.git
    WORKDIR /testbed
    RUN git init --quiet && git fetch --quiet --depth 1 --no-tags "$REPOSITORY" aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa && git checkout --quiet FETCH_HEAD && rm -rf .git && git init --quiet && git config user.name backstory && git config user.email backstory@localhost && git add --all --force && git commit --quiet --message base && git tag backstory-base

    COPY requirements.txt /opt/backstory/requirements.txt
    RUN uv venv --quiet --python "$(command -v python)" /env && uv pip install --quiet --python /env/bin/python --no-deps --requirement /opt/backstory/requirements.txt
    RUN env VERSION=1.0 uv pip install -e /testbed
    RUN mkdir -p /workspace && ln -s /testbed /workspace/tidy
    ENV PATH=/env/bin:$PATH
    "#);
    assert_eq!(text(&task, "environment/requirements.txt"), "pytest==8.4.0\npluggy==1.6.0\n");
}

#[test]
fn a_harbor_task_describes_itself() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), vec![story(8, &[EMPTY])]).unwrap();
    insta::assert_snapshot!(text(folder.path(), "harbor/tasks/harbor__tidy-8/task.toml"), @r#"
    schema_version = "1.4"

    [task]
    name = "backstory/harbor__tidy-8"
    keywords = ["python", "repository"]

    [metadata]
    instance_id = "harbor__tidy-8"
    repo = "harbor/tidy"
    base_commit = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
    created_at = "2023-11-14T22:13:20Z"
    license = "MIT"
    FAIL_TO_PASS = ["tests/test_flags.py::test_empty"]
    PASS_TO_PASS = ["tests/test_flags.py::test_two[a b]"]
    test_ids_dropped = 0
    tier = "executed"
    containment = "cgroup"
    environment = ""
    image_verified = false
    oracle = { "judged" = 4, "rejected" = 4, "unresolved" = 0, "weak" = false }

    [verifier]
    environment_mode = "separate"
    network_mode = "no-network"
    timeout_sec = 300

    [[verifier.collect]]
    command = "mkdir -p /logs/artifacts && cd /testbed && git add --all --intent-to-add . && git diff --binary backstory-base > /logs/artifacts/model.patch"

    [environment]
    network_mode = "no-network"
    workdir = "/testbed"
    build_timeout_sec = 1800
    memory_mb = 2048
    "#);
}

#[test]
fn work_that_is_begun_knows_nothing_of_the_end() {
    let folder = tempfile::tempdir().unwrap();
    write(folder.path(), vec![story(8, &[EMPTY])]).unwrap();
    let context = text(folder.path(), "harbor/continue/harbor__tidy-8/trajectory.json");
    let document: Value = serde_json::from_str(&context).unwrap();
    let phases: Vec<&Value> = document["steps"]
        .as_array()
        .unwrap()
        .iter()
        .map(|s| &s["extra"]["backstory"]["phase"])
        .collect();
    assert_eq!(phases, ["requirements", "localization", "localization"]);
    let (story, _) = story(8, &[EMPTY]);
    let unit = &story.trajectory.unit;
    let future = [unit.head.as_str(), unit.head_tree.as_str(), unit.commit.as_str()];
    let patches = [story.trajectory.gold_patch.as_str(), story.trajectory.test_patch.as_str()];
    assert!(future.into_iter().chain(patches).all(|id| !context.contains(id)));
    assert!(!context.contains("if part"));
}

#[test]
fn ids_no_log_can_carry_are_dropped_and_counted() {
    let folder = tempfile::tempdir().unwrap();
    let exported =
        write(folder.path(), vec![story(8, &[EMPTY, "a[\n]"]), story(9, &["a[\n]"])]).unwrap();
    assert_eq!((exported.tasks, exported.test_ids_dropped), (1, 1));
    assert_eq!(exported.left_out, BTreeMap::from([("ids_not_writable", 1)]));
    let rows = text(folder.path(), "swe-bench/data/train.jsonl");
    assert_eq!(rows.lines().count(), 1);
}

#[test]
fn what_no_grader_can_judge_is_left_out_with_its_reason() {
    let folder = tempfile::tempdir().unwrap();
    let not_executed = (Story::from(numbered(1).0), numbered(1).1);
    let (mut rust, stored) = story(2, &[EMPTY]);
    rust.execution.as_mut().unwrap().recipe.as_mut().unwrap().runner = TestRunner::Nextest;
    let (mut picture, mut with_picture) = story(3, &[EMPTY]);
    let binary = put(
        &mut with_picture,
        "diff --git a/x.png b/x.png\nBinary files a/x.png and b/x.png differ\n",
    );
    picture.execution.as_mut().unwrap().instance.as_mut().unwrap().patch = binary;
    let exported =
        write(folder.path(), vec![not_executed, (rust, stored), (picture, with_picture)]).unwrap();
    assert_eq!(exported.tasks, 0);
    let expected = BTreeMap::from([("binary_in_patch", 1), ("no_instance", 1), ("runner", 1)]);
    assert_eq!(exported.left_out, expected);
    let receipt: Value = serde_json::from_str(&text(folder.path(), "export.json")).unwrap();
    assert_eq!(receipt["left_out"], json!(expected));
}

#[test]
fn scripts_without_a_reporter_are_refused() {
    let folder = tempfile::tempdir().unwrap();
    let (story, stored) = story(8, &[EMPTY]);
    let options =
        ExportOptions { formats: [ExportFormat::SweBench].into(), ..ExportOptions::default() };
    let stories = [Ok::<_, ExportError>(story)];
    let refused = export(stories, &stored, folder.path(), &ExportContext::default(), &options);
    assert!(matches!(refused, Err(ExportError::NoReporter { format: ExportFormat::SweBench })));
}

#[test]
fn the_table_of_instances_knows_which_were_executed() {
    let folder = tempfile::tempdir().unwrap();
    let (executed, mut stored) = story(8, &[EMPTY]);
    let (not_executed, bodies) = numbered(9);
    stored.extend(bodies);
    let stories = [Ok::<_, ExportError>(executed), Ok(Story::from(not_executed))];
    let options =
        ExportOptions { formats: [ExportFormat::Parquet].into(), ..ExportOptions::default() };
    export(stories, &stored, folder.path(), &ExportContext::default(), &options).unwrap();
    let mut seen = Vec::new();
    let path = folder.path().join("parquet/instances/train-00000-of-00001.parquet");
    read_rows(&path, |row| seen.push((row["executed"].clone(), row["FAIL_TO_PASS"].clone())))
        .unwrap();
    let known = Cell::Text(json!([EMPTY]).to_string());
    let expected =
        [(Cell::Boolean(true), known), (Cell::Boolean(false), Cell::Text("[]".to_owned()))];
    assert_eq!(seen, expected);
}
