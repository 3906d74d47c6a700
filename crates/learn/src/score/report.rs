//! What is said about the predictions of each file?
//!
//! Structures for `--json` and for the Markdown twin; parts of numbers stay parts of
//! one here and become percentages there.

use std::collections::{BTreeMap, BTreeSet};

use serde::Serialize;

use super::compare::PairReport;
use super::{Predictions, ScoredRow, score};
use crate::measure::statistics::{BootstrapOptions, Interval, Sample, bootstrap};
use crate::measure::{Hits, Metric};
use crate::rows::{BrokenRow, Rows, Stratum};

/// What is shown of each repository.
const BY_REPOSITORY: [Metric; 4] = [Metric::Acc(1), Metric::Acc(5), Metric::Hit(1), Metric::Mrr];
/// What is shown of functions.
const OF_FUNCTIONS: [Metric; 4] = [Metric::Acc(1), Metric::Acc(5), Metric::Acc(10), Metric::Mrr];

/// Everything that `learn score` says.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ScoreReport {
    /// The rows with answers.
    pub gold: CorpusReport,
    /// The files of predictions, in the order in which they were named.
    pub files: Vec<FileReport>,
    /// How often each interval was drawn.
    pub draws: usize,
    /// The first file against the second, if there are two.
    pub comparison: Option<PairReport>,
}

/// The rows that predictions are held against.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct CorpusReport {
    /// How many rows have gold.
    pub rows: usize,
    /// Of how many repositories.
    pub repositories: usize,
    /// Rows without gold.
    pub dropped: Vec<Dropped>,
    /// Lines that are no rows.
    pub broken: Vec<LineFault>,
}

/// A row that is not scored.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct Dropped {
    /// The name of the row.
    pub id: String,
    /// Why.
    pub reason: String,
}

/// A line that cannot be read.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
pub struct LineFault {
    /// Which line, from 1.
    pub line: usize,
    /// Why.
    pub reason: String,
}

/// One file of predictions.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct FileReport {
    /// What the file is called.
    pub name: String,
    /// How many rows it answers.
    pub answered: usize,
    /// Rows that it does not answer; each counts as a miss.
    pub missing: Vec<String>,
    /// Answers to rows that are not there, or have no gold; they count nowhere.
    pub unknown: Vec<String>,
    /// Lines that are no predictions.
    pub broken: Vec<LineFault>,
    /// The metrics of each stratum, over files.
    pub strata: Vec<StratumReport>,
    /// The metrics over functions, where the file ranks any.
    pub functions: Option<StratumReport>,
    /// The metrics of each repository, over files.
    pub repositories: Vec<RepositoryRow>,
}

/// The metrics of the rows of one stratum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct StratumReport {
    /// Which rows.
    pub stratum: &'static str,
    /// How many rows.
    pub rows: usize,
    /// Of how many repositories.
    pub repositories: usize,
    /// The metrics.
    pub metrics: Vec<Mean>,
}

/// The mean of one metric.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Mean {
    /// Which metric.
    pub metric: String,
    /// Its mean over rows.
    pub mean: f64,
    /// The wider of its two intervals; `None` without rows.
    pub interval: Option<Interval>,
}

/// The metrics of one repository.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RepositoryRow {
    /// Which repository.
    pub repository: String,
    /// How many rows it has.
    pub rows: usize,
    /// The means, by metric.
    pub means: BTreeMap<String, f64>,
}

impl ScoreReport {
    /// Scores named files of predictions; of more than two only the first two are compared.
    pub fn new(gold: &Rows, files: &[(String, Predictions)], options: &BootstrapOptions) -> Self {
        let scored: Vec<Vec<ScoredRow>> =
            files.iter().map(|(_, predictions)| score(&gold.rows, predictions)).collect();
        let reports = files.iter().zip(&scored).map(|((name, predictions), scored)| {
            FileReport::new(name, predictions, scored, options)
        });
        let comparison = match (&files, scored.as_slice()) {
            ([first, second, ..], [left, right, ..]) => {
                Some(PairReport::new([&first.0, &second.0], left, right, options))
            }
            _ => None,
        };
        Self {
            gold: CorpusReport::new(gold),
            files: reports.collect(),
            draws: options.draws,
            comparison,
        }
    }

    /// Returns true where every line of every file was read.
    pub fn is_clean(&self) -> bool {
        self.gold.broken.is_empty() && self.files.iter().all(|file| file.broken.is_empty())
    }
}

impl CorpusReport {
    fn new(gold: &Rows) -> Self {
        let (with, without): (Vec<_>, Vec<_>) =
            gold.rows.iter().partition(|row| !row.answer.gold_files.is_empty());
        let repositories: BTreeSet<_> = with.iter().map(|row| &row.question.repo).collect();
        let dropped = without.iter().map(|row| Dropped {
            id: row.question.id.clone(),
            reason: row.answer.missing_gold().to_owned(),
        });
        Self {
            rows: with.len(),
            repositories: repositories.len(),
            dropped: dropped.collect(),
            broken: faults(&gold.broken),
        }
    }
}

impl FileReport {
    fn new(
        name: &str,
        predictions: &Predictions,
        scored: &[ScoredRow],
        options: &BootstrapOptions,
    ) -> Self {
        let missing = scored.iter().filter(|row| !row.answered).map(|row| row.id.clone());
        let known: BTreeSet<&str> = scored.iter().map(|row| row.id.as_str()).collect();
        let asked = |id: &&str| !known.contains(*id);
        let unknown = predictions.rows.iter().map(|row| row.id.as_str()).filter(asked);
        let strata = Stratum::ALL.map(|stratum| {
            let inside = scored.iter().filter(|row| row.strata.contains(stratum));
            let hits: Vec<(&str, &Hits)> =
                inside.map(|row| (row.repository.as_str(), &row.files)).collect();
            StratumReport::new(stratum.label(), &Metric::MAIN, &hits, options)
        });
        let ranked = predictions.rows.iter().any(|row| row.functions.is_some());
        let functions = ranked.then(|| {
            let told = scored
                .iter()
                .filter_map(|row| Some((row.repository.as_str(), row.functions.as_ref()?)));
            let hits: Vec<(&str, &Hits)> = told.collect();
            StratumReport::new("functions", &OF_FUNCTIONS, &hits, options)
        });
        Self {
            name: name.to_owned(),
            answered: scored.iter().filter(|row| row.answered).count(),
            missing: missing.collect(),
            unknown: unknown.map(str::to_owned).collect(),
            broken: faults(&predictions.broken),
            strata: strata.to_vec(),
            functions,
            repositories: by_repository(scored),
        }
    }
}

impl StratumReport {
    fn new(
        stratum: &'static str,
        metrics: &[Metric],
        hits: &[(&str, &Hits)],
        options: &BootstrapOptions,
    ) -> Self {
        let mean = |metric: &Metric| {
            let values = hits.iter().map(|(name, hits)| (*name, hits.metric(*metric)));
            let sample = Sample::new(values);
            let drawn = bootstrap(&sample, options);
            Mean {
                metric: metric.to_string(),
                mean: sample.mean(),
                interval: drawn.map(|drawn| drawn.wider()),
            }
        };
        let repositories: BTreeSet<&str> = hits.iter().map(|(name, _)| *name).collect();
        Self {
            stratum,
            rows: hits.len(),
            repositories: repositories.len(),
            metrics: metrics.iter().map(mean).collect(),
        }
    }
}

fn by_repository(scored: &[ScoredRow]) -> Vec<RepositoryRow> {
    let mut rows: BTreeMap<String, RepositoryRow> = BTreeMap::new();
    for metric in BY_REPOSITORY {
        let values = scored.iter().map(|row| (row.repository.as_str(), row.files.metric(metric)));
        for mean in Sample::new(values).by_repository() {
            let row = rows.entry(mean.repository.clone()).or_insert_with(|| RepositoryRow {
                repository: mean.repository,
                rows: mean.issues,
                means: BTreeMap::new(),
            });
            row.means.insert(metric.to_string(), mean.mean);
        }
    }
    rows.into_values().collect()
}

fn faults(broken: &[BrokenRow]) -> Vec<LineFault> {
    let fault = |row: &BrokenRow| LineFault { line: row.line, reason: row.reason.clone() };
    broken.iter().map(fault).collect()
}
