//! In which language is a file written, and what is it for, judged by its path?
//!
//! In: a path. Out: its [`Language`] and [`FileRole`]. Content is never looked
//! at, so that a tree can be labeled without loading a blob.

use backstory_model::{FileRole, Language, RepoPath};

/// Suffixes of code that is counted as source and not parsed.
const OTHER_CODE: [&[u8]; 20] = [
    b"cs", b"cu", b"dart", b"erl", b"ex", b"f90", b"groovy", b"hs", b"jl", b"kt", b"lua", b"m",
    b"ml", b"mm", b"php", b"pyx", b"rb", b"scala", b"swift", b"zig",
];

/// Suffixes of prose.
const PROSE: [&[u8]; 7] = [b"adoc", b"markdown", b"md", b"mdx", b"rst", b"tex", b"txt"];

/// First words of files that hold prose whatever their suffix.
const PROSE_STEMS: [&[u8]; 11] = [
    b"authors",
    b"changelog",
    b"changes",
    b"code_of_conduct",
    b"contributing",
    b"contributors",
    b"copying",
    b"history",
    b"license",
    b"news",
    b"readme",
];

/// Directories whose code is test code.
const TEST_DIRECTORIES: [&[u8]; 8] =
    [b"__tests__", b"spec", b"specs", b"test", b"test_data", b"testdata", b"tests", b"androidtest"];

/// Directories whose code is documentation.
const DOCS_DIRECTORIES: [&[u8]; 3] = [b"doc", b"docs", b"documentation"];

/// Directories whose code ships with the repository and is not the product:
/// samples, measurements, chores, build output.
const ASIDE_DIRECTORIES: [&[u8]; 10] = [
    b"bench",
    b"benches",
    b"benchmark",
    b"benchmarks",
    b"dist",
    b"example",
    b"examples",
    b"scripts",
    b"third_party",
    b"tools",
];

/// Returns the language of a file, if Backstory parses it.
pub fn language_of(path: &RepoPath) -> Option<Language> {
    let name = path.file_name();
    let (stem, suffix) = split_suffix(name)?;
    if stem.ends_with(b".min") {
        return None;
    }
    Some(match suffix {
        b"py" | b"pyi" => Language::Python,
        b"rs" => Language::Rust,
        b"js" | b"cjs" | b"mjs" | b"jsx" => Language::JavaScript,
        b"ts" | b"cts" | b"mts" => Language::TypeScript,
        b"tsx" => Language::Tsx,
        b"go" => Language::Go,
        b"java" => Language::Java,
        b"c" | b"h" => Language::C,
        b"cc" | b"cpp" | b"cxx" | b"hpp" | b"hh" | b"hxx" => Language::Cpp,
        _ => return None,
    })
}

/// Returns what a file is for.
///
/// Test code is decided first, by directory or by the naming rule of its
/// language; then documentation; then samples, measurements, chores and build
/// output, which are [`FileRole::Other`] even when they are code. What is left
/// and has a code suffix is source. Letter case is ignored.
pub fn role_of(path: &RepoPath) -> FileRole {
    let lower = path.as_bytes().to_ascii_lowercase();
    let name = lower.rsplit(|b| *b == b'/').next().unwrap_or(&[]);
    let directories = lower.strip_suffix(name).unwrap_or(&[]);
    if is_code(path, name) {
        return code_role(directories, name);
    }
    if is_below_any(directories, &DOCS_DIRECTORIES) || is_prose(name) {
        return FileRole::Docs;
    }
    FileRole::Other
}

fn code_role(directories: &[u8], name: &[u8]) -> FileRole {
    if is_below_any(directories, &TEST_DIRECTORIES) || is_test_name(name) {
        FileRole::Test
    } else if is_below_any(directories, &DOCS_DIRECTORIES) {
        FileRole::Docs
    } else if is_below_any(directories, &ASIDE_DIRECTORIES) || name == b"setup.py" {
        FileRole::Other
    } else {
        FileRole::Source
    }
}

/// A stub (`.pyi`) declares types and does nothing, so it is not code here.
fn is_code(path: &RepoPath, lower_name: &[u8]) -> bool {
    (language_of(path).is_some() && !lower_name.ends_with(b".pyi"))
        || split_suffix(lower_name).is_some_and(|(_, suffix)| OTHER_CODE.contains(&suffix))
}

fn is_prose(name: &[u8]) -> bool {
    match split_suffix(name) {
        Some((stem, suffix)) => PROSE.contains(&suffix) || PROSE_STEMS.contains(&stem),
        None => PROSE_STEMS.contains(&name),
    }
}

fn is_test_name(name: &[u8]) -> bool {
    let Some((stem, suffix)) = split_suffix(name) else { return false };
    let ends = |with: &[&[u8]]| with.iter().any(|end| stem.ends_with(end));
    match suffix {
        b"py" => {
            stem.starts_with(b"test_")
                || ends(&[b"_test", b"_tests"])
                || [&b"test"[..], b"tests", b"conftest"].contains(&stem)
        }
        b"go" => ends(&[b"_test"]),
        b"rs" => ends(&[b"_test", b"_tests"]) || [&b"test"[..], b"tests"].contains(&stem),
        b"js" | b"cjs" | b"mjs" | b"jsx" | b"ts" | b"cts" | b"mts" | b"tsx" => {
            ends(&[b".test", b".spec"])
        }
        b"java" | b"kt" | b"scala" | b"groovy" => ends(&[b"test", b"tests", b"testcase"]),
        b"c" | b"h" | b"cc" | b"cpp" | b"cxx" | b"hpp" | b"hh" | b"hxx" => {
            stem.starts_with(b"test_") || ends(&[b"_test", b"_tests", b"_unittest"])
        }
        b"rb" => ends(&[b"_test", b"_spec"]),
        _ => false,
    }
}

/// Splits a name at its last dot; `None` for names without one and for dot files.
fn split_suffix(name: &[u8]) -> Option<(&[u8], &[u8])> {
    let dot = name.iter().rposition(|b| *b == b'.')?;
    (dot > 0).then(|| (&name[..dot], &name[dot + 1..]))
}

fn is_below_any(directories: &[u8], names: &[&[u8]]) -> bool {
    directories.split(|b| *b == b'/').any(|part| names.contains(&part))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn roles(paths: &[&str]) -> Vec<FileRole> {
        paths.iter().map(|path| role_of(&RepoPath::from(*path))).collect()
    }

    #[test]
    fn tests_are_known_by_directory_and_by_the_naming_rule_of_their_language() {
        let paths = [
            "tests/test_parser.py",
            "testing/test_hooks.py",
            "pkg/conftest.py",
            "pkg/reader_test.py",
            "crates/store/tests/it/main.rs",
            "src/reader/tests.rs",
            "args_test.go",
            "doc/md_docs_test.go",
            "testdata/sample.go",
            "lib/__tests__/core.js",
            "src/load.spec.ts",
            "Test/Main.js",
            "src/test/java/org/acme/Feed.java",
            "src/main/java/org/acme/FeedTest.java",
            "unit/feed_unittest.cc",
        ];
        for path in paths {
            assert_eq!(role_of(&RepoPath::from(path)), FileRole::Test, "{path}");
        }
    }

    #[test]
    fn a_module_about_testing_is_source() {
        let paths = ["src/click/testing.py", "src/latest.py", "src/contest.rs", "lib/tester.go"];
        assert_eq!(roles(&paths), [FileRole::Source; 4]);
    }

    #[test]
    fn prose_and_code_below_docs_are_documentation() {
        let paths = ["README", "CHANGES.rst", "docs/conf.py", "doc/md_docs.go", "docs/logo.png"];
        assert_eq!(roles(&paths), [FileRole::Docs; 5]);
    }

    #[test]
    fn samples_measurements_chores_and_configuration_are_other() {
        let paths = [
            "examples/naval/naval.py",
            "benches/buf.rs",
            "scripts/release.py",
            "setup.py",
            "dist/axios.js",
            "Cargo.toml",
            "src/attr/__init__.pyi",
            ".gitignore",
        ];
        assert_eq!(roles(&paths), [FileRole::Other; 8]);
    }

    #[test]
    fn a_minified_file_has_no_language() {
        assert_eq!(language_of(&RepoPath::from("dist/axios.min.js")), None);
        assert_eq!(language_of(&RepoPath::from("lib/axios.js")), Some(Language::JavaScript));
        assert_eq!(language_of(&RepoPath::from(".py")), None);
    }
}
