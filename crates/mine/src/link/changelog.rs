//! Which numbers does an entry of the changelog name?
//!
//! In: the changelog lines a unit adds. Out: its entries with the issues and
//! pull requests they name. An entry is a list item with its continuation lines.

use std::collections::BTreeSet;
use std::sync::LazyLock;

use backstory_model::{RepoName, RepoPath};
use regex::Regex;

use super::reference::{ReferenceKind, references};

/// An entry that names more numbers than this sums up many changes.
pub(crate) const MOST_NUMBERS: usize = 6;

/// A changelog larger than this many bytes is a generated one.
pub(crate) const LARGEST_CHANGELOG: u64 = 4 << 20;

/// One line a unit adds to a changelog.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct AddedLine {
    /// The changelog.
    pub path: RepoPath,
    /// The line number in the new version, 1-based.
    pub line: u32,
    /// The text.
    pub text: String,
}

/// One entry, as far as a unit adds it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Entry {
    /// Numbers that are issues or may be.
    pub(crate) issues: BTreeSet<u64>,
    /// Numbers said to be pull requests.
    pub(crate) pulls: BTreeSet<u64>,
    pub(crate) text: String,
}

static CHANGELOG: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)
        (?:^|/)
        (?: (?:changes|changelog|change_log|history|news|releases|release[_-]?notes|whats[_-]?new)
            (?:[^a-z/][^/]*?)?
          | (?:changes|changelog|whats_?new|release[_-]?notes)(?:\.d)?/[^/]+?
        )
        (?:\.(?:md|rst|txt|markdown|adoc|asciidoc|rdoc|org|textile))?$",
    )
    .expect("the pattern is valid")
});

static CODE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)\.(?:pyi?|rs|jsx?|tsx?|mjs|cjs|go|java|c|h|cc|cpp|hpp|rb|sh|ya?ml|toml|json|html?|css|png|svg|jinja2?|cfg|ini)$")
        .expect("the pattern is valid")
});

static ITEM: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"^\s*(?:[-*+•]|\d+[.)])\s").expect("the pattern is valid"));

static VENDORED: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"(?i)(?:^|/)(?:_?vendor(?:ed)?|third[_-]?party|node_modules|external|_?deps)/")
        .expect("the pattern is valid")
});

/// Returns true when the path is that of a changelog of this project.
pub fn is_changelog(path: &RepoPath) -> bool {
    path.to_text().is_some_and(|text| {
        CHANGELOG.is_match(text) && !CODE.is_match(text) && !VENDORED.is_match(text)
    })
}

/// Groups added lines into entries and reads their numbers; entries without one are left out.
pub(crate) fn entries(lines: &[AddedLine], repo: &RepoName) -> Vec<Entry> {
    let mut entries = Vec::new();
    let mut open: Option<(&AddedLine, String)> = None;
    for line in lines {
        let continues = open.as_ref().is_some_and(|(last, _)| {
            last.path == line.path
                && last.line.checked_add(1) == Some(line.line)
                && !ITEM.is_match(&line.text)
                && !line.text.trim().is_empty()
        });
        if !continues && let Some((_, text)) = open.take() {
            entries.push(entry(text, repo));
        }
        let text = open.take().map_or_else(String::new, |(_, text)| text + "\n");
        open = Some((line, text + line.text.trim_end()));
    }
    entries.extend(open.map(|(_, text)| entry(text, repo)));
    entries.retain(|entry| !entry.issues.is_empty() || !entry.pulls.is_empty());
    entries
}

/// Reads the numbers of one entry.
pub(crate) fn entry(text: String, repo: &RepoName) -> Entry {
    let (mut issues, mut pulls) = (BTreeSet::new(), BTreeSet::new());
    for found in references(&text, repo) {
        match found.kind {
            ReferenceKind::Pull => pulls.insert(found.number),
            ReferenceKind::Issue | ReferenceKind::Number => issues.insert(found.number),
        };
    }
    // `[#12](https://…/pull/12)` names one pull request, twice.
    issues.retain(|number| !pulls.contains(number));
    Entry { issues, pulls, text }
}

#[cfg(test)]
mod tests {
    use super::{AddedLine, entries, is_changelog};
    use backstory_model::{RepoName, RepoPath};

    fn read(text: &str) -> Vec<(Vec<u64>, Vec<u64>)> {
        let lines: Vec<_> = text
            .lines()
            .zip(1..)
            .map(|(text, line)| AddedLine {
                path: RepoPath::from("CHANGES.md"),
                line,
                text: text.to_owned(),
            })
            .collect();
        let repo = RepoName::parse("acme/toy").expect("a name");
        entries(&lines, &repo)
            .into_iter()
            .map(|entry| (entry.issues.into_iter().collect(), entry.pulls.into_iter().collect()))
            .collect()
    }

    #[test]
    fn an_entry_spans_its_continuation_lines() {
        let text = "- Fix the parser when the\n  input is empty. {issue}`12`\n  {pr}`15`\n\
            - Other :issue:`13`\n\nProse #14";
        assert_eq!(read(text), [(vec![12], vec![15]), (vec![13], vec![]), (vec![14], vec![])]);
    }

    #[test]
    fn a_linked_number_is_what_its_address_says() {
        assert_eq!(
            read("- Fix [#12](https://github.com/acme/toy/pull/12), (#13)"),
            [(vec![13], vec![12])]
        );
    }

    #[test]
    fn changelogs_are_known_by_their_path() {
        for path in [
            "CHANGES.md",
            "docs/changelog.rst",
            "HISTORY",
            "NEWS.rst",
            "doc/whatsnew/v1.2.rst",
            "changelog.d/12.fix.md",
        ] {
            assert!(is_changelog(&RepoPath::from(path)), "{path}");
        }
        for path in [
            "src/changes.py",
            "README.md",
            "newsletter.md",
            "changelog.d/a.md.jinja",
            "news.html",
            "vendor/x/CHANGELOG.md",
        ] {
            assert!(!is_changelog(&RepoPath::from(path)), "{path}");
        }
    }
}
