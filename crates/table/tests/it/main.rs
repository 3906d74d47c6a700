//! Do tables come back as they were written, and are the files the same every time?

use std::collections::BTreeMap;

use backstory_table::{
    Cell, ColumnKind, ColumnWriter, Record, Schema, TableError, TableWriter, Values, WriteOptions,
    column_types, read_columns, read_rows, read_texts, write_table,
};

fn schema() -> Schema {
    Schema::new([
        ("name", ColumnKind::Text),
        ("count", ColumnKind::Integer),
        ("kept", ColumnKind::Boolean),
        ("arguments", ColumnKind::Json),
        ("messages", ColumnKind::JsonList),
        ("flags", ColumnKind::TextList),
    ])
}

fn row(number: i64) -> Vec<Cell> {
    vec![
        Cell::Text(format!("naïve {number}")),
        Cell::Integer(number),
        Cell::Boolean(number % 2 == 0),
        Cell::Json(format!(r#"{{"n":{number}}}"#)),
        Cell::JsonList(vec![r#"{"role":"user"}"#.to_owned(), "[1]".to_owned()]),
        Cell::TextList(vec!["a".to_owned(), String::new()]),
    ]
}

const MESSAGE: &[(&str, ColumnKind)] = &[("role", ColumnKind::Text), ("content", ColumnKind::Text)];
const GIVEN: &[(&str, ColumnKind)] = &[
    ("index", ColumnKind::Integer),
    ("license", ColumnKind::Text),
    ("last", ColumnKind::Record(MESSAGE)),
];

fn message(content: &str) -> Record {
    [("role", "user"), ("content", content)]
        .map(|(name, text)| (name.to_owned(), Cell::Text(text.to_owned())))
        .into()
}

#[test]
fn records_come_back_and_none_is_padded() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let schema = || {
        Schema::new([
            ("prompt", ColumnKind::RecordList(MESSAGE)),
            ("extra", ColumnKind::Record(GIVEN)),
        ])
    };
    let extra: Record = [
        ("index".to_owned(), Cell::Integer(3)),
        ("license".to_owned(), Cell::Missing),
        ("last".to_owned(), Cell::Record(message("c"))),
    ]
    .into();
    let rows = [
        vec![Cell::RecordList(vec![message("a"), message("b")]), Cell::Missing],
        vec![Cell::RecordList(Vec::new()), Cell::Record(extra.clone())],
        vec![Cell::Missing, Cell::Record(extra)],
    ];
    write_table(&path, schema(), rows.clone()).unwrap();
    let mut read = Vec::new();
    read_rows(&path, |row| read.push(row)).unwrap();
    let names = ["prompt".to_owned(), "extra".to_owned()];
    let wanted: Vec<BTreeMap<String, Cell>> =
        rows.map(|row| names.iter().cloned().zip(row).collect()).into();
    assert_eq!(read, wanted);

    let mut short = message("a");
    short.remove("role");
    let wrong = write_table(&path, schema(), [vec![Cell::RecordList(vec![short]), Cell::Missing]]);
    assert_eq!(
        wrong.unwrap_err().to_string(),
        "column `prompt` holds lists of records, not a list of other records"
    );
}

fn names() -> Vec<String> {
    schema().columns().iter().map(|column| column.name.clone()).collect()
}

#[test]
fn rows_come_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let missing = vec![Cell::Missing; 6];
    let written = write_table(&path, schema(), [row(1), missing.clone(), row(2)]).unwrap();
    assert_eq!(written, 3);
    let mut rows = Vec::new();
    read_rows(&path, |row| rows.push(row)).unwrap();
    let wanted: Vec<BTreeMap<String, Cell>> =
        [row(1), missing, row(2)].map(|row| names().into_iter().zip(row).collect()).into();
    assert_eq!(rows, wanted);
}

#[test]
fn json_columns_carry_the_logical_type_and_text_columns_do_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    write_table(&path, schema(), [row(1)]).unwrap();
    let types = column_types(&path).unwrap();
    assert_eq!(types["arguments"], "Some(Json)");
    assert_eq!(types["messages.list.item"], "Some(Json)");
    assert_eq!(types["name"], "Some(String)");
    assert_eq!(types["flags.list.item"], "Some(String)");
}

#[test]
fn the_same_rows_give_the_same_bytes() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str| {
        let path = folder.path().join(name);
        write_table(&path, schema(), (0..2_500).map(row)).unwrap();
        path
    };
    #[expect(clippy::disallowed_methods, reason = "the crate has no reader of plain bytes")]
    let read = |path| std::fs::read(path).unwrap();
    assert_eq!(read(write("a.parquet")), read(write("b.parquet")));
}

#[test]
fn a_cell_of_another_kind_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let schema = Schema::new([("count", ColumnKind::Integer)]);
    let refused = write_table(&path, schema.clone(), [vec![Cell::Text("3".to_owned())]]);
    assert_eq!(refused.unwrap_err().to_string(), "column `count` holds integers, not text");
    let short = write_table(&path, schema, [vec![]]);
    assert!(matches!(short, Err(TableError::RowLength { found: 0, wanted: 1 })));
}

#[test]
fn an_abandoned_table_leaves_nothing_behind() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let mut writer = TableWriter::create(&path, schema(), WriteOptions::default()).unwrap();
    writer.push(row(1)).unwrap();
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn an_empty_table_is_a_readable_file() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    assert_eq!(write_table(&path, schema(), []).unwrap(), 0);
    let mut rows = 0;
    read_rows(&path, |_| rows += 1).unwrap();
    assert_eq!(rows, 0);
}

/// Written by another tool: Snappy, large texts, a list, a text that is missing,
/// and a column of structures.
const FOREIGN: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/it/foreign.parquet");

#[test]
fn texts_of_another_tool_are_read() {
    let mut rows = Vec::new();
    let names = ["id", "tests", "absent"];
    read_texts(FOREIGN.as_ref(), &names, |row| rows.push(row)).unwrap();
    let row = |id, tests| {
        BTreeMap::from([("id".to_owned(), Cell::text(id)), ("tests".to_owned(), tests)])
    };
    let list = Cell::TextList(vec!["a[1]".to_owned(), String::new()]);
    assert_eq!(rows, [row(Some("naïve"), list), row(None::<&str>, Cell::Missing)]);
}

#[test]
fn a_column_that_holds_no_text_is_refused_by_name() {
    let refused = read_texts(FOREIGN.as_ref(), &["shape"], |_| ());
    assert!(matches!(refused, Err(TableError::ColumnType { column, .. }) if column == "shape"));
    let refused =
        read_texts(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml").as_ref(), &[], |_| ());
    assert!(matches!(refused, Err(TableError::Parquet { .. })));
}

fn columns(from: u8, count: u8) -> Vec<Values> {
    let numbers = from..from + count;
    vec![
        Values::Text(numbers.clone().map(|number| format!("query {}", number / 3)).collect()),
        Values::Integer(numbers.clone().map(i64::from).collect()),
        Values::Real(numbers.clone().map(|number| 1.0 / f32::from(number + 1)).collect()),
        Values::Boolean(numbers.map(|number| number % 2 == 0).collect()),
    ]
}

#[test]
fn columns_come_back_as_they_were_written() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let names = ["query", "group", "size", "gold"].map(str::to_owned).to_vec();
    let mut writer = ColumnWriter::create(&path, names.clone());
    writer.push(&columns(0, 4)).unwrap();
    writer.push(&columns(4, 3)).unwrap();
    assert!(!path.exists(), "it has its name only when it is whole");
    assert_eq!(writer.finish().unwrap(), 7);
    let mut found = Vec::new();
    read_columns(&path, |batch| found.push(batch)).unwrap();
    let wanted: Vec<(String, Values)> = names.into_iter().zip(columns(0, 7)).collect();
    assert_eq!(found, [wanted]);
}

#[test]
fn columns_that_do_not_fit_are_refused_and_leave_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("t.parquet");
    let names = ["query", "group", "size", "gold"].map(str::to_owned).to_vec();
    let mut writer = ColumnWriter::create(&path, names);
    writer.push(&columns(0, 4)).unwrap();
    assert!(matches!(writer.push(&columns(0, 4)[1..]), Err(TableError::RowLength { .. })));
    let mut uneven = columns(0, 4);
    uneven[0] = Values::Text(vec!["alone".to_owned()]);
    assert!(matches!(writer.push(&uneven), Err(TableError::Arrow { .. })));
    drop(writer);
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}
