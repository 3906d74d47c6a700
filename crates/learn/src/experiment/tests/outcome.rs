//! Is a planted signal won with, and only by the arms that can see it?

use super::made::{Told, queries};
use crate::experiment::{Arm, Grid, RunOptions, Split, SplitResult, criteria, markdown, run};
use crate::measure::Metric;
use crate::rows::Stratum;

fn results(told: Told) -> (Vec<crate::experiment::Query>, Vec<SplitResult>) {
    let queries = queries(told);
    let grid =
        Grid { trees: 12, leaves: vec![7], issue_votes: vec![1, 10], fusion: vec![0.0, 0.5] };
    let results = run(&queries, &RunOptions { seeds: 1, grid }).unwrap();
    (queries, results)
}

#[test]
fn a_signal_of_the_past_is_seen_by_the_arms_with_a_past() {
    let (queries, results) = results(Told::Past);
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
fn noise_wins_nothing() {
    let (queries, results) = results(Told::Nowhere);
    let criteria = criteria(&queries, &results);
    let first = criteria.iter().find(|criterion| criterion.name == "W1").unwrap();
    assert_eq!(first.met, Some(false), "{}", first.why);
}

#[test]
fn the_same_queries_give_the_same_report() {
    let told = || {
        let (queries, results) = results(Told::Content);
        markdown(&queries, &results)
    };
    let report = told();
    assert_eq!(report, told());
    for wanted in ["| W5 |", "## repositories out: gold not named", "| C - C-foreign |"] {
        assert!(report.contains(wanted), "{wanted}");
    }
}
