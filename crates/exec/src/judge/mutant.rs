//! What do the tests say about a wrong patch?
//!
//! In: the run of a mutant. Out: its verdict, and over all mutants the strength
//! of the tests.

use backstory_model::{MutantVerdict, OracleStrength, RunVerdict, TestId, TestOutcome, TestReport};

/// The run of one mutant.
#[derive(Clone, Copy, Debug)]
pub struct MutantRun<'a> {
    /// What it reported, tests of broken modules included.
    pub report: &'a TestReport,
    /// Its verdict.
    pub verdict: RunVerdict,
}

/// Decides what the tests say about a mutant.
pub fn mutant_verdict(
    run: &MutantRun<'_>,
    fail_to_pass: &[TestId],
    pass_to_pass: &[TestId],
) -> MutantVerdict {
    match run.verdict {
        RunVerdict::Stable => {}
        RunVerdict::Flaky
        | RunVerdict::Inconclusive
        | RunVerdict::SpoofSuspect
        | RunVerdict::Infra => return MutantVerdict::Unresolved,
    }
    if run.report.collected == 0 {
        return MutantVerdict::SuiteBroken;
    }
    let passes = |id: &&TestId| run.report.outcome(id) == TestOutcome::Passed;
    let told = fail_to_pass.iter().filter(passes).count();
    if told == 0 {
        MutantVerdict::FailToPassFails
    } else if told < fail_to_pass.len() {
        MutantVerdict::FailToPassPartly
    } else if pass_to_pass.iter().all(|id| passes(&id)) {
        MutantVerdict::Survives
    } else {
        MutantVerdict::PassToPassBreaks
    }
}

/// Counts the verdicts; `None` when there was no mutant.
pub fn oracle_strength(verdicts: &[MutantVerdict]) -> Option<OracleStrength> {
    let mut strength = OracleStrength::default();
    for verdict in verdicts {
        match verdict.rejects() {
            Some(rejects) => {
                strength.judged += 1;
                strength.rejected += u32::from(rejects);
            }
            None => strength.unresolved += 1,
        }
    }
    strength.weak = 2 * strength.rejected < strength.judged;
    (!verdicts.is_empty()).then_some(strength)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn verdict(outcomes: &[TestOutcome]) -> MutantVerdict {
        let ids = ["f1", "f2", "p"].map(TestId::new);
        let report =
            TestReport::from_outcomes(ids.clone().into_iter().zip(outcomes.iter().copied()));
        let run = MutantRun { report: &report, verdict: RunVerdict::Stable };
        mutant_verdict(&run, &ids[..2], &ids[2..])
    }

    #[test]
    fn what_the_tests_reject_is_told_apart_by_what_fails() {
        use TestOutcome::{Failed, Passed};
        let said = [
            verdict(&[Failed, Failed, Failed]),
            verdict(&[Failed, Passed, Passed]),
            verdict(&[Passed, Passed, Failed]),
            verdict(&[]),
            verdict(&[Passed, Passed, Passed]),
        ];
        assert_eq!(
            said,
            [
                MutantVerdict::FailToPassFails,
                MutantVerdict::FailToPassPartly,
                MutantVerdict::PassToPassBreaks,
                MutantVerdict::SuiteBroken,
                MutantVerdict::Survives,
            ]
        );
        let strength = oracle_strength(&said).unwrap();
        assert_eq!((strength.judged, strength.rejected, strength.weak), (5, 4, false));
    }

    #[test]
    fn one_rejected_of_three_is_weak_and_none_at_all_is_unknown() {
        use MutantVerdict::{FailToPassFails, Survives, Unresolved};
        let strength = oracle_strength(&[FailToPassFails, Survives, Survives, Unresolved]).unwrap();
        assert_eq!((strength.judged, strength.unresolved, strength.weak), (3, 1, true));
        assert_eq!(oracle_strength(&[]), None);
    }
}
