//! Is a built repository what git takes it for?

use std::fmt::Write as _;
use std::path::PathBuf;

use backstory_model::{FileMode, RepoPath, Repository as _};
use backstory_testkit::{Draft, Edit, Layout, RepoBuilder, git, git_is_available, signature};

/// A small history with a bit of everything; returns it with the side branch's tip.
fn toy() -> RepoBuilder {
    let mut repo = RepoBuilder::new("acme/toy");
    let root = repo.commit("add parser", [("src/parser.py", "def parse():\n    ...\n")]);
    repo.commit("add a license", [("LICENSE", "MIT\n")]);
    repo.branch_from("topic", &root);
    let ada = signature("Bo", "bo@example.org", "2024-02-01T10:00:00+05:30").unwrap();
    let edits = [
        (RepoPath::from("run.sh"), Edit::WriteExecutable(b"#!/bin/sh\n".to_vec())),
        (RepoPath::from("latest"), Edit::Symlink(b"src/parser.py".to_vec())),
        (RepoPath::from("vendor"), Edit::Submodule(root.clone())),
        (RepoPath::from_bytes(b"caf\xe9.txt".to_vec()), Edit::from(b"\xff\r\n")),
        (RepoPath::from("src/reader.py"), Edit::MoveFrom("src/parser.py".into())),
    ];
    let tip = repo.commit(Draft::new("everything else").author(ada), edits);
    repo.pull_head(7, &tip);
    repo.switch("main");
    let none: [(&str, &str); 0] = [];
    repo.merge("Merge pull request #7 from bo/topic", &[tip], none);
    repo.annotated_tag("v1", &repo.head(), "first");
    repo
}

fn with_git(test: impl FnOnce(&mut RepoBuilder, PathBuf)) {
    if !git_is_available() {
        eprintln!("skipped: this machine has no git");
        return;
    }
    let directory = tempfile::tempdir().unwrap();
    test(&mut toy(), directory.path().join("toy"));
}

#[test]
fn ids_are_the_same_on_every_machine() {
    insta::assert_snapshot!(toy().head(), @"ba1d5b7df8f55c47dc629a7be23ad479b76c8016");
}

#[test]
fn git_accepts_every_layout() {
    with_git(|repo, directory| {
        let layouts =
            [Layout::BareWithoutConfig, Layout::Bare, Layout::WorkTree, Layout::SharedClone];
        for (number, layout) in layouts.into_iter().enumerate() {
            let at = repo.write(&directory.join(number.to_string()), layout);
            git(&at, &["fsck", "--strict", "--full"]);
            let head = String::from_utf8(git(&at, &["rev-parse", "HEAD"])).unwrap();
            assert_eq!(head.trim(), repo.head().as_str(), "{layout:?}");
        }
    });
}

#[test]
fn git_accepts_a_packed_store() {
    with_git(|repo, directory| {
        repo.storage().packed = true;
        let at = repo.write(&directory, Layout::Bare);
        git(&at, &["fsck", "--strict", "--full"]);
        let count = String::from_utf8(git(&at, &["count-objects", "-v"])).unwrap();
        assert!(count.starts_with("count: 0\n"), "{count}");
    });
}

#[test]
fn git_notices_a_dropped_blob() {
    with_git(|repo, directory| {
        let blob = repo.blob(b"MIT\n");
        repo.storage().dropped.insert(blob.clone());
        let at = repo.write(&directory, Layout::Bare);
        let listed = git(&at, &["rev-list", "--objects", "--missing=print", "HEAD"]);
        assert!(String::from_utf8_lossy(&listed).contains(&format!("?{blob}")));
        assert_eq!(repo.memory().blob(&blob).unwrap(), None);
    });
}

#[test]
fn git_follows_replaced_objects_and_stops_at_shallow_ones() {
    with_git(|repo, directory| {
        let (license, other) = (repo.blob(b"MIT\n"), repo.blob(b"GPL\n"));
        repo.storage().replaced.insert(license, other);
        let head = repo.head();
        repo.storage().shallow.insert(head);
        let at = repo.write(&directory, Layout::Bare);
        assert_eq!(git(&at, &["cat-file", "-p", "HEAD:LICENSE"]), b"GPL\n");
        assert_eq!(git(&at, &["rev-list", "--count", "HEAD"]), b"1\n");
    });
}

#[test]
fn hostile_settings_hooks_and_a_detached_head_are_written_as_given() {
    with_git(|repo, directory| {
        let hostile = "[core]\n\tfsmonitor = touch /tmp/owned\n";
        repo.storage().config = Some(hostile.to_owned());
        repo.storage().hooks.insert("post-checkout".to_owned(), "#!/bin/sh\n".to_owned());
        repo.storage().detached = true;
        let at = repo.write(&directory, Layout::BareWithoutConfig);
        assert!(!at.join("config").exists());
        let again = repo.write(&directory.with_extension("2"), Layout::Bare);
        let said = git(&again, &["config", "core.fsmonitor"]);
        assert_eq!(said, b"touch /tmp/owned\n");
        assert!(again.join("hooks/post-checkout").exists());
        assert_eq!(git(&again, &["rev-parse", "HEAD"]), format!("{}\n", repo.head()).as_bytes());
    });
}

#[test]
fn memory_and_git_list_the_same_files() {
    with_git(|repo, directory| {
        let at = repo.write(&directory, Layout::Bare);
        let listed = git(&at, &["ls-tree", "-r", "HEAD"]);
        let memory = repo.memory();
        let tree = memory.commit(&repo.head()).unwrap().tree;
        let mut ours = String::new();
        for file in memory.files(&tree).unwrap() {
            let kind = if file.mode == FileMode::Submodule { "commit" } else { "blob" };
            let mode = file.mode.as_tree_text();
            writeln!(ours, "{mode} {kind} {}\t{}", file.id, file.path).unwrap();
        }
        assert_eq!(ours, String::from_utf8(listed).unwrap());
    });
}

#[test]
fn memory_and_git_agree_on_the_merge_base() {
    with_git(|repo, directory| {
        let at = repo.write(&directory, Layout::Bare);
        let memory = repo.memory();
        let parents = memory.commit(&repo.head()).unwrap().parents;
        let base = memory.merge_base(&parents[0], &parents[1]).unwrap().unwrap();
        let said = git(&at, &["merge-base", parents[0].as_str(), parents[1].as_str()]);
        assert_eq!(String::from_utf8(said).unwrap().trim(), base.as_str());
    });
}

#[test]
fn a_work_tree_is_checked_out_with_modes_and_links() {
    with_git(|repo, directory| {
        let at = repo.write(&directory, Layout::WorkTree);
        git(&at, &["--work-tree", at.to_str().unwrap(), "read-tree", "HEAD"]);
        let mut status = vec!["--work-tree", at.to_str().unwrap()];
        status.extend(["status", "--porcelain", "--ignore-submodules"]);
        assert_eq!(String::from_utf8(git(&at, &status)).unwrap(), "");
    });
}

#[test]
fn squash_rebase_and_revert_give_the_trees_git_would() {
    let mut repo = RepoBuilder::new("acme/toy");
    let root = repo.commit("one", [("a", "1\n2\n3\n4\n5\n")]);
    repo.branch_from("topic", &root);
    let first = repo.commit("two", [("a", "1\n2\n3\n4\n5\n6\n")]);
    let second = repo.commit("three", [("b", "b\n")]);
    repo.switch("main");
    repo.commit("four", [("a", "0\n1\n2\n3\n4\n5\n")]);
    let main = repo.head();
    let none: [(&str, &str); 0] = [];
    let squashed = repo.squash("two and three (#1)", &second, none);
    repo.branch_from("rebased", &main);
    repo.cherry_pick(&first, None);
    let rebased = repo.cherry_pick(&second, None);
    assert_eq!(repo.read_commit(&squashed).tree, repo.read_commit(&rebased).tree);
    assert_eq!(repo.file(&squashed, &"a".into()).unwrap(), b"0\n1\n2\n3\n4\n5\n6\n");
    repo.revert("Revert \"three\"", &rebased);
    let back = repo.revert("Revert \"two\"", &first);
    assert_eq!(repo.read_commit(&back).tree, repo.read_commit(&main).tree);
}

#[test]
#[should_panic(expected = "`a` conflicts in `both`")]
fn a_conflict_stops_the_test() {
    let mut repo = RepoBuilder::new("acme/toy");
    let root = repo.commit("one", [("a", "1\n")]);
    repo.branch_from("topic", &root);
    let tip = repo.commit("two", [("a", "2\n")]);
    repo.switch("main");
    repo.commit("three", [("a", "3\n")]);
    let none: [(&str, &str); 0] = [];
    repo.merge("both", &[tip], none);
}
