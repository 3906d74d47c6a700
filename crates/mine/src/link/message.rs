//! Which issues does a message say it closes, belongs to, or mentions?
//!
//! In: the own text of a message and the numbers in it. Out: for each number the
//! strongest thing the message says about it.

use std::ops::Range;
use std::sync::LazyLock;

use backstory_model::{LinkMethod, RepoName};
use regex::Regex;

use super::own_text::own_text;
use super::reference::{Reference, ReferenceKind, references};

/// One number a message names, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Named {
    pub(crate) number: u64,
    pub(crate) method: LinkMethod,
    pub(crate) range: Range<usize>,
}

// Whatever stands between keyword and number must be one of these words.
static CLOSING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)(?:^|[^\w-])(?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)(?:\s*:|\s)\s*(?:(?:the\s+)?(?:issues?|bugs?)[\s:]+)?[(\[<`]{0,2}$",
    )
    .expect("the pattern is valid")
});

static NEGATED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\b(?:not|never|without|cannot)|n't)\s+(?:fully\s+|yet\s+|really\s+)?(?:fix|clos|resolv)[a-z]*[\s:]+[^#\n]{0,20}$")
        .expect("the pattern is valid")
});

static BETWEEN: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^[)\]>`]{0,2}_?\s*(?:,|;|&|\+|and|or|,\s*and)?\s*[(\[<`]{0,2}$")
        .expect("the pattern is valid")
});

static TRAILER: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?im)^(?:(?:github|gh|related)-)?(?:issues?|bug)(?:-(?:id|url|number))?:[ \t]*(?P<value>[^\n]*)$",
    )
    .expect("the pattern is valid")
});

// `#2` of these is the second one, and no issue.
static COUNTED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?i)\b(?:code[ -]?review|review|attempt|try|take|part|step|round|phase|iteration|draft|option|item|point|example|rule)\s+$",
    )
    .expect("the pattern is valid")
});

static BARE_NUMBER: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\d{1,9}(?:\s*,\s*\d{1,9})*\s*$").expect("the pattern is valid"));

/// Returns what the message says about numbers of this repository that may be
/// issues; pull request URLs and the subject's own `(#N)` are the caller's to drop.
pub(crate) fn named_numbers(message: &str, repo: &RepoName) -> Vec<Named> {
    let own = own_text(message);
    let mut named = bare_trailers(&own);
    let mut closing_until = None;
    for reference in references(&own, repo) {
        let closing = closes(&own, &reference, closing_until);
        closing_until = closing.then_some(reference.range.end);
        if reference.kind == ReferenceKind::Pull {
            continue;
        }
        let method = if closing {
            LinkMethod::ClosingKeyword
        } else if in_trailer(&own, reference.range.start) {
            LinkMethod::Trailer
        } else if COUNTED.is_match(tail(&own[..reference.range.start], 40)) {
            continue;
        } else {
            LinkMethod::Mention
        };
        named.push(Named { number: reference.number, method, range: reference.range });
    }
    named
}

/// Returns the numbers a text closes by keyword.
pub(crate) fn closed_numbers(text: &str, repo: &RepoName) -> Vec<Named> {
    let mut named = named_numbers(text, repo);
    named.retain(|found| found.method == LinkMethod::ClosingKeyword);
    named
}

/// Returns true when a closing keyword governs the number, directly or as the
/// head of a list whose previous number ended at `closing_until`.
fn closes(own: &str, reference: &Reference, closing_until: Option<usize>) -> bool {
    let before = &own[..reference.range.start];
    if closing_until.is_some_and(|end| BETWEEN.is_match(&before[end..])) {
        return true;
    }
    let near = tail(before, 80);
    CLOSING.is_match(near) && !NEGATED.is_match(near)
}

/// Returns the end of a text, at most about `bytes` long.
fn tail(text: &str, bytes: usize) -> &str {
    let mut start = text.len().saturating_sub(bytes);
    while !text.is_char_boundary(start) {
        start += 1;
    }
    &text[start..]
}

fn in_trailer(own: &str, at: usize) -> bool {
    let start = own[..at].rfind('\n').map_or(0, |end| end + 1);
    // A subject such as `Issue: #12` is a title, not a trailer.
    start > 0 && TRAILER.is_match(&own[start..at])
}

/// Finds trailers whose value is a plain number, e.g., `Issue: 12`.
fn bare_trailers(own: &str) -> Vec<Named> {
    let mut named = Vec::new();
    for found in TRAILER.captures_iter(own) {
        let Some(value) = found.name("value").filter(|value| BARE_NUMBER.is_match(value.as_str()))
        else {
            continue;
        };
        if own[..value.start()].contains('\n') {
            let numbers = value.as_str().split(',').filter_map(|part| part.trim().parse().ok());
            named.extend(numbers.filter(|number| *number > 0).map(|number| Named {
                number,
                method: LinkMethod::Trailer,
                range: value.range(),
            }));
        }
    }
    named
}

#[cfg(test)]
mod tests {
    use super::named_numbers;
    use backstory_model::{LinkMethod, RepoName};

    fn of(message: &str, method: LinkMethod) -> Vec<u64> {
        let repo = RepoName::parse("acme/toy").expect("a name");
        let named = named_numbers(message, &repo);
        named.iter().filter(|found| found.method == method).map(|found| found.number).collect()
    }

    #[test]
    fn closing_keywords_close() {
        for (message, numbers) in [
            ("Fix #1", vec![1]),
            ("fixes: #2", vec![2]),
            ("Closes #3, #4 and #5", vec![3, 4, 5]),
            ("This resolves GH-6.", vec![6]),
            ("Fixed issue #7", vec![7]),
            ("fixes https://github.com/acme/toy/issues/8", vec![8]),
            ("closed acme/toy#9", vec![9]),
            ("Do it (closes #10)", vec![10]),
            ("Fixes #11. Closes #12.", vec![11, 12]),
            ("Fixes\n#13", vec![13]),
        ] {
            assert_eq!(of(message, LinkMethod::ClosingKeyword), numbers, "{message}");
        }
    }

    #[test]
    fn other_words_do_not_close() {
        for message in [
            "See #1",
            "prefix #2",
            "bug-fix #3",
            "Does not fix #4",
            "This doesn't close #5",
            "fixes other/repo#6",
            "fixes https://github.com/other/toy/issues/7",
            "fixes https://github.com/acme/toy/pull/8",
            "> fixes #9",
            "Revert \"Fix it, closes #10\"",
            "Closes the door on #11",
            "Fixes the parser. #12",
        ] {
            assert_eq!(of(message, LinkMethod::ClosingKeyword), [] as [u64; 0], "{message}");
        }
    }

    #[test]
    fn a_counted_thing_is_no_issue() {
        for message in ["codereview #6: tidy", "Take #2", "Code review #3", "part #1 of it"] {
            assert_eq!(of(message, LinkMethod::Mention), [] as [u64; 0], "{message}");
        }
        assert_eq!(of("Take care of #4", LinkMethod::Mention), [4]);
    }

    #[test]
    fn a_list_ends_where_other_words_begin() {
        assert_eq!(of("Fixes #1, see #2", LinkMethod::ClosingKeyword), [1]);
        assert_eq!(of("Fixes #1, see #2", LinkMethod::Mention), [2]);
    }

    #[test]
    fn trailers_name_the_issue() {
        assert_eq!(of("Add it\n\nIssue: #1\n", LinkMethod::Trailer), [1]);
        assert_eq!(of("Add it\n\nGitHub-Issue: 2, 3\n", LinkMethod::Trailer), [2, 3]);
        assert_eq!(of("Issue: 4", LinkMethod::Trailer), [] as [u64; 0]);
    }

    #[test]
    fn quoted_release_notes_name_nothing() {
        let message = "Bump click\n\nBumps [click](https://github.com/pallets/click) from 8 to 9.\n\
            <details>\n<li>Fixes #12</li>\n</details>\n- Closes #13 by @ada in #14";
        let repo = RepoName::parse("acme/toy").expect("a name");
        assert_eq!(named_numbers(message, &repo), []);
    }
}
