//! Which parts of a text are code?
//!
//! Fenced blocks, lines indented as a block, and spans between backticks: there `@`
//! begins a decorator, a package or a version, and no mention.

use std::ops::Range;

/// Returns the parts that are code, in order.
pub(crate) fn parts(text: &str) -> Vec<Range<usize>> {
    let mut parts = Vec::new();
    let mut fence: Option<&str> = None;
    let mut start = 0;
    for line in text.split_inclusive('\n') {
        let range = start..start + line.len();
        start = range.end;
        let shown = line.trim_start_matches([' ', '>']);
        if let Some(open) = fence {
            if shown.starts_with(open) {
                fence = None;
            }
            parts.push(range);
            continue;
        }
        fence = ["```", "~~~"].into_iter().find(|mark| shown.starts_with(mark));
        if fence.is_some() || line.starts_with("    ") || line.starts_with('\t') {
            parts.push(range);
        } else {
            spans(text, range, &mut parts);
        }
    }
    parts
}

/// Adds the spans between backticks of one line; one that is not closed is none.
fn spans(text: &str, line: Range<usize>, parts: &mut Vec<Range<usize>>) {
    let mut at = line.start;
    while let Some(open) = text[at..line.end].find('`').map(|found| at + found) {
        let ticks = text[open..line.end].bytes().take_while(|byte| *byte == b'`').count();
        let inner = open + ticks;
        let close = text[inner..line.end].find(&text[open..inner]).map(|found| inner + found);
        let Some(close) = close else {
            at = inner;
            continue;
        };
        at = close + ticks;
        parts.push(open..at);
    }
}

/// Returns true when a position lies in one of the parts.
pub(crate) fn holds(parts: &[Range<usize>], at: usize) -> bool {
    let after = parts.partition_point(|part| part.end <= at);
    parts.get(after).is_some_and(|part| part.start <= at)
}

#[cfg(test)]
mod tests {
    use super::{holds, parts};

    #[test]
    fn blocks_and_spans_are_code_and_an_open_span_is_not() {
        let text = "say `@a` and ``@`b`` to @c\n    @d\n```\n@e\n```\n`@f\n@g";
        let parts = parts(text);
        let code: String = text
            .match_indices('@')
            .filter(|(at, _)| holds(&parts, *at))
            .map(|(at, _)| &text[at + 1..=at + 1])
            .collect();
        assert_eq!(code, "a`de");
    }
}
