//! Which questions does a run ask, story by story?
//!
//! In: a run of either kind and the steps that are wanted. Out: one question for each, in
//! the order of the stories, behind the thoughts that stand by then.

use backstory_dataset::snapshot::{Verdict, each_write};
use backstory_dataset::told::ToldTrajectory;
use backstory_store::RunDirectory;

use super::change::ChangeWords;
use super::snapshot::StoryWords;
use super::step::Question;
use super::wanted::Wanted;
use crate::Failure;

/// A run whose steps are asked about.
#[derive(Clone, Copy)]
pub(super) struct Questions<'a> {
    pub(super) run: &'a RunDirectory,
    /// Its stories are those of snapshots.
    pub(super) of_snapshots: bool,
    /// How many bytes of the text before a thought are shown.
    pub(super) context: usize,
}

impl Questions<'_> {
    /// Hands out the question of each wanted step of a story.
    pub(super) fn each(
        &self,
        wanted: &Wanted,
        mut answer: impl FnMut(&Question<'_>) -> Result<Verdict, Failure>,
    ) -> Result<(), Failure> {
        if wanted.steps.is_empty() {
            return Ok(());
        }
        let asked = (&wanted.steps, self.context);
        if self.of_snapshots {
            let story = self.run.snapshot_story(&wanted.line)?;
            let words = StoryWords::of(&story);
            each_write(&story, self.run, asked, |place| words.ask(place, &mut answer)).map(drop)
        } else {
            let change = self.run.trajectory(&wanted.line)?;
            let told = ToldTrajectory::of(&change, self.run)?;
            let words = ChangeWords::of(&change, &told);
            told.each_action(asked, |place| words.ask(place, &mut answer)).map(drop)
        }
    }
}
