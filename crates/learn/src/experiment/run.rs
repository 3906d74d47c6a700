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
use super::ship::teaches;
use super::split::{Fold, Split};
use crate::control::{Answered, foreign_queries, permuted_gold};
use crate::measure::{Hits, Metric};
use crate::number::real;
use crate::rank::{GroupError, Model};
use crate::seed::Seed;
use crate::seen::{Columns, Sight, matrix};

/// Every metric of [`Metric::MAIN`], in that order.
pub type Metrics = [f64; Metric::MAIN.len()];

/// Choices of an experiment.
#[derive(Clone, Debug, PartialEq)]
pub struct RunOptions {
    /// How many seeds are averaged.
    pub seeds: u64,
    /// The settings that are tried.
    pub grid: Grid,
    /// The splits that are run.
    pub splits: Vec<Split>,
}

impl Default for RunOptions {
    fn default() -> Self {
        Self { seeds: 5, grid: Grid::default(), splits: Split::ALL.into() }
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
    /// For every scored query each metric of [`Metric::MAIN`], averaged over seeds;
    /// `None` where the arm needs what the query has not, e.g., a failing test.
    pub metrics: Vec<Option<Metrics>>,
    /// The setting of each fold; empty for an untrained arm.
    pub settings: Vec<Setting>,
}

/// Runs every arm in every split that has something to score.
pub fn run(queries: &[Query], options: &RunOptions) -> Result<Vec<SplitResult>, GroupError> {
    let bench = Bench::of(queries);
    let wanted = Split::ALL.into_iter().filter(|split| options.splits.contains(split));
    let splits = wanted.map(|split| (split, split.folds(queries)));
    let splits: Vec<(Split, Vec<Fold>)> = splits.filter(|(_, folds)| !folds.is_empty()).collect();
    let reached: Vec<Vec<ArmResult>> = Arm::ALL
        .par_iter()
        .map(|arm| bench.arm(*arm, &splits, options))
        .collect::<Result<_, _>>()?;
    let mut results: Vec<SplitResult> = splits.iter().map(SplitResult::of).collect();
    for (arm, reached) in Arm::ALL.into_iter().zip(reached) {
        for (result, reached) in results.iter_mut().zip(reached) {
            if reached.metrics.iter().any(Option::is_some) {
                result.arms.insert(arm, reached);
            }
        }
    }
    Ok(results)
}

/// The queries with what the controls drew for them.
pub(super) struct Bench<'q> {
    queries: &'q [Query],
    shuffled: Vec<Option<Vec<usize>>>,
    foreign: Vec<Option<usize>>,
}

/// A trained arm with what each query teaches it, by place in the list.
pub(super) struct Pupil {
    arm: Arm,
    labels: Labels,
    pub(super) sight: Sight,
    lessons: Vec<Option<Lesson>>,
}

impl<'q> Bench<'q> {
    pub(super) fn of(queries: &'q [Query]) -> Self {
        let answered: Vec<Answered<'_>> = queries.iter().map(Query::answered).collect();
        Self {
            queries,
            shuffled: permuted_gold(&answered, Seed::of(&["shuffled gold"])),
            foreign: foreign_queries(&answered, Seed::of(&["other repository"])),
        }
    }

    /// Runs one arm in every split.
    fn arm(
        &self,
        arm: Arm,
        splits: &[(Split, Vec<Fold>)],
        options: &RunOptions,
    ) -> Result<Vec<ArmResult>, GroupError> {
        let Some((labels, sight)) = arm.trained() else {
            let reached = |(split, folds): &(Split, Vec<Fold>)| {
                if split.asks(arm) { self.untrained(arm, folds) } else { ArmResult::default() }
            };
            return Ok(splits.iter().map(reached).collect());
        };
        let asked = splits.iter().filter(|(split, _)| split.asks(arm));
        let pupil = self.pupil(arm, (labels, sight), asked.flat_map(|(_, folds)| folds));
        splits.iter().map(|(split, folds)| self.trained(&pupil, *split, folds, options)).collect()
    }

    /// Prepares what an arm learns from in these folds.
    pub(super) fn pupil<'f>(
        &self,
        arm: Arm,
        (labels, sight): (Labels, Sight),
        folds: impl Iterator<Item = &'f Fold>,
    ) -> Pupil {
        let taught: BTreeSet<usize> = folds.flat_map(|fold| self.taught(fold, labels)).collect();
        let lesson =
            |at: usize| taught.contains(&at).then(|| self.lesson(at, labels, sight)).flatten();
        let lessons = (0..self.queries.len()).into_par_iter().map(lesson).collect();
        Pupil { arm, labels, sight, lessons }
    }

    /// Returns what an arm learns from in a fold.
    pub(super) fn lessons<'p>(&self, pupil: &'p Pupil, fold: &Fold) -> Vec<&'p Lesson> {
        let taught = self.taught(fold, pupil.labels);
        taught.into_iter().filter_map(|at| pupil.lessons[at].as_ref()).collect()
    }

    fn untrained(&self, arm: Arm, folds: &[Fold]) -> ArmResult {
        let scored = folds.iter().flat_map(|fold| &fold.scored);
        let reached = |at: &usize| {
            let query = &self.queries[*at];
            arm.answers(query).then(|| untrained(arm, query))
        };
        ArmResult { metrics: scored.map(reached).collect(), settings: Vec::new() }
    }

    fn trained(
        &self,
        pupil: &Pupil,
        split: Split,
        folds: &[Fold],
        options: &RunOptions,
    ) -> Result<ArmResult, GroupError> {
        if !split.asks(pupil.arm) {
            return Ok(ArmResult::default());
        }
        // So many units are scored that the draw of one model matters little.
        let seeds = if split == Split::Units { 1 } else { options.seeds };
        let seeds: Vec<Seed> = (0..seeds).map(|seed| Seed::of(&["model"]).part(seed)).collect();
        let mut result = ArmResult::default();
        for fold in folds {
            let lessons = self.lessons(pupil, fold);
            let setting = choose(&lessons, pupil.sight, split.source(), &options.grid)?;
            let models = fit(&lessons, pupil.sight, setting, &seeds)?;
            result.settings.push(setting);
            result.metrics.extend(self.reached(pupil, fold, &models));
        }
        Ok(result)
    }

    /// Scores the queries of a fold; `None` for those that the arm does not answer.
    pub(super) fn reached(
        &self,
        pupil: &Pupil,
        fold: &Fold,
        models: &[Model],
    ) -> Vec<Option<Metrics>> {
        let reached = |at: &usize| {
            let query = &self.queries[*at];
            pupil.arm.answers(query).then(|| self.averaged(*at, pupil.sight, models))
        };
        fold.scored.par_iter().map(reached).collect()
    }

    /// Returns the queries that an arm of these labels learns from in a fold.
    fn taught(&self, fold: &Fold, labels: Labels) -> Vec<usize> {
        match labels {
            Labels::Snapshot => self.docstrings(fold),
            Labels::Trajectories | Labels::Shuffled => fold.learned.clone(),
        }
    }

    /// Returns what one query teaches; `None` where it is not fit to be learned from.
    fn lesson(&self, at: usize, labels: Labels, sight: Sight) -> Option<Lesson> {
        let query = &self.queries[at];
        let gold = match labels {
            Labels::Shuffled => self.shuffled[at].as_deref()?,
            Labels::Snapshot | Labels::Trajectories => &query.gold,
        };
        teaches(query, sight).then(|| lesson(query, sight, gold, self.foreign(at)))
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

fn untrained(arm: Arm, query: &Query) -> Metrics {
    let scores = arm.scores(&query.columns).into_iter().flatten().map(f64::from);
    metrics(&scores.collect::<Vec<_>>(), &query.gold)
}

fn metrics(scores: &[f64], gold: &[usize]) -> Metrics {
    let hits = Hits::of_scores(scores, gold);
    Metric::MAIN.map(|metric| hits.metric(metric))
}

impl SplitResult {
    /// Returns a split before any arm has run.
    fn of((split, folds): &(Split, Vec<Fold>)) -> Self {
        Self {
            split: *split,
            scored: folds.iter().flat_map(|fold| fold.scored.clone()).collect(),
            learned: folds.iter().map(|fold| fold.learned.len()).collect(),
            arms: BTreeMap::new(),
        }
    }

    /// Returns the repositories of the scored queries, by name.
    pub fn repositories<'q>(&self, queries: &'q [Query]) -> BTreeSet<&'q RepoName> {
        self.scored.iter().map(|at| &queries[*at].repo).collect()
    }

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
