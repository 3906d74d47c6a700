//! A forge that lives in memory: `acme/toy`, as GitHub would tell it.
//!
//! It cuts lists into pages of two, filters by time, marks answers with etags, and
//! fails where a test says so. Every text in it is made up.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{self, Cursor};
use std::time::Duration;

use backstory_records::{Clock, Request, Response, Transport};
use serde_json::{Value, json};

const API: &str = "https://api.github.com";
const ROOT: &str = "https://api.github.com/repos/acme/toy";
const PAGE: usize = 2;

/// What one request was, as the forge saw it.
#[derive(Clone, Debug)]
pub struct Asked {
    pub url: String,
    pub authorized: bool,
    pub etag: Option<String>,
}

/// The forge.
pub struct Toy {
    /// Lists by path, and their items.
    pub lists: BTreeMap<String, Vec<Value>>,
    /// Files by path: a status and bytes; they lie on another server.
    pub files: BTreeMap<String, (u16, Vec<u8>)>,
    /// Answers to give first, each once, before the usual one.
    pub first: RefCell<BTreeMap<String, Vec<Scripted>>>,
    /// What was asked so far.
    pub asked: RefCell<Vec<Asked>>,
    /// No request from this one on gets an answer.
    pub dead_from: Cell<usize>,
    /// The date of every answer.
    pub date: &'static str,
}

/// One answer a test made up.
#[derive(Clone, Debug)]
pub struct Scripted {
    pub status: u16,
    pub headers: Vec<(&'static str, String)>,
    pub body: &'static str,
}

/// A clock that notes how long it would have waited.
#[derive(Default)]
pub struct Waits(pub RefCell<Vec<u64>>);

impl Clock for Waits {
    fn wait(&self, time: Duration, _: &str) {
        self.0.borrow_mut().push(time.as_secs());
    }
}

fn issue(number: u64, updated: &str) -> Value {
    json!({"id": 100 + number, "number": number, "title": format!("Crash {number}"), "state": "open",
        "body": "It crashes.", "user": {"login": "ada"}, "labels": [], "comments": 0,
        "created_at": "2026-01-01T00:00:00Z", "updated_at": updated,
        "url": format!("{ROOT}/issues/{number}")})
}

fn change(number: u64, updated: &str) -> Value {
    json!({"id": 200 + number, "number": number, "title": "Stop the crash", "state": "closed",
        "body": "Fixes #1", "user": null, "merged_at": "2026-01-03T00:00:00Z",
        "merge_commit_sha": "cc".repeat(20), "head": {"sha": "aa".repeat(20)},
        "base": {"sha": "bb".repeat(20)}, "created_at": "2026-01-02T00:00:00Z",
        "updated_at": updated, "url": format!("{ROOT}/pulls/{number}")})
}

fn in_issues(mut change: Value) -> Value {
    change["pull_request"] = json!({"url": change["url"]});
    change
}

fn run(id: u64, attempt: u64, conclusion: &str) -> Value {
    json!({"id": id, "run_number": 1, "run_attempt": attempt, "name": "test", "event": "push",
        "path": ".github/workflows/test.yml", "head_sha": "aa".repeat(20), "head_branch": "main",
        "status": "completed", "conclusion": conclusion, "pull_requests": [],
        "created_at": format!("2026-04-{id:02}T00:00:00Z"),
        "run_started_at": format!("2026-04-{id:02}T00:00:00Z"),
        "updated_at": format!("2026-04-{id:02}T00:10:00Z")})
}

fn job(id: u64, run: u64, attempt: u64, conclusion: &str) -> Value {
    json!({"id": id, "run_id": run, "run_attempt": attempt, "name": "unit", "status": "completed",
        "conclusion": conclusion, "head_sha": "aa".repeat(20), "steps": [],
        "started_at": "2026-04-05T00:00:00Z", "completed_at": "2026-04-05T00:01:00Z",
        "check_run_url": format!("{ROOT}/check-runs/{id}")})
}

impl Toy {
    /// Makes a forge with five issues, two pull requests, and three runs.
    pub fn new() -> Self {
        let time = |day: u64| format!("2026-02-{day:02}T00:00:00Z");
        let comment = |id: u64, day| {
            json!({"id": id, "body": "Me too", "user": {"login": "bob"}, "updated_at": time(day),
                "created_at": time(day), "issue_url": format!("{ROOT}/issues/1"),
                "html_url": "https://github.com/acme/toy/issues/1#issuecomment-1"})
        };
        let remark = json!({"path": "a.py", "start_line": 3, "end_line": 3,
            "annotation_level": "failure", "title": "", "message": "boom"});
        let review = json!({"id": 7, "user": {"login": "eve"}, "state": "APPROVED", "body": "",
            "submitted_at": time(2), "commit_id": "aa".repeat(20),
            "pull_request_url": format!("{ROOT}/pulls/8")});
        let checked = json!({"id": 55, "name": "lint", "head_sha": "aa".repeat(20),
            "status": "completed", "conclusion": "failure", "app": {"slug": "other-ci"},
            "check_suite": {"id": 5}, "output": {"annotations_count": 1}});
        let mut issues: Vec<Value> = (1..=5).map(|n| issue(n, &time(n))).collect();
        issues.extend([in_issues(change(8, &time(6))), in_issues(change(9, &time(7)))]);
        let mut lists = BTreeMap::from([
            ("issues".to_owned(), issues),
            ("issues/comments".to_owned(), (1..=3).map(|n| comment(n, n)).collect()),
            ("pulls".to_owned(), vec![change(9, &time(7)), change(8, &time(6))]),
            ("pulls/comments".to_owned(), vec![]),
            ("pulls/8/reviews".to_owned(), vec![review]),
            ("pulls/9/reviews".to_owned(), vec![]),
            (format!("commits/{}/check-runs", "aa".repeat(20)), vec![checked]),
            (
                "actions/runs".to_owned(),
                vec![run(5, 2, "success"), run(4, 1, "failure"), run(3, 1, "failure")],
            ),
            (
                "actions/runs/5/jobs".to_owned(),
                vec![job(51, 5, 1, "failure"), job(52, 5, 2, "success")],
            ),
            ("actions/runs/4/jobs".to_owned(), vec![job(41, 4, 1, "failure")]),
            ("actions/runs/3/jobs".to_owned(), vec![job(31, 3, 1, "failure")]),
            (
                "actions/runs/5/artifacts".to_owned(),
                vec![json!({"id": 1, "name": "website", "size_in_bytes": 5, "expired": false})],
            ),
            (
                "actions/runs/4/artifacts".to_owned(),
                vec![json!({"id": 2, "name": "test-report", "size_in_bytes": 9, "expired": false})],
            ),
            (
                "actions/runs/3/artifacts".to_owned(),
                vec![json!({"id": 3, "name": "junit", "size_in_bytes": 9, "expired": true})],
            ),
        ]);
        for check in [51, 41, 31, 55] {
            lists.insert(format!("check-runs/{check}/annotations"), vec![remark.clone()]);
        }
        for number in [1, 2, 3, 4, 5, 8, 9] {
            let event = json!({"id": 900 + number, "event": "closed", "actor": {"login": "ada"},
                "created_at": time(8), "commit_id": null});
            lists.insert(format!("issues/{number}/timeline"), vec![event]);
        }
        let log = |id: u32| format!("2026-04-05T00:00:00.0000000Z job {id}\n").into_bytes();
        let files = BTreeMap::from([
            ("actions/jobs/51/logs".to_owned(), (200, log(51))),
            ("actions/jobs/52/logs".to_owned(), (200, log(52))),
            ("actions/jobs/41/logs".to_owned(), (200, log(41))),
            ("actions/jobs/31/logs".to_owned(), (410, Vec::new())),
            ("actions/artifacts/2/zip".to_owned(), (200, b"not a zip".to_vec())),
        ]);
        Self {
            lists,
            files,
            first: RefCell::default(),
            asked: RefCell::default(),
            dead_from: Cell::new(usize::MAX),
            date: "Mon, 04 May 2026 10:00:00 GMT",
        }
    }

    /// Gives this answer to the next request whose address ends so.
    pub fn answer_first(&self, ending: &str, scripted: Scripted) {
        self.first.borrow_mut().entry(ending.to_owned()).or_default().push(scripted);
    }

    /// Changes an issue.
    pub fn edit(&mut self, number: u64, updated: &str) {
        let issues = self.lists.get_mut("issues").expect("the issues");
        let at = issues.iter().position(|issue| issue["number"] == number).expect("the issue");
        let mut issue = issues.remove(at);
        issue["title"] = json!("Crash, edited");
        issue["updated_at"] = json!(updated);
        issues.push(issue);
    }

    /// Returns the addresses that were asked.
    pub fn urls(&self) -> Vec<String> {
        let short = |asked: &Asked| asked.url.replace(ROOT, "").replace(API, "");
        self.asked.borrow().iter().map(short).collect()
    }

    fn scripted(&self, url: &str) -> Option<Scripted> {
        let mut first = self.first.borrow_mut();
        let (_, left) =
            first.iter_mut().find(|(ending, left)| url.ends_with(*ending) && !left.is_empty())?;
        Some(left.remove(0))
    }

    fn usual(&self, url: &str, etag: Option<&str>) -> Response {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let Some(path) = path.strip_prefix(ROOT) else { return self.elsewhere(url) };
        let path = path.trim_start_matches('/');
        if path.is_empty() {
            return self.json(
                200,
                json!({"created_at": "2026-01-01T00:00:00Z"}).to_string(),
                vec![],
            );
        }
        if let Some((status, _)) = self.files.get(path) {
            let location = format!("https://blobs.example/{path}?signature=secret");
            return match status {
                200 => self.json(302, String::new(), vec![("location", location)]),
                _ => self.json(*status, r#"{"message":"Gone"}"#.to_owned(), vec![]),
            };
        }
        match self.lists.get(path) {
            Some(items) => self.list(path, query, items, etag),
            None => self.object(path),
        }
    }

    fn object(&self, path: &str) -> Response {
        match path {
            "actions/runs/5/attempts/1" => self.json(200, run(5, 1, "failure").to_string(), vec![]),
            _ => self.json(404, r#"{"message":"Not Found"}"#.to_owned(), vec![]),
        }
    }

    fn list(&self, path: &str, query: &str, items: &[Value], etag: Option<&str>) -> Response {
        let field = |name: &str| {
            let found = query
                .split('&')
                .filter_map(|part| part.split_once('='))
                .find(|(key, _)| *key == name);
            found.map(|(_, value)| value.replace("%3A", ":"))
        };
        let since = field("since").unwrap_or_default();
        let (from, to) = field("created").map_or((String::new(), "9".to_owned()), |span| {
            let (from, to) = span.split_once("..").expect("a span");
            (from.to_owned(), to.to_owned())
        });
        let fits = |item: &&Value| {
            let made = item["created_at"].as_str().unwrap_or_default();
            let spanned =
                !query.contains("created=") || (from.as_str() <= made && made <= to.as_str());
            item["updated_at"].as_str().unwrap_or("9") >= since.as_str() && spanned
        };
        let items: Vec<&Value> = items.iter().filter(fits).collect();
        let page: usize = field("page").map_or(1, |page| page.parse().expect("a number"));
        let shown: Vec<&Value> = items.iter().skip((page - 1) * PAGE).take(PAGE).copied().collect();
        let wrapper = match path.rsplit('/').next() {
            Some("runs") => Some("workflow_runs"),
            Some("jobs") => Some("jobs"),
            Some("artifacts") => Some("artifacts"),
            Some("check-runs") => Some("check_runs"),
            _ => None,
        };
        let body = match wrapper {
            Some(name) => json!({"total_count": items.len(), name: shown}).to_string(),
            None => json!(shown).to_string(),
        };
        let mark = format!("\"{}-{}\"", body.len(), body.bytes().map(u64::from).sum::<u64>());
        if etag == Some(mark.as_str()) {
            return self.json(304, String::new(), vec![]);
        }
        let mut headers = vec![("etag", mark)];
        if items.len() > page * PAGE {
            let kept: Vec<&str> =
                query.split('&').filter(|part| !part.starts_with("page=")).collect();
            let next =
                format!("<{ROOT}/{path}?{}&page={}>; rel=\"next\"", kept.join("&"), page + 1);
            headers.push(("link", next));
        }
        self.json(200, body, headers)
    }

    fn elsewhere(&self, url: &str) -> Response {
        let path = url.strip_prefix("https://blobs.example/").expect("one of two servers");
        let path = path.strip_suffix("?signature=secret").expect("a signed address");
        let body = Box::new(Cursor::new(self.files[path].1.clone()));
        Response { status: 200, headers: vec![("date".to_owned(), self.date.to_owned())], body }
    }

    fn json(&self, status: u16, body: String, headers: Vec<(&'static str, String)>) -> Response {
        let mut all = vec![("date".to_owned(), self.date.to_owned())];
        all.extend(headers.into_iter().map(|(name, value)| (name.to_owned(), value)));
        Response { status, headers: all, body: Box::new(Cursor::new(body.into_bytes())) }
    }
}

impl Transport for Toy {
    fn get(&self, request: &Request<'_>) -> io::Result<Response> {
        let header = |name: &str| {
            request
                .headers
                .iter()
                .find(|(header, _)| *header == name)
                .map(|(_, value)| value.clone())
        };
        let mut asked = self.asked.borrow_mut();
        if asked.len() + 1 >= self.dead_from.get() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let etag = header("if-none-match");
        let authorized = header("authorization").is_some();
        asked.push(Asked { url: request.url.to_owned(), authorized, etag: etag.clone() });
        if let Some(Scripted { status, headers, body }) = self.scripted(request.url) {
            return Ok(self.json(status, body.to_owned(), headers));
        }
        Ok(self.usual(request.url, etag.as_deref()))
    }
}
