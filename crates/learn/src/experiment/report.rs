//! How is the experiment told?
//!
//! In: the queries and what every arm reached. Out: Markdown: the criteria, a table for
//! each split and stratum, the comparisons with their intervals and detectable effects,
//! a table by repository, and the settings. Every number is a percentage.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use backstory_model::RepoName;

use super::arm::Arm;
use super::query::Query;
use super::run::SplitResult;
use super::verdict::{Versus, comparisons, criteria};
use crate::measure::Metric;
use crate::measure::statistics::holm;
use crate::rows::Stratum;

/// Returns the report as Markdown.
pub fn markdown(queries: &[Query], results: &[SplitResult]) -> String {
    let mut text = String::from("# Localizer: trajectories against snapshots\n\n");
    text.push_str(
        "Every number is a percentage. Intervals are the wider of the paired bootstraps \
         over issues and over repositories, 2,000 draws, 95 %; `detectable` is the effect \
         seen with 80 % power. The rules are in `protocol.md`.\n\n",
    );
    told_criteria(&mut text, queries, results);
    for result in results {
        tables(&mut text, queries, result);
    }
    told_comparisons(&mut text, &comparisons(queries, results));
    for result in results {
        by_repository(&mut text, queries, result);
        settings(&mut text, result);
    }
    text
}

fn told_criteria(text: &mut String, queries: &[Query], results: &[SplitResult]) {
    text.push_str("## Criteria\n\n| | met | numbers |\n|---|---|---|\n");
    for criterion in criteria(queries, results) {
        let met = match criterion.met {
            Some(true) => "yes",
            Some(false) => "**no**",
            None => "not decided",
        };
        let _ = writeln!(text, "| {} | {met} | {} |", criterion.name, criterion.why);
    }
    text.push('\n');
}

fn tables(text: &mut String, queries: &[Query], result: &SplitResult) {
    for stratum in Stratum::ALL {
        let count =
            result.scored.iter().filter(|at| queries[**at].strata.contains(stratum)).count();
        if count == 0 {
            continue;
        }
        let _ = write!(
            text,
            "## {}: {} ({count} queries)\n\n| arm |",
            result.split.label(),
            stratum.label()
        );
        for metric in Metric::MAIN {
            let _ = write!(text, " {metric} |");
        }
        let _ = write!(text, "\n|---|{}\n", "--:|".repeat(Metric::MAIN.len()));
        for arm in result.arms.keys() {
            let _ = write!(text, "| {arm} |");
            for metric in Metric::MAIN {
                let mean = result.mean(queries, *arm, metric, stratum);
                let _ = write!(text, " {:.1} |", mean * 100.0);
            }
            text.push('\n');
        }
        text.push('\n');
    }
}

fn told_comparisons(text: &mut String, comparisons: &[Versus]) {
    text.push_str(
        "## Comparisons\n\n| split | queries | metric | arms | difference | interval | over | \
         detectable | win / tie / loss | p (Holm) | verdict |\n\
         |---|---|---|---|--:|---|---|--:|---|--:|---|\n",
    );
    let corrected = holm(&comparisons.iter().map(|one| one.comparison.p).collect::<Vec<_>>());
    for (versus, p) in comparisons.iter().zip(corrected) {
        let comparison = &versus.comparison;
        let interval = comparison.interval.map_or_else(
            || "- | -".to_owned(),
            |interval| {
                let over = format!("{:?}", interval.over).to_lowercase();
                format!("[{:+.1}, {:+.1}] | {over}", interval.low * 100.0, interval.high * 100.0)
            },
        );
        let detectable = comparison.detectable.map_or(0.0, |detectable| detectable.larger());
        let signs = comparison.by_repository;
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} - {} | {:+.1} | {interval} | {:.1} | {} / {} / {} | {p:.3} | {} |",
            versus.split.label(),
            versus.stratum.label(),
            versus.metric,
            versus.arm,
            versus.rival,
            comparison.effect * 100.0,
            detectable * 100.0,
            signs.wins,
            signs.ties,
            signs.losses,
            comparison.verdict.label(),
        );
    }
    text.push('\n');
}

fn by_repository(text: &mut String, queries: &[Query], result: &SplitResult) {
    let versus = result.versus(queries, (Arm::C, Arm::Rrf), Metric::Mrr, Stratum::All);
    if versus.is_none() {
        return;
    }
    let _ = write!(
        text,
        "## {}: MRR by repository\n\n| repository | queries | RRF | A | B | C | C - RRF |\n\
         |---|--:|--:|--:|--:|--:|--:|\n",
        result.split.label()
    );
    let repos: BTreeSet<&RepoName> = result.scored.iter().map(|at| &queries[*at].repo).collect();
    for repo in repos {
        let one = result.only(queries, repo);
        let mean = |arm| one.mean(queries, arm, Metric::Mrr, Stratum::All) * 100.0;
        let _ = writeln!(
            text,
            "| {repo} | {} | {:.1} | {:.1} | {:.1} | {:.1} | {:+.1} |",
            one.scored.len(),
            mean(Arm::Rrf),
            mean(Arm::A),
            mean(Arm::B),
            mean(Arm::C),
            mean(Arm::C) - mean(Arm::Rrf)
        );
    }
    text.push('\n');
}

fn settings(text: &mut String, result: &SplitResult) {
    let _ = write!(
        text,
        "Learned from, by fold: {:?}. Settings (leaves, votes of an issue, part of the fusion) by fold:\n\n",
        result.learned
    );
    for (arm, reached) in &result.arms {
        if reached.settings.is_empty() {
            continue;
        }
        let told: Vec<String> = reached
            .settings
            .iter()
            .map(|one| format!("{}/{}/{}", one.leaves, one.issue_votes, one.fusion))
            .collect();
        let _ = writeln!(text, "- {arm}: {}", told.join(", "));
    }
    text.push('\n');
}
