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
use crate::rank::{Blend, Forest, GroupError, Groups, Linear, Model};
use crate::seed::Seed;
use crate::seen::{Columns, Sight, matrix, names};
use crate::text::order;

/// How many candidates without gold are taken by content, and how many at random.
const NEGATIVES: usize = 30;

/// Into how many parts the learned queries are put to choose a setting.
const INNER_FOLDS: usize = 3;

/// How many lessons of one repository choose a setting; eight settings are told apart
/// by fewer than a model needs.
const CHOOSING: usize = 25;

/// One point of the grid.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Setting {
    /// Trees of a forest.
    pub trees: usize,
    /// Leaves of a tree.
    pub leaves: usize,
    /// For how many queries one counts whose text is an issue.
    pub issue_votes: u32,
    /// The part of the untrained fusion in the score.
    pub fusion: f32,
}

/// The settings that are tried, as every leaves with every votes and every part.
#[derive(Clone, Debug, PartialEq)]
pub struct Grid {
    /// Trees of every forest.
    pub trees: usize,
    /// Leaves of a tree.
    pub leaves: Vec<usize>,
    /// For how many queries one counts whose text is an issue.
    pub issue_votes: Vec<u32>,
    /// The part of the untrained fusion in the score.
    pub fusion: Vec<f32>,
}

impl Default for Grid {
    /// Returns the grid of the protocol.
    fn default() -> Self {
        Self { trees: 100, leaves: vec![7, 15], issue_votes: vec![1, 10], fusion: vec![0.0, 0.5] }
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
fn groups<'a>(
    lessons: impl IntoIterator<Item = &'a Lesson>,
    issue_votes: u32,
) -> Result<Groups, GroupError> {
    let mut lessons = lessons.into_iter().peekable();
    let mut groups = Groups::new(lessons.peek().map_or(0, |lesson| lesson.columns));
    for lesson in lessons {
        let votes = if lesson.source == Source::Issue { issue_votes } else { 1 };
        groups.push_counting(&lesson.rows, &lesson.relevance, votes)?;
    }
    Ok(groups)
}

/// Trains one model for each seed; `sight` is what the lessons see.
pub fn fit(
    lessons: &[&Lesson],
    sight: Sight,
    setting: Setting,
    seeds: &[Seed],
) -> Result<Vec<Model>, GroupError> {
    let groups = groups(lessons.iter().copied(), setting.issue_votes)?;
    let trainer = Trainer::new(&groups)?;
    let grown = seeds.par_iter().map(|seed| forest(&trainer, setting, *seed));
    Ok(grown.map(|trees| held_to_fusion(trees, sight, setting.fusion)).collect())
}

/// Trains the model of one seed.
pub fn fit_one(
    lessons: &[&Lesson],
    sight: Sight,
    setting: Setting,
    seed: Seed,
) -> Result<Model, GroupError> {
    let groups = groups(lessons.iter().copied(), setting.issue_votes)?;
    let trees = forest(&Trainer::new(&groups)?, setting, seed);
    Ok(held_to_fusion(trees, sight, setting.fusion))
}

fn forest(trainer: &Trainer<'_>, setting: Setting, seed: Seed) -> Forest {
    let Setting { trees, leaves, .. } = setting;
    trainer.train(&LambdaMartOptions { trees, leaves, seed, ..LambdaMartOptions::default() })
}

/// Chooses the setting of the grid with the best MRR on inner folds by repository, on
/// queries with texts of the kind that will be scored where there are any.
///
/// # Panics
///
/// When the grid has no setting.
pub fn choose(
    lessons: &[&Lesson],
    sight: Sight,
    scored: Source,
    grid: &Grid,
) -> Result<Setting, GroupError> {
    let settings = grid.settings();
    let lessons = some_of_each(lessons);
    let placed = grouped(lessons.iter().map(|lesson| lesson.repo.clone()), INNER_FOLDS);
    let place = |lesson: &&Lesson| placed.get(&lesson.repo).copied().unwrap_or_default();
    let mut sums = vec![0.0; settings.len()];
    for fold in 0..INNER_FOLDS {
        let (held, learned): (Vec<&Lesson>, Vec<&Lesson>) =
            lessons.iter().copied().partition(|lesson| place(lesson) == fold);
        let is_like = held.iter().any(|lesson| lesson.source == scored);
        let held: Vec<&Lesson> =
            held.into_iter().filter(|held| !is_like || held.source == scored).collect();
        if held.is_empty() || learned.is_empty() {
            continue;
        }
        let reached = grid.reached(&learned, &held, sight)?;
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

/// Takes every issue and at most [`CHOOSING`] other lessons of each repository, evenly
/// over their order.
fn some_of_each<'a>(lessons: &[&'a Lesson]) -> Vec<&'a Lesson> {
    let mut issues = Vec::new();
    let mut others: BTreeMap<&RepoName, Vec<&'a Lesson>> = BTreeMap::new();
    for lesson in lessons {
        match lesson.source {
            Source::Issue => issues.push(*lesson),
            _ => others.entry(&lesson.repo).or_default().push(lesson),
        }
    }
    let some = |all: Vec<&'a Lesson>| {
        let count = all.len().min(CHOOSING);
        (0..count).map(|at| all[at * all.len() / count]).collect::<Vec<_>>()
    };
    issues.extend(others.into_values().flat_map(some));
    issues
}

impl Grid {
    /// Returns every setting.
    pub fn settings(&self) -> Vec<Setting> {
        let mut settings = Vec::new();
        for leaves in self.leaves.iter().copied() {
            for issue_votes in self.issue_votes.iter().copied() {
                let parts = self.fusion.iter().copied();
                settings.extend(parts.map(|fusion| Setting {
                    trees: self.trees,
                    leaves,
                    issue_votes,
                    fusion,
                }));
            }
        }
        settings
    }

    /// Returns the sum of MRR over held lessons of every setting.
    fn reached(
        &self,
        learned: &[&Lesson],
        held: &[&Lesson],
        sight: Sight,
    ) -> Result<Vec<f64>, GroupError> {
        let settings = self.settings();
        let mut forests: BTreeMap<(usize, u32), Forest> = BTreeMap::new();
        for votes in &self.issue_votes {
            let groups = groups(learned.iter().copied(), *votes)?;
            let trainer = Trainer::new(&groups)?;
            // Two settings that differ in the fusion alone share their forest.
            let grown = settings.par_iter().filter(|one| one.issue_votes == *votes);
            let grown = grown.filter(|one| Some(&one.fusion) == self.fusion.first());
            forests.par_extend(
                grown.map(|one| {
                    ((one.leaves, *votes), forest(&trainer, *one, Seed::of(&["choice"])))
                }),
            );
        }
        let reached = settings.iter().map(|one| {
            let trees = forests[&(one.leaves, one.issue_votes)].clone();
            let model = held_to_fusion(trees, sight, one.fusion);
            held.par_iter().map(|held| mrr(&model, held)).sum()
        });
        Ok(reached.collect())
    }
}

/// Blends trees with the fusion that their arm must beat.
fn held_to_fusion(trees: Forest, sight: Sight, weight: f32) -> Model {
    if weight == 0.0 {
        return Model::Trees(trees);
    }
    let names = names(sight);
    let fusion = if sight.test { "fusion_with_test" } else { "fusion" };
    let column = names.iter().position(|name| name == fusion).expect("every arm sees its fusion");
    Model::Blend(Blend { trees, linear: Linear::only(column, names.len()), weight })
}

fn mrr(model: &Model, held: &Lesson) -> f64 {
    let gold: Vec<usize> = (0..held.relevance.len()).filter(|at| held.relevance[*at] > 0).collect();
    Hits::of_scores(&model.scores(&held.rows), &gold).metric(Metric::Mrr)
}
