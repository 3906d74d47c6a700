//! How is a run audited against its repositories?

use std::collections::BTreeMap;
use std::path::PathBuf;

use backstory_dataset::audit::{self, RecordTexts, RunContext};
use backstory_mine::GitRepository;
use backstory_mine::records::{Records, read_folder};
use backstory_model::{Record, RepoName, Repository, exit};
use backstory_store::RunDirectory;

use crate::arguments::AuditArgs;
use crate::build::{name_of, open_repository};
use crate::settings::Settings;
use crate::{Failure, Talk};

/// How many bytes of file contents are kept for each repository.
const CACHE: usize = 128 << 20;

/// How many findings are printed; the count is always complete.
const MOST: usize = 20;

/// Derives every step again and prints every difference.
pub(super) fn audit(args: AuditArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    let run = RunDirectory::read_only(&args.run)?;
    let manifest = run.manifest();
    let names = manifest.map(|manifest| manifest.repositories.into_keys().collect());
    let opened = open_repositories(&args.repositories, &names.unwrap_or_else(|_| Vec::new()))?;
    let repos: BTreeMap<RepoName, &dyn Repository> =
        opened.iter().map(|(name, repo)| (name.clone(), repo as &dyn Repository)).collect();
    let evidence = evidence(settings.records(args.records), &run, &opened)?;
    let context = RunContext { run: &run, repos: &repos, evidence: &evidence };
    let report = audit::run(context, CACHE)?;
    talk.say(&report.render(MOST));
    if args.json {
        let json = serde_json::to_string(&report)
            .map_err(|error| Failure::of(error, "failed to write the report"))?;
        talk.data(&format!("{json}\n"))?;
    }
    Ok(if report.is_clean() { exit::OK } else { exit::FINDINGS })
}

/// Opens `PATH` or `NAME=PATH`; without a name, the run's only repository is meant.
fn open_repositories(
    given: &[String],
    names: &[RepoName],
) -> Result<BTreeMap<RepoName, GitRepository>, Failure> {
    let mut opened = BTreeMap::new();
    for text in given {
        let (name, path) = match split(text) {
            Some((name, path)) => (name, path),
            None => (implied_name(text, given.len(), names)?, PathBuf::from(text)),
        };
        opened.insert(name, open_repository(&path)?);
    }
    Ok(opened)
}

fn split(text: &str) -> Option<(RepoName, PathBuf)> {
    let (name, path) = text.split_once('=')?;
    Some((RepoName::parse(name).ok()?, PathBuf::from(path)))
}

fn implied_name(text: &str, given: usize, names: &[RepoName]) -> Result<RepoName, Failure> {
    match names {
        [only] if given == 1 => Ok(only.clone()),
        _ => name_of(&PathBuf::from(text), None),
    }
}

/// Reads the texts of every record a unit of the run may speak of.
fn evidence(
    folder: Option<PathBuf>,
    run: &RunDirectory,
    opened: &BTreeMap<RepoName, GitRepository>,
) -> Result<RecordTexts, Failure> {
    let Some(folder) = folder else { return Ok(RecordTexts::default()) };
    let mut found = Vec::new();
    for name in opened.keys() {
        let records = read_folder(&folder, Some(name))?;
        for number in records.issue_numbers() {
            found.extend(records.issue_versions(number).iter().cloned().map(Record::Issue));
        }
        found.extend(changes(&records, name, run).into_values());
    }
    Ok(RecordTexts::new(&found))
}

/// Returns the changes behind the units of one repository, every version.
fn changes(
    records: &Records,
    name: &RepoName,
    run: &RunDirectory,
) -> BTreeMap<(u64, usize), Record> {
    let mut changes = BTreeMap::new();
    // A damaged log is a finding of the audit itself.
    let units = run.dispositions().into_iter().flatten().map_while(Result::ok);
    for work in units.map(|unit| unit.work).filter(|work| work.repo == *name) {
        let by_commit = records.change_for_commit(&work.commit).map(|change| change.number);
        for number in work.pull.into_iter().chain(by_commit) {
            let versions = records.change_versions(number).iter().enumerate();
            changes.extend(versions.map(|(at, v)| ((number, at), Record::Change(v.clone()))));
        }
    }
    changes
}
