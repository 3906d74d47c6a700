//! How do the arms grow with more queries?
//!
//! In: the queries and what every arm reached by repository. Out: what some arms reach
//! when they learn from an eighth, a quarter and half of the same queries, with the
//! setting that all of them chose and one seed; the last point is the experiment's own.

use rayon::prelude::*;

use super::arm::Arm;
use super::fit::{Lesson, fit};
use super::query::Query;
use super::report::CurvePoint;
use super::run::{ArmResult, Bench, Metrics, SplitResult};
use super::split::{Fold, Split};
use crate::measure::Metric;
use crate::number::real;
use crate::rank::GroupError;
use crate::rows::Stratum;
use crate::seed::Seed;

/// The arms that are drawn.
const ARMS: [Arm; 3] = [Arm::A, Arm::B, Arm::C];
/// Every so many-th query is learned from.
const STEPS: [usize; 3] = [8, 4, 2];

/// Returns the points of the learning curves by MRR, fewest queries first.
///
/// Empty where the experiment did not run by repository.
pub fn learning_curve(
    queries: &[Query],
    results: &[SplitResult],
) -> Result<Vec<CurvePoint>, GroupError> {
    let Some(whole) = results.iter().find(|result| result.split == Split::Repositories) else {
        return Ok(Vec::new());
    };
    let bench = Bench::of(queries);
    let folds = whole.split.folds(queries);
    let curves: Vec<Vec<CurvePoint>> = ARMS
        .par_iter()
        .map(|arm| one(&bench, queries, whole, (*arm, &folds)))
        .collect::<Result<_, _>>()?;
    Ok(curves.into_iter().flatten().collect())
}

fn one(
    bench: &Bench<'_>,
    queries: &[Query],
    whole: &SplitResult,
    (arm, folds): (Arm, &[Fold]),
) -> Result<Vec<CurvePoint>, GroupError> {
    let (Some(told), Some(reached)) = (arm.trained(), whole.arms.get(&arm)) else {
        return Ok(Vec::new());
    };
    let pupil = bench.pupil(arm, told, folds.iter());
    let mut points = Vec::new();
    for step in STEPS {
        let mut metrics: Vec<Option<Metrics>> = Vec::new();
        let mut learned = 0;
        for (fold, setting) in folds.iter().zip(&reached.settings) {
            let lessons: Vec<&Lesson> =
                bench.lessons(&pupil, fold).into_iter().step_by(step).collect();
            learned += lessons.len();
            let models = fit(&lessons, pupil.sight, *setting, &[Seed::of(&["curve"])])?;
            metrics.extend(bench.reached(&pupil, fold, &models));
        }
        let part = ArmResult { metrics, settings: Vec::new() };
        let part = SplitResult { arms: [(arm, part)].into(), ..whole.clone() };
        points.push(point(&part, queries, arm, real(learned) / real(folds.len().max(1))));
    }
    let all: usize = folds.iter().map(|fold| bench.lessons(&pupil, fold).len()).sum();
    points.push(point(whole, queries, arm, real(all) / real(folds.len().max(1))));
    Ok(points)
}

fn point(result: &SplitResult, queries: &[Query], arm: Arm, learned: f64) -> CurvePoint {
    let metric = Metric::Mrr;
    CurvePoint {
        arm,
        split: result.split,
        metric,
        learned,
        mean: result.mean(queries, arm, metric, Stratum::All),
        interval: None,
    }
}
