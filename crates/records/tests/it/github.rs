//! Do dumps of GitHub become records, whatever form they have?

use std::io::Read as _;
use std::path::Path;

use backstory_records::{ImportOptions, Imported, RecordFolder, import};
use backstory_table::{Cell, ColumnKind, Schema, TableWriter, WriteOptions};
use proptest::prelude::*;

fn imported(files: &[(&str, &str)]) -> (Imported, String) {
    let temp = tempfile::tempdir().expect("a folder");
    let from = temp.path().join("dump");
    for (name, text) in files {
        let path = from.join(name);
        std::fs::create_dir_all(path.parent().expect("a parent")).expect("a folder");
        let mut file = std::fs::File::create(path).expect("a new file");
        std::io::Write::write_all(&mut file, text.as_bytes()).expect("room on the disk");
    }
    let to = temp.path().join("records");
    let folder = RecordFolder::open(&to).expect("a new folder");
    let told = import(&[from], &folder, &ImportOptions::default()).expect("a readable dump");
    let stored = told.files.iter().map(|file| unpacked(&to.join(&file.name))).collect();
    (told, stored)
}

fn unpacked(path: &Path) -> String {
    let file = std::fs::File::open(path).expect("the record file");
    let mut text = String::new();
    zstd::Decoder::new(file).expect("a decoder").read_to_string(&mut text).expect("a whole file");
    text
}

/// Returns the stored records without what is absent and without the objects they were
/// read from, and what was said about the files.
fn told(files: &[(&str, &str)]) -> String {
    let (imported, stored) = imported(files);
    let mut text = Vec::new();
    for line in stored.lines() {
        let mut record: serde_json::Value = serde_json::from_str(line).expect("a record");
        let fields = record.as_object_mut().expect("an object");
        let raw = fields.remove("raw").is_some();
        let empty = |value: &serde_json::Value| {
            value.is_null()
                || value.as_array().is_some_and(Vec::is_empty)
                || *value == serde_json::json!({})
        };
        fields.retain(|_, value| !empty(value));
        text.push(format!("{}{record}", if raw { "" } else { "(no raw) " }));
    }
    for source in imported.sources {
        let form = source.dialect.unwrap_or("not known");
        text.push(format!("{}: {form} {:?}", source.name, source.other));
        for broken in source.broken {
            text.push(format!("  {}: {}", broken.at, broken.why));
        }
    }
    text.join("\n")
}

const ISSUE: &str = r#"{"number":1,"title":"Crash","body":"It falls.","state":"open","user":{"login":"ada"},"labels":[{"name":"bug"}],"created_at":"2024-05-01T12:00:00+02:00","updated_at":"2024-05-02T00:00:00Z","closed_at":null,"html_url":"https://github.com/acme/toy/issues/1","repository_url":"https://api.github.com/repos/acme/toy","surprise":{"kept":true}}"#;

const LISTED_CHANGE: &str = r#"{"number":2.0,"title":"Fix","body":null,"state":"closed","user":null,"labels":[],"created_at":"2024-05-03T00:00:00Z","html_url":"https://github.com/acme/toy/pull/2","pull_request":{"merged_at":"2024-05-04T00:00:00Z"}}"#;

const CHANGE: &str = r#"{"number":2,"title":"Fix","body":"","state":"open","user":{"login":"bob"},"base":{"sha":"aa"},"head":{"sha":"bb"},"merge_commit_sha":"trial","merged":false,"created_at":"2024-05-03T00:00:00Z","url":"https://api.github.com/repos/acme/toy/pulls/2"}"#;

const LINE_COMMENT: &str = r#"{"id":7,"body":"Why?","user":{"login":"cy"},"path":"a.py","line":null,"original_line":3,"commit_id":"bb","original_commit_id":"b0","in_reply_to_id":6,"diff_hunk":"@@","pull_request_url":"https://api.github.com/repos/acme/toy/pulls/2"}"#;

#[test]
fn objects_of_the_rest_interface_are_told_by_their_fields() {
    let review = r#"{"id":9,"body":"Good","user":{"login":"cy"},"state":"APPROVED","submitted_at":"2024-05-03T01:00:00Z","commit_id":"bb","pull_request_url":"https://api.github.com/repos/acme/toy/pulls/2"}"#;
    let comment = r#"{"id":8,"body":"Me too","user":{"login":"dee"},"issue_url":"https://api.github.com/repos/acme/toy/issues/2","html_url":"https://github.com/acme/toy/pull/2#issuecomment-8","created_at":"2024-05-03T01:00:00Z"}"#;
    let page = format!(
        "[{ISSUE},{LISTED_CHANGE}]\n[{CHANGE}][[{LINE_COMMENT},{review}]]{comment}\n{{\"tag_name\":\"v1\",\"assets\":[]}}"
    );
    insta::assert_snapshot!(told(&[("all.json", &page)]));
}

#[test]
fn an_issue_of_2012_is_no_pull_request() {
    let with = |listed: &str| {
        let issue = ISSUE.replacen('{', &format!(r#"{{"pull_request":{listed},"#), 1);
        told(&[("all.json", &issue)]).contains(r#""kind":"issue""#)
    };
    assert!(with(r#"{"diff_url":null,"html_url":null,"patch_url":null}"#));
    assert!(with("null"));
    assert!(!with(r#"{"html_url":"https://github.com/acme/toy/pull/1","diff_url":null}"#));
    assert!(!with(r#"{"merged_at":null}"#));
    assert!(!with("{}"));
}

#[test]
fn runs_jobs_checks_and_statuses_become_runs_and_jobs() {
    let runs = r#"{"total_count":1,"workflow_runs":[{"id":5,"run_number":3,"run_attempt":2,"head_sha":"bb","head_branch":"main","event":"push","path":".github/workflows/ci.yml","name":"CI","status":"completed","conclusion":"failure","created_at":"2024-05-03T00:00:00Z","run_started_at":"2024-05-03T00:00:01Z","updated_at":"2024-05-03T00:09:00Z","pull_requests":[{"number":2}],"url":"https://api.github.com/repos/acme/toy/actions/runs/5"}]}"#;
    let jobs = r#"{"total_count":1,"jobs":[{"id":6,"run_id":5,"run_attempt":2,"name":"test (3.12)","head_sha":"bb","status":"completed","conclusion":"cancelled","started_at":"2024-05-03T00:00:02Z","completed_at":"2024-05-03T00:08:00Z","steps":[{"name":"Run pytest","number":4,"status":"completed","conclusion":"failure"}],"run_url":"https://api.github.com/repos/acme/toy/actions/runs/5"}]}"#;
    let check = r#"{"total_count":1,"check_runs":[{"id":60,"name":"lint","head_sha":"bb","status":"completed","conclusion":"success","check_suite":{"id":61},"app":{"slug":"lint-bot"},"url":"https://api.github.com/repos/acme/toy/check-runs/60"}]}"#;
    let note = r#"[{"path":"a.py","start_line":3,"end_line":3,"annotation_level":"failure","message":"E501"}]"#;
    let status = r#"{"state":"failure","sha":"bb","total_count":1,"statuses":[{"id":62,"state":"error","context":"travis","target_url":null,"url":"https://api.github.com/repos/acme/toy/statuses/bb","created_at":"2024-05-03T00:00:00Z","updated_at":"2024-05-03T00:01:00Z"}]}"#;
    insta::assert_snapshot!(told(&[
        ("runs.json", runs),
        ("jobs.json", jobs),
        ("checks.json", check),
        ("repos/acme/toy/check-runs/60/annotations.json", note),
        ("annotations.json", note),
        ("status.json", status),
    ]));
}

#[test]
fn timelines_keep_unknown_events_and_say_what_they_belong_to() {
    let timeline = r#"[
      {"event":"renamed","id":10,"actor":{"login":"ada"},"rename":{"from":"Crsh","to":"Crash"},"created_at":"2024-05-01T13:00:00Z","url":"https://api.github.com/repos/acme/toy/issues/events/10"},
      {"event":"cross-referenced","actor":{"login":"bob"},"created_at":"2024-05-02T00:00:00Z","source":{"type":"issue","issue":{"number":2,"repository_url":"https://api.github.com/repos/acme/toy"}}},
      {"event":"cross-referenced","actor":{"login":"eve"},"created_at":"2024-05-02T01:00:00Z","source":{"type":"issue","issue":{"number":3,"repository_url":"https://api.github.com/repos/other/toy"}}},
      {"event":"committed","sha":"bb","committer":{"date":"2024-05-02T02:00:00Z"},"author":{"name":"Ada","date":"1970-01-01T00:00:00Z"}},
      {"event":"commented","id":11,"user":null,"body":"Gone","issue_url":"https://api.github.com/repos/acme/toy/issues/1"},
      {"event":"a_word_of_next_year","id":12,"created_at":"not a time"}]"#;
    let files = [("repos/acme/toy/issues/1/timeline.json", timeline), ("alone.json", timeline)];
    insta::assert_snapshot!(told(&files));
}

#[test]
fn backups_are_read_with_everything_they_keep() {
    let issue = ISSUE.replacen('{', r#"{"comment_data":[{"id":20,"body":"b","user":{"login":"x"}},{"body":"no id"}],"event_data":[{"id":21,"event":"closed","commit_id":"cc"}],"timeline_data":[],"#, 1);
    let change = CHANGE.replacen('{', &format!(r#"{{"comment_regular_data":[{{"id":22,"body":"r"}}],"comment_data":[{LINE_COMMENT}],"review_data":[{{"id":23,"state":"COMMENTED","user":null}}],"commit_data":[{{"sha":"b0","commit":{{}}}},{{"sha":"bb"}}],"#), 1);
    insta::assert_snapshot!(told(&[
        ("repositories/toy/issues/1.json", &issue),
        ("repositories/toy/pulls/2.json", &change),
        ("repositories/toy/pulls/3.json.temp", "{\"number\":3,"),
        ("repositories/toy/issues/4.json", "{\"number\":4,\"title\":"),
    ]));
}

#[test]
fn webhooks_are_versions_and_other_events_are_counted() {
    let comment = r#"{"id":30,"body":"c","user":{"login":"ada"},"issue_url":"https://api.github.com/repos/acme/toy/issues/1","updated_at":"2024-05-05T00:00:00Z"}"#;
    let repository = r#""repository":{"full_name":"acme/toy"},"sender":{"login":"ada"}"#;
    let lines = format!(
        "{{\"event\":\"issue_comment\",\"delivery\":\"d1\",\"payload\":{{\"action\":\"created\",\"comment\":{comment},\"issue\":{ISSUE},{repository}}}}}\n\
         {{\"event\":\"issues\",\"delivery\":\"d2\",\"delivered_at\":\"2024-05-06T00:00:00Z\",\"payload\":{{\"action\":\"edited\",\"issue\":{ISSUE},{repository}}}}}\n\
         {{\"event\":\"star\",\"delivery\":\"d3\",\"payload\":{{\"action\":\"created\",{repository}}}}}\n\
         {{\"event\":\"issues\",\"delivery\":\"d4\",\"payload\":{{{repository}}}}}\n\
         {{\"action\":\"opened\",\"pull_request\":{CHANGE},\"number\":2,{repository}}}\n"
    );
    insta::assert_snapshot!(told(&[("hooks.ndjson", &lines)]));
}

#[test]
fn mirrors_and_queries_are_read_in_camel_case() {
    let mirror = r#"{"magic":"E!vIA5L86J2I","timestamp":"2024-06-01T00:00:00+00:00","repo":"acme/toy","labels":[{"name":"bug"}],
      "issues":[{"number":1,"title":"Crash","state":"OPEN","author":"ada","labels":["bug"],"body":"It falls.","createdAt":"2024-05-01T12:00:00Z","updatedAt":"2024-05-02T00:00:00Z","closedAt":null,"url":"https://github.com/acme/toy/issues/1","comments":[{"author":null,"body":"x","createdAt":"2024-05-01T13:00:00Z","updatedAt":"2024-05-01T13:00:00Z"}]}],
      "pulls":[{"number":2,"title":"Fix","state":"MERGED","author":"bob","labels":[],"body":"","createdAt":"2024-05-03T00:00:00Z","baseRefOid":"aa","headRefOid":"bb","mergeCommit":{"oid":"cc"},"mergedAt":"2024-05-04T00:00:00Z","comments":[],"reviews":[{"id":"PRR_x","commit":{"abbreviatedOid":"bb"},"author":"cy","state":"APPROVED","body":"","createdAt":"2024-05-03T01:00:00Z","comments":[{"originalPosition":1,"body":"n","createdAt":"2024-05-03T01:00:00Z"},{"originalPosition":2,"body":"m","createdAt":"2024-05-03T01:00:00Z"}]}]}]}"#;
    let listed = r#"[{"number":2,"title":"Fix","url":"https://github.com/acme/toy/pull/2","author":{"login":"bob"},"state":"MERGED","mergeCommit":{"oid":"cc"},"headRefOid":"bb","commits":[{"oid":"b0"},{"oid":"bb"}],"closingIssuesReferences":[{"number":1,"url":"https://github.com/acme/toy/issues/1"},{"number":9,"url":"https://github.com/other/toy/issues/9"}],"comments":[{"id":"IC_1","url":"https://github.com/acme/toy/pull/2#issuecomment-40","author":{"login":"x"},"body":"y","createdAt":"2024-05-03T02:00:00Z"}]}]"#;
    let query = r#"{"data":{"repository":{"issues":{"pageInfo":{},"nodes":[{"number":1,"title":"Crash","createdAt":"2024-05-01T12:00:00Z","labels":{"nodes":[{"name":"bug"}]},"comments":{"totalCount":0,"nodes":[]}}]}}}}"#;
    insta::assert_snapshot!(told(&[
        ("archive.json", mirror),
        ("prs.json", listed),
        ("query.json", query),
    ]));
}

#[test]
fn rows_give_the_pull_request_and_the_text_of_its_issue() {
    let row = r#"{"instance_id":"acme__toy-2","repo":"acme/toy","base_commit":"aa","problem_statement":"Crash\nIt falls.\n","hints_text":"try x","created_at":"2024-05-03T00:00:00Z","patch":""}"#;
    let without = row.replace("acme__toy-2", "nameless");
    let lines = format!("{row}\n{without}\n");
    insta::assert_snapshot!(told(&[("rows.jsonl", &lines)]));
}

#[test]
fn rows_of_a_table_give_what_the_same_rows_give_as_lines() {
    let lines = [
        r#"{"base_commit":"aa","created_at":"2024-05-03T00:00:00Z","instance_id":"acme__toy-2","problem_statement":"Crash\nIt falls.\n","repo":"acme/toy"}"#,
        r#"{"base_commit":"bb","instance_id":"nameless","problem_statement":"Slow","repo":"acme/toy"}"#,
        r#"{"base_commit":"cc","instance_id":"acme__toy-9","problem_statement":"Slow","repo":"acme/toy"}"#,
    ];
    let temp = tempfile::tempdir().expect("a folder");
    let place = temp.path().join("rows.parquet");
    let columns = ["base_commit", "created_at", "instance_id", "problem_statement", "repo"];
    write_rows(&place, &columns, &lines);
    let folder = RecordFolder::open(&temp.path().join("records")).expect("a new folder");
    let told =
        import(std::slice::from_ref(&place), &folder, &ImportOptions::default()).expect("a table");
    let stored = unpacked(&temp.path().join("records").join(&told.files[0].name));
    let (_, of_lines) = imported(&[("rows.jsonl", &lines.join("\n"))]);
    // The headers differ, because a record file says what it was read from.
    let records = |text: &str| -> Vec<String> { text.lines().skip(1).map(str::to_owned).collect() };
    assert_eq!(records(&stored), records(&of_lines));
    let [source] = &told.sources[..] else { panic!("one file") };
    assert_eq!(source.dialect, Some("swe-bench rows in Parquet"));
    let places: Vec<_> = source.broken.iter().map(|broken| broken.at.to_string()).collect();
    assert_eq!(places, ["row 2"]);

    // A table of something else is no dump, and half a table is a broken one.
    write_rows(&place, &["base_commit", "repo"], &lines);
    let told =
        import(std::slice::from_ref(&place), &folder, &ImportOptions::default()).expect("a table");
    assert_eq!((told.sources[0].dialect, told.sources[0].broken_count), (None, 0));
    let bytes = backstory_store::fs::read_file(&place).expect("the table");
    backstory_store::fs::write_file(&place, &bytes[..bytes.len() / 2]).expect("half of it");
    let told = import(&[place], &folder, &ImportOptions::default()).expect("half a table");
    assert_eq!(told.sources[0].broken_count, 1);
}

/// Writes these columns of the lines as a table of texts.
fn write_rows(place: &Path, columns: &[&str], lines: &[&str]) {
    let schema = Schema::new(columns.iter().map(|name| (*name, ColumnKind::Text)));
    let mut table =
        TableWriter::create(place, schema, WriteOptions::default()).expect("a new table");
    for line in lines {
        let row: serde_json::Value = serde_json::from_str(line).expect("an object");
        let cells = columns.iter().map(|name| Cell::text(row[name].as_str())).collect();
        table.push(cells).expect("a row");
    }
    table.finish().expect("a whole table");
}

#[test]
fn bad_items_are_told_one_by_one_and_the_rest_is_kept() {
    let deep = format!(
        r#"{{"number":5,"title":"x","body":{}{}}}"#,
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    let text = ISSUE.replace("It falls.", "\\ud800");
    let other = ISSUE.replace("It falls.", "It flies.");
    let wrong = ISSUE.replace("\"number\":1", "\"number\":\"one\"");
    let nulls = r#"{"number":null,"title":null,"state":null,"body":null,"node_id":null}"#;
    let lines =
        [ISSUE, &other, &deep, &text, &wrong, nulls, "{\"number\":6,}", "17", "{\"number\":7,"];
    insta::assert_snapshot!(told(&[("issues.ndjson", &lines.join("\n"))]));
}

#[test]
fn unknown_fields_are_kept_as_they_are() {
    let (_, stored) = imported(&[("issue.json", ISSUE)]);
    assert!(stored.contains(&format!(r#","raw":{ISSUE}}}"#)));
}

#[test]
fn a_dump_of_many_repositories_is_written_without_many_open_files() {
    let from = |at: usize| ISSUE.replace("repos/acme/toy", &format!("repos/acme/toy-{}", at % 100));
    let lines: Vec<String> = (0..200).map(from).collect();
    let (told, _) = imported(&[("issues.ndjson", &lines.join("\n"))]);
    assert_eq!(told.files.iter().map(|file| file.records).sum::<u64>(), 200);
    assert!(told.files.len() > 100);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn any_damage_to_a_dump_leaves_readable_records(
        at in 0..2000_usize,
        put in proptest::sample::select(vec!["", "\"", "{", "}", "[", "]", ",", "null", "1e9", "\u{feff}", "\\"]),
    ) {
        let page = format!("[{ISSUE},{LISTED_CHANGE},{CHANGE},{LINE_COMMENT}]");
        let at = at.min(page.len());
        let damaged = format!("{}{put}{}", &page[..at], page.get(at + 1..).unwrap_or_default());
        let (_, stored) = imported(&[("page.json", &damaged)]);
        for line in stored.lines() {
            prop_assert!(serde_json::from_str::<serde_json::Value>(line).is_ok());
        }
    }

    #[test]
    fn a_cut_dump_keeps_every_whole_object(at in 1..ISSUE.len()) {
        let text = format!("{ISSUE}\n{}", &ISSUE[..at]);
        let (told, _) = imported(&[("page.json", &text)]);
        prop_assert_eq!(told.sources[0].records.get("issue"), Some(&1));
        prop_assert_eq!(told.sources[0].broken_count, 1);
    }
}
