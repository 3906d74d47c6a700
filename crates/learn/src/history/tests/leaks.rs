//! Can anything but the past reach a feature? One planted leak a test.

use std::collections::BTreeSet;

use backstory_model::RepoPath;
use backstory_testkit::{Edit, RepoBuilder};

use super::super::Cache;
use super::{asked, at, columns, paths, subjects, walk, walked};

const ISSUE: &str = "the parser loses quoted commas";
const CANDIDATES: [&str; 2] = ["reader.py", "parser.py"];

/// Two files, and a past that says nothing about the issue.
fn quiet() -> RepoBuilder {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit("Start", [("parser.py", "1\n"), ("reader.py", "1\n")]);
    builder.commit("Tidy the reader", [("reader.py", "2\n")]);
    builder
}

#[test]
fn the_fix_on_another_ref_is_not_seen() {
    let mut builder = quiet();
    let base = builder.head();
    let before = columns(&builder.memory(), &base, &CANDIDATES, ISSUE);
    builder.branch_from("fix", &base);
    let fix = builder.commit(ISSUE, [("parser.py", "fixed\n")]);
    builder.pull_head(7, &fix);
    builder.tag("v2", &fix);
    builder.switch("main");
    builder.merge("Merge pull request #7 from ada/fix", &[fix], super::NO_EDITS);
    assert_eq!(columns(&builder.memory(), &base, &CANDIDATES, ISSUE), before);
    // The leak is real: one commit later it shows.
    let later = columns(&builder.memory(), &builder.head(), &CANDIDATES, ISSUE);
    assert_ne!(later, before);
}

#[test]
fn an_earlier_date_does_not_make_an_ancestor() {
    let mut builder = RepoBuilder::new("ada/tally");
    let root = builder.commit(at("Start", "2024-03-01T10:00:00Z"), [("parser.py", "1\n")]);
    let base = builder.commit(at("Base", "2024-06-01T10:00:00Z"), [("reader.py", "1\n")]);
    builder.branch_from("fix", &root);
    // Written months before the base, merged after it.
    builder.commit(at(ISSUE, "2024-04-01T10:00:00Z"), [("parser.py", "fixed\n")]);
    assert_eq!(subjects(&walked(&builder.memory(), &base)), ["Base", "Start"]);
}

#[test]
fn a_twin_of_the_fix_is_taken_out_and_counted() {
    let mut builder = quiet();
    builder.branch_from("fix", &builder.head());
    let fix = builder.commit(ISSUE, [("parser.py", "fixed\n")]);
    builder.switch("main");
    let before = columns(&builder.memory(), &builder.head(), &CANDIDATES, ISSUE);
    let twin = builder.cherry_pick(&fix, Some(super::who("2024-02-01T10:00:00Z")));
    let (repo, cache) = (builder.memory(), Cache::in_memory());
    let history = walk(&repo, &twin, &cache).unwrap();
    assert_ne!(asked(&history, &CANDIDATES, ISSUE, &cache), before);
    let suspects = history.suspects([paths(&["parser.py"])], &cache);
    assert_eq!(suspects.len(), 2);
    let clean = history.without(&BTreeSet::from([twin]));
    assert_eq!(clean.counts.twins, 1);
    let columns = asked(&clean, &CANDIDATES, ISSUE, &cache);
    assert_eq!(columns["neighbors_sum"], before["neighbors_sum"]);
    assert_eq!(columns["past_messages"], before["past_messages"]);
    assert_eq!(columns["commits"], before["commits"]);
}

#[test]
fn a_name_of_today_does_not_collect_what_another_name_did() {
    let mut builder = quiet();
    builder.commit(ISSUE, [("parser.py", "2\n")]);
    let moved = Edit::MoveFrom(RepoPath::from("parser.py"));
    let base = builder.commit("Split the package", [("grammar.py", moved)]);
    let found = columns(&builder.memory(), &base, &["reader.py", "grammar.py"], ISSUE);
    assert_eq!(found["commits"][1..=1], [1.0_f32.ln_1p()]);
    assert_eq!(found["past_messages"][1..=1], [0.0]);
    assert_eq!(found["neighbors_sum"][1..=1], [0.0]);
    // The other way round: a later name is not known at the base.
    let later = builder.commit("Rename", [("core.py", Edit::MoveFrom("grammar.py".into()))]);
    let history = walked(&builder.memory(), &later);
    let again = columns(&builder.memory(), &base, &["reader.py", "grammar.py"], ISSUE);
    assert_eq!((again, history.counts.commits), (found, 5));
}

#[test]
fn a_past_depends_on_its_base_and_not_on_what_the_cache_saw_before() {
    let mut builder = quiet();
    let base = builder.head();
    let fix = builder.commit(ISSUE, [("parser.py", "fixed\n"), ("other.py", "1\n")]);
    let repo = builder.memory();
    let alone = columns(&repo, &base, &CANDIDATES, ISSUE);
    let cache = Cache::in_memory();
    walk(&repo, &fix, &cache).unwrap();
    let after = asked(&walk(&repo, &base, &cache).unwrap(), &CANDIDATES, ISSUE, &cache);
    assert_eq!(after, alone);
}
