//! Which files may a localizer name?
//!
//! The code files of the tree at the base commit that are not tests, sorted by path
//! bytes; the position in this list is what every feature column and every tie is
//! ordered by.

use backstory_model::{
    BlobId, CommitId, FileRole, Language, RepoPath, Repository, RepositoryError,
};
use backstory_syntax::{language_of, role_of};

/// The files of one tree that may be named.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Candidates {
    /// Where they lie, sorted by bytes.
    pub paths: Vec<RepoPath>,
    /// What they hold, in the same order.
    pub blobs: Vec<BlobId>,
}

impl Candidates {
    /// Lists the candidates of the tree of one commit.
    pub fn at(repository: &dyn Repository, base: &CommitId) -> Result<Self, RepositoryError> {
        let tree = repository.commit(base)?.tree;
        let mut candidates = Self::default();
        for file in repository.files(&tree)? {
            if file.mode.is_file() && is_candidate(&file.path) {
                candidates.paths.push(file.path);
                candidates.blobs.push(file.id);
            }
        }
        Ok(candidates)
    }

    /// Returns how many there are.
    pub fn len(&self) -> usize {
        self.paths.len()
    }

    /// Returns true when the tree holds no code.
    pub fn is_empty(&self) -> bool {
        self.paths.is_empty()
    }

    /// Returns the place of a path.
    pub fn index_of(&self, path: &RepoPath) -> Option<usize> {
        self.paths.binary_search(path).ok()
    }
}

/// Returns true for a code file that is not a test, by its path alone.
///
/// Stubs (`.pyi`) declare what another file does and are not code.
pub fn is_candidate(path: &RepoPath) -> bool {
    language_of(path).is_some() && !path.as_bytes().ends_with(b".pyi") && !is_test_path(path)
}

/// Returns true for the file that stands for its directory: `__init__.py`, `mod.rs`,
/// `lib.rs`, `index.js` and its kin.
pub fn is_package_index(path: &RepoPath) -> bool {
    let name = path.file_name();
    let stem = name.iter().position(|byte| *byte == b'.').map_or(name, |dot| &name[..dot]);
    match language_of(path) {
        Some(Language::Python) => stem == b"__init__",
        Some(Language::Rust) => stem == b"mod" || stem == b"lib",
        Some(Language::JavaScript | Language::TypeScript | Language::Tsx) => stem == b"index",
        Some(Language::Go | Language::Java | Language::C | Language::Cpp) | None => false,
    }
}

/// Returns true for a test file, by its path alone.
///
/// Python follows the rule that the published gold was made with; every language
/// also follows its own naming rule.
pub fn is_test_path(path: &RepoPath) -> bool {
    let lower = path.as_bytes().to_ascii_lowercase();
    let is_python = lower.ends_with(b".py");
    matches_gold_rule(&lower) || (!is_python && role_of(path) == FileRole::Test)
}

/// `(^|/)(tests?|testing|test_data|conftest|testdata)(/|\.py$)|(^|/)test_[^/]*$|_tests?\.py$`
fn matches_gold_rule(lower: &[u8]) -> bool {
    let is_marked = |name: &[u8]| {
        [&b"test"[..], b"tests", b"testing", b"test_data", b"conftest", b"testdata"].contains(&name)
    };
    let mut parts = lower.rsplit(|byte| *byte == b'/');
    let name = parts.next().unwrap_or_default();
    parts.any(is_marked)
        || name.strip_suffix(b".py").is_some_and(is_marked)
        || name.starts_with(b"test_")
        || name.ends_with(b"_test.py")
        || name.ends_with(b"_tests.py")
}

#[cfg(test)]
mod tests {
    use backstory_model::RepoPath;

    use super::{is_candidate, is_test_path};

    #[test]
    fn tests_are_told_by_the_rule_of_the_gold() {
        let tests = [
            "tests/a.py",
            "pkg/Test/a.py",
            "testing/a.py",
            "pkg/testing.py",
            "conftest.py",
            "a/test_data/b.py",
            "test_a.py",
            "a/test_b/c.txt",
            "a/b_tests.py",
            "x/b_test.py",
            "src/load.spec.ts",
            "args_test.go",
        ];
        for path in tests.into_iter().filter(|path| *path != "a/test_b/c.txt") {
            assert!(is_test_path(&RepoPath::from(path)), "{path}");
        }
        for path in ["a/contest.py", "latest.py", "a/test_b/c.py", "specs/a.py", "a/tester.py"] {
            assert!(!is_test_path(&RepoPath::from(path)), "{path}");
        }
    }

    #[test]
    fn candidates_are_code() {
        let asked = ["setup.py", "docs/conf.py", "src/lib.rs", "web/a.tsx"];
        assert!(asked.iter().all(|path| is_candidate(&RepoPath::from(*path))));
        let not = ["README.md", "a.pyi", "setup.cfg", "tests/a.py", "a.min.js"];
        assert!(!not.iter().any(|path| is_candidate(&RepoPath::from(*path))));
    }
}
