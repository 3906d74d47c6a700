//! What do dumps of GitLab hold?
//!
//! In: objects of its REST interface (v4), in any arrangement. Out: the records of
//! every object, which is told by its fields. Numbers are those of the project
//! (`iid`). Versions of a merge request name it by an id of their own, so the path
//! of their file must say which one it is, e.g., `merge_requests/12/versions.json`.

mod ci;
mod discussion;

use backstory_model::{ChangeRecord, IssueRecord, Record, RecordId, RepoName};

use super::github::object::{Object, Wrong};
use super::objects::{Mapping, Told, read_objects};
use super::sink::Sink;
use super::{Dialect, Input};
use crate::items::first_names;
use crate::{ListPath, RecordsError};

/// Objects of the REST interface.
pub(super) struct GitLab;

impl Dialect for GitLab {
    fn name(&self) -> &'static str {
        "gitlab"
    }

    fn recognizes(&self, _: &str, head: &[u8]) -> bool {
        let names = first_names(head);
        kind_of(&|name| names.iter().any(|found| found == name)).is_some()
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        let seen = Seen::of(input.name, sink);
        read_objects(&mut *input.reader, sink, &mut Objects { seen })
    }
}

/// When and where an object was seen, as far as it does not say so itself.
#[derive(Clone, Debug, Default)]
pub(crate) struct Seen {
    /// When it was read, RFC 3339.
    pub(crate) observed_at: Option<String>,
    /// The issue or change it was asked from.
    pub(crate) on: Option<RecordId>,
    /// The pipeline it was asked from.
    pub(crate) run: Option<RecordId>,
    /// The job given by the user.
    pub(crate) job: Option<RecordId>,
}

/// Returns what an object is; the objects of every endpoint may come here.
pub(crate) fn told(object: &Object<'_>, seen: Seen) -> Result<Told, Wrong> {
    Objects { seen }.told(object)
}

impl Seen {
    fn of(name: &str, sink: &Sink<'_>) -> Self {
        let options = sink.options();
        let mut seen = Self {
            observed_at: options.observed_at.clone(),
            job: options.job.clone(),
            ..Self::default()
        };
        let lower = name.to_ascii_lowercase();
        let words: Vec<&str> = lower.split(['/', '-', '_', '.']).collect();
        for pair in words.windows(2) {
            let [word, number] = pair else { continue };
            let Ok(number) = number.parse::<u64>() else { continue };
            match *word {
                "requests" | "request" | "merge" | "mr" => {
                    seen.on = Some(RecordId::new(format!("change:{number}")));
                }
                "issues" | "issue" => seen.on = Some(RecordId::new(format!("issue:{number}"))),
                "pipelines" | "pipeline" => {
                    seen.run = Some(RecordId::new(format!("run:{number}")));
                }
                _ => {}
            }
        }
        seen
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kind {
    Issue,
    Change,
    Note,
    Discussion,
    Version,
    StateEvent,
    LabelEvent,
    Pipeline,
    Job,
    TestReport,
    Other(&'static str),
}

/// Objects of which no record is made, by fields only they have.
const OTHERS: [(&str, &[&str]); 5] = [
    ("award", &["awardable_type"]),
    ("project", &["path_with_namespace"]),
    ("commit", &["short_id", "parent_ids"]),
    ("milestone", &["iid", "title", "start_date"]),
    ("user", &["username", "avatar_url"]),
];

/// Tells what an object is by its fields; `None` when nothing is known about it.
fn kind_of(has: &dyn Fn(&str) -> bool) -> Option<Kind> {
    let all = |names: &[&str]| names.iter().all(|name| has(name));
    let any = |names: &[&str]| names.iter().any(|name| has(name));
    if all(&["noteable_type", "body"]) {
        Some(Kind::Note)
    } else if all(&["individual_note", "notes"]) {
        Some(Kind::Discussion)
    } else if all(&["merge_request_id", "head_commit_sha"]) {
        Some(Kind::Version)
    } else if all(&["resource_type", "state"]) {
        Some(Kind::StateEvent)
    } else if all(&["resource_type", "action", "label"]) {
        Some(Kind::LabelEvent)
    } else if has("test_suites") {
        Some(Kind::TestReport)
    } else if all(&["pipeline", "stage", "status"]) {
        Some(Kind::Job)
    } else if all(&["sha", "ref", "status"]) && any(&["web_url", "source", "project_id"]) {
        Some(Kind::Pipeline)
    } else if let Some((name, _)) = OTHERS.iter().find(|(_, names)| all(names)) {
        Some(Kind::Other(name))
    } else if all(&["iid", "title"]) {
        let change = any(&["source_branch", "merge_status", "merge_commit_sha"]);
        Some(if change { Kind::Change } else { Kind::Issue })
    } else {
        None
    }
}

struct Objects {
    seen: Seen,
}

impl Mapping for Objects {
    fn lists(&self) -> &'static [&'static ListPath] {
        &[]
    }

    fn around(&mut self, _: &Object<'_>) {}

    fn repo(&self, object: &Object<'_>) -> Option<RepoName> {
        if let Ok(Some(path)) = object.text("path_with_namespace") {
            return RepoName::parse(&path).ok();
        }
        project(&object.text("web_url").ok()??)
    }

    fn told(&mut self, object: &Object<'_>) -> Result<Told, Wrong> {
        let Some(kind) = kind_of(&|name| object.has(name)) else {
            return Ok(Told::Other("unknown object"));
        };
        let one = |record| Ok(Told::Records(vec![record]));
        match kind {
            // A short listing of merge requests has no field of its own but its link.
            Kind::Issue if links_to(object, "merge_requests") => self.change(object),
            Kind::Issue if links_to(object, "milestones") => Ok(Told::Other("milestone")),
            Kind::Issue if links_to(object, "epics") => Ok(Told::Other("epic")),
            Kind::Issue => one(Record::Issue(issue(object, &self.seen)?)),
            Kind::Change => self.change(object),
            Kind::Note => discussion::note(object, None, &self.seen),
            Kind::Discussion => discussion::discussion(object, &self.seen),
            Kind::Version => one(Record::Event(discussion::version(object, &self.seen)?)),
            // Such an event names its issue by an id that nothing else gives.
            Kind::StateEvent | Kind::LabelEvent if self.seen.on.is_none() => {
                Ok(Told::Other("event of nothing known"))
            }
            Kind::StateEvent => one(Record::Event(discussion::state_event(object, &self.seen)?)),
            Kind::LabelEvent => one(Record::Event(discussion::label_event(object, &self.seen)?)),
            Kind::Pipeline => one(Record::CiRun(ci::pipeline(object, None, &self.seen)?)),
            Kind::Job => ci::job(object, &self.seen),
            Kind::TestReport => ci::test_report(object, &self.seen),
            Kind::Other(name) => Ok(Told::Other(name)),
        }
    }
}

impl Objects {
    /// Returns a merge request, and the pipeline of its head where it is told with it.
    fn change(&self, object: &Object<'_>) -> Result<Told, Wrong> {
        let change = change(object, &self.seen)?;
        let number = change.number;
        let mut records = vec![Record::Change(change)];
        if let Some(pipeline) = object.object("head_pipeline")? {
            records.push(Record::CiRun(ci::pipeline(&pipeline, Some(number), &self.seen)?));
        }
        Ok(Told::Records(records))
    }
}

fn links_to(object: &Object<'_>, part: &str) -> bool {
    let link = object.text("web_url").ok().flatten().unwrap_or_default();
    link.split('/').any(|found| found == part)
}

/// Returns the project a link names. Projects in groups of groups have longer names
/// than a repository can have here; which they are must then be said.
fn project(link: &str) -> Option<RepoName> {
    const BORDERS: [&str; 6] =
        ["-", "issues", "merge_requests", "pipelines", "milestones", "work_items"];
    let (_, rest) = link.split_once("://")?;
    let (_, path) = rest.split_once('/')?;
    let parts: Vec<&str> = path.split('/').collect();
    match parts.iter().position(|part| BORDERS.contains(part)) {
        Some(2) => RepoName::parse(&format!("{}/{}", parts[0], parts[1])).ok(),
        _ => None,
    }
}

fn issue(object: &Object<'_>, seen: &Seen) -> Result<IssueRecord, Wrong> {
    let number = object.need_number("iid")?;
    Ok(IssueRecord {
        id: RecordId::new(format!("issue:{number}")),
        number,
        title: object.need_text("title")?,
        body: object.text("description")?,
        author: author(object)?,
        state: state(object)?,
        labels: labels(object)?,
        created_at: object.time("created_at"),
        updated_at: object.time("updated_at"),
        observed_at: seen.observed_at.clone(),
        closed_at: object.time("closed_at"),
        url: object.text("web_url")?,
    })
}

fn change(object: &Object<'_>, seen: &Seen) -> Result<ChangeRecord, Wrong> {
    let number = object.need_number("iid")?;
    let refs = object.object("diff_refs")?.unwrap_or_default();
    let merged = object.text("merge_commit_sha")?;
    Ok(ChangeRecord {
        id: RecordId::new(format!("change:{number}")),
        number,
        title: object.need_text("title")?,
        body: object.text("description")?,
        author: author(object)?,
        state: state(object)?,
        base_sha: refs.text("base_sha")?,
        head_sha: object.text("sha")?.or(refs.text("head_sha")?),
        // A project that only fast-forwards has no merge commit, but may squash.
        merge_sha: if merged.is_some() { merged } else { object.text("squash_commit_sha")? },
        merged_at: object.time("merged_at"),
        commits: Vec::new(),
        closes: Vec::new(),
        created_at: object.time("created_at"),
        updated_at: object.time("updated_at"),
        observed_at: seen.observed_at.clone(),
        closed_at: object.time("closed_at"),
        url: object.text("web_url")?,
    })
}

/// Returns who did it; the account that stands for deleted ones is nobody.
fn author(object: &Object<'_>) -> Result<Option<String>, Wrong> {
    let user = object.object("author")?.unwrap_or_default();
    Ok(user.text("username")?.filter(|name| !name.is_empty() && name != "ghost"))
}

/// Returns the state in the words of the record format; a locked one is still open.
fn state(object: &Object<'_>) -> Result<Option<String>, Wrong> {
    let word = object.word("state")?;
    Ok(word.map(|word| if word == "opened" || word == "locked" { "open".to_owned() } else { word }))
}

/// Returns the names of labels, which are texts or, with details, objects.
fn labels(object: &Object<'_>) -> Result<Vec<String>, Wrong> {
    let mut names = Vec::new();
    for raw in object.list("labels")? {
        match serde_json::from_str::<String>(raw.get()) {
            Ok(name) => names.push(name),
            Err(_) => names.extend(Object::read(raw)?.text("name")?),
        }
    }
    Ok(names)
}
