//! Which small history do the tests of the program run on?

use std::fmt::Write as _;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use backstory_cli::build::{self, BuildOptions, BuildReport, PlanHeader, SourceRequest};
use backstory_cli::{Failure, Talk};
use backstory_model::RunOptions;
use backstory_store::{Faults, RunDirectory, fs};
use backstory_testkit::{Layout, RepoBuilder, TestContext, Transcript};

pub(crate) fn context() -> TestContext {
    TestContext::new(env!("CARGO_BIN_EXE_backstory"))
}

/// A history with a root, a merge that closes an issue, a squash, an empty
/// commit and a direct one.
pub(crate) fn history() -> RepoBuilder {
    let mut repo = RepoBuilder::new("acme/toy");
    let root = repo.commit(
        "Start",
        [
            ("README.md", "# Toy\n"),
            ("toy/parser.py", "def parse(text):\n    return text.split()\n"),
            ("tests/test_parser.py", "from toy.parser import parse\n\n\ndef test_parse():\n    assert parse(\"a b\") == [\"a\", \"b\"]\n"),
        ],
    );
    repo.branch_from("empty-input", &root);
    repo.commit(
        "Test empty input",
        [("tests/test_parser.py", "from toy.parser import parse\n\n\ndef test_parse():\n    assert parse(\"a b\") == [\"a\", \"b\"]\n\n\ndef test_empty():\n    assert parse(None) == []\n")],
    );
    let branch = repo.commit(
        "Accept empty input\n\nFixes #1",
        [(
            "toy/parser.py",
            "def parse(text):\n    if text is None:\n        return []\n    return text.split()\n",
        )],
    );
    repo.switch("main");
    repo.merge("Merge pull request #2 from ann/empty-input\n\nAccept empty input", &[branch], NONE);
    let tip = repo.head();
    repo.branch_from("docs", &tip);
    let docs = repo.commit("Say what it is", [("README.md", "# Toy\n\nSplits text.\n")]);
    repo.switch("main");
    repo.squash("Say what it is (#3)", &docs, NONE);
    repo.pull_head(3, &docs);
    repo.commit("Nothing at all", NONE);
    repo.commit(
        "Join words",
        [("toy/writer.py", "def write(words):\n    return \" \".join(words)\n")],
    );
    repo
}

/// How many pull requests [`told_history`] has.
const TOLD: u32 = 20;

/// A history whose changelog names pull requests with the issues they closed. All are
/// found by their keyword, but that one is only mentioned and one closed by another number.
pub(crate) fn told_history() -> RepoBuilder {
    let mut repo = RepoBuilder::new("acme/told");
    let mut changes = "# Changes\n\n".to_owned();
    repo.commit("Start", [("CHANGES.md", changes.as_str()), ("a.py", "a = 0\n")]);
    for at in 1..=TOLD {
        let (issue, pull) = (2 * at - 1, 2 * at);
        writeln!(changes, "- Fix it. {{issue}}`{issue}` {{pr}}`{pull}`").unwrap();
        let says = match at {
            1 => format!("See #{issue}"),
            2 => "Fixes #99".to_owned(),
            _ => format!("Fixes #{issue}"),
        };
        let (message, code) = (format!("Fix it (#{pull})\n\n{says}"), format!("a = {at}\n"));
        let edits = [("CHANGES.md", changes.as_str()), ("a.py", code.as_str())];
        repo.commit(message.as_str(), edits);
    }
    repo
}

/// Records of that history: what its pull requests say they close.
pub(crate) fn told_records() -> String {
    let header = r#"{"kind":"header","format":"backstory-records","version":1,"repo":"acme/told"}"#;
    let change = |at: u32| {
        let (issue, pull) = (2 * at - 1, 2 * at);
        format!(
            r#"{{"kind":"change","id":"change:{pull}","number":{pull},"title":"Fix","closes":[{issue}]}}"#
        )
    };
    let changes = (1..=TOLD).map(change);
    std::iter::once(header.to_owned()).chain(changes).map(|line| line + "\n").collect()
}

pub(crate) const NONE: [(&str, &str); 0] = [];

/// Writes the history below a context and returns its path.
pub(crate) fn bare(directory: &Path) -> PathBuf {
    history().write(&directory.join("acme+toy"), Layout::BareWithoutConfig)
}

/// Builds a repository into a run through the library.
pub(crate) fn build(
    repository: &Path,
    out: &Path,
    jobs: usize,
    faults: Faults,
) -> Result<BuildReport, Failure> {
    build_with(repository, out, jobs, faults, &RunOptions::default())
}

pub(crate) fn build_with(
    repository: &Path,
    out: &Path,
    jobs: usize,
    faults: Faults,
    options: &RunOptions,
) -> Result<BuildReport, Failure> {
    let request =
        SourceRequest { repositories: vec![repository.to_owned()], ..SourceRequest::default() };
    let talk = Talk::silent();
    let sources = build::open_sources(&request, &talk)?;
    let run = RunDirectory::open_with(out, std::sync::Arc::new(faults))?;
    let header = PlanHeader::new(&sources, options);
    build::build(&sources, header, &run, BuildOptions::new(jobs), &talk)
}

/// Every covered file of a run with its bytes.
pub(crate) fn covered(run: &Path) -> BTreeMap<String, Vec<u8>> {
    fs::files_below(run)
        .unwrap()
        .into_iter()
        .map(|(file, _)| {
            let name = file.strip_prefix(run).unwrap().to_string_lossy().into_owned();
            (name, fs::read_file(&file).unwrap())
        })
        .filter(|(name, _)| name != "run.lock" && !name.starts_with("state.sqlite"))
        .collect()
}

/// The transcript with what the machine decides replaced.
pub(crate) fn steady(transcript: &Transcript) -> String {
    let text = transcript.to_string();
    let memory = regex::Regex::new(r"[\d.]+ MiB").unwrap();
    let fields = regex::Regex::new(r#""(cpu_seconds|peak_rss_mb)":[\d.]+"#).unwrap();
    let text = memory.replace_all(&text, "[MEMORY]");
    fields.replace_all(&text, r#""$1":[COST]"#).into_owned()
}
