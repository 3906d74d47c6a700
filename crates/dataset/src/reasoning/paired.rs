//! Between which values would a mean difference lie in another sample?
//!
//! In: one difference for each step, with its repository. Out: the mean and two percentile
//! intervals: over as many steps drawn with replacement, and over as many repositories
//! with all their steps. Each draw has its own seed, so the same sample gives the same.

use std::collections::BTreeMap;

use backstory_model::seed::Seed;

/// How often a sample is drawn.
pub const DRAWS: u64 = 2_000;

/// The part of the draws outside of an interval, on each side.
const TAIL: f64 = 0.025;

/// A mean difference.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Difference {
    /// Steps.
    pub steps: usize,
    /// The mean.
    pub mean: f64,
    /// Where it lies in 95 % of the draws of steps.
    pub over_steps: (f64, f64),
    /// The same over repositories; `None` where there is only one.
    pub over_repositories: Option<(f64, f64)>,
}

impl Difference {
    /// Compares steps, each with its repository; `None` without any.
    pub fn of(differences: &[(&str, f64)]) -> Option<Self> {
        let steps = differences.len();
        let sum: f64 = differences.iter().map(|(_, value)| value).sum();
        let mean = (steps > 0).then(|| sum / real(steps))?;
        let single: Vec<(usize, f64)> = differences.iter().map(|(_, value)| (1, *value)).collect();
        let mut by_name: BTreeMap<&str, (usize, f64)> = BTreeMap::new();
        for (name, value) in differences {
            let (count, sum) = by_name.entry(name).or_default();
            *count += 1;
            *sum += value;
        }
        let blocks: Vec<(usize, f64)> = by_name.into_values().collect();
        let over_repositories = (blocks.len() > 1).then(|| interval(&blocks, "repositories"));
        Some(Self { steps, mean, over_steps: interval(&single, "steps"), over_repositories })
    }

    /// Returns the wider of the two intervals.
    pub fn wider(&self) -> (f64, f64) {
        let width = |(low, high): (f64, f64)| high - low;
        let other = self.over_repositories.filter(|other| width(*other) > width(self.over_steps));
        other.unwrap_or(self.over_steps)
    }
}

/// Draws as many blocks, and returns where the mean of their values lies.
fn interval(blocks: &[(usize, f64)], what: &str) -> (f64, f64) {
    let seed = Seed::of(&["paired", what]);
    let draw = |number: u64| {
        let mut stream = seed.part(number).generator();
        let drawn = (0..blocks.len()).map(|_| blocks[stream.below(blocks.len())]);
        let (count, sum) = drawn.fold((0, 0.0), |all, one| (all.0 + one.0, all.1 + one.1));
        sum / real(count.max(1))
    };
    let mut means: Vec<f64> = (0..DRAWS).map(draw).collect();
    means.sort_unstable_by(f64::total_cmp);
    (quantile(&means, TAIL), quantile(&means, 1.0 - TAIL))
}

/// Returns a quantile of ascending numbers, between neighbors by their distance.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the place is one of the numbers"
)]
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len() - 1;
    let place = part * real(last);
    let low = place.floor() as usize;
    sorted[low] + (place - place.floor()) * (sorted[(low + 1).min(last)] - sorted[low])
}

#[expect(clippy::cast_precision_loss, reason = "counts stay far below 2^53")]
fn real(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests {
    use super::*;

    /// 400 values of which 100 are 1: the mean of a draw is binomial, so the interval is
    /// 0.25 ± 1.96 * sqrt(0.25 * 0.75 / 400), that is 0.2076 to 0.2924.
    #[test]
    fn the_interval_over_steps_is_that_of_the_normal_law() {
        let rows: Vec<(&str, f64)> =
            (0..400).map(|at| ("a/a", if at % 4 == 0 { 1.0 } else { 0.0 })).collect();
        let found = Difference::of(&rows).expect("values");
        let (low, high) = found.over_steps;
        assert!((low - 0.2076).abs() < 0.005 && (high - 0.2924).abs() < 0.005, "{found:?}");
        assert_eq!((found.over_repositories, found.wider()), (None, found.over_steps));
        assert_eq!(Difference::of(&[]), None);
    }

    /// The planted bug: steps of a repository that are alike are no independent evidence.
    #[test]
    fn steps_that_hang_together_widen_the_interval() {
        let names: Vec<String> = (0..20).map(|name| format!("a/{name}")).collect();
        let rows: Vec<(&str, f64)> =
            (0..400).map(|at| (names[at % 20].as_str(), real(at % 20))).collect();
        let found = Difference::of(&rows).expect("values");
        let width = |(low, high): (f64, f64)| high - low;
        let times = width(found.wider()) / width(found.over_steps);
        assert!((3.8..5.2).contains(&times), "{times}");
    }
}
