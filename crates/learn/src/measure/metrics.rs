//! How early does gold stand in a ranking?
//!
//! In: one ranking and its gold. Out: the metrics of the protocol, each from 0 to 1.
//! `acc@k` wants every gold file within the first k, `hit@k` one. Gold that a ranking
//! does not hold is never found: it counts as a miss in every metric. Equal scores
//! stay in candidate order.

use std::collections::BTreeSet;
use std::fmt;

use crate::number::{ratio, real};

/// One number about one ranking.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Metric {
    /// 1 where every gold item stands within the first k.
    Acc(usize),
    /// 1 where at least one gold item stands within the first k.
    Hit(usize),
    /// The part of the gold within the first k.
    Recall(usize),
    /// One over the rank of the first gold item.
    Mrr,
    /// The mean over gold of the precision at its rank.
    Map,
    /// Discounted gain of the first k over the best possible one.
    Ndcg(usize),
}

impl Metric {
    /// The metrics of the main table, in its order.
    pub const MAIN: [Self; 11] = [
        Self::Acc(1),
        Self::Acc(3),
        Self::Acc(5),
        Self::Acc(10),
        Self::Hit(1),
        Self::Hit(5),
        Self::Mrr,
        Self::Map,
        Self::Ndcg(10),
        Self::Recall(5),
        Self::Recall(10),
    ];
    /// The two metrics that decide.
    pub const PRIMARY: [Self; 2] = [Self::Mrr, Self::Hit(1)];
}

impl fmt::Display for Metric {
    fn fmt(&self, out: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Acc(k) => write!(out, "acc@{k}"),
            Self::Hit(k) => write!(out, "hit@{k}"),
            Self::Recall(k) => write!(out, "recall@{k}"),
            Self::Mrr => out.write_str("mrr"),
            Self::Map => out.write_str("map"),
            Self::Ndcg(k) => write!(out, "ndcg@{k}"),
        }
    }
}

/// Where the gold of one query stands.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Hits {
    /// The ranks of the gold items that the ranking holds, from 0, ascending.
    pub ranks: Vec<usize>,
    /// How many gold items there are; without any, every metric is 0.
    pub gold: usize,
}

impl Hits {
    /// Looks the gold up in a ranking; of an item listed twice the first place counts.
    pub fn of_ranking<T: Ord>(ranking: &[T], gold: &BTreeSet<T>) -> Self {
        let mut seen = BTreeSet::new();
        let is_first = |item: &T| gold.get(item).is_some_and(|item| seen.insert(item));
        let first = ranking.iter().map(is_first).enumerate();
        let ranks = first.filter(|(_, is_first)| *is_first).map(|(rank, _)| rank).collect();
        Self { ranks, gold: gold.len() }
    }

    /// Ranks candidates by score and looks up those at the places of `gold`.
    pub fn of_scores(scores: &[f64], gold: &[usize]) -> Self {
        let gold = gold.iter().copied().collect();
        Self::of_ranking(&order(scores), &gold)
    }

    /// Returns one metric.
    pub fn metric(&self, metric: Metric) -> f64 {
        match metric {
            Metric::Acc(k) => flag(self.gold > 0 && self.within(k) == self.gold),
            Metric::Hit(k) => flag(self.within(k) > 0),
            Metric::Recall(k) => ratio(self.within(k), self.gold),
            Metric::Mrr => self.ranks.first().map_or(0.0, |rank| 1.0 / real(rank + 1)),
            Metric::Map => self.average_precision(),
            Metric::Ndcg(k) => self.ndcg(k),
        }
    }

    /// Returns how many tokens are read, down the ranking, until all gold is.
    ///
    /// `tokens` are the sizes of the candidates in the order of the ranking; `None`
    /// where some gold is not in it.
    pub fn tokens_to_cover(&self, tokens: &[u64]) -> Option<u64> {
        let last = *self.ranks.last()?;
        let all = self.ranks.len() == self.gold && last < tokens.len();
        all.then(|| tokens[..=last].iter().sum())
    }

    fn within(&self, k: usize) -> usize {
        self.ranks.partition_point(|rank| *rank < k)
    }

    fn average_precision(&self) -> f64 {
        let precisions = self.ranks.iter().enumerate().map(|(at, rank)| ratio(at + 1, rank + 1));
        precisions.sum::<f64>() / real(self.gold.max(1))
    }

    fn ndcg(&self, k: usize) -> f64 {
        let gain = |rank: usize| 1.0 / real(rank + 2).log2();
        let best: f64 = (0..self.gold.min(k)).map(gain).sum();
        let found: f64 = self.ranks[..self.within(k)].iter().copied().map(gain).sum();
        if best > 0.0 { found / best } else { 0.0 }
    }
}

/// Returns the places of the scores, highest first; equal ones keep their order.
pub fn order(scores: &[f64]) -> Vec<usize> {
    let mut order: Vec<usize> = (0..scores.len()).collect();
    order.sort_by(|left, right| scores[*right].total_cmp(&scores[*left]));
    order
}

fn flag(yes: bool) -> f64 {
    if yes { 1.0 } else { 0.0 }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn near(found: f64, known: f64) -> bool {
        (found - known).abs() < 1e-12
    }

    /// Gold at ranks 2, 4 and never; by hand.
    #[test]
    fn metrics_follow_their_definitions() {
        let hits = Hits { ranks: vec![1, 3], gold: 3 };
        let known = [
            (Metric::Acc(10), 0.0),
            (Metric::Hit(1), 0.0),
            (Metric::Hit(3), 1.0),
            (Metric::Recall(3), 1.0 / 3.0),
            (Metric::Recall(10), 2.0 / 3.0),
            (Metric::Mrr, 0.5),
            (Metric::Map, (1.0 / 2.0 + 2.0 / 4.0) / 3.0),
        ];
        for (metric, known) in known {
            assert!(near(hits.metric(metric), known), "{metric}");
        }
        let all = Hits { ranks: vec![0, 3], gold: 2 };
        assert!(near(all.metric(Metric::Acc(3)), 0.0) && near(all.metric(Metric::Acc(4)), 1.0));
    }

    /// From `sklearn.metrics.ndcg_score` (1.9.1): twelve candidates, gold at ranks 2, 4
    /// and 12, scores descending, `k=10` and `k=3`.
    #[test]
    fn ndcg_is_that_of_other_tools() {
        let hits = Hits { ranks: vec![1, 3, 11], gold: 3 };
        assert!((hits.metric(Metric::Ndcg(10)) - 0.498_189_257_5).abs() < 1e-9);
        assert!((hits.metric(Metric::Ndcg(3)) - 0.296_081_911).abs() < 1e-9);
    }

    #[test]
    fn equal_scores_stay_in_candidate_order() {
        assert_eq!(order(&[1.0, 2.0, 1.0, 2.0]), [1, 3, 0, 2]);
        assert_eq!(Hits::of_scores(&[0.0; 5], &[3]).ranks, [3]);
    }

    #[test]
    fn of_an_item_listed_twice_the_first_place_counts() {
        let gold = BTreeSet::from(["b", "d"]);
        let hits = Hits::of_ranking(&["a", "b", "b", "c"], &gold);
        assert_eq!(hits, Hits { ranks: vec![1], gold: 2 });
    }

    #[test]
    fn tokens_count_down_to_the_last_gold() {
        let hits = Hits { ranks: vec![0, 2], gold: 2 };
        assert_eq!(hits.tokens_to_cover(&[5, 7, 11, 13]), Some(23));
        assert_eq!(Hits { gold: 3, ..hits.clone() }.tokens_to_cover(&[5, 7, 11, 13]), None);
        assert_eq!(hits.tokens_to_cover(&[5, 7]), None);
    }

    #[test]
    fn nothing_to_find_scores_nothing() {
        for metric in Metric::MAIN {
            assert!(near(Hits::default().metric(metric), 0.0), "{metric}");
        }
    }

    proptest! {
        #[test]
        fn a_perfect_ranking_scores_one_and_every_metric_stays_below(
            ranks in prop::collection::btree_set(0_usize..40, 1..6), missing in 0_usize..3,
        ) {
            let found: Vec<usize> = ranks.into_iter().collect();
            let hits = Hits { gold: found.len() + missing, ranks: found };
            let best = Hits { ranks: (0..hits.gold).collect(), gold: hits.gold };
            for metric in Metric::MAIN {
                let score = hits.metric(metric);
                prop_assert!((0.0..=1.0).contains(&score));
                prop_assert!(score <= best.metric(metric) + 1e-12, "{metric}");
            }
            for metric in [Metric::Mrr, Metric::Map, Metric::Ndcg(10), Metric::Acc(10)] {
                prop_assert!(near(best.metric(metric), 1.0), "{metric}");
            }
        }
    }
}
