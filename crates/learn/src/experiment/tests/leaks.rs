//! Does what is scored stay out of what is learned?

use std::collections::BTreeSet;

use super::made::{Told, queries, query};
use crate::experiment::{Fold, Query, Role, Split};

/// Says what a fold learns from that it must not.
fn faults(queries: &[Query], split: Split, fold: &Fold) -> Vec<String> {
    let scored: Vec<&Query> = fold.scored.iter().map(|at| &queries[*at]).collect();
    let repos: BTreeSet<_> = scored.iter().map(|query| &query.repo).collect();
    let texts: BTreeSet<_> = scored.iter().map(|query| &query.text).collect();
    let first = scored.iter().map(|query| &query.date).min().unwrap();
    let mut faults = Vec::new();
    for query in fold.learned.iter().map(|at| &queries[*at]) {
        if split != Split::Time && repos.contains(&query.repo) {
            faults.push(format!("repository of {}", query.id));
        }
        if split == Split::Time && query.date >= *first {
            faults.push(format!("date of {}", query.id));
        }
        if texts.contains(&query.text) {
            faults.push(format!("text of {}", query.id));
        }
        if matches!(query.role, Role::Test | Role::Pseudo) {
            faults.push(format!("role of {}", query.id));
        }
    }
    faults
}

#[test]
fn no_split_learns_from_what_it_scores() {
    let mut queries = queries(Told::Nowhere);
    // Planted: one issue text in two repositories, and a unit of a test repository.
    queries[0].text = "twice".to_owned();
    queries[36].text = "twice".to_owned();
    queries.push(query("other/repo", 3, Role::Unit, Told::Nowhere));
    for split in Split::ALL {
        let folds = split.folds(&queries);
        assert!(!folds.is_empty());
        for fold in &folds {
            assert_eq!(faults(&queries, split, fold), Vec::<String>::new(), "{split:?}");
            assert!(!fold.learned.is_empty(), "{split:?}");
        }
    }
}

#[test]
fn the_check_finds_each_planted_leak() {
    let mut queries = queries(Told::Nowhere);
    let split = Split::Repositories;
    let mut fold = split.folds(&queries).remove(0);
    let scored = fold.scored[0];
    let unit = (0..queries.len())
        .find(|at| queries[*at].role == Role::Unit && queries[*at].repo == queries[scored].repo);
    fold.learned.push(unit.unwrap());
    assert!(faults(&queries, split, &fold)[0].starts_with("repository of"));
    fold.learned.pop();
    queries[fold.learned[0]].text = queries[scored].text.clone();
    assert!(faults(&queries, split, &fold)[0].starts_with("text of"));
}

#[test]
fn every_development_row_is_scored_once_by_repository() {
    let queries = queries(Told::Nowhere);
    let folds = Split::Repositories.folds(&queries);
    let mut scored: Vec<usize> = folds.iter().flat_map(|fold| fold.scored.clone()).collect();
    scored.sort_unstable();
    let rows = |at: &usize| queries[*at].role == Role::Development;
    assert_eq!(scored, (0..queries.len()).filter(rows).collect::<Vec<_>>());
}

#[test]
fn a_repository_with_many_units_teaches_its_newest_only() {
    let mut queries = queries(Told::Nowhere);
    queries.extend((0..400).map(|number| query("big/repo", number, Role::Unit, Told::Nowhere)));
    let fold = Split::Test.folds(&queries).remove(0);
    let of_big = fold.learned.iter().filter(|at| queries[**at].repo.owner() == "big");
    let dates: BTreeSet<&str> = of_big.clone().map(|at| queries[*at].date.as_str()).collect();
    assert_eq!(of_big.count(), 150);
    assert_eq!(dates.first(), Some(&"2062-01-01T00:00:00Z"));
}
