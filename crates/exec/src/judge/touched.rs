//! Which tests does the test patch touch?
//!
//! In: the test files of a change, before and after. Out: whether a test's own
//! source, its parameters, what its file defines for it, or a fixture file
//! beside or above it was touched.

mod definitions;

use std::collections::BTreeSet;

use backstory_model::{Language, RepoPath, TestId};
use backstory_syntax::{diff, language_of};

use definitions::touched_definitions;

/// A test file the change touches.
#[derive(Clone, Debug)]
pub struct ChangedTestFile<'a> {
    /// The path.
    pub path: &'a RepoPath,
    /// Before; `None` when added.
    pub before: Option<&'a [u8]>,
    /// After; `None` when deleted.
    pub after: Option<&'a [u8]>,
    /// Whether the runner takes tests from it; else it is a fixture file.
    pub holds_tests: bool,
}

/// Knows which tests of a change are touched.
#[derive(Clone, Debug, Default)]
pub struct TouchedTests {
    files: Vec<TouchedFileOfTests>,
    fixtures: Vec<RepoPath>,
}

#[derive(Clone, Debug)]
struct TouchedFileOfTests {
    path: String,
    /// The ids of its tests name it.
    is_python: bool,
    parts: Parts,
    /// The words of its text.
    words: BTreeSet<String>,
}

/// Which parts of a file are touched.
#[derive(Clone, Debug)]
enum Parts {
    /// All: it was added.
    Whole,
    /// These definitions, by qualified name.
    Definitions(BTreeSet<String>),
    /// The tests of these titles, where tests are calls.
    Titles(Vec<String>),
}

impl TouchedTests {
    /// Reads the changed test files.
    pub fn new(files: &[ChangedTestFile<'_>]) -> Self {
        let mut touched = Self::default();
        for file in files {
            if file.holds_tests {
                touched.files.push(TouchedFileOfTests {
                    path: file.path.to_string(),
                    is_python: language_of(file.path) == Some(Language::Python),
                    parts: parts(file),
                    words: words(file.after.unwrap_or_default()),
                });
            } else {
                touched.fixtures.push(file.path.clone());
            }
        }
        touched
    }

    /// Returns true when the change touches this test.
    pub fn touches(&self, test: &TestId) -> bool {
        let id = test.as_str();
        self.files.iter().any(|file| file.touches(id)) || self.fixture_above(id)
    }

    /// A `conftest.py` serves the tests beside and below it, another fixture file
    /// those of them that name it, as far as their text is known.
    fn fixture_above(&self, id: &str) -> bool {
        let path = id.split("::").next().unwrap_or(id);
        let path = if path.contains('/') { path.to_owned() } else { path.replace('.', "/") };
        let test = RepoPath::from_bytes(path);
        let known = self.files.iter().find(|file| file.within(id).is_some());
        self.fixtures.iter().filter(|fixture| test.is_below(&fixture.parent())).any(|fixture| {
            let stem = stem(fixture);
            stem == "conftest" || known.is_none_or(|file| file.words.contains(&stem))
        })
    }
}

/// Returns a file's name without its suffix.
fn stem(path: &RepoPath) -> String {
    let name = String::from_utf8_lossy(path.file_name()).into_owned();
    name.split('.').next().unwrap_or_default().to_owned()
}

/// Returns the words of a text.
fn words(text: &[u8]) -> BTreeSet<String> {
    let text = String::from_utf8_lossy(text);
    text.split(|c: char| !c.is_alphanumeric() && c != '_').map(str::to_owned).collect()
}

impl TouchedFileOfTests {
    fn touches(&self, id: &str) -> bool {
        let rest = self.within(id);
        match &self.parts {
            Parts::Whole => rest.is_some(),
            Parts::Definitions(names) => match rest {
                Some(rest) => names.contains(&qualified(rest)),
                // The runner's ids name no file: the last word is the function.
                None => !self.is_python && names_end_with(names, id),
            },
            Parts::Titles(titles) => rest.is_some_and(|rest| {
                titles.iter().any(|title| rest.strip_suffix(title.as_str()).is_some())
            }),
        }
    }

    /// Returns what an id says after the file, if it is of this file: a path, or
    /// a module name with dots.
    fn within<'a>(&self, id: &'a str) -> Option<&'a str> {
        if let Some(rest) = id.strip_prefix(&self.path) {
            return Some(rest.trim_start_matches(':'));
        }
        let module = self.path.strip_suffix(".py")?.replace('/', ".");
        id.strip_prefix(&module)?.strip_prefix('.')
    }
}

/// Returns `Class.test` of `Class::test[parameters]`.
fn qualified(rest: &str) -> String {
    rest.split('[').next().unwrap_or(rest).replace("::", ".")
}

/// Returns true when the test's function is one of these definitions; the ids
/// are `BINARY_ID MODULE::TEST` and `PACKAGE TEST/PART`.
fn names_end_with(names: &BTreeSet<String>, id: &str) -> bool {
    let test = id.split_once(' ').map_or(id, |(_, test)| test);
    let function = test.split('/').next().unwrap_or(test);
    let function = function.rsplit("::").next().unwrap_or(function);
    names.iter().any(|name| name.rsplit('.').next() == Some(function))
}

fn parts(file: &ChangedTestFile<'_>) -> Parts {
    let after = file.after.unwrap_or_default();
    let Some(before) = file.before else { return Parts::Whole };
    match language_of(file.path) {
        Some(Language::JavaScript | Language::TypeScript | Language::Tsx) => {
            Parts::Titles(touched_titles(before, after))
        }
        Some(language) => Parts::Definitions(touched_definitions(language, before, after)),
        None => Parts::Whole,
    }
}

/// Returns the titles of the tests that hold a changed line.
fn touched_titles(before: &[u8], after: &[u8]) -> Vec<String> {
    let mut touched = Vec::new();
    for hunk in diff::hunks(before, after) {
        for (bytes, range) in [(before, hunk.before), (after, hunk.after)] {
            let lines = diff::lines(bytes);
            touched.extend(range.filter_map(|at| title_around(&lines, at as usize)));
        }
    }
    touched
}

/// Returns the title of the innermost test a line lies in: on the line itself
/// or on the nearest line above that is indented less and calls a test.
fn title_around(lines: &[&[u8]], at: usize) -> Option<String> {
    let indent = |line: &[u8]| line.len() - line.trim_ascii_start().len();
    if let Some(title) = title(lines[at]) {
        return Some(title);
    }
    let mut margin = indent(lines[at]);
    for line in lines[..at].iter().rev() {
        if !line.trim_ascii().is_empty() && indent(line) < margin {
            margin = indent(line);
            if let Some(title) = title(line) {
                return Some(title);
            }
        }
    }
    None
}

/// Returns `adds` of a line `it('adds', …`.
fn title(line: &[u8]) -> Option<String> {
    let text = String::from_utf8_lossy(line);
    let call = text.trim_start();
    if !["it(", "it.", "test(", "test."].iter().any(|word| call.starts_with(word)) {
        return None;
    }
    let quote = call.find(['\'', '"', '`'])?;
    let (mark, rest) = (call[quote..].chars().next()?, &call[quote + 1..]);
    rest.split(mark).next().filter(|title| !title.is_empty()).map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use super::*;

    const BEFORE: &str = "\
import pytest
from pkg import add

CASES = [1, 2]


@pytest.fixture
def one():
    return 1


def test_add(one):
    assert add(one, 1) == 2


@pytest.mark.parametrize('case', CASES)
def test_cases(case):
    assert add(case, 0) == case


class TestMore:
    def setup_method(self):
        self.two = 2

    def test_two(self):
        assert add(self.two, 0) == 2


def test_last():
    assert add(0, 0) == 0
";

    fn touched_by(before: &str, after: &str) -> Vec<&'static str> {
        let path = RepoPath::from("tests/test_add.py");
        let file = ChangedTestFile {
            path: &path,
            before: Some(before.as_bytes()),
            after: Some(after.as_bytes()),
            holds_tests: true,
        };
        let touched = TouchedTests::new(&[file]);
        let all = ["test_add", "test_cases[1]", "TestMore::test_two", "test_last"];
        let id = |name: &&str| TestId::new(format!("tests/test_add.py::{name}"));
        all.into_iter().filter(|name| touched.touches(&id(name))).collect()
    }

    #[test]
    fn a_changed_body_touches_its_test_alone() {
        let after = BEFORE.replace("add(0, 0) == 0", "add(0, 0) == 1");
        assert_eq!(touched_by(BEFORE, &after), ["test_last"]);
    }

    #[test]
    fn a_changed_fixture_touches_the_tests_that_take_it() {
        let after = BEFORE.replace("return 1", "return 3");
        assert_eq!(touched_by(BEFORE, &after), ["test_add"]);
    }

    #[test]
    fn changed_parameters_touch_the_parametrized_test() {
        let after = BEFORE.replace("[1, 2]", "[1, 2, 3]");
        assert_eq!(touched_by(BEFORE, &after), ["test_cases[1]"]);
    }

    #[test]
    fn what_is_called_for_each_test_touches_its_class() {
        let after = BEFORE.replace("self.two = 2", "self.two = 4");
        assert_eq!(touched_by(BEFORE, &after), ["TestMore::test_two"]);
    }

    #[test]
    fn an_import_and_a_test_that_comes_in_between_touch_no_other() {
        let after = BEFORE.replace("import add\n", "import add, sub\n").replace(
            "def test_last",
            "def test_sub():\n    assert sub(1, 1) == 0\n\n\ndef test_last",
        );
        assert_eq!(touched_by(BEFORE, &after), [] as [&str; 0]);
    }

    #[test]
    fn a_fixture_file_touches_the_tests_beside_and_below_it() {
        let path = RepoPath::from("tests/api/conftest.py");
        let file = ChangedTestFile { path: &path, before: None, after: None, holds_tests: false };
        let touched = TouchedTests::new(&[file]);
        let touches = |id: &str| touched.touches(&TestId::new(id));
        assert!(touches("tests/api/test_a.py::test_x"));
        assert!(touches("tests/api/more/test_b.py::test_x"));
        assert!(touches("tests.api.test_a.T.test_x"));
        assert!(!touches("tests/test_c.py::test_x"));
    }

    #[test]
    fn a_changed_line_touches_the_call_that_holds_it() {
        let before = "describe('sum', () => {\n  it('adds', () => {\n    eq(1, 1);\n  });\n  it('stays', () => {\n    eq(2, 2);\n  });\n});\n";
        let after = before.replace("eq(1, 1)", "eq(1, 3)");
        let path = RepoPath::from("test/sum.test.js");
        let touched = TouchedTests::new(&[ChangedTestFile {
            path: &path,
            before: Some(before.as_bytes()),
            after: Some(after.as_bytes()),
            holds_tests: true,
        }]);
        assert!(touched.touches(&TestId::new("test/sum.test.js::sum adds")));
        assert!(!touched.touches(&TestId::new("test/sum.test.js::sum stays")));
    }

    #[test]
    fn a_test_inside_a_source_file_is_known_by_its_function() {
        let before = "#[cfg(test)]\nmod tests {\n    #[test]\n    fn adds() {\n        a();\n    }\n    #[test]\n    fn stays() {}\n}\n";
        let after = before.replace("a();", "b();");
        let path = RepoPath::from("src/lib.rs");
        let touched = TouchedTests::new(&[ChangedTestFile {
            path: &path,
            before: Some(before.as_bytes()),
            after: Some(after.as_bytes()),
            holds_tests: true,
        }]);
        assert!(touched.touches(&TestId::new("toy tests::adds")));
        assert!(!touched.touches(&TestId::new("toy tests::stays")));
    }
}
