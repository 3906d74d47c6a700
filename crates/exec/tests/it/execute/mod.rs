//! Does executing a unit tell the fix from everything that looks like one?

mod contained;
mod followed;
mod future;
mod story;
mod toy;

use std::collections::BTreeSet;

use backstory_exec::checkout::Layer;
use backstory_exec::execute::{Environments, ExecuteError, Provided};
use backstory_model::{ChangeUnit, ContainmentLevel, Network, RunOrder, TestId, Upper};

use story::{Story, job_names, report, toy_recipe};
use toy::{broken_sandbox, toy_sandbox};

const WRONG: &str = "def add(a, b):\n    return a - b\n";
const RIGHT: &str = "def add(a, b):\n    total = a + b\n    return total\n";
const OLD_TESTS: &str = "def test_old(): pass\n";

fn fixed(tests: &str) -> Story {
    Story::new(&[("src/m.py", WRONG), ("tests/test_m.py", OLD_TESTS)])
        .then(&[("src/m.py", RIGHT), ("tests/test_m.py", tests)])
}

#[test]
fn a_new_test_that_tells_the_fix_makes_an_instance() {
    let told = fixed("def test_old(): pass\ndef test_add(): has src/m.py: a + b\n").execute();
    insta::assert_snapshot!(told.runs, @"
    head/file/1: 2 of 2 pass; stable
    base_with_tests/file/1: 1 of 2 pass; stable
    base/file/1: 1 of 1 pass; stable
    base_with_tests/random/1: 1 of 2 pass; stable
    head/random/1: 2 of 2 pass; stable
    base_with_tests/file/2: 1 of 2 pass; stable
    head/file/2: 2 of 2 pass; stable
    base_with_tests/selected/1: 0 of 1 pass; stable
    head/selected/1: 1 of 1 pass; stable
    head/selected/2: 2 of 2 pass; stable
    canaries/file/1: 3 of 4 pass; stable
    mutant/1/file/1: 2 of 2 pass; stable
    mutant/2/file/1: 2 of 2 pass; stable
    mutant/3/file/1: 1 of 2 pass; stable
    mutant/4/file/1: 1 of 2 pass; stable
    ");
    insta::assert_snapshot!(told.verdict(), @"
    outcome: Confirmed
    tests/test_m.py::test_add: not_run > failed > passed (New)
    tests/test_m.py::test_old: passed > passed > passed
    mutant 1 KeepRemovedLine: Survives
    mutant 2 DropAddedLine: Survives
    mutant 3 FlipToken: FailToPassFails
    mutant 4 DropAddedLine: FailToPassFails
    ");
    let execution = &told.executed.execution;
    insta::assert_json_snapshot!(execution.instance, @r#"
    {
      "instance_id": "acme__toy-7",
      "repo": "acme/toy",
      "base_commit": "f7bcb46652cdbd849b55d33f145e87271b41b214",
      "problem_statement": "add is wrong",
      "patch": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
      "test_patch": "e69de29bb2d1d6434b8b29ae775ad8c2e48c5391",
      "created_at": 1704103200,
      "fail_to_pass": [
        {
          "id": "tests/test_m.py::test_add",
          "origin": "new"
        }
      ],
      "pass_to_pass": [
        "tests/test_m.py::test_old"
      ],
      "test_files": [
        "tests/test_m.py"
      ],
      "oracle": {
        "judged": 4,
        "rejected": 2,
        "unresolved": 0,
        "weak": false
      }
    }
    "#);
    let gates: Vec<String> = execution.gates.iter().map(|gate| gate.detail.clone()).collect();
    insta::assert_snapshot!(gates.join("\n"), @"
    the base tree is exported as one commit of its own, and neither it nor the statement holds what came later
    3 runs do not pass every FAIL_TO_PASS test
    3 runs pass FAIL_TO_PASS and PASS_TO_PASS
    3 runs do not pass every FAIL_TO_PASS test
    11 runs collected tests
    2 tests, selected by id, ran alone
    3 equal outcomes of each test; another one is bounded at 63 %
    11 runs had no network
    11 runs without a fault
    report, status and collected tests of 9 runs agree
    11 runs had the fixed environment and limits
    of two planted tests one passed and one failed
    every work tree was written from git objects; the head's is its own tree
    ");
}

#[test]
fn the_first_run_of_the_head_is_stored_whole() {
    let told = fixed("def test_old(): pass\ndef test_add(): has src/m.py: a + b\n").execute();
    let head = &told.executed.execution.executions[0];
    insta::assert_json_snapshot!(head, @r#"
    {
      "id": "head/file/1",
      "state": {
        "kind": "head"
      },
      "tree": "0759626b36fc12b4c0279f49abd6ec02ff215809",
      "order": {
        "kind": "file"
      },
      "command": [
        "pytest",
        "tests/test_m.py"
      ],
      "environment": "0707070707070707070707070707070707070707070707070707070707070707",
      "containment": "full",
      "ending": {
        "kind": "exited",
        "status": 0
      },
      "status": 0,
      "verdict": "stable",
      "why": null,
      "report": "1827662594e9342da08e0ec6fca50dd19881cb09",
      "output": "445bc59c7faa2d5ec27881e7c4b53b31099cca88",
      "cut": null,
      "touched": null
    }
    "#);
    insta::assert_json_snapshot!(report(&told, &head.report), @r#"
    {
      "results": [
        {
          "id": "tests/test_m.py::test_add",
          "outcome": "passed"
        },
        {
          "id": "tests/test_m.py::test_old",
          "outcome": "passed"
        }
      ],
      "broken_modules": [],
      "shared_ids": [],
      "collected": 2,
      "complete": true,
      "status": 0
    }
    "#);
    let output = String::from_utf8(told.executed.blobs[&head.output].to_vec()).unwrap();
    insta::assert_snapshot!(output, @"
    tests/test_m.py::test_old passed in [TIME]
    tests/test_m.py::test_add passed in [TIME]
    ");
}

#[test]
fn a_changed_test_is_modified_and_a_broken_import_makes_its_neighbors_collateral() {
    let told = Story::new(&[
        ("src/m.py", WRONG),
        ("tests/test_m.py", "def test_old(): pass\ndef test_add(): pass\n"),
    ])
    .then(&[
        ("src/m.py", RIGHT),
        (
            "tests/test_m.py",
            "needs src/m.py: total\ndef test_old(): pass\ndef test_add(): has src/m.py: a + b\n",
        ),
    ])
    .execute();
    insta::assert_snapshot!(told.verdict(), @"
    outcome: Confirmed
    tests/test_m.py::test_add: passed > errored > passed (Modified)
    tests/test_m.py::test_old: passed > errored > passed (Collateral)
    mutant 1 KeepRemovedLine: Survives
    mutant 2 DropAddedLine: Survives
    mutant 3 FlipToken: FailToPassFails
    mutant 4 DropAddedLine: FailToPassFails
    ");
}

#[test]
fn a_module_that_cannot_be_imported_before_the_fix_makes_its_new_tests_fail() {
    let told = Story::new(&[("src/m.py", WRONG)])
        .then(&[
            ("src/m.py", RIGHT),
            ("tests/test_m.py", "needs src/m.py: total\ndef test_a(): pass\n"),
        ])
        .execute();
    insta::assert_snapshot!(told.runs, @"
    head/file/1: 1 of 1 pass; stable
    base_with_tests/file/1: 0 of 0 pass, 1 broken; stable
    base_with_tests/random/1: 0 of 0 pass, 1 broken; stable
    head/random/1: 1 of 1 pass; stable
    base_with_tests/file/2: 0 of 0 pass, 1 broken; stable
    head/file/2: 1 of 1 pass; stable
    base_with_tests/selected/1: 0 of 0 pass, 1 broken; stable
    head/selected/1: 1 of 1 pass; stable
    head/selected/2: 1 of 1 pass; stable
    canaries/file/1: 2 of 3 pass; stable
    mutant/1/file/1: 1 of 1 pass; stable
    mutant/2/file/1: 1 of 1 pass; stable
    mutant/3/file/1: 1 of 1 pass; stable
    mutant/4/file/1: 1 of 1 pass; stable
    ");
    insta::assert_snapshot!(told.verdict(), @"
    outcome: Confirmed
    tests/test_m.py::test_a: - > errored > passed (New)
    mutant 1 KeepRemovedLine: Survives
    mutant 2 DropAddedLine: Survives
    mutant 3 FlipToken: Survives
    mutant 4 DropAddedLine: Survives
    ");
}

#[test]
fn candidates_leave_the_strength_of_the_tests_as_it_is() {
    let tests = "def test_old(): pass\ndef test_add(): has src/m.py: a + b\n";
    let plain = fixed(tests).execute();
    let mut story = fixed(tests);
    story.options.candidates = 4;
    let told = story.execute();
    let (with, without) = (&told.executed.execution, &plain.executed.execution);
    assert!(without.candidates.is_empty());
    assert!(!with.candidates.is_empty());
    assert_eq!(with.instance, without.instance);
    assert_eq!(with.mutants, without.mutants);
    let runs = &with.executions;
    assert_eq!(runs.len(), without.executions.len() + with.candidates.len());
    for candidate in &with.candidates {
        assert!(runs.iter().any(|run| Some(&run.id) == candidate.execution.as_ref()));
        if candidate.kind.is_variant() {
            assert_eq!(candidate.verdict, backstory_model::MutantVerdict::Survives);
        }
    }
}

#[test]
fn a_flaky_test_is_left_out_with_its_counts() {
    let tests = "def test_old(): coin\ndef test_add(): has src/m.py: a + b\n";
    insta::assert_snapshot!(fixed(tests).execute().verdict(), @"
    outcome: Confirmed
    tests/test_m.py::test_add: not_run > failed > passed (New)
    tests/test_m.py::test_old is flaky at BaseWithTests: [(Passed, 2), (Failed, 1)]
    tests/test_m.py::test_old is flaky at Head: [(Passed, 2), (Failed, 1)]
    mutant 1 KeepRemovedLine: Survives
    mutant 2 DropAddedLine: Survives
    mutant 3 FlipToken: FailToPassFails
    mutant 4 DropAddedLine: FailToPassFails
    ");
}

#[test]
fn tests_that_pass_before_tell_nothing_and_are_not_repeated() {
    let told = fixed("def test_old(): pass\ndef test_more(): pass\n").execute();
    insta::assert_snapshot!(told.runs, @"
    head/file/1: 2 of 2 pass; stable
    base_with_tests/file/1: 2 of 2 pass; stable
    base/file/1: 1 of 1 pass; stable
    ");
    insta::assert_snapshot!(told.verdict(), @"
    outcome: NoFailToPass
    tests/test_m.py::test_more: not_run > passed > passed
    tests/test_m.py::test_old: passed > passed > passed
    ");
}

#[test]
fn each_way_a_head_can_end_badly_has_its_outcome() {
    let outcome = |tests: &str| {
        let told = fixed(tests).execute();
        format!("{:?}", told.executed.execution.outcome)
    };
    let all = [
        outcome("def test_a(): pass\ndef test_b(): leave\n"),
        outcome("def test_a(): pass\ndef test_b(): eat\n"),
        outcome("def test_a(): pass\ndef test_b(): sleep\n"),
        outcome("def test_a(): break\n"),
        outcome("def test_a(): connect\n"),
        outcome("def test_a(): fail\n"),
        outcome("# No test is left.\n"),
        outcome("needs src/m.py: nothing like it\ndef test_a(): pass\n"),
    ];
    insta::assert_snapshot!(all.join("\n"), @r#"
    HeadFails { detail: "the report has no closing line, and the status is 0" }
    HeadFails { detail: "the memory limit ended the run" }
    HeadFails { detail: "the time limit ended the run" }
    Infrastructure { detail: "its first process was killed" }
    NeedsNetwork
    HeadFails { detail: "no test passes at the head" }
    HeadFails { detail: "nothing was collected, and the status is 5" }
    HeadFails { detail: "no test passes at the head" }
    "#);
}

#[test]
fn tests_a_limit_cut_off_keep_what_is_known_of_them() {
    let told = fixed("def test_a(): pass\ndef test_b(): eat\ndef test_c(): pass\n").execute();
    insta::assert_snapshot!(told.verdict(), @r#"
    outcome: HeadFails { detail: "the memory limit ended the run" }
    tests/test_m.py::test_a: not_run > passed > passed
    tests/test_m.py::test_b: not_run > out_of_memory > out_of_memory
    tests/test_m.py::test_c: not_run > not_run > not_run
    "#);
}

#[test]
fn authored_states_are_run_as_authored_and_with_the_final_tests() {
    let sandbox = toy_sandbox();
    let story = Story::new(&[("src/m.py", WRONG), ("tests/test_m.py", OLD_TESTS)])
        .then(&[("tests/test_m.py", "def test_add(): fail\n")])
        .then(&[("src/m.py", "def add(a, b):\n    return a * b\n")])
        .then(&[("src/m.py", RIGHT), ("tests/test_m.py", "def test_add(): has src/m.py: a + b\n")]);
    let told = story.execute_in(&sandbox);
    let of_authors: Vec<String> =
        job_names(&sandbox).into_iter().filter(|name| name.starts_with("authored")).collect();
    insta::assert_snapshot!(of_authors.join("\n"), @"
    authored/0/file/1
    authored/1/file/1
    authored_with_tests/1/file/1
    ");
    assert_eq!(told.executed.execution.outcome.as_str(), "confirmed");
}

#[test]
fn equal_trees_are_run_once() {
    // The first commit adds the tests alone: with them the base is that state.
    let sandbox = toy_sandbox();
    let tests = ("tests/test_m.py", "def test_add(): has src/m.py: a + b\n");
    Story::new(&[("src/m.py", WRONG)])
        .then(&[tests])
        .then(&[("src/m.py", RIGHT)])
        .execute_in(&sandbox);
    let names = job_names(&sandbox);
    assert!(names.iter().all(|name| !name.starts_with("authored")), "{names:?}");
    assert!(names.iter().all(|name| !name.starts_with("head_reverted")), "{names:?}");
}

#[test]
fn without_a_private_network_no_instance_is_made() {
    let sandbox = toy_sandbox().at_level(ContainmentLevel::Rlimit);
    let told = fixed("def test_add(): has src/m.py: a + b\n").execute_in(&sandbox);
    insta::assert_snapshot!(told.verdict(), @r#"
    outcome: GateFailed { gate: "network_off" }
    tests/test_m.py::test_add: not_run > failed > passed (New)
    gate network_off: `head/file/1`: at level `rlimit` the network stays on, and the host can be read
    "#);
}

#[test]
fn every_job_is_pinned_alone_and_leaves_no_writes() {
    let sandbox = toy_sandbox();
    fixed("def test_add(): has src/m.py: a + b\n").execute_in(&sandbox);
    for job in sandbox.jobs() {
        assert_eq!(job.network, Network::None);
        assert_eq!(job.work.upper, Upper::Discarded);
        assert_eq!(job.variables["TZ"], "UTC");
        assert_eq!(job.variables["SOURCE_DATE_EPOCH"], "1704099600");
    }
}

#[test]
fn orders_take_turns_and_selected_tests_run_alone() {
    let told = fixed("def test_old(): pass\ndef test_add(): has src/m.py: a + b\n").execute();
    let orders: Vec<String> = told
        .executed
        .execution
        .executions
        .iter()
        .filter(|execution| execution.id.as_str().starts_with("head/"))
        .map(|execution| match &execution.order {
            RunOrder::File => "file".to_owned(),
            RunOrder::Random { seed } => format!("random {seed}"),
            RunOrder::Selected { tests } => {
                let ids: BTreeSet<&str> = tests.iter().map(TestId::as_str).collect();
                format!("{ids:?}")
            }
        })
        .collect();
    insta::assert_snapshot!(orders.join("\n"), @r#"
    file
    random 1
    file
    {"tests/test_m.py::test_add"}
    {"tests/test_m.py::test_add", "tests/test_m.py::test_old"}
    "#);
}

#[test]
fn the_same_unit_gives_the_same_bytes() {
    let story = fixed("def test_old(): pass\ndef test_add(): has src/m.py: a + b\n");
    let (one, other) = (story.execute().executed, story.execute().executed);
    assert_eq!(one.execution, other.execution);
    assert_eq!(one.blobs, other.blobs);
}

#[test]
fn a_sandbox_that_breaks_is_no_fault_of_the_unit() {
    let told = fixed("def test_add(): pass\n").execute_in(&broken_sandbox());
    insta::assert_snapshot!(told.verdict(), @r#"outcome: Infrastructure { detail: "the sandbox broke while `acme__toy-7 head/file/1` ran: its first process was killed" }"#);
}

#[test]
fn a_unit_without_tests_is_not_run() {
    let sandbox = toy_sandbox();
    let told = Story::new(&[("src/m.py", WRONG)]).then(&[("src/m.py", RIGHT)]).execute_in(&sandbox);
    assert_eq!(told.executed.execution.outcome.as_str(), "no_tests");
    assert!(sandbox.jobs().is_empty());
}

struct FailedEnvironments;

impl Environments for FailedEnvironments {
    fn provide(&self, _: &ChangeUnit, _: &[String], _: &Layer) -> Result<Provided, ExecuteError> {
        Ok(Provided::Failed {
            recipe: Box::new(toy_recipe()),
            detail: "the phase `install` ended with status 1".to_owned(),
            log: b"no such distribution\n".to_vec(),
        })
    }
}

#[test]
fn an_environment_that_cannot_be_made_keeps_its_log() {
    let told =
        fixed("def test_add(): pass\n").execute_with(&toy_sandbox(), &FailedEnvironments).unwrap();
    let execution = &told.executed.execution;
    insta::assert_snapshot!(told.verdict(), @r#"outcome: EnvironmentFailed { detail: "the phase `install` ended with status 1" }"#);
    let log = &told.executed.blobs[execution.log.as_ref().unwrap()];
    assert_eq!(&log[..], b"no such distribution\n");
    assert_eq!(execution.recipe, Some(toy_recipe()));
}

#[test]
fn a_head_without_a_verdict_makes_no_instance_though_a_test_tells_the_fix() {
    let tests = "def test_add(): has src/m.py: a + b\ndef test_end(): sleep\n";
    insta::assert_snapshot!(fixed(tests).execute().verdict(), @r#"
    outcome: HeadFails { detail: "the time limit ended the run" }
    tests/test_m.py::test_add: not_run > failed > passed (New)
    tests/test_m.py::test_end: not_run > timed_out > timed_out
    gate ids_round_trip: `tests/test_m.py::test_add` was not selected by id
    gate repeats: 1 of 3 repeats were run
    gate channels_agree: `head/file/1`: it is inconclusive
    gate canaries: no tests could be planted
    "#);
}
