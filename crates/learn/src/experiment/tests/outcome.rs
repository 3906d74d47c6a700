//! Is a planted signal won with, and only by the arms that can see it?

use super::made::{Told, queries};
use crate::experiment::{Arm, Grid, RunOptions, Split, SplitResult, criteria, report, run};
use crate::measure::Metric;
use crate::rows::Stratum;

fn results(told: Told, splits: &[Split]) -> (Vec<crate::experiment::Query>, Vec<SplitResult>) {
    let queries = queries(told);
    let grid =
        Grid { trees: 12, leaves: vec![7], issue_votes: vec![1, 10], fusion: vec![0.0, 0.5] };
    let results = run(&queries, &RunOptions { seeds: 1, grid, splits: splits.into() }).unwrap();
    (queries, results)
}

#[test]
fn a_signal_of_the_past_is_seen_by_the_arms_with_a_past() {
    let (queries, results) = results(Told::Past, &[Split::Repositories]);
    let one = &results[0];
    assert_eq!(one.split, Split::Repositories);
    let mrr = |arm| one.mean(&queries, arm, Metric::Mrr, Stratum::All);
    assert!(mrr(Arm::C) > 0.9, "{}", mrr(Arm::C));
    assert!(mrr(Arm::E) > 0.9, "{}", mrr(Arm::E));
    for blind in [Arm::B, Arm::CPermuted, Arm::CForeign, Arm::CShuffled, Arm::D] {
        assert!(mrr(blind) < 0.6, "{blind}: {}", mrr(blind));
    }
}

#[test]
fn a_signal_of_the_execution_is_seen_by_the_arms_that_read_it_and_where_there_is_one() {
    let (queries, results) = results(Told::Execution, &[Split::Executed]);
    let executed = results.iter().find(|result| result.split == Split::Executed).unwrap();
    assert!(executed.scored.iter().all(|at| queries[*at].columns.has_execution()));
    assert_eq!(executed.scored.len(), 36);
    let mrr = |arm| executed.mean(&queries, arm, Metric::Mrr, Stratum::All);
    assert!(mrr(Arm::Ochiai) > 0.99, "{}", mrr(Arm::Ochiai));
    assert!(mrr(Arm::F) > 0.9, "{}", mrr(Arm::F));
    assert!(mrr(Arm::E) < 0.6, "{}", mrr(Arm::E));
    assert!(mrr(Arm::RrfExecution) > mrr(Arm::RrfTestCochange));
    assert!(!Split::Units.asks(Arm::F));
}

#[test]
fn noise_wins_nothing() {
    let (queries, results) = results(Told::Nowhere, &Split::PRIMARY);
    let criteria = criteria(&queries, &results);
    let first = criteria.iter().find(|criterion| criterion.name == "W1").unwrap();
    assert_eq!(first.met, Some(false), "{}", first.why);
}

#[test]
fn the_same_queries_give_the_same_report() {
    let told = || {
        let (queries, results) = results(Told::Content, &Split::ALL);
        let told = crate::experiment::Told {
            queries: &queries,
            results: &results,
            ..crate::experiment::Told::default()
        };
        let page = report(&told);
        (page.to_markdown(), page.to_html().unwrap())
    };
    let (markdown, html) = told();
    assert_eq!((markdown.clone(), html), told());
    for wanted in [
        "| W5 |",
        "### repositories out: gold not named",
        "| C - C-foreign |",
        "## Units with issue text",
        "| C-shuffled | below half of BM25 |",
        "p (Holm)",
        "## What was not shown",
    ] {
        assert!(markdown.contains(wanted), "{wanted}");
    }
    // Four comparisons are corrected, and no other carries a probability.
    let (_, verdict) = markdown.split_once("p (Holm)").unwrap();
    let (verdict, rest) = verdict.split_once("\n## ").unwrap();
    assert_eq!(verdict.matches("| C - ").count(), 4);
    assert!(!rest.contains("p ("));
}
