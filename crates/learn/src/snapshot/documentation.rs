//! What do definitions say about themselves?
//!
//! In: one source file and its structure. Out: the docstrings of Python and the
//! comments right above definitions elsewhere, without their marks. They serve as
//! queries whose answer is known from the snapshot alone.

use std::collections::BTreeSet;

use backstory_model::{FileStructure, Language, Symbol, SymbolKind};

/// The least characters that make a query.
const SHORTEST: usize = 60;
/// The most characters that make a query.
const LONGEST: usize = 800;
/// Pieces kept of one file.
const MOST: usize = 64;

/// Returns the documentation of a file: each text once, in order of lines.
pub(super) fn documentation(
    language: Language,
    text: &str,
    structure: &FileStructure,
) -> Vec<String> {
    let lines: Vec<&str> = text.lines().collect();
    let mut found = Vec::new();
    if language == Language::Python {
        found.extend(string_at(&lines, first_code(&lines)));
        let documented = structure.symbols.iter().filter(|symbol| is_documented(symbol));
        found.extend(documented.filter_map(|symbol| docstring(&lines, symbol)));
    } else {
        let documented = structure.symbols.iter().filter(|symbol| is_documented(symbol));
        found
            .extend(documented.map(|symbol| comment_above(&lines, line_index(symbol.lines.start))));
    }
    let mut known = BTreeSet::new();
    found.retain(|text| {
        (SHORTEST..=LONGEST).contains(&text.chars().count()) && known.insert(text.clone())
    });
    found.truncate(MOST);
    found
}

fn is_documented(symbol: &Symbol) -> bool {
    match symbol.kind {
        SymbolKind::Function | SymbolKind::Method | SymbolKind::Type | SymbolKind::Macro => true,
        SymbolKind::Module | SymbolKind::Variable => false,
    }
}

/// Returns the place of a line that is counted from 1.
fn line_index(line: u32) -> usize {
    (line as usize).saturating_sub(1)
}

/// Returns the place of the first line that is neither empty nor a comment.
fn first_code(lines: &[&str]) -> usize {
    let is_code = |line: &&str| !line.trim().is_empty() && !line.trim_start().starts_with('#');
    lines.iter().position(is_code).unwrap_or(lines.len())
}

/// Returns the docstring of a Python definition.
fn docstring(lines: &[&str], symbol: &Symbol) -> Option<String> {
    let (from, to) = (line_index(symbol.name_line), symbol.lines.end as usize);
    let body = lines.get(from..to.min(lines.len()))?;
    let ends_header = |line: &&str| {
        let code = line.split(" #").next().unwrap_or(line);
        code.trim_end().ends_with(':')
    };
    let header = body.iter().position(ends_header)?;
    let below = header + 1;
    let first = body[below..].iter().position(|line| !line.trim().is_empty())?;
    string_at(body, below + first)
}

/// Reads the string literal that a line begins with, without quotes.
fn string_at(lines: &[&str], at: usize) -> Option<String> {
    let line = lines.get(at)?.trim_start();
    let open = line.trim_start_matches(['r', 'R', 'u', 'U']);
    if line.len() - open.len() > 1 {
        return None;
    }
    for quote in ["\"\"\"", "'''"] {
        if let Some(first) = open.strip_prefix(quote) {
            let rest = std::iter::once(first).chain(lines[at + 1..].iter().copied());
            return Some(until(rest, quote));
        }
    }
    let quote = open.chars().next().filter(|c| matches!(c, '"' | '\''))?;
    open[1..].split_once(quote).map(|(text, _)| text.to_owned())
}

/// Joins lines, without their indent, up to a quote.
fn until<'a>(lines: impl Iterator<Item = &'a str>, quote: &str) -> String {
    let mut text = String::new();
    for line in lines {
        let (line, ends) = match line.split_once(quote) {
            Some((line, _)) => (line, true),
            None => (line, false),
        };
        text.push_str(line.trim());
        // What is longer is no query; a string without an end could be the whole file.
        if ends || text.len() > 8 * LONGEST {
            break;
        }
        text.push('\n');
    }
    text.trim().to_owned()
}

/// Returns the comment that ends right above a line.
fn comment_above(lines: &[&str], at: usize) -> String {
    let is_comment = |line: &&&str| {
        let line = line.trim_start();
        ["//", "/*", "*"].iter().any(|mark| line.starts_with(mark))
    };
    let above = lines.get(..at).unwrap_or_default();
    let mut comment: Vec<&str> =
        above.iter().rev().take_while(is_comment).map(|line| without_marks(line)).collect();
    comment.reverse();
    comment.join("\n").trim().to_owned()
}

fn without_marks(line: &str) -> &str {
    let line = line.trim();
    let line = line.strip_suffix("*/").unwrap_or(line);
    line.trim_start_matches(['/', '*', '!']).trim()
}

#[cfg(test)]
mod tests {
    use backstory_model::Language;
    use backstory_syntax::parse;

    use super::documentation;

    fn found(language: Language, source: &str) -> Vec<String> {
        documentation(language, source, &parse(language, source.as_bytes()))
    }

    #[test]
    fn docstrings_of_modules_classes_and_functions_are_found() {
        let source = r#"# a comment
r"""Reads lines from many kinds of files, one line after another, quickly."""

class Reader(object):  # a class: with a comment
    '''Keeps a file open and remembers the line that it has read the last time.

    Closes it.
    '''

    def read(
        self, line: int = 3,
    ) -> str:

        "Reads one line; an empty line is told by an empty text, the end by none."
        return """not a docstring, although it is a text that is long enough to be one"""

    def short(self):
        """Too short."""

    def one(self): return 1

    def after(self):
        return {"a":
            """not a docstring either, although it is a text that is long enough for it"""}
"#;
        insta::assert_snapshot!(found(Language::Python, source).join("\n====\n"), @r"
        Reads lines from many kinds of files, one line after another, quickly.
        ====
        Keeps a file open and remembers the line that it has read the last time.

        Closes it.
        ====
        Reads one line; an empty line is told by an empty text, the end by none.
        ");
    }

    #[test]
    fn comments_above_definitions_are_found_in_other_languages() {
        let rust = "/// Reads one line of the file; an empty line is told by an empty text,\n\
                    /// the end by nothing.\n#[inline]\nfn read() {}\n\n// far away\n\nfn bare() {}\n";
        let java = "class A {\n  /**\n   * Reads one line of the file; an empty line is told by \
                    an empty text.\n   */\n  void read() {}\n}\n";
        insta::assert_snapshot!(found(Language::Rust, rust).join("\n====\n"), @r"
        Reads one line of the file; an empty line is told by an empty text,
        the end by nothing.
        ");
        assert_eq!(found(Language::Java, java).len(), 1);
    }
}
