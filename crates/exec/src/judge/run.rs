//! What is one run of tests worth?
//!
//! In: the report, the exit status and the cause of death. Out: the report
//! with an outcome for every test a limit cut off, and the verdict of the run.

use backstory_model::{Ending, RunVerdict, TestId, TestOutcome, TestReport};

use crate::report::ParsedReport;

/// What the channels of one run say.
#[derive(Clone, Copy, Debug)]
pub struct RunFacts<'a> {
    /// The structured channel.
    pub parsed: &'a ParsedReport,
    /// How the run ended.
    pub ending: &'a Ending,
    /// The exit status of the command.
    pub status: Option<i32>,
    /// Tests that are said to have passed and executed no line of their file.
    pub spoofed: &'a [TestId],
}

/// What a run is worth.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct JudgedRun {
    /// The report, with the outcomes of tests that a limit cut off. What no
    /// reporter writes makes it one without a closing line.
    pub report: TestReport,
    /// The agreement of the channels.
    pub verdict: RunVerdict,
    /// Why, when they do not agree.
    pub why: Option<String>,
}

/// Compares the channels of one run.
pub fn judge_run(facts: &RunFacts<'_>) -> JudgedRun {
    let report = completed(facts);
    let (verdict, why) = match infra(facts.ending) {
        Some(why) => (RunVerdict::Infra, Some(why)),
        None => match facts.spoofed.first() {
            Some(id) => (RunVerdict::SpoofSuspect, Some(spoof_sentence(id))),
            None => match disagreement(facts, &report) {
                Some(why) => (RunVerdict::Inconclusive, Some(why)),
                None => (RunVerdict::Stable, None),
            },
        },
    };
    JudgedRun { report, verdict, why }
}

fn spoof_sentence(id: &TestId) -> String {
    format!("`{id}` is said to have passed and executed no line of its file")
}

fn completed(facts: &RunFacts<'_>) -> TestReport {
    let mut report = facts.parsed.report.clone();
    report.complete &= facts.parsed.faults.is_empty();
    let Some(outcome) = cut_off(facts.ending) else { return report };
    for result in &mut report.results {
        let began = facts.parsed.running.binary_search(&result.id).is_ok();
        if began && result.outcome == TestOutcome::NotRun {
            result.outcome = outcome;
        }
    }
    report
}

/// Returns what becomes of a test that was running when the run ended so.
fn cut_off(ending: &Ending) -> Option<TestOutcome> {
    match ending {
        Ending::TimeLimit | Ending::CpuLimit => Some(TestOutcome::TimedOut),
        Ending::MemoryLimit { .. } => Some(TestOutcome::OutOfMemory),
        Ending::Exited { .. }
        | Ending::Signaled { .. }
        | Ending::ProcessLimit { .. }
        | Ending::OutputLimit
        | Ending::DiskLimit { .. }
        | Ending::Broken { .. }
        | Ending::Canceled => None,
    }
}

fn infra(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Broken { what } => Some(what.clone()),
        Ending::Canceled => Some("the run was stopped".to_owned()),
        Ending::Exited { .. }
        | Ending::Signaled { .. }
        | Ending::TimeLimit
        | Ending::CpuLimit
        | Ending::MemoryLimit { .. }
        | Ending::ProcessLimit { .. }
        | Ending::OutputLimit
        | Ending::DiskLimit { .. } => None,
    }
}

/// Returns why a run was ended from outside.
fn ended_from_outside(ending: &Ending) -> Option<String> {
    match ending {
        Ending::Exited { .. } => None,
        Ending::Signaled { signal } => Some(format!("signal {signal} ended the run")),
        Ending::TimeLimit => Some("the time limit ended the run".to_owned()),
        Ending::CpuLimit => Some("the limit of CPU time ended the run".to_owned()),
        Ending::MemoryLimit { .. } => Some("the memory limit ended the run".to_owned()),
        Ending::ProcessLimit { .. } => Some("the limit of processes was met".to_owned()),
        Ending::OutputLimit => Some("the limit of output ended the run".to_owned()),
        Ending::DiskLimit { .. } => Some("the limit of disk space was met".to_owned()),
        Ending::Broken { what } => Some(what.clone()),
        Ending::Canceled => Some("the run was stopped".to_owned()),
    }
}

fn disagreement(facts: &RunFacts<'_>, report: &TestReport) -> Option<String> {
    if let Some(why) = ended_from_outside(facts.ending) {
        return Some(why);
    }
    if let Some(fault) = facts.parsed.faults.first() {
        return Some(format!("the report holds {fault}"));
    }
    let Some(status) = facts.status else { return Some("the run has no exit status".to_owned()) };
    if !report.complete {
        return Some(format!("the report has no closing line, and the status is {status}"));
    }
    if report.status.is_some_and(|said| said != status) {
        let said = report.status.unwrap_or_default();
        return Some(format!("the report says status {said}, and the run ended with {status}"));
    }
    if report.collected == 0 && report.broken_modules.is_empty() {
        return Some(format!("nothing was collected, and the status is {status}"));
    }
    contradiction(report, status)
}

/// Returns how the status contradicts the outcomes: it is 0 exactly when no
/// test failed and no module is broken, and every collected test has an
/// outcome unless a broken module stopped the run.
fn contradiction(report: &TestReport, status: i32) -> Option<String> {
    let failed = report.results.iter().filter(|result| result.outcome.is_failure()).count();
    let broken = report.broken_modules.len();
    if (status == 0) != (failed == 0 && broken == 0) {
        return Some(format!(
            "the status is {status}, and {failed} tests failed and {broken} modules are broken"
        ));
    }
    let without = report.results.iter().filter(|r| r.outcome == TestOutcome::NotRun).count();
    (broken == 0 && without > 0).then(|| format!("{without} collected tests have no outcome"))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(outcomes: &[(&str, TestOutcome)], status: i32) -> ParsedReport {
        let outcomes = outcomes.iter().map(|(id, outcome)| (TestId::new(*id), *outcome));
        let report = TestReport {
            complete: true,
            status: Some(status),
            ..TestReport::from_outcomes(outcomes)
        };
        ParsedReport { report, ..ParsedReport::default() }
    }

    fn judged(parsed: &ParsedReport, ending: &Ending, status: Option<i32>) -> (RunVerdict, String) {
        let run = judge_run(&RunFacts { parsed, ending, status, spoofed: &[] });
        (run.verdict, run.why.unwrap_or_default())
    }

    fn exited(parsed: &ParsedReport, status: i32) -> (RunVerdict, String) {
        judged(parsed, &Ending::Exited { status }, Some(status))
    }

    #[test]
    fn channels_that_agree_are_stable() {
        let green = parsed(&[("a", TestOutcome::Passed), ("b", TestOutcome::Skipped)], 0);
        assert_eq!(exited(&green, 0).0, RunVerdict::Stable);
        let red = parsed(&[("a", TestOutcome::Failed)], 1);
        assert_eq!(exited(&red, 1).0, RunVerdict::Stable);
    }

    #[test]
    fn each_disagreement_has_its_sentence() {
        let green = parsed(&[("a", TestOutcome::Passed)], 0);
        let mut cut = green.clone();
        cut.report.complete = false;
        let nothing = parsed(&[], 5);
        let lying = parsed(&[("a", TestOutcome::Failed)], 0);
        let unrun = parsed(&[("a", TestOutcome::Passed), ("b", TestOutcome::NotRun)], 0);
        let mut forged = green.clone();
        forged.faults.push("lines after the closing line".to_owned());
        let said = [
            exited(&cut, 0),
            exited(&green, 1),
            exited(&nothing, 5),
            exited(&lying, 0),
            exited(&unrun, 0),
            exited(&forged, 0),
            judged(&green, &Ending::Signaled { signal: 11 }, None),
        ];
        assert!(said.iter().all(|(verdict, _)| *verdict == RunVerdict::Inconclusive));
        let sentences: Vec<&str> = said.iter().map(|(_, why)| why.as_str()).collect();
        insta::assert_snapshot!(sentences.join("\n"), @"
        the report has no closing line, and the status is 0
        the report says status 0, and the run ended with 1
        nothing was collected, and the status is 5
        the status is 0, and 1 tests failed and 0 modules are broken
        1 collected tests have no outcome
        the report holds lines after the closing line
        signal 11 ended the run
        ");
    }

    #[test]
    fn a_test_that_ran_when_time_was_over_timed_out_and_the_next_did_not_run() {
        let mut cut = parsed(
            &[("a", TestOutcome::Passed), ("b", TestOutcome::NotRun), ("c", TestOutcome::NotRun)],
            0,
        );
        cut.report.complete = false;
        cut.running = vec![TestId::new("b")];
        let facts =
            RunFacts { parsed: &cut, ending: &Ending::TimeLimit, status: None, spoofed: &[] };
        let run = judge_run(&facts);
        let outcomes: Vec<TestOutcome> = run.report.results.iter().map(|r| r.outcome).collect();
        assert_eq!(outcomes, [TestOutcome::Passed, TestOutcome::TimedOut, TestOutcome::NotRun]);
        assert_eq!(run.verdict, RunVerdict::Inconclusive);
    }

    #[test]
    fn infra_wins_over_a_spoof_and_a_spoof_over_agreement() {
        let green = parsed(&[("a", TestOutcome::Passed)], 0);
        let spoofed = [TestId::new("a")];
        let broken = Ending::Broken { what: "the first process was killed".to_owned() };
        let judge = |ending: &Ending| {
            judge_run(&RunFacts { parsed: &green, ending, status: Some(0), spoofed: &spoofed })
                .verdict
        };
        assert_eq!(judge(&broken), RunVerdict::Infra);
        assert_eq!(judge(&Ending::Exited { status: 0 }), RunVerdict::SpoofSuspect);
    }
}
