//! What does a prompt show?
//!
//! In: the text of a prompt as the questions of a program or of a call have it. Out: the
//! lines of the listing with the numbers of their statements, where the reader is put in,
//! and which variable a question names. Rows do not hold these apart from the prompt.

use std::collections::BTreeMap;

/// What stands where lines are left out.
const GAP: &str = "       ...";

/// The lines of a listing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Listing {
    /// The lines, without the numbers of statements.
    pub(super) lines: Vec<String>,
    /// Where a statement starts among them, by its number.
    pub(super) starts: BTreeMap<u32, usize>,
    /// Whether lines are left out.
    pub(super) has_gaps: bool,
}

impl Listing {
    /// Reads the first listing of a prompt.
    pub(super) fn of(prompt: &str) -> Option<Self> {
        let (_, rest) = prompt.split_once("\n```\n")?;
        let (listing, _) = rest.split_once("```\n")?;
        let mut read = Self::default();
        for line in listing.lines() {
            if line == GAP {
                read.has_gaps = true;
                continue;
            }
            let (number, code) = split_line(line)?;
            if let Some(number) = number {
                read.starts.insert(number, read.lines.len());
            }
            read.lines.push(code.to_owned());
        }
        (!read.lines.is_empty()).then_some(read)
    }

    /// Returns the line that a statement starts on.
    pub(super) fn line(&self, statement: u32) -> Option<&str> {
        self.lines.get(*self.starts.get(&statement)?).map(String::as_str)
    }

    /// Returns all lines as one text.
    pub(super) fn text(&self) -> String {
        self.lines.iter().flat_map(|line| [line, "\n"]).collect()
    }
}

/// Splits `   [3] code` and `       code`; columns are as wide as the number needs.
fn split_line(line: &str) -> Option<(Option<u32>, &str)> {
    let shown = line.trim_start_matches(' ');
    if let Some(rest) = shown.strip_prefix('[')
        && let Some((number, code)) = rest.split_once(']')
        && let Ok(number) = number.parse()
        // A line of code that begins with a list has no number in front of it.
        && line.len() - shown.len() + number_width(number) == 6.max(number_width(number))
    {
        return Some((Some(number), code.strip_prefix(' ').unwrap_or(code)));
    }
    line.strip_prefix("       ").map(|code| (None, code))
}

fn number_width(number: u32) -> usize {
    number.to_string().len() + 2
}

/// Returns the execution that a prompt begins at: the statement and which one of it.
pub(super) fn begins_at(prompt: &str) -> Option<(u32, u32)> {
    let (_, rest) = prompt.split_once("\nIt was called, and now execution ")?;
    let (k, rest) = rest.split_once(" of statement [")?;
    Some((rest.split_once(']')?.0.parse().ok()?, k.parse().ok()?))
}

/// Returns the variable that a question names.
pub(super) fn variable(prompt: &str, q: u32) -> Option<&str> {
    let (_, questions) = prompt.rsplit_once("\nQuestions:\n")?;
    let start = format!("{q}. ");
    let question = questions.lines().find_map(|line| line.strip_prefix(&start))?;
    question.split('`').nth(1)
}

#[cfg(test)]
mod tests {
    use super::*;

    const PROMPT: &str = "This is Python 3.12.1.\n\n```\n   [1] def f(a):\n   [2]     b = [\n\
                          \x20              [3],\n           ]\n  [13]     return b\n       ...\n```\n\nThe call is:\n\n\
                          ```\nf(1)\n```\n\nWhy.\n\nQuestions:\n1. What does the call return?\n\
                          2. Which value has `b` right after execution 1 of statement [2]?\n";

    #[test]
    fn a_listing_gives_back_the_lines_and_where_statements_start() {
        let listing = Listing::of(PROMPT).unwrap();
        assert_eq!(listing.text(), "def f(a):\n    b = [\n        [3],\n    ]\n    return b\n");
        assert_eq!(listing.starts, [(1, 0), (2, 1), (13, 4)].into());
        assert!(listing.has_gaps);
        assert_eq!(Listing::of("no listing"), None);
    }

    #[test]
    fn a_question_names_its_variable() {
        assert_eq!(variable(PROMPT, 2), Some("b"));
        assert_eq!(variable(PROMPT, 1), None);
        assert_eq!(variable(PROMPT, 3), None);
        let entered = "x\nIt was called, and now execution 2 of statement [31] begins. So far";
        assert_eq!(begins_at(entered), Some((31, 2)));
        assert_eq!(begins_at(PROMPT), None);
    }
}
