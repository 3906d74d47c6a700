//! Is a forged verdict seen, and by which channel?
//!
//! In: small projects below `tests/forgery`, each with a test that is wrong and code
//! that makes it look right. They run here without a sandbox, with whatever Python
//! and pytest are at hand; without them the test is skipped and says so.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};
use std::process::Command;

use backstory_exec::report::ParsedReport;
use backstory_exec::report::canary::{Canaries, CanaryPlace, canaries};
use backstory_exec::report::python;
use backstory_model::{TestId, TestOutcome, TestRunner};
use backstory_store::fs;

const VICTIM: &str = "test_victim.py::test_wrong";

/// A Python of 3.8 or later that has pytest.
pub struct Interpreter {
    path: PathBuf,
    _made: Option<tempfile::TempDir>,
}

/// Returns the one that `BACKSTORY_TEST_PYTHON` names, else `python3`, else one made
/// of what uv has in its cache.
pub fn python_with_pytest() -> Option<Interpreter> {
    python_since(8)
}

/// Returns one of this minor version of Python 3 or later.
#[expect(clippy::disallowed_methods, reason = "a test is told which interpreter to use")]
pub fn python_since(minor: u32) -> Option<Interpreter> {
    let named = std::env::var("BACKSTORY_TEST_PYTHON").unwrap_or_else(|_| "python3".to_owned());
    let ask = "import sys, pytest; assert sys.version_info >= (3, MINOR); print(sys.executable)";
    let ask = ask.replace("MINOR", &minor.to_string());
    let ask = ask.as_str();
    if let Some(path) = said(Command::new(named).args(["-c", ask])) {
        return Some(Interpreter { path: PathBuf::from(path.trim()), _made: None });
    }
    let made = tempfile::tempdir().unwrap();
    let path = made.path().join("bin/python");
    let mut venv = Command::new("uv");
    venv.args(["venv", "--quiet", "--offline", "--allow-existing"]).arg(made.path());
    venv.args(["--python", &format!(">=3.{minor}")]);
    let mut install = Command::new("uv");
    install.args(["pip", "install", "--quiet", "--offline", "pytest", "--python"]).arg(&path);
    said(&mut venv)?;
    said(&mut install)?;
    said(Command::new(&path).args(["-c", ask]))?;
    Some(Interpreter { path, _made: Some(made) })
}

/// Says whether an interpreter tells tools what happens in it.
fn has_monitoring(python: &Interpreter) -> bool {
    said(Command::new(&python.path).args(["-c", "import sys; sys.monitoring"])).is_some()
}

/// Returns what a command prints when it succeeds.
fn said(command: &mut Command) -> Option<String> {
    let out = command.output().ok()?;
    out.status.success().then(|| String::from_utf8_lossy(&out.stdout).into_owned())
}

/// What one run said on every channel.
pub struct Run {
    pub status: i32,
    pub output: String,
    pub report: ParsedReport,
    pub touched: python::ParsedTouch,
}

/// Runs the files of a folder with our reporter and tracer.
pub fn run(
    python: &Interpreter,
    folder: &Path,
    arguments: &[&str],
    variables: &[(&str, &str)],
) -> Run {
    let assets = Path::new(env!("CARGO_MANIFEST_DIR")).join("assets/python");
    let reports = tempfile::tempdir().unwrap();
    let [report, touched] = ["report", "touched"].map(|name| reports.path().join(name));
    let out = Command::new(&python.path)
        .args(["-m", "pytest", "-p", "backstory_reporter", "-o", "addopts="])
        .args(["-p", "no:cacheprovider", "--continue-on-collection-errors"])
        .args(arguments)
        .current_dir(folder)
        .env_clear()
        .env("PYTHONPATH", format!("{}:{}", assets.display(), folder.display()))
        .envs([("PYTHONDONTWRITEBYTECODE", "1"), ("PYTHONHASHSEED", "0"), ("COLUMNS", "80")])
        .envs([("BACKSTORY_REPORT", &report), ("BACKSTORY_TOUCHED", &touched)])
        .env("BACKSTORY_ROOT", folder)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    Run {
        status: out.status.code().unwrap(),
        output: String::from_utf8_lossy(&out.stdout).into_owned(),
        report: python::parse(&fs::read_file(&report).unwrap()),
        touched: python::parse_touched(&fs::read_file(&touched).unwrap_or_default()),
    }
}

/// Copies the plain files of a folder.
pub fn copied(from: &Path) -> tempfile::TempDir {
    let to = tempfile::tempdir().unwrap();
    for path in fs::entries(from).unwrap() {
        if path.is_file() {
            let name = path.file_name().unwrap();
            fs::write_file(&to.path().join(name), &fs::read_file(&path).unwrap()).unwrap();
        }
    }
    to
}

impl Run {
    fn outcome(&self, test: &str) -> TestOutcome {
        self.report.report.outcome(&TestId::new(test))
    }

    /// The readings of others that take the wrong test for a right one.
    fn fooled(&self) -> Vec<&'static str> {
        let mut fooled = Vec::new();
        if self.output.contains(&format!("{VICTIM} PASSED")) {
            fooled.push("output");
        }
        if self.status == 0 {
            fooled.push("status");
        }
        if self.outcome(VICTIM).is_pass() {
            fooled.push("report");
        }
        fooled
    }

    /// The channels that say that something is wrong.
    fn objections(&self, planted: &Canaries) -> Vec<&'static str> {
        let report = &self.report.report;
        let good = report.broken_modules.is_empty()
            && report.results.iter().all(|result| !result.outcome.is_failure());
        let agree = report.complete && report.status == Some(self.status);
        let canaries = [(&planted.passes, true), (&planted.fails, false)];
        let checks = [
            ("report and status", agree && good == (self.status == 0)),
            ("lines of the report", self.report.faults.is_empty()),
            ("canary", canaries.iter().all(|(id, pass)| report.outcome(id).is_pass() == *pass)),
            (
                "touched lines",
                python::spoofed(TestRunner::Pytest, report, &self.touched.tests).is_empty(),
            ),
        ];
        checks.into_iter().filter(|(_, holds)| !holds).map(|(name, _)| name).collect()
    }
}

#[test]
fn every_forged_verdict_is_seen() {
    let Some(python) = python_with_pytest() else {
        eprintln!("skipped: no Python 3.8 or later with pytest is at hand");
        return;
    };
    let projects = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forgery");
    let mut table = String::new();
    for project in fs::entries(&projects).unwrap() {
        let folder = copied(&project);
        let beside = "test_victim.py";
        let place = CanaryPlace { runner: TestRunner::Pytest, beside, text: "", package: "" };
        let planted = canaries(&place, 3);
        fs::write_file(&folder.path().join(&planted.path), planted.text.as_bytes()).unwrap();

        let run = run(&python, folder.path(), &[&planted.path, beside], &[]);
        let (fooled, objections) = (run.fooled(), run.objections(&planted));
        let name = project.file_name().unwrap().to_str().unwrap();
        // With the checks off, each of them passes for somebody.
        assert_eq!(fooled.is_empty(), name == "honest", "{name} forges nothing");
        assert!(!run.outcome(VICTIM).is_pass() || !objections.is_empty(), "{name} is believed");
        let [fooled, seen] = [fooled, objections].map(|words| match words.len() {
            0 => "nobody".to_owned(),
            _ => words.join(", "),
        });
        writeln!(table, "{name}: fools {fooled}; seen by {seen}").unwrap();
    }
    // From Python 3.12 on the reporter sees that an exception was swallowed.
    let seen = if has_monitoring(&python) { "lines of the report, canary" } else { "canary" };
    let own = format!("conftest_swallows: fools status, report; seen by {seen}\n");
    assert!(table.contains(&own), "{table}");
    insta::assert_snapshot!(table.replace(&own, ""), @"
    atexit_rewrites: fools status, report; seen by canary
    conftest_outcome: fools status, report; seen by lines of the report, canary
    conftest_skips_bodies: fools status, report; seen by canary, touched lines
    honest: fools nobody; seen by nobody
    os_exit: fools status; seen by report and status
    prints_passed: fools output; seen by nobody
    rewrites_report: fools status, report; seen by canary, touched lines
    sitecustomize: fools status, report; seen by canary, touched lines
    ");
}

/// Hooks that let one test pass and leave the planted ones alone.
const FORGED_ALONE: [(&str, &str); 2] = [
    (
        "the call is answered",
        "import pytest\n\n\n@pytest.hookimpl(tryfirst=True)\n\
         def pytest_pyfunc_call(pyfuncitem):\n    \
         if pyfuncitem.name == 'test_wrong':\n        \
         try:\n            pyfuncitem.obj()\n        \
         except Exception:\n            pass\n        return True\n",
    ),
    (
        "the function is replaced",
        "def pytest_collection_modifyitems(items):\n    \
         for item in items:\n        \
         if item.name == 'test_wrong':\n            item.obj = quiet(item.obj)\n\n\n\
         def quiet(test):\n    \
         def call():\n        \
         try:\n            test()\n        except Exception:\n            pass\n    return call\n",
    ),
];

#[test]
fn a_verdict_forged_for_one_test_alone_is_seen() {
    let Some(python) = python_since(12) else {
        eprintln!("skipped: no Python 3.12 or later with pytest is at hand");
        return;
    };
    let honest = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/forgery/honest");
    for (name, conftest) in FORGED_ALONE {
        let folder = copied(&honest);
        fs::write_file(&folder.path().join("conftest.py"), conftest.as_bytes()).unwrap();
        let run = run(&python, folder.path(), &["test_victim.py"], &[]);
        assert_eq!(run.status, 0, "{name}: {}", run.output);
        assert!(run.outcome(VICTIM).is_pass(), "{name}");
        assert!(!run.report.faults.is_empty(), "{name} is believed");
    }
}

#[test]
fn what_a_test_or_its_decorator_catches_is_no_forgery() {
    let Some(python) = python_since(12) else {
        eprintln!("skipped: no Python 3.12 or later with pytest is at hand");
        return;
    };
    let folder = tempfile::tempdir().unwrap();
    let text = "import functools\nimport unittest\n\nimport pytest\n\n\n\
        def raises(test):\n    @functools.wraps(test)\n    def caught(*arguments):\n        \
        with pytest.raises(ValueError):\n            test(*arguments)\n    return caught\n\n\n\
        @raises\ndef test_decorated():\n    raise ValueError\n\n\n\
        def test_inside():\n    with pytest.raises(ValueError):\n        raise ValueError\n\n\n\
        @pytest.mark.parametrize('x', [1, 2])\ndef test_many(x):\n    assert x\n\n\n\
        class TestOld(unittest.TestCase):\n    @unittest.expectedFailure\n    \
        def test_known(self):\n        self.fail()\n";
    fs::write_file(&folder.path().join("test_fine.py"), text.as_bytes()).unwrap();
    let run = run(&python, folder.path(), &["test_fine.py"], &[]);
    assert_eq!((run.status, run.report.faults), (0, Vec::new()), "{}", run.output);
}
