//! How do different rankers answer the same question?
//!
//! In: the features of all candidates of one query. Out: one score for each, and how
//! much each feature lifts a candidate above the mean of its query. Both parts of a
//! blend are standardized within the query first, so that neither wins by its scale.

use serde::{Deserialize, Serialize};

use super::{Forest, Linear};
use crate::number::real;

/// A trained ranker.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Model {
    /// A forest of regression trees.
    Trees(Forest),
    /// A weighted sum.
    Linear(Linear),
    /// A forest and a weighted sum.
    Blend(Blend),
}

/// A forest and a weighted sum over the same features.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Blend {
    /// The forest.
    pub trees: Forest,
    /// The weighted sum.
    pub linear: Linear,
    /// Which part of the score the weighted sum has, from 0 to 1.
    pub weight: f32,
}

/// Something that gives every candidate a score that is a sum over its features.
enum Part<'a> {
    Trees(&'a Forest),
    Linear(&'a Linear),
}

impl Part<'_> {
    fn score(&self, row: &[f32]) -> f64 {
        match self {
            Self::Trees(forest) => forest.score(row),
            Self::Linear(linear) => linear.score(row),
        }
    }

    fn add_contributions(&self, row: &[f32], sums: &mut [f64]) {
        match self {
            Self::Trees(forest) => forest.add_contributions(row, sums),
            Self::Linear(linear) => linear.add_contributions(row, sums),
        }
    }
}

impl Model {
    /// Returns how many features a candidate must have, if all parts agree on it.
    pub fn columns(&self) -> Option<usize> {
        match self {
            Self::Trees(forest) => Some(forest.columns()),
            Self::Linear(linear) => Some(linear.columns()),
            Self::Blend(blend) => {
                let columns = blend.trees.columns();
                (columns == blend.linear.columns()).then_some(columns)
            }
        }
    }

    /// Returns the score of each candidate of one query; higher comes first.
    ///
    /// The scores of a blend mean nothing beyond their query.
    ///
    /// # Panics
    ///
    /// Where the features are no rows of [`Model::columns`] numbers.
    pub fn scores(&self, features: &[f32]) -> Vec<f64> {
        let columns = self.columns().expect("the parts of a blend read the same features");
        let rows = rows(features, columns);
        match self {
            Self::Trees(forest) => rows.map(|row| forest.score(row)).collect(),
            Self::Linear(linear) => rows.map(|row| linear.score(row)).collect(),
            Self::Blend(blend) => {
                let rows: Vec<&[f32]> = rows.collect();
                let mut sums = vec![0.0; rows.len()];
                for (part, weight) in blend.parts() {
                    let scores: Vec<f64> = rows.iter().map(|row| part.score(row)).collect();
                    let Standard { mean, scale } = Standard::of(&scores);
                    let weighted = scores.iter().map(|score| weight * scale * (score - mean));
                    sums.iter_mut().zip(weighted).for_each(|(sum, score)| *sum += score);
                }
                sums
            }
        }
    }

    /// Returns for each candidate how much each feature lifts it above the mean
    /// candidate of the query.
    ///
    /// The parts of a candidate add up to its score less the mean score of the query.
    ///
    /// # Panics
    ///
    /// Where the features are no rows of [`Model::columns`] numbers.
    pub fn reasons(&self, features: &[f32]) -> Vec<Vec<f64>> {
        let columns = self.columns().expect("the parts of a blend read the same features");
        let rows: Vec<&[f32]> = rows(features, columns).collect();
        let mut sums = vec![vec![0.0; columns]; rows.len()];
        match self {
            Self::Trees(forest) => add_reasons(&Part::Trees(forest), &rows, 1.0, &mut sums),
            Self::Linear(linear) => add_reasons(&Part::Linear(linear), &rows, 1.0, &mut sums),
            Self::Blend(blend) => {
                for (part, weight) in blend.parts() {
                    let scores: Vec<f64> = rows.iter().map(|row| part.score(row)).collect();
                    add_reasons(&part, &rows, weight * Standard::of(&scores).scale, &mut sums);
                }
            }
        }
        sums
    }
}

impl Blend {
    fn parts(&self) -> [(Part<'_>, f64); 2] {
        let weight = f64::from(self.weight);
        [(Part::Trees(&self.trees), 1.0 - weight), (Part::Linear(&self.linear), weight)]
    }
}

fn rows(features: &[f32], columns: usize) -> std::slice::ChunksExact<'_, f32> {
    let rows = features.chunks_exact(columns.max(1));
    assert!(rows.remainder().is_empty(), "the features are whole rows of {columns}");
    rows
}

/// Adds `weight` times the contributions, less their mean over the rows.
fn add_reasons(part: &Part<'_>, rows: &[&[f32]], weight: f64, sums: &mut [Vec<f64>]) {
    let columns = sums.first().map_or(0, Vec::len);
    let contributions = rows.iter().map(|row| {
        let mut own = vec![0.0; columns];
        part.add_contributions(row, &mut own);
        own
    });
    let contributions: Vec<Vec<f64>> = contributions.collect();
    for column in 0..columns {
        let mean = contributions.iter().map(|own| own[column]).sum::<f64>() / real(rows.len());
        for (sum, own) in sums.iter_mut().zip(&contributions) {
            sum[column] += weight * (own[column] - mean);
        }
    }
}

/// How the scores of one query are made comparable.
struct Standard {
    mean: f64,
    /// One over the deviation; 0 where all scores are equal.
    scale: f64,
}

impl Standard {
    fn of(scores: &[f64]) -> Self {
        let count = real(scores.len().max(1));
        let mean = scores.iter().sum::<f64>() / count;
        let square = scores.iter().map(|score| (score - mean).powi(2)).sum::<f64>() / count;
        Self { mean, scale: if square > 1e-24 { 1.0 / square.sqrt() } else { 0.0 } }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::LazyLock;

    use proptest::prelude::*;

    use super::*;
    use crate::rank::synthetic::{Size, queries};
    use crate::rank::{Groups, lambda_mart, linear};
    use crate::seed::Seed;

    fn seen() -> Groups {
        queries(Seed::of(&["seen"]), Size { queries: 30, rows: 20, columns: 5 })
    }

    /// Trained once for all cases.
    static MODELS: LazyLock<[Model; 3]> = LazyLock::new(models);

    fn models() -> [Model; 3] {
        let options = lambda_mart::LambdaMartOptions { trees: 10, ..Default::default() };
        let trees = lambda_mart::train(&seen(), &options).expect("learns");
        let linear = linear::train(&seen(), &linear::LinearOptions::default()).expect("learns");
        let blend = Blend { trees: trees.clone(), linear: linear.clone(), weight: 0.5 };
        [Model::Trees(trees), Model::Linear(linear), Model::Blend(blend)]
    }

    #[test]
    fn a_blend_standardizes_its_parts_within_the_query() {
        let groups = seen();
        let [trees, linear, blend] = models();
        let query = groups.iter().next().expect("a query");
        let standardized = |model: &Model| {
            let scores = model.scores(query.features);
            let Standard { mean, scale } = Standard::of(&scores);
            scores.into_iter().map(move |score| (score - mean) * scale).collect::<Vec<_>>()
        };
        let sums = standardized(&trees).into_iter().zip(standardized(&linear));
        for (score, (one, other)) in blend.scores(query.features).into_iter().zip(sums) {
            assert!((score - 0.5 * one - 0.5 * other).abs() < 1e-9);
        }
    }

    #[test]
    fn equal_candidates_have_equal_scores_and_no_reasons() {
        for model in models() {
            let row = [0.4, 0.5, 0.6, 0.7, 0.8];
            let features = row.repeat(3);
            let scores = model.scores(&features);
            assert!(scores.iter().all(|score| (score - scores[0]).abs() < 1e-12));
            assert!(model.reasons(&features).iter().flatten().all(|reason| reason.abs() < 1e-9));
            assert!(model.scores(&[]).is_empty());
        }
    }

    #[test]
    fn parts_of_different_width_do_not_agree() {
        let [trees, _, blend] = models();
        let Model::Blend(blend) = blend else { panic!("a blend") };
        let torn = Blend { linear: Linear::default(), ..blend };
        assert_eq!(trees.columns(), Some(5));
        assert_eq!(Model::Blend(torn).columns(), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(24))]

        #[test]
        fn reasons_add_up_to_the_lead_over_the_mean(
            features in prop::collection::vec(0.0_f32..1.0, 5 * 6),
        ) {
            for model in &*MODELS {
                let scores = model.scores(&features);
                let mean = scores.iter().sum::<f64>() / 6.0;
                for (score, reasons) in scores.iter().zip(model.reasons(&features)) {
                    let sum: f64 = reasons.iter().sum();
                    prop_assert!((score - mean - sum).abs() < 1e-6, "{score} {mean} {sum}");
                }
            }
        }
    }
}
