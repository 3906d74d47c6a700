//! Which function does which command below `learn` call?

mod arms;
mod features;
mod functions;
mod localizer;
mod ranker;
mod save;
mod score;

use std::path::Path;

use backstory_learn::rows::{Rows, read_rows};
use backstory_store::fs;

use crate::arguments::{LearnArgs, LearnCommand};
use crate::talk::cell;
use crate::{Failure, Talk};

/// Runs one command below `learn`.
pub(super) fn learn(args: &LearnArgs, talk: &Talk) -> Result<u8, Failure> {
    match &args.command {
        LearnCommand::Features(args) => features::features(args, talk),
        LearnCommand::Functions(args) => functions::functions(args, talk),
        LearnCommand::Localizer(args) => localizer::localizer(args, talk),
        LearnCommand::Ranker(args) => ranker::ranker(args, talk),
        LearnCommand::Score(args) => score::score(args, talk),
    }
}

/// Reads the issue rows of a file and tells which lines are none.
fn told_rows(file: &Path, talk: &Talk) -> Result<Rows, Failure> {
    let rows = read_rows(&fs::read_file(file)?);
    for broken in &rows.broken {
        talk.say(&format!("{}, line {}: {}", file.display(), broken.line, cell(&broken.reason)));
    }
    Ok(rows)
}
