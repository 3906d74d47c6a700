//! What do the functions of items give when they are called?
//!
//! In: functions, arguments and the versions of Python they are meant for. Out: what each
//! call did, in order. Calls of one version go into the sandbox together.

use std::collections::BTreeMap;

use backstory_exec::trace::{FunctionCall, call_functions};
use backstory_model::ContainmentLevel;
use backstory_verify::{CallOutcome, Function, Outcome, RewardOptions, Scorable, Value};

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

/// An answer, and what it is worth as far as that is known.
pub(super) struct Judged<'a> {
    pub(super) scorable: &'a Scorable,
    /// The version of Python the item is about.
    pub(super) python: &'a str,
    pub(super) answer: &'a str,
    pub(super) outcome: Outcome,
}

/// Calls what outcomes wait for, each call once, and scores those answers again.
pub(super) fn settle(
    judged: &mut [Judged<'_>],
    options: &RewardOptions,
    machine: MachineArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<(), Failure> {
    let (mut calls, mut places, mut waiting) = (Vec::new(), BTreeMap::new(), Vec::new());
    for (at, one) in judged.iter().enumerate().filter(|(_, one)| one.outcome.pending.is_some()) {
        let (name, call) = one
            .call()
            .ok_or_else(|| Failure::new("an answer that waits for a call has no arguments"))?;
        let place = *places.entry(name).or_insert_with(|| {
            calls.push(call);
            calls.len() - 1
        });
        waiting.push((at, place));
    }
    let called = call_all(&calls, machine, settings, talk)?;
    for (at, place) in waiting {
        let caller = |_: &Function, _: &[Value]| -> CallOutcome { called[place].clone() };
        let one = &mut judged[at];
        one.outcome = one.scorable.score_with(one.answer, options, &caller);
    }
    Ok(())
}

impl Judged<'_> {
    /// Returns the call that the outcome waits for, and what makes it the same as another.
    fn call(&self) -> Option<([String; 3], MeantCall)> {
        let pending = self.outcome.pending.as_ref()?;
        let Ok(Value::List(arguments)) = Value::parse(&pending.arguments) else { return None };
        let function = self.scorable.function()?.clone();
        let python = self.python.to_owned();
        let call = format!("{}{}", function.entry, pending.arguments);
        let name = [python.clone(), function.source.clone(), call];
        Some((name, MeantCall { python, call: FunctionCall { function, arguments } }))
    }
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
