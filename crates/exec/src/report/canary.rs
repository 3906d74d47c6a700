//! Which two tests tell whether the outcomes of a run can be believed?
//!
//! In: the runner, and a test file to plant them beside. Out: a file with two tests
//! of made-up names, one that must pass and one that must fail. What makes every
//! test pass makes the second one pass too.

use backstory_model::{TestId, TestRunner};
use sha2::{Digest as _, Sha256};

/// Where canaries are planted.
#[derive(Clone, Copy, Debug)]
pub struct CanaryPlace<'a> {
    /// What runs the tests.
    pub runner: TestRunner,
    /// The path of a test file; canaries come beside it. For Rust also a source file.
    pub beside: &'a str,
    /// The text of that file.
    pub text: &'a str,
    /// The name of the package, as ids have it, for Rust and Go; else empty.
    pub package: &'a str,
}

/// Two planted tests.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Canaries {
    /// The file to write.
    pub path: String,
    /// What stands in it.
    pub text: String,
    /// The test that must pass.
    pub passes: TestId,
    /// The test that must fail.
    pub fails: TestId,
}

/// Words that nothing in a repository can know.
struct Words<'a> {
    seed: u64,
    beside: &'a str,
}

impl Words<'_> {
    fn word(&self, what: &str) -> String {
        let mut hasher = Sha256::new();
        hasher.update(self.seed.to_be_bytes());
        hasher.update(what);
        hasher.update([0]);
        hasher.update(self.beside);
        hasher.finalize()[..8].iter().map(|byte| char::from(b'a' + byte % 26)).collect()
    }

    fn number(&self, what: &str) -> u64 {
        self.word(what).bytes().fold(0, |number, byte| number * 7 + u64::from(byte % 7))
    }
}

/// Writes two tests for this place; the same seed gives the same.
pub fn canaries(place: &CanaryPlace<'_>, seed: u64) -> Canaries {
    let words = Words { seed, beside: place.beside };
    let (file, good, bad) = (words.word("file"), words.word("passes"), words.word("fails"));
    let path = path(place, &file);
    let number = words.number("number");
    let text = text(place, [&good, &bad], number);
    let id = |test: &str| id(place, &path, test);
    Canaries { passes: id(&good), fails: id(&bad), path, text }
}

fn path(place: &CanaryPlace<'_>, word: &str) -> String {
    let (folder, name) = place.beside.rsplit_once('/').unwrap_or(("", place.beside));
    let name = match place.runner {
        TestRunner::Pytest | TestRunner::Unittest if name.ends_with("_test.py") => {
            format!("{word}_test.py")
        }
        TestRunner::Pytest | TestRunner::Unittest => format!("test_{word}.py"),
        TestRunner::GoTest => format!("{word}_test.go"),
        TestRunner::Nextest => {
            let package = ["src/", "tests/", "benches/"]
                .into_iter()
                .find_map(|part| place.beside.find(part).map(|at| &place.beside[..at]));
            return format!("{}tests/{word}.rs", package.unwrap_or_default());
        }
        TestRunner::NodeTest | TestRunner::Jest | TestRunner::Vitest | TestRunner::Mocha => {
            let rest = name.split_once('.').map_or("js", |(_, rest)| rest);
            format!("{word}.{rest}")
        }
    };
    if folder.is_empty() { name } else { format!("{folder}/{name}") }
}

fn id(place: &CanaryPlace<'_>, path: &str, test: &str) -> TestId {
    TestId::new(match place.runner {
        TestRunner::Pytest => format!("{path}::test_{test}"),
        TestRunner::Unittest => {
            let module = path.trim_end_matches(".py").replace('/', ".");
            format!("{module}.Planted.test_{test}")
        }
        TestRunner::Nextest => {
            let name = path.rsplit('/').next().unwrap_or(path).trim_end_matches(".rs");
            format!("{}::{name} {test}", place.package)
        }
        TestRunner::GoTest => format!("{} Test_{test}", place.package),
        TestRunner::NodeTest | TestRunner::Jest | TestRunner::Vitest | TestRunner::Mocha => {
            format!("{path}::{test}")
        }
    })
}

fn text(place: &CanaryPlace<'_>, [good, bad]: [&str; 2], number: u64) -> String {
    let other = number + 1;
    match place.runner {
        TestRunner::Pytest => format!(
            "def test_{good}():\n    number = {number}\n    assert number == {number}\n\n\n\
             def test_{bad}():\n    number = {number}\n    assert number == {other}\n"
        ),
        TestRunner::Unittest => format!(
            "import unittest\n\n\nclass Planted(unittest.TestCase):\n    \
             def test_{good}(self):\n        self.assertEqual({number}, {number})\n\n    \
             def test_{bad}(self):\n        self.assertEqual({number}, {other})\n"
        ),
        TestRunner::Nextest => format!(
            "#[test]\nfn {good}() {{\n    assert_eq!({number}, {number});\n}}\n\n\
             #[test]\nfn {bad}() {{\n    assert_eq!({number}, {other});\n}}\n"
        ),
        TestRunner::GoTest => {
            let clause = place.text.lines().find(|line| line.starts_with("package "));
            let test = |name: &str, other: u64| {
                format!(
                    "\nfunc Test_{name}(t *testing.T) {{\n\tif number := {number}; number != {other} {{\n\
                     \t\tt.Fatal(number)\n\t}}\n}}\n"
                )
            };
            let clause = clause.unwrap_or("package main");
            let tests = test(good, number) + &test(bad, other);
            format!("{clause}\n\nimport \"testing\"\n{tests}")
        }
        TestRunner::NodeTest | TestRunner::Jest | TestRunner::Vitest | TestRunner::Mocha => {
            script(place, [good, bad], number)
        }
    }
}

fn script(place: &CanaryPlace<'_>, [good, bad]: [&str; 2], number: u64) -> String {
    let is_module = place.text.lines().any(|line| line.starts_with("import "));
    let import = match (place.runner, is_module) {
        (TestRunner::NodeTest, true) => "import test from \"node:test\";\n\n",
        (TestRunner::NodeTest, false) => "const test = require(\"node:test\");\n\n",
        (TestRunner::Vitest, _) => "import { test } from \"vitest\";\n\n",
        _ => "",
    };
    let call = if place.runner == TestRunner::Mocha { "it" } else { "test" };
    let test = |name: &str, other: u64| {
        format!(
            "{call}(\"{name}\", () => {{\n  if ({number} !== {other}) throw new Error(\"{number}\");\n}});\n"
        )
    };
    format!("{import}{}{}", test(good, number), test(bad, number + 1))
}

#[cfg(test)]
mod tests {
    use backstory_model::TestRunner;

    use super::{CanaryPlace, canaries};

    #[test]
    fn canaries_stand_beside_a_test_and_are_named_by_seed() {
        let shown = |runner, beside, text, package| {
            let place = CanaryPlace { runner, beside, text, package };
            assert_eq!(canaries(&place, 7), canaries(&place, 7));
            assert_ne!(canaries(&place, 7).path, canaries(&place, 8).path);
            let planted = canaries(&place, 7);
            format!(
                "--- {}\n{}+ {}\n- {}\n",
                planted.path, planted.text, planted.passes, planted.fails
            )
        };
        let all = [
            shown(TestRunner::Pytest, "tests/test_a.py", "", ""),
            shown(TestRunner::Unittest, "a_test.py", "", ""),
            shown(TestRunner::Nextest, "crates/a/src/lib.rs", "", "a"),
            shown(TestRunner::GoTest, "pkg/a_test.go", "package pkg_test\n", "example.com/pkg"),
            shown(TestRunner::NodeTest, "test/a.test.mjs", "import x from \"y\";\n", ""),
            shown(TestRunner::Mocha, "test/a.js", "", ""),
        ];
        insta::assert_snapshot!(all.concat(), @r#"
        --- tests/test_rtrmokxq.py
        def test_hgdsybjp():
            number = 4447211
            assert number == 4447211


        def test_fmcvairs():
            number = 4447211
            assert number == 4447212
        + tests/test_rtrmokxq.py::test_hgdsybjp
        - tests/test_rtrmokxq.py::test_fmcvairs
        --- sjvckvts_test.py
        import unittest


        class Planted(unittest.TestCase):
            def test_hovujkxs(self):
                self.assertEqual(708485, 708485)

            def test_bmfmhflr(self):
                self.assertEqual(708485, 708486)
        + sjvckvts_test.Planted.test_hovujkxs
        - sjvckvts_test.Planted.test_bmfmhflr
        --- crates/a/tests/mqritxce.rs
        #[test]
        fn vumvzsgy() {
            assert_eq!(2824012, 2824012);
        }

        #[test]
        fn ssqppblb() {
            assert_eq!(2824012, 2824013);
        }
        + a::mqritxce vumvzsgy
        - a::mqritxce ssqppblb
        --- pkg/hrtcvlxt_test.go
        package pkg_test

        import "testing"

        func Test_uazheaeq(t *testing.T) {
        	if number := 4194723; number != 4194723 {
        		t.Fatal(number)
        	}
        }

        func Test_rfnccmxm(t *testing.T) {
        	if number := 4194723; number != 4194724 {
        		t.Fatal(number)
        	}
        }
        + example.com/pkg Test_uazheaeq
        - example.com/pkg Test_rfnccmxm
        --- test/uosilsby.test.mjs
        import test from "node:test";

        test("mhjncjew", () => {
          if (1029024 !== 1029024) throw new Error("1029024");
        });
        test("yfidaenk", () => {
          if (1029024 !== 1029025) throw new Error("1029024");
        });
        + test/uosilsby.test.mjs::mhjncjew
        - test/uosilsby.test.mjs::yfidaenk
        --- test/wjoltkhx.js
        it("xoqkixbp", () => {
          if (1146415 !== 1146415) throw new Error("1146415");
        });
        it("motygtfu", () => {
          if (1146415 !== 1146416) throw new Error("1146415");
        });
        + test/wjoltkhx.js::xoqkixbp
        - test/wjoltkhx.js::motygtfu
        "#);
    }
}
