//! Is everything that GitLab and Gitea know fetched, once, whatever happens meanwhile?

use std::path::Path;

use backstory_records::{
    CollectError, CollectOptions, Collected, Forge, Part, RecordFolder, collect,
};
use serde_json::json;

use super::shelf::Shelf;
use super::toy::{Scripted, Waits};
use super::{lines, stored};

const BOTH: [fn() -> Shelf; 2] = [Shelf::gitlab, Shelf::gitea];

fn options(shelf: &Shelf, parts: &[Part]) -> CollectOptions {
    let path = (shelf.forge == Forge::GitLab).then(|| "acme/group/toy".to_owned());
    CollectOptions {
        forge: shelf.forge,
        repo: "acme/toy".to_owned().try_into().expect("a name"),
        path,
        base: shelf.base.to_owned(),
        token: Some("a-secret".to_owned()),
        parts: parts.iter().copied().collect(),
        since: None,
        first_days: None,
        max_bytes: None,
    }
}

fn collected(shelf: &Shelf, to: &Path) -> Result<Collected, CollectError> {
    let folder = RecordFolder::open(to).expect("a folder");
    collect(&folder, &options(shelf, &Part::ALL), shelf, &Waits::default())
}

/// Says what was collected: records without what is the same everywhere, gaps, requests.
fn account(shelf: &Shelf) -> String {
    let temp = tempfile::tempdir().expect("a folder");
    let to = temp.path().join("records");
    let told = collected(shelf, &to).expect("a collection");
    let mut text: Vec<String> = lines(&to, &told.files).iter().map(|line| short(line)).collect();
    text.extend(told.gaps.iter().map(|(gap, missing)| format!("{gap}: {}", missing.first)));
    text.extend(shelf.urls());
    text.join("\n")
}

fn short(line: &str) -> String {
    let mut record: serde_json::Value = serde_json::from_str(line).expect("a record");
    let fields = record.as_object_mut().expect("an object");
    for name in ["raw", "observed_at", "created_at", "updated_at", "labels", "commits"] {
        fields.remove(name);
    }
    record.to_string()
}

#[test]
fn everything_gitlab_tells_becomes_a_record() {
    insta::assert_snapshot!(account(&Shelf::gitlab()));
}

#[test]
fn everything_gitea_tells_becomes_a_record() {
    insta::assert_snapshot!(account(&Shelf::gitea()));
}

#[test]
fn gitea_without_runs_is_asked_for_tasks() {
    let temp = tempfile::tempdir().expect("a folder");
    let mut shelf = Shelf::gitea();
    shelf.lists.remove("actions/runs");
    let task = json!({"id": 9, "run_number": 1, "head_sha": "aa".repeat(20), "status": "failure",
        "created_at": "2026-04-05T00:00:00Z", "workflow_id": "test.yml"});
    shelf.lists.insert("actions/tasks".to_owned(), vec![task]);
    let told = collected(&shelf, &temp.path().join("records")).expect("a collection");
    assert_eq!((told.records["ci_run"], told.records.get("ci_job")), (1, None));
}

#[test]
fn a_collection_killed_at_any_request_ends_like_one_that_was_not() {
    for make in BOTH {
        let temp = tempfile::tempdir().expect("a folder");
        let whole = temp.path().join("a/records");
        let requests = collected(&make(), &whole).expect("a collection").requests;
        let expected = stored(&whole);
        for k in 1..=usize::try_from(requests).expect("few") {
            let to = temp.path().join(format!("{k}/records"));
            let dying = make();
            dying.dead_from.set(k);
            collected(&dying, &to).expect_err("it was killed");
            let living = make();
            collected(&living, &to).expect("the rest");
            assert_eq!(stored(&to), expected, "killed at request {k}");
            let sent = dying.asked.borrow().len() + living.asked.borrow().len();
            assert_eq!(sent as u64, requests, "killed at request {k}");
        }
    }
}

#[test]
fn a_second_collection_takes_only_what_changed() {
    for make in BOTH {
        let temp = tempfile::tempdir().expect("a folder");
        let to = temp.path().join("records");
        collected(&make(), &to).expect("a collection");
        let mut shelf = make();
        let told = collected(&shelf, &to).expect("nothing new");
        assert_eq!(told.records, [].into(), "{:?}", shelf.urls());
        assert!(told.requests < 10, "{:?}", shelf.urls());
        shelf.edit(2, "2026-05-04T09:59:59Z");
        shelf.date = "Tue, 05 May 2026 10:00:00 GMT";
        let told = collected(&shelf, &to).expect("one edit");
        assert_eq!(told.records, [("issue", 1)].into(), "{:?}", shelf.urls());
        let lines = lines(&to, &told.files);
        assert!(lines[1].contains("Crash, edited") && lines[1].contains("2026-05-05T10:00:00Z"));
        let told = collected(&shelf, &to).expect("nothing new");
        assert_eq!(told.records, [].into(), "{:?}", shelf.urls());
    }
}

#[test]
fn limits_are_waited_for_as_each_forge_tells_them() {
    for make in BOTH {
        let temp = tempfile::tempdir().expect("a folder");
        let folder = RecordFolder::open(&temp.path().join("records")).expect("a folder");
        let shelf = make();
        let list = if shelf.forge == Forge::GitLab { "issues/1/notes" } else { "issues/comments" };
        let query = match shelf.forge {
            Forge::GitLab => "?order_by=updated_at&sort=desc&per_page=100",
            Forge::Gitea | Forge::GitHub => "?limit=50",
        };
        // Half a minute after the date of the answer.
        let reset = vec![
            ("ratelimit-remaining", "0".to_owned()),
            ("ratelimit-reset", "1777888830".to_owned()),
        ];
        for (status, headers) in [
            (429, reset),
            (429, vec![("retry-after", "7".to_owned())]),
            (429, vec![]),
            (503, vec![]),
        ] {
            let scripted = Scripted { status, headers, body: "Retry later" };
            shelf.answer_first(&format!("{list}{query}"), scripted);
        }
        let waits = Waits::default();
        let options = options(&shelf, &[Part::Issues, Part::Comments]);
        collect(&folder, &options, &shelf, &waits).expect("a collection");
        assert_eq!(*waits.0.borrow(), [31, 8, 240, 1]);
    }
}

#[test]
fn the_token_goes_along_in_the_header_of_the_forge() {
    for make in BOTH {
        let temp = tempfile::tempdir().expect("a folder");
        let to = temp.path().join("records");
        let shelf = make();
        collected(&shelf, &to).expect("a collection");
        assert!(shelf.asked.borrow().iter().all(|(_, authorized)| *authorized));
        for (name, bytes) in stored(&to) {
            assert!(!String::from_utf8_lossy(&bytes).contains("a-secret"), "{name}");
        }
    }
}

#[test]
fn what_the_forge_failed_to_tell_is_asked_again() {
    let temp = tempfile::tempdir().expect("a folder");
    let to = temp.path().join("records");
    let shelf = Shelf::gitlab();
    for ending in ["issues/1/resource_state_events?per_page=100", "jobs/51/trace"] {
        for _ in 0..5 {
            shelf.answer_first(ending, Scripted { status: 502, headers: vec![], body: "" });
        }
    }
    let told = collected(&shelf, &to).expect("a part");
    assert_eq!((told.gaps.len(), told.logs), (3, 1), "{:?}", told.gaps);
    let shelf = Shelf::gitlab();
    let told = collected(&shelf, &to).expect("the rest");
    assert_eq!((told.gaps.len(), told.logs, told.records["event"]), (0, 1, 3));
    assert!(!shelf.urls().iter().any(|url| url.ends_with("jobs/61/trace")), "read before");
}
