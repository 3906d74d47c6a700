//! Which trajectory do the tests of the exports tell?
//!
//! Two authored states of a small command-line parser: an edit with a view
//! before it, a new test file, then a second state that touches a script, a
//! picture and a link. Everything an exporter has to render occurs once.

use std::collections::BTreeMap;

use backstory_model::{
    Action, AsItStood, AuthoredState, BlobId, ChangeUnit, CommitId, Content, EvidenceId,
    ExecutionId, FileMode, Hit, Language, LicenseEvidence, Link, LinkMethod, LinkTarget, Listed,
    ListedKind, Observation, OpaqueReason, Phase, Provenance, RepoName, Requirement,
    RequirementSource, Role, SchemaVersion, Seen, Sequence, Step, Trajectory, TreeId, UnitId,
    UnitLabels, git_object_id,
};

/// The stored bytes of a sample.
pub(crate) type Stored = BTreeMap<BlobId, Vec<u8>>;

pub(crate) const PARSER: &str = "import sys\n\n\ndef split_flags(text):\n    return text.split(\",\")\n\n\ndef main():\n    print(split_flags(sys.argv[1]))\n";
const OLD: &str = "    return text.split(\",\")\n";
const NEW: &str = "    return [part for part in text.split(\",\") if part]\n";
pub(crate) const TEST: &str = "from tidy.flags import split_flags\n\n\ndef test_empty():\n    assert split_flags(\"\") == []\n";

fn commit(digit: char) -> CommitId {
    CommitId::new(digit.to_string().repeat(40)).unwrap()
}

fn tree(digit: char) -> TreeId {
    TreeId::new(digit.to_string().repeat(40)).unwrap()
}

fn put(stored: &mut Stored, text: &[u8]) -> BlobId {
    let id = git_object_id("blob", text);
    stored.insert(id.clone(), text.to_vec());
    id
}

fn seen(content: Observation, digit: char) -> Seen {
    let provenance = Provenance::observed([EvidenceId::commit(&commit(digit))]);
    Seen { content, provenance }
}

fn step(
    phase: Phase,
    action: Action,
    choice: Provenance,
    observation: impl Into<Option<Seen>>,
) -> Step {
    let observation = observation.into();
    Step { phase, action, choice, observation, thought: None, hindsight: false, state: None }
}

fn applied(before: Option<BlobId>, after: Option<BlobId>) -> Seen {
    seen(Observation::Applied { before, after }, 'b')
}

fn requirement() -> Step {
    let text = "Empty input gives one empty flag\n\n`split_flags(\"\")` returns `['']`.";
    let choice = Provenance::observed([EvidenceId::new("record:issue:7")]);
    let action = Action::Message { role: Role::User, text: text.to_owned() };
    step(Phase::Requirements, action, choice, None)
}

fn localization() -> Vec<Step> {
    let entries = ["README.md", "tidy", "tidy/flags.py"].map(|path| Listed {
        path: path.into(),
        kind: if path == "tidy" { ListedKind::Directory } else { ListedKind::File },
    });
    let list = step(
        Phase::Localization,
        Action::List { path: "".into(), depth: 2 },
        Provenance::derived("localize/list-root", []),
        seen(Observation::Entries { entries: entries.into(), total: 3 }, 'a'),
    );
    let hit = |line, text: &str| Hit { path: "tidy/flags.py".into(), line, text: text.to_owned() };
    let hits =
        vec![hit(4, "def split_flags(text):"), hit(9, "    print(split_flags(sys.argv[1]))")];
    let search = step(
        Phase::Localization,
        Action::Search { pattern: "split_flags".to_owned(), whole_word: true },
        Provenance::derived("localize/requirement-term", [EvidenceId::requirement(35, 46)]),
        seen(Observation::Hits { hits, total: 5, files: 2 }, 'a'),
    );
    let search_nothing = step(
        Phase::Localization,
        Action::Search { pattern: "it's $(rm -rf ~)".to_owned(), whole_word: false },
        Provenance::derived("localize/changed-term", []),
        seen(Observation::Hits { hits: Vec::new(), total: 0, files: 0 }, 'a'),
    );
    vec![list, search, Step { hindsight: true, ..search_nothing }]
}

fn first_state(stored: &mut Stored) -> Vec<Step> {
    let before = put(stored, PARSER.as_bytes());
    let after = git_object_id("blob", PARSER.replace(OLD, NEW).as_bytes());
    let test = put(stored, TEST.as_bytes());
    let view = step(
        Phase::Reading,
        Action::View { path: "tidy/flags.py".into(), start: 4, end: 5 },
        Provenance::derived("read/edit-target", []),
        seen(Observation::Lines { blob: before.clone(), total: 9 }, 'a'),
    );
    let choice =
        || Provenance::derived("edit/definition-before-use", [EvidenceId::commit(&commit('b'))]);
    let edit = step(
        Phase::Editing,
        Action::Edit { path: "tidy/flags.py".into(), old: OLD.to_owned(), new: NEW.to_owned() },
        choice(),
        applied(Some(before), Some(after)),
    );
    let create = step(
        Phase::Editing,
        Action::Create {
            path: "tests/test_flags.py".into(),
            mode: FileMode::Plain,
            content: Content::Text { blob: test.clone() },
        },
        choice(),
        applied(None, Some(test)),
    );
    let said = step(
        Phase::Editing,
        Action::Message { role: Role::Agent, text: "Drop empty flags\n\nFixes #7".to_owned() },
        Provenance::observed([EvidenceId::commit(&commit('b'))]),
        None,
    );
    let in_state = |step: Step| Step { state: Some(0), ..step };
    vec![Step { hindsight: true, ..view }, in_state(edit), in_state(create), in_state(said)]
}

fn second_state(stored: &mut Stored) -> Vec<Step> {
    let script = put(stored, b"#!/bin/sh\nexec tidy \"$@\"\n");
    let target = put(stored, b"bin/tidy");
    let picture = git_object_id("blob", b"\0PNG");
    let choice =
        || Provenance::derived("edit/definition-before-use", [EvidenceId::commit(&commit('c'))]);
    let text = |blob: &BlobId| Content::Text { blob: blob.clone() };
    let opaque = Content::Opaque { blob: picture.clone(), reason: OpaqueReason::Binary };
    let create = |path: &str, mode, content| Action::Create { path: path.into(), mode, content };
    let actions = [
        (create("bin/tidy", FileMode::Executable, text(&script)), None, Some(script)),
        (create("tidy.sh", FileMode::Symlink, text(&target)), None, Some(target)),
        (create("logo.png", FileMode::Plain, opaque), None, Some(picture.clone())),
        (
            Action::Rename { from: "logo.png".into(), to: "doc/the logo.png".into() },
            Some(picture.clone()),
            Some(picture.clone()),
        ),
        (
            Action::SetMode { path: "bin/tidy".into(), mode: FileMode::Plain },
            Some(picture.clone()),
            Some(picture.clone()),
        ),
        (Action::Delete { path: "doc/the logo.png".into() }, Some(picture), None),
    ];
    let edits = actions.map(|(action, before, after)| Step {
        state: Some(1),
        ..step(Phase::Editing, action, choice(), applied(before, after))
    });
    edits.into()
}

fn unit(states: [char; 2]) -> ChangeUnit {
    let state = |digit, at| AuthoredState {
        commit: commit(digit),
        tree: tree(digit),
        message: "Drop empty flags".to_owned(),
        authored_at: at,
    };
    ChangeUnit {
        id: UnitId::new("harbor__tidy-8"),
        repo: RepoName::parse("harbor/tidy").unwrap(),
        commit: commit('d'),
        position: 4,
        parent: Some(commit('a')),
        pull: Some(8),
        base: Some(commit('a')),
        base_tree: tree('a'),
        head: commit(states[1]),
        head_tree: tree(states[1]),
        states: vec![state(states[0], 1_700_000_000), state(states[1], 1_700_000_600)],
        sequence: Sequence::Authored,
        links: vec![Link {
            target: LinkTarget::Issue,
            number: 7,
            method: LinkMethod::ClosingKeyword,
            confidence: 95,
            evidence: EvidenceId::commit(&commit('b')),
            excerpt: "Fixes #7".to_owned(),
        }],
        labels: UnitLabels {
            files: 5,
            source_files: 2,
            test_files: 1,
            lines_added: 9,
            lines_removed: 1,
            small: true,
            test_source: true,
            opaque_files: 1,
            languages: [Language::Python].into(),
            ..UnitLabels::default()
        },
    }
}

/// Returns the trajectory and its stored bytes.
pub(crate) fn sample() -> (Trajectory, Stored) {
    let mut stored = Stored::new();
    let mut steps = vec![requirement()];
    steps.extend(localization());
    steps.extend(first_state(&mut stored));
    steps.extend(second_state(&mut stored));
    steps.push(step(
        Phase::Editing,
        Action::Finish { message: "Drop empty flags (#8)".to_owned() },
        Provenance::observed([EvidenceId::commit(&commit('d'))]),
        None,
    ));
    let license = put(&mut stored, b"MIT License\n");
    let trajectory = Trajectory {
        schema: SchemaVersion::CURRENT,
        unit: unit(['b', 'c']),
        requirement: Requirement {
            source: RequirementSource::Issue,
            record: None,
            as_it_stood: AsItStood::NotLaterEdited,
            flags: Vec::new(),
        },
        license: Some(LicenseEvidence {
            path: "LICENSE".into(),
            blob: license,
            spdx: "MIT".to_owned(),
        }),
        gold_patch: put(&mut stored, b"diff --git a/tidy/flags.py b/tidy/flags.py\n"),
        test_patch: put(&mut stored, b"diff --git a/tests/test_flags.py b/tests/test_flags.py\n"),
        steps,
    };
    (trajectory, stored)
}

/// Returns the sample under another pull request number.
pub(crate) fn numbered(number: u64) -> (Trajectory, Stored) {
    let (mut trajectory, stored) = sample();
    trajectory.unit.id = UnitId::new(format!("harbor__tidy-{number}"));
    trajectory.unit.pull = Some(number);
    (trajectory, stored)
}

/// What a failing run of the sample prints.
pub(crate) const FAILURE: &str = concat!(
    "F\n/work",
    "/tests/test_flags.py:5: in test_empty\n    assert split_flags(\"\") == []\n\
     E   AssertionError: assert [''] == []\n1 failed in [TIME]\n"
);

fn run(phase: Phase, rule: &str, id: &str, (output, status): (BlobId, i32)) -> Step {
    let execution = ExecutionId::new(id);
    let choice = Provenance::derived(rule, [EvidenceId::execution(&execution)]);
    let command = ["pytest", "tests/test_flags.py", "-k", "not slow"].map(str::to_owned).into();
    let content = Observation::TestOutput { output, status: Some(status) };
    let seen = Seen { content, provenance: Provenance::Executed { execution } };
    step(phase, Action::RunTests { command }, choice, seen)
}

/// Returns the sample with a failing run behind its first state and a passing
/// one at its end.
pub(crate) fn sample_with_runs() -> (Trajectory, Stored) {
    let (mut trajectory, mut stored) = sample();
    let red = (put(&mut stored, FAILURE.as_bytes()), 1);
    let green = (put(&mut stored, b".\n1 passed in [TIME]\n"), 0);
    let steps = &mut trajectory.steps;
    let first = steps.iter().rposition(|step| step.state == Some(0)).unwrap();
    steps.insert(first + 1, run(Phase::Debugging, "run/reproduce", "authored/0/file/1", red));
    let finish = steps.len() - 1;
    steps.insert(finish, run(Phase::Validation, "run/validate", "head/file/1", green));
    steps[finish + 1].phase = Phase::Validation;
    (trajectory, stored)
}
