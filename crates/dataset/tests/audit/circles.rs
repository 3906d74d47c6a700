//! Does the audit find every untruth about files that one agent writes together?
//!
//! `parser.py` and `lexer.py` need each other when they are loaded; `parser.py` needs
//! `tools.py` late, which needs it at once.

use backstory_dataset::snapshot::{
    Arm, SnapshotExport, SpanKind, documents, export_snapshots, written,
};
use backstory_model::{
    CircleFile, CutEdge, EvidenceId, FileMode, Instead, LineRange, Plan, Provenance, ReadPart,
    RepoName, RepoPath, Repository as _, SccPolicy, SchemaVersion, SnapshotStory, Statement,
    UnitId, WritingAction, WritingStep,
};
use backstory_store::fs;
use backstory_testkit::RepoBuilder;

use crate::snapshot::{Sample, blob, delegation, derived, found, planned, thought, write};

const LEXER: &str = "import parser\n\n\ndef token(text):\n    return parser.parse(text)\n";
const PARSER: &str = "import toy.lexer\n\n\ndef parse(text):\n    import tools\n    return text\n";
const TOOLS: &str = "from toy.parser import parse\n\nTOOLS = [parse]\n";

const PATHS: [&str; 3] = ["toy/parser.py", "toy/lexer.py", "toy/tools.py"];

fn path(at: usize) -> RepoPath {
    RepoPath::from(PATHS[at])
}

fn cut(from: usize, to: usize, instead: Instead) -> CutEdge {
    CutEdge { from: path(from), to: path(to), instead: Some(instead) }
}

fn read_parser() -> WritingStep {
    let why = [TOOLS, PARSER].map(|text| EvidenceId::blob(&blob(text.as_bytes())));
    WritingStep {
        thought: Some(thought("`toy/tools.py` uses `parse` of `toy/parser.py`.")),
        action: WritingAction::Read {
            path: path(0),
            part: ReadPart::Whole,
            blob: blob(PARSER.as_bytes()),
            shown: vec![LineRange { start: 1, end: 6 }],
        },
        choice: derived("story/read", &why),
        content: Provenance::observed([why[1].clone()]),
        hindsight: true,
    }
}

/// Writes the lexer as the second file of an agent.
fn write_lexer(lines: (u32, u32), said: &str) -> WritingStep {
    let mut step = write(LEXER, lines, said);
    if let WritingAction::Write { path: of, .. } = &mut step.action {
        *of = Some(path(1));
    }
    step
}

fn sample() -> Sample {
    let mut repo = RepoBuilder::new("acme/toy");
    let texts = [PARSER, LEXER, TOOLS];
    let files: Vec<(&str, &str)> = PATHS.into_iter().zip(texts).collect();
    let head = repo.commit("Start", files);
    let repository = repo.memory();
    let tree = repository.commit(&head).expect("the head is there").tree;
    let mut agent = delegation(
        PATHS[0],
        PARSER,
        "`toy/parser.py` and `toy/lexer.py` depend on each other.",
        vec![
            write(PARSER, (1, 6), "First `parse`."),
            write_lexer((1, 3), "Then `toy/lexer.py`."),
            write_lexer((4, 5), "It has `token`."),
        ],
    );
    let file = CircleFile { path: path(1), mode: FileMode::Plain, blob: blob(LEXER.as_bytes()) };
    agent.with = vec![file];
    let tools = vec![read_parser(), write(TOOLS, (1, 3), "All.")];
    let story = SnapshotStory {
        schema: SchemaVersion::CURRENT,
        id: UnitId::new(format!("acme__toy@{}", &head.as_str()[..12])),
        repo: RepoName::parse("acme/toy").expect("a name"),
        commit: head,
        tree: tree.clone(),
        license: None,
        requirements: Statement {
            text: "Write the repository `toy`.".to_owned(),
            provenance: derived("story/requirements", &[EvidenceId::tree(&tree)]),
            hindsight: true,
        },
        plan: Plan {
            files: vec![
                planned(PATHS[0], None, &["parse"], &[]),
                planned(PATHS[1], None, &["token"], &[PATHS[0]]),
                planned(PATHS[2], None, &["TOOLS"], &[PATHS[0]]),
            ],
            provenance: derived("story/plan", &[EvidenceId::tree(&tree)]),
            hindsight: true,
        },
        given: Vec::new(),
        cut_edges: vec![cut(0, 1, Instead::Together), cut(0, 2, Instead::Soft)],
        delegations: vec![agent, delegation(PATHS[2], TOOLS, "Write `toy/tools.py`.", tools)],
        finish: Statement {
            text: "All 3 files are written.".to_owned(),
            provenance: derived("story/finish", &[]),
            hindsight: false,
        },
        scc: SccPolicy::Group,
    };
    let texts = texts.map(|text| (blob(text.as_bytes()), text.as_bytes().to_vec()));
    Sample { repository, blobs: texts.into(), story }
}

#[test]
fn a_circle_written_by_one_agent_is_believed() {
    assert_eq!(found(&sample()), Vec::<String>::new());
}

/// Lets an agent of its own write the lexer.
fn part(story: &mut SnapshotStory) {
    story.delegations[0].with.clear();
    let mut steps = story.delegations[0].steps.split_off(1);
    for step in &mut steps {
        if let WritingAction::Write { path, .. } = &mut step.action {
            *path = None;
        }
    }
    let lexer = delegation(PATHS[1], LEXER, "Write `toy/lexer.py`.", steps);
    story.delegations.insert(1, lexer);
}

type Case = (&'static str, &'static str, fn(&mut SnapshotStory));

const PLANTED: &[Case] = &[
    ("a file of a circle has an agent of its own", "story/circle", part),
    ("it says that loading does not need the other", "story/circle", |story| {
        part(story);
        story.cut_edges[0].instead = Some(Instead::Soft);
    }),
    ("a file is moved to the agent of another one", "story/circle", |story| {
        part(story);
        let tools = story.delegations.pop().expect("the last agent");
        let lexer = &mut story.delegations[1];
        let (path, mode, blob) = (tools.path, tools.mode, tools.blob);
        lexer.with.push(CircleFile { path: path.clone(), mode, blob });
        lexer.steps.extend(tools.steps);
        let last = lexer.steps.last_mut().expect("a write");
        if let WritingAction::Write { path: of, .. } = &mut last.action {
            *of = Some(path);
        }
    }),
    ("one agent writes two files that are no circle", "story/circle", |story| {
        story.cut_edges.remove(0);
    }),
    ("a story whose circles are cut has a group", "story/circle", |story| {
        story.scc = SccPolicy::Cut;
    }),
    ("nothing stands in the place of what is cut", "story/circle", |story| {
        story.cut_edges[1].instead = None;
    }),
    ("the second file begins before the first is whole", "story/write", |story| {
        story.delegations[0].steps.swap(0, 1);
    }),
    ("the second file is not whole", "story/write", |story| {
        story.delegations[0].steps.pop();
    }),
    ("the second file is written as the first", "story/write", |story| {
        let WritingAction::Write { path, .. } = &mut story.delegations[0].steps[1].action else {
            panic!("a write")
        };
        *path = None;
    }),
    ("the files of a circle stand otherwise in the plan", "story/plan", |story| {
        story.plan.files.swap(0, 1);
    }),
    ("the mode of the second file is another one", "story/tree", |story| {
        story.delegations[0].with[0].mode = FileMode::Executable;
    }),
    ("the second file reads what comes later", "story/read", |story| {
        let mut step = read_parser();
        let why = [LEXER, TOOLS].map(|text| EvidenceId::blob(&blob(text.as_bytes())));
        step.thought = None;
        step.content = Provenance::observed([why[1].clone()]);
        step.choice = derived("story/read", &why);
        step.action = WritingAction::Read {
            path: path(2),
            part: ReadPart::Whole,
            blob: blob(TOOLS.as_bytes()),
            shown: vec![LineRange { start: 1, end: 3 }],
        };
        story.plan.files[1].uses.push(path(2));
        story.delegations[0].steps.insert(1, step);
    }),
];

#[test]
fn every_planted_untruth_about_a_circle_is_found() {
    for (what, rule, plant) in PLANTED {
        let mut sample = sample();
        plant(&mut sample.story);
        let rules = found(&sample);
        assert!(rules.iter().any(|found| found == rule), "{what}: found {rules:?}");
    }
}

#[test]
fn the_documents_of_a_group_hold_every_file_once() {
    let sample = sample();
    for arm in Arm::ALL {
        for limit in [1, 1 << 20] {
            let files = written(&documents(&sample.story, &sample.blobs, arm, limit).unwrap());
            let told: Vec<(RepoPath, String)> = files.into_iter().collect();
            let texts = [(1, LEXER), (0, PARSER), (2, TOOLS)];
            assert_eq!(told, texts.map(|(at, text)| (path(at), text.to_owned())), "{arm:?}");
        }
    }
    let told = documents(&sample.story, &sample.blobs, Arm::TrajectoryInitial, 1 << 20).unwrap();
    insta::assert_snapshot!(told[0].text);
}

#[test]
fn the_agent_of_a_circle_is_one_trajectory_and_one_chat() {
    let sample = sample();
    let folder = tempfile::tempdir().unwrap();
    let stories = [Ok::<_, std::io::Error>((sample.story.clone(), Vec::new()))];
    let options = SnapshotExport::default();
    export_snapshots(stories, &sample.blobs, folder.path(), &options, None).unwrap();
    let atif = folder.path().join("atif").join(format!("{}.json", sample.story.id));
    let atif: serde_json::Value = serde_json::from_str(&fs::read_text(&atif).unwrap()).unwrap();
    let agents = atif["subagent_trajectories"].as_array().unwrap();
    assert_eq!(agents.len(), 2);
    insta::assert_json_snapshot!(serde_json::json!({
        "delegated": atif["steps"][2]["tool_calls"], "done": atif["steps"][2]["observation"],
        "agent": agents[0]["extra"], "last": agents[0]["steps"][3]["tool_calls"],
    }));
    let chat = fs::read_text(&folder.path().join("chat/train-00000-of-00001.jsonl")).unwrap();
    assert_eq!(chat.lines().count(), 3);
    assert!(chat.contains("`toy/parser.py`, `toy/lexer.py` are written."));
}

/// The lexer is written last; its signatures are written first, and the tools read them.
fn stubbed() -> Sample {
    let mut sample = sample();
    let story = &mut sample.story;
    story.scc = SccPolicy::Stub;
    part(story);
    story.delegations.swap(1, 2);
    story.plan.files.swap(1, 2);
    story.cut_edges =
        vec![cut(0, 1, Instead::Stub), cut(0, 2, Instead::Soft), cut(2, 1, Instead::Stub)];
    let lexer = blob(LEXER.as_bytes());
    let known = derived("story/stub", &[EvidenceId::blob(&lexer)]);
    let kept = vec![LineRange { start: 1, end: 4 }];
    let stub = WritingStep {
        thought: Some(thought("First the signatures of `toy/lexer.py`.")),
        action: WritingAction::Stub { path: path(1), blob: lexer.clone(), kept: kept.clone() },
        choice: known.clone(),
        content: known.clone(),
        hindsight: true,
    };
    let why = [TOOLS, LEXER].map(|text| EvidenceId::blob(&blob(text.as_bytes())));
    let read = WritingStep {
        thought: Some(thought("`toy/tools.py` uses `token` of `toy/lexer.py`.")),
        action: WritingAction::Read {
            path: path(1),
            part: ReadPart::Stub,
            blob: lexer,
            shown: kept,
        },
        choice: derived("story/read", &why),
        content: known,
        hindsight: true,
    };
    "Write `toy/parser.py`.".clone_into(&mut story.delegations[0].task.text);
    story.delegations[0].steps.insert(0, stub);
    story.delegations[1].steps.insert(1, read);
    sample
}

#[test]
fn signatures_before_their_file_are_believed() {
    assert_eq!(found(&stubbed()), Vec::<String>::new());
}

/// Lets the stub, and who reads it, hold other lines.
fn keep(story: &mut SnapshotStory, ranges: &[(u32, u32)]) {
    let ranges: Vec<LineRange> =
        ranges.iter().map(|(start, end)| LineRange { start: *start, end: *end }).collect();
    if let WritingAction::Stub { kept, .. } = &mut story.delegations[0].steps[0].action {
        kept.clone_from(&ranges);
    }
    if let WritingAction::Read { shown, .. } = &mut story.delegations[1].steps[1].action {
        *shown = ranges;
    }
}

const PLANTED_STUBS: &[Case] = &[
    ("the signatures are the whole file", "story/stub", |story| keep(story, &[(1, 5)])),
    ("a definition has no signature", "story/stub", |story| keep(story, &[(1, 1), (5, 5)])),
    ("what is left out is no body", "story/stub", |story| keep(story, &[(1, 1), (3, 4)])),
    ("lines that are not there", "story/stub", |story| keep(story, &[(1, 4), (6, 6)])),
    ("lines of no file", "story/stub", |story| keep(story, &[(1, u32::MAX), (0, 0)])),
    ("a stub is written twice", "story/stub", |story| {
        let again = story.delegations[0].steps[0].clone();
        story.delegations[1].steps.insert(0, again);
    }),
    ("a stub is written behind its file", "story/stub", |story| {
        let stub = story.delegations[0].steps.remove(0);
        story.delegations[2].steps.push(stub);
    }),
    ("a stub of a file that the agent has no circle with", "story/stub", |story| {
        story.cut_edges.remove(0);
    }),
    ("a story whose circles are cut has stubs", "story/stub", |story| {
        story.scc = SccPolicy::Cut;
        story.cut_edges.iter_mut().for_each(|cut| cut.instead = None);
    }),
    ("the signatures are said to be observed", "story/stub", |story| {
        let step = &mut story.delegations[0].steps[0];
        step.content = Provenance::observed([EvidenceId::blob(&blob(LEXER.as_bytes()))]);
    }),
    ("other lines of a stub are read", "story/read", |story| {
        if let WritingAction::Read { shown, .. } = &mut story.delegations[1].steps[1].action {
            shown[0].end = 3;
        }
    }),
    ("the file itself is read while its stub is there", "story/read", |story| {
        if let WritingAction::Read { shown, part, .. } = &mut story.delegations[1].steps[1].action {
            (shown[0].end, *part) = (5, ReadPart::Whole);
        }
    }),
    ("a stub is read along no cut edge", "story/read", |story| {
        story.cut_edges.remove(2);
    }),
    ("there is no stub of what has one", "story/circle", |story| {
        story.cut_edges[0].instead = Some(Instead::NoStub);
    }),
    ("there is a stub of what has none", "story/circle", |story| {
        story.cut_edges[1].instead = Some(Instead::Stub);
    }),
];

#[test]
fn every_planted_untruth_about_signatures_is_found() {
    for (what, rule, plant) in PLANTED_STUBS {
        let mut sample = stubbed();
        plant(&mut sample.story);
        let rules = found(&sample);
        assert!(rules.iter().any(|found| found == rule), "{what}: found {rules:?}");
        // Whatever it says, it can be shown.
        documents(&sample.story, &sample.blobs, Arm::TrajectoryInitial, 1 << 20).unwrap();
    }
}

#[test]
fn signatures_are_shown_and_never_learned() {
    let sample = stubbed();
    for arm in Arm::ALL {
        let told = documents(&sample.story, &sample.blobs, arm, 1 << 20).unwrap();
        let files = written(&told);
        assert_eq!(files[&path(1)], LEXER, "{arm:?}");
    }
    let told = documents(&sample.story, &sample.blobs, Arm::TrajectoryInitial, 1 << 20).unwrap();
    let stubs: Vec<&str> = told[0]
        .spans
        .iter()
        .filter(|span| span.kind == SpanKind::Stub && !span.loss)
        .map(|span| &told[0].text[span.byte_start..span.byte_end])
        .collect();
    insta::assert_snapshot!(stubs.join("==\n"), @r"
    import parser


    def token(text):
        ...
    ");
    let (_, behind) = told[0].text.split_once("Delegate: ").expect("an agent");
    insta::assert_snapshot!(behind);
}
