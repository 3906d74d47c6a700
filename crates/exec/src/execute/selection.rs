//! Which test files of a state are run?
//!
//! In: the paths the test patch touches and the files of a tree. Out: paths as
//! the runner takes them.

use std::collections::BTreeSet;

use backstory_model::{FileRole, Language, RepoPath, TestRunner};
use backstory_syntax::{language_of, role_of};

use crate::checkout::VirtualTree;

/// Test files that are run at most where only fixtures were touched.
const MOST_NEIGHBORS: usize = 20;

/// The test files of a unit.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Selection {
    paths: BTreeSet<RepoPath>,
}

impl Selection {
    /// Chooses the touched files that hold tests; where there is none at the
    /// head, the tests of the nearest directory above that has some.
    pub(super) fn of(touched: &[&RepoPath], head: &VirtualTree) -> Self {
        let paths: BTreeSet<RepoPath> =
            touched.iter().filter(|path| holds_tests(path)).map(|path| (*path).clone()).collect();
        if paths.iter().any(|path| is_file(head, path)) {
            return Self { paths };
        }
        let nearest = touched.iter().find_map(|path| neighbors(path, head));
        Self { paths: nearest.unwrap_or_default() }
    }

    /// Returns the files that exist in a tree, as text, sorted.
    pub(super) fn files(&self, tree: &VirtualTree) -> Vec<String> {
        let here = self.paths.iter().filter(|path| is_file(tree, path));
        here.filter_map(|path| path.to_text().map(str::to_owned)).collect()
    }
}

/// Returns what the runner is given for these files: packages for Go, nothing
/// (everything) for Rust.
pub(super) fn arguments(runner: TestRunner, files: &[String]) -> Vec<String> {
    match runner {
        TestRunner::Nextest => Vec::new(),
        TestRunner::GoTest => {
            let package = |file: &String| match file.rsplit_once('/') {
                Some((directory, _)) => format!("./{directory}"),
                None => ".".to_owned(),
            };
            files.iter().map(package).collect::<BTreeSet<_>>().into_iter().collect()
        }
        TestRunner::Pytest
        | TestRunner::Unittest
        | TestRunner::NodeTest
        | TestRunner::Jest
        | TestRunner::Vitest
        | TestRunner::Mocha => files.to_vec(),
    }
}

fn is_file(tree: &VirtualTree, path: &RepoPath) -> bool {
    tree.file(path).is_some_and(|(mode, _)| mode.is_file())
}

fn neighbors(path: &RepoPath, head: &VirtualTree) -> Option<BTreeSet<RepoPath>> {
    let mut directory = path.parent();
    loop {
        let tests: BTreeSet<RepoPath> = head
            .files()
            .iter()
            .filter(|(file, mode, _)| mode.is_file() && file.is_below(&directory))
            .map(|(file, ..)| file)
            .filter(|file| holds_tests(file) && same_language(path, file))
            .take(MOST_NEIGHBORS)
            .cloned()
            .collect();
        if !tests.is_empty() {
            return Some(tests);
        }
        if directory.is_root() {
            return None;
        }
        directory = directory.parent();
    }
}

/// Data files have no language and go with every test.
fn same_language(touched: &RepoPath, test: &RepoPath) -> bool {
    language_of(touched).is_none_or(|language| language_of(test) == Some(language))
}

/// Returns true when a runner takes tests from a file of this name.
pub(super) fn holds_tests(path: &RepoPath) -> bool {
    let name = String::from_utf8_lossy(path.file_name()).into_owned();
    let stem = name.split('.').next().unwrap_or_default();
    match language_of(path) {
        Some(Language::Python) => {
            // A stub declares types and does nothing.
            role_of(path) == FileRole::Test
                && (stem.starts_with("test_")
                    || stem.ends_with("_test")
                    || stem.ends_with("_tests")
                    || ["test", "tests"].contains(&stem))
        }
        Some(Language::Rust) => true,
        Some(Language::Go) => stem.ends_with("_test"),
        Some(Language::JavaScript | Language::TypeScript | Language::Tsx) => {
            role_of(path) == FileRole::Test && !is_support(path, stem)
        }
        Some(Language::Java | Language::C | Language::Cpp) | None => false,
    }
}

/// Returns true for what tests of JavaScript are supported by.
fn is_support(path: &RepoPath, stem: &str) -> bool {
    const STEMS: [&str; 9] =
        ["fixture", "fixtures", "helper", "helpers", "karma", "mock", "mocks", "server", "setup"];
    const DIRECTORIES: [&str; 5] = ["fixtures", "helpers", "__mocks__", "__fixtures__", "support"];
    let text = path.to_string();
    STEMS.contains(&stem)
        || text.rsplit('/').skip(1).any(|directory| DIRECTORIES.contains(&directory))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tests_are_told_from_what_supports_them() {
        let tests = [
            "tests/test_a.py",
            "pkg/a_test.py",
            "app/tests.py",
            "src/lib.rs",
            "x_test.go",
            "test/unit/core.js",
            "src/a.spec.ts",
        ];
        let others = [
            "tests/conftest.py",
            "tests/utils.py",
            "tests/data/a.json",
            "x.go",
            "test/helpers/server.js",
            "src/a.ts",
        ];
        assert!(tests.iter().all(|path| holds_tests(&RepoPath::from(*path))));
        assert!(!others.iter().any(|path| holds_tests(&RepoPath::from(*path))));
    }

    #[test]
    fn go_is_given_packages_and_rust_everything() {
        let files = ["a_test.go", "pkg/b_test.go", "pkg/c_test.go"].map(str::to_owned);
        assert_eq!(arguments(TestRunner::GoTest, &files), [".", "./pkg"]);
        assert_eq!(arguments(TestRunner::Nextest, &files), [] as [&str; 0]);
    }
}
