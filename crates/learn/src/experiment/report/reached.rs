//! What did every arm reach?

use backstory_report::{Bars, Cell, Column, Figure, Numbers, Page, Plot, Series, Table};

use crate::experiment::{Arm, Query, SplitResult};
use crate::measure::Metric;
use crate::percent::{percent, points, signs};
use crate::rows::Stratum;

/// What the bars show.
const DRAWN: [Metric; 3] = [Metric::Mrr, Metric::Hit(1), Metric::Acc(5)];

/// The arms of the table by repository.
const BY_REPOSITORY: [Arm; 7] =
    [Arm::Rrf, Arm::A, Arm::B, Arm::C, Arm::RrfTestCochange, Arm::E, Arm::F];

/// Tells the main table of every split.
pub(super) fn main(page: &mut Page, queries: &[Query], results: &[&SplitResult]) {
    for result in results {
        page.section(heading(result));
        table(page, queries, result, Stratum::All);
        page.figure(Figure {
            caption: format!("What every arm reaches, {}.", result.split.label()),
            plot: Plot::Bars(bars(queries, result)),
            numbers: Numbers::Elsewhere,
        });
    }
}

fn heading(result: &SplitResult) -> String {
    let mut label = result.split.label().to_owned();
    label[..1].make_ascii_uppercase();
    label
}

fn bars(queries: &[Query], result: &SplitResult) -> Bars {
    let series = |metric: Metric| Series {
        name: metric.to_string(),
        values: result
            .arms
            .keys()
            .map(|arm| result.mean(queries, *arm, metric, Stratum::All) * 100.0)
            .collect(),
    };
    Bars {
        axis: "%".to_owned(),
        rows: result.arms.keys().map(ToString::to_string).collect(),
        series: DRAWN.map(series).into(),
    }
}

/// Tells every metric of every arm on a stratum.
pub(super) fn table(page: &mut Page, queries: &[Query], result: &SplitResult, stratum: Stratum) {
    let metrics = Metric::MAIN.iter().map(|metric| Column::number(metric.to_string()));
    let first = [Column::text("arm"), Column::number("n")];
    let mut table = Table::new(first.into_iter().chain(metrics));
    for (arm, reached) in &result.arms {
        let scored = result.scored.iter().zip(&reached.metrics);
        let inside = scored.filter(|(at, _)| queries[**at].strata.contains(stratum));
        let count = inside.filter(|(_, metrics)| metrics.is_some()).count();
        if count == 0 {
            continue;
        }
        let mean = |metric| Cell::from(percent(result.mean(queries, *arm, metric, stratum)));
        let first = [Cell::from(arm.to_string()), Cell::from(count.to_string())];
        table.row(first.into_iter().chain(Metric::MAIN.into_iter().map(mean)));
    }
    page.table(table);
}

/// Tells the strata of every split.
pub(super) fn strata(page: &mut Page, queries: &[Query], results: &[&SplitResult]) {
    page.section("Strata").text(
        "An issue names a gold file by its path, its module, its last two path parts or its \
         base name. The pooled numbers hide how much that gives away.",
    );
    for result in results {
        for stratum in Stratum::ALL.into_iter().filter(|stratum| *stratum != Stratum::All) {
            if result.scored.iter().any(|at| queries[*at].strata.contains(stratum)) {
                page.heading(format!("{}: {}", result.split.label(), stratum.label()));
                table(page, queries, result, stratum);
            }
        }
    }
}

/// Tells the MRR of every repository.
pub(super) fn by_repository(page: &mut Page, queries: &[Query], results: &[&SplitResult]) {
    page.section("By repository").text("MRR. Repositories with few rows swing widely.");
    for result in results {
        let arms: Vec<Arm> =
            BY_REPOSITORY.into_iter().filter(|arm| result.arms.contains_key(arm)).collect();
        let pair = (Arm::C, Arm::Rrf);
        let Some(versus) = result.versus(queries, pair, Metric::Mrr, Stratum::All) else {
            continue;
        };
        page.heading(result.split.label());
        page.text(format!(
            "C over RRF, by repository: {} (won / tied / lost).",
            signs(versus.comparison.by_repository)
        ));
        let names = arms.iter().map(|arm| Column::number(arm.to_string()));
        let first = [Column::text("repository"), Column::number("n")];
        let columns = first.into_iter().chain(names).chain([Column::number("C - RRF")]);
        let mut table = Table::new(columns);
        for repo in result.repositories(queries) {
            let one = result.only(queries, repo);
            let mean = |arm| one.mean(queries, arm, Metric::Mrr, Stratum::All);
            let first = [Cell::from(repo.to_string()), Cell::from(one.scored.len().to_string())];
            let means = arms.iter().map(|arm| Cell::from(percent(mean(*arm))));
            let gain = Cell::from(points(mean(Arm::C) - mean(Arm::Rrf)));
            table.row(first.into_iter().chain(means).chain([gain]));
        }
        page.table(table);
    }
}

/// Tells what was learned from and with which setting.
pub(super) fn settings(page: &mut Page, results: &[SplitResult]) {
    page.section("Settings").text(
        "Leaves, votes of an issue and the part of the fusion, by fold, chosen on the training \
         side alone.",
    );
    for result in results {
        let learned: Vec<String> = result.learned.iter().map(ToString::to_string).collect();
        page.heading(result.split.label());
        page.text(format!("Queries learned from, by fold: {}.", learned.join(", ")));
        let mut table = Table::new([Column::text("arm"), Column::text("settings")]);
        for (arm, reached) in &result.arms {
            let settings = reached
                .settings
                .iter()
                .map(|one| format!("{}/{}/{}", one.leaves, one.issue_votes, one.fusion));
            let settings: Vec<String> = settings.collect();
            if !settings.is_empty() {
                table.row([Cell::from(arm.to_string()), Cell::from(settings.join(", "))]);
            }
        }
        page.table(table);
    }
}
