//! How is a program shown, so that a statement can be named?
//!
//! Every line stands with its number, and in front of it the number of the statement that
//! starts there. Lines of nobody's code have none.

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::ops::RangeInclusive;

use backstory_model::TracedFile;

/// Writes some lines of a file with the numbers of their statements.
///
/// Lines outside `shown` are left out, and three dots stand for them.
pub(super) fn listing(source: &str, file: &TracedFile, shown: &[RangeInclusive<u32>]) -> String {
    let mut starts: BTreeMap<u32, u32> = BTreeMap::new();
    for (number, statement) in (1..).zip(&file.statements) {
        starts.entry(statement.line).or_insert(number);
    }
    let mut text = String::new();
    let mut was_shown = true;
    for (line, code) in (1..).zip(source.lines()) {
        let is_shown = shown.iter().any(|lines| lines.contains(&line));
        if is_shown {
            let number = starts.get(&line).map_or_else(String::new, |number| format!("[{number}]"));
            let _ = writeln!(text, "{number:>6} {code}");
        } else if was_shown {
            text.push_str("       ...\n");
        }
        was_shown = is_shown;
    }
    text
}
