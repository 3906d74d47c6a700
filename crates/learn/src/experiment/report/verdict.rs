//! What was won, in the order of the protocol?

use backstory_report::{Cell, Column, Page, Table};

use super::Told;
use crate::experiment::verdict::{Criterion, criteria, primary};
use crate::percent::{percent, points, signed_brackets};

/// Tells the criteria, and the four comparisons that are corrected together.
pub(super) fn section(page: &mut Page, told: &Told<'_>) {
    let criteria = criteria(told.queries, told.results);
    page.section("Verdict").text(sentence(&criteria));
    let mut table =
        Table::new([Column::text(""), Column::text("met"), Column::text("what decides")]);
    for criterion in criteria {
        let met = match criterion.met {
            Some(true) => Cell::from("yes"),
            Some(false) => Cell::strong("no"),
            None => Cell::from("not decided"),
        };
        table.row([Cell::from(criterion.name), met, Cell::from(criterion.why)]);
    }
    page.table(table);
    corrected(page, told);
}

fn sentence(criteria: &[Criterion]) -> String {
    let of = |met: Option<bool>| {
        let names: Vec<&str> =
            criteria.iter().filter(|one| one.met == met).map(|one| one.name).collect();
        if names.is_empty() { "none".to_owned() } else { names.join(", ") }
    };
    format!(
        "Met: {}. Failed: {}. Not decided by these data: {}.",
        of(Some(true)),
        of(Some(false)),
        of(None)
    )
}

fn corrected(page: &mut Page, told: &Told<'_>) {
    let primary = primary(told.queries, told.results);
    if primary.is_empty() {
        return;
    }
    page.text(
        "The primary comparisons: C against the best of BM25, RRF, RRF+H and A on issues that \
         name no gold file. Holm's correction is over these and no others.",
    );
    let mut table = Table::new([
        Column::text("split"),
        Column::text("metric"),
        Column::text("arms"),
        Column::number("n"),
        Column::number("difference"),
        Column::number("interval"),
        Column::number("detectable"),
        Column::number("p (Holm)"),
        Column::text("verdict"),
    ]);
    for (versus, p) in primary {
        let found = &versus.comparison;
        table.row([
            Cell::from(versus.split.label()),
            Cell::from(versus.metric.to_string()),
            Cell::from(format!("{} - {}", versus.arm, versus.rival)),
            Cell::from(found.issues.to_string()),
            Cell::strong(points(found.effect)),
            Cell::from(found.interval.map_or_else(String::new, signed_brackets)),
            Cell::from(found.detectable.map_or("-".to_owned(), |one| percent(one.larger()))),
            Cell::from(format!("{p:.3}")),
            Cell::from(found.verdict.label()),
        ]);
    }
    page.table(table);
}
