//! Which units does a mainline have, and how are they called?

use std::collections::BTreeSet;

use backstory_mine::{GitRepository, MineError, history};
use backstory_model::{BlobId, CommitId, RunOptions, WorkUnit};
use backstory_testkit::{Layout, RepoBuilder};
use tempfile::tempdir;

const NO_EDITS: [(&str, &str); 0] = [];

fn plan_with(builder: &RepoBuilder, options: &RunOptions) -> Result<Vec<WorkUnit>, MineError> {
    let directory = tempdir().unwrap();
    let repo = GitRepository::open(&builder.write(directory.path(), Layout::Bare))?;
    history::plan(&repo, &builder.head(), builder.name(), options, b"salt")
}

fn plan(builder: &RepoBuilder) -> Vec<WorkUnit> {
    plan_with(builder, &RunOptions::default()).unwrap()
}

fn ids(units: &[WorkUnit]) -> Vec<&str> {
    units.iter().map(|work| work.unit.as_str()).collect()
}

/// Four units: the root, a merge, a squash, and a second squash of the same pull request.
fn four_units() -> RepoBuilder {
    let mut builder = RepoBuilder::new("ada/tally");
    let root = builder.commit("Start", [("a", "1\n")]);
    builder.branch_from("work", &root);
    let tip = builder.commit("Work", [("b", "1\n")]);
    builder.switch("main");
    builder.merge("Merge pull request #3 from ada/work\n\nWork", &[tip], NO_EDITS);
    builder.commit("Fix it (#5)", [("a", "2\n")]);
    builder.commit("Fix it again (#5)", [("a", "3\n")]);
    builder
}

#[test]
fn every_first_parent_commit_is_a_unit() {
    let builder = four_units();
    let units = plan(&builder);
    let first = format!("ada__tally-{}", &units[0].commit.as_str()[..12]);
    assert_eq!(ids(&units), [&first, "ada__tally-3", "ada__tally-5", "ada__tally-5.2"]);
    assert_eq!(units.iter().map(|work| work.position).collect::<Vec<_>>(), [0, 1, 2, 3]);
    assert_eq!(units.last().unwrap().commit, builder.head());
}

#[test]
fn a_limit_keeps_the_newest_and_their_names() {
    let options = RunOptions { limit: Some(1), ..RunOptions::default() };
    let all = plan(&four_units());
    assert_eq!(plan_with(&four_units(), &options).unwrap(), all[3..]);
    let options = RunOptions { limit: Some(9), ..options };
    assert_eq!(plan_with(&four_units(), &options).unwrap(), all);
}

#[test]
fn since_counts_when_the_mainline_commit_was_committed() {
    let builder = four_units();
    let all = plan(&builder);
    let third = builder.read_commit(&all[2].commit).committer.seconds;
    let options = RunOptions { since: Some(third), ..RunOptions::default() };
    assert_eq!(plan_with(&builder, &options).unwrap(), all[2..]);
    let options = RunOptions { since: Some(third + 1), ..options };
    assert_eq!(plan_with(&builder, &options).unwrap(), all[3..]);
}

#[test]
fn a_merge_without_a_number_is_known_by_its_pull_request_head() {
    let mut builder = RepoBuilder::new("ada/tally");
    let root = builder.commit("Start", [("a", "1\n")]);
    builder.branch_from("work", &root);
    let tip = builder.commit("Work", [("b", "1\n")]);
    builder.pull_head(12, &tip);
    builder.switch("main");
    builder.merge("Merge branch 'work'", std::slice::from_ref(&tip), NO_EDITS);
    let units = plan(&builder);
    assert_eq!((units[1].pull, units[1].pull_head.as_ref()), (Some(12), Some(&tip)));
    builder.pull_head(13, &tip);
    assert_eq!(plan(&builder)[1].pull, None, "two pull requests have this head");
}

#[test]
fn keys_change_with_what_the_output_depends_on_and_with_nothing_else() {
    let builder = four_units();
    let keys = |builder: &RepoBuilder, options: &RunOptions| -> Vec<_> {
        plan_with(builder, options).unwrap().into_iter().map(|work| work.key).collect()
    };
    let plain = keys(&builder, &RunOptions::default());
    assert_eq!(plain.iter().collect::<BTreeSet<_>>().len(), 4, "each unit has its own");
    assert_eq!(keys(&builder, &RunOptions { limit: Some(4), ..RunOptions::default() }), plain);
    let other = keys(&builder, &RunOptions { file_limit: 9, ..RunOptions::default() });
    assert!(plain.iter().zip(&other).all(|(a, b)| a != b));
    let mut with_head = builder.clone();
    with_head.pull_head(5, &plan(&builder)[0].commit);
    let other = keys(&with_head, &RunOptions::default());
    assert_eq!(other[..2], plain[..2]);
    assert!(other[2..].iter().zip(&plain[2..]).all(|(a, b)| a != b));
    let mut later = builder.clone();
    later.pull_head(99, &plan(&builder)[0].commit);
    assert_eq!(keys(&later, &RunOptions::default()), plain, "a later pull request changes nothing");
}

#[test]
fn a_shallow_history_ends_at_its_boundary() {
    let mut builder = four_units();
    let all = plan(&builder);
    builder.storage().shallow.insert(all[2].commit.clone());
    let cut: Vec<CommitId> = plan(&builder).into_iter().map(|work| work.commit).collect();
    assert_eq!(cut, [all[2].commit.clone(), all[3].commit.clone()]);
}

#[test]
fn a_history_with_a_hole_is_an_error_and_not_a_short_history() {
    let mut builder = four_units();
    let gone = plan(&builder)[1].commit.clone();
    builder.storage().dropped.insert(BlobId::new(gone.as_str()).unwrap());
    let error = plan_with(&builder, &RunOptions::default()).unwrap_err();
    assert!(matches!(error, MineError::BrokenHistory { parent, .. } if parent == gone));
}

#[test]
fn only_named_units_are_planned_and_keep_their_names() {
    let all = plan(&four_units());
    let named = RunOptions { units: [all[1].unit.clone()].into(), ..RunOptions::default() };
    assert_eq!(plan_with(&four_units(), &named).unwrap(), all[1..2]);
}
