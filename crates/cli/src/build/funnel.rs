//! Where did all the units go?
//!
//! In: dispositions, one by one. Out: counts that add up, a table for people
//! and one JSON object for programs.

use std::collections::BTreeMap;

use backstory_model::{CiSummary, Counts, Disposition, LinkTarget, Outcome};
use serde::Serialize;

use crate::Failure;
use crate::cost::Cost;

/// Adds one unit to the counts.
pub(super) fn count(counts: &mut Counts, unit: &Disposition) {
    counts.units_found += 1;
    let linked = unit.links.iter().any(|link| link.target == LinkTarget::Issue);
    counts.linked += u32::from(linked);
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
        ("known", ci.runs > 0),
        ("red and green", ci.red_jobs > 0 && ci.green_jobs > 0),
        ("with a log", ci.logs > 0),
        ("with a job without log", ci.logs_missing > 0),
        ("flaky", ci.flaky_jobs > 0),
        ("told", ci.reports > 0),
        ("disagrees with execution", !ci.disagrees_with_execution.is_empty()),
    ];
    words.into_iter().filter(|(_, holds)| *holds).map(|(word, _)| word)
}

/// What a build ends with.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildReport {
    /// The funnel.
    pub counts: Counts,
    /// CPU seconds of this process.
    pub cpu_seconds: f64,
    /// The most memory this process held, in MiB.
    pub peak_rss_mb: f64,
    /// Record lines that could not be read.
    pub broken_records: usize,
}

/// The object `build --json` prints; the order of the fields is the order printed.
#[derive(Serialize)]
struct Summary<'a> {
    units_found: u32,
    accepted: u32,
    rejected: &'a BTreeMap<String, u32>,
    small_units: u32,
    small_accepted: u32,
    test_source_units: u32,
    small_test_source_units: u32,
    linked: u32,
    reconstructed: u32,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    executed: &'a BTreeMap<String, u32>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    ci: &'a BTreeMap<String, u32>,
    cpu_seconds: f64,
    peak_rss_mb: f64,
}

impl BuildReport {
    /// Checks that the counts add up.
    pub(crate) fn new(counts: Counts, cost: Cost) -> Result<Self, Failure> {
        let rejected: u32 = counts.rejected.values().sum();
        if counts.units_found != counts.accepted + rejected {
            return Err(Failure::new(format!(
                "internal error: {} units found, but {} accepted and {rejected} rejected",
                counts.units_found, counts.accepted
            ))
            .hint("please report it; the run cannot be trusted"));
        }
        let cost = cost.rounded();
        let Cost { cpu_seconds, peak_rss_mb } = cost;
        Ok(Self { counts, cpu_seconds, peak_rss_mb, broken_records: 0 })
    }

    pub(super) fn with_broken_records(self, broken_records: usize) -> Self {
        Self { broken_records, ..self }
    }

    /// Returns the report as one line of JSON.
    pub fn to_json(&self) -> Result<String, Failure> {
        let counts = &self.counts;
        let summary = Summary {
            units_found: counts.units_found,
            accepted: counts.accepted,
            rejected: &counts.rejected,
            small_units: counts.small_units,
            small_accepted: counts.small_accepted,
            test_source_units: counts.test_source_units,
            small_test_source_units: counts.small_test_source_units,
            linked: counts.linked,
            reconstructed: counts.reconstructed,
            executed: &counts.executed,
            ci: &counts.ci,
            cpu_seconds: self.cpu_seconds,
            peak_rss_mb: self.peak_rss_mb,
        };
        serde_json::to_string(&summary)
            .map_err(|error| Failure::of(error, "failed to write the counts"))
    }
}

/// Draws the funnel: what came in, where it went, and that nothing is missing.
pub fn funnel_table(counts: &Counts) -> String {
    let mut rows = vec![
        ("units found".to_owned(), counts.units_found),
        ("  linked to an issue".to_owned(), counts.linked),
        ("reconstructed".to_owned(), counts.reconstructed),
        ("accepted".to_owned(), counts.accepted),
    ];
    for (reason, number) in &counts.rejected {
        rows.push((format!("rejected: {reason}"), *number));
    }
    let rejected: u32 = counts.rejected.values().sum();
    rows.push(("accepted + rejected".to_owned(), counts.accepted + rejected));
    for (outcome, number) in &counts.executed {
        rows.push((format!("executed: {outcome}"), *number));
    }
    for (what, number) in &counts.ci {
        rows.push((format!("CI: {what}"), *number));
    }
    let width = rows.iter().map(|(label, _)| label.chars().count()).max().unwrap_or(0);
    let lines: Vec<String> =
        rows.iter().map(|(label, number)| format!("{label:width$}  {number:>7}")).collect();
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use backstory_model::Counts;

    use super::BuildReport;
    use crate::cost::Cost;

    #[test]
    fn counts_that_do_not_add_up_are_an_internal_error() {
        let counts = Counts { units_found: 3, accepted: 2, ..Counts::default() };
        let error = BuildReport::new(counts, Cost::default()).unwrap_err();
        assert!(error.to_string().contains("internal error"));
    }
}
