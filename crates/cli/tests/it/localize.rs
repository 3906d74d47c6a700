//! What does `backstory localize` say and do?

use backstory_learn::localize::{Localizer, Task, sight};
use backstory_learn::rank::{Linear, Model, Ranker};
use backstory_learn::seen::names;
use backstory_testkit::{Layout, RepoBuilder, TestContext};
use serde_json::Value;

use crate::sample::{NONE, bare, context};

const ISSUE: &str = "LineReader loses the last line\n\n`read_line` gives None where the file has no \
    newline at its end.\n";

const READER: &str = "from toy.pages import turn_page\n\n\nclass LineReader:\n    \"\"\"Reads lines of \
    a file.\"\"\"\n\n    def read_line(self):\n        line = self.file.readline()\n        return \
    line if line.endswith(\"\\n\") else None\n\n    def close(self):\n        self.file.close()\n";

const NEW_TEST: &str = "from toy.reader import LineReader\n\n\ndef test_opens():\n    assert \
    LineReader()\n\n\ndef test_last_line():\n    assert LineReader().read_line() == \"end\"\n";

/// A small library with a past: readers and pages change together.
fn history() -> RepoBuilder {
    let mut repo = RepoBuilder::new("acme/toy");
    repo.commit(
        "Start",
        [
            ("toy/__init__.py", ""),
            ("toy/errors.py", "class ReadError(Exception):\n    pass\n"),
            ("toy/pages.py", "def turn_page(book):\n    return book.page + 1\n"),
            ("toy/reader.py", "class LineReader:\n    def read_line(self):\n        return 1\n"),
            ("toy/writer.py", "def write_line(line):\n    print(line)\n"),
            ("tests/test_reader.py", "from toy.reader import LineReader\n"),
        ],
    );
    repo.commit(
        "Fix the line that LineReader loses between pages",
        [
            ("toy/pages.py", "def turn_page(book):\n    book.page += 1\n    return book.page\n"),
            ("toy/reader.py", "class LineReader:\n    def read_line(self):\n        return 2\n"),
        ],
    );
    repo.commit(
        "Close files",
        [
            ("toy/reader.py", READER),
            ("tests/test_reader.py", "from toy.reader import LineReader\n\n\ndef test_opens():\n    assert LineReader()\n"),
        ],
    );
    repo
}

/// A model that weighs the fusions most and everything else alike, so that answers do
/// not change with the one that ships.
fn plain_model() -> Vec<u8> {
    let files = Task::ALL.map(|task| {
        let features = names(sight(task));
        let weight = |name: &String| if name.starts_with("fusion") { "1" } else { "0.1" };
        let weights: Vec<&str> = features.iter().map(weight).collect();
        let centers = vec!["0"; features.len()].join(" ");
        let linear: Linear = serde_json::from_value(
            serde_json::json!({"centers": centers, "weights": weights.join(" ")}),
        )
        .unwrap();
        Ranker { features, model: Model::Linear(linear), calibration: None }
    });
    let trained_on = "nothing".to_owned();
    Localizer { trained_on, files, functions: [None, None] }.to_bytes()
}

fn asked() -> TestContext {
    let context = context();
    context.write("plain.model", plain_model());
    context.write("issue.md", ISSUE);
    history().write(&context.path("acme+toy"), Layout::WorkTree);
    context
}

#[test]
fn files_and_functions_stand_with_their_reasons() {
    let context = asked();
    let arguments = ["localize", "acme+toy", "--issue", "issue.md", "--model", "plain.model"];
    let said = context.backstory(arguments).run();
    insta::assert_snapshot!(said);
    // What was kept of the first call gives the same answer.
    let again = context.backstory(arguments).run();
    assert_eq!(again.stdout, said.stdout);
}

#[test]
fn a_failing_test_counts_too() {
    let context = asked();
    let with = |test: &str| {
        let json = ["--top", "2", "--json", "--model", "plain.model"];
        let arguments =
            ["localize", "acme+toy@main", "--issue", "issue.md", "--failing-test", test];
        context.backstory([&arguments[..], &json].concat()).run()
    };
    let said = with("tests/test_reader.py::test_opens");
    assert_eq!(said.exit_code, Some(0), "{said}");
    let answer: Value = serde_json::from_str(&said.stdout).expect("the answer is JSON");
    insta::assert_json_snapshot!(answer);
    context.write("new_test.py", NEW_TEST);
    let new = with("new_test.py::test_last_line");
    assert!(new.stdout.contains("the failing test names `read_line`"), "{new}");
    assert!(!new.stdout.contains("test_opens"), "{new}");
}

#[test]
fn of_a_test_file_in_the_work_tree_the_lines_it_adds_count() {
    let context = asked();
    let path = "tests/test_reader.py";
    let reasons = || {
        let arguments = ["localize", "acme+toy", "--issue", "issue.md", "--failing-test", path];
        context.backstory(arguments).run()
    };
    let before = reasons();
    assert!(!before.stdout.contains("the failing test names `read_line`"), "{before}");
    context.write("acme+toy/tests/test_reader.py", NEW_TEST);
    let after = reasons();
    assert!(after.stdout.contains("the failing test names `read_line`"), "{after}");
}

#[test]
fn what_cannot_be_asked_is_said_in_one_sentence() {
    let context = asked();
    context.write("empty.md", " \n");
    context.write("torn.model", "{\"format\":\"backstory-localizer\",\"version\":99}");
    let mut texts = RepoBuilder::new("acme/texts");
    texts.commit("Start", [("README.md", "# Texts\n")]);
    texts.write(&context.path("acme+texts"), Layout::Bare);
    let said = |arguments: &[&str]| {
        let said = context.backstory([&["localize"], arguments].concat()).run();
        said.to_string()
    };
    let issue = ["--issue", "issue.md"];
    let cases = [
        said(&[&["acme+toy@v9"], &issue[..]].concat()),
        said(&["acme+toy", "--issue", "empty.md"]),
        said(&[&["acme+texts"], &issue[..]].concat()),
        said(&[&["acme+toy"], &issue[..], &["--failing-test", "tests/none.py"]].concat()),
        said(
            &[&["acme+toy"], &issue[..], &["--failing-test", "tests/test_reader.py::nowhere"]]
                .concat(),
        ),
        said(&[&["acme+toy"], &issue[..], &["--model", "torn.model"]].concat()),
    ];
    insta::assert_snapshot!(cases.join("\n"));
}

#[test]
fn a_clone_without_its_contents_is_told() {
    let context = asked();
    let mut repo = history();
    let blob = |repo: &mut RepoBuilder, text: &str| repo.blob(text.as_bytes());
    let reader = blob(&mut repo, READER);
    repo.storage().dropped.insert(reader);
    repo.write(&context.path("acme+partial"), Layout::Bare);
    let said = context.backstory(["localize", "acme+partial", "--issue", "issue.md"]).run();
    assert_eq!(said.exit_code, Some(0), "{said}");
    insta::assert_snapshot!(said.stderr, @"
    warning: 1 of 5 files are not in the repository and count as empty; `git fetch --unshallow` brings older commits; clone again without `--filter` for contents
    5 files and 3 commits in [TIME], [TIME]
    ");
    // Another clone with the same contents must not answer for this one.
    let mut empty = RepoBuilder::new("acme/empty");
    let only = blob(&mut empty, "def only():\n    pass\n");
    empty.commit("Start", [("only.py", "def only():\n    pass\n")]);
    empty.commit("Nothing", NONE);
    empty.storage().dropped.insert(only);
    empty.write(&context.path("acme+empty"), Layout::Bare);
    let said = context.backstory(["localize", "acme+empty", "--issue", "issue.md"]).run();
    insta::assert_snapshot!(said, @"
    exit_code: 2
    ----- stdout -----
    ----- stderr -----
    error: failed to localize in `acme+empty` at `fa2bb3f9d4af0ba7215c82fc1a09e198628fd79e`
      Caused by: none of the 1 code files of the commit is in the repository

    hint: `git fetch --unshallow` brings older commits; clone again without `--filter` for contents
    ");
}

#[test]
fn an_issue_is_read_from_stdin_and_a_path_with_an_at_sign_is_a_path() {
    let context = context();
    bare(context.directory());
    std::fs::rename(context.path("acme+toy"), context.path("acme@toy")).unwrap();
    let said = context.backstory(["localize", "acme@toy", "--issue", "-"]).run();
    assert!(said.stderr.contains("the issue `-` is empty"), "{said}");
}
