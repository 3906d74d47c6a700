//! How is one step of a story searched?
//!
//! In: a place in a story and what the plan says of its file. Out: what was found, as it is
//! stored. What was found before, for the same question, is taken from the answers.

use backstory_dataset::snapshot::{AFTER_THOUGHT, BEFORE_THOUGHT, WritePlace, writes};
use backstory_model::reasoning::{ReasonedStep, SearchOptions};
use backstory_model::{Sha256, SnapshotStory};
use backstory_synth::lm::Answers;
use backstory_synth::reason::clauses::clauses;
use backstory_synth::reason::known;
use backstory_synth::reason::search::ThoughtStep;
use sha2::Digest as _;

use super::Engine;
use crate::Failure;
use crate::build::tool;

/// What of a story every search of its steps needs.
pub(super) struct StoryWords {
    /// Paths, and names of definitions in the plan.
    known: Vec<String>,
    /// The thoughts of all writes, by step.
    thoughts: Vec<(usize, String)>,
}

impl StoryWords {
    pub(super) fn of(story: &SnapshotStory) -> Self {
        let files = &story.plan.files;
        let planned = files.iter().flat_map(|file| {
            std::iter::once(file.path.to_string()).chain(file.definitions.iter().cloned())
        });
        let given = story.given.iter().map(|given| given.path.to_string());
        let told = writes(story)
            .filter_map(|(number, step)| Some((number, step.thought.as_ref()?.text.clone())));
        Self { known: planned.chain(given).collect(), thoughts: told.collect() }
    }
}

/// One step to search.
pub(super) struct AskedStep<'a> {
    pub(super) story: &'a SnapshotStory,
    pub(super) words: &'a StoryWords,
    pub(super) place: &'a WritePlace<'a>,
}

/// What was found for a step.
pub(super) struct FoundStep {
    pub(super) step: ReasonedStep,
    /// The same as it is stored.
    pub(super) text: String,
    /// What a model was asked for the thought that stands.
    pub(super) prompt: Option<String>,
}

impl AskedStep<'_> {
    pub(super) fn search(
        &self,
        engine: &Engine,
        options: &SearchOptions,
        answers: &dyn Answers,
    ) -> Result<FoundStep, Failure> {
        let place = self.place;
        let id = format!("{}/{}", self.story.id, place.step);
        let clauses = clauses(&self.story.plan, place.path);
        let clauses: Vec<&str> = clauses.iter().map(String::as_str).collect();
        let known_names: Vec<&str> = self.words.known.iter().map(String::as_str).collect();
        let others = self.words.thoughts.iter().filter(|(step, _)| *step != place.step);
        let others: Vec<&str> = others.map(|(_, text)| text.as_str()).collect();
        let step = ThoughtStep {
            id: &id,
            context: place.context,
            before: BEFORE_THOUGHT,
            after: AFTER_THOUGHT,
            lead: place.lead,
            target: place.target,
            thought: place.thought.map(|thought| thought.text.as_str()),
            known: &known_names,
            others: &others,
            clauses: &clauses,
        };
        let key = key(engine, options, &step)?;
        let had = place.thought.map(|thought| &thought.provenance);
        let stored = answers
            .get(&key)
            .and_then(|text| Some((serde_json::from_str::<ReasonedStep>(&text).ok()?, text)));
        if let Some((found, text)) = stored {
            let known = known(&step, options, &found.searched, (had, place.blob));
            return Ok(FoundStep { step: found, text, prompt: known.and_then(|k| k.prompt) });
        }
        let searched = engine.search(&step, options, answers)?;
        let known = known(&step, options, &searched, (had, place.blob));
        let provenance = known.as_ref().map(|known| known.provenance.clone());
        let found = ReasonedStep { step: place.step, provenance, searched };
        let text = serde_json::to_string(&found)
            .map_err(|error| Failure::of(error, &format!("failed to write step `{id}`")))?;
        answers.put(&key, &text)?;
        Ok(FoundStep { step: found, text, prompt: known.and_then(|known| known.prompt) })
    }
}

/// Names a question by everything its answer depends on.
fn key(
    engine: &Engine,
    options: &SearchOptions,
    step: &ThoughtStep<'_>,
) -> Result<Sha256, Failure> {
    let told = serde_json::to_string(&(engine.identity(), engine.generator(), options))
        .map_err(|error| Failure::of(error, "failed to write the options of the search"))?;
    let mut hasher = sha2::Sha256::new();
    let ThoughtStep { id, context, before, after, lead, target, thought, .. } = *step;
    let tool = tool();
    let parts = [tool.as_str(), told.as_str(), id, context, before, after, lead, target];
    let lists = [step.known, step.others, step.clauses].into_iter().flatten().copied();
    for part in parts.into_iter().chain(thought).chain(lists) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    Ok(Sha256::from_digest(&hasher.finalize()))
}
