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
    /// What a line such as `bump serde from 1.0.1 to 1.0.2` is about.
    Package,
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
         (?:py|pyi|rs|go|js|jsx|cjs|mjs|ts|tsx|cts|mts|java|c|h|cc|cpp|hpp|sh|html|css
             |toml|cfg|ini|ya?ml|rst|md|txt) )
       \b (?: "?,?\ line\ (?P<frame>\d{1,6}) | :(?P<colon>\d{1,6}) )?"#
);
pattern!(CODE, r"`+([^`\n]{2,60})`+");
pattern!(
    MESSAGE,
    r#"(?x) "([^"\n]{10,80})" | (?:^|[\s(\[=:,])'(\w[^'\n]{9,79})'
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
pattern!(
    ADDRESS,
    r"https?://\S+|\S+@\S+\.\S+|\b(?:[\w-]+\.)+(?:com|org|net)\b(?:/[^\s)\]]*)?|\b(?:[\w-]+\.)+(?:io|dev)/[^\s)\]]*"
);
pattern!(
    BUMPED,
    r"(?i)\b(?:bump|update|upgrade)s?\ `?\[?(@?\w[\w@./-]{1,60})\]?(?:\([^\s)]*\))?`?\ from\ v?\d"
);
pattern!(
    CHANGE_TYPE,
    r"^(?:feat|fix|docs?|chore|ci|tests?|build|refactor|perf|style|revert|dev)(?:\((?:deps|deps-dev|docs|ci|release|chore)\)!?:|!?:|\()"
);
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
    // What a revert takes back is quoted, and is no message.
    let quoted = captured(&MESSAGE, text).filter(|span| !text[..span.start].ends_with("Revert \""));
    found.extend(quoted.map(|span| plain(TermKind::Message, span)));
    found.extend(IDENTIFIER.find_iter(text).flat_map(|m| identifier_parts(text, m.range())));
    let title = title(text);
    found.retain(|term| term.span.start >= title.start);
    found.extend(
        WORD.find_iter(&text[title.clone()])
            .filter(|m| m.start() >= change_type(&text[title.clone()]))
            .filter(|m| !is_stop_word(m.as_str()))
            .map(|m| plain(TermKind::Word, title.start + m.start()..title.start + m.end())),
    );
    let signed: Vec<Range<usize>> =
        TRAILER.find_iter(text).chain(ADDRESS.find_iter(text)).map(|m| m.range()).collect();
    found
        .retain(|term| signed.iter().all(|s| s.end <= term.span.start || term.span.end <= s.start));
    let bumped: Vec<Range<usize>> = captured(&BUMPED, text).collect();
    let inside =
        |span: &Range<usize>| bumped.iter().any(|b| b.start < span.end && span.start < b.end);
    found.retain(|term| !inside(&term.span));
    found.extend(bumped.iter().map(|span| plain(TermKind::Package, span.clone())));
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

/// Returns how long the part of a title is that only says which kind of change it is.
fn change_type(title: &str) -> usize {
    CHANGE_TYPE.find(title).map_or(0, |found| found.end())
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
    "actually",
    "add",
    "added",
    "adding",
    "adds",
    "adjust",
    "adjusts",
    "after",
    "allow",
    "allowing",
    "allows",
    "also",
    "always",
    "appease",
    "applied",
    "apply",
    "avoid",
    "because",
    "been",
    "before",
    "being",
    "better",
    "both",
    "branch",
    "bump",
    "bumps",
    "call",
    "calls",
    "cannot",
    "change",
    "changed",
    "changes",
    "check",
    "checks",
    "chore",
    "clarify",
    "class",
    "clean",
    "cleanup",
    "cleanups",
    "code",
    "comment",
    "comments",
    "commit",
    "correct",
    "correctly",
    "could",
    "create",
    "created",
    "current",
    "deprecate",
    "deprecated",
    "docs",
    "document",
    "documentation",
    "does",
    "doesn",
    "don",
    "drop",
    "during",
    "each",
    "easier",
    "enable",
    "ensure",
    "ensures",
    "error",
    "expected",
    "expose",
    "exposes",
    "false",
    "feature",
    "file",
    "files",
    "first",
    "fix",
    "fixed",
    "fixes",
    "follow",
    "following",
    "from",
    "functionality",
    "further",
    "github",
    "handle",
    "handled",
    "handles",
    "handling",
    "have",
    "here",
    "http",
    "https",
    "implement",
    "implementation",
    "implemented",
    "implements",
    "import",
    "improve",
    "improved",
    "include",
    "includes",
    "instead",
    "into",
    "issue",
    "just",
    "like",
    "line",
    "longer",
    "main",
    "make",
    "makes",
    "master",
    "merge",
    "merged",
    "migrate",
    "minor",
    "missing",
    "more",
    "most",
    "move",
    "moved",
    "moves",
    "necessary",
    "need",
    "nicer",
    "none",
    "null",
    "only",
    "optimize",
    "other",
    "over",
    "prepare",
    "preparing",
    "prevent",
    "print",
    "properly",
    "pull",
    "reduce",
    "redundant",
    "refactor",
    "refine",
    "release",
    "remove",
    "removed",
    "rename",
    "renamed",
    "replace",
    "replaced",
    "request",
    "restore",
    "return",
    "reuse",
    "revert",
    "rewrite",
    "self",
    "several",
    "should",
    "similar",
    "simplify",
    "small",
    "some",
    "specialize",
    "start",
    "support",
    "sure",
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
    "treat",
    "true",
    "tweak",
    "typo",
    "typos",
    "under",
    "unnecessary",
    "until",
    "unused",
    "update",
    "updated",
    "updates",
    "upgrade",
    "upstream",
    "usage",
    "used",
    "uses",
    "using",
    "various",
    "version",
    "very",
    "warning",
    "warnings",
    "were",
    "what",
    "when",
    "where",
    "whether",
    "which",
    "while",
    "will",
    "with",
    "without",
    "word",
    "words",
    "work",
    "works",
    "would",
    "wrong",
    "your",
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

    #[test]
    fn a_host_without_a_scheme_is_an_address() {
        let text = "Hooks\n\n- [github.com/astral-sh/ruff-hooks: 1 to 2](https://github.com/a/b)";
        assert_eq!(found(text), [(TermKind::Word, "Hooks")]);
    }

    #[test]
    fn what_a_bump_bumps_is_searched_for_in_one_piece() {
        let text = "build(deps): bump crossbeam-channel from 0.5.13 to 0.5.15";
        assert_eq!(found(text), [(TermKind::Package, "crossbeam-channel")]);
        let text = "Bumps\n\nBumps [actions/cache](https://example.org/a) from 3 to 4.";
        assert_eq!(found(text), [(TermKind::Package, "actions/cache")]);
    }

    #[test]
    fn the_kind_of_a_change_is_no_word_of_its_title_but_its_scope_is() {
        assert_eq!(found("chore(docs): logo"), [(TermKind::Word, "logo")]);
        let scoped = [(TermKind::Word, "fetch"), (TermKind::Word, "streams")];
        assert_eq!(found("fix(fetch): streams"), scoped);
        let named = [(TermKind::Word, "flags"), (TermKind::Word, "groups")];
        assert_eq!(found("flags: groups"), named);
    }

    #[test]
    fn apostrophes_and_reverts_quote_no_message() {
        let text = "It's the only mode where it doesn't: 'no such command here'";
        let messages = found(text).into_iter().filter(|(kind, _)| *kind == TermKind::Message);
        assert_eq!(messages.collect::<Vec<_>>(), [(TermKind::Message, "no such command here")]);
        let text = "Revert \"Grow the buffer\"";
        assert_eq!(found(text), [(TermKind::Word, "Grow"), (TermKind::Word, "buffer")]);
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
