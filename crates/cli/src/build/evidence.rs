//! Which records speak of a unit, and what did they say before it began?

use backstory_mine::records::Records;
use backstory_model::{AsItStood, ChangeRecord, ChangeUnit, LinkTarget};
use backstory_synth::UnitEvidence;

/// Gathers what the records say about a unit; the best link comes first.
pub(super) fn evidence(unit: &ChangeUnit, records: Option<&Records>) -> UnitEvidence {
    let (Some(records), Some(began)) = (records, began(unit)) else {
        return UnitEvidence::default();
    };
    let mut issues: Vec<(u8, u64)> = unit
        .links
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
    let as_it_stood = |number: u64| {
        records.issue_as_it_stood(number, began).map(|(issue, stood)| (issue.clone(), stood))
    };
    UnitEvidence {
        issues: numbers.into_iter().filter_map(as_it_stood).collect(),
        change: change(unit, records),
        execution: None,
    }
}

/// Returns when the earliest authored commit was written.
fn began(unit: &ChangeUnit) -> Option<i64> {
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
