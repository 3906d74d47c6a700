//! Which commits does a walk give, and in which order?

use std::collections::BTreeSet;

use backstory_model::{CommitId, Repository};
use backstory_testkit::{MemoryRepository, RepoBuilder};
use proptest::prelude::*;

use super::super::walk::walk_at_most;
use super::super::{Cache, WalkCounts};
use super::{NO_EDITS, at, subjects, walked};

/// A line of work that is merged, and one that is not.
fn forked() -> (RepoBuilder, CommitId) {
    let mut builder = RepoBuilder::new("ada/tally");
    let root = builder.commit("Start", [("a.py", "1\n"), ("b.py", "1\n")]);
    builder.branch_from("work", &root);
    let tip = builder.commit("Work", [("b.py", "2\n")]);
    builder.switch("main");
    builder.commit("Meanwhile", [("a.py", "2\n")]);
    builder.merge("Merge work", &[tip], NO_EDITS);
    let base = builder.commit("Base", [("a.py", "3\n")]);
    (builder, base)
}

#[test]
fn ancestors_come_newest_first_without_merges() {
    let (builder, base) = forked();
    let history = walked(&builder.memory(), &base);
    assert_eq!(subjects(&history), ["Base", "Meanwhile", "Work", "Start"]);
    assert_eq!(history.counts, WalkCounts { commits: 4, ..WalkCounts::default() });
}

#[test]
fn of_equal_dates_the_smaller_id_comes_first() {
    let mut builder = RepoBuilder::new("ada/tally");
    let moment = "2024-03-01T10:00:00Z";
    let root = builder.commit(at("Start", "2024-02-01T10:00:00Z"), [("a.py", "1\n")]);
    let mut tips = Vec::new();
    for name in ["one", "two", "three", "four"] {
        builder.branch_from(name, &root);
        let file = format!("{name}.py");
        tips.push(builder.commit(at(name, moment), [(file.as_str(), "1\n")]));
    }
    builder.switch("main");
    let base = builder.merge(at("Merge all", moment), &tips, NO_EDITS);
    let history = walked(&builder.memory(), &base);
    tips.sort();
    let given: Vec<_> = history.commits().map(|commit| commit.id.clone()).collect();
    assert_eq!(given[..4], tips);
    assert_eq!(given[4], root);
}

#[test]
fn a_walk_that_ends_at_its_limit_says_so() {
    let (builder, base) = forked();
    let repo = builder.memory();
    let newest = |most| walk_at_most(&repo, &base, &Cache::in_memory(), most).unwrap();
    assert_eq!(subjects(&newest(2)), ["Base", "Meanwhile"]);
    assert!(newest(3).counts.capped);
    assert!(!newest(4).counts.capped);
}

#[test]
fn missing_contents_do_not_matter() {
    let (builder, base) = forked();
    let whole = walked(&builder.memory(), &base);
    let mut repo = builder.memory();
    for file in repo.files(&builder.read_commit(&base).tree).unwrap() {
        repo.forget(file.id.as_str());
    }
    let partial = walked(&repo, &base);
    assert_eq!(partial.counts, whole.counts);
    assert!(partial.commits().zip(whole.commits()).all(|(one, other)| one == other));
}

#[test]
fn a_shallow_past_ends_where_the_clone_ends() {
    let (builder, base) = forked();
    let mut repo = builder.memory();
    let root = walked(&repo, &base).commits().last().unwrap().id.clone();
    repo.forget(root.as_str());
    let history = walked(&repo, &base);
    assert_eq!(subjects(&history), ["Base", "Meanwhile", "Work"]);
    // What the first commits after the end change cannot be told.
    let counts =
        WalkCounts { commits: 3, unreadable: 2, missing_parents: 1, ..WalkCounts::default() };
    assert_eq!(history.counts, counts);
}

#[test]
fn a_missing_base_is_an_error() {
    let (builder, base) = forked();
    let mut repo = builder.memory();
    repo.forget(base.as_str());
    let error = super::walk(&repo, &base, &Cache::in_memory()).unwrap_err();
    assert_eq!(error.to_string(), "the past of the base commit cannot be read");
}

/// Every commit reachable from one, by recursion.
fn reachable(repo: &MemoryRepository, from: &CommitId, into: &mut BTreeSet<CommitId>) {
    if into.insert(from.clone()) {
        for parent in repo.commit(from).unwrap().parents {
            reachable(repo, &parent, into);
        }
    }
}

/// A history of random commits, branches and merges with random, also falling, dates.
fn random_history(steps: &[(u8, u32)]) -> (RepoBuilder, Vec<CommitId>) {
    let mut builder = RepoBuilder::new("ada/tally");
    let mut all = vec![builder.commit("Start", [("a.py", "0\n")])];
    for (number, (kind, pick)) in steps.iter().enumerate() {
        let some = all[*pick as usize % all.len()].clone();
        builder.branch_from("next", &some);
        let minute = pick % 60;
        let draft = at(&format!("Commit {number}"), &format!("2024-03-01T10:{minute:02}:00Z"));
        let other = all[(*pick as usize / 7) % all.len()].clone();
        let file = format!("f{number}.py");
        all.push(match kind % 3 {
            0 if other != some => builder.merge(draft, &[other], NO_EDITS),
            _ => builder.commit(draft, [(file.as_str(), "1\n")]),
        });
    }
    (builder, all)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn a_walk_gives_exactly_the_ancestors(
        steps in proptest::collection::vec((any::<u8>(), any::<u32>()), 0..25),
        pick in any::<usize>(),
    ) {
        let (builder, all) = random_history(&steps);
        let repo = builder.memory();
        let base = &all[pick % all.len()];
        let mut wanted = BTreeSet::new();
        reachable(&repo, base, &mut wanted);
        wanted.retain(|id| repo.commit(id).unwrap().parents.len() < 2);
        let history = walked(&repo, base);
        let given: Vec<CommitId> = history.commits().map(|commit| commit.id.clone()).collect();
        prop_assert_eq!(given.len(), wanted.len());
        prop_assert_eq!(given.into_iter().collect::<BTreeSet<_>>(), wanted);
    }
}
