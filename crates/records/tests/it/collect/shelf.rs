//! Forges that live in memory: `acme/group/toy` on a GitLab, `acme/toy` on a Gitea.
//!
//! They cut lists into pages of two, sort and filter by time as they are asked to,
//! and fail where a test says so. Every text in them is made up.

use std::cell::{Cell, RefCell};
use std::collections::BTreeMap;
use std::io::{self, Cursor};

use backstory_records::{Forge, Request, Response, Transport};
use serde_json::{Value, json};

use super::toy::Scripted;

const PAGE: usize = 2;

/// A forge.
pub struct Shelf {
    pub forge: Forge,
    pub base: &'static str,
    root: &'static str,
    /// Lists by path below the repository, and their items.
    pub lists: BTreeMap<String, Vec<Value>>,
    /// Objects by path.
    pub objects: BTreeMap<String, Value>,
    /// Files by path.
    pub files: BTreeMap<String, &'static str>,
    /// Answers to give first, each once, before the usual one.
    pub first: RefCell<Vec<(String, Scripted)>>,
    /// The addresses that were asked, and whether the token came along.
    pub asked: RefCell<Vec<(String, bool)>>,
    /// No request from this one on gets an answer.
    pub dead_from: Cell<usize>,
    pub date: &'static str,
}

fn time(day: u64) -> String {
    format!("2026-02-{day:02}T00:00:00.500Z")
}

fn note(id: u64, day: u64, body: &str, system: bool, of: (&str, u64)) -> Value {
    json!({"id": id, "body": body, "system": system, "author": {"username": "bob"},
        "noteable_type": of.0, "noteable_iid": of.1,
        "created_at": time(day), "updated_at": time(day)})
}

fn sha(letter: &str) -> String {
    letter.repeat(40)
}

impl Shelf {
    fn new(forge: Forge, base: &'static str, root: &'static str) -> Self {
        Self {
            forge,
            base,
            root,
            lists: BTreeMap::new(),
            objects: BTreeMap::from([(String::new(), json!({"id": 5}))]),
            files: BTreeMap::new(),
            first: RefCell::default(),
            asked: RefCell::default(),
            dead_from: Cell::new(usize::MAX),
            date: "Mon, 04 May 2026 10:00:00 GMT",
        }
    }

    /// Makes a GitLab with three issues, a merge request, and two pipelines.
    pub fn gitlab() -> Self {
        let base = "https://gitlab.example/api/v4";
        let mut shelf = Self::new(
            Forge::GitLab,
            base,
            "https://gitlab.example/api/v4/projects/acme%2Fgroup%2Ftoy",
        );
        let issue = |n: u64| {
            json!({"id": 100 + n, "iid": n, "project_id": 5, "title": format!("Crash {n}"),
                "description": "It crashes.", "state": "opened", "labels": ["bug"],
                "author": {"username": "ada"}, "created_at": time(1), "updated_at": time(n)})
        };
        shelf.put("issues", (1..=3).map(issue).collect());
        for number in 1..=3 {
            shelf.put(&format!("issues/{number}/notes"), vec![]);
            shelf.put(&format!("issues/{number}/resource_state_events"), vec![]);
            shelf.put(&format!("issues/{number}/resource_label_events"), vec![]);
        }
        let issue_1 = ("Issue", 1);
        shelf.put(
            "issues/1/notes",
            vec![
                note(11, 1, "Me too", false, issue_1),
                note(12, 1, "mentioned in merge request !7", true, issue_1),
                note(13, 1, "Here as well", false, issue_1),
            ],
        );
        shelf.put(
            "issues/1/resource_state_events",
            vec![json!({"id": 1, "state": "closed",
            "user": {"username": "eve"}, "created_at": time(1), "resource_type": "Issue",
            "resource_id": 101, "source_merge_request": {"iid": 7}})],
        );
        shelf.put(
            "issues/1/resource_label_events",
            vec![json!({"id": 1, "action": "add",
            "user": null, "created_at": time(1), "resource_type": "Issue", "resource_id": 101,
            "label": {"name": "bug"}})],
        );
        shelf.merge_request();
        shelf.pipelines();
        shelf
    }

    fn merge_request(&mut self) {
        let listed = json!({"id": 207, "iid": 7, "project_id": 5, "title": "Stop the crash",
            "description": "Closes #1", "state": "merged", "author": {"username": "ada"},
            "source_branch": "fix", "sha": sha("a"), "merge_commit_sha": sha("c"),
            "merged_at": time(4), "created_at": time(2), "updated_at": time(4)});
        let mut whole = listed.clone();
        whole["diff_refs"] = json!({"base_sha": sha("b"), "head_sha": sha("a")});
        self.put("merge_requests", vec![listed]);
        self.objects.insert("merge_requests/7".to_owned(), whole);
        self.put(
            "merge_requests/7/closes_issues",
            vec![json!({"iid": 1, "project_id": 5}), json!({"iid": 2, "project_id": 6})],
        );
        let mut inline = note(21, 3, "Off by one", false, ("MergeRequest", 7));
        inline["position"] = json!({"new_path": "a.py", "new_line": 3, "head_sha": sha("a")});
        self.put("merge_requests/7/notes", vec![inline]);
        self.put(
            "merge_requests/7/versions",
            vec![json!({"id": 31, "merge_request_id": 207,
            "head_commit_sha": sha("a"), "base_commit_sha": sha("b"), "created_at": time(2)})],
        );
        self.put("merge_requests/7/resource_state_events", vec![]);
        self.put("merge_requests/7/resource_label_events", vec![]);
    }

    fn pipelines(&mut self) {
        let pipeline = |id: u64, status: &str| {
            json!({"id": id, "iid": 1, "project_id": 5, "sha": sha("a"), "status": status,
                "ref": "refs/merge-requests/7/head", "source": "merge_request_event",
                "created_at": time(id), "updated_at": time(id)})
        };
        let job = |id: u64, run: u64, status: &str| {
            json!({"id": id, "name": "unit", "stage": "test", "status": status,
                "started_at": (status != "manual").then(|| time(5)), "finished_at": time(5),
                "pipeline": {"id": run, "sha": sha("a"), "ref": "main", "status": status}})
        };
        let (red, green) = (pipeline(5, "failed"), pipeline(6, "success"));
        self.objects.insert("pipelines/5".to_owned(), red.clone());
        self.objects.insert("pipelines/6".to_owned(), green.clone());
        self.put("pipelines", vec![red, green]);
        self.put("pipelines/5/jobs", vec![job(51, 5, "failed"), job(52, 5, "manual")]);
        self.put("pipelines/6/jobs", vec![job(61, 6, "success"), job(62, 6, "failed")]);
        self.files.insert("jobs/51/trace".to_owned(), "job 51: boom\n");
        self.files.insert("jobs/61/trace".to_owned(), "job 61: fine\n");
        let report = json!({"total_count": 1, "test_suites": [{"name": "unit", "test_cases":
            [{"status": "failed", "name": "test_parse", "classname": "t", "execution_time": 0.5,
            "system_output": "boom"}]}]});
        self.objects.insert("pipelines/5/test_report".to_owned(), report);
        let none = json!({"total_count": 0, "test_suites": []});
        self.objects.insert("pipelines/6/test_report".to_owned(), none);
    }

    /// Makes a Gitea with three issues, a pull request, and a run.
    pub fn gitea() -> Self {
        let base = "https://gitea.example/api/v1";
        let mut shelf =
            Self::new(Forge::Gitea, base, "https://gitea.example/api/v1/repos/acme/toy");
        let issue = |n: u64| {
            json!({"id": 100 + n, "number": n, "title": format!("Crash {n}"), "body": "It crashes.",
                "state": "open", "user": {"login": "ada"}, "labels": [], "original_author": "",
                "comments": 0, "created_at": time(1), "updated_at": time(4 - n),
                "html_url": format!("https://gitea.example/acme/toy/issues/{n}")})
        };
        shelf.put("issues", (1..=3).rev().map(issue).collect());
        let comment = |id: u64, number: u64| {
            json!({"id": id, "body": "Me too", "user": {"login": "bob"}, "original_author": "",
                "issue_url": format!("https://gitea.example/acme/toy/issues/{number}"),
                "pull_request_url": "", "created_at": time(2), "updated_at": time(2)})
        };
        shelf.put("issues/comments", vec![comment(11, 1), comment(12, 2), comment(13, 2)]);
        let entry = |id: u64, kind: &str, link: (&str, &str)| {
            json!({"id": id, "type": kind, "body": "", "user": {"login": "eve"}, "ref_comment": null,
                "issue_url": link.0, "pull_request_url": link.1, "created_at": time(2),
                "updated_at": time(2)})
        };
        let (first, pull) =
            ("https://gitea.example/acme/toy/issues/1", "https://gitea.example/acme/toy/pulls/7");
        shelf.put(
            "issues/1/timeline",
            vec![entry(11, "comment", (first, "")), entry(90, "close", (first, ""))],
        );
        shelf.put("issues/2/timeline", vec![]);
        shelf.put("issues/3/timeline", vec![]);
        shelf.put("issues/7/timeline", vec![entry(91, "merge_pull", ("", pull))]);
        shelf.put(
            "pulls",
            vec![json!({"id": 207, "number": 7, "title": "Stop the crash",
            "body": "Fixes #1", "user": {"login": "Ghost"}, "state": "closed", "merged": true,
            "merged_at": time(4), "merge_commit_sha": sha("c"), "head": {"sha": sha("a")},
            "base": {"sha": sha("b")}, "created_at": time(2), "updated_at": time(4),
            "html_url": pull})],
        );
        shelf.put(
            "pulls/7/reviews",
            vec![json!({"id": 71, "user": {"login": "eve"},
            "state": "REQUEST_CHANGES", "body": "", "commit_id": sha("a"), "comments_count": 1,
            "submitted_at": time(3), "updated_at": time(3), "pull_request_url": pull})],
        );
        shelf.put(
            "pulls/7/reviews/71/comments",
            vec![json!({"id": 72, "body": "Off by one",
            "user": {"login": "eve"}, "path": "a.py", "position": 3, "original_position": 0, "diff_hunk": "@@", "commit_id": sha("a"),
            "pull_request_review_id": 71, "pull_request_url": pull, "created_at": time(3),
            "updated_at": time(3)})],
        );
        let run = |id: u64| {
            json!({"id": id, "run_number": id, "run_attempt": 1, "event": "push",
                "path": "test.yml@refs/heads/main", "head_sha": sha("a"), "head_branch": "main",
                "status": "completed", "conclusion": "failure",
                "created_at": format!("2026-04-{id:02}T00:00:00Z"),
                "started_at": format!("2026-04-{id:02}T00:00:00Z"),
                "completed_at": format!("2026-04-{id:02}T00:01:00Z")})
        };
        shelf.put("actions/runs", vec![run(6), run(5), run(4)]);
        for id in [4, 5, 6] {
            shelf.put(
                &format!("actions/runs/{id}/jobs"),
                vec![json!({"id": 10 * id + 1,
                "run_id": id, "run_attempt": 1, "name": "unit", "status": "completed",
                "conclusion": "failure", "head_sha": sha("a"), "steps": [],
                "started_at": time(5), "completed_at": time(5)})],
            );
        }
        shelf.files.insert("actions/jobs/61/logs".to_owned(), "job 61\n");
        shelf.files.insert("actions/jobs/51/logs".to_owned(), "job 51\n");
        shelf
    }

    fn put(&mut self, path: &str, items: Vec<Value>) {
        self.lists.insert(path.to_owned(), items);
    }

    /// Gives this answer to the next request whose address ends so.
    pub fn answer_first(&self, ending: &str, scripted: Scripted) {
        self.first.borrow_mut().push((ending.to_owned(), scripted));
    }

    /// Changes an issue.
    pub fn edit(&mut self, number: u64, updated: &str) {
        let issues = self.lists.get_mut("issues").expect("the issues");
        let is_it = |issue: &&mut Value| issue["iid"] == number || issue["number"] == number;
        let issue = issues.iter_mut().find(is_it).expect("the issue");
        issue["title"] = json!("Crash, edited");
        issue["updated_at"] = json!(updated);
    }

    /// Returns the addresses that were asked, without what they have in common.
    pub fn urls(&self) -> Vec<String> {
        self.asked.borrow().iter().map(|(url, _)| url.replace(self.root, "")).collect()
    }

    fn usual(&self, url: &str) -> Response {
        let (path, query) = url.split_once('?').unwrap_or((url, ""));
        let Some(path) = path.strip_prefix(self.root) else { return self.say(404, "{}", vec![]) };
        let path = path.trim_start_matches('/');
        if let Some(file) = self.files.get(path) {
            return self.say(200, file, vec![]);
        }
        if let Some(object) = self.objects.get(path) {
            return self.say(200, &object.to_string(), vec![]);
        }
        match self.lists.get(path) {
            Some(items) => self.list(path, query, items),
            None => self.say(404, r#"{"message":"404 Not Found"}"#, vec![]),
        }
    }

    fn list(&self, path: &str, query: &str, items: &[Value]) -> Response {
        let fields = || query.split('&').filter_map(|part| part.split_once('='));
        let field = |name: &str| fields().find(|(key, _)| *key == name).map(|(_, value)| value);
        let since = field("updated_after").or(field("since")).unwrap_or_default();
        let since = since.replace("%3A", ":");
        let when = |item: &Value| item["updated_at"].as_str().unwrap_or("9").to_owned();
        let mut shown: Vec<&Value> = items.iter().filter(|item| when(item) >= since).collect();
        match field("sort") {
            Some("asc") => shown.sort_by_key(|item| when(item)),
            Some("desc" | "recentupdate") => {
                shown.sort_by_key(|item| std::cmp::Reverse(when(item)));
            }
            _ => {}
        }
        let page: usize = field("page").map_or(1, |page| page.parse().expect("a number"));
        let here: Vec<_> = shown.iter().skip((page - 1) * PAGE).take(PAGE).collect();
        let more = shown.len() > page * PAGE;
        let wrapper = match path.rsplit('/').next() {
            Some("runs" | "tasks") => Some("workflow_runs"),
            Some("jobs") if self.forge == Forge::Gitea => Some("jobs"),
            _ => None,
        };
        let body = match wrapper {
            Some(name) => json!({"total_count": items.len(), name: here}),
            None => json!(here),
        };
        let kept: Vec<&str> = query.split('&').filter(|part| !part.starts_with("page=")).collect();
        let headers = match (self.forge, more) {
            // Its address is wrong behind a proxy; the number of the page is not.
            (Forge::GitLab, true) => vec![
                ("x-next-page", (page + 1).to_string()),
                ("link", "<http://internal/x?page=2>; rel=\"next\"".to_owned()),
            ],
            (Forge::GitLab, false) => vec![("x-next-page", String::new())],
            (Forge::Gitea | Forge::GitHub, true) => {
                let kept = kept.join("&");
                let next = format!("<{}/{path}?{kept}&page={}>; rel=\"next\"", self.root, page + 1);
                vec![("link", next)]
            }
            (Forge::Gitea | Forge::GitHub, false) => vec![],
        };
        self.say(200, &body.to_string(), headers)
    }

    fn say(&self, status: u16, body: &str, headers: Vec<(&'static str, String)>) -> Response {
        let mut all = vec![("date".to_owned(), self.date.to_owned())];
        all.extend(headers.into_iter().map(|(name, value)| (name.to_owned(), value)));
        let body = Box::new(Cursor::new(body.as_bytes().to_vec()));
        Response { status, headers: all, body }
    }
}

impl Transport for Shelf {
    fn get(&self, request: &Request<'_>) -> io::Result<Response> {
        let mut asked = self.asked.borrow_mut();
        if asked.len() + 1 >= self.dead_from.get() {
            return Err(io::ErrorKind::ConnectionReset.into());
        }
        let token = match self.forge {
            Forge::GitLab => ("private-token", "a-secret"),
            Forge::Gitea => ("authorization", "token a-secret"),
            Forge::GitHub => ("authorization", "Bearer a-secret"),
        };
        let mut headers = request.headers.iter();
        let authorized = headers.any(|(name, value)| (*name, value.as_str()) == token);
        asked.push((request.url.to_owned(), authorized));
        let mut first = self.first.borrow_mut();
        if let Some(at) = first.iter().position(|(ending, _)| request.url.ends_with(ending)) {
            let (_, Scripted { status, headers, body }) = first.remove(at);
            return Ok(self.say(status, body, headers));
        }
        Ok(self.usual(request.url))
    }
}
