//! What is said about an audited run?
//!
//! In: findings and counts. Out: a text for people; the struct itself is for
//! machines.

use std::collections::BTreeMap;
use std::fmt::{self, Display};

use backstory_model::{CommitId, RepoName, Tier};
use serde::Serialize;

use super::finding::{Checked, Finding};

/// The outcome of the audit of a run.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct AuditReport {
    /// The repositories it was audited against, each with the head of its mainline.
    pub repositories: BTreeMap<RepoName, CommitId>,
    /// Files compared with the manifest.
    pub files: u64,
    /// Blobs hashed again.
    pub blobs: u64,
    /// Units of the log.
    pub units: u64,
    /// Units with a trajectory.
    pub accepted: u64,
    /// What was checked inside the trajectories.
    pub checked: Checked,
    /// The first findings: about files first, then in the order of the log, then
    /// about the accounts.
    pub findings: Vec<Finding>,
    /// How many findings there are in all.
    pub total_findings: u64,
}

impl AuditReport {
    /// How many findings are kept.
    pub const KEPT: usize = 10_000;

    /// Returns true when nothing was found.
    pub fn is_clean(&self) -> bool {
        self.total_findings == 0
    }

    /// Writes the report with at most this many findings.
    pub fn render(&self, most: usize) -> String {
        let mut out = String::new();
        // Writing to a string cannot fail.
        let _ = self.write(&mut out, most);
        out
    }

    fn write(&self, out: &mut impl fmt::Write, most: usize) -> fmt::Result {
        for finding in self.findings.iter().take(most) {
            writeln!(out, "{finding}\n")?;
        }
        let more = self.total_findings.saturating_sub(most as u64);
        if more > 0 {
            writeln!(out, "… and {more} more\n")?;
        }
        self.write_totals(out)
    }

    fn write_totals(&self, out: &mut impl fmt::Write) -> fmt::Result {
        let checked = &self.checked;
        writeln!(out, "{:<24}{:>12}", "files", self.files)?;
        writeln!(out, "{:<24}{:>12}", "blobs", self.blobs)?;
        writeln!(out, "{:<24}{:>12}", "units", self.units)?;
        writeln!(out, "{:<24}{:>12}", "trajectories", checked.trajectories)?;
        writeln!(out, "{:<24}{:>12}", "steps", checked.steps)?;
        writeln!(out, "{:<24}{:>12}", "authored states", checked.states)?;
        writeln!(out, "{:<24}{:>12}", "patches", checked.patches)?;
        if checked.executions > 0 {
            writeln!(out, "{:<24}{:>12}", "executions", checked.executions)?;
        }
        let parts = [
            ("choices", &checked.choices),
            ("observations", &checked.observations),
            ("thoughts", &checked.thoughts),
        ];
        for (part, tiers) in parts {
            for tier in [Tier::Observed, Tier::Executed, Tier::Derived, Tier::Synthesized] {
                if let Some(count) = tiers.get(&tier) {
                    writeln!(out, "{:<24}{count:>12}", format!("{part}, {}", tier.as_str()))?;
                }
            }
        }
        for (rule, count) in self.by_rule() {
            writeln!(out, "{:<24}{count:>12}", format!("broken: {rule}"))?;
        }
        writeln!(out, "{:<24}{:>12}", "findings", self.total_findings)
    }

    /// Counts the kept findings by rule.
    fn by_rule(&self) -> BTreeMap<&str, u64> {
        let mut rules = BTreeMap::new();
        for finding in &self.findings {
            *rules.entry(finding.rule.as_str()).or_default() += 1;
        }
        rules
    }
}

impl Display for AuditReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write(f, 20)
    }
}
