//! What was won, in the order of the protocol?

use backstory_report::{Cell, Column, Page, Table};

use super::Told;
use super::compared::{difference, difference_columns};
use crate::experiment::verdict::{Criterion, criteria, primary};

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
    let first = [Column::text("split"), Column::text("metric")];
    let last = [Column::number("p (Holm)"), Column::text("verdict")];
    let mut table = Table::new(first.into_iter().chain(difference_columns()).chain(last));
    for (versus, p) in primary {
        let first = [Cell::from(versus.split.label()), Cell::from(versus.metric.to_string())];
        let verdict = versus.comparison.verdict.label();
        let last = [Cell::from(format!("{p:.3}")), Cell::from(verdict)];
        table.row(first.into_iter().chain(difference(&versus)).chain(last));
    }
    page.table(table);
}
