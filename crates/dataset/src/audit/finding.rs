//! What did the audit check, and what did it find?
//!
//! In: single findings as the checks make them. Out: the findings and counts of
//! one trajectory, in step order. Reads nothing but its arguments.

use std::collections::BTreeMap;
use std::fmt::{self, Display, Write as _};

use backstory_model::{Step, Tier, UnitId, WritingStep};
use serde::Serialize;

/// One place where the data and the past differ.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Finding {
    /// The unit; `None` for findings about the run itself.
    pub unit: Option<UnitId>,
    /// The file inside the run; `None` for findings inside a trajectory.
    pub file: Option<String>,
    /// The step, 1-based; `None` for findings about the whole trajectory.
    pub step: Option<usize>,
    /// The rule of `docs/rules.md` whose postcondition does not hold.
    pub rule: String,
    /// What the rule demands.
    pub expected: String,
    /// What stands there.
    pub found: String,
    /// How the part claims to be known; `None` where nothing is claimed.
    pub tier: Option<Tier>,
}

impl Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(unit) = &self.unit {
            write!(f, "{} ", printable(unit.as_str()))?;
        }
        if let Some(file) = &self.file {
            write!(f, "{} ", printable(file))?;
        }
        if let Some(step) = self.step {
            write!(f, "step {step} ")?;
        }
        write!(f, "[{}", printable(&self.rule))?;
        if let Some(tier) = self.tier {
            write!(f, ", {}", tier.as_str())?;
        }
        write!(f, "]\n  expected: {}\n  found:    {}", self.expected, self.found)
    }
}

/// Counts of what was checked, by the tier that each part claims.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Checked {
    /// Trajectories.
    pub trajectories: u64,
    /// Steps.
    pub steps: u64,
    /// Choices, by tier.
    pub choices: BTreeMap<Tier, u64>,
    /// Observations, by tier.
    pub observations: BTreeMap<Tier, u64>,
    /// Thoughts, by tier.
    pub thoughts: BTreeMap<Tier, u64>,
    /// Authored states whose tree was rebuilt.
    pub states: u64,
    /// Patches that were applied.
    pub patches: u64,
    /// Runs whose verdict was derived again.
    pub executions: u64,
}

impl Checked {
    /// Adds the counts of another audit to this one.
    pub fn add(&mut self, other: &Self) {
        self.trajectories += other.trajectories;
        self.steps += other.steps;
        self.states += other.states;
        self.patches += other.patches;
        self.executions += other.executions;
        let maps = [
            (&mut self.choices, &other.choices),
            (&mut self.observations, &other.observations),
            (&mut self.thoughts, &other.thoughts),
        ];
        for (mine, theirs) in maps {
            for (tier, count) in theirs {
                *mine.entry(*tier).or_default() += count;
            }
        }
    }

    /// Counts the parts of one step of a snapshot's story; what is read or written is
    /// its observation.
    pub(super) fn count_writing(&mut self, step: &WritingStep) {
        *self.choices.entry(step.choice.tier()).or_default() += 1;
        *self.observations.entry(step.content.tier()).or_default() += 1;
        if let Some(thought) = &step.thought {
            *self.thoughts.entry(thought.provenance.tier()).or_default() += 1;
        }
    }

    /// Counts the parts of one step.
    pub(super) fn count(&mut self, step: &Step) {
        self.steps += 1;
        *self.choices.entry(step.choice.tier()).or_default() += 1;
        if let Some(seen) = &step.observation {
            *self.observations.entry(seen.provenance.tier()).or_default() += 1;
        }
        if let Some(thought) = &step.thought {
            *self.thoughts.entry(thought.provenance.tier()).or_default() += 1;
        }
    }
}

/// What the audit says about one trajectory.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct TrajectoryAudit {
    /// The places where a postcondition does not hold, in step order.
    pub findings: Vec<Finding>,
    /// What was checked.
    pub checked: Checked,
}

impl TrajectoryAudit {
    /// Returns true when every postcondition holds.
    pub fn is_clean(&self) -> bool {
        self.findings.is_empty()
    }
}

/// Where a finding belongs: a step and a rule, under one claim.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) step: Option<usize>,
    pub(super) rule: &'a str,
    pub(super) tier: Option<Tier>,
}

impl<'a> Place<'a> {
    /// Names a rule about the whole trajectory.
    pub(super) fn whole(rule: &'a str) -> Self {
        Self { step: None, rule, tier: None }
    }

    /// Names a rule about one step.
    pub(super) fn step(step: usize, rule: &'a str) -> Self {
        Self { step: Some(step), rule, tier: None }
    }

    /// Names the claim too.
    pub(super) fn claimed(self, tier: Tier) -> Self {
        Self { tier: Some(tier), ..self }
    }
}

/// Collects the findings of one trajectory.
#[derive(Debug)]
pub(super) struct Findings {
    unit: UnitId,
    list: Vec<Finding>,
}

impl Findings {
    pub(super) fn new(unit: UnitId) -> Self {
        Self { unit, list: Vec::new() }
    }

    /// Notes one finding.
    pub(super) fn note(&mut self, place: Place<'_>, expected: impl Display, found: impl Display) {
        self.list.push(Finding {
            unit: Some(self.unit.clone()),
            file: None,
            step: place.step,
            rule: place.rule.to_owned(),
            expected: printable(&expected.to_string()),
            found: printable(&found.to_string()),
            tier: place.tier,
        });
    }

    /// Notes a finding unless both values are equal.
    pub(super) fn equal<T: PartialEq + fmt::Debug>(
        &mut self,
        place: Place<'_>,
        what: &str,
        (expected, found): (&T, &T),
    ) {
        if expected != found {
            let (expected, found) = difference(&format!("{expected:?}"), &format!("{found:?}"));
            self.note(place, format_args!("{what} {expected}"), format_args!("{what} {found}"));
        }
    }

    /// Notes a finding unless the condition holds.
    pub(super) fn demand(
        &mut self,
        holds: bool,
        place: Place<'_>,
        expected: &str,
        found: impl FnOnce() -> String,
    ) {
        if !holds {
            self.note(place, expected, found());
        }
    }

    /// Returns the findings, those about the whole trajectory first.
    pub(super) fn into_list(mut self) -> Vec<Finding> {
        self.list.sort_by_key(|finding| finding.step);
        self.list
    }
}

/// Cuts both texts down to where they begin to differ.
fn difference(expected: &str, found: &str) -> (String, String) {
    const BEFORE: usize = 40;
    let same = expected.bytes().zip(found.bytes()).take_while(|(a, b)| a == b).count();
    let from = same.saturating_sub(BEFORE);
    let cut = |text: &str| {
        let mut start = from.min(text.len());
        while !text.is_char_boundary(start) {
            start -= 1;
        }
        format!("{}{}", if start > 0 { "…" } else { "" }, &text[start..])
    };
    (cut(expected), cut(found))
}

/// Makes foreign text safe to print on one line: no control byte survives and
/// long text is cut.
pub(crate) fn printable(text: &str) -> String {
    const LONGEST: usize = 240;
    let mut out = String::new();
    for (at, char) in text.chars().enumerate() {
        if at == LONGEST {
            out.push('…');
            break;
        }
        if char.is_control() || is_direction_mark(char) {
            write!(out, "{}", char.escape_unicode()).expect("writing to a string cannot fail");
        } else {
            out.push(char);
        }
    }
    out
}

/// Marks that reorder what a terminal shows.
fn is_direction_mark(char: char) -> bool {
    matches!(char, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::{difference, printable};

    #[test]
    fn foreign_text_cannot_move_the_cursor() {
        assert_eq!(printable("a\x1b[2Jb\u{202e}c\n"), "a\\u{1b}[2Jb\\u{202e}c\\u{a}");
    }

    #[test]
    fn long_values_are_shown_from_where_they_differ() {
        let same = "x".repeat(100);
        let (expected, found) = difference(&format!("{same}one"), &format!("{same}two"));
        assert_eq!(expected, format!("…{}one", "x".repeat(40)));
        assert_eq!(found, format!("…{}two", "x".repeat(40)));
    }
}
