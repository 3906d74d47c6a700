//! Which command runs these tests, and how would a developer type it?
//!
//! In: the runner, the test files (packages for Go), the order. Out: the command
//! that is run, with our reporter, and the one that is shown to readers. Paths
//! are those inside the sandbox, as `docs/execution.md` has them.

use std::collections::BTreeMap;

use backstory_model::{RunOrder, TestId, TestRunner};

use super::id;

/// Where a reporter of ours writes, and its variable.
const REPORT: &str = "/report/report.ndjson";

/// More bytes of ids than this are given in a file instead of as arguments.
const MOST_ARGUMENT_BYTES: usize = 64 << 10;

/// The file with the selected tests: one JSON string a line.
pub const SELECTED: &str = "selected.ndjson";

/// One run of tests.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct TestCommand {
    /// As a developer would type it.
    pub shown: Vec<String>,
    /// As it is run, with the reporter.
    pub run: Vec<String>,
    /// What the reporter reads from the environment.
    pub variables: BTreeMap<String, String>,
    /// Files to lay into the report folder before it starts, by name.
    pub inputs: BTreeMap<String, Vec<u8>>,
}

/// Returns true when a runner can run tests in a random order by seed.
///
/// cargo-nextest gives each test a process, so that their order shows nothing;
/// the runner of Node sorts the files it is given.
pub fn can_shuffle(runner: TestRunner) -> bool {
    match runner {
        TestRunner::Pytest
        | TestRunner::Unittest
        | TestRunner::Jest
        | TestRunner::Vitest
        | TestRunner::Mocha
        | TestRunner::GoTest => true,
        TestRunner::Nextest | TestRunner::NodeTest => false,
    }
}

/// Returns the command that runs the tests of these files in this order.
///
/// No files stand for all tests. For [`RunOrder::Selected`] the files are those of
/// the ids. A random order that the runner does not offer is its own order.
pub fn command(runner: TestRunner, files: &[String], order: &RunOrder) -> TestCommand {
    let asked = Asked { files, order };
    let mut command = match runner {
        TestRunner::Pytest => pytest(&asked),
        TestRunner::Unittest => unittest(&asked),
        TestRunner::Nextest => nextest(&asked),
        TestRunner::NodeTest => node(&asked),
        TestRunner::Jest => jest(&asked),
        TestRunner::Vitest => vitest(&asked),
        TestRunner::Mocha => mocha(&asked),
        TestRunner::GoTest => go(&asked),
    };
    command.variables.insert("BACKSTORY_REPORT".to_owned(), REPORT.to_owned());
    command
}

/// Returns the command with which pytest runs these tests, given in a file: a test that is
/// not there is left out, where an argument would end the run.
pub fn pytest_from_file(tests: &[TestId]) -> TestCommand {
    let files = id::files(tests);
    let mut command = command(TestRunner::Pytest, &files, &RunOrder::File);
    command.variables.insert("BACKSTORY_SELECT".to_owned(), format!("/report/{SELECTED}"));
    command.inputs.insert(SELECTED.to_owned(), id::lines(tests));
    command
}

struct Asked<'a> {
    files: &'a [String],
    order: &'a RunOrder,
}

impl Asked<'_> {
    fn selected(&self) -> Option<&[TestId]> {
        match self.order {
            RunOrder::Selected { tests } => Some(tests),
            RunOrder::File | RunOrder::Random { .. } => None,
        }
    }

    fn seed(&self) -> Option<u64> {
        match self.order {
            RunOrder::Random { seed } => Some(*seed),
            RunOrder::File | RunOrder::Selected { .. } => None,
        }
    }

    /// The files asked for, or those that hold the selected tests.
    fn files(&self) -> Vec<String> {
        match self.selected() {
            Some(tests) => id::files(tests),
            None => self.files.to_vec(),
        }
    }

    /// The variables of a reporter that shuffles by itself.
    fn order_variables(&self) -> BTreeMap<String, String> {
        let seed = self.seed().map(|seed| ("BACKSTORY_ORDER_SEED".to_owned(), seed.to_string()));
        seed.into_iter().collect()
    }
}

fn words(text: &str) -> Vec<String> {
    text.split(' ').map(str::to_owned).collect()
}

fn pytest(asked: &Asked) -> TestCommand {
    let mut variables = asked.order_variables();
    let mut inputs = BTreeMap::new();
    let mut run = words(
        "python -m pytest -p backstory_reporter -o addopts= -p no:cacheprovider \
         --continue-on-collection-errors",
    );
    let mut shown = words("pytest");
    let files = asked.files();
    match asked.selected() {
        Some(tests)
            if tests.iter().map(|test| test.as_str().len()).sum::<usize>()
                > MOST_ARGUMENT_BYTES =>
        {
            variables.insert("BACKSTORY_SELECT".to_owned(), format!("/report/{SELECTED}"));
            inputs.insert(SELECTED.to_owned(), id::lines(tests));
            run.extend(files.iter().cloned());
            shown.extend(files);
        }
        Some(tests) => {
            let ids = tests.iter().map(|test| test.as_str().to_owned());
            run.extend(ids.clone());
            shown.extend(ids);
        }
        None => {
            run.extend(files.iter().cloned());
            shown.extend(files);
        }
    }
    TestCommand { shown, run, variables, inputs }
}

fn unittest(asked: &Asked) -> TestCommand {
    let arguments = match asked.selected() {
        Some(tests) => tests.iter().map(|test| test.as_str().to_owned()).collect(),
        None => asked.files.to_vec(),
    };
    let [mut run, mut shown] = ["python -m backstory_unittest", "python -m unittest"].map(words);
    run.extend(arguments.iter().cloned());
    shown.extend(arguments);
    TestCommand { shown, run, variables: asked.order_variables(), ..TestCommand::default() }
}

/// Writes the list, the events, the results and a closing line into the report folder.
const NEXTEST: &str = "\
cargo nextest list --offline --tool-config-file backstory:/backstory/nextest.toml \
--profile backstory --message-format json \"$@\" >/report/list.json && \
cargo nextest run --offline --tool-config-file backstory:/backstory/nextest.toml \
--profile backstory --retries 0 --no-fail-fast --message-format libtest-json-plus \"$@\" \
>/report/libtest.ndjson; status=$?; \
printf '{\"kind\":\"finished\",\"status\":%d}\\n' \"$status\" >/report/finished.ndjson; \
exit \"$status\"";

fn nextest(asked: &Asked) -> TestCommand {
    let mut arguments = words("--workspace");
    if let Some(tests) = asked.selected() {
        arguments.push("-E".to_owned());
        arguments.push(id::nextest_filter(tests));
    }
    let mut shown = words("cargo nextest run");
    shown.extend(arguments.iter().cloned());
    let variables = BTreeMap::from([
        ("NEXTEST_EXPERIMENTAL_LIBTEST_JSON".to_owned(), "1".to_owned()),
        ("RUSTC_WORKSPACE_WRAPPER".to_owned(), "/backstory/rustc_tests".to_owned()),
    ]);
    let run = script(NEXTEST, arguments);
    TestCommand { shown, run, variables, ..TestCommand::default() }
}

fn script(text: &str, arguments: Vec<String>) -> Vec<String> {
    let start = ["/bin/sh", "-c", text, "sh"].map(str::to_owned);
    start.into_iter().chain(arguments).collect()
}

fn node(asked: &Asked) -> TestCommand {
    let mut shown = words("node --test");
    let mut run = words(
        "node --test --test-reporter=spec --test-reporter-destination=stdout \
         --test-reporter=/backstory/backstory_node.mjs --test-reporter-destination=/dev/null",
    );
    if let Some(tests) = asked.selected() {
        let option = format!("--test-name-pattern={}", id::node_pattern(tests));
        shown.push(option.clone());
        run.push(option);
    }
    with_files(shown, run, asked)
}

fn with_files(mut shown: Vec<String>, mut run: Vec<String>, asked: &Asked) -> TestCommand {
    let files = asked.files();
    shown.extend(files.iter().cloned());
    run.extend(files);
    TestCommand { shown, run, ..TestCommand::default() }
}

fn jest(asked: &Asked) -> TestCommand {
    let mut shown = words("npx jest");
    let mut run = words(
        "node_modules/.bin/jest --ci --runInBand --reporters=default \
         --reporters=/backstory/backstory_jest.cjs",
    );
    if let Some(seed) = asked.seed() {
        // Jest takes seeds of 32 bits.
        let seed = u32::try_from(seed & 0x7fff_ffff).unwrap_or_default();
        run.extend(["--randomize".to_owned(), format!("--seed={seed}")]);
    }
    with_pattern(&mut shown, &mut run, asked);
    if !asked.files().is_empty() {
        run.push("--runTestsByPath".to_owned());
    }
    with_files(shown, run, asked)
}

fn with_pattern(shown: &mut Vec<String>, run: &mut Vec<String>, asked: &Asked) {
    if let Some(tests) = asked.selected() {
        for command in [shown, run] {
            command.extend(["-t".to_owned(), id::name_pattern(tests)]);
        }
    }
}

fn vitest(asked: &Asked) -> TestCommand {
    let mut shown = words("npx vitest run");
    let mut run = words(
        "node_modules/.bin/vitest run --reporter=default \
         --reporter=/backstory/backstory_vitest.mjs",
    );
    if let Some(seed) = asked.seed() {
        run.extend(["--sequence.shuffle".to_owned(), format!("--sequence.seed={seed}")]);
    }
    with_pattern(&mut shown, &mut run, asked);
    with_files(shown, run, asked)
}

fn mocha(asked: &Asked) -> TestCommand {
    let mut shown = words("npx mocha");
    let mut run = words(
        "node_modules/.bin/mocha --require /backstory/backstory_mocha.cjs --reporter /backstory/backstory_mocha.cjs --timeout 30000 --exit",
    );
    if let Some(tests) = asked.selected() {
        for command in [&mut shown, &mut run] {
            command.extend(["--grep".to_owned(), id::name_pattern(tests)]);
        }
    }
    let mut variables = asked.order_variables();
    let files = asked.files();
    if !files.is_empty() {
        // Mocha adds the files of the project's configuration to those it is given.
        let listed = serde_json::Value::from(files.clone()).to_string();
        variables.insert("BACKSTORY_FILES".to_owned(), listed);
    }
    shown.extend(files.iter().cloned());
    run.extend(files);
    TestCommand { shown, run, variables, ..TestCommand::default() }
}

/// Keeps the stream of events away from what tests print, and closes it.
const GO: &str = "go test -json -count=1 \"$@\" >/report/go.ndjson; status=$?; \
printf '{\"kind\":\"finished\",\"status\":%d}\\n' \"$status\" >/report/finished.ndjson; \
exit \"$status\"";

fn go(asked: &Asked) -> TestCommand {
    let mut options = Vec::new();
    if let Some(seed) = asked.seed() {
        // Go takes seeds of 63 bits.
        options.push(format!("-shuffle={}", seed & (u64::MAX >> 1)));
    }
    if let Some(tests) = asked.selected() {
        options.push(format!("-run={}", id::go_pattern(tests)));
    }
    let mut packages = asked.files();
    if packages.is_empty() {
        packages.push("./...".to_owned());
    }
    let mut shown = words("go test -v");
    shown.extend(options.iter().chain(&packages).cloned());
    let run = script(GO, options.into_iter().chain(packages).collect());
    TestCommand { shown, run, ..TestCommand::default() }
}
