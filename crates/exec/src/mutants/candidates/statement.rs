//! Which logical lines does a Python file have?

use std::ops::Range;

use backstory_model::Language;

use super::super::skeleton::depth_change;
use super::super::tokens::{Kind, Token, tokens};

/// One logical line: its tokens without comments, line ends and what lies in between.
#[derive(Clone, Debug)]
pub(super) struct Statement {
    pub(super) tokens: Vec<Token>,
    /// Its indent in bytes.
    pub(super) indent: usize,
    /// Whether a comment stands in it or behind it.
    pub(super) commented: bool,
}

impl Statement {
    /// Returns the bytes from the first token to the last.
    pub(super) fn range(&self) -> Range<usize> {
        let end = self.tokens.last().map_or(0, |token| token.range.end);
        self.tokens.first().map_or(0, |token| token.range.start)..end
    }

    /// Returns true when the token at a place is this word or operator.
    pub(super) fn is(&self, at: usize, bytes: &[u8], text: &str) -> bool {
        self.tokens.get(at).is_some_and(|token| {
            token.kind != Kind::Text && &bytes[token.range.clone()] == text.as_bytes()
        })
    }

    /// Returns true when it stands on one line.
    pub(super) fn is_flat(&self, bytes: &[u8]) -> bool {
        !bytes[self.range()].contains(&b'\n')
    }

    /// Returns how deep in brackets each token stands.
    pub(super) fn depths(&self, bytes: &[u8]) -> Vec<i32> {
        let mut depth = 0;
        let step = |token: &Token| {
            let change = depth_change(token, bytes);
            depth += change;
            depth - change.max(0)
        };
        self.tokens.iter().map(step).collect()
    }
}

/// Reads the logical lines of a file; compound ones end with their colon.
pub(super) fn statements(bytes: &[u8]) -> Vec<Statement> {
    let mut all = Vec::new();
    let (mut depth, mut indent) = (0, 0);
    let mut current: Option<Statement> = None;
    for token in tokens(Language::Python, bytes) {
        depth += depth_change(&token, bytes);
        match token.kind {
            Kind::Line if depth > 0 || continues(bytes, token.range.start) => {}
            Kind::Line => {
                indent = token.range.len() - 1;
                all.extend(current.take());
            }
            Kind::Comment => {
                if let Some(statement) = &mut current {
                    statement.commented = true;
                }
            }
            Kind::Word | Kind::Number | Kind::Text | Kind::Operator => {
                let new = || Statement { tokens: Vec::new(), indent, commented: false };
                current.get_or_insert_with(new).tokens.push(token);
            }
        }
    }
    all.extend(current);
    all
}

/// Returns true when a backslash ends the line.
fn continues(bytes: &[u8], line_end: usize) -> bool {
    bytes[..line_end].ends_with(b"\\") || bytes[..line_end].ends_with(b"\\\r")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_logical_line_may_have_several_lines() {
        let text = "# a\nx = f(\n    1,  # one\n)\nif x and \\\n        y:\n    return x\n";
        let told: Vec<String> = statements(text.as_bytes())
            .iter()
            .map(|one| format!("{} {:?} {}", one.indent, &text[one.range()], one.commented))
            .collect();
        assert_eq!(
            told,
            [
                "0 \"x = f(\\n    1,  # one\\n)\" true",
                "0 \"if x and \\\\\\n        y:\" false",
                "4 \"return x\" false",
            ]
        );
    }
}
