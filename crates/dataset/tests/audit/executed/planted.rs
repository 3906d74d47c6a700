//! Does the audit find every kind of untruth about an execution?
//!
//! Each case plants one into the correct sample and names the rule that must
//! speak up, and what it must speak of.

use backstory_model::{
    Action, Candidate, CandidateKind, CommitId, ContainmentLevel, Ending, EvidenceId,
    ExecutedState, Execution, ExecutionId, ExecutionOutcome, Gate, MutantVerdict, Observation,
    Phase, Provenance, RepoPath, Repository as _, RequirementSource, RunVerdict, SchemaVersion,
    TestId, TestOrigin, TestOutcome, TestReport, TreeId, UnitExecution, UnitId,
};

use super::{NEW_ID, OLD_ID, executed_sample};
use crate::sample::Sample;

/// What is planted, the rule, a part of what is said, how.
type Case = (&'static str, &'static str, &'static str, fn(&mut Sample));

fn execution(sample: &mut Sample) -> &mut UnitExecution {
    sample.execution.as_mut().expect("the sample was executed")
}

fn run<'s>(sample: &'s mut Sample, id: &str) -> &'s mut Execution {
    let runs = &mut execution(sample).executions;
    runs.iter_mut().find(|run| run.id.as_str() == id).expect("the run was made")
}

/// Changes the stored report of a run.
fn report(sample: &mut Sample, id: &str, change: fn(&mut TestReport)) {
    let blob = run(sample, id).report.clone();
    let mut report = serde_json::from_slice(&sample.blobs[&blob]).expect("a report");
    change(&mut report);
    let json = serde_json::to_vec(&report).expect("a report is JSON");
    run(sample, id).report = sample.store(&json);
}

fn did(report: &mut TestReport, id: &str, outcome: TestOutcome) {
    let mut results = report.results.iter_mut();
    results.find(|test| test.id.as_str() == id).expect("the test ran").outcome = outcome;
    let red = report.results.iter().any(|test| test.outcome.is_failure());
    report.status = Some(i32::from(red));
}

/// Changes the report of a run and its status with it.
fn rewrite(sample: &mut Sample, id: &str, change: fn(&mut TestReport)) {
    report(sample, id, change);
    let blob = run(sample, id).report.clone();
    let report: TestReport = serde_json::from_slice(&sample.blobs[&blob]).expect("a report");
    let status = report.status.expect("it says one");
    let run = run(sample, id);
    (run.status, run.ending) = (Some(status), Ending::Exited { status });
}

fn fail_gate(sample: &mut Sample, gate: Gate) {
    let gates = &mut execution(sample).gates;
    gates.iter_mut().find(|result| result.gate == gate).expect("it is there").passed = false;
}

const RUNS: &[Case] = &[
    ("a run of another tree", "unit/execution", "tree of `head/file/1`", |s| {
        run(s, "head/file/1").tree = TreeId::empty();
    }),
    (
        "tests that were not those of the patch",
        "unit/execution",
        "tree of `base_with_tests/",
        |s| {
            let head = s.trajectory.unit.head_tree.clone();
            run(s, "base_with_tests/random/1").tree = head;
        },
    ),
    ("a mutant that is not its patch", "unit/execution", "tree of `mutant/1/", |s| {
        run(s, "mutant/1/file/1").tree = s.trajectory.unit.base_tree.clone();
    }),
    ("a report that is not stored", "whole/stored", "none", |s| {
        let blob = run(s, "head/file/1").report.clone();
        s.blobs.remove(&blob);
    }),
    ("a report that is none", "unit/execution", "a report in blob", |s| {
        run(s, "head/file/1").report = s.store(b"[");
    }),
    ("an altered output", "whole/stored", "content of blob", |s| {
        let blob = run(s, "head/file/1").output.clone();
        s.blobs.insert(blob, b"2 passed\n".to_vec());
    }),
    ("an output that was never shown", "whole/stored", "none", |s| {
        let blob = run(s, "base/file/1").output.clone();
        s.blobs.remove(&blob);
    }),
    ("touched lines that are not stored", "whole/stored", "none", |s| {
        let blob = run(s, "base_with_tests/file/1").touched.clone().expect("it has some");
        s.blobs.remove(&blob);
    }),
    ("a run twice", "unit/execution", "every run once", |s| {
        let again = run(s, "base/file/1").clone();
        execution(s).executions.push(again);
    }),
    ("an id of another state", "unit/execution", "an id `base/file/N`", |s| {
        run(s, "base/file/1").id = ExecutionId::new("head/file/9");
    }),
    ("another unit's runs", "unit/execution", "unit ", |s| {
        execution(s).unit = UnitId::new("acme__toy-9");
    }),
    ("a version of the future", "unit/execution", "a readable version", |s| {
        execution(s).schema = SchemaVersion { major: 99, minor: 0 };
    }),
    ("a manifest of nowhere", "unit/execution", "a manifest of the base", |s| {
        execution(s).recipe = Some(recipe());
    }),
];

fn recipe() -> backstory_model::EnvironmentRecipe {
    use backstory_model::{EnvironmentRecipe, Language, Manifest, TestRunner, git_object_id};
    EnvironmentRecipe {
        language: Language::Python,
        runner: TestRunner::Pytest,
        toolchain: "python3.11".to_owned(),
        as_of: None,
        build: backstory_model::Sha256::from_digest(&[0; 32]),
        manifests: vec![Manifest {
            path: RepoPath::from("src/parse.py"),
            blob: git_object_id("blob", b"other"),
        }],
        requirements: Vec::new(),
        phases: Vec::new(),
        variables: std::collections::BTreeMap::new(),
    }
}

const VERDICTS: &[Case] = &[
    ("a report without a closing line", "unit/execution", "verdict of `head/random/1`", |s| {
        report(s, "head/random/1", |report| report.complete = false);
    }),
    ("another status than the report's", "unit/execution", "verdict of `head/random/1`", |s| {
        report(s, "head/random/1", |report| report.status = Some(1));
    }),
    ("another status than the ending's", "unit/execution", "status of `head/random/1`", |s| {
        run(s, "head/random/1").ending = Ending::Exited { status: 3 };
    }),
    ("a status that does not follow", "unit/execution", "verdict of `head/random/1`", |s| {
        rewrite(s, "head/random/1", |report| report.status = Some(2));
    }),
    ("a test without an outcome", "unit/execution", "verdict of `head/random/1`", |s| {
        rewrite(s, "head/random/1", |report| did(report, OLD_ID, TestOutcome::NotRun));
    }),
    ("nothing collected", "unit/execution", "verdict of `head/random/1`", |s| {
        rewrite(s, "head/random/1", |report| report.collected = 0);
    }),
    ("a run that met a limit", "unit/execution", "verdict of `head/random/1`", |s| {
        run(s, "head/random/1").ending = Ending::TimeLimit;
    }),
    ("a broken sandbox", "unit/execution", "Infra", |s| {
        run(s, "head/random/1").ending = Ending::Broken { what: "no space".to_owned() };
    }),
    ("a pass that executed nothing of its file", "unit/execution", "SpoofSuspect", |s| {
        run(s, "base_with_tests/file/1").touched = Some(s.store(b"[]"));
    }),
    ("a verdict that is worse than the run", "unit/execution", "verdict of `base/file/1`", |s| {
        let run = run(s, "base/file/1");
        (run.verdict, run.why) = (RunVerdict::Inconclusive, Some("it seems".to_owned()));
    }),
    ("a verdict without a reason", "unit/execution", "a reason exactly where", |s| {
        run(s, "base/file/1").why = Some("none".to_owned());
    }),
    ("a report out of order", "unit/execution", "every test once, sorted", |s| {
        report(s, "head/random/1", |report| report.results.reverse());
    }),
];

const TESTS: &[Case] = &[
    ("a test that did something else before", "unit/execution", "test ", |s| {
        execution(s).tests[1].before = TestOutcome::Errored;
    }),
    ("a test that did something else after", "unit/execution", "test ", |s| {
        execution(s).tests[0].after = TestOutcome::Skipped;
    }),
    ("a test that did something else at the base", "unit/execution", "test ", |s| {
        execution(s).tests[0].base = None;
    }),
    ("a new test that was modified", "unit/execution", "test ", |s| {
        execution(s).tests[1].origin = Some(TestOrigin::Modified);
    }),
    ("a modified test that passed before", "unit/execution", "test ", |s| {
        execution(s).tests[0].origin = Some(TestOrigin::Modified);
    }),
    ("a collateral test that is new", "unit/execution", "test ", |s| {
        execution(s).tests[1].origin = Some(TestOrigin::Collateral);
    }),
    ("a test that is left out", "unit/execution", "tests that do not differ", |s| {
        execution(s).tests.remove(0);
    }),
    ("repeats that differ", "unit/execution", "flaky tests", |s| {
        rewrite(s, "head/random/1", |report| did(report, OLD_ID, TestOutcome::Failed));
    }),
    ("a flaky test that is none", "unit/execution", "flaky tests", |s| {
        execution(s).flaky.push(backstory_model::FlakyTest {
            id: TestId::new(OLD_ID),
            state: ExecutedState::Head,
            seen: vec![(TestOutcome::Passed, 2), (TestOutcome::Failed, 1)],
        });
    }),
];

/// Every gate that runs decide, with runs that break it.
const GATES: &[Case] = &[
    ("a gate that is not there", "unit/execution", "gates ", |s| {
        execution(s).gates.pop();
    }),
    ("gates of no instance", "unit/execution", "gates ", |s| {
        rewrite(s, "base_with_tests/file/1", |report| did(report, NEW_ID, TestOutcome::Passed));
        rewrite(s, "base_with_tests/random/1", |report| did(report, NEW_ID, TestOutcome::Passed));
        rewrite(s, "base_with_tests/selected/1", |r| did(r, NEW_ID, TestOutcome::Passed));
    }),
    ("a later commit in the statement", "unit/execution", "gate `no_future`", |s| {
        let commit = s.trajectory.unit.head.as_str()[..9].to_owned();
        let Action::Message { text, .. } = &mut s.trajectory.steps[0].action else { panic!() };
        *text = format!("{text} {commit}.");
        s.trajectory.requirement.source = RequirementSource::Issue;
    }),
    ("an own commit in the statement of an instance", "unit/execution", "instance ", |s| {
        let commit = s.trajectory.unit.head.as_str()[..9].to_owned();
        s.trajectory.requirement.source = RequirementSource::PseudoIssue;
        let Action::Message { text, .. } = &mut s.trajectory.steps[0].action else { panic!() };
        *text = format!("{text} {commit}.");
        let whole = text.clone();
        instance(s).problem_statement = whole;
    }),
    ("a network", "unit/execution", "gate `network_off`", |s| {
        run(s, "head/file/1").containment = ContainmentLevel::Rlimit;
    }),
    ("a fault of the infrastructure", "unit/execution", "gate `no_infrastructure_fault`", |s| {
        let run = run(s, "base/file/1");
        run.ending = Ending::Canceled;
        (run.verdict, run.why) = (RunVerdict::Infra, Some("stopped".to_owned()));
    }),
    ("channels that disagree", "unit/execution", "gate `channels_agree`", |s| {
        report(s, "head/random/1", |report| report.complete = false);
        let run = run(s, "head/random/1");
        (run.verdict, run.why) = (RunVerdict::Inconclusive, Some("cut".to_owned()));
    }),
    ("nothing collected at the base", "unit/execution", "gate `tests_collected`", |s| {
        report(s, "base/file/1", |report| report.collected = 0);
    }),
    ("an id that ran more", "unit/execution", "gate `ids_round_trip`", |s| {
        let whole = run(s, "head/file/1").report.clone();
        run(s, "head/selected/1").report = whole;
    }),
    ("an id that was never selected", "unit/execution", "gate `ids_round_trip`", |s| {
        execution(s).executions.retain(|run| run.id.as_str() != "head/selected/2");
    }),
    ("too few repeats", "unit/execution", "gate `repeats`", |s| execution(s).repeats = 3),
    ("canaries that were not planted", "unit/execution", "gate `canaries`", |s| {
        execution(s).executions.retain(|run| run.state != ExecutedState::Canaries);
    }),
    ("canaries that all pass", "unit/execution", "gate `canaries`", |s| {
        rewrite(s, "canaries/file/1", |report| {
            did(report, super::CANARIES[1], TestOutcome::Passed);
        });
    }),
    ("gold that is never tried", "unit/execution", "gate `gold_patch`", |s| {
        fail_gate(s, Gate::GoldPatch);
    }),
    ("nothing done that is said to pass", "unit/execution", "gate `nothing_done`", |s| {
        fail_gate(s, Gate::NothingDone);
    }),
    ("gold reverted that is said to pass", "unit/execution", "gate `gold_reverted`", |s| {
        fail_gate(s, Gate::GoldReverted);
    }),
    ("an instance in spite of a gate", "unit/execution", "exactly where every gate holds", |s| {
        fail_gate(s, Gate::Pinned);
    }),
    ("another gate than the first", "unit/execution", "the first gate that fails", |s| {
        fail_gate(s, Gate::Pinned);
        let execution = execution(s);
        execution.instance = None;
        execution.outcome = ExecutionOutcome::GateFailed { gate: "canaries".to_owned() };
    }),
];

const INSTANCES: &[Case] = &[
    ("no instance", "unit/execution", "an instance, confirmed", |s| execution(s).instance = None),
    ("an outcome that tells of no test", "unit/execution", "an instance, confirmed", |s| {
        execution(s).outcome = ExecutionOutcome::NoFailToPass;
    }),
    ("a unit that was not to be run", "unit/execution", "of a unit that was run", |s| {
        execution(s).outcome = ExecutionOutcome::NoTests;
    }),
    ("another base", "unit/execution", "base commit", |s| {
        instance(s).base_commit = CommitId::new("0".repeat(40)).expect("an id");
    }),
    ("another statement", "unit/execution", "instance ", |s| {
        instance(s).problem_statement.push('!');
    }),
    ("the patches swapped", "unit/execution", "instance ", |s| {
        let gold = s.trajectory.gold_patch.clone();
        instance(s).test_patch = gold;
    }),
    ("a test that need not fail", "unit/execution", "instance ", |s| {
        instance(s).fail_to_pass[0].id = TestId::new(OLD_ID);
    }),
    ("a test that need not pass", "unit/execution", "instance ", |s| {
        instance(s).pass_to_pass.clear();
    }),
    ("another time", "unit/execution", "instance ", |s| instance(s).created_at += 1),
    ("stronger tests", "unit/execution", "instance ", |s| {
        instance(s).oracle.as_mut().expect("it has one").rejected = 2;
    }),
    ("tests without a strength", "unit/execution", "a strength exactly where", |s| {
        instance(s).oracle = None;
    }),
    ("no test files", "unit/execution", "the files of its tests", |s| {
        instance(s).test_files.clear();
    }),
];

fn instance(sample: &mut Sample) -> &mut backstory_model::TaskInstance {
    execution(sample).instance.as_mut().expect("the sample has one")
}

const MUTANTS: &[Case] = &[
    ("a mutant said to survive", "unit/execution", "verdict of mutant 1", |s| {
        execution(s).mutants[0].verdict = MutantVerdict::Survives;
    }),
    ("a mutant said to break all", "unit/execution", "verdict of mutant 2", |s| {
        execution(s).mutants[1].verdict = MutantVerdict::SuiteBroken;
    }),
    ("a mutant without a run", "unit/execution", "a run of mutant 1", |s| {
        execution(s).mutants[0].execution = None;
    }),
    ("a mutant of another run", "unit/execution", "a run of mutant 1", |s| {
        execution(s).mutants[0].execution = Some(ExecutionId::new("mutant/2/file/1"));
    }),
    ("mutants that are not counted", "unit/execution", "numbers of mutants", |s| {
        execution(s).mutants[1].number = 3;
    }),
    ("a mutant that is gold", "unit/execution", "mutants that differ", |s| {
        execution(s).mutants[1].patch = s.trajectory.gold_patch.clone();
    }),
];

/// Adds a candidate that is said to be the second mutant, which the tests accept.
fn candidate(sample: &mut Sample, number: u32) -> &mut Candidate {
    let patch = execution(sample).mutants[1].patch.clone();
    let (kind, verdict) = (CandidateKind::StrayEdit, MutantVerdict::Survives);
    let execution_id = Some(ExecutionId::new("mutant/2/file/1"));
    let all = &mut execution(sample).candidates;
    all.push(Candidate { number, kind, patch, verdict, execution: execution_id });
    all.last_mut().expect("it was pushed")
}

const CANDIDATES: &[Case] = &[
    ("a candidate said to fail", "unit/execution", "verdict of candidate 1", |s| {
        candidate(s, 1).verdict = MutantVerdict::FailToPassFails;
    }),
    ("a candidate of another run", "unit/execution", "a run of candidate 1", |s| {
        candidate(s, 1).execution = Some(ExecutionId::new("mutant/1/file/1"));
    }),
    ("a candidate without a run", "unit/execution", "a run of candidate 1", |s| {
        candidate(s, 1).execution = None;
    }),
    ("candidates that are not counted", "unit/execution", "numbers of candidates", |s| {
        candidate(s, 2);
    }),
    ("a candidate that is gold", "unit/execution", "candidates that differ", |s| {
        let gold = s.trajectory.gold_patch.clone();
        candidate(s, 1).patch = gold;
    }),
];

#[test]
fn a_candidate_with_the_tree_of_a_mutant_shares_its_run() {
    let mut sample = executed_sample();
    candidate(&mut sample, 1);
    assert_eq!(sample.audit().findings, []);
}

fn claim(sample: &mut Sample, number: usize) -> &mut Provenance {
    let step = &mut sample.trajectory.steps[number - 1];
    &mut step.observation.as_mut().expect("it shows something").provenance
}

fn choose(sample: &mut Sample, number: usize, rule: &str, evidence: EvidenceId) {
    sample.trajectory.steps[number - 1].choice = Provenance::derived(rule, [evidence]);
}

fn executed(id: &str) -> EvidenceId {
    EvidenceId::execution(&ExecutionId::new(id))
}

const STEPS: &[Case] = &[
    ("a run nobody made", "executed", "an execution of the unit", |s| {
        *claim(s, 4) = Provenance::Executed { execution: ExecutionId::new("base/file/7") };
    }),
    ("a run that is not claimed to be one", "executed", "an execution of the unit", |s| {
        *claim(s, 4) = Provenance::observed([]);
    }),
    ("another run than the tree's", "executed", "tree ", |s| {
        *claim(s, 4) = Provenance::Executed { execution: ExecutionId::new("base/file/1") };
    }),
    ("another output", "executed", " ", |s| {
        let id = s.store(b"all passed\n");
        let seen = s.trajectory.steps[3].observation.as_mut().expect("a run");
        let Observation::TestOutput { output, .. } = &mut seen.content else { panic!("a run") };
        *output = id;
    }),
    ("another status", "executed", "status", |s| {
        let seen = s.trajectory.steps[3].observation.as_mut().expect("a run");
        let Observation::TestOutput { status, .. } = &mut seen.content else { panic!("a run") };
        *status = Some(0);
    }),
    ("another command", "executed", "command", |s| {
        let Action::RunTests { command } = &mut s.trajectory.steps[3].action else { panic!() };
        command.pop();
    }),
    ("runs of a unit that was not executed", "executed", "an execution of the unit", |s| {
        s.execution = None;
    }),
    ("evidence of another run", "run/reproduce", "the execution it shows", |s| {
        choose(s, 4, "run/reproduce", executed("base/file/1"));
    }),
    ("a failure that is none", "run/reproduce", "a test that passes at the end", |s| {
        rewrite(s, "head/file/1", |report| did(report, NEW_ID, TestOutcome::Failed));
    }),
    ("a second look without a first", "run/recheck", "a run before it that reproduces", |s| {
        choose(s, 4, "run/recheck", executed("base_with_tests/file/1"));
    }),
    ("a validation of another state", "run/validate", "an execution of the head", |s| {
        run(s, "head/file/1").state = ExecutedState::Authored { index: 0 };
    }),
    ("a validation that is none", "run/validate", "the phase of its rule", |s| {
        s.trajectory.steps[8].phase = Phase::Debugging;
    }),
    ("a rule of runs that nobody published", "run/hunch", "a published rule", |s| {
        choose(s, 4, "run/hunch", executed("base_with_tests/file/1"));
    }),
    ("foresight of a run that is none", "run/reproduce", "hindsight", |s| {
        s.trajectory.steps[3].hindsight = true;
    }),
    ("a frame that was not printed", "read/stack-frame", "names a line of the range", |s| {
        let Action::View { start, end, .. } = &mut s.trajectory.steps[4].action else { panic!() };
        (*start, *end) = (1, 2);
    }),
    ("a frame of no run", "read/stack-frame", "an earlier test run", |s| {
        choose(s, 5, "read/stack-frame", EvidenceId::step(2));
    }),
    ("a frame of a later run", "read/stack-frame", "an earlier test run", |s| {
        choose(s, 5, "read/stack-frame", EvidenceId::step(9));
    }),
    ("a line that no failing test executed", "executed", "a line of the range", |s| {
        let Action::View { start, end, .. } = &mut s.trajectory.steps[5].action else { panic!() };
        (*start, *end) = (1, 1);
    }),
    ("a line of a run that is not shown", "executed", "an earlier run that shows it", |s| {
        let execution = ExecutionId::new("base/file/1");
        s.trajectory.steps[5].choice = Provenance::Executed { execution };
    }),
    ("an edit because of a run", "executed", "a view of what was executed", |s| {
        let execution = ExecutionId::new("base_with_tests/file/1");
        s.trajectory.steps[6].choice = Provenance::Executed { execution };
    }),
    ("a view after the tests, of a commit", "view/lines", "observed in the commit", |s| {
        let head = s.trajectory.unit.head.clone();
        *claim(s, 5) = Provenance::observed([EvidenceId::commit(&head)]);
    }),
    ("a view before the tests, of their tree", "view/lines", "observed in the commit", |s| {
        let tree = run(s, "base_with_tests/file/1").tree.clone();
        *claim(s, 2) = Provenance::observed([EvidenceId::tree(&tree)]);
    }),
    ("tests first, then something else", "edit/tests-first", "a run of the base with", |s| {
        run(s, "base_with_tests/file/1").state = ExecutedState::Head;
    }),
    ("changes around a run by another rule", "edit/definition-before-use", "together", |s| {
        let head = s.trajectory.unit.head.clone();
        choose(s, 3, "edit/definition-before-use", EvidenceId::commit(&head));
    }),
    ("a run before any change", "whole/order", "a run or report after all changes", |s| {
        s.trajectory.steps.swap(2, 3);
    }),
    ("a message after its run", "whole/order", "a run or report after all changes", |s| {
        s.trajectory.steps.swap(7, 8);
    }),
    ("two validations", "whole/order", "at most one run of validation", |s| {
        let again = s.trajectory.steps[8].clone();
        s.trajectory.steps.insert(9, again);
    }),
    ("a phase that goes back", "whole/order", "never go back", |s| {
        s.trajectory.steps[9].phase = Phase::Editing;
    }),
    ("a run of another phase", "whole/order", "phase", |s| {
        s.trajectory.steps[3].phase = Phase::Reading;
    }),
    ("a run that belongs to a state", "whole/order", "state", |s| {
        s.trajectory.steps[3].state = Some(0);
    }),
];

#[test]
fn every_untruth_about_an_execution_is_found() {
    let all = [RUNS, VERDICTS, TESTS, GATES, INSTANCES, MUTANTS, CANDIDATES, STEPS];
    let mut missed = Vec::new();
    for (what, rule, part, plant) in all.into_iter().flatten() {
        let mut sample = executed_sample();
        plant(&mut sample);
        let findings = sample.audit().findings;
        let spoken = findings.iter().any(|finding| {
            let said = format!("{} {}", finding.expected, finding.found);
            finding.rule == *rule && said.contains(part)
        });
        if !spoken {
            missed.push(format!("{what}: {findings:#?}"));
        }
    }
    assert!(missed.is_empty(), "{}", missed.join("\n"));
}

#[test]
fn the_trees_of_the_sample_are_those_of_its_patches() {
    let sample = executed_sample();
    let execution = sample.execution.expect("the sample was executed");
    let trees: std::collections::BTreeSet<&TreeId> =
        execution.executions.iter().map(|run| &run.tree).collect();
    assert_eq!(trees.len(), 6, "base, tests, head, canaries and two mutants");
    assert!(trees.iter().all(|tree| sample.repo.tree(tree).is_ok()));
}
