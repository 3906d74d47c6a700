//! Is a folder, exported and imported again, the same folder?

use std::path::Path;

use backstory_identity::{Authors, IdentityKey};
use backstory_records::{ExportOptions, ImportOptions, RecordFolder, export, import};
use backstory_store::fs;
use proptest::prelude::*;
use serde_json::{Value, json};

const HEADER: &str = r#"{"kind":"header","format":"backstory-records","version":1,"source":"test","repo":"acme/toy"}"#;

fn taken_in(from: &Path, to: &Path) {
    let folder = RecordFolder::open(to).expect("a new folder");
    let told = import(&[from.to_owned()], &folder, &ImportOptions::default()).expect("a dump");
    assert!(told.sources.iter().all(|source| source.broken_count == 0), "{:?}", told.sources);
}

fn exported(from: &Path, to: &Path, authors: Authors) -> String {
    let options = ExportOptions { authors, ..ExportOptions::default() };
    let told = export(from, to, &options).expect("a records folder");
    assert_eq!(told.left_out_count, 0, "{:?}", told.left_out);
    fs::read_text(to).expect("the export")
}

/// Any record; `id` is drawn from few, so that versions share it.
fn record() -> impl Strategy<Value = Value> {
    let text = proptest::option::of("\\PC{0,12}");
    let time = proptest::option::of((0_u32..60).prop_map(|s| format!("2024-05-01T12:00:{s:02}Z")));
    (0_usize..10, 0_u64..30, text, time).prop_map(|(kind, number, text, time)| {
        let word = text.clone().unwrap_or_default();
        let job = format!("job:{number}");
        let mut record = match kind {
            0 => json!({"kind": "issue", "id": format!("issue:{number}"), "number": number,
                "title": word, "body": text, "labels": [word], "created_at": time}),
            1 => json!({"kind": "change", "id": format!("change:{number}"), "number": number,
                "title": word, "closes": [number], "merged_at": time}),
            2 => json!({"kind": "review", "id": format!("review:{number}"), "on": "change:1",
                "author": text}),
            3 => json!({"kind": "comment", "id": format!("comment:{number}"), "on": "issue:1",
                "body": text, "line": number}),
            4 => json!({"kind": "event", "id": format!("event:{number}"), "on": "issue:1",
                "event": word, "from": text}),
            5 => json!({"kind": "ci_run", "id": format!("run:{number}"), "commit": word,
                "conclusion": "success", "attempt": 2}),
            6 => json!({"kind": "ci_job", "id": job, "run": "run:1", "name": word,
                "matrix": {"os": word}, "steps": [{"number": 1, "name": word, "odd": text}]}),
            7 => json!({"kind": "annotation", "id": format!("annotation:1/{number}"), "on": job,
                "message": text}),
            8 => json!({"kind": "test_result", "id": format!("test:1/{number}"),
                "producer": "pytest", "raw_name": word, "outcome": "failed"}),
            _ => json!({"kind": "log_ref", "id": format!("log:{number}"), "bytes": number,
                "sha256": format!("{number:064x}"), "encoding": "utf-8", "complete": true}),
        };
        record["observed_at"] = json!(time);
        record["odd"] = json!({"kept": text});
        record
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]
    #[test]
    fn a_round_trip_gives_the_same_bytes(
        records in proptest::collection::vec(record(), 1..40),
        files in 1_usize..4,
    ) {
        let temp = tempfile::tempdir().expect("a folder");
        let at = |name: &str| temp.path().join(name);
        for file in 0..files {
            let lines = records.iter().skip(file).step_by(files).map(|line| format!("{line}\n"));
            let text = format!("{HEADER}\n{}", lines.collect::<String>());
            fs::create_dirs(&at("dump")).expect("room");
            fs::write_file(&at("dump").join(format!("{file}.ndjson")), text.as_bytes()).expect("room");
        }
        taken_in(&at("dump"), &at("first"));
        let first = exported(&at("first"), &at("first.ndjson"), Authors::Plain);
        let mut distinct: Vec<String> = records.iter().map(Value::to_string).collect();
        distinct.sort();
        distinct.dedup();
        prop_assert_eq!(first.lines().count(), distinct.len() + 1);
        taken_in(&at("first.ndjson"), &at("second"));
        let second = exported(&at("second"), &at("second.ndjson"), Authors::Plain);
        prop_assert_eq!(&first, &second);
        let authors = || Authors::Hashed(IdentityKey::new(b"harbor"));
        let hidden = exported(&at("first"), &at("hidden.ndjson"), authors());
        taken_in(&at("hidden.ndjson"), &at("third"));
        let third = exported(&at("third"), &at("third.ndjson"), authors());
        prop_assert_eq!(&hidden, &third);
        prop_assert!(!hidden.contains("\"odd\""), "{}", hidden);
    }
}

#[test]
fn logs_go_out_and_come_in_with_their_records() {
    let temp = tempfile::tempdir().expect("a folder");
    let at = |name: &str| temp.path().join(name);
    let folder = RecordFolder::open(&at("records")).expect("a new folder");
    let log =
        folder.store_log(&mut &b"FAILED test_a\n"[..], &backstory_records::LogName::default());
    let log = log.expect("room on the disk");
    let mut writer = folder.writer("import", "test", None).expect("room on the disk");
    writer.add(&backstory_model::Record::LogRef(log.clone()), None).expect("room on the disk");
    writer.finish().expect("room on the disk");
    let options = ExportOptions { logs: Some(at("out/logs")), ..ExportOptions::default() };
    let told = export(&at("records"), &at("out/all.ndjson"), &options).expect("a records folder");
    assert_eq!((told.records, told.logs), (1, 1));
    taken_in(&at("out"), &at("again"));
    let mut reader =
        RecordFolder::open(&at("again")).expect("a folder").log(&log.sha256).expect("it");
    let mut bytes = String::new();
    std::io::Read::read_to_string(&mut reader, &mut bytes).expect("a whole log");
    assert_eq!(bytes, "FAILED test_a\n");
}

#[test]
fn a_log_under_a_false_name_is_damage() {
    let temp = tempfile::tempdir().expect("a folder");
    let place = temp.path().join("dump/logs/aa");
    fs::create_dirs(&place).expect("room");
    let name = place.join(format!("{}.zst", "a".repeat(64)));
    fs::write_file(&name, b"something else").expect("room");
    let folder = RecordFolder::open(&temp.path().join("records")).expect("a new folder");
    let told = import(&[temp.path().join("dump")], &folder, &ImportOptions::default());
    assert_eq!(told.expect("a dump").sources[0].broken_count, 1);
}

#[test]
fn several_repositories_are_told_apart() {
    let temp = tempfile::tempdir().expect("a folder");
    for (name, repo) in [("a", "acme/a"), ("b", "acme/b")] {
        let text = format!(
            "{}\n{}\n",
            HEADER.replace("acme/toy", repo),
            json!({
            "kind": "issue", "id": "issue:1", "number": 1, "title": name})
        );
        fs::create_dirs(&temp.path().join("records")).expect("room");
        let file = temp.path().join("records").join(format!("{name}.ndjson"));
        fs::write_file(&file, text.as_bytes()).expect("room");
    }
    let (from, out) = (temp.path().join("records"), temp.path().join("out.ndjson"));
    let error = export(&from, &out, &ExportOptions::default()).expect_err("it must be chosen");
    assert!(error.to_string().ends_with("holds records of `acme/a`, `acme/b`"), "{error}");
    let repo = backstory_model::RepoName::parse("acme/b").ok();
    export(&from, &out, &ExportOptions { repo, ..ExportOptions::default() })
        .expect("one is chosen");
    assert!(fs::read_text(&out).expect("the export").contains(r#""title":"b""#));
}
