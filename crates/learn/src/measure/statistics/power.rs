//! How large must an effect be to be seen?
//!
//! In: paired differences. Out: the effect that a two-sided test at five percent finds
//! four times in five. Issues of one repository hang together, so it is told twice:
//! from the deviation over issues, and from that over repositories.

use serde::Serialize;

use super::Sample;
use crate::number::real;

/// The normal quantiles of 0.975 and 0.8 added: two-sided 5 %, power 80 %.
const QUANTILES: f64 = 1.959_963_984_540_054 + 0.841_621_233_572_914_3;

/// The smallest effect that would probably have been seen.
#[derive(Clone, Copy, Debug, PartialEq, Serialize)]
pub struct Detectable {
    /// As if issues did not hang together.
    pub issues: f64,
    /// With issues hanging together by repository; `None` where there is only one.
    pub repositories: Option<f64>,
}

impl Detectable {
    /// Returns the larger of the two, the one that claims less.
    pub fn larger(&self) -> f64 {
        self.repositories.map_or(self.issues, |repositories| repositories.max(self.issues))
    }
}

/// Returns the detectable effect; `None` for fewer than two issues.
pub fn detectable(sample: &Sample) -> Option<Detectable> {
    let (count, mean) = (sample.values().len(), sample.mean());
    if count < 2 {
        return None;
    }
    let squares: f64 = sample.values().iter().map(|value| (value - mean).powi(2)).sum();
    let deviation = (squares / real(count - 1)).sqrt();
    Some(Detectable {
        issues: QUANTILES * deviation / real(count).sqrt(),
        repositories: clustered_error(sample).map(|error| QUANTILES * error),
    })
}

/// Returns the standard error of the mean when whole repositories are drawn.
fn clustered_error(sample: &Sample) -> Option<f64> {
    let (sums, mean) = (sample.sums(), sample.mean());
    if sums.len() < 2 {
        return None;
    }
    let off = sums.iter().map(|(count, sum)| (sum - real(*count) * mean).powi(2));
    let correction = real(sums.len()) / real(sums.len() - 1);
    Some((correction * off.sum::<f64>()).sqrt() / real(sample.values().len()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The figures of the protocol: with a deviation of 0.43, 374 issues show 6.2 points.
    /// 374 values of ±d have the deviation d * sqrt(374 / 373).
    #[test]
    fn the_detectable_effect_is_that_of_the_power_formula() {
        let size = 0.43 / (374.0_f64 / 373.0).sqrt();
        let rows = (0..374).map(|at| ("acme/toy", if at % 2 == 0 { size } else { -size }));
        let found = detectable(&Sample::new(rows)).expect("many issues");
        assert!((found.issues - 0.062_292_6).abs() < 1e-6, "{found:?}");
        assert_eq!(found.repositories, None);
    }

    /// One issue a repository: both ways are the same formula.
    #[test]
    fn single_issues_do_not_hang_together() {
        let names: Vec<String> = (0..30).map(|name| format!("acme/{name}")).collect();
        let rows = names.iter().zip([0.3, -0.1, 0.7].into_iter().cycle());
        let found = detectable(&Sample::new(rows.map(|(name, value)| (name.as_str(), value))));
        let found = found.expect("many issues");
        let repositories = found.repositories.expect("many repositories");
        assert!((found.issues - repositories).abs() < 1e-12);
    }

    /// Twenty alike issues in each of two repositories count as two.
    #[test]
    fn issues_that_hang_together_need_a_larger_effect() {
        let rows = (0..40).map(|at| (["a/a", "b/b"][at % 2], real(at % 2)));
        let found = detectable(&Sample::new(rows)).expect("many issues");
        assert!((found.larger() - QUANTILES * 0.5).abs() < 1e-12, "{found:?}");
        assert!(found.issues < 0.25);
        assert_eq!(detectable(&Sample::new([("a/a", 1.0)])), None);
    }
}
