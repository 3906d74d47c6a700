//! Which order follows from scores, and from several orders at once?

use crate::number::{real, single};

/// What is added to a rank before it is turned into a weight.
const FUSION_OFFSET: f64 = 20.0;

/// One list of scores to be fused.
#[derive(Clone, Copy, Debug)]
pub struct View<'a> {
    /// One score per candidate.
    pub scores: &'a [f32],
    /// Whether most candidates have nothing to score: such a view gives no weight
    /// where it scores its minimum, and none at all where all scores are equal.
    pub sparse: bool,
}

/// Returns the candidates by descending score; equal ones stay in candidate order.
pub fn order(scores: &[f32]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|one, two| scores[*two].total_cmp(&scores[*one]));
    order
}

/// Returns the rank of each candidate, from 0; equal scores share their mean rank.
pub fn mean_ranks(scores: &[f32]) -> Vec<f32> {
    let order = order(scores);
    let mut ranks = vec![0.0; scores.len()];
    let mut from = 0;
    for alike in order.chunk_by(|one, two| scores[*one].total_cmp(&scores[*two]).is_eq()) {
        let mean = real(2 * from + alike.len() - 1) / 2.0;
        for at in alike {
            ranks[*at] = single(mean);
        }
        from += alike.len();
    }
    ranks
}

/// Fuses views by reciprocal rank: the sum of 1/(20 + rank), ties by candidate order.
pub fn fuse(views: &[&[f32]]) -> Vec<f32> {
    let views: Vec<View<'_>> = views.iter().map(|scores| View { scores, sparse: false }).collect();
    fuse_views(&views)
}

/// Fuses views of which some may be sparse.
///
/// # Panics
///
/// When the views have different numbers of candidates.
pub fn fuse_views(views: &[View<'_>]) -> Vec<f32> {
    let mut weights = vec![0.0_f64; views.first().map_or(0, |view| view.scores.len())];
    for view in views {
        assert_eq!(view.scores.len(), weights.len(), "one score per candidate");
        let minimum = view.scores.iter().copied().fold(f32::INFINITY, f32::min);
        for (rank, at) in order(view.scores).into_iter().enumerate() {
            if !view.sparse || view.scores[at] > minimum {
                weights[at] += 1.0 / (FUSION_OFFSET + real(rank));
            }
        }
    }
    weights.into_iter().map(single).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::{View, fuse, fuse_views, mean_ranks, order};

    #[test]
    fn ranks_count_from_zero_and_ties_stay_in_order() {
        assert_eq!(order(&[1.0, 3.0, 1.0, 2.0]), [1, 3, 0, 2]);
        assert_eq!(mean_ranks(&[1.0, 3.0, 1.0, 2.0]), [2.5, 0.0, 2.5, 1.0]);
        let fused = fuse(&[&[1.0, 1.0], &[0.0, 5.0]]);
        assert_eq!(fused, [1.0 / 20.0 + 1.0 / 21.0; 2]);
    }

    #[test]
    fn a_sparse_view_weighs_only_what_it_saw() {
        let seen = View { scores: &[0.0, 0.5, 0.0], sparse: true };
        let blind = View { scores: &[0.2, 0.2, 0.2], sparse: true };
        assert_eq!(fuse_views(&[seen, blind]), [0.0, 1.0 / 20.0, 0.0]);
    }

    proptest! {
        #[test]
        fn fusing_a_view_with_itself_keeps_its_order(
            scores in proptest::collection::vec(-5_i8..5, 1..30),
        ) {
            let scores: Vec<f32> = scores.into_iter().map(f32::from).collect();
            prop_assert_eq!(order(&fuse(&[&scores, &scores])), order(&scores));
        }
    }
}
