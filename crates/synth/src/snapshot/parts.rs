//! Where is a long file cut, so that each part can be written by itself?
//!
//! In: a text and its definitions. Out: line ranges that follow each other and
//! cover it. Cuts stand before definitions, their comments included; inside a
//! definition that is too long they stand before its members, and where there
//! are none, between lines.

use backstory_model::{LineRange, Symbol};

use crate::text::Text;

/// Cuts a text into parts of at most `limit` bytes, as far as its lines allow it.
///
/// An empty text is one part of no lines, `1..=0`.
pub(super) fn parts(text: &Text, symbols: &[Symbol], limit: u64) -> Vec<LineRange> {
    let whole = LineRange { start: 1, end: text.line_count() };
    let size = Sizes::of(text);
    if whole.end == 0 || size.of_lines(whole) <= limit {
        return vec![whole];
    }
    let mut parts = Vec::new();
    split(text, symbols, (whole, 0), (limit, &size), &mut parts);
    parts
}

/// How many bytes stand before each line.
struct Sizes(Vec<u64>);

impl Sizes {
    fn of(text: &Text) -> Self {
        let mut before = vec![0];
        let mut sum = 0;
        for line in text.lines() {
            sum += line.len() as u64;
            before.push(sum);
        }
        Self(before)
    }

    fn of_lines(&self, lines: LineRange) -> u64 {
        self.0[lines.end as usize] - self.0[lines.start as usize - 1]
    }
}

/// Cuts a range before the definitions of one depth, fills parts with the pieces,
/// and cuts a piece that is too long at the next depth.
fn split(
    text: &Text,
    symbols: &[Symbol],
    (range, depth): (LineRange, usize),
    (limit, size): (u64, &Sizes),
    parts: &mut Vec<LineRange>,
) {
    let pieces = pieces(text, symbols, range, depth);
    let is_deepest = symbols.iter().all(|symbol| depth_of(symbol) < depth);
    let mut open: Option<LineRange> = None;
    for piece in pieces {
        let joined = open.map_or(piece, |open| LineRange { start: open.start, end: piece.end });
        if size.of_lines(joined) <= limit {
            open = Some(joined);
            continue;
        }
        parts.extend(open.take());
        if size.of_lines(piece) <= limit || piece.start == piece.end {
            open = Some(piece);
        } else if is_deepest {
            by_lines(piece, (limit, size), parts);
        } else {
            split(text, symbols, (piece, depth + 1), (limit, size), parts);
        }
    }
    parts.extend(open);
}

/// Cuts a range between lines.
fn by_lines(range: LineRange, (limit, size): (u64, &Sizes), parts: &mut Vec<LineRange>) {
    let mut start = range.start;
    for line in range.start..=range.end {
        if line > start && size.of_lines(LineRange { start, end: line }) > limit {
            parts.push(LineRange { start, end: line - 1 });
            start = line;
        }
    }
    parts.push(LineRange { start, end: range.end });
}

/// Cuts a range before each definition of a depth.
fn pieces(text: &Text, symbols: &[Symbol], range: LineRange, depth: usize) -> Vec<LineRange> {
    let inside = symbols.iter().filter(|symbol| depth_of(symbol) == depth);
    let mut starts: Vec<u32> = inside
        .filter(|symbol| range.start < symbol.lines.start && symbol.lines.start <= range.end)
        .map(|symbol| with_comment(text, symbol.lines.start, range.start))
        .collect();
    starts.push(range.start);
    starts.sort_unstable();
    starts.dedup();
    let ends = starts.iter().skip(1).map(|next| next - 1).chain([range.end]);
    starts.iter().zip(ends).map(|(start, end)| LineRange { start: *start, end }).collect()
}

fn depth_of(symbol: &Symbol) -> usize {
    memchr::memchr_iter(b'.', symbol.qualified.as_bytes()).count()
}

/// Moves a cut up over the comments and attributes that belong to the line.
fn with_comment(text: &Text, mut line: u32, least: u32) -> u32 {
    let belongs = |line: &str| {
        let line = line.trim_start();
        ["#", "//", "/*", "*", "@"].iter().any(|start| line.starts_with(start))
    };
    while line > least && belongs(text.line(line - 1)) {
        line -= 1;
    }
    line
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use backstory_model::Language;
    use backstory_syntax::parse;
    use proptest::prelude::*;

    use super::*;

    fn cut(language: Language, text: &str, limit: u64) -> Vec<String> {
        let structure = parse(language, text.as_bytes());
        let text = Text::new(Arc::from(text.as_bytes()));
        let ranges = parts(&text, &structure.symbols, limit);
        ranges.iter().map(|part| format!("{}-{}", part.start, part.end)).collect()
    }

    #[test]
    fn parts_begin_with_definitions_and_their_comments() {
        let text = "import os\n\n\ndef a():\n    pass\n\n\n# About b.\ndef b():\n    pass\n";
        assert_eq!(cut(Language::Python, text, 35), ["1-7", "8-10"]);
    }

    #[test]
    fn a_long_class_is_cut_before_its_methods() {
        let text = "class A:\n    def a(self):\n        pass\n\n    def b(self):\n        pass\n";
        assert_eq!(cut(Language::Python, text, 45), ["1-4", "5-6"]);
    }

    #[test]
    fn an_empty_file_is_one_part_of_no_lines() {
        assert_eq!(cut(Language::Python, "", 10), ["1-0"]);
    }

    proptest! {
        #[test]
        fn parts_follow_each_other_and_cover_the_text(
            text in "(def [a-c]\\(\\):\n|    x = 1\n|class D:\n|    def m\\(s\\): 1\n|# c\n|\n|\u{feff}é){0,40}",
            limit in 1_u64..80,
        ) {
            let structure = parse(Language::Python, text.as_bytes());
            let text = Text::new(Arc::from(text.as_bytes()));
            let ranges = parts(&text, &structure.symbols, limit);
            let mut next = 1;
            for part in &ranges {
                prop_assert_eq!(part.start, next);
                next = part.end + 1;
            }
            prop_assert_eq!(next, text.line_count() + 1);
        }
    }
}
