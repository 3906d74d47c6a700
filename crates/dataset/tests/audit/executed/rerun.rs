//! Does a second execution that differs stand out?

use backstory_dataset::audit::rerun::{ExecutedSide, Rerun, compare};
use backstory_model::{
    BlobId, ContainmentLevel, ExecutedState, ExecutionOutcome, FlakyTest, MutantVerdict,
    RunVerdict, TestId, TestOutcome, TestReport, UnitExecution,
};

use super::{NEW_ID, OLD_ID, executed_sample};
use crate::sample::Sample;

type Case = (&'static str, &'static str, fn(&mut UnitExecution));

fn again(sample: &Sample, execution: &UnitExecution) -> Rerun {
    let blobs = |id: &BlobId| sample.blobs.get(id).cloned();
    let stored = sample.execution.as_ref().expect("the sample was executed");
    let side = |execution| ExecutedSide { execution, blobs: &blobs };
    compare(side(stored), side(execution))
}

fn flaky(id: &str, failed: u32) -> FlakyTest {
    let seen = vec![(TestOutcome::Passed, 1), (TestOutcome::Failed, failed)];
    FlakyTest { id: TestId::new(id), state: ExecutedState::Head, seen }
}

const DIFFERENCES: &[Case] = &[
    ("an outcome", "outcome", |e| e.outcome = ExecutionOutcome::Flaky),
    ("a verdict", "verdict of `head/file/1`", |e| {
        e.executions[4].verdict = RunVerdict::Inconclusive;
    }),
    ("an ending", "ending of `head/file/1`", |e| {
        e.executions[4].ending = backstory_model::Ending::TimeLimit;
    }),
    ("a report", "outcomes of `head/file/1`", |e| {
        e.executions[4].report = e.executions[1].report.clone();
    }),
    ("a run", "runs", |e| drop(e.executions.pop())),
    ("a tree", "tree of `base/file/1`", |e| e.executions[0].tree = e.executions[4].tree.clone()),
    ("a command", "command of `base/file/1`", |e| drop(e.executions[0].command.pop())),
    ("a test", "test ", |e| e.tests[1].before = TestOutcome::Errored),
    ("a test that is gone", "test ", |e| drop(e.tests.pop())),
    ("a test to fail", "FAIL_TO_PASS", |e| {
        e.instance.as_mut().expect("it has one").fail_to_pass.clear();
    }),
    ("a test to pass", "PASS_TO_PASS", |e| {
        e.instance.as_mut().expect("it has one").pass_to_pass.clear();
    }),
    ("an instance", "an instance", |e| e.instance = None),
    ("a gate", "gate `canaries`", |e| e.gates[11].passed = false),
    ("a mutant", "verdict of mutant 2", |e| e.mutants[1].verdict = MutantVerdict::SuiteBroken),
    ("other mutants", "mutants", |e| drop(e.mutants.pop())),
    ("a test that is flaky at last", "with one outcome", |e| e.flaky.push(flaky(OLD_ID, 1))),
];

#[test]
fn the_same_execution_says_the_same() {
    let sample = executed_sample();
    let rerun = again(&sample, sample.execution.as_ref().expect("it was executed"));
    assert_eq!((rerun.findings, rerun.notes), (Vec::new(), Vec::new()));
    assert!(rerun.compared > 50, "only {} values were compared", rerun.compared);
}

#[test]
fn every_difference_is_found() {
    let sample = executed_sample();
    for (what, part, change) in DIFFERENCES {
        let mut execution = sample.execution.clone().expect("the sample was executed");
        change(&mut execution);
        let findings = again(&sample, &execution).findings;
        let said = |finding: &backstory_dataset::audit::Finding| {
            finding.rule == "unit/rerun" && finding.expected.contains(part)
        };
        assert!(findings.iter().any(said), "{what}: {findings:#?}");
    }
}

#[test]
fn a_flaky_test_is_compared_by_being_one() {
    let mut sample = executed_sample();
    let mut execution = sample.execution.clone().expect("the sample was executed");
    sample.execution.as_mut().expect("it was executed").flaky.push(flaky(NEW_ID, 1));
    execution.flaky.push(flaky(NEW_ID, 4));
    let report = &mut execution.executions[4];
    let mut results: TestReport =
        serde_json::from_slice(&sample.blobs[&report.report]).expect("a report");
    results.results[1].outcome = TestOutcome::Failed;
    report.report = sample.store(&serde_json::to_vec(&results).expect("a report is JSON"));
    assert_eq!(again(&sample, &execution).findings, []);
    execution.flaky.clear();
    let rerun = again(&sample, &execution);
    assert_eq!(rerun.findings, []);
    insta::assert_debug_snapshot!(rerun.notes);
}

#[test]
fn another_machine_is_a_note() {
    let sample = executed_sample();
    let mut execution = sample.execution.clone().expect("the sample was executed");
    execution.containment.level = ContainmentLevel::Cgroup;
    execution.executions[0].containment = ContainmentLevel::Cgroup;
    execution.lock = Some(execution.executions[0].report.clone());
    let rerun = again(&sample, &execution);
    assert_eq!(rerun.findings, []);
    insta::assert_debug_snapshot!(rerun.notes);
}
