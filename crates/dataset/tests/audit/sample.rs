//! What does a correct trajectory look like, written down by hand?
//!
//! In: nothing. Out: a small repository with one merged pull request, the
//! trajectory a careful author would write for it, and its stored blobs.

use std::collections::{BTreeMap, BTreeSet};

use backstory_dataset::audit::{self, AuditOptions, RecordTexts, Sources, TrajectoryAudit};
use backstory_model::{
    Action, AsItStood, AuthoredState, BlobId, ChangeUnit, Commit, CommitId, Content, EvidenceId,
    FileMode, Hit, IssueRecord, LicenseEvidence, Link, LinkMethod, LinkTarget, Listed, ListedKind,
    Observation, OpaqueReason, Phase, Provenance, Record, RecordId, RepoPath, Repository as _,
    Requirement, RequirementSource, Role, SchemaVersion, Seen, Sequence, Step, Trajectory,
    UnitExecution, UnitId, UnitLabels, git_object_id,
};
use backstory_testkit::{Edit, MemoryRepository, RepoBuilder};

const PARSE: &str = "\"\"\"Parses lines.\"\"\"


def split(line):
    return line.split(\",\")


def parse(line):
    parts = split(line)
    return parts[0], parts[1]
";
const LEXER: &str = "def token(text):\n    return text.strip()\n";
const README: &str = "# toy\n\nParses lines.\n";
const OLD: &str = "# nothing here\n";
const TEST: &str = "from parse import parse


def test_parse():
    assert parse(\"a,b\") == (\"a\", \"b\")
";
const TEST_SHORT: &str = "from parse import parse


def test_a_short_line_is_none():
    assert parse(\"a\") is None
";
const LOGO: &[u8] = b"\x89PNG\0";
const TITLE: &str = "parse fails on short lines";
const BODY: &str = "`parse(\"a\")` in parse.py raises IndexError.\n";

/// The three edits of the first commit and the one of the last.
const EDITS: [(&str, &str); 4] = [
    ("\"\"\"Parses lines.\"\"\"\n", "\"\"\"Parses lines.\"\"\"\n\nfrom lexer import token\n"),
    ("line.split(\",\")", "[token(part) for part in line.split(\",\")]"),
    (
        "    parts = split(line)\n",
        "    parts = split(line)\n    if len(parts) < 2:\n        return None\n",
    ),
    ("lines.\"", "lines; a short one is None.\""),
];

const GOLD: &str = "diff --git a/README.md b/README.md
deleted file mode 100644
--- a/README.md
+++ /dev/null
@@ -1,3 +0,0 @@
-# toy
-
-Parses lines.
diff --git a/README.rst b/README.rst
new file mode 100644
--- /dev/null
+++ b/README.rst
@@ -0,0 +1,3 @@
+# toy
+
+Parses lines.
diff --git a/docs/logo.png b/docs/logo.png
new file mode 100644
Binary files /dev/null and b/docs/logo.png differ
diff --git a/run.sh b/run.sh
old mode 100644
new mode 100755
diff --git a/src/old.py b/src/old.py
deleted file mode 100644
--- a/src/old.py
+++ /dev/null
@@ -1 +0,0 @@
-# nothing here
diff --git a/src/parse.py b/src/parse.py
--- a/src/parse.py
+++ b/src/parse.py
@@ -1,10 +1,14 @@
-\"\"\"Parses lines.\"\"\"
+\"\"\"Parses lines; a short one is None.\"\"\"
+
+from lexer import token
 
 
 def split(line):
-    return line.split(\",\")
+    return [token(part) for part in line.split(\",\")]
 
 
 def parse(line):
     parts = split(line)
+    if len(parts) < 2:
+        return None
     return parts[0], parts[1]
";

/// The test patch; the file ends with a line feed.
const TESTS: &str = "diff --git a/tests/test_short.py b/tests/test_short.py
new file mode 100644
--- /dev/null
+++ b/tests/test_short.py
@@ -0,0 +1,5 @@
+from parse import parse
+
+
+def test_a_short_line_is_none():
+    assert parse(\"a\") is None
";

/// A trajectory and everything its audit reads.
#[derive(Clone)]
pub(crate) struct Sample {
    pub(crate) builder: RepoBuilder,
    pub(crate) repo: MemoryRepository,
    pub(crate) records: Vec<Record>,
    pub(crate) blobs: BTreeMap<BlobId, Vec<u8>>,
    pub(crate) trajectory: Trajectory,
    pub(crate) execution: Option<UnitExecution>,
}

impl Sample {
    pub(crate) fn audit(&self) -> TrajectoryAudit {
        let blobs = |id: &BlobId| self.blobs.get(id).cloned();
        let evidence = RecordTexts::new(&self.records);
        let sources = Sources { repo: &self.repo, blobs: &blobs, evidence: &evidence };
        audit::trajectory(
            &self.trajectory,
            self.execution.as_ref(),
            sources,
            AuditOptions::default(),
        )
    }

    /// Returns the source patch as text.
    pub(crate) fn gold(&self) -> String {
        let bytes = self.blobs[&self.trajectory.gold_patch].clone();
        String::from_utf8(bytes).expect("the patch is text")
    }

    /// Returns the bytes of a file at an authored state.
    pub(crate) fn file(&self, state: usize, path: &str) -> Vec<u8> {
        let commit = &self.trajectory.unit.states[state].commit;
        self.builder.file(commit, &path.into()).expect("the file is there")
    }

    /// Stores bytes under their id.
    pub(crate) fn store(&mut self, bytes: &[u8]) -> BlobId {
        let id = git_object_id("blob", bytes);
        self.blobs.insert(id.clone(), bytes.to_vec());
        id
    }
}

/// The commits of the sample history.
struct History {
    base: CommitId,
    parent: CommitId,
    states: Vec<CommitId>,
    merge: CommitId,
}

fn history(builder: &mut RepoBuilder) -> History {
    let base = builder.commit(
        "Parse lines",
        [
            ("LICENSE", Edit::from("MIT License\n")),
            ("README.md", Edit::from(README)),
            ("logo.png", Edit::from(LOGO)),
            ("run.sh", Edit::from("#!/bin/sh\n")),
            ("src/lexer.py", Edit::from(LEXER)),
            ("src/old.py", Edit::from(OLD)),
            ("src/parse.py", Edit::from(PARSE)),
            ("tests/test_parse.py", Edit::from(TEST)),
        ],
    );
    builder.branch_from("short", &base);
    let pairs = EDITS.map(|(old, new)| (old.to_owned(), new.to_owned()));
    let first = builder.commit(
        "Return None for short lines\n\nThey raised IndexError.",
        [("src/parse.py", Edit::Replace(pairs[..3].to_vec()))],
    );
    let second = builder.commit(
        "Test short lines and tidy up",
        [
            ("tests/test_short.py", Edit::from(TEST_SHORT)),
            ("docs/logo.png", Edit::from(b"\x89PNG\0\x01")),
            ("src/old.py", Edit::Delete),
            ("README.rst", Edit::MoveFrom("README.md".into())),
            ("run.sh", Edit::MakeExecutable),
        ],
    );
    let third = builder
        .commit("Say what a short line is", [("src/parse.py", Edit::Replace(pairs[3..].to_vec()))]);
    builder.switch("main");
    let parent = builder.commit("Add a changelog", [("CHANGES.md", "# Changes\n")]);
    let merge = builder.merge(
        "Merge pull request #7 from ada/short\n\nFixes #3",
        std::slice::from_ref(&third),
        [] as [(&str, Edit); 0],
    );
    History { base, parent, states: vec![first, second, third], merge }
}

/// Builds the sample.
pub(crate) fn sample() -> Sample {
    let mut builder = RepoBuilder::new("acme/toy");
    let history = history(&mut builder);
    let repo = builder.memory();
    let issue = IssueRecord {
        id: RecordId::new("issue:3"),
        number: 3,
        title: TITLE.to_owned(),
        body: Some(BODY.to_owned()),
        author: None,
        state: None,
        labels: Vec::new(),
        created_at: None,
        updated_at: None,
        observed_at: None,
        closed_at: None,
        url: None,
    };
    let mut blobs = BTreeMap::new();
    for content in [PARSE, LEXER, README, OLD, TEST, TEST_SHORT, GOLD, TESTS, &parse_after(3)] {
        blobs.insert(git_object_id("blob", content.as_bytes()), content.as_bytes().to_vec());
    }
    let trajectory = trajectory(&repo, &history);
    Sample {
        builder,
        repo,
        records: vec![Record::Issue(issue)],
        blobs,
        trajectory,
        execution: None,
    }
}

fn trajectory(repo: &MemoryRepository, history: &History) -> Trajectory {
    let read = |id: &CommitId| repo.commit(id).expect("the builder made it");
    Trajectory {
        schema: SchemaVersion::CURRENT,
        unit: unit(history, &read),
        requirement: Requirement {
            source: RequirementSource::Issue,
            record: Some(RecordId::new("issue:3")),
            as_it_stood: AsItStood::Unknown,
            flags: Vec::new(),
        },
        license: Some(LicenseEvidence {
            path: "LICENSE".into(),
            blob: blob("MIT License\n"),
            spdx: "MIT".to_owned(),
        }),
        gold_patch: blob(GOLD),
        test_patch: blob(TESTS),
        steps: steps(history),
    }
}

fn unit(history: &History, read: &dyn Fn(&CommitId) -> Commit) -> ChangeUnit {
    let states = history.states.iter().map(read).map(|commit| AuthoredState {
        commit: commit.id,
        tree: commit.tree,
        message: commit.message,
        authored_at: commit.author.seconds,
    });
    let states: Vec<AuthoredState> = states.collect();
    let last = states.last().expect("there are three").clone();
    ChangeUnit {
        id: UnitId::new("acme__toy-7"),
        repo: "acme/toy".to_owned().try_into().expect("a name"),
        commit: history.merge.clone(),
        position: 2,
        parent: Some(history.parent.clone()),
        pull: Some(7),
        base: Some(history.base.clone()),
        base_tree: read(&history.base).tree,
        head: last.commit,
        head_tree: last.tree,
        states,
        sequence: Sequence::Authored,
        links: vec![Link {
            target: LinkTarget::Issue,
            number: 3,
            method: LinkMethod::ClosingKeyword,
            confidence: 90,
            evidence: EvidenceId::commit(&history.merge),
            excerpt: "Fixes #3".to_owned(),
        }],
        labels: UnitLabels {
            files: 7,
            source_files: 2,
            test_files: 1,
            lines_added: 14,
            lines_removed: 6,
            small: true,
            test_source: true,
            opaque_files: 1,
            languages: BTreeSet::from([backstory_model::Language::Python]),
            ..UnitLabels::default()
        },
    }
}

fn blob(content: &str) -> BlobId {
    git_object_id("blob", content.as_bytes())
}

/// The parser after so many of its edits.
fn parse_after(edits: usize) -> String {
    EDITS[..edits].iter().fold(PARSE.to_owned(), |text, (old, new)| text.replacen(old, new, 1))
}

fn hit(path: &str, line: u32, text: &str) -> Hit {
    Hit { path: path.into(), line, text: text.to_owned() }
}

/// Builds steps one after the other.
struct Steps {
    list: Vec<Step>,
    /// The commit the state is at.
    at: CommitId,
}

impl Steps {
    fn add(&mut self, phase: Phase, action: Action, choice: Provenance) -> &mut Step {
        self.list.push(Step {
            phase,
            action,
            choice,
            observation: None,
            thought: None,
            hindsight: false,
            state: None,
        });
        self.list.last_mut().expect("one was added")
    }

    fn seen(&mut self, content: Observation) {
        let provenance = Provenance::observed([EvidenceId::commit(&self.at)]);
        let step = self.list.last_mut().expect("a step comes first");
        step.observation = Some(Seen { content, provenance });
    }

    fn hindsight(&mut self) {
        self.list.last_mut().expect("a step comes first").hindsight = true;
    }

    fn search(&mut self, pattern: &str, choice: Provenance, hits: Vec<Hit>, files: u32) {
        let action = Action::Search { pattern: pattern.to_owned(), whole_word: true };
        self.add(Phase::Localization, action, choice);
        let total = u32::try_from(hits.len()).expect("a few");
        self.seen(Observation::Hits { hits, total, files });
    }

    fn view(&mut self, path: &str, content: &str, choice: Provenance) {
        let total = u32::try_from(content.lines().count()).expect("a few");
        let action = Action::View { path: path.into(), start: 1, end: total };
        self.add(Phase::Reading, action, choice);
        self.seen(Observation::Lines { blob: blob(content), total });
    }

    fn change(
        &mut self,
        (state, commit): (u32, &CommitId),
        action: Action,
        (before, after): (Option<BlobId>, Option<BlobId>),
        is_final: bool,
    ) {
        let commit = || [EvidenceId::commit(commit)];
        let choice = Provenance::derived("edit/definition-before-use", commit());
        let provenance = if is_final {
            Provenance::observed(commit())
        } else {
            Provenance::derived("edit/apply", commit())
        };
        let step = self.add(Phase::Editing, action, choice);
        step.state = Some(state);
        let content = Observation::Applied { before, after };
        step.observation = Some(Seen { content, provenance });
    }

    fn edit_parser(&mut self, state: (u32, &CommitId), edit: usize, is_final: bool) {
        let (old, new) = EDITS[edit];
        let action =
            Action::Edit { path: "src/parse.py".into(), old: old.to_owned(), new: new.to_owned() };
        let blobs = (Some(blob(&parse_after(edit))), Some(blob(&parse_after(edit + 1))));
        self.change(state, action, blobs, is_final);
    }

    fn says(&mut self, text: &str, (state, commit): (u32, &CommitId)) {
        let action = Action::Message { role: Role::Agent, text: text.to_owned() };
        let choice = Provenance::observed([EvidenceId::commit(commit)]);
        self.add(Phase::Editing, action, choice).state = Some(state);
    }
}

fn steps(history: &History) -> Vec<Step> {
    let mut steps = Steps { list: Vec::new(), at: history.base.clone() };
    look_around(&mut steps);
    let states: Vec<(u32, &CommitId)> = (0..).zip(&history.states).collect();
    for edit in 0..3 {
        steps.edit_parser(states[0], edit, edit == 2);
    }
    steps.says("Return None for short lines\n\nThey raised IndexError.", states[0]);
    steps.at = states[0].1.clone();
    tidy_up(&mut steps, states[1]);
    steps.says("Test short lines and tidy up", states[1]);
    steps.edit_parser(states[2], 3, true);
    let own = Provenance::observed([EvidenceId::commit(states[2].1)]);
    steps.list.last_mut().expect("an edit").choice = own;
    steps.says("Say what a short line is", states[2]);
    let message = "Merge pull request #7 from ada/short".to_owned();
    let own = Provenance::observed([EvidenceId::commit(&history.merge)]);
    steps.add(Phase::Editing, Action::Finish { message }, own);
    steps.list
}

/// Steps 1 to 7: everything before the first edit.
fn look_around(steps: &mut Steps) {
    let text = format!("{TITLE}\n\n{BODY}");
    let named = text.find("parse.py").expect("the issue names the file");
    let issue = Provenance::observed([EvidenceId::new("record:issue:3")]);
    steps.add(Phase::Requirements, Action::Message { role: Role::User, text }, issue);
    let root = Action::List { path: RepoPath::root(), depth: 2 };
    steps.add(Phase::Localization, root, Provenance::derived("localize/list-root", []));
    let entries = [
        "LICENSE",
        "README.md",
        "logo.png",
        "run.sh",
        "src",
        "src/lexer.py",
        "src/old.py",
        "src/parse.py",
        "tests",
        "tests/test_parse.py",
    ];
    let entries = entries.map(|path| {
        let directory = path == "src" || path == "tests";
        let kind = if directory { ListedKind::Directory } else { ListedKind::File };
        Listed { path: path.into(), kind }
    });
    steps.seen(Observation::Entries { entries: entries.to_vec(), total: 10 });
    let hits = vec![
        hit("src/parse.py", 8, "def parse(line):"),
        hit("tests/test_parse.py", 1, "from parse import parse"),
        hit("tests/test_parse.py", 5, "    assert parse(\"a,b\") == (\"a\", \"b\")"),
    ];
    let term = Provenance::derived("localize/requirement-term", [EvidenceId::requirement(0, 5)]);
    steps.search("parse", term, hits, 2);
    let term = Provenance::derived("localize/changed-term", []);
    steps.search("token", term, vec![hit("src/lexer.py", 1, "def token(text):")], 1);
    steps.hindsight();
    let named = EvidenceId::requirement(named, named + "parse.py".len());
    steps.view("src/parse.py", PARSE, Provenance::derived("read/named-file", [named]));
    let hit = Provenance::derived("read/search-hit", [EvidenceId::step(3)]);
    steps.view("tests/test_parse.py", TEST, hit);
    let symbol = Provenance::derived("read/definition", [EvidenceId::symbol("token")]);
    steps.view("src/lexer.py", LEXER, symbol);
    steps.hindsight();
}

/// Steps 12 to 18: the second authored commit.
fn tidy_up(steps: &mut Steps, state: (u32, &CommitId)) {
    for (path, content) in [("README.md", README), ("src/old.py", OLD)] {
        steps.view(path, content, Provenance::derived("read/edit-target", []));
        steps.hindsight();
    }
    let content = Content::Text { blob: blob(TEST_SHORT) };
    let mode = FileMode::Plain;
    let create = Action::Create { path: "tests/test_short.py".into(), mode, content };
    steps.change(state, create, (None, Some(blob(TEST_SHORT))), true);
    let logo = git_object_id("blob", b"\x89PNG\0\x01");
    let content = Content::Opaque { blob: logo.clone(), reason: OpaqueReason::Binary };
    let create = Action::Create { path: "docs/logo.png".into(), mode, content };
    steps.change(state, create, (None, Some(logo)), true);
    let delete = Action::Delete { path: "src/old.py".into() };
    steps.change(state, delete, (Some(blob(OLD)), None), true);
    let rename = Action::Rename { from: "README.md".into(), to: "README.rst".into() };
    steps.change(state, rename, (Some(blob(README)), Some(blob(README))), true);
    let executable = Action::SetMode { path: "run.sh".into(), mode: FileMode::Executable };
    let script = blob("#!/bin/sh\n");
    steps.change(state, executable, (Some(script.clone()), Some(script)), true);
}
