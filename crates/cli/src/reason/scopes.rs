//! How likely are all code and all documents of a run, with and without its thoughts?
//!
//! In: a run whose thoughts were searched, and who scores. Out: one row for each scope and
//! each version of the thoughts. A text that does not fit into the model is counted.

use std::collections::BTreeSet;

use backstory_dataset::snapshot::{
    AFTER_THOUGHT, Arm, BEFORE_THOUGHT, Verdict, documents, each_write, writes,
};
use backstory_dataset::told::ToldTrajectory;
use backstory_model::reasoning::{ReasonedStep, Scope, ScopeRow, ThoughtVersion};
use backstory_model::{
    Action, Continuation, LanguageModelError, Score, SnapshotStory, Thought, Trajectory,
};
use backstory_synth::lm::Answers;

use super::Engine;
use super::change::ChangeWords;
use super::questions::Questions;
use super::wanted::Wanted;
use crate::Failure;

/// A run whose texts are scored.
pub(super) struct Scopes<'a> {
    questions: Questions<'a>,
    engine: &'a Engine,
    answers: &'a dyn Answers,
    rows: Vec<ScopeRow>,
}

impl<'a> Scopes<'a> {
    /// Begins with nothing.
    pub(super) fn new(
        questions: Questions<'a>,
        (engine, answers): (&'a Engine, &'a dyn Answers),
    ) -> Self {
        let scopes = [Scope::Code, Scope::Document].into_iter();
        let rows = scopes.flat_map(|scope| ThoughtVersion::ALL.map(|of| ScopeRow::new(scope, of)));
        Self { questions, engine, answers, rows: rows.collect() }
    }

    /// Returns the rows.
    pub(super) fn into_rows(self) -> Vec<ScopeRow> {
        self.rows
    }

    /// Adds a story of the run and what was found for its steps.
    pub(super) fn add_story(
        &mut self,
        wanted: &Wanted,
        steps: &[ReasonedStep],
    ) -> Result<(), Failure> {
        let Questions { run, of_snapshots, .. } = self.questions;
        if of_snapshots {
            self.story(&run.snapshot_story(&wanted.line)?, steps)
        } else {
            self.change(&run.trajectory(&wanted.line)?, steps)
        }
    }

    fn story(&mut self, story: &SnapshotStory, steps: &[ReasonedStep]) -> Result<(), Failure> {
        for version in ThoughtVersion::ALL {
            let (told, arm) = match version {
                ThoughtVersion::None => (without_thoughts(story), Arm::TrajectoryNoThought),
                ThoughtVersion::Initial => (story.clone(), Arm::TrajectoryInitial),
                ThoughtVersion::Searched => (story.with_reasoning(steps), Arm::TrajectorySearch),
            };
            let all: BTreeSet<usize> = writes(&told).map(|(number, _)| number).collect();
            let Questions { run, context, .. } = self.questions;
            each_write(&told, run, (&all, context), |place| {
                let before = (place.context, place.thought, place.lead);
                self.code(version, before, place.target).map(|()| Verdict::Stays)
            })?;
            for document in documents(&told, run, arm, usize::MAX)? {
                self.document(version, &document.text)?;
            }
        }
        Ok(())
    }

    fn change(&mut self, change: &Trajectory, steps: &[ReasonedStep]) -> Result<(), Failure> {
        let Questions { run, context, .. } = self.questions;
        for version in ThoughtVersion::ALL {
            let told = match version {
                ThoughtVersion::None => change.clone(),
                ThoughtVersion::Initial => {
                    ChangeWords::of(change, &ToldTrajectory::of(change, run)?).thinking()
                }
                ThoughtVersion::Searched => change.clone().with_reasoning(steps),
            };
            let told = ToldTrajectory::of(&told, run)?;
            let all: BTreeSet<usize> = told.actions().collect();
            let text = told.each_action((&all, context), |place| {
                if matches!(place.action, Action::Edit { .. } | Action::Create { .. }) {
                    let before = (place.context, place.thought, place.lead);
                    self.code(version, before, place.target)?;
                }
                Ok::<_, Failure>(Verdict::Stays)
            })?;
            self.document(version, &text)?;
        }
        Ok(())
    }

    /// Scores one piece of code behind its thought.
    fn code(
        &mut self,
        version: ThoughtVersion,
        (context, thought, lead): (&str, Option<&Thought>, &str),
        target: &str,
    ) -> Result<(), Failure> {
        let thought = thought.map_or(String::new(), |thought| {
            [BEFORE_THOUGHT, &thought.text, AFTER_THOUGHT].concat()
        });
        let given = thought + lead;
        let score =
            self.engine.score(context, Continuation { given: &given, target }, self.answers);
        self.add((Scope::Code, version), score)
    }

    fn document(&mut self, version: ThoughtVersion, text: &str) -> Result<(), Failure> {
        // Nothing says how likely the first token of a text is.
        let (first, rest) = text.split_at(text.find('\n').map_or(0, |at| at + 1));
        let rest = Continuation { given: "", target: rest };
        let score = self.engine.score(first, rest, self.answers);
        self.add((Scope::Document, version), score)
    }

    fn add(
        &mut self,
        (scope, version): (Scope, ThoughtVersion),
        score: Result<Score, LanguageModelError>,
    ) -> Result<(), Failure> {
        let is_row = |row: &&mut ScopeRow| (row.scope, row.thoughts) == (scope, version);
        let Some(row) = self.rows.iter_mut().find(is_row) else { return Ok(()) };
        match score {
            Ok(score) => {
                row.texts += 1;
                row.tokens += score.target_tokens() as u64;
                row.nats -= score.sum();
            }
            Err(LanguageModelError::OverWindow { .. }) => row.over_window += 1,
            Err(error) => return Err(error.into()),
        }
        Ok(())
    }
}

/// Takes the thoughts out of a story.
fn without_thoughts(story: &SnapshotStory) -> SnapshotStory {
    let mut story = story.clone();
    for number in 1..=story.step_count() {
        story.set_thought(number, None);
    }
    story
}
