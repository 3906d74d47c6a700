//! Which questions are asked about a change?
//!
//! In: a trajectory as it reads, and a place in it. Out: one question for each action. It
//! knows what earlier steps have shown and nothing else: no plan, no tree.

use backstory_dataset::snapshot::{AFTER_THOUGHT, BEFORE_THOUGHT};
use backstory_dataset::told::{ActionPlace, ToldStep, ToldTrajectory};
use backstory_model::{Step, Thought, Trajectory};
use backstory_synth::reason::search::{BeforeWhat, ThoughtStep};
use backstory_synth::reason::seen::{SeenStep, clauses, first_thought, rests_on};

use super::step::Question;

/// What of a trajectory every question about it needs.
pub(super) struct ChangeWords<'t> {
    trajectory: &'t Trajectory,
    /// All that each step says and shows.
    shown: Vec<String>,
    /// The first thought of every action that has one, by step.
    thoughts: Vec<(usize, Thought)>,
}

impl<'t> ChangeWords<'t> {
    pub(super) fn of(trajectory: &'t Trajectory, told: &ToldTrajectory<'_>) -> Self {
        let shown: Vec<String> = told.steps().iter().map(ToldStep::shown).collect();
        let mut words = Self { trajectory, shown, thoughts: Vec::new() };
        words.thoughts = told
            .actions()
            .filter_map(|number| {
                let step = &trajectory.steps[number - 1];
                let first =
                    || first_thought(&words.seen(&trajectory.steps[..number - 1]), &step.action);
                Some((number, step.thought.clone().or_else(first)?))
            })
            .collect();
        words
    }

    /// Returns the trajectory with its first thoughts.
    pub(super) fn thinking(&self) -> Trajectory {
        let mut trajectory = self.trajectory.clone();
        for (number, thought) in &self.thoughts {
            trajectory.steps[number - 1].thought = Some(thought.clone());
        }
        trajectory
    }

    /// Returns the first steps with what they show.
    fn seen<'a>(&'a self, before: &'a [Step]) -> Vec<SeenStep<'a>> {
        let steps = before.iter().zip(&self.shown);
        steps.map(|(step, text)| SeenStep { step, text }).collect()
    }

    /// Hands out the question of one action.
    pub(super) fn ask<T>(
        &self,
        place: &ActionPlace<'_>,
        answer: impl FnOnce(&Question<'_>) -> T,
    ) -> T {
        let id = format!("{}/{}", self.trajectory.unit.id, place.step);
        let seen = self.seen(place.before);
        let clauses = clauses(&seen);
        let clauses: Vec<&str> = clauses.iter().map(String::as_str).collect();
        let first = self.thoughts.iter().find(|(step, _)| *step == place.step);
        let first = first.map(|(_, thought)| thought);
        let others = self.thoughts.iter().filter(|(step, _)| *step != place.step);
        let others: Vec<&str> = others.map(|(_, thought)| thought.text.as_str()).collect();
        let step = ThoughtStep {
            id: &id,
            context: place.context,
            before: BEFORE_THOUGHT,
            after: AFTER_THOUGHT,
            lead: place.lead,
            target: place.target,
            thought: first.map(|thought| thought.text.as_str()),
            known: &[],
            earlier: Some(place.earlier),
            before_what: BeforeWhat::Action,
            others: &others,
            clauses: &clauses,
        };
        let had = first.map(|thought| &thought.provenance);
        let rests_on = |text: &str| rests_on(&seen, text);
        answer(&Question { number: place.step, step, had, rests_on: &rests_on })
    }
}
