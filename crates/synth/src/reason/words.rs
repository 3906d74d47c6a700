//! Which words, numbers and marks does a text hold?
//!
//! In: any text, code or prose. Out: its pieces, cut the same way whatever the language,
//! so that a thought and the code it is about can be compared.

use backstory_model::reasoning::KEYWORDS;

/// What a piece is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Kind {
    /// Letters, digits and underscores that begin with no digit.
    Word,
    /// What begins with a digit.
    Number,
    /// Any other character that is not blank.
    Mark,
}

/// One piece of a text.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Piece<'t> {
    pub(super) kind: Kind,
    pub(super) text: &'t str,
    /// Where it ends in the text.
    pub(super) end: usize,
}

/// Cuts a text into pieces.
pub(super) fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let mut at = 0;
    while let Some(first) = text[at..].chars().next() {
        let rest = &text[at..];
        let (kind, length) = if first.is_alphabetic() || first == '_' {
            (Kind::Word, length_of(rest, |c| c.is_alphanumeric() || c == '_'))
        } else if first.is_ascii_digit() {
            (Kind::Number, number_length(rest))
        } else {
            (Kind::Mark, first.len_utf8())
        };
        let end = at + length;
        if !first.is_whitespace() {
            pieces.push(Piece { kind, text: &text[at..end], end });
        }
        at = end;
    }
    pieces
}

fn length_of(text: &str, belongs: impl Fn(char) -> bool) -> usize {
    text.find(|c: char| !belongs(c)).unwrap_or(text.len())
}

/// A point belongs to a number when a digit follows it.
fn number_length(text: &str) -> usize {
    let bytes = text.as_bytes();
    let belongs = |at: &usize| {
        let byte = bytes[*at];
        let point = byte == b'.' && bytes.get(at + 1).is_some_and(u8::is_ascii_digit);
        byte.is_ascii_alphanumeric() || byte == b'_' || point
    };
    (0..bytes.len()).find(|at| !belongs(at)).unwrap_or(bytes.len())
}

/// Returns true for a word that belongs to a language, not to a program.
pub(super) fn is_keyword(word: &str) -> bool {
    KEYWORDS.split_whitespace().any(|keyword| keyword == word)
}

#[cfg(test)]
mod tests {
    use super::{Kind, is_keyword, pieces};

    #[test]
    fn words_numbers_and_marks_are_told_apart() {
        let found: Vec<(&str, Kind)> =
            pieces("x_1 = 3.14+0xff. é!").iter().map(|p| (p.text, p.kind)).collect();
        let (word, number, mark) = (Kind::Word, Kind::Number, Kind::Mark);
        assert_eq!(
            found,
            [
                ("x_1", word),
                ("=", mark),
                ("3.14", number),
                ("+", mark),
                ("0xff", number),
                (".", mark),
                ("é", word),
                ("!", mark)
            ]
        );
        assert_eq!(pieces(" \n"), []);
    }

    #[test]
    fn keywords_are_whole_words() {
        assert!(is_keyword("abstract") && is_keyword("false") && is_keyword("None"));
        assert!(!is_keyword("fals") && !is_keyword("returned") && !is_keyword(""));
    }
}
