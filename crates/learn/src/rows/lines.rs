//! How do lines of JSON become rows that have a name each?
//!
//! One object a line; empty lines are none. Every other line is a row or is told with
//! its number and why, and no name is taken twice.

use std::collections::BTreeSet;

use serde::de::DeserializeOwned;

/// A line that is no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct BrokenRow {
    /// Which line, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// Reads rows with `row`; `name` is what a row is called by.
///
/// Never fails: every line that is not empty is a row or a [`BrokenRow`], in file order.
pub fn read_lines<Line: DeserializeOwned, Row>(
    bytes: &[u8],
    row: impl Fn(Line) -> Result<Row, String>,
    name: impl Fn(&Row) -> &str,
) -> (Vec<Row>, Vec<BrokenRow>) {
    let (mut rows, mut broken) = (Vec::new(), Vec::new());
    let mut known = BTreeSet::new();
    for (line, bytes) in (1..).zip(bytes.split(|byte| *byte == b'\n')) {
        if bytes.trim_ascii().is_empty() {
            continue;
        }
        match parsed(bytes).and_then(&row) {
            Ok(row) if known.insert(name(&row).to_owned()) => rows.push(row),
            Ok(row) => {
                let reason = format!("`{}` is the name of an earlier line", name(&row));
                broken.push(BrokenRow { line, reason });
            }
            Err(reason) => broken.push(BrokenRow { line, reason }),
        }
    }
    (rows, broken)
}

fn parsed<Line: DeserializeOwned>(bytes: &[u8]) -> Result<Line, String> {
    serde_json::from_slice(bytes).map_err(|error| {
        // The place within the line says nothing: rows are one line each.
        let text = error.to_string();
        text.split(" at line ").next().unwrap_or(&text).to_owned()
    })
}
