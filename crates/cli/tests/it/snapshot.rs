//! What does `snapshot` say, and can its run be shown, exported and audited?

use backstory_model::CommitId;
use backstory_store::fs;
use backstory_testkit::{Edit, Layout, RepoBuilder};

use crate::sample::{context, covered, steady};

/// A repository with everything that is hard to write: a circle, a long file, an
/// empty one, bytes that are no text, a link, a submodule and other people's code.
fn repository() -> RepoBuilder {
    let mut repo = RepoBuilder::new("acme/toy");
    let long = (0..60).fold("\"\"\"Many words.\"\"\"\n".to_owned(), |text, at| {
        text + &format!("\n\ndef word_{at}():\n    return {at}\n")
    });
    let elsewhere = CommitId::new("1".repeat(40)).unwrap();
    repo.commit(
        "Start",
        [
            ("README.md", Edit::from("# Toy\n\nToy splits words.\n\n## Use\n\nRun it.\n")),
            ("pyproject.toml", Edit::from("[project]\nname = \"toy\"\ndescription = \"Splits words\"\n")),
            ("toy/__init__.py", Edit::from("")),
            ("toy/lexer.py", Edit::from("from toy.parser import parse\n\n\ndef token(text):\r\n    return parse(text)[0]")),
            ("toy/parser.py", Edit::from("\"\"\"Parses text.\"\"\"\n\n\ndef parse(text):\n    from toy.lexer import token\n    return [text, token]\n")),
            ("toy/many.py", Edit::from(long)),
            ("toy/_vendor/six.py", Edit::from("x = 1\n")),
            ("toy/data.bin", Edit::from(b"\0\x01\x02")),
            ("toy/latin.py", Edit::from(b"# caf\xe9\n")),
            ("tests/test_many.py", Edit::from("from toy.many import word_7\n\n\ndef test():\n    assert word_7() == 7\n")),
            ("link.py", Edit::Symlink(b"toy/lexer.py".to_vec())),
            ("other", Edit::Submodule(elsewhere)),
        ],
    );
    repo
}

const LIMITS: [&str; 4] = ["--read-limit", "400", "--write-limit", "600"];

#[test]
fn a_repository_is_told_shown_exported_and_audited() {
    let context = context();
    repository().write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    let arguments = [&["snapshot", "acme+toy", "-o", "run", "--json"][..], &LIMITS].concat();
    let said = context.backstory(arguments).run();
    insta::assert_snapshot!(steady(&said));
    let unit = serde_json::from_str::<serde_json::Value>(&said.stdout).unwrap();
    assert_eq!(unit["accepted"], 1);
    let report = context.read("run/report.md");
    insta::assert_snapshot!(report);
    let id = format!("acme__toy@{}", &repository().head().as_str()[..12]);
    let shown = context.backstory(["show", "run", id.as_str()]).run();
    insta::assert_snapshot!(shown.stdout);
    let audited = context.backstory(["audit", "run", "--repo", "acme+toy"]).run();
    assert_eq!(audited.exit_code, Some(0), "{audited}");
    let exported = context.backstory(["export", "run", "-o", "out"]).run();
    insta::assert_snapshot!(exported.stderr);
    let checked = context.backstory(["validate", "out/atif", "--target", "atif"]).run();
    assert_eq!(checked.exit_code, Some(0), "{checked}");
}

#[test]
fn what_a_file_will_import_is_a_task_and_answers_to_it_are_scored() {
    let context = context();
    repository().write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    let told = context.backstory(["snapshot", "acme+toy", "-o", "run"]).run();
    assert_eq!(told.exit_code, Some(0), "{told}");
    let exported = context.backstory(["export", "run", "--to", "stages", "-o", "out"]).run();
    assert_eq!(exported.exit_code, Some(0), "{exported}");
    insta::assert_snapshot!(context.read("out/stages/stages.json"));
    let tasks = context.read("out/stages/train-00000-of-00001.jsonl");
    let first: serde_json::Value = serde_json::from_str(tasks.lines().next().unwrap()).unwrap();
    insta::assert_json_snapshot!(first);
    let path = &first["expected"]["paths"][0];
    let answers = [
        serde_json::json!([{"path": path}]),
        serde_json::json!([{"path": path}, {"path": "README.md"}]),
        serde_json::json!([]),
    ];
    let lines = answers.map(|answer| {
        let response = format!("It is this.\n<answer>{answer}</answer>");
        serde_json::json!({"task_id": first["task_id"], "response": response}).to_string() + "\n"
    });
    context.write("responses.jsonl", lines.concat());
    let rows = "out/stages/train-00000-of-00001.jsonl";
    let said = context.backstory(["score", rows, "responses.jsonl"]).run();
    insta::assert_snapshot!(said, @r#"
    exit_code: 0
    ----- stdout -----
    {"task_id":"acme__toy@dbc98df15780/dependency_search/1","score":1.0,"precision":1.0,"recall":1.0,"reason":"ok"}
    {"task_id":"acme__toy@dbc98df15780/dependency_search/1","score":0.6666666666666666,"precision":0.5,"recall":1.0,"reason":"wrong_value"}
    {"task_id":"acme__toy@dbc98df15780/dependency_search/1","score":0.0,"precision":0.0,"recall":0.0,"reason":"wrong_value"}
    ----- stderr -----
    3 responses, 1 with the full score
    "#);
}

#[test]
fn the_same_run_is_not_told_again_and_gives_the_same_bytes() {
    let context = context();
    repository().write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    context.backstory(["snapshot", "acme+toy", "-o", "one"]).run();
    let before = covered(&context.path("one"));
    let again = context.backstory(["snapshot", "acme+toy", "-o", "one"]).run();
    assert!(again.stderr.contains("nothing has changed since the last run"), "{again}");
    assert_eq!(covered(&context.path("one")), before);
    context.backstory(["snapshot", "acme+toy@HEAD", "-o", "two", "--jobs", "2"]).run();
    assert_eq!(covered(&context.path("two")), before);
}

#[test]
fn an_altered_run_is_found() {
    let context = context();
    repository().write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    context.backstory(["snapshot", "acme+toy", "-o", "run"]).run();
    let blob =
        covered(&context.path("run")).into_keys().find(|path| path.starts_with("blobs")).unwrap();
    let path = context.path("run").join(blob);
    let mut bytes = fs::read_file(&path).unwrap();
    bytes[0] ^= 1;
    fs::write_file(&path, &bytes).unwrap();
    let audited = context.backstory(["audit", "run", "--repo", "acme+toy"]).run();
    assert_eq!(audited.exit_code, Some(1), "{audited}");
}

#[test]
fn a_repository_with_nothing_to_write_is_rejected_with_the_reason() {
    let context = context();
    let mut repo = RepoBuilder::new("acme/data");
    repo.commit("Start", [("a.bin", b"\0")]);
    repo.write(&context.path("acme+data"), Layout::BareWithoutConfig);
    let said = context.backstory(["snapshot", "acme+data", "-o", "run"]).run();
    insta::assert_snapshot!(steady(&said));
    let audited = context.backstory(["audit", "run", "--repo", "acme+data"]).run();
    assert_eq!(audited.exit_code, Some(0), "{audited}");
}

#[test]
fn runs_of_changes_and_of_snapshots_are_told_apart() {
    let context = context();
    repository().write(&context.path("acme+toy"), Layout::BareWithoutConfig);
    context.backstory(["snapshot", "acme+toy", "-o", "run"]).run();
    let said = context.backstory(["export", "run", "--to", "swe-bench", "-o", "out"]).run();
    insta::assert_snapshot!(said.to_string());
}

/// Two files that need each other when they are loaded, and one that both need.
fn circle() -> RepoBuilder {
    let mut repo = RepoBuilder::new("acme/ring");
    let lexer = "from ring.parser import parse\nfrom ring.text import trim\n\n\n\
                 def token(text):\n    return parse(trim(text))\n";
    let parser = "from ring import lexer\nfrom ring.text import trim\n\n\n\
                  def parse(text):\n    return [lexer, trim(text)]\n";
    repo.commit(
        "Start",
        [
            ("ring/__init__.py", ""),
            ("ring/lexer.py", lexer),
            ("ring/parser.py", parser),
            ("ring/text.py", "def trim(text):\n    return text.strip()\n"),
            (
                "test_ring.py",
                "from ring.lexer import token\n\n\ndef test():\n    assert token(' ')\n",
            ),
        ],
    );
    repo
}

#[test]
fn one_agent_writes_a_circle_where_circles_are_grouped() {
    let context = context();
    circle().write(&context.path("acme+ring"), Layout::BareWithoutConfig);
    let arguments = ["snapshot", "acme+ring", "--scc", "group", "-o", "run", "--json"];
    let said = context.backstory(arguments).run();
    insta::assert_snapshot!(steady(&said));
    let id = format!("acme__ring@{}", &circle().head().as_str()[..12]);
    let shown = context.backstory(["show", "run", id.as_str()]).run();
    insta::assert_snapshot!(shown.stdout);
    let audited = context.backstory(["audit", "run", "--repo", "acme+ring"]).run();
    assert_eq!(audited.exit_code, Some(0), "{audited}");
    context.backstory(["export", "run", "-o", "out"]).run();
    let checked = context.backstory(["validate", "out/atif", "--target", "atif"]).run();
    assert_eq!(checked.exit_code, Some(0), "{checked}");
}

#[test]
fn signatures_stand_for_later_files_of_a_circle_and_are_not_learned() {
    let context = context();
    wide_circle().write(&context.path("acme+ring"), Layout::BareWithoutConfig);
    let arguments = ["snapshot", "acme+ring", "--scc", "stub", "-o", "run", "--json"];
    let said = context.backstory(arguments).run();
    insta::assert_snapshot!(steady(&said));
    let id = format!("acme__ring@{}", &wide_circle().head().as_str()[..12]);
    let shown = context.backstory(["show", "run", id.as_str()]).run();
    insta::assert_snapshot!(shown.stdout);
    let audited = context.backstory(["audit", "run", "--repo", "acme+ring"]).run();
    assert_eq!(audited.exit_code, Some(0), "{audited}");
    context.backstory(["export", "run", "-o", "out"]).run();
    let checked = context.backstory(["validate", "out/atif", "--target", "atif"]).run();
    assert_eq!(checked.exit_code, Some(0), "{checked}");
    let documents = context.read("out/text/trajectory_initial.jsonl");
    let row: serde_json::Value = serde_json::from_str(documents.lines().next().unwrap()).unwrap();
    let stubs = row["spans"].as_array().unwrap().iter().filter(|span| span["kind"] == "stub");
    assert!(stubs.clone().all(|span| span["loss"] == false && span["tier"] == "derived"));
    assert_eq!(stubs.count(), 1);
    let short = ["snapshot", "acme+ring", "--scc", "stub", "-o", "short", "--read-limit", "60"];
    let said = context.backstory(short).run();
    assert!(!said.stderr.contains("signatures"), "{said}");
    let audited = context.backstory(["audit", "short", "--repo", "acme+ring"]).run();
    assert_eq!(audited.exit_code, Some(0), "{audited}");
}

/// The circle, and a file of it with a part that both others need.
fn wide_circle() -> RepoBuilder {
    let mut repo = circle();
    let kinds = "\"\"\"Kinds of words.\"\"\"\n\nfrom ring import parser\n\nKINDS = {\"word\": 1}\n\n\n\
                 class Kind:\n    name = \"word\"\n\n    def of(self, text):\n        \
                 \"\"\"Tells.\"\"\"\n        return parser.parse(text)\n\n\ndef kind(text):\n    \
                 return Kind().of(text)\n";
    let parser = "from ring import lexer\nfrom ring.kinds import kind\n\n\n\
                  def parse(text):\n    return [lexer, kind(text)]\n";
    let lexer = "from ring.kinds import Kind\nfrom ring.parser import parse\n\n\n\
                 def token(text):\n    return parse(Kind().of(text))\n";
    repo.commit(
        "Tell kinds",
        [("ring/kinds.py", kinds), ("ring/lexer.py", lexer), ("ring/parser.py", parser)],
    );
    repo
}

#[test]
fn a_policy_that_is_as_usual_changes_no_byte() {
    let context = context();
    circle().write(&context.path("acme+ring"), Layout::BareWithoutConfig);
    context.backstory(["snapshot", "acme+ring", "-o", "one"]).run();
    context.backstory(["snapshot", "acme+ring", "--scc", "cut", "-o", "two"]).run();
    assert_eq!(covered(&context.path("one")), covered(&context.path("two")));
    assert!(!context.read("one/manifest.json").contains("scc"));
}
