//! How is a forge asked, and what is said about it?

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use backstory_model::{RepoName, exit};
use backstory_records::{
    Clock, CollectOptions, Collected, Forge, Gap, Http, Part, RecordFolder, collect,
};
use jiff::Timestamp;
use serde::Serialize;

use crate::arguments::{
    CiCaptureArgs, ForgeArgs, ForgePartsArgs, RecordsGiteaArgs, RecordsGithubArgs,
    RecordsGitlabArgs, ReportFormat,
};
use crate::settings::Settings;
use crate::talk::cell;
use crate::{Failure, Talk};

/// No forge keeps logs for longer.
const LONGEST_RETENTION: u32 = 400;

/// Collects what GitHub knows about a repository.
pub(super) fn github(
    args: &RecordsGithubArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let options = options(Forge::GitHub, &args.repo, &args.parts.forge, settings)?;
    collect_parts(options, &args.parts, settings, talk)
}

/// Collects what GitLab knows about a project.
pub(super) fn gitlab(
    args: &RecordsGitlabArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let path = args.project.trim_matches('/');
    let (groups, name) = path.rsplit_once('/').unwrap_or(("", path));
    // A repository is named as `build` names one whose origin is this project.
    let group = groups.rsplit('/').next().unwrap_or_default();
    let repo = args.repo.clone().unwrap_or_else(|| format!("{group}/{name}"));
    let options = options(Forge::GitLab, &repo, &args.parts.forge, settings)?;
    let options = CollectOptions { path: Some(path.to_owned()), ..options };
    collect_parts(options, &args.parts, settings, talk)
}

/// Collects what a Gitea or Forgejo server knows about a repository.
pub(super) fn gitea(
    args: &RecordsGiteaArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let options = options(Forge::Gitea, &args.repo, &args.parts.forge, settings)?;
    collect_parts(options, &args.parts, settings, talk)
}

/// Asks for every part but those left out.
fn collect_parts(
    options: CollectOptions,
    args: &ForgePartsArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let parts = Part::ALL.into_iter().filter(|part| !args.without.contains(part)).collect();
    ask(&CollectOptions { parts, ..options }, &args.forge, settings, talk)
}

/// Captures what CI keeps for a while only.
pub(super) fn capture(
    args: &CiCaptureArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let options = options(Forge::GitHub, &args.repo, &args.forge, settings)?;
    let (parts, first_days) = (Part::CI.into(), Some(LONGEST_RETENTION));
    let options = CollectOptions { parts, first_days, ..options };
    ask(&options, &args.forge, settings, talk)
}

/// Returns what is asked of a forge, but for the parts.
fn options(
    forge: Forge,
    repo: &str,
    args: &ForgeArgs,
    settings: &Settings,
) -> Result<CollectOptions, Failure> {
    let base = args.url.as_deref().or_else(|| forge.usual_base()).ok_or_else(|| {
        Failure::new(format!("nothing says which {} server to ask", forge.as_str()))
            .hint("give its address, e.g., `--url https://codeberg.org/api/v1`")
    })?;
    Ok(CollectOptions {
        forge,
        repo: RepoName::parse(repo)
            .map_err(|error| Failure::of(error, "the repository has no name"))?,
        path: None,
        base: base.to_owned(),
        token: match forge {
            Forge::GitHub => settings.github_token(),
            Forge::GitLab => settings.gitlab_token(),
            Forge::Gitea => settings.gitea_token(),
        },
        parts: BTreeSet::new(),
        since: args.since.as_deref().map(time).transpose()?,
        first_days: None,
        max_bytes: args.max_bytes,
    })
}

/// Reads a time, or the beginning of a day in UTC.
fn time(text: &str) -> Result<String, Failure> {
    let time = text.parse::<Timestamp>().or_else(|_| format!("{text}T00:00:00Z").parse());
    let time: Timestamp = time.map_err(|error| {
        Failure::of(error, &format!("`{text}` is not a time"))
            .hint("write `2024-05-01` or `2024-05-01T12:00:00Z`")
    })?;
    Ok(time.to_string())
}

/// Waits as long as the forge asks for, and says so.
struct Patience<'t>(&'t Talk);

impl Clock for Patience<'_> {
    fn wait(&self, time: Duration, why: &str) {
        if time > Duration::from_secs(10) {
            self.0.say(&format!("waiting {} s: {}", time.as_secs(), cell(why)));
        }
        std::thread::sleep(time);
    }
}

fn ask(
    options: &CollectOptions,
    args: &ForgeArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    let (proxy, without) = settings.proxy();
    let http = Http::new(proxy, without)
        .map_err(|error| Failure::of(error, "the proxy of the environment cannot be used"))?;
    let folder = RecordFolder::open(&args.out)?.with_redactor(settings.redactor());
    if options.token.is_none() {
        talk.say("warning: there is no token; forges answer few requests without one");
    }
    let told = collect(&folder, options, &http, &Patience(talk))?;
    match args.format {
        ReportFormat::Table => talk.data(&summary(options, &told))?,
        ReportFormat::Json => talk.json(&Account::of(&told))?,
    }
    for (gap, missing) in &told.gaps {
        let first = format!("{} times, first `{}`", missing.count, cell(&missing.first));
        let why = missing.why.as_ref().map(|why| format!(" ({})", cell(why)));
        talk.say(&format!("missing: {gap}: {first}{}", why.unwrap_or_default()));
    }
    Ok(if told.gaps.keys().any(is_finding) { exit::FINDINGS } else { exit::OK })
}

/// Returns true for gaps that somebody can do something about.
fn is_finding(gap: &Gap) -> bool {
    match gap {
        Gap::Refused(_) | Gap::Failed(_) | Gap::Broken(_) => true,
        Gap::Expired(_) | Gap::Absent(_) | Gap::OverLimit(_) => false,
    }
}

/// Says in one line what came of it.
fn summary(options: &CollectOptions, told: &Collected) -> String {
    let kinds: Vec<String> =
        told.records.iter().map(|(kind, count)| format!("{count} {kind}")).collect();
    let kinds = if kinds.is_empty() { "nothing new".to_owned() } else { kinds.join(", ") };
    let resumed = match told.resumed {
        0 => String::new(),
        resumed => format!(", {resumed} answers from before"),
    };
    let oldest = match days(told) {
        Some(days) => format!("; the oldest run with a log is {days} days old"),
        None => String::new(),
    };
    let (repo, logs, bytes, requests) = (&options.repo, told.logs, told.bytes, told.requests);
    format!("{repo}: {kinds}; {logs} logs, {bytes} bytes; {requests} requests{resumed}{oldest}\n")
}

/// Returns the age of the oldest run with a log when the forge was asked.
fn days(told: &Collected) -> Option<i64> {
    let time = |text: &Option<String>| text.as_ref()?.parse::<Timestamp>().ok();
    let age = time(&told.asked_at)?.as_second() - time(&told.oldest_log)?.as_second();
    Some(age / (24 * 60 * 60))
}

/// What `--format json` prints.
#[derive(Serialize)]
struct Account<'a> {
    requests: u64,
    resumed: u64,
    unchanged: u64,
    records: &'a BTreeMap<&'static str, u64>,
    files: Vec<&'a str>,
    logs: u64,
    bytes: u64,
    oldest_log: &'a Option<String>,
    asked_at: &'a Option<String>,
    missing: Vec<MissingPart<'a>>,
}

#[derive(Serialize)]
struct MissingPart<'a> {
    what: String,
    count: u64,
    first: &'a str,
}

impl<'a> Account<'a> {
    fn of(told: &'a Collected) -> Self {
        let missing = told.gaps.iter().map(|(gap, missing)| MissingPart {
            what: gap.to_string(),
            count: missing.count,
            first: &missing.first,
        });
        Self {
            requests: told.requests,
            resumed: told.resumed,
            unchanged: told.unchanged,
            records: &told.records,
            files: told.files.iter().map(|file| file.name.as_str()).collect(),
            logs: told.logs,
            bytes: told.bytes,
            oldest_log: &told.oldest_log,
            asked_at: &told.asked_at,
            missing: missing.collect(),
        }
    }
}
