//! How is text cut into the tokens of a model?
//!
//! In: the vocabulary that stands in the file of the model. Out: the tokens of a text,
//! each with the number of bytes it stands for. Text is text: what looks like a mark of
//! the model is cut like everything else.

use backstory_model::Sha256;
use sha2::{Digest as _, Sha256 as Hasher};
use tokenizers::models::bpe::BPE;
use tokenizers::pre_tokenizers::byte_level::ByteLevel;
use tokenizers::pre_tokenizers::digits::Digits;
use tokenizers::pre_tokenizers::sequence::Sequence;
use tokenizers::{PreTokenizerWrapper, Tokenizer};

use crate::gguf::Vocabulary;

/// The way of cutting that is known: digits alone, then words as GPT-2 cuts them.
const KNOWN_CUT: &str = "smollm";

/// A text in tokens.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Pieces {
    /// The tokens.
    pub(crate) ids: Vec<u32>,
    /// Where each one ends, in bytes.
    pub(crate) ends: Vec<usize>,
}

impl Pieces {
    /// Returns the first token that holds a byte at or behind a place, and whether it
    /// begins before the place.
    pub(crate) fn first_from(&self, place: usize) -> (usize, bool) {
        let first = self.ends.partition_point(|end| *end <= place);
        let start = first.checked_sub(1).map_or(0, |before| self.ends[before]);
        (first, start < place)
    }
}

/// Cuts text.
pub(crate) struct Cutter {
    tokenizer: Tokenizer,
    tokens: Vec<String>,
    /// The digest of tokens and merges.
    pub(crate) digest: Sha256,
    /// The token that ends a text.
    pub(crate) end: u32,
}

impl Cutter {
    /// Takes a vocabulary; says what is different about one of another kind.
    pub(crate) fn of(vocabulary: Vocabulary) -> Result<Self, String> {
        if vocabulary.cut != KNOWN_CUT {
            return Err(format!("cuts text like `{}`, which is not known here", vocabulary.cut));
        }
        let digest = digest(&vocabulary);
        let merges = vocabulary.merges.iter().map(|merge| {
            let pair = merge.split_once(' ');
            pair.map(|(left, right)| (left.to_owned(), right.to_owned()))
        });
        let merges: Option<Vec<(String, String)>> = merges.collect();
        let merges = merges.ok_or_else(|| "has a merge of one token".to_owned())?;
        let numbers = vocabulary.tokens.iter().cloned().zip(0_u32..);
        let wrong = |error: tokenizers::Error| format!("has tokens that cannot be used: {error}");
        let model = BPE::builder()
            .vocab_and_merges(
                numbers.collect::<Vec<_>>().into_iter().collect::<tokenizers::models::bpe::Vocab>(),
                merges,
            )
            .build()
            .map_err(wrong)?;
        let mut tokenizer = Tokenizer::new(model);
        tokenizer.with_pre_tokenizer(Some(Sequence::new(vec![
            PreTokenizerWrapper::Digits(Digits::new(true)),
            PreTokenizerWrapper::ByteLevel(ByteLevel::new(false, true, true)),
        ])));
        Ok(Self { tokenizer, tokens: vocabulary.tokens, digest, end: vocabulary.end })
    }

    /// Cuts a text; fails at the byte where the tokens spell something else.
    pub(crate) fn cut(&self, text: &str) -> Result<Pieces, usize> {
        let encoded = self.tokenizer.encode_fast(text, false).map_err(|_| 0_usize)?;
        let mut pieces = Pieces::default();
        let mut at = 0;
        for id in encoded.get_ids() {
            let token = self.tokens.get(usize::try_from(*id).unwrap_or(usize::MAX)).ok_or(at)?;
            // Every byte has a character of its own.
            at += token.chars().count();
            pieces.ids.push(*id);
            pieces.ends.push(at);
        }
        if at == text.len() { Ok(pieces) } else { Err(at.min(text.len())) }
    }

    /// Returns the bytes that tokens stand for.
    pub(crate) fn bytes(&self, ids: &[u32]) -> Vec<u8> {
        let token = |id: &u32| self.tokens.get(usize::try_from(*id).ok()?);
        ids.iter().filter_map(token).flat_map(|token| token.chars().filter_map(byte)).collect()
    }
}

/// Returns the byte that a character of a token stands for: printable ones stand for
/// themselves, the others are moved behind them in order, as GPT-2 does.
fn byte(char: char) -> Option<u8> {
    let number = u32::from(char);
    let is_plain = |byte: u8| matches!(byte, b'!'..=b'~' | 0xa1..=0xac | 0xae..=0xff);
    if let Ok(byte) = u8::try_from(number) {
        return is_plain(byte).then_some(byte);
    }
    let moved = usize::try_from(number.checked_sub(256)?).ok()?;
    (0..=255).filter(|byte| !is_plain(*byte)).nth(moved)
}

fn digest(vocabulary: &Vocabulary) -> Sha256 {
    let mut hasher = Hasher::new();
    hasher.update(vocabulary.cut.as_bytes());
    for text in vocabulary.tokens.iter().chain(&vocabulary.merges) {
        hasher.update((text.len() as u64).to_le_bytes());
        hasher.update(text.as_bytes());
    }
    Sha256::from_digest(&hasher.finalize())
}
