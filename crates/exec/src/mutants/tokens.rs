//! Which words, operators, texts and comments is a source file made of?
//!
//! In: any bytes. Out: tokens that do not overlap, white space left out. Reads
//! strings and comments as each language writes them and nothing else of its
//! grammar, which is enough to compare two versions of one file.

use std::ops::Range;

use backstory_model::Language;

/// What a token is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Word,
    Number,
    Text,
    Operator,
    Comment,
    /// The end of a line with the indent of the next, in Python.
    Line,
}

/// One token.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Token {
    pub(super) kind: Kind,
    pub(super) range: Range<usize>,
}

/// Operators of more than one byte, longest first.
const LONG_OPERATORS: [&[u8]; 25] = [
    b"===", b"!==", b"...", b"**=", b"//=", b"==", b"!=", b"<=", b">=", b"&&", b"||", b"->", b"=>",
    b"+=", b"-=", b"*=", b"/=", b"%=", b"::", b":=", b"**", b"<<", b">>", b"++", b"--",
];

/// Reads the tokens of a file.
pub(super) fn tokens(language: Language, bytes: &[u8]) -> Vec<Token> {
    let mut reader =
        Reader { bytes, python: language == Language::Python, rust: language == Language::Rust };
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < bytes.len() {
        let (kind, length) = reader.next(at);
        if let Some(kind) = kind {
            tokens.push(Token { kind, range: at..at + length });
        }
        at += length.max(1);
    }
    tokens
}

struct Reader<'a> {
    bytes: &'a [u8],
    python: bool,
    rust: bool,
}

impl Reader<'_> {
    /// Returns what stands at a place and how long it is; `None` for white space.
    fn next(&mut self, at: usize) -> (Option<Kind>, usize) {
        let rest = &self.bytes[at..];
        let first = rest[0];
        if self.python && first == b'\n' {
            let indent =
                rest[1..].iter().take_while(|byte| **byte == b' ' || **byte == b'\t').count();
            return (Some(Kind::Line), 1 + indent);
        }
        if first.is_ascii_whitespace() {
            return (None, 1);
        }
        if let Some(length) = self.comment(rest) {
            return (Some(Kind::Comment), length);
        }
        if let Some(length) = self.text(rest) {
            return (Some(Kind::Text), length);
        }
        if is_word(first) {
            let length = rest.iter().take_while(|byte| is_word(**byte)).count();
            let kind = if first.is_ascii_digit() { Kind::Number } else { Kind::Word };
            return (Some(kind), length);
        }
        let long = LONG_OPERATORS.iter().find(|operator| rest.starts_with(operator));
        let length = match long {
            Some(operator) => operator.len(),
            None if self.python && rest.starts_with(b"//") => 2,
            None => 1,
        };
        (Some(Kind::Operator), length)
    }

    fn comment(&self, rest: &[u8]) -> Option<usize> {
        let line = || memchr::memchr(b'\n', rest).unwrap_or(rest.len());
        if self.python {
            return (rest[0] == b'#').then(line);
        }
        if rest.starts_with(b"//") {
            return Some(line());
        }
        let end = || memchr::memmem::find(&rest[2..], b"*/").map_or(rest.len(), |end| end + 4);
        rest.starts_with(b"/*").then(end)
    }

    /// Returns the length of a string that begins here, its prefix included.
    fn text(&self, rest: &[u8]) -> Option<usize> {
        let prefix = rest.iter().take(3).take_while(|byte| byte.is_ascii_alphabetic()).count();
        let letters = rest[..prefix].iter().all(|byte| b"rRbBuUfFcCtT".contains(byte));
        let quoted = &rest[prefix..];
        let quote = *quoted.first()?;
        let raw = rest[..prefix].iter().any(|byte| byte.eq_ignore_ascii_case(&b'r'));
        if !letters || (prefix > 0 && !self.python && !self.rust) {
            return None;
        }
        if self.rust && raw && quote == b'#' {
            return raw_rust(quoted).map(|length| prefix + length);
        }
        match quote {
            b'"' | b'\'' if self.python && quoted.starts_with(&[quote; 3]) => {
                Some(prefix + closed(quoted, 3, &[quote; 3]))
            }
            b'\'' if self.rust => char_literal(quoted).map(|length| prefix + length),
            b'"' | b'\'' => Some(prefix + one_line(quoted, quote)),
            b'`' if !self.python && !self.rust => Some(closed(quoted, 1, b"`")),
            _ => None,
        }
    }
}

fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte >= 0x80
}

/// Returns the length up to the closing mark, backslashes skipped.
fn closed(text: &[u8], from: usize, mark: &[u8]) -> usize {
    let mut at = from;
    while at < text.len() {
        match text[at] {
            b'\\' => at += 2,
            _ if text[at..].starts_with(mark) => return at + mark.len(),
            _ => at += 1,
        }
    }
    text.len()
}

/// As [`closed`]; a string in Python and JavaScript ends with its line.
fn one_line(text: &[u8], quote: u8) -> usize {
    let end = closed(text, 1, &[quote]);
    match text[..end].iter().position(|byte| *byte == b'\n') {
        Some(line) if quote == b'\'' => line,
        Some(_) | None => end,
    }
}

/// Returns the length of `'x'`; `None` for a lifetime.
fn char_literal(text: &[u8]) -> Option<usize> {
    let end = closed(text, 1, b"'");
    let escaped = text.get(1) == Some(&b'\\');
    let one = std::str::from_utf8(text.get(1..end.checked_sub(1)?)?).ok()?.chars().count() == 1;
    (escaped || one).then_some(end)
}

/// Returns the length of `#"…"#`.
fn raw_rust(text: &[u8]) -> Option<usize> {
    let hashes = text.iter().take_while(|byte| **byte == b'#').count();
    if text.get(hashes) != Some(&b'"') {
        return None;
    }
    let mark = [b"\"".as_slice(), &text[..hashes]].concat();
    let end = memchr::memmem::find(&text[hashes + 1..], &mark);
    Some(end.map_or(text.len(), |end| hashes + 1 + end + mark.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn read(language: Language, text: &str) -> Vec<(Kind, &str)> {
        tokens(language, text.as_bytes())
            .into_iter()
            .map(|token| (token.kind, &text[token.range]))
            .collect()
    }

    #[test]
    fn python_strings_and_comments_are_whole() {
        let text = "x = rb'a#b' // 2  # c\n\"\"\"d\n'e\"\"\"";
        let found = read(Language::Python, text);
        assert_eq!(
            found,
            [
                (Kind::Word, "x"),
                (Kind::Operator, "="),
                (Kind::Text, "rb'a#b'"),
                (Kind::Operator, "//"),
                (Kind::Number, "2"),
                (Kind::Comment, "# c"),
                (Kind::Line, "\n"),
                (Kind::Text, "\"\"\"d\n'e\"\"\""),
            ]
        );
    }

    #[test]
    fn a_lifetime_is_no_character() {
        let found = read(Language::Rust, "&'a 'x' '\\n' r#\"q\"#");
        let texts: Vec<&str> =
            found.iter().filter(|(kind, _)| *kind == Kind::Text).map(|(_, text)| *text).collect();
        assert_eq!(texts, ["'x'", "'\\n'", "r#\"q\"#"]);
    }

    proptest! {
        #[test]
        fn tokens_of_any_bytes_lie_in_order(bytes in proptest::collection::vec(any::<u8>(), 0..80)) {
            for language in [Language::Python, Language::Rust, Language::JavaScript] {
                let mut end = 0;
                for token in tokens(language, &bytes) {
                    prop_assert!(token.range.start >= end && token.range.end <= bytes.len());
                    prop_assert!(!token.range.is_empty());
                    end = token.range.end;
                }
            }
        }
    }
}
