//! Which records speak of a unit, and what did they say before it began?

use backstory_mine::ci;
use backstory_mine::records::Records;
use backstory_model::{
    AsItStood, ChangeRecord, ChangeUnit, CiEvidence, Link, LinkTarget, LogRefRecord,
};
use backstory_synth::UnitEvidence;

use crate::build::Source;

/// Gathers what the records say about a unit; the best link comes first.
pub(super) fn evidence(unit: &ChangeUnit, source: &Source) -> UnitEvidence {
    let (Some(records), Some(began)) = (source.records.as_ref(), began(unit)) else {
        return UnitEvidence::default();
    };
    let as_it_stood = |number: u64| {
        let (issue, stood) = records.issue_as_it_stood(number, began).ok()?;
        Some((issue.clone(), stood))
    };
    UnitEvidence {
        issues: linked_issues(&unit.links).into_iter().filter_map(as_it_stood).collect(),
        change: change(unit, records),
        execution: None,
        ci: said_by_ci(unit, records, source),
    }
}

/// Returns the issues that links name, each once; the best link comes first.
pub(crate) fn linked_issues(links: &[Link]) -> Vec<u64> {
    let mut issues: Vec<(u8, u64)> = links
        .iter()
        .filter(|link| link.target == LinkTarget::Issue)
        .map(|link| (u8::MAX - link.confidence, link.number))
        .collect();
    issues.sort_unstable();
    let mut numbers: Vec<u64> = Vec::new();
    for (_, number) in issues {
        if !numbers.contains(&number) {
            numbers.push(number);
        }
    }
    numbers
}

/// Gathers what CI said about a unit; logs that are not there tell nothing.
fn said_by_ci(unit: &ChangeUnit, records: &Records, source: &Source) -> CiEvidence {
    let read = |log: &LogRefRecord| ci::read_log(source.folder.as_deref()?, log).ok();
    ci::evidence(unit, records, &read)
}

/// Returns when the earliest authored commit was written.
pub(crate) fn began(unit: &ChangeUnit) -> Option<i64> {
    unit.states.iter().map(|state| state.authored_at).min()
}

/// Returns the first version of the unit's pull request.
///
/// A pull request is opened after its first commit, so that its text is never
/// known to have stood there before the work began.
fn change(unit: &ChangeUnit, records: &Records) -> Option<(ChangeRecord, AsItStood)> {
    let number = match unit.pull {
        Some(number) => number,
        None => records.change_for_commit(&unit.commit)?.number,
    };
    let first = records.change_versions(number).first()?;
    Some((first.clone(), AsItStood::Unknown))
}
