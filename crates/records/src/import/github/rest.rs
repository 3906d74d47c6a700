//! Which records does an object of the REST interface hold?
//!
//! In: one object and where it was seen. Out: its kind, told by its fields, and
//! its records. The objects of every endpoint go through here, whether a dump, a
//! webhook or a collector brought them.

use backstory_model::{ChangeRecord, IssueRecord, Record, RecordId, RepoName};

use super::ci;
use super::discussion;
use super::object::{Object, Wrong};
use super::place::{Place, subject};

/// When and where an object was seen, as far as it does not say so itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// When it was read, RFC 3339.
    pub(crate) observed_at: Option<String>,
    /// The repository it was asked from.
    pub(crate) repo: Option<RepoName>,
    /// The issue or change it was asked from, e.g., of a timeline.
    pub(crate) on: Option<RecordId>,
    /// The job it was asked from, e.g., of annotations.
    pub(crate) job: Option<RecordId>,
    /// Its place in that list, from 1.
    pub(crate) position: u64,
}

/// What an object is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum RestKind {
    /// An issue, or a pull request in a listing of issues.
    Issue,
    /// A pull request.
    Change,
    /// A comment on an issue or pull request.
    Comment,
    /// A comment on lines of a pull request.
    ReviewComment,
    /// A review.
    Review,
    /// An entry of a timeline or a list of events.
    Event,
    /// A workflow run.
    Run,
    /// A job of a workflow run.
    Job,
    /// A check run.
    CheckRun,
    /// A check suite.
    CheckSuite,
    /// An annotation.
    Annotation,
    /// A commit status.
    Status,
    /// Something of which no record is made.
    Other(&'static str),
}

impl RestKind {
    /// Returns true unless such objects are only counted.
    pub(crate) fn makes_records(self) -> bool {
        !matches!(self, Self::Other(_))
    }
}

/// Names of which a comment on lines has one; old answers have the last one only.
const OF_LINES: [&str; 3] = ["diff_hunk", "pull_request_review_id", "original_commit_id"];

/// Objects of which no record is made, by a field or two only they have.
const OTHERS: [(&str, &[&str]); 17] = [
    ("release", &["tag_name", "assets"]),
    ("release", &["tag_name", "target_commitish"]),
    ("milestone", &["number", "title", "open_issues"]),
    ("discussion", &["number", "title", "answer_html_url"]),
    ("commit comment", &["commit_id", "body", "position"]),
    ("commit", &["sha", "commit"]),
    ("commit", &["sha", "tree", "parents"]),
    ("label", &["name", "color"]),
    ("repository", &["full_name", "owner"]),
    ("user", &["login", "id"]),
    ("workflow", &["path", "badge_url"]),
    ("artifact", &["archive_download_url"]),
    ("branch", &["name", "protected"]),
    ("tag", &["name", "zipball_url"]),
    ("reference", &["ref", "object"]),
    ("reaction", &["content", "user"]),
    ("error answer", &["message", "documentation_url"]),
];

/// Tells what an object is by its fields; `None` when nothing is known about it.
pub(crate) fn kind_of(has: impl Fn(&str) -> bool) -> Option<RestKind> {
    let all = |names: &[&str]| names.iter().all(|name| has(name));
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    let kind = if all(&["head_sha", "run_number"]) {
        RestKind::Run
    } else if all(&["run_id", "name"]) && any(&["steps", "run_attempt", "runner_id"]) {
        RestKind::Job
    } else if all(&["head_sha", "check_suite", "name"]) {
        RestKind::CheckRun
    } else if has("head_sha") && any(&["latest_check_runs_count", "check_runs_url"]) {
        RestKind::CheckSuite
    } else if all(&["annotation_level", "path"]) {
        RestKind::Annotation
    } else if all(&["state", "target_url", "creator"]) && !has("deployment_url")
        || all(&["context", "state"]) && any(&["target_url", "description", "sha"])
    {
        RestKind::Status
    } else if all(&["event"]) && !has("payload") {
        RestKind::Event
    } else if has("body") && any(&OF_LINES) {
        RestKind::ReviewComment
    } else if all(&["pull_request_url", "state"]) && !has("number") {
        RestKind::Review
    } else if all(&["issue_url", "body"]) && !has("number") {
        RestKind::Comment
    } else if all(&["number", "title"]) && any(&["head", "base", "merge_commit_sha"]) {
        RestKind::Change
    } else if let Some((name, _)) = OTHERS.iter().find(|(_, names)| all(names)) {
        RestKind::Other(name)
    } else if all(&["number", "title"]) && any(&["state", "user", "body"]) {
        RestKind::Issue
    } else if all(&["id", "body", "user", "created_at"]) {
        RestKind::Comment
    } else {
        return None;
    };
    Some(kind)
}

/// Returns the records of an object of a known kind.
pub(crate) fn records(
    kind: RestKind,
    object: &Object<'_>,
    seen: &Seen,
) -> Result<Vec<Record>, Wrong> {
    let one = |record| Ok(vec![record]);
    match kind {
        RestKind::Issue if object.is_pull_request() => one(Record::Change(change(object, seen)?)),
        RestKind::Issue => one(Record::Issue(issue(object, seen)?)),
        RestKind::Change => one(Record::Change(change(object, seen)?)),
        RestKind::Comment => one(Record::Comment(discussion::comment(object, seen)?)),
        RestKind::ReviewComment => one(Record::Comment(discussion::review_comment(object, seen)?)),
        RestKind::Review => one(Record::Review(discussion::review(object, seen)?)),
        RestKind::Event => discussion::timeline_entry(object, seen),
        RestKind::Run => one(Record::CiRun(ci::run(object, seen)?)),
        RestKind::Job => one(Record::CiJob(ci::job(object, seen)?)),
        RestKind::CheckRun => ci::check_run(object, seen),
        RestKind::CheckSuite => one(Record::CiRun(ci::check_suite(object, seen)?)),
        RestKind::Annotation => one(Record::Annotation(ci::annotation(object, seen)?)),
        RestKind::Status => ci::status(object, seen),
        RestKind::Other(_) => Ok(Vec::new()),
    }
}

/// Returns the record of an issue.
pub(crate) fn issue(object: &Object<'_>, seen: &Seen) -> Result<IssueRecord, Wrong> {
    let number = object.need_number("number")?;
    Ok(IssueRecord {
        id: subject(number, false),
        number,
        title: object.need_text("title")?,
        body: object.text("body")?,
        author: author(object, "user")?,
        state: object.word("state")?,
        labels: labels(object)?,
        created_at: object.time("created_at"),
        updated_at: object.time("updated_at"),
        observed_at: seen.observed_at.clone(),
        closed_at: object.time("closed_at"),
        url: object.text("html_url")?,
    })
}

/// Returns the record of a pull request, as its own endpoint or a listing of issues tells it.
pub(crate) fn change(object: &Object<'_>, seen: &Seen) -> Result<ChangeRecord, Wrong> {
    let number = object.need_number("number")?;
    let listed = object.object("pull_request")?;
    let merged_at = object
        .time("merged_at")
        .or_else(|| listed.as_ref().and_then(|listed| listed.time("merged_at")));
    let merged = merged_at.is_some() || matches!(object.flag("merged"), Ok(true));
    // Until it is merged, the forge names a trial merge here.
    let merge_sha = if merged { object.text("merge_commit_sha")? } else { None };
    Ok(ChangeRecord {
        id: subject(number, true),
        number,
        title: object.need_text("title")?,
        body: object.text("body")?,
        author: author(object, "user")?,
        state: if merged { Some("merged".to_owned()) } else { object.word("state")? },
        base_sha: sha_of(object, "base")?,
        head_sha: sha_of(object, "head")?,
        merge_sha,
        merged_at,
        commits: Vec::new(),
        closes: Vec::new(),
        created_at: object.time("created_at"),
        updated_at: object.time("updated_at"),
        observed_at: seen.observed_at.clone(),
        closed_at: object.time("closed_at"),
        url: object.text("html_url")?,
    })
}

/// Returns the repository an object belongs to, by what it says itself.
pub(crate) fn repository(object: &Object<'_>) -> Option<RepoName> {
    const LINKS: [&str; 8] = [
        "repository_url",
        "issue_url",
        "pull_request_url",
        "url",
        "html_url",
        "run_url",
        "check_runs_url",
        "blob_href",
    ];
    let link = |name| Place::read(&object.text(name).ok()??).map(|place| place.repo);
    LINKS.into_iter().find_map(link).or_else(|| {
        let repository = object.object("repository").ok()??;
        RepoName::parse(&repository.text("full_name").ok()??).ok()
    })
}

/// Returns who did it; a deleted account is nobody.
pub(super) fn author(object: &Object<'_>, name: &str) -> Result<Option<String>, Wrong> {
    // Old dumps and mirrors give the login alone.
    if let Ok(login) = object.text(name) {
        return Ok(login.filter(|login| !login.is_empty()));
    }
    let user = object.object(name)?.unwrap_or_default();
    Ok(user.text("login")?.filter(|login| !login.is_empty()))
}

/// Returns the names of labels, which are texts or objects.
pub(super) fn labels(object: &Object<'_>) -> Result<Vec<String>, Wrong> {
    let mut names = Vec::new();
    for raw in object.list("labels")? {
        match serde_json::from_str::<String>(raw.get()) {
            Ok(name) => names.push(name),
            Err(_) => names.extend(Object::read(raw)?.text("name")?),
        }
    }
    Ok(names)
}

fn sha_of(object: &Object<'_>, name: &str) -> Result<Option<String>, Wrong> {
    object.object(name)?.map_or(Ok(None), |end| end.text("sha"))
}
