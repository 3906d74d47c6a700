//! Which function does which command below `learn` call?

mod arms;
mod features;
mod localizer;
mod score;

use crate::arguments::{LearnArgs, LearnCommand};
use crate::{Failure, Talk};

/// Runs one command below `learn`.
pub(super) fn learn(args: &LearnArgs, talk: &Talk) -> Result<u8, Failure> {
    match &args.command {
        LearnCommand::Features(args) => features::features(args, talk),
        LearnCommand::Localizer(args) => localizer::localizer(args, talk),
        LearnCommand::Score(args) => score::score(args, talk),
    }
}
