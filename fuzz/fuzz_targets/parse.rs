//! Does the parser survive any bytes, and stay inside the file?
//!
//! In: the bytes of a file, read as every language. Out: nothing; panics on a
//! broken promise.

#![no_main]

use backstory_model::{FileStructure, Language, LineRange};
use backstory_syntax::{diff, parse};
use libfuzzer_sys::fuzz_target;

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

fuzz_target!(|bytes: &[u8]| {
    // A parser may place an end on the empty line behind the last line feed.
    let lines = u32::try_from(diff::lines(bytes).len() + 1).expect("an input is short");
    for language in LANGUAGES {
        check(&parse(language, bytes), lines, language);
    }
});

fn check(structure: &FileStructure, lines: u32, language: Language) {
    let inside = |range: LineRange| {
        assert!(
            1 <= range.start && range.start <= range.end && range.end <= lines,
            "{language:?}: {range:?} of {lines} lines"
        );
    };
    for symbol in &structure.symbols {
        inside(symbol.lines);
        assert!(symbol.lines.contains(symbol.name_line), "{language:?}: {symbol:?}");
    }
    for line in structure.references.iter().map(|reference| reference.line) {
        inside(LineRange { start: line, end: line });
    }
    for line in structure.imports.iter().map(|import| import.line) {
        inside(LineRange { start: line, end: line });
    }
    structure.test_lines.iter().copied().for_each(inside);
    assert!(structure.symbols.is_sorted_by_key(|symbol| symbol.lines.start));
    assert!(structure.test_lines.windows(2).all(|pair| pair[0].end < pair[1].start));
}
