//! Which lines are the failing test?
//!
//! In: the text of a test file and the name of a test, as test runners write it. Out:
//! the lines of that test; or, of two versions of a file, the lines that one adds.

use backstory_model::{CommitId, RepoPath, Repository, RepositoryError};
use backstory_syntax::diff::{hunks, lines};
use backstory_syntax::{language_of, parse};

use crate::test_query::blob_at;

/// Reads a file of the tree of a commit; `None` when it is not there, or not held.
pub fn committed(
    repository: &dyn Repository,
    base: &CommitId,
    path: &RepoPath,
) -> Result<Option<String>, RepositoryError> {
    let tree = repository.commit(base)?.tree;
    let Some(blob) = blob_at(repository, &tree, path)? else { return Ok(None) };
    let bytes = repository.blob(&blob)?;
    Ok(bytes.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()))
}

/// Returns the lines that a version of a file adds to an older one.
pub fn added(old: &str, new: &str) -> String {
    let (old, new) = (old.as_bytes(), new.as_bytes());
    let of_new = lines(new);
    let mut text = String::new();
    for hunk in hunks(old, new) {
        for line in &of_new[hunk.after.start as usize..hunk.after.end as usize] {
            text.push_str(&String::from_utf8_lossy(line));
        }
    }
    text
}

/// Returns the lines of one test of a file; `None` when nothing there has its name.
///
/// A name is `test_x`, `TestY::test_x` or `test_x[case]`; where it is no definition,
/// as in JavaScript, it is the text of the line that begins the test.
pub fn test_of(path: &RepoPath, text: &str, name: &str) -> Option<String> {
    let name = name.split('[').next().unwrap_or(name);
    let qualified = name.replace("::", ".");
    let all: Vec<&str> = text.lines().collect();
    let joined = |from: usize, to: usize| all.get(from..to).map(|lines| lines.join("\n") + "\n");
    if let Some(language) = language_of(path) {
        let structure = parse(language, text.as_bytes());
        let ends = format!(".{qualified}");
        let is_it = |full: &str| full == qualified || full.ends_with(&ends);
        if let Some(symbol) = structure.symbols.iter().find(|symbol| is_it(&symbol.qualified)) {
            let (start, end) = (symbol.lines.start as usize, symbol.lines.end as usize);
            return joined(start.saturating_sub(1), end.min(all.len()));
        }
    }
    let own = name.rsplit("::").next().filter(|own| !own.is_empty())?;
    let from = all.iter().position(|line| line.contains(own))?;
    joined(from, from + block(&all[from..]))
}

/// Counts the lines of the block that the first line begins: all that stand deeper, and
/// the one that closes it.
fn block(lines: &[&str]) -> usize {
    let depth = |line: &str| line.len() - line.trim_start().len();
    let first = lines.first().map_or(0, |line| depth(line));
    let is_inside = |line: &&&str| line.trim().is_empty() || depth(line) > first;
    let inside = lines[1..].iter().take_while(is_inside).count();
    let closes =
        |line: &&str| depth(line) == first && line.trim_start().starts_with(['}', ')', ']']);
    1 + inside + usize::from(lines.get(1 + inside).is_some_and(closes))
}

#[cfg(test)]
mod tests {
    use super::{added, test_of};

    const PYTHON: &str = "import toy\n\n\nclass TestRead:\n    @case(1)\n    def test_line(self):\n        \
        assert toy.read() == 1\n\n\ndef test_line():\n    assert toy.line\n";

    #[test]
    fn a_test_goes_by_the_name_its_runner_gives_it() {
        let path = "tests/test_toy.py".into();
        let found = |name: &str| test_of(&path, PYTHON, name);
        assert_eq!(
            found("TestRead::test_line[1]").as_deref(),
            Some("    @case(1)\n    def test_line(self):\n        assert toy.read() == 1\n")
        );
        assert!(found("TestRead").is_some_and(|text| text.ends_with("== 1\n")));
        assert_eq!(found("test_other"), None);
        assert_eq!(found(""), None);
    }

    #[test]
    fn a_test_that_is_no_definition_goes_by_its_first_line() {
        let source = "describe('toy', () => {\n  it('reads a line', () => {\n    expect(1);\n\n    \
            go();\n  });\n  it('ends', () => {});\n});\n";
        assert_eq!(
            test_of(&"toy.test.js".into(), source, "toy::reads a line").as_deref(),
            Some("  it('reads a line', () => {\n    expect(1);\n\n    go();\n  });\n")
        );
    }

    #[test]
    fn added_lines_are_those_of_the_later_version_alone() {
        assert_eq!(added("a\nb\n", "a\nx\nb\ny"), "x\ny");
        assert_eq!(added("a\n", "a\n"), "");
    }
}
