//! Does anything of the answer reach the features of T1?
//!
//! Each test names a leak of the protocol, shows that the features are free of it, and
//! plants it to show that the check would find it.

use std::collections::BTreeSet;
use std::sync::{Arc, Mutex};

use backstory_learn::extract::describe;
use backstory_learn::snapshot::Index;
use backstory_model::{BlobId, Commit, CommitId, Repository, RepositoryError, TreeEntry, TreeId};
use backstory_testkit::MemoryRepository;

use crate::toy::{TEST_WORD, Toy, row, toy};

const ISSUE: &str = "LineReader fails\nread_line should tell the end";

/// Answers like the repository inside, and remembers what it was asked for.
struct Watched<'a> {
    inside: &'a MemoryRepository,
    asked: Mutex<BTreeSet<String>>,
}

impl<'a> Watched<'a> {
    fn new(inside: &'a MemoryRepository) -> Self {
        Self { inside, asked: Mutex::default() }
    }

    fn ask(&self, id: &str) {
        self.asked.lock().expect("no test panicked").insert(id.to_owned());
    }

    /// Returns what was asked for and lies outside of `allowed`.
    fn beyond(&self, allowed: &BTreeSet<String>) -> BTreeSet<String> {
        self.asked.lock().expect("no test panicked").difference(allowed).cloned().collect()
    }
}

impl Repository for Watched<'_> {
    fn commit(&self, id: &CommitId) -> Result<Commit, RepositoryError> {
        self.ask(id.as_str());
        self.inside.commit(id)
    }

    fn tree(&self, id: &TreeId) -> Result<Arc<[TreeEntry]>, RepositoryError> {
        self.ask(id.as_str());
        self.inside.tree(id)
    }

    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, RepositoryError> {
        self.ask(id.as_str());
        self.inside.blob(id)
    }

    fn blob_size(&self, id: &BlobId) -> Result<Option<u64>, RepositoryError> {
        self.ask(id.as_str());
        self.inside.blob_size(id)
    }

    fn merge_base(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, RepositoryError> {
        self.ask(one.as_str());
        self.ask(other.as_str());
        self.inside.merge_base(one, other)
    }
}

/// Returns a commit with everything in its tree, tests apart if they are not wanted.
fn objects(repository: &MemoryRepository, commit: &CommitId, tests: bool) -> BTreeSet<String> {
    let root = repository.commit(commit).expect("the toy is whole").tree;
    let mut known = BTreeSet::from([commit.to_string(), root.to_string()]);
    let mut open = vec![root];
    while let Some(tree) = open.pop() {
        for entry in repository.tree(&tree).expect("the toy is whole").iter() {
            let is_tree = entry.mode == backstory_model::FileMode::Directory;
            if is_tree {
                open.push(TreeId::new(entry.id.as_str()).expect("an id has 40 digits"));
            }
            if is_tree || tests || !entry.name.starts_with(b"test_") {
                known.insert(entry.id.to_string());
            }
        }
    }
    known
}

/// Describes a row and returns what it read beyond the allowed objects.
fn read_beyond(toy: &Toy, base: &CommitId, allowed: &BTreeSet<String>) -> BTreeSet<String> {
    let watched = Watched::new(&toy.repository);
    let row = row(base, ISSUE, &["toy/reader.py"]);
    let described = describe(&watched, &row, &Index::new(None)).expect("the toy is whole");
    assert!(described.is_ok());
    watched.beyond(allowed)
}

#[test]
fn files_are_those_of_the_base_and_of_no_other_commit() {
    let toy = toy();
    let allowed = objects(&toy.repository, &toy.base, true);
    assert_eq!(read_beyond(&toy, &toy.base, &allowed), BTreeSet::new());
    // Planted: the tree of the fix is ranked instead of the base.
    let leaked = read_beyond(&toy, &toy.fix, &allowed);
    assert!(leaked.contains(toy.fix.as_str()), "{leaked:?}");
    let row = row(&toy.base, ISSUE, &["toy/reader.py"]);
    let described = describe(&toy.repository, &row, &Index::new(None)).unwrap().unwrap();
    assert!(described.candidates.index_of(&"toy/ends.py".into()).is_none());
}

#[test]
fn tests_are_neither_named_nor_read() {
    let toy = toy();
    let allowed = objects(&toy.repository, &toy.base, false);
    assert_eq!(read_beyond(&toy, &toy.base, &allowed), BTreeSet::new());
    // Planted: something reads a test of the base.
    let watched = Watched::new(&toy.repository);
    let test = "def test_read_line():\n    assert True\n";
    let blob = backstory_model::git_object_id("blob", test.as_bytes());
    assert!(watched.blob(&blob).unwrap().is_some());
    assert_eq!(watched.beyond(&allowed).len(), 1);
}

#[test]
fn the_test_of_the_fix_is_seen_by_no_feature() {
    let toy = toy();
    let columns = |base: &CommitId, text: &str| {
        let row = row(base, text, &["toy/reader.py"]);
        describe(&toy.repository, &row, &Index::new(None)).unwrap().unwrap().columns
    };
    // A word that only that test holds moves nothing but the length of the issue.
    let with = format!("{ISSUE} {TEST_WORD}");
    assert_eq!(columns(&toy.base, &with), columns(&toy.base, ISSUE));
    // Planted: the name of what the test is about is told.
    assert_ne!(columns(&toy.base, &format!("{ISSUE} turn_page")), columns(&toy.base, ISSUE));
    for base in [&toy.base, &toy.fix] {
        let row = row(base, ISSUE, &["toy/reader.py"]);
        let described = describe(&toy.repository, &row, &Index::new(None)).unwrap().unwrap();
        let paths = described.candidates.paths.iter().map(ToString::to_string);
        assert!(paths.into_iter().all(|path| !path.starts_with("tests/")));
    }
}

#[test]
fn what_is_right_changes_no_feature() {
    let toy = toy();
    let described = |gold: &[&str]| {
        let row = row(&toy.base, ISSUE, gold);
        describe(&toy.repository, &row, &Index::new(None)).unwrap().unwrap()
    };
    let (one, other) = (described(&["toy/reader.py"]), described(&["toy/pages.py", "setup.py"]));
    assert_eq!(one.columns, other.columns);
    // The labels and the strata do follow it.
    assert_ne!(one.gold, other.gold);
    assert_ne!(one.strata, other.strata);
}
