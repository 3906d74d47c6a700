//! Which steps of a run are searched?
//!
//! In: a complete run of either kind, and how many steps. Out: the stories with the steps
//! that were drawn, and how many there are to draw from. An action of a change whose target
//! is too short to tell anything is counted and not drawn.

use std::collections::BTreeSet;

use backstory_dataset::snapshot::writes;
use backstory_dataset::told::ToldTrajectory;
use backstory_model::seed::Seed;
use backstory_model::{Disposition, Outcome};
use backstory_store::RunDirectory;
use backstory_synth::reason::token_count;

use super::ReasonPlan;
use crate::Failure;

/// A story of the run, and which of its steps are wanted.
pub(super) struct Wanted {
    pub(super) line: Disposition,
    pub(super) steps: BTreeSet<usize>,
}

/// The stories of a run, and how many steps there were to draw from.
#[derive(Default)]
pub(super) struct Drawn {
    pub(super) stories: Vec<Wanted>,
    /// Steps to draw from.
    pub(super) found: usize,
    /// Actions that are too short.
    pub(super) too_short: usize,
}

impl Drawn {
    /// Draws the steps to search.
    pub(super) fn of(run: &RunDirectory, plan: &ReasonPlan) -> Result<Self, Failure> {
        let of_snapshots = run.manifest()?.snapshots.is_some();
        let mut drawn = Self::default();
        let mut all = Vec::new();
        for line in run.dispositions()? {
            let line = line?;
            if !matches!(line.outcome, Outcome::Accepted { .. }) {
                continue;
            }
            let steps = if of_snapshots {
                writes(&run.snapshot_story(&line)?).map(|(step, _)| step).collect()
            } else {
                drawn.actions(run, &line, plan.options.least_target)?
            };
            all.extend(steps.into_iter().map(|step: usize| (drawn.stories.len(), step)));
            drawn.stories.push(Wanted { line, steps: BTreeSet::new() });
        }
        drawn.found = all.len();
        let (count, seed) = (plan.thoughts.unwrap_or(all.len()), plan.options.seed.to_string());
        for at in Seed::of(&["thoughts", &seed]).generator().sample(all.len(), count) {
            let (story, step) = all[at];
            drawn.stories[story].steps.insert(step);
        }
        Ok(drawn)
    }

    /// Returns how many steps were drawn.
    pub(super) fn wanted(&self) -> usize {
        self.stories.iter().map(|story| story.steps.len()).sum()
    }

    /// Lists the actions of a change whose targets are long enough.
    fn actions(
        &mut self,
        run: &RunDirectory,
        line: &Disposition,
        least: usize,
    ) -> Result<Vec<usize>, Failure> {
        let trajectory = run.trajectory(line)?;
        let told = ToldTrajectory::of(&trajectory, run)?;
        let long = |number: &usize| token_count(&told.steps()[*number - 1].target) >= least;
        let (long, short): (Vec<usize>, Vec<usize>) = told.actions().partition(long);
        self.too_short += short.len();
        Ok(long)
    }
}
