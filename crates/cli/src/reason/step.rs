//! How is one step of a story searched?
//!
//! In: a step with what stands around it, and how texts about it are known. Out: what was
//! found, as it is stored. What was found before, for the same question, is taken from the
//! answers.

use backstory_model::reasoning::{ReasonedStep, SearchOptions};
use backstory_model::{Provenance, Sha256};
use backstory_synth::lm::Answers;
use backstory_synth::reason::search::{BeforeWhat, ThoughtStep};
use backstory_synth::reason::{RestsOn, known};
use sha2::Digest as _;

use super::Engine;
use crate::Failure;
use crate::build::tool;

/// One step to search.
pub(super) struct Question<'a> {
    /// Its number, from 1.
    pub(super) number: usize,
    /// What stands around it.
    pub(super) step: ThoughtStep<'a>,
    /// How the thought is known that it has.
    pub(super) had: Option<&'a Provenance>,
    /// What a text rests on that was written by rule.
    pub(super) rests_on: &'a RestsOn<'a>,
}

/// What was found for a step.
pub(super) struct FoundStep {
    pub(super) step: ReasonedStep,
    /// The same as it is stored.
    pub(super) text: String,
    /// What a model was asked for the thought that stands.
    pub(super) prompt: Option<String>,
}

impl Question<'_> {
    pub(super) fn search(
        &self,
        engine: &Engine,
        options: &SearchOptions,
        answers: &dyn Answers,
    ) -> Result<FoundStep, Failure> {
        let Self { step, had, rests_on, .. } = self;
        let key = key(engine, options, step)?;
        let stored = answers
            .get(&key)
            .and_then(|text| Some((serde_json::from_str::<ReasonedStep>(&text).ok()?, text)));
        if let Some((found, text)) = stored {
            let known = known(step, options, &found.searched, (*had, rests_on));
            return Ok(FoundStep { step: found, text, prompt: known.and_then(|k| k.prompt) });
        }
        let searched = engine.search(step, options, answers)?;
        let known = known(step, options, &searched, (*had, rests_on));
        let provenance = known.as_ref().map(|known| known.provenance.clone());
        let found = ReasonedStep { step: self.number, provenance, searched };
        let text = serde_json::to_string(&found)
            .map_err(|error| Failure::of(error, &format!("failed to write step `{}`", step.id)))?;
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
    let kind = match step.before_what {
        BeforeWhat::Code => None,
        BeforeWhat::Action => Some("action"),
    };
    let more = kind.into_iter().chain(step.earlier);
    for part in parts.into_iter().chain(thought).chain(lists).chain(more) {
        hasher.update((part.len() as u64).to_le_bytes());
        hasher.update(part.as_bytes());
    }
    Ok(Sha256::from_digest(&hasher.finalize()))
}
