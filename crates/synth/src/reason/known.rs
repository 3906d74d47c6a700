//! How is the thought known that a search ended with?
//!
//! In: a step and its search. Out: the provenance of the thought, and the prompt to
//! store if a model wrote it. A thought the step had before keeps its provenance.

use backstory_model::reasoning::{SearchOptions, Searched};
use backstory_model::{EvidenceId, Provenance, git_object_id};

use super::clauses::RULE;
use super::prompt::prompt;
use super::search::ThoughtStep;

/// How a thought is known.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Known {
    /// How.
    pub provenance: Provenance,
    /// What a model was asked, to be stored under the id the provenance names.
    pub prompt: Option<String>,
}

/// Says what a text rests on that was written by rule.
pub type RestsOn<'a> = dyn Fn(&str) -> Vec<EvidenceId> + 'a;

/// Says how the thought that stands is known; `None` where none stands.
///
/// `had` is how the thought of the step was known before.
pub fn known(
    step: &ThoughtStep<'_>,
    options: &SearchOptions,
    searched: &Searched,
    (had, rests_on): (Option<&Provenance>, &RestsOn<'_>),
) -> Option<Known> {
    let winner = searched.winner()?;
    let Some(generator) = &winner.generator else {
        return Some(Known { provenance: had?.clone(), prompt: None });
    };
    let (Some(_), Some(seed)) = (&winner.prompt_hash, winner.seed) else {
        let text = searched.thought.as_deref()?;
        let provenance = Provenance::derived(RULE, rests_on(text));
        return Some(Known { provenance, prompt: None });
    };
    let parent = winner.parent_hash.as_ref().and_then(|hash| searched.texts.get(hash));
    let prompt = prompt(step, parent.map(String::as_str), options.prompt_context);
    let provenance = Provenance::Synthesized {
        model: generator.model.clone(),
        prompt: git_object_id("blob", prompt.as_bytes()),
        seed,
    };
    Some(Known { provenance, prompt: Some(prompt) })
}
