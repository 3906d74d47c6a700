//! How sure may one be of a score?
//!
//! In: scores with outcomes. Out: a sigmoid that turns scores into probabilities
//! (Platt's method, with his smoothed targets), and how far probabilities are off
//! (expected calibration error over ten bins of equal mass).

use serde::{Deserialize, Serialize};

use crate::number::{real, single};

/// Into how many bins the calibration error sorts.
const BINS: usize = 10;

/// The sigmoid 1 / (1 + e^-(slope * score + intercept)).
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub struct Platt {
    /// What one unit of score adds to the log odds.
    pub slope: f32,
    /// The log odds of score 0.
    pub intercept: f32,
}

impl Platt {
    /// Finds the sigmoid with the least log loss; `None` where all outcomes are equal.
    ///
    /// The targets are those of Platt: not quite 0 and 1, so that few examples do not
    /// make it too sure.
    pub fn fit(scores: &[f64], passes: &[bool]) -> Option<Self> {
        let passing = real(passes.iter().filter(|pass| **pass).count());
        let failing = real(passes.len()) - passing;
        if passing < 1.0 || failing < 1.0 {
            return None;
        }
        let targets = [1.0 / (failing + 2.0), (passing + 1.0) / (passing + 2.0)];
        let points: Vec<(f64, f64)> =
            scores.iter().zip(passes).map(|(s, pass)| (*s, targets[usize::from(*pass)])).collect();
        let start = [0.0, ((passing + 1.0) / (failing + 1.0)).ln()];
        let [slope, intercept] = minimize(&points, start);
        Some(Self { slope: single(slope), intercept: single(intercept) })
    }

    /// Returns the probability that stands behind a score.
    pub fn probability(self, score: f64) -> f64 {
        sigmoid(f64::from(self.slope) * score + f64::from(self.intercept))
    }
}

/// Newton's method with halved steps on the log loss of slope and intercept.
fn minimize(points: &[(f64, f64)], start: [f64; 2]) -> [f64; 2] {
    let (mut here, mut loss) = (start, log_loss(points, start));
    for _ in 0..100 {
        let step = newton_step(points, here);
        let halved = (0..40).map(|halvings| 0.5_f64.powi(halvings)).find_map(|part| {
            let next = [here[0] + part * step[0], here[1] + part * step[1]];
            let value = log_loss(points, next);
            (value < loss).then_some((next, value))
        });
        let Some(next) = halved else { break };
        (here, loss) = next;
    }
    here
}

fn log_loss(points: &[(f64, f64)], [slope, intercept]: [f64; 2]) -> f64 {
    let of = |(score, target): &(f64, f64)| {
        let odds = slope * score + intercept;
        // ln(1 + e^odds) - target * odds, without overflow.
        odds.max(0.0) + (-odds.abs()).exp().ln_1p() - target * odds
    };
    points.iter().map(of).sum()
}

fn newton_step(points: &[(f64, f64)], [slope, intercept]: [f64; 2]) -> [f64; 2] {
    // Keeps the matrix invertible where the curve is flat.
    let mut bend = [1e-12, 0.0, 1e-12];
    let mut pull = [0.0, 0.0];
    for (score, target) in points {
        let probability = sigmoid(slope * score + intercept);
        let curve = probability * (1.0 - probability);
        bend[0] += curve * score * score;
        bend[1] += curve * score;
        bend[2] += curve;
        pull[0] += (target - probability) * score;
        pull[1] += target - probability;
    }
    let determinant = bend[0] * bend[2] - bend[1] * bend[1];
    [
        (bend[2] * pull[0] - bend[1] * pull[1]) / determinant,
        (bend[0] * pull[1] - bend[1] * pull[0]) / determinant,
    ]
}

fn sigmoid(odds: f64) -> f64 {
    1.0 / (1.0 + (-odds).exp())
}

/// Returns by how much stated probabilities are off, on average.
///
/// Ten bins of equal mass: the examples by probability, a tenth in each; examples of
/// equal probability stay in one bin, that of the first of them, so that their order
/// changes nothing. `None` without examples.
pub fn calibration_error(probabilities: &[f64], passes: &[bool]) -> Option<f64> {
    let mut sorted: Vec<(f64, bool)> =
        probabilities.iter().copied().zip(passes.iter().copied()).collect();
    sorted.sort_by(|left, right| left.0.total_cmp(&right.0));
    let (mut bins, mut at) = ([[0.0_f64; 2]; BINS], 0);
    for run in sorted.chunk_by(|left, right| left.0.total_cmp(&right.0).is_eq()) {
        let bin = &mut bins[at * BINS / sorted.len()];
        for (probability, passes) in run {
            bin[0] += probability;
            bin[1] += f64::from(u8::from(*passes));
        }
        at += run.len();
    }
    let off: f64 = bins.iter().map(|[stated, seen]| (stated - seen).abs()).sum();
    (!sorted.is_empty()).then(|| off / real(sorted.len()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::seed::Seed;

    /// From `sklearn.calibration._sigmoid_calibration` (1.9.1), signs turned.
    #[test]
    fn the_sigmoid_is_that_of_other_tools() {
        let scores = [-2.0, -1.5, -0.3, 0.1, 0.4, 0.9, 1.1, 2.3, -0.7, 0.2];
        let passes = [false, false, true, false, true, true, false, true, false, true];
        let Platt { slope, intercept } = Platt::fit(&scores, &passes).expect("both outcomes");
        assert!((slope - 0.749_434_5).abs() < 1e-4, "{slope}");
        assert!((intercept + 0.037_905_7).abs() < 1e-4, "{intercept}");
        assert_eq!(Platt::fit(&scores[..2], &passes[..2]), None);
    }

    /// Two in ten pass at a stated one half: off by 0.3, whatever their order.
    #[test]
    fn equal_probabilities_share_a_bin() {
        let mut passes = [false; 10];
        passes[..2].fill(true);
        let error = |passes: &[bool]| calibration_error(&[0.5; 10], passes).expect("examples");
        assert!((error(&passes) - 0.3).abs() < 1e-12);
        passes.reverse();
        assert!((error(&passes) - 0.3).abs() < 1e-12);
        assert_eq!(calibration_error(&[], &[]), None);
    }

    /// By hand: 20 examples, two a bin, stated 0.00, 0.05, and so on; the upper half
    /// passes. A bin of the lower half is off by its mean, one of the upper by the rest.
    #[test]
    fn the_error_is_the_mean_gap_of_bins_of_equal_mass() {
        let stated: Vec<f64> = (0..20).map(|at| real(at) / 20.0).collect();
        let passes: Vec<bool> = (0..20).map(|at| at >= 10).collect();
        let known = (0..10).map(|at| real(at) / 20.0).sum::<f64>()
            + (10..20).map(|at| 1.0 - real(at) / 20.0).sum::<f64>();
        let error = calibration_error(&stated, &passes).expect("examples");
        assert!((error - known / 20.0).abs() < 1e-12, "{error}");
    }

    /// The planted bug: true odds of one third that are stated twice as sure.
    #[test]
    fn overconfidence_shows() {
        let mut stream = Seed::of(&["sure"]).generator();
        let odds: Vec<f64> = (0..5_000).map(|_| 6.0 * stream.unit() - 3.0).collect();
        let passes: Vec<bool> = odds.iter().map(|odds| stream.unit() < sigmoid(*odds)).collect();
        let stated = |factor: f64| {
            let stated: Vec<f64> = odds.iter().map(|odds| sigmoid(factor * odds)).collect();
            calibration_error(&stated, &passes).expect("examples")
        };
        assert!(stated(1.0) < 0.03 && stated(2.0) > 0.08, "{} {}", stated(1.0), stated(2.0));
        let fitted = Platt::fit(&odds, &passes).expect("both outcomes");
        assert!((fitted.slope - 1.0).abs() < 0.1 && fitted.intercept.abs() < 0.1, "{fitted:?}");
    }
}
