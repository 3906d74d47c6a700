//! Which ranker of files leaves the house?
//!
//! In: the queries, an arm, and a setting, or none to have it chosen on these same
//! queries. Out: the ranker, trained once on every row for development and the newest
//! units; rows for tests, their repositories and their texts teach nothing.

use std::collections::BTreeSet;

use rayon::prelude::*;

use super::arm::Arm;
use super::fit::{Grid, Lesson, Setting, choose, fit_one, lesson};
use super::query::{Query, Role, Source};
use super::split::Split;
use crate::rank::{GroupError, Ranker};
use crate::seed::Seed;
use crate::seen::{Sight, names};
use crate::text::order;

/// A trained ranker with how it came to be.
#[derive(Clone, Debug, PartialEq)]
pub struct Shipped {
    /// The ranker.
    pub ranker: Ranker,
    /// The setting it was trained with.
    pub setting: Setting,
    /// How many queries taught it.
    pub queries: usize,
}

/// A query is learned from when its gold is among so many best hits by content.
const FINDABLE: usize = 20;

/// Returns true for a query that may teach what sees this: it has a failing test where
/// that is seen, and its words lead near its gold at all.
pub fn teaches(query: &Query, sight: Sight) -> bool {
    let best = order(query.columns.snapshot_column("content"));
    (!sight.test || query.columns.has_test())
        && best.iter().take(FINDABLE).any(|at| query.gold.contains(at))
}

/// Returns the places of the queries that no row for tests forbids to learn from.
fn learned(queries: &[Query]) -> Vec<usize> {
    if let Some(fold) = Split::Test.folds(queries).into_iter().next() {
        return fold.learned;
    }
    let learns = |at: &usize| matches!(queries[*at].role, Role::Development | Role::Unit);
    (0..queries.len()).filter(learns).collect()
}

/// Says on what [`ship`] trains.
pub fn trained_on(queries: &[Query]) -> String {
    let learned = learned(queries);
    let repos: BTreeSet<String> = learned.iter().map(|at| queries[*at].repo.to_string()).collect();
    let issues = learned.iter().filter(|at| queries[**at].source == Source::Issue).count();
    let names: Vec<String> = repos.into_iter().collect();
    format!(
        "{issues} issues and {} changes of {} repositories: {}",
        learned.len() - issues,
        names.len(),
        names.join(", ")
    )
}

/// Trains the ranker of an arm that learns from trajectories.
///
/// # Panics
///
/// When the arm is not trained.
pub fn ship(queries: &[Query], arm: Arm, setting: Option<Setting>) -> Result<Shipped, GroupError> {
    let (_, sight) = arm.trained().expect("the arm is trained");
    let lesson = |at: &usize| {
        let query = &queries[*at];
        teaches(query, sight).then(|| lesson(query, sight, &query.gold, None))
    };
    let lessons: Vec<Lesson> = learned(queries).par_iter().filter_map(lesson).collect();
    let lessons: Vec<&Lesson> = lessons.iter().collect();
    let setting = match setting {
        Some(setting) => setting,
        None => choose(&lessons, sight, Source::Issue, &Grid::default())?,
    };
    let model = fit_one(&lessons, sight, setting, Seed::of(&["model"]).part(0))?;
    let ranker = Ranker { features: names(sight), model, calibration: None };
    Ok(Shipped { ranker, setting, queries: lessons.len() })
}
