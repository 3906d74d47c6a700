//! Which words stand for a trajectory's parts in every export?

use backstory_model::{
    Action, AnswerFlag, AsItStood, CollapseReason, Language, Provenance, RequirementSource,
    Sequence, Tier, Trajectory,
};
use serde::Serialize;
use serde_json::Value;

/// Returns the word a unit variant is written as.
fn word(value: impl Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(Value::String(word)) => word,
        _ => String::new(),
    }
}

pub(crate) fn action(action: &Action) -> &'static str {
    match action {
        Action::Message { .. } => "message",
        Action::Search { .. } => "search",
        Action::List { .. } => "list",
        Action::View { .. } => "view",
        Action::Edit { .. } => "edit",
        Action::Create { .. } => "create",
        Action::Delete { .. } => "delete",
        Action::Rename { .. } => "rename",
        Action::SetMode { .. } => "set_mode",
        Action::RunTests { .. } => "run_tests",
        Action::CiReport { .. } => "ci_report",
        Action::Finish { .. } => "finish",
    }
}

pub(crate) fn rule(provenance: &Provenance) -> Option<&str> {
    match provenance {
        Provenance::Derived { rule, .. } => Some(rule.as_str()),
        Provenance::Observed { .. }
        | Provenance::Executed { .. }
        | Provenance::Synthesized { .. } => None,
    }
}

/// Returns what a part rests on, as pointers.
pub(crate) fn evidence(provenance: &Provenance) -> Vec<String> {
    match provenance {
        Provenance::Observed { evidence } | Provenance::Derived { evidence, .. } => {
            evidence.iter().map(ToString::to_string).collect()
        }
        Provenance::Executed { execution } => vec![format!("execution:{execution}")],
        Provenance::Synthesized { model, .. } => vec![format!("model:{model}")],
    }
}

pub(crate) fn requirement_source(source: RequirementSource) -> &'static str {
    match source {
        RequirementSource::Issue => "issue",
        RequirementSource::Change => "change",
        RequirementSource::PseudoIssue => "pseudo_issue",
    }
}

pub(crate) fn as_it_stood(known: AsItStood) -> String {
    word(known)
}

pub(crate) fn flag(flag: AnswerFlag) -> String {
    word(flag)
}

pub(crate) fn language(language: Language) -> String {
    word(language)
}

pub(crate) fn collapse(reason: CollapseReason) -> String {
    word(reason)
}

/// Returns the word for the sequence and, when it was collapsed, the reason.
pub(crate) fn sequence(sequence: &Sequence) -> (&'static str, Option<String>) {
    match sequence {
        Sequence::Authored => ("authored", None),
        Sequence::Collapsed { reason } => ("collapsed", Some(collapse(*reason))),
    }
}

pub(crate) fn license(trajectory: &Trajectory) -> Option<&str> {
    trajectory.license.as_ref().map(|license| license.spdx.as_str())
}

/// Returns when the first state of the unit was authored, in RFC 3339.
pub(crate) fn created_at(trajectory: &Trajectory) -> Option<String> {
    let earliest = trajectory.unit.states.iter().map(|state| state.authored_at).min()?;
    crate::time::rfc3339(earliest)
}

/// The tiers, in the order tables list them.
pub(crate) const TIERS: [Tier; 4] =
    [Tier::Observed, Tier::Executed, Tier::Derived, Tier::Synthesized];
