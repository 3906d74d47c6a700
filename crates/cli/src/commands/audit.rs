//! How is a run audited against its repositories?

use std::collections::BTreeMap;
use std::ops::Range;
use std::path::PathBuf;

use backstory_dataset::audit::{self, CiOnCommit, Evidence, RecordText, RecordTexts, RunContext};
use backstory_mine::records::{Records, read_folder};
use backstory_mine::{GitRepository, ci};
use backstory_model::{
    CiJobRecord, CiRunRecord, CommitId, LogRefRecord, Record, RecordId, RepoName, Repository, exit,
};
use backstory_store::RunDirectory;

use crate::arguments::AuditArgs;
use crate::build::log_folder;
use crate::commands::labels::audit_labels;
use crate::commands::repositories::open_repositories;
use crate::commands::rerun::rerun;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// How many bytes of file contents are kept for each repository.
const CACHE: usize = 128 << 20;

/// How many findings are printed; the count is always complete.
const MOST: usize = 20;

/// Derives every step again and prints every difference.
pub(super) fn audit(args: AuditArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    if let Some(file) = &args.dataset {
        return audit_labels(file, args.json, talk);
    }
    let Some(path) = &args.run else {
        return Err(Failure::new("no run is given").hint("name it: `backstory audit RUN`"));
    };
    let run = RunDirectory::read_only(path)?;
    if args.rerun {
        return rerun(&run, &run.manifest()?, &args, settings, talk);
    }
    let opened = open_repositories(&args.repositories, &run)?;
    let repos: BTreeMap<RepoName, &dyn Repository> =
        opened.iter().map(|(name, repo)| (name.clone(), repo as &dyn Repository)).collect();
    let evidence = RecordEvidence::read(settings.records(args.records), &run, &opened)?;
    let context = RunContext { run: &run, repos: &repos, evidence: &evidence };
    let report = audit::run(context, CACHE)?;
    talk.say(&report.render(MOST));
    if args.json {
        let json = serde_json::to_string(&report)
            .map_err(|error| Failure::of(error, "failed to write the report"))?;
        talk.json_text(&json)?;
    }
    Ok(if report.is_clean() { exit::OK } else { exit::FINDINGS })
}

/// What the records say to an audit.
#[derive(Default)]
struct RecordEvidence {
    texts: RecordTexts,
    records: Vec<Records>,
    folder: Option<PathBuf>,
}

impl RecordEvidence {
    /// Reads the texts of every record a unit of the run may speak of.
    fn read(
        folder: Option<PathBuf>,
        run: &RunDirectory,
        opened: &BTreeMap<RepoName, GitRepository>,
    ) -> Result<Self, Failure> {
        let Some(folder) = folder else { return Ok(Self::default()) };
        let mut found = Vec::new();
        let mut all = Vec::new();
        for name in opened.keys() {
            let records = read_folder(&folder, Some(name))?;
            for number in records.issue_numbers() {
                found.extend(records.issue_versions(number).iter().cloned().map(Record::Issue));
                let Some(issue) = records.issue(number) else { continue };
                found.extend(records.comments_on(&issue.id).iter().cloned().map(Record::Comment));
                found.extend(records.events_on(&issue.id).iter().cloned().map(Record::Event));
            }
            found.extend(changes(&records, name, run).into_values());
            all.push(records);
        }
        let folder = Some(log_folder(&folder));
        Ok(Self { texts: RecordTexts::new(&found), records: all, folder })
    }
}

impl Evidence for RecordEvidence {
    fn versions(&self, id: &RecordId) -> Vec<RecordText> {
        self.texts.versions(id)
    }

    fn ci_on(&self, commit: &CommitId) -> Vec<CiOnCommit> {
        self.records.iter().flat_map(|records| ci_on(records, commit)).collect()
    }

    fn log_part(&self, log: &LogRefRecord, part: Range<u64>) -> Option<Vec<u8>> {
        let tail = ci::read_log(self.folder.as_deref()?, log).ok()?;
        let start = usize::try_from(part.start.checked_sub(tail.start)?).ok()?;
        let end = usize::try_from(part.end.checked_sub(tail.start)?).ok()?;
        Some(tail.bytes.get(start..end)?.to_vec())
    }
}

/// Returns the runs on a commit; the records of a version follow each other, so
/// the last one of an id counts.
fn ci_on(records: &Records, commit: &CommitId) -> Vec<CiOnCommit> {
    let runs: BTreeMap<&RecordId, &CiRunRecord> =
        records.runs_of(commit).iter().map(|run| (&run.id, run)).collect();
    let told = |run: &CiRunRecord| {
        let jobs: BTreeMap<&RecordId, &CiJobRecord> =
            records.jobs_of(&run.id).iter().map(|job| (&job.id, job)).collect();
        let logs = jobs.values().flat_map(|job| {
            let named = job.log.iter().filter_map(|id| records.log(id));
            named.chain(records.logs_of(&job.id)).cloned()
        });
        let (logs, jobs) = (logs.collect(), jobs.values().map(|job| (*job).clone()).collect());
        CiOnCommit { run: run.clone(), jobs, logs }
    };
    runs.into_values().map(told).collect()
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
