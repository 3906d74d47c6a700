//! Can every gate fail, and does it fail alone?
//!
//! One instance meets every condition. Each test plants one fault, and exactly
//! the gates that must see it do.

use backstory_exec::judge::{Gated, GatedRun, Planted, first_failed, gates};
use backstory_model::{
    ContainmentLevel, ExecutedState, ExecutionId, FlakyTest, Gate, Network, RunOrder, RunVerdict,
    TestId, TestOutcome, TestReport, TestRunner, TreeId,
};

use ExecutedState::{BaseWithTests, Canaries, Head, HeadReverted};
use TestOutcome::{Failed, NotRun, Passed};

/// One run, owned.
#[derive(Clone)]
struct Seen {
    id: ExecutionId,
    states: Vec<ExecutedState>,
    order: RunOrder,
    verdict: RunVerdict,
    report: TestReport,
    containment: ContainmentLevel,
    network: Network,
    pinned: bool,
}

/// What the gates are asked about, owned.
struct Facts {
    runner: TestRunner,
    runs: Vec<Seen>,
    flaky: Vec<FlakyTest>,
    future: Vec<String>,
    planted: bool,
    written: TreeId,
    repeats: u32,
}

fn id(name: &str) -> TestId {
    TestId::new(name)
}

fn seen(states: &[ExecutedState], order: RunOrder, outcomes: &[(&str, TestOutcome)]) -> Seen {
    let report = TestReport::from_outcomes(outcomes.iter().map(|(name, did)| (id(name), *did)));
    Seen {
        id: ExecutionId::new("run"),
        states: states.to_vec(),
        order,
        verdict: RunVerdict::Stable,
        report,
        containment: ContainmentLevel::Full,
        network: Network::None,
        pinned: true,
    }
}

fn sound() -> Facts {
    let before = [BaseWithTests, HeadReverted];
    let red = [("fix", Failed), ("old", Passed)];
    let green = [("fix", Passed), ("old", Passed)];
    let all = RunOrder::Selected { tests: vec![id("fix"), id("old")] };
    let random = RunOrder::Random { seed: 1 };
    let canaries = [("fix", Passed), ("old", Passed), ("good", Passed), ("bad", Failed)];
    Facts {
        runner: TestRunner::Pytest,
        runs: vec![
            seen(&[Head], RunOrder::File, &green),
            seen(&before, RunOrder::File, &red),
            seen(&[Head], random.clone(), &green),
            seen(&before, random, &red),
            seen(&[Head], all, &green),
            seen(&[Canaries], RunOrder::File, &canaries),
        ],
        flaky: Vec::new(),
        future: Vec::new(),
        planted: true,
        written: TreeId::empty(),
        repeats: 2,
    }
}

/// Returns the gates that do not hold.
fn failed(facts: &Facts) -> Vec<Gate> {
    let runs: Vec<GatedRun<'_>> = facts
        .runs
        .iter()
        .map(|run| GatedRun {
            id: &run.id,
            states: &run.states,
            order: &run.order,
            verdict: run.verdict,
            report: &run.report,
            containment: run.containment,
            network: run.network,
            pinned: run.pinned,
        })
        .collect();
    let (good, bad) = (id("good"), id("bad"));
    let results = gates(&Gated {
        runner: facts.runner,
        runs: &runs,
        fail_to_pass: &[id("fix")],
        pass_to_pass: &[id("old")],
        flaky: &facts.flaky,
        repeats: facts.repeats,
        future: &facts.future,
        planted: facts.planted.then_some(Planted { passes: &good, fails: &bad }),
        head_trees: (&facts.written, &TreeId::empty()),
    });
    let order: Vec<Gate> = results.iter().map(|result| result.gate).collect();
    assert_eq!(order, Gate::ALL);
    let failed: Vec<Gate> =
        results.iter().filter(|result| !result.passed).map(|result| result.gate).collect();
    assert_eq!(first_failed(&results), failed.first().copied());
    failed
}

/// Plants one fault and returns the gates that see it.
fn with(fault: impl FnOnce(&mut Facts)) -> Vec<Gate> {
    let mut facts = sound();
    fault(&mut facts);
    failed(&facts)
}

fn set(run: &mut Seen, outcomes: &[(&str, TestOutcome)]) {
    *run = Seen { report: seen(&[], RunOrder::File, outcomes).report, ..run.clone() };
}

#[test]
fn a_sound_instance_meets_every_condition() {
    assert!(failed(&sound()).is_empty());
}

#[test]
fn a_statement_that_names_the_fix_is_seen() {
    let named = with(|facts| facts.future.push("the statement names a commit".to_owned()));
    assert_eq!(named, [Gate::NoFuture]);
}

#[test]
fn a_base_that_passes_without_the_fix_is_seen() {
    let passes = with(|facts| set(&mut facts.runs[3], &[("fix", Passed), ("old", Passed)]));
    assert_eq!(passes, [Gate::NothingDone, Gate::GoldReverted]);
}

#[test]
fn a_reverted_head_that_still_passes_is_seen() {
    let passes = with(|facts| {
        for run in &mut facts.runs {
            run.states.retain(|state| *state != HeadReverted);
        }
        let green = [("fix", Passed), ("old", Passed)];
        facts.runs.push(seen(&[HeadReverted], RunOrder::File, &green));
    });
    assert_eq!(passes, [Gate::GoldReverted]);
}

#[test]
fn a_head_that_fails_once_is_seen() {
    let fails = with(|facts| set(&mut facts.runs[2], &[("fix", Passed), ("old", Failed)]));
    assert_eq!(fails, [Gate::GoldPatch]);
    let missing = with(|facts| set(&mut facts.runs[2], &[("fix", Passed), ("old", NotRun)]));
    assert_eq!(missing, [Gate::GoldPatch]);
}

#[test]
fn a_run_that_collected_nothing_is_seen() {
    let empty = with(|facts| set(&mut facts.runs[3], &[]));
    assert_eq!(empty, [Gate::TestsCollected]);
    let broken = with(|facts| {
        set(&mut facts.runs[3], &[]);
        facts.runs[3].report.broken_modules.push("tests/test_a.py".to_owned());
    });
    assert!(broken.is_empty());
}

#[test]
fn an_id_that_selects_another_test_is_seen() {
    let more = with(|facts| {
        set(&mut facts.runs[4], &[("fix", Passed), ("old", Passed), ("other", Passed)]);
    });
    let fewer = with(|facts| set(&mut facts.runs[4], &[("fix", Passed)]));
    let never = with(|facts| drop(facts.runs.remove(4)));
    assert_eq!([more, fewer, never], [const { [Gate::IdsRoundTrip] }; 3]);
}

#[test]
fn parts_of_a_test_of_go_run_along_and_others_do_not() {
    let ran = |runner: TestRunner, more: &str| {
        with(|facts| {
            facts.runner = runner;
            set(&mut facts.runs[4], &[("fix", Passed), ("old", Passed), (more, Passed)]);
        })
    };
    assert!(ran(TestRunner::GoTest, "fix/a part").is_empty());
    assert_eq!(ran(TestRunner::GoTest, "fixed"), [Gate::IdsRoundTrip]);
    assert_eq!(ran(TestRunner::NodeTest, "fix/a part"), [Gate::IdsRoundTrip]);
}

#[test]
fn repeats_that_differ_or_are_missing_are_seen() {
    let differ = with(|facts| {
        let seen = vec![(Passed, 1), (Failed, 1)];
        facts.flaky.push(FlakyTest { id: id("old"), state: Head, seen });
    });
    let missing = with(|facts| facts.repeats = 3);
    assert_eq!([differ, missing], [const { [Gate::Repeats] }; 2]);
}

#[test]
fn a_network_is_seen() {
    let given = with(|facts| facts.runs[1].network = Network::Loopback);
    let left_on = with(|facts| facts.runs[1].containment = ContainmentLevel::Rlimit);
    assert_eq!([given, left_on], [const { [Gate::NetworkOff] }; 2]);
}

#[test]
fn a_fault_of_the_machine_is_seen() {
    let canaries = with(|facts| facts.runs[5].verdict = RunVerdict::Infra);
    assert_eq!(canaries, [Gate::NoInfrastructureFault]);
}

#[test]
fn channels_that_disagree_are_seen() {
    let disagree = with(|facts| facts.runs[1].verdict = RunVerdict::Inconclusive);
    assert_eq!(disagree, [Gate::ChannelsAgree]);
}

#[test]
fn a_loose_environment_is_seen() {
    assert_eq!(with(|facts| facts.runs[0].pinned = false), [Gate::Pinned]);
}

#[test]
fn a_planted_test_that_lies_is_seen() {
    let all_green = [("good", Passed), ("bad", Passed)];
    let lies = with(|facts| set(&mut facts.runs[5], &all_green));
    let absent = with(|facts| facts.planted = false);
    assert_eq!([lies, absent], [const { [Gate::Canaries] }; 2]);
}

#[test]
fn a_work_tree_that_is_not_the_heads_is_seen() {
    let other = TreeId::new("1".repeat(40)).unwrap();
    assert_eq!(with(|facts| facts.written = other), [Gate::ProtectedFiles]);
}
