//! Does the first file rank better than the second, row by row?

use serde::Serialize;

use super::ScoredRow;
use crate::measure::Metric;
use crate::measure::statistics::{BootstrapOptions, Comparison, Sample, compare, holm};
use crate::rows::Stratum;

/// What is compared in every stratum; the two that decide come first.
const COMPARED: [Metric; 5] =
    [Metric::Mrr, Metric::Hit(1), Metric::Acc(1), Metric::Acc(5), Metric::Acc(10)];

/// Two files on the same rows.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairReport {
    /// Which file a positive difference favors.
    pub first: String,
    /// Which file it is compared with.
    pub second: String,
    /// The comparisons by stratum and metric.
    pub rows: Vec<PairRow>,
    /// The mean differences of MRR by repository.
    pub repositories: Vec<RepositoryPair>,
}

/// One metric on the rows of one stratum.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct PairRow {
    /// Which rows.
    pub stratum: &'static str,
    /// Which metric.
    pub metric: String,
    /// Whether it is one of those that decide: MRR and hit@1 where no gold is named.
    pub primary: bool,
    /// The mean of the first file.
    pub first: f64,
    /// The mean of the second file.
    pub second: f64,
    /// The difference and what may be said about it.
    pub comparison: Comparison,
    /// The probability, corrected by Holm's method over the rows that decide.
    pub corrected_p: Option<f64>,
}

/// Both files on one repository.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct RepositoryPair {
    /// Which repository.
    pub repository: String,
    /// How many rows it has.
    pub rows: usize,
    /// The mean difference of MRR.
    pub mrr: f64,
}

impl PairReport {
    /// Compares two files that were scored on the same rows in the same order.
    pub(super) fn new(
        names: [&str; 2],
        first: &[ScoredRow],
        second: &[ScoredRow],
        options: &BootstrapOptions,
    ) -> Self {
        let pairs: Vec<(&ScoredRow, &ScoredRow)> = first.iter().zip(second).collect();
        let mut rows = Vec::new();
        for stratum in Stratum::ALL {
            let inside: Vec<(&ScoredRow, &ScoredRow)> =
                pairs.iter().copied().filter(|(row, _)| row.strata.contains(stratum)).collect();
            rows.extend(COMPARED.map(|metric| PairRow::new(stratum, metric, &inside, options)));
        }
        correct(&mut rows);
        let by_repository = differences(&pairs, Metric::Mrr).by_repository();
        let repositories = by_repository.into_iter().map(|mean| RepositoryPair {
            repository: mean.repository,
            rows: mean.issues,
            mrr: mean.mean,
        });
        let [first, second] = names.map(str::to_owned);
        Self { first, second, rows, repositories: repositories.collect() }
    }
}

impl PairRow {
    fn new(
        stratum: Stratum,
        metric: Metric,
        pairs: &[(&ScoredRow, &ScoredRow)],
        options: &BootstrapOptions,
    ) -> Self {
        Self {
            stratum: stratum.label(),
            metric: metric.to_string(),
            primary: stratum == Stratum::NotNamed && Metric::PRIMARY.contains(&metric),
            first: mean(pairs.iter().map(|(first, _)| *first), metric),
            second: mean(pairs.iter().map(|(_, second)| *second), metric),
            comparison: compare(&differences(pairs, metric), None, options),
            corrected_p: None,
        }
    }
}

fn mean<'a>(rows: impl Iterator<Item = &'a ScoredRow>, metric: Metric) -> f64 {
    Sample::new(rows.map(|row| (row.repository.as_str(), row.files.metric(metric)))).mean()
}

fn differences<'a>(pairs: &[(&'a ScoredRow, &'a ScoredRow)], metric: Metric) -> Sample {
    Sample::new(pairs.iter().map(|(first, second)| {
        (first.repository.as_str(), first.files.metric(metric) - second.files.metric(metric))
    }))
}

/// Corrects the probabilities of the rows that decide for their number.
fn correct(rows: &mut [PairRow]) {
    let mut primary: Vec<&mut PairRow> = rows.iter_mut().filter(|row| row.primary).collect();
    let probabilities: Vec<f64> = primary.iter().map(|row| row.comparison.p).collect();
    for (row, corrected) in primary.iter_mut().zip(holm(&probabilities)) {
        row.corrected_p = Some(corrected);
    }
}
