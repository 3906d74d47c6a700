//! Which tokens of a document are learned?
//!
//! A token that touches a span without loss is not learned: its label is −100, the number
//! that trainers leave out. All others are their own label.

use backstory_model::{Token, Tokenizer, TokenizerError};

use super::document::Document;

/// The label of a token that is not learned.
pub const NOT_LEARNED: i64 = -100;

/// The tokens of a document.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DocumentTokens {
    /// Their numbers in the vocabulary.
    pub input_ids: Vec<u32>,
    /// What is learned of each; as many.
    pub labels: Vec<i64>,
    /// For each span of the document the first token that touches it, and the one behind
    /// the last.
    pub spans: Vec<(usize, usize)>,
}

impl DocumentTokens {
    /// Cuts a document.
    pub fn of(document: &Document, tokenizer: &dyn Tokenizer) -> Result<Self, TokenizerError> {
        let tokens = tokenizer.cut(&document.text)?;
        let mut labels: Vec<i64> = tokens.iter().map(|token| i64::from(token.id)).collect();
        let mut spans = Vec::with_capacity(document.spans.len());
        for span in &document.spans {
            let (first, behind) = touching(&tokens, span.byte_start, span.byte_end);
            if !span.loss {
                labels[first..behind].fill(NOT_LEARNED);
            }
            spans.push((first, behind));
        }
        Ok(Self { input_ids: tokens.iter().map(|token| token.id).collect(), labels, spans })
    }
}

/// Returns the first token that holds a byte of a part, and the one behind the last.
fn touching(tokens: &[Token], start: usize, end: usize) -> (usize, usize) {
    let first = tokens.partition_point(|token| token.end <= start);
    (first, tokens.partition_point(|token| token.start < end).max(first))
}

#[cfg(test)]
mod tests {
    use backstory_model::{Sha256, Tier, TokenizerIdentity};
    use proptest::prelude::*;

    use super::super::document::{Origin, SpanKind};
    use super::*;

    /// Cuts at fixed widths, wherever characters end.
    struct Widths(TokenizerIdentity, usize);

    impl Widths {
        fn new(width: usize) -> Self {
            let digest = Sha256::from_digest(&[0; 32]);
            Self(TokenizerIdentity { name: "widths".to_owned(), digest }, width)
        }
    }

    impl Tokenizer for Widths {
        fn identity(&self) -> &TokenizerIdentity {
            &self.0
        }

        fn cut(&self, text: &str) -> Result<Vec<Token>, TokenizerError> {
            let starts = (0..text.len()).step_by(self.1);
            let cut = |start: usize| Token { id: 7, start, end: text.len().min(start + self.1) };
            Ok(starts.map(cut).collect())
        }
    }

    fn document(parts: &[(SpanKind, &str)]) -> Document {
        let mut document = Document::default();
        for (kind, text) in parts {
            document.push(*kind, text, Origin { step: None, path: None, tier: Tier::Derived });
        }
        document
    }

    #[test]
    fn a_token_that_touches_what_is_shown_is_not_learned() {
        let told = document(&[
            (SpanKind::Action, "write"),
            (SpanKind::Observation, "shown"),
            (SpanKind::WriteContent, "written"),
        ]);
        let tokens = DocumentTokens::of(&told, &Widths::new(4)).expect("every text is cut");
        assert_eq!(tokens.labels, [7, -100, -100, 7, 7]);
        assert_eq!(tokens.spans, [(0, 2), (1, 3), (2, 5)]);
    }

    proptest! {
        #[test]
        fn a_label_says_whether_each_byte_of_its_token_is_learned(
            parts in proptest::collection::vec((any::<bool>(), "[a-zé\u{1F600}\r\n]{0,9}"), 0..9),
            width in 1_usize..7,
        ) {
            let parts: Vec<(SpanKind, &str)> = parts.iter().map(|(loss, text)| {
                (if *loss { SpanKind::Think } else { SpanKind::Observation }, text.as_str())
            }).collect();
            let told = document(&parts);
            let learned: Vec<bool> = told.spans.iter()
                .flat_map(|span| std::iter::repeat_n(span.loss, span.byte_end - span.byte_start))
                .collect();
            let tokens = DocumentTokens::of(&told, &Widths::new(width)).expect("cut");
            for (label, bytes) in tokens.labels.iter().zip(learned.chunks(width)) {
                prop_assert_eq!(*label == 7, bytes.iter().all(|learned| *learned));
            }
            prop_assert_eq!(tokens.labels.len(), learned.len().div_ceil(width));
        }
    }
}
