//! Does the reader open every shape of repository, and believe none of them?

use std::collections::BTreeSet;
use std::path::Path;

use backstory_mine::{GitRepository, MineError, find_repository, repository_name};
use backstory_model::{
    BlobId, CommitId, FileMode, RepoPath, Repository, RepositoryError, TreeEntry, TreeId,
    git_object_id,
};
use backstory_testkit::{Edit, Layout, RepoBuilder};
use tempfile::tempdir;

/// A history with every kind of entry, a merge and two branches.
fn history() -> RepoBuilder {
    let mut repo = RepoBuilder::new("ada/tally");
    let root = repo.commit(
        "Start",
        [
            ("a", Edit::from("one\n")),
            ("dir.c", "beside the directory\n".into()),
            ("dir/deep/x", "x\n".into()),
            ("old", Edit::WriteGroupWritable(b"shared\n".to_vec())),
            ("run", Edit::WriteExecutable(b"#!/bin/sh\n".to_vec())),
        ],
    );
    repo.branch_from("work", &root);
    let tip = repo.commit(
        "Turn files into directories and back",
        [
            ("a", Edit::Delete),
            ("a/b", "below a former file\n".into()),
            ("dir", Edit::Delete),
            ("link", Edit::Symlink(b"a/b".to_vec())),
            ("module", Edit::Submodule(root.clone())),
            ("run", Edit::MakePlain),
        ],
    );
    repo.switch("main");
    repo.commit("Meanwhile", [("b", b"\xff\x00binary")]);
    repo.merge("Merge work", &[tip], [] as [(&str, &str); 0]);
    repo
}

fn commits(repo: &dyn Repository, head: &CommitId) -> BTreeSet<CommitId> {
    let (mut seen, mut stack) = (BTreeSet::new(), vec![head.clone()]);
    while let Some(id) = stack.pop() {
        if seen.insert(id.clone()) {
            stack.extend(repo.commit(&id).unwrap().parents);
        }
    }
    seen
}

/// Asks both everything the port offers.
fn assert_same_answers(real: &dyn Repository, memory: &dyn Repository, head: &CommitId) {
    let commits = commits(memory, head);
    for one in &commits {
        let commit = memory.commit(one).unwrap();
        assert_eq!(real.commit(one).unwrap(), commit);
        let files = memory.files(&commit.tree).unwrap();
        assert_eq!(real.files(&commit.tree).unwrap(), files);
        assert_eq!(real.tree(&commit.tree).unwrap(), memory.tree(&commit.tree).unwrap());
        for file in files.iter().filter(|file| file.mode != FileMode::Submodule) {
            let bytes = memory.blob(&file.id).unwrap();
            assert_eq!(real.blob_size(&file.id).unwrap(), bytes.as_ref().map(|b| b.len() as u64));
            assert_eq!(real.blob(&file.id).unwrap(), bytes);
        }
        for other in &commits {
            let tree = memory.commit(other).unwrap().tree;
            let changes = memory.changes(&commit.tree, &tree).unwrap();
            assert_eq!(real.changes(&commit.tree, &tree).unwrap(), changes);
            assert_eq!(
                real.merge_base(one, other).unwrap(),
                memory.merge_base(one, other).unwrap()
            );
        }
        let all = memory.changes(&TreeId::empty(), &commit.tree).unwrap();
        assert_eq!(real.changes(&TreeId::empty(), &commit.tree).unwrap(), all);
    }
}

#[test]
fn every_layout_answers_what_the_objects_say() {
    for packed in [false, true] {
        let mut builder = history();
        builder.storage().packed = packed;
        let memory = builder.memory();
        for layout in
            [Layout::BareWithoutConfig, Layout::Bare, Layout::WorkTree, Layout::SharedClone]
        {
            let directory = tempdir().unwrap();
            let path = builder.write(&directory.path().join("repo"), layout);
            let real = GitRepository::open(&path).unwrap();
            assert_eq!(real.resolve(None).unwrap(), builder.head(), "{layout:?}");
            assert_same_answers(&real, &memory, &builder.head());
        }
    }
}

#[test]
fn a_linked_work_tree_is_read_through_its_git_file() {
    let builder = history();
    let directory = tempdir().unwrap();
    let main = builder.write(&directory.path().join("main"), Layout::Bare);
    let linked = directory.path().join("linked");
    let private = main.join("worktrees/linked");
    for place in [&linked, &private] {
        std::fs::create_dir_all(place).unwrap();
    }
    write(&linked.join(".git"), "gitdir: ../main/worktrees/linked\n");
    write(&private.join("commondir"), "../..\n");
    write(&private.join("HEAD"), "ref: refs/heads/work\n");
    let repo = GitRepository::open(&linked).unwrap();
    assert_eq!(Some(repo.resolve(None).unwrap()), builder.tip_of("work"));
    assert_eq!(repo.resolve(Some("main")).unwrap(), builder.head());
}

#[test]
fn replacement_objects_are_not_followed() {
    let mut builder = history();
    let (head, root) = (builder.head(), builder.tip_of("work").unwrap());
    let as_object = |id: &CommitId| BlobId::new(id.as_str()).unwrap();
    builder.storage().replaced.insert(as_object(&head), as_object(&root));
    let directory = tempdir().unwrap();
    let repo = GitRepository::open(&builder.write(directory.path(), Layout::Bare)).unwrap();
    assert_eq!(repo.commit(&head).unwrap().subject(), "Merge work");
    assert_eq!(repo.resolve(None).unwrap(), head);
}

#[test]
fn a_hostile_configuration_is_text() {
    let mut builder = history();
    let directory = tempdir().unwrap();
    let mark = directory.path().join("mark");
    let command = format!("touch {}", mark.display());
    builder.storage().config = Some(format!(
        "[core]\n\tfsmonitor = \"{command}\"\n\thooksPath = hooks\n\tworktree = /etc\n\
         \tpager = \"{command}\"\n[diff \"x\"]\n\ttextconv = \"{command}\"\n\
         [filter \"x\"]\n\tsmudge = \"{command}\"\n[include]\n\tpath = /dev/zero\n\
         [extensions]\n\tpartialClone = origin\n[remote \"origin\"]\n\
         \turl = \"ext::{command}\"\n\tpromisor = true\n"
    ));
    builder.storage().attributes = Some("* diff=x filter=x\n".to_owned());
    builder.storage().hooks.insert("post-checkout".to_owned(), format!("#!/bin/sh\n{command}\n"));
    let gone = git_object_id("blob", b"one\n");
    builder.storage().dropped.insert(gone.clone());
    let memory = builder.memory();
    let path = builder.write(&directory.path().join("repo"), Layout::WorkTree);
    let repo = GitRepository::open(&path).unwrap();
    assert_same_answers(&repo, &memory, &builder.head());
    assert_eq!(repo.blob(&gone).unwrap(), None);
    assert!(!mark.exists(), "nothing was started");
}

#[test]
fn a_missing_blob_is_none_and_a_missing_tree_is_named() {
    let mut builder = history();
    let tree = builder.read_commit(&builder.head()).tree;
    let blob = git_object_id("blob", b"x\n");
    let tree_object = BlobId::new(tree.as_str()).unwrap();
    builder.storage().dropped.extend([blob.clone(), tree_object]);
    let directory = tempdir().unwrap();
    let repo = GitRepository::open(&builder.write(directory.path(), Layout::Bare)).unwrap();
    assert_eq!(repo.blob(&blob).unwrap(), None);
    assert_eq!(repo.blob_size(&blob).unwrap(), None);
    let error = repo.files(&tree).unwrap_err();
    assert!(matches!(error, RepositoryError::Missing { id } if id == tree.as_str()));
}

#[test]
fn an_object_of_another_kind_is_corrupt() {
    let builder = history();
    let directory = tempdir().unwrap();
    let repo = GitRepository::open(&builder.write(directory.path(), Layout::Bare)).unwrap();
    let head = builder.head();
    let error = repo.blob(&BlobId::new(head.as_str()).unwrap()).unwrap_err();
    assert!(matches!(error, RepositoryError::Corrupt { .. }), "{error}");
    let error = repo.files(&TreeId::new(head.as_str()).unwrap()).unwrap_err();
    assert!(matches!(error, RepositoryError::Corrupt { .. }), "{error}");
}

#[test]
fn a_damaged_pack_gives_an_error_and_not_a_crash() {
    let mut builder = history();
    builder.storage().packed = true;
    let head = builder.head();
    let directory = tempdir().unwrap();
    let path = builder.write(directory.path(), Layout::Bare);
    let packs = path.join("objects/pack");
    let pack = std::fs::read_dir(&packs)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .find(|path| path.extension().is_some_and(|extension| extension == "pack"))
        .unwrap();
    let whole = read(&pack);
    let mut outcomes = BTreeSet::new();
    for at in (12..whole.len() - 20).step_by(7) {
        let mut torn = whole.clone();
        torn[at] ^= 0x55;
        write(&pack, torn);
        let repo = GitRepository::open(&path).unwrap();
        let answer = repo.commit(&head).and_then(|commit| repo.files(&commit.tree));
        let blobs = answer.and_then(|files| {
            files
                .iter()
                .filter(|file| file.mode != FileMode::Submodule)
                .try_for_each(|file| repo.blob(&file.id).map(|_| ()))
        });
        outcomes.insert(blobs.is_ok());
    }
    assert!(outcomes.contains(&false), "some damage is noticed on reading");
    write(&pack, &whole[..40]);
    let repo = GitRepository::open(&path).unwrap();
    assert!(repo.commit(&head).is_err());
}

#[test]
fn trees_stored_out_of_order_are_compared_in_order() {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit("Start", [("a", "1\n")]);
    let (one, two) = (builder.blob(b"1\n"), builder.blob(b"2\n"));
    let entry = |name: &str, id: &BlobId| TreeEntry {
        name: name.as_bytes().to_vec(),
        mode: FileMode::Plain,
        id: id.clone(),
    };
    let sorted = builder.raw_tree(&[entry("a", &one), entry("b", &one), entry("c", &one)]);
    let unsorted = builder.raw_tree(&[entry("c", &one), entry("b", &two), entry("a", &one)]);
    let directory = tempdir().unwrap();
    let repo = GitRepository::open(&builder.write(directory.path(), Layout::Bare)).unwrap();
    let changes = repo.changes(&sorted, &unsorted).unwrap();
    assert_eq!(changes.len(), 1);
    assert_eq!(changes[0].path, RepoPath::from("b"));
}

#[test]
fn what_is_no_readable_repository_is_refused_in_one_sentence() {
    let directory = tempdir().unwrap();
    let refused = |path: &Path| GitRepository::open(path).unwrap_err();
    assert!(matches!(refused(directory.path()), MineError::NotARepository { .. }));
    assert!(matches!(refused(&directory.path().join("no")), MineError::NotARepository { .. }));
    let mut builder = history();
    builder.storage().config = Some(
        "[core]\n\trepositoryformatversion = 1\n[extensions]\n\tobjectFormat = sha256\n".into(),
    );
    let path = builder.write(&directory.path().join("sha256"), Layout::Bare);
    insta::assert_snapshot!(
        refused(&path).to_string().replace(&*path.to_string_lossy(), "PATH"),
        @"`PATH` names objects by `sha256`; only `sha1` repositories can be read"
    );
    builder.storage().config = Some("[extensions]\n\trefStorage = reftable\n".into());
    let path = builder.write(&directory.path().join("reftable"), Layout::Bare);
    assert!(matches!(refused(&path), MineError::RefFormat { .. }));
}

#[test]
fn the_name_comes_from_the_user_then_the_origin_then_the_path() {
    let mut builder = history();
    builder.storage().origin = Some("https://example.org/ada/tally.git".to_owned());
    let directory = tempdir().unwrap();
    let path = builder.write(&directory.path().join("x/owner+name/repo"), Layout::Bare);
    let name = |explicit| repository_name(&path, explicit).map(|name| name.to_string());
    assert_eq!(name(Some("b/c")).unwrap(), "b/c");
    assert_eq!(name(None).unwrap(), "ada/tally");
    assert!(matches!(name(Some("b c")), Err(MineError::Name(_))));
    builder.storage().origin = None;
    let path = builder.write(&directory.path().join("owner__other.git"), Layout::BareWithoutConfig);
    assert_eq!(repository_name(&path, None).unwrap().to_string(), "owner/other");
}

#[test]
fn a_folder_of_repositories_is_searched_by_name_in_every_spelling() {
    let name = backstory_model::RepoName::parse("ada/tally").unwrap();
    for place in ["ada+tally/repo", "ada+tally.git", "ada__tally", "ada/tally.git", "ada/tally"] {
        let folder = tempdir().unwrap();
        let path = folder.path().join(place);
        backstory_store::fs::create_dirs(path.parent().unwrap()).unwrap();
        assert_eq!(find_repository(folder.path(), &name), None, "{place}");
        history().write(&path, Layout::Bare);
        assert_eq!(find_repository(folder.path(), &name), Some(path.clone()), "{place}");
        // Given itself, a repository is found by what its origin says.
        assert_eq!(find_repository(&path, &name), Some(path), "{place}");
        let other = backstory_model::RepoName::parse("ada/tal").unwrap();
        assert_eq!(find_repository(folder.path(), &other), None, "{place}");
    }
}

fn read(path: &Path) -> Vec<u8> {
    backstory_store::fs::read_file(path).unwrap()
}

fn write(path: &Path, bytes: impl AsRef<[u8]>) {
    use std::io::Write as _;
    std::fs::File::create(path).unwrap().write_all(bytes.as_ref()).unwrap();
}
