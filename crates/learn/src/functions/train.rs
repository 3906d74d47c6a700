//! How is a ranker of functions trained, and does training help?
//!
//! In: measured questions. Out: a ranker; and for the rows for development, scored by
//! rankers that never saw their repository, and for the rows for tests where gold
//! stands, beside the untrained fusion.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::features::FEATURES;
use super::measured::Measured;
use crate::experiment::{Role, grouped};
use crate::feature::{column_names, normalized};
use crate::measure::Hits;
use crate::rank::lambda_mart::{self, LambdaMartOptions};
use crate::rank::linear::{self, LinearOptions};
use crate::rank::{Blend, GroupError, Groups, Model, Ranker};
use crate::seed::Seed;

/// How many functions without gold teach, by the untrained ranking and at random.
const NEGATIVES: usize = 40;
/// For how many units a row counts.
const ROW_VOTES: u32 = 3;
/// A unit teaches when gold is among so many best functions of the untrained ranking.
const FINDABLE: usize = 30;
/// Into how many parts the repositories are put.
const FOLDS: usize = 5;

/// How a ranker of functions is trained.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct FunctionSetting {
    /// Trees of the forest.
    pub trees: usize,
    /// Leaves of a tree.
    pub leaves: usize,
    /// The part of the linear model in the score.
    pub linear: f32,
}

/// Trains on questions with gold among their functions.
pub fn train(measured: &[&Measured], setting: FunctionSetting) -> Result<Ranker, GroupError> {
    let features = column_names(&FEATURES);
    let mut groups = Groups::new(features.len());
    for one in measured.iter().filter(|one| teaches(one)) {
        let rows = rows(&one.columns);
        let places = sampled(one);
        let gold: BTreeSet<usize> = one.gold.iter().copied().collect();
        let numbers: Vec<f32> = places.iter().flat_map(|at| rows[*at].iter().copied()).collect();
        let relevance: Vec<u8> = places.iter().map(|at| u8::from(gold.contains(at))).collect();
        // Issues are what is asked; the words of a change are another language.
        let votes = if one.role == Role::Unit { 1 } else { ROW_VOTES };
        groups.push_counting(&numbers, &relevance, votes)?;
    }
    let options = LambdaMartOptions {
        trees: setting.trees,
        leaves: setting.leaves,
        seed: Seed::of(&["functions"]),
        ..LambdaMartOptions::default()
    };
    let trees = lambda_mart::train(&groups, &options)?;
    let model = if setting.linear > 0.0 {
        let linear = linear::train(&groups, &LinearOptions::default())?;
        Model::Blend(Blend { trees, linear, weight: setting.linear })
    } else {
        Model::Trees(trees)
    };
    Ok(Ranker { features, model, calibration: None })
}

/// Returns true where the words of the question lead near gold at all.
fn teaches(one: &Measured) -> bool {
    let found = |gold: &usize| {
        let better = one.fused.iter().filter(|score| **score > one.fused[*gold]).count();
        better < FINDABLE
    };
    match one.role {
        Role::Unit => one.gold.iter().any(found),
        Role::Development | Role::Test | Role::Pseudo => !one.gold.is_empty(),
    }
}

fn rows(columns: &[Vec<f32>]) -> Vec<Vec<f32>> {
    let columns = normalized(&FEATURES, columns);
    let count = columns.first().map_or(0, Vec::len);
    (0..count).map(|at| columns.iter().map(|column| column[at]).collect()).collect()
}

fn sampled(one: &Measured) -> Vec<usize> {
    let mut taken: BTreeSet<usize> = one.gold.iter().copied().collect();
    let mut order: Vec<usize> = (0..one.fused.len()).collect();
    order.sort_by(|a, b| one.fused[*b].total_cmp(&one.fused[*a]));
    order.retain(|at| one.gold.binary_search(at).is_err());
    let (hardest, rest) = order.split_at(order.len().min(NEGATIVES));
    taken.extend(hardest);
    let mut rest = rest.to_vec();
    Seed::of(&["functions", &one.id]).generator().shuffle(&mut rest);
    taken.extend(rest.into_iter().take(NEGATIVES));
    taken.into_iter().collect()
}

/// Where gold stands for one question, by the untrained fusion and by a trained ranker.
#[derive(Clone, Debug, PartialEq)]
pub struct Scored {
    /// The question, as a place in the list.
    pub at: usize,
    /// By the untrained fusion.
    pub fused: Hits,
    /// By the trained ranker.
    pub trained: Hits,
}

/// Scores every row for development and for tests that has gold functions.
///
/// `learns` says which questions may teach; rows for tests never do.
pub fn scored(
    measured: &[Measured],
    setting: FunctionSetting,
    learns: impl Fn(&Measured) -> bool + Sync,
) -> Result<Vec<Scored>, GroupError> {
    let is_row = |role| matches!(role, Role::Development | Role::Test);
    let rows: Vec<usize> = (0..measured.len())
        .filter(|at| is_row(measured[*at].role) && measured[*at].wanted > 0)
        .collect();
    let held = rows.iter().filter(|at| measured[**at].role == Role::Development);
    let placed = grouped(held.map(|at| measured[*at].repo.clone()), FOLDS);
    let rankers: Vec<Ranker> = (0..=FOLDS)
        .into_par_iter()
        .map(|fold| {
            let teaches = |one: &&Measured| {
                one.role != Role::Test && learns(one) && placed.get(&one.repo) != Some(&fold)
            };
            train(&measured.iter().filter(teaches).collect::<Vec<_>>(), setting)
        })
        .collect::<Result<_, _>>()?;
    let score = |at: &usize| {
        let one = &measured[*at];
        let ranker = &rankers[placed.get(&one.repo).copied().unwrap_or(FOLDS)];
        let numbers: Vec<f32> = rows_flat(&one.columns);
        let hits = |scores: &[f64]| Hits { gold: one.wanted, ..Hits::of_scores(scores, &one.gold) };
        Scored { at: *at, fused: hits(&one.fused), trained: hits(&ranker.model.scores(&numbers)) }
    };
    Ok(rows.par_iter().map(score).collect())
}

fn rows_flat(columns: &[Vec<f32>]) -> Vec<f32> {
    rows(columns).concat()
}
