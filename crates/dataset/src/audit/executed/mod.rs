//! Does what is said about the runs of a unit follow from what is stored of them?
//!
//! In: the execution of a unit, its trajectory, the stored reports. Out:
//! findings. Verdicts, outcomes, roles of tests, gates and mutants are computed
//! again as `docs/execution.md` states them; nothing is run.

mod gates;
mod instance;
mod judged;
mod mutants;
mod outcome;
mod statement;
mod stored;
mod tests;
mod trees;
mod verdict;

use backstory_model::{RepositoryError, Trajectory};

use super::finding::{Findings, Place};
use super::sources::Sources;
use super::text::Texts;

pub(super) use stored::{Run, Runs};

use trees::Trees;

/// The rule every finding about the execution of a unit names.
const PLACE: Place<'static> = Place { step: None, rule: "unit/execution", tier: None };

/// Checks everything about the execution that can be derived.
pub(super) fn check(
    trajectory: &Trajectory,
    runs: &Runs<'_>,
    sources: Sources<'_>,
    texts: &Texts,
    findings: &mut Findings,
) {
    let execution = runs.execution;
    if let Err(error) = execution.schema.check_readable() {
        findings.note(PLACE, "a readable version", error);
    }
    findings.equal(PLACE, "unit", (&trajectory.unit.id, &execution.unit));
    let mut trees = Trees::new(trajectory, sources, texts);
    if let Err(error) = derive(trajectory, runs, &mut trees, findings) {
        findings.note(Place::whole("whole/objects"), "an object that can be read", error);
    }
}

fn derive(
    trajectory: &Trajectory,
    runs: &Runs<'_>,
    trees: &mut Trees<'_>,
    findings: &mut Findings,
) -> Result<(), RepositoryError> {
    let runner = runs.execution.recipe.as_ref().map(|recipe| recipe.runner);
    for run in &runs.list {
        verdict::check(run, runner, findings);
        verdict::check_id(run, findings);
        trees.check(run, runs, findings)?;
    }
    verdict::check_unique(runs, findings);
    let states = trees.states_of(runs)?;
    let derived = judged::derive(runs, &states);
    tests::check(runs, &derived, findings);
    gates::check(trajectory, runs, &states, &derived, findings);
    mutants::check(trajectory, runs, &derived, trees, findings)?;
    instance::check(trajectory, runs, &derived, findings);
    outcome::check(runs, &states, &derived, findings);
    trees.manifests(runs, findings)
}
