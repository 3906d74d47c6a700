//! Does a hostile tree stay inside its folder, and does an honest one lie there whole?

use std::collections::BTreeMap;
use std::os::unix::fs::{MetadataExt as _, PermissionsExt as _};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use backstory_exec::checkout::{
    Changes, Checkout, CheckoutError, EditLimits, Refusal, VirtualTree, edits,
};
use backstory_model::{
    BlobId, Commit, CommitId, FileEntry, FileMode, RepoPath, Repository, RepositoryError,
    TreeEntry, TreeId, git_object_id,
};
use proptest::prelude::*;

/// A repository of one tree, which no git would write.
#[derive(Default)]
struct Planted {
    files: Vec<FileEntry>,
    blobs: BTreeMap<BlobId, Arc<[u8]>>,
}

impl Planted {
    fn of<'a>(files: impl IntoIterator<Item = (&'a str, FileMode, &'a str)>) -> Self {
        let mut planted = Self::default();
        for (path, mode, content) in files {
            let id = git_object_id("blob", content.as_bytes());
            planted.blobs.insert(id.clone(), content.as_bytes().into());
            planted.files.push(FileEntry { path: path.into(), mode, id });
        }
        planted.files.sort();
        planted
    }

    fn tree(&self) -> VirtualTree {
        VirtualTree::from_tree(self, &planted_id()).unwrap()
    }
}

fn planted_id() -> TreeId {
    TreeId::new("c0ffee00".repeat(5)).unwrap()
}

impl Repository for Planted {
    fn commit(&self, _: &CommitId) -> Result<Commit, RepositoryError> {
        unreachable!("no commit is asked for")
    }
    fn tree(&self, _: &TreeId) -> Result<Arc<[TreeEntry]>, RepositoryError> {
        unreachable!("files are asked for at once")
    }
    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, RepositoryError> {
        Ok(self.blobs.get(id).cloned())
    }
    fn blob_size(&self, _: &BlobId) -> Result<Option<u64>, RepositoryError> {
        unreachable!("no size is asked for")
    }
    fn merge_base(&self, _: &CommitId, _: &CommitId) -> Result<Option<CommitId>, RepositoryError> {
        unreachable!("no history is asked for")
    }
    fn files(&self, _: &TreeId) -> Result<Vec<FileEntry>, RepositoryError> {
        Ok(self.files.clone())
    }
}

use FileMode::{Executable, Plain, Submodule, Symlink};

/// Everything below a folder: path, kind and content, sorted.
fn listing(folder: &Path) -> Vec<String> {
    let mut lines = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(at) = folders.pop() {
        for entry in at.read_dir().unwrap() {
            let path = entry.unwrap().path();
            let name = path.strip_prefix(folder).unwrap().display().to_string();
            let metadata = path.symlink_metadata().unwrap();
            if metadata.is_symlink() {
                lines.push(format!("{name} -> {}", path.read_link().unwrap().display()));
            } else if metadata.is_dir() {
                lines.push(format!("{name}/"));
                folders.push(path);
            } else {
                let text = backstory_store::fs::read_text(&path).unwrap();
                lines.push(format!("{name} {:o} {text}", metadata.permissions().mode() & 0o777));
            }
        }
    }
    lines.sort();
    lines
}

/// A folder for layers with a canary beside it that nobody may touch.
struct Place {
    folder: tempfile::TempDir,
    before: Vec<String>,
}

impl Place {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        backstory_store::fs::write_file(&folder.path().join("canary"), b"alive").unwrap();
        std::fs::create_dir(folder.path().join("victim")).unwrap();
        let before = listing(folder.path());
        Self { folder, before }
    }

    fn layers(&self) -> PathBuf {
        self.folder.path().join("layers")
    }

    fn checkout(&self) -> Checkout {
        Checkout::new(self.layers()).unwrap()
    }

    fn assert_untouched(&self) {
        let mut after = listing(self.folder.path());
        after.retain(|line| !line.starts_with("layers/"));
        assert_eq!(after, self.before);
    }
}

fn refused(files: &[(&str, FileMode, &str)]) -> (String, Refusal) {
    let place = Place::new();
    let planted = Planted::of(files.iter().copied());
    let refused = place.checkout().layer(&planted, &planted.tree());
    place.assert_untouched();
    let left: Vec<_> = place.layers().read_dir().unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(left, ["pool"], "a refused tree leaves nothing behind");
    match refused {
        Err(CheckoutError::Refused { path, why, .. }) => (path.to_string(), why),
        other => panic!("not refused: {other:?}"),
    }
}

#[test]
fn an_honest_tree_lies_there_whole() {
    let place = Place::new();
    let planted = Planted::of([
        ("README", Plain, "read me"),
        ("bin/run", Executable, "#!/bin/sh"),
        ("bin-dir", Plain, "sorts between"),
        ("docs/deep/er/page", Plain, "page"),
        ("docs/link", Symlink, "../README"),
        ("docs/out", Symlink, "../../canary"),
        ("absolute", Symlink, "/etc/passwd"),
        ("vendored", Submodule, "unused"),
    ]);
    let layer = place.checkout().layer(&planted, &planted.tree()).unwrap();
    assert_eq!(layer.path.file_name().unwrap().to_str().unwrap(), planted_id().as_str());
    insta::assert_snapshot!(listing(&layer.path).join("\n"), @"
    README 644 read me
    absolute 644 /etc/passwd
    bin-dir 644 sorts between
    bin/
    bin/run 755 #!/bin/sh
    docs/
    docs/deep/
    docs/deep/er/
    docs/deep/er/page 644 page
    docs/link -> ../README
    docs/out 644 ../../canary
    vendored/
    ");
    insta::assert_debug_snapshot!((layer.inert_links, layer.submodules), @"
    (
        [
            RepoPath(absolute),
            RepoPath(docs/out),
        ],
        [
            RepoPath(vendored),
        ],
    )
    ");
    place.assert_untouched();
}

#[test]
fn a_link_and_a_folder_of_one_name_are_refused() {
    // What CVE-2026-44471 is made of: the link is written, then followed.
    let files = [("a", Symlink, "../victim"), ("a/owned", Plain, "x")];
    assert_eq!(refused(&files), ("a".to_owned(), Refusal::FileAndFolder));
    let files = [("d/a", Symlink, "../../victim"), ("d/a", Plain, "x")];
    assert_eq!(refused(&files), ("d/a".to_owned(), Refusal::Duplicate));
    let files = [("A", Symlink, "../victim"), ("a/owned", Plain, "x")];
    assert_eq!(refused(&files), ("a".to_owned(), Refusal::CaseCollision));
}

#[test]
fn names_that_lead_elsewhere_are_refused() {
    let long = "x".repeat(300);
    let deep = "d/".repeat(1100) + "f";
    for (path, why) in [
        ("../canary", Refusal::Dots),
        ("a/../../canary", Refusal::Dots),
        ("./a", Refusal::Dots),
        ("/etc/canary", Refusal::EmptyName),
        ("a//b", Refusal::EmptyName),
        ("a/", Refusal::EmptyName),
        ("", Refusal::EmptyName),
        (".git/config", Refusal::DotGit),
        ("a/.GIT/hooks/post-checkout", Refusal::DotGit),
        ("git~1/config", Refusal::DotGit),
        (".g\u{200d}it/config", Refusal::DotGit),
        (".git", Refusal::DotGit),
        ("a\0b", Refusal::Nul),
        (&long, Refusal::TooLong),
        (&deep, Refusal::TooLong),
    ] {
        assert_eq!(refused(&[(path, Plain, "x")]).1, why, "{path:?}");
        assert_eq!(refused(&[(path, Symlink, "x")]).1, why, "{path:?} as a link");
    }
    assert_eq!(refused(&[(".git", Submodule, "x")]).1, Refusal::DotGit);
}

#[test]
fn paths_that_differ_in_case_only_are_refused() {
    let files = [("Lib/a.py", Plain, ""), ("lib/b.py", Plain, "")];
    assert_eq!(refused(&files), ("lib".to_owned(), Refusal::CaseCollision));
    let files = [("README", Plain, ""), ("readme", Plain, "")];
    assert_eq!(refused(&files), ("readme".to_owned(), Refusal::CaseCollision));
}

#[test]
fn names_of_bytes_that_are_no_text_do_not_collide() {
    let place = Place::new();
    let mut planted = Planted::of([("a", Plain, "one")]);
    let entry = planted.files[0].clone();
    planted.files = [b"\xe8".to_vec(), b"\xe9".to_vec()]
        .map(|name| FileEntry { path: RepoPath::from_bytes(name), ..entry.clone() })
        .to_vec();
    let layer = place.checkout().layer(&planted, &planted.tree()).unwrap();
    assert_eq!(layer.path.read_dir().unwrap().count(), 2);
}

#[test]
#[should_panic(expected = "left == right")]
fn the_canary_notices_a_writer_that_follows_links() {
    let place = Place::new();
    let root = place.folder.path().join("layers");
    std::fs::create_dir(&root).unwrap();
    std::os::unix::fs::symlink("../victim", root.join("a")).unwrap();
    backstory_store::fs::write_file(&root.join("a/owned"), b"x").unwrap();
    place.assert_untouched();
}

#[test]
fn a_missing_content_leaves_no_layer() {
    let place = Place::new();
    let mut planted = Planted::of([("a", Plain, "one"), ("b", Plain, "two")]);
    planted.blobs.remove(&git_object_id("blob", b"two"));
    let missing = place.checkout().layer(&planted, &planted.tree());
    assert!(matches!(missing, Err(CheckoutError::Missing { path }) if path == "b".into()));
    assert_eq!(place.layers().read_dir().unwrap().count(), 1, "the pool alone");
}

#[test]
fn a_tree_is_written_once_and_a_content_too() {
    let place = Place::new();
    let planted =
        Planted::of([("a", Plain, "same"), ("d/b", Plain, "same"), ("c", Executable, "same")]);
    let (tree, checkout) = (planted.tree(), place.checkout());
    let first = checkout.layer(&planted, &tree).unwrap();
    let change: Changes = [("n".into(), Some((Plain, b"text".as_slice().into())))].into();
    let second = checkout.layer(&planted, &tree.with(&change)).unwrap();
    let inode = |path: PathBuf| path.metadata().unwrap().ino();
    assert_eq!(inode(first.path.join("a")), inode(second.path.join("d/b")));
    assert_ne!(inode(first.path.join("a")), inode(first.path.join("c")), "a mode is of the file");
    assert_eq!(checkout.layer(&Planted::default(), &tree).unwrap(), first, "nothing is read again");
    checkout.remove(&first.tree).unwrap();
    assert!(!first.path.exists());
    assert_eq!(
        checkout.layer(&Planted::default(), &tree).unwrap(),
        first,
        "the pool has all of it"
    );
}

#[test]
fn a_changed_tree_has_the_id_git_gives_it() {
    if !backstory_testkit::git_is_available() {
        eprintln!("skipped: no git on this machine");
        return;
    }
    let place = Place::new();
    let planted = Planted::of([
        ("a-b", Plain, "1"),
        ("a/x", Plain, "2"),
        ("a.c", Plain, "3"),
        ("a0", Executable, "4"),
        ("gone/x", Plain, "5"),
        ("link", Symlink, "a/x"),
    ]);
    let changes: Changes = [
        ("gone/x".into(), None),
        ("a/deep/y".into(), Some((Plain, b"new".as_slice().into()))),
        ("a0".into(), Some((Plain, b"plain".as_slice().into()))),
    ]
    .into();
    let tree = planted.tree().with(&changes);
    let layer = place.checkout().layer(&planted, &tree).unwrap();
    let store = place.folder.path().join("store");
    let git = |arguments: &[&str]| {
        let mut git = std::process::Command::new("git");
        git.env("GIT_DIR", &store).env("GIT_WORK_TREE", &layer.path).current_dir(&layer.path);
        String::from_utf8(git.args(arguments).output().unwrap().stdout).unwrap()
    };
    git(&["init", "--quiet"]);
    git(&["add", "--all"]);
    assert_eq!(tree.id().as_str(), git(&["write-tree"]).trim());
}

#[test]
fn an_upper_directory_tells_what_changed() {
    let folder = tempfile::tempdir().unwrap();
    let upper = folder.path();
    std::fs::create_dir_all(upper.join("d/replaced")).unwrap();
    for (path, text) in [("d/new", "text"), ("d/replaced/inner", ""), ("large", "0123456789")] {
        backstory_store::fs::write_file(&upper.join(path), text.as_bytes()).unwrap();
    }
    std::os::unix::fs::symlink("/etc/passwd", upper.join("link")).unwrap();
    rustix::fs::mkfifoat(rustix::fs::CWD, upper.join("pipe"), 0o644.into()).unwrap();
    let mark = rustix::fs::XattrFlags::empty();
    let marked = rustix::fs::setxattr(upper.join("d/replaced"), "user.overlay.opaque", b"y", mark);
    let device = rustix::fs::mknodat(
        rustix::fs::CWD,
        upper.join("d/gone"),
        rustix::fs::FileType::CharacterDevice,
        0o644.into(),
        0,
    );
    let found = edits(upper, EditLimits { bytes: 9, ..EditLimits::default() }).unwrap();
    let changed: Vec<_> =
        found.changed.iter().map(|(path, (_, bytes))| (path.to_string(), bytes.len())).collect();
    let names = |paths: &[RepoPath]| paths.iter().map(ToString::to_string).collect::<Vec<_>>();
    assert_eq!(
        changed,
        [("d/new".to_owned(), 4), ("d/replaced/inner".to_owned(), 0), ("link".to_owned(), 11)]
    );
    assert_eq!(names(&found.left_out), ["large", "pipe"]);
    match marked {
        Ok(()) => assert_eq!(names(&found.replaced), ["d/replaced"]),
        Err(_) => eprintln!("skipped: this file system keeps no attributes"),
    }
    match device {
        Ok(()) => assert_eq!(names(&found.removed), ["d/gone"]),
        Err(_) => eprintln!("skipped: this user makes no device files"),
    }
}

/// Paths of the kind that breaks out: real parts mixed with hostile ones.
fn hostile_path() -> impl Strategy<Value = String> {
    let part = prop_oneof![
        Just("a"),
        Just("A"),
        Just("b"),
        Just(".."),
        Just("."),
        Just(""),
        Just(".git"),
        Just(".GIT "),
        Just("victim"),
        Just("canary"),
        Just("link"),
    ];
    proptest::collection::vec(part, 1..5).prop_map(|parts| parts.join("/"))
}

fn hostile_file() -> impl Strategy<Value = (String, FileMode, String)> {
    let mode = prop_oneof![Just(Plain), Just(Executable), Just(Symlink), Just(Submodule)];
    let target = prop_oneof![hostile_path(), Just("../../../victim".to_owned())];
    (hostile_path(), mode, target)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(200))]
    #[test]
    fn no_tree_writes_outside_its_folder(files in proptest::collection::vec(hostile_file(), 1..6)) {
        let place = Place::new();
        let entries = files.iter().map(|(path, mode, target)| (path.as_str(), *mode, target.as_str()));
        let planted = Planted::of(entries);
        let layer = place.checkout().layer(&planted, &planted.tree());
        place.assert_untouched();
        if let Ok(layer) = layer {
            let root = layer.path.canonicalize().unwrap();
            for file in &planted.files {
                // Every link that leads anywhere leads into the tree.
                if let Ok(real) = layer.path.join(file.path.to_text().unwrap()).canonicalize() {
                    prop_assert!(real.starts_with(&root), "{real:?}");
                }
            }
        }
    }
}
