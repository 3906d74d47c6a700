//! Is a test followed only where it does what it did, and twice the same?

use std::sync::atomic::{AtomicU32, Ordering};

use backstory_exec::checkout::Layer;
use backstory_exec::environment::Toolchains;
use backstory_exec::execute::{
    AskedTest, Environments, ExecuteError, ExecuteInput, FollowedUnit, NotFollowed, Provided,
    TraceAsk, Untraced, follow_unit,
};
use backstory_model::{
    ChangeUnit, EnvironmentRecipe, TestId, TestOutcome, TouchedFile, TouchedTest, TraceEvent,
};
use backstory_testkit::{FakeSandbox, work_file};
use serde_json::json;

use super::story::{Story, ToyEnvironments, toy_recipe};
use super::toy::toy_answer;

const BEFORE: &str = "def add(a, b):\n    return a - b\n\n\ndef other():\n    pass\n";
const AFTER: &str = "def add(a, b):\n    return a + b\n\n\ndef other():\n    pass\n";
const TESTS: &str = "def test_add(): has src/m.py: a + b\ndef test_same(): pass\ndef test_none(): pass\ndef test_way(): pass\ndef test_wrong(): fail\n";

fn story() -> Story {
    Story::new(&[("src/m.py", BEFORE), ("tests/test_m.py", "def test_same(): pass\n")])
        .then(&[("src/m.py", AFTER), ("tests/test_m.py", TESTS)])
}

fn id(name: &str) -> TestId {
    TestId::new(format!("tests/test_m.py::{name}"))
}

fn asked(name: &str, before: TestOutcome) -> AskedTest {
    AskedTest { id: id(name), before: Some(before), after: TestOutcome::Passed }
}

/// The made-up pytest with a made-up tracer: `a` is another number in every run.
fn sandbox() -> FakeSandbox {
    let runs = AtomicU32::new(0);
    FakeSandbox::new(move |job| {
        let run = runs.fetch_add(1, Ordering::Relaxed);
        let mut answer = toy_answer(job, run);
        let request = work_file(job, "src/m.py").is_some();
        assert!(request && job.variables["PYTHONHASHSEED"] == (run % 2).to_string());
        assert!(job.command.windows(2).any(|two| two == ["-p", "backstory_trace_tests"]));
        let rows = json!([
            [1, 0, 2, 16, "FunctionDef", 0, "definition", 0],
            [2, 4, 2, 16, "Return", 1, null, 0]
        ]);
        let mut lines = vec![json!({"file": "src/m.py", "rows": rows})];
        for (at, test) in
            ["test_add", "test_same", "test_way", "test_wrong"].into_iter().enumerate()
        {
            let functions = if at == 0 { json!([["add", 1, 0]]) } else { json!([]) };
            let again = if test == "test_way" && run % 2 == 1 { "\nb2\ne" } else { "" };
            let events = format!("c0{{\"a\":{run},\"b\":1}}\nb2\ne{again}\nr3");
            lines.push(
                json!({"test": id(test), "functions": functions, "full": false, "events": events}),
            );
        }
        let text = lines.iter().fold(String::new(), |text, line| format!("{text}{line}\n"));
        answer.report.insert("traces.ndjson".to_owned(), text.into_bytes());
        Ok(answer)
    })
}

fn follow(
    story: &Story,
    environments: &dyn Environments,
    most: usize,
) -> Result<FollowedUnit, NotFollowed> {
    let telling = [asked("test_add", TestOutcome::Failed)];
    let passing = ["test_same", "test_none", "test_way", "test_wrong"]
        .map(|name| asked(name, TestOutcome::Passed));
    let executed = |name: &str, function: &str| TouchedTest {
        test: Some(id(name)),
        files: vec![TouchedFile {
            path: "src/m.py".to_owned(),
            functions: vec![(function.to_owned(), 1)],
            lines: vec![1],
        }],
    };
    let executed = [
        executed("test_same", "add"),
        executed("test_none", "add"),
        executed("test_way", "add"),
        executed("test_wrong", "add"),
        executed("test_other", "other"),
    ];
    let ask = TraceAsk {
        telling: &telling,
        passing: &passing,
        executed: &executed,
        most,
        events: 100,
        toolchains: &Toolchains::default(),
    };
    let run = |input: &ExecuteInput<'_>| follow_unit(input, ask);
    story.with_input(&sandbox(), environments, &|_| {}, run).unwrap()
}

#[test]
fn a_test_is_followed_where_it_does_what_it_did_and_twice_the_same() {
    let followed = follow(&story(), &ToyEnvironments, 10).unwrap();
    let functions: Vec<&str> = followed.functions.iter().map(|one| &one.name[..]).collect();
    assert_eq!((functions, followed.python.as_str()), (vec!["add"], "3.12"));
    let told: Vec<String> = followed
        .tests
        .iter()
        .map(|test| {
            let word = |state: &Result<_, Untraced>| {
                state.as_ref().map_or_else(|why| why.as_str(), |_| "traced")
            };
            format!("{}: {} {}", test.id, word(&test.before), word(&test.after))
        })
        .collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    tests/test_m.py::test_add: traced traced
    tests/test_m.py::test_same: traced traced
    tests/test_m.py::test_none: not_called not_called
    tests/test_m.py::test_way: nondeterministic nondeterministic
    tests/test_m.py::test_wrong: other_outcome other_outcome
    ");
    let traced = followed.tests[0].after.as_ref().unwrap();
    let Some(TraceEvent::Call { set, .. }) = traced.trace.events.first() else { panic!() };
    assert!(set["a"].is_unknown() && set["b"].as_str() == "1", "{set:?}");
    assert_eq!(traced.trace.dropped_values, 1);
    let versions = &followed.files.values().next().unwrap();
    assert_eq!((versions.before.as_str(), versions.after.as_str()), (BEFORE, AFTER));
}

#[test]
fn no_more_tests_are_followed_than_asked_for() {
    let followed = follow(&story(), &ToyEnvironments, 1).unwrap();
    assert_eq!(followed.tests.len(), 2);
}

/// Environments of an interpreter that cannot be followed.
struct OldEnvironments;

impl Environments for OldEnvironments {
    fn provide(
        &self,
        unit: &ChangeUnit,
        files: &[String],
        base: &Layer,
    ) -> Result<Provided, ExecuteError> {
        let Provided::Ready { environment, .. } = ToyEnvironments.provide(unit, files, base)?
        else {
            panic!("the toy environment is ready");
        };
        let recipe = EnvironmentRecipe { toolchain: "python3.9".to_owned(), ..toy_recipe() };
        Ok(Provided::Ready { recipe: Box::new(recipe), environment })
    }
}

#[test]
fn what_cannot_be_followed_says_why() {
    let why = follow(&story(), &OldEnvironments, 10).unwrap_err();
    assert_eq!(why.to_string(), "Python 3.9 cannot be followed, only 3.11 and later");
    let constant = Story::new(&[("src/m.py", "X = 1\n"), ("tests/test_m.py", TESTS)])
        .then(&[("src/m.py", "X = 2\n"), ("tests/test_m.py", TESTS)]);
    assert_eq!(follow(&constant, &ToyEnvironments, 10), Err(NotFollowed::NoFunction));
}
