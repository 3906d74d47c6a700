//! Which other texts do what the gold patch does?
//!
//! Each way changes added lines only and keeps the meaning by the grammar of the
//! language, not by luck: quotes of a string without quotes and backslashes, brackets
//! around a whole expression, blank lines between statements, comments.

use std::ops::Range;

use backstory_model::{CandidateKind, Language};
use backstory_syntax::diff::lines;

use super::super::skeleton::skeleton;
use super::super::tokens::{Kind, tokens};
use super::super::{Random, Source};
use super::statement::{Statement, statements};
use super::{Draft, rename};

/// One place of a text and what takes it.
#[derive(Clone, Debug)]
pub(super) struct Rewrite {
    pub(super) range: Range<usize>,
    pub(super) to: Vec<u8>,
}

/// Where a way to write the same changes a text.
type Way<'a> = &'a dyn Fn(&Source<'_>) -> Vec<Rewrite>;

/// Lists variants of the gold patch.
pub(super) fn variants(sources: &[Source<'_>], random: &mut Random) -> Vec<Draft> {
    let texts = |make: &dyn Fn(&Source<'_>) -> Option<Vec<u8>>| -> Option<Vec<Vec<u8>>> {
        let made: Vec<Option<Vec<u8>>> = sources.iter().map(make).collect();
        let all = sources.iter().zip(made.clone());
        let all = all.map(|(source, made)| made.unwrap_or_else(|| source.after.to_vec()));
        made.iter().any(Option::is_some).then(|| all.collect())
    };
    let draft = |kind, texts| Draft { kind, texts, besides: None };
    let mut drafts = Vec::new();
    let pick = random.next();
    let ways: [Way<'_>; 4] = [&quotes, &brackets, &|source| blank_lines(source, pick), &|source| {
        [quotes(source), brackets(source)].concat()
    }];
    for way in ways {
        let rewritten = texts(&|source: &Source<'_>| {
            let changes =
                if source.language == Language::Python { way(source) } else { Vec::new() };
            (!changes.is_empty()).then(|| rewrite(source.after, changes))
        });
        drafts.extend(rewritten.map(|texts| draft(CandidateKind::Reformatted, texts)));
    }
    drafts.extend(texts(&bare).map(|texts| draft(CandidateKind::Bare, texts)));
    for (at, source) in sources.iter().enumerate() {
        for text in rename::renamings(source, random) {
            let mut all: Vec<Vec<u8>> = sources.iter().map(|one| one.after.to_vec()).collect();
            all[at] = text;
            drafts.push(draft(CandidateKind::RenamedLocal, all));
        }
    }
    drafts
}

/// Writes a text anew, its places sorted and none in another.
pub(super) fn rewrite(text: &[u8], mut changes: Vec<Rewrite>) -> Vec<u8> {
    // What is put in front of a place comes before what takes it.
    changes.sort_by_key(|change| (change.range.start, change.range.end));
    let mut made = Vec::new();
    let mut at = 0;
    for change in changes {
        made.extend_from_slice(&text[at..change.range.start]);
        made.extend(change.to);
        at = change.range.end;
    }
    made.extend_from_slice(&text[at..]);
    made
}

/// Other quotes for strings that hold neither quotes nor backslashes.
fn quotes(source: &Source<'_>) -> Vec<Rewrite> {
    let text = source.after;
    let mut changes = Vec::new();
    for token in tokens(source.language, text) {
        let bytes = &text[token.range.clone()];
        let (Some(first), Some(last)) = (bytes.first(), bytes.last()) else { continue };
        let plain = token.kind == Kind::Text
            && bytes.len() > 2
            && matches!(first, b'"' | b'\'')
            && first == last
            && !bytes[1..bytes.len() - 1].iter().any(|byte| b"\"'\\\n".contains(byte));
        if plain && source.adds(&token.range) {
            let other = if *first == b'"' { b"'" } else { b"\"" };
            let to = [other.as_slice(), &bytes[1..bytes.len() - 1], other].concat();
            changes.push(Rewrite { range: token.range, to });
        }
    }
    changes
}

/// Brackets around what is returned or asked for.
fn brackets(source: &Source<'_>) -> Vec<Rewrite> {
    let text = source.after;
    let all = statements(text);
    let whole = all.iter().filter(|one| source.adds(&one.range()) && one.is_flat(text));
    whole
        .filter_map(|one| expression(one, text))
        .flat_map(|range| {
            let edge = |at: usize, to: &[u8]| Rewrite { range: at..at, to: to.to_vec() };
            [edge(range.start, b"("), edge(range.end, b")")]
        })
        .collect()
}

/// Returns the bytes of the one expression of a statement.
fn expression(statement: &Statement, text: &[u8]) -> Option<Range<usize>> {
    let tokens = &statement.tokens;
    let depths = statement.depths(text);
    let outside = |mark: &str| {
        (0..tokens.len()).filter(|at| depths[*at] == 0 && statement.is(*at, text, mark)).count()
    };
    let last = tokens.len().checked_sub(1)?;
    let asks = statement.is(0, text, "if") || statement.is(0, text, "elif");
    let end = if statement.is(0, text, "return") && outside(";") == 0 {
        last
    } else if asks && statement.is(last, text, ":") && outside(":") == 1 {
        last.checked_sub(1)?
    } else {
        return None;
    };
    let is_bracketed = statement.is(1, text, "(");
    (end >= 1 && !is_bracketed).then(|| tokens[1].range.start..tokens[end].range.end)
}

/// A blank line in front of some statements that follow another added one.
fn blank_lines(source: &Source<'_>, pick: u64) -> Vec<Rewrite> {
    let text = source.after;
    let all = statements(text);
    let mut places = Vec::new();
    for pair in all.windows(2) {
        let start = pair[1].range().start - pair[1].indent;
        let begins_line = text[..start].ends_with(b"\n");
        let both = source.adds(&pair[0].range()) && source.adds(&pair[1].range());
        let between = &text[pair[0].range().end..start];
        if both && begins_line && lines(between).len() == 1 {
            places.push(start);
        }
    }
    let some = places.iter().enumerate();
    some.filter(|(at, _)| {
        at % 3 == usize::try_from(pick % 3).unwrap_or_default() || places.len() == 1
    })
    .map(|(_, start)| Rewrite { range: *start..*start, to: b"\n".to_vec() })
    .collect()
}

/// The text without the comments and blank lines that were added.
fn bare(source: &Source<'_>) -> Option<Vec<u8>> {
    let text = source.after;
    let kept: Vec<Range<usize>> = tokens(source.language, text)
        .into_iter()
        .filter(|token| !matches!(token.kind, Kind::Comment | Kind::Line))
        .map(|token| token.range)
        .collect();
    let mut at = 0;
    let mut next = 0;
    let mut made = Vec::new();
    for line in lines(text) {
        let range = at..at + line.len();
        at = range.end;
        while kept.get(next).is_some_and(|token| token.end <= range.start) {
            next += 1;
        }
        let holds = kept.get(next).is_some_and(|token| token.start < range.end);
        let is_added = source.adds(&(range.start..range.start + 1));
        // A coding line is a comment that a program sees.
        if holds || !is_added || memchr::memmem::find(line, b"coding").is_some() {
            made.extend_from_slice(line);
        }
    }
    let same = skeleton(source.language, &made) == skeleton(source.language, text);
    (same && made != text).then_some(made)
}

#[cfg(test)]
mod tests {
    use super::super::super::GoldFile;
    use super::*;
    use backstory_model::{FileMode, RepoPath};

    fn with<T>(before: &str, after: &str, ask: impl Fn(&Source<'_>) -> T) -> T {
        let version = |text: &str| Some((FileMode::Plain, std::sync::Arc::from(text.as_bytes())));
        let file = GoldFile {
            path: RepoPath::from("src/a.py"),
            before: version(before),
            after: version(after),
        };
        ask(&Source::of(&file).unwrap())
    }

    fn rewritten(after: &str, way: fn(&Source<'_>) -> Vec<Rewrite>) -> String {
        with("x = 'old'\n", &format!("x = 'old'\n{after}"), |source| {
            String::from_utf8(rewrite(source.after, way(source))).unwrap()
        })
    }

    #[test]
    fn only_strings_that_stay_equal_change_their_quotes() {
        let made = rewritten("y = ['a', \"b'c\", r'd', 'e\\n', '''f''', '']\n", quotes);
        assert_eq!(made, "x = 'old'\ny = [\"a\", \"b'c\", r'd', 'e\\n', '''f''', '']\n");
    }

    #[test]
    fn whole_expressions_get_brackets() {
        let made = rewritten(
            "def f(a):\n    if a and not b:\n        return a, 1  # one\n    return (a)\nif x: y()\n",
            brackets,
        );
        assert_eq!(
            made,
            "x = 'old'\ndef f(a):\n    if (a and not b):\n        return (a, 1)  # one\n    return \
             (a)\nif x: y()\n"
        );
    }

    #[test]
    fn a_blank_line_never_stands_in_a_string_or_behind_a_backslash() {
        let text = "a = '''\nb'''\nc = 1 + \\\n    2\n";
        let made = rewritten(text, |source| blank_lines(source, 0));
        assert_eq!(made.matches("\n\n").count(), 1);
        assert!(made.contains("b'''\n\nc"));
    }

    #[test]
    fn what_no_program_sees_can_go() {
        let after = "x = 1\n# Says why.\n\ny = '''\n# kept\n\n'''  # stays\n";
        let made = with("x = 1\n", after, bare);
        assert_eq!(made.unwrap(), b"x = 1\ny = '''\n# kept\n\n'''  # stays\n");
        assert_eq!(with("x = 1\n", "x = 1\ny = 2\n", bare), None);
    }
}
