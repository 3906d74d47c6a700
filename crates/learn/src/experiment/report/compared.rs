//! Which arm is better than which, where is it worse, and does anything leak?

use backstory_report::{Cell, Column, Figure, IntervalRow, Intervals, Numbers, Page, Plot, Table};

use crate::experiment::verdict::comparisons;
use crate::experiment::{Arm, Query, Split, SplitResult, Versus};
use crate::measure::Metric;
use crate::percent::{percent, points, signed_brackets, signs};
use crate::rows::Stratum;

/// Tells every comparison.
pub(super) fn section(page: &mut Page, queries: &[Query], results: &[&SplitResult]) {
    page.section("Comparisons").text(
        "A difference whose interval holds zero and that is below the detectable effect is \
         underpowered: nothing was shown, neither an effect nor its absence. Grey marks what \
         could not be detected.",
    );
    for result in results {
        let found = comparisons(queries, std::slice::from_ref(*result));
        let drawn = |one: &&Versus| one.metric == Metric::Mrr && one.stratum == Stratum::All;
        let rows: Vec<IntervalRow> = found.iter().filter(drawn).map(row).collect();
        page.figure(Figure {
            caption: format!("Differences of MRR, {}.", result.split.label()),
            plot: Plot::Intervals(Intervals { axis: "MRR, points".to_owned(), rows }),
            numbers: Numbers::Elsewhere,
        });
    }
    table(page, queries, results);
}

fn row(versus: &Versus) -> IntervalRow {
    let found = &versus.comparison;
    IntervalRow {
        label: format!("{} - {}", versus.arm, versus.rival),
        effect: found.effect * 100.0,
        interval: found.interval.map(|one| (one.low * 100.0, one.high * 100.0)),
        detectable: found.detectable.map(|one| one.larger() * 100.0),
    }
}

/// Tells comparisons as a table.
pub(super) fn table(page: &mut Page, queries: &[Query], results: &[&SplitResult]) {
    let mut table = columns();
    for result in results {
        for versus in comparisons(queries, std::slice::from_ref(*result)) {
            told(&mut table, &versus);
        }
    }
    page.table(table);
}

fn columns() -> Table {
    let first = [Column::text("split"), Column::text("queries"), Column::text("metric")];
    let last = [Column::number("repositories won / tied / lost"), Column::text("verdict")];
    Table::new(first.into_iter().chain(difference_columns()).chain(last))
}

/// Returns the columns of [`difference`].
pub(super) fn difference_columns() -> [Column; 5] {
    [
        Column::text("arms"),
        Column::number("n"),
        Column::number("difference"),
        Column::number("interval"),
        Column::number("detectable"),
    ]
}

/// Tells by how much two arms differ.
pub(super) fn difference(versus: &Versus) -> [Cell; 5] {
    let found = &versus.comparison;
    [
        Cell::from(format!("{} - {}", versus.arm, versus.rival)),
        Cell::from(found.issues.to_string()),
        Cell::strong(points(found.effect)),
        Cell::from(found.interval.map_or_else(String::new, signed_brackets)),
        Cell::from(found.detectable.map_or("-".to_owned(), |one| percent(one.larger()))),
    ]
}

fn told(table: &mut Table, versus: &Versus) {
    let found = &versus.comparison;
    let first = [
        Cell::from(versus.split.label()),
        Cell::from(versus.stratum.label()),
        Cell::from(versus.metric.to_string()),
    ];
    let last = [Cell::from(signs(found.by_repository)), Cell::from(found.verdict.label())];
    table.row(first.into_iter().chain(difference(versus)).chain(last));
}

/// Tells where process data help least, whatever came out.
pub(super) fn negative_slices(page: &mut Page, queries: &[Query], results: &[&SplitResult]) {
    const SLICES: [(Arm, Arm, Metric, Stratum); 4] = [
        (Arm::C, Arm::Rrf, Metric::Hit(1), Stratum::Named),
        (Arm::C, Arm::Rrf, Metric::Acc(5), Stratum::Several),
        (Arm::B, Arm::Rrf, Metric::Acc(5), Stratum::All),
        (Arm::C, Arm::A, Metric::Mrr, Stratum::Named),
    ];
    page.section("Negative slices").text(
        "Where process data should help least: issues that name the file, several gold files, \
         labels without process features at acc@5; then every repository in which C is below \
         RRF by MRR.",
    );
    let mut slices = columns();
    let mut worse = Table::new([
        Column::text("split"),
        Column::text("repository"),
        Column::number("n"),
        Column::number("C - RRF, MRR"),
    ]);
    for result in results {
        let versus =
            |(arm, rival, metric, stratum)| result.versus(queries, (arm, rival), metric, stratum);
        let found = SLICES.into_iter().filter_map(versus);
        found.filter(|versus| versus.comparison.issues > 0).for_each(|versus| {
            told(&mut slices, &versus);
        });
        if !result.arms.contains_key(&Arm::C) || !result.arms.contains_key(&Arm::Rrf) {
            continue;
        }
        for repo in result.repositories(queries) {
            let one = result.only(queries, repo);
            let mean = |arm| one.mean(queries, arm, Metric::Mrr, Stratum::All);
            let gain = mean(Arm::C) - mean(Arm::Rrf);
            if gain < 0.0 {
                worse.row([
                    Cell::from(result.split.label()),
                    Cell::from(repo.to_string()),
                    Cell::from(one.scored.len().to_string()),
                    Cell::from(points(gain)),
                ]);
            }
        }
    }
    page.table(slices).table(worse);
}

/// Tells what must not help, and whether it does.
pub(super) fn controls(page: &mut Page, queries: &[Query], results: &[SplitResult]) {
    page.section("Leakage checks").text(
        "Gold of another query must lead nowhere, a permuted or a foreign past must be worth no \
         more than none. What is found otherwise says that something leaks.",
    );
    let mut table = Table::new([
        Column::text("split"),
        Column::text("control"),
        Column::text("must be"),
        Column::number("MRR"),
        Column::number("of the other"),
        Column::number("interval of the difference"),
        Column::text("verdict"),
    ]);
    for result in results {
        for (control, other, must) in [
            (Arm::CShuffled, Arm::Bm25, Must::FarBelow),
            (Arm::CPermuted, Arm::B, Must::NotAbove),
            (Arm::CForeign, Arm::B, Must::NotAbove),
        ] {
            if let Some(cells) = control_row(queries, result, control, other, must) {
                table.row(cells);
            }
        }
    }
    page.table(table);
    page.text(
        "Planted leaks are found by the tests of the program: history by date instead of \
         ancestry, a picked twin of the fix among the ancestors, files of another commit, the \
         test of the fix in a query without test, hints, one text on both sides, executions of \
         the state with the fix.",
    );
}

/// What a control must be beside another arm.
#[derive(Clone, Copy)]
enum Must {
    /// Below half of it.
    FarBelow,
    /// Not above it: the interval of the difference holds zero or lies below.
    NotAbove,
}

fn control_row(
    queries: &[Query],
    result: &SplitResult,
    control: Arm,
    other: Arm,
    must: Must,
) -> Option<[Cell; 7]> {
    let (metric, stratum) = (Metric::Mrr, Stratum::All);
    let versus = result.versus(queries, (control, other), metric, stratum)?;
    let mean = |arm| result.mean(queries, arm, metric, stratum);
    let interval = versus.comparison.interval;
    let (holds, words) = match must {
        Must::FarBelow => (mean(control) < mean(other) / 2.0, format!("below half of {other}")),
        Must::NotAbove => {
            let holds = interval.is_none_or(|one| one.low <= 0.0);
            (holds, format!("not above {other}"))
        }
    };
    // Queries in the words of the change name its files in ways that no label teaches.
    let verdict = if holds {
        Cell::from("holds")
    } else if result.split == Split::Units {
        Cell::strong("look: it may leak")
    } else {
        Cell::strong("leaks")
    };
    Some([
        Cell::from(result.split.label()),
        Cell::from(control.to_string()),
        Cell::from(words),
        Cell::from(percent(mean(control))),
        Cell::from(percent(mean(other))),
        Cell::from(interval.map_or_else(String::new, signed_brackets)),
        verdict,
    ])
}
