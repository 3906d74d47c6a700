//! What is stored of a unit that was run?
//!
//! In: the runs and what they agree on. Out: the gates, the outcome and, where
//! every gate holds, the instance.

use backstory_model::{
    Candidate, ExecutedState, ExecutionOutcome, GateResult, Mutant, RunVerdict, TaskInstance,
    UnitExecution,
};

use crate::judge::{
    Decided, Gated, GatedRun, Planted as GatedPlanted, decide, gates, needs_network,
    oracle_strength,
};

use super::bench::{Bench, Run};
use super::input::Executed;
use super::plant::Planted;
use super::selection::arguments;
use super::statement::problem_statement;
use super::story::Agreed;
use super::trees::Trees;

/// What is known when the last run has ended.
pub(super) struct Ended {
    pub(super) agreed: Agreed,
    /// How often base with tests and head were run.
    pub(super) repeats: u32,
    /// The gates; empty when no test tells the fix.
    pub(super) gates: Vec<GateResult>,
    pub(super) mutants: Vec<Mutant>,
    pub(super) candidates: Vec<Candidate>,
}

impl Ended {
    /// What is known when every state was run once.
    pub(super) fn before_repeats(agreed: Agreed) -> Self {
        let (gates, mutants, candidates) = (Vec::new(), Vec::new(), Vec::new());
        Self { agreed, repeats: 1, gates, mutants, candidates }
    }

    /// Returns true when a test tells the fix.
    pub(super) fn tells(&self) -> bool {
        !self.agreed.labels.fail_to_pass.is_empty()
    }
}

impl Bench<'_> {
    /// Answers the gates.
    pub(super) fn gates(
        &self,
        trees: &Trees,
        agreed: &Agreed,
        planted: Option<&Planted>,
        future: &[String],
    ) -> Vec<GateResult> {
        let told: Vec<_> = self.runs.iter().map(|run| self.told(run)).collect();
        let runs: Vec<GatedRun<'_>> = self
            .runs
            .iter()
            .zip(&told)
            .map(|(run, report)| GatedRun {
                id: &run.execution.id,
                states: &run.states,
                order: &run.execution.order,
                verdict: run.execution.verdict,
                report,
                containment: run.execution.containment,
                network: run.network,
                pinned: run.pinned,
            })
            .collect();
        gates(&Gated {
            runner: self.runner,
            runs: &runs,
            fail_to_pass: &agreed.fail_to_pass(),
            pass_to_pass: &agreed.labels.pass_to_pass,
            flaky: &agreed.flaky,
            repeats: self.input.options.repeats,
            future,
            planted: planted
                .map(|planted| GatedPlanted { passes: &planted.passes, fails: &planted.fails }),
            head_trees: (&trees.head.id(), &self.input.unit.head_tree),
        })
    }

    /// Puts everything together.
    pub(super) fn finish(self, trees: &Trees, ended: Ended, blank: UnitExecution) -> Executed {
        let outcome = self.outcome(&ended);
        let instance = match outcome {
            ExecutionOutcome::Confirmed => self.instance(trees, &ended),
            ExecutionOutcome::NoFailToPass
            | ExecutionOutcome::NoTests
            | ExecutionOutcome::EnvironmentFailed { .. }
            | ExecutionOutcome::Unsupported { .. }
            | ExecutionOutcome::HeadFails { .. }
            | ExecutionOutcome::GateFailed { .. }
            | ExecutionOutcome::Flaky
            | ExecutionOutcome::NeedsNetwork
            | ExecutionOutcome::Infrastructure { .. } => None,
        };
        let execution = UnitExecution {
            outcome,
            executions: self.runs.into_iter().map(|run| run.execution).collect(),
            tests: ended.agreed.labels.tests,
            flaky: ended.agreed.flaky,
            repeats: ended.repeats,
            mutants: ended.mutants,
            candidates: ended.candidates,
            gates: ended.gates,
            instance,
            ..blank
        };
        Executed { execution, blobs: self.blobs, usage: self.usage }
    }

    fn outcome(&self, ended: &Ended) -> ExecutionOutcome {
        let broken = self.runs.iter().find(|run| run.execution.verdict == RunVerdict::Infra);
        if let Some(run) = broken {
            let why = run.execution.why.clone().unwrap_or_default();
            return ExecutionOutcome::Infrastructure { detail: why };
        }
        let Some(head) = self.of_state(&ExecutedState::Head).next() else {
            return ExecutionOutcome::NoTests;
        };
        decide(&Decided {
            head: (head.execution.verdict, head.execution.why.as_deref()),
            labels: &ended.agreed.labels,
            flaky: &ended.agreed.flaky,
            gates: &ended.gates,
            needs_network: asks_for_network(head),
        })
    }

    fn instance(&self, trees: &Trees, ended: &Ended) -> Option<TaskInstance> {
        let unit = self.input.unit;
        let verdicts: Vec<_> = ended.mutants.iter().map(|mutant| mutant.verdict).collect();
        Some(TaskInstance {
            instance_id: unit.id.clone(),
            repo: unit.repo.clone(),
            base_commit: unit.base.clone()?,
            problem_statement: problem_statement(self.input).into_owned(),
            patch: self.input.gold_patch.clone(),
            test_patch: self.input.test_patch.clone(),
            created_at: unit.states.iter().map(|state| state.authored_at).min()?,
            fail_to_pass: ended.agreed.labels.fail_to_pass.clone(),
            pass_to_pass: ended.agreed.labels.pass_to_pass.clone(),
            test_files: arguments(self.runner, &self.selection.files(&trees.head)),
            oracle: oracle_strength(&verdicts),
        })
    }
}

fn asks_for_network(head: &Run) -> bool {
    let failed = head.report.results.iter().filter(|result| result.outcome.is_failure()).count();
    needs_network(failed + head.report.broken_modules.len(), &head.output)
}
