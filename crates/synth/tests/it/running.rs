//! Where do runs stand in a story, and what do they lead to?

use backstory_model::TestOutcome::{Failed, Passed};
use backstory_model::{
    Action, CommitId, EvidenceId, ExecutedState, ExecutionOutcome, Observation, Provenance,
    Repository, RunVerdict, TreeId,
};
use backstory_synth::{Story, UnitEvidence};
use backstory_testkit::{MemoryRepository, RepoBuilder};
use insta::assert_snapshot;

use crate::ran::{Ran, Told};
use crate::replay::replay;
use crate::scene::story_of;

const CLOCK: &str = "import units\n\n\ndef parse_clock(text):\n    hours, minutes = text.split(':')\n    return units.minutes(hours, minutes)\n";
const UNITS: &str =
    "LIMIT = 24\n\n\ndef minutes(hours, rest):\n    return int(hours) * 60 + int(rest)\n";
const TEST: &str =
    "from clock import parse_clock\n\n\ndef test_day():\n    assert parse_clock(' 1:30 ') == 90\n";
const DAY: &str = "tests/test_clock.py::test_day";
const COMMAND: &str = "pytest tests/test_clock.py";
const TRACE: &str = "tests/test_clock.py:5: in test_day\n    assert parse_clock(' 1:30 ') == 90\n\
    clock.py:5: in parse_clock\n    hours, minutes = text.split(':')\nE   ValueError\n";

/// Tells every step behind the requirement, one line each.
fn told(story: &Story) -> String {
    let lines = story.trajectory.steps.iter().enumerate().skip(1).map(|(at, step)| {
        let what = match &step.action {
            Action::List { .. } => "list".to_owned(),
            Action::Search { pattern, .. } => format!("search {pattern:?}"),
            Action::View { path, start, end } => format!("view {path}:{start}-{end}"),
            Action::Edit { path, .. } => format!("edit {path}"),
            Action::Create { path, .. } => format!("create {path}"),
            Action::Message { text, .. } => format!("say {text:?}"),
            Action::RunTests { command } => {
                let Some(Observation::TestOutput { status: Some(status), .. }) =
                    step.observation.as_ref().map(|seen| &seen.content)
                else {
                    panic!("a run shows its output");
                };
                format!("run {} = {status}", command.join(" "))
            }
            Action::Finish { .. } => "finish".to_owned(),
            other => format!("{other:?}"),
        };
        let how = match &step.choice {
            Provenance::Derived { rule, evidence } => {
                let evidence: Vec<&str> =
                    evidence.iter().map(EvidenceId::as_str).map(short).collect();
                format!("{rule} {}", evidence.join(" "))
            }
            Provenance::Executed { execution } => format!("executed {execution}"),
            other => other.tier().as_str().to_owned(),
        };
        let hindsight = if step.hindsight { " hindsight" } else { "" };
        format!("{:>2} {:<12} {what} [{}{hindsight}]", at + 1, step.phase.as_str(), how.trim())
    });
    lines.collect::<Vec<_>>().join("\n")
}

fn short(evidence: &str) -> &str {
    if evidence.len() > 40 { &evidence[..evidence.len() - 34] } else { evidence }
}

/// A fix with its test in one commit, and the same base with the test alone.
struct Fix {
    builder: RepoBuilder,
    repo: MemoryRepository,
    base: CommitId,
    head: CommitId,
    with_test: TreeId,
    head_tree: TreeId,
}

fn fix() -> Fix {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("clock.py", CLOCK), ("units.py", UNITS)]);
    let fixed = CLOCK.replace("text.split", "text.strip().split");
    let head = builder
        .commit("Allow blanks", [("clock.py", fixed.as_str()), ("tests/test_clock.py", TEST)]);
    builder.branch_from("aside", &base);
    let aside = builder.commit("only the test", [("tests/test_clock.py", TEST)]);
    let repo = builder.memory();
    let tree = |id: &CommitId| repo.commit(id).expect("the commit exists").tree;
    let (with_test, head_tree) = (tree(&aside), tree(&head));
    Fix { builder, repo, base, head, with_test, head_tree }
}

impl Fix {
    fn ran(&self) -> Ran {
        let red = Told {
            id: "base_with_tests/file/1",
            state: ExecutedState::BaseWithTests,
            tree: &self.with_test,
            command: COMMAND,
            output: TRACE,
            outcomes: &[(DAY, Failed)],
        };
        let green = Told {
            id: "head/file/1",
            state: ExecutedState::Head,
            tree: &self.head_tree,
            command: COMMAND,
            output: "1 passed in [TIME]\n",
            outcomes: &[(DAY, Passed)],
        };
        Ran::new("acme__toy-1").run(&green).run(&red)
    }

    fn story(&self, evidence: &UnitEvidence) -> Story {
        let states = std::slice::from_ref(&self.head);
        let imports = [("clock.py", "units.py")];
        let story =
            story_of(&self.repo, &self.builder, Some(&self.base), states, &imports, evidence)
                .expect("the unit has a story");
        replay(&story, &self.repo, Some(&self.base), states);
        story
    }
}

#[test]
fn the_test_is_written_first_and_its_trace_leads_to_the_fix() {
    let fix = fix();
    let story = fix.story(&fix.ran().evidence());
    assert_snapshot!(told(&story), @"
    2 localization list [localize/list-root]
    3 reading      view units.py:4-5 [read/definition symbol:minutes hindsight]
    4 editing      create tests/test_clock.py [edit/tests-first commit:a3e75f]
    5 debugging    run pytest tests/test_clock.py = 1 [run/reproduce execution:base_with_tests/file/1]
    6 reading      view clock.py:4-6 [read/stack-frame step:5]
    7 editing      edit clock.py [edit/tests-first commit:a3e75f]
    8 validation   run pytest tests/test_clock.py = 0 [run/validate execution:head/file/1]
    9 validation   finish [observed]
    ");
    let run = story.trajectory.steps.iter().find_map(|step| match &step.observation {
        Some(seen) => match &seen.content {
            Observation::TestOutput { output, .. } => Some(output.clone()),
            _ => None,
        },
        None => None,
    });
    assert_eq!(&*story.blobs[&run.unwrap()], TRACE.as_bytes());
}

#[test]
fn a_line_that_the_failing_test_executed_leads_to_the_fix_where_no_frame_does() {
    let fix = fix();
    let quiet = |unit: &mut backstory_model::UnitExecution| {
        let output = unit.executions[0].output.clone();
        unit.executions[1].output = output;
    };
    let story = fix.story(&fix.ran().touching(DAY, "clock.py", &[5]).but(quiet).evidence());
    assert_snapshot!(told(&story), @"
    2 localization list [localize/list-root]
    3 reading      view units.py:4-5 [read/definition symbol:minutes hindsight]
    4 editing      create tests/test_clock.py [edit/tests-first commit:a3e75f]
    5 debugging    run pytest tests/test_clock.py = 1 [run/reproduce execution:base_with_tests/file/1]
    6 reading      view clock.py:4-6 [executed base_with_tests/file/1]
    7 editing      edit clock.py [edit/tests-first commit:a3e75f]
    8 validation   run pytest tests/test_clock.py = 0 [run/validate execution:head/file/1]
    9 validation   finish [observed]
    ");
}

#[test]
fn a_module_that_cannot_be_collected_is_red() {
    let fix = fix();
    let story = fix.story(&fix.ran().broken("tests/test_clock.py").evidence());
    assert!(told(&story).contains("run/reproduce"));
}

#[test]
fn a_run_of_another_tree_is_not_shown() {
    let fix = fix();
    let elsewhere = fix.head_tree.clone();
    let story = fix.story(&fix.ran().but(|unit| unit.executions[1].tree = elsewhere).evidence());
    assert_snapshot!(told(&story), @r#"
    2 localization list [localize/list-root]
    3 localization search "parse_clock" [localize/test-term symbol:parse_clock hindsight]
    4 reading      view clock.py:4-6 [read/edit-target blob:df4184 hindsight]
    5 reading      view units.py:4-5 [read/definition symbol:minutes hindsight]
    6 editing      edit clock.py [edit/definition-before-use commit:a3e75f]
    7 editing      create tests/test_clock.py [edit/definition-before-use commit:a3e75f]
    8 validation   run pytest tests/test_clock.py = 0 [run/validate execution:head/file/1]
    9 validation   finish [observed]
    "#);
}

type Weaken = Box<dyn FnOnce(&mut backstory_model::UnitExecution)>;

#[test]
fn without_a_stable_run_of_the_head_the_story_is_as_without_execution() {
    let fix = fix();
    let plain = fix.story(&UnitEvidence::default());
    let elsewhere = fix.with_test.clone();
    let weak: [(&str, Weaken); 4] = [
        ("another tree", Box::new(move |unit| unit.executions[0].tree = elsewhere)),
        ("verdict", Box::new(|unit| unit.executions[0].verdict = RunVerdict::Inconclusive)),
        (
            "outcome",
            Box::new(|unit| {
                unit.outcome = ExecutionOutcome::HeadFails { detail: "no test passes".to_owned() };
            }),
        ),
        ("another unit", Box::new(|unit| unit.unit = backstory_model::UnitId::new("acme__toy-2"))),
    ];
    for (name, change) in weak {
        let story = fix.story(&fix.ran().but(change).evidence());
        assert_eq!(story.trajectory, plain.trajectory, "{name}");
        assert_eq!(story.blobs.keys().collect::<Vec<_>>(), plain.blobs.keys().collect::<Vec<_>>());
    }
}

#[test]
fn a_test_that_is_flaky_shows_no_failure() {
    let fix = fix();
    let flaky = |unit: &mut backstory_model::UnitExecution| {
        unit.flaky.push(backstory_model::FlakyTest {
            id: backstory_model::TestId::new(DAY),
            state: ExecutedState::Head,
            seen: vec![(Passed, 4), (Failed, 1)],
        });
    };
    let told = told(&fix.story(&fix.ran().but(flaky).evidence()));
    assert!(!told.contains("debugging") && told.contains("run/validate"), "{told}");
}

#[test]
fn authored_states_are_run_from_the_first_red_one_on() {
    let mut builder = RepoBuilder::new("acme/toy");
    let base = builder.commit("start", [("clock.py", CLOCK), ("units.py", UNITS)]);
    let first = builder.commit("Say more", [("README.md", "A clock.\n")]);
    let second = builder.commit("Show the failure", [("tests/test_clock.py", TEST)]);
    let rounded = UNITS.replace("int(rest)", "int(float(rest))");
    let third = builder.commit("Allow parts", [("units.py", rounded.as_str())]);
    let fourth = builder.commit("Tidy", [("units.py", rounded.replace("* 60", "*60"))]);
    let repo = builder.memory();
    let states = [first, second, third, fourth];
    let trees: Vec<TreeId> = states.iter().map(|id| repo.commit(id).unwrap().tree).collect();
    let authored = |index: u32, outcome, output| Told {
        id: ["authored/0/file/1", "base_with_tests/file/1", "authored/2/file/1"][index as usize],
        // Equal trees are run once, under the name of the first state that has them.
        state: if index == 1 {
            ExecutedState::BaseWithTests
        } else {
            ExecutedState::Authored { index }
        },
        tree: &trees[index as usize],
        command: COMMAND,
        output,
        outcomes: if outcome == Failed { &[(DAY, Failed)] } else { &[(DAY, Passed)] },
    };
    let head = Told {
        id: "head/file/1",
        state: ExecutedState::Head,
        tree: &trees[3],
        command: COMMAND,
        output: "1 passed in [TIME]\n",
        outcomes: &[(DAY, Passed)],
    };
    let green = "1 passed\n";
    let ran = Ran::new("acme__toy-1")
        .run(&authored(0, Passed, green))
        .run(&authored(1, Failed, "  File \"/work/units.py\", line 5, in minutes\nValueError\n"))
        .run(&authored(2, Passed, green))
        .run(&head);
    let evidence = ran.evidence();
    let story = story_of(&repo, &builder, Some(&base), &states, &[], &evidence).unwrap();
    replay(&story, &repo, Some(&base), &states);
    assert_snapshot!(told(&story), @r#"
     2 localization list [localize/list-root]
     3 reading      view clock.py:4-6 [read/definition symbol:parse_clock hindsight]
     4 editing      create README.md [observed]
     5 editing      say "Say more" [observed]
     6 editing      create tests/test_clock.py [observed]
     7 editing      say "Show the failure" [observed]
     8 debugging    run pytest tests/test_clock.py = 1 [run/reproduce execution:base_with_tests/file/1]
     9 reading      view units.py:4-5 [read/stack-frame step:8]
    10 editing      edit units.py [observed]
    11 editing      say "Allow parts" [observed]
    12 debugging    run pytest tests/test_clock.py = 0 [run/recheck execution:authored/2/file/1]
    13 editing      edit units.py [observed]
    14 editing      say "Tidy" [observed]
    15 validation   run pytest tests/test_clock.py = 0 [run/validate execution:head/file/1]
    16 validation   finish [observed]
    "#);
}

#[test]
fn a_run_whose_test_file_changes_only_later_is_chosen_in_hindsight() {
    let mut builder = RepoBuilder::new("acme/toy");
    let weak = TEST.replace(" 1:30 ", "1:30");
    let base =
        builder.commit("start", [("clock.py", CLOCK), ("tests/test_clock.py", weak.as_str())]);
    let broken = CLOCK.replace("text.split(':')", "text.split(';')");
    let first = builder.commit("Break", [("clock.py", broken.as_str())]);
    let fixed = CLOCK.replace("text.split", "text.strip().split");
    let second =
        builder.commit("Fix", [("clock.py", fixed.as_str()), ("tests/test_clock.py", TEST)]);
    let repo = builder.memory();
    let states = [first, second];
    let trees: Vec<TreeId> = states.iter().map(|id| repo.commit(id).unwrap().tree).collect();
    let run = |id, state, tree, outcomes| Told {
        id,
        state,
        tree,
        command: "pytest tests/test_clock.py::test_day",
        output: "",
        outcomes,
    };
    let ran = Ran::new("acme__toy-1")
        .run(&run(
            "authored/0/file/1",
            ExecutedState::Authored { index: 0 },
            &trees[0],
            &[(DAY, Failed)],
        ))
        .run(&run("head/file/1", ExecutedState::Head, &trees[1], &[(DAY, Passed)]));
    let story = story_of(&repo, &builder, Some(&base), &states, &[], &ran.evidence()).unwrap();
    let runs: Vec<bool> = story
        .trajectory
        .steps
        .iter()
        .filter(|step| matches!(step.action, Action::RunTests { .. }))
        .map(|step| step.hindsight)
        .collect();
    assert_eq!(runs, [true, false]);
}
