//! What is left of a source file when all that no program can see is gone?
//!
//! In: a source file. Out: its tokens without comments, blank lines,
//! docstrings and annotations. Two files with equal skeletons do the same.

use backstory_model::Language;

use super::tokens::{Kind, Token, tokens};

/// Returns the texts of the tokens that count.
pub(super) fn skeleton(language: Language, bytes: &[u8]) -> Vec<Vec<u8>> {
    let mut tokens = tokens(language, bytes);
    tokens.retain(|token| token.kind != Kind::Comment);
    if language == Language::Python {
        tokens = joined_lines(tokens, bytes);
        tokens = without_docstrings(&tokens);
        tokens = without_annotations(&tokens, bytes);
    }
    tokens.into_iter().map(|token| bytes[token.range].to_vec()).collect()
}

fn is(token: &Token, bytes: &[u8], text: &[u8]) -> bool {
    token.kind != Kind::Text && bytes[token.range.clone()] == *text
}

/// Returns how a token changes the depth of brackets.
pub(super) fn depth_change(token: &Token, bytes: &[u8]) -> i32 {
    if token.kind != Kind::Operator {
        return 0;
    }
    match &bytes[token.range.clone()] {
        b"(" | b"[" | b"{" => 1,
        b")" | b"]" | b"}" => -1,
        _ => 0,
    }
}

/// Drops line ends inside brackets and all but the last of several.
pub(super) fn joined_lines(tokens: Vec<Token>, bytes: &[u8]) -> Vec<Token> {
    let mut kept: Vec<Token> = Vec::new();
    let mut depth = 0;
    for token in tokens {
        depth += depth_change(&token, bytes);
        if token.kind == Kind::Line {
            if depth > 0 || kept.is_empty() {
                continue;
            }
            kept.pop_if(|last| last.kind == Kind::Line);
        }
        kept.push(token);
    }
    kept.pop_if(|last| last.kind == Kind::Line);
    kept
}

/// Drops statements that are nothing but a string.
fn without_docstrings(tokens: &[Token]) -> Vec<Token> {
    let is_line = |at: Option<usize>| {
        at.and_then(|at| tokens.get(at)).is_none_or(|token| token.kind == Kind::Line)
    };
    let alone = |at: usize| {
        tokens[at].kind == Kind::Text && is_line(at.checked_sub(1)) && is_line(Some(at + 1))
    };
    let mut kept = Vec::new();
    for (at, token) in tokens.iter().enumerate() {
        let begins_file = kept.is_empty() && token.kind == Kind::Line;
        if alone(at) {
            // The line in front goes too, so that the one behind takes its place.
            kept.pop();
        } else if !begins_file {
            kept.push(token.clone());
        }
    }
    kept
}

/// Drops annotations of parameters, results and variables.
fn without_annotations(tokens: &[Token], bytes: &[u8]) -> Vec<Token> {
    let mut kept = Vec::new();
    for statement in tokens.split_inclusive(|token| token.kind == Kind::Line) {
        let def = statement.iter().take(2).any(|token| is(token, bytes, b"def"));
        let annotated = statement.len() > 1
            && statement[0].kind == Kind::Word
            && statement.iter().position(|token| is(token, bytes, b":")).is_some_and(|at| {
                is_target(&statement[..at], bytes)
                    && statement.get(at + 1).is_some_and(|t| t.kind != Kind::Line)
            });
        if def {
            kept.extend(plain_definition(statement, bytes));
        } else if annotated {
            kept.extend(plain_variable(statement, bytes));
        } else {
            kept.extend_from_slice(statement);
        }
    }
    kept
}

/// Returns true for `name` and `name.name`, what an annotation can follow.
fn is_target(tokens: &[Token], bytes: &[u8]) -> bool {
    const NO_NAMES: [&[u8]; 4] = [b"else", b"try", b"finally", b"lambda"];
    tokens.iter().enumerate().all(|(at, token)| {
        let name = token.kind == Kind::Word && !NO_NAMES.contains(&&bytes[token.range.clone()]);
        if at % 2 == 0 { name } else { is(token, bytes, b".") }
    })
}

fn plain_variable(statement: &[Token], bytes: &[u8]) -> Vec<Token> {
    let colon = statement.iter().position(|token| is(token, bytes, b":")).unwrap_or_default();
    let value = statement.iter().position(|token| is(token, bytes, b"="));
    let rest = match value {
        Some(at) => &statement[at..],
        None => {
            &statement[statement.len()
                - usize::from(statement.last().is_some_and(|t| t.kind == Kind::Line))..]
        }
    };
    [&statement[..colon], rest].concat()
}

fn plain_definition(statement: &[Token], bytes: &[u8]) -> Vec<Token> {
    let mut kept = Vec::new();
    let (mut depth, mut skipping, mut result) = (0, false, false);
    for (at, token) in statement.iter().enumerate() {
        depth += depth_change(token, bytes).min(0);
        let colon = is(token, bytes, b":");
        if colon && depth == 0 {
            kept.extend_from_slice(&statement[at..]);
            break;
        }
        result |= depth == 0 && is(token, bytes, b"->");
        let ends = depth == 0 || depth == 1 && (is(token, bytes, b",") || is(token, bytes, b"="));
        skipping = result || (skipping && !ends) || (colon && depth == 1);
        if !skipping {
            kept.push(token.clone());
        }
        depth += depth_change(token, bytes).max(0);
    }
    kept
}

#[cfg(test)]
mod tests {
    use super::*;

    fn same(one: &str, other: &str) -> bool {
        skeleton(Language::Python, one.as_bytes()) == skeleton(Language::Python, other.as_bytes())
    }

    #[test]
    fn what_no_program_sees_makes_no_difference() {
        let plain = "def f(a, b=1):\n    x = a\n    return x\n";
        let told = "# Adds.\n\ndef f(a: int, b: dict[str, int]=1) -> list[int]:\n    \
                    \"\"\"Adds: a and b.\"\"\"\n\n    x: int = a  # one\n    return x\n";
        assert!(same(plain, told));
        assert!(same("class A:\n    x = 1\n", "class A:\n    'Doc.'\n    x: int = 1\n"));
        assert!(same("f(a,\n  b)\n", "f(a, b)\n"));
    }

    #[test]
    fn what_a_program_sees_makes_one() {
        assert!(!same("def f(a=1): return a\n", "def f(a=2): return a\n"));
        assert!(!same("if a:\n    b()\n", "if a:\n    pass\n"));
        assert!(!same("if a:\n    b()\n    c()\n", "if a:\n    b()\nc()\n"));
        assert!(!same("x = {'a': 1}\n", "x = {'a': 2}\n"));
        assert!(!same("x = 'a'\n", "x = 'b'\n"));
        assert!(!same("def f(): return d[1:2]\n", "def f(): return d[1:3]\n"));
    }

    #[test]
    fn comments_of_other_languages_go_as_well() {
        let left = skeleton(Language::Rust, b"// a\nlet x = 1; /* b */\n");
        assert_eq!(left, skeleton(Language::Rust, b"let x=1;"));
    }
}
