//! How well does every arm choose, under every split?
//!
//! In: instances with the features of their patches. Out: the scores of every arm on
//! every instance that was held out. In the first split families are held out as well
//! as repositories: what is chosen among was made in ways that nothing was learned from.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::RepoName;
use rayon::prelude::*;

use super::arm::{Arm, Way};
use super::error::PatchError;
use super::features::FEATURES;
use super::fit::{Choices, train};
use super::read::{Family, Instance};

/// What is learned from, and what is chosen among.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Split {
    /// Other repositories and other families; over-long patches are learned from, or else
    /// everything wrong that is learned from would be shorter than what is right.
    FamiliesOut,
    /// Other repositories and other families, over-long patches asked about: a ranker that
    /// learns size is wrong every time.
    OverLongOut,
    /// Other repositories, the families that are learned from.
    InFamily,
    /// Other repositories, all families on both sides.
    AllFamilies,
}

impl Split {
    /// Every split; the first is the one that decides.
    pub const ALL: [Self; 4] =
        [Self::FamiliesOut, Self::OverLongOut, Self::InFamily, Self::AllFamilies];

    /// Returns how a report says it.
    pub fn label(self) -> &'static str {
        match self {
            Self::FamiliesOut => "families and repositories held out",
            Self::OverLongOut => "families and repositories held out, over-long patches too",
            Self::InFamily => "repositories held out, families as learned",
            Self::AllFamilies => "repositories held out, all families",
        }
    }

    /// Returns true for what is learned from.
    pub(super) fn learns(self, family: Family) -> bool {
        let balances = self == Self::FamiliesOut && family.is_over_long();
        family.is_right() || family.is_learned() || balances || self == Self::AllFamilies
    }

    /// Returns true for what is chosen among.
    pub(super) fn asks(self, family: Family) -> bool {
        let held = match self {
            Self::FamiliesOut => family.is_held_out() && !family.is_over_long(),
            Self::OverLongOut => family.is_held_out(),
            Self::InFamily => family.is_learned(),
            Self::AllFamilies => true,
        };
        family.is_right() || held
    }
}

/// An instance with its features.
pub type Measured = (Instance, Vec<Vec<f32>>);

/// What one arm says of one instance.
#[derive(Clone, Debug, PartialEq)]
pub struct Said {
    /// A score for each patch that is chosen among.
    pub scores: Vec<f64>,
    /// How probable it is that each passes, where that was learned.
    pub probabilities: Option<Vec<f64>>,
}

/// One instance that was held out.
#[derive(Clone, Debug, PartialEq)]
pub struct Outcome {
    /// The place of the instance.
    pub instance: usize,
    /// The families of the patches that are chosen among.
    pub families: Vec<Family>,
    /// Which of them pass.
    pub passes: Vec<bool>,
    /// What every arm says.
    pub said: BTreeMap<Arm, Said>,
}

/// Everything that was held out in one split.
#[derive(Clone, Debug, PartialEq)]
pub struct Results {
    /// The split.
    pub split: Split,
    /// The instances that hold a choice.
    pub outcomes: Vec<Outcome>,
}

/// Trains and asks every arm under every split.
pub fn run(measured: &[Measured]) -> Result<Vec<Results>, PatchError> {
    Split::ALL.into_iter().map(|split| of_split(measured, split)).collect()
}

fn of_split(measured: &[Measured], split: Split) -> Result<Results, PatchError> {
    let repositories: BTreeSet<&RepoName> = measured.iter().map(|(one, _)| &one.repo).collect();
    let folds: Vec<Vec<Outcome>> = repositories
        .into_iter()
        .collect::<Vec<_>>()
        .par_iter()
        .map(|held| of_fold(measured, split, held))
        .collect::<Result<_, _>>()?;
    Ok(Results { split, outcomes: folds.into_iter().flatten().collect() })
}

fn of_fold(
    measured: &[Measured],
    split: Split,
    held: &RepoName,
) -> Result<Vec<Outcome>, PatchError> {
    let learned: Vec<Choices<'_>> = measured
        .iter()
        .filter(|(one, _)| one.repo != *held)
        .map(|one| choices(one, |family| split.learns(family)).1)
        .filter(holds_choice)
        .collect();
    let lessons: Vec<&Choices<'_>> = learned.iter().collect();
    if lessons.is_empty() {
        return Ok(Vec::new());
    }
    let mut outcomes: Vec<(Outcome, Choices<'_>, Vec<usize>)> = Vec::new();
    for (at, one) in measured.iter().enumerate().filter(|(_, (one, _))| one.repo == *held) {
        let (places, choices) = choices(one, |family| split.asks(family));
        if holds_choice(&choices) {
            let families = places.iter().map(|place| one.0.tried[*place].family).collect();
            let (passes, said) = (choices.passes.clone(), BTreeMap::new());
            outcomes.push((Outcome { instance: at, families, passes, said }, choices, places));
        }
    }
    for arm in Arm::ALL {
        let trained = train(arm.way(), &lessons)?;
        for (outcome, choices, places) in &mut outcomes {
            let said = match (&trained, arm.way()) {
                (Some(trained), _) => {
                    let scores = trained.scores(choices);
                    Said { probabilities: trained.probabilities(&scores), scores }
                }
                (None, Way::Run(then)) => {
                    let of = &measured[outcome.instance].0.tried;
                    let fixes = places.iter().map(|place| of[*place].fixes);
                    run_first(fixes, then.map(|arm| &outcome.said[&arm]))
                }
                (None, Way::Hunks | Way::Sum(_) | Way::Trees(_)) => most_hunks(choices),
            };
            outcome.said.insert(arm, said);
        }
    }
    Ok(outcomes.into_iter().map(|(outcome, ..)| outcome).collect())
}

/// Picks the patches of some families: their places, and what is known of them.
fn choices(one: &Measured, takes: impl Fn(Family) -> bool) -> (Vec<usize>, Choices<'_>) {
    let (instance, rows) = one;
    let places: Vec<usize> =
        (0..rows.len()).filter(|at| takes(instance.tried[*at].family)).collect();
    let choices = Choices {
        repo: &instance.repo,
        rows: places.iter().map(|at| &rows[*at][..]).collect(),
        passes: places.iter().map(|at| instance.tried[*at].passes).collect(),
    };
    (places, choices)
}

fn holds_choice(choices: &Choices<'_>) -> bool {
    choices.passes.iter().any(|pass| *pass) && choices.passes.iter().any(|pass| !pass)
}

/// Puts patches whose run passes above all others; within both, as another arm says.
fn run_first(fixes: impl Iterator<Item = bool>, then: Option<&Said>) -> Said {
    let fixes: Vec<bool> = fixes.collect();
    let (low, high) = then.map_or((0.0, 0.0), |said| {
        let low = said.scores.iter().copied().fold(f64::INFINITY, f64::min);
        (low, said.scores.iter().copied().fold(f64::NEG_INFINITY, f64::max))
    });
    let lift = high - low + 1.0;
    let own = |at: usize| then.map_or(0.0, |said| said.scores[at]);
    let scores = fixes.iter().enumerate();
    let scores = scores.map(|(at, fixes)| own(at) + if *fixes { lift } else { 0.0 }).collect();
    Said { scores, probabilities: None }
}

fn most_hunks(choices: &Choices<'_>) -> Said {
    let at = FEATURES.iter().position(|(_, feature)| feature.name == "hunks").unwrap_or_default();
    let scores = choices.rows.iter().map(|row| f64::from(row[at])).collect();
    Said { scores, probabilities: None }
}
