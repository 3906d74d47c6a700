//! Who scores and who writes?
//!
//! `ngram` is always there: it counts bytes and cannot write, so thoughts are written by
//! rules. So they are where a small model in this process scores. A server does both, and
//! is refused if it cannot score given text.

use backstory_model::reasoning::Generator;
use backstory_model::{
    Continuation, LanguageModel, LanguageModelError, ModelIdentity, Score, Tier,
};
use backstory_synth::lm::{Answers, Cached, NgramModel, NgramOptions, Server};
use backstory_synth::reason::clauses::ClauseWriter;
use backstory_synth::reason::search::{SearchOptions, Searched, ThoughtStep, search};
use backstory_synth::reason::writer::{ModelWriter, ThoughtWriter as _};

use crate::Failure;

/// Whoever scores and writes.
pub(crate) enum Engine {
    /// Counts of bytes, and thoughts by rules.
    Ngram(NgramModel),
    /// A model in this process, and thoughts by rules.
    Local(Box<dyn LanguageModel>),
    /// A server that does both.
    Server(Box<Server>),
}

/// What the counter of bytes remembers. It learns nothing but the text it is shown.
const NGRAM: NgramOptions = NgramOptions { learned: 0, shown: 8, shown_least: 0 };

impl Engine {
    /// The counter of bytes.
    pub(crate) fn ngram() -> Self {
        Self::Ngram(NgramModel::learn(&[], NGRAM))
    }

    /// A server, if it scores.
    pub(crate) fn server(server: Server) -> Result<Self, Failure> {
        if let Some(why) = server.refusal() {
            let (model, why) = (server.identity().model.clone(), why.to_owned());
            return Err(LanguageModelError::CannotScore { model, why }.into());
        }
        Ok(Self::Server(Box::new(server)))
    }

    fn model(&self) -> &dyn LanguageModel {
        match self {
            Self::Ngram(model) => model,
            Self::Local(model) => model.as_ref(),
            Self::Server(server) => server.as_ref(),
        }
    }

    /// Returns who scores.
    pub(crate) fn identity(&self) -> &ModelIdentity {
        self.model().identity()
    }

    /// Returns who writes.
    pub(crate) fn generator(&self) -> Generator {
        match self {
            Self::Ngram(_) | Self::Local(_) => ClauseWriter.generator(),
            Self::Server(server) => ModelWriter(server.as_ref()).generator(),
        }
    }

    /// Returns what written thoughts are.
    pub(crate) fn writes(&self) -> Tier {
        match self {
            Self::Ngram(_) | Self::Local(_) => ClauseWriter.writes(),
            Self::Server(server) => ModelWriter(server.as_ref()).writes(),
        }
    }

    /// Scores one text behind a context; a model is not asked twice.
    pub(crate) fn score(
        &self,
        context: &str,
        asked: Continuation<'_>,
        answers: &dyn Answers,
    ) -> Result<Score, LanguageModelError> {
        let score = |model: &dyn LanguageModel| {
            let scores = model.score_each(context, &[asked])?;
            scores.into_iter().next().ok_or_else(|| LanguageModelError::Incomplete {
                model: model.identity().model.clone(),
                asked: 1,
                answered: 0,
            })
        };
        match self {
            Self::Ngram(model) => score(model),
            Self::Local(_) | Self::Server(_) => score(&Cached::new(self.model(), answers)),
        }
    }

    /// Scores a step without a thought; a model is not asked twice.
    pub(crate) fn score_without(
        &self,
        step: &ThoughtStep<'_>,
        answers: &dyn Answers,
    ) -> Result<Score, LanguageModelError> {
        let asked = Continuation { given: step.lead, target: step.target };
        self.score(step.context, asked, answers)
    }

    /// Searches the thought of one step; a server is not asked twice.
    pub(crate) fn search(
        &self,
        step: &ThoughtStep<'_>,
        options: &SearchOptions,
        answers: &dyn Answers,
    ) -> Result<Searched, LanguageModelError> {
        match self {
            Self::Ngram(_) | Self::Local(_) => search(step, options, self.model(), &ClauseWriter),
            Self::Server(server) => {
                let cached = Cached::new(server.as_ref(), answers);
                search(step, options, &cached, &ModelWriter(&cached))
            }
        }
    }
}
