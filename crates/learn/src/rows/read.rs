//! How does a line of JSON become a row?

use std::collections::BTreeSet;

use backstory_model::{CommitId, RepoName, RepoPath};
use serde::Deserialize;

use super::lines::{BrokenRow, read_lines};
use super::patch::{Changed, changed};
use super::row::{Answer, IssueRow, Question, Usage};
use crate::snapshot::{is_candidate, is_test_path};

/// The rows of one file.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Rows {
    /// What could be read, in file order.
    pub rows: Vec<IssueRow>,
    /// What could not, in file order.
    pub broken: Vec<BrokenRow>,
}

/// Reads rows, one JSON object a line; empty lines are none.
///
/// Never fails: every line that is not empty is a row or a [`BrokenRow`].
pub fn read_rows(bytes: &[u8]) -> Rows {
    let (rows, broken) = read_lines(bytes, read_row, |row| &row.question.id);
    Rows { rows, broken }
}

/// The fields that are read; all others, such as hints, are skipped unread.
#[derive(Deserialize)]
struct Line {
    instance_id: String,
    repo: String,
    base_commit: String,
    problem_statement: String,
    gold_files: Option<Vec<String>>,
    gold_functions: Option<Vec<String>>,
    edit_functions: Option<Vec<String>>,
    test_files: Option<Vec<String>>,
    patch: Option<String>,
    test_patch: Option<String>,
    pr_head: Option<String>,
    usage: Option<String>,
    source_set: Option<String>,
    base_date: Option<String>,
}

fn read_row(line: Line) -> Result<IssueRow, String> {
    let repo = RepoName::parse(&line.repo).map_err(|error| error.to_string())?;
    let base = CommitId::new(&line.base_commit).map_err(|error| error.to_string())?;
    let pull_head = line.pr_head.filter(|id| !id.is_empty()).map(CommitId::new).transpose();
    let pull_head = pull_head.map_err(|error| error.to_string())?;
    // A word that is not known here is no leave to learn from the row.
    let usage = match line.usage.as_deref() {
        Some("dev" | "train") | None => Usage::Development,
        Some(_) => Usage::TestOnly,
    };
    let gold_functions = line.gold_functions.or(line.edit_functions);
    let answer = Answer {
        gold_files: gold_files(line.gold_files, line.patch.as_deref(), gold_functions.as_deref())?,
        gold_functions,
        test_files: test_files(line.test_files, line.test_patch.as_deref())?,
        pull_head,
    };
    let question = Question { id: line.instance_id, repo, base, text: line.problem_statement };
    let (source_set, base_date) = (line.source_set, line.base_date);
    Ok(IssueRow { question, answer, usage, source_set, base_date })
}

/// Returns the gold that a row names, else what its patch changes, else the files of
/// its functions.
fn gold_files(
    named: Option<Vec<String>>,
    patch: Option<&str>,
    functions: Option<&[String]>,
) -> Result<Vec<RepoPath>, String> {
    if let Some(named) = named {
        return paths(&named);
    }
    if let Some(patch) = patch {
        let Changed { existing, .. } = changed(patch);
        return Ok(existing.into_iter().filter(is_candidate).collect());
    }
    let Some(functions) = functions else {
        return Err("it has neither `gold_files` nor `patch`".to_owned());
    };
    let file = |function: &String| function.split(':').next().unwrap_or(function).to_owned();
    let files: BTreeSet<String> = functions.iter().map(file).collect();
    paths(&files.into_iter().collect::<Vec<_>>())
}

fn test_files(
    named: Option<Vec<String>>,
    patch: Option<&str>,
) -> Result<Option<Vec<RepoPath>>, String> {
    match (named, patch) {
        (Some(named), _) => paths(&named).map(Some),
        (None, Some(patch)) => {
            Ok(Some(changed(patch).all().into_iter().filter(is_test_path).collect()))
        }
        (None, None) => Ok(None),
    }
}

fn paths(texts: &[String]) -> Result<Vec<RepoPath>, String> {
    texts.iter().map(|text| RepoPath::parse(text).map_err(|error| error.to_string())).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::{Value, json};

    use super::{Rows, Usage, read_rows};

    fn swe_bench() -> Value {
        json!({
            "instance_id": "acme__toy-7",
            "repo": "acme/toy",
            "base_commit": "0123456789abcdef0123456789abcdef01234567",
            "problem_statement": "parse fails\r\non empty input",
            "patch": "--- a/toy/parse.py\n+++ b/toy/parse.py\n@@ -1 +1 @@\n-a\n+b\n\
                      --- a/README.md\n+++ b/README.md\n--- /dev/null\n+++ b/toy/new.py\n",
            "test_patch": "--- a/tests/test_parse.py\n+++ b/tests/test_parse.py\n",
            "hints_text": "the bug is in toy/parse.py",
            "FAIL_TO_PASS": "[\"tests/test_parse.py::test_empty\"]",
            "version": "1.0"
        })
    }

    fn read(rows: &[Value]) -> Rows {
        let lines: Vec<String> = rows.iter().map(ToString::to_string).collect();
        read_rows(lines.join("\n").as_bytes())
    }

    #[test]
    fn gold_and_tests_of_a_swe_bench_row_come_from_its_patches() {
        let rows = read(&[swe_bench()]);
        assert_eq!(rows.broken, []);
        let row = &rows.rows[0];
        assert_eq!(row.question.title(), "parse fails");
        assert_eq!(row.answer.gold_files, ["toy/parse.py".into()]);
        assert_eq!(row.answer.test_files, Some(vec!["tests/test_parse.py".into()]));
    }

    #[test]
    fn hints_and_patches_never_reach_the_question() {
        let bare = read(&[swe_bench()]);
        let mut row = swe_bench();
        row["hints_text"] = json!("another hint");
        row["created_at"] = json!("2024-01-01T00:00:00Z");
        assert_eq!(read(&[row.clone()]), bare);
        // A row that smuggles the hint into what may be seen is told apart.
        row["problem_statement"] = json!("parse fails\nthe bug is in toy/parse.py");
        assert_ne!(read(&[row]).rows[0].question, bare.rows[0].question);
        let shown = format!("{:?}", bare.rows[0].question);
        assert!(!shown.contains("parse.py"), "{shown}");
    }

    #[test]
    fn a_row_is_learned_from_only_where_it_says_nothing_else() {
        let usage = |word: Value| {
            let mut row = swe_bench();
            row["usage"] = word;
            read(&[row]).rows[0].usage
        };
        assert_eq!(usage(Value::Null), Usage::Development);
        assert_eq!(usage(json!("dev")), Usage::Development);
        assert_eq!(usage(json!("test-only")), Usage::TestOnly);
        assert_eq!(usage(json!("held back")), Usage::TestOnly);
    }

    #[test]
    fn functions_of_loc_bench_tell_the_files() {
        let mut row = swe_bench();
        row.as_object_mut().unwrap().remove("patch");
        row["edit_functions"] = json!(["toy/b.py:B.run", "toy/a.py:f", "toy/b.py:g"]);
        let rows = read(&[row]);
        assert_eq!(rows.rows[0].answer.gold_files, ["toy/a.py".into(), "toy/b.py".into()]);
    }

    #[test]
    fn broken_rows_are_told_by_line_and_the_rest_is_kept() {
        let with = |field: &str, value: Value| {
            let mut row = swe_bench();
            row[field] = value;
            row.to_string()
        };
        let mut without = swe_bench();
        without.as_object_mut().unwrap().remove("patch");
        let lines = [
            "not json".to_owned(),
            String::new(),
            swe_bench().to_string(),
            swe_bench().to_string(),
            with("repo", json!("toy")),
            with("base_commit", json!("main")),
            with("pr_head", json!("main")),
            with("problem_statement", json!(7)),
            without.to_string(),
        ];
        let rows = read_rows(lines.join("\n").as_bytes());
        assert_eq!(rows.rows.len(), 1);
        let told: Vec<String> =
            rows.broken.iter().map(|row| format!("{}: {}", row.line, row.reason)).collect();
        insta::assert_snapshot!(told.join("\n"));
    }

    proptest! {
        #[test]
        fn every_line_is_a_row_or_broken(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
            let lines = bytes
                .split(|byte| *byte == b'\n')
                .filter(|line| !line.trim_ascii().is_empty())
                .count();
            let rows = read_rows(&bytes);
            prop_assert_eq!(rows.rows.len() + rows.broken.len(), lines);
        }
    }
}
