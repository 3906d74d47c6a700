//! What does a source file define, use and import, and which lines are tests?
//!
//! In: a language and bytes, any bytes. Out: a [`FileStructure`]; what the
//! parser could not read is left out and `partial` says so. Work is bounded by
//! the size of the file, never by a clock, so the answer is always the same.

mod grammar;
mod imports;
mod insides;
mod python;
mod rust_tests;
mod walk;

use std::ops::ControlFlow;

use backstory_model::{FileStructure, Language};
use tree_sitter::{ParseOptions, Parser, Tree};

use grammar::Grammar;

pub use insides::function_insides;

/// The largest file that is parsed, in bytes; larger ones are `partial` and empty.
pub const SIZE_LIMIT: usize = 1 << 20;

/// Reads one source file.
///
/// Never fails and never panics: a file over [`SIZE_LIMIT`], and one on which
/// the parser spends more work than its size allows, give an empty structure
/// with `partial` set.
pub fn parse(language: Language, bytes: &[u8]) -> FileStructure {
    if bytes.len() > SIZE_LIMIT {
        return FileStructure { partial: true, ..FileStructure::default() };
    }
    if language == Language::Python
        && let Some(structure) = python::structure(bytes)
    {
        return structure;
    }
    full_parse(language, bytes)
}

/// Reads one file with the error-tolerant parser.
fn full_parse(language: Language, bytes: &[u8]) -> FileStructure {
    let grammar = Grammar::of(language);
    match grammar_tree(grammar, bytes) {
        Some(tree) => walk::structure(grammar, &tree, bytes),
        None => FileStructure { partial: true, ..FileStructure::default() },
    }
}

/// Returns the tree of a text as its grammar sees it, and the names of that grammar.
pub(crate) fn syntax_tree(
    language: Language,
    bytes: &[u8],
) -> Option<(Tree, &'static tree_sitter::Language)> {
    let grammar = Grammar::of(language);
    Some((grammar_tree(grammar, bytes)?, &grammar.language))
}

fn grammar_tree(grammar: &Grammar, bytes: &[u8]) -> Option<Tree> {
    let mut parser = Parser::new();
    parser.set_language(&grammar.language).ok()?;
    // The parser reports after every hundred operations; a readable file takes
    // about one report per hundred bytes.
    let mut reports_left = 1_000 + bytes.len() / 20;
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

#[cfg(test)]
mod tests {
    use backstory_model::{FileStructure, Language};

    use super::{full_parse, parse, python};

    /// Says in what two readings of one file differ.
    fn difference(fast: &FileStructure, full: &FileStructure) -> Option<String> {
        let symbol = fast.symbols.iter().zip(&full.symbols).find(|(a, b)| a != b);
        let import = fast.imports.iter().zip(&full.imports).find(|(a, b)| a != b);
        if let Some(pair) = symbol {
            return Some(format!("{pair:?}"));
        }
        if let Some(pair) = import {
            return Some(format!("{pair:?}"));
        }
        let counts = |s: &FileStructure| (s.symbols.len(), s.imports.len());
        (counts(fast) != counts(full)).then(|| format!("{:?} {:?}", counts(fast), counts(full)))
    }

    #[test]
    fn the_fast_reading_of_python_equals_the_full_parse() {
        let source = include_bytes!("../../tests/it/samples/reader.py.txt");
        let fast = python::structure(source).expect("the sample is well formed");
        assert_eq!(difference(&fast, &full_parse(Language::Python, source)), None);
        let shifted = [b"# one line more\n", &source[..]].concat();
        assert!(difference(&fast, &full_parse(Language::Python, &shifted)).is_some());
    }

    #[test]
    fn python_whose_tokens_make_no_lines_goes_to_the_full_parser() {
        let source = b"def good():\n    return 1\n\nx = (1\n";
        assert!(python::structure(source).is_none());
        let structure = parse(Language::Python, source);
        assert!(structure.partial);
        assert_eq!(structure.symbols[0].name, "good");
    }
}
