//! Does the audit of a run notice whatever happens to its files?
//!
//! A small run is built through the store: the sample trajectory, and two units
//! that were rejected. Then it is damaged, or forged with good digests.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use backstory_dataset::audit::{self, AuditReport, RecordTexts, RunContext};
use backstory_model::{
    Counts, Disposition, ExecuteOptions, ExecutionOutcome, ExecutionSummary, LinkMethod,
    LinkReport, LinkTarget, LinkTruth, Outcome, PairCount, RepoName, Repository, RunManifest,
    RunOptions, SchemaVersion, TruthScore, UnitExecution, UnitId, UnitKey, WorkUnit,
};
use backstory_store::{RunDirectory, StoredUnit, UnitTexts, fs};

use crate::executed::executed_sample;
use crate::sample::{Sample, sample};

fn work(sample: &Sample, position: u32) -> WorkUnit {
    let unit = &sample.trajectory.unit;
    let commit = match position {
        0 => unit.base.clone(),
        1 => unit.parent.clone(),
        _ => Some(unit.commit.clone()),
    };
    let commit = commit.expect("every unit has a commit");
    let pull = unit.pull.filter(|_| position == 2);
    let short = UnitId::new(format!("acme__toy-{}", &commit.as_str()[..12]));
    WorkUnit {
        key: UnitKey::new(format!("{position:064x}")).expect("64 digits"),
        repo: unit.repo.clone(),
        unit: if pull.is_some() { unit.id.clone() } else { short },
        commit,
        position,
        pull,
        pull_head: None,
    }
}

fn dispositions(sample: &Sample, json: &[u8]) -> Vec<Disposition> {
    let unit = &sample.trajectory.unit;
    let rejected = |position| Disposition {
        schema: SchemaVersion::CURRENT,
        work: work(sample, position),
        outcome: Outcome::Rejected {
            reason: "tree_missing".to_owned(),
            detail: "a tree is missing".to_owned(),
        },
        labels: None,
        links: Vec::new(),
        execution: None,
        ci: None,
    };
    let accepted = Disposition {
        schema: SchemaVersion::CURRENT,
        work: work(sample, 2),
        outcome: Outcome::Accepted {
            trajectory: RunDirectory::text_digest(json),
            steps: u32::try_from(sample.trajectory.steps.len()).expect("a few"),
        },
        labels: Some(unit.labels.clone()),
        links: unit.links.clone(),
        execution: sample.execution.as_ref().map(summary),
        ci: None,
    };
    vec![rejected(0), rejected(1), accepted]
}

fn summary(execution: &UnitExecution) -> ExecutionSummary {
    let json = serde_json::to_vec(execution).expect("an execution is JSON");
    ExecutionSummary {
        execution: RunDirectory::text_digest(&json),
        outcome: execution.outcome.clone(),
        runs: u32::try_from(execution.executions.len()).expect("a few"),
        fail_to_pass: 1,
        pass_to_pass: 1,
    }
}

fn counts() -> Counts {
    Counts {
        units_found: 3,
        linked: 1,
        with_pull: Some(0),
        reconstructed: 1,
        accepted: 1,
        rejected: BTreeMap::from([("tree_missing".to_owned(), 2)]),
        small_units: 1,
        small_accepted: 1,
        test_source_units: 1,
        small_test_source_units: 1,
        executed: BTreeMap::new(),
        ci: BTreeMap::new(),
    }
}

/// What the manifest says of the links of these units.
fn links(sample: &Sample, units: &[Disposition]) -> BTreeMap<RepoName, LinkReport> {
    let of = |unit: &Disposition| -> BTreeSet<LinkMethod> {
        let issues = unit.links.iter().filter(|link| link.target == LinkTarget::Issue);
        issues.map(|link| link.method).collect()
    };
    let mut report = LinkReport::default();
    for methods in units.iter().map(of) {
        report.units += 1;
        report.linked += u32::from(!methods.is_empty());
        for method in methods {
            *report.methods.entry(method).or_default() += 1;
        }
    }
    BTreeMap::from([(sample.trajectory.unit.repo.clone(), report)])
}

fn manifest(sample: &Sample, counts: Counts) -> RunManifest {
    let unit = &sample.trajectory.unit;
    let execute = sample.execution.as_ref().map(|_| ExecuteOptions::default());
    RunManifest {
        schema: SchemaVersion::CURRENT,
        tool: "backstory 0.1.0".to_owned(),
        repositories: BTreeMap::from([(unit.repo.clone(), unit.commit.clone())]),
        records: None,
        options: RunOptions { execute, ..RunOptions::default() },
        snapshots: None,
        counts,
        links: BTreeMap::new(),
        files: BTreeMap::new(),
    }
}

/// Writes a run of these units, with digests that fit.
fn build(path: &Path, sample: &Sample, units: &[Disposition], counts: Counts) {
    let links = links(sample, units);
    seal(path, sample, units, RunManifest { links, ..manifest(sample, counts) });
}

/// Writes a run of these units with this manifest.
fn seal(path: &Path, sample: &Sample, units: &[Disposition], manifest: RunManifest) {
    let run = RunDirectory::open(path).expect("the folder is empty");
    let json = serde_json::to_vec(&sample.trajectory).expect("a trajectory is JSON");
    let execution = sample.execution.as_ref();
    let execution = execution.map(|e| serde_json::to_vec(e).expect("an execution is JSON"));
    let blobs: Vec<_> = sample.blobs.keys().cloned().collect();
    for bytes in sample.blobs.values() {
        run.put_blob(bytes).expect("the disk has room");
    }
    for unit in units {
        let (json, blobs) = match unit.outcome {
            Outcome::Accepted { .. } => (Some(json.as_slice()), blobs.as_slice()),
            Outcome::Rejected { .. } => (None, &[][..]),
        };
        let executed = unit.execution.as_ref().and(execution.as_deref());
        let texts = UnitTexts { trajectory: json, execution: executed };
        run.commit_unit(unit, texts, blobs).expect("the disk has room");
    }
    let mut collection = run.collect().expect("the run is open");
    for unit in units {
        let blobs = blobs.clone();
        let unit = StoredUnit { disposition: unit.clone(), blobs };
        collection.append(&unit).expect("the disk has room");
    }
    collection.seal(manifest).expect("the disk has room");
}

fn build_good(path: &Path, sample: &Sample) {
    let json = serde_json::to_vec(&sample.trajectory).expect("a trajectory is JSON");
    build(path, sample, &dispositions(sample, &json), counts());
}

fn audit(path: &Path, sample: &Sample) -> AuditReport {
    let run = RunDirectory::read_only(path).expect("it is a run");
    let repos: BTreeMap<RepoName, &dyn Repository> =
        BTreeMap::from([(sample.trajectory.unit.repo.clone(), &sample.repo as &dyn Repository)]);
    let evidence = RecordTexts::new(&sample.records);
    let context = RunContext { run: &run, repos: &repos, evidence: &evidence };
    audit::run(context, 1 << 20).expect("it is complete")
}

fn rules(report: &AuditReport) -> Vec<&str> {
    report.findings.iter().map(|finding| finding.rule.as_str()).collect()
}

#[test]
fn an_untouched_run_is_clean() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sample = sample();
    build_good(folder.path(), &sample);
    let report = audit(folder.path(), &sample);
    insta::assert_snapshot!(report, @r"
    files                             14
    blobs                              9
    units                              3
    trajectories                       1
    steps                             22
    authored states                    3
    patches                            2
    choices, observed                  6
    choices, derived                  16
    observations, observed            15
    observations, derived              2
    findings                           0
    ");
    assert!(report.is_clean());
}

/// A small generator of numbers, so that every run of the test is the same.
struct Dice(u64);

impl Dice {
    fn roll(&mut self, sides: usize) -> usize {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        usize::try_from(self.0 >> 16).expect("48 bits fit") % sides
    }
}

#[test]
fn every_altered_byte_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sample = sample();
    build_good(folder.path(), &sample);
    let covered: Vec<_> = fs::files_below(folder.path())
        .expect("the run can be listed")
        .into_iter()
        .filter(|(path, size)| {
            *size > 0 && !path.ends_with("run.lock") && !path.to_string_lossy().contains("sqlite")
        })
        .collect();
    let mut dice = Dice(0x5eed);
    for round in 0..1_000 {
        let (path, _) = &covered[dice.roll(covered.len())];
        let good = fs::read_file(path).expect("the file is there");
        let mut bad = good.clone();
        let at = dice.roll(bad.len());
        bad[at] ^= u8::try_from(1 + dice.roll(255)).expect("a byte");
        fs::write_file(path, &bad).expect("the disk has room");
        let report = audit(folder.path(), &sample);
        assert!(!report.is_clean(), "round {round}: byte {at} of {}", path.display());
        fs::write_file(path, &good).expect("the disk has room");
    }
    assert!(audit(folder.path(), &sample).is_clean(), "the damage was undone");
}

#[test]
fn a_missing_and_an_unlisted_file_are_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sample = sample();
    build_good(folder.path(), &sample);
    fs::write_file(&folder.path().join("notes.txt"), b"hello").expect("the disk has room");
    assert_eq!(rules(&audit(folder.path(), &sample)), ["run/files"]);
    fs::remove_file(&folder.path().join("notes.txt")).expect("it was written");
    let run = RunDirectory::read_only(folder.path()).expect("it is a run");
    fs::remove_file(&run.blob_path(&sample.trajectory.gold_patch)).expect("it is stored");
    let report = audit(folder.path(), &sample);
    let found = rules(&report);
    for rule in ["run/files", "run/blobs", "whole/stored", "whole/patch"] {
        assert!(found.contains(&rule), "{rule} is not among {found:?}");
    }
}

#[test]
fn a_forged_trajectory_with_good_digests_is_found() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut sample = sample();
    sample.trajectory.steps[3].hindsight = false;
    build_good(folder.path(), &sample);
    assert_eq!(rules(&audit(folder.path(), &sample)), ["localize/changed-term"]);
}

#[test]
fn accounts_that_do_not_add_up_are_found() {
    let sample = sample();
    let json = serde_json::to_vec(&sample.trajectory).expect("a trajectory is JSON");
    let all = dispositions(&sample, &json);
    let fewer = Counts {
        units_found: 2,
        rejected: BTreeMap::from([("tree_missing".to_owned(), 1)]),
        ..counts()
    };
    let wrong_link = {
        let mut units = all.clone();
        units[2].links.clear();
        units
    };
    let wrong_reason = {
        let mut units = all.clone();
        let reason = "because".to_owned();
        units[0].outcome = Outcome::Rejected { reason, detail: String::new() };
        units
    };
    let wrong_change = {
        let mut units = all.clone();
        let reason = "no_change".to_owned();
        units[0].outcome = Outcome::Rejected { reason, detail: String::new() };
        units
    };
    let rejected = [("no_change".to_owned(), 1), ("tree_missing".to_owned(), 1)];
    let no_change = Counts { rejected: BTreeMap::from(rejected), ..counts() };
    let cases = [
        ("a wrong count", all.clone(), Counts { linked: 0, ..counts() }),
        ("a wrong count of pull requests", all.clone(), Counts { with_pull: Some(1), ..counts() }),
        ("no count of pull requests", all.clone(), Counts { with_pull: None, ..counts() }),
        ("a wrong funnel", all.clone(), Counts { accepted: 2, ..counts() }),
        ("a unit too little", all[1..].to_vec(), fewer),
        ("units out of order", vec![all[1].clone(), all[0].clone(), all[2].clone()], counts()),
        ("links the trajectory does not have", wrong_link, Counts { linked: 0, ..counts() }),
        ("a reason nobody published", wrong_reason, counts()),
        ("a reason that is not true", wrong_change, no_change),
    ];
    for (name, units, counts) in cases {
        let folder = tempfile::tempdir().expect("a temporary folder");
        build(folder.path(), &sample, &units, counts);
        let report = audit(folder.path(), &sample);
        assert!(rules(&report).contains(&"run/accounts"), "{name}: {:?}", report.findings);
    }
}

#[test]
fn a_run_of_before_pull_requests_were_counted_is_clean() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sample = sample();
    let json = serde_json::to_vec(&sample.trajectory).expect("a trajectory is JSON");
    let counts = Counts { with_pull: None, ..counts() };
    let schema = SchemaVersion { major: 1, minor: 2 };
    let manifest = RunManifest { schema, ..manifest(&sample, counts) };
    seal(folder.path(), &sample, &dispositions(&sample, &json), manifest);
    let report = audit(folder.path(), &sample);
    assert!(report.is_clean(), "{:?}", report.findings);
}

type Bend = fn(&mut LinkReport, &mut TruthScore);

#[test]
fn counts_of_links_that_the_log_does_not_allow_are_found() {
    use LinkMethod::{Changelog, ClosingKeyword, Mention};
    let pairs = |found, agreeing| PairCount { found, agreeing };
    let cases: [(&str, Bend); 9] = [
        ("another number of units", |said, _| said.units += 1),
        ("another coverage", |said, _| said.linked = 0),
        ("another method", |said, _| {
            said.methods.insert(Mention, 1);
        }),
        ("more pairs than links", |_, score| {
            score.methods.insert(ClosingKeyword, PairCount { found: 2, agreeing: 1 });
            score.together.found = 2;
            score.without_mentions.found = 2;
        }),
        ("a method that judges itself", |_, score| {
            score.methods.insert(Changelog, PairCount::default());
        }),
        ("more right than found", |_, score| score.together.agreeing = 2),
        ("more right than true", |_, score| score.true_pairs = 0),
        ("less together than one alone", |_, score| score.together = PairCount::default()),
        ("more together than all", |_, score| score.together.found = 2),
    ];
    let sample = sample();
    let json = serde_json::to_vec(&sample.trajectory).expect("a trajectory is JSON");
    let units = dispositions(&sample, &json);
    let judged = |bend: Bend| {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut score = TruthScore {
            true_pairs: 1,
            methods: BTreeMap::from([(ClosingKeyword, pairs(1, 1))]),
            without_mentions: pairs(1, 1),
            together: pairs(1, 1),
        };
        let mut links = links(&sample, &units);
        let report = links.values_mut().next().expect("one repository");
        bend(report, &mut score);
        report.judged.insert(LinkTruth::Changelog, score);
        let manifest = RunManifest { links, ..manifest(&sample, counts()) };
        seal(folder.path(), &sample, &units, manifest);
        rules(&audit(folder.path(), &sample)).join(" ")
    };
    assert_eq!(judged(|_, _| {}), "");
    for (name, bend) in cases {
        assert_eq!(judged(bend), "run/accounts", "{name}");
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    seal(folder.path(), &sample, &units, manifest(&sample, counts()));
    assert_eq!(rules(&audit(folder.path(), &sample)), ["run/accounts"], "nothing is said");
}

#[test]
fn a_run_without_its_repository_is_not_clean() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sample = sample();
    build_good(folder.path(), &sample);
    let run = RunDirectory::read_only(folder.path()).expect("it is a run");
    let evidence = RecordTexts::default();
    let context = RunContext { run: &run, repos: &BTreeMap::new(), evidence: &evidence };
    let report = audit::run(context, 1 << 20).expect("it is complete");
    // One for the manifest and one for each of the three units.
    assert_eq!(rules(&report), ["run/sources"; 4]);
}

/// What the accounts of a run with one executed unit are.
fn executed_counts() -> Counts {
    let executed = BTreeMap::from([("confirmed".to_owned(), 1)]);
    Counts { linked: 0, executed, ..counts() }
}

fn executed_units(sample: &Sample) -> Vec<Disposition> {
    let json = serde_json::to_vec(&sample.trajectory).expect("a trajectory is JSON");
    dispositions(sample, &json)
}

#[test]
fn an_executed_run_is_clean() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let sample = executed_sample();
    build(folder.path(), &sample, &executed_units(&sample), executed_counts());
    let report = audit(folder.path(), &sample);
    assert!(report.is_clean(), "{:#?}", report.findings);
    assert_eq!(report.checked.executions, 11);
    assert!(report.render(5).contains("executions"));
}

type Forge = fn(&mut ExecutionSummary);

#[test]
fn accounts_of_executions_that_do_not_add_up_are_found() {
    let sample = executed_sample();
    let cases: [(&str, Forge); 4] = [
        ("another outcome", |said| said.outcome = ExecutionOutcome::Flaky),
        ("fewer runs", |said| said.runs -= 1),
        ("more tests", |said| said.fail_to_pass += 1),
        ("another execution", |said| said.execution = RunDirectory::text_digest(b"{}")),
    ];
    for (name, forge) in cases {
        let folder = tempfile::tempdir().expect("a temporary folder");
        let mut units = executed_units(&sample);
        forge(units[2].execution.as_mut().expect("it was executed"));
        build(folder.path(), &sample, &units, executed_counts());
        let report = audit(folder.path(), &sample);
        assert!(rules(&report).contains(&"unit/execution"), "{name}: {:?}", report.findings);
    }
    let folder = tempfile::tempdir().expect("a temporary folder");
    let mut units = executed_units(&sample);
    units[2].execution = None;
    build(folder.path(), &sample, &units, counts());
    let report = audit(folder.path(), &sample);
    assert!(rules(&report).contains(&"run/accounts"), "{:?}", report.findings);
    let folder = tempfile::tempdir().expect("a temporary folder");
    let wrong = Counts { executed: BTreeMap::new(), ..executed_counts() };
    build(folder.path(), &sample, &executed_units(&sample), wrong);
    assert!(rules(&audit(folder.path(), &sample)).contains(&"run/accounts"));
}
