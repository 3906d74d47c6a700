//! What does a row of such a data set say?
//!
//! In: one JSON object. Out: the parts that the checks read, under the names of
//! SWE-bench or of our own tables.

use serde_json::{Map, Value};

/// The parts of a row that the checks read; what it lacks is `None`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct LabelRow {
    /// The id of the instance.
    pub instance_id: String,
    /// The part of the data set it belongs to.
    pub set: Option<String>,
    /// The repository, `OWNER/NAME`.
    pub repo: Option<String>,
    /// The number of the pull request with the fix.
    pub pull: Option<u64>,
    /// The last commit of the fix.
    pub fix_commit: Option<String>,
    /// What is asked for.
    pub statement: Option<String>,
    /// What was said before the fix, besides the statement.
    pub hints: Option<String>,
    /// The source side of the fix, as a unified diff.
    pub patch: Option<String>,
    /// The paths the source side of the fix touches.
    pub gold_files: Option<Vec<String>>,
    /// The tests that must fail before and pass after.
    pub fail_to_pass: Option<Vec<String>>,
    /// The tests that must go on passing.
    pub pass_to_pass: Option<Vec<String>>,
}

/// Says why a value is no row.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum RowError {
    /// It is something else than an object.
    #[error("a row is an object with named values")]
    NoObject,
    /// It has no id.
    #[error("a row needs an `instance_id` that is a text")]
    NoId,
    /// A list of tests is none.
    #[error("`{column}` is no list of texts")]
    NoList {
        /// The column.
        column: &'static str,
    },
}

/// The columns that are read; every other one is left alone.
pub(super) const COLUMNS: [&str; 19] = [
    "instance_id",
    "source_set",
    "split",
    "repo",
    "pr_number",
    "pull_number",
    "pr_head",
    "problem_statement",
    "hints_text",
    "patch",
    "gold_files",
    "gold_new_files",
    "other_files",
    "FAIL_TO_PASS",
    "fail_to_pass",
    "PASS_TO_PASS",
    "pass_to_pass",
    "F2P",
    "P2P",
];

/// Reads one row.
pub fn parse_row(value: &Value) -> Result<LabelRow, RowError> {
    let Value::Object(cells) = value else { return Err(RowError::NoObject) };
    let text = |name: &str| cells.get(name).and_then(Value::as_str).map(str::to_owned);
    let number = |name: &str| match cells.get(name) {
        Some(Value::String(digits)) => digits.parse().ok(),
        Some(value) => value.as_u64(),
        None => None,
    };
    let instance_id = text("instance_id").ok_or(RowError::NoId)?;
    let pull = number("pr_number").or_else(|| number("pull_number"));
    let named = instance_id.rsplit_once('-').and_then(|(_, digits)| digits.parse().ok());
    let patch = text("patch");
    Ok(LabelRow {
        set: text("source_set").or_else(|| text("split")),
        repo: text("repo"),
        pull: pull.or(named),
        fix_commit: text("pr_head"),
        statement: text("problem_statement"),
        hints: text("hints_text"),
        gold_files: gold_files(cells)?,
        fail_to_pass: tests(cells, ["FAIL_TO_PASS", "fail_to_pass", "F2P"])?,
        pass_to_pass: tests(cells, ["PASS_TO_PASS", "pass_to_pass", "P2P"])?,
        instance_id,
        patch,
    })
}

/// Returns the paths the row lists, where it lists any.
fn gold_files(cells: &Map<String, Value>) -> Result<Option<Vec<String>>, RowError> {
    let mut files = None;
    for column in ["gold_files", "gold_new_files", "other_files"] {
        if let Some(more) = list(cells, column)? {
            files.get_or_insert_with(Vec::new).extend(more);
        }
    }
    Ok(files)
}

fn tests(
    cells: &Map<String, Value>,
    columns: [&'static str; 3],
) -> Result<Option<Vec<String>>, RowError> {
    for column in columns {
        if let Some(tests) = list(cells, column)? {
            return Ok(Some(tests));
        }
    }
    Ok(None)
}

/// Reads a list, or a text that holds one as JSON or as Python writes it.
fn list(cells: &Map<String, Value>, column: &'static str) -> Result<Option<Vec<String>>, RowError> {
    let wrong = RowError::NoList { column };
    match cells.get(column) {
        None | Some(Value::Null) => Ok(None),
        Some(Value::Array(items)) => texts(items).map(Some).ok_or(wrong),
        Some(Value::String(text)) => match serde_json::from_str(text) {
            Ok(Value::Array(items)) => texts(&items).map(Some).ok_or(wrong),
            Ok(_) => Err(wrong),
            Err(_) => python_list(text).map(Some).ok_or(wrong),
        },
        Some(_) => Err(wrong),
    }
}

fn texts(items: &[Value]) -> Option<Vec<String>> {
    items.iter().map(|item| item.as_str().map(str::to_owned)).collect()
}

/// Reads `['one', "two"]`.
fn python_list(text: &str) -> Option<Vec<String>> {
    let mut rest = text.trim().strip_prefix('[')?.strip_suffix(']')?.trim();
    let mut items = Vec::new();
    while !rest.is_empty() {
        let (item, after) = python_text(rest)?;
        items.push(item);
        rest = match after.trim_start() {
            "" => "",
            more => more.strip_prefix(',')?.trim_start(),
        };
    }
    Some(items)
}

/// Reads one quoted text; returns it and what follows.
fn python_text(text: &str) -> Option<(String, &str)> {
    let quote = text.chars().next().filter(|quote| matches!(quote, '\'' | '"'))?;
    let mut item = String::new();
    let mut chars = text[1..].char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '\\' => item.push(match chars.next()?.1 {
                'n' => '\n',
                't' => '\t',
                'r' => '\r',
                literal @ ('\\' | '\'' | '"') => literal,
                _ => return None,
            }),
            char if char == quote => return Some((item, &text[at + 2..])),
            char => item.push(char),
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;
    use serde_json::json;

    #[test]
    fn lists_come_in_three_spellings() {
        for list in [json!(["a b", "c'd"]), json!(r#"["a b", "c'd"]"#), json!(r#"['a b', "c'd"]"#)]
        {
            let row = parse_row(&json!({"instance_id": "a__b-7", "FAIL_TO_PASS": list})).unwrap();
            assert_eq!(row.fail_to_pass, Some(vec!["a b".to_owned(), "c'd".to_owned()]));
            assert_eq!((row.pull, row.pass_to_pass), (Some(7), None));
        }
    }

    #[test]
    fn what_is_no_list_is_refused_and_not_taken_for_an_empty_one() {
        for wrong in [json!("test_a"), json!("{}"), json!(1), json!([1]), json!("['a'")] {
            let row = parse_row(&json!({"instance_id": "x", "PASS_TO_PASS": wrong}));
            assert_eq!(row, Err(RowError::NoList { column: "PASS_TO_PASS" }));
        }
    }

    proptest! {
        #[test]
        fn a_list_as_python_writes_it_comes_back(
            items in proptest::collection::vec("[a-z '\"\\\\\n\t\u{e4},\\[\\]]{0,6}", 0..4)
        ) {
            let quoted: Vec<String> = items.iter().map(|item| {
                let escaped = item.replace('\\', "\\\\").replace('\'', "\\'");
                format!("'{}'", escaped.replace('\n', "\\n").replace('\t', "\\t"))
            }).collect();
            prop_assert_eq!(python_list(&format!("[{}]", quoted.join(", "))), Some(items));
        }

        #[test]
        fn no_text_stops_the_reader(text in any::<String>()) {
            let _ = python_list(&format!("[{text}]"));
        }
    }
}
