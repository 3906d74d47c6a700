//! Which way should the score of each candidate move?
//!
//! In: scores and relevance. Out: the first and second derivative of `lambdarank`:
//! every pair of candidates pulls in proportion to what swapping them would change in
//! NDCG, pairs that are close pull harder, and the pull of a whole query is damped by
//! its logarithm. Only pairs with one candidate above the truncation count.

use rayon::prelude::*;

use crate::number::real;
use crate::rank::{Group, Groups};

/// How many queries a thread takes at once.
const AT_ONCE: usize = 16;
/// Keeps pairs of equal scores from pulling without limit.
const CLOSEST: f64 = 0.01;

/// The derivatives of one row.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub(super) struct Gradient {
    /// The first derivative; negative where the score should rise.
    pub first: f64,
    /// The second derivative.
    pub second: f64,
}

/// The objective with what does not change between trees.
#[derive(Debug)]
pub(super) struct Lambdas {
    truncation: usize,
    /// What a gain at each rank counts.
    discounts: Vec<f64>,
    /// One over the best DCG of each query, 0 where nothing is relevant.
    scales: Vec<f64>,
}

impl Lambdas {
    /// Prepares the objective.
    pub(super) fn new(groups: &Groups, truncation: usize) -> Self {
        let longest = groups.sizes.iter().max().map_or(0, |size| *size as usize);
        let discounts: Vec<f64> = (0..longest).map(|rank| 1.0 / real(rank + 2).log2()).collect();
        let scale = |group: Group<'_>| {
            let best = best_dcg(group.relevance, truncation, &discounts);
            if best > 0.0 { 1.0 / best } else { 0.0 }
        };
        let scales = groups.iter().map(scale).collect();
        Self { truncation, discounts, scales }
    }

    /// Writes the derivatives of every row.
    pub(super) fn fill(&self, groups: &Groups, scores: &[f64], out: &mut [Gradient]) {
        let queries: Vec<(Group<'_>, f64)> =
            groups.iter().zip(self.scales.iter().copied()).collect();
        let moved: Vec<Vec<Gradient>> = queries
            .par_iter()
            .with_min_len(AT_ONCE)
            .map(|(group, scale)| {
                let scores = &scores[group.start..group.start + group.relevance.len()];
                self.query(group, scores, *scale)
            })
            .collect();
        for ((group, _), moved) in queries.iter().zip(moved) {
            out[group.start..group.start + moved.len()].copy_from_slice(&moved);
        }
    }

    fn query(&self, group: &Group<'_>, scores: &[f64], scale: f64) -> Vec<Gradient> {
        let relevance = group.relevance;
        let mut moved = vec![Gradient::default(); scores.len()];
        let order = ranked(scores);
        let [Some(first), Some(last)] = [order.first(), order.last()] else { return moved };
        let all_equal = scores[*first].total_cmp(&scores[*last]).is_eq();
        let mut sum = 0.0;
        for (upper, here) in order.iter().enumerate().take(self.truncation) {
            for (lower, there) in order.iter().enumerate().skip(upper + 1) {
                if relevance[*here] == relevance[*there] {
                    continue;
                }
                let rises = relevance[*here] > relevance[*there];
                let (better, worse) = if rises { (*here, *there) } else { (*there, *here) };
                let distance = scores[better] - scores[worse];
                let gains = gain(relevance[better]) - gain(relevance[worse]);
                let discount = (self.discounts[upper] - self.discounts[lower]).abs();
                let closeness = if all_equal { 1.0 } else { CLOSEST + distance.abs() };
                let weight = gains * discount * scale / closeness;
                let surprise = 1.0 / (1.0 + distance.exp());
                let (pull, bend) = (surprise * weight, surprise * (1.0 - surprise) * weight);
                moved[better].first -= pull;
                moved[worse].first += pull;
                moved[better].second += bend;
                moved[worse].second += bend;
                sum += 2.0 * pull;
            }
        }
        damp(&mut moved, sum, f64::from(group.votes));
        moved
    }
}

/// Scales a query so that its total pull is the logarithm of what it was, once for each
/// of its votes.
fn damp(moved: &mut [Gradient], sum: f64, votes: f64) {
    if sum > 0.0 {
        let factor = votes * (1.0 + sum).log2() / sum;
        for gradient in moved {
            gradient.first *= factor;
            gradient.second *= factor;
        }
    }
}

/// Returns the rows by score, highest first; equal ones keep their order.
fn ranked(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    order
}

/// Returns what a relevance is worth: 2^relevance - 1.
fn gain(relevance: u8) -> f64 {
    f64::from(relevance).exp2() - 1.0
}

fn best_dcg(relevance: &[u8], truncation: usize, discounts: &[f64]) -> f64 {
    let mut sorted = relevance.to_vec();
    sorted.sort_unstable_by(|left, right| right.cmp(left));
    let gains = sorted.into_iter().map(gain).take(truncation);
    gains.zip(discounts).map(|(gain, discount)| gain * discount).sum()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn fill(relevance: &[u8], scores: &[f64], truncation: usize) -> Vec<Gradient> {
        let mut groups = Groups::new(1);
        groups.push(&vec![0.0; scores.len()], relevance).expect("fits");
        let mut out = vec![Gradient::default(); scores.len()];
        Lambdas::new(&groups, truncation).fill(&groups, scores, &mut out);
        out
    }

    /// One pair, by hand: weight 1 - 1/log2(3), surprise one half, and the sum of both
    /// pulls, `weight`, is damped to log2(1 + weight).
    #[test]
    fn a_tied_pair_pulls_apart_by_what_a_swap_changes() {
        let weight = 1.0 - 1.0 / 3.0_f64.log2();
        let damped = (1.0 + weight).log2() / weight;
        let [better, worse] = fill(&[1, 0], &[0.0, 0.0], 10)[..] else { panic!("two rows") };
        assert!((better.first + 0.5 * weight * damped).abs() < 1e-15);
        assert!((worse.first - 0.5 * weight * damped).abs() < 1e-15);
        assert!((better.second - 0.25 * weight * damped).abs() < 1e-15);
    }

    #[test]
    fn a_query_pulls_once_for_each_of_its_votes() {
        let mut groups = Groups::new(1);
        groups.push(&[0.0, 0.0], &[0, 1]).expect("fits");
        groups.push_counting(&[0.0, 0.0], &[0, 1], 3).expect("fits");
        let mut out = vec![Gradient::default(); 4];
        Lambdas::new(&groups, 10).fill(&groups, &[0.0; 4], &mut out);
        assert!((out[2].first - 3.0 * out[0].first).abs() < 1e-15);
        assert!((out[3].second - 3.0 * out[1].second).abs() < 1e-15);
    }

    #[test]
    fn pulls_cancel_within_a_query() {
        let moved = fill(&[0, 2, 1, 0, 3], &[0.3, -0.2, 0.1, 0.9, 0.3], 3);
        assert!(moved.iter().map(|gradient| gradient.first).sum::<f64>().abs() < 1e-12);
        assert!(moved.iter().all(|gradient| gradient.second > 0.0));
    }

    /// Below the truncation only pairs with the candidates above it count.
    #[test]
    fn pairs_below_the_truncation_do_not_pull() {
        let moved = fill(&[0, 1, 0], &[3.0, 2.0, 1.0], 1);
        assert!(moved[2].second.abs() < 1e-15);
        assert!(moved[1].first < 0.0 && moved[0].first > 0.0);
        assert!(fill(&[0, 1, 0], &[3.0, 2.0, 1.0], 2)[2].second > 0.0);
    }

    #[test]
    fn a_query_without_gold_pulls_nowhere() {
        assert!(fill(&[0, 0], &[1.0, 0.0], 10).iter().all(|moved| *moved == Gradient::default()));
        assert!(fill(&[], &[], 10).is_empty());
    }
}
