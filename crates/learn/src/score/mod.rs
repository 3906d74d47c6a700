//! How good are the predictions of any tool on rows with known answers?
//!
//! In: issue rows and one or two files of predictions. Out: the metrics of the protocol
//! by stratum with their intervals, by repository, and the comparison of two files,
//! paired by issue. Every row and every line is accounted for: a row that no prediction
//! answers counts as a miss.

mod compare;
mod markdown;
mod predictions;
mod report;
#[cfg(test)]
mod tests;

pub use compare::{PairReport, PairRow, RepositoryPair};
pub use predictions::{Prediction, Predictions, read_predictions};
pub use report::{
    CorpusReport, Dropped, FileReport, LineFault, Mean, RepositoryRow, ScoreReport, StratumReport,
};

use std::collections::{BTreeMap, BTreeSet};

use crate::measure::Hits;
use crate::rows::{IssueRow, Strata};

/// Where the gold of one row stands in its prediction.
#[derive(Clone, Debug, PartialEq)]
pub struct ScoredRow {
    /// The name of the row.
    pub id: String,
    /// Its repository.
    pub repository: String,
    /// What its issue gives away.
    pub strata: Strata,
    /// Where the gold files stand.
    pub files: Hits,
    /// Where the gold functions stand; `None` where the row names none.
    pub functions: Option<Hits>,
    /// Whether a prediction names it.
    pub answered: bool,
}

/// The rows with gold, each looked up in the predictions, in their order.
pub fn score(gold: &[IssueRow], predictions: &Predictions) -> Vec<ScoredRow> {
    let by_id: BTreeMap<&str, &Prediction> =
        predictions.rows.iter().map(|row| (row.id.as_str(), row)).collect();
    let with_gold = gold.iter().filter(|row| !row.answer.gold_files.is_empty());
    with_gold.map(|row| scored(row, by_id.get(row.question.id.as_str()).copied())).collect()
}

fn scored(row: &IssueRow, prediction: Option<&Prediction>) -> ScoredRow {
    let files = row.answer.gold_files.iter().map(ToString::to_string).collect();
    let functions = row.answer.gold_functions.as_ref().filter(|functions| !functions.is_empty());
    let functions = functions.map(|gold| {
        let ranking = prediction.and_then(|prediction| prediction.functions.as_deref());
        hits(ranking, &gold.iter().cloned().collect())
    });
    ScoredRow {
        id: row.question.id.clone(),
        repository: row.question.repo.to_string(),
        strata: Strata::of(&row.question.text, &row.answer.gold_files),
        files: hits(prediction.map(|prediction| prediction.files.as_slice()), &files),
        functions,
        answered: prediction.is_some(),
    }
}

fn hits(ranking: Option<&[String]>, gold: &BTreeSet<String>) -> Hits {
    Hits::of_ranking(ranking.unwrap_or_default(), gold)
}
