//! What does a build say when it is done?
//!
//! In: the manifest of a run. Out: the funnel and the quality of links, as text for
//! the terminal, as the `report.md` of the run, and as one JSON object for programs.

use std::collections::BTreeMap;

use backstory_model::{Counts, LinkReport, RepoName, RunManifest};
use serde::Serialize;

use super::funnel::{rows, with_ci};
use super::links::{self, LinksInJson};
use crate::Failure;
use crate::cost::Cost;

/// What a build ends with.
#[derive(Clone, Debug, PartialEq)]
pub struct BuildReport {
    /// The funnel.
    pub counts: Counts,
    /// How far the links of each repository reach, and how good they are.
    pub links: BTreeMap<RepoName, LinkReport>,
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
    #[serde(skip_serializing_if = "Option::is_none")]
    with_pull: Option<u32>,
    with_ci: u32,
    shares: Shares,
    reconstructed: u32,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    executed: &'a BTreeMap<String, u32>,
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    ci: &'a BTreeMap<String, u32>,
    links: BTreeMap<&'a RepoName, LinksInJson<'a>>,
    cpu_seconds: f64,
    peak_rss_mb: f64,
}

/// The shares of all units; absent where there are none.
#[derive(Serialize)]
struct Shares {
    linked: Option<f64>,
    with_pull: Option<f64>,
    with_ci: Option<f64>,
}

impl BuildReport {
    /// Checks that the counts add up.
    pub(crate) fn new(manifest: RunManifest, cost: Cost) -> Result<Self, Failure> {
        let RunManifest { counts, links, .. } = manifest;
        let rejected: u32 = counts.rejected.values().sum();
        if counts.units_found != counts.accepted + rejected {
            return Err(Failure::new(format!(
                "internal error: {} units found, but {} accepted and {rejected} rejected",
                counts.units_found, counts.accepted
            ))
            .hint("please report it; the run cannot be trusted"));
        }
        let Cost { cpu_seconds, peak_rss_mb } = cost.rounded();
        Ok(Self { counts, links, cpu_seconds, peak_rss_mb, broken_records: 0 })
    }

    pub(super) fn with_broken_records(self, broken_records: usize) -> Self {
        Self { broken_records, ..self }
    }

    /// Draws the funnel and the quality of links for the terminal.
    pub fn table(&self) -> String {
        let rows = rows(&self.counts);
        let width = rows.iter().map(|row| row.label.chars().count()).max().unwrap_or(0);
        let mut lines: Vec<String> = Vec::new();
        for row in rows {
            let share = row.share.map_or_else(String::new, |share| format!("  {share:>7}"));
            lines.push(format!("{:width$}  {:>7}{share}", row.label, row.number));
        }
        for (repo, report) in &self.links {
            for table in links::tables(report) {
                lines.push(format!("\nlinks of {repo} to issues: {}", table.caption));
                lines.extend(table.plain());
            }
        }
        lines.join("\n")
    }

    /// Returns the report as one line of JSON.
    pub fn to_json(&self) -> Result<String, Failure> {
        let counts = &self.counts;
        let share = |part: u32| links::rounded(part, counts.units_found);
        let with_ci = with_ci(counts);
        let summary = Summary {
            units_found: counts.units_found,
            accepted: counts.accepted,
            rejected: &counts.rejected,
            small_units: counts.small_units,
            small_accepted: counts.small_accepted,
            test_source_units: counts.test_source_units,
            small_test_source_units: counts.small_test_source_units,
            linked: counts.linked,
            with_pull: counts.with_pull,
            with_ci,
            shares: Shares {
                linked: share(counts.linked),
                with_pull: counts.with_pull.and_then(share),
                with_ci: share(with_ci),
            },
            reconstructed: counts.reconstructed,
            executed: &counts.executed,
            ci: &counts.ci,
            links: self.links.iter().map(|(repo, of)| (repo, LinksInJson::of(of))).collect(),
            cpu_seconds: self.cpu_seconds,
            peak_rss_mb: self.peak_rss_mb,
        };
        serde_json::to_string(&summary)
            .map_err(|error| Failure::of(error, "failed to write the counts"))
    }
}

/// Writes the report that a run holds. It names no cost, no machine and no time, so
/// that equal input gives equal bytes.
pub(super) fn markdown(manifest: &RunManifest) -> String {
    let mut lines = vec![format!("# Report of a run\n\nMade by {}.\n", manifest.tool)];
    for (repo, head) in &manifest.repositories {
        lines.push(format!("- `{repo}` up to commit `{head}`"));
    }
    lines.push("\n## Where every unit went\n\n| | units | share |\n|---|--:|--:|".to_owned());
    for row in rows(&manifest.counts) {
        let share = row.share.unwrap_or_default();
        lines.push(format!("| {} | {} | {share} |", row.label.trim_start(), row.number));
    }
    lines.push("\n## Links to issues".to_owned());
    for (repo, report) in &manifest.links {
        for table in links::tables(report) {
            lines.push(format!("\n`{repo}`: {}.\n\n{}", table.caption, table.markdown()));
        }
    }
    lines.join("\n") + "\n"
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use backstory_model::{
        Counts, LinkMethod, LinkReport, LinkTruth, PairCount, RepoName, RunManifest, RunOptions,
        SchemaVersion, TruthScore,
    };

    use super::{BuildReport, markdown};
    use crate::cost::Cost;

    fn manifest(counts: Counts) -> RunManifest {
        RunManifest {
            schema: SchemaVersion::CURRENT,
            tool: "backstory test".to_owned(),
            repositories: BTreeMap::new(),
            records: None,
            options: RunOptions::default(),
            snapshots: None,
            counts,
            links: BTreeMap::new(),
            files: BTreeMap::new(),
        }
    }

    /// A run with a changelog that names many pairs, one that names two, and one without.
    fn judged() -> RunManifest {
        use LinkMethod::{Changelog, ClosingKeyword, Mention};
        let pairs = |found, agreeing| PairCount { found, agreeing };
        let score = TruthScore {
            true_pairs: 120,
            methods: [(ClosingKeyword, pairs(48, 46)), (Mention, pairs(22, 16))].into(),
            without_mentions: pairs(48, 46),
            together: pairs(70, 62),
        };
        let methods = [(ClosingKeyword, 90), (Mention, 40), (Changelog, 200)].into();
        let judged = [(LinkTruth::Changelog, score)].into();
        let click = LinkReport { units: 1000, linked: 300, methods, judged };
        let methods = [(Mention, 1)].into();
        let toy = LinkReport { units: 4, linked: 1, methods, judged: BTreeMap::new() };
        let counts = Counts {
            units_found: 1004,
            linked: 301,
            with_pull: Some(502),
            accepted: 1004,
            ci: [("known".to_owned(), 251), ("told".to_owned(), 7)].into(),
            ..Counts::default()
        };
        let name = |name: &str| RepoName::parse(name).unwrap();
        let few = TruthScore { true_pairs: 2, ..TruthScore::default() };
        let judged = [(LinkTruth::Changelog, few)].into();
        let odd = LinkReport { judged, ..toy.clone() };
        let links =
            [(name("acme/click"), click), (name("acme/odd"), odd), (name("acme/toy"), toy)].into();
        RunManifest { links, ..manifest(counts) }
    }

    #[test]
    fn counts_that_do_not_add_up_are_an_internal_error() {
        let counts = Counts { units_found: 3, accepted: 2, ..Counts::default() };
        let error = BuildReport::new(manifest(counts), Cost::default()).unwrap_err();
        assert!(error.to_string().contains("internal error"));
    }

    #[test]
    fn links_are_judged_where_people_wrote_down_pairs() {
        let report = BuildReport::new(judged(), Cost::default()).unwrap();
        insta::assert_snapshot!(report.table());
    }

    #[test]
    fn the_report_of_a_run_is_markdown() {
        insta::assert_snapshot!(markdown(&judged()));
    }

    #[test]
    fn programs_read_precision_and_recall_as_numbers() {
        let report = BuildReport::new(judged(), Cost::default()).unwrap();
        let json: serde_json::Value = serde_json::from_str(&report.to_json().unwrap()).unwrap();
        insta::assert_snapshot!(serde_json::to_string_pretty(&json["links"]).unwrap());
        assert_eq!(json["shares"]["with_ci"], 0.25);
    }

    #[test]
    fn a_run_that_does_not_say_how_many_have_a_pull_request_is_reported_without() {
        let counts = Counts { units_found: 1, accepted: 1, ..Counts::default() };
        let report = BuildReport::new(manifest(counts), Cost::default()).unwrap();
        assert!(!report.table().contains("pull request"));
        assert!(!report.to_json().unwrap().contains("with_pull\":0"));
    }
}
