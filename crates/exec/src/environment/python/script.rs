//! What does a `setup.py` say, read as text?
//!
//! Nothing of it is run. Lists of string literals after a keyword are read,
//! also where the keyword names a variable that holds one; what is computed
//! stays unknown and is found after the project is installed.

use std::collections::BTreeMap;

/// Returns the strings of `KEYWORD=[…]`, following one variable.
pub(super) fn strings_of(text: &str, keyword: &str) -> Vec<String> {
    match value_after(text, keyword) {
        Some(value) if value.starts_with(['[', '(']) => strings(bracketed(value)),
        Some(value) => match name_at(value) {
            Some(name) => assigned(text, name)
                .filter(|value| value.starts_with(['[', '(']))
                .map(|value| strings(bracketed(value)))
                .unwrap_or_default(),
            None => Vec::new(),
        },
        None => Vec::new(),
    }
}

/// Returns the lists of `KEYWORD={"key": […]}`, following one variable.
pub(super) fn lists_of(text: &str, keyword: &str) -> BTreeMap<String, Vec<String>> {
    let Some(value) = value_after(text, keyword) else { return BTreeMap::new() };
    if value.starts_with('{') {
        return entries(bracketed(value));
    }
    let Some(name) = name_at(value) else { return BTreeMap::new() };
    assigned(text, name)
        .filter(|value| value.starts_with('{'))
        .map(|value| entries(bracketed(value)))
        .unwrap_or_default()
}

/// Returns the one string of `KEYWORD="…"`.
pub(super) fn string_of(text: &str, keyword: &str) -> Option<String> {
    let value = value_after(text, keyword)?;
    literal(value).map(|(string, _)| string)
}

/// Finds `WORD =` where the word stands alone, and returns what follows.
fn value_after<'a>(text: &'a str, word: &str) -> Option<&'a str> {
    text.match_indices(word).find_map(|(at, _)| {
        let alone = !text[..at].ends_with(|c: char| c.is_alphanumeric() || c == '_' || c == '"');
        let rest = text[at + word.len()..].trim_start();
        let value = rest.strip_prefix('=').filter(|value| !value.starts_with('='))?;
        alone.then(|| value.trim_start())
    })
}

/// Finds the assignment of a variable at the beginning of a line.
fn assigned<'a>(text: &'a str, name: &str) -> Option<&'a str> {
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        if let Some(rest) = line.strip_prefix(name)
            && let Some(value) = rest.trim_start().strip_prefix('=')
        {
            let offset = at + line.len() - value.len();
            return Some(text[offset..].trim_start());
        }
        at += line.len();
    }
    None
}

fn name_at(value: &str) -> Option<&str> {
    let end = value.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(value.len());
    Some(&value[..end]).filter(|name| name.starts_with(|c: char| c.is_alphabetic() || c == '_'))
}

/// Returns the text from an opening bracket to the one that closes it.
fn bracketed(value: &str) -> &str {
    let (mut depth, mut at) = (0_usize, 0);
    while at < value.len() {
        let rest = &value[at..];
        if let Some((_, length)) = literal(rest) {
            at += length;
            continue;
        }
        match rest.as_bytes()[0] {
            b'[' | b'(' | b'{' => depth += 1,
            b']' | b')' | b'}' => depth = depth.saturating_sub(1),
            b'#' => {
                at += rest.find('\n').unwrap_or(rest.len());
                continue;
            }
            _ => {}
        }
        at += next_char(&value[at..]);
        if depth == 0 {
            return &value[..at];
        }
    }
    value
}

fn next_char(text: &str) -> usize {
    text.chars().next().map_or(1, char::len_utf8)
}

/// Reads a string literal without escapes; returns it and its length.
fn literal(text: &str) -> Option<(String, usize)> {
    let mark = ["\"\"\"", "'''", "\"", "'"].into_iter().find(|mark| text.starts_with(mark))?;
    let rest = &text[mark.len()..];
    let end = rest.find(mark)?;
    (mark.len() == 3 || !rest[..end].contains('\n'))
        .then(|| (rest[..end].to_owned(), end + 2 * mark.len()))
}

/// Returns every string literal, comments left out, neighbors put together.
fn strings(text: &str) -> Vec<String> {
    let mut found: Vec<String> = Vec::new();
    let (mut at, mut adjacent) = (0, false);
    while at < text.len() {
        let rest = &text[at..];
        if let Some((string, length)) = literal(rest) {
            match found.last_mut() {
                Some(last) if adjacent => last.push_str(&string),
                _ => found.push(string),
            }
            adjacent = true;
            at += length;
        } else if rest.starts_with('#') {
            at += rest.find('\n').unwrap_or(rest.len());
        } else {
            adjacent &= rest.starts_with(char::is_whitespace);
            at += next_char(rest);
        }
    }
    found
}

/// Returns the `"key": […]` pairs of a dictionary; other values are left out.
fn entries(text: &str) -> BTreeMap<String, Vec<String>> {
    let mut found = BTreeMap::new();
    let mut at = 1;
    while at < text.len() {
        let rest = &text[at..];
        let Some((key, length)) = literal(rest) else {
            at += match rest.as_bytes()[0] {
                b'#' => rest.find('\n').unwrap_or(rest.len()),
                _ => next_char(rest),
            };
            continue;
        };
        at += length;
        let Some(value) = text[at..].trim_start().strip_prefix(':').map(str::trim_start) else {
            continue;
        };
        if value.starts_with(['[', '(']) {
            let list = bracketed(value);
            found.insert(key, strings(list));
            at = text.len() - value.len() + list.len();
        }
    }
    found
}

#[cfg(test)]
mod tests {
    use super::{lists_of, string_of, strings_of};

    const SETUP: &str = r#"
import re
EXTRAS = {
    # what the tests need
    'tests': ['pytest', "simplejson"  # fast
              ">=3"],
    'lint': ['flake8==3.7.7'],
}
EXTRAS['dev'] = EXTRAS['tests'] + ['tox']
setup(name="x", install_requires=['MarkupSafe>=0.23', # )
      'six'],
      extras_require=EXTRAS, python_requires=">=2.7, !=3.0.*")
"#;

    #[test]
    fn lists_are_read_through_a_variable() {
        insta::assert_compact_json_snapshot!(
            lists_of(SETUP, "extras_require"), @r#"{"lint": ["flake8==3.7.7"], "tests": ["pytest", "simplejson>=3"]}"#);
    }

    #[test]
    fn lists_and_strings_are_read_in_place() {
        insta::assert_compact_json_snapshot!(strings_of(SETUP, "install_requires"), @r#"["MarkupSafe>=0.23", "six"]"#);
        assert_eq!(string_of(SETUP, "python_requires").unwrap(), ">=2.7, !=3.0.*");
    }

    #[test]
    fn what_is_computed_stays_unknown() {
        assert!(strings_of("setup(install_requires=read('r.txt'))", "install_requires").is_empty());
        assert!(strings_of("setup(install_requires=['a", "install_requires").is_empty());
    }

    #[test]
    fn a_comment_may_end_in_any_letter() {
        let text = "setup(install_requires=['a',  # caf\u{e9}\n'b'])";
        assert_eq!(strings_of(text, "install_requires"), ["a", "b"]);
    }

    proptest::proptest! {
        #[test]
        fn any_text_can_be_read(text in "(install_requires=|[\\[\\](){}'\"#\n:=a é]){0,40}") {
            let _ = strings_of(&text, "install_requires");
            let _ = lists_of(&text, "install_requires");
        }
    }
}
