//! What do the commands below `learn` say and do?

use backstory_testkit::{Layout, RepoBuilder, TestContext};
use serde_json::{Value, json};

use crate::sample::context;

/// Writes a repository `acme/toy` below `repos` and returns its base commit.
fn write_repository(context: &TestContext) -> String {
    let mut repo = RepoBuilder::new("acme/toy");
    let files = [
        ("toy/errors.py", "class ReadError(Exception):\n    pass\n"),
        ("toy/pages.py", "import toy.errors\n\ndef turn_page():\n    return 1\n"),
        ("toy/reader.py", "def read_line():\n    return 'line'\n"),
        ("tests/test_reader.py", "def test_read_line():\n    assert True\n"),
    ];
    let base = repo.commit("add a reader of lines", files);
    repo.commit("fix it", [("toy/reader.py", "def read_line():\n    return ''\n")]);
    repo.write(&context.path("repos/acme+toy/repo"), Layout::Bare);
    base.to_string()
}

fn row(number: u32, repo: &str, base: &str, text: &str, gold: &[&str]) -> Value {
    json!({
        "instance_id": format!("acme__toy-{number}"),
        "repo": repo,
        "base_commit": base,
        "problem_statement": text,
        "gold_files": gold,
        "hints_text": "never read",
    })
}

#[test]
fn features_are_written_for_every_row_that_can_be_ranked_and_others_are_told() {
    let context = context();
    let base = write_repository(&context);
    let unknown = "0123456789abcdef0123456789abcdef01234567";
    let rows = [
        row(1, "acme/toy", &base, "read_line\nreads no line", &["toy/reader.py"]),
        row(2, "acme/toy", &base, "see toy/pages.py", &["toy/pages.py", "toy/errors.py"]),
        row(3, "acme/toy", &base, "a new file", &["toy/new.py"]),
        row(4, "acme/toy", unknown, "an old base", &["toy/reader.py"]),
        row(5, "acme/other", &base, "elsewhere", &["toy/reader.py"]),
    ];
    let lines: Vec<String> = rows.iter().map(Value::to_string).collect();
    context.write("rows.jsonl", format!("{}\nnot a row\n", lines.join("\n")));
    let arguments =
        ["learn", "features", "--rows", "rows.jsonl", "--repos", "repos", "--cache", "cache"];
    let said = context.backstory([&arguments[..], &["-o", "one.parquet"]].concat()).run();
    assert_eq!(said.exit_code, Some(1), "{said}");
    insta::assert_snapshot!(said.stdout);
    let told: Vec<&str> = said.stderr.lines().filter(|line| !line.contains("CPU")).collect();
    insta::assert_snapshot!(told.join("\n"));
    // What was kept of the files gives the same table.
    let again = context.backstory([&arguments[..], &["-o", "two.parquet"]].concat()).run();
    assert_eq!(again.stdout, said.stdout);
    let read = |name: &str| backstory_store::fs::read_file(&context.path(name)).unwrap();
    assert_eq!(read("one.parquet"), read("two.parquet"));
}

#[test]
fn predictions_of_two_tools_are_scored_and_compared() {
    let context = context();
    let base = "0123456789abcdef0123456789abcdef01234567";
    let rows: Vec<String> = (1..=12)
        .map(|number| row(number, "acme/toy", base, "it fails", &["toy/reader.py"]).to_string())
        .collect();
    context.write("rows.jsonl", rows.join("\n"));
    let line = |number: u32, field: &str, paths: &[&str]| {
        json!({"instance_id": format!("acme__toy-{number}"), field: paths}).to_string()
    };
    let good: Vec<String> =
        (1..=12).map(|number| line(number, "ranking", &["toy/reader.py"])).collect();
    let poor: Vec<String> = (1..=11)
        .map(|number| line(number, "found_files", &["toy/errors.py", "toy/reader.py"]))
        .collect();
    context.write("good.jsonl", good.join("\n"));
    context.write("poor.jsonl", format!("{}\nnot a prediction\n", poor.join("\n")));
    let said = context.backstory(["learn", "score", "good.jsonl", "--gold", "rows.jsonl"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    let both = ["learn", "score", "good.jsonl", "poor.jsonl", "--gold", "rows.jsonl"];
    let said = context.backstory(both).run();
    assert_eq!(said.exit_code, Some(1), "{said}");
    insta::assert_snapshot!(said.stdout);
    let said = context.backstory([&both[..], &["--json"]].concat()).run();
    let report: Value = serde_json::from_str(&said.stdout).expect("the report is JSON");
    assert_eq!(report["comparison"]["rows"][0]["comparison"]["verdict"], "better");
    assert_eq!(report["files"][1]["missing"], json!(["acme__toy-12"]));
    assert_eq!(report["files"][1]["broken"][0]["line"], 12);
}

#[test]
fn a_file_without_rows_is_no_gold() {
    let context = context();
    context.write("rows.jsonl", "");
    context.write("good.jsonl", "");
    let said = context.backstory(["learn", "score", "good.jsonl", "--gold", "rows.jsonl"]).run();
    insta::assert_snapshot!(said);
}
