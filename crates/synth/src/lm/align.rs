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

/// Returns where tokens that end a text may begin, counted from its end.
///
/// A U+FFFD of the text may be shown as nothing, so each one moves the beginning.
pub(super) fn starts(text: &str, tokens: &[&str]) -> Vec<usize> {
    if tokens.iter().any(|token| token.contains(PART)) {
        return Vec::new();
    }
    let shown: usize = tokens.iter().map(|token| token.len()).sum();
    let replaced = 0..=text.matches(PART).count();
    replaced.filter_map(|count| text.len().checked_sub(shown + count * PART.len_utf8())).collect()
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
    if token.is_empty() || (token.contains(PART) && !rest.starts_with(token)) {
        return hidden(text, at, tokens);
    }
    shown(rest, token, first && at == 0).map(|length| (1, at + length)).or_else(|| {
        // A mark of the beginning stands for no byte.
        (first && at == 0 && is_mark(token)).then_some((1, at))
    })
}

/// Returns how many bytes a readable token stands for.
fn shown(rest: &str, token: &str, at_start: bool) -> Option<usize> {
    if rest.starts_with(token) { Some(token.len()) } else { blank(rest, token, at_start) }
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

/// Reads tokens that do not show their bytes, up to one that is readable again.
///
/// Some decoders write U+FFFD for each part of a character. vLLM writes nothing, and the
/// whole character for its last part; for a U+FFFD that stands in the text it writes
/// nothing at all. Which empty token holds what cannot be told, so these stay together
/// with the token behind them.
fn hidden(text: &str, at: usize, tokens: &[&str]) -> Option<(usize, usize)> {
    let run = tokens.iter().take_while(|token| token.contains(PART) || token.is_empty());
    let (run, behind) = tokens.split_at(run.count());
    let reach: usize = run.iter().map(|token| reach(token)).sum();
    let Some(readable) = behind.first() else {
        let end = text.len();
        let fits = at == end || (end - at <= reach && may_be_hidden(&text[at..]));
        return fits.then_some((run.len(), end));
    };
    let nothing = run.iter().all(|token| token.is_empty());
    let mut ends = (at..=(at + reach).min(text.len())).filter(|end| {
        text.is_char_boundary(*end)
            && if *end == at { nothing } else { may_be_hidden(&text[at..*end]) }
    });
    let (end, length) =
        ends.find_map(|end| shown(&text[end..], readable, false).map(|length| (end, length)))?;
    let together = run.iter().any(|token| token.is_empty());
    Some(if together { (run.len() + 1, end + length) } else { (run.len(), end) })
}

/// How many bytes a token that does not show them may hold: each part of a character at
/// most one character, an empty token some of them.
fn reach(token: &str) -> usize {
    if token.is_empty() { 16 } else { 4 * token.chars().count() }
}

/// Only characters of several bytes are cut.
fn may_be_hidden(text: &str) -> bool {
    !text.is_ascii()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{Boundary, boundary, starts};

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

    /// As vLLM 0.32.0 shows them.
    #[test]
    fn characters_that_are_shown_as_nothing_are_found() {
        let replaced = "a\u{fffd}b";
        assert_eq!(boundary(replaced, 0, 1, &["a", "", "b"]), Ok(found(1, false)));
        assert_eq!(boundary(replaced, 0, 4, &["a", "", "b"]), Ok(found(1, true)));
        assert_eq!(boundary("a\u{fffd}", 0, 1, &["a", ""]), Ok(found(1, false)));
        assert_eq!(boundary("ab", 0, 1, &["a", ""]), Err(1));
        assert_eq!(boundary("acb", 0, 1, &["a", "", "b"]), Err(1));
    }

    /// A text that begins with a part has no token before it to be completed by.
    #[test]
    fn a_text_that_begins_with_parts_is_laid_out() {
        let tokens = ["\u{fffd}", "", "", "", "\u{200d}", "x"];
        assert_eq!(boundary("👩\u{200d}x", 0, 7, &tokens), Ok(found(5, false)));
        assert_eq!(boundary("👩\u{200d}x", 0, 4, &tokens), Ok(found(0, true)));
    }

    #[test]
    fn the_beginning_of_the_last_tokens_is_counted_from_the_end() {
        assert_eq!(starts("one two", &[" two"]), [3]);
        assert_eq!(starts("a\u{fffd}b", &["", "b"]), [4, 1]);
        assert!(starts("a😀", &["\u{fffd}", "\u{fffd}"]).is_empty());
        assert!(starts("one", &["one two"]).is_empty());
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
