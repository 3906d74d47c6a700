//! Who writes a thought, and what does it cost?
//!
//! In: a step and the thought it has. Out: another text. A language model is asked with a
//! prompt; [`ClauseWriter`](super::clauses::ClauseWriter) needs none.

use backstory_model::reasoning::{Generator, SearchOptions};
use backstory_model::{CompletionRequest, LanguageModel, LanguageModelError, Tier};

use super::prompt::{END, prompt};
use super::search::ThoughtStep;

/// What is to be written.
#[derive(Clone, Copy, Debug)]
pub struct Asked<'a> {
    /// The step.
    pub step: &'a ThoughtStep<'a>,
    /// The thought in whose place it comes.
    pub current: Option<&'a str>,
    /// Where the random choices start.
    pub seed: u64,
    /// The choices of the search.
    pub options: &'a SearchOptions,
}

/// What was written.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct WrittenThought {
    /// The text.
    pub text: String,
    /// What a model was asked.
    pub prompt: Option<String>,
    /// Tokens of the prompt.
    pub tokens_prompted: u64,
    /// Tokens that were written.
    pub tokens_written: u64,
}

/// Writes thoughts.
pub trait ThoughtWriter {
    /// Returns who writes.
    fn generator(&self) -> Generator;

    /// Returns what its thoughts are: derived by rules, or synthesized by a model.
    fn writes(&self) -> Tier;

    /// Writes one thought.
    fn write(&self, asked: &Asked<'_>) -> Result<WrittenThought, LanguageModelError>;
}

/// Has a language model write.
pub struct ModelWriter<'m>(pub &'m dyn LanguageModel);

impl ThoughtWriter for ModelWriter<'_> {
    fn generator(&self) -> Generator {
        let identity = self.0.identity();
        Generator { model: identity.model.clone(), revision: identity.revision.clone() }
    }

    fn writes(&self) -> Tier {
        Tier::Synthesized
    }

    fn write(&self, asked: &Asked<'_>) -> Result<WrittenThought, LanguageModelError> {
        let Asked { step, current, seed, options } = *asked;
        let prompt = prompt(step, current, options.prompt_context);
        let written = self.0.complete(&CompletionRequest {
            prompt: prompt.clone(),
            max_tokens: options.written_tokens,
            temperature: options.temperature,
            seed,
            stop: vec![END.to_owned()],
        })?;
        Ok(WrittenThought {
            text: written.text.trim().to_owned(),
            prompt: Some(prompt),
            tokens_prompted: written.prompt_tokens,
            tokens_written: written.tokens,
        })
    }
}
