//! How does a forest learn which candidates come first?
//!
//! `LambdaMART`: every tree is fitted to the gradients by which `lambdarank` would move
//! the scores to raise NDCG, on histograms of at most 255 bins a feature, growing the
//! leaf with the greatest gain first. The objective with its normalization is that of
//! `LightGBM` 4, which `python/conformance/lambdamart.py` compares with.
//!
//! Rows are sampled one by one, not by query: the gradient of a row already holds its
//! whole query, so leaving rows out keeps every query's voice in every tree, while
//! leaving queries out would silence a fifth of them, and most have one gold row.
//!
//! Deterministic by construction: threads share out features and queries, never rows
//! of one sum, and every sum runs in row order.

mod bins;
mod gradients;
mod grow;
mod histogram;
#[cfg(test)]
mod tests;

use super::{Forest, GroupError, Groups, Tree};
use crate::number::share;
use crate::seed::Seed;
use bins::Binned;
use gradients::{Gradient, Lambdas};
use grow::{Grower, Sampled};

/// Above so many leaves a tree would learn rows by heart.
pub const MOST_LEAVES: usize = 1024;

/// Choices of a training.
#[derive(Clone, Debug, PartialEq)]
pub struct LambdaMartOptions {
    /// How many trees are grown.
    pub trees: usize,
    /// How many leaves a tree has at most; never more than [`MOST_LEAVES`].
    pub leaves: usize,
    /// By what part of its values a tree moves the scores.
    pub learning_rate: f64,
    /// How many rows a leaf holds at least, also when counted by second derivative.
    pub min_rows: usize,
    /// What is added to the second derivative of a leaf; greater is more careful.
    pub l2: f64,
    /// Which part of the rows a tree sees.
    pub row_share: f64,
    /// Which part of the features a tree sees.
    pub column_share: f64,
    /// Down to which rank NDCG counts.
    pub truncation: usize,
    /// Where the samples start.
    pub seed: Seed,
}

impl Default for LambdaMartOptions {
    fn default() -> Self {
        Self {
            trees: 100,
            leaves: 15,
            learning_rate: 0.05,
            min_rows: 20,
            l2: 0.0,
            row_share: 0.8,
            column_share: 0.8,
            truncation: 10,
            seed: Seed::new(0),
        }
    }
}

/// Grows a forest on queries with known relevance.
///
/// Ends early where no split obeys the options any more; then the forest has fewer
/// trees. Fails on a table that [`Groups::check`] refuses.
pub fn train(groups: &Groups, options: &LambdaMartOptions) -> Result<Forest, GroupError> {
    Ok(Trainer::new(groups)?.train(options))
}

/// Queries that are ready to grow forests on, as many as are wanted.
#[derive(Debug)]
pub struct Trainer<'g> {
    groups: &'g Groups,
    binned: Binned,
}

impl<'g> Trainer<'g> {
    /// Cuts the columns into bins; fails on a table that [`Groups::check`] refuses.
    pub fn new(groups: &'g Groups) -> Result<Self, GroupError> {
        groups.check()?;
        Ok(Self { groups, binned: Binned::new(groups) })
    }

    /// Grows a forest, as [`train`] does.
    pub fn train(&self, options: &LambdaMartOptions) -> Forest {
        let Self { groups, binned } = self;
        let lambdas = Lambdas::new(groups, options.truncation);
        let mut scores = vec![0.0; groups.rows()];
        let mut gradients = vec![Gradient::default(); groups.rows()];
        let mut trees = Vec::with_capacity(options.trees);
        for number in 0..options.trees {
            lambdas.fill(groups, &scores, &mut gradients);
            let sampled = sample(binned, options, options.seed.part(number as u64));
            let Some(tree) = (Grower { binned, gradients: &gradients, options }).grow(&sampled)
            else {
                break;
            };
            add_scores(&tree, groups, &mut scores);
            trees.push(tree);
        }
        Forest::grown(groups.columns, trees)
    }
}

/// Draws the rows and columns of one tree.
fn sample(binned: &Binned, options: &LambdaMartOptions, seed: Seed) -> Sampled {
    let draw = |part, population, wanted: f64| {
        let size = share(population, wanted).max(1);
        seed.part(part).generator().sample(population, size)
    };
    Sampled {
        rows: draw(0, binned.rows, options.row_share),
        columns: draw(1, binned.columns.len(), options.column_share),
    }
}

fn add_scores(tree: &Tree, groups: &Groups, scores: &mut [f64]) {
    for (row, score) in scores.iter_mut().enumerate() {
        *score += tree.score(groups.row(row));
    }
}
