//! How likely is a text, judging by the bytes it is made of?
//!
//! In: documents to learn from. Out: a language model over bytes that needs no weights
//! and gives the same numbers on every machine. Counts of the documents answer where the
//! text itself has shown nothing like it; where it has, the text answers, so what is said
//! before a piece of code makes that code more likely. A token is a byte.

use backstory_model::seed::{Generator, Seed};
use backstory_model::{
    Completion, CompletionEnd, CompletionRequest, Continuation, LanguageModel, LanguageModelError,
    ModelId, ModelIdentity, Score, ScorerPolicy, Sha256,
};
use sha2::{Digest as _, Sha256 as Hasher};

use super::counts::{Counts, SYMBOLS};

/// How much is remembered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NgramOptions {
    /// How many bytes before a byte are looked at, in the documents.
    pub learned: usize,
    /// The same, in the text itself.
    pub shown: usize,
    /// Fewer bytes than these show nothing in the text itself.
    pub shown_least: usize,
}

impl Default for NgramOptions {
    fn default() -> Self {
        Self { learned: 5, shown: 12, shown_least: 3 }
    }
}

/// A language model that counts bytes.
#[derive(Debug)]
pub struct NgramModel {
    identity: ModelIdentity,
    options: NgramOptions,
    learned: Counts,
}

impl NgramModel {
    /// Learns from documents, in their order.
    pub fn learn(documents: &[&str], options: NgramOptions) -> Self {
        let NgramOptions { learned: length, shown, shown_least } = options;
        let mut learned = Counts::new(0, length);
        let mut hasher = Hasher::new();
        for document in documents {
            let bytes = document.as_bytes();
            hasher.update((bytes.len() as u64).to_le_bytes());
            hasher.update(bytes);
            for (at, byte) in bytes.iter().enumerate() {
                learned.add(&bytes[..at], *byte);
            }
        }
        let identity = ModelIdentity {
            model: ModelId::new(format!("backstory-ngram-{length}-{shown_least}-{shown}")),
            revision: Some(Sha256::from_digest(&hasher.finalize()).to_string()),
            tokenizer_hash: Some(Sha256::from_digest(&Hasher::digest(b"bytes"))),
            policy: ScorerPolicy::OffPolicy,
        };
        Self { identity, options, learned }
    }

    /// Returns how likely each byte is to follow a text; they sum to one.
    pub fn distribution(&self, text: &str) -> [f64; SYMBOLS] {
        self.shares(text.as_bytes(), &self.read(text.as_bytes()))
    }

    fn shares(&self, before: &[u8], shown: &Counts) -> [f64; SYMBOLS] {
        let mut shares = [EVEN; SYMBOLS];
        self.learned.sharpen(before, &mut shares);
        shown.sharpen(before, &mut shares);
        shares
    }

    fn probability(&self, before: &[u8], byte: u8, shown: &Counts) -> f64 {
        shown.probability(before, byte, self.learned.probability(before, byte, EVEN))
    }

    /// Reads a text from its beginning.
    fn read(&self, text: &[u8]) -> Counts {
        let mut shown = Counts::new(self.options.shown_least, self.options.shown);
        for (at, byte) in text.iter().enumerate() {
            shown.add(&text[..at], *byte);
        }
        shown
    }
}

/// The share of every byte before anything is known.
const EVEN: f64 = 1.0 / 256.0;

impl LanguageModel for NgramModel {
    fn identity(&self) -> &ModelIdentity {
        &self.identity
    }

    fn score_each(
        &self,
        context: &str,
        continuations: &[Continuation<'_>],
    ) -> Result<Vec<Score>, LanguageModelError> {
        let read = self.read(context.as_bytes());
        let score = |continuation: &Continuation<'_>| {
            let mut shown = read.clone();
            let mut text = context.as_bytes().to_vec();
            for byte in continuation.given.bytes() {
                shown.add(&text, byte);
                text.push(byte);
            }
            let before = text.len();
            let mut logprobs = Vec::with_capacity(continuation.target.len());
            for byte in continuation.target.bytes() {
                logprobs.push(self.probability(&text, byte, &shown).ln());
                shown.add(&text, byte);
                text.push(byte);
            }
            Score::new(logprobs, before, false).ok_or(LanguageModelError::NothingToScore)
        };
        continuations.iter().map(score).collect()
    }

    fn complete(&self, request: &CompletionRequest) -> Result<Completion, LanguageModelError> {
        let mut text = request.prompt.as_bytes().to_vec();
        let mut shown = self.read(&text);
        let mut stream = Seed::new(request.seed).generator();
        let start = text.len();
        let mut whole = start;
        let mut end = CompletionEnd::Length;
        for _ in 0..request.max_tokens {
            let mut shares = self.shares(&text, &shown);
            keep_utf8(&text[whole..], &mut shares);
            let byte = drawn(&shares, request.temperature, &mut stream);
            shown.add(&text, byte);
            text.push(byte);
            if std::str::from_utf8(&text[whole..]).is_ok() {
                whole = text.len();
                if let Some(at) = stop_in(&text[start..], &request.stop) {
                    (end, whole) = (CompletionEnd::Stop, start + at);
                    break;
                }
            }
        }
        Ok(Completion {
            text: String::from_utf8_lossy(&text[start..whole]).into_owned(),
            end,
            prompt_tokens: start as u64,
            tokens: (text.len() - start) as u64,
        })
    }
}

fn stop_in(written: &[u8], stop: &[String]) -> Option<usize> {
    let places = stop.iter().filter(|stop| !stop.is_empty());
    places.filter_map(|stop| memchr::memmem::find(written, stop.as_bytes())).min()
}

/// Takes away the bytes that could not become a character behind the begun one.
fn keep_utf8(begun: &[u8], shares: &mut [f64; SYMBOLS]) {
    for (byte, share) in (0_u8..=255).zip(shares.iter_mut()) {
        if !continues(begun, byte) {
            *share = 0.0;
        }
    }
}

/// Returns true when a character can begin with these bytes.
fn continues(begun: &[u8], byte: u8) -> bool {
    let text: Vec<u8> = begun.iter().copied().chain([byte]).collect();
    match std::str::from_utf8(&text) {
        Ok(_) => true,
        Err(error) => error.valid_up_to() == 0 && error.error_len().is_none(),
    }
}

/// Draws a byte; the most likely one at temperature 0, the smallest of equals.
fn drawn(shares: &[f64; SYMBOLS], temperature: f64, stream: &mut Generator) -> u8 {
    let bytes = || (0_u8..=255).zip(shares.iter().copied());
    let (best, highest) =
        bytes().fold((0, 0.0), |best, one| if one.1 > best.1 { one } else { best });
    if temperature <= 0.0 {
        return best;
    }
    let weight =
        |share: f64| if share > 0.0 { (share / highest).powf(1.0 / temperature) } else { 0.0 };
    let total: f64 = bytes().map(|(_, share)| weight(share)).sum();
    let mut left = stream.unit() * total;
    for (byte, share) in bytes() {
        left -= weight(share);
        if left < 0.0 {
            return byte;
        }
    }
    best
}
