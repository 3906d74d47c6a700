//! Does a thought repeat what only its code shows?
//!
//! Written against the guard as `docs/language-models.md` states it: runs of 13 tokens,
//! and lines of 25 characters, each only as far as the context does not show it.

use std::collections::BTreeSet;

use backstory_model::reasoning::{CandidateKind, CandidateRow, Leak, Reason};

use super::StepAudit;

/// How many tokens in a row are a leak.
const RUN: usize = 13;
/// How many characters a line has that is one.
const LINE: usize = 25;

impl StepAudit<'_> {
    /// Looks for leaks in every text that was written or scored as a thought.
    pub(super) fn leaks(&mut self) {
        let code = Code::of(self.around.target, self.around.context);
        let mut wrong = Vec::new();
        for row in &self.step.searched.rows {
            if matches!(row.kind, CandidateKind::Initial | CandidateKind::Rewrite)
                && let Some(text) = self.text(row.text_hash.as_ref())
                && let Err(found) = code.agrees(text, row)
            {
                wrong.push(found);
            }
        }
        for found in wrong {
            self.findings.note(self.at("reason/guard"), "what the guard says", found);
        }
    }
}

/// What of a piece of code would be a leak.
struct Code {
    runs: BTreeSet<Vec<String>>,
    lines: Vec<String>,
}

impl Code {
    fn of(target: &str, context: &str) -> Self {
        let shown = runs(context);
        let runs = runs(target).into_iter().filter(|run| !shown.contains(run)).collect();
        let seen = squeezed(context);
        let long = target.split('\n').filter(|line| line.trim().chars().count() >= LINE);
        let lines = long.map(squeezed).filter(|line| !seen.contains(line.as_str())).collect();
        Self { runs, lines }
    }

    /// Compares what a row says of a text with what is found in it.
    fn agrees(&self, text: &str, row: &CandidateRow) -> Result<(), String> {
        let told = row.guards.as_ref().ok_or("a text that no guard saw")?;
        let run = runs(text).iter().any(|run| self.runs.contains(run));
        let said = squeezed(text);
        let lines = self.lines.iter().filter(|line| said.contains(line.as_str())).count();
        if run && told.ngram13 == 0 {
            return Err(format!("a run of {RUN} tokens in {text:?}"));
        }
        if lines != told.line {
            return Err(format!("{lines} lines, not {}, in {text:?}", told.line));
        }
        let flagged = |leak: Leak| row.leaks.contains(&leak);
        if row.leaks != told.leaks()
            || flagged(Leak::Ngram13) != (told.ngram13 > 0)
            || flagged(Leak::Line) != (told.line > 0)
        {
            return Err(format!("{:?} of {told:?}", row.leaks));
        }
        let is_open = matches!(row.reason, None | Some(Reason::NotLower | Reason::OverWindow));
        if is_open && !row.leaks.is_empty() {
            return Err(format!("{:?} and scored all the same", row.leaks));
        }
        Ok(())
    }
}

/// Returns all runs of tokens of a text; code marks are left out.
fn runs(text: &str) -> BTreeSet<Vec<String>> {
    let tokens: Vec<String> = tokens(text).into_iter().filter(|token| token != "`").collect();
    tokens.windows(RUN).map(<[String]>::to_vec).collect()
}

fn squeezed(text: &str) -> String {
    let shown = text.chars().filter(|c| !c.is_whitespace());
    shown.flat_map(char::to_lowercase).collect()
}

/// Cuts a text into words, numbers (a point between digits belongs to one) and marks.
pub(super) fn tokens(text: &str) -> Vec<String> {
    let mut tokens = Vec::new();
    let mut rest = text.chars().peekable();
    while let Some(first) = rest.next() {
        if first.is_whitespace() {
            continue;
        }
        let mut token = String::from(first);
        if first.is_alphabetic() || first == '_' {
            while let Some(next) = rest.next_if(|c| c.is_alphanumeric() || *c == '_') {
                token.push(next);
            }
        } else if first.is_ascii_digit() {
            while let Some(next) = rest.peek().copied() {
                let mut ahead = rest.clone();
                ahead.next();
                let point = next == '.' && ahead.peek().is_some_and(char::is_ascii_digit);
                if !(next.is_ascii_alphanumeric() || next == '_' || point) {
                    break;
                }
                token.push(next);
                rest.next();
            }
        }
        tokens.push(token);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::{runs, squeezed, tokens};

    #[test]
    fn a_text_is_cut_into_words_numbers_and_marks() {
        assert_eq!(tokens("x_1 = 3.14+0xff. é!"), ["x_1", "=", "3.14", "+", "0xff", ".", "é", "!"]);
        assert_eq!(squeezed(" Ab\tC\n"), "abc");
    }

    #[test]
    fn marks_of_code_break_no_run() {
        let words = "a b c d e f g h i j k l m";
        assert_eq!(runs(words), runs(&words.replace('c', "`c`")));
        assert!(runs("a b").is_empty());
    }
}
