//! Which operators and constants of the added lines can be changed to others?

use std::ops::Range;

use super::Source;
use super::tokens::{Kind, Token, tokens};

/// One token and what takes its place.
#[derive(Clone, Debug)]
pub(super) struct Flip {
    range: Range<usize>,
    to: Vec<u8>,
}

impl Flip {
    /// Returns the text with the token changed.
    pub(super) fn apply(&self, text: &[u8]) -> Vec<u8> {
        [&text[..self.range.start], &self.to, &text[self.range.end..]].concat()
    }
}

/// Tokens and what takes their place, in all languages.
const PAIRS: [(&str, &str); 24] = [
    ("==", "!="),
    ("!=", "=="),
    ("===", "!=="),
    ("!==", "==="),
    ("<", "<="),
    ("<=", "<"),
    (">", ">="),
    (">=", ">"),
    ("+", "-"),
    ("-", "+"),
    ("*", "+"),
    ("//", "*"),
    ("%", "*"),
    ("+=", "-="),
    ("-=", "+="),
    ("&&", "||"),
    ("||", "&&"),
    ("and", "or"),
    ("or", "and"),
    ("not", ""),
    ("True", "False"),
    ("False", "True"),
    ("true", "false"),
    ("false", "true"),
];

/// Lists the flips of every added line.
pub(super) fn flips(source: &Source<'_>) -> Vec<Flip> {
    flips_in(source, &source.added)
}

/// Lists the flips of these bytes of the changed file.
pub(super) fn flips_in(source: &Source<'_>, ranges: &[Range<usize>]) -> Vec<Flip> {
    let inside = |token: &Token| ranges.iter().any(|range| range.contains(&token.range.start));
    let all = tokens(source.language, source.after);
    all.iter().filter(|token| inside(token)).filter_map(|token| flip(source.after, token)).collect()
}

fn flip(text: &[u8], token: &Token) -> Option<Flip> {
    let word = std::str::from_utf8(&text[token.range.clone()]).ok()?;
    let to = match token.kind {
        Kind::Number => word.parse::<u64>().ok()?.checked_add(1)?.to_string(),
        Kind::Word | Kind::Operator => {
            PAIRS.iter().find(|(from, _)| *from == word).map(|(_, to)| (*to).to_owned())?
        }
        Kind::Text | Kind::Comment | Kind::Line => return None,
    };
    Some(Flip { range: token.range.clone(), to: to.into_bytes() })
}
