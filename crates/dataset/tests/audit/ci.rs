//! Does the audit derive reports of CI again from the records and the stored log?
//!
//! A correct passage passes; each case plants one untruth into the trajectory,
//! the records or the log, and names the rule that must speak up.

use std::ops::Range;

use backstory_dataset::audit::{
    self, AuditOptions, CiOnCommit, Evidence, RecordText, RecordTexts, Sources, TrajectoryAudit,
};
use backstory_model::{
    Action, BlobId, CiConclusion, CiJobRecord, CiRunRecord, CiStep, CommitId, EvidenceId,
    LogRefRecord, Observation, Phase, Provenance, RecordId, Seen, Sha256, Step,
};

use crate::sample::{Sample, sample};

const LOG: &[u8] = b"2026-01-02T03:04:05Z collected 2 items\r\n\
    2026-01-02T03:04:06Z \x1b[31mtests/test_parse.py\x1b[0m:5: IndexError\r\n";
const SHOWN: &[u8] = b"tests/test_parse.py:5: IndexError\n";

/// The sample with what CI said about its states.
#[derive(Clone)]
struct Judged {
    sample: Sample,
    on: Vec<CiOnCommit>,
    log: Vec<u8>,
}

impl Judged {
    fn audit(&self) -> TrajectoryAudit {
        let blobs = |id: &BlobId| self.sample.blobs.get(id).cloned();
        let texts = RecordTexts::new(&self.sample.records);
        let evidence = Known { texts, judged: self };
        let sources = Sources { repo: &self.sample.repo, blobs: &blobs, evidence: &evidence };
        audit::trajectory(&self.sample.trajectory, None, sources, AuditOptions::default())
    }

    fn steps(&mut self) -> &mut Vec<Step> {
        &mut self.sample.trajectory.steps
    }

    /// Returns the red report.
    fn red(&mut self) -> &mut Step {
        self.steps().iter_mut().find(|step| is_report(step)).expect("there is one")
    }

    fn green(&mut self) -> &mut Step {
        self.steps().iter_mut().rfind(|step| is_report(step)).expect("there is one")
    }
}

struct Known<'a> {
    texts: RecordTexts,
    judged: &'a Judged,
}

impl Evidence for Known<'_> {
    fn versions(&self, id: &RecordId) -> Vec<RecordText> {
        self.texts.versions(id)
    }

    fn ci_on(&self, commit: &CommitId) -> Vec<CiOnCommit> {
        let on = self.judged.on.iter();
        on.filter(|on| on.run.commit == commit.as_str()).cloned().collect()
    }

    fn log_part(&self, _log: &LogRefRecord, part: Range<u64>) -> Option<Vec<u8>> {
        let range = usize::try_from(part.start).ok()?..usize::try_from(part.end).ok()?;
        self.judged.log.get(range).map(<[u8]>::to_vec)
    }
}

fn is_report(step: &Step) -> bool {
    matches!(step.action, Action::CiReport { .. })
}

fn on(commit: &CommitId, number: u32, conclusion: CiConclusion) -> CiOnCommit {
    let run = serde_json::json!({"id": format!("run:{number}"), "commit": commit,
        "workflow": "ci.yml", "conclusion": conclusion});
    let run: CiRunRecord = serde_json::from_value(run).expect("a run");
    let log = RecordId::new(format!("log:{number}"));
    let step = CiStep {
        number: 1,
        name: "Test".to_owned(),
        command: None,
        conclusion: Some(conclusion),
        started_at: None,
        finished_at: None,
    };
    let job = serde_json::json!({"id": format!("job:{number}"), "run": run.id, "name": "test",
        "conclusion": conclusion, "log": log});
    let job: CiJobRecord = serde_json::from_value(job).expect("a job");
    let log = serde_json::json!({"id": log, "sha256": Sha256::from_digest(&[0; 32]),
        "bytes": LOG.len(), "encoding": "utf-8", "complete": true});
    let log: LogRefRecord = serde_json::from_value(log).expect("a log");
    CiOnCommit { run, jobs: vec![CiJobRecord { steps: vec![step], ..job }], logs: vec![log] }
}

fn report(on: &CiOnCommit, phase: Phase, output: &BlobId) -> Step {
    let job = &on.jobs[0];
    let conclusion = job.conclusion.expect("it ended");
    let log = on.logs[0].id.clone();
    let said = [EvidenceId::record(&on.run.id), EvidenceId::record(&job.id)];
    let provenance = Provenance::observed([EvidenceId::record(&log)]);
    let start = 40;
    let content = Observation::CiLog { log, start, end: LOG.len() as u64, output: output.clone() };
    Step {
        phase,
        action: Action::CiReport {
            commit: CommitId::new(on.run.commit.clone()).expect("a commit"),
            workflow: on.run.workflow.clone(),
            job: job.name.clone(),
            step: conclusion.is_red().then(|| job.steps[0].name.clone()),
            conclusion,
        },
        choice: Provenance::observed(said),
        observation: Some(Seen { content, provenance }),
        thought: None,
        hindsight: false,
        state: None,
    }
}

fn judged() -> Judged {
    let mut sample = sample();
    let output = sample.store(SHOWN);
    let states: Vec<CommitId> =
        sample.trajectory.unit.states.iter().map(|state| state.commit.clone()).collect();
    let red = on(&states[0], 1, CiConclusion::Failure);
    let green = on(&states[2], 2, CiConclusion::Success);
    let steps = &mut sample.trajectory.steps;
    let message = steps.iter().rposition(|step| step.state == Some(0)).expect("a message");
    let mut look = steps[5].clone();
    look.choice = Provenance::derived("read/ci-log", [EvidenceId::step(message + 2)]);
    let seen = look.observation.as_mut().expect("a view shows something");
    seen.provenance = Provenance::observed([EvidenceId::commit(&states[0])]);
    steps.insert(message + 1, report(&red, Phase::Debugging, &output));
    steps.insert(message + 2, look);
    let finish = steps.len() - 1;
    steps[finish].phase = Phase::Validation;
    steps.insert(finish, report(&green, Phase::Validation, &output));
    Judged { sample, on: vec![red, green], log: LOG.to_vec() }
}

#[test]
fn a_correct_passage_passes() {
    let audit = judged().audit();
    assert!(audit.is_clean(), "{:#?}", audit.findings);
}

type Case = (&'static str, &'static str, fn(&mut Judged));

const CASES: &[Case] = &[
    ("another text than the log holds", "show/ci-log", |j| {
        let other = j.sample.store(b"tests/test_parse.py:5: KeyError\n");
        let Some(Seen { content: Observation::CiLog { output, .. }, .. }) =
            &mut j.red().observation
        else {
            panic!("a report")
        };
        *output = other;
    }),
    ("another part of the log", "show/ci-log", |j| {
        let Some(Seen { content: Observation::CiLog { start, .. }, .. }) = &mut j.red().observation
        else {
            panic!("a report")
        };
        *start += 1;
    }),
    ("a part behind the end", "show/ci-log", |j| {
        let Some(Seen { content: Observation::CiLog { end, .. }, .. }) = &mut j.red().observation
        else {
            panic!("a report")
        };
        *end += 1;
    }),
    ("a log that is gone", "show/ci-log", |j| j.log.clear()),
    ("a log of another job", "show/ci-log", |j| j.on[0].jobs[0].log = None),
    ("a log said to be computed", "show/ci-log", |j| {
        j.red().observation.as_mut().expect("a log").provenance =
            Provenance::derived("show/ci-log", []);
    }),
    ("another conclusion than the record says", "observed", |j| {
        j.on[0].jobs[0].conclusion = Some(CiConclusion::TimedOut);
    }),
    ("another workflow", "observed", |j| j.on[0].run.workflow = None),
    ("another step", "observed", |j| {
        let Action::CiReport { step, .. } = &mut j.red().action else { panic!("a report") };
        *step = Some("Compile".to_owned());
    }),
    ("a run of another commit", "observed", |j| j.on[0].run.commit = "f".repeat(40)),
    ("a job that was red and green on one commit", "observed", |j| {
        let commit = CommitId::new(j.on[0].run.commit.clone()).expect("a commit");
        j.on.push(on(&commit, 3, CiConclusion::Success));
    }),
    ("a red report that never turns green", "observed", |j| {
        let at = j.steps().iter().rposition(is_report).expect("a report");
        j.steps().remove(at);
    }),
    ("a report before the changes of its commit", "observed", |j| {
        let at = j.steps().iter().rposition(is_report).expect("a report");
        let report = j.steps().remove(at);
        j.steps().insert(at - 2, report);
    }),
    ("a report in another phase", "observed", |j| j.green().phase = Phase::Debugging),
    ("a view of a line the log does not name", "read/ci-log", |j| {
        let view = j.steps().iter_mut().find(|step| {
            matches!(&step.choice, Provenance::Derived { rule, .. } if rule.as_str() == "read/ci-log")
        });
        let Action::View { end, .. } = &mut view.expect("a view").action else { panic!("a view") };
        *end = 4;
    }),
];

#[test]
fn an_untrue_report_is_found() {
    for (name, rule, plant) in CASES {
        let mut bad = judged();
        plant(&mut bad);
        let findings = bad.audit().findings;
        let rules: Vec<&str> = findings.iter().map(|finding| finding.rule.as_str()).collect();
        assert!(rules.contains(rule), "{name}: {rule} is not among {rules:?}");
    }
}
