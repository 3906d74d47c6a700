//! Which issues and pull requests does a text name?
//!
//! In: a text and the repository it belongs to. Out: every number that refers to
//! this repository, with its place. Numbers of other repositories are not here.

use std::ops::Range;
use std::sync::LazyLock;

use backstory_model::RepoName;
use regex::{Captures, Regex};

/// What the way a number is written says about it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ReferenceKind {
    /// `#12`, `GH-12`: an issue or a pull request.
    Number,
    /// An issue URL or an issue role.
    Issue,
    /// A pull request URL or a pull request role.
    Pull,
}

/// One number of this repository in a text.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Reference {
    pub(crate) number: u64,
    pub(crate) kind: ReferenceKind,
    pub(crate) range: Range<usize>,
}

// A URL is taken whole, so that `#issuecomment-7` or `#L12` in it is no number.
static REFERENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r#"(?x)
        (?P<url>https?://[^\s<>"'`)\]]+)
      | (?P<repo>[A-Za-z0-9][A-Za-z0-9_.-]*/[A-Za-z0-9_.-]+)\#(?P<foreign>[0-9]{1,9})
      | (?P<role>[:{][A-Za-z_-]{2,20}[:}])`\#?(?P<told>[0-9]{1,9})(?:\ <[^`\n]*>)?`
      | \b[Gg][Hh][-\#](?P<gh>[0-9]{1,9})
      | \#(?P<plain>[0-9]{1,9})
        "#,
    )
    .expect("the pattern is valid")
});

/// Returns the numbers of this repository, in the order of the text.
pub(crate) fn references(text: &str, repo: &RepoName) -> Vec<Reference> {
    REFERENCE.captures_iter(text).filter_map(|found| reference(text, repo, &found)).collect()
}

fn reference(text: &str, repo: &RepoName, found: &Captures<'_>) -> Option<Reference> {
    let range = found.get(0)?.range();
    let group = |name| found.name(name).map(|part| part.as_str());
    let (digits, kind) = if let Some(url) = group("url") {
        url_number(url, repo)?
    } else if let Some(digits) = group("foreign") {
        let named = group("repo")?;
        if !named.eq_ignore_ascii_case(&repo.to_string()) {
            return None;
        }
        (digits, ReferenceKind::Number)
    } else if let Some(digits) = group("told") {
        (digits, role_kind(group("role")?)?)
    } else {
        (group("gh").or(group("plain"))?, ReferenceKind::Number)
    };
    let alone = group("url").is_some() || stands_alone(text, &range);
    let number = digits.parse().ok().filter(|number| *number > 0)?;
    (alone && !digits.starts_with('0')).then_some(Reference { number, kind, range })
}

/// Returns the number an issue URL of this repository names.
pub(crate) fn issue_url_number(url: &str, repo: &RepoName) -> Option<u64> {
    let (_, rest) = url.split_once("://")?;
    let (digits, kind) = url_number(url, repo)?;
    let names_issue = kind == ReferenceKind::Issue && !rest.contains('#');
    digits.parse().ok().filter(|number| names_issue && *number > 0)
}

/// Returns the number and kind of an issue or pull request URL of this repository.
fn url_number<'t>(url: &'t str, repo: &RepoName) -> Option<(&'t str, ReferenceKind)> {
    let (_, rest) = url.split_once("://")?;
    let (host, path) = rest.split_once('/')?;
    // Update bots route links through this host so that they do not notify anyone.
    if host.eq_ignore_ascii_case("redirect.github.com") {
        return None;
    }
    let mut parts = path.split('/').filter(|part| !part.is_empty() && *part != "-");
    let (owner, name) = (parts.next()?, parts.next()?);
    if !owner.eq_ignore_ascii_case(repo.owner()) || !name.eq_ignore_ascii_case(repo.name()) {
        return None;
    }
    let kind = match parts.next()? {
        "issues" | "work_items" => ReferenceKind::Issue,
        "pull" | "pulls" | "merge_requests" => ReferenceKind::Pull,
        _ => return None,
    };
    let last = parts.next()?;
    let digits = last.find(|c: char| !c.is_ascii_digit()).map_or(last, |end| &last[..end]);
    (!digits.is_empty()).then_some((digits, kind))
}

fn role_kind(role: &str) -> Option<ReferenceKind> {
    match role.trim_matches([':', '{', '}']) {
        "issue" | "ghissue" | "ticket" | "bug" => Some(ReferenceKind::Issue),
        "pr" | "pull" | "ghpull" | "ghpr" | "mr" | "pull_request" | "pull-request" => {
            Some(ReferenceKind::Pull)
        }
        "feature" | "support" | "gh" => Some(ReferenceKind::Number),
        _ => None,
    }
}

/// Returns false when the number is part of a longer word: `a#12`, `&#39;`, `#12ab`, `#1.2`.
fn stands_alone(text: &str, range: &Range<usize>) -> bool {
    let before = text[..range.start].chars().next_back();
    let mut after = text[range.end..].chars();
    let joined = |c: char| c.is_alphanumeric() || c == '_';
    let good_before = before.is_none_or(|c| !joined(c) && !"/&#@".contains(c));
    let next = after.next();
    let decimal = next == Some('.') && after.next().is_some_and(|c| c.is_ascii_digit());
    good_before && !decimal && next.is_none_or(|c| !joined(c))
}

#[cfg(test)]
mod tests {
    use super::{ReferenceKind, references};
    use backstory_model::RepoName;
    use proptest::prelude::*;

    fn numbers(text: &str) -> Vec<(u64, ReferenceKind)> {
        let repo = RepoName::parse("acme/toy").expect("a name");
        references(text, &repo).into_iter().map(|found| (found.number, found.kind)).collect()
    }

    #[test]
    fn numbers_of_this_repository_are_found() {
        use ReferenceKind::{Issue, Number, Pull};
        for (text, expected) in [
            ("#12, (#13) [#14]", vec![(12, Number), (13, Number), (14, Number)]),
            ("GH-7 gh-8", vec![(7, Number), (8, Number)]),
            ("Acme/Toy#9", vec![(9, Number)]),
            ("https://github.com/acme/toy/issues/3#issuecomment-44.", vec![(3, Issue)]),
            ("<https://github.com/acme/toy/pull/4/files>", vec![(4, Pull)]),
            ("https://gitlab.com/acme/toy/-/merge_requests/5", vec![(5, Pull)]),
            (":issue:`1` {issue}`2` :pr:`#3`", vec![(1, Issue), (2, Issue), (3, Pull)]),
            ("`#6 <https://github.com/acme/toy/issues/6>`_", vec![(6, Number), (6, Issue)]),
        ] {
            assert_eq!(numbers(text), expected, "{text}");
        }
    }

    #[test]
    fn other_repositories_and_other_numbers_are_left_out() {
        for text in [
            "other/toy#12",
            "https://github.com/other/toy/issues/1",
            "https://redirect.github.com/acme/toy/issues/1",
            "https://github.com/acme/toy/blob/main/a.py#12",
            "&#39;",
            "flask#12",
            "#12ab",
            "#1.2",
            "#0",
            "#012",
            ":func:`12`",
            "##12",
            "#99999999999999999999",
        ] {
            assert_eq!(numbers(text), [], "{text}");
        }
    }

    proptest! {
        #[test]
        fn any_text_is_read_without_a_panic(text in ".{0,200}") {
            let repo = RepoName::parse("acme/toy").expect("a name");
            for found in references(&text, &repo) {
                prop_assert!(text.get(found.range).is_some());
            }
        }
    }
}
