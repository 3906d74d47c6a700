//! Does the parser survive any bytes?

use backstory_model::{FileStructure, Language};
use backstory_syntax::{SIZE_LIMIT, diff, parse};
use proptest::prelude::*;

const LANGUAGES: [Language; 9] = [
    Language::Python,
    Language::Rust,
    Language::JavaScript,
    Language::TypeScript,
    Language::Tsx,
    Language::Go,
    Language::Java,
    Language::C,
    Language::Cpp,
];

/// Says what is wrong with a structure of a file of so many lines.
fn fault(structure: &FileStructure, lines: u32) -> Option<&'static str> {
    let inside = |start: u32, end: u32| 1 <= start && start <= end && end <= lines;
    if !structure.symbols.iter().all(|s| inside(s.lines.start, s.lines.end)) {
        return Some("a symbol lies outside the file");
    }
    if !structure.symbols.iter().all(|s| s.lines.contains(s.name_line)) {
        return Some("a name lies outside its symbol");
    }
    if !structure.references.iter().all(|r| inside(r.line, r.line)) {
        return Some("a reference lies outside the file");
    }
    if !structure.symbols.is_sorted_by_key(|s| s.lines.start) {
        return Some("symbols are not sorted");
    }
    let apart = |pair: &[backstory_model::LineRange]| pair[0].end < pair[1].start;
    (!structure.test_lines.windows(2).all(apart)).then_some("test lines overlap")
}

fn lines_of(bytes: &[u8]) -> u32 {
    u32::try_from(diff::lines(bytes).len() + 1).expect("a test file is short")
}

fn fragments() -> impl Strategy<Value = Vec<u8>> {
    let fragment = prop_oneof![
        "[a-z_]{1,6}".prop_map(String::into_bytes),
        proptest::sample::select(vec![
            "def ",
            "class ",
            "fn ",
            "mod ",
            "use a::{b, ",
            "import ",
            "from . import ",
            "#[cfg(test)]\n",
            "#[test]\n",
            "/// ```\n",
            "impl ",
            "struct ",
            "func ",
            "(",
            ")",
            "{",
            "}",
            "[",
            "]",
            ":",
            "\n",
            "\n    ",
            "\"",
            "'",
            "\"\"\"",
            "f\"{",
            "@",
            "=",
            "=>",
            ";",
            "//",
            "/*",
            "#",
            "#include <",
            "#define ",
            "type ",
            "package ",
            "const ",
            "::",
            "->",
            ",",
            ".",
            "\\\n",
            "\t",
            "\r\n",
        ])
        .prop_map(|text| text.as_bytes().to_vec()),
        proptest::collection::vec(any::<u8>(), 0..4),
    ];
    proptest::collection::vec(fragment, 0..60).prop_map(|parts| parts.concat())
}

proptest! {
    #[test]
    fn any_bytes_give_a_structure_inside_the_file(bytes in fragments()) {
        for language in LANGUAGES {
            let structure = parse(language, &bytes);
            prop_assert_eq!(fault(&structure, lines_of(&bytes)), None, "{:?}", language);
        }
    }
}

#[test]
fn a_symbol_outside_the_file_is_noticed() {
    let mut structure = parse(Language::Go, b"package a\n\nfunc F() {}\n");
    assert_eq!(fault(&structure, 4), None);
    structure.symbols[0].lines.end = 9;
    assert!(fault(&structure, 4).is_some());
}

#[test]
fn deep_nesting_is_survived() {
    for language in LANGUAGES {
        for bracket in ["(", "[", "{", "f({", "a.b(", "if x {", "\"{"] {
            parse(language, bracket.repeat(30_000 / bracket.len()).as_bytes());
        }
    }
}

#[test]
fn a_file_over_the_limit_is_partial_and_empty() {
    let bytes = b"x = 1\n".repeat(SIZE_LIMIT / 6 + 1);
    let structure = parse(Language::Python, &bytes);
    assert_eq!(structure, FileStructure { partial: true, ..FileStructure::default() });
}
