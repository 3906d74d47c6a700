//! What stands in a row of a SWE-bench dataset?
//!
//! The columns and their order are those of SWE-bench 5, then ours. The lists of
//! tests are JSON texts, as in the published files.

use backstory_table::{Cell, ColumnKind};
use serde_json::{Map, Value};

use super::{EVAL_TYPE, LOG_PARSER, image};
use crate::label;
use crate::task::Task;

use ColumnKind::{Boolean, Integer, Text};

/// The columns, in order.
pub(super) fn columns() -> Vec<(&'static str, ColumnKind)> {
    let texts = [
        "repo",
        "instance_id",
        "base_commit",
        "patch",
        "test_patch",
        "problem_statement",
        "hints_text",
        "created_at",
        "version",
        "FAIL_TO_PASS",
        "PASS_TO_PASS",
        "environment_setup_commit",
        "image",
        "log_parser",
        "eval_type",
        "eval_script",
        "license",
        "requirement_source",
    ];
    let mut columns: Vec<_> = texts.into_iter().map(|name| (name, Text)).collect();
    columns.extend([
        ("image_verified", Boolean),
        ("test_ids_dropped", Integer),
        ("mutants_judged", Integer),
        ("mutants_rejected", Integer),
        ("weak_oracle", Boolean),
    ]);
    columns
}

/// The row as a JSON object, a missing value as null.
pub(super) fn object(task: &Task<'_>) -> Value {
    let names = columns().into_iter().map(|(name, _)| name.to_owned());
    Value::Object(names.zip(values(task)).collect::<Map<_, _>>())
}

/// The row as the cells of a table.
pub(super) fn cells(task: &Task<'_>) -> Vec<Cell> {
    let cell = |value| match value {
        Value::String(text) => Cell::Text(text),
        Value::Bool(truth) => Cell::Boolean(truth),
        Value::Number(number) => Cell::integer(number.as_i64()),
        Value::Null | Value::Array(_) | Value::Object(_) => Cell::Missing,
    };
    values(task).into_iter().map(cell).collect()
}

fn values(task: &Task<'_>) -> Vec<Value> {
    let instance = task.instance;
    let id = instance.instance_id.as_str();
    let oracle = instance.oracle.as_ref();
    let source = task.trajectory.requirement.source;
    vec![
        instance.repo.to_string().into(),
        id.into(),
        instance.base_commit.as_str().into(),
        task.patch.as_str().into(),
        task.test_patch.as_str().into(),
        instance.problem_statement.as_str().into(),
        "".into(),
        task.created_at.as_str().into(),
        task.version.as_str().into(),
        Value::from(task.fail_to_pass.clone()).to_string().into(),
        Value::from(task.pass_to_pass.clone()).to_string().into(),
        instance.base_commit.as_str().into(),
        image(id).into(),
        LOG_PARSER.into(),
        EVAL_TYPE.into(),
        task.eval_script.as_str().into(),
        label::license(task.trajectory).into(),
        label::requirement_source(source).into(),
        false.into(),
        task.ids_dropped.into(),
        oracle.map(|oracle| oracle.judged).into(),
        oracle.map(|oracle| oracle.rejected).into(),
        oracle.map(|oracle| oracle.weak).into(),
    ]
}
