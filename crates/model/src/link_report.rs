//! How far do the links of a repository reach, and how good are they?
//!
//! Counts alone: how many units each method links to an issue, and how many of the
//! pairs of pull request and issue it found are pairs that people wrote down.

use std::collections::BTreeMap;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::LinkMethod;

/// Where people wrote down which pull request closed which issue.
#[derive(
    Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema,
)]
#[serde(rename_all = "snake_case")]
pub enum LinkTruth {
    /// Entries of the changelog that name issues and mark pull requests as such.
    Changelog,
    /// The issues that the records of changes say they close.
    ClosingReferences,
}

impl LinkTruth {
    /// Returns true where the method reads something else than this truth was read from.
    ///
    /// A news fragment becomes an entry of the changelog, so that the changelog
    /// cannot judge it either.
    pub fn may_judge(self, method: LinkMethod) -> bool {
        match self {
            Self::Changelog => !matches!(method, LinkMethod::Changelog | LinkMethod::NewsFragment),
            Self::ClosingReferences => method != LinkMethod::Record,
        }
    }
}

/// The links of one repository to issues, counted.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct LinkReport {
    /// All units.
    pub units: u32,
    /// Units with a link to an issue.
    pub linked: u32,
    /// How many units each method links; a unit counts for each of its methods. Units
    /// that only mention an issue stand under `mention`, and are not among `linked`.
    pub methods: BTreeMap<LinkMethod, u32>,
    /// How the methods did against what people wrote down; empty where they wrote
    /// down no pair of any unit, so that coverage is all there is to say.
    pub judged: BTreeMap<LinkTruth, TruthScore>,
}

/// How the methods did against one truth.
///
/// Only the pull requests that stand in the truth and have a unit are looked at.
/// Methods that read what the truth was read from are left out.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct TruthScore {
    /// Pairs of pull request and issue that people wrote down.
    pub true_pairs: u32,
    /// What each method found.
    pub methods: BTreeMap<LinkMethod, PairCount>,
    /// What all methods but mentions found together: the links of the units.
    pub without_mentions: PairCount,
    /// What all methods found together, mentions as well.
    pub together: PairCount,
}

/// Pairs that were found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct PairCount {
    /// All pairs of pull request and issue that were found.
    pub found: u32,
    /// Those that people wrote down, too.
    pub agreeing: u32,
}

impl PairCount {
    /// Returns the share of found pairs that agree; `None` when none was found.
    pub fn precision(self) -> Option<f64> {
        share(self.agreeing, self.found)
    }

    /// Returns the share of the true pairs that were found; `None` when there are none.
    pub fn recall(self, true_pairs: u32) -> Option<f64> {
        share(self.agreeing, true_pairs)
    }
}

fn share(part: u32, whole: u32) -> Option<f64> {
    (whole > 0).then(|| f64::from(part) / f64::from(whole))
}
