//! What has a reader of a trajectory seen when an action begins?
//!
//! Whoever looks at a place may put a thought there, and later places are shown behind the
//! thoughts as they stand then. What earlier steps have shown is handed out without any
//! thought: a thought is no evidence for the next one.

use std::collections::BTreeSet;

use backstory_model::{Action, Step, Thought};

use super::ToldTrajectory;
use crate::snapshot::{AFTER_THOUGHT, BEFORE_THOUGHT, Verdict, end_of};

/// One action, as a reader meets it.
#[derive(Clone, Copy, Debug)]
pub struct ActionPlace<'a> {
    /// The step, from 1.
    pub step: usize,
    /// What is done.
    pub action: &'a Action,
    /// The steps before it.
    pub before: &'a [Step],
    /// The end of the text before the thought, from the beginning of a line.
    pub context: &'a str,
    /// All that was said and shown before, without thoughts.
    pub earlier: &'a str,
    /// What stands between the thought and the target.
    pub lead: &'a str,
    /// What exactly is done.
    pub target: &'a str,
    /// The thought the trajectory has.
    pub thought: Option<&'a Thought>,
}

impl ToldTrajectory<'_> {
    /// Shows the wanted actions in their order; `context` is how many bytes of the text
    /// before them are shown. Returns the whole text as it reads then.
    pub fn each_action<E>(
        &self,
        (wanted, context): (&BTreeSet<usize>, usize),
        mut visit: impl FnMut(&ActionPlace<'_>) -> Result<Verdict, E>,
    ) -> Result<String, E> {
        let mut before = self.opening();
        let mut earlier = before.clone();
        let steps = &self.trajectory.steps;
        for (at, (step, told)) in steps.iter().zip(&self.steps).enumerate() {
            let mut thought = step.thought.clone();
            if told.is_action && wanted.contains(&(at + 1)) {
                let place = ActionPlace {
                    step: at + 1,
                    action: &step.action,
                    before: &steps[..at],
                    context: end_of(&before, context),
                    earlier: &earlier,
                    lead: told.lead,
                    target: &told.target,
                    thought: step.thought.as_ref(),
                };
                if let Verdict::Becomes(found) = visit(&place)? {
                    thought = found;
                }
            }
            if let Some(thought) = &thought {
                before += &[BEFORE_THOUGHT, &thought.text, AFTER_THOUGHT].concat();
            }
            before += told.lead;
            before += &told.shown();
            earlier += &told.shown();
        }
        Ok(before)
    }

    /// Returns what stands before the first step.
    fn opening(&self) -> String {
        format!("Repository {}.\n", self.trajectory.unit.repo)
    }
}
