//! What can the server at this address do, and how is it asked?
//!
//! In: an address and what is known about it. Out: the port over that server. Which
//! engine it is, which model it serves and in which form it scores given text is found
//! out once, by asking; a server that cannot score may still write.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use backstory_model::{
    Completion, CompletionRequest, Continuation, LanguageModel, LanguageModelError, ModelId,
    ModelIdentity, Score, ScorerPolicy, Sha256, is_logprob,
};
use serde::Deserialize;
use sha2::{Digest as _, Sha256 as Hasher};

use super::align::{Boundary, boundary, starts};
use super::client::{Client, ClientLimits, ServerKey};
use super::completions::{self, Form};
use super::self_test::{FIXED_SPLIT, FIXED_TEXT, SelfTest, self_test};
use super::transport::{Clock, Transport};
use super::{sglang, writing};

/// Whose dialect a server speaks.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Engine {
    /// vLLM.
    Vllm,
    /// `SGLang`, by its own endpoint.
    Sglang,
    /// Any other server with `/v1/completions`.
    Completions,
    /// A server with `/v1/chat/completions` alone.
    Chat,
}

impl Engine {
    /// Returns its name, as users type it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Vllm => "vllm",
            Self::Sglang => "sglang",
            Self::Completions => "completions",
            Self::Chat => "chat",
        }
    }
}

/// What is known about a server before it is asked.
#[derive(Clone, Debug)]
pub struct ServerOptions {
    /// Where it lies, with or without `/v1`.
    pub address: String,
    /// The model; the only one it serves if absent.
    pub model: Option<String>,
    /// Which version of the weights it serves.
    pub revision: Option<String>,
    /// Whose dialect it speaks; found out if absent.
    pub engine: Option<Engine>,
    /// How it relates to the model that will be trained.
    pub policy: ScorerPolicy,
    /// What it is shown.
    pub key: Option<ServerKey>,
    /// How many requests a minute may be sent; as many as it takes if absent.
    pub requests_per_minute: Option<u32>,
    /// How many bytes an answer may have.
    pub answer_limit: u64,
}

impl ServerOptions {
    /// Knows nothing but the address.
    pub fn at(address: impl Into<String>) -> Self {
        Self {
            address: address.into(),
            model: None,
            revision: None,
            engine: None,
            policy: ScorerPolicy::OffPolicy,
            key: None,
            requests_per_minute: None,
            answer_limit: LONGEST_ANSWER,
        }
    }
}

/// 64k tokens with their texts have about 10 MB in the longest of the documented forms.
const LONGEST_ANSWER: u64 = 64 << 20;

/// How many texts go into one request; engines limit them.
const BATCH: usize = 16;

/// How many tokens before the target are asked for when the rest was read before: a
/// token at the end of the context may be cut another way when other text follows it.
const MARGIN: usize = 8;

/// One token as the engine shows it.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Entry {
    /// Its text, where it is shown.
    pub(super) token: Option<String>,
    /// Its log-probability; the first token of a text has none.
    pub(super) logprob: Option<f64>,
}

/// How given text is scored.
#[derive(Debug)]
enum Scoring {
    Completions(Form),
    Sglang,
    /// It cannot be, for this reason.
    Refused(String),
}

/// A language model behind an address.
#[derive(Debug)]
pub struct Server {
    client: Client,
    identity: ModelIdentity,
    engine: Engine,
    scoring: Scoring,
    tested: Option<SelfTest>,
    /// The last context, and how many tokens lie in it.
    read: Mutex<Option<(String, usize)>>,
}

#[derive(Deserialize)]
struct Models {
    data: Vec<ServedModel>,
}

#[derive(Deserialize)]
struct ServedModel {
    id: String,
    #[serde(default)]
    owned_by: Option<String>,
}

/// A text to score, and where its target begins.
struct Asked {
    text: String,
    target: usize,
}

impl Server {
    /// Finds out what lies at an address, and how it scores given text.
    pub fn connect(
        options: &ServerOptions,
        transport: Box<dyn Transport>,
        clock: Box<dyn Clock>,
    ) -> Result<Self, LanguageModelError> {
        let minute = Duration::from_mins(1);
        let pause = options.requests_per_minute.map_or(Duration::ZERO, |n| minute / n.max(1));
        let limits = ClientLimits { answer: options.answer_limit, pause };
        let client = Client::new(&options.address, options.key.clone(), limits, transport, clock)?;
        let (model, engine) = served(&client, options)?;
        let identity = ModelIdentity {
            model,
            revision: options.revision.clone(),
            tokenizer_hash: None,
            policy: options.policy,
        };
        let scoring = Scoring::Refused(String::new());
        let (tested, read) = (None, Mutex::default());
        let mut server = Self { client, identity, engine, scoring, tested, read };
        server.settle(options.engine.is_none())?;
        server.test()?;
        Ok(server)
    }

    /// Takes back that it scores when what it says of a fixed text is not plausible.
    fn test(&mut self) -> Result<(), LanguageModelError> {
        if self.scores_by().is_none() {
            return Ok(());
        }
        match self_test(self) {
            Ok(tested) => self.tested = Some(tested),
            Err(error) => self.scoring = Scoring::Refused(refusal(error)?),
        }
        Ok(())
    }

    /// Returns what it said of a fixed text, if it scores at all.
    pub fn tested(&self) -> Option<&SelfTest> {
        self.tested.as_ref()
    }

    /// Returns why it cannot score given text, if it cannot.
    pub fn refusal(&self) -> Option<&str> {
        match &self.scoring {
            Scoring::Refused(why) => Some(why),
            Scoring::Completions(_) | Scoring::Sglang => None,
        }
    }

    /// Returns the engine.
    pub fn engine(&self) -> Engine {
        self.engine
    }

    /// Returns how given text is scored, in words; `None` when it is not.
    pub fn scores_by(&self) -> Option<&'static str> {
        match &self.scoring {
            Scoring::Completions(form) => Some(form.as_str()),
            Scoring::Sglang => Some("input_token_logprobs"),
            Scoring::Refused(_) => None,
        }
    }

    /// Finds the form in which the fixed text is scored.
    fn settle(&mut self, guess: bool) -> Result<(), LanguageModelError> {
        if self.engine == Engine::Chat {
            self.scoring = Scoring::Refused(CHAT_CANNOT.to_owned());
            return Ok(());
        }
        if self.engine == Engine::Sglang {
            self.scoring = match self.tried(None)? {
                Ok(()) => Scoring::Sglang,
                Err(why) => Scoring::Refused(why),
            };
            return Ok(());
        }
        // The second form is the one most engines take, so its refusal tells most.
        let mut refusal = String::new();
        for form in Form::ALL {
            match self.tried(Some(form))? {
                Ok(()) => {
                    self.scoring = Scoring::Completions(form);
                    return Ok(());
                }
                Err(why) if form != Form::PromptLogprobs => refusal = why,
                Err(_) => {}
            }
        }
        if guess && self.engine == Engine::Completions && self.only_chats()? {
            self.engine = Engine::Chat;
            refusal = format!("{CHAT_CANNOT}; it says `{refusal}`");
        }
        self.scoring = Scoring::Refused(refusal);
        Ok(())
    }

    /// Scores the fixed text in one form; the inner error says why that did not work.
    fn tried(&mut self, form: Option<Form>) -> Result<Result<(), String>, LanguageModelError> {
        let texts = [FIXED_TEXT.to_owned()];
        let entries = match form {
            Some(form) => completions::entries(&self.client, &self.identity.model, form, &texts),
            None => sglang::entries(&self.client, &self.identity.model, &texts, 0),
        };
        let scored = entries.and_then(|mut entries| {
            let entries = entries.pop().unwrap_or_default();
            let asked = Asked { text: FIXED_TEXT.to_owned(), target: FIXED_SPLIT };
            self.score_of(&asked, 0, &entries).map(|_| entries)
        });
        match scored {
            Ok(entries) => {
                self.identity.tokenizer_hash = Some(tokens_hash(&entries));
                Ok(Ok(()))
            }
            Err(error) => refusal(error).map(Err),
        }
    }

    fn only_chats(&self) -> Result<bool, LanguageModelError> {
        let request = CompletionRequest {
            prompt: "1 + 1 =".to_owned(),
            max_tokens: 1,
            temperature: 0.0,
            seed: 0,
            stop: Vec::new(),
        };
        match writing::complete(&self.client, &self.identity.model, &request) {
            Ok(_) => Ok(false),
            Err(error @ LanguageModelError::Refused { status: 401 | 403, .. }) => Err(error),
            Err(LanguageModelError::Refused { .. }) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// Scores texts by a completion endpoint, in batches.
    fn by_completions(
        &self,
        form: Form,
        asked: &[Asked],
    ) -> Result<Vec<Score>, LanguageModelError> {
        let mut scores = Vec::with_capacity(asked.len());
        for batch in asked.chunks(BATCH) {
            let texts: Vec<String> = batch.iter().map(|asked| asked.text.clone()).collect();
            let all = completions::entries(&self.client, &self.identity.model, form, &texts)?;
            for (asked, entries) in batch.iter().zip(&all) {
                scores.push(self.score_of(asked, 0, entries)?);
            }
        }
        Ok(scores)
    }

    /// Scores texts by `SGLang`: the first one whole, the others behind its context.
    fn by_sglang(&self, context: &str, asked: &[Asked]) -> Result<Vec<Score>, LanguageModelError> {
        let mut scores = Vec::with_capacity(asked.len());
        let mut rest = asked;
        let mut known = self.known(context);
        if let (None, [first, others @ ..]) = (known, rest) {
            let model = &self.identity.model;
            let entries =
                one(sglang::entries(&self.client, model, std::slice::from_ref(&first.text), 0)?);
            scores.push(self.score_of(first, 0, &entries)?);
            known = self.remember(context, &first.text, &entries);
            rest = others;
        }
        let skipped = known.unwrap_or(0).saturating_sub(MARGIN);
        for batch in rest.chunks(BATCH) {
            let texts: Vec<String> = batch.iter().map(|asked| asked.text.clone()).collect();
            let all = sglang::entries(&self.client, &self.identity.model, &texts, skipped)?;
            for (asked, entries) in batch.iter().zip(&all) {
                scores.push(match self.score_of(asked, skipped, entries) {
                    // The tail alone may be unreadable where the whole text is not.
                    Err(_) if skipped > 0 => self.whole(asked)?,
                    other => other?,
                });
            }
        }
        Ok(scores)
    }

    fn whole(&self, asked: &Asked) -> Result<Score, LanguageModelError> {
        let texts = std::slice::from_ref(&asked.text);
        let entries = one(sglang::entries(&self.client, &self.identity.model, texts, 0)?);
        self.score_of(asked, 0, &entries)
    }

    /// Returns how many tokens lie in a context that was read last.
    fn known(&self, context: &str) -> Option<usize> {
        let read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        read.as_ref().filter(|(last, _)| last == context).map(|(_, tokens)| *tokens)
    }

    fn remember(&self, context: &str, text: &str, entries: &[Entry]) -> Option<usize> {
        let tokens: Option<Vec<&str>> =
            entries.iter().map(|entry| entry.token.as_deref()).collect();
        let tokens = boundary(text, 0, context.len(), &tokens?).ok()?.first;
        let mut read = self.read.lock().unwrap_or_else(PoisonError::into_inner);
        *read = Some((context.to_owned(), tokens));
        Some(tokens)
    }

    /// Makes a score of tokens; `skipped` of them were not asked for.
    fn score_of(
        &self,
        asked: &Asked,
        skipped: usize,
        entries: &[Entry],
    ) -> Result<Score, LanguageModelError> {
        let model = || self.identity.model.clone();
        let hidden = entries.iter().take_while(|entry| entry.token.is_none()).count();
        let shown: Option<Vec<&str>> =
            entries[hidden..].iter().map(|entry| entry.token.as_deref()).collect();
        let missing = |token| LanguageModelError::MissingLogprob { model: model(), token };
        let shown = shown.ok_or_else(|| missing(skipped + hidden))?;
        let found = self.found(asked, skipped, hidden, &shown)?;
        let mut logprobs = Vec::with_capacity(shown.len() - found.first);
        for (at, entry) in entries.iter().enumerate().skip(hidden + found.first) {
            let token = skipped + at;
            let value = entry.logprob.ok_or_else(|| missing(token))?;
            if !is_logprob(value) {
                return Err(LanguageModelError::NotALogprob { model: model(), token, value });
            }
            logprobs.push(value);
        }
        Score::new(logprobs, skipped + hidden + found.first, found.straddles)
            .ok_or(LanguageModelError::NothingToScore)
    }

    /// Finds the target among the shown tokens; some before them were not shown.
    fn found(
        &self,
        asked: &Asked,
        skipped: usize,
        hidden: usize,
        shown: &[&str],
    ) -> Result<Boundary, LanguageModelError> {
        let model = || self.identity.model.clone();
        let starts = if skipped + hidden == 0 { vec![0] } else { starts(&asked.text, shown) };
        let mut wrong = starts.is_empty().then_some(0);
        for from in starts.into_iter().filter(|from| *from <= asked.target) {
            match boundary(&asked.text, from, asked.target, shown) {
                Ok(found) => return Ok(found),
                Err(at) => wrong = wrong.or(Some(at)),
            }
        }
        Err(match wrong {
            Some(at) => LanguageModelError::OtherText { model: model(), at },
            None => LanguageModelError::MissingLogprob { model: model(), token: skipped },
        })
    }
}

const CHAT_CANNOT: &str = "a chat endpoint gives log-probabilities of what it wrote alone";

fn one(mut all: Vec<Vec<Entry>>) -> Vec<Entry> {
    all.pop().unwrap_or_default()
}

/// Returns the model to ask and the engine that serves it.
fn served(
    client: &Client,
    options: &ServerOptions,
) -> Result<(ModelId, Engine), LanguageModelError> {
    let models: Models = match (client.get("/v1/models"), &options.model) {
        (Ok(models), _) => models,
        // Not every server lists what it serves; a named model needs no list.
        (Err(LanguageModelError::Refused { status: 404 | 405, .. }), Some(name)) => {
            return Ok((ModelId::new(name), options.engine.unwrap_or(Engine::Completions)));
        }
        (Err(error), _) => return Err(error),
    };
    let found = match &options.model {
        Some(name) => models.data.iter().find(|model| model.id == *name),
        None => models.data.first().filter(|_| models.data.len() == 1),
    };
    let Some(model) = found else {
        return Err(LanguageModelError::WhichModel {
            place: client.base().to_owned(),
            served: models.data.into_iter().map(|model| model.id).collect(),
            named: options.model.clone(),
        });
    };
    let engine = options.engine.unwrap_or(match model.owned_by.as_deref() {
        Some("vllm") => Engine::Vllm,
        Some("sglang") => Engine::Sglang,
        _ => Engine::Completions,
    });
    Ok((ModelId::new(&model.id), engine))
}

/// Tells why a form does not work; an error when nothing works.
fn refusal(error: LanguageModelError) -> Result<String, LanguageModelError> {
    match error {
        LanguageModelError::CannotScore { why, .. } => Ok(why),
        LanguageModelError::Refused { status: 401 | 403, .. }
        | LanguageModelError::Unreachable { .. }
        | LanguageModelError::Failing { .. }
        | LanguageModelError::Limited { .. }
        | LanguageModelError::AnswerTooLong { .. }
        | LanguageModelError::BudgetSpent { .. }
        | LanguageModelError::Keep { .. }
        | LanguageModelError::Address { .. }
        | LanguageModelError::WhichModel { .. } => Err(error),
        LanguageModelError::Refused { reason, .. } => Ok(reason),
        LanguageModelError::CannotComplete { .. }
        | LanguageModelError::NothingToScore
        | LanguageModelError::MissingLogprob { .. }
        | LanguageModelError::NotALogprob { .. }
        | LanguageModelError::TokenCount { .. }
        | LanguageModelError::OtherText { .. }
        | LanguageModelError::Incomplete { .. }
        | LanguageModelError::OverWindow { .. }
        | LanguageModelError::Shape { .. } => Ok(error.to_string()),
    }
}

/// Tells a text that does not fit from other refusals, in the words of vLLM and `SGLang`.
fn windowed(error: LanguageModelError, model: &ModelId) -> LanguageModelError {
    match error {
        LanguageModelError::Refused { status: 400, reason, .. }
            if ["context length", "maximum model length", "max_model_len"]
                .iter()
                .any(|words| reason.to_lowercase().contains(words)) =>
        {
            LanguageModelError::OverWindow { model: model.clone(), why: reason }
        }
        other => other,
    }
}

fn tokens_hash(entries: &[Entry]) -> Sha256 {
    let mut hasher = Hasher::new();
    for entry in entries {
        let token = entry.token.as_deref().unwrap_or_default();
        hasher.update((token.len() as u64).to_le_bytes());
        hasher.update(token.as_bytes());
    }
    Sha256::from_digest(&hasher.finalize())
}

impl LanguageModel for Server {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn score_each(
        &self,
        context: &str,
        continuations: &[Continuation<'_>],
    ) -> Result<Vec<Score>, LanguageModelError> {
        if continuations.iter().any(|continuation| continuation.target.is_empty()) {
            return Err(LanguageModelError::NothingToScore);
        }
        let ask = |Continuation { given, target }: &Continuation<'_>| Asked {
            text: format!("{context}{given}{target}"),
            target: context.len() + given.len(),
        };
        let asked: Vec<Asked> = continuations.iter().map(ask).collect();
        let model = &self.identity.model;
        let scores = match &self.scoring {
            Scoring::Completions(form) => self.by_completions(*form, &asked),
            Scoring::Sglang => self.by_sglang(context, &asked),
            Scoring::Refused(why) => {
                let why = why.clone();
                return Err(LanguageModelError::CannotScore { model: model.clone(), why });
            }
        };
        scores.map_err(|error| windowed(error, model))
    }

    fn complete(&self, request: &CompletionRequest) -> Result<Completion, LanguageModelError> {
        let model = &self.identity.model;
        let written = match self.engine {
            Engine::Chat => writing::chat(&self.client, model, request),
            Engine::Vllm | Engine::Sglang | Engine::Completions => {
                writing::complete(&self.client, model, request)
            }
        };
        written.map_err(|error| windowed(error, model))
    }
}
