//! Which words of a requirement would a developer search for?
//!
//! In: the text of the requirement. Out: [`Term`]s with the bytes they come
//! from, the most telling kinds first. Knows nothing of the change.

use std::collections::BTreeSet;
use std::ops::Range;
use std::sync::LazyLock;

use regex::Regex;

use crate::requirement::is_merge_subject;

/// What a term looks like in the text; earlier kinds tell more.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum TermKind {
    /// A path with a file extension.
    Path,
    /// A code span in backticks.
    Code,
    /// A quoted message of several words.
    Message,
    /// An identifier by its shape: `snake_case`, `CamelCase`, `dotted.name`, `call()`.
    Identifier,
    /// An ordinary word of the first line.
    Word,
}

/// One candidate for a search.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Term {
    /// What it looks like.
    pub kind: TermKind,
    /// The bytes of the requirement it is.
    pub span: Range<usize>,
    /// For paths of stack frames, the line.
    pub line: Option<u32>,
}

impl Term {
    /// Returns the text of the term.
    pub fn text<'t>(&self, requirement: &'t str) -> &'t str {
        &requirement[self.span.clone()]
    }

    /// Returns true when the search asks for a whole word.
    pub fn whole_word(&self) -> bool {
        self.kind != TermKind::Message
    }
}

/// At most this many bytes of a requirement are read for terms.
const READ: usize = 16 << 10;

macro_rules! pattern {
    ($name:ident, $text:literal) => {
        static $name: LazyLock<Regex> =
            LazyLock::new(|| Regex::new($text).expect("the pattern is fixed and valid"));
    };
}

pattern!(
    PATH,
    r#"(?x) [\w./\\-]*?
       (?P<path> (?:[\w.-]+/)* [\w-][\w.-]* \.
         (?:py|pyi|rs|go|js|jsx|cjs|mjs|ts|tsx|java|c|h|cc|cpp|hpp|toml|cfg|ini|ya?ml|rst|md|txt) )
       \b (?: "?,?\ line\ (?P<frame>\d{1,6}) | :(?P<colon>\d{1,6}) )?"#
);
pattern!(CODE, r"`+([^`\n]{2,60})`+");
pattern!(
    MESSAGE,
    r#"(?x) "([^"\n]{10,80})" | '([^'\n]{10,80})'
       | \b[A-Z]\w*(?:Error|Exception|Warning):\s([^\n`"']{10,80})
       | \b(?:panicked\ at|panic:|error:|Error:)\s([^\n`"']{10,80})"#
);
pattern!(
    IDENTIFIER,
    r"(?x) \b(?:
        [A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+
      | [a-z]\w*_\w+ | _+[a-z]\w+
      | [A-Z][a-z0-9]+(?:[A-Z]\w*)+ | [a-z]+[a-z0-9]*[A-Z]\w*
      | [A-Z][A-Z0-9]*_[A-Z0-9_]+
      | [A-Za-z_]\w{2,}\b(?:\(\))
    )"
);
pattern!(TRAILER, r"(?m)^[A-Z][A-Za-z]*(?:-[A-Za-z]+)+: .*$");
pattern!(ADDRESS, r"https?://\S+|\S+@\S+\.\S+");
pattern!(WORD, r"\b[A-Za-z][A-Za-z_]{3,}\b");

/// Returns the terms of a requirement, best kind first, then in text order,
/// each text once.
pub fn terms(requirement: &str) -> Vec<Term> {
    let mut end = requirement.len().min(READ);
    while !requirement.is_char_boundary(end) {
        end -= 1;
    }
    let text = &requirement[..end];
    let mut found = paths(text);
    found.extend(code_spans(text));
    found.extend(captured(&MESSAGE, text).map(|span| plain(TermKind::Message, span)));
    found.extend(IDENTIFIER.find_iter(text).flat_map(|m| identifier_parts(text, m.range())));
    let title = title(text);
    found.retain(|term| term.span.start >= title.start);
    found.extend(
        WORD.find_iter(&text[title.clone()])
            .filter(|m| !is_stop_word(m.as_str()))
            .map(|m| plain(TermKind::Word, title.start + m.start()..title.start + m.end())),
    );
    let signed: Vec<Range<usize>> =
        TRAILER.find_iter(text).chain(ADDRESS.find_iter(text)).map(|m| m.range()).collect();
    found
        .retain(|term| signed.iter().all(|s| s.end <= term.span.start || term.span.end <= s.start));
    let paths: Vec<Range<usize>> =
        found.iter().filter(|t| t.kind == TermKind::Path).map(|t| t.span.clone()).collect();
    let in_path =
        |span: &Range<usize>| paths.iter().any(|p| p.start < span.end && span.start < p.end);
    found.retain(|term| term.kind == TermKind::Path || !in_path(&term.span));
    found.sort_by_key(|term| (term.kind, term.span.start, term.span.end));
    let mut known = BTreeSet::new();
    found.retain(|term| known.insert(text[term.span.clone()].to_owned()));
    found
}

/// Returns the first line that says something; what was merged does not count.
fn title(text: &str) -> Range<usize> {
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let shown = line.trim_end();
        if !shown.trim_start().is_empty() && !is_merge_subject(shown) {
            return start..start + shown.len();
        }
        start += line.len();
    }
    text.len()..text.len()
}

fn plain(kind: TermKind, span: Range<usize>) -> Term {
    Term { kind, span, line: None }
}

fn paths(text: &str) -> Vec<Term> {
    PATH.captures_iter(text)
        .filter_map(|found| {
            let path = found.name("path")?;
            let line = found.name("frame").or_else(|| found.name("colon"));
            Some(Term {
                kind: TermKind::Path,
                span: path.range(),
                line: line.and_then(|digits| digits.as_str().parse().ok()),
            })
        })
        .collect()
}

fn captured<'t>(regex: &'t Regex, text: &'t str) -> impl Iterator<Item = Range<usize>> + 't {
    regex.captures_iter(text).filter_map(|found| {
        found.iter().skip(1).flatten().next().map(|group| {
            let trimmed = group.as_str().trim_end_matches(['.', ',', ' ', '\r', ')']);
            group.start()..group.start() + trimmed.len()
        })
    })
}

fn code_spans(text: &str) -> Vec<Term> {
    captured(&CODE, text)
        .flat_map(|span| {
            let inner = &text[span.clone()];
            let is_name = |c: char| c.is_alphanumeric() || c == '_' || c == '.' || c == ':';
            if inner.chars().all(is_name) {
                return identifier_parts(text, span);
            }
            let mut parts = Vec::new();
            for name in WORD.find_iter(inner) {
                if !is_stop_word(name.as_str()) {
                    let start = span.start + name.start();
                    parts.push(plain(TermKind::Code, start..start + name.len()));
                }
            }
            parts
        })
        .map(|term| Term { kind: TermKind::Code, ..term })
        .collect()
}

/// Splits `a.b.c()` into what can be searched: the last name, then the first.
fn identifier_parts(text: &str, span: Range<usize>) -> Vec<Term> {
    let inner = &text[span.clone()];
    let mut parts = Vec::new();
    let mut start = 0;
    for piece in inner.split(|c: char| !(c.is_alphanumeric() || c == '_')) {
        if piece.len() >= 3 && piece.starts_with(|c: char| !c.is_ascii_digit()) {
            let at = span.start + start;
            if !is_stop_word(piece) {
                parts.push(plain(TermKind::Identifier, at..at + piece.len()));
            }
        }
        start += piece.len();
        start += inner[start..].chars().next().map_or(0, char::len_utf8);
    }
    parts.reverse();
    parts.truncate(2);
    parts
}

/// Words that tell nothing about where to look.
const STOP_WORDS: &[&str] = &[
    "about",
    "after",
    "also",
    "always",
    "because",
    "been",
    "before",
    "being",
    "both",
    "branch",
    "bump",
    "bumps",
    "cannot",
    "change",
    "changed",
    "changes",
    "code",
    "commit",
    "could",
    "does",
    "doesn",
    "don",
    "each",
    "error",
    "expected",
    "false",
    "file",
    "files",
    "fix",
    "fixed",
    "fixes",
    "from",
    "github",
    "have",
    "here",
    "https",
    "http",
    "instead",
    "into",
    "issue",
    "just",
    "like",
    "line",
    "make",
    "makes",
    "master",
    "main",
    "merge",
    "merged",
    "more",
    "most",
    "need",
    "none",
    "null",
    "only",
    "other",
    "pull",
    "refactor",
    "release",
    "remove",
    "removed",
    "request",
    "self",
    "should",
    "some",
    "support",
    "test",
    "tests",
    "than",
    "that",
    "their",
    "them",
    "then",
    "there",
    "these",
    "they",
    "this",
    "traceback",
    "true",
    "update",
    "updated",
    "updates",
    "usage",
    "used",
    "uses",
    "using",
    "version",
    "were",
    "what",
    "when",
    "where",
    "which",
    "while",
    "will",
    "with",
    "without",
    "work",
    "works",
    "would",
    "your",
    "allow",
    "adds",
    "added",
    "return",
    "import",
    "class",
    "print",
    "follow",
    "improve",
    "improved",
    "better",
    "work",
    "call",
    "calls",
];

fn is_stop_word(word: &str) -> bool {
    let lower = word.to_ascii_lowercase();
    STOP_WORDS.contains(&lower.as_str())
}

#[cfg(test)]
mod tests {
    use super::{TermKind, terms};
    use proptest::prelude::*;

    fn found(text: &str) -> Vec<(TermKind, &str)> {
        terms(text).iter().map(|term| (term.kind, term.text(text))).collect()
    }

    #[test]
    fn a_stack_frame_gives_its_file_and_line() {
        let text = "Crash\n  File \"/app/src/click/core.py\", line 12, in main";
        let terms = terms(text);
        let path = terms.iter().find(|term| term.kind == TermKind::Path).expect("a path");
        assert_eq!(path.text(text), "app/src/click/core.py");
        assert_eq!(path.line, Some(12));
    }

    #[test]
    fn code_spans_come_before_words_of_the_title() {
        let text = "Add support of `pathlib.Path` to `edit`";
        assert_eq!(
            found(text),
            [(TermKind::Code, "pathlib"), (TermKind::Code, "Path"), (TermKind::Code, "edit")]
        );
    }

    #[test]
    fn the_branch_a_merge_names_is_nothing_to_search_for() {
        let text = "Merge pull request #7 from ada/update_runner\n\nQuicker parsing";
        assert_eq!(found(text), [(TermKind::Word, "Quicker"), (TermKind::Word, "parsing")]);
    }

    #[test]
    fn trailers_and_addresses_name_nothing_to_search_for() {
        let text =
            "Parse\n\nsee https://example.org/some_page\n\nCo-authored-by: A_b <a_b@example.org>";
        assert_eq!(found(text), [(TermKind::Word, "Parse")]);
    }

    proptest! {
        #[test]
        fn every_term_is_a_piece_of_the_text(text in "\\PC{0,200}") {
            for term in terms(&text) {
                prop_assert!(!term.text(&text).is_empty());
            }
        }
    }
}
