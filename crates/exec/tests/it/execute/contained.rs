//! Does a real unit become an instance in the real sandbox?
//!
//! Needs bubblewrap and the system's Python; without them it is skipped and says so.

use std::collections::BTreeMap;
use std::path::PathBuf;

use backstory_exec::checkout::Layer;
use backstory_exec::environment::Environment;
use backstory_exec::execute::{Environments, ExecuteError, Provided};
use backstory_exec::sandbox::{BubblewrapSandbox, RlimitSandbox, SandboxOptions};
use backstory_model::{
    Access, ChangeUnit, ContainmentLevel, EnvironmentRecipe, Sha256, TestRunner, TouchedTest,
};

use super::story::{Story, toy_recipe};

/// The Python of the system and unittest.
struct SystemPython {
    root: tempfile::TempDir,
}

impl SystemPython {
    fn find() -> Option<Self> {
        let python = PathBuf::from("/usr/bin/python3");
        if !python.is_file() {
            return None;
        }
        let root = tempfile::tempdir().unwrap();
        let programs = root.path().join("bin");
        backstory_store::fs::create_dirs(&programs).unwrap();
        std::os::unix::fs::symlink(python, programs.join("python")).unwrap();
        Some(Self { root })
    }
}

impl Environments for SystemPython {
    fn provide(&self, _: &ChangeUnit, _: &[String], _: &Layer) -> Result<Provided, ExecuteError> {
        let variables = BTreeMap::from([("PATH".to_owned(), "/env/bin:/usr/bin:/bin".to_owned())]);
        let recipe = EnvironmentRecipe { runner: TestRunner::Unittest, variables, ..toy_recipe() };
        let environment = Environment {
            key: Sha256::from_digest(&[7; 32]),
            root: self.root.path().to_owned(),
            products: None,
            toolchain: Vec::new(),
            variables: recipe.variables.clone(),
            lock: Vec::new(),
            log: Vec::new(),
            access: Access::ReadOnly,
        };
        Ok(Provided::Ready { recipe: Box::new(recipe), environment: Box::new(environment) })
    }
}

const OLD_TESTS: &str = "\
import unittest

from calc import add


class TestAdd(unittest.TestCase):
    def test_zero(self):
        self.assertEqual(add(0, 0), 0)
";

fn story() -> Story {
    let new =
        format!("{OLD_TESTS}\n    def test_sum(self):\n        self.assertEqual(add(1, 2), 3)\n");
    Story::new(&[
        ("calc.py", "def add(a, b):\n    return a - b\n"),
        ("tests/__init__.py", ""),
        ("tests/test_calc.py", OLD_TESTS),
    ])
    .then(&[("calc.py", "def add(a, b):\n    return a + b\n"), ("tests/test_calc.py", &new)])
}

#[test]
fn a_real_unit_becomes_an_instance() {
    let Some(environments) = SystemPython::find() else {
        eprintln!("skipped: the system has no Python");
        return;
    };
    let program = PathBuf::from(env!("CARGO_BIN_EXE_backstory-sandbox-stage"));
    let sandbox = match BubblewrapSandbox::probe(SandboxOptions::new(program, &[])) {
        Ok(sandbox) => sandbox,
        Err(error) => {
            eprintln!("skipped: {error}");
            return;
        }
    };
    let told = story().execute_with(&sandbox, &environments).unwrap();
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
    mutant/1/file/1: 1 of 2 pass; stable
    ");
    insta::assert_snapshot!(told.verdict(), @"
    outcome: Confirmed
    tests.test_calc.TestAdd.test_sum: not_run > failed > passed (New)
    tests.test_calc.TestAdd.test_zero: passed > passed > passed
    mutant 1 KeepRemovedLine: FailToPassFails
    ");
    let head = &told.executed.execution.executions[0];
    let touched = &told.executed.blobs[head.touched.as_ref().unwrap()];
    let touched: Vec<TouchedTest> = serde_json::from_slice(touched).unwrap();
    insta::assert_json_snapshot!(touched.last(), @r#"
    {
      "test": "tests.test_calc.TestAdd.test_zero",
      "files": [
        {
          "path": "tests/test_calc.py",
          "functions": [
            [
              "TestAdd.test_zero",
              7
            ]
          ],
          "lines": [
            8
          ]
        },
        {
          "path": "calc.py",
          "functions": [
            [
              "add",
              1
            ]
          ],
          "lines": [
            2
          ]
        }
      ]
    }
    "#);
    let seconds = told.executed.usage;
    assert!(seconds.cpu_seconds > 0.0);
    eprintln!("cpu {:.2} overhead {:.2}", seconds.cpu_seconds, seconds.overhead_seconds);
}

/// Asks for the level by name, so that it runs wherever there is a Python.
#[test]
fn a_unit_without_namespaces_shows_the_same_and_is_not_confirmed() {
    let Some(environments) = SystemPython::find() else {
        eprintln!("skipped: the system has no Python");
        return;
    };
    let place = tempfile::tempdir().unwrap();
    let program = PathBuf::from(env!("CARGO_BIN_EXE_backstory-sandbox-stage"));
    let options = SandboxOptions::new(program, &[]);
    let sandbox = RlimitSandbox::probe(options, place.path(), Vec::new()).unwrap();
    let told = story().execute_with(&sandbox, &environments).unwrap();
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
    ");
    insta::assert_snapshot!(told.verdict(), @r#"
    outcome: GateFailed { gate: "network_off" }
    tests.test_calc.TestAdd.test_sum: not_run > failed > passed (New)
    tests.test_calc.TestAdd.test_zero: passed > passed > passed
    gate network_off: `head/file/1`: at level `rlimit` the network stays on, and the host can be read
    "#);
    let unit = &told.executed.execution;
    assert!(unit.executions.iter().all(|run| run.containment == ContainmentLevel::Rlimit));
    assert!(unit.instance.is_none());
    let touched = &told.executed.blobs[unit.executions[0].touched.as_ref().unwrap()];
    let touched: Vec<TouchedTest> = serde_json::from_slice(touched).unwrap();
    assert_eq!(touched.last().unwrap().files[1].path, "calc.py");
    let host = [place.path(), environments.root.path()].map(|path| path.display().to_string());
    for text in told.executed.blobs.values() {
        let text = String::from_utf8_lossy(text);
        assert!(host.iter().all(|path| !text.contains(path)), "{text}");
    }
}
