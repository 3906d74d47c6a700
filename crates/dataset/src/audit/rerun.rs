//! Does executing a unit again say the same?
//!
//! In: what is stored of the runs of a unit, and the same made again. Out: every
//! verdict, outcome, role, gate and mutant that differs. A test that differs from
//! run to run is compared by being flaky, not by its counts; what may change with
//! the machine is a note.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    BlobId, Execution, ExecutionId, FailToPass, GateResult, TestId, TestOutcome, TestReport,
    UnitExecution,
};
use serde::Serialize;

use super::finding::{Finding, Findings, Place, printable};
use super::sources::StoredBlobs;

const PLACE: Place<'static> = Place { step: None, rule: "unit/rerun", tier: None };

/// The runs of a unit and where their reports are stored.
#[derive(Clone, Copy)]
pub struct ExecutedSide<'a> {
    /// The runs.
    pub execution: &'a UnitExecution,
    /// Their reports.
    pub blobs: &'a dyn StoredBlobs,
}

/// What executing a unit again says.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Rerun {
    /// How many verdicts, outcomes, gates and mutants were compared.
    pub compared: u64,
    /// What differs.
    pub findings: Vec<Finding>,
    /// What may differ from machine to machine and does.
    pub notes: Vec<String>,
}

/// Compares the runs of a unit with the same runs made again.
pub fn compare(stored: ExecutedSide<'_>, again: ExecutedSide<'_>) -> Rerun {
    let findings = Findings::new(stored.execution.unit.clone());
    let flaky = [stored, again].map(|side| flaky_of(side.execution));
    let mut comparison =
        Comparison { stored, again, flaky, findings, notes: BTreeSet::new(), compared: 0 };
    comparison.whole();
    comparison.tests();
    comparison.roles();
    comparison.runs();
    comparison.gates();
    comparison.mutants();
    comparison.candidates();
    comparison.machine();
    Rerun {
        compared: comparison.compared,
        findings: comparison.findings.into_list(),
        notes: comparison.notes.into_iter().map(|note| printable(&note)).collect(),
    }
}

fn flaky_of(execution: &UnitExecution) -> BTreeSet<&TestId> {
    execution.flaky.iter().map(|test| &test.id).collect()
}

struct Comparison<'a> {
    stored: ExecutedSide<'a>,
    again: ExecutedSide<'a>,
    /// The flaky tests of both.
    flaky: [BTreeSet<&'a TestId>; 2],
    findings: Findings,
    notes: BTreeSet<String>,
    compared: u64,
}

impl<'a> Comparison<'a> {
    fn equal<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, pair: (&T, &T)) {
        self.compared += 1;
        self.findings.equal(PLACE, what, pair);
    }

    fn both(&self) -> (&'a UnitExecution, &'a UnitExecution) {
        (self.stored.execution, self.again.execution)
    }

    fn is_flaky(&self, id: &TestId) -> bool {
        self.flaky.iter().any(|side| side.contains(id))
    }

    fn whole(&mut self) {
        let (stored, again) = self.both();
        self.equal("unit", (&stored.unit, &again.unit));
        self.equal("outcome", (&stored.outcome.as_str(), &again.outcome.as_str()));
        self.equal("recipe", (&stored.recipe, &again.recipe));
        self.equal("repeats", (&stored.repeats, &again.repeats));
    }

    /// Compares tests; one that is flaky at last was no label at first, one that
    /// was flaky may seem stable.
    fn tests(&mut self) {
        let (stored, again) = self.both();
        for id in self.flaky[1].difference(&self.flaky[0]).copied().collect::<Vec<_>>() {
            self.compared += 1;
            self.findings.note(PLACE, format_args!("`{id}` with one outcome"), "a flaky test");
        }
        for id in self.flaky[0].difference(&self.flaky[1]).copied().collect::<Vec<_>>() {
            self.notes.insert(format!("flaky test `{id}` had one outcome this time"));
        }
        let by_id = |execution: &'a UnitExecution| -> BTreeMap<_, _> {
            let known = execution.tests.iter().filter(|test| !self.is_flaky(&test.id));
            known.map(|test| (&test.id, test)).collect()
        };
        let (first, second) = (by_id(stored), by_id(again));
        let ids: BTreeSet<&TestId> = first.keys().chain(second.keys()).copied().collect();
        for id in ids {
            self.equal("test", (&first.get(id), &second.get(id)));
        }
    }

    fn roles(&mut self) {
        let (stored, again) = self.both();
        let instances = [stored, again].map(|execution| execution.instance.as_ref());
        let [first, second] = instances;
        self.equal("an instance", (&first.is_some(), &second.is_some()));
        if let (Some(first), Some(second)) = (first, second) {
            let ids = |list: &'a [FailToPass]| list.iter().map(|t| &t.id).collect::<Vec<_>>();
            let (one, other) = (ids(&first.fail_to_pass), ids(&second.fail_to_pass));
            self.equal("FAIL_TO_PASS", (&one, &other));
            self.equal("PASS_TO_PASS", (&first.pass_to_pass, &second.pass_to_pass));
            self.equal("test files", (&first.test_files, &second.test_files));
        }
    }

    fn runs(&mut self) {
        let (stored, again) = self.both();
        let by_id = |execution: &'a UnitExecution| -> BTreeMap<&ExecutionId, &Execution> {
            execution.executions.iter().map(|run| (&run.id, run)).collect()
        };
        let (first, second) = (by_id(stored), by_id(again));
        let ids: [Vec<_>; 2] = [&first, &second].map(|runs| runs.keys().copied().collect());
        self.equal("runs", (&ids[0], &ids[1]));
        for (id, one) in first {
            if let Some(other) = second.get(id) {
                self.run(one, other);
            }
        }
    }

    fn run(&mut self, one: &Execution, other: &Execution) {
        let what = |part: &str| format!("{part} of `{}`", one.id);
        self.equal(&what("tree"), (&one.tree, &other.tree));
        self.equal(&what("command"), (&one.command, &other.command));
        let reports = [(self.stored, one), (self.again, other)].map(|(side, run)| {
            let bytes = side.blobs.stored(&run.report)?;
            serde_json::from_slice::<TestReport>(&bytes).ok()
        });
        let [Some(first), Some(second)] = reports else {
            self.findings.note(PLACE, what("reports"), "one that cannot be read");
            return;
        };
        let steady = |report: &TestReport| -> BTreeMap<TestId, TestOutcome> {
            let steady = report.results.iter().filter(|test| !self.is_flaky(&test.id));
            steady.map(|test| (test.id.clone(), test.outcome)).collect()
        };
        let (first_did, second_did) = (steady(&first), steady(&second));
        // A flaky test turns the status of the run around.
        let moved =
            first_did.len() < first.results.len() || second_did.len() < second.results.len();
        self.equal(&what("outcomes"), (&first_did, &second_did));
        self.equal(&what("broken modules"), (&first.broken_modules, &second.broken_modules));
        self.equal(&what("verdict"), (&one.verdict, &other.verdict));
        if !moved {
            self.equal(&what("ending"), (&one.ending, &other.ending));
        }
        self.outputs(one, other);
    }

    fn outputs(&mut self, one: &Execution, other: &Execution) {
        if one.containment != other.containment {
            let (first, second) = (one.containment.as_str(), other.containment.as_str());
            self.notes.insert(format!("containment was `{first}` and is `{second}`"));
        }
        let differ = |a: &BlobId, b: &BlobId| a != b;
        if differ(&one.output, &other.output) {
            self.notes.insert(format!("`{}` printed something else", one.id));
        }
    }

    fn gates(&mut self) {
        let (stored, again) = self.both();
        let held = |gates: &[GateResult]| -> BTreeMap<&'static str, bool> {
            gates.iter().map(|result| (result.gate.as_str(), result.passed)).collect()
        };
        let (first, second) = (held(&stored.gates), held(&again.gates));
        let names: BTreeSet<&str> = first.keys().chain(second.keys()).copied().collect();
        for name in names {
            self.equal(&format!("gate `{name}`"), (&first.get(name), &second.get(name)));
        }
    }

    fn mutants(&mut self) {
        let (stored, again) = self.both();
        let patches = [stored, again].map(|execution| {
            let patches = execution.mutants.iter().map(|mutant| mutant.patch.clone());
            patches.collect::<Vec<BlobId>>()
        });
        self.equal("mutants", (&patches[0], &patches[1]));
        for (one, other) in stored.mutants.iter().zip(&again.mutants) {
            let what = format!("verdict of mutant {}", one.number);
            self.equal(&what, (&one.verdict, &other.verdict));
        }
    }

    fn candidates(&mut self) {
        let (stored, again) = self.both();
        let patches = [stored, again].map(|execution| {
            let patches = execution.candidates.iter().map(|one| one.patch.clone());
            patches.collect::<Vec<BlobId>>()
        });
        self.equal("candidates", (&patches[0], &patches[1]));
        for (one, other) in stored.candidates.iter().zip(&again.candidates) {
            let what = format!("verdict of candidate {}", one.number);
            self.equal(&what, (&one.verdict, &other.verdict));
        }
    }

    /// Notes what a machine or an index may change without changing a label.
    fn machine(&mut self) {
        let (stored, again) = self.both();
        if stored.containment != again.containment {
            let (first, second) = (&stored.containment, &again.containment);
            self.notes.insert(format!(
                "the sandbox was {} by {} and is {} by {}",
                first.level.as_str(),
                first.launcher,
                second.level.as_str(),
                second.launcher
            ));
        }
        if stored.lock != again.lock {
            self.notes.insert("the installers chose other versions".to_owned());
        }
    }
}
