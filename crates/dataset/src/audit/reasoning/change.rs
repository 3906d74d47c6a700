//! Is what was searched for the thoughts of a change true?
//!
//! In: a trajectory, the steps that were searched, and how. Out: findings. What a reader has
//! seen before an action, and the first thought that follows from it, are derived here again.

use std::collections::BTreeMap;

use backstory_model::reasoning::{ReasonedStep, ReasoningSearch};
use backstory_model::{Thought, Trajectory};

use super::first::Before;
use super::leaks::tokens;
use super::told::{Reading, readings};
use super::{About, Around, by_step, checked};
use crate::audit::Auditor;
use crate::audit::finding::{Checked, Findings, Place, TrajectoryAudit};

/// How many actions of changes may be searched, and how many are too short.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::audit) struct Actions {
    pub(in crate::audit) found: usize,
    pub(in crate::audit) too_short: usize,
}

impl Auditor<'_> {
    /// Audits what was searched for one change; any number of threads may do so at once.
    pub fn reasoned_change(
        &self,
        trajectory: &Trajectory,
        steps: &[ReasonedStep],
        search: &ReasoningSearch,
    ) -> TrajectoryAudit {
        let mut findings = Findings::new(trajectory.unit.id.clone());
        match readings(trajectory, self.sources.blobs) {
            Err(found) => {
                findings.note(Place::whole("reason/step"), "the bytes of the change", found);
                TrajectoryAudit { findings: findings.into_list(), checked: Checked::default() }
            }
            Ok(readings) => {
                let least = search.options.least_target;
                let known = (1..).zip(&readings).filter(|(_, step)| may_be_searched(step, least));
                let known = known.map(|(number, _)| number).collect();
                let by_step = by_step((&trajectory.unit.id, &known), steps, &mut findings);
                let change = Change { trajectory, readings: &readings };
                self.actions_of(&change, (&by_step, search), &mut findings);
                TrajectoryAudit { findings: findings.into_list(), checked: checked(steps) }
            }
        }
    }

    /// Counts the actions of a change; none where its bytes are missing, which is found
    /// elsewhere.
    pub(in crate::audit) fn actions(&self, trajectory: &Trajectory, least: usize) -> Actions {
        let readings = readings(trajectory, self.sources.blobs).unwrap_or_default();
        let all = readings.iter().filter(|step| step.acts).count();
        let found = readings.iter().filter(|step| may_be_searched(step, least)).count();
        Actions { found, too_short: all - found }
    }

    /// Goes through the steps and audits those that were searched.
    fn actions_of(
        &self,
        change: &Change<'_>,
        (by_step, search): (&BTreeMap<usize, &ReasonedStep>, &ReasoningSearch),
        findings: &mut Findings,
    ) {
        let firsts = change.firsts();
        let opening = format!("Repository {}.\n", change.trajectory.unit.repo);
        let (mut context, mut earlier) = (opening.clone(), opening);
        for (number, reading) in (1..).zip(change.readings) {
            let step = by_step.get(&number).copied();
            if let Some(step) = step {
                let others = firsts.iter().filter(|(other, _)| **other != number);
                let around = Around {
                    context: last_lines(&context, search.options.context),
                    target: &reading.target,
                    had: firsts.get(&number),
                    others: others.map(|(_, thought)| thought.text.as_str()).collect(),
                    about: About::Action { before: change.before(number), earlier: &earlier },
                };
                self.reasoned_step((step, search), &around, findings);
            }
            let decided = step.filter(|step| step.is_decided());
            if let Some(thought) = decided.and_then(ReasonedStep::thought) {
                context += &["Think: ", &thought.text, "\n"].concat();
            }
            context += reading.lead;
            context += &reading.shown;
            earlier += &reading.shown;
        }
    }
}

/// A change as it reads.
struct Change<'a> {
    trajectory: &'a Trajectory,
    readings: &'a [Reading],
}

impl<'a> Change<'a> {
    fn before(&self, number: usize) -> Before<'a> {
        let count = number - 1;
        Before { steps: &self.trajectory.steps[..count], shown: &self.readings[..count] }
    }

    /// Derives the first thoughts of all actions, by step.
    fn firsts(&self) -> BTreeMap<usize, Thought> {
        let steps = (1..).zip(self.trajectory.steps.iter().zip(self.readings));
        let firsts = steps.filter_map(|(number, (step, reading))| {
            let thought = self.before(number).thought(&step.action)?;
            reading.acts.then_some((number, thought))
        });
        firsts.collect()
    }
}

fn may_be_searched(step: &Reading, least: usize) -> bool {
    step.acts && tokens(&step.target).len() >= least
}

/// Returns the end of a text that is longer than this, in whole lines.
fn last_lines(text: &str, most: usize) -> &str {
    let Some(cut) = text.len().checked_sub(most).filter(|cut| *cut > 0) else { return text };
    let start = (cut..text.len()).find(|at| text.is_char_boundary(*at)).unwrap_or(text.len());
    text[start..].find('\n').map_or("", |at| &text[start + at + 1..])
}
