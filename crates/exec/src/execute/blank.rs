//! What is stored of a unit of which nothing was run?
//!
//! In: why nothing was run. Out: an execution without runs, with its outcome.

use std::collections::BTreeMap;

use backstory_model::{
    EnvironmentRecipe, ExecutionOutcome, RepositoryError, SandboxError, SchemaVersion,
    UnitExecution, Usage, git_object_id,
};

use crate::checkout::CheckoutError;
use crate::environment::Environment;

use super::input::{ExecuteError, ExecuteInput, Executed, Provided};

/// Returns an execution without runs.
pub(super) fn blank(input: &ExecuteInput<'_>, outcome: ExecutionOutcome) -> UnitExecution {
    UnitExecution {
        schema: SchemaVersion::CURRENT,
        unit: input.unit.id.clone(),
        outcome,
        recipe: None,
        lock: None,
        log: None,
        containment: input.sandbox.containment().clone(),
        limits: input.options.limits.clone(),
        executions: Vec::new(),
        tests: Vec::new(),
        flaky: Vec::new(),
        repeats: 0,
        mutants: Vec::new(),
        candidates: Vec::new(),
        gates: Vec::new(),
        instance: None,
    }
}

/// Returns what is stored when nothing was run.
pub(super) fn nothing_run(input: &ExecuteInput<'_>, outcome: ExecutionOutcome) -> Executed {
    let execution = blank(input, outcome);
    Executed { execution, blobs: BTreeMap::new(), usage: Usage::default() }
}

/// Returns the environment, or what is stored when there is none.
pub(super) fn environment_of(
    input: &ExecuteInput<'_>,
    provided: Provided,
) -> Result<(Box<EnvironmentRecipe>, Box<Environment>), Box<Executed>> {
    let nothing = |outcome| Err(Box::new(nothing_run(input, outcome)));
    match provided {
        Provided::Ready { recipe, environment } => Ok((recipe, environment)),
        Provided::Failed { recipe, detail, log } => {
            let mut failed = nothing_run(input, ExecutionOutcome::EnvironmentFailed { detail });
            let id = git_object_id("blob", &log);
            failed.execution.log = Some(id.clone());
            failed.execution.recipe = Some(*recipe);
            failed.blobs.insert(id, log.into());
            Err(Box::new(failed))
        }
        Provided::Unsupported { detail } => nothing(ExecutionOutcome::Unsupported { detail }),
        Provided::Infrastructure { detail } => nothing(ExecutionOutcome::Infrastructure { detail }),
    }
}

/// Returns what an error says about the unit, where it says something.
pub(super) fn as_outcome(error: &ExecuteError) -> Option<ExecutionOutcome> {
    let unsupported = |detail: String| Some(ExecutionOutcome::Unsupported { detail });
    match error {
        ExecuteError::Sandbox(error) => match error {
            SandboxError::Start { .. } | SandboxError::Broken { .. } => {
                Some(ExecutionOutcome::Infrastructure { detail: error.to_string() })
            }
            SandboxError::TooWeak { .. } => None,
        },
        ExecuteError::Checkout(error) => match error {
            CheckoutError::Refused { .. } | CheckoutError::Missing { .. } => {
                unsupported(error.to_string())
            }
            CheckoutError::Repository { .. }
            | CheckoutError::Write { .. }
            | CheckoutError::Folder { .. }
            | CheckoutError::Store(_) => None,
        },
        ExecuteError::Repository(error) => match error {
            RepositoryError::Missing { .. } => unsupported(error.to_string()),
            RepositoryError::Corrupt { .. } => None,
        },
        ExecuteError::Canceled { .. } | ExecuteError::Store(_) | ExecuteError::Folder(_) => None,
    }
}
