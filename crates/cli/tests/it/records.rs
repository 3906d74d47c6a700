//! What do the commands below `records` say and do?

use crate::sample::context;

const DUMP: &str = concat!(
    r#"{"kind":"header","format":"backstory-records","version":1,"repo":"acme/toy"}"#,
    "\n",
    r#"{"kind":"issue","id":"issue:2","number":2,"title":"Later"}"#,
    "\n",
    r#"{"kind":"issue","id":"issue:1","number":1,"title":"Crash"}"#,
    "\n",
    r#"{"kind":"issue","id":"issue:1","title":"Crash","number":1}"#,
    "\n",
);

#[test]
fn an_import_says_what_every_file_was_and_an_export_gives_each_record_once() {
    let context = context();
    context.write("dump/a.ndjson", DUMP);
    context.write("dump/notes.txt", "dear diary");
    let said = context.backstory(["records", "import", "dump", "-o", "records"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    let words = |line: &str| line.split_whitespace().collect::<Vec<_>>().join(" ");
    let lines: Vec<String> = said.stdout.lines().map(words).collect();
    assert_eq!(
        lines,
        [
            "file taken for records broken",
            "a.ndjson backstory records 3 issue",
            "notes.txt (not known) none",
        ]
    );
    let arguments = ["records", "export", "records", "-o", "all.ndjson"];
    let said = context.backstory(arguments).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    let text = context.read("all.ndjson");
    assert_eq!(
        text.lines().skip(1).collect::<Vec<_>>(),
        [
            r#"{"kind":"issue","id":"issue:1","number":1,"title":"Crash"}"#,
            r#"{"kind":"issue","id":"issue:2","number":2,"title":"Later"}"#,
        ]
    );
}

#[test]
fn broken_items_are_told_one_by_one_and_end_with_code_1() {
    let context = context();
    context.write("a.ndjson", format!("{DUMP}{{\"kind\":\"issue\"\n\u{1b}]0;owned\u{7}\n"));
    let said = context.backstory(["records", "import", "a.ndjson", "-o", "records"]).run();
    assert_eq!(said.exit_code, Some(1), "{said}");
    assert!(said.stderr.contains("broken: `a.ndjson`, line 5: "), "{said}");
    assert!(said.stderr.contains("broken: `a.ndjson`, line 6: "), "{said}");
}

#[test]
fn foreign_names_cannot_steer_the_terminal() {
    let context = context();
    context.write("dump/a\u{1b}[2J\n\u{202e}b.txt", "text");
    for format in ["table", "json"] {
        let arguments = ["records", "import", "dump", "-o", "records", "--format", format];
        let said = context.backstory(arguments).run();
        assert_eq!(said.exit_code, Some(0), "{said}");
        assert!(!said.stdout.contains(['\u{1b}', '\u{202e}']), "{said}");
        assert!(!said.stdout.contains("[2J\n"), "{said}");
    }
}

#[test]
fn wrong_usage_is_said_before_anything_is_written() {
    let context = context();
    context.write("a.ndjson", DUMP);
    let cases: [&[&str]; 4] = [
        &["nowhere"],
        &["a.ndjson", "--repo", "toy"],
        &["a.ndjson", "--observed-at", "yesterday"],
        &["a.ndjson", "--commit", "HEAD"],
    ];
    for case in cases {
        let arguments = [&["records", "import", "-o", "records"][..], case].concat();
        let said = context.backstory(arguments).run();
        assert_eq!(said.exit_code, Some(2), "{said}");
        assert!(said.stderr.starts_with("error: "), "{said}");
    }
    assert!(!context.path("records").exists());
}
