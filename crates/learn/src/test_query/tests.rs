//! Do the test features say what a developer would see in the test?

use backstory_model::{CommitId, TestText};
use backstory_testkit::RepoBuilder;

use super::{FEATURES, TestQuery, features, history_features};
use crate::history::{Cache, walk};
use crate::snapshot::{Index, Snapshot};

const OLD_TEST: &str = "from tally.reader import read\n\ndef test_plain(): ...\n";
const ADDED: &str = "def test_quoted():\n    assert LineReader(read('a')).fields() == ['a']\n";

/// Three files, and a test that is committed with one of them.
fn repository() -> (RepoBuilder, CommitId) {
    let mut builder = RepoBuilder::new("ada/tally");
    builder.commit(
        "Start",
        [
            ("tally/__init__.py", ""),
            ("tally/lines.py", "class LineReader:\n    def fields(self): ...\n"),
            ("tally/reader.py", "from .lines import LineReader\n\ndef read(text): ...\n"),
        ],
    );
    let more = "class LineReader:\n    def fields(self): ...\n    def close(self): ...\n";
    let base =
        builder.commit("Close", [("tally/lines.py", more), ("tests/test_reader.py", OLD_TEST)]);
    (builder, base)
}

fn text(added: &str) -> TestText {
    TestText { added: added.to_owned(), paths: vec!["tests/test_reader.py".into()] }
}

fn column(builder: &RepoBuilder, base: &CommitId, test: &TestText, name: &str) -> Vec<f32> {
    let (repo, index) = (builder.memory(), Index::new(None));
    let snapshot = Snapshot::read(&repo, base, &index).unwrap();
    let query = TestQuery::read(&repo, base, test, &index).unwrap();
    let at = FEATURES.iter().position(|feature| feature.name == name).unwrap();
    features(&snapshot, &query).swap_remove(at)
}

/// Candidates: `tally/__init__.py`, `tally/lines.py`, `tally/reader.py`.
#[test]
fn a_test_points_at_files_by_words_names_and_imports() {
    let (builder, base) = repository();
    let of = |name| column(&builder, &base, &text(ADDED), name);
    assert_eq!(of("test_name"), [0.0, 0.0, 1.0]);
    assert_eq!(of("test_imports"), [0.0, 0.0, 1.0]);
    assert_eq!(of("test_defined_names"), [0.0, 2.0_f32.ln_1p(), 1.0_f32.ln_1p()]);
    assert_eq!(of("test_path_words"), [0.0, 0.0, 0.5]);
    let (content, definitions) = (of("test_content"), of("test_definitions"));
    assert!(content[1] > content[0] && definitions[1] > definitions[2]);
}

#[test]
fn imports_that_were_added_count_beside_those_of_the_base() {
    let (builder, base) = repository();
    let test = text("from tally.lines import LineReader\n");
    assert_eq!(column(&builder, &base, &test, "test_imports"), [0.0, 1.0, 1.0]);
    // A test file that the base does not have has what was added alone.
    let added = TestText { paths: vec!["tests/test_new.py".into()], ..test };
    assert_eq!(column(&builder, &base, &added, "test_imports"), [0.0, 1.0, 0.0]);
}

#[test]
fn a_later_version_of_the_test_file_is_not_read() {
    let (mut builder, base) = repository();
    let before = column(&builder, &base, &text(ADDED), "test_imports");
    builder.commit(
        "Fix",
        [("tests/test_reader.py", "from tally.lines import LineReader\nfrom tally import x\n")],
    );
    assert_eq!(column(&builder, &base, &text(ADDED), "test_imports"), before);
}

#[test]
fn a_test_changes_together_with_files() {
    let (builder, base) = repository();
    let (repo, index, cache) = (builder.memory(), Index::new(None), Cache::in_memory());
    let snapshot = Snapshot::read(&repo, &base, &index).unwrap();
    let query = TestQuery::read(&repo, &base, &text(ADDED), &index).unwrap();
    let history = walk(&repo, &base, &cache).unwrap();
    let columns = history_features(&history, &snapshot.candidates, &query, &cache);
    assert_eq!(columns, [vec![0.0, 0.5, 0.0]]);
}

#[test]
fn no_test_says_nothing() {
    let (builder, base) = repository();
    for feature in FEATURES {
        let found = column(&builder, &base, &TestText::default(), feature.name);
        assert_eq!(found, [0.0; 3], "`{}`", feature.name);
    }
}
