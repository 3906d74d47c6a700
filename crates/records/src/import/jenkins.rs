//! What do dumps of Jenkins hold?
//!
//! In: answers of its JSON interface: jobs with their builds, single builds, test
//! reports. Out: a run and a job for each build, and test results. A build is named
//! by its job and number, as its address says, e.g., `run:folder/name/12`; the build
//! that a test report belongs to stands in the path of its file.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    CiConclusion, CiJobRecord, CiRunRecord, Record, RecordId, RepoName, TestOutcome,
};
use jiff::Timestamp;

use super::github::object::{Object, Wrong};
use super::objects::{Mapping, Told, read_objects};
use super::sink::Sink;
use super::test_list::{Case, TestList};
use super::{Dialect, Input};
use crate::items::first_names;
use crate::{ListPath, RecordsError};

/// Answers of the JSON interface.
pub(super) struct Jenkins;

impl Dialect for Jenkins {
    fn name(&self) -> &'static str {
        "jenkins"
    }

    fn recognizes(&self, name: &str, head: &[u8]) -> bool {
        let names = first_names(head);
        let all = |wanted: &[&str]| wanted.iter().all(|name| names.iter().any(|n| n == name));
        let class = memchr::memmem::find(head, b"\"hudson.").is_some()
            || memchr::memmem::find(head, b"\"org.jenkinsci.").is_some();
        let listed = all(&["jobs"]) && (class || memchr::memmem::find(head, b"/job/").is_some());
        all(&["queueId", "number"])
            || all(&["actions", "buildable"])
            || all(&["actions", "displayNameOrNull"])
            || all(&["failCount", "suites"])
            || all(&["suites"]) && name.contains("testReport")
            || all(&["backend_name", "data"]) && memchr::memmem::find(head, b"Jenkins").is_some()
            || listed
    }

    fn read(&self, input: &mut Input<'_>, sink: &mut Sink<'_>) -> Result<(), RecordsError> {
        let options = sink.options();
        let mut mapping = Answers {
            observed_at: options.observed_at.clone(),
            repo: options.repo.clone(),
            build: build_of(input.name),
            job: options.job.clone(),
        };
        read_objects(&mut *input.reader, sink, &mut mapping)
    }
}

struct Answers {
    observed_at: Option<String>,
    /// The repository, if it was given.
    repo: Option<RepoName>,
    /// The build the file belongs to.
    build: Option<String>,
    /// The job, if it was given.
    job: Option<RecordId>,
}

impl Mapping for Answers {
    fn lists(&self) -> &'static [&'static ListPath] {
        &[&["builds"]]
    }

    fn around(&mut self, _: &Object<'_>) {}

    fn repo(&self, object: &Object<'_>) -> Option<RepoName> {
        revision(object, self.repo.as_ref()).ok().flatten()?.repo
    }

    fn told(&mut self, object: &Object<'_>) -> Result<Told, Wrong> {
        // Collectors wrap what they were answered.
        if let Some(inner) = object.object("data")?.filter(|_| object.has("backend_name")) {
            return self.told(&inner);
        }
        if object.has("suites") {
            return self.test_report(object);
        }
        if object.has("number") && object.has("url") {
            return self.build(object);
        }
        Ok(Told::Other(if object.has("jobs") {
            "list of jobs"
        } else if object.has("buildable") {
            "job without builds"
        } else {
            "unknown object"
        }))
    }
}

impl Answers {
    fn build(&self, object: &Object<'_>) -> Result<Told, Wrong> {
        let link = object.need_text("url")?;
        let name = build_of(&link).ok_or(Wrong::Nowhere { what: "job" })?;
        let revision = match revision(object, self.repo.as_ref())? {
            Some(revision) => revision,
            None if !object.has("actions") => return Ok(Told::Other("build without details")),
            None => return Ok(Told::Other("build of no single commit")),
        };
        let started = object.number("timestamp")?.and_then(milliseconds);
        let ended = object.number("timestamp")?.zip(object.number("duration")?);
        let running = object.flag("building")?;
        let finished = ended
            .filter(|(_, duration)| !running && *duration > 0)
            .and_then(|(start, duration)| milliseconds(start.checked_add(duration)?));
        let conclusion = if running { None } else { conclusion(object)? };
        let id = RecordId::new(format!("run:{name}"));
        let run = CiRunRecord {
            id: id.clone(),
            commit: revision.commit,
            change: None,
            workflow: name.rsplit_once('/').map(|(job, _)| job.to_owned()),
            attempt: 1,
            event: cause(object)?,
            branch: revision.branch,
            conclusion,
            url: Some(link),
            created_at: started.clone(),
            started_at: started.clone(),
            finished_at: finished.clone(),
            observed_at: self.observed_at.clone(),
        };
        let job = CiJobRecord {
            id: RecordId::new(format!("job:{name}")),
            run: id,
            name: name.clone(),
            matrix: BTreeMap::new(),
            conclusion,
            steps: Vec::new(),
            log: None,
            started_at: started,
            finished_at: finished,
            observed_at: self.observed_at.clone(),
        };
        Ok(Told::Records(vec![Record::CiRun(run), Record::CiJob(job)]))
    }

    fn test_report(&self, object: &Object<'_>) -> Result<Told, Wrong> {
        let named = self.build.as_ref().map(|name| RecordId::new(format!("job:{name}")));
        let job = self.job.as_ref().or(named.as_ref());
        let mut tests = TestList::new(job, self.observed_at.as_ref());
        for suite in object.objects("suites")? {
            let name = suite.text("name")?;
            for case in suite.objects("cases")? {
                let details = case.text("errorDetails")?;
                let trace = case.text("errorStackTrace")?;
                tests.add(Case {
                    suite: name.clone(),
                    class: case.text("className")?,
                    name: case.need_text("name")?,
                    file: None,
                    outcome: outcome(case.word("status")?.as_deref()),
                    seconds: case.raw("duration").and_then(|raw| raw.get().parse().ok()),
                    message: match (details, trace) {
                        (Some(details), Some(trace)) => Some(format!("{details}\n{trace}")),
                        (details, trace) => details.or(trace),
                    },
                });
            }
        }
        Ok(Told::Records(tests.into_records().map(Record::TestResult).collect()))
    }
}

/// Which commit a build is about.
struct Revision {
    commit: String,
    branch: Option<String>,
    repo: Option<RepoName>,
}

/// Returns the commit of a build. A build that also checked out a library names
/// several repositories; then only the one that was asked for is taken.
fn revision(object: &Object<'_>, wanted: Option<&RepoName>) -> Result<Option<Revision>, Wrong> {
    let mut found = Vec::new();
    for action in object.objects("actions")? {
        let Some(built) = action.object("lastBuiltRevision")? else { continue };
        let Some(commit) = built.text("SHA1")? else { continue };
        let branch = match built.objects("branch")?.first() {
            Some(branch) => branch.text("name")?.map(|name| short_branch(&name)),
            None => None,
        };
        let remotes = action.list("remoteUrls")?;
        let repo = remotes
            .iter()
            .find_map(|raw| repo_of(&serde_json::from_str::<String>(raw.get()).ok()?));
        found.push(Revision { commit, branch, repo });
    }
    if let Some(wanted) = wanted
        && found.iter().any(|revision| revision.repo.is_some())
    {
        found.retain(|revision| revision.repo.as_ref() == Some(wanted));
    }
    let commits: BTreeSet<&String> = found.iter().map(|revision| &revision.commit).collect();
    Ok(if commits.len() == 1 { found.pop() } else { None })
}

/// Returns `owner/name` at the end of the address of a repository.
fn repo_of(remote: &str) -> Option<RepoName> {
    let path = remote.split_once("://").map_or(remote, |(_, rest)| rest);
    let path = path.strip_suffix(".git").unwrap_or(path);
    let mut parts = path.rsplit(['/', ':']);
    let (name, owner) = (parts.next()?, parts.next()?);
    parts.next()?;
    RepoName::parse(&format!("{owner}/{name}")).ok()
}

fn short_branch(name: &str) -> String {
    let name = name.strip_prefix("refs/remotes/").unwrap_or(name);
    name.strip_prefix("origin/").unwrap_or(name).to_owned()
}

/// Returns job and number in an address or a path, e.g., `a/b/12` of `job/a/job/b/12/api/json`.
fn build_of(path: &str) -> Option<String> {
    let mut parts = path.split('/').skip_while(|part| *part != "job");
    let mut name = Vec::new();
    while let Some(part) = parts.next() {
        if part == "job" {
            name.push(parts.next()?);
        } else {
            let number: u64 = part.parse().ok()?;
            return Some(format!("{}/{number}", name.join("/")));
        }
    }
    None
}

/// Returns what started a build, in the words other servers use.
fn cause(object: &Object<'_>) -> Result<Option<String>, Wrong> {
    for action in object.objects("actions")? {
        for cause in action.objects("causes")? {
            let class = cause.text("_class")?.unwrap_or_default();
            let is = |part: &str| class.contains(part);
            let word = if cause.has("upstreamProject") {
                "upstream"
            } else if cause.has("userId") {
                "manual"
            } else if is("TimerTrigger") {
                "schedule"
            } else if is("SCMTrigger") || is("BranchEvent") || is("Push") {
                "push"
            } else {
                continue;
            };
            return Ok(Some(word.to_owned()));
        }
    }
    Ok(None)
}

fn conclusion(object: &Object<'_>) -> Result<Option<CiConclusion>, Wrong> {
    Ok(object.word("result")?.map(|word| match word.as_str() {
        "success" => CiConclusion::Success,
        // Built, but tests failed.
        "failure" | "unstable" => CiConclusion::Failure,
        "aborted" => CiConclusion::Cancelled,
        "not_built" => CiConclusion::Skipped,
        _ => CiConclusion::Unknown,
    }))
}

fn outcome(status: Option<&str>) -> TestOutcome {
    match status {
        Some("passed" | "fixed") => TestOutcome::Passed,
        Some("failed" | "regression") => TestOutcome::Failed,
        Some("skipped") => TestOutcome::Skipped,
        _ => TestOutcome::NotRun,
    }
}

fn milliseconds(since_epoch: u64) -> Option<String> {
    let time = Timestamp::from_millisecond(i64::try_from(since_epoch).ok()?).ok()?;
    Some(time.to_string())
}
