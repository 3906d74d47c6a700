//! Which function does which command below `learn` call?

mod arms;
mod features;

use crate::arguments::{LearnArgs, LearnCommand};
use crate::{Failure, Talk};

/// Runs one command below `learn`.
pub(super) fn learn(args: &LearnArgs, talk: &Talk) -> Result<u8, Failure> {
    match &args.command {
        LearnCommand::Features(args) => features::features(args, talk),
    }
}
