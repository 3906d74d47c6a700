//! How do the counts of links read?
//!
//! In: the counts of one repository. Out: a table for each truth that can judge
//! them, else one that says "coverage only"; and the same for programs, with the shares.

use std::collections::BTreeMap;

use backstory_model::{LinkMethod, LinkReport, LinkTruth, PairCount, TruthScore};
use serde::Serialize;

use super::funnel::percent;

/// A table with a line above it.
pub(super) struct LinkTable {
    pub(super) caption: String,
    head: &'static [&'static str],
    rows: Vec<Vec<String>>,
}

/// Fewer pairs than this say nothing: one odd entry would move the shares by 5 %.
const FEWEST_PAIRS: u32 = 20;

const JUDGED: &[&str] =
    &["method", "units", "found", "agreeing", "true pairs", "precision", "recall"];
const COVERAGE: &[&str] = &["method", "units"];

/// Draws what is known of the links of one repository.
pub(super) fn tables(report: &LinkReport) -> Vec<LinkTable> {
    let share = percent(report.linked, report.units);
    let linked = format!("{} of {} units ({share})", report.linked, report.units);
    let enough = report.judged.iter().filter(|(_, score)| is_enough(score));
    let mut tables: Vec<LinkTable> = enough
        .map(|(truth, score)| LinkTable {
            caption: format!(
                "{linked}; judged by {} pairs of {}",
                score.true_pairs,
                source(*truth)
            ),
            head: JUDGED,
            rows: judged(report, *truth, score),
        })
        .collect();
    if tables.is_empty() {
        tables.push(coverage(report, &linked));
    }
    tables
}

/// Draws which methods link how many units, where nothing can judge them.
fn coverage(report: &LinkReport, linked: &str) -> LinkTable {
    let pairs = report.judged.values().map(|score| score.true_pairs).max().unwrap_or(0);
    let why = match pairs {
        0 => "no pair of pull request and issue is written down".to_owned(),
        some => format!(
            "only {some} pairs of pull request and issue are written down, and {FEWEST_PAIRS} \
             are needed"
        ),
    };
    let row = |(method, units): (&LinkMethod, &u32)| vec![word(*method), units.to_string()];
    LinkTable {
        caption: format!("{linked}; coverage only, because {why}"),
        head: COVERAGE,
        rows: report.methods.iter().map(row).collect(),
    }
}

/// Returns true when there are pairs enough to judge a method by.
fn is_enough(score: &TruthScore) -> bool {
    score.true_pairs >= FEWEST_PAIRS
}

fn source(truth: LinkTruth) -> &'static str {
    match truth {
        LinkTruth::Changelog => "the changelog; changelog and news fragment are not judged by it",
        LinkTruth::ClosingReferences => "closing references in records; record is not judged by it",
    }
}

fn judged(report: &LinkReport, truth: LinkTruth, score: &TruthScore) -> Vec<Vec<String>> {
    let mut rows: Vec<Vec<String>> = Vec::new();
    for (method, units) in &report.methods {
        let may = truth.may_judge(*method);
        let found = may.then(|| score.methods.get(method).copied().unwrap_or_default());
        rows.push(row(word(*method), units.to_string(), found, score.true_pairs));
    }
    for (label, found) in [("all links", score.without_mentions), ("with mentions", score.together)]
    {
        rows.push(row(label.to_owned(), String::new(), Some(found), score.true_pairs));
    }
    rows
}

fn row(label: String, units: String, found: Option<PairCount>, true_pairs: u32) -> Vec<String> {
    let Some(PairCount { found, agreeing }) = found else {
        let nothing = std::iter::repeat_n("–".to_owned(), JUDGED.len() - 2);
        return [label, units].into_iter().chain(nothing).collect();
    };
    vec![
        label,
        units,
        found.to_string(),
        agreeing.to_string(),
        true_pairs.to_string(),
        percent(agreeing, found),
        percent(agreeing, true_pairs),
    ]
}

/// Returns the word for a method.
fn word(method: LinkMethod) -> String {
    let json = serde_json::to_string(&method).expect("a method is a word");
    json.trim_matches('"').replace('_', " ")
}

impl LinkTable {
    /// Draws the table for the terminal, line by line.
    pub(super) fn plain(&self) -> Vec<String> {
        let head = self.head.iter().map(|word| (*word).to_owned()).collect();
        let lines: Vec<Vec<String>> = std::iter::once(head).chain(self.rows.clone()).collect();
        let width = |column: usize| {
            lines.iter().map(|line| line[column].chars().count()).max().unwrap_or(0)
        };
        let widths: Vec<usize> = (0..self.head.len()).map(width).collect();
        let draw = |line: &Vec<String>| {
            let cells = line.iter().zip(&widths).enumerate().map(|(at, (cell, width))| match at {
                0 => format!("{cell:width$}"),
                _ => format!("{cell:>width$}"),
            });
            format!("  {}", cells.collect::<Vec<_>>().join("  ")).trim_end().to_owned()
        };
        lines.iter().map(draw).collect()
    }

    /// Draws the table as Markdown.
    pub(super) fn markdown(&self) -> String {
        let line = |cells: &[String]| format!("| {} |", cells.join(" | "));
        let head: Vec<String> = self.head.iter().map(|word| (*word).to_owned()).collect();
        let rule = format!("|---|{}", "--:|".repeat(self.head.len() - 1));
        let rows = self.rows.iter().map(|row| line(row));
        [line(&head), rule].into_iter().chain(rows).collect::<Vec<_>>().join("\n")
    }
}

/// The links of one repository, as `build --json` prints them.
#[derive(Serialize)]
pub(super) struct LinksInJson<'a> {
    units: u32,
    linked: u32,
    methods: &'a BTreeMap<LinkMethod, u32>,
    /// Nothing is written down, or too little, that could judge them.
    coverage_only: bool,
    judged: BTreeMap<LinkTruth, ScoreInJson>,
}

/// How the methods did against one truth.
#[derive(Serialize)]
struct ScoreInJson {
    true_pairs: u32,
    methods: BTreeMap<LinkMethod, PairsInJson>,
    without_mentions: PairsInJson,
    together: PairsInJson,
}

/// Pairs that were found, with the shares where there are pairs enough.
#[derive(Serialize)]
struct PairsInJson {
    found: u32,
    agreeing: u32,
    precision: Option<f64>,
    recall: Option<f64>,
}

impl<'a> LinksInJson<'a> {
    pub(super) fn of(report: &'a LinkReport) -> Self {
        let score = |score: &TruthScore| {
            let share = |part, whole| rounded(part, whole).filter(|_| is_enough(score));
            let pairs = |count: &PairCount| PairsInJson {
                found: count.found,
                agreeing: count.agreeing,
                precision: share(count.agreeing, count.found),
                recall: share(count.agreeing, score.true_pairs),
            };
            let methods = score.methods.iter().map(|(method, count)| (*method, pairs(count)));
            ScoreInJson {
                true_pairs: score.true_pairs,
                methods: methods.collect(),
                without_mentions: pairs(&score.without_mentions),
                together: pairs(&score.together),
            }
        };
        Self {
            units: report.units,
            linked: report.linked,
            methods: &report.methods,
            coverage_only: !report.judged.values().any(is_enough),
            judged: report.judged.iter().map(|(truth, of)| (*truth, score(of))).collect(),
        }
    }
}

/// Returns a share with four decimals; `None` of nothing.
pub(super) fn rounded(part: u32, whole: u32) -> Option<f64> {
    let share = f64::from(part) / f64::from(whole);
    (whole > 0).then(|| (share * 1e4).round() / 1e4)
}
