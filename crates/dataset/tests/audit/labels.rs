//! Does the audit of labels see what is wrong with somebody's rows?

use std::path::Path;

use backstory_dataset::label_audit::{
    LabelCheck, LabelError, LabelReport, LabelRow, audit, parse_row, read,
};
use backstory_store::fs;
use backstory_table::{Cell, ColumnKind, Schema, write_table};
use serde_json::{Value, json};

const PATCH: &str = "diff --git a/src/parse.py b/src/parse.py
--- a/src/parse.py
+++ b/src/parse.py
@@ -1,2 +1,3 @@
 def parse(line):
-    return line
+    if not line.strip().endswith(\"x\"):
+        return line
";

/// A row with nothing wrong.
fn good() -> Value {
    json!({
        "instance_id": "acme__toy-7",
        "repo": "acme/toy",
        "problem_statement": "short lines fail, see #71 and github.com/acme/toy/issues/3",
        "hints_text": "",
        "patch": PATCH,
        "FAIL_TO_PASS": "[\"tests/test_a.py::test_x[1]\"]",
        "PASS_TO_PASS": "[\"tests/test_a.py::test_y\"]",
    })
}

fn rows(values: &[Value]) -> Vec<LabelRow> {
    values.iter().map(|value| parse_row(value).expect("the row is one")).collect()
}

/// Lists the checks that found something.
fn found(report: &LabelReport) -> Vec<&'static str> {
    let counts = &report.sets[0].checks;
    counts.iter().filter(|count| count.found > 0).map(|count| count.check.as_str()).collect()
}

#[test]
fn a_good_row_has_no_findings() {
    let report = audit(&rows(&[good()]));
    assert!(report.is_clean(), "{report:#?}");
    assert!(report.sets[0].checks.iter().all(|count| count.checked == 1));
}

#[test]
fn every_check_finds_what_is_planted() {
    let statement = "FAILS in src/parse.py: if not line.strip().endswith(\"x\"): \
                     (github.com/acme/toy/pull/7)";
    let cases: [(&str, Value, &[&str]); 10] = [
        ("PASS_TO_PASS", json!(["t::x[a"]), &["truncated_id"]),
        (
            "FAIL_TO_PASS",
            json!(["t::x[a", "t::x[a b]"]),
            &["truncated_id", "truncated_fail_to_pass", "colliding_id", "space_in_id"],
        ),
        ("PASS_TO_PASS", json!(["t::x", "t::x"]), &["colliding_id"]),
        ("PASS_TO_PASS", json!(["t::x\n"]), &["space_in_id"]),
        ("PASS_TO_PASS", json!(["tests/test_a.py::test_x[1]"]), &["fail_and_pass"]),
        ("FAIL_TO_PASS", json!([]), &["no_fail_to_pass"]),
        ("PASS_TO_PASS", json!([]), &["no_pass_to_pass"]),
        (
            "problem_statement",
            json!(statement),
            &[
                "gold_line_in_statement",
                "gold_path_in_statement",
                "gold_name_in_statement",
                "fix_in_statement",
                "change_link_in_statement",
            ],
        ),
        ("problem_statement", json!("parse.py is wrong"), &["gold_name_in_statement"]),
        (
            "hints_text",
            json!("if not line.strip().endswith(\"x\"): in #7"),
            &["gold_line_in_hints", "fix_in_hints"],
        ),
    ];
    let mut planted: Vec<&str> = vec!["instance_twice"];
    for (column, value, expected) in cases {
        let mut row = good();
        row[column] = value;
        assert_eq!(found(&audit(&rows(&[row]))), expected, "{column}");
        planted.extend(expected);
    }
    assert_eq!(found(&audit(&rows(&[good(), good()]))), ["instance_twice"]);
    let missing = LabelCheck::ALL.iter().filter(|check| !planted.contains(&check.as_str()));
    assert_eq!(missing.collect::<Vec<_>>(), [&LabelCheck::TruncatedId; 0], "no case plants these");
}

#[test]
fn what_a_row_lacks_is_not_checked() {
    let row = json!({
        "instance_id": "x",
        "source_set": "dev",
        "problem_statement": "a",
        "fail_to_pass": ["t"],
        "pass_to_pass": null,
    });
    let report = audit(&rows(&[row]));
    let counts = report.sets[1].checks.iter().filter(|count| count.checked > 0);
    let checked: Vec<&str> = counts.map(|count| count.check.as_str()).collect();
    let expected =
        ["truncated_fail_to_pass", "no_fail_to_pass", "change_link_in_statement", "instance_twice"];
    assert_eq!(checked, expected);
    assert_eq!(report.sets[1].name, "dev");
}

#[test]
fn the_same_rows_are_read_from_every_format() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let values = [good(), json!({"instance_id": "x", "PASS_TO_PASS": ["a b"]})];
    let lines: Vec<String> = values.iter().map(Value::to_string).collect();
    fs::write_file(&at("rows.jsonl"), lines.join("\n").as_bytes()).expect("the disk has room");
    let list = json!(values).to_string();
    fs::write_file(&at("rows.json"), list.as_bytes()).expect("the disk has room");
    write_parquet(&at("rows.parquet"), &values);
    for name in ["rows.jsonl", "rows.json", "rows.parquet"] {
        assert_eq!(read(&at(name)).expect("it is a data set"), rows(&values), "{name}");
    }
    fs::write_file(&at("other"), b"no data set").expect("the disk has room");
    assert!(matches!(read(&at("other")), Err(LabelError::Json { .. })));
    fs::write_file(&at("other"), b"[{\"instance_id\": \"a\"}, {}]").expect("the disk has room");
    assert!(matches!(read(&at("other")), Err(LabelError::Row { number: 2, .. })));
}

fn write_parquet(path: &Path, values: &[Value]) {
    let names = ["instance_id", "repo", "problem_statement", "hints_text", "patch", "FAIL_TO_PASS"];
    let texts = names.map(|name| (name, ColumnKind::Text));
    let schema = Schema::new(
        texts
            .into_iter()
            .chain([("PASS_TO_PASS", ColumnKind::TextList), ("difficulty", ColumnKind::Integer)]),
    );
    let cells = values.iter().map(|row| {
        let mut cells: Vec<Cell> = names.map(|name| Cell::text(row[name].as_str())).to_vec();
        cells.push(Cell::TextList(parse_row(row).expect("a row").pass_to_pass.unwrap_or_default()));
        cells.push(Cell::Integer(1));
        cells
    });
    write_table(path, schema, cells).expect("the disk has room");
}

#[test]
fn the_report_reads_as_a_table() {
    let mut row = good();
    row["FAIL_TO_PASS"] = json!(["t|`::x[a"]);
    row["patch"] = Value::Null;
    let markdown = audit(&rows(&[row])).to_markdown(10);
    insta::assert_snapshot!(markdown);
}
