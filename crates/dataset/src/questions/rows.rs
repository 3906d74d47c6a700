//! What does the row of an item look like, for each trainer?
//!
//! In: an item and its split. Out: a row. The item stands in it as JSON *text*, exactly as
//! in the folder of questions, so that no reader on the way changes a number and every
//! column has one type. The shims below `python/backstory` read these rows.

use backstory_table::{Cell, ColumnKind, Record};
use serde_json::{Value, json};

use super::read::ReadItem;
use crate::Split;

/// What verl calls the place of all rows.
const DATA_SOURCE: &str = "backstory/questions";

/// What verl calls what the rows train.
const ABILITY: &str = "code_execution";

/// A message of a prompt.
const MESSAGE: &[(&str, ColumnKind)] = &[("role", ColumnKind::Text), ("content", ColumnKind::Text)];

/// What says whether an answer is right.
const REWARD: &[(&str, ColumnKind)] =
    &[("style", ColumnKind::Text), ("ground_truth", ColumnKind::Text)];

/// What is told of an item beside its prompt.
const TOLD: [(&str, ColumnKind); 9] = [
    ("item_id", ColumnKind::Text),
    ("type", ColumnKind::Text),
    ("program_id", ColumnKind::Text),
    ("family_id", ColumnKind::Text),
    ("python_version", ColumnKind::Text),
    ("source", ColumnKind::Text),
    ("license", ColumnKind::Text),
    ("questions", ColumnKind::Integer),
    // Trainers leave out prompts that are too long, and only some of them say so.
    ("prompt_bytes", ColumnKind::Integer),
];

/// The same with the place of the row.
const EXTRA: &[(&str, ColumnKind)] = &[
    ("index", ColumnKind::Integer),
    ("split", ColumnKind::Text),
    TOLD[0],
    TOLD[1],
    TOLD[2],
    TOLD[3],
    TOLD[4],
    TOLD[5],
    TOLD[6],
    TOLD[7],
    TOLD[8],
];

/// The columns of rows for verl.
pub(super) const VERL: [(&str, ColumnKind); 5] = [
    ("data_source", ColumnKind::Text),
    ("prompt", ColumnKind::RecordList(MESSAGE)),
    ("ability", ColumnKind::Text),
    ("reward_model", ColumnKind::Record(REWARD)),
    ("extra_info", ColumnKind::Record(EXTRA)),
];

/// Returns the columns of rows for TRL.
pub(super) fn trl_columns() -> Vec<(&'static str, ColumnKind)> {
    let own = [("prompt", ColumnKind::RecordList(MESSAGE)), ("item", ColumnKind::Text)];
    own.into_iter().chain(TOLD).collect()
}

/// Returns a row for verl; `index` is its place in the split.
pub(super) fn verl(read: &ReadItem, split: Split, index: u64) -> Vec<Cell> {
    let mut extra = told(read);
    extra.insert("index".to_owned(), Cell::integer(i64::try_from(index).ok()));
    extra.insert("split".to_owned(), text(split.as_str()));
    vec![
        text(DATA_SOURCE),
        prompt(read),
        text(ABILITY),
        record([("style", text("rule")), ("ground_truth", text(&read.text))]),
        Cell::Record(extra),
    ]
}

/// Returns a row for TRL, as a table has it.
pub(super) fn trl(read: &ReadItem) -> Vec<Cell> {
    [prompt(read), text(&read.text)].into_iter().chain(told_cells(read)).collect()
}

/// Returns a row for TRL, as a line has it.
pub(super) fn trl_line(read: &ReadItem) -> Value {
    let mut row = json!({"prompt": messages(read), "item": read.text});
    extend(&mut row, told_line(read));
    row
}

/// Returns a row for NeMo-Gym: the request of a model, and what its server asks for.
pub(super) fn nemo_gym(read: &ReadItem) -> Value {
    let mut row = json!({"uuid": read.item.item_id,
        "responses_create_params": {"input": messages(read)}, "item": read.text});
    extend(&mut row, told_line(read));
    row
}

/// Returns the columns of rows for supervised training.
pub(super) fn sft_columns() -> Vec<(&'static str, ColumnKind)> {
    let own = [
        ("messages", ColumnKind::RecordList(MESSAGE)),
        ("rationale", ColumnKind::Text),
        ("item", ColumnKind::Text),
    ];
    own.into_iter().chain(TOLD).collect()
}

/// How texts that lead to an answer come about: by a rule, from the trace.
const RATIONALE: &str = "derived";

/// Returns a row for supervised training, as a table has it.
pub(super) fn sft(read: &ReadItem, answer: &str) -> Vec<Cell> {
    let message = |role, content| fields([("role", text(role)), ("content", text(content))]);
    let messages = vec![message("user", &read.item.prompt), message("assistant", answer)];
    let own = [Cell::RecordList(messages), text(RATIONALE), text(&read.text)];
    own.into_iter().chain(told_cells(read)).collect()
}

/// Returns the same as a line has it, with what is trained on.
pub(super) fn sft_line(read: &ReadItem, answer: &str) -> Value {
    let mut row = json!({"id": read.item.item_id, "messages": [
        {"role": "user", "content": read.item.prompt, "train": false},
        {"role": "assistant", "content": answer, "train": true}],
        "tools": [], "rationale": RATIONALE, "item": read.text});
    extend(&mut row, told_line(read));
    row
}

/// Returns the row of a trace.
pub(super) fn cwm(read: &ReadItem, trace_ref: &str, trace: &str) -> Value {
    let item = &read.item;
    json!({"id": trace_ref, "text": trace, "program_id": item.program_id,
        "family_id": item.family_id, "python_version": item.python_version,
        "source": item.source, "license": item.license})
}

fn extend(row: &mut Value, more: Value) {
    if let (Value::Object(row), Value::Object(more)) = (row, more) {
        row.extend(more);
    }
}

fn messages(read: &ReadItem) -> Value {
    json!([{"role": "user", "content": read.item.prompt}])
}

fn told_line(read: &ReadItem) -> Value {
    let item = &read.item;
    json!({"item_id": item.item_id, "type": item.item_type, "program_id": item.program_id,
        "family_id": item.family_id, "python_version": item.python_version,
        "source": item.source, "license": item.license, "questions": item.questions.len(),
        "prompt_bytes": item.prompt.len()})
}

fn told(read: &ReadItem) -> Record {
    TOLD.iter().map(|(name, _)| (*name).to_owned()).zip(told_cells(read)).collect()
}

fn told_cells(read: &ReadItem) -> [Cell; 9] {
    let item = &read.item;
    let count = |number: usize| Cell::integer(i64::try_from(number).ok());
    [
        text(&item.item_id),
        text(item.item_type.as_str()),
        text(&item.program_id),
        text(&item.family_id),
        text(&item.python_version),
        text(&item.source),
        Cell::text(item.license.as_deref()),
        count(item.questions.len()),
        count(item.prompt.len()),
    ]
}

fn prompt(read: &ReadItem) -> Cell {
    let message = [("role", text("user")), ("content", text(&read.item.prompt))];
    Cell::RecordList(vec![fields(message)])
}

fn record<const N: usize>(values: [(&str, Cell); N]) -> Cell {
    Cell::Record(fields(values))
}

fn fields<const N: usize>(values: [(&str, Cell); N]) -> Record {
    values.into_iter().map(|(name, cell)| (name.to_owned(), cell)).collect()
}

fn text(text: &str) -> Cell {
    Cell::Text(text.to_owned())
}
