//! How often is the chosen candidate a passing one?
//!
//! In: the scores and outcomes of the candidates of each group, e.g., of the patches of
//! one instance. Out: top-1, mean reciprocal rank of the first that passes, and the area
//! under the curve. Candidates of equal score are in no order: each metric is its mean
//! over all orders of them, so that listing the gold patch first gains nothing.

use crate::number::{ratio, real};

/// The mean over groups.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Choice {
    /// How many groups had a candidate that passes and one that does not.
    pub groups: usize,
    /// How often the first candidate passes.
    pub top_one: f64,
    /// How often a blind choice passes.
    pub chance: f64,
    /// One over the rank of the first that passes.
    pub mrr: f64,
    /// How often a passing candidate stands before a failing one of its group.
    pub area: f64,
}

/// Returns the metrics over groups of scores with outcomes.
///
/// Groups in which all candidates pass, or none, have no choice in them and are left out.
pub fn choice<'a>(groups: impl IntoIterator<Item = (&'a [f64], &'a [bool])>) -> Choice {
    let mut sums = Choice::default();
    for (scores, passes) in groups {
        let Some(area) = area_under_curve(scores, passes) else { continue };
        let blocks = blocks(scores, passes);
        sums.groups += 1;
        sums.top_one += blocks.first().map_or(0.0, |block| ratio(block.passing, block.all));
        sums.chance += ratio(passes.iter().filter(|pass| **pass).count(), passes.len());
        sums.mrr += reciprocal_rank(&blocks);
        sums.area += area;
    }
    let count = real(sums.groups.max(1));
    for sum in [&mut sums.top_one, &mut sums.chance, &mut sums.mrr, &mut sums.area] {
        *sum /= count;
    }
    sums
}

/// Returns how often a passing candidate has a higher score than a failing one, a tie
/// counting one half; `None` where all pass, or none.
pub fn area_under_curve(scores: &[f64], passes: &[bool]) -> Option<f64> {
    let blocks = blocks(scores, passes);
    let passing: usize = blocks.iter().map(|block| block.passing).sum();
    let mut failing_below: usize = blocks.iter().map(|block| block.all).sum::<usize>() - passing;
    let pairs = passing * failing_below;
    let mut won = 0.0;
    for block in &blocks {
        let tied = block.all - block.passing;
        failing_below -= tied;
        won += real(block.passing) * (real(failing_below) + 0.5 * real(tied));
    }
    (pairs > 0).then(|| won / real(pairs))
}

/// Candidates of equal score.
struct Block {
    all: usize,
    passing: usize,
}

/// Returns the blocks, highest score first.
fn blocks(scores: &[f64], passes: &[bool]) -> Vec<Block> {
    let mut sorted: Vec<(f64, bool)> =
        scores.iter().map(|score| score + 0.0).zip(passes.iter().copied()).collect();
    sorted.sort_by(|left, right| right.0.total_cmp(&left.0));
    let runs = sorted.chunk_by(|left, right| left.0.total_cmp(&right.0).is_eq());
    let passing = |run: &[(f64, bool)]| run.iter().filter(|(_, passes)| *passes).count();
    runs.map(|run| Block { all: run.len(), passing: passing(run) }).collect()
}

/// Returns the mean over all orders within the first block that holds one that passes.
fn reciprocal_rank(blocks: &[Block]) -> f64 {
    let mut before = 0;
    for block in blocks {
        if block.passing == 0 {
            before += block.all;
            continue;
        }
        // The chance that none of the candidates looked at so far passes.
        let (mut none_yet, mut sum) = (1.0, 0.0);
        for place in 0..=block.all - block.passing {
            let here = ratio(block.passing, block.all - place);
            sum += none_yet * here / real(before + place + 1);
            none_yet *= 1.0 - here;
        }
        return sum;
    }
    0.0
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// From `sklearn.metrics.roc_auc_score` (1.9.1).
    #[test]
    fn the_area_is_that_of_other_tools() {
        let scores = [0.9, 0.8, 0.8, 0.4, 0.3, 0.3, 0.1];
        let passes = [true, true, false, false, true, false, false];
        let area = area_under_curve(&scores, &passes).expect("both outcomes");
        assert!((area - 0.75).abs() < 1e-12, "{area}");
        assert_eq!(area_under_curve(&scores[..2], &passes[..2]), None);
    }

    /// The planted bug: gold listed first under one score for all wins nothing.
    #[test]
    fn the_first_of_equal_candidates_has_no_advantage() {
        let found = choice([(&[0.5; 4][..], &[true, false, false, false][..])]);
        assert!((found.top_one - 0.25).abs() < 1e-12);
        assert!((found.area - 0.5).abs() < 1e-12);
        let mean = (1.0 + 1.0 / 2.0 + 1.0 / 3.0 + 1.0 / 4.0) / 4.0;
        assert!((found.mrr - mean).abs() < 1e-12);
    }

    #[test]
    fn groups_without_a_choice_are_left_out() {
        let groups: [(&[f64], &[bool]); 3] = [
            (&[1.0, 0.0], &[true, true]),
            (&[1.0, 0.0], &[false, false]),
            (&[1.0, 0.0], &[false, true]),
        ];
        let found = choice(groups);
        assert_eq!(found.groups, 1);
        assert!(found.top_one.abs() < 1e-12 && (found.mrr - 0.5).abs() < 1e-12);
        assert!((found.chance - 0.5).abs() < 1e-12);
    }

    proptest! {
        /// Small noise breaks ties in one of all orders; the mean over many is the metric.
        #[test]
        fn ties_are_means_over_all_orders(passes in prop::collection::vec(any::<bool>(), 2..6)) {
            let scores = vec![0.0; passes.len()];
            let tied = choice([(&scores[..], &passes[..])]);
            let (mut mrr, mut orders) = (0.0, 0.0);
            permute(&mut passes.clone(), 0, &mut |order| {
                mrr += order.iter().position(|pass| *pass).map_or(0.0, |at| 1.0 / real(at + 1));
                orders += 1.0;
            });
            if tied.groups == 1 {
                prop_assert!((tied.mrr - mrr / orders).abs() < 1e-9);
            }
        }
    }

    fn permute(items: &mut Vec<bool>, from: usize, visit: &mut impl FnMut(&[bool])) {
        if from == items.len() {
            visit(items);
        }
        for at in from..items.len() {
            items.swap(from, at);
            permute(items, from + 1, visit);
            items.swap(from, at);
        }
    }
}
