//! How is one arm trained?
//!
//! In: the queries that are learned from. Out: a model, with the setting that ranks
//! best on inner folds of these same queries. Per query all gold, the hardest
//! candidates by content and as many drawn at random are learned from.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::RepoName;
use rayon::prelude::*;

use super::query::{Query, Source};
use super::split::grouped;
use crate::measure::{Hits, Metric};
use crate::rank::lambda_mart::{LambdaMartOptions, Trainer};
use crate::rank::linear::{self, LinearOptions};
use crate::rank::{Blend, Forest, GroupError, Groups, Linear, Model};
use crate::seed::Seed;
use crate::seen::{Columns, Sight, matrix};
use crate::text::order;

/// How many candidates without gold are taken by content, and how many at random.
const NEGATIVES: usize = 30;

/// Into how many parts the learned queries are put to choose a setting.
const INNER_FOLDS: usize = 3;

/// How many lessons of one repository choose a setting; eight settings are told apart
/// by fewer than a model needs.
const CHOOSING: usize = 50;

/// One point of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Leaves of a tree.
    pub leaves: usize,
    /// Trees of the forest.
    pub trees: usize,
    /// The part of the linear model in the score.
    pub linear: f32,
}

/// The settings that are tried, as every leaves with every trees and every part.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Leaves of a tree.
    pub leaves: Vec<usize>,
    /// Trees of the forest.
    pub trees: Vec<usize>,
    /// The part of the linear model in the score.
    pub linear: Vec<f32>,
}

impl Default for Grid {
    /// Returns the grid of the protocol.
    fn default() -> Self {
        Self { leaves: vec![7, 15], trees: vec![100, 200], linear: vec![0.0, 0.5] }
    }
}

/// What one query teaches: sampled candidates with their relevance.
#[derive(Clone, Debug)]
pub struct Lesson {
    /// The repository of the query.
    pub repo: RepoName,
    /// Where its text comes from.
    pub source: Source,
    columns: usize,
    rows: Vec<f32>,
    relevance: Vec<u8>,
}

/// Samples what a query teaches; `labels` are the places of what counts as gold.
pub fn lesson(query: &Query, sight: Sight, labels: &[usize], other: Option<&Columns>) -> Lesson {
    let all = matrix(&query.id, &query.columns, sight, other);
    let places = sampled(query, labels);
    let gold: BTreeSet<usize> = labels.iter().copied().collect();
    Lesson {
        repo: query.repo.clone(),
        source: query.source,
        columns: all.columns,
        rows: places.iter().flat_map(|at| all.row(*at)).copied().collect(),
        relevance: places.iter().map(|at| u8::from(gold.contains(at))).collect(),
    }
}

/// Returns the places that are learned from, ascending.
fn sampled(query: &Query, labels: &[usize]) -> Vec<usize> {
    let mut taken: BTreeSet<usize> = labels.iter().copied().collect();
    let hardest = order(query.columns.snapshot_column("content"));
    let negatives = hardest.into_iter().filter(|at| !labels.contains(at));
    taken.extend(negatives.take(NEGATIVES));
    let mut rest: Vec<usize> = (0..query.columns.len()).filter(|at| !taken.contains(at)).collect();
    Seed::of(&["negatives", &query.id]).generator().shuffle(&mut rest);
    taken.extend(rest.into_iter().take(NEGATIVES));
    taken.into_iter().collect()
}

/// Puts lessons together.
fn groups<'a>(lessons: impl IntoIterator<Item = &'a Lesson>) -> Result<Groups, GroupError> {
    let mut lessons = lessons.into_iter().peekable();
    let mut groups = Groups::new(lessons.peek().map_or(0, |lesson| lesson.columns));
    for lesson in lessons {
        groups.push(&lesson.rows, &lesson.relevance)?;
    }
    Ok(groups)
}

/// Trains one model for each seed.
pub fn fit(
    lessons: &[&Lesson],
    setting: Setting,
    seeds: &[Seed],
) -> Result<Vec<Model>, GroupError> {
    let groups = groups(lessons.iter().copied())?;
    let trainer = Trainer::new(&groups)?;
    let grown: Vec<Forest> = seeds
        .par_iter()
        .map(|seed| forest(&trainer, setting.leaves, setting.trees, *seed))
        .collect();
    let linear = if setting.linear > 0.0 {
        linear::train(&groups, &LinearOptions::default())?
    } else {
        Linear::default()
    };
    Ok(grown.into_iter().map(|trees| blended(trees, &linear, setting.linear)).collect())
}

fn forest(trainer: &Trainer<'_>, leaves: usize, trees: usize, seed: Seed) -> Forest {
    trainer.train(&LambdaMartOptions { trees, leaves, seed, ..LambdaMartOptions::default() })
}

/// Chooses the setting of the grid with the best MRR on inner folds by repository.
///
/// # Panics
///
/// When the grid has no setting.
pub fn choose(lessons: &[&Lesson], grid: &Grid, seed: Seed) -> Result<Setting, GroupError> {
    let settings = grid.settings();
    let lessons = some_of_each(lessons);
    let placed = grouped(lessons.iter().map(|lesson| lesson.repo.clone()), INNER_FOLDS);
    let place = |lesson: &&Lesson| placed.get(&lesson.repo).copied().unwrap_or_default();
    let mut sums = vec![0.0; settings.len()];
    for fold in 0..INNER_FOLDS {
        let (held, learned): (Vec<&Lesson>, Vec<&Lesson>) =
            lessons.iter().copied().partition(|lesson| place(lesson) == fold);
        // Words of a change are easier than issues: where there are issues, they decide.
        let has_issue = held.iter().any(|lesson| lesson.source == Source::Issue);
        let held: Vec<&Lesson> =
            held.into_iter().filter(|held| !has_issue || held.source == Source::Issue).collect();
        if held.is_empty() || learned.is_empty() {
            continue;
        }
        let reached = grid.reached(&groups(learned)?, &held, seed)?;
        sums.iter_mut().zip(reached).for_each(|(sum, reached)| *sum += reached);
    }
    let mut best = 0;
    for at in 1..sums.len() {
        if sums[at] > sums[best] {
            best = at;
        }
    }
    Ok(settings[best])
}

/// Takes at most [`CHOOSING`] lessons of each repository, evenly over their order.
fn some_of_each<'a>(lessons: &[&'a Lesson]) -> Vec<&'a Lesson> {
    let mut by_repo: BTreeMap<&RepoName, Vec<&'a Lesson>> = BTreeMap::new();
    for lesson in lessons {
        by_repo.entry(&lesson.repo).or_default().push(lesson);
    }
    let some = |all: Vec<&'a Lesson>| {
        let count = all.len().min(CHOOSING);
        (0..count).map(|at| all[at * all.len() / count]).collect::<Vec<_>>()
    };
    by_repo.into_values().flat_map(some).collect()
}

impl Grid {
    /// Returns every setting.
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        for leaves in self.leaves.iter().copied() {
            for trees in self.trees.iter().copied() {
                let parts = self.linear.iter().copied();
                settings.extend(parts.map(|linear| Setting { leaves, trees, linear }));
            }
        }
        settings
    }

    /// Returns the sum of MRR over held lessons of every setting.
    fn reached(
        &self,
        groups: &Groups,
        held: &[&Lesson],
        seed: Seed,
    ) -> Result<Vec<f64>, GroupError> {
        let linear: Linear = linear::train(groups, &LinearOptions::default())?;
        // A forest of few trees is the start of one of many.
        let most = self.trees.iter().copied().max().unwrap_or_default();
        let trainer = Trainer::new(groups)?;
        let grown = |leaves: &usize| (*leaves, forest(&trainer, *leaves, most, seed));
        let forests: BTreeMap<usize, Forest> = self.leaves.par_iter().map(grown).collect();
        let reached = self.settings().into_par_iter().map(|setting| {
            let trees = forests[&setting.leaves].first(setting.trees);
            let model = blended(trees, &linear, setting.linear);
            held.iter().map(|held| mrr(&model, held)).sum()
        });
        Ok(reached.collect())
    }
}

fn blended(trees: Forest, linear: &Linear, weight: f32) -> Model {
    if weight == 0.0 {
        return Model::Trees(trees);
    }
    Model::Blend(Blend { trees, linear: linear.clone(), weight })
}

fn mrr(model: &Model, held: &Lesson) -> f64 {
    let gold: Vec<usize> = (0..held.relevance.len()).filter(|at| held.relevance[*at] > 0).collect();
    Hits::of_scores(&model.scores(&held.rows), &gold).metric(Metric::Mrr)
}
