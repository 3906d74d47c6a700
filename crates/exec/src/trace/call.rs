//! What do functions of ours give when they are called with given arguments?
//!
//! In: functions with their source, and arguments as values. Out: what each call did.
//! A call is a program of its own in the sandbox, run twice with two seeds of the hash; the
//! arguments are written as Python here, from values, so that no text of a model runs.

use std::path::Path;

use backstory_model::{ExecutionTrace, Sandbox, TraceFailure, TraceResult};
use backstory_verify::{CallOutcome, Function, TypeName, Value};

use super::{Interpreter, TraceError, TraceOptions, TraceProgram, trace_patiently};

/// A function and what it is called with.
#[derive(Clone, Debug)]
pub struct FunctionCall {
    /// The function.
    pub function: Function,
    /// The arguments in the order of its parameters.
    pub arguments: Vec<Value>,
}

impl FunctionCall {
    /// Returns the program of the call; `None` for arguments that no expression makes, and
    /// for what is no name to call.
    fn program(&self) -> Option<TraceProgram> {
        let Function { entry, source, .. } = &self.function;
        let is_name = entry.chars().all(|letter| letter.is_alphanumeric() || "_.".contains(letter));
        let arguments: Option<Vec<String>> = self.arguments.iter().map(Value::expression).collect();
        let arguments = arguments.filter(|_| is_name && !entry.is_empty())?;
        let entry = format!("{entry}({})", arguments.join(", "));
        Some(TraceProgram { source: source.clone(), entry, points: Vec::new() })
    }
}

/// Calls functions; the result has one entry for each call, in their order.
///
/// `folder` is empty or missing and is used for files of the tracer.
pub fn call_functions(
    calls: &[FunctionCall],
    interpreter: &Interpreter,
    sandbox: &dyn Sandbox,
    folder: &Path,
) -> Result<Vec<CallOutcome>, TraceError> {
    let programs: Vec<Option<TraceProgram>> = calls.iter().map(FunctionCall::program).collect();
    let asked: Vec<TraceProgram> = programs.iter().flatten().cloned().collect();
    let options = TraceOptions::default();
    let mut traced = trace_patiently(&asked, &options, interpreter, sandbox, folder)?.into_iter();
    let outcome = |program: &Option<TraceProgram>| match program {
        Some(_) => traced.next().map_or_else(lost, outcome),
        None => CallOutcome::Unreadable,
    };
    Ok(programs.iter().map(outcome).collect())
}

fn lost() -> CallOutcome {
    CallOutcome::Infrastructure("the tracer said nothing of the call".to_owned())
}

fn outcome(traced: Result<ExecutionTrace, TraceFailure>) -> CallOutcome {
    match traced {
        Ok(trace) => match &trace.result {
            TraceResult::Returned(text) => {
                Value::parse(text.as_str()).map_or(CallOutcome::Unreadable, CallOutcome::Returned)
            }
            TraceResult::Raised(class) => match TypeName::parse(class) {
                Ok(class) => CallOutcome::Raised(class),
                Err(_) => CallOutcome::Unreadable,
            },
            TraceResult::Part => lost(),
        },
        // A result that depends on the seed is none.
        Err(TraceFailure::Nondeterministic) => CallOutcome::Unreadable,
        Err(failure @ (TraceFailure::Invalid { .. } | TraceFailure::Module { .. })) => {
            CallOutcome::Infrastructure(format!(
                "the function cannot be called: {}",
                failure.as_str()
            ))
        }
        Err(
            TraceFailure::Timeout { .. }
            | TraceFailure::Oom
            | TraceFailure::Steps
            | TraceFailure::Trace
            | TraceFailure::Output
            | TraceFailure::Recursion
            | TraceFailure::Exit
            | TraceFailure::Crashed { .. }
            | TraceFailure::Tampered { .. }
            | TraceFailure::Forbidden { .. },
        ) => CallOutcome::Limit,
    }
}
