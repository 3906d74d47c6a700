//! Which tokens of a text belong to the target?
//!
//! In: the text that was sent, where its target begins, and the tokens as the engine
//! shows them. Out: the index of the first token of the target, and whether that token
//! begins before it; or the byte at which the tokens spell something else.

/// The tokens of a text, as far as the target goes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Boundary {
    /// The first token of the target.
    pub(super) first: usize,
    /// Whether it holds text from before the target.
    pub(super) straddles: bool,
}

/// One run of tokens that cannot be told apart, and the bytes it holds.
struct Span {
    tokens: std::ops::Range<usize>,
    bytes: std::ops::Range<usize>,
}

/// What decoders write for a part of a character.
const PART: char = '\u{fffd}';

/// Finds the boundary; `from` is where the first of these tokens begins.
pub(super) fn boundary(
    text: &str,
    from: usize,
    target: usize,
    tokens: &[&str],
) -> Result<Boundary, usize> {
    let spans = spans(text, from, tokens)?;
    let Some(span) = spans.iter().find(|span| span.bytes.end > target) else {
        return Ok(Boundary { first: tokens.len(), straddles: false });
    };
    Ok(Boundary { first: span.tokens.start, straddles: span.bytes.start < target })
}

/// Lays the tokens over the text.
fn spans(text: &str, from: usize, tokens: &[&str]) -> Result<Vec<Span>, usize> {
    let mut spans = Vec::with_capacity(tokens.len());
    let (mut at, mut next) = (from, 0);
    while next < tokens.len() {
        let (used, end) = span(text, at, &tokens[next..], next == 0).ok_or(at)?;
        spans.push(Span { tokens: next..next + used, bytes: at..end });
        (at, next) = (end, next + used);
    }
    if at == text.len() { Ok(spans) } else { Err(at) }
}

/// Reads the tokens that hold the next bytes: how many, and where these bytes end.
fn span(text: &str, at: usize, tokens: &[&str], first: bool) -> Option<(usize, usize)> {
    let rest = text.get(at..)?;
    let token = tokens[0];
    if token.contains(PART) && !rest.starts_with(token) {
        return parts(text, at, tokens);
    }
    // The parts of a character may be empty but the last; they go with what follows.
    if token.is_empty() {
        let empty = tokens.iter().take_while(|token| token.is_empty()).count();
        return match tokens.get(empty) {
            None => Some((empty, at)),
            Some(_) => {
                span(text, at, &tokens[empty..], false).map(|(used, end)| (empty + used, end))
            }
        };
    }
    if rest.starts_with(token) {
        return Some((1, at + token.len()));
    }
    blank(rest, token, first && at == 0).map(|length| (1, at + length)).or_else(|| {
        // A mark of the beginning stands for no byte.
        (first && at == 0 && is_mark(token)).then_some((1, at))
    })
}

/// Some decoders drop the blank a token begins with, or show one that was never sent.
fn blank(rest: &str, token: &str, at_start: bool) -> Option<usize> {
    if let Some(bare) = rest.strip_prefix(' ')
        && bare.starts_with(token)
    {
        return Some(token.len() + 1);
    }
    let bare = token.strip_prefix(' ').filter(|_| at_start)?;
    rest.starts_with(bare).then_some(bare.len())
}

fn is_mark(token: &str) -> bool {
    (token.starts_with('<') && token.ends_with('>'))
        || (token.starts_with('[') && token.ends_with(']'))
}

/// Reads tokens that hold parts of characters, up to one that is readable again.
fn parts(text: &str, at: usize, tokens: &[&str]) -> Option<(usize, usize)> {
    let broken = tokens.iter().take_while(|token| token.contains(PART) || token.is_empty()).count();
    let Some(readable) = tokens.get(broken) else { return Some((broken, text.len())) };
    // A token holds at most some characters, and each part at most one of them.
    let reach: usize = tokens[..broken].iter().map(|token| 4 * token.chars().count().max(1)).sum();
    let window = at + 1..=(at + reach).min(text.len());
    let mut ends = window.filter(|end| text.is_char_boundary(*end));
    ends.find(|end| text[*end..].starts_with(readable)).map(|end| (broken, end))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Boundary, boundary};

    fn found(first: usize, straddles: bool) -> Boundary {
        Boundary { first, straddles }
    }

    #[test]
    fn the_first_token_of_the_target_is_found() {
        assert_eq!(boundary("one two", 0, 3, &["one", " two"]), Ok(found(1, false)));
        assert_eq!(boundary("one two", 0, 4, &["one", " two"]), Ok(found(1, true)));
        assert_eq!(boundary("one two", 0, 7, &["one", " two"]), Ok(found(2, false)));
    }

    #[test]
    fn marks_of_the_beginning_hold_no_text() {
        let tokens = ["<|begin_of_text|>", "one", " two"];
        assert_eq!(boundary("one two", 0, 3, &tokens), Ok(found(2, false)));
        assert_eq!(boundary("one two", 0, 0, &tokens), Ok(found(1, false)));
        assert_eq!(boundary("<s> two", 0, 3, &["<s>", " two"]), Ok(found(1, false)));
    }

    #[test]
    fn blanks_that_decoders_drop_or_add_are_understood() {
        assert_eq!(boundary("one two", 0, 3, &["one", "two"]), Ok(found(1, false)));
        assert_eq!(boundary("one two", 0, 3, &[" one", " two"]), Ok(found(1, false)));
    }

    #[test]
    fn parts_of_a_character_stay_together() {
        let tokens = ["a", "\u{fffd}", "\u{fffd}", "b"];
        assert_eq!(boundary("a😀b", 0, 1, &tokens), Ok(found(1, false)));
        assert_eq!(boundary("a😀b", 0, 5, &tokens), Ok(found(3, false)));
        assert_eq!(boundary("a😀b", 0, 1, &["a", "", "", "😀", "b"]), Ok(found(1, false)));
        assert_eq!(boundary("x a😀", 0, 3, &["x", " a\u{fffd}", "\u{fffd}"]), Ok(found(1, true)));
    }

    #[test]
    fn tokens_of_another_text_are_refused_where_they_differ() {
        assert_eq!(boundary("one two", 0, 3, &["one", " too"]), Err(3));
        assert_eq!(boundary("one two", 0, 3, &["one"]), Err(3));
        assert_eq!(boundary("one", 0, 1, &["one", " two"]), Err(3));
    }

    #[test]
    fn the_tail_of_a_text_can_be_laid_out_alone() {
        assert_eq!(boundary("one two three", 3, 7, &[" two", " three"]), Ok(found(1, false)));
    }

    proptest! {
        /// However a text is cut, the token that holds the first byte of the target is found.
        #[test]
        fn any_cut_of_any_text_is_laid_over_it(
            pieces in prop::collection::vec("[a-zß😀 \n<>]{1,5}", 1..12), at in 0_usize..12,
        ) {
            let text = pieces.concat();
            let tokens: Vec<&str> = pieces.iter().map(String::as_str).collect();
            let at = at.min(tokens.len() - 1);
            let target = tokens[..at].concat().len();
            prop_assert_eq!(boundary(&text, 0, target, &tokens), Ok(found(at, false)));
            let inside = target + tokens[at].chars().next().map_or(0, char::len_utf8);
            if inside < target + tokens[at].len() {
                prop_assert_eq!(boundary(&text, 0, inside, &tokens), Ok(found(at, true)));
            }
        }
    }
}
