//! How is a test named, and how is that name given back to its runner?
//!
//! | runner | id | given back as |
//! |---|---|---|
//! | pytest | `FILE::CLASS::TEST[PARAMETERS]` | itself |
//! | unittest | `PACKAGE.MODULE.CLASS.TEST` | itself |
//! | cargo-nextest | `BINARY_ID TEST` | `-E 'binary_id(=BINARY_ID) & test(=TEST)'` |
//! | Jest, Vitest, Mocha | `FILE::SUITE … TEST` | `FILE` and a pattern of the whole name |
//! | Node | `FILE::SUITE > … > TEST` | `FILE` and a pattern of the whole and of the last name |
//! | `go test` | `PACKAGE TEST/PART` | `PACKAGE` and `-run` with one pattern a part |

use std::collections::BTreeSet;

use backstory_model::{TestId, TestRunner};

/// The name of a broken module that stands for all: a library does not compile.
pub const EVERY_MODULE: &str = "*";

/// Splits an id into the module (file, binary or package) and the rest.
pub fn split(runner: TestRunner, id: &TestId) -> (&str, &str) {
    let text = id.as_str();
    let parts = match runner {
        TestRunner::Pytest
        | TestRunner::NodeTest
        | TestRunner::Jest
        | TestRunner::Vitest
        | TestRunner::Mocha => text.split_once("::"),
        TestRunner::Nextest | TestRunner::GoTest => text.split_once(' '),
        // `package.module.Class.test`: the module ends two dots before the end.
        TestRunner::Unittest => {
            text.rmatch_indices('.').nth(1).map(|(at, _)| (&text[..at], &text[at + 1..]))
        }
    };
    parts.unwrap_or((text, ""))
}

/// Returns true when a test lies in one of the modules that could not be collected.
pub fn is_in(runner: TestRunner, id: &TestId, broken_modules: &[String]) -> bool {
    let (module, _) = split(runner, id);
    let within = |broken: &String| {
        // A Go package and a package of unittest break what lies below them.
        let below =
            || module.strip_prefix(broken.as_str()).is_some_and(|rest| rest.starts_with('.'));
        broken == EVERY_MODULE
            || broken == module
            || broken == id.as_str()
            || (runner == TestRunner::Unittest && below())
            || (runner == TestRunner::Pytest && is_below(id.as_str(), broken))
    };
    broken_modules.iter().any(within)
}

/// Returns true when pytest takes the test from this file, class or folder; a
/// broken `conftest.py` breaks its folder, and `.` stands for all.
fn is_below(id: &str, broken: &str) -> bool {
    let broken = broken.strip_suffix("conftest.py").unwrap_or(broken).trim_end_matches('/');
    let rest = id.strip_prefix(broken);
    matches!(broken, "" | ".")
        || rest.is_some_and(|rest| rest.starts_with("::") || rest.starts_with('/'))
}

/// Returns true when a runner that is asked for one of these tests alone may run
/// the other as well: a test of Go contains its parts.
pub fn runs_along(runner: TestRunner, one: &TestId, other: &TestId) -> bool {
    runner == TestRunner::GoTest && (is_part_of(one, other) || is_part_of(other, one))
}

fn is_part_of(part: &TestId, whole: &TestId) -> bool {
    part.as_str().strip_prefix(whole.as_str()).is_some_and(|rest| rest.starts_with('/'))
}

/// Returns the files (packages for Go) that hold these tests, each once, in order.
pub(super) fn files(tests: &[TestId]) -> Vec<String> {
    let mut known = BTreeSet::new();
    let file = |test: &TestId| {
        let text = test.as_str();
        let (file, _) =
            text.split_once("::").or_else(|| text.split_once(' ')).unwrap_or((text, ""));
        file.to_owned()
    };
    tests.iter().map(file).filter(|file| known.insert(file.clone())).collect()
}

/// Returns the ids as JSON strings, one a line.
pub(super) fn lines(tests: &[TestId]) -> Vec<u8> {
    let line = |test: &TestId| format!("{}\n", serde_json::Value::from(test.as_str()));
    tests.iter().map(line).collect::<String>().into_bytes()
}

/// Returns the filter of cargo-nextest for these tests.
pub(super) fn nextest_filter(tests: &[TestId]) -> String {
    let one = |test: &TestId| {
        let (binary, name) = split(TestRunner::Nextest, test);
        format!("(binary_id(={}) & test(={}))", nextest_text(binary), nextest_text(name))
    };
    if tests.is_empty() {
        return "none()".to_owned();
    }
    tests.iter().map(one).collect::<Vec<_>>().join(" | ")
}

fn nextest_text(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if matches!(letter, '\\' | ')' | ',') || letter.is_control() {
            escaped.push_str(&letter.escape_unicode().to_string());
        } else {
            escaped.push(letter);
        }
    }
    escaped
}

/// Returns the pattern of the whole names of these tests, for JavaScript.
pub(super) fn name_pattern(tests: &[TestId]) -> String {
    let names: BTreeSet<String> = tests.iter().map(|test| escape(whole_name(test))).collect();
    // Older releases of Vitest put a space before the names of tests outside suites.
    format!("^ *(?:{})$", names.into_iter().collect::<Vec<_>>().join("|"))
}

fn whole_name(test: &TestId) -> &str {
    test.as_str().split_once("::").map_or("", |(_, name)| name)
}

/// Returns the pattern for the runner of Node, which reads whole names from
/// release 22 on, and the last name alone before.
pub(super) fn node_pattern(tests: &[TestId]) -> String {
    let mut names = BTreeSet::new();
    for test in tests {
        let whole = whole_name(test);
        let last = whole.rsplit(" > ").next().unwrap_or(whole);
        names.extend([escape(&whole.replace(" > ", " ")), escape(last)]);
    }
    let names = names.into_iter().collect::<Vec<_>>().join("|").replace('/', "\\/");
    format!("/^(?:{names})$/")
}

/// Returns the pattern of `go test -run`: alternatives, one group for each part.
///
/// A test some parts of which are asked for runs with them, and alone would run all.
pub(super) fn go_pattern(tests: &[TestId]) -> String {
    let one = |test: &TestId| {
        let (_, name) = split(TestRunner::GoTest, test);
        let parts = name.split('/').map(|part| format!("^{}$", escape(part)));
        parts.collect::<Vec<_>>().join("/")
    };
    let has_parts = |whole: &TestId| tests.iter().any(|test| is_part_of(test, whole));
    let patterns: BTreeSet<String> =
        tests.iter().filter(|test| !has_parts(test)).map(one).collect();
    patterns.into_iter().collect::<Vec<_>>().join("|")
}

/// Escapes what has a meaning in the patterns of Go and JavaScript.
fn escape(text: &str) -> String {
    let mut escaped = String::new();
    for letter in text.chars() {
        if r"\.+*?()|[]{}^$".contains(letter) {
            escaped.push('\\');
        }
        escaped.push(letter);
    }
    escaped
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_test_of_go_is_asked_for_by_its_parts() {
        let ids = ["m TestA", "m TestA/b_c", "m TestB", "m/n TestAB"].map(TestId::new);
        assert_eq!(go_pattern(&ids), "^TestA$/^b_c$|^TestAB$|^TestB$");
        assert_eq!(go_pattern(&ids[..1]), "^TestA$");
        assert!(runs_along(TestRunner::GoTest, &ids[0], &ids[1]));
        assert!(!runs_along(TestRunner::GoTest, &ids[0], &ids[3]));
    }
}
