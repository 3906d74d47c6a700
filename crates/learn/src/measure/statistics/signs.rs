//! On how many does one win, and could that be a coin?

use serde::Serialize;

use super::bootstrap::ZERO;
use crate::number::real;

/// How many differences are positive, zero and negative.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Signs {
    /// Above zero.
    pub wins: usize,
    /// Zero.
    pub ties: usize,
    /// Below zero.
    pub losses: usize,
}

impl Signs {
    /// Counts the signs.
    pub fn of(differences: impl IntoIterator<Item = f64>) -> Self {
        let mut signs = Self::default();
        for difference in differences {
            if difference > ZERO {
                signs.wins += 1;
            } else if difference < -ZERO {
                signs.losses += 1;
            } else {
                signs.ties += 1;
            }
        }
        signs
    }
}

/// Returns how likely a fair coin is at least as one-sided, to either side; ties do not
/// count.
pub fn sign_test(signs: Signs) -> f64 {
    let throws = signs.wins + signs.losses;
    let rarer = signs.wins.min(signs.losses);
    // The logarithm of the number of ways, as the ways themselves overflow.
    let mut ways = 0.0_f64;
    let mut tail = 0.0;
    for successes in 0..=rarer {
        if successes > 0 {
            ways += (real(throws - successes + 1) / real(successes)).ln();
        }
        tail += (ways - real(throws) * std::f64::consts::LN_2).exp();
    }
    (2.0 * tail).min(1.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From `scipy.stats.binomtest(wins, wins + losses).pvalue` (1.18).
    #[test]
    fn the_sign_test_is_the_exact_binomial_one() {
        let known = [
            (11, 3, 0.057_373_046_875),
            (10, 4, 0.179_565_429_687_5),
            (7, 7, 1.0),
            (0, 0, 1.0),
            (18, 0, 7.629_394_531_25e-6),
            (1_200, 1_000, 2.181_702_640_8e-5),
        ];
        for (wins, losses, known) in known {
            let found = sign_test(Signs { wins, ties: 5, losses });
            assert!((found - known).abs() < 1e-9, "{wins} {losses}: {found}");
        }
    }

    #[test]
    fn sums_that_are_not_quite_zero_are_ties() {
        let signs = Signs::of([0.1 + 0.2 - 0.3, 0.5, -0.5, -0.5]);
        assert_eq!(signs, Signs { wins: 1, ties: 1, losses: 2 });
    }
}
