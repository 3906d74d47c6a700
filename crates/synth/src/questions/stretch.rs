//! Which stretches of a call can be followed from what a prompt shows?
//!
//! In: a call, and the text of its file. Out: runs of executions, one after the other in
//! the frame of the call, each of which follows from the values before it; with the
//! values and counts at their beginning. A stretch ends where something is executed that
//! is not shown, so that whoever reads the beginning can know all of it.

use std::collections::BTreeMap;

use backstory_model::{
    Activation, ActivationEnd, ExecutionTrace, TraceEvent, TracedStatement, Variables,
};

use super::closed::Changes;
use super::reading::{Place, Reading};

/// A run of executions that can be followed.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Stretch {
    /// The indices of its executions among those of the call.
    pub(super) executions: std::ops::Range<usize>,
    /// The variables before the first one.
    pub(super) state: Variables,
    /// How often statements were executed before, by number.
    pub(super) before: BTreeMap<u32, u32>,
    /// Whether the call ends with it, so that all that is executed later is known.
    pub(super) ends_call: bool,
    /// Whether it is known what follows its last execution.
    pub(super) has_successor: bool,
}

impl Stretch {
    /// Says whether nothing is left of the call but its last execution, so that there is
    /// no way to ask about.
    pub(super) fn is_plain_end(&self) -> bool {
        self.ends_call && self.executions.len() < 2
    }
}

/// A call as it is taken apart.
struct Walk<'a> {
    file: u32,
    activations: &'a [Activation],
    statements: &'a [TracedStatement],
    places: BTreeMap<u32, Place<'a>>,
    reading: &'a Reading,
}

/// Returns the stretches of a call, in order. `activations` are those of the trace.
pub(super) fn stretches(
    trace: &ExecutionTrace,
    activations: &[Activation],
    reading: &Reading,
) -> Vec<Stretch> {
    let Some(TraceEvent::Call { function, set }) = trace.events.first() else { return Vec::new() };
    let function = usize::try_from(*function).ok().and_then(|at| trace.functions.get(at));
    let Some(number) = function.map(|function| function.file) else { return Vec::new() };
    let file = usize::try_from(number).ok().and_then(|at| trace.files.get(at));
    let Some(file) = file else { return Vec::new() };
    let places = reading.places(file);
    let statements = &file.statements[..];
    let walk = Walk { file: number, activations, statements, places, reading };
    walk.stretches(set)
}

impl Walk<'_> {
    fn stretches(&self, given: &Variables) -> Vec<Stretch> {
        let mut found = Vec::new();
        let mut open: Option<Stretch> = None;
        let mut state = Some(given.clone());
        let mut counts: BTreeMap<u32, u32> = BTreeMap::new();
        for (at, one) in self.activations.iter().enumerate() {
            let follows = one.frame == 1
                && state.as_ref().is_some_and(|state| self.follows(at, state, open.as_ref()));
            if follows {
                let stretch = open.get_or_insert_with(|| Stretch {
                    executions: at..at,
                    state: state.clone().unwrap_or_default(),
                    before: counts.clone(),
                    ends_call: false,
                    has_successor: true,
                });
                stretch.executions.end = at + 1;
                if self.leaves_with(at) {
                    stretch.has_successor = false;
                    found.extend(open.take());
                }
            } else {
                found.extend(open.take());
            }
            if one.file == self.file {
                *counts.entry(one.statement).or_default() += 1;
            }
            if one.frame == 1 {
                match &one.ended {
                    ActivationEnd::Normally { state: after } => state = Some(after.clone()),
                    // An execution that follows changes nothing before it raises.
                    ActivationEnd::ByException { .. } if follows => {}
                    ActivationEnd::ByException { .. } | ActivationEnd::Never => state = None,
                }
            }
        }
        if let Some(mut last) = open {
            last.ends_call = true;
            found.push(last);
        }
        found
    }

    fn statement(&self, number: u32) -> Option<&TracedStatement> {
        self.statements.get(usize::try_from(number).ok()?.checked_sub(1)?)
    }

    /// Says whether an execution follows from the state before it, as the tracer saw it.
    fn follows(&self, at: usize, before: &Variables, open: Option<&Stretch>) -> bool {
        let one = &self.activations[at];
        let Some(place) = self.places.get(&one.statement) else { return false };
        let Some(statement) = self.statement(one.statement) else { return false };
        let previous = open.and_then(|_| self.activations.get(at.checked_sub(1)?));
        if statement.kind == "ExceptHandler" {
            // What is handled has to have been raised by something that was followed.
            let is_raised = previous.is_some_and(|previous| {
                matches!(previous.ended, ActivationEnd::ByException { .. })
                    || self.is_handler(previous.statement)
            });
            if !is_raised {
                return false;
            }
        }
        let again = statement.kind == "For" && self.goes_on(at, open);
        if statement.kind == "For" && !again && self.is_inside(at, one.statement) {
            return false;
        }
        let Some(changes) = self.reading.closed(*place, before, again) else { return false };
        let is_alone = self.activations.get(at + 1).is_none_or(|next| next.frame == 1);
        is_alone && Self::is_as_read(one, before, &changes)
    }

    fn is_handler(&self, number: u32) -> bool {
        self.statement(number).is_some_and(|one| one.kind == "ExceptHandler")
    }

    /// Says whether control comes to a loop from within it.
    fn is_inside(&self, at: usize, header: u32) -> bool {
        let previous = at.checked_sub(1).and_then(|at| self.activations.get(at));
        previous.is_some_and(|one| {
            one.statement == header || self.around(one.statement).any(|around| around == header)
        })
    }

    /// Says whether the header of a loop goes on with what a stretch has given it.
    fn goes_on(&self, at: usize, open: Option<&Stretch>) -> bool {
        let header = self.activations[at].statement;
        let Some(open) = open else { return false };
        self.is_inside(at, header)
            && self.activations[open.executions.clone()].iter().any(|one| one.statement == header)
    }

    /// Returns the statements around one, inner ones first.
    fn around(&self, number: u32) -> impl Iterator<Item = u32> {
        let parent =
            |number: u32| self.statement(number).map(|one| one.parent).filter(|one| *one > 0);
        std::iter::successors(parent(number), move |number| parent(*number))
    }

    /// Says whether a `with` is left behind an execution: what it does then is not shown.
    fn leaves_with(&self, at: usize) -> bool {
        let next = self.activations.get(at + 1);
        let stays: Vec<u32> =
            next.map_or_else(Vec::new, |next| self.around(next.statement).collect());
        self.around(self.activations[at].statement).any(|around| {
            let is_with = self
                .statement(around)
                .is_some_and(|one| matches!(&one.kind[..], "With" | "AsyncWith"));
            is_with && !stays.contains(&around)
        })
    }

    /// Says whether an execution changed nothing but what its text says.
    fn is_as_read(one: &Activation, before: &Variables, changes: &Changes) -> bool {
        match &one.ended {
            ActivationEnd::Normally { state } => {
                let names = before.keys().chain(state.keys());
                let mut changed = names.filter(|name| before.get(*name) != state.get(*name));
                changed.all(|name| changes.names.contains(name))
            }
            ActivationEnd::ByException { .. } => !changes.in_place,
            ActivationEnd::Never => false,
        }
    }
}
