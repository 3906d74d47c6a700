//! In which state did a program leave each statement?
//!
//! In: an [`ExecutionTrace`]. Out: its activations in the order they begin, each with its
//! number k, and the variables of its frame where it ended normally.

use std::collections::BTreeMap;

use crate::{ExecutionTrace, TraceEvent, Variables};

/// One execution of a statement.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Activation {
    /// The index of the statement's file.
    pub file: u32,
    /// The number of the statement.
    pub statement: u32,
    /// Which execution of it this is, over all frames, from 1.
    pub k: u32,
    /// The number of its frame.
    pub frame: u32,
    /// The index of the function of that frame.
    pub function: u32,
    /// How it ended.
    pub ended: ActivationEnd,
}

/// How an execution of a statement ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ActivationEnd {
    /// Control left for another statement, or out of the frame.
    Normally {
        /// The variables of the frame then; only those whose values were asked for.
        state: Variables,
    },
    /// An exception of this class ended it.
    ByException {
        /// The class.
        class: String,
    },
    /// It was suspended and never resumed.
    Never,
}

/// Says where events contradict one another.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("event {index} of the trace cannot follow those before it")]
pub struct TraceContradiction {
    /// The index of the event.
    pub index: usize,
}

/// A frame while the events are replayed.
#[derive(Default)]
struct Frame {
    function: u32,
    file: u32,
    /// The index of the open activation.
    open: Option<usize>,
    suspended: bool,
    variables: Variables,
}

/// What was replayed so far.
#[derive(Default)]
struct Replay {
    frames: Vec<Frame>,
    stack: Vec<u32>,
    counts: BTreeMap<(u32, u32), u32>,
    activations: Vec<Activation>,
}

impl ExecutionTrace {
    /// Returns the activations, in the order they begin.
    ///
    /// Each holds the whole state of its frame: for long traces of large states prefer
    /// [`Self::visit_activations`].
    pub fn activations(&self) -> Result<Vec<Activation>, TraceContradiction> {
        let mut states = BTreeMap::new();
        let mut activations = self.visit_activations(|place, state| {
            states.insert(place, state.clone());
        })?;
        for (place, state) in states {
            activations[place].ended = ActivationEnd::Normally { state };
        }
        Ok(activations)
    }

    /// Returns the activations without states, and calls `visit` with the index of each
    /// that ends normally, in that order, and the variables of its frame.
    pub fn visit_activations(
        &self,
        mut visit: impl FnMut(usize, &Variables),
    ) -> Result<Vec<Activation>, TraceContradiction> {
        let mut replay = Replay::default();
        for (index, event) in self.events.iter().enumerate() {
            replay.take(self, event, &mut visit).ok_or(TraceContradiction { index })?;
        }
        Ok(replay.activations)
    }
}

impl Replay {
    /// Takes one event; returns `None` if it cannot follow.
    fn take(
        &mut self,
        trace: &ExecutionTrace,
        event: &TraceEvent,
        visit: &mut impl FnMut(usize, &Variables),
    ) -> Option<()> {
        match event {
            TraceEvent::Call { function, set } => {
                let file = trace.functions.get(usize::try_from(*function).ok()?)?.file;
                let variables = set.clone();
                self.frames.push(Frame {
                    function: *function,
                    file,
                    variables,
                    ..Frame::default()
                });
                self.stack.push(u32::try_from(self.frames.len()).ok()?);
            }
            TraceEvent::Begin(statement) => self.begin(trace, *statement)?,
            TraceEvent::End { set, unset } => {
                let frame = self.innermost()?;
                let open = frame.open.take()?;
                frame
                    .variables
                    .extend(set.iter().map(|(name, value)| (name.clone(), value.clone())));
                for name in unset {
                    frame.variables.remove(name);
                }
                visit(open, &frame.variables);
                self.activations[open].ended =
                    ActivationEnd::Normally { state: Variables::default() };
            }
            TraceEvent::Raise(class) => {
                let open = self.innermost()?.open.take()?;
                self.activations[open].ended = ActivationEnd::ByException { class: class.clone() };
            }
            TraceEvent::Return { .. } | TraceEvent::Unwind(_) => {
                if self.innermost()?.open.is_some() {
                    return None;
                }
                self.stack.pop();
            }
            TraceEvent::Yield { .. } => {
                self.innermost()?.suspended = true;
                self.stack.pop();
            }
            TraceEvent::Resume { frame, .. } => {
                let place = usize::try_from(*frame).ok()?.checked_sub(1)?;
                let found = self.frames.get_mut(place).filter(|frame| frame.suspended)?;
                found.suspended = false;
                self.stack.push(*frame);
            }
        }
        Some(())
    }

    fn innermost(&mut self) -> Option<&mut Frame> {
        let number = usize::try_from(*self.stack.last()?).ok()?;
        self.frames.get_mut(number.checked_sub(1)?)
    }

    fn begin(&mut self, trace: &ExecutionTrace, statement: u32) -> Option<()> {
        let number = *self.stack.last()?;
        let place = self.activations.len();
        let frame = self.innermost()?;
        if frame.open.replace(place).is_some() {
            return None;
        }
        let (file, function) = (frame.file, frame.function);
        let statements = &trace.files.get(usize::try_from(file).ok()?)?.statements;
        if statement == 0 || usize::try_from(statement).ok()? > statements.len() {
            return None;
        }
        let count = self.counts.entry((file, statement)).or_insert(0);
        *count += 1;
        let ended = ActivationEnd::Never;
        self.activations.push(Activation {
            file,
            statement,
            k: *count,
            frame: number,
            function,
            ended,
        });
        Some(())
    }
}
