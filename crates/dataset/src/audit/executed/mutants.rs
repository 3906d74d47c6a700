//! Did the tests say about every mutant what is stored?

use std::collections::BTreeSet;

use backstory_model::{
    BlobId, ExecutedState, Mutant, MutantVerdict, OracleStrength, RepositoryError, RunVerdict,
    TestId, TestOutcome, Trajectory,
};

use super::super::finding::Findings;
use super::PLACE;
use super::judged::Derived;
use super::stored::{Run, Runs};
use super::trees::Trees;

/// Compares the verdict of every mutant with its run.
pub(super) fn check(
    trajectory: &Trajectory,
    runs: &Runs<'_>,
    derived: &Derived,
    trees: &mut Trees<'_>,
    findings: &mut Findings,
) -> Result<(), RepositoryError> {
    let mutants = &runs.execution.mutants;
    let numbers: Vec<u32> = mutants.iter().map(|mutant| mutant.number).collect();
    let counted: Vec<u32> = (1..).take(mutants.len()).collect();
    findings.equal(PLACE, "numbers of mutants", (&counted, &numbers));
    let patches: BTreeSet<&BlobId> = mutants.iter().map(|mutant| &mutant.patch).collect();
    let other = patches.len() == mutants.len() && !patches.contains(&trajectory.gold_patch);
    findings.demand(other, PLACE, "mutants that differ from each other and from gold", || {
        format!("{} patches of {} mutants", patches.len(), mutants.len())
    });
    for mutant in mutants {
        let run = mutant.execution.as_ref().and_then(|id| runs.get(id));
        let own = ExecutedState::Mutant { number: mutant.number };
        let tree = trees.expected(&own, runs)?;
        let known = match (&mutant.execution, run) {
            // A mutant that equals another state shares its run.
            (Some(_), Some(run)) => {
                run.execution.state == own || tree.as_ref() == Some(&run.execution.tree)
            }
            (Some(_), None) => false,
            (None, _) => mutant.verdict == MutantVerdict::Unresolved,
        };
        let what = format!("a run of mutant {}", mutant.number);
        findings.demand(known, PLACE, &what, || format!("{:?}", mutant.execution));
        if let Some(run) = run {
            let what = format!("verdict of mutant {}", mutant.number);
            findings.equal(PLACE, &what, (&verdict(run, derived), &mutant.verdict));
        }
    }
    Ok(())
}

fn verdict(run: &Run<'_>, derived: &Derived) -> MutantVerdict {
    let report = &*run.report;
    if run.execution.verdict != RunVerdict::Stable {
        return MutantVerdict::Unresolved;
    }
    if report.collected == 0 {
        return MutantVerdict::SuiteBroken;
    }
    let fails = |id: &TestId| report.outcome(id) != TestOutcome::Passed;
    let fail = &derived.fail_to_pass;
    let failing = fail.iter().filter(|(id, _)| fails(id)).count();
    let broken = derived.pass_to_pass.iter().any(fails);
    match failing {
        0 if broken => MutantVerdict::PassToPassBreaks,
        0 => MutantVerdict::Survives,
        all if all == fail.len() => MutantVerdict::FailToPassFails,
        _ => MutantVerdict::FailToPassPartly,
    }
}

/// Returns how strong the tests are by the verdicts of the mutants.
pub(super) fn strength(mutants: &[Mutant]) -> OracleStrength {
    let count = |is: &dyn Fn(MutantVerdict) -> bool| {
        let found = mutants.iter().filter(|mutant| is(mutant.verdict)).count();
        u32::try_from(found).unwrap_or(u32::MAX)
    };
    let judged = count(&|verdict| verdict != MutantVerdict::Unresolved);
    let survive = count(&|verdict| verdict == MutantVerdict::Survives);
    let rejected = judged - survive;
    OracleStrength {
        judged,
        rejected,
        unresolved: count(&|verdict| verdict == MutantVerdict::Unresolved),
        weak: rejected * 2 < judged,
    }
}
