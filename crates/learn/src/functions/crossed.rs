//! How do files rank for queries whose repository the model never saw?
//!
//! In: the queries of an experiment. Out: for each, the score of every candidate by a
//! model of files that learned from other repositories. What ranks functions is trained
//! on these: scores of a model that knows the answer would teach it to trust files
//! more than it may.

use std::collections::BTreeMap;

use backstory_model::RepoName;
use rayon::prelude::*;

use crate::experiment::{Lesson, Query, Role, Setting, fit_one, grouped, lesson, teaches};
use crate::localize::{Task, sight};
use crate::rank::{GroupError, Model};
use crate::seed::Seed;
use crate::seen::{Sight, matrix};

/// Into how many parts the repositories are put.
const FOLDS: usize = 5;

/// Returns the scores of the candidates of each query; `None` for docstrings, and for
/// queries without a failing test where the task needs one.
pub fn file_scores(
    queries: &[Query],
    task: Task,
    setting: Setting,
) -> Result<Vec<Option<Vec<f64>>>, GroupError> {
    let sight = sight(task);
    let answers = |query: &Query| {
        query.role != Role::Pseudo && (task == Task::Issue || query.columns.has_test())
    };
    let lesson = |query: &Query| {
        let learns = matches!(query.role, Role::Development | Role::Unit);
        (learns && teaches(query, sight)).then(|| lesson(query, sight, &query.gold, None))
    };
    let lessons: Vec<Option<Lesson>> = queries.par_iter().map(lesson).collect();
    let learned = lessons.iter().flatten().map(|lesson| lesson.repo.clone());
    let placed = grouped(learned, FOLDS);
    // The last model learns from all; it answers for repositories that teach nothing.
    let models: Vec<Model> = (0..=FOLDS)
        .into_par_iter()
        .map(|fold| model(&lessons, &placed, fold, (sight, setting)))
        .collect::<Result<_, _>>()?;
    let score = |query: &Query| {
        let model = &models[placed.get(&query.repo).copied().unwrap_or(FOLDS)];
        answers(query).then(|| model.scores(&matrix(&query.id, &query.columns, sight, None).rows))
    };
    Ok(queries.par_iter().map(score).collect())
}

fn model(
    lessons: &[Option<Lesson>],
    placed: &BTreeMap<RepoName, usize>,
    fold: usize,
    (sight, setting): (Sight, Setting),
) -> Result<Model, GroupError> {
    let others = |lesson: &&Lesson| placed.get(&lesson.repo) != Some(&fold);
    let lessons: Vec<&Lesson> = lessons.iter().flatten().filter(others).collect();
    fit_one(&lessons, sight, setting, Seed::of(&["model"]).part(0))
}
