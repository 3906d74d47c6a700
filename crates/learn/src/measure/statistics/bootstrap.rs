//! Between which values would the mean lie in another sample?
//!
//! In: a sample. Out: percentile intervals over two ways of drawing with replacement:
//! as many issues, or as many repositories with all their issues. Each draw has its own
//! seed, so draws may be made in any order or at once.

use serde::Serialize;

use super::Sample;
use crate::number::real;
use crate::seed::Seed;

/// Means closer to zero than this are zero: sums of fractions are not exact.
pub(super) const ZERO: f64 = 1e-12;

/// Choices of a bootstrap.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct BootstrapOptions {
    /// How often a sample is drawn.
    pub draws: usize,
    /// Which part of the draws the interval holds.
    pub level: f64,
    /// Where the draws start.
    pub seed: Seed,
}

impl Default for BootstrapOptions {
    fn default() -> Self {
        Self { draws: 2_000, level: 0.95, seed: Seed::new(0) }
    }
}

/// What was drawn.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Resampled {
    /// Issues.
    Issues,
    /// Repositories with all their issues.
    Repositories,
}

/// Where the mean lies in most draws.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Interval {
    /// The lower end.
    pub low: f64,
    /// The upper end.
    pub high: f64,
    /// What was drawn.
    pub over: Resampled,
    /// How often the mean of a draw lies on one side of zero, twice the rarer side.
    pub p: f64,
}

impl Interval {
    /// Returns its width.
    pub fn width(&self) -> f64 {
        self.high - self.low
    }

    /// Returns true where zero lies within it.
    pub fn holds_zero(&self) -> bool {
        self.low <= ZERO && self.high >= -ZERO
    }
}

/// Both intervals of a sample.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Bootstrap {
    /// The interval over issues.
    pub issues: Interval,
    /// The interval over repositories; `None` where there is only one.
    pub repositories: Option<Interval>,
}

impl Bootstrap {
    /// Returns the interval that is reported: the wider of the two.
    pub fn wider(&self) -> Interval {
        match self.repositories {
            Some(repositories) if repositories.width() > self.issues.width() => repositories,
            _ => self.issues,
        }
    }

    /// Returns the greater of the two probabilities, the one that claims less.
    pub fn p(&self) -> f64 {
        self.repositories.map_or(self.issues.p, |repositories| repositories.p.max(self.issues.p))
    }
}

/// Draws samples; `None` without a value.
pub fn bootstrap(sample: &Sample, options: &BootstrapOptions) -> Option<Bootstrap> {
    if sample.values().is_empty() || options.draws == 0 {
        return None;
    }
    let single: Vec<(usize, f64)> = sample.values().iter().map(|value| (1, *value)).collect();
    let repositories = sample.sums();
    let over = |blocks: &[(usize, f64)], over, part| {
        interval(&means(blocks, options, options.seed.part(part)), options.level, over)
    };
    Some(Bootstrap {
        issues: over(&single, Resampled::Issues, 0),
        repositories: (repositories.len() > 1)
            .then(|| over(&repositories, Resampled::Repositories, 1)),
    })
}

/// Returns the mean of each draw of as many blocks, ascending.
fn means(blocks: &[(usize, f64)], options: &BootstrapOptions, seed: Seed) -> Vec<f64> {
    let draw = |number: usize| {
        let mut stream = seed.part(number as u64).generator();
        let (mut count, mut sum) = (0, 0.0);
        for _ in 0..blocks.len() {
            let block = blocks[stream.below(blocks.len())];
            count += block.0;
            sum += block.1;
        }
        sum / real(count.max(1))
    };
    let mut means: Vec<f64> = (0..options.draws).map(draw).collect();
    means.sort_unstable_by(f64::total_cmp);
    means
}

fn interval(means: &[f64], level: f64, over: Resampled) -> Interval {
    let below = means.partition_point(|mean| *mean < -ZERO);
    let not_above = means.partition_point(|mean| *mean <= ZERO);
    let rarer = not_above.min(means.len() - below);
    // One more than was seen, as the sample itself is one draw.
    let p = (2.0 * real(rarer + 1) / real(means.len() + 1)).min(1.0);
    let tail = (1.0 - level) / 2.0;
    Interval { low: quantile(means, tail), high: quantile(means, 1.0 - tail), over, p }
}

/// Returns a quantile of ascending numbers, between neighbors by their distance.
#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "the place is clamped to those of the numbers"
)]
fn quantile(sorted: &[f64], part: f64) -> f64 {
    let last = sorted.len() - 1;
    let place = (part * real(last)).clamp(0.0, real(last));
    let low = place.floor() as usize;
    let high = (low + 1).min(last);
    sorted[low] + (place - place.floor()) * (sorted[high] - sorted[low])
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(seed: u64) -> BootstrapOptions {
        BootstrapOptions { seed: Seed::new(seed), ..BootstrapOptions::default() }
    }

    /// 400 values of which 100 are 1: the mean of a draw is binomial, so the interval is
    /// 0.25 ± 1.96 * sqrt(0.25 * 0.75 / 400), that is 0.2076 to 0.2924.
    #[test]
    fn the_interval_over_issues_is_that_of_the_normal_law() {
        let rows = (0..400).map(|at| ("acme/toy", if at % 4 == 0 { 1.0 } else { 0.0 }));
        let found = bootstrap(&Sample::new(rows), &options(1)).expect("values");
        assert!((found.issues.low - 0.2076).abs() < 0.005, "{found:?}");
        assert!((found.issues.high - 0.2924).abs() < 0.005, "{found:?}");
        assert_eq!(found.repositories, None);
        assert_eq!(found.wider().over, Resampled::Issues);
    }

    /// From `numpy.quantile` (2.5) of 1, 2, 4, 8, 16.
    #[test]
    fn quantiles_lie_between_neighbors() {
        let sorted = [1.0, 2.0, 4.0, 8.0, 16.0];
        for (part, known) in [(0.025, 1.1), (0.5, 4.0), (0.9, 12.8), (1.0, 16.0)] {
            assert!((quantile(&sorted, part) - known).abs() < 1e-12, "{part}");
        }
    }

    /// Twenty repositories whose 20 issues are all alike: a draw of repositories is a draw
    /// of 20 numbers, so its interval is about sqrt(20) times as wide.
    #[test]
    fn issues_that_hang_together_widen_the_interval_over_repositories() {
        let names: Vec<String> = (0..20).map(|name| format!("acme/{name}")).collect();
        let rows = (0..400).map(|at| (names[at % 20].as_str(), real(at % 20)));
        let found = bootstrap(&Sample::new(rows), &options(2)).expect("values");
        let repositories = found.repositories.expect("20 repositories");
        let times = repositories.width() / found.issues.width();
        assert!((3.8..5.2).contains(&times), "{times}");
        assert_eq!(found.wider(), repositories);
    }

    /// Three repositories, of which one is drawn or not: the mean of the draw that takes
    /// the best three times is the largest there is, and pools by issues.
    #[test]
    fn drawn_repositories_are_pooled_by_issues() {
        let rows = [("a/a", 0.0), ("a/a", 0.0), ("b/b", 1.0), ("c/c", 0.5)];
        let all = BootstrapOptions { level: 1.0, ..options(3) };
        let found = bootstrap(&Sample::new(rows), &all).expect("values").repositories;
        let found = found.expect("three repositories");
        assert!(found.low.abs() < 1e-12 && (found.high - 1.0).abs() < 1e-12, "{found:?}");
    }

    #[test]
    fn the_same_seed_draws_the_same() {
        let rows = || (0..50).map(|at| (["a/a", "b/b"][at % 2], real(at)));
        let found = |seed| bootstrap(&Sample::new(rows()), &options(seed));
        assert_eq!(found(4), found(4));
        assert_ne!(found(4), found(5));
    }

    /// The planted bug: of samples without an effect, the interval misses zero in about
    /// one of twenty; an interval that is too narrow would miss it far more often.
    #[test]
    fn intervals_hold_the_truth_as_often_as_they_say() {
        let missed = (0..200).filter(|seed| {
            let mut stream = Seed::of(&["coverage"]).part(*seed).generator();
            let rows: Vec<(&str, f64)> =
                (0..100).map(|_| ("acme/toy", stream.unit() - 0.5)).collect();
            let options = BootstrapOptions { draws: 400, ..options(*seed) };
            let found = bootstrap(&Sample::new(rows), &options).expect("values");
            !found.issues.holds_zero()
        });
        let missed = missed.count();
        assert!((2..=22).contains(&missed), "{missed} of 200");
    }
}
