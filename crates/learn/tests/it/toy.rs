//! Which small repository do these tests ask about?

use backstory_learn::rows::{IssueRow, read_rows};
use backstory_model::CommitId;
use backstory_testkit::{MemoryRepository, RepoBuilder};
use serde_json::json;

/// A word that only the test of the fix holds.
pub(crate) const TEST_WORD: &str = "zyzzyva";

const READER: &str = "\
\"\"\"Reads the lines of a file, one after another, and tells where the file ends.\"\"\"
from . import pages
from .errors import ReadError

class LineReader:
    def read_line(self):
        raise ReadError
";

/// A repository with a base, and the fix of the issue after it.
pub(crate) struct Toy {
    pub(crate) repository: MemoryRepository,
    pub(crate) base: CommitId,
    pub(crate) fix: CommitId,
}

/// Builds the repository.
pub(crate) fn toy() -> Toy {
    let mut repo = RepoBuilder::new("acme/toy");
    let base = repo.commit(
        "add a reader of lines",
        [
            ("README.md", "read_line reads a line\n"),
            ("setup.py", "from toy import reader\n"),
            ("toy/__init__.py", "from toy.reader import LineReader\n"),
            ("toy/errors.py", "class ReadError(Exception):\n    pass\n"),
            ("toy/pages.py", "import toy.errors\n\ndef turn_page():\n    return 1\n"),
            ("toy/reader.py", READER),
            ("tests/test_reader.py", "def test_read_line():\n    assert True\n"),
        ],
    );
    let test = format!("def test_{TEST_WORD}():\n    assert '{TEST_WORD}'\n");
    let fixed = READER.replace("raise ReadError", "return ''");
    let fix = repo.commit(
        "read_line tells the end",
        [
            ("toy/reader.py", fixed.as_str()),
            ("toy/ends.py", "END = ''\n"),
            ("tests/test_ends.py", test.as_str()),
        ],
    );
    Toy { repository: repo.memory(), base, fix }
}

/// Returns a row about the toy with this gold.
pub(crate) fn row(base: &CommitId, text: &str, gold: &[&str]) -> IssueRow {
    let row = json!({
        "instance_id": "acme__toy-2",
        "repo": "acme/toy",
        "base_commit": base,
        "problem_statement": text,
        "gold_files": gold,
    });
    let mut rows = read_rows(row.to_string().as_bytes());
    assert_eq!(rows.broken, []);
    rows.rows.remove(0)
}
