//! Which weighted sum of the features puts gold first?
//!
//! In: groups. Out: one weight for each feature. For every pair of candidates of a
//! query of which one is more relevant, the logistic loss of the difference of their
//! scores; each query counts the same however many pairs it has, and large weights of
//! standardized features cost. Solved by Newton's method on all pairs at once: the
//! loss is convex, so there is one answer and no seed.

use serde::{Deserialize, Serialize};

use super::{Group, GroupError, Groups, numbers};
use crate::number::real;

/// Choices of a training.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct LinearOptions {
    /// What large weights cost; one query is the unit. At least a millionth.
    pub l2: f64,
    /// How many steps are taken at most; ten are usual.
    pub steps: usize,
}

impl Default for LinearOptions {
    fn default() -> Self {
        Self { l2: 1.0, steps: 50 }
    }
}

/// A weighted sum of centered features.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "LinearFile")]
pub struct Linear {
    #[serde(with = "numbers")]
    centers: Vec<f64>,
    #[serde(with = "numbers")]
    weights: Vec<f64>,
}

/// Says why lists of numbers are no weights.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum LinearError {
    /// The lists have different lengths.
    #[error("there are {weights} weights for {centers} centers")]
    Length {
        /// How many weights.
        weights: usize,
        /// How many centers.
        centers: usize,
    },
    /// A number has no end.
    #[error("the weight or the center of feature {0} is not finite")]
    NotFinite(usize),
}

#[derive(Deserialize)]
struct LinearFile {
    #[serde(with = "numbers")]
    centers: Vec<f64>,
    #[serde(with = "numbers")]
    weights: Vec<f64>,
}

impl TryFrom<LinearFile> for Linear {
    type Error = LinearError;

    fn try_from(file: LinearFile) -> Result<Self, LinearError> {
        let LinearFile { centers, weights } = file;
        if centers.len() != weights.len() {
            return Err(LinearError::Length { weights: weights.len(), centers: centers.len() });
        }
        let broken =
            centers.iter().zip(&weights).position(|(c, w)| !(c.is_finite() && w.is_finite()));
        match broken {
            Some(at) => Err(LinearError::NotFinite(at)),
            None => Ok(Self { centers, weights }),
        }
    }
}

impl Linear {
    /// Returns how many features a candidate has.
    pub fn columns(&self) -> usize {
        self.weights.len()
    }

    /// Returns the sum that is one feature and nothing else.
    pub fn only(column: usize, columns: usize) -> Self {
        let mut weights = vec![0.0; columns];
        weights[column] = 1.0;
        Self { centers: vec![0.0; columns], weights }
    }

    /// Returns the weight of each feature as it stands in a row.
    pub fn weights(&self) -> &[f64] {
        &self.weights
    }

    /// Returns the weighted sum for one candidate.
    pub fn score(&self, row: &[f32]) -> f64 {
        self.parts(row).sum()
    }

    /// Adds to each sum how much its feature moves the score of one candidate.
    pub fn add_contributions(&self, row: &[f32], sums: &mut [f64]) {
        sums.iter_mut().zip(self.parts(row)).for_each(|(sum, part)| *sum += part);
    }

    fn parts(&self, row: &[f32]) -> impl Iterator<Item = f64> {
        let columns = row.iter().zip(&self.centers).zip(&self.weights);
        columns.map(|((value, center), weight)| weight * (f64::from(*value) - center))
    }
}

/// Finds the weights on queries with known relevance.
///
/// Fails on a table that [`Groups::check`] refuses.
pub fn train(groups: &Groups, options: &LinearOptions) -> Result<Linear, GroupError> {
    groups.check()?;
    let (centers, scales) = standard(groups);
    let loss = PairLoss::new(groups, &centers, &scales, options.l2.max(1e-6));
    let mut weights = vec![0.0; groups.columns];
    let mut here = loss.value(&weights);
    for _ in 0..options.steps {
        let step = loss.newton_step(&weights);
        let Some((next, value)) = loss.descend(&weights, &step, here) else { break };
        let enough = here - value <= 1e-14 * here.abs();
        (weights, here) = (next, value);
        if enough {
            break;
        }
    }
    let weights = weights.iter().zip(&scales).map(|(weight, scale)| weight * scale).collect();
    Ok(Linear { centers, weights })
}

/// Returns the mean of each feature and one over its deviation; 0 where it is constant.
fn standard(groups: &Groups) -> (Vec<f64>, Vec<f64>) {
    let rows = real(groups.rows());
    let mean = |of: &dyn Fn(usize, f64) -> f64| {
        let mut sums = vec![0.0; groups.columns];
        for row in groups.features.chunks_exact(groups.columns.max(1)) {
            for (column, value) in row.iter().enumerate() {
                sums[column] += of(column, f64::from(*value)) / rows;
            }
        }
        sums
    };
    let centers = mean(&|_, value| value);
    let squares = mean(&|column, value: f64| (value - centers[column]).powi(2));
    let scale = |square: f64| if square > 1e-18 { 1.0 / square.sqrt() } else { 0.0 };
    (centers, squares.into_iter().map(scale).collect())
}

/// Two rows of one query, the more relevant one first, and what the pair counts.
struct Pair {
    better: usize,
    worse: usize,
    weight: f64,
}

struct PairLoss {
    columns: usize,
    /// The standardized features, row by row.
    rows: Vec<f64>,
    pairs: Vec<Pair>,
    l2: f64,
}

impl PairLoss {
    fn new(groups: &Groups, centers: &[f64], scales: &[f64], l2: f64) -> Self {
        let columns = groups.columns;
        let standardized = |(at, value): (usize, &f32)| {
            (f64::from(*value) - centers[at % columns]) * scales[at % columns]
        };
        Self {
            columns,
            rows: groups.features.iter().enumerate().map(standardized).collect(),
            pairs: groups.iter().flat_map(pairs).collect(),
            l2,
        }
    }

    fn row(&self, row: usize) -> &[f64] {
        &self.rows[row * self.columns..(row + 1) * self.columns]
    }

    /// Returns by how much the better row of each pair leads.
    fn leads(&self, weights: &[f64]) -> Vec<f64> {
        let scores: Vec<f64> =
            self.rows.chunks_exact(self.columns.max(1)).map(|row| dot(row, weights)).collect();
        self.pairs.iter().map(|pair| scores[pair.better] - scores[pair.worse]).collect()
    }

    fn value(&self, weights: &[f64]) -> f64 {
        let leads = self.leads(weights);
        let losses =
            self.pairs.iter().zip(&leads).map(|(pair, lead)| pair.weight * softplus(-lead));
        losses.sum::<f64>() + 0.5 * self.l2 * dot(weights, weights)
    }

    /// Returns where the quadratic that touches the loss here has its minimum.
    fn newton_step(&self, weights: &[f64]) -> Vec<f64> {
        let mut slope: Vec<f64> = weights.iter().map(|weight| -self.l2 * weight).collect();
        let mut bend = Symmetric::diagonal(self.columns, self.l2);
        for (pair, lead) in self.pairs.iter().zip(self.leads(weights)) {
            let surprise = 1.0 / (1.0 + lead.exp());
            let (better, worse) = (self.row(pair.better), self.row(pair.worse));
            let apart: Vec<f64> = better.iter().zip(worse).map(|(b, w)| b - w).collect();
            let (pull, curve) = (pair.weight * surprise, pair.weight * surprise * (1.0 - surprise));
            slope.iter_mut().zip(&apart).for_each(|(slope, apart)| *slope += pull * apart);
            bend.add_square(&apart, curve);
        }
        bend.solve(slope)
    }

    /// Goes along a step, halving it until the loss falls; `None` where it never does.
    fn descend(&self, weights: &[f64], step: &[f64], here: f64) -> Option<(Vec<f64>, f64)> {
        (0..40).map(|halvings| 0.5_f64.powi(halvings)).find_map(|part| {
            let next: Vec<f64> = weights.iter().zip(step).map(|(w, s)| w + part * s).collect();
            let value = self.value(&next);
            (value < here).then_some((next, value))
        })
    }
}

/// Returns the pairs of one query; together they count as its votes.
fn pairs(group: Group<'_>) -> Vec<Pair> {
    let mut pairs = Vec::new();
    for (better, label) in group.relevance.iter().enumerate() {
        for (worse, other) in group.relevance.iter().enumerate() {
            if label > other {
                let (better, worse) = (group.start + better, group.start + worse);
                pairs.push(Pair { better, worse, weight: 0.0 });
            }
        }
    }
    let weight = f64::from(group.votes) / real(pairs.len().max(1));
    for pair in &mut pairs {
        pair.weight = weight;
    }
    pairs
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter().zip(right).map(|(left, right)| left * right).sum()
}

/// Returns ln(1 + e^value) without overflow.
fn softplus(value: f64) -> f64 {
    value.max(0.0) + (-value.abs()).exp().ln_1p()
}

/// A symmetric matrix; only the lower half is kept up.
struct Symmetric {
    rows: Vec<Vec<f64>>,
}

impl Symmetric {
    fn diagonal(size: usize, value: f64) -> Self {
        let row = |at: usize| {
            let mut row = vec![0.0; at + 1];
            row[at] = value;
            row
        };
        Self { rows: (0..size).map(row).collect() }
    }

    /// Adds `factor` times the product of a vector with itself.
    fn add_square(&mut self, vector: &[f64], factor: f64) {
        for (row, own) in self.rows.iter_mut().zip(vector) {
            let scaled = factor * own;
            row.iter_mut().zip(vector).for_each(|(cell, other)| *cell += scaled * other);
        }
    }

    /// Solves for a right side by Cholesky's method; the matrix is positive definite.
    fn solve(mut self, mut right: Vec<f64>) -> Vec<f64> {
        for at in 0..self.rows.len() {
            let (done, rest) = self.rows.split_at_mut(at);
            let row = &mut rest[0];
            for (column, above) in done.iter().enumerate() {
                let known = dot(&row[..column], &above[..column]);
                row[column] = (row[column] - known) / above[column];
            }
            let known = dot(&row[..at], &row[..at]);
            row[at] = (row[at] - known).sqrt();
            right[at] = (right[at] - dot(&row[..at], &right[..at])) / row[at];
        }
        for at in (0..self.rows.len()).rev() {
            right[at] /= self.rows[at][at];
            let known = right[at];
            for (column, cell) in self.rows[at][..at].iter().enumerate() {
                right[column] -= cell * known;
            }
        }
        right
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::rank::synthetic::{Size, queries};
    use crate::seed::Seed;

    /// Twelve rows of three features in three queries; the second feature is constant.
    fn small() -> Groups {
        let mut groups = Groups::new(3);
        let rows: [&[f32]; 3] = [
            &[0.1, 5.0, 3.0, 0.9, 5.0, 1.0, 0.4, 5.0, 2.0, 0.8, 5.0, 2.5],
            &[0.7, 5.0, 0.5, 0.2, 5.0, 0.1, 0.6, 5.0, 3.5, 0.3, 5.0, 1.5],
            &[0.5, 5.0, 2.0, 0.45, 5.0, 2.2, 0.0, 5.0, 0.0, 1.0, 5.0, 4.0],
        ];
        let relevance: [&[u8]; 3] = [&[0, 1, 0, 1], &[1, 0, 0, 0], &[0, 2, 0, 1]];
        for (rows, relevance) in rows.iter().zip(relevance) {
            groups.push(rows, relevance).expect("fits");
        }
        groups
    }

    /// From `sklearn.linear_model.LogisticRegression(C=1, fit_intercept=False, tol=1e-12)`
    /// (1.9.1) on the differences of the standardized rows of all pairs and their
    /// negatives, each weighted with one over twice the pairs of its query; weights
    /// divided by the deviations.
    #[test]
    fn the_weights_are_those_of_a_logistic_regression_on_pairs() {
        let linear = train(&small(), &LinearOptions::default()).expect("learns");
        let known = [2.256_073_2, 0.0, -0.177_233_3];
        for (weight, known) in linear.weights().iter().zip(known) {
            assert!((weight - known).abs() < 1e-6, "{:?}", linear.weights());
        }
    }

    #[test]
    fn unseen_queries_are_ranked_better_than_by_chance() {
        let size = Size { queries: 60, rows: 30, columns: 8 };
        let seen = queries(Seed::of(&["seen"]), size);
        let linear = train(&seen, &LinearOptions::default()).expect("learns");
        let weights = linear.weights();
        assert!(weights[0] > 0.0 && weights[1] > 0.0 && weights[2] > 0.0 && weights[4] < 0.0);
        let useful = weights[..5].iter().map(|weight| weight.abs()).fold(f64::MAX, f64::min);
        assert!(weights[5..].iter().all(|weight| weight.abs() < useful), "{weights:?}");
    }

    #[test]
    fn more_cost_makes_smaller_weights() {
        let size = |l2| {
            let linear = train(&small(), &LinearOptions { l2, ..LinearOptions::default() });
            let weights = linear.expect("learns").weights().to_vec();
            dot(&weights, &weights)
        };
        assert!(size(0.0) > size(1.0) && size(1.0) > size(100.0));
    }

    #[test]
    fn weights_read_back_equal_and_torn_ones_are_refused() {
        let linear = train(&small(), &LinearOptions::default()).expect("learns");
        let text = serde_json::to_string(&linear).expect("serializes");
        assert_eq!(serde_json::from_str::<Linear>(&text).expect("reads back"), linear);
        let said = |text: &str| serde_json::from_str::<Linear>(text).expect_err("torn").to_string();
        insta::assert_snapshot!([
            said(r#"{"centers":"0 0","weights":"1"}"#),
            said(r#"{"centers":"0 0","weights":"1 inf"}"#),
        ].join("\n"), @"
        there are 1 weights for 2 centers
        the weight or the center of feature 1 is not finite
        ");
    }
}
