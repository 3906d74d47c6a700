//! Does the audit find every untruth about a search?

use std::collections::BTreeMap;

use backstory_dataset::audit::{AuditOptions, Auditor, RecordTexts, Sources};
use backstory_model::reasoning::ReasoningSearch;
use backstory_model::reasoning::{CandidateKind, CandidateRow, Leak, Reason, ReasonedStep};
use backstory_model::{BlobId, Provenance, Sha256, SnapshotStory};
use backstory_store::RunDirectory;
use backstory_testkit::MemoryRepository;

use crate::reason::{repository, searched_by_a_server, told};

/// A story and what was searched for it.
#[derive(Clone)]
struct Sample {
    repository: MemoryRepository,
    blobs: BTreeMap<BlobId, Vec<u8>>,
    story: SnapshotStory,
    steps: Vec<ReasonedStep>,
    search: ReasoningSearch,
}

fn read(run: &RunDirectory) -> Sample {
    let manifest = run.manifest().unwrap();
    let line = run.dispositions().unwrap().next().unwrap().unwrap();
    let names = manifest.files.keys().filter_map(|path| {
        let name = path.strip_prefix("blobs/")?.strip_suffix(".zst")?.replace('/', "");
        BlobId::new(name).ok()
    });
    Sample {
        repository: repository().memory(),
        blobs: names.map(|id| (id.clone(), run.blob(&id).unwrap())).collect(),
        story: run.snapshot_story(&line).unwrap(),
        steps: run.reasoned(&manifest, &line.work.key).unwrap(),
        search: run.reasoning().unwrap().unwrap(),
    }
}

/// Returns the rules that find something.
fn found(sample: &Sample) -> Vec<String> {
    let evidence = RecordTexts::new(&[]);
    let blobs = |id: &BlobId| sample.blobs.get(id).cloned();
    let sources = Sources { repo: &sample.repository, blobs: &blobs, evidence: &evidence };
    let auditor = Auditor::new(sources, AuditOptions::default());
    let audit = auditor.reasoning(&sample.story, &sample.steps, &sample.search);
    audit.findings.into_iter().map(|finding| finding.rule).collect()
}

impl Sample {
    /// The step whose thought a model wrote or a rule, with what was searched for it.
    fn kept(&mut self) -> &mut ReasonedStep {
        let written = |step: &&mut ReasonedStep| {
            step.searched.winner().is_some_and(|row| row.generator.is_some())
        };
        self.steps.iter_mut().find(written).expect("a step with a thought")
    }

    /// The row of its thought.
    fn winner(&mut self) -> &mut CandidateRow {
        let rows = &mut self.kept().searched.rows;
        rows.iter_mut().rfind(|row| row.accepted).expect("a winner")
    }

    fn row(&mut self, kind: CandidateKind) -> &mut CandidateRow {
        let rows = &mut self.kept().searched.rows;
        rows.iter_mut().find(|row| row.kind == kind).expect("a row of this kind")
    }

    /// The code of the step.
    fn code(&mut self) -> String {
        let step = self.kept().step;
        let mut first = 3;
        let of_step = self.story.delegations.iter().find(|delegation| {
            first += 1 + delegation.steps.len();
            step < first
        });
        let blob = &of_step.expect("a file of the step").blob;
        String::from_utf8(self.blobs[blob].clone()).unwrap()
    }

    /// Puts another text in the place of the thought that stands, everywhere.
    fn say(&mut self, text: &str) {
        let hash = RunDirectory::text_digest(text.as_bytes());
        let old = self.winner().text_hash.clone().expect("a text");
        let step = self.kept();
        step.searched.texts.remove(&old);
        step.searched.texts.insert(hash.clone(), text.to_owned());
        step.searched.thought = Some(text.to_owned());
        for row in &mut step.searched.rows {
            for name in [&mut row.text_hash, &mut row.parent_hash] {
                if name.as_ref() == Some(&old) {
                    *name = Some(hash.clone());
                }
            }
        }
    }
}

fn another() -> Sha256 {
    RunDirectory::text_digest(b"another")
}

type Case = (&'static str, &'static str, fn(&mut Sample));

const PLANTED: &[Case] = &[
    ("a step that writes nothing", "reason/step", |s| s.steps[0].step = 3),
    ("a step twice", "reason/step", |s| {
        let again = s.steps[0].clone();
        s.steps.push(again);
    }),
    ("a perplexity that flatters", "reason/row", |s| s.winner().ppl_target = Some(1.0)),
    ("another seed", "reason/row", |s| s.winner().seed = Some(7)),
    ("another writer", "reason/row", |s| s.winner().generator = None),
    ("tokens that were not counted", "reason/row", |s| s.kept().searched.tokens_scored -= 1),
    ("a text that is not the one that was scored", "reason/row", |s| {
        let hash = s.winner().text_hash.clone().unwrap();
        s.kept().searched.texts.insert(hash, "Another one.".to_owned());
    }),
    ("a candidate that was not the best stands", "reason/accepted", |s| {
        let row = s.winner();
        (row.nll_target, row.ppl_target) = (Some(50.0), Some(50.0_f64.exp()));
    }),
    ("the best candidate was left out", "reason/accepted", |s| {
        let row = s.winner();
        (row.accepted, row.reason) = (false, Some(Reason::NotLower));
    }),
    ("rounds that get worse", "reason/accepted", |s| {
        let rounds = &mut s.kept().searched.nll_rounds;
        let last = rounds.len() - 1;
        rounds[last] += 1.0;
    }),
    ("a candidate nobody wrote down", "reason/accepted", |s| {
        s.kept().searched.rows.retain(|row| row.round != 2);
    }),
    ("a thought that is no better than none", "reason/kept", |s| {
        let row = s.row(CandidateKind::None);
        (row.nll_target, row.ppl_target) = (Some(0.001), Some(0.001_f64.exp()));
        s.kept().searched.nll_none = Some(0.001);
        for row in &mut s.kept().searched.rows {
            row.nll_none = Some(0.001);
        }
    }),
    ("a thought that helps by its length alone", "reason/kept", |s| {
        let row = s.row(CandidateKind::Control);
        (row.nll_target, row.ppl_target) = (Some(0.001), Some(0.001_f64.exp()));
        s.kept().searched.nll_control = Some(0.001);
    }),
    ("a control that was left out", "reason/kept", |s| {
        s.kept().searched.rows.retain(|row| row.kind != CandidateKind::Control);
        s.kept().searched.nll_control = None;
    }),
    ("a thought that was dropped without a reason", "reason/kept", |s| {
        s.kept().searched.thought = None;
    }),
    ("a thought that repeats a line", "reason/guard", |s| {
        let code = s.code();
        let longest = code.lines().max_by_key(|line| line.len()).unwrap();
        s.say(&format!("I write {} and that is all.", longest.trim()));
    }),
    ("a thought that repeats 13 tokens", "reason/guard", |s| {
        let code = s.code().split_whitespace().collect::<Vec<_>>().join(" ");
        s.say(&format!("Here {code} is said."));
    }),
    ("a leak that was scored all the same", "reason/guard", |s| {
        s.winner().leaks = vec![Leak::Line];
    }),
    ("another prompt", "reason/prompt", |s| s.winner().prompt_hash = Some(another())),
    ("a thought that is said to be derived or written by a model", "reason/known", |s| {
        s.kept().provenance = Some(Provenance::derived("story/thought", []));
    }),
];

#[test]
fn every_planted_untruth_is_found() {
    let context = told();
    let rules = || {
        context.backstory(["reason", "run", "--model", "ngram", "--context", "200"]).run();
        read(&RunDirectory::read_only(&context.path("run")).unwrap())
    };
    let served = || {
        searched_by_a_server(&context);
        read(&RunDirectory::read_only(&context.path("run")).unwrap())
    };
    for sample in [rules(), served()] {
        assert_eq!(found(&sample), Vec::<String>::new());
        for (what, rule, plant) in PLANTED {
            let mut sample = sample.clone();
            plant(&mut sample);
            let rules = found(&sample);
            assert!(rules.iter().any(|found| found == rule), "{what}: found {rules:?}");
        }
    }
}

#[test]
fn a_prompt_that_was_altered_is_found() {
    let context = told();
    searched_by_a_server(&context);
    let mut sample = read(&RunDirectory::read_only(&context.path("run")).unwrap());
    let Some(Provenance::Synthesized { prompt, .. }) = sample.kept().provenance.clone() else {
        panic!("a thought of a model");
    };
    sample.blobs.get_mut(&prompt).unwrap().push(b'x');
    assert!(found(&sample).contains(&"reason/known".to_owned()));
}
