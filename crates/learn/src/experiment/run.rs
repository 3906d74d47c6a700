//! How well does every arm rank, in every split?
//!
//! In: the queries. Out: for each split the scored queries and, for each arm, every
//! metric of each of them, averaged over seeds. Deterministic: the same queries give
//! the same numbers, on however many threads.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::RepoName;
use rayon::prelude::*;

use super::arm::{Arm, Labels};
use super::fit::{Grid, Lesson, Setting, choose, fit, lesson};
use super::query::{Query, Role};
use super::split::{Fold, Split};
use crate::control::{Answered, foreign_queries, permuted_gold};
use crate::measure::{Hits, Metric};
use crate::number::real;
use crate::rank::{GroupError, Model};
use crate::seed::Seed;
use crate::seen::{Columns, Sight, matrix};
use crate::text::order;

/// A query is learned from when its gold is among so many best hits by content.
const FINDABLE: usize = 20;

/// Every metric of [`Metric::MAIN`], in that order.
pub type Metrics = [f64; Metric::MAIN.len()];

/// Choices of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOptions {
    /// How many seeds are averaged.
    pub seeds: u64,
    /// The settings that are tried.
    pub grid: Grid,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { seeds: 5, grid: Grid::default() }
    }
}

/// What came of one split.
#[derive(Clone, Debug)]
pub struct SplitResult {
    /// Which split.
    pub split: Split,
    /// The scored queries, as places in the list.
    pub scored: Vec<usize>,
    /// How many queries each fold learns from.
    pub learned: Vec<usize>,
    /// What every arm reached.
    pub arms: BTreeMap<Arm, ArmResult>,
}

/// What one arm reached in one split.
#[derive(Clone, Debug, Default)]
pub struct ArmResult {
    /// For every scored query each metric of [`Metric::MAIN`], averaged over seeds.
    pub metrics: Vec<Metrics>,
    /// The setting of each fold; empty for an untrained arm.
    pub settings: Vec<Setting>,
}

/// Runs every arm in every split that has something to score.
pub fn run(queries: &[Query], options: &RunOptions) -> Result<Vec<SplitResult>, GroupError> {
    let bench = Bench::of(queries);
    let mut results = Vec::new();
    for split in Split::ALL {
        let folds = split.folds(queries);
        if !folds.is_empty() {
            results.push(bench.split(split, &folds, options)?);
        }
    }
    Ok(results)
}

/// The queries with what the controls drew for them.
struct Bench<'q> {
    queries: &'q [Query],
    shuffled: Vec<Option<Vec<usize>>>,
    foreign: Vec<Option<usize>>,
}

impl<'q> Bench<'q> {
    fn of(queries: &'q [Query]) -> Self {
        let answered: Vec<Answered<'_>> = queries.iter().map(Query::answered).collect();
        Self {
            queries,
            shuffled: permuted_gold(&answered, Seed::of(&["shuffled gold"])),
            foreign: foreign_queries(&answered, Seed::of(&["other repository"])),
        }
    }

    fn split(
        &self,
        split: Split,
        folds: &[Fold],
        options: &RunOptions,
    ) -> Result<SplitResult, GroupError> {
        let mut scored = folds.iter().flat_map(|fold| &fold.scored);
        let has_tests = scored.all(|at| self.queries[*at].columns.has_test());
        let arms: Vec<Arm> =
            Arm::ALL.into_iter().filter(|arm| has_tests || !arm.reads_test()).collect();
        // So many units are scored that the draw of one model matters little.
        let seeds = if split == Split::Units { 1 } else { options.seeds };
        let reached: Vec<ArmResult> = arms
            .par_iter()
            .map(|arm| self.arm(*arm, folds, options, seeds))
            .collect::<Result<_, _>>()?;
        Ok(SplitResult {
            split,
            scored: folds.iter().flat_map(|fold| fold.scored.clone()).collect(),
            learned: folds.iter().map(|fold| fold.learned.len()).collect(),
            arms: arms.into_iter().zip(reached).collect(),
        })
    }

    fn arm(
        &self,
        arm: Arm,
        folds: &[Fold],
        options: &RunOptions,
        seeds: u64,
    ) -> Result<ArmResult, GroupError> {
        let Some((labels, sight)) = arm.trained() else {
            let scored = folds.iter().flat_map(|fold| &fold.scored);
            let metrics = scored.map(|at| untrained(arm, &self.queries[*at])).collect();
            return Ok(ArmResult { metrics, settings: Vec::new() });
        };
        let mut result = ArmResult::default();
        for fold in folds {
            let lessons = self.lessons(fold, labels, sight);
            let lessons: Vec<&Lesson> = lessons.iter().collect();
            let setting = choose(&lessons, &options.grid, Seed::of(&["choice"]))?;
            let models: Vec<Model> = (0..seeds)
                .into_par_iter()
                .map(|seed| fit(&lessons, setting, Seed::of(&["model"]).part(seed)))
                .collect::<Result<_, _>>()?;
            result.settings.push(setting);
            let scored = fold.scored.par_iter().map(|at| self.averaged(*at, sight, &models));
            result.metrics.extend(scored.collect::<Vec<_>>());
        }
        Ok(result)
    }

    /// Returns what an arm learns from in a fold.
    fn lessons(&self, fold: &Fold, labels: Labels, sight: Sight) -> Vec<Lesson> {
        let learned: Vec<usize> = match labels {
            Labels::Snapshot => self.docstrings(fold),
            Labels::Trajectories | Labels::Shuffled => fold.learned.clone(),
        };
        let teaches = |at: &usize| {
            let query = &self.queries[*at];
            let gold = match labels {
                Labels::Shuffled => self.shuffled[*at].as_deref()?,
                Labels::Snapshot | Labels::Trajectories => &query.gold,
            };
            let usable = is_findable(query) && (!sight.test || query.columns.has_test());
            usable.then(|| lesson(query, sight, gold, self.foreign(*at)))
        };
        learned.par_iter().filter_map(teaches).collect()
    }

    /// Returns the docstrings of the snapshots that the fold learns from.
    fn docstrings(&self, fold: &Fold) -> Vec<usize> {
        let parents: BTreeSet<&str> =
            fold.learned.iter().map(|at| self.queries[*at].id.as_str()).collect();
        let of_fold = |at: &usize| {
            let query = &self.queries[*at];
            query.role == Role::Pseudo && parents.contains(query.parent.as_str())
        };
        (0..self.queries.len()).filter(of_fold).collect()
    }

    /// Returns the query of another repository that was drawn for the control.
    fn foreign(&self, at: usize) -> Option<&'q Columns> {
        self.foreign[at].map(|other| &self.queries[other].columns)
    }

    fn averaged(&self, at: usize, sight: Sight, models: &[Model]) -> Metrics {
        let query = &self.queries[at];
        let seen = matrix(&query.id, &query.columns, sight, self.foreign(at));
        let mut sums = [0.0; Metric::MAIN.len()];
        for model in models {
            let reached = metrics(&model.scores(&seen.rows), &query.gold);
            sums.iter_mut().zip(reached).for_each(|(sum, reached)| *sum += reached);
        }
        sums.map(|sum| sum / real(models.len().max(1)))
    }
}

/// Returns true where the words of the query lead near its gold at all.
fn is_findable(query: &Query) -> bool {
    let best = order(query.columns.snapshot_column("content"));
    best.iter().take(FINDABLE).any(|at| query.gold.contains(at))
}

fn untrained(arm: Arm, query: &Query) -> Metrics {
    let scores = arm.scores(query).into_iter().flatten().map(f64::from);
    metrics(&scores.collect::<Vec<_>>(), &query.gold)
}

fn metrics(scores: &[f64], gold: &[usize]) -> Metrics {
    let hits = Hits::of_scores(scores, gold);
    Metric::MAIN.map(|metric| hits.metric(metric))
}

impl SplitResult {
    /// Returns what was reached on the queries of one repository.
    #[must_use]
    pub fn only(&self, queries: &[Query], repo: &RepoName) -> Self {
        let kept: Vec<usize> =
            (0..self.scored.len()).filter(|at| queries[self.scored[*at]].repo == *repo).collect();
        let arms = self.arms.iter().map(|(arm, reached)| {
            let metrics = kept.iter().filter_map(|at| reached.metrics.get(*at).copied()).collect();
            (*arm, ArmResult { metrics, settings: Vec::new() })
        });
        Self {
            split: self.split,
            scored: kept.iter().map(|at| self.scored[*at]).collect(),
            learned: self.learned.clone(),
            arms: arms.collect(),
        }
    }
}
