//! Which calls does the trace of a test hold?
//!
//! In: the trace of functions that were followed while a test ran. Out: each call that no
//! followed function made, as a trace of its own, with what came of it. Objects are
//! numbered anew in every call, so that what happened before says nothing.

use std::collections::BTreeMap;

use backstory_model::{ExecutionTrace, TraceEvent, TraceResult, TracedFile, ValueText, Variables};

use super::candidate::Dropped;

/// One call.
#[derive(Clone, Debug, PartialEq)]
pub struct TracedCall {
    /// The name of the function.
    pub function: String,
    /// Its file.
    pub path: String,
    /// Which call of this function it is in the test, from 1.
    pub number: u32,
    /// What happened in it; its first event is the call.
    pub trace: ExecutionTrace,
}

impl TracedCall {
    /// Returns the file of its function as the trace has it.
    pub fn file(&self) -> Option<&TracedFile> {
        self.trace.files.iter().find(|file| file.path == self.path)
    }
}

/// The calls of a test.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct TracedCalls {
    /// Those that are whole.
    pub calls: Vec<TracedCall>,
    /// Those that are not, and why.
    pub dropped: BTreeMap<Dropped, usize>,
}

/// Splits a trace into its calls.
pub fn calls(trace: &ExecutionTrace) -> TracedCalls {
    let mut found = TracedCalls::default();
    let mut numbers: BTreeMap<(u32, String), u32> = BTreeMap::new();
    let mut open: Vec<TraceEvent> = Vec::new();
    let mut depth = 0_usize;
    let mut is_suspended = false;
    for event in &trace.events {
        match event {
            TraceEvent::Call { .. } => depth += 1,
            // A frame that is suspended goes on somewhere else.
            TraceEvent::Resume { .. } => {
                depth += 1;
                is_suspended = true;
            }
            TraceEvent::Yield { .. } => is_suspended = true,
            _ => {}
        }
        open.push(event.clone());
        let ends = matches!(
            event,
            TraceEvent::Return { .. } | TraceEvent::Unwind(_) | TraceEvent::Yield { .. }
        );
        if !ends {
            continue;
        }
        depth = depth.saturating_sub(1);
        if depth > 0 {
            continue;
        }
        let events = std::mem::take(&mut open);
        let Some((file, name)) = function_of(trace, &events) else {
            found.drop(Dropped::Suspended);
            is_suspended = false;
            continue;
        };
        let number = numbers.entry((file, name.clone())).or_default();
        *number += 1;
        if std::mem::take(&mut is_suspended) {
            found.drop(Dropped::Suspended);
        } else if let Some(call) = call(trace, file, name, *number, events) {
            found.calls.push(call);
        } else {
            found.drop(Dropped::NoOutcome);
        }
    }
    if !open.is_empty() {
        found.drop(Dropped::CutOff);
    }
    found
}

impl TracedCalls {
    fn drop(&mut self, why: Dropped) {
        *self.dropped.entry(why).or_default() += 1;
    }
}

/// Returns the file and the name of the function that events begin with.
fn function_of(trace: &ExecutionTrace, events: &[TraceEvent]) -> Option<(u32, String)> {
    let Some(TraceEvent::Call { function, .. }) = events.first() else { return None };
    let function = trace.functions.get(usize::try_from(*function).ok()?)?;
    Some((function.file, function.name.clone()))
}

fn call(
    trace: &ExecutionTrace,
    file: u32,
    function: String,
    number: u32,
    mut events: Vec<TraceEvent>,
) -> Option<TracedCall> {
    renumber(&mut events);
    let result = match events.last()? {
        TraceEvent::Return { value } => TraceResult::Returned(value.clone()?),
        TraceEvent::Unwind(class) => TraceResult::Raised(class.clone()),
        _ => return None,
    };
    let path = trace.files.get(usize::try_from(file).ok()?)?.path.clone();
    let trace = ExecutionTrace { events, result, ..without_events(trace) };
    Some(TracedCall { function, path, number, trace })
}

fn without_events(trace: &ExecutionTrace) -> ExecutionTrace {
    ExecutionTrace {
        schema: trace.schema,
        python: trace.python.clone(),
        files: trace.files.clone(),
        functions: trace.functions.clone(),
        events: Vec::new(),
        result: TraceResult::Part,
        library_frames: 0,
        dropped_values: 0,
    }
}

/// What stands before the number of an object; no text of a value holds it, because a
/// quote in a text is escaped.
const NUMBER: &str = "\"number\":";

/// Numbers objects in the order in which a call shows them.
fn renumber(events: &mut [TraceEvent]) {
    let mut numbers = BTreeMap::new();
    for event in events {
        match event {
            TraceEvent::Call { set, .. } | TraceEvent::End { set, .. } => {
                renumber_all(set, &mut numbers);
            }
            TraceEvent::Return { value: Some(value) }
            | TraceEvent::Yield { value: Some(value) } => {
                *value = renumbered(value, &mut numbers);
            }
            _ => {}
        }
    }
}

fn renumber_all(set: &mut Variables, numbers: &mut BTreeMap<u64, u64>) {
    for value in set.values_mut() {
        *value = renumbered(value, numbers);
    }
}

fn renumbered(value: &ValueText, numbers: &mut BTreeMap<u64, u64>) -> ValueText {
    let text = value.as_str();
    if !text.contains(NUMBER) {
        return value.clone();
    }
    let mut new = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once(NUMBER) {
        let end = after.find(|c: char| !c.is_ascii_digit()).unwrap_or(after.len());
        let (digits, after) = after.split_at(end);
        let next = u64::try_from(numbers.len()).unwrap_or(u64::MAX).saturating_add(1);
        let number = digits.parse().ok().map(|old| *numbers.entry(old).or_insert(next));
        new.push_str(before);
        new.push_str(NUMBER);
        new.push_str(&number.map_or_else(|| digits.to_owned(), |number| number.to_string()));
        rest = after;
    }
    new.push_str(rest);
    ValueText::new(new).unwrap_or_else(|| value.clone())
}
