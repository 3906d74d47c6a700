//! Is a whole run complete, undamaged and true?
//!
//! In: a run directory, the repositories it was built from, the records that
//! were read. Out: a report. Reads the run and the repositories; writes nothing.
//! Damage is a finding, never an error: only a run that is not there is one.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    BlobId, Counts, Disposition, LinkTarget, Outcome, RepoName, Repository, RunManifest, UnitKey,
};
use backstory_store::{Damage, RunDirectory, StoreError};
use rayon::prelude::*;

use super::Auditor;
use super::finding::{Finding, TrajectoryAudit, printable};
use super::mainline::Mainline;
use super::report::AuditReport;
use super::sources::{AuditOptions, Evidence, Sources};

/// Units read and audited at a time; bounds what is held in memory.
const BATCH: usize = 64;

/// The reasons of `docs/rules.md`.
const REASONS: [&str; 4] = ["no_change", "tree_missing", "object_corrupt", "replay_differs"];

/// What a run is audited against.
#[derive(Clone, Copy)]
pub struct RunContext<'a> {
    /// The run.
    pub run: &'a RunDirectory,
    /// The repositories it was built from, by name.
    pub repos: &'a BTreeMap<RepoName, &'a dyn Repository>,
    /// The records that were read.
    pub evidence: &'a dyn Evidence,
}

/// Audits a run: its files, its accounts, and every trajectory.
///
/// The file limit is the one the run was built with. `cache_bytes` bounds the
/// file contents kept for each repository.
pub fn run(context: RunContext<'_>, cache_bytes: usize) -> Result<AuditReport, StoreError> {
    let mut audit = RunAudit { context, report: AuditReport::default() };
    match audit.files() {
        Ok(manifest) => audit.contents(&manifest, cache_bytes),
        Err(error @ (StoreError::NoRun { .. } | StoreError::Incomplete { .. })) => {
            return Err(error);
        }
        Err(error) => audit.damaged("manifest.json", &error),
    }
    Ok(audit.report)
}

struct RunAudit<'a> {
    context: RunContext<'a>,
    report: AuditReport,
}

impl RunAudit<'_> {
    fn note(&mut self, file: &str, rule: &str, expected: impl ToString, found: impl ToString) {
        self.report.add(vec![Finding {
            unit: None,
            file: Some(file.to_owned()),
            step: None,
            rule: rule.to_owned(),
            expected: printable(&expected.to_string()),
            found: printable(&found.to_string()),
            tier: None,
        }]);
    }

    fn damaged(&mut self, file: &str, error: &StoreError) {
        self.note(file, "run/files", "a file as it was written", error);
    }

    /// Compares every file with the manifest.
    fn files(&mut self) -> Result<RunManifest, StoreError> {
        let manifest = self.context.run.manifest()?;
        for damage in self.context.run.verify()? {
            match damage {
                Damage::Missing { path } => self.note(&path, "run/files", "a file", "none"),
                Damage::Unlisted { path } => {
                    self.note(&path, "run/files", "only files of the manifest", "another file");
                }
                Damage::Altered { path, expected, found } => {
                    let expected =
                        expected.map_or("a digest".to_owned(), |digest| digest.to_string());
                    self.note(&path, "run/files", expected, found);
                }
            }
        }
        self.report.files = manifest.files.len() as u64;
        Ok(manifest)
    }

    fn contents(&mut self, manifest: &RunManifest, cache_bytes: usize) {
        self.blobs(manifest);
        let options = AuditOptions { file_limit: manifest.options.file_limit, cache_bytes };
        let run = self.context.run;
        let blobs = |id: &BlobId| run.blob(id).ok();
        let mut auditors = BTreeMap::new();
        for (name, head) in &manifest.repositories {
            let Some(repo) = self.context.repos.get(name).copied() else {
                self.note("manifest.json", "run/sources", "every repository", format!("no {name}"));
                continue;
            };
            let sources = Sources { repo, blobs: &blobs, evidence: self.context.evidence };
            auditors.insert(name.clone(), Auditor::new(sources, options));
            self.report.repositories.insert(name.clone(), head.clone());
        }
        let accounts = self.units(&auditors);
        self.accounts(manifest, &accounts);
    }

    /// Hashes every stored blob again.
    fn blobs(&mut self, manifest: &RunManifest) {
        let named: Vec<(&String, Option<BlobId>)> = manifest
            .files
            .keys()
            .filter(|path| path.starts_with("blobs/"))
            .map(|path| (path, blob_name(path)))
            .collect();
        let run = self.context.run;
        let wrong: Vec<(String, String)> = named
            .par_iter()
            .filter_map(|(path, id)| {
                let error = match id {
                    Some(id) => run.blob(id).err()?.to_string(),
                    None => "a file that is not named after a blob".to_owned(),
                };
                Some(((*path).clone(), error))
            })
            .collect();
        self.report.blobs = named.len() as u64;
        for (path, error) in wrong {
            self.note(&path, "run/blobs", "bytes that hash to the name of the file", error);
        }
    }

    /// Audits every unit of the log, a batch at a time.
    fn units(&mut self, auditors: &BTreeMap<RepoName, Auditor<'_>>) -> Accounts {
        let mut accounts = Accounts::default();
        let log = match self.context.run.dispositions() {
            Ok(log) => log,
            Err(error) => {
                self.damaged("log", &error);
                return accounts;
            }
        };
        let mut batch = Vec::with_capacity(BATCH);
        for line in log {
            match line {
                Ok(line) => batch.push(line),
                Err(error) => {
                    self.damaged("log", &error);
                    break;
                }
            }
            if batch.len() == BATCH {
                self.batch(auditors, &mut accounts, &std::mem::take(&mut batch));
            }
        }
        self.batch(auditors, &mut accounts, &batch);
        accounts
    }

    fn batch(
        &mut self,
        auditors: &BTreeMap<RepoName, Auditor<'_>>,
        accounts: &mut Accounts,
        batch: &[Disposition],
    ) {
        let run = self.context.run;
        let audits: Vec<TrajectoryAudit> =
            batch.par_iter().map(|line| unit(run, auditors, line)).collect();
        for (line, audit) in batch.iter().zip(audits) {
            accounts.add(line);
            self.report.checked.add(&audit.checked);
            self.report.add(audit.findings);
        }
    }

    /// Checks that nothing is lost and nothing stands twice.
    fn accounts(&mut self, manifest: &RunManifest, accounts: &Accounts) {
        let (said, counted) = (&manifest.counts, &accounts.counts);
        let unaccepted = said.units_found - said.accepted.min(said.units_found);
        let reconstructed =
            said.accepted..=said.accepted + said.rejected.get("replay_differs").unwrap_or(&0);
        let same = Counts { reconstructed: said.reconstructed, ..counted.clone() };
        if same != *said || said.rejected.values().sum::<u32>() != unaccepted {
            let (expected, found) = (format!("{counted:?}"), format!("{said:?}"));
            self.note("manifest.json", "run/accounts", expected, found);
        }
        if !reconstructed.contains(&said.reconstructed) {
            let found = said.reconstructed;
            self.note(
                "manifest.json",
                "run/accounts",
                format!("reconstructed {reconstructed:?}"),
                found,
            );
        }
        for twice in &accounts.twice {
            self.note("log", "run/accounts", "every unit once", twice);
        }
        let folders: BTreeSet<&str> = manifest
            .files
            .keys()
            .filter_map(|path| path.strip_prefix("units/")?.split('/').nth(1))
            .collect();
        for key in folders {
            let known = UnitKey::new(key).is_ok_and(|key| accounts.keys.contains(&key));
            if !known {
                self.note(&format!("units/{key}"), "run/accounts", "a unit of the log", "none");
            }
        }
        for (name, head) in &manifest.repositories {
            let Some(repo) = self.context.repos.get(name).copied() else { continue };
            let units = accounts.by_repo.get(name).map_or(&[][..], Vec::as_slice);
            let mainline = Mainline::read(repo, head);
            if let Some((expected, found)) = mainline.compare(units, &manifest.options) {
                self.note("log", "run/accounts", expected, found);
            }
        }
        for name in accounts.by_repo.keys().filter(|name| !manifest.repositories.contains_key(name))
        {
            self.note("log", "run/accounts", "a repository of the manifest", name);
        }
        self.report.units = u64::from(counted.units_found);
        self.report.accepted = u64::from(counted.accepted);
    }
}

/// Reads the blob id off `blobs/ab/cdef….zst`.
fn blob_name(path: &str) -> Option<BlobId> {
    let (first, rest) = path.strip_prefix("blobs/")?.strip_suffix(".zst")?.split_once('/')?;
    BlobId::new(format!("{first}{rest}")).ok().filter(|_| first.len() == 2)
}

/// What the log says about all units, added up.
#[derive(Default)]
struct Accounts {
    counts: Counts,
    keys: BTreeSet<UnitKey>,
    names: BTreeSet<backstory_model::UnitId>,
    twice: Vec<String>,
    by_repo: BTreeMap<RepoName, Vec<(u32, backstory_model::CommitId)>>,
}

impl Accounts {
    fn add(&mut self, line: &Disposition) {
        let work = &line.work;
        if !self.keys.insert(work.key.clone()) || !self.names.insert(work.unit.clone()) {
            self.twice.push(work.unit.to_string());
        }
        let commits = self.by_repo.entry(work.repo.clone()).or_default();
        commits.push((work.position, work.commit.clone()));
        let counts = &mut self.counts;
        counts.units_found += 1;
        counts.linked += u32::from(line.links.iter().any(|link| link.target == LinkTarget::Issue));
        let accepted = match &line.outcome {
            Outcome::Accepted { .. } => true,
            Outcome::Rejected { reason, .. } => {
                *counts.rejected.entry(reason.clone()).or_default() += 1;
                false
            }
        };
        counts.accepted += u32::from(accepted);
        if let Some(labels) = &line.labels {
            counts.small_units += u32::from(labels.small);
            counts.small_accepted += u32::from(labels.small && accepted);
            counts.test_source_units += u32::from(labels.test_source);
            counts.small_test_source_units += u32::from(labels.small && labels.test_source);
        }
    }
}

/// Audits what the run holds about one unit.
fn unit(
    run: &RunDirectory,
    auditors: &BTreeMap<RepoName, Auditor<'_>>,
    line: &Disposition,
) -> TrajectoryAudit {
    let mut audit = TrajectoryAudit::default();
    let mut note = |rule: &str, expected: &str, found: String| {
        audit.findings.push(Finding {
            unit: Some(line.work.unit.clone()),
            file: None,
            step: None,
            rule: rule.to_owned(),
            expected: expected.to_owned(),
            found: printable(&found),
            tier: None,
        });
    };
    match run.read_unit(&line.work.key) {
        Ok(stored) if stored.disposition == *line => {}
        Ok(_) => note("run/accounts", "the same result in the unit's folder", "another".to_owned()),
        Err(error) => note("run/files", "the result of the unit", error.to_string()),
    }
    let steps = match &line.outcome {
        Outcome::Rejected { reason, .. } => {
            if !REASONS.contains(&reason.as_str()) {
                note("run/accounts", "a published reason", reason.clone());
            }
            return audit;
        }
        Outcome::Accepted { steps, .. } => *steps as usize,
    };
    let trajectory = match run.trajectory(line) {
        Ok(trajectory) => trajectory,
        Err(error) => {
            note("run/files", "the trajectory as it was accepted", error.to_string());
            return audit;
        }
    };
    let (work, told) = (&line.work, &trajectory.unit);
    let same = (&work.unit, &work.repo, &work.commit, work.position, work.pull)
        == (&told.id, &told.repo, &told.commit, told.position, told.pull)
        && line.labels.as_ref() == Some(&told.labels)
        && line.links == told.links
        && steps == trajectory.steps.len();
    if !same {
        note("run/accounts", "the unit that the log names", format!("{line:?}"));
    }
    let Some(auditor) = auditors.get(&work.repo) else {
        note("run/sources", "a repository to audit against", format!("no {}", work.repo));
        return audit;
    };
    let inside = auditor.trajectory(&trajectory);
    audit.findings.extend(inside.findings);
    audit.checked = inside.checked;
    audit
}

impl AuditReport {
    /// Adds findings, keeping the first ones.
    fn add(&mut self, findings: Vec<Finding>) {
        self.total_findings += findings.len() as u64;
        let room = Self::KEPT.saturating_sub(self.findings.len());
        self.findings.extend(findings.into_iter().take(room));
    }
}

#[cfg(test)]
mod tests {
    use super::blob_name;

    #[test]
    fn a_blob_is_named_by_its_path() {
        let path = format!("blobs/e6/{}.zst", "9de29bb2d1d6434b8b29ae775ad8c2e48c5391");
        assert_eq!(
            blob_name(&path).map(|id| id.to_string()).as_deref(),
            Some("e69de29bb2d1d6434b8b29ae775ad8c2e48c5391")
        );
        assert_eq!(blob_name("blobs/e69/de.zst"), None);
    }
}
