//! What did each test execute, and which passes does nothing speak for?
//!
//! In: the bytes of the tracer's file, which nobody trusts, and a report. Out: a
//! list of [`TouchedTest`], and the tests that passed without a line of their own.

use std::collections::BTreeMap;

use backstory_model::{TestId, TestOutcome, TestReport, TestRunner, TouchedFile, TouchedTest};
use serde::Deserialize;

/// More bytes of touched lines are not read.
pub const SIZE_LIMIT: u64 = 256 << 20;

/// The most lines and functions that are kept of one file in one test.
const MOST_PLACES: usize = 100_000;

/// The longest path and name that are kept.
const LONGEST_NAME: usize = 4096;

/// What the tracer's file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ParsedTouch {
    /// What each test executed, in the order they ran; what ran outside of any
    /// test comes first.
    pub tests: Vec<TouchedTest>,
    /// Lines that no tracer of ours writes; none in a whole file.
    pub faults: u32,
}

#[derive(Deserialize)]
struct Line {
    test: Option<String>,
    files: Vec<File>,
}

#[derive(Deserialize)]
struct File {
    path: String,
    functions: Vec<(String, u32)>,
    lines: Vec<u32>,
}

impl File {
    /// Returns the file if a tracer of ours may have written it.
    fn checked(self) -> Option<TouchedFile> {
        let inside = !self.path.starts_with('/') && !self.path.split('/').any(|part| part == "..");
        let short = self.path.len() <= LONGEST_NAME
            && self.functions.len().max(self.lines.len()) <= MOST_PLACES
            && self.functions.iter().all(|(name, _)| name.len() <= LONGEST_NAME);
        let sorted = self.lines.is_sorted_by(|a, b| a < b);
        let Self { path, functions, lines } = self;
        (inside && short && sorted).then_some(TouchedFile { path, functions, lines })
    }
}

/// Reads the tracer's file. What no tracer of ours writes is counted and left out.
///
/// A test that ran more than once, and what ran between tests, has one entry.
pub fn parse_touched(bytes: &[u8]) -> ParsedTouch {
    let mut order: BTreeMap<Option<TestId>, usize> = BTreeMap::from([(None, 0)]);
    let mut tests = vec![TouchedTest { test: None, files: Vec::new() }];
    let mut faults = 0_u32;
    for text in bytes.split(|byte| *byte == b'\n').filter(|text| !text.is_empty()) {
        let Some((test, files)) = checked(text) else {
            faults = faults.saturating_add(1);
            continue;
        };
        let place = *order.entry(test.clone()).or_insert(tests.len());
        if place == tests.len() {
            tests.push(TouchedTest { test, files });
        } else {
            for file in files {
                add(&mut tests[place].files, file);
            }
        }
    }
    if tests[0].files.is_empty() {
        tests.remove(0);
    }
    ParsedTouch { tests, faults }
}

fn checked(text: &[u8]) -> Option<(Option<TestId>, Vec<TouchedFile>)> {
    let line: Line = serde_json::from_slice(text).ok()?;
    let files = line.files.into_iter().map(File::checked).collect::<Option<Vec<_>>>()?;
    Some((line.test.map(TestId::new), files))
}

/// Adds a file to those of the same test.
fn add(files: &mut Vec<TouchedFile>, file: TouchedFile) {
    let Some(known) = files.iter_mut().find(|known| known.path == file.path) else {
        files.push(file);
        return;
    };
    for function in file.functions {
        if !known.functions.contains(&function) {
            known.functions.push(function);
        }
    }
    known.lines.extend(file.lines);
    known.lines.sort_unstable();
    known.lines.dedup();
}

/// Returns the tests that passed although nothing of theirs was executed, sorted.
///
/// That is: no line of their own file, and no function of their name elsewhere
/// (a test may be inherited from a class of another file). Only tests of Python
/// files are looked at, because a doctest of a text file has no lines.
pub fn spoofed(runner: TestRunner, report: &TestReport, touched: &[TouchedTest]) -> Vec<TestId> {
    let by_test: BTreeMap<&TestId, &[TouchedFile]> = touched
        .iter()
        .filter_map(|test| Some((test.test.as_ref()?, test.files.as_slice())))
        .collect();
    let passed = report.results.iter().filter(|result| result.outcome == TestOutcome::Passed);
    passed
        .map(|result| &result.id)
        .filter(|id| is_python(runner, id))
        .filter(|id| !by_test.get(id).is_some_and(|files| speak_for(runner, files, id)))
        .cloned()
        .collect()
}

fn is_python(runner: TestRunner, id: &TestId) -> bool {
    let file = id.as_str().split_once("::").map_or(id.as_str(), |(file, _)| file);
    runner == TestRunner::Unittest || file.strip_suffix(".py").is_some()
}

fn speak_for(runner: TestRunner, files: &[TouchedFile], id: &TestId) -> bool {
    let name = function_name(runner, id.as_str());
    files.iter().any(|file| {
        is_own(runner, &file.path, id.as_str()) && !file.lines.is_empty()
            || file.functions.iter().any(|(function, _)| function.rsplit('.').next() == Some(name))
    })
}

/// Returns the name of the function of a test, without class and parameters.
fn function_name(runner: TestRunner, id: &str) -> &str {
    let separator = if runner == TestRunner::Unittest { "." } else { "::" };
    let bare = id.split_once('[').map_or(id, |(bare, _)| bare);
    bare.rsplit_once(separator).map_or(bare, |(_, name)| name)
}

/// Returns true when a test's id says that it lies in this file.
fn is_own(runner: TestRunner, path: &str, id: &str) -> bool {
    if runner != TestRunner::Unittest {
        return id.split_once("::").is_some_and(|(file, _)| file == path);
    }
    // A module may be imported from a folder below the root.
    let module = path.strip_suffix(".py").unwrap_or(path).replace('/', ".");
    let starts = module.match_indices('.').map(|(at, _)| at + 1);
    std::iter::once(0)
        .chain(starts)
        .any(|start| id.strip_prefix(&module[start..]).is_some_and(|rest| rest.starts_with('.')))
}

#[cfg(test)]
mod tests {
    use backstory_model::{TestId, TestOutcome, TestReport, TestRunner, TouchedTest};
    use proptest::prelude::*;

    use super::{parse_touched, spoofed};

    fn touched(test: &str, path: &str, function: &str) -> TouchedTest {
        let line = serde_json::json!({
            "test": test,
            "files": [{"path": path, "functions": [[function, 3]], "lines": [4, 5]}],
        });
        parse_touched(line.to_string().as_bytes()).tests.remove(0)
    }

    fn passes(runner: TestRunner, id: &str, touched: &[TouchedTest]) -> bool {
        let report = TestReport::from_outcomes([(TestId::new(id), TestOutcome::Passed)]);
        spoofed(runner, &report, touched).is_empty()
    }

    #[test]
    fn a_pass_needs_a_line_of_its_own_file_or_a_function_of_its_name() {
        let pytest = TestRunner::Pytest;
        let id = "tests/test_a.py::TestA::test_b[x::y]";
        assert!(passes(pytest, id, &[touched(id, "tests/test_a.py", "fixture")]));
        assert!(passes(pytest, id, &[touched(id, "tests/base.py", "Base.test_b")]));
        assert!(!passes(pytest, id, &[touched(id, "tests/base.py", "Base.test_c")]));
        assert!(!passes(pytest, id, &[touched("tests/test_a.py::test_c", "tests/test_a.py", "f")]));
        assert!(!passes(pytest, id, &[]));
        assert!(passes(pytest, "README.rst::README.rst", &[]));
    }

    #[test]
    fn a_test_of_unittest_lies_in_the_file_of_its_module() {
        let unittest = TestRunner::Unittest;
        let id = "tests.test_a.TestA.test_b";
        assert!(passes(unittest, id, &[touched(id, "tests/test_a.py", "f")]));
        assert!(passes(unittest, "test_a.A.test", &[touched("test_a.A.test", "t/test_a.py", "f")]));
        assert!(!passes(unittest, id, &[touched(id, "tests/test.py", "f")]));
    }

    #[test]
    fn what_no_tracer_writes_is_left_out() {
        let lines = [
            r#"{"test":null,"files":[]}"#,
            r#"{"test":"a","files":[{"path":"../a","functions":[],"lines":[1]}]}"#,
            r#"{"test":"a","files":[{"path":"/a","functions":[],"lines":[1]}]}"#,
            r#"{"test":"a","files":[{"path":"a","functions":[],"lines":[2,1]}]}"#,
            r#"{"test":"a","files":[{"path":"a","functions":[],"lines":[-1]}]}"#,
            r#"{"test":"a","files":[{"path":"a","functions":[],"lines":[1]}]}"#,
            r#"{"test":"a","files":[{"path":"a","functions":[["f",1]],"lines":[1,3]}]}"#,
            "{",
        ];
        let parsed = parse_touched(lines.join("\n").as_bytes());
        insta::assert_debug_snapshot!(parsed, @r#"
        ParsedTouch {
            tests: [
                TouchedTest {
                    test: Some(
                        TestId(
                            "a",
                        ),
                    ),
                    files: [
                        TouchedFile {
                            path: "a",
                            functions: [
                                (
                                    "f",
                                    1,
                                ),
                            ],
                            lines: [
                                1,
                                3,
                            ],
                        },
                    ],
                },
            ],
            faults: 5,
        }
        "#);
    }

    proptest! {
        #[test]
        fn any_bytes_are_read(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            parse_touched(&bytes);
            super::super::parse(&bytes);
        }
    }
}
