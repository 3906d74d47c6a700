//! What is the same in all runs of one program?
//!
//! In: the traces of its runs. Out: one trace, in which values that differ are replaced
//! and counted, or nothing where the runs did not do the same.

use backstory_model::{ExecutionTrace, TraceEvent, TraceResult, ValueText, Variables};

/// Merges the traces of runs; `None` if control took different ways.
pub(crate) fn merged(runs: Vec<ExecutionTrace>) -> Option<ExecutionTrace> {
    let mut runs = runs.into_iter();
    let mut merged = runs.next()?;
    for run in runs {
        add(&mut merged, &run)?;
    }
    Some(merged)
}

fn add(into: &mut ExecutionTrace, run: &ExecutionTrace) -> Option<()> {
    if into.events.len() != run.events.len() || into.functions != run.functions {
        return None;
    }
    let dropped = &mut into.dropped_values;
    for (event, other) in into.events.iter_mut().zip(&run.events) {
        match (event, other) {
            (
                TraceEvent::Call { function, set },
                TraceEvent::Call { function: of, set: others },
            ) if function == of => {
                merge_values(set, others, dropped);
            }
            (TraceEvent::End { set, unset }, TraceEvent::End { set: others, unset: gone })
                if unset == gone =>
            {
                merge_values(set, others, dropped);
            }
            (TraceEvent::Return { value }, TraceEvent::Return { value: other })
            | (TraceEvent::Yield { value }, TraceEvent::Yield { value: other }) => {
                if value.is_some() != other.is_some() {
                    return None;
                }
                if let (Some(value), Some(other)) = (value, other) {
                    merge_value(value, other, dropped);
                }
            }
            (event, other) if *event == *other => {}
            _ => return None,
        }
    }
    match (&mut into.result, &run.result) {
        (TraceResult::Returned(value), TraceResult::Returned(other)) => {
            merge_value(value, other, dropped);
        }
        (result, other) if *result == *other => {}
        _ => return None,
    }
    // How often a library calls itself is its own affair, e.g., when it fills a cache.
    into.library_frames = into.library_frames.min(run.library_frames);
    Some(())
}

fn merge_value(value: &mut ValueText, other: &ValueText, dropped: &mut u64) {
    if value != other {
        *value = ValueText::differs();
        *dropped += 1;
    }
}

/// Replaces what is not the same on both sides; a variable that changed on one side only
/// has another value on the other one.
fn merge_values(set: &mut Variables, others: &Variables, dropped: &mut u64) {
    for (name, value) in set.iter_mut() {
        if others.get(name) != Some(value) {
            *value = ValueText::differs();
            *dropped += 1;
        }
    }
    for name in others.keys() {
        if !set.contains_key(name) {
            set.insert(name.clone(), ValueText::differs());
            *dropped += 1;
        }
    }
}
