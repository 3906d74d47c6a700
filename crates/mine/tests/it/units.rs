//! From which tree to which does a unit go, and by what steps?

use std::collections::BTreeSet;

use backstory_mine::link::Methods;
use backstory_mine::unit::{UnitContext, UnitError, change_unit};
use backstory_mine::{GitRepository, history};
use backstory_model::{
    BlobId, ChangeUnit, CollapseReason, CommitId, Language, LinkMethod, LinkTarget, RunOptions,
    Sequence, TreeId, git_object_id,
};
use backstory_testkit::{Draft, Edit, Layout, RepoBuilder, signature};
use tempfile::tempdir;

const NO_EDITS: [(&str, &str); 0] = [];

/// Reads the newest unit.
fn newest(builder: &RepoBuilder) -> Result<ChangeUnit, UnitError> {
    let directory = tempdir().unwrap();
    let repo = GitRepository::open(&builder.write(directory.path(), Layout::Bare)).unwrap();
    let options = RunOptions { file_limit: 100, ..RunOptions::default() };
    let plan = history::plan(&repo, &builder.head(), builder.name(), &options, b"").unwrap();
    let known_pulls: BTreeSet<u64> = repo.refs_pull_heads().unwrap().into_keys().collect();
    let context = UnitContext {
        options: &options,
        records: None,
        methods: &Methods::all(),
        known_pulls: &known_pulls,
    };
    change_unit(&repo, plan.last().unwrap(), &context)
}

fn collapsed(reason: CollapseReason) -> Sequence {
    Sequence::Collapsed { reason }
}

fn states(unit: &ChangeUnit) -> Vec<&CommitId> {
    unit.states.iter().map(|state| &state.commit).collect()
}

/// A unit that is the commit of the mainline and nothing else.
fn assert_alone(builder: &RepoBuilder, unit: &ChangeUnit, reason: CollapseReason) {
    let commit = builder.read_commit(&builder.head());
    assert_eq!(unit.sequence, collapsed(reason));
    assert_eq!(states(unit), [&commit.id]);
    assert_eq!((&unit.base, &unit.head), (&unit.parent, &commit.id));
    assert_eq!(unit.head_tree, commit.tree);
}

/// A mainline commit and a branch of two commits, with the tip it ends at.
struct Forked {
    builder: RepoBuilder,
    root: CommitId,
    first: CommitId,
    tip: CommitId,
}

fn forked() -> Forked {
    let mut builder = RepoBuilder::new("ada/tally");
    let lines = "1\n2\n3\n4\n5\n6\n7\n8\n9\n";
    let root = builder.commit("Start", [("src/a.py", lines), ("src/b.py", lines)]);
    builder.branch_from("work", &root);
    let first = builder.commit("Change three", [("src/a.py", Edit::replace("3\n", "three\n"))]);
    let tip = builder.commit("Change five", [("src/a.py", Edit::replace("5\n", "five\n"))]);
    builder.switch("main");
    Forked { builder, root, first, tip }
}

#[test]
fn a_merge_holds_the_commits_of_its_branch() {
    let Forked { mut builder, root, first, tip } = forked();
    builder.merge("Merge pull request #2 from ada/work", std::slice::from_ref(&tip), NO_EDITS);
    let unit = newest(&builder).unwrap();
    assert_eq!(unit.sequence, Sequence::Authored);
    assert_eq!(states(&unit), [&first, &tip]);
    assert_eq!((unit.base, unit.parent), (Some(root.clone()), Some(root)));
    assert_eq!(unit.head_tree, builder.read_commit(&tip).tree);
    assert_eq!(unit.states[0].message, "Change three\n");
}

#[test]
fn a_squash_holds_the_commits_of_its_pull_request() {
    let Forked { mut builder, first, tip, .. } = forked();
    builder.pull_head(4, &tip);
    builder.squash("Change numbers (#4)", &tip, NO_EDITS);
    let unit = newest(&builder).unwrap();
    assert_eq!(unit.sequence, Sequence::Authored);
    assert_eq!((states(&unit), &unit.head), (vec![&first, &tip], &tip));
    assert_eq!(unit.pull, Some(4));
}

#[test]
fn a_squash_onto_a_mainline_that_moved_starts_where_the_branch_did() {
    let Forked { mut builder, root, first, tip } = forked();
    builder.pull_head(4, &tip);
    let moved = builder.commit(
        "Meanwhile, in the same file",
        [("src/a.py", Edit::replace("1\n", "zero\n1\n")), ("src/c.py", "c\n".into())],
    );
    builder.squash("Change numbers (#4)", &tip, NO_EDITS);
    let unit = newest(&builder).unwrap();
    assert_eq!(unit.sequence, Sequence::Authored);
    assert_eq!((unit.base.as_ref(), unit.parent.as_ref()), (Some(&root), Some(&moved)));
    assert_eq!(states(&unit), [&first, &tip]);
    assert_ne!(unit.head_tree, builder.read_commit(&builder.head()).tree);
    assert_eq!((unit.labels.lines_added, unit.labels.lines_removed), (2, 2));
}

#[test]
fn a_squash_that_differs_from_its_pull_request_stands_alone() {
    for edit in [
        Edit::replace("five\n", "5.0\n"),
        Edit::MakeExecutable,
        Edit::replace("five\n", "five\nand more\n"),
    ] {
        let Forked { mut builder, tip, .. } = forked();
        builder.pull_head(4, &tip);
        builder.commit("Meanwhile", [("src/a.py", Edit::replace("1\n", "one\n"))]);
        builder.squash("Change numbers (#4)", &tip, [("src/a.py", edit)]);
        let unit = newest(&builder).unwrap();
        assert_alone(&builder, &unit, CollapseReason::AuthoredSequenceDiverges);
    }
}

#[test]
fn a_mode_the_mainline_changed_meanwhile_does_not_set_a_branch_apart() {
    let Forked { mut builder, first, tip, .. } = forked();
    builder.pull_head(4, &tip);
    builder.commit("Meanwhile", [("src/a.py", Edit::MakeExecutable)]);
    builder.squash("Change numbers (#4)", &tip, NO_EDITS);
    let unit = newest(&builder).unwrap();
    assert_eq!((&unit.sequence, states(&unit)), (&Sequence::Authored, vec![&first, &tip]));
}

#[test]
fn the_same_lines_in_another_order_are_another_patch() {
    let mut builder = RepoBuilder::new("ada/tally");
    let root = builder.commit("Start", [("a", "1\n2\n3\n")]);
    builder.branch_from("work", &root);
    let tip = builder.commit("Add", [("a", "1\nx\n2\ny\n3\n")]);
    builder.pull_head(2, &tip);
    builder.switch("main");
    builder.commit("Add (#2)", [("a", "1\ny\n2\nx\n3\n")]);
    let unit = newest(&builder).unwrap();
    assert_alone(&builder, &unit, CollapseReason::AuthoredSequenceDiverges);
}

#[test]
fn a_merge_that_settles_a_conflict_stands_alone() {
    let Forked { mut builder, tip, .. } = forked();
    builder.commit("Conflict", [("src/a.py", Edit::replace("5\n", "V\n"))]);
    let settled = "1\n2\nthree\n4\nfive or V\n6\n7\n8\n9\n";
    builder.merge("Merge branch 'work'", &[tip], [("src/a.py", settled)]);
    let unit = newest(&builder).unwrap();
    assert_alone(&builder, &unit, CollapseReason::AuthoredSequenceDiverges);
}

#[test]
fn a_branch_that_merged_the_mainline_is_one_state() {
    let Forked { mut builder, .. } = forked();
    let moved = builder.commit("Meanwhile", [("src/b.py", Edit::replace("1\n", "one\n"))]);
    builder.switch("work");
    builder.merge("Merge branch 'main' into work", std::slice::from_ref(&moved), NO_EDITS);
    let tip = builder.commit("Change nine", [("src/a.py", Edit::replace("9\n", "nine\n"))]);
    builder.switch("main");
    builder.commit("Again", [("src/c.py", "c\n")]);
    builder.merge("Merge pull request #2 from ada/work", std::slice::from_ref(&tip), NO_EDITS);
    let unit = newest(&builder).unwrap();
    assert_eq!(unit.sequence, collapsed(CollapseReason::BranchHasMerges));
    assert_eq!((unit.base, states(&unit_of(&builder))), (Some(moved), vec![&tip]));
    assert_eq!(unit.head_tree, builder.read_commit(&tip).tree);
}

fn unit_of(builder: &RepoBuilder) -> ChangeUnit {
    newest(builder).unwrap()
}

#[test]
fn a_fast_forwarded_pull_request_is_its_own_only_state() {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit("Start", [("a", "1\n")]);
    let tip = builder.commit("Go on (#2)", [("a", "2\n")]);
    builder.pull_head(2, &tip);
    let unit = newest(&builder).unwrap();
    assert_eq!((&unit.sequence, states(&unit)), (&Sequence::Authored, vec![&tip]));
    assert_eq!(unit.base, unit.parent);
}

#[test]
fn a_pull_request_head_the_mainline_already_holds_is_not_the_unit() {
    let Forked { mut builder, root, .. } = forked();
    builder.pull_head(2, &root);
    builder.commit("Change (#2)", [("src/b.py", "b\n")]);
    let unit = newest(&builder).unwrap();
    assert_alone(&builder, &unit, CollapseReason::AuthoredSequenceDiverges);
}

#[test]
fn a_pull_request_of_an_unrelated_history_is_not_the_unit() {
    let Forked { mut builder, .. } = forked();
    builder.switch("elsewhere");
    let tip = builder.commit("Another start", [("src/b.py", "b\n")]);
    builder.pull_head(2, &tip);
    builder.switch("main");
    builder.commit("Change (#2)", [("src/b.py", "b\n")]);
    let unit = newest(&builder).unwrap();
    assert_alone(&builder, &unit, CollapseReason::AuthoredSequenceDiverges);
}

#[test]
fn direct_commits_and_roots_have_no_branch() {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit("Start", [("a", "1\n")]);
    let root = newest(&builder).unwrap();
    assert_alone(&builder, &root, CollapseReason::NoBranch);
    assert_eq!((root.base, root.base_tree), (None, TreeId::empty()));
    builder.commit("Change (#2)", [("a", "2\n")]);
    assert_alone(&builder, &unit_of(&builder), CollapseReason::NoBranch);
}

#[test]
fn an_octopus_is_one_state() {
    let Forked { mut builder, root, tip, .. } = forked();
    builder.branch_from("more", &root);
    let more = builder.commit("More", [("src/c.py", "c\n")]);
    builder.switch("main");
    builder.merge("Merge branches 'work' and 'more'", &[tip, more], NO_EDITS);
    assert_alone(&builder, &unit_of(&builder), CollapseReason::Octopus);
}

#[test]
fn a_branch_with_a_hole_is_one_state() {
    let Forked { mut builder, first, tip, .. } = forked();
    builder.pull_head(4, &tip);
    builder.squash("Change numbers (#4)", &tip, NO_EDITS);
    let trees = [builder.read_commit(&first).tree.as_str().to_owned(), first.as_str().to_owned()];
    for gone in trees {
        let mut holed = builder.clone();
        holed.storage().dropped.insert(BlobId::new(gone).unwrap());
        assert_alone(&holed, &unit_of(&holed), CollapseReason::BranchIncomplete);
    }
}

#[test]
fn a_missing_tree_of_the_mainline_rejects_the_unit() {
    let Forked { mut builder, root, .. } = forked();
    builder.commit("Change", [("src/b.py", "b\n")]);
    let gone = builder.read_commit(&root).tree;
    builder.storage().dropped.insert(BlobId::new(gone.as_str()).unwrap());
    let UnitError::Rejected { reason, detail, .. } = newest(&builder).unwrap_err();
    assert_eq!(reason, "tree_missing");
    assert!(detail.contains(gone.as_str()), "{detail}");
}

#[test]
fn the_boundary_of_a_shallow_clone_is_rejected() {
    let mut builder = RepoBuilder::new("ada/tally");
    let cut = builder.commit("Start", [("a", "1\n")]);
    let boundary = builder.commit("Go on", [("a", "2\n")]);
    builder.storage().shallow.insert(boundary);
    builder.storage().dropped.insert(BlobId::new(cut.as_str()).unwrap());
    let UnitError::Rejected { reason, .. } = newest(&builder).unwrap_err();
    assert_eq!(reason, "tree_missing");
}

#[test]
fn a_broken_commit_object_rejects_the_unit() {
    let Forked { mut builder, .. } = forked();
    let broken = builder.raw_commit(b"tree nonsense\n\nno author\n");
    builder.pull_head(2, &broken);
    builder.commit("Change (#2)", [("src/b.py", "b\n")]);
    let UnitError::Rejected { reason, .. } = newest(&builder).unwrap_err();
    assert_eq!(reason, "object_corrupt");
}

#[test]
fn a_unit_without_a_change_is_rejected_with_its_labels() {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit("Start", [("a", "1\n")]);
    builder.commit("Trigger the build, fixes #9", NO_EDITS);
    let UnitError::Rejected { reason, labels, links, .. } = newest(&builder).unwrap_err();
    assert_eq!(reason, "no_change");
    assert_eq!(labels.unwrap().files, 0);
    assert_eq!(links.len(), 1);
}

#[test]
fn labels_count_what_the_mainline_commit_touches() {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit(
        "Start",
        [
            ("src/lib.rs", "fn one() {}\n\n#[cfg(test)]\nmod tests {\n    fn t() {}\n}\n"),
            ("run.sh", "echo\n"),
        ],
    );
    let draft = Draft::new("Revert \"Try\"")
        .author(signature("renovate[bot]", "bot@example.org", "2024-03-01T10:00:00Z").unwrap());
    builder.commit(
        draft,
        [
            ("src/lib.rs", Edit::replace("    fn t() {}\n", "    fn t() { one() }\n")),
            ("src/app.py", "x = 1\ny = 2\n".into()),
            ("tests/test_app.py", "assert True\n".into()),
            ("run.sh", Edit::MakeExecutable),
            ("image.png", Edit::from(b"\x89PNG\x00")),
            ("big.txt", "x\n".repeat(60).into()),
            ("latin.txt", Edit::from(b"caf\xe9\n")),
            ("module", Edit::Submodule(CommitId::new("1".repeat(40)).unwrap())),
            ("link", Edit::Symlink(b"run.sh".to_vec())),
        ],
    );
    let labels = newest(&builder).unwrap().labels;
    assert_eq!((labels.files, labels.source_files, labels.test_files), (9, 2, 1));
    assert_eq!(labels.inline_test_files, 1);
    assert_eq!(labels.opaque_files, 4);
    assert_eq!((labels.lines_added, labels.lines_removed), (5, 1));
    assert!(labels.bot && labels.revert && labels.small && labels.test_source);
    assert!(!labels.docs_only);
    assert_eq!(labels.languages, BTreeSet::from([Language::Python, Language::Rust]));
}

#[test]
fn a_missing_blob_is_opaque_and_the_unit_stays() {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit("Start", [("README.md", "a\n")]);
    builder.commit("Change", [("README.md", "b\n")]);
    builder.storage().dropped.insert(git_object_id("blob", b"b\n"));
    let labels = newest(&builder).unwrap().labels;
    assert_eq!((labels.opaque_files, labels.lines_added), (1, 0));
    assert!(labels.docs_only);
}

#[test]
fn messages_of_a_vendored_history_link_nothing() {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit("Start", [("a", "one\n")]);
    builder.switch("vendored");
    let elsewhere = builder.commit("Fix it elsewhere, fixes #7", [("b", "one\n")]);
    builder.switch("main");
    builder.merge("Merge commit 'b' as a part", &[elsewhere], NO_EDITS);
    assert_eq!(newest(&builder).unwrap().links, []);
}

#[test]
fn links_come_from_messages_changelogs_and_fragments() {
    let mut builder = RepoBuilder::new("ada/tally");
    let root = builder.commit("Start", [("CHANGES.rst", "Version 2\n---------\n\n-   Old. #1\n")]);
    builder.branch_from("work", &root);
    let tip = builder.commit(
        "Fix it\n\nFixes #7",
        [
            ("CHANGES.rst", "Version 2\n---------\n\n-   Old. #1\n-   New. #8\n"),
            ("changes/9.bugfix.rst", "x\n"),
        ],
    );
    builder.switch("main");
    builder.merge("Merge pull request #12 from ada/work", &[tip], NO_EDITS);
    let links = newest(&builder).unwrap().links;
    let found: Vec<_> = links.iter().map(|l| (l.target, l.number, l.method)).collect();
    assert_eq!(
        found,
        [
            (LinkTarget::Pull, 12, LinkMethod::MergeSubject),
            (LinkTarget::Issue, 7, LinkMethod::ClosingKeyword),
            (LinkTarget::Issue, 8, LinkMethod::Changelog),
            (LinkTarget::Issue, 9, LinkMethod::NewsFragment),
        ]
    );
}
