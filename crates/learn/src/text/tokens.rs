//! Which words does a text consist of, code and prose alike?
//!
//! A word is an identifier in lower case; an identifier of several parts
//! (`read_line`, `HTTPServer`) also gives its parts of more than two characters.
//! Words that nearly every English text or source file holds are left out.

/// Words that tell nothing about a file: English, and what every issue form asks.
const STOP: [&str; 68] = [
    "a", "about", "after", "all", "also", "an", "and", "any", "are", "as", "at", "be", "been",
    "but", "by", "can", "could", "did", "do", "does", "for", "from", "had", "has", "have", "how",
    "i", "if", "in", "into", "is", "it", "its", "just", "like", "me", "my", "no", "not", "of",
    "on", "only", "or", "our", "should", "so", "some", "such", "than", "that", "the", "their",
    "then", "there", "these", "they", "this", "to", "was", "we", "were", "what", "when", "which",
    "will", "with", "would", "you",
];

/// Parts of an identifier up to this length are no words of their own.
const SHORT_PART: usize = 2;

/// Gives every word of a text to `each`, in order, repeated as often as it stands there.
pub fn for_each_token(text: &str, mut each: impl FnMut(&str)) {
    let bytes = text.as_bytes();
    let mut lower = String::new();
    let mut at = 0;
    while at < bytes.len() {
        if !starts_identifier(bytes[at]) {
            at += 1;
            continue;
        }
        let length = bytes[at..].iter().take_while(|b| continues_identifier(**b)).count();
        identifier(&text[at..at + length], &mut lower, &mut each);
        at += length;
    }
}

/// Returns every word of a text.
pub fn tokens(text: &str) -> Vec<String> {
    let mut out = Vec::new();
    for_each_token(text, |token| out.push(token.to_owned()));
    out
}

fn starts_identifier(byte: u8) -> bool {
    byte.is_ascii_alphabetic() || byte == b'_'
}

fn continues_identifier(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_'
}

fn identifier(written: &str, lower: &mut String, each: &mut impl FnMut(&str)) {
    lower.clear();
    lower.push_str(written);
    lower.make_ascii_lowercase();
    if lower.len() > 1 && !is_stop(lower) {
        each(lower);
    }
    let whole = lower.len();
    for_each_part(written.as_bytes(), |from, to| {
        let part = &lower[from..to];
        if to - from > SHORT_PART && to - from < whole && !is_stop(part) {
            each(part);
        }
    });
}

fn is_stop(word: &str) -> bool {
    STOP.binary_search(&word).is_ok()
}

/// Gives the bounds of each part of an identifier: cut at `_`, where a capital
/// follows a small letter, before the last capital of several, and around digits.
fn for_each_part(name: &[u8], mut each: impl FnMut(usize, usize)) {
    let mut from = 0;
    for at in 0..=name.len() {
        if at == name.len() || name[at] == b'_' {
            if at > from {
                each(from, at);
            }
            from = at + 1;
        } else if at > from && begins_part(name, at) {
            each(from, at);
            from = at;
        }
    }
}

fn begins_part(name: &[u8], at: usize) -> bool {
    let (before, this) = (name[at - 1], name[at]);
    let after = name.get(at + 1);
    (this.is_ascii_uppercase() && !before.is_ascii_uppercase())
        || (this.is_ascii_uppercase() && after.is_some_and(u8::is_ascii_lowercase))
        || before.is_ascii_digit() != this.is_ascii_digit()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{STOP, tokens};

    #[test]
    fn identifiers_are_read_whole_and_in_parts() {
        let words = tokens("The HTTPServer.read_line() of `utf8Reader`, x and _private");
        let wanted = [
            "httpserver",
            "http",
            "server",
            "read_line",
            "read",
            "line",
            "utf8reader",
            "utf",
            "reader",
            "_private",
            "private",
        ];
        assert_eq!(words, wanted);
    }

    #[test]
    fn the_stop_list_is_sorted() {
        assert!(STOP.is_sorted());
    }

    proptest! {
        #[test]
        fn no_text_breaks_the_reader(text in any::<String>()) {
            for token in tokens(&text) {
                prop_assert!(token.len() > 1 && token == token.to_ascii_lowercase());
            }
        }
    }
}
