//! How is an execution told to a person?
//!
//! In: what happened. Out: lines for the terminal; nothing here is stored.

use std::collections::BTreeMap;
use std::fmt::Write as _;

use backstory_exec::execute::{Event, Executed};
use backstory_model::{
    Ending, LimitedBy, MutantVerdict, TestOutcome, TestReport, UnitExecution, Usage,
};

/// How many ids of one kind are listed.
const MOST: usize = 12;

/// Describes one event in a line.
pub(crate) fn line(event: &Event<'_>) -> String {
    match event {
        Event::Provided { recipe } => {
            let as_of = recipe.as_of.as_deref().map(|day| format!(" as of {day}"));
            format!(
                "environment: {} with {}{}",
                recipe.toolchain,
                recipe.runner.as_str(),
                as_of.unwrap_or_default()
            )
        }
        Event::Ran { execution, report, usage } => {
            let why = execution.why.as_deref().map(|why| format!(" ({why})")).unwrap_or_default();
            format!(
                "{:<32} {:<22} {}, {}{why} · {}",
                execution.id.as_str(),
                ending(&execution.ending),
                outcomes(report),
                execution.verdict.as_str(),
                cost(usage)
            )
        }
    }
}

/// Says how a run ended and, where a limit was met, who says so.
pub(crate) fn ending(ending: &Ending) -> String {
    let by = |by: LimitedBy| match by {
        LimitedBy::Cgroup => "control group",
        LimitedBy::Rlimit => "rlimit",
        LimitedBy::Filesystem => "file system",
        LimitedBy::Launcher => "launcher",
    };
    match ending {
        Ending::Exited { status } => format!("exited {status}"),
        Ending::Signaled { signal } => format!("signal {signal}"),
        Ending::TimeLimit => "time limit".to_owned(),
        Ending::CpuLimit => "CPU limit".to_owned(),
        Ending::MemoryLimit { by: who } => format!("memory limit ({})", by(*who)),
        Ending::ProcessLimit { by: who } => format!("process limit ({})", by(*who)),
        Ending::OutputLimit => "output limit".to_owned(),
        Ending::DiskLimit { by: who } => format!("disk limit ({})", by(*who)),
        Ending::Broken { what } => format!("broken: {what}"),
        Ending::Canceled => "canceled".to_owned(),
    }
}

fn outcomes(report: &TestReport) -> String {
    let mut counts: BTreeMap<TestOutcome, usize> = BTreeMap::new();
    for result in &report.results {
        *counts.entry(result.outcome).or_default() += 1;
    }
    if counts.is_empty() {
        return "no tests".to_owned();
    }
    let parts: Vec<String> = counts
        .iter()
        .map(|(outcome, number)| format!("{number} {}", outcome.as_str().replace('_', " ")))
        .collect();
    parts.join(", ")
}

fn cost(usage: &Usage) -> String {
    format!("{:.2} s CPU, {:.3} around it", usage.cpu_seconds, usage.overhead_seconds)
}

/// Describes what came of a unit: outcome, labels, gates, mutants, costs.
pub(crate) fn closing(executed: &Executed) -> String {
    let unit = &executed.execution;
    let mut text = format!("{}: {}\n", unit.unit, unit.outcome.as_str());
    // Writing to a string cannot fail.
    let _ = write_labels(&mut text, unit);
    for gate in unit.gates.iter().filter(|gate| !gate.passed) {
        let _ = writeln!(text, "  gate {} does not hold: {}", gate.gate.as_str(), gate.detail);
    }
    for flaky in unit.flaky.iter().take(MOST) {
        let _ = writeln!(text, "  flaky {}", flaky.id);
    }
    let mutants = unit.mutants.iter().map(|mutant| mutant.verdict);
    text.push_str(&verdicts("mutants", mutants));
    let candidates = unit.candidates.iter().map(|candidate| candidate.verdict);
    text.push_str(&verdicts("candidates", candidates));
    let _ = writeln!(text, "  {} runs, {}", unit.executions.len(), cost(&executed.usage));
    text
}

/// Counts verdicts in a line; empty where nothing was tried.
fn verdicts(what: &str, all: impl Iterator<Item = MutantVerdict>) -> String {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    for verdict in all {
        *counts.entry(verdict.as_str()).or_default() += 1;
    }
    if counts.is_empty() {
        return String::new();
    }
    let parts: Vec<String> =
        counts.iter().map(|(verdict, number)| format!("{number} {verdict}")).collect();
    format!("  {what}: {}\n", parts.join(", "))
}

fn write_labels(text: &mut String, unit: &UnitExecution) -> std::fmt::Result {
    let Some(instance) = &unit.instance else { return Ok(()) };
    for test in instance.fail_to_pass.iter().take(MOST) {
        writeln!(text, "  FAIL_TO_PASS {}", test.id)?;
    }
    let left = instance.fail_to_pass.len().saturating_sub(MOST);
    if left > 0 {
        writeln!(text, "  … and {left} more")?;
    }
    writeln!(text, "  PASS_TO_PASS {} tests", instance.pass_to_pass.len())
}
