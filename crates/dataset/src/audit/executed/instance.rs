//! Is the instance what the trajectory and the runs say?

use backstory_model::{FailToPass, TaskInstance, TestId, TestRunner, Trajectory};

use super::super::finding::Findings;
use super::PLACE;
use super::judged::Derived;
use super::mutants;
use super::statement;
use super::stored::Runs;

/// Compares the instance with the trajectory and the roles of tests.
pub(super) fn check(
    trajectory: &Trajectory,
    runs: &Runs<'_>,
    derived: &Derived,
    findings: &mut Findings,
) {
    let Some(instance) = &runs.execution.instance else { return };
    let unit = &trajectory.unit;
    if let Some(base) = &unit.base {
        findings.equal(PLACE, "base commit", (base, &instance.base_commit));
    } else {
        findings.note(PLACE, "no instance without a base commit", &instance.base_commit);
    }
    let authored = unit.states.iter().map(|state| state.authored_at).min().unwrap_or_default();
    let own = |(id, origin): &(TestId, _)| FailToPass { id: id.clone(), origin: *origin };
    let expected = TaskInstance {
        instance_id: unit.id.clone(),
        repo: unit.repo.clone(),
        base_commit: instance.base_commit.clone(),
        problem_statement: statement::expected(trajectory),
        patch: trajectory.gold_patch.clone(),
        test_patch: trajectory.test_patch.clone(),
        created_at: authored,
        fail_to_pass: derived.fail_to_pass.iter().map(own).collect(),
        pass_to_pass: derived.pass_to_pass.clone(),
        test_files: instance.test_files.clone(),
        oracle: instance.oracle.as_ref().map(|_| mutants::strength(&runs.execution.mutants)),
    };
    findings.equal(PLACE, "instance", (&expected, instance));
    let files = &instance.test_files;
    // A runner of whole workspaces is given no files.
    let runner = runs.execution.recipe.as_ref().map(|recipe| recipe.runner);
    let named = !files.is_empty() || runner == Some(TestRunner::Nextest);
    let sorted = named && files.windows(2).all(|pair| pair[0] < pair[1]);
    findings.demand(sorted, PLACE, "the files of its tests, sorted", || format!("{files:?}"));
    let measured = instance.oracle.is_some() != runs.execution.mutants.is_empty();
    findings.demand(measured, PLACE, "a strength exactly where there are mutants", || {
        "none".to_owned()
    });
}
