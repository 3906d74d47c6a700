//! What do the commands below `records` say and do?

use backstory_records::{LogName, RecordFolder};
use backstory_testkit::{Layout, RepoBuilder, TestContext};
use serde_json::json;

use crate::sample::{NONE, context};

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

/// Builds a run whose units are linked to issues 1 to 9, and returns its commits. The
/// first commit of a test history is made at 2024-01-01 09:00 UTC, each later one an
/// hour on.
fn linked_run(context: &TestContext) -> Vec<String> {
    let mut repo = RepoBuilder::new("acme/toy");
    repo.commit("Start", [("a.py", "a = 0\n")]);
    let mut commits: Vec<String> = (1..9)
        .map(|number| {
            let (message, code) = (format!("Work\n\nFixes #{number}"), format!("a = {number}\n"));
            repo.commit(message.as_str(), [("a.py", code.as_str())]).to_string()
        })
        .collect();
    commits.push(repo.commit("Nothing\n\nFixes #9", NONE).to_string());
    repo.write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    let built = context.backstory(["build", "acme+toy", "-o", "run"]).run();
    assert_eq!(built.exit_code, Some(0), "{built}");
    commits
}

/// Writes lines as a record file of `acme/toy`.
fn write_records(context: &TestContext, lines: &[serde_json::Value]) {
    let header =
        json!({"kind": "header", "format": "backstory-records", "version": 1, "repo": "acme/toy"});
    let mut text = String::new();
    for line in std::iter::once(&header).chain(lines) {
        text += &line.to_string();
        text.push('\n');
    }
    context.write("records/a.ndjson", text);
}

/// The issues of that run, each with another reason.
fn issues() -> Vec<serde_json::Value> {
    let (early, late) = ("2023-12-01T00:00:00Z", "2024-02-01T00:00:00Z");
    vec![
        json!({"kind": "issue", "id": "issue:1", "number": 1, "title": "Crash",
            "created_at": early, "observed_at": early}),
        json!({"kind": "issue", "id": "issue:2", "number": 2, "title": "Crash",
            "created_at": late}),
        json!({"kind": "issue", "id": "issue:3", "number": 3, "title": "Crash",
            "created_at": early, "updated_at": late}),
        json!({"kind": "event", "id": "event:5", "on": "issue:5", "event": "transferred"}),
        json!({"kind": "event", "id": "event:6", "on": "issue:6", "event": "deleted"}),
        json!({"kind": "issue", "id": "issue:7", "number": 7, "title": "Crash",
            "created_at": early}),
        json!({"kind": "issue", "id": "issue:8", "number": 8, "title": "Crash"}),
        json!({"kind": "issue", "id": "issue:9", "number": 9, "title": "Crash",
            "created_at": early, "observed_at": early}),
    ]
}

#[test]
fn a_check_says_why_a_unit_has_no_usable_text_of_an_issue() {
    let context = context();
    linked_run(&context);
    write_records(&context, &issues());
    let arguments = ["records", "check", "records", "--run", "run"];
    let said = context.backstory(arguments).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    insta::assert_snapshot!(said);
    let said = context.backstory(arguments.into_iter().chain(["--format", "json"])).run();
    let told: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let coverage = &told["coverage"]["acme/toy"];
    assert_eq!(coverage["with_text"], 1);
    let units = coverage["units"].as_u64().unwrap();
    let without = coverage["without_text"].as_array().unwrap();
    assert_eq!(units, 1 + without.len() as u64, "every unit has a text or a reason");
}

#[test]
fn a_build_uses_the_texts_that_a_check_calls_usable() {
    let context = context();
    linked_run(&context);
    write_records(&context, &issues());
    context.backstory(["build", "acme+toy", "--records", "records", "-o", "run"]).run();
    let arguments = ["records", "check", "records", "--run", "run", "--format", "json"];
    let said = context.backstory(arguments).run();
    let told: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let without = told["coverage"]["acme/toy"]["without_text"].as_array().unwrap();
    let why = |unit: &str| {
        let found = without.iter().find(|told| told["unit"] == unit)?;
        Some(found["why"].as_str().unwrap().to_owned())
    };
    let run = backstory_store::RunDirectory::read_only(&context.path("run")).unwrap();
    for unit in run.dispositions().unwrap().map(Result::unwrap) {
        let Ok(trajectory) = run.trajectory(&unit) else { continue };
        let requirement = trajectory.requirement;
        let is_issue = requirement.source == backstory_model::RequirementSource::Issue;
        let known = requirement.as_it_stood != backstory_model::AsItStood::Unknown;
        let why = why(unit.work.unit.as_str());
        assert_eq!(why.is_none(), is_issue && known, "{why:?}");
        let edited = why.is_some_and(|why| why.contains("edited later"));
        assert_eq!(edited, is_issue && !known);
    }
}

#[test]
fn a_check_says_why_a_job_has_no_usable_log() {
    let context = context();
    let commit = linked_run(&context).swap_remove(0);
    let folder = RecordFolder::open(&context.path("records")).unwrap();
    let store = |text: &str| folder.store_log(&mut text.as_bytes(), &LogName::default());
    let logs = ["good", "gone", "bad"].map(|text| store(text).unwrap());
    let place = |at: usize| {
        let digest = logs[at].sha256.as_str();
        context.path("records").join("logs").join(&digest[..2]).join(format!("{digest}.zst"))
    };
    backstory_store::fs::remove_file(&place(1)).unwrap();
    backstory_store::fs::write_file(&place(2), b"damage").unwrap();
    let ended = "2024-01-01T12:00:00Z";
    let job = |number: u32, more: serde_json::Value| {
        let mut job = json!({"kind": "ci_job", "id": format!("job:{number}"), "run": "run:1",
            "name": format!("test {number}"), "conclusion": "failure"});
        job.as_object_mut().unwrap().extend(more.as_object().unwrap().clone());
        job
    };
    let mut lines = vec![
        json!({"kind": "ci_run", "id": "run:1", "commit": commit}),
        job(1, json!({"log": logs[0].id})),
        job(2, json!({"finished_at": ended, "observed_at": "2024-06-01T00:00:00Z"})),
        job(3, json!({"finished_at": ended, "observed_at": "2024-01-02T00:00:00Z"})),
        job(4, json!({})),
        job(5, json!({"log": "log:nowhere"})),
        job(6, json!({"log": logs[1].id})),
        job(7, json!({"log": logs[2].id})),
        job(8, json!({"conclusion": "skipped"})),
    ];
    lines.extend(logs.clone().map(|log| json!(backstory_model::Record::LogRef(log))));
    write_records(&context, &lines);
    let arguments = ["records", "check", "records", "--run", "run", "--format", "json"];
    let said = context.backstory(arguments).run();
    assert_eq!(said.exit_code, Some(1), "a log is damaged: {said}");
    let told: serde_json::Value = serde_json::from_str(&said.stdout).unwrap();
    let coverage = &told["coverage"]["acme/toy"];
    insta::assert_snapshot!(serde_json::to_string_pretty(&coverage["without_log"]).unwrap());
    assert_eq!((&coverage["with_ci_run"], &coverage["with_log"]), (&1.into(), &1.into()));
    let table = context.backstory(&arguments[..5]).run();
    assert!(table.stdout.contains("  jobs without a usable log: 6\n"), "{table}");
}
