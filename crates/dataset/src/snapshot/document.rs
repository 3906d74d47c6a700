//! What does a story look like as one document to train on?
//!
//! In: pieces of text, each of one kind. Out: a [`Document`] whose spans are
//! sorted, disjoint and cover it. Loss is on for what an author writes and off
//! for what is shown to him (*Understanding by Reconstruction*, arXiv 2603.11103).

use backstory_model::{RepoPath, Tier, Tokenizer, TokenizerError};
use serde::Serialize;

use super::tokens::DocumentTokens;

/// What one span of a document is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum SpanKind {
    /// Where the repository comes from and what is given.
    Header,
    /// What is to be written.
    Requirements,
    /// Which files, in which order.
    Plan,
    /// A thought.
    Think,
    /// What is done, but for the bytes that are written.
    Action,
    /// Bytes of the repository, as they are written.
    WriteContent,
    /// Signatures that stand in the place of a file until that is written.
    Stub,
    /// What is seen.
    Observation,
    /// What earlier parts of a long story said.
    Recap,
}

impl SpanKind {
    /// Returns true for spans that a model learns to write.
    pub fn has_loss(self) -> bool {
        match self {
            Self::Requirements | Self::Plan | Self::Think | Self::Action | Self::WriteContent => {
                true
            }
            Self::Header | Self::Stub | Self::Observation | Self::Recap => false,
        }
    }
}

/// One span of a document.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Span {
    /// What it is.
    pub kind: SpanKind,
    /// Its first byte.
    pub byte_start: usize,
    /// The byte behind its last one.
    pub byte_end: usize,
    /// Its first Unicode scalar value.
    pub char_start: usize,
    /// The scalar value behind its last one.
    pub char_end: usize,
    /// A model learns to write it.
    pub loss: bool,
    /// The step of the story, from 1.
    pub step_id: Option<usize>,
    /// The file it is about.
    pub path: Option<RepoPath>,
    /// How it is known.
    pub tier: Tier,
}

/// A text and its spans.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Document {
    /// The text.
    pub text: String,
    /// The spans, in order.
    pub spans: Vec<Span>,
    chars: usize,
    tokens: Option<DocumentTokens>,
}

/// Where a piece of a document comes from.
#[derive(Clone, Copy, Debug)]
pub(super) struct Origin<'a> {
    pub(super) step: Option<usize>,
    pub(super) path: Option<&'a RepoPath>,
    pub(super) tier: Tier,
}

impl Document {
    /// Adds a piece; one without text adds nothing.
    pub(super) fn push(&mut self, kind: SpanKind, text: &str, origin: Origin<'_>) {
        if text.is_empty() {
            return;
        }
        let (byte_start, char_start) = (self.text.len(), self.chars);
        self.text.push_str(text);
        self.chars += text.chars().count();
        self.spans.push(Span {
            kind,
            byte_start,
            byte_end: self.text.len(),
            char_start,
            char_end: self.chars,
            loss: kind.has_loss(),
            step_id: origin.step,
            path: origin.path.cloned(),
            tier: origin.tier,
        });
    }

    /// Adds a whole document behind this one.
    pub(super) fn append(&mut self, other: &Self) {
        for span in &other.spans {
            let origin = Origin { step: span.step_id, path: span.path.as_ref(), tier: span.tier };
            self.push(span.kind, &other.text[span.byte_start..span.byte_end], origin);
        }
    }

    /// Lets a tokenizer, if there is one, cut the document as it is now.
    pub(super) fn cut(&mut self, tokenizer: Option<&dyn Tokenizer>) -> Result<(), TokenizerError> {
        self.tokens = tokenizer.map(|cutter| DocumentTokens::of(self, cutter)).transpose()?;
        Ok(())
    }

    /// Returns the tokens, where a tokenizer cut the document.
    pub fn tokens(&self) -> Option<&DocumentTokens> {
        self.tokens.as_ref()
    }

    /// Estimates how many tokens the text has: a quarter of its bytes. Only a tokenizer
    /// counts exactly.
    pub fn estimated_tokens(&self) -> usize {
        self.text.len().div_ceil(4)
    }

    /// Names the smallest usual context that holds the text: `4k` to `64k`, or `over`.
    pub fn bucket(&self) -> &'static str {
        let counted = self.tokens.as_ref().map(|tokens| tokens.input_ids.len());
        let tokens = counted.unwrap_or_else(|| self.estimated_tokens());
        [(4, "4k"), (8, "8k"), (16, "16k"), (32, "32k"), (64, "64k")]
            .into_iter()
            .find(|(thousands, _)| tokens <= thousands * 1024)
            .map_or("over", |(_, name)| name)
    }
}
