//! Where did all the units go?
//!
//! In: dispositions, one by one. Out: counts that add up, and their lines for people.

use backstory_model::{CiSummary, Counts, Disposition, LinkTarget, Outcome};

/// The word for units with a run of CI.
const KNOWN: &str = "known";

/// Adds one unit to the counts.
pub(super) fn count(counts: &mut Counts, unit: &Disposition) {
    counts.units_found += 1;
    let has = |target: LinkTarget| unit.links.iter().any(|link| link.target == target);
    counts.linked += u32::from(has(LinkTarget::Issue));
    *counts.with_pull.get_or_insert(0) += u32::from(has(LinkTarget::Pull));
    let accepted = match &unit.outcome {
        Outcome::Accepted { .. } => true,
        Outcome::Rejected { reason, .. } => {
            *counts.rejected.entry(reason.clone()).or_default() += 1;
            false
        }
    };
    if let Some(execution) = &unit.execution {
        *counts.executed.entry(execution.outcome.as_str().to_owned()).or_default() += 1;
    }
    for word in ci_words(unit) {
        *counts.ci.entry(word.to_owned()).or_default() += 1;
    }
    // Every story that is written is accepted: it replays, or it is not written.
    counts.reconstructed += u32::from(accepted);
    counts.accepted += u32::from(accepted);
    if let Some(labels) = &unit.labels {
        counts.small_units += u32::from(labels.small);
        counts.small_accepted += u32::from(labels.small && accepted);
        counts.test_source_units += u32::from(labels.test_source);
        counts.small_test_source_units += u32::from(labels.test_source && labels.small);
    }
}

/// Lists what is counted of the CI of a unit.
fn ci_words(unit: &Disposition) -> impl Iterator<Item = &'static str> {
    let none = CiSummary::default();
    let ci = unit.ci.as_ref().unwrap_or(&none);
    let words = [
        (KNOWN, ci.runs > 0),
        ("red and green", ci.red_jobs > 0 && ci.green_jobs > 0),
        ("with a log", ci.logs > 0),
        ("with a job without log", ci.logs_missing > 0),
        ("flaky", ci.flaky_jobs > 0),
        ("told", ci.reports > 0),
        ("disagrees with execution", !ci.disagrees_with_execution.is_empty()),
    ];
    words.into_iter().filter(|(_, holds)| *holds).map(|(word, _)| word)
}

/// One line of the funnel.
pub(super) struct Row {
    /// What is counted; a side count is indented.
    pub(super) label: String,
    /// How many units.
    pub(super) number: u32,
    /// Their share of all units, where that says something.
    pub(super) share: Option<String>,
}

/// Lists what came in, where it went, and that nothing is missing.
pub(super) fn rows(counts: &Counts) -> Vec<Row> {
    let row = |label: String, number: u32| Row { label, number, share: None };
    let side = |label: &str, number: u32| {
        let share = Some(percent(number, counts.units_found));
        Row { label: format!("  {label}"), number, share }
    };
    let mut rows = vec![row("units found".to_owned(), counts.units_found)];
    rows.push(side("linked to an issue", counts.linked));
    rows.extend(counts.with_pull.map(|number| side("linked to a pull request", number)));
    rows.push(side("with CI", with_ci(counts)));
    rows.push(row("reconstructed".to_owned(), counts.reconstructed));
    rows.push(row("accepted".to_owned(), counts.accepted));
    for (reason, number) in &counts.rejected {
        rows.push(row(format!("rejected: {reason}"), *number));
    }
    let rejected: u32 = counts.rejected.values().sum();
    rows.push(row("accepted + rejected".to_owned(), counts.accepted + rejected));
    for (outcome, number) in &counts.executed {
        rows.push(row(format!("executed: {outcome}"), *number));
    }
    for (what, number) in counts.ci.iter().filter(|(what, _)| *what != KNOWN) {
        rows.push(row(format!("CI: {what}"), *number));
    }
    rows
}

/// Returns how many units have a run of CI.
pub(super) fn with_ci(counts: &Counts) -> u32 {
    counts.ci.get(KNOWN).copied().unwrap_or(0)
}

/// Writes a share for people.
pub(super) fn percent(part: u32, whole: u32) -> String {
    if whole == 0 {
        return "–".to_owned();
    }
    format!("{:.1} %", f64::from(part) * 100.0 / f64::from(whole))
}
