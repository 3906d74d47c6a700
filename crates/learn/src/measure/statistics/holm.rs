//! How sure may one be of several results at once?

use crate::number::real;

/// Returns probabilities corrected for their number by Holm's method, in their order.
pub fn holm(probabilities: &[f64]) -> Vec<f64> {
    let mut order: Vec<usize> = (0..probabilities.len()).collect();
    order.sort_by(|left, right| probabilities[*left].total_cmp(&probabilities[*right]));
    let mut adjusted = vec![0.0; probabilities.len()];
    let mut so_far = 0.0_f64;
    for (rank, place) in order.into_iter().enumerate() {
        let times = real(probabilities.len() - rank);
        so_far = so_far.max((times * probabilities[place]).min(1.0));
        adjusted[place] = so_far;
    }
    adjusted
}

#[cfg(test)]
mod tests {
    use super::*;

    /// From R 4, `p.adjust(c(0.01, 0.04, 0.03, 0.005), "holm")`: 0.03 0.06 0.06 0.02.
    #[test]
    fn corrected_probabilities_are_those_of_other_tools() {
        let adjusted = holm(&[0.01, 0.04, 0.03, 0.005]);
        for (found, known) in adjusted.iter().zip([0.03, 0.06, 0.06, 0.02]) {
            assert!((found - known).abs() < 1e-12, "{adjusted:?}");
        }
        assert!(holm(&[]).is_empty());
    }

    #[test]
    fn nothing_is_more_likely_than_certain() {
        assert!(holm(&[0.9, 0.8]).iter().all(|p| (p - 1.0).abs() < 1e-12));
    }
}
