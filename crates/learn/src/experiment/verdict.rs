//! Was something won, and does anything leak?
//!
//! In: what every arm reached in every split. Out: the comparisons of the protocol,
//! each with its interval and detectable effect, and the criteria W1 to W5, each met,
//! failed or not decided, with the numbers that decide it.

use std::collections::BTreeMap;

use super::arm::Arm;
use super::query::Query;
use super::run::SplitResult;
use super::split::Split;
use crate::measure::Metric;
use crate::measure::statistics::{BootstrapOptions, Comparison, Sample, compare, holm};
use crate::number::{ratio, real};
use crate::rows::Stratum;

/// What `LocAgent` with Claude-3.5 reaches on the 140 test rows: acc@1, acc@3, acc@5.
pub const LOCAGENT: [f64; 3] = [0.764, 0.900, 0.929];

/// How far below `LocAgent` still counts as equal.
const WITHIN: f64 = 0.02;

/// The untrained and snapshot-trained arms that C must beat.
const RIVALS: [Arm; 4] = [Arm::Bm25, Arm::Rrf, Arm::RrfPast, Arm::A];

/// Two arms on the same queries.
#[derive(Clone, Debug)]
pub struct Versus {
    /// In which split.
    pub split: Split,
    /// On which queries.
    pub stratum: Stratum,
    /// By which metric.
    pub metric: Metric,
    /// The arm that should be better.
    pub arm: Arm,
    /// The arm it is compared with.
    pub rival: Arm,
    /// How they differ.
    pub comparison: Comparison,
}

/// One criterion of the protocol.
#[derive(Clone, Debug)]
pub struct Criterion {
    /// Its name, W1 to W5.
    pub name: &'static str,
    /// Whether it is met; `None` where the data do not allow to say.
    pub met: Option<bool>,
    /// The numbers that decide.
    pub why: String,
}

impl SplitResult {
    /// Returns the mean of a metric over the queries of a stratum.
    pub fn mean(&self, queries: &[Query], arm: Arm, metric: Metric, stratum: Stratum) -> f64 {
        let values = self.values(queries, arm, metric, stratum);
        values.iter().map(|(_, value)| value).sum::<f64>() / real(values.len().max(1))
    }

    /// Compares two arms; `None` where one of them did not run.
    pub fn versus(
        &self,
        queries: &[Query],
        pair: (Arm, Arm),
        metric: Metric,
        stratum: Stratum,
    ) -> Option<Versus> {
        let (arm, rival) = pair;
        if !self.arms.contains_key(&arm) || !self.arms.contains_key(&rival) {
            return None;
        }
        let theirs: BTreeMap<usize, f64> =
            self.values(queries, rival, metric, stratum).into_iter().collect();
        let ours = self.values(queries, arm, metric, stratum).into_iter();
        let both = ours.filter_map(|(at, value)| Some((at, value - theirs.get(&at)?)));
        let differences: Vec<(String, f64)> =
            both.map(|(at, difference)| (queries[at].repo.to_string(), difference)).collect();
        let differences = differences.iter().map(|(repo, value)| (repo.as_str(), *value));
        let comparison = compare(&Sample::new(differences), None, &BootstrapOptions::default());
        Some(Versus { split: self.split, stratum, metric, arm, rival, comparison })
    }

    /// Returns the metric of every query that the arm answers, by its place in the list.
    fn values(
        &self,
        queries: &[Query],
        arm: Arm,
        metric: Metric,
        stratum: Stratum,
    ) -> Vec<(usize, f64)> {
        let place = Metric::MAIN.iter().position(|one| *one == metric).unwrap_or_default();
        let Some(reached) = self.arms.get(&arm) else { return Vec::new() };
        let scored = self.scored.iter().zip(&reached.metrics);
        scored
            .filter(|(at, _)| queries[**at].strata.contains(stratum))
            .filter_map(|(at, metrics)| Some((*at, metrics.as_ref()?[place])))
            .collect()
    }

    /// Returns the best of the rivals of C by a metric.
    fn best_rival(&self, queries: &[Query], metric: Metric, stratum: Stratum) -> Arm {
        let mut best = RIVALS[0];
        for rival in RIVALS {
            let mean = |arm| self.mean(queries, arm, metric, stratum);
            if mean(rival) > mean(best) {
                best = rival;
            }
        }
        best
    }
}

/// Returns the comparisons that the report shows, in its order.
pub fn comparisons(queries: &[Query], results: &[SplitResult]) -> Vec<Versus> {
    const PAIRS: [(Arm, Arm); 16] = [
        (Arm::A, Arm::Rrf),
        (Arm::B, Arm::A),
        (Arm::B, Arm::Rrf),
        (Arm::C, Arm::Rrf),
        (Arm::C, Arm::RrfPast),
        (Arm::C, Arm::A),
        (Arm::C, Arm::APast),
        (Arm::C, Arm::B),
        (Arm::C, Arm::CPermuted),
        (Arm::C, Arm::CForeign),
        (Arm::D, Arm::RrfTest),
        (Arm::E, Arm::RrfTestCochange),
        (Arm::F, Arm::E),
        (Arm::F, Arm::RrfTestCochange),
        (Arm::F, Arm::RrfExecution),
        (Arm::RrfExecution, Arm::RrfTestCochange),
    ];
    let mut found = Vec::new();
    for result in results {
        for metric in Metric::PRIMARY {
            for stratum in [Stratum::All, Stratum::NotNamed] {
                let versus = |pair| result.versus(queries, pair, metric, stratum);
                found.extend(PAIRS.into_iter().filter_map(versus));
            }
        }
    }
    found
}

/// Returns the comparisons that decide, with Holm's correction over them: C against the
/// best of its rivals where no gold file is named, by two metrics in two splits.
pub fn primary(queries: &[Query], results: &[SplitResult]) -> Vec<(Versus, f64)> {
    let stratum = Stratum::NotNamed;
    let mut found = Vec::new();
    for result in results.iter().filter(|result| Split::PRIMARY.contains(&result.split)) {
        let versus = |metric| {
            let rival = result.best_rival(queries, metric, stratum);
            result.versus(queries, (Arm::C, rival), metric, stratum)
        };
        found.extend(Metric::PRIMARY.into_iter().filter_map(versus));
    }
    let corrected = holm(&found.iter().map(|one| one.comparison.p).collect::<Vec<_>>());
    found.into_iter().zip(corrected).collect()
}

/// Returns W1 to W5.
pub fn criteria(queries: &[Query], results: &[SplitResult]) -> Vec<Criterion> {
    let primary: Vec<&SplitResult> =
        results.iter().filter(|result| Split::PRIMARY.contains(&result.split)).collect();
    vec![
        first(queries, &primary),
        second(queries, &primary),
        third(queries, &primary),
        fourth(queries, &primary),
        fifth(queries, results, &primary),
    ]
}

/// Joins what was found in each split; met when it is met in all.
fn in_all(name: &'static str, found: Vec<(bool, String)>) -> Criterion {
    let met = (!found.is_empty()).then(|| found.iter().all(|(met, _)| *met));
    let why: Vec<String> = found.into_iter().map(|(_, why)| why).collect();
    Criterion { name, met, why: why.join("; ") }
}

/// Returns whether the interval over repositories lies above zero, and the sentence.
fn above(versus: &Versus) -> (bool, String) {
    let Comparison { effect, repository_interval, .. } = &versus.comparison;
    let Some(interval) = repository_interval else {
        return (false, format!("{}: one repository only", versus.split.label()));
    };
    let sentence = format!(
        "{}: {} - {} {} {:+.1} {{{:.1}, {:.1}}}",
        versus.split.label(),
        versus.arm,
        versus.rival,
        versus.metric,
        effect * 100.0,
        interval.low * 100.0,
        interval.high * 100.0
    );
    (interval.low > 0.0, sentence)
}

fn first(queries: &[Query], primary: &[&SplitResult]) -> Criterion {
    let found = primary.iter().filter_map(|result| {
        let rival = result.best_rival(queries, Metric::Mrr, Stratum::All);
        let versus = result.versus(queries, (Arm::C, rival), Metric::Mrr, Stratum::All)?;
        Some(above(&versus))
    });
    in_all("W1", found.collect())
}

fn second(queries: &[Query], primary: &[&SplitResult]) -> Criterion {
    let found = primary.iter().filter_map(|result| {
        let (metric, stratum) = (Metric::Hit(1), Stratum::NotNamed);
        let rival = result.best_rival(queries, metric, stratum);
        let versus = result.versus(queries, (Arm::C, rival), metric, stratum)?;
        Some((versus.comparison.effect >= 0.05, above(&versus).1))
    });
    in_all("W2", found.collect())
}

fn third(queries: &[Query], primary: &[&SplitResult]) -> Criterion {
    let found = primary.iter().filter_map(|result| {
        let rival = result.best_rival(queries, Metric::Mrr, Stratum::All);
        let versus = result.versus(queries, (Arm::C, rival), Metric::Mrr, Stratum::All)?;
        let (won, all) = (versus.comparison.by_repository.wins, versus.comparison.repositories);
        let why = format!("{}: {won} of {all} repositories over {rival}", result.split.label());
        Some((ratio(won, all) >= 2.0 / 3.0, why))
    });
    in_all("W3", found.collect())
}

fn fourth(queries: &[Query], primary: &[&SplitResult]) -> Criterion {
    let found = primary.iter().filter_map(|result| {
        let (metric, stratum) = (Metric::Mrr, Stratum::All);
        let mean = |arm| result.mean(queries, arm, metric, stratum);
        let versus = |pair| result.versus(queries, pair, metric, stratum);
        let shuffled = mean(Arm::CShuffled) < mean(Arm::Bm25) / 2.0;
        let equal = versus((Arm::CPermuted, Arm::B))?;
        let same = equal.comparison.interval.is_some_and(|interval| interval.holds_zero());
        let (gain, told) = above(&versus((Arm::C, Arm::CPermuted))?);
        let why = format!(
            "{told}, C-permuted - B {:+.1}, C-shuffled {:.1} against BM25 {:.1}",
            equal.comparison.effect * 100.0,
            mean(Arm::CShuffled) * 100.0,
            mean(Arm::Bm25) * 100.0
        );
        Some((shuffled && same && gain, why))
    });
    in_all("W4", found.collect())
}

fn fifth(queries: &[Query], results: &[SplitResult], primary: &[&SplitResult]) -> Criterion {
    let (metric, stratum) = (Metric::Mrr, Stratum::All);
    let mut found: Vec<(bool, String)> = primary
        .iter()
        .filter_map(|result| {
            let mean = |arm| result.mean(queries, arm, metric, stratum);
            let best = if mean(Arm::D) > mean(Arm::E) { Arm::D } else { Arm::E };
            Some(above(&result.versus(queries, (best, Arm::RrfTestCochange), metric, stratum)?))
        })
        .collect();
    // The test rows alone do not decide: both halves of the criterion are needed.
    let has_primary = !found.is_empty();
    if let Some(test) = results.iter().find(|result| result.split == Split::Test) {
        let metrics = [Metric::Acc(1), Metric::Acc(3), Metric::Acc(5)];
        let reached = metrics.map(|metric| test.mean(queries, Arm::E, metric, stratum));
        let near = reached.iter().zip(LOCAGENT).all(|(ours, theirs)| *ours >= theirs - WITHIN);
        let percent =
            |values: [f64; 3]| values.map(|value| format!("{:.1}", value * 100.0)).join(" / ");
        let why = format!(
            "test rows: E acc@1/3/5 {} against LocAgent {}",
            percent(reached),
            percent(LOCAGENT)
        );
        found.push((near, why));
    }
    let fifth = in_all("W5", found);
    Criterion { met: fifth.met.filter(|_| has_primary), ..fifth }
}
