//! How does a model in this process answer?

use std::path::Path;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use backstory_model::seed::{Generator, Seed};
use backstory_model::{
    Completion, CompletionEnd, CompletionRequest, Continuation, LanguageModel, LanguageModelError,
    ModelId, ModelIdentity, Score, ScorerPolicy,
};
use candle_core::Tensor;

use crate::gguf::{LoadError, ModelFile};
use crate::llama::{Llama, Memory};
use crate::pieces::{Cutter, Pieces};

/// A model in this process.
///
/// The context that was read last is remembered, so that texts behind it cost their own
/// tokens alone; what is answered does not depend on what was asked before. A text longer
/// than the window of the model is [`LanguageModelError::OverWindow`], and the first token
/// of a text has no likelihood ([`LanguageModelError::MissingLogprob`]), because nothing
/// stands before it.
pub struct LocalModel {
    identity: ModelIdentity,
    llama: Llama,
    cutter: Cutter,
    remembered: Mutex<Option<Remembered>>,
    computed: AtomicU64,
}

/// A context and what was read of it.
struct Remembered {
    ids: Vec<u32>,
    memory: Memory,
}

/// One text that is scored: its tokens, and the first one of the target.
struct Text {
    pieces: Pieces,
    first: usize,
    straddles: bool,
}

impl LocalModel {
    /// Loads a model from a GGUF file; its weights take four bytes each.
    pub fn load(path: &Path, policy: ScorerPolicy) -> Result<Self, LoadError> {
        let mut file = ModelFile::open(path)?;
        let cutter = Cutter::of(file.vocabulary()?).map_err(|what| file.other(what))?;
        let llama = Llama::load(&mut file)?;
        let identity = ModelIdentity {
            model: ModelId::new(file.name()),
            revision: Some(file.digest.to_string()),
            tokenizer_hash: Some(cutter.digest.clone()),
            policy,
        };
        let (remembered, computed) = (Mutex::new(None), AtomicU64::new(0));
        Ok(Self { identity, llama, cutter, remembered, computed })
    }

    /// Returns how many tokens were computed so far.
    pub fn tokens_computed(&self) -> u64 {
        self.computed.load(Ordering::Relaxed)
    }

    fn read(&self, ids: &[u32], memory: &mut Memory) -> Result<Tensor, LanguageModelError> {
        self.computed.fetch_add(ids.len() as u64, Ordering::Relaxed);
        self.llama.read(ids, memory).map_err(|error| self.failed(&error))
    }

    /// Returns what is read of a context, as much as every text behind it may share.
    fn context(&self, context: &str) -> Result<Remembered, LanguageModelError> {
        let ids = self.cut(context)?.ids;
        let mut remembered = self.remembered.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = remembered.as_ref().filter(|known| known.ids == ids) {
            return Ok(Remembered { ids, memory: known.memory.clone() });
        }
        let mut memory = self.llama.nothing();
        if !ids.is_empty() {
            self.read(&ids, &mut memory)?;
        }
        *remembered = Some(Remembered { ids: ids.clone(), memory: memory.clone() });
        Ok(Remembered { ids, memory })
    }

    fn text(&self, context: &str, one: &Continuation<'_>) -> Result<Text, LanguageModelError> {
        if one.target.is_empty() {
            return Err(LanguageModelError::NothingToScore);
        }
        let before = context.len() + one.given.len();
        let pieces = self.cut(&format!("{context}{}{}", one.given, one.target))?;
        let (first, straddles) = pieces.first_from(before);
        if first == 0 {
            let model = self.identity.model.clone();
            return Err(LanguageModelError::MissingLogprob { model, token: 0 });
        }
        Ok(Text { pieces, first, straddles })
    }

    fn cut(&self, text: &str) -> Result<Pieces, LanguageModelError> {
        let model = || self.identity.model.clone();
        let pieces = self.cutter.cut(text);
        let pieces = pieces.map_err(|at| LanguageModelError::OtherText { model: model(), at })?;
        let (count, window) = (pieces.ids.len(), self.llama.shape.window);
        if count > window {
            let why = format!("{count} tokens are more than its {window}");
            return Err(LanguageModelError::OverWindow { model: model(), why });
        }
        Ok(pieces)
    }

    /// Scores a text behind what was read of its context.
    fn scored(&self, text: &Text, context: &Remembered) -> Result<Score, LanguageModelError> {
        let ids = &text.pieces.ids;
        let pairs = ids.iter().zip(&context.ids);
        let same = pairs.take_while(|(own, shared)| own == shared).count().min(text.first - 1);
        let mut memory = context.memory.until(same).map_err(|error| self.failed(&error))?;
        // The last token says nothing about another one.
        let vectors = self.read(&ids[same..ids.len() - 1], &mut memory)?;
        let logprobs = vectors
            .narrow(0, text.first - 1 - same, ids.len() - text.first)
            .and_then(|vectors| self.llama.logprobs(&vectors, &ids[text.first..]));
        let logprobs = logprobs.map_err(|error| self.failed(&error))?;
        // Rounding may leave a little more than a probability of one.
        let logprobs = logprobs.into_iter().map(|value| value.min(0.0)).collect();
        Score::new(logprobs, text.first, text.straddles).ok_or(LanguageModelError::NothingToScore)
    }

    fn failed(&self, error: &candle_core::Error) -> LanguageModelError {
        LanguageModelError::CannotScore {
            model: self.identity.model.clone(),
            why: error.to_string(),
        }
    }
}

impl LanguageModel for LocalModel {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn score_each(
        &self,
        context: &str,
        continuations: &[Continuation<'_>],
    ) -> Result<Vec<Score>, LanguageModelError> {
        let texts: Vec<Text> =
            continuations.iter().map(|one| self.text(context, one)).collect::<Result<_, _>>()?;
        let context = self.context(context)?;
        texts.iter().map(|text| self.scored(text, &context)).collect()
    }

    fn complete(&self, request: &CompletionRequest) -> Result<Completion, LanguageModelError> {
        let pieces = self.cut(&request.prompt)?;
        let Some(window) =
            self.llama.shape.window.checked_sub(pieces.ids.len()).filter(|left| *left > 0)
        else {
            let why = "nothing can be written behind a full window".to_owned();
            return Err(LanguageModelError::OverWindow { model: self.identity.model.clone(), why });
        };
        let most = usize::try_from(request.max_tokens).unwrap_or(usize::MAX).min(window);
        let mut writing = Writing {
            memory: self.llama.nothing(),
            next: pieces.ids.clone(),
            random: Seed::new(request.seed).generator(),
            written: Vec::new(),
        };
        let mut end = CompletionEnd::Length;
        while writing.written.len() < most {
            let token = writing.token(self, request.temperature);
            let token = token.map_err(|error| self.failed(&error))?;
            if token == self.cutter.end {
                end = CompletionEnd::Stop;
                break;
            }
            writing.written.push(token);
            if stop_in(&self.cutter.bytes(&writing.written), &request.stop).is_some() {
                end = CompletionEnd::Stop;
                break;
            }
        }
        let mut bytes = self.cutter.bytes(&writing.written);
        if let Some(at) = stop_in(&bytes, &request.stop) {
            bytes.truncate(at);
        }
        Ok(Completion {
            text: whole(&bytes),
            end,
            prompt_tokens: pieces.ids.len() as u64,
            tokens: writing.written.len() as u64,
        })
    }
}

/// A text that is being written.
struct Writing {
    memory: Memory,
    /// Tokens that were not read yet.
    next: Vec<u32>,
    random: Generator,
    written: Vec<u32>,
}

impl Writing {
    /// Draws the next token.
    fn token(&mut self, model: &LocalModel, temperature: f64) -> candle_core::Result<u32> {
        if self.next.is_empty() {
            // Nothing stands before the first token of a text but the end of another one.
            self.next.push(model.cutter.end);
        }
        let vectors = model.llama.read(&self.next, &mut self.memory)?;
        let last = vectors.narrow(0, vectors.dim(0)? - 1, 1)?;
        let token = drawn(&model.llama.over_all(&last)?, temperature, &mut self.random)?;
        self.next = vec![token];
        Ok(token)
    }
}

/// Draws a token by its likelihood; a temperature of 0 takes the likeliest.
fn drawn(row: &Tensor, temperature: f64, random: &mut Generator) -> candle_core::Result<u32> {
    let row = row.squeeze(0)?.to_vec1::<f32>()?;
    let likeliest = row.iter().copied().fold(f32::NEG_INFINITY, f32::max);
    if temperature <= 0.0 {
        let place = row.iter().position(|value| *value >= likeliest).unwrap_or_default();
        return Ok(u32::try_from(place).unwrap_or_default());
    }
    let weight = |value: f32| (f64::from(value - likeliest) / temperature).exp();
    let whole: f64 = row.iter().map(|value| weight(*value)).sum();
    let mut left = random.unit() * whole;
    for (token, value) in (0_u32..).zip(&row) {
        left -= weight(*value);
        if left <= 0.0 {
            return Ok(token);
        }
    }
    Ok(u32::try_from(row.len().saturating_sub(1)).unwrap_or_default())
}

fn stop_in(written: &[u8], stop: &[String]) -> Option<usize> {
    let places = stop.iter().filter(|stop| !stop.is_empty());
    let place =
        |stop: &String| written.windows(stop.len()).position(|window| window == stop.as_bytes());
    places.filter_map(place).min()
}

/// Returns the text of bytes without a character that was only begun.
fn whole(bytes: &[u8]) -> String {
    match std::str::from_utf8(bytes) {
        Ok(text) => text.to_owned(),
        Err(error) if error.error_len().is_none() => {
            String::from_utf8_lossy(&bytes[..error.valid_up_to()]).into_owned()
        }
        Err(_) => String::from_utf8_lossy(bytes).into_owned(),
    }
}
