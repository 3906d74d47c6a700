//! How surprising is a line to somebody who knows the code of the repository?
//!
//! A trigram model over the words, numbers and signs of lines, interpolated with its
//! bigrams and words. Texts in quotes count as one sign. Counts are kept by hash.

#![expect(
    clippy::disallowed_types,
    reason = "the maps are only looked up; nothing is listed from them"
)]

use std::collections::HashMap;

use crate::number::real;
use crate::text::Term;

/// What is known of how code is written.
#[derive(Clone, Debug, Default)]
pub(super) struct Language {
    /// How often each run of one to three tokens was seen.
    grams: [HashMap<u64, u32>; 3],
    tokens: usize,
}

/// Which part each order has where all are known: three, two, one token.
const PARTS: [f64; 3] = [0.5, 0.3, 0.2];

/// How many kinds of tokens are thought to exist that were never seen.
const UNSEEN: usize = 20_000;

impl Language {
    /// Learns a line.
    pub(super) fn learn(&mut self, line: &str) {
        let tokens = tokens(line);
        for at in 2..tokens.len() {
            self.tokens += 1;
            for order in 0..3 {
                let key = hash(&tokens[at - order..=at]);
                *self.grams[order].entry(key).or_default() += 1;
                if order > 0 {
                    // How often the tokens in front were seen, kept apart by a mark.
                    let key = hash(&tokens[at - order..at]) ^ FRONT;
                    *self.grams[order].entry(key).or_default() += 1;
                }
            }
        }
    }

    /// Returns the bits of each token of a line, its end among them; empty for a line
    /// without tokens.
    pub(super) fn bits(&self, line: &str) -> Vec<f64> {
        let tokens = tokens(line);
        if tokens.len() <= 3 {
            return Vec::new();
        }
        (2..tokens.len()).map(|at| -self.chance(&tokens[at - 2..=at]).log2()).collect()
    }

    fn chance(&self, three: &[u64]) -> f64 {
        let count =
            |order: usize, key: u64| self.grams[order].get(&key).map_or(0, |count| *count as usize);
        let mut chance =
            PARTS[2] * real(count(0, hash(&three[2..])) + 1) / real(self.tokens + UNSEEN);
        for order in 1..3 {
            let front = count(order, hash(&three[2 - order..2]) ^ FRONT);
            if front > 0 {
                chance +=
                    PARTS[2 - order] * real(count(order, hash(&three[2 - order..]))) / real(front);
            }
        }
        chance
    }
}

const FRONT: u64 = 0x5bd1_e995_9d1f_3a21;

fn hash(tokens: &[u64]) -> u64 {
    tokens.iter().fold(0x9e37_79b9_7f4a_7c15, |hash, token| {
        (hash ^ token).wrapping_mul(0x0000_0100_0000_01b3).rotate_left(23)
    })
}

/// Returns the tokens of a line between two marks for its start and one for its end.
fn tokens(line: &str) -> Vec<u64> {
    let mut found = vec![1, 2];
    each_token(line, |token| found.push(Term::of(token).bits()));
    found.push(3);
    found
}

/// Gives each word, number and sign of a line; texts in quotes stand as `"`.
pub(super) fn each_token(line: &str, mut each: impl FnMut(&str)) {
    let bytes = line.as_bytes();
    let word = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80;
    let mut at = 0;
    while at < bytes.len() {
        let first = bytes[at];
        if first.is_ascii_whitespace() {
            at += 1;
        } else if first == b'#' {
            break;
        } else if first == b'"' || first == b'\'' {
            let end = bytes[at + 1..].iter().position(|byte| *byte == first);
            at = end.map_or(bytes.len(), |end| at + end + 2);
            each("\"");
        } else if word(first) {
            let length = bytes[at..].iter().take_while(|byte| word(**byte)).count();
            each(&line[at..at + length]);
            at += length;
        } else {
            let rest = &bytes[at + 1..];
            let twice = b"=<>!+-*/%&|:".contains(&first)
                && rest.first().is_some_and(|b| *b == b'=' || *b == first);
            let length = 1 + usize::from(twice);
            each(&line[at..at + length]);
            at += length;
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn mean(language: &Language, line: &str) -> f64 {
        let bits = language.bits(line);
        bits.iter().sum::<f64>() / real(bits.len())
    }

    #[test]
    fn what_was_seen_surprises_less_than_what_was_not() {
        let mut language = Language::default();
        for _ in 0..5 {
            language.learn("    if value is None:");
            language.learn("        return default");
        }
        assert!(mean(&language, "if value is None:") < mean(&language, "if None is value:"));
        assert!(mean(&language, "if None is value:") < mean(&language, "while q and z:"));
        assert!(language.bits("   # a comment").is_empty());
    }

    #[test]
    fn signs_of_two_characters_are_one_token() {
        let mut found = Vec::new();
        each_token("a.b <= c['x y'] # no", |token| found.push(token.to_owned()));
        assert_eq!(found, ["a", ".", "b", "<=", "c", "[", "\"", "]"]);
    }

    proptest! {
        #[test]
        fn any_line_has_finite_bits(line in any::<String>()) {
            let mut language = Language::default();
            language.learn("x = 1");
            prop_assert!(language.bits(&line).iter().all(|bits| bits.is_finite() && *bits >= 0.0));
        }
    }
}
