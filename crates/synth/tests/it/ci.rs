//! Where do reports of CI stand in a story, and what do they lead to?

use backstory_model::{
    Action, CiConclusion, CiEvidence, CiLogPart, CiReport, CiState, CommitId, EvidenceId,
    Observation, Phase, Provenance, RecordId, Step,
};
use backstory_synth::{Story, UnitEvidence};
use backstory_testkit::RepoBuilder;

use crate::replay::replay;
use crate::scene::story_of;

const CLOCK: &str = "def parse(text):\n    return text.split(':')\n";
const TEST: &str = "from clock import parse\n\n\ndef test_day():\n    parse(None)\n";
const LOG: &str = "2026-01-02T03:04:05Z tests/test_clock.py:5: in test_day\r\n\
    2026-01-02T03:04:05Z \u{1b}[31mclock.py\u{1b}[0m:2: AttributeError\r\n";

fn report(state: u32, commit: &CommitId, conclusion: CiConclusion, log: &str) -> CiReport {
    CiReport {
        state,
        commit: commit.clone(),
        run: RecordId::new(format!("run:{state}")),
        job: RecordId::new(format!("job:{state}")),
        workflow: Some("ci.yml".to_owned()),
        name: "test".to_owned(),
        step: conclusion.is_red().then(|| "Test".to_owned()),
        conclusion,
        log: CiLogPart {
            log: RecordId::new(format!("log:{state}")),
            start: 7,
            end: 7 + log.len() as u64,
            bytes: log.as_bytes().into(),
        },
        failed_tests: Vec::new(),
    }
}

/// A failing test, then what it tests.
fn story() -> Story {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("clock.py", CLOCK)]);
    let red = builder.commit("Add a test", [("tests/test_clock.py", TEST)]);
    let fixed = CLOCK.replace("text.split", "(text or '').split");
    let green = builder.commit("Take nothing", [("clock.py", fixed.as_str())]);
    let repo = builder.memory();
    let ci = CiEvidence {
        reports: vec![
            report(0, &red, CiConclusion::Failure, LOG),
            report(1, &green, CiConclusion::Success, "2 passed\n"),
        ],
        states: vec![CiState::Red, CiState::Green],
        ..CiEvidence::default()
    };
    let evidence = UnitEvidence { ci, ..UnitEvidence::default() };
    let states = [red, green];
    let story = story_of(&repo, &builder, Some(&base), &states, &[], &evidence)
        .expect("the unit has a story");
    replay(&story, &repo, Some(&base), &states);
    story
}

fn reports(story: &Story) -> Vec<(usize, &Step)> {
    let steps = story.trajectory.steps.iter().enumerate();
    steps.filter(|(_, step)| matches!(step.action, Action::CiReport { .. })).collect()
}

#[test]
fn a_red_report_follows_its_commit_and_a_green_one_ends_the_work() {
    let story = story();
    let steps = &story.trajectory.steps;
    let told = reports(&story);
    let [(red, first), (green, last)] = told[..] else { panic!("two reports: {told:?}") };
    assert_eq!((first.phase, last.phase), (Phase::Debugging, Phase::Validation));
    assert!(matches!(&steps[red - 1].action, Action::Message { text, .. } if text == "Add a test"));
    assert!(matches!(steps[green + 1].action, Action::Finish { .. }));
    assert_eq!(
        first.choice,
        Provenance::observed([EvidenceId::new("record:run:0"), EvidenceId::new("record:job:0")])
    );
}

#[test]
fn a_report_shows_the_log_without_what_only_a_terminal_reads() {
    let story = story();
    let (_, red) = reports(&story)[0];
    let seen = red.observation.as_ref().unwrap();
    assert_eq!(seen.provenance, Provenance::observed([EvidenceId::new("record:log:0")]));
    let Observation::CiLog { output, start, .. } = &seen.content else { panic!("a log") };
    assert_eq!(*start, 7);
    assert_eq!(
        &*story.blobs[output],
        b"tests/test_clock.py:5: in test_day\nclock.py:2: AttributeError\n"
    );
}

#[test]
fn the_lines_a_red_log_names_are_read_before_the_fix() {
    let story = story();
    let (red, _) = reports(&story)[0];
    let led = story.trajectory.steps[red + 1..].iter().take_while(|step| {
        let derived = Provenance::derived("read/ci-log", [EvidenceId::step(red + 1)]);
        step.choice == derived && !step.hindsight
    });
    let read: Vec<String> = led
        .map(|step| match &step.action {
            Action::View { path, .. } => path.to_string(),
            other => panic!("not a view: {other:?}"),
        })
        .collect();
    // The author wrote the test, so nobody has to read it again.
    assert!(!read.contains(&"tests/test_clock.py".to_owned()), "{read:?}");
}
