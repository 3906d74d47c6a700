//! What does a source file define, use and import, and which lines are tests?
//!
//! In: a language and bytes, any bytes. Out: a [`FileStructure`]; what the
//! parser could not read is left out and `partial` says so. Work is bounded by
//! the size of the file, never by a clock, so the answer is always the same.

mod grammar;
mod imports;
mod rust_tests;
mod walk;

use std::ops::ControlFlow;

use backstory_model::{FileStructure, Language};
use tree_sitter::{ParseOptions, Parser, Tree};

use grammar::Grammar;

/// The largest file that is parsed, in bytes; larger ones are `partial` and empty.
pub const SIZE_LIMIT: usize = 1 << 20;

/// Reads one source file.
///
/// Never fails and never panics: a file over [`SIZE_LIMIT`], and one on which
/// the parser spends more work than its size allows, give an empty structure
/// with `partial` set.
pub fn parse(language: Language, bytes: &[u8]) -> FileStructure {
    let unread = FileStructure { partial: true, ..FileStructure::default() };
    if bytes.len() > SIZE_LIMIT {
        return unread;
    }
    let grammar = Grammar::of(language);
    match syntax_tree(grammar, bytes) {
        Some(tree) => walk::structure(grammar, &tree, bytes),
        None => unread,
    }
}

fn syntax_tree(grammar: &Grammar, bytes: &[u8]) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&grammar.language).ok()?;
    // The parser reports after every hundred operations; a readable file takes
    // far fewer than one report per ten bytes.
    let mut reports_left = 1_000 + bytes.len() / 10;
    let mut watch = |_: &tree_sitter::ParseState| {
        reports_left = reports_left.saturating_sub(1);
        if reports_left == 0 { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    };
    parser.parse_with_options(
        &mut |at, _| bytes.get(at..).unwrap_or_default(),
        None,
        Some(ParseOptions::new().progress_callback(&mut watch)),
    )
}
