//! What is run for one unit, from its environment to its instance?
//!
//! In: the unit and the ports. Out: everything that is stored of it. Stops where
//! the evidence so far says that more runs would show nothing.

use std::collections::BTreeMap;

use backstory_model::{
    ExecutionOutcome, RepoPath, RepositoryError, RunVerdict, UnitExecution, Usage,
};

use crate::judge::{ChangedTestFile, TouchedTests, first_failed};

use super::bench::Bench;
use super::blank::{as_outcome, blank, environment_of, nothing_run};
use super::finish::Ended;
use super::future::leaks;
use super::input::{Event, ExecuteError, ExecuteInput, Executed};
use super::selection::{Selection, holds_tests};
use super::trees::{Trees, version};

/// Runs the states of a unit and decides what came of it.
///
/// What a repository does to itself is an outcome; an error is a machine that
/// cannot go on, or a user who stopped it.
pub fn execute_unit(input: &ExecuteInput<'_>) -> Result<Executed, ExecuteError> {
    match execute(input) {
        Err(error) => match as_outcome(&error) {
            Some(outcome) => Ok(nothing_run(input, outcome)),
            None => Err(error),
        },
        Ok(executed) => Ok(executed),
    }
}

fn execute(input: &ExecuteInput<'_>) -> Result<Executed, ExecuteError> {
    let Some(base) = &input.unit.base else {
        let detail = "a root commit has no base to start from".to_owned();
        return Ok(nothing_run(input, ExecutionOutcome::Unsupported { detail }));
    };
    let trees = Trees::of(input)?;
    let touched: Vec<&RepoPath> = input.test_side.keys().collect();
    let selection = Selection::of(&touched, &trees.head);
    let files = selection.files(&trees.head);
    if touched.is_empty() || files.is_empty() {
        return Ok(nothing_run(input, ExecutionOutcome::NoTests));
    }
    let layer = input.checkout.layer(input.repo, &trees.base)?;
    let provided = input.environments.provide(input.unit, &files, &layer)?;
    let (recipe, environment) = match environment_of(input, provided) {
        Ok(ready) => ready,
        Err(executed) => return Ok(*executed),
    };
    (input.watch)(&Event::Provided { recipe: &recipe });
    let mut bench = Bench {
        input,
        environment: &environment,
        runner: recipe.runner,
        language: recipe.language,
        selection,
        base_time: input.repo.commit(base)?.committer.seconds,
        runs: Vec::new(),
        blobs: BTreeMap::new(),
        usage: Usage::default(),
    };
    let lock = bench.store(environment.lock.clone());
    let ended = run(&mut bench, &trees, &touched_tests(input, &trees)?)?;
    let blank = UnitExecution {
        recipe: Some(*recipe),
        lock: Some(lock),
        ..blank(input, ExecutionOutcome::NoTests)
    };
    Ok(bench.finish(&trees, ended, blank))
}

/// Runs as much as the evidence so far asks for.
fn run(
    bench: &mut Bench<'_>,
    trees: &Trees,
    touched: &TouchedTests,
) -> Result<Ended, ExecuteError> {
    let head = bench.first_runs(trees)?;
    let mut ended = Ended::before_repeats(bench.agreed(touched));
    let stable = head.is_some_and(|at| bench.runs[at].execution.verdict == RunVerdict::Stable);
    if stable {
        bench.authored_runs(trees)?;
    }
    let mut planted = None;
    if stable && ended.tells() {
        bench.repeat(trees)?;
        ended.repeats = bench.input.options.repeats.max(1);
        ended.agreed = bench.agreed(touched);
        if ended.tells() {
            bench.select(trees, &ended.agreed.fail_to_pass())?;
            ended.agreed = bench.agreed(touched);
        }
        if ended.tells() {
            bench.select_all(trees, &ended.agreed.of_instance())?;
            ended.agreed = bench.agreed(touched);
            bench.reverted_run(trees)?;
            planted = bench.canary_run(trees)?;
        }
    }
    if ended.tells() {
        bench.share_reverted(trees);
        let future = leaks(bench.input, &trees.base, bench.base_time)?;
        ended.gates = bench.gates(trees, &ended.agreed, planted.as_ref(), &future);
        if first_failed(&ended.gates).is_none() {
            ended.mutants = bench.mutant_runs(trees, &ended.agreed)?;
            ended.candidates = bench.candidate_runs(trees, &ended.agreed)?;
        }
    }
    Ok(ended)
}

fn touched_tests(input: &ExecuteInput<'_>, trees: &Trees) -> Result<TouchedTests, RepositoryError> {
    let mut versions = Vec::new();
    for path in input.test_side.keys() {
        let before = version(input.repo, &trees.base, path)?;
        versions.push((path, before, version(input.repo, &trees.with_tests, path)?));
    }
    let files: Vec<ChangedTestFile<'_>> = versions
        .iter()
        .map(|(path, before, after)| ChangedTestFile {
            path,
            before: before.as_ref().map(|(_, bytes)| &**bytes),
            after: after.as_ref().map(|(_, bytes)| &**bytes),
            holds_tests: holds_tests(path),
        })
        .collect();
    Ok(TouchedTests::new(&files))
}
