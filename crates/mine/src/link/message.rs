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
        r"(?ix)
        (?: (?:^|[^\w-]) (?:fix(?:e[sd])?|close[sd]?|resolve[sd]?)
          # `while fixing #1` tells what went on, `, fixing #1` what was done.
          | (?:^|[\n,;(]\s*|\b(?:thus|thereby|hence)\s+) (?:fixing|closing|resolving)
        )
        (?:\s*:|\s)\s*
        (?: (?:(?:the|this|an?)\s+)? (?:(?P<kind>[a-z][a-z-]*)\s+)? (?:issues?|bugs?|tickets?|gh)[\s:]+ )?
        [(\[<`]{0,2}$",
    )
    .expect("the pattern is valid")
});

// `Fixes documentation issue #1` is a kind of issue, `fixes similar issue #1` another issue.
const OTHER_ISSUE: [&str; 8] =
    ["another", "from", "in", "like", "of", "related", "same", "similar"];

static NEGATED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:\b(?:not|never|without|cannot)|n't)(?:[ \t]+|[ \t]*\n[ \t]*)(?:fully\s+|yet\s+|really\s+)?(?:fix|clos|resolv)[a-z]*[\s:]+[^#\n]{0,20}$")
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

static NUMBERS: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)https?://[^\s<>)\]]+|(?:[A-Za-z0-9_.-]+/[A-Za-z0-9_.-]+|\bgh-?)?#?[0-9]{1,9}")
        .expect("the pattern is valid")
});

// What may begin a line that names issues and nothing else.
static REFERRING: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)^[\s*-]*
        (?:refs?|references?|addresses|implements|issues?|bugs?|tickets?|part[\x20-]of)\b
        \s*:?(?:[\s,;&()<>\[\].]|\band\b)*$",
    )
    .expect("the pattern is valid")
});

// A subject that begins so is headed by the number that follows.
static HEADED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)^\W*(?:(?:issue|bug|ticket|gh|fix(?:e[sd])?)\b\W*)?$")
        .expect("the pattern is valid")
});

// What may follow the number that ends a subject: other numbers in parentheses.
static ENDED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[\s)\].,;]*(?:\((?:\#[0-9]+[\s,]*)+\)\s*)*$").expect("the pattern is valid")
});

// `(#1)` ends a subject, `after #1` is a part of its sentence.
static SETS_OFF: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)[(\[]\s*(?:(?:re|refs?|issue|bug|ticket|gh)\b[\s:]*)?$|[.:,;-]\s+$")
        .expect("the pattern is valid")
});

// A number that follows one of these belongs to the sentence before it.
const PART_OF_SENTENCE: [&str; 31] = [
    "after", "and", "as", "at", "before", "by", "cc", "cf", "for", "from", "in", "into", "like",
    "of", "on", "or", "per", "pr", "pull", "request", "revert", "reverts", "see", "since", "than",
    "to", "until", "via", "with", "within", "without",
];

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
        } else if in_trailer(&own, reference.range.start) || stands_alone(&own, &reference) {
            LinkMethod::Trailer
        } else if COUNTED.is_match(tail(&own[..reference.range.start], 40)) {
            continue;
        } else if names_subject(&own, &reference) {
            LinkMethod::Subject
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
    let Some(found) = CLOSING.captures(near) else { return false };
    let kind = found.name("kind").map(|kind| kind.as_str().to_ascii_lowercase());
    let another = kind.is_some_and(|kind| OTHER_ISSUE.contains(&kind.as_str()));
    !another && !NEGATED.is_match(near)
}

/// Returns true when the line below the subject that holds the number says no more than
/// that it belongs to this and other numbers, e.g., `Refs #1, #2`.
fn stands_alone(own: &str, reference: &Reference) -> bool {
    let start = own[..reference.range.start].rfind('\n').map_or(0, |end| end + 1);
    if start == 0 {
        return false;
    }
    let line = own[start..].split('\n').next().unwrap_or("");
    let words = NUMBERS.replace_all(line, "");
    REFERRING.is_match(&words)
}

/// Returns true when the subject begins or ends with the number.
fn names_subject(own: &str, reference: &Reference) -> bool {
    let subject = subject(own);
    if !(subject.start <= reference.range.start && reference.range.end <= subject.end) {
        return false;
    }
    let before = &own[subject.start..reference.range.start];
    let after = &own[reference.range.end..subject.end];
    let is_part = || {
        let word = before.trim_end().rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or("");
        word.is_empty() || PART_OF_SENTENCE.contains(&word.to_ascii_lowercase().as_str())
    };
    let sets_off = || SETS_OFF.is_match(before) || (before.ends_with(' ') && !is_part());
    HEADED.is_match(before) || (ENDED.is_match(after) && sets_off())
}

/// Returns where the message says in one line what it is about: its first line, or, below
/// the one that a forge writes for a merge, the title of the pull request.
fn subject(own: &str) -> Range<usize> {
    let end = |start: usize| own[start..].find('\n').map_or(own.len(), |at| start + at);
    let first = 0..end(0);
    if !own.starts_with("Merge pull request ") {
        return first;
    }
    let rest = &own[first.end..];
    let start = first.end + (rest.len() - rest.trim_start().len());
    start..end(start)
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
            ("Parse it, closing #14", vec![14]),
            ("Fixes documentation issue #15", vec![15]),
            ("Fixes: GitHub issue #16", vec![16]),
            ("This fixes GH #17 and #18.", vec![17, 18]),
            ("Do without\n\nFixes #19", vec![19]),
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
            "Found while fixing #13",
            "Fixes similar issue #14",
            "Fixes regression in #15",
            "Does not\nfix #16",
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
    fn a_line_of_nothing_but_numbers_names_the_task() {
        for line in [
            "Refs #1",
            "Ref: https://github.com/acme/toy/issues/1.",
            "* References #1",
            "Issue #1",
            "part of GH-1",
            "Addresses acme/toy#1",
        ] {
            assert_eq!(of(&format!("Do it\n\n{line}\n"), LinkMethod::Trailer), [1], "{line}");
        }
        assert_eq!(of("Do it\n\nRefs #1, #2 and #3", LinkMethod::Trailer), [1, 2, 3]);
        for line in ["See #1", "Related to #1", "Issue #1 was worse", "Refs #1 for why", "#1"] {
            let message = format!("Do it\n\n{line}\n");
            assert_eq!(of(&message, LinkMethod::Trailer), [] as [u64; 0], "{line}");
            assert_eq!(of(&message, LinkMethod::Mention), [1], "{line}");
        }
    }

    #[test]
    fn a_subject_begins_or_ends_with_its_task() {
        for subject in [
            "#1: parse it",
            "issue #1 - parse it",
            "[#1] Parse it",
            "fix(#1): parse it",
            "Parse it (#1) (#23)",
            "Parse it #1 (#23)",
            "Parse empty input #1.",
            "Parse it - Issue #1",
            "Parse it (refs #1)",
            "Merge pull request #23 from ada/parse\n\n#1 Parse it",
        ] {
            assert_eq!(of(subject, LinkMethod::Subject)[..1], [1], "{subject}");
        }
        for message in [
            "Parse it after #1",
            "Follow-up to #1",
            "Revert #1 (#23)",
            "Parse it (see #1)",
            "Parse what #1 left out",
            "Parse it, cc #1",
            "Parse it\n\n#1 was worse",
        ] {
            assert!(!of(message, LinkMethod::Subject).contains(&1), "{message}");
            assert_eq!(of(message, LinkMethod::Mention)[..1], [1], "{message}");
        }
    }

    #[test]
    fn quoted_release_notes_name_nothing() {
        let message = "Bump click\n\nBumps [click](https://github.com/pallets/click) from 8 to 9.\n\
            <details>\n<li>Fixes #12</li>\n</details>\n- Closes #13 by @ada in #14";
        let repo = RepoName::parse("acme/toy").expect("a name");
        assert_eq!(named_numbers(message, &repo), []);
    }
}
