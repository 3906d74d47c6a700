//! Is everything that is missing or damaged in a folder found?

use backstory_records::{LogName, RecordFolder, survey};
use backstory_store::fs;

const LINES: &str = concat!(
    r#"{"kind":"header","format":"backstory-records","version":1,"repo":"acme/toy"}"#,
    "\n",
    r#"{"kind":"issue","id":"issue:1","number":1,"title":"A","created_at":"2024-01-01T00:00:00Z"}"#,
    "\n",
    r#"{"kind":"issue","id":"issue:1","number":1,"title":"B","created_at":"2024-01-01T00:00:00Z"}"#,
    "\n",
    r#"{"kind":"issue","id":"issue:2","number":2,"title":"C","created_at":"2024-02-01T00:00:00Z"}"#,
    "\n",
    r#"{"kind":"comment","id":"comment:1","on":"issue:9"}"#,
    "\n",
    r#"{"kind":"ci_run","id":"run:1","commit":"a"}"#,
    "\n",
    r#"{"kind":"ci_job","id":"job:1","run":"run:7","name":"test"}"#,
    "\n",
    "no json\n",
);

#[test]
fn each_thing_that_is_missing_or_damaged_is_found() {
    let temp = tempfile::tempdir().expect("a folder");
    let folder = RecordFolder::open(temp.path()).expect("a folder");
    let log = folder.store_log(&mut &b"text"[..], &LogName::default()).expect("room");
    let other = folder.store_log(&mut &b"other"[..], &LogName::default()).expect("room");
    let place =
        |digest: &str| temp.path().join("logs").join(&digest[..2]).join(format!("{digest}.zst"));
    fs::remove_file(&place(log.sha256.as_str())).expect("it is there");
    fs::write_file(&place(other.sha256.as_str()), b"damage").expect("room");
    let lines = [log, other].map(|log| {
        serde_json::to_string(&backstory_model::Record::LogRef(log)).expect("JSON") + "\n"
    });
    let text = format!("{LINES}{}", lines.concat());
    fs::write_file(&temp.path().join("a.ndjson"), text.as_bytes()).expect("room");
    let told = survey(temp.path()).expect("a records folder");
    assert_eq!((told.kinds["issue"].records, told.kinds["issue"].versions), (2, 3));
    assert_eq!(told.kinds["issue"].last.as_deref(), Some("2024-02-01T00:00:00Z"));
    let found: Vec<(&str, u64)> = told.findings.into_iter().collect();
    assert_eq!(
        found,
        [
            ("broken_line", 1),
            ("damaged_log", 1),
            ("job_without_log", 1),
            ("missing_log", 1),
            ("run_without_jobs", 1),
            ("unknown_record", 2),
        ]
    );
    assert!(told.damaged);
}
