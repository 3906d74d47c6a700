//! Does a Go module go the whole way: run, judged, exported, graded?
//!
//! In: a made-up module without dependencies. Needs `go` and a sandbox; without
//! one of them the test says so and ends.

use std::fmt::Write as _;

use backstory_model::{TaskInstance, UnitExecution};
use backstory_testkit::{Layout, RepoBuilder, TestContext, Transcript, tool_variables};

use crate::sample::context;

const MODULE: &str = "module example.com/tally\n\ngo 1.20\n";

const WRONG: &str = "// Package tally adds up.
package tally

// Mean returns the mean of some numbers.
func Mean(numbers []int) int {
\tsum := 0
\tfor _, number := range numbers {
\t\tsum += number
\t}
\treturn sum / len(numbers)
}
";

const OLD_TESTS: &str = "package tally

import \"testing\"

func TestMean(t *testing.T) {
\tfor name, numbers := range map[string][]int{
\t\t\"one number\": {4},
\t} {
\t\tt.Run(name, func(t *testing.T) { mustBe(t, numbers, 4) })
\t}
}

func mustBe(t *testing.T, numbers []int, want int) {
\tif got := Mean(numbers); got != want {
\t\tt.Errorf(\"got %d, want %d\", got, want)
\t}
}
";

const CLOCK: &str = "// Package clock tells time.
package clock

// Hours returns whole hours.
func Hours(seconds int) int { return seconds / 3600 }
";

const CLOCK_TESTS: &str = "package clock

import \"testing\"

func TestHours(t *testing.T) {
\tif Hours(7200) != 2 {
\t\tt.Fatal(\"two hours\")
\t}
}

func TestMinutes(t *testing.T) {
\tif Minutes(120) != 2 {
\t\tt.Fatal(\"two minutes\")
\t}
}
";

/// A mean that divides by zero, and a function that tests of another package miss.
fn history() -> RepoBuilder {
    let mut repo = RepoBuilder::new("acme/tally");
    let hours = CLOCK_TESTS.split_once("\nfunc TestMinutes").unwrap().0;
    repo.commit(
        "Start",
        [
            ("go.mod", MODULE),
            ("tally.go", WRONG),
            ("tally_test.go", OLD_TESTS),
            ("clock/clock.go", CLOCK),
            ("clock/clock_test.go", hours),
        ],
    );
    let mean =
        WRONG.replace("\tsum := 0\n", "\tif len(numbers) == 0 {\n\t\treturn 0\n\t}\n\tsum := 0\n");
    let minutes = format!(
        "{CLOCK}\n// Minutes returns whole minutes.\nfunc Minutes(seconds int) int {{ return seconds / 60 }}\n"
    );
    let tests = OLD_TESTS.replace("\t\t\"one number\": {4},\n", "\t\t\"one number\": {4},\n\t\t\"two numbers\": {3, 5},\n")
        .replace(
            "func mustBe(",
            "func TestMeanOfNothing(t *testing.T) {\n\tt.Run(\"an empty list\", func(t *testing.T) { mustBe(t, nil, 0) })\n\tt.Run(\"full\", func(t *testing.T) { mustBe(t, []int{1}, 1) })\n}\n\nfunc mustBe(",
        );
    repo.commit(
        "Accept an empty list (#2)",
        [
            ("tally.go", mean.as_str()),
            ("tally_test.go", &tests),
            ("clock/clock.go", &minutes),
            ("clock/clock_test.go", CLOCK_TESTS),
        ],
    );
    repo
}

/// A folder and the tools of this machine.
struct Bench {
    context: TestContext,
}

impl Bench {
    /// Runs the program with the tools of this machine.
    fn run(&self, arguments: &[&str]) -> Transcript {
        let mut run = self.context.backstory(arguments.iter().copied());
        run = run.env("BACKSTORY_CACHE", self.context.path("cache"));
        for (name, place) in tool_variables() {
            run = run.env(name, place);
        }
        run.run()
    }

    /// Says what this machine lacks, if something.
    fn missing(&self) -> Option<String> {
        let doctor = self.run(&["doctor"]).stdout;
        let says = |what: &str| doctor.lines().find(|line| line[2..].starts_with(what));
        let sandbox = says("sandbox").unwrap_or_default();
        if sandbox.starts_with('!') {
            return Some(sandbox.to_owned());
        }
        (!doctor.contains(" Go ")).then(|| "no `go` on this machine".to_owned())
    }

    fn executed(&self) -> UnitExecution {
        let said = self.run(&["show", "run", "acme__tally-2", "--execution"]);
        serde_json::from_str(&said.stdout).unwrap()
    }

    /// Returns true when a log says of every test of the instance that it passed.
    fn resolved(&self, instance: &TaskInstance, log: &str) -> bool {
        let text = self.context.read(&format!("logs/acme__tally-2/{log}.log"));
        let (_, marked) = text.split_once(">>>>> Start Test Output\n").unwrap();
        let told: Vec<&str> = marked.lines().collect();
        let fail_to_pass = instance.fail_to_pass.iter().map(|test| &test.id);
        let mut wanted = fail_to_pass.chain(&instance.pass_to_pass);
        wanted.all(|id| told.contains(&format!("[PASSED] {id}").as_str()))
    }
}

fn one_a_line(execution: &UnitExecution) -> String {
    let mut text = format!("{:?}\n", execution.outcome);
    for gate in execution.gates.iter().filter(|gate| !gate.passed) {
        writeln!(text, "gate {}: {}", gate.gate.as_str(), gate.detail).unwrap();
    }
    for test in &execution.tests {
        let origin = test.origin.map_or("-".to_owned(), |origin| format!("{origin:?}"));
        let (before, after) = (test.before.as_str(), test.after.as_str());
        writeln!(text, "{}: {before} > {after}, {origin}", test.id).unwrap();
    }
    text
}

#[test]
fn a_go_module_is_run_judged_exported_and_graded() {
    let bench = Bench { context: context() };
    if let Some(missing) = bench.missing() {
        eprintln!("skipped: {missing}");
        return;
    }
    history().write(&bench.context.path("acme+tally"), Layout::BareWithoutConfig);
    let few = ["--execute", "--repeats", "2", "--mutants", "2"];
    bench.run(&[&["build", "acme+tally", "-o", "run"], &few[..]].concat());
    let execution = bench.executed();
    insta::assert_snapshot!(one_a_line(&execution));
    let audited = bench.run(&["audit", "run"]);
    assert_eq!(audited.exit_code, Some(0), "{audited}");

    bench.run(&["export", "run", "--to", "swe-bench,harbor", "-o", "out"]);
    bench.run(&["execute", "run", "--grade", "out", "-o", "logs"]);
    let instance = execution.instance.unwrap();
    let resolved = ["gold", "none", "reverted", "mutant"].map(|log| bench.resolved(&instance, log));
    assert_eq!(resolved, [true, false, false, false]);
}
