//! Which lines of which files does the text of a failure name?
//!
//! In: one line as a terminal shows it. Out: paths with line numbers and where
//! in the line they stand. A path is text: it may name no file of the repository.

use std::ops::Range;
use std::sync::LazyLock;

use regex::bytes::Regex;

/// Endings of files people write; a host with a port has none of them.
const ENDINGS: &str = "bats|c|cc|cfg|clj|cpp|cs|css|cts|cxx|dart|erl|ex|exs|feature|go|gradle|groovy|h|hh|hpp|hs|html|hxx|ini|java|jl|js|json|jsx|kt|kts|lua|m|md|mjs|cjs|mm|mts|nim|php|pl|pm|proto|py|pyi|pyx|rb|rs|rst|scala|sh|sql|svelte|swift|tcl|toml|ts|tsx|txt|vue|xml|yaml|yml|zig";

/// `File "a/b.py", line 3`, as Python writes a frame.
static FRAME: LazyLock<Regex> = LazyLock::new(|| {
    Regex::new(r#"File "([^"]{1,512})", line ([0-9]{1,7})\b"#).expect("the pattern is well formed")
});

/// `a/b.rs:3`, `a/b.ts(3,5)`, `A.java:[3,5]`, as everyone else does.
static PLACE: LazyLock<Regex> = LazyLock::new(|| {
    let path = r#"(?:\b[A-Za-z]:[\\/])?[^\s:"'`()\[\]<>|,;=]{0,512}[^\s:"'`()\[\]<>|,;=./\\]"#;
    let pattern = format!(r"({path}\.(?:{ENDINGS}))(?::\[|:|\()([0-9]{{1,7}})\b");
    Regex::new(&pattern).expect("the pattern is well formed")
});

/// A line of a file that a text names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct NamedLine {
    pub(super) path: String,
    pub(super) line: u32,
    pub(super) range: Range<usize>,
}

/// Returns the places that a line names, from left to right.
pub(super) fn named_lines(text: &[u8]) -> Vec<NamedLine> {
    let mut found = Vec::new();
    for pattern in [&FRAME, &PLACE] {
        for captures in pattern.captures_iter(text) {
            let (Some(path), Some(line)) = (captures.get(1), captures.get(2)) else { continue };
            let (Ok(name), Some(number)) = (std::str::from_utf8(path.as_bytes()), number(&line))
            else {
                continue;
            };
            let name = name.trim_start_matches("//").to_owned();
            found.push(NamedLine { path: name, line: number, range: path.start()..line.end() });
        }
    }
    found.sort_by_key(|place| place.range.start);
    found
}

fn number(digits: &regex::bytes::Match<'_>) -> Option<u32> {
    let text = std::str::from_utf8(digits.as_bytes()).ok()?;
    text.parse().ok().filter(|number| *number > 0)
}

#[cfg(test)]
mod tests {
    use super::named_lines;

    #[test]
    fn places_are_read_in_the_forms_that_tools_write() {
        let forms = [
            ("  File \"/w/src/a b.py\", line 12, in parse", "/w/src/a b.py:12"),
            ("tests/test_a.py:7: AssertionError", "tests/test_a.py:7"),
            ("  --> src/lib.rs:3:5", "src/lib.rs:3"),
            ("thread 'x' panicked at crates/a/src/b.rs:9:1:", "crates/a/src/b.rs:9"),
            ("    at Object.<anonymous> (/w/sum.test.js:5:17)", "/w/sum.test.js:5"),
            ("    at file:///w/sum.test.mjs:6:10", "/w/sum.test.mjs:6"),
            ("\tat org.acme.AppTest.adds(AppTest.java:21)", "AppTest.java:21"),
            ("[ERROR] /w/App.java:[3,9] ';' expected", "/w/App.java:3"),
            ("src/a.ts(4,7): error TS2322: no", "src/a.ts:4"),
            ("    sum_test.go:8: got 3", "sum_test.go:8"),
            ("C:\\w\\a.cpp:4: error", "C:\\w\\a.cpp:4"),
        ];
        for (text, expected) in forms {
            let found: Vec<_> = named_lines(text.as_bytes())
                .into_iter()
                .map(|place| format!("{}:{}", place.path, place.line))
                .collect();
            assert_eq!(found, [expected], "{text}");
        }
    }

    #[test]
    fn hosts_times_and_bare_names_are_no_places() {
        for text in ["https://acme.example:443/x", "12:30:01", "a.py", "a.py:0", "v1.2:3"] {
            assert_eq!(named_lines(text.as_bytes()), [], "{text}");
        }
    }
}
