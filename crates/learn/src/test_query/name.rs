//! Which file is a test called after?

use backstory_model::RepoPath;

use crate::text::Bag;

/// What a part of a path is called when it says that tests are here.
const MARKS: [&str; 7] = ["test", "tests", "testing", "__tests__", "spec", "specs", "testdata"];
/// What the name of a test begins with.
const PREFIXES: [&str; 3] = ["test_", "tests_", "test"];
/// What the name of a test ends in.
const SUFFIXES: [&str; 8] =
    ["_tests", "_test", ".test", ".tests", ".spec", "_spec", "tests", "test"];

/// Returns true when the test is called after the file: `test_reader.py` and
/// `ReaderTest.java` after `reader.py` and `Reader.java`, `test_pkg.py` after
/// `pkg/__init__.py`. Letter case and underscores in front do not count.
pub(super) fn names_file(test: &RepoPath, file: &RepoPath) -> bool {
    let (test, file) = (test.to_string().to_lowercase(), file.to_string().to_lowercase());
    let subject = subject(stem(&test));
    !subject.is_empty() && subject == called(&file)
}

/// Returns the words of a test path without its suffix and without what marks a test.
pub(super) fn subject_words(test: &RepoPath) -> Bag {
    let path = test.to_string();
    let mut parts: Vec<&str> = path.split('/').collect();
    if let Some(name) = parts.last_mut() {
        *name = stem(name);
    }
    let telling = parts.iter().filter(|part| !MARKS.contains(&part.to_lowercase().as_str()));
    Bag::of(&telling.map(|part| subject(part)).collect::<Vec<_>>().join("/"))
}

/// Returns what a file is called: an index file after its directory.
fn called(path: &str) -> &str {
    let (directory, _) = path.rsplit_once('/').unwrap_or(("", path));
    let name = match stem(path) {
        "__init__" | "index" | "mod" | "lib" => directory.rsplit('/').next().unwrap_or(""),
        name => name,
    };
    name.trim_start_matches('_')
}

/// Returns the last part without the last suffix.
fn stem(path: &str) -> &str {
    let name = path.rsplit('/').next().unwrap_or(path);
    match name.rsplit_once('.') {
        Some((stem, _)) if !stem.is_empty() => stem,
        _ => name,
    }
}

/// Takes off what marks a test, in front or else at the end.
fn subject(name: &str) -> &str {
    let mark = |text: &str, at: usize| name.is_char_boundary(at) && !text.is_empty();
    for prefix in PREFIXES {
        if name.len() >= prefix.len()
            && mark(prefix, prefix.len())
            && name[..prefix.len()].eq_ignore_ascii_case(prefix)
        {
            return name[prefix.len()..].trim_start_matches('_');
        }
    }
    for suffix in SUFFIXES {
        let Some(at) = name.len().checked_sub(suffix.len()) else { continue };
        if mark(suffix, at) && name[at..].eq_ignore_ascii_case(suffix) {
            return &name[..at];
        }
    }
    name
}

#[cfg(test)]
mod tests {
    use super::{names_file, subject_words};
    use crate::text::Bag;

    #[test]
    fn a_test_is_called_after_a_file() {
        let pairs = [
            ("pkg/tests/test_reader.py", "pkg/reader.py"),
            ("tests/test_reader.py", "src/pkg/_reader.py"),
            ("tests/test_pkg.py", "src/pkg/__init__.py"),
            ("src/ReaderTest.java", "src/Reader.java"),
            ("feed/feed_test.go", "feed/feed.go"),
            ("web/__tests__/app.spec.ts", "web/app.ts"),
        ];
        for (test, file) in pairs {
            assert!(names_file(&test.into(), &file.into()), "`{test}` and `{file}`");
        }
        let strangers = [
            ("tests/test_reader.py", "pkg/read.py"),
            ("tests/test_reader.py", "pkg/reader/lines.py"),
            ("tests/test.py", "pkg/__init__.py"),
            ("tests/tests.py", "reader.py"),
        ];
        for (test, file) in strangers {
            assert!(!names_file(&test.into(), &file.into()), "`{test}` and `{file}`");
        }
    }

    #[test]
    fn what_marks_a_test_is_no_word_of_its_path() {
        let words = subject_words(&"pkg/tests/test_line_reader.py".into());
        assert_eq!(words, Bag::of("pkg/line_reader"));
    }
}
