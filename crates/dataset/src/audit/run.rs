//! Is a whole run complete, undamaged and true?
//!
//! In: a run directory, the repositories it was built from, the records that
//! were read. Out: a report. Reads the run and the repositories; writes nothing.
//! Damage is a finding, never an error: only a run that is not there is one.

use std::collections::BTreeMap;

use backstory_model::reasoning::{ReasonedStep, ReasoningSearch, ScopeRow};
use backstory_model::{
    BlobId, Disposition, Outcome, RepoName, Repository, RunManifest, Trajectory, TreeId,
    UnitExecution,
};
use backstory_store::{Damage, RunDirectory, StoreError};
use rayon::prelude::*;

use super::Auditor;
use super::accounts::Accounts;
use super::finding::{Finding, TrajectoryAudit, printable};
use super::reasoning::gate;
use super::report::AuditReport;
use super::sources::{AuditOptions, Evidence, Sources};

/// Units read and audited at a time; bounds what is held in memory.
const BATCH: usize = 64;

/// The reasons of `docs/rules.md`.
const REASONS: [&str; 4] = ["no_change", "tree_missing", "object_corrupt", "replay_differs"];

/// Those of a run of snapshots.
const SNAPSHOT_REASONS: [&str; 3] = ["nothing_to_write", "tree_missing", "object_corrupt"];

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
    fn note(&mut self, file: &str, rule: &str, expected: &str, found: &str) {
        self.report.add(vec![Finding {
            unit: None,
            file: Some(file.to_owned()),
            step: None,
            rule: rule.to_owned(),
            expected: printable(expected),
            found: printable(found),
            tier: None,
        }]);
    }

    fn damaged(&mut self, file: &str, error: &StoreError) {
        self.note(file, "run/files", "a file as it was written", &error.to_string());
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
                    self.note(&path, "run/files", &expected, found.as_str());
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
                self.note(
                    "manifest.json",
                    "run/sources",
                    "every repository",
                    &format!("no {name}"),
                );
                continue;
            };
            let sources = Sources { repo, blobs: &blobs, evidence: self.context.evidence };
            auditors.insert(name.clone(), Auditor::new(sources, options));
            self.report.repositories.insert(name.clone(), head.clone());
        }
        let accounts = self.units(&auditors, manifest);
        self.accounts(manifest, &accounts);
        self.reasoning(&auditors, manifest);
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
            self.note(&path, "run/blobs", "bytes that hash to the name of the file", &error);
        }
    }

    /// Audits every unit of the log, a batch at a time.
    fn units(
        &mut self,
        auditors: &BTreeMap<RepoName, Auditor<'_>>,
        manifest: &RunManifest,
    ) -> Accounts {
        let unit = if manifest.snapshots.is_some() { snapshot } else { unit };
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
                self.batch((unit, auditors), &mut accounts, &std::mem::take(&mut batch));
            }
        }
        self.batch((unit, auditors), &mut accounts, &batch);
        accounts
    }

    fn batch(
        &mut self,
        (unit, auditors): (AuditUnit, &BTreeMap<RepoName, Auditor<'_>>),
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
        for (file, expected, found) in accounts.compare(manifest, self.context.repos) {
            self.note(&file, "run/accounts", &expected, &found);
        }
        self.report.units = u64::from(accounts.counts.units_found);
        self.report.accepted = u64::from(accounts.counts.accepted);
    }
}

impl RunAudit<'_> {
    /// Audits what was searched for the stories, if anything was.
    fn reasoning(&mut self, auditors: &BTreeMap<RepoName, Auditor<'_>>, manifest: &RunManifest) {
        let run = self.context.run;
        let search = match run.reasoning() {
            Ok(Some(search)) => search,
            Ok(None) => return,
            Err(error) => return self.damaged("reasoning/search.json", &error),
        };
        // A damaged log was noted before.
        let lines: Vec<Disposition> =
            run.dispositions().into_iter().flatten().map_while(Result::ok).collect();
        let audits: Vec<(Vec<ReasonedStep>, TrajectoryAudit)> = lines
            .par_iter()
            .filter_map(|line| {
                let auditor = auditors.get(&line.work.repo)?;
                Some(reasoned((run, manifest), auditor, &search, line))
            })
            .collect();
        let stories: Vec<&[ReasonedStep]> = audits.iter().map(|(steps, _)| &**steps).collect();
        if let Err(fault) = gate(&search, &stories) {
            self.note("reasoning/search.json", "reason/gate", &fault.expected, &fault.found);
        }
        let mut steps = 0;
        for (found, audit) in audits {
            steps += found.len();
            self.report.checked.add(&audit.checked);
            self.report.add(audit.findings);
        }
        if steps != search.steps {
            let (expected, found) = (format!("{} steps", search.steps), format!("{steps} steps"));
            self.note("reasoning/search.json", "reason/step", &expected, &found);
        }
        if !search.scopes.iter().all(|row| is_scored(row, &search.scopes)) {
            let expected = "as many texts with every version of the thoughts";
            self.note("reasoning/search.json", "reason/scopes", expected, "others");
        }
        if manifest.snapshots.is_none() {
            self.actions(auditors, &search, &lines);
        }
    }

    /// Checks how many actions there were to search.
    fn actions(
        &mut self,
        auditors: &BTreeMap<RepoName, Auditor<'_>>,
        search: &ReasoningSearch,
        lines: &[Disposition],
    ) {
        let (run, least) = (self.context.run, search.options.least_target);
        let counted = lines.par_iter().filter_map(|line| {
            // A trajectory that cannot be read was noted before.
            let trajectory = run.trajectory(line).ok()?;
            let actions = auditors.get(&line.work.repo)?.actions(&trajectory, least);
            Some((actions.found, actions.too_short))
        });
        let counted = counted.reduce(|| (0, 0), |one, other| (one.0 + other.0, one.1 + other.1));
        let told = (search.writes_found, search.target_too_short);
        if counted != told {
            let (expected, found) = (format!("{counted:?}"), format!("{told:?}"));
            self.note("reasoning/search.json", "reason/step", &expected, &found);
        }
    }
}

/// Returns true when a scope has as many texts as with the other versions of the thoughts,
/// and its likelihood is one.
fn is_scored(row: &ScopeRow, all: &[ScopeRow]) -> bool {
    let texts = |row: &ScopeRow| row.texts + row.over_window;
    let mut same = all.iter().filter(|other| other.scope == row.scope);
    same.all(|other| texts(other) == texts(row)) && row.nats.is_finite()
}

/// Audits what was searched for one story; returns the steps without what was tried.
fn reasoned(
    (run, manifest): (&RunDirectory, &RunManifest),
    auditor: &Auditor<'_>,
    search: &ReasoningSearch,
    line: &Disposition,
) -> (Vec<ReasonedStep>, TrajectoryAudit) {
    let mut steps = match run.reasoned(manifest, &line.work.key) {
        Ok(steps) if steps.is_empty() => return (steps, TrajectoryAudit::default()),
        Ok(steps) => steps,
        Err(error) => {
            let finding = about(line, "run/files", "what was searched", &error.to_string());
            return (
                Vec::new(),
                TrajectoryAudit { findings: vec![finding], ..TrajectoryAudit::default() },
            );
        }
    };
    // A story that cannot be read was noted before.
    let audit = if manifest.snapshots.is_some() {
        run.snapshot_story(line).map(|story| auditor.reasoning(&story, &steps, search))
    } else {
        run.trajectory(line).map(|change| auditor.reasoned_change(&change, &steps, search))
    };
    for step in &mut steps {
        step.searched.rows.clear();
        step.searched.texts.clear();
    }
    (steps, audit.unwrap_or_default())
}

/// Reads the blob id off `blobs/ab/cdef….zst`.
fn blob_name(path: &str) -> Option<BlobId> {
    let (first, rest) = path.strip_prefix("blobs/")?.strip_suffix(".zst")?.split_once('/')?;
    BlobId::new(format!("{first}{rest}")).ok().filter(|_| first.len() == 2)
}

/// Audits one line of the log: [`unit`] or [`snapshot`].
type AuditUnit =
    fn(&RunDirectory, &BTreeMap<RepoName, Auditor<'_>>, &Disposition) -> TrajectoryAudit;

/// Audits what the run holds about one snapshot.
fn snapshot(
    run: &RunDirectory,
    auditors: &BTreeMap<RepoName, Auditor<'_>>,
    line: &Disposition,
) -> TrajectoryAudit {
    let mut audit = TrajectoryAudit::default();
    if let Err((rule, expected, found)) = folder(run, line) {
        audit.findings.push(about(line, rule, expected, &found));
    }
    let Some(auditor) = auditors.get(&line.work.repo) else {
        let found = format!("no {}", line.work.repo);
        audit.findings.push(about(line, "run/sources", "a repository to audit against", &found));
        return audit;
    };
    let steps = match &line.outcome {
        Outcome::Accepted { steps, .. } => *steps as usize,
        Outcome::Rejected { reason, .. } => {
            if !SNAPSHOT_REASONS.contains(&reason.as_str()) {
                audit.findings.push(about(line, "run/accounts", "a published reason", reason));
            }
            return audit;
        }
    };
    match run.snapshot_story(line) {
        Ok(story) => {
            let told = (&story.id, &story.repo, &story.commit, story.step_count());
            let work = (&line.work.unit, &line.work.repo, &line.work.commit, steps);
            if told != work {
                let found = format!("{line:?}");
                audit.findings.push(about(line, "run/accounts", "what the log says", &found));
            }
            let inside = auditor.snapshot(&story);
            audit.findings.extend(inside.findings);
            audit.checked = inside.checked;
        }
        Err(error) => {
            let expected = "the story as it was accepted";
            audit.findings.push(about(line, "run/files", expected, &error.to_string()));
        }
    }
    audit
}

/// Audits what the run holds about one unit.
fn unit(
    run: &RunDirectory,
    auditors: &BTreeMap<RepoName, Auditor<'_>>,
    line: &Disposition,
) -> TrajectoryAudit {
    let mut audit = TrajectoryAudit::default();
    if let Err((rule, expected, found)) = folder(run, line) {
        audit.findings.push(about(line, rule, expected, &found));
    }
    let Some(auditor) = auditors.get(&line.work.repo) else {
        let found = format!("no {}", line.work.repo);
        audit.findings.push(about(line, "run/sources", "a repository to audit against", &found));
        return audit;
    };
    if let Outcome::Rejected { reason, .. } = &line.outcome {
        if let Err(expected) = is_reason(auditor.repository(), line, reason) {
            audit.findings.push(about(line, "run/accounts", expected, reason));
        }
        return audit;
    }
    match run.trajectory(line) {
        Ok(trajectory) => {
            if !is_told(line, &trajectory) {
                let found = format!("{line:?}");
                audit.findings.push(about(line, "run/accounts", "what the log says", &found));
            }
            let execution = executed(run, line, &mut audit);
            let inside = auditor.trajectory(&trajectory, execution.as_ref());
            audit.findings.extend(inside.findings);
            audit.checked = inside.checked;
        }
        Err(error) => {
            let expected = "the trajectory as it was accepted";
            audit.findings.push(about(line, "run/files", expected, &error.to_string()));
        }
    }
    audit
}

/// Reads what was executed for a unit and compares it with its line of the log.
fn executed(
    run: &RunDirectory,
    line: &Disposition,
    audit: &mut TrajectoryAudit,
) -> Option<UnitExecution> {
    let execution = match run.execution(line) {
        Ok(execution) => execution?,
        Err(error) => {
            let expected = "what was executed, as the log says";
            audit.findings.push(about(line, "unit/execution", expected, &error.to_string()));
            return None;
        }
    };
    if let Some(said) = &line.execution {
        let runs = u32::try_from(execution.executions.len()).unwrap_or(u32::MAX);
        let counted = |list: usize| u32::try_from(list).unwrap_or(u32::MAX);
        let lists = execution.instance.as_ref().map(|instance| {
            (counted(instance.fail_to_pass.len()), counted(instance.pass_to_pass.len()))
        });
        let same = (&said.outcome, said.runs) == (&execution.outcome, runs)
            && lists.is_none_or(|lists| lists == (said.fail_to_pass, said.pass_to_pass));
        if !same {
            let expected = "what the log says of its execution";
            let found = format!("{}, {runs} runs, {lists:?}", execution.outcome.as_str());
            audit.findings.push(about(line, "unit/execution", expected, &found));
        }
    }
    Some(execution)
}

/// Makes a finding about a unit as a whole.
fn about(line: &Disposition, rule: &str, expected: &str, found: &str) -> Finding {
    Finding {
        unit: Some(line.work.unit.clone()),
        file: None,
        step: None,
        rule: rule.to_owned(),
        expected: expected.to_owned(),
        found: printable(found),
        tier: None,
    }
}

/// Checks that the folder of a unit says what the log says.
fn folder(
    run: &RunDirectory,
    line: &Disposition,
) -> Result<(), (&'static str, &'static str, String)> {
    match run.read_unit(&line.work.key) {
        Ok(stored) if stored.disposition == *line => Ok(()),
        Ok(_) => Err(("run/accounts", "the same result in the folder", "another".to_owned())),
        Err(error) => Err(("run/files", "the result of the unit", error.to_string())),
    }
}

/// Checks the reason of a rejection as far as it can be seen.
fn is_reason(repo: &dyn Repository, line: &Disposition, reason: &str) -> Result<(), &'static str> {
    if !REASONS.contains(&reason) {
        return Err("a published reason");
    }
    let Ok(commit) = repo.commit(&line.work.commit) else { return Ok(()) };
    let parent = commit.parents.first().map(|parent| repo.commit(parent));
    let before = match parent {
        Some(Ok(parent)) => parent.tree,
        Some(Err(_)) => return Ok(()),
        None => TreeId::empty(),
    };
    match (reason == "no_change", before == commit.tree) {
        (true, false) => Err("a change, because the trees differ"),
        (false, true) => Err("no_change, because the trees are the same"),
        (true, true) | (false, false) => Ok(()),
    }
}

/// Returns true when the trajectory tells about the unit of this line.
fn is_told(line: &Disposition, trajectory: &Trajectory) -> bool {
    let (work, told) = (&line.work, &trajectory.unit);
    let steps = match line.outcome {
        Outcome::Accepted { steps, .. } => steps as usize,
        Outcome::Rejected { .. } => return false,
    };
    (&work.unit, &work.repo, &work.commit, work.position, work.pull)
        == (&told.id, &told.repo, &told.commit, told.position, told.pull)
        && line.labels.as_ref() == Some(&told.labels)
        && line.links == told.links
        && steps == trajectory.steps.len()
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
    use backstory_model::reasoning::{Scope, ScopeRow, ThoughtVersion};

    use super::{blob_name, is_scored};

    #[test]
    fn a_scope_has_as_many_texts_with_and_without_thoughts() {
        let mut all: Vec<ScopeRow> =
            ThoughtVersion::ALL.map(|version| ScopeRow::new(Scope::Code, version)).into();
        all.push(ScopeRow { texts: 9, ..ScopeRow::new(Scope::Document, ThoughtVersion::None) });
        assert!(all.iter().all(|row| is_scored(row, &all)));
        all[1].texts = 1;
        assert!(!is_scored(&all[0], &all));
        all[0].over_window = 1;
        all[2].over_window = 1;
        assert!(is_scored(&all[0], &all));
    }

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
