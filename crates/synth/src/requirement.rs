//! What was asked for, in whose words?
//!
//! In: the records that speak of a unit and the message of its commit. Out: the
//! requirement text with its source: the issue as it stood, else the title and
//! body of the pull request, else the commit message, marked `pseudo_issue`: the
//! mainline commit's, or the first authored one's where the former only says
//! what it merges.

use backstory_model::{
    AsItStood, ChangeUnit, CommitId, EvidenceId, Provenance, RecordId, RequirementSource,
};

use crate::evidence::UnitEvidence;

/// The text of a requirement and where it comes from.
#[derive(Clone, Debug)]
pub struct RequirementText {
    /// The text.
    pub text: String,
    /// Where it comes from.
    pub source: RequirementSource,
    /// The record it was read from.
    pub record: Option<RecordId>,
    /// Whether it is what stood there before the change began.
    pub as_it_stood: AsItStood,
    /// The same as a provenance.
    pub provenance: Provenance,
}

/// Chooses the requirement of a unit.
///
/// An issue or pull request whose text may have been edited since counts only
/// when nothing better is there; it is then marked `unknown`.
pub fn requirement(evidence: &UnitEvidence, unit: &ChangeUnit, message: &str) -> RequirementText {
    let trusted = |stood: &AsItStood| *stood != AsItStood::Unknown;
    let issue = evidence
        .issues
        .iter()
        .find(|(_, stood)| trusted(stood))
        .or_else(|| evidence.issues.first());
    if let Some((issue, stood)) = issue {
        let text = titled(&issue.title, issue.body.as_deref());
        return from_record(text, RequirementSource::Issue, &issue.id, *stood);
    }
    if let Some((change, stood)) = &evidence.change {
        let text = titled(&change.title, change.body.as_deref());
        return from_record(text, RequirementSource::Change, &change.id, *stood);
    }
    let (commit, message) = told(unit, message);
    RequirementText {
        text: message.trim_end().to_owned(),
        source: RequirementSource::PseudoIssue,
        record: None,
        as_it_stood: AsItStood::Exact,
        provenance: Provenance::observed([EvidenceId::commit(commit)]),
    }
}

/// Returns the message that says what the unit is for, and whose it is.
fn told<'a>(unit: &'a ChangeUnit, message: &'a str) -> (&'a CommitId, &'a str) {
    let (subject, body) = message.split_once('\n').unwrap_or((message, ""));
    match unit.states.first() {
        Some(first) if is_merge_subject(subject) && body.trim().is_empty() => {
            (&first.commit, &first.message)
        }
        _ => (&unit.commit, message),
    }
}

/// Returns true for a line that only says which branch was merged.
pub fn is_merge_subject(line: &str) -> bool {
    ["Merge pull request ", "Merge branch ", "Merge remote-tracking branch ", "Merge PR "]
        .iter()
        .any(|start| line.starts_with(start))
}

fn from_record(
    text: String,
    source: RequirementSource,
    id: &RecordId,
    as_it_stood: AsItStood,
) -> RequirementText {
    RequirementText {
        text,
        source,
        record: Some(id.clone()),
        as_it_stood,
        provenance: Provenance::observed([EvidenceId::record(id)]),
    }
}

fn titled(title: &str, body: Option<&str>) -> String {
    match body.filter(|body| !body.trim().is_empty()) {
        Some(body) => format!("{title}\n\n{body}"),
        None => title.to_owned(),
    }
}
