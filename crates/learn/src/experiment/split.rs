//! Which queries are learned from, and which are scored?
//!
//! In: the queries. Out: the folds of a split. A repository, an issue text and the
//! snapshot of a scored query stand on one side only; in the split by time nothing is
//! learned from that is as late as the first scored query.

use std::collections::{BTreeMap, BTreeSet};
use std::str::FromStr;

use backstory_model::RepoName;

use super::arm::Arm;
use super::query::{Query, Role, Source};

/// How many folds the grouped cross-validation has.
const FOLDS: usize = 5;

/// How many units of one repository are learned from.
const UNITS: usize = 150;

/// Which tenths the split by time learns from; it scores the next two.
const TENTHS: [usize; 3] = [4, 6, 8];

/// One way to part the queries.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Split {
    /// The development rows, scored by models that never saw their repository.
    Repositories,
    /// The development rows, scored by models of what came before.
    Time,
    /// The mined units, scored by models that never saw their repository. Most of them
    /// ask in the words of the change, so they stand in tables of their own.
    Units,
    /// Of these, the units whose failing tests were executed; what the execution is worth.
    Executed,
    /// The test rows, scored once.
    Test,
}

impl FromStr for Split {
    type Err = UnknownSplit;

    fn from_str(word: &str) -> Result<Self, UnknownSplit> {
        let found = Self::ALL.into_iter().find(|split| split.as_str() == word);
        found.ok_or_else(|| UnknownSplit { word: word.to_owned() })
    }
}

/// Says that a word names no split.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{word}` is not one of `repositories`, `time`, `units`, `executed`, `test`")]
pub struct UnknownSplit {
    /// What was given.
    pub word: String,
}

impl Split {
    /// Every split, in the order of the tables.
    pub const ALL: [Self; 5] =
        [Self::Repositories, Self::Time, Self::Units, Self::Executed, Self::Test];
    /// The splits that the criteria are about.
    pub const PRIMARY: [Self; 2] = [Self::Repositories, Self::Time];

    /// Returns the word that a command line calls it by.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Repositories => "repositories",
            Self::Time => "time",
            Self::Units => "units",
            Self::Executed => "executed",
            Self::Test => "test",
        }
    }

    /// Returns how tables call it.
    pub fn label(self) -> &'static str {
        match self {
            Self::Repositories => "repositories out",
            Self::Time => "time",
            Self::Units => "units, repositories out",
            Self::Executed => "executed units, repositories out",
            Self::Test => "test rows",
        }
    }

    /// Returns where the texts of most scored queries come from.
    pub fn source(self) -> Source {
        match self {
            Self::Units | Self::Executed => Source::PseudoIssue,
            Self::Repositories | Self::Time | Self::Test => Source::Issue,
        }
    }

    /// Returns true when an arm is asked in this split.
    pub fn asks(self, arm: Arm) -> bool {
        match self {
            Self::Repositories | Self::Time | Self::Units | Self::Test => !arm.reads_execution(),
            Self::Executed => matches!(
                arm,
                Arm::Bm25
                    | Arm::Rrf
                    | Arm::C
                    | Arm::RrfTestCochange
                    | Arm::E
                    | Arm::Ochiai
                    | Arm::RrfExecution
                    | Arm::F
            ),
        }
    }

    /// Parts the queries into folds, as places in the list.
    pub fn folds(self, queries: &[Query]) -> Vec<Fold> {
        let folds = match self {
            Self::Repositories => {
                repositories_out(queries, |query| query.role == Role::Development)
            }
            Self::Time => by_time(queries),
            Self::Units => repositories_out(queries, |query| query.role == Role::Unit),
            Self::Executed => repositories_out(queries, |query| {
                query.role == Role::Unit && query.columns.has_execution()
            }),
            Self::Test => vec![test(queries)],
        };
        folds.into_iter().filter(|fold| !fold.scored.is_empty()).collect()
    }
}

/// What is learned from and what is scored.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Fold {
    /// Places of development rows and units.
    pub learned: Vec<usize>,
    /// Places of the scored rows.
    pub scored: Vec<usize>,
}

/// Puts the repositories into folds, each into the smallest so far, largest first.
pub fn grouped(
    repos: impl IntoIterator<Item = RepoName>,
    folds: usize,
) -> BTreeMap<RepoName, usize> {
    let mut counts: BTreeMap<RepoName, usize> = BTreeMap::new();
    for repo in repos {
        *counts.entry(repo).or_default() += 1;
    }
    let mut by_size: Vec<(RepoName, usize)> = counts.into_iter().collect();
    by_size.sort_by(|one, other| other.1.cmp(&one.1).then_with(|| one.0.cmp(&other.0)));
    let mut sizes = vec![0; folds.max(1)];
    let mut placed = BTreeMap::new();
    for (repo, count) in by_size {
        let smallest = (0..sizes.len()).min_by_key(|at| sizes[*at]).unwrap_or_default();
        sizes[smallest] += count;
        placed.insert(repo, smallest);
    }
    placed
}

fn of_role(queries: &[Query], role: Role) -> Vec<usize> {
    (0..queries.len()).filter(|at| queries[*at].role == role).collect()
}

fn repositories_out(queries: &[Query], is_scored: impl Fn(&Query) -> bool) -> Vec<Fold> {
    let rows: Vec<usize> = (0..queries.len()).filter(|at| is_scored(&queries[*at])).collect();
    let placed = grouped(rows.iter().map(|at| queries[*at].repo.clone()), FOLDS);
    let fold = |number: usize| {
        let out = |at: &usize| placed.get(&queries[*at].repo) == Some(&number);
        let scored = rows.iter().copied().filter(|at| out(at)).collect();
        learned_from(queries, scored, |query| placed.get(&query.repo) != Some(&number))
    };
    (0..FOLDS).map(fold).collect()
}

/// Returns the dates before which the split by time learns, for rows of these dates.
pub fn time_cuts(mut dates: Vec<&str>) -> Vec<&str> {
    dates.retain(|date| !date.is_empty());
    dates.sort_unstable();
    TENTHS.iter().filter_map(|tenths| dates.get(dates.len() * tenths / 10).copied()).collect()
}

fn by_time(queries: &[Query]) -> Vec<Fold> {
    let mut rows = of_role(queries, Role::Development);
    rows.retain(|at| !queries[*at].date.is_empty());
    rows.sort_by(|one, other| {
        let key = |at: &usize| (&queries[*at].date, &queries[*at].id);
        key(one).cmp(&key(other))
    });
    let cuts = time_cuts(rows.iter().map(|at| queries[*at].date.as_str()).collect());
    let fold = |(tenths, cut): (usize, &str)| {
        let scored = rows[rows.len() * tenths / 10..rows.len() * (tenths + 2) / 10].to_vec();
        learned_from(queries, scored, |query| !query.date.is_empty() && *query.date < *cut)
    };
    TENTHS.into_iter().zip(cuts).map(fold).collect()
}

fn test(queries: &[Query]) -> Fold {
    let scored = of_role(queries, Role::Test);
    let repos: BTreeSet<&RepoName> = scored.iter().map(|at| &queries[*at].repo).collect();
    learned_from(queries, scored.clone(), |query| !repos.contains(&query.repo))
}

/// Takes the rows and units that `may` names, without those that share a text or a
/// snapshot with what is scored.
fn learned_from(queries: &[Query], scored: Vec<usize>, may: impl Fn(&Query) -> bool) -> Fold {
    let texts: BTreeSet<&str> = scored.iter().map(|at| queries[*at].text.as_str()).collect();
    let out: BTreeSet<usize> = scored.iter().copied().collect();
    let learns = |at: &usize| {
        let query = &queries[*at];
        matches!(query.role, Role::Development | Role::Unit)
            && !out.contains(at)
            && !texts.contains(query.text.as_str())
            && may(query)
    };
    let learned = newest((0..queries.len()).filter(learns).collect(), queries);
    Fold { learned, scored }
}

/// Keeps the newest units of each repository and every row.
fn newest(mut learned: Vec<usize>, queries: &[Query]) -> Vec<usize> {
    learned.sort_by(|one, other| {
        let key = |at: &usize| (&queries[*at].date, &queries[*at].id);
        key(other).cmp(&key(one))
    });
    let mut counts: BTreeMap<&RepoName, usize> = BTreeMap::new();
    learned.retain(|at| {
        let count = counts.entry(&queries[*at].repo).or_default();
        *count += usize::from(queries[*at].role == Role::Unit);
        queries[*at].role != Role::Unit || *count <= UNITS
    });
    learned.sort_unstable();
    learned
}
