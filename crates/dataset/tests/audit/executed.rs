//! What does a correct execution of a unit look like, written down by hand?
//!
//! In: nothing. Out: a unit of one commit whose tests come first, its runs with
//! their reports, and the trajectory that shows them.

mod planted;
mod rerun;

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    Action, AsItStood, AuthoredState, BlobId, ChangeUnit, CommitId, Containment, ContainmentLevel,
    Ending, EvidenceId, ExecutedState, Execution, ExecutionId, ExecutionOutcome, FailToPass, Gate,
    GateResult, IssueRecord, JudgedTest, Language, Limits, Mutant, MutantKind, MutantVerdict,
    Observation, OracleStrength, Phase, Provenance, Record, RecordId, Repository as _, Requirement,
    RequirementSource, Role, RunOrder, RunVerdict, SchemaVersion, Seen, Sequence, Sha256, Step,
    TaskInstance, TestId, TestOrigin, TestOutcome, TestReport, TouchedFile, TouchedTest,
    Trajectory, TreeId, UnitExecution, UnitId, UnitLabels, git_object_id,
};
use backstory_testkit::{Edit, MemoryRepository, RepoBuilder};

use crate::sample::Sample;

const PARSE: &str = "def parse(line):
    parts = line.split(\",\")
    return parts[0], parts[1]
";
const TEST: &str = "from parse import parse


def test_parse():
    assert parse(\"a,b\") == (\"a\", \"b\")
";
const OLD_SOURCE: &str = "    return parts[0], parts[1]\n";
const OLD_TEST: &str = "    assert parse(\"a,b\") == (\"a\", \"b\")\n";
const NEW_TEST: &str = "    assert parse(\"a,b\") == (\"a\", \"b\")


def test_short():
    assert parse(\"a\") is None
";
const GUARD: &str = "    if len(parts) < 2:\n        return None\n";
/// One mutant the tests reject, and one they accept.
const MUTANTS: [&str; 2] = [
    "    if len(parts) < 2:\n        return 0\n",
    "    if len(parts) <= 1:\n        return None\n",
];
const TESTS: &str = "diff --git a/tests/test_parse.py b/tests/test_parse.py
--- a/tests/test_parse.py
+++ b/tests/test_parse.py
@@ -4,2 +4,6 @@
 def test_parse():
     assert parse(\"a,b\") == (\"a\", \"b\")
+
+
+def test_short():
+    assert parse(\"a\") is None
";
const OUTPUT: &str = concat!(
    "tests/test_parse.py:9: in test_short\n    assert parse(\"a\") is None\n/work",
    "/src/parse.py:3: IndexError\nFAILED tests/test_parse.py::test_short\n",
);
const OLD_ID: &str = "tests/test_parse.py::test_parse";
const NEW_ID: &str = "tests/test_parse.py::test_short";
const CANARIES: [&str; 2] =
    ["tests/test_canary.py::test_passes", "tests/test_canary.py::test_fails"];
const STATEMENT: &str = "parse fails on short lines";
const COMMAND: [&str; 4] = ["python", "-m", "pytest", "tests/test_parse.py"];

/// The source with a guard in it.
fn guarded(guard: &str) -> String {
    PARSE.replace(OLD_SOURCE, &format!("{guard}{OLD_SOURCE}"))
}

fn source_patch(guard: &str) -> String {
    let added = format!("+{}\n", guard.trim_end().replace('\n', "\n+"));
    format!(
        "diff --git a/src/parse.py b/src/parse.py
--- a/src/parse.py
+++ b/src/parse.py
@@ -1,3 +1,5 @@
 def parse(line):
     parts = line.split(\",\")
{added}     return parts[0], parts[1]
"
    )
}

fn blob(content: &str) -> BlobId {
    git_object_id("blob", content.as_bytes())
}

/// The commits of the history; those of `trees` stand beside it.
struct History {
    base: CommitId,
    parent: CommitId,
    head: CommitId,
    merge: CommitId,
    with_tests: CommitId,
    canaries: CommitId,
    mutants: Vec<CommitId>,
}

fn history(builder: &mut RepoBuilder) -> History {
    let test = TEST.replace(OLD_TEST, NEW_TEST);
    let files = [("src/parse.py", Edit::from(PARSE)), ("tests/test_parse.py", Edit::from(TEST))];
    let base = builder.commit("Parse lines", files);
    let mut beside = |name: &str, from: &CommitId, files: Vec<(&str, Edit)>| {
        builder.branch_from(name, from);
        builder.commit(name, files)
    };
    let tests = |content: &str| ("tests/test_parse.py", Edit::from(content));
    let source = |guard: &str| ("src/parse.py", Edit::from(guarded(guard).as_str()));
    let with_tests = beside("tests", &base, vec![tests(&test)]);
    let mutants = [("one", MUTANTS[0]), ("two", MUTANTS[1])]
        .map(|(name, guard)| beside(name, &base, vec![tests(&test), source(guard)]));
    let head = beside("short", &base, vec![tests(&test), source(GUARD)]);
    let canary = ("tests/test_canary.py", Edit::from("def test_passes(): pass\n"));
    let canaries = beside("canaries", &head, vec![canary]);
    builder.switch("main");
    let parent = builder.commit("Add a changelog", [("CHANGES.md", "# Changes\n")]);
    let message = "Merge pull request #8 from ada/short";
    let merge = builder.merge(message, std::slice::from_ref(&head), [] as [(&str, Edit); 0]);
    History { base, parent, head, merge, with_tests, canaries, mutants: mutants.to_vec() }
}

/// Builds the sample.
pub(crate) fn executed_sample() -> Sample {
    let mut builder = RepoBuilder::new("acme/toy");
    let history = history(&mut builder);
    let repo = builder.memory();
    let mut sample = Sample {
        trajectory: trajectory(&repo, &history),
        builder,
        repo,
        records: vec![issue()],
        blobs: BTreeMap::new(),
        execution: None,
    };
    let gold = source_patch(GUARD);
    let test = TEST.replace(OLD_TEST, NEW_TEST);
    for content in [PARSE, TEST, &test, &guarded(GUARD), &gold, TESTS, OUTPUT, "1 passed\n", "["] {
        sample.store(content.as_bytes());
    }
    sample.execution = Some(execution(&mut sample, &history));
    sample
}

fn issue() -> Record {
    Record::Issue(IssueRecord {
        id: RecordId::new("issue:3"),
        number: 3,
        title: STATEMENT.to_owned(),
        body: None,
        author: None,
        state: None,
        labels: Vec::new(),
        created_at: None,
        updated_at: None,
        observed_at: None,
        closed_at: None,
        url: None,
    })
}

fn trajectory(repo: &MemoryRepository, history: &History) -> Trajectory {
    let read = |id: &CommitId| repo.commit(id).expect("the builder made it");
    let head = read(&history.head);
    Trajectory {
        schema: SchemaVersion::CURRENT,
        unit: ChangeUnit {
            id: UnitId::new("acme__toy-8"),
            repo: "acme/toy".to_owned().try_into().expect("a name"),
            commit: history.merge.clone(),
            position: 2,
            parent: Some(history.parent.clone()),
            pull: Some(8),
            base: Some(history.base.clone()),
            base_tree: read(&history.base).tree,
            head: history.head.clone(),
            head_tree: head.tree.clone(),
            states: vec![AuthoredState {
                commit: head.id,
                tree: head.tree,
                message: head.message,
                authored_at: head.author.seconds,
            }],
            sequence: Sequence::Authored,
            links: Vec::new(),
            labels: UnitLabels {
                files: 2,
                source_files: 1,
                test_files: 1,
                lines_added: 6,
                small: true,
                test_source: true,
                languages: BTreeSet::from([Language::Python]),
                ..UnitLabels::default()
            },
        },
        requirement: Requirement {
            source: RequirementSource::Issue,
            record: Some(RecordId::new("issue:3")),
            as_it_stood: AsItStood::Unknown,
            flags: Vec::new(),
        },
        license: None,
        gold_patch: blob(&source_patch(GUARD)),
        test_patch: blob(TESTS),
        steps: steps(history, &read(&history.with_tests).tree),
    }
}

fn step(phase: Phase, action: Action, choice: Provenance) -> Step {
    Step { phase, action, choice, observation: None, thought: None, hindsight: false, state: None }
}

fn view(path: &str, content: &str, lines: (u32, u32), choice: Provenance, at: EvidenceId) -> Step {
    let total = u32::try_from(content.lines().count()).expect("a few");
    let content = Observation::Lines { blob: blob(content), total };
    let action = Action::View { path: path.into(), start: lines.0, end: lines.1 };
    let observation = Some(Seen { content, provenance: Provenance::observed([at]) });
    Step { observation, ..step(Phase::Reading, action, choice) }
}

fn edit(
    (path, old, new): (&str, &str, &str),
    (before, after): (&str, &str),
    rule: &str,
    commit: &CommitId,
) -> Step {
    let own = || [EvidenceId::commit(commit)];
    let action = Action::Edit { path: path.into(), old: old.to_owned(), new: new.to_owned() };
    let content = Observation::Applied { before: Some(blob(before)), after: Some(blob(after)) };
    let observation = Some(Seen { content, provenance: Provenance::observed(own()) });
    let edit = step(Phase::Editing, action, Provenance::derived(rule, own()));
    Step { observation, state: Some(0), ..edit }
}

fn run_step(phase: Phase, rule: &str, id: &str, (output, status): (&str, i32)) -> Step {
    let execution = ExecutionId::new(id);
    let choice = Provenance::derived(rule, [EvidenceId::execution(&execution)]);
    let content = Observation::TestOutput { output: blob(output), status: Some(status) };
    let command = COMMAND.map(str::to_owned).to_vec();
    let observation = Some(Seen { content, provenance: Provenance::Executed { execution } });
    Step { observation, ..step(phase, Action::RunTests { command }, choice) }
}

fn steps(history: &History, with_tests: &TreeId) -> Vec<Step> {
    let requirement = Action::Message { role: Role::User, text: STATEMENT.to_owned() };
    let record = Provenance::observed([EvidenceId::new("record:issue:3")]);
    let base = EvidenceId::commit(&history.base);
    let target = Provenance::derived("read/edit-target", []);
    let test = TEST.replace(OLD_TEST, NEW_TEST);
    let frame = Provenance::derived("read/stack-frame", [EvidenceId::step(4)]);
    let red = ExecutionId::new("base_with_tests/file/1");
    let executed = Provenance::Executed { execution: red };
    let tree = || EvidenceId::tree(with_tests);
    let says = Action::Message { role: Role::Agent, text: "short".to_owned() };
    let own = Provenance::observed([EvidenceId::commit(&history.head)]);
    let message = "Merge pull request #8 from ada/short".to_owned();
    let merge = Provenance::observed([EvidenceId::commit(&history.merge)]);
    vec![
        step(Phase::Requirements, requirement, record),
        Step { hindsight: true, ..view("tests/test_parse.py", TEST, (1, 5), target, base) },
        edit(
            ("tests/test_parse.py", OLD_TEST, NEW_TEST),
            (TEST, &test),
            "edit/tests-first",
            &history.head,
        ),
        run_step(Phase::Debugging, "run/reproduce", "base_with_tests/file/1", (OUTPUT, 1)),
        view("src/parse.py", PARSE, (2, 3), frame, tree()),
        view("src/parse.py", PARSE, (1, 2), executed, tree()),
        edit(
            ("src/parse.py", OLD_SOURCE, &format!("{GUARD}{OLD_SOURCE}")),
            (PARSE, &guarded(GUARD)),
            "edit/tests-first",
            &history.head,
        ),
        Step { state: Some(0), ..step(Phase::Editing, says, own) },
        run_step(Phase::Validation, "run/validate", "head/file/1", ("1 passed\n", 0)),
        step(Phase::Validation, Action::Finish { message }, merge),
    ]
}

fn report(outcomes: &[(&str, TestOutcome)]) -> TestReport {
    let red = outcomes.iter().any(|(_, outcome)| outcome.is_failure());
    let outcomes = outcomes.iter().map(|(id, outcome)| (TestId::new(*id), *outcome));
    let report = TestReport::from_outcomes(outcomes);
    TestReport { complete: true, status: Some(i32::from(red)), ..report }
}

/// Puts runs of one sample together.
struct Made<'s> {
    sample: &'s mut Sample,
    list: Vec<Execution>,
}

impl Made<'_> {
    fn add(
        &mut self,
        id: &str,
        (state, order): (ExecutedState, RunOrder),
        commit: &CommitId,
        outcomes: &[(&str, TestOutcome)],
    ) {
        let report = report(outcomes);
        let status = report.status.expect("it says one");
        let tree = self.sample.repo.commit(commit).expect("the builder made it").tree;
        let output = if status == 0 { "1 passed\n" } else { OUTPUT };
        let json = serde_json::to_vec(&report).expect("a report is JSON");
        self.list.push(Execution {
            id: ExecutionId::new(id),
            state,
            tree,
            order,
            command: COMMAND.map(str::to_owned).to_vec(),
            environment: Sha256::from_digest(&[7; 32]),
            containment: ContainmentLevel::Full,
            ending: Ending::Exited { status },
            status: Some(status),
            verdict: RunVerdict::Stable,
            why: None,
            report: self.sample.store(&json),
            output: blob(output),
            cut: None,
            touched: None,
        });
    }
}

fn touched() -> Vec<TouchedTest> {
    let file = |path: &str, lines: &[u32]| TouchedFile {
        path: path.to_owned(),
        functions: Vec::new(),
        lines: lines.to_vec(),
    };
    let test = |id: &str, line: u32| TouchedTest {
        test: Some(TestId::new(id)),
        files: vec![file("tests/test_parse.py", &[line]), file("src/parse.py", &[2, 3])],
    };
    vec![test(OLD_ID, 5), test(NEW_ID, 9)]
}

fn execution(sample: &mut Sample, history: &History) -> UnitExecution {
    use TestOutcome::{Failed, Passed};
    let (red, green) = ([(OLD_ID, Passed), (NEW_ID, Failed)], [(OLD_ID, Passed), (NEW_ID, Passed)]);
    let selected = |ids: &[&str]| RunOrder::Selected {
        tests: ids.iter().map(|id| TestId::new(*id)).collect(),
    };
    let random = || RunOrder::Random { seed: 1 };
    let mut made = Made { sample, list: Vec::new() };
    made.add("base/file/1", (ExecutedState::Base, RunOrder::File), &history.base, &red[..1]);
    let with_tests = || ExecutedState::BaseWithTests;
    let (tests, head) = (&history.with_tests, &history.head);
    made.add("base_with_tests/file/1", (with_tests(), RunOrder::File), tests, &red);
    made.add("base_with_tests/random/1", (with_tests(), random()), tests, &red);
    let alone = selected(&[NEW_ID]);
    made.add("base_with_tests/selected/1", (with_tests(), alone.clone()), tests, &red[1..]);
    made.add("head/file/1", (ExecutedState::Head, RunOrder::File), head, &green);
    made.add("head/random/1", (ExecutedState::Head, random()), head, &green);
    made.add("head/selected/1", (ExecutedState::Head, alone), head, &green[1..]);
    let both = selected(&[OLD_ID, NEW_ID]);
    made.add("head/selected/2", (ExecutedState::Head, both), head, &green);
    let planted = [(CANARIES[0], Passed), (CANARIES[1], Failed)];
    let canaries = (ExecutedState::Canaries, RunOrder::File);
    made.add("canaries/file/1", canaries, &history.canaries, &planted);
    for (number, outcomes) in [(1, &red), (2, &green)] {
        let state = (ExecutedState::Mutant { number }, RunOrder::File);
        let commit = &history.mutants[number as usize - 1];
        made.add(&format!("mutant/{number}/file/1"), state, commit, outcomes);
    }
    let mut executions = made.list;
    let json = serde_json::to_vec(&touched()).expect("touched lines are JSON");
    executions[1].touched = Some(sample.store(&json));
    let mutants = [MutantVerdict::FailToPassFails, MutantVerdict::Survives];
    let mutants = (1..).zip(mutants).map(|(number, verdict)| Mutant {
        number,
        kind: MutantKind::FlipToken,
        patch: sample.store(source_patch(MUTANTS[number as usize - 1]).as_bytes()),
        verdict,
        execution: Some(ExecutionId::new(format!("mutant/{number}/file/1"))),
    });
    let mutants: Vec<Mutant> = mutants.collect();
    UnitExecution {
        schema: SchemaVersion::CURRENT,
        unit: sample.trajectory.unit.id.clone(),
        outcome: ExecutionOutcome::Confirmed,
        recipe: None,
        lock: None,
        log: None,
        containment: Containment {
            level: ContainmentLevel::Full,
            launcher: "bubblewrap 0.8.0".to_owned(),
            cgroup: None,
            landlock: 7,
            seccomp: true,
            missing: Vec::new(),
        },
        limits: Limits::default(),
        executions,
        tests: vec![
            judged(OLD_ID, Some(Passed), Passed, None),
            judged(NEW_ID, Some(TestOutcome::NotRun), Failed, Some(TestOrigin::New)),
        ],
        flaky: Vec::new(),
        repeats: 2,
        mutants,
        candidates: Vec::new(),
        gates: Gate::ALL
            .map(|gate| GateResult { gate, passed: true, detail: "seen".to_owned() })
            .to_vec(),
        instance: Some(instance(&sample.trajectory)),
    }
}

fn judged(
    id: &str,
    base: Option<TestOutcome>,
    before: TestOutcome,
    origin: Option<TestOrigin>,
) -> JudgedTest {
    JudgedTest { id: TestId::new(id), base, before, after: TestOutcome::Passed, origin }
}

fn instance(trajectory: &Trajectory) -> TaskInstance {
    let unit = &trajectory.unit;
    TaskInstance {
        instance_id: unit.id.clone(),
        repo: unit.repo.clone(),
        base_commit: unit.base.clone().expect("it has one"),
        problem_statement: STATEMENT.to_owned(),
        patch: trajectory.gold_patch.clone(),
        test_patch: trajectory.test_patch.clone(),
        created_at: unit.states[0].authored_at,
        fail_to_pass: vec![FailToPass { id: TestId::new(NEW_ID), origin: TestOrigin::New }],
        pass_to_pass: vec![TestId::new(OLD_ID)],
        test_files: vec!["tests/test_parse.py".to_owned()],
        oracle: Some(OracleStrength { judged: 2, rejected: 1, unresolved: 0, weak: false }),
    }
}

#[test]
fn a_correct_execution_passes() {
    let audit = executed_sample().audit();
    assert!(audit.is_clean(), "{:#?}", audit.findings);
    assert_eq!(audit.checked.executions, 11);
}
