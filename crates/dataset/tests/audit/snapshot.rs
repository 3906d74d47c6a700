//! Does the audit believe a true story of a snapshot, and find every untruth?
//!
//! The story is written down by hand: three files to write, one given.

use std::collections::{BTreeMap, BTreeSet};

use backstory_dataset::BodyError;
use backstory_dataset::audit::{AuditOptions, Auditor, RecordTexts, Sources};
use backstory_dataset::snapshot::{
    AFTER_THOUGHT, Arm, BEFORE_THOUGHT, SnapshotExport, Verdict, documents, each_write,
    export_snapshots, writes, written,
};
use backstory_model::{
    BlobId, CommitId, CutEdge, Delegation, EvidenceId, FileMode, GivenFile, GivenReason, LineRange,
    Plan, PlannedFile, Provenance, ReadPart, RepoName, RepoPath, Repository as _, SccPolicy,
    SchemaVersion, SnapshotStory, Statement, Thought, UnitId, WritingAction, WritingStep,
    git_object_id,
};
use backstory_store::fs;
use backstory_testkit::{MemoryRepository, RepoBuilder};

const README: &str = "# Toy\n\nReads words.\n";
const WORDS: &str =
    "\"\"\"Splits text into words.\"\"\"\n\n\ndef split(text):\n    return text.split()\r\n";
const MAIN: &str = "\u{feff}from words import split\n\n\ndef main():\n    print(split('é 𝄞'))";
const LOGO: &[u8] = b"\x89PNG\0";

pub(super) struct Sample {
    pub(super) repository: MemoryRepository,
    pub(super) blobs: BTreeMap<BlobId, Vec<u8>>,
    pub(super) story: SnapshotStory,
}

pub(super) fn blob(bytes: &[u8]) -> BlobId {
    git_object_id("blob", bytes)
}

pub(super) fn derived(rule: &str, evidence: &[EvidenceId]) -> Provenance {
    Provenance::derived(rule, evidence.iter().cloned())
}

pub(super) fn thought(text: &str) -> Thought {
    Thought { text: text.to_owned(), provenance: derived("story/thought", &[]) }
}

fn written_lines(start: u32, end: u32) -> WritingAction {
    WritingAction::Write { lines: LineRange { start, end }, path: None }
}

pub(super) fn write(text: &str, lines: (u32, u32), said: &str) -> WritingStep {
    let evidence = [EvidenceId::blob(&blob(text.as_bytes()))];
    WritingStep {
        thought: Some(thought(said)),
        action: written_lines(lines.0, lines.1),
        choice: derived("story/write", &evidence),
        content: Provenance::observed(evidence),
        hindsight: true,
    }
}

pub(super) fn delegation(
    path: &str,
    text: &str,
    task: &str,
    steps: Vec<WritingStep>,
) -> Delegation {
    Delegation {
        path: RepoPath::from(path),
        mode: FileMode::Plain,
        blob: blob(text.as_bytes()),
        task: Statement {
            text: task.to_owned(),
            provenance: derived("story/order", &[]),
            hindsight: true,
        },
        steps,
        with: Vec::new(),
    }
}

pub(super) fn planned(
    path: &str,
    purpose: Option<&str>,
    definitions: &[&str],
    uses: &[&str],
) -> PlannedFile {
    PlannedFile {
        path: RepoPath::from(path),
        purpose: purpose.map(str::to_owned),
        definitions: definitions.iter().map(|name| (*name).to_owned()).collect(),
        uses: uses.iter().map(|path| RepoPath::from(*path)).collect(),
    }
}

fn repository() -> (MemoryRepository, CommitId) {
    let mut repo = RepoBuilder::new("acme/toy");
    let head = repo.commit(
        "Start",
        [
            ("README.md", README.as_bytes().to_vec()),
            ("logo.png", LOGO.to_vec()),
            ("main.py", MAIN.as_bytes().to_vec()),
            ("words.py", WORDS.as_bytes().to_vec()),
        ],
    );
    (repo.memory(), head)
}

fn sample() -> Sample {
    let (repository, head) = repository();
    let tree = repository.commit(&head).expect("the head is there").tree;
    let words = blob(WORDS.as_bytes());
    let why = [EvidenceId::blob(&blob(MAIN.as_bytes())), EvidenceId::blob(&words)];
    let read = WritingStep {
        thought: Some(thought("`main.py` uses `split` of `words.py`.")),
        action: WritingAction::Read {
            path: RepoPath::from("words.py"),
            part: ReadPart::Whole,
            blob: words.clone(),
            shown: vec![LineRange { start: 1, end: 5 }],
        },
        choice: derived("story/read", &why),
        content: Provenance::observed([EvidenceId::blob(&words)]),
        hindsight: true,
    };
    let story = SnapshotStory {
        schema: SchemaVersion::CURRENT,
        id: UnitId::new(format!("acme__toy@{}", &head.as_str()[..12])),
        repo: RepoName::parse("acme/toy").expect("a name"),
        commit: head,
        tree: tree.clone(),
        license: None,
        requirements: Statement {
            text: "Write the repository `toy`.\n\n> Reads words.".to_owned(),
            provenance: derived(
                "story/requirements",
                &[EvidenceId::blob(&blob(README.as_bytes()))],
            ),
            hindsight: true,
        },
        plan: Plan {
            files: vec![
                planned("words.py", Some("Splits text into words."), &["split"], &[]),
                planned("main.py", None, &["main"], &["words.py"]),
                planned("README.md", Some("Toy"), &[], &[]),
            ],
            provenance: derived("story/plan", &[EvidenceId::tree(&tree)]),
            hindsight: true,
        },
        given: vec![GivenFile {
            path: RepoPath::from("logo.png"),
            mode: FileMode::Plain,
            blob: blob(LOGO),
            reason: GivenReason::Binary,
        }],
        cut_edges: Vec::new(),
        delegations: vec![
            delegation(
                "words.py",
                WORDS,
                "Write `words.py`. It is for: Splits text into words. It has `split`.",
                vec![write(WORDS, (1, 3), "The top."), write(WORDS, (4, 5), "Then `split`.")],
            ),
            delegation(
                "main.py",
                MAIN,
                "Write `main.py`.",
                vec![read, write(MAIN, (1, 5), "All.")],
            ),
            delegation("README.md", README, "Write `README.md`.", vec![write(README, (1, 3), "")]),
        ],
        finish: Statement {
            text: "All 3 files are written.".to_owned(),
            provenance: derived("story/finish", &[]),
            hindsight: false,
        },
        scc: SccPolicy::Cut,
    };
    let texts = [README, WORDS, MAIN].map(|text| (blob(text.as_bytes()), text.as_bytes().to_vec()));
    Sample { repository, blobs: texts.into(), story }
}

/// Returns the rules that find something.
pub(super) fn found(sample: &Sample) -> Vec<String> {
    let evidence = RecordTexts::new(&[]);
    let blobs = |id: &BlobId| sample.blobs.get(id).cloned();
    let sources = Sources { repo: &sample.repository, blobs: &blobs, evidence: &evidence };
    let options = AuditOptions { file_limit: 1 << 20, cache_bytes: 1 << 20 };
    let audit = Auditor::new(sources, options).snapshot(&sample.story);
    let mut rules: Vec<String> = audit.findings.into_iter().map(|finding| finding.rule).collect();
    rules.dedup();
    rules
}

#[test]
fn a_true_story_is_believed() {
    assert_eq!(found(&sample()), Vec::<String>::new());
}

type Case = (&'static str, &'static str, fn(&mut Sample));

fn action(sample: &mut Sample, delegation: usize, step: usize) -> &mut WritingAction {
    &mut sample.story.delegations[delegation].steps[step].action
}

const PLANTED: &[Case] = &[
    ("a stored byte is flipped", "story/content", |s| {
        let bytes = s.blobs.get_mut(&blob(WORDS.as_bytes())).expect("it is stored");
        bytes[0] ^= 1;
    }),
    ("a file is read before it is written", "story/read", |s| {
        s.story.delegations.swap(0, 1);
        s.story.plan.files.swap(0, 1);
    }),
    ("a file is left out of the plan", "story/plan", |s| {
        s.story.plan.files.remove(2);
    }),
    ("a file is not written", "story/tree", |s| {
        s.story.delegations.pop();
    }),
    ("a given file is called generated", "story/given", |s| {
        s.story.given[0].reason = GivenReason::Generated;
    }),
    ("a written file is given, too", "story/given", |s| {
        let file = &s.story.delegations[2];
        s.story.given.insert(
            0,
            GivenFile {
                path: file.path.clone(),
                mode: file.mode,
                blob: file.blob.clone(),
                reason: GivenReason::NoGrammar,
            },
        );
    }),
    ("another mode", "story/tree", |s| s.story.delegations[0].mode = FileMode::Executable),
    ("another blob is written", "story/tree", |s| {
        s.story.delegations[2].blob = blob(WORDS.as_bytes());
    }),
    ("lines are written twice", "story/write", |s| {
        *action(s, 0, 1) = written_lines(3, 5);
    }),
    ("the last line is not written", "story/write", |s| {
        *action(s, 0, 1) = written_lines(4, 4);
    }),
    ("lines are shown that are not there", "story/read", |s| {
        let WritingAction::Read { shown, .. } = action(s, 1, 0) else { panic!("a read") };
        shown[0].end = 6;
    }),
    ("a file is read that the plan does not use", "story/read", |s| {
        s.story.plan.files[1].uses.clear();
    }),
    ("a thought gives a name away", "story/thought", |s| {
        s.story.delegations[2].steps[0].thought = Some(thought("It needs `secret`."));
    }),
    ("a task names what nobody plans", "story/order", |s| {
        s.story.delegations[2].task.text += " It has `secret`.";
    }),
    ("a purpose nobody wrote", "story/plan", |s| {
        s.story.plan.files[0].purpose = Some("Eats words.".to_owned());
    }),
    ("a definition nobody wrote", "story/plan", |s| {
        s.story.plan.files[0].definitions.push("spli".to_owned());
    }),
    ("a requirement nobody wrote", "story/requirements", |s| {
        s.story.requirements.text += "\n> Eats words.";
    }),
    ("a plan without the mark of hindsight", "story/plan", |s| s.story.plan.hindsight = false),
    ("a dependency is cut that could be kept", "story/order", |s| {
        let (from, to) = (RepoPath::from("main.py"), RepoPath::from("words.py"));
        s.story.cut_edges.push(CutEdge { from, to, instead: None });
    }),
    ("written bytes that nobody vouches for", "story/write", |s| {
        s.story.delegations[2].steps[0].content = derived("story/write", &[]);
    }),
    ("another number of files", "story/finish", |s| {
        "All 4 files are written.".clone_into(&mut s.story.finish.text);
    }),
    ("another commit", "story/tree", |s| {
        s.story.id = UnitId::new("acme__toy@000000000000");
    }),
];

#[test]
fn every_planted_untruth_is_found() {
    for (what, rule, plant) in PLANTED {
        let mut sample = sample();
        plant(&mut sample);
        let rules = found(&sample);
        assert!(rules.iter().any(|found| found == rule), "{what}: found {rules:?}");
    }
}

#[test]
fn documents_of_every_arm_hold_the_same_code() {
    let sample = sample();
    let expected: BTreeMap<RepoPath, String> =
        [("README.md", README), ("main.py", MAIN), ("words.py", WORDS)]
            .map(|(path, text)| (RepoPath::from(path), text.to_owned()))
            .into();
    for limit in [1, 300, 1 << 20] {
        for arm in Arm::ALL {
            let documents = documents(&sample.story, &sample.blobs, arm, limit).unwrap();
            assert_eq!(written(&documents), expected, "{arm:?} {limit}");
        }
    }
}

#[test]
fn spans_cover_a_document_in_bytes_and_characters() {
    let sample = sample();
    for arm in Arm::ALL {
        for document in documents(&sample.story, &sample.blobs, arm, 400).unwrap() {
            let (mut bytes, mut chars) = (0, 0);
            let all: Vec<char> = document.text.chars().collect();
            for span in &document.spans {
                assert_eq!((span.byte_start, span.char_start), (bytes, chars));
                let text = &document.text[span.byte_start..span.byte_end];
                let same: String = all[span.char_start..span.char_end].iter().collect();
                assert_eq!(text, same);
                assert!(!text.is_empty());
                assert_eq!(span.loss, span.kind.has_loss());
                (bytes, chars) = (span.byte_end, span.char_end);
            }
            assert_eq!(bytes, document.text.len());
        }
    }
}

#[test]
fn a_story_reads_as_one_document() {
    let sample = sample();
    let told = documents(&sample.story, &sample.blobs, Arm::TrajectoryInitial, 1 << 20).unwrap();
    insta::assert_snapshot!(told[0].text);
}

#[test]
fn another_observation_leaves_what_is_learned_alone() {
    let sample = sample();
    let learned = |sample: &Sample| -> Vec<String> {
        let told =
            documents(&sample.story, &sample.blobs, Arm::TrajectoryInitial, 1 << 20).unwrap();
        let spans = told[0].spans.iter().filter(|span| span.loss);
        spans.map(|span| told[0].text[span.byte_start..span.byte_end].to_owned()).collect()
    };
    let mut other = self::sample();
    let WritingAction::Read { shown, .. } = action(&mut other, 1, 0) else { panic!("a read") };
    shown[0].end = 2;
    let WritingAction::Read { part, .. } = action(&mut other, 1, 0) else { panic!("a read") };
    *part = ReadPart::Outline;
    let differing: Vec<(String, String)> = learned(&sample)
        .into_iter()
        .zip(learned(&other))
        .filter(|(one, another)| one != another)
        .collect();
    // Only the call says which part is read.
    assert_eq!(differing, [("Read words.py\n".to_owned(), "Read words.py, outline\n".to_owned())]);
}

#[test]
fn an_export_writes_every_format() {
    let sample = sample();
    let folder = tempfile::tempdir().unwrap();
    let stories = [Ok::<_, std::io::Error>((sample.story.clone(), Vec::new()))];
    let options = SnapshotExport::default();
    let done = export_snapshots(stories, &sample.blobs, folder.path(), &options, None).unwrap();
    assert_eq!(done.stories, 1);
    let atif = folder.path().join("atif").join(format!("{}.json", sample.story.id));
    insta::assert_snapshot!(fs::read_text(&atif).unwrap());
    let chat = folder.path().join("chat").join("train-00000-of-00001.jsonl");
    insta::assert_snapshot!(fs::read_text(&chat).unwrap());
    assert!(folder.path().join("parquet/documents/train-00000-of-00001.parquet").is_file());
    let again = [Ok::<_, std::io::Error>((sample.story.clone(), Vec::new()))];
    export_snapshots(again, &sample.blobs, folder.path(), &options, None).unwrap();
}

#[test]
fn what_is_shown_before_a_thought_is_the_document() {
    let sample = sample();
    let told = |story: &SnapshotStory| {
        documents(story, &sample.blobs, Arm::TrajectoryInitial, usize::MAX).unwrap()
    };
    let whole = told(&sample.story);
    let wanted: BTreeSet<usize> = writes(&sample.story).map(|(number, _)| number).collect();
    assert_eq!(wanted, BTreeSet::from([4, 5, 8, 10]));
    let same = each_write(&sample.story, &sample.blobs, (&wanted, usize::MAX), |place| {
        let thought = place.thought.map_or("", |thought| thought.text.as_str());
        let text =
            [place.context, BEFORE_THOUGHT, thought, AFTER_THOUGHT, place.lead, place.target];
        assert!(whole[0].text.starts_with(&text.concat()), "step {}", place.step);
        Ok::<_, BodyError>(Verdict::Stays)
    });
    assert_eq!(same.unwrap(), sample.story);
    let without = each_write(&sample.story, &sample.blobs, (&wanted, usize::MAX), |place| {
        // Only the read keeps its thought, and what follows is shown behind the others.
        let thoughts = place.context.matches(BEFORE_THOUGHT).count();
        assert_eq!(thoughts, usize::from(place.step > 6), "step {}", place.step);
        Ok::<_, BodyError>(Verdict::Becomes(None))
    });
    assert_eq!(told(&without.unwrap())[0].text.matches(BEFORE_THOUGHT).count(), 1);
}
