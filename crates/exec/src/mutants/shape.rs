//! Can a source file be read at all?
//!
//! In: a source file. Out: whether its brackets and blocks close. A mutant that
//! cannot be read is rejected by any test and says nothing about them.

use backstory_model::Language;

use super::skeleton::{depth_change, joined_lines};
use super::tokens::{Kind, Token, tokens};

/// Returns true when a parser could read the file, as far as is looked at.
pub(super) fn stands(language: Language, bytes: &[u8]) -> bool {
    match language {
        Language::Python => blocks_stand(bytes),
        Language::Rust
        | Language::JavaScript
        | Language::TypeScript
        | Language::Tsx
        | Language::Go
        | Language::Java
        | Language::C
        | Language::Cpp => !backstory_syntax::parse(language, bytes).partial,
    }
}

/// Returns true when every line that ends with a colon opens a block, no other
/// line does, and every bracket is closed.
fn blocks_stand(bytes: &[u8]) -> bool {
    let mut all = tokens(Language::Python, bytes);
    all.retain(|token| token.kind != Kind::Comment);
    let depths: i32 = all.iter().map(|token| depth_change(token, bytes)).sum();
    let lines = joined_lines(all, bytes);
    let mut blocks = vec![0];
    let mut before: Option<&Token> = None;
    for token in &lines {
        if token.kind == Kind::Line {
            let indent = token.range.len() - 1;
            let opens = before.is_some_and(|last| &bytes[last.range.clone()] == b":");
            if opens != (indent > blocks.last().copied().unwrap_or_default()) {
                return false;
            }
            if opens {
                blocks.push(indent);
            }
            while blocks.last().is_some_and(|block| *block > indent) {
                blocks.pop();
            }
            if blocks.last() != Some(&indent) {
                return false;
            }
        }
        before = Some(token);
    }
    let open = before.is_some_and(|last| &bytes[last.range.clone()] == b":");
    depths == 0 && !open
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_block_that_is_missing_or_not_announced_does_not_stand() {
        let stands = |text: &str| blocks_stand(text.as_bytes());
        assert!(stands("if a:\n    b({\n  'c': 1})\n\n# d\n    e()\nelse: f()\n"));
        assert!(stands("def f():\n\n    '''Doc:'''\n    return x[1:]\n"));
        assert!(!stands("def f():\n"));
        assert!(!stands("def f():\nreturn 1\n"));
        assert!(!stands("a()\n    return 1\n"));
        assert!(!stands("if a:\n        b()\n    c()\n"));
        assert!(!stands("a(b\n"));
    }

    #[test]
    fn other_languages_are_asked_their_parser() {
        assert!(stands(Language::Rust, b"fn a() { b(); }\n"));
        assert!(!stands(Language::Rust, b"fn a() { b();\n"));
    }
}
