//! How is one arm trained, and how sure may it be?
//!
//! In: groups of patches with features and outcomes. Out: a model, and a sigmoid that
//! turns its scores into probabilities. The sigmoid is fitted to scores that inner
//! models give to repositories they did not learn from.

use std::collections::BTreeSet;

use backstory_model::RepoName;

use super::arm::Way;
use super::features::columns;
use crate::measure::Platt;
use crate::number::real;
use crate::rank::lambda_mart::{self, LambdaMartOptions};
use crate::rank::linear::{self, LinearOptions};
use crate::rank::{GroupError, Groups, Model};
use crate::seed::Seed;

/// The patches of one instance that an arm learns from or chooses among.
#[derive(Clone, Debug)]
pub(super) struct Choices<'a> {
    pub(super) repo: &'a RepoName,
    pub(super) rows: Vec<&'a [f32]>,
    pub(super) passes: Vec<bool>,
}

/// A trained arm.
#[derive(Clone, Debug)]
pub(super) struct Trained {
    model: Model,
    columns: Vec<usize>,
    calibration: Option<Platt>,
}

/// A forest of few leaves: there are hundreds of rows, not millions.
fn small_forest() -> LambdaMartOptions {
    LambdaMartOptions { trees: 60, leaves: 4, seed: Seed::of(&["patches"]), ..Default::default() }
}

/// Trains an arm; `None` for one that learns nothing.
pub(super) fn train(way: Way, lessons: &[&Choices<'_>]) -> Result<Option<Trained>, GroupError> {
    let (Way::Sum(groups) | Way::Trees(groups)) = way else { return Ok(None) };
    let columns = columns(groups);
    let model = fit(way, lessons, &columns)?;
    // A forest is a second look at the same features and states no probabilities.
    if matches!(way, Way::Trees(_)) {
        return Ok(Some(Trained { model, columns, calibration: None }));
    }
    let (mut scores, mut passes) = (Vec::new(), Vec::new());
    let repositories: BTreeSet<&RepoName> = lessons.iter().map(|one| one.repo).collect();
    for held in repositories {
        let (out, inner): (Vec<&Choices<'_>>, Vec<&Choices<'_>>) =
            lessons.iter().copied().partition(|one| one.repo == held);
        // A side without a choice has nothing to learn from.
        let Ok(inner) = fit(way, &inner, &columns) else { continue };
        for one in out {
            scores.extend(centered(&inner, &columns, one));
            passes.extend_from_slice(&one.passes);
        }
    }
    Ok(Some(Trained { model, columns, calibration: Platt::fit(&scores, &passes) }))
}

fn fit(way: Way, lessons: &[&Choices<'_>], columns: &[usize]) -> Result<Model, GroupError> {
    let mut groups = Groups::new(columns.len());
    for one in lessons {
        let relevance: Vec<u8> = one.passes.iter().map(|pass| u8::from(*pass)).collect();
        groups.push(&picked(one, columns), &relevance)?;
    }
    Ok(match way {
        Way::Trees(_) => Model::Trees(lambda_mart::train(&groups, &small_forest())?),
        Way::Sum(_) | Way::Hunks | Way::Run(_) => {
            Model::Linear(linear::train(&groups, &LinearOptions::default())?)
        }
    })
}

fn picked(choices: &Choices<'_>, columns: &[usize]) -> Vec<f32> {
    choices.rows.iter().flat_map(|row| columns.iter().map(|at| row[*at])).collect()
}

/// Returns the scores less their mean: what all patches of an instance share says
/// nothing about any of them.
fn centered(model: &Model, columns: &[usize], choices: &Choices<'_>) -> Vec<f64> {
    let scores = model.scores(&picked(choices, columns));
    let mean = scores.iter().sum::<f64>() / real(scores.len().max(1));
    scores.into_iter().map(|score| score - mean).collect()
}

impl Trained {
    /// Returns the scores of the patches of one instance.
    pub(super) fn scores(&self, choices: &Choices<'_>) -> Vec<f64> {
        centered(&self.model, &self.columns, choices)
    }

    /// Returns the probabilities behind scores, where they could be learned.
    pub(super) fn probabilities(&self, scores: &[f64]) -> Option<Vec<f64>> {
        let platt = self.calibration?;
        Some(scores.iter().map(|score| platt.probability(*score)).collect())
    }
}
