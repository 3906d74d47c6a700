//! Did the tests say about every mutant and every candidate what is stored?

use std::collections::BTreeSet;

use backstory_model::{
    BlobId, Candidate, ExecutedState, ExecutionId, Mutant, MutantVerdict, OracleStrength,
    RepositoryError, RunVerdict, TestId, TestOutcome, Trajectory,
};

use super::super::finding::Findings;
use super::PLACE;
use super::judged::Derived;
use super::stored::{Run, Runs};
use super::trees::Trees;

/// A patch that was run in the place of the gold patch.
struct Tried<'a> {
    number: u32,
    patch: &'a BlobId,
    verdict: MutantVerdict,
    execution: Option<&'a ExecutionId>,
    state: ExecutedState,
}

impl<'a> Tried<'a> {
    fn mutant(mutant: &'a Mutant) -> Self {
        Self {
            number: mutant.number,
            patch: &mutant.patch,
            verdict: mutant.verdict,
            execution: mutant.execution.as_ref(),
            state: ExecutedState::Mutant { number: mutant.number },
        }
    }

    fn candidate(candidate: &'a Candidate) -> Self {
        Self {
            number: candidate.number,
            patch: &candidate.patch,
            verdict: candidate.verdict,
            execution: candidate.execution.as_ref(),
            state: ExecutedState::Candidate { number: candidate.number },
        }
    }
}

/// What all patches of one list are checked against.
struct Context<'a, 'r> {
    trajectory: &'a Trajectory,
    runs: &'a Runs<'r>,
    derived: &'a Derived,
}

/// Compares the verdict of every mutant and every candidate with its run.
pub(super) fn check(
    trajectory: &Trajectory,
    runs: &Runs<'_>,
    derived: &Derived,
    trees: &mut Trees<'_>,
    findings: &mut Findings,
) -> Result<(), RepositoryError> {
    let context = Context { trajectory, runs, derived };
    let mutants: Vec<Tried<'_>> = runs.execution.mutants.iter().map(Tried::mutant).collect();
    context.check("mutant", &mutants, trees, findings)?;
    let candidates = runs.execution.candidates.iter().map(Tried::candidate);
    context.check("candidate", &candidates.collect::<Vec<_>>(), trees, findings)
}

impl Context<'_, '_> {
    fn check(
        &self,
        word: &str,
        tried: &[Tried<'_>],
        trees: &mut Trees<'_>,
        findings: &mut Findings,
    ) -> Result<(), RepositoryError> {
        let numbers: Vec<u32> = tried.iter().map(|one| one.number).collect();
        let counted: Vec<u32> = (1..).take(tried.len()).collect();
        findings.equal(PLACE, &format!("numbers of {word}s"), (&counted, &numbers));
        let patches: BTreeSet<&BlobId> = tried.iter().map(|one| one.patch).collect();
        let other = patches.len() == tried.len() && !patches.contains(&self.trajectory.gold_patch);
        let what = format!("{word}s that differ from each other and from gold");
        findings.demand(other, PLACE, &what, || {
            format!("{} patches of {} {word}s", patches.len(), tried.len())
        });
        for one in tried {
            self.check_one(word, one, trees, findings)?;
        }
        Ok(())
    }

    fn check_one(
        &self,
        word: &str,
        tried: &Tried<'_>,
        trees: &mut Trees<'_>,
        findings: &mut Findings,
    ) -> Result<(), RepositoryError> {
        let run = tried.execution.and_then(|id| self.runs.get(id));
        let tree = trees.expected(&tried.state, self.runs)?;
        let known = match (tried.execution, run) {
            // A patch that leads to the tree of another state shares its run.
            (Some(_), Some(run)) => {
                run.execution.state == tried.state || tree.as_ref() == Some(&run.execution.tree)
            }
            (Some(_), None) => false,
            (None, _) => tried.verdict == MutantVerdict::Unresolved,
        };
        let what = format!("a run of {word} {}", tried.number);
        findings.demand(known, PLACE, &what, || format!("{:?}", tried.execution));
        if let Some(run) = run {
            let what = format!("verdict of {word} {}", tried.number);
            findings.equal(PLACE, &what, (&verdict(run, self.derived), &tried.verdict));
        }
        Ok(())
    }
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
