//! Is everything a forge knows fetched, once, whatever happens meanwhile?

mod http;
mod other_forges;
mod shelf;
mod toy;

use std::collections::BTreeSet;
use std::io::Read as _;
use std::path::Path;

use backstory_records::{
    CollectError, CollectOptions, Collected, Forge, Part, RecordFolder, collect,
};

use serde_json::json;
use toy::{Scripted, Toy, Waits};

fn options(parts: &[Part]) -> CollectOptions {
    CollectOptions {
        forge: Forge::GitHub,
        repo: "acme/toy".to_owned().try_into().expect("a name"),
        path: None,
        base: "https://api.github.com".to_owned(),
        token: Some("ghp_secret".to_owned()),
        parts: parts.iter().copied().collect(),
        since: None,
        first_days: None,
        max_bytes: None,
    }
}

fn collected(toy: &Toy, to: &Path, parts: &[Part]) -> Result<Collected, CollectError> {
    let folder = RecordFolder::open(to).expect("a folder");
    collect(&folder, &options(parts), toy, &Waits::default())
}

/// Returns every file below a folder that is not about the collection itself.
fn stored(folder: &Path) -> BTreeSet<(String, Vec<u8>)> {
    let mut found = BTreeSet::new();
    let mut open = vec![folder.to_owned()];
    while let Some(folder) = open.pop() {
        for entry in std::fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                open.push(path);
                continue;
            }
            let mut bytes = Vec::new();
            std::fs::File::open(&path)
                .and_then(|mut file| file.read_to_end(&mut bytes))
                .expect("bytes");
            found.insert((
                path.strip_prefix(folder_root(&path)).expect("below").display().to_string(),
                bytes,
            ));
        }
    }
    found
}

fn folder_root(path: &Path) -> &Path {
    let root = path.ancestors().find(|path| path.ends_with("records"));
    root.expect("the folder is called so")
}

fn lines(folder: &Path, files: &[backstory_records::StoredFile]) -> Vec<String> {
    let mut text = String::new();
    for file in files {
        let file = std::fs::File::open(folder.join(&file.name)).expect("the record file");
        zstd::Decoder::new(file).and_then(|mut file| file.read_to_string(&mut text)).expect("text");
    }
    text.lines().map(str::to_owned).collect()
}

#[test]
fn everything_the_forge_tells_becomes_a_record() {
    let temp = tempfile::tempdir().expect("a folder");
    let to = temp.path().join("records");
    let toy = Toy::new();
    let told = collected(&toy, &to, &Part::ALL).expect("a collection");
    insta::assert_debug_snapshot!(told.records);
    insta::assert_debug_snapshot!(told.gaps);
    assert_eq!(told.oldest_log.as_deref(), Some("2026-04-04T00:00:00Z"));
    let lines = lines(&to, &told.files);
    let job = lines.iter().find(|line| line.contains(r#""id":"job:51""#)).expect("the job");
    assert!(job.contains(r#""log":"log:"#) && job.contains("2026-05-04T10:00:00Z"), "{job}");
    insta::assert_snapshot!(toy.urls().join("\n"));
}

#[test]
fn a_collection_killed_at_any_request_ends_like_one_that_was_not() {
    let temp = tempfile::tempdir().expect("a folder");
    let whole = temp.path().join("a/records");
    let toy = Toy::new();
    let requests = collected(&toy, &whole, &Part::ALL).expect("a collection").requests;
    let expected = stored(&whole);
    for k in 1..=usize::try_from(requests).expect("few") {
        let to = temp.path().join(format!("{k}/records"));
        let dying = Toy::new();
        dying.dead_from.set(k);
        collected(&dying, &to, &Part::ALL).expect_err("it was killed");
        let living = Toy::new();
        let told = collected(&living, &to, &Part::ALL).expect("the rest");
        assert_eq!(stored(&to), expected, "killed at request {k}");
        // A redirect and what it leads to are one answer.
        let sent = dying.asked.borrow().len() + living.asked.borrow().len();
        assert!(sent <= toy.asked.borrow().len() + 1, "killed at request {k}: {sent} requests");
        assert!(told.records.values().sum::<u64>() > 0);
    }
}

#[test]
fn a_second_collection_asks_only_for_what_changed() {
    let temp = tempfile::tempdir().expect("a folder");
    let to = temp.path().join("records");
    collected(&Toy::new(), &to, &Part::ALL).expect("a collection");
    let mut toy = Toy::new();
    let told = collected(&toy, &to, &Part::ALL).expect("nothing new");
    // The other lists end with a full page, behind which something could be added.
    assert_eq!((told.files.len(), told.unchanged), (0, 2));
    insta::assert_snapshot!(toy.urls().join("\n"));
    toy.edit(2, "2026-03-01T00:00:00Z");
    toy.date = "Tue, 05 May 2026 10:00:00 GMT";
    toy.asked.borrow_mut().clear();
    let told = collected(&toy, &to, &Part::ALL).expect("one edit");
    assert_eq!(told.records, [("event", 1), ("issue", 1)].into(), "{:?}", toy.urls());
    let lines = lines(&to, &told.files);
    assert!(lines[1].contains("Crash, edited") && lines[1].contains("2026-05-05T10:00:00Z"));
}

#[test]
fn the_token_goes_to_the_forge_alone() {
    let temp = tempfile::tempdir().expect("a folder");
    let toy = Toy::new();
    collected(&toy, &temp.path().join("records"), &Part::ALL).expect("a collection");
    let asked = toy.asked.borrow();
    let (forge, other): (Vec<_>, Vec<_>) =
        asked.iter().partition(|asked| asked.url.starts_with("https://api.github.com/"));
    assert!(forge.iter().all(|asked| asked.authorized));
    assert_eq!(other.len(), 4);
    assert!(other.iter().all(|asked| !asked.authorized && asked.etag.is_none()));
    for (name, bytes) in stored(&temp.path().join("records")) {
        let text = String::from_utf8_lossy(&bytes);
        assert!(!text.contains("ghp_secret") && !text.contains("signature"), "{name}");
    }
}

#[test]
fn a_redirect_or_link_of_the_api_to_another_server_is_refused() {
    for (name, value) in [
        ("location", "https://evil.example/repos/acme/toy/issues"),
        ("link", "<https://evil.example/x?page=2>; rel=\"next\""),
    ] {
        let temp = tempfile::tempdir().expect("a folder");
        let toy = Toy::new();
        let status = if name == "location" { 302 } else { 200 };
        let headers = vec![(name, value.to_owned())];
        toy.answer_first(
            "pulls/comments?sort=updated&direction=asc&per_page=100",
            Scripted { status, headers, body: "[]" },
        );
        let told = collected(&toy, &temp.path().join("records"), &[Part::ReviewComments]);
        let error = told.expect_err("it is refused").to_string();
        assert!(error.ends_with("leads to another server, where the token must not go"), "{error}");
        assert!(
            toy.asked.borrow().iter().all(|asked| !asked.url.contains("evil") || !asked.authorized)
        );
    }
}

#[test]
fn limits_and_failures_are_waited_for() {
    let temp = tempfile::tempdir().expect("a folder");
    let toy = Toy::new();
    let list = "pulls/comments?sort=updated&direction=asc&per_page=100";
    // 2026-05-04T10:00:30Z, half a minute after the date of the answer.
    let reset = vec![
        ("x-ratelimit-remaining", "0".to_owned()),
        ("x-ratelimit-reset", "1777888830".to_owned()),
    ];
    let secondary = r#"{"message":"You have exceeded a secondary rate limit"}"#;
    for (status, headers, body) in [
        (403, reset, "{}"),
        (429, vec![("retry-after", "7".to_owned())], "{}"),
        (403, vec![], secondary),
        (403, vec![], secondary),
        (502, vec![], "<html>"),
        (502, vec![], "<html>"),
    ] {
        toy.answer_first(list, Scripted { status, headers, body });
    }
    let folder = RecordFolder::open(&temp.path().join("records")).expect("a folder");
    let waits = Waits::default();
    collect(&folder, &options(&[Part::ReviewComments]), &toy, &waits).expect("a collection");
    assert_eq!(*waits.0.borrow(), [31, 8, 240, 480, 1, 2]);
}

#[test]
fn a_missing_right_is_said_once_and_the_rest_goes_on() {
    let temp = tempfile::tempdir().expect("a folder");
    let toy = Toy::new();
    let body = r#"{"message":"Must have admin rights to Repository."}"#;
    toy.answer_first("jobs/51/logs", Scripted { status: 403, headers: vec![], body });
    let told = collected(&toy, &temp.path().join("records"), &Part::ALL).expect("the rest");
    let gaps: Vec<String> =
        told.gaps.iter().map(|(gap, missing)| format!("{gap} ({})", missing.count)).collect();
    assert!(
        gaps.contains(&"logs: the token lacks the right `actions: read` (4)".to_owned()),
        "{gaps:?}"
    );
    assert_eq!((told.logs, told.records["ci_job"] > 3), (0, true));
}

#[test]
fn a_token_the_forge_does_not_know_ends_the_collection_with_one_sentence() {
    let temp = tempfile::tempdir().expect("a folder");
    let toy = Toy::new();
    toy.answer_first("repos/acme/toy", Scripted { status: 401, headers: vec![], body: "{}" });
    let error = collected(&toy, &temp.path().join("records"), &Part::ALL).expect_err("no entry");
    insta::assert_snapshot!(error.to_string(), @"the forge refuses the token, or wants one (status 401 at `https://api.github.com/repos/acme/toy`)");
}

#[test]
fn a_limit_on_bytes_leaves_the_rest_for_the_next_time() {
    let temp = tempfile::tempdir().expect("a folder");
    let to = temp.path().join("records");
    let folder = RecordFolder::open(&to).expect("a folder");
    let limited = CollectOptions { max_bytes: Some(1), ..options(&Part::CI) };
    let told = collect(&folder, &limited, &Toy::new(), &Waits::default()).expect("a part");
    assert_eq!(told.logs, 2, "those of the first run");
    let told = collected(&Toy::new(), &to, &Part::CI).expect("the rest");
    assert_eq!((told.logs, told.records["ci_job"]), (1, 2));
    let told = collected(&Toy::new(), &to, &Part::CI).expect("nothing new");
    assert_eq!((told.logs, told.files.len()), (0, 0));
}

#[test]
fn a_span_with_more_runs_than_the_forge_tells_is_asked_in_parts() {
    let temp = tempfile::tempdir().expect("a folder");
    let toy = Toy::new();
    let body = r#"{"total_count":1001,"workflow_runs":[{"id":99,"head_sha":"no"}]}"#;
    for span in [
        "2026-01-01T00%3A00%3A00Z..2026-05-04T10%3A00%3A00Z",
        "2026-03-03T17%3A00%3A01Z..2026-05-04T10%3A00%3A00Z",
    ] {
        let scripted = Scripted { status: 200, headers: vec![], body };
        toy.answer_first(&format!("created={span}"), scripted);
    }
    let told = collected(&toy, &temp.path().join("records"), &[Part::Runs]).expect("all parts");
    assert_eq!((told.records["ci_run"], told.gaps.len()), (4, 0), "three runs, one attempt more");
    let urls = toy.urls().join("\n");
    let spans: Vec<&str> = urls
        .lines()
        .filter(|url| !url.contains("&page="))
        .filter_map(|url| url.split_once("created=").map(|(_, span)| span))
        .collect();
    insta::assert_snapshot!(spans.join("\n").replace("%3A", ":"));
}

#[test]
fn what_cannot_be_read_is_kept_as_it_is() {
    let temp = tempfile::tempdir().expect("a folder");
    let to = temp.path().join("records");
    let mut toy = Toy::new();
    let issues = toy.lists.get_mut("issues").expect("the issues");
    issues[0]["title"] = json!(["not", "a", "text"]);
    toy.lists.insert("issues/1/timeline".to_owned(), vec![json!("a text"), json!({"id": 1})]);
    let told = collected(&toy, &to, &[Part::Issues, Part::Timeline]).expect("the rest");
    assert_eq!((told.records["unread"], told.records["issue"]), (3, 4), "{:?}", told.gaps);
    let lines = lines(&to, &told.files);
    let unread = lines.iter().filter(|line| line.contains(r#""kind":"unread""#));
    insta::assert_snapshot!(unread.cloned().collect::<Vec<_>>().join("\n"));
}
