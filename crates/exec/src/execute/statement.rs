//! What does an instance ask for?
//!
//! In: the unit and the text of its requirement. Out: the text, and the ids of the
//! unit's commits that it names. A change that speaks for itself often lists the
//! commits it was squashed from: who solves the instance is not shown those.
//! `docs/execution.md` tells the rule.

use std::borrow::Cow;
use std::ops::Range;

use backstory_model::{ChangeUnit, RequirementSource};

use super::input::ExecuteInput;

/// The shortest piece of a commit id that counts as one.
const SHORTEST_ID: usize = 7;

/// What stands for an id that is not shown.
const HIDDEN: &str = "[COMMIT]";

/// Returns the problem statement.
pub(super) fn problem_statement<'a>(input: &ExecuteInput<'a>) -> Cow<'a, str> {
    match input.requirement.source {
        // Of the text of somebody else nothing is taken: a gate looks at it.
        RequirementSource::Issue => Cow::Borrowed(input.statement),
        RequirementSource::Change | RequirementSource::PseudoIssue => {
            without(input.statement, &named_commits(input.unit, input.statement))
        }
    }
}

/// Returns where the text names a commit of the unit.
pub(super) fn named_commits(unit: &ChangeUnit, text: &str) -> Vec<Range<usize>> {
    let states = unit.states.iter().map(|state| state.commit.as_str());
    let ids: Vec<&str> = states.chain([unit.head.as_str(), unit.commit.as_str()]).collect();
    let mut found = Vec::new();
    let mut start = 0;
    for word in text.split(|c: char| !c.is_ascii_hexdigit()) {
        let range = start..start + word.len();
        let own =
            |id: &&str| id.get(..word.len()).is_some_and(|piece| piece.eq_ignore_ascii_case(word));
        if word.len() >= SHORTEST_ID && ids.iter().any(own) {
            found.push(range.clone());
        }
        // Whatever parts two words is one character.
        start = range.end + text[range.end..].chars().next().map_or(0, char::len_utf8);
    }
    found
}

fn without<'a>(text: &'a str, hidden: &[Range<usize>]) -> Cow<'a, str> {
    if hidden.is_empty() {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    let mut end = 0;
    for range in hidden {
        shown.push_str(&text[end..range.start]);
        shown.push_str(HIDDEN);
        end = range.end;
    }
    shown.push_str(&text[end..]);
    Cow::Owned(shown)
}
