//! Does the audit find every untruth about thoughts before the actions of a change?

use std::collections::BTreeMap;

use backstory_dataset::audit::{AuditOptions, Auditor, RecordTexts, Sources};
use backstory_model::reasoning::{
    CandidateKind, CandidateRow, Gate, ReasonedStep, ReasoningSearch,
};
use backstory_model::{Action, BlobId, EvidenceId, Provenance, Trajectory};
use backstory_store::RunDirectory;
use backstory_testkit::{MemoryRepository, TestContext};

use crate::reason::{audited, reason};
use crate::reason_change::{LEAKS, built, searched_by_a_server};
use crate::sample::history;

/// A change and what was searched for it.
#[derive(Clone)]
struct Sample {
    repository: MemoryRepository,
    blobs: BTreeMap<BlobId, Vec<u8>>,
    trajectory: Trajectory,
    steps: Vec<ReasonedStep>,
    search: ReasoningSearch,
}

/// Reads the change that has an edit with a thought.
fn read(context: &TestContext) -> Sample {
    let run = RunDirectory::read_only(&context.path("run")).unwrap();
    let manifest = run.manifest().unwrap();
    let names = manifest.files.keys().filter_map(|path| {
        let name = path.strip_prefix("blobs/")?.strip_suffix(".zst")?.replace('/', "");
        BlobId::new(name).ok()
    });
    let (line, steps) = run
        .reasoned_units()
        .unwrap()
        .map(Result::unwrap)
        .find(|(line, _)| line.work.unit.as_str() == "acme__toy-2")
        .unwrap();
    Sample {
        repository: history().memory(),
        blobs: names.map(|id| (id.clone(), run.blob(&id).unwrap())).collect(),
        trajectory: run.trajectory(&line).unwrap(),
        steps,
        search: run.reasoning().unwrap().unwrap(),
    }
}

/// Returns the rules that find something.
fn found(sample: &Sample) -> Vec<String> {
    let evidence = RecordTexts::new(&[]);
    let blobs = |id: &BlobId| sample.blobs.get(id).cloned();
    let sources = Sources { repo: &sample.repository, blobs: &blobs, evidence: &evidence };
    let auditor = Auditor::new(sources, AuditOptions::default());
    let audit = auditor.reasoned_change(&sample.trajectory, &sample.steps, &sample.search);
    audit.findings.into_iter().map(|finding| finding.rule).collect()
}

impl Sample {
    /// A step whose thought was searched.
    fn kept(&mut self) -> &mut ReasonedStep {
        let written = |step: &&mut ReasonedStep| {
            step.searched.winner().is_some_and(|row| row.generator.is_some())
        };
        self.steps.iter_mut().find(written).expect("a step with a thought")
    }

    fn winner(&mut self) -> &mut CandidateRow {
        let rows = &mut self.kept().searched.rows;
        rows.iter_mut().rfind(|row| row.accepted).expect("a winner")
    }

    /// Puts another text in the place of one, everywhere.
    fn replace(&mut self, step: usize, kind: CandidateKind, text: &str) {
        let hash = RunDirectory::text_digest(text.as_bytes());
        let step = self.steps.iter_mut().find(|found| found.step == step).unwrap();
        let of_kind = |row: &&CandidateRow| row.kind == kind && row.accepted;
        let old = step.searched.rows.iter().rfind(of_kind).unwrap().text_hash.clone().unwrap();
        let said = step.searched.texts.remove(&old);
        step.searched.texts.insert(hash.clone(), text.to_owned());
        if step.searched.thought == said {
            step.searched.thought = Some(text.to_owned());
        }
        for row in &mut step.searched.rows {
            for name in [&mut row.text_hash, &mut row.parent_hash] {
                if name.as_ref() == Some(&old) {
                    *name = Some(hash.clone());
                }
            }
        }
    }

    /// Puts another text in the place of the thought that stands.
    fn say(&mut self, text: &str) {
        let (step, kind) = (self.kept().step, self.winner().kind);
        self.replace(step, kind, text);
    }
}

type Case = (&'static str, &'static str, fn(&mut Sample));

const PLANTED: &[Case] = &[
    ("a thought that names a file of a later change", "reason/earlier", |s| s.say(LEAKS[0])),
    ("a thought that names what the fix brings", "reason/earlier", |s| {
        s.say("What is missing is called `early_return` and I write it.");
    }),
    ("a thought that quotes the patch", "reason/guard", |s| {
        let at = s.kept().step - 1;
        let Action::Edit { new, .. } = &s.trajectory.steps[at].action else { panic!("an edit") };
        let new = new.split_whitespace().collect::<Vec<_>>().join(" ");
        s.say(&format!("So I write {new} and then {new} is there."));
    }),
    ("a first thought that does not follow", "reason/row", |s| {
        let begun = |row: &CandidateRow| row.kind == CandidateKind::Initial && row.accepted;
        let step = s.steps.iter().find(|step| step.searched.rows.iter().any(begun)).unwrap().step;
        s.replace(step, CandidateKind::Initial, "The request is about nothing in particular.");
    }),
    ("a step that is no action", "reason/step", |s| s.steps[0].step = 1),
    ("an action that is too short", "reason/step", |s| s.search.options.least_target = 10_000),
    ("a step twice", "reason/step", |s| {
        let again = s.steps[0].clone();
        s.steps.push(again);
    }),
    ("a step that the gate leaves out", "reason/kept", |s| {
        s.search.options.gate = Some(Gate { low: 0.0, high: 0.0 });
    }),
    ("another prompt", "reason/prompt", |s| {
        s.winner().prompt_hash = Some(RunDirectory::text_digest(b"another"));
    }),
    ("a thought that rests on another step", "reason/known", |s| {
        s.kept().provenance = Some(Provenance::derived("story/searched", [EvidenceId::step(99)]));
    }),
];

#[test]
fn every_planted_untruth_about_a_change_is_found() {
    let context = built();
    searched_by_a_server(&context);
    let sample = read(&context);
    assert_eq!(found(&sample), Vec::<String>::new());
    for (what, rule, plant) in PLANTED {
        let mut sample = sample.clone();
        plant(&mut sample);
        let rules = found(&sample);
        assert!(rules.iter().any(|found| found == rule), "{what}: found {rules:?}");
    }
}

#[test]
fn thoughts_by_rule_are_derived_again() {
    let context = built();
    let said = reason(&context, &["--model", "ngram", "--context", "300", "--least-target", "1"]);
    assert_eq!(said.exit_code, Some(0), "{said}");
    let audited = audited(&context);
    assert_eq!(audited.exit_code, Some(0), "{audited}");
    assert_eq!(found(&read(&context)), Vec::<String>::new());
}
