//! Which issue is a news fragment named after?
//!
//! In: a path. Out: the number in the file name, if the file lies in a folder
//! that towncrier and its relatives use.

use std::sync::LazyLock;

use backstory_model::RepoPath;
use regex::Regex;

// Directories are the last three of the path, so `src/news/12.py` is weeded out
// by the extension, and `docs/changes/io/12.bugfix.rst` is found.
static FRAGMENT: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(
        r"(?ix)(?:^|/)
        (?: \.?changes? | \.?changelogs?(?:\.d)? | changes\.d | news(?:fragments?|\.d)?
          | next | upcoming_changes | whatsnew | release-?notes(?:\.d)? | fragments
        )/(?:[a-z_-]+/)?
        (?: \+? (?P<plain>[0-9]{1,9}) (?: \.[a-z_-]+ (?:\.[0-9]+)? | [_-][a-z][a-z0-9_-]* (?:\.[a-z_-]+)? )
          | [0-9-]*\.? (?:gh|issue)-(?:issue-)?(?P<named>[0-9]{1,9}) [a-z0-9._-]*? (?:\.[a-z_]+)?
        )
        (?: \.(?: rst | md | txt | yml | yaml | toml | json ) )?$",
    )
    .expect("the pattern is valid")
});

/// A file that is only a number and a format, e.g., `changelog/2021.md`.
static YEAR_PAGE: LazyLock<Regex> =
    LazyLock::new(|| Regex::new(r"/(?:19|20)[0-9]{2}\.[a-z]+$").expect("the pattern is valid"));

const SOURCE_ENDINGS: [&str; 12] =
    [".py", ".rs", ".js", ".ts", ".go", ".java", ".c", ".h", ".cpp", ".html", ".png", ".svg"];

/// Returns the number a news fragment is named after, e.g., 12 for `changes/12.bugfix.rst`.
pub fn news_fragment_number(path: &RepoPath) -> Option<u64> {
    let text = path.to_text()?;
    let lower = text.to_ascii_lowercase();
    if YEAR_PAGE.is_match(&lower) || SOURCE_ENDINGS.iter().any(|end| lower.ends_with(end)) {
        return None;
    }
    let found = FRAGMENT.captures(text)?;
    let digits = found.name("plain").or(found.name("named"))?.as_str();
    digits.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::news_fragment_number;
    use backstory_model::RepoPath;

    fn number(path: &str) -> Option<u64> {
        news_fragment_number(&RepoPath::from(path))
    }

    #[test]
    fn fragments_give_their_number() {
        for (path, expected) in [
            ("changes/1234.bugfix.rst", 1234),
            ("changelog.d/123.change.md", 123),
            ("changelog.d/102.change", 102),
            ("newsfragments/45.misc", 45),
            ("news/12345.feature.2.rst", 12345),
            ("CHANGES/77.doc.rst", 77),
            (".changelog/88.txt", 88),
            ("docs/changes/io/9.bugfix.rst", 9),
            ("doc/release/upcoming_changes/10.new_feature.rst", 10),
            ("changelog.d/11_better_errors.fix.md", 11),
            ("Misc/NEWS.d/next/Library/2023-01-01-00-00-00.gh-issue-12.aBc.rst", 12),
        ] {
            assert_eq!(number(path), Some(expected), "{path}");
        }
    }

    #[test]
    fn other_files_give_none() {
        for path in [
            "changes/1.2.3.rst",
            "changelog/2021.md",
            "news/12.py",
            "src/12.bugfix.rst",
            "changelog.d/+orphan.misc.rst",
            "changelog.d/template.md.jinja",
            "changes/README.rst",
            "changes/0.bugfix.rst",
            "news/2023-01-01.md",
        ] {
            assert_eq!(number(path), None, "{path}");
        }
    }

    #[test]
    fn a_path_that_is_not_text_gives_none() {
        assert_eq!(news_fragment_number(&RepoPath::from_bytes(b"news/1.\xff".to_vec())), None);
    }
}
