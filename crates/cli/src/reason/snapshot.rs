//! Which questions are asked about the story of a snapshot?
//!
//! In: a story and a place in it. Out: one question for each write.

use backstory_dataset::snapshot::{AFTER_THOUGHT, BEFORE_THOUGHT, WritePlace, writes};
use backstory_model::{EvidenceId, SnapshotStory};
use backstory_synth::reason::clauses::clauses;
use backstory_synth::reason::search::{BeforeWhat, ThoughtStep};

use super::step::Question;

/// What of a story every question about it needs.
pub(super) struct StoryWords<'s> {
    story: &'s SnapshotStory,
    /// Paths, and names of definitions in the plan.
    known: Vec<String>,
    /// The thoughts of all writes, by step.
    thoughts: Vec<(usize, String)>,
}

impl<'s> StoryWords<'s> {
    pub(super) fn of(story: &'s SnapshotStory) -> Self {
        let files = &story.plan.files;
        let planned = files.iter().flat_map(|file| {
            std::iter::once(file.path.to_string()).chain(file.definitions.iter().cloned())
        });
        let given = story.given.iter().map(|given| given.path.to_string());
        let told = writes(story)
            .filter_map(|(number, step)| Some((number, step.thought.as_ref()?.text.clone())));
        Self { story, known: planned.chain(given).collect(), thoughts: told.collect() }
    }

    /// Hands out the question of one write.
    pub(super) fn ask<T>(
        &self,
        place: &WritePlace<'_>,
        answer: impl FnOnce(&Question<'_>) -> T,
    ) -> T {
        let id = format!("{}/{}", self.story.id, place.step);
        let clauses = clauses(&self.story.plan, place.path);
        let clauses: Vec<&str> = clauses.iter().map(String::as_str).collect();
        let known: Vec<&str> = self.known.iter().map(String::as_str).collect();
        let others = self.thoughts.iter().filter(|(step, _)| *step != place.step);
        let others: Vec<&str> = others.map(|(_, text)| text.as_str()).collect();
        let step = ThoughtStep {
            id: &id,
            context: place.context,
            before: BEFORE_THOUGHT,
            after: AFTER_THOUGHT,
            lead: place.lead,
            target: place.target,
            thought: place.thought.map(|thought| thought.text.as_str()),
            known: &known,
            earlier: None,
            before_what: BeforeWhat::Code,
            others: &others,
            clauses: &clauses,
        };
        let had = place.thought.map(|thought| &thought.provenance);
        let rests_on = |_: &str| vec![EvidenceId::blob(place.blob)];
        answer(&Question { number: place.step, step, had, rests_on: &rests_on })
    }
}
