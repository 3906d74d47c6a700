//! How is the experiment told?
//!
//! In: the queries, what every arm reached, and what is known beside it. Out: a page:
//! the criteria first, then tables, comparisons with their intervals and detectable
//! effects, controls, the data, and what was not shown. Every number is a percentage.

mod compared;
mod manifest;
mod reached;
mod verdict;

use backstory_report::{Curve, Curves};
use backstory_report::{Figure, Numbers, Page, Plot, Point};

use super::arm::Arm;
use super::query::{Query, Source};
use super::run::SplitResult;
use super::split::Split;
use crate::measure::Metric;
use crate::measure::statistics::Interval;

/// What the page tells.
#[derive(Clone, Copy, Debug, Default)]
pub struct Told<'a> {
    /// Every query.
    pub queries: &'a [Query],
    /// What every arm reached.
    pub results: &'a [SplitResult],
    /// What arms reach with fewer queries; may be empty.
    pub curve: &'a [CurvePoint],
    /// The files that the queries were read from.
    pub files: &'a [SourceFile],
    /// Queries that could not be measured, each with its reason.
    pub dropped: &'a [String],
    /// What runs it again.
    pub command: Option<&'a str>,
}

/// What an arm reached with a part of the queries it could learn from.
#[derive(Clone, Debug, PartialEq)]
pub struct CurvePoint {
    /// The arm.
    pub arm: Arm,
    /// The split.
    pub split: Split,
    /// The metric.
    pub metric: Metric,
    /// How many queries were learned from, over all folds on average.
    pub learned: f64,
    /// What was reached.
    pub mean: f64,
    /// Its interval.
    pub interval: Option<Interval>,
}

/// A file that numbers come from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SourceFile {
    /// Its name.
    pub name: String,
    /// How many bytes it has.
    pub bytes: u64,
    /// The digest of its content.
    pub sha256: String,
}

/// Returns the page.
pub fn report(told: &Told<'_>) -> Page {
    let Told { queries, results, .. } = *told;
    let mut page = Page::new("Localizer: trajectories against snapshots");
    page.text(
        "Every number is a percentage, every difference is in points. Intervals are the wider \
         of the paired bootstraps over issues, in [brackets], and over repositories, in \
         {braces}: 2,000 draws, 95 %. Beside each stands the detectable effect: what would be \
         seen with 80 % power. The rules are those of the protocol, written before the first \
         result.",
    );
    verdict::section(&mut page, told);
    let (others, primary): (Vec<&SplitResult>, Vec<&SplitResult>) =
        results.iter().partition(|result| result.split == Split::Units);
    reached::main(&mut page, queries, &primary);
    compared::section(&mut page, queries, &primary);
    reached::by_repository(&mut page, queries, &primary);
    reached::strata(&mut page, queries, &primary);
    for units in others {
        units_section(&mut page, queries, units);
    }
    compared::negative_slices(&mut page, queries, &primary);
    curve(&mut page, told.curve);
    compared::controls(&mut page, queries, results);
    reached::settings(&mut page, results);
    manifest::section(&mut page, told);
    manifest::not_shown(&mut page, told);
    page
}

/// Tells of units apart: most of them ask in the words of the change.
fn units_section(page: &mut Page, queries: &[Query], units: &SplitResult) {
    const KINDS: [(Source, &str); 2] = [
        (Source::PseudoIssue, "Units without issue text"),
        (Source::Issue, "Units with issue text"),
    ];
    for (source, heading) in KINDS {
        let some = kept(units, |at| queries[at].source == source);
        if some.scored.is_empty() {
            continue;
        }
        page.section(heading);
        if source == Source::PseudoIssue {
            page.text(
                "They ask in the words of the change, written with knowledge of the fix: what is \
                 reached here says nothing about issues.",
            );
        }
        reached::table(page, queries, &some, crate::rows::Stratum::All);
        compared::table(page, queries, &[&some]);
    }
}

fn curve(page: &mut Page, points: &[CurvePoint]) {
    if points.is_empty() {
        return;
    }
    page.section("Learning curve");
    let mut kinds: Vec<(Split, Metric)> =
        points.iter().map(|point| (point.split, point.metric)).collect();
    kinds.sort_unstable();
    kinds.dedup();
    for (split, metric) in kinds {
        let mut curves: Vec<(Arm, Vec<Point>)> = Vec::new();
        for one in points.iter().filter(|one| (one.split, one.metric) == (split, metric)) {
            let band = one.interval.map(|interval| (interval.low * 100.0, interval.high * 100.0));
            let point = Point { x: one.learned, y: one.mean * 100.0, band };
            match curves.iter_mut().find(|(arm, _)| *arm == one.arm) {
                Some((_, points)) => points.push(point),
                None => curves.push((one.arm, vec![point])),
            }
        }
        let curve = |(arm, points): (Arm, Vec<Point>)| Curve { name: arm.to_string(), points };
        page.figure(Figure {
            caption: format!("{metric}, {}, by queries learned from.", split.label()),
            plot: Plot::Curves(Curves {
                across: "queries learned from".to_owned(),
                upward: format!("{metric}, %"),
                curves: curves.into_iter().map(curve).collect(),
            }),
            numbers: Numbers::Beside,
        });
    }
}

/// Returns a split with some of its queries.
fn kept(result: &SplitResult, keep: impl Fn(usize) -> bool) -> SplitResult {
    let places: Vec<usize> =
        (0..result.scored.len()).filter(|at| keep(result.scored[*at])).collect();
    let mut some = result.clone();
    some.scored = places.iter().map(|at| result.scored[*at]).collect();
    for reached in some.arms.values_mut() {
        reached.metrics =
            places.iter().filter_map(|at| reached.metrics.get(*at).copied()).collect();
    }
    some
}
