//! What may be asked of a tokenizer, whoever cuts?
//!
//! The `Tokenizer` port: which tokens is a text made of, and where does each stand? The
//! adapter lives in `backstory-lm`.

use serde::Serialize;

use crate::Sha256;

/// Which tokenizer cuts.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct TokenizerIdentity {
    /// The name of its file.
    pub name: String,
    /// The digest of its file.
    pub digest: Sha256,
}

/// One token of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Token {
    /// Its number in the vocabulary.
    pub id: u32,
    /// The first byte of the text that it stands for.
    pub start: usize,
    /// The byte behind the last one.
    pub end: usize,
}

/// Cuts text into tokens, without any that stand for no text.
pub trait Tokenizer: Send + Sync {
    /// Returns which tokenizer cuts.
    fn identity(&self) -> &TokenizerIdentity;

    /// Returns the tokens of a text, in order. Together they hold all of its bytes; where
    /// several tokens stand for one character, each of them says all of it.
    fn cut(&self, text: &str) -> Result<Vec<Token>, TokenizerError>;
}

/// Says why a text has no tokens.
#[derive(Debug, thiserror::Error)]
pub enum TokenizerError {
    /// The tokenizer fails on it.
    #[error("the tokenizer `{name}` cannot cut the text: {why}")]
    Fails {
        /// The tokenizer.
        name: String,
        /// Why, as it says.
        why: String,
    },
    /// Its tokens leave a part of the text out.
    #[error("the tokens of `{name}` leave out byte {at} of the text")]
    LeavesOut {
        /// The tokenizer.
        name: String,
        /// The first byte that no token holds.
        at: usize,
    },
}
