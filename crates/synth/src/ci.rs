//! What does a report of CI show, and where does it point?
//!
//! In: the bytes of a log and the files of a tree. Out: the text that is shown
//! of them, by the rule `show/ci-log` of `docs/rules.md`, and the lines of files
//! that this text names.

use std::collections::BTreeMap;
use std::sync::LazyLock;

use backstory_model::{BlobId, RepoPath};
use regex::Regex;

use crate::run::named_lines;

/// Terminal sequences: with parameters, with a text, of one more character.
static SEQUENCE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(concat!(
        "\u{1b}(?:\\[[\u{30}-\u{3f}]*[\u{20}-\u{2f}]*[\u{40}-\u{7e}]",
        "|\\][^\u{7}\u{1b}]*(?:\u{7}|\u{1b}\\\\)|[^\\[\\]])"
    ))
    .expect("the pattern is valid")
});

/// A time the server puts before a line.
static TIME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}(?:\.[0-9]+)?Z(?: |$)")
        .expect("the pattern is valid")
});

/// A place in a file.
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"([A-Za-z0-9_@+./-]+)(?::|", line )([0-9]+)"#).expect("the pattern is valid")
});

/// Returns the text that is shown of a part of a log.
pub fn shown_text(log: &[u8]) -> String {
    let text = String::from_utf8_lossy(log);
    let lines: Vec<String> = text.split('\n').map(shown_line).collect();
    lines.join("\n")
}

fn shown_line(line: &str) -> String {
    let line = line.strip_suffix('\r').unwrap_or(line);
    let line = line.strip_prefix('\u{feff}').unwrap_or(line);
    let line = &line[TIME.find(line).map_or(0, |time| time.end())..];
    let line = SEQUENCE.replace_all(line, "");
    // What stands before a carriage return was written over.
    let line = line.rsplit('\r').next().unwrap_or_default();
    line.chars().filter(|c| *c == '\t' || !(c.is_control() || reorders(*c))).collect()
}

fn reorders(c: char) -> bool {
    matches!(c, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

/// The folders in which the root of a repository lies where CI runs it.
pub fn work_trees(project: &str) -> Vec<Vec<u8>> {
    vec![b"./".to_vec(), format!("/{project}/{project}/").into_bytes()]
}

/// Lists the lines that a text names of the files of a tree, first ones first.
pub fn places(
    text: &str,
    project: &str,
    files: &BTreeMap<RepoPath, BlobId>,
) -> Vec<(RepoPath, u32)> {
    let roots = work_trees(project);
    let mut places = Vec::new();
    for found in PLACE.captures_iter(text) {
        let (path, line) = (&found[1], found[2].parse::<u32>());
        let inside = format!("/{project}/{project}/");
        let path = path.rsplit_once(&inside).map_or(path, |(_, path)| path);
        let path = RepoPath::from(path.strip_prefix("./").unwrap_or(path));
        let Ok(line) = line else { continue };
        let place = (path, line);
        let named = |(path, line): &(RepoPath, u32)| {
            named_lines(text.as_bytes(), path, &roots).any(|other| other == *line)
        };
        if files.contains_key(&place.0) && !places.contains(&place) && named(&place) {
            places.push(place);
        }
    }
    places
}

#[cfg(test)]
mod tests {
    use super::{places, shown_text};
    use backstory_model::{BlobId, RepoPath};

    #[test]
    fn a_log_is_shown_as_a_terminal_shows_it_in_the_end() {
        let log = b"\xef\xbb\xbf2026-01-02T03:04:05.1234567Z \x1b[31mred\x1b[0m\r\n\
            10%\r100%\n\x1b]0;title\x07a\tb\x00\xff\xe2\x80\xae\n2026-01-02T03:04:05Z";
        assert_eq!(shown_text(log), "red\n100%\na\tb\u{fffd}\n");
    }

    #[test]
    fn places_are_lines_of_files_that_exist() {
        let blob = BlobId::new("0".repeat(40)).unwrap();
        let files = ["src/a.py", "b.py"].map(|path| (RepoPath::from(path), blob.clone())).into();
        let text = "src/a.py:3: in f\n  File \"/srv/runner/work/toy/toy/b.py\", line 7\n\
            /usr/lib/b.py:9\nc.py:1\n./src/a.py:3\nxsrc/a.py:4\n";
        let named = places(text, "toy", &files);
        assert_eq!(named, [("src/a.py".into(), 3), ("b.py".into(), 7)]);
    }
}
