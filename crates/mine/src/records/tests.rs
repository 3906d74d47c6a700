//! Are foreign record files read to the last good line, whatever else they hold?

use std::io::Write as _;
use std::path::Path;

use backstory_model::{AsItStood, CommitId, RecordId, RepoName};
use proptest::prelude::*;

use super::{Records, RecordsError, TextGap, read_bytes, read_folder};

const HEADER: &str = r#"{"kind":"header","format":"backstory-records","version":1,"source":"test","repo":"acme/toy"}"#;

fn put(folder: &Path, name: &str, bytes: &[u8]) {
    let mut file = std::fs::File::create(folder.join(name)).expect("a new file");
    file.write_all(bytes).expect("room on the disk");
}

fn read(lines: &[&str]) -> Records {
    let text = format!("{HEADER}\n{}\n", lines.join("\n"));
    read_bytes(text.as_bytes(), None).expect("a good header")
}

fn broken(records: &Records) -> Vec<String> {
    let line =
        |broken: &super::BrokenLine| format!("{}:{}: {}", broken.file, broken.line, broken.why);
    records.broken.iter().map(line).collect()
}

#[test]
fn records_are_found_by_number_commit_and_id() {
    let records = read(&[
        r#"{"kind":"issue","id":"issue:1","number":1,"title":"Crash","labels":["bug"],"raw":{"x":1},"surprise":true}"#,
        r#"{"kind":"change","id":"change:2","number":2,"title":"Fix","merge_sha":"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA","commits":["bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"]}"#,
        r#"{"kind":"comment","id":"c2","on":"issue:1","body":"later","created_at":"2024-01-02T00:00:00Z"}"#,
        r#"{"kind":"comment","id":"c1","on":"issue:1","body":"sooner","created_at":"2024-01-01T00:00:00Z"}"#,
        r#"{"kind":"review","id":"r1","on":"change:2","state":"approved"}"#,
        r#"{"kind":"ci_run","id":"run:1","commit":"BBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBBB"}"#,
        r#"{"kind":"milestone","id":"m:1"}"#,
    ]);
    let commit = |digit: &str| CommitId::new(digit.repeat(40)).expect("an id");
    assert_eq!(records.issue(1).map(|issue| issue.title.as_str()), Some("Crash"));
    assert_eq!(records.change(2).map(|change| change.title.as_str()), Some("Fix"));
    assert_eq!(records.change_for_commit(&commit("a")).map(|change| change.number), Some(2));
    assert_eq!(records.change_for_commit(&commit("b")).map(|change| change.number), Some(2));
    assert_eq!(records.change_for_commit(&commit("c")), None);
    let comments = records.comments_on(&RecordId::new("issue:1"));
    assert_eq!(
        comments.iter().map(|comment| comment.id.as_str()).collect::<Vec<_>>(),
        ["c1", "c2"]
    );
    assert_eq!(records.reviews_on(&RecordId::new("change:2")).len(), 1);
    assert_eq!(records.runs_of(&commit("b")).len(), 1);
    assert_eq!(records.other_kinds.get("milestone"), Some(&1));
    assert_eq!(records.issue(7), None);
    assert_eq!(records.broken, []);
}

#[test]
fn the_commit_that_merged_a_change_wins_over_the_one_it_was_built_from() {
    let id = "a".repeat(40);
    let records = read(&[
        &format!(r#"{{"kind":"change","id":"1","number":1,"title":"t","commits":["{id}"]}}"#),
        &format!(r#"{{"kind":"change","id":"2","number":2,"title":"t","merge_sha":"{id}"}}"#),
    ]);
    let commit = CommitId::new(id).expect("an id");
    assert_eq!(records.change_for_commit(&commit).map(|change| change.number), Some(2));
}

#[test]
fn broken_lines_are_reported_and_the_rest_is_read() {
    let mut bytes = format!("{HEADER}\n").into_bytes();
    bytes.extend_from_slice(b"{\"kind\":\"issue\",\n");
    bytes.extend_from_slice(b"{\"id\":\"x\"}\n");
    bytes.extend_from_slice(b"{\"kind\":\"issue\",\"id\":\"i\",\"number\":1}\n\n");
    bytes.extend_from_slice(b"{\"kind\":\"issue\",\"id\":\"\xff\"}\n");
    bytes.extend_from_slice(format!("{HEADER}\n").as_bytes());
    bytes.extend_from_slice(b"{\"kind\":\"issue\",\"id\":\"i\",\"number\":1,\"title\":\"t\"}\r\n");
    let records = read_bytes(&bytes, None).expect("a good header");
    assert!(records.issue(1).is_some());
    insta::assert_snapshot!(broken(&records).join("\n"), @"
    memory.ndjson:2: EOF while parsing a value at column 16
    memory.ndjson:3: missing field `kind` at column 10
    memory.ndjson:4: missing field `title` at column 36
    memory.ndjson:6: invalid utf-8 sequence of 1 bytes from index 22
    memory.ndjson:7: a header stands inside the file
    ");
}

#[test]
fn a_file_of_another_repository_is_skipped_with_a_note() {
    let folder = tempfile::tempdir().expect("a folder");
    let issue = r#"{"kind":"issue","id":"i","number":1,"title":"t"}"#;
    put(folder.path(), "a.ndjson", format!("{HEADER}\n{issue}\n").as_bytes());
    let other = HEADER.replace("acme/toy", "acme/other");
    put(folder.path(), "b.jsonl", format!("{other}\n{}\n", issue.replace(":1", ":2")).as_bytes());
    put(folder.path(), "notes.txt", b"not a record");
    let expected = RepoName::parse("Acme/Toy").expect("a name");
    let records = read_folder(folder.path(), Some(&expected)).expect("records");
    assert_eq!(records.issue_numbers().collect::<Vec<_>>(), [1]);
    assert_eq!(records.skipped[0].repo, "acme/other");
    let all = read_folder(folder.path(), None).expect("records");
    assert_eq!(all.issue_numbers().collect::<Vec<_>>(), [1, 2]);
}

#[test]
fn the_spread_and_order_of_lines_do_not_matter() {
    let folder = tempfile::tempdir().expect("a folder");
    let lines: Vec<String> = (0..6)
        .map(|n| format!(r#"{{"kind":"issue","id":"i","number":{},"title":"t{n}"}}"#, n % 2))
        .collect();
    let (front, back) = lines.split_at(2);
    put(folder.path(), "2.ndjson", format!("{HEADER}\n{}", back.join("\n")).as_bytes());
    let packed = format!("{HEADER}\n{}", front.join("\n"));
    let packed = zstd::encode_all(packed.as_bytes(), 1).expect("memory does not fail");
    put(folder.path(), "9.ndjson.zst", &packed);
    let spread = read_folder(folder.path(), None).expect("records");
    let whole = read(&lines.iter().rev().map(String::as_str).collect::<Vec<_>>());
    assert_eq!(spread.digest(), whole.digest());
    assert_eq!(spread.issue_versions(1), whole.issue_versions(1));
    assert_eq!(spread.issue_versions(1).len(), 3);
    assert_ne!(spread.digest(), read(&[]).digest());
}

#[test]
fn files_that_cannot_be_used_are_named() {
    let folder = tempfile::tempdir().expect("a folder");
    let told =
        |error: RecordsError| error.to_string().replace(&*folder.path().to_string_lossy(), "[DIR]");
    let of = |bytes: &[u8]| {
        put(folder.path(), "a.ndjson", bytes);
        told(read_folder(folder.path(), None).expect_err("a bad header"))
    };
    let empty = told(read_folder(folder.path(), None).expect_err("an empty folder"));
    let absent = told(read_folder(&folder.path().join("x"), None).expect_err("no folder"));
    let version = of(HEADER.replace("\"version\":1", "\"version\":2").as_bytes());
    let other = of(br#"{"kind":"issue","id":"i","number":1,"title":"t"}"#);
    let nothing = of(b"");
    insta::assert_snapshot!([empty, absent, version, other, nothing].join("\n"), @"
    folder `[DIR]` holds no record file (`*.ndjson` or `*.jsonl`)
    failed to read records from `[DIR]/x`
    record file `[DIR]/a.ndjson` has format version `2`; this build reads version 1
    record file `[DIR]/a.ndjson` does not begin with a `backstory-records` header: `kind` or `format` is something else
    record file `[DIR]/a.ndjson` does not begin with a `backstory-records` header: the file is empty
    ");
}

fn stood(lines: &[&str], before: &str) -> Option<(String, AsItStood)> {
    let before = super::seconds(Some(before)).expect("a time");
    let records = read(lines);
    let (issue, stood) = records.issue_as_it_stood(1, before).ok()?;
    Some((issue.title.clone(), stood))
}

fn gap(lines: &[&str], before: &str) -> Option<TextGap> {
    read(lines).text_gap(1, super::seconds(Some(before)).expect("a time"))
}

fn version(title: &str, times: &str) -> String {
    format!(r#"{{"kind":"issue","id":"i","number":1,"title":"{title}",{times}}}"#)
}

#[test]
fn a_version_observed_before_the_work_is_exact() {
    let first = version(
        "first",
        r#""created_at":"2024-01-01T00:00:00Z","observed_at":"2024-01-02T00:00:00Z""#,
    );
    let later = version(
        "later",
        r#""created_at":"2024-01-01T00:00:00Z","observed_at":"2024-02-02T00:00:00Z""#,
    );
    assert_eq!(
        stood(&[&later, &first], "2024-01-15T00:00:00Z"),
        Some(("first".to_owned(), AsItStood::Exact))
    );
    assert_eq!(
        stood(&[&later, &first], "2024-03-01T00:00:00+02:00"),
        Some(("later".to_owned(), AsItStood::Exact))
    );
}

#[test]
fn a_text_that_was_not_edited_since_is_as_good() {
    for times in [
        r#""created_at":"2024-01-01T00:00:00Z","updated_at":"2024-01-05T00:00:00Z","observed_at":"2025-01-01T00:00:00Z""#,
        r#""created_at":"2024-01-01T00:00:00Z","updated_at":"2024-01-01T00:00:00Z""#,
    ] {
        assert_eq!(
            stood(&[&version("t", times)], "2024-01-15T00:00:00Z"),
            Some(("t".to_owned(), AsItStood::NotLaterEdited))
        );
    }
}

#[test]
fn an_edited_or_undated_text_is_unknown() {
    for times in [
        r#""created_at":"2024-01-01T00:00:00Z","updated_at":"2024-01-20T00:00:00Z""#,
        r#""created_at":"2024-01-01T00:00:00Z""#,
    ] {
        assert_eq!(
            stood(&[&version("t", times)], "2024-01-15T00:00:00Z"),
            Some(("t".to_owned(), AsItStood::Unknown))
        );
    }
}

#[test]
fn an_issue_filed_after_the_work_began_is_not_shown() {
    for times in
        [r#""created_at":"2024-01-15T00:00:00Z""#, r#""created_at":"soon""#, r#""author":"ada""#]
    {
        assert_eq!(stood(&[&version("t", times)], "2024-01-15T00:00:00Z"), None);
    }
}

#[test]
fn a_text_that_cannot_be_used_has_a_reason() {
    let on =
        |event: &str| format!(r#"{{"kind":"event","id":"e","on":"issue:1","event":"{event}"}}"#);
    let filed = r#""created_at":"2024-01-01T00:00:00Z""#;
    let edited = format!(r#"{filed},"updated_at":"2024-01-20T00:00:00Z""#);
    let observed = format!(r#"{edited},"observed_at":"2024-01-02T00:00:00Z""#);
    for (line, expected) in [
        (version("t", &observed), None),
        (on("labeled"), Some(TextGap::NoRecord)),
        (on("deleted"), Some(TextGap::Deleted)),
        (on("transferred"), Some(TextGap::Transferred)),
        (version("t", r#""created_at":"2024-01-15T00:00:00Z""#), Some(TextGap::Younger)),
        (version("t", r#""created_at":"soon""#), Some(TextGap::Undated)),
        (version("t", &edited), Some(TextGap::EditedLater)),
        (version("t", filed), Some(TextGap::EditsUnknown)),
    ] {
        assert_eq!(gap(&[&line], "2024-01-15T00:00:00Z"), expected, "{line}");
    }
    // What was read in time is there, whatever became of the issue.
    let kept = [version("t", &observed), on("deleted")];
    assert_eq!(gap(&[&kept[0], &kept[1]], "2024-01-15T00:00:00Z"), None);
}

proptest! {
    /// A text is without a gap exactly where a build trusts it.
    #[test]
    fn a_gap_is_what_a_build_does_not_trust(
        times in prop::collection::vec((0_u8..4, 0_u8..4, 0_u8..4), 0..4),
    ) {
        let field = |name: &str, day: u8| match day {
            0 => String::new(),
            day => format!(r#","{name}":"2024-01-0{day}T00:00:00Z""#),
        };
        let lines: Vec<String> = times
            .iter()
            .map(|(created, updated, observed)| {
                let all = field("created_at", *created)
                    + &field("updated_at", *updated)
                    + &field("observed_at", *observed);
                version("t", &format!(r#""state":"open"{all}"#))
            })
            .collect();
        let records = read(&lines.iter().map(String::as_str).collect::<Vec<_>>());
        let before = super::seconds(Some("2024-01-02T12:00:00Z")).expect("a time");
        let trusted = records
            .issue_as_it_stood(1, before)
            .is_ok_and(|(_, stood)| stood != AsItStood::Unknown);
        prop_assert_eq!(records.text_gap(1, before).is_none(), trusted);
    }

    #[test]
    fn any_bytes_are_read_without_a_panic(
        lines in proptest::collection::vec(proptest::collection::vec(any::<u8>(), 0..60), 0..6),
        headed in any::<bool>(),
    ) {
        let mut bytes = if headed { format!("{HEADER}\n").into_bytes() } else { Vec::new() };
        bytes.extend(lines.join(&b'\n'));
        let read = read_bytes(&bytes, None);
        prop_assert!(!headed || read.is_ok());
    }
}
