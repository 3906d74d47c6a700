//! What does a hand-made execution look like?
//!
//! Reports, outputs and touched lines made up for histories in memory; nothing
//! is run.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    BlobId, Containment, ContainmentLevel, Ending, ExecutedState, Execution, ExecutionId,
    ExecutionOutcome, Limits, RunOrder, RunVerdict, SchemaVersion, Sha256, TestId, TestOutcome,
    TestReport, TouchedFile, TouchedTest, TreeId, UnitExecution, UnitId, git_object_id,
};
use backstory_synth::{ExecutionEvidence, UnitEvidence};

/// The tests of a unit, run in some of its states.
pub struct Ran {
    evidence: ExecutionEvidence,
}

/// What one run printed and said.
pub struct Told<'a> {
    pub id: &'a str,
    pub state: ExecutedState,
    pub tree: &'a TreeId,
    pub command: &'a str,
    pub output: &'a str,
    pub outcomes: &'a [(&'a str, TestOutcome)],
}

impl Ran {
    /// No run so far.
    pub fn new(unit: &str) -> Self {
        let containment = Containment {
            level: ContainmentLevel::Namespaces,
            launcher: "none".to_owned(),
            cgroup: None,
            landlock: 0,
            seccomp: false,
            missing: Vec::new(),
        };
        let unit = UnitExecution {
            schema: SchemaVersion::CURRENT,
            unit: UnitId::new(unit),
            outcome: ExecutionOutcome::NoFailToPass,
            recipe: None,
            lock: None,
            log: None,
            containment,
            limits: Limits::default(),
            executions: Vec::new(),
            tests: Vec::new(),
            flaky: Vec::new(),
            repeats: 1,
            mutants: Vec::new(),
            candidates: Vec::new(),
            gates: Vec::new(),
            instance: None,
        };
        Self { evidence: ExecutionEvidence { unit, blobs: BTreeMap::new() } }
    }

    fn put(&mut self, bytes: &[u8]) -> BlobId {
        let id = git_object_id("blob", bytes);
        self.evidence.blobs.insert(id.clone(), Arc::from(bytes));
        id
    }

    /// Adds a stable run.
    pub fn run(mut self, told: &Told<'_>) -> Self {
        let outcomes = told.outcomes.iter().map(|(id, outcome)| (TestId::new(*id), *outcome));
        let report = TestReport { complete: true, ..TestReport::from_outcomes(outcomes) };
        let failed = report.results.iter().any(|test| test.outcome.is_failure());
        let status = Some(i32::from(failed));
        let execution = Execution {
            id: ExecutionId::new(told.id),
            state: told.state.clone(),
            tree: told.tree.clone(),
            order: RunOrder::File,
            command: told.command.split(' ').map(str::to_owned).collect(),
            environment: Sha256::new("0".repeat(64)).expect("64 digits"),
            containment: ContainmentLevel::Namespaces,
            ending: Ending::Exited { status: i32::from(failed) },
            status,
            verdict: RunVerdict::Stable,
            why: None,
            report: self.put(&json(&report)),
            output: self.put(told.output.as_bytes()),
            cut: None,
            touched: None,
        };
        self.evidence.unit.executions.push(execution);
        self
    }

    fn last(&mut self) -> &mut Execution {
        self.evidence.unit.executions.last_mut().expect("a run was added")
    }

    /// Says which lines of a file a test executed in the run added last.
    pub fn touching(mut self, test: &str, path: &str, lines: &[u32]) -> Self {
        let file =
            TouchedFile { path: path.to_owned(), functions: Vec::new(), lines: lines.to_vec() };
        let touched = [TouchedTest { test: Some(TestId::new(test)), files: vec![file] }];
        let blob = self.put(&json(&touched));
        self.last().touched = Some(blob);
        self
    }

    /// Makes the module of the run added last impossible to collect.
    pub fn broken(mut self, module: &str) -> Self {
        let report = TestReport {
            broken_modules: vec![module.to_owned()],
            complete: true,
            ..TestReport::default()
        };
        let blob = self.put(&json(&report));
        self.last().report = blob;
        self
    }

    /// Changes what is known, as a wrong or weak execution would have it.
    pub fn but(mut self, change: impl FnOnce(&mut UnitExecution)) -> Self {
        change(&mut self.evidence.unit);
        self
    }

    /// The evidence of a unit without records.
    pub fn evidence(self) -> UnitEvidence {
        UnitEvidence { execution: Some(self.evidence), ..UnitEvidence::default() }
    }
}

fn json(value: &impl serde::Serialize) -> Vec<u8> {
    serde_json::to_vec(value).expect("reports are plain values")
}
