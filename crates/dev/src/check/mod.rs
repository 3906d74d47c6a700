//! Which house rules does this checkout break?
//!
//! In: a [`Workspace`]. Out: findings, each naming its rule and its place.
//! Every rule is a function of its own module and reads nothing but its
//! argument; every module plants a violation in its tests.

use std::fmt;

use crate::workspace::Workspace;

mod auditor;
mod borders;
mod effects;
mod fixtures;
mod licenses;
mod names;
mod questions;
mod rules;
mod size;
mod workplace;

/// How much a finding weighs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Weight {
    /// The rule is broken; the check fails.
    Broken,
    /// Worth a look; the check passes.
    Note,
}

/// One place where a rule is broken.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Finding {
    /// How much it weighs.
    pub weight: Weight,
    /// The rule, by the name of its module.
    pub rule: &'static str,
    /// The file (and line) or package.
    pub place: String,
    /// What is wrong, in one sentence.
    pub sentence: String,
}

impl Finding {
    fn broken(rule: &'static str, place: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { weight: Weight::Broken, rule, place: place.into(), sentence: sentence.into() }
    }

    fn note(rule: &'static str, place: impl Into<String>, sentence: impl Into<String>) -> Self {
        Self { weight: Weight::Note, ..Self::broken(rule, place, sentence) }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let weight = match self.weight {
            Weight::Broken => "broken",
            Weight::Note => "note",
        };
        write!(f, "{weight} [{}] {}: {}", self.rule, self.place, self.sentence)
    }
}

/// Runs every rule; broken ones come first.
pub fn all(workspace: &Workspace) -> Vec<Finding> {
    let rules = [
        auditor::check,
        borders::check,
        effects::check,
        fixtures::check,
        licenses::check,
        names::check,
        questions::check,
        rules::check,
        size::check,
        workplace::check,
    ];
    let mut findings: Vec<Finding> = rules.iter().flat_map(|rule| rule(workspace)).collect();
    findings.sort();
    findings
}

/// Returns the lines of a Rust source that are not comments, numbered from 1.
fn code_lines(text: &str) -> impl Iterator<Item = (usize, &str)> {
    let numbered = text.lines().enumerate().map(|(at, line)| (at + 1, line));
    numbered.filter(|(_, line)| !line.trim_start().starts_with("//"))
}

/// Builds a workspace of these files, for planting violations.
#[cfg(test)]
fn planted<const N: usize>(files: [(&str, &str); N]) -> Workspace {
    let files = files.map(|(path, text)| (path.to_owned(), text.to_owned()));
    Workspace { files: files.into_iter().collect(), ..Workspace::default() }
}

/// Renders findings one per line, for comparing in tests.
#[cfg(test)]
fn lines(findings: &[Finding]) -> String {
    findings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n")
}
