//! How good are the predictions in a file?

use std::path::Path;

use backstory_learn::measure::statistics::BootstrapOptions;
use backstory_learn::rows::read_rows;
use backstory_learn::score::{Predictions, ScoreReport, read_predictions};
use backstory_learn::seed::Seed;
use backstory_model::exit;
use backstory_store::fs;

use crate::arguments::LearnScoreArgs;
use crate::{Failure, Talk};

/// Scores one or two files of predictions and prints the report.
pub(super) fn score(args: &LearnScoreArgs, talk: &Talk) -> Result<u8, Failure> {
    let gold = read_rows(&fs::read_file(&args.gold)?);
    if gold.rows.is_empty() {
        let sentence = format!("`{}` holds no issue row", args.gold.display());
        return Err(Failure::new(sentence).hint(
            "give JSON Lines with `instance_id`, `repo`, `base_commit`, `problem_statement` and \
             `gold_files` or `patch`",
        ));
    }
    let files: Vec<(String, Predictions)> =
        args.predictions.iter().map(|path| read(path)).collect::<Result<_, Failure>>()?;
    let options =
        BootstrapOptions { seed: Seed::of(&["learn score"]), ..BootstrapOptions::default() };
    let report = ScoreReport::new(&gold, &files, &options);
    if args.json {
        talk.json(&report)?;
    } else {
        talk.data(&report.to_markdown())?;
    }
    Ok(if report.is_clean() { exit::OK } else { exit::FINDINGS })
}

fn read(path: &Path) -> Result<(String, Predictions), Failure> {
    Ok((path.display().to_string(), read_predictions(&fs::read_file(path)?)))
}
