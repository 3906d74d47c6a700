//! What do the functions of items give when they are called?
//!
//! In: functions, arguments and the versions of Python they are meant for. Out: what each
//! call did, in order. Calls of one version go into the sandbox together.

use std::collections::BTreeMap;

use backstory_exec::trace::{FunctionCall, call_functions};
use backstory_model::ContainmentLevel;
use backstory_verify::CallOutcome;

use super::questions::interpreter;
use crate::arguments::MachineArgs;
use crate::execution::Machine;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// A call and the Python it is meant for.
pub(super) struct MeantCall {
    pub(super) python: String,
    pub(super) call: FunctionCall,
}

/// Calls functions, each with the Python it is meant for.
pub(super) fn call_all(
    calls: &[MeantCall],
    machine: MachineArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<Vec<CallOutcome>, Failure> {
    if calls.is_empty() {
        return Ok(Vec::new());
    }
    let machine = Machine::open(settings, machine, ContainmentLevel::Namespaces, talk)?;
    let mut of_python: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
    for (place, call) in calls.iter().enumerate() {
        of_python.entry(minor(&call.python)).or_default().push(place);
    }
    let unknown = || CallOutcome::Infrastructure("nothing was called".to_owned());
    let mut outcomes: Vec<CallOutcome> = calls.iter().map(|_| unknown()).collect();
    for (python, places) in of_python {
        let interpreter = interpreter(&machine, Some(python))?;
        let some: Vec<FunctionCall> =
            places.iter().map(|place| calls[*place].call.clone()).collect();
        let folder = machine.scratch().join("call").join(python);
        let found = call_functions(&some, &interpreter, &*machine.sandbox, &folder)
            .map_err(|error| Failure::of(error, "failed to call functions"))?;
        for (place, outcome) in places.into_iter().zip(found) {
            outcomes[place] = outcome;
        }
    }
    Ok(outcomes)
}

/// Returns `3.12` of `3.12.1`: what a function gives does not change within it.
fn minor(version: &str) -> &str {
    let end = version.match_indices('.').nth(1).map_or(version.len(), |(end, _)| end);
    &version[..end]
}
