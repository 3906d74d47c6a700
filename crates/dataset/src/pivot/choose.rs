//! Which steps of a trajectory decide whether the change succeeds?
//!
//! The published pipeline asks a model and keeps about 6 % of the turns. Here three rules
//! choose, none of which needs a model: the first read of code that the change touches, the
//! first edit after a failure, and the last run of tests.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{Action, FileRole, Observation, RepoPath, Step, Trajectory};
use backstory_syntax::role_of;

/// Why a decision is worth practicing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Pivot {
    /// The first time a file of source or tests is read that the change touches.
    FirstCorrectRead,
    /// The first edit after tests or CI failed.
    FirstEditAfterFailure,
    /// The last run of tests.
    LastTest,
}

impl Pivot {
    /// Returns the word used in rows.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::FirstCorrectRead => "first_correct_read",
            Self::FirstEditAfterFailure => "first_edit_after_failure",
            Self::LastTest => "last_test",
        }
    }
}

/// Returns the numbers of the steps, from 1, each with its reasons.
pub(crate) fn pivots(trajectory: &Trajectory) -> BTreeMap<usize, Vec<Pivot>> {
    let steps = &trajectory.steps;
    let mut found: BTreeMap<usize, Vec<Pivot>> = BTreeMap::new();
    let chosen = [
        (first_correct_read(steps), Pivot::FirstCorrectRead),
        (first_edit_after_failure(steps), Pivot::FirstEditAfterFailure),
        (last_test(steps), Pivot::LastTest),
    ];
    for (at, pivot) in chosen {
        if let Some(at) = at {
            found.entry(at + 1).or_default().push(pivot);
        }
    }
    found
}

fn first_correct_read(steps: &[Step]) -> Option<usize> {
    let edited = steps.iter().flat_map(|step| step.action.changed_paths());
    let is_code = |path: &&RepoPath| matches!(role_of(path), FileRole::Source | FileRole::Test);
    let touched: BTreeSet<&RepoPath> = edited.filter(is_code).collect();
    steps.iter().position(
        |step| matches!(&step.action, Action::View { path, .. } if touched.contains(path)),
    )
}

fn first_edit_after_failure(steps: &[Step]) -> Option<usize> {
    let failed = steps.iter().position(is_failure)?;
    let edit = steps[failed..].iter().position(|step| !step.action.changed_paths().is_empty())?;
    Some(failed + edit)
}

fn last_test(steps: &[Step]) -> Option<usize> {
    steps.iter().rposition(|step| matches!(step.action, Action::RunTests { .. }))
}

fn is_failure(step: &Step) -> bool {
    if let Action::CiReport { conclusion, .. } = &step.action {
        return conclusion.is_red();
    }
    let seen = step.observation.as_ref().map(|seen| &seen.content);
    matches!(seen, Some(Observation::TestOutput { status: Some(status), .. }) if *status != 0)
}
