//! Which chat rows does a file or folder hold?
//!
//! Reads JSON lines, and Parquet tables with `messages` and `tools`, one row in
//! memory at a time.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use backstory_store::{StoreError, fs};
use backstory_table::{Cell, read_rows};
use serde_json::{Map, Value};

use super::{Finding, Report, with_causes};

/// Checks every row below `path` and returns what was found.
pub(super) fn check_rows(
    path: &Path,
    mut check: impl FnMut(&mut Report, &Map<String, Value>),
) -> Vec<Finding> {
    let mut report = Report::new(path);
    match chat_files(path) {
        Ok(files) if files.is_empty() => {
            report.rejected("", "holds no `.jsonl` file and no table with messages");
        }
        Ok(files) => {
            for file in files {
                report.path.clone_from(&file);
                check_file(&mut report, &file, &mut check);
                report.within.clear();
            }
        }
        Err(error) => report.rejected("", with_causes(&error)),
    }
    report.findings
}

/// Checks every row of one file.
pub(super) fn check_file(
    report: &mut Report,
    file: &Path,
    check: &mut impl FnMut(&mut Report, &Map<String, Value>),
) {
    if file.extension().is_some_and(|extension| extension == "parquet") {
        parquet_rows(report, file, check);
    } else {
        json_rows(report, file, check);
    }
}

/// Returns the files themselves, or those of an export folder.
fn chat_files(path: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if !path.is_dir() {
        return Ok(vec![path.to_owned()]);
    }
    let mut files = Vec::new();
    let folders = [path.to_owned(), path.join("chat"), path.join("trajectories")];
    for folder in folders.iter().filter(|folder| folder.is_dir()) {
        let entries = fs::entries(folder)?.into_iter();
        files.extend(
            entries.filter(|file| file.extension().is_some_and(|e| e == "jsonl" || e == "parquet")),
        );
    }
    Ok(files)
}

fn json_rows(
    report: &mut Report,
    file: &Path,
    check: &mut impl FnMut(&mut Report, &Map<String, Value>),
) {
    let opened = match fs::open(file) {
        Ok(opened) => opened,
        Err(error) => return report.rejected("", with_causes(&error)),
    };
    let mut rows = 0;
    for (index, line) in BufReader::new(opened).split(b'\n').enumerate() {
        report.within = format!("line {}, ", index + 1);
        let line = match line {
            Ok(line) => line,
            Err(error) => return report.rejected("row", with_causes(&error)),
        };
        if line.iter().all(u8::is_ascii_whitespace) {
            continue;
        }
        rows += 1;
        match serde_json::from_slice(&line) {
            Ok(Value::Object(row)) => check(report, &row),
            Ok(_) => report.rejected("row", "is not an object"),
            Err(error) => report.rejected("row", format!("is not JSON: {error}")),
        }
    }
    report.within.clear();
    if rows == 0 {
        report.rejected("", "holds no row");
    }
}

fn parquet_rows(
    report: &mut Report,
    file: &Path,
    check: &mut impl FnMut(&mut Report, &Map<String, Value>),
) {
    let mut number = 0;
    let read = read_rows(file, |row| {
        number += 1;
        report.within = format!("row {number}, ");
        match decode(row) {
            Ok(row) => check(report, &row),
            Err(error) => report.rejected("row", format!("holds a cell that is not JSON: {error}")),
        }
    });
    report.within.clear();
    if let Err(error) = read {
        report.rejected("", with_causes(&error));
    }
}

/// Returns a row of a table as JSON.
fn decode(row: BTreeMap<String, Cell>) -> Result<Map<String, Value>, serde_json::Error> {
    let mut object = Map::new();
    for (name, cell) in row {
        let value = match cell {
            Cell::Missing => Value::Null,
            Cell::Text(text) => text.into(),
            Cell::Integer(value) => value.into(),
            Cell::Boolean(value) => value.into(),
            Cell::Json(text) => serde_json::from_str(&text)?,
            Cell::JsonList(items) => Value::Array(
                items.iter().map(|item| serde_json::from_str(item)).collect::<Result<_, _>>()?,
            ),
            Cell::TextList(items) => items.into(),
            Cell::Record(record) => Value::Object(decode(record)?),
            Cell::RecordList(records) => {
                let all = records.into_iter().map(decode);
                Value::Array(all.map(|one| one.map(Value::Object)).collect::<Result<_, _>>()?)
            }
        };
        object.insert(name, value);
    }
    Ok(object)
}

/// Returns the messages of a row, each with its place, or reports why there are none.
pub(super) fn messages<'r>(
    report: &mut Report,
    row: &'r Map<String, Value>,
) -> Vec<(String, &'r Map<String, Value>)> {
    let Some(list) = row.get("messages").and_then(Value::as_array) else {
        report.rejected("messages", "is not a list");
        return Vec::new();
    };
    let mut messages = Vec::new();
    for (index, message) in list.iter().enumerate() {
        let place = format!("messages[{index}]");
        match message.as_object() {
            Some(message) => messages.push((place, message)),
            None => report.rejected(&place, "is not an object"),
        }
    }
    messages
}

/// Returns the calls of a message, each with its place; a null reads as none.
pub(super) fn calls<'m>(
    report: &mut Report,
    place: &str,
    message: &'m Map<String, Value>,
) -> Vec<(String, &'m Map<String, Value>)> {
    let list = match message.get("tool_calls") {
        None | Some(Value::Null) => return Vec::new(),
        Some(Value::Array(list)) => list,
        Some(_) => {
            report.rejected(&format!("{place}.tool_calls"), "is not a list");
            return Vec::new();
        }
    };
    let mut functions = Vec::new();
    for (index, call) in list.iter().enumerate() {
        let place = format!("{place}.tool_calls[{index}]");
        match call.get("function").and_then(Value::as_object) {
            Some(function) => functions.push((place, function)),
            None => report.rejected(&place, "has no `function` object"),
        }
    }
    functions
}
