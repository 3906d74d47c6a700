//! In which order are the states of a unit run, and how often?
//!
//! In: a bench and the trees. Out: the runs, kept by the bench, and what they
//! agree on. The cheapest evidence comes first: where the head gives no verdict
//! or no test tells the fix, nothing is repeated.

use std::collections::BTreeSet;

use backstory_model::{
    Candidate, ExecutedState, ExecutionId, FlakyTest, Mutant, MutantVerdict, RunOrder, TestId,
    TestReport,
};

use crate::checkout::VirtualTree;
use crate::judge::{Labels, MutantRun, Repeat, States, TouchedTests, agree, label, mutant_verdict};
use crate::mutants::{CandidateInput, candidates, mutants};

use super::bench::{Ask, Bench, Run};
use super::input::ExecuteError;
use super::others::others;
use super::plant::{Planted, plant};
use super::trees::Trees;

/// What the runs of a unit agree on.
pub(super) struct Agreed {
    pub(super) labels: Labels,
    pub(super) flaky: Vec<FlakyTest>,
}

impl Agreed {
    pub(super) fn fail_to_pass(&self) -> Vec<TestId> {
        self.labels.fail_to_pass.iter().map(|test| test.id.clone()).collect()
    }

    /// Returns `FAIL_TO_PASS` and `PASS_TO_PASS` together, sorted.
    pub(super) fn of_instance(&self) -> Vec<TestId> {
        let mut all = self.fail_to_pass();
        all.extend(self.labels.pass_to_pass.iter().cloned());
        all.sort();
        all
    }
}

fn ask(state: ExecutedState, tree: &VirtualTree, order: (RunOrder, u32)) -> Ask<'_> {
    let (order, number) = order;
    let traced = number == 1
        && order == RunOrder::File
        && matches!(state, ExecutedState::Head | ExecutedState::BaseWithTests);
    Ask { state, tree, order, number, traced, also: Vec::new() }
}

impl Bench<'_> {
    /// Runs head, base with tests and base once; returns the place of the
    /// head's run, `None` when the head has no tests.
    pub(super) fn first_runs(&mut self, trees: &Trees) -> Result<Option<usize>, ExecuteError> {
        let first = (RunOrder::File, 1);
        let head = self.run(ask(ExecutedState::Head, &trees.head, first.clone()))?;
        if head.is_some() {
            let with_tests = ExecutedState::BaseWithTests;
            self.run(ask(with_tests, &trees.with_tests, first.clone()))?;
            self.run(ask(ExecutedState::Base, &trees.base, first))?;
        }
        Ok(head)
    }

    /// Runs every authored state but the last, as authored and with the tests of the head.
    pub(super) fn authored_runs(&mut self, trees: &Trees) -> Result<(), ExecuteError> {
        let states = &self.input.unit.states;
        for (index, state) in (0..).zip(states).take(states.len().saturating_sub(1)) {
            let tree = VirtualTree::from_tree(self.input.repo, &state.tree)?;
            let with_tests = trees.with_final_tests(self.input, &tree)?;
            self.run(ask(ExecutedState::Authored { index }, &tree, (RunOrder::File, 1)))?;
            let state = ExecutedState::AuthoredWithTests { index };
            self.run(ask(state, &with_tests, (RunOrder::File, 1)))?;
        }
        Ok(())
    }

    /// Runs base with tests and head until each was run so often.
    pub(super) fn repeat(&mut self, trees: &Trees) -> Result<(), ExecuteError> {
        for done in 1..self.input.options.repeats {
            let order = self.order_after(done);
            let with_tests = ExecutedState::BaseWithTests;
            self.run(ask(with_tests, &trees.with_tests, order.clone()))?;
            self.run(ask(ExecutedState::Head, &trees.head, order))?;
        }
        Ok(())
    }

    /// Runs the tests that tell the fix alone, before and after it.
    pub(super) fn select(&mut self, trees: &Trees, tests: &[TestId]) -> Result<(), ExecuteError> {
        let order = (RunOrder::Selected { tests: tests.to_vec() }, 1);
        let with_tests = ExecutedState::BaseWithTests;
        self.run(ask(with_tests, &trees.with_tests, order.clone()))?;
        self.run(ask(ExecutedState::Head, &trees.head, order))?;
        Ok(())
    }

    /// Runs every test of the instance by id, at the head.
    pub(super) fn select_all(
        &mut self,
        trees: &Trees,
        tests: &[TestId],
    ) -> Result<(), ExecuteError> {
        let order = (RunOrder::Selected { tests: tests.to_vec() }, 2);
        self.run(ask(ExecutedState::Head, &trees.head, order))?;
        Ok(())
    }

    /// Runs the head with the gold patch taken back, where that is another tree
    /// than the base with tests.
    pub(super) fn reverted_run(&mut self, trees: &Trees) -> Result<(), ExecuteError> {
        self.run(ask(ExecutedState::HeadReverted, &trees.reverted, (RunOrder::File, 1)))?;
        Ok(())
    }

    /// Counts the runs of the base with tests for the head with the gold patch
    /// taken back where that is the same tree.
    pub(super) fn share_reverted(&mut self, trees: &Trees) {
        let reverted = ExecutedState::HeadReverted;
        if trees.reverted.id() != trees.with_tests.id() {
            return;
        }
        for run in &mut self.runs {
            let shared = run.states.contains(&ExecutedState::BaseWithTests);
            if shared && !run.states.contains(&reverted) {
                run.states.push(reverted.clone());
            }
        }
    }

    /// Runs the head with two planted tests.
    pub(super) fn canary_run(&mut self, trees: &Trees) -> Result<Option<Planted>, ExecuteError> {
        let files = self.selection.files(&trees.head);
        let Some(beside) = files.first() else { return Ok(None) };
        let input = self.input;
        let planted = plant(input.repo, &trees.head, self.runner, beside, input.options.seed)?;
        let mut ask = ask(ExecutedState::Canaries, &planted.tree, (RunOrder::File, 1));
        ask.also.push(planted.file.clone());
        self.run(ask)?;
        Ok(Some(planted))
    }

    /// Makes and runs the mutants of the gold patch.
    pub(super) fn mutant_runs(
        &mut self,
        trees: &Trees,
        agreed: &Agreed,
    ) -> Result<Vec<Mutant>, ExecuteError> {
        let gold = trees.gold(self.input)?;
        let most = usize::try_from(self.input.options.mutants).unwrap_or(usize::MAX);
        let mut made = Vec::new();
        for wrong in mutants(&gold, most, self.input.options.seed) {
            let Some(tree) = trees.mutated(self.input, &wrong.files)? else { continue };
            let number = u32::try_from(made.len() + 1).unwrap_or(u32::MAX);
            let state = ExecutedState::Mutant { number };
            let Some((verdict, execution)) = self.tried(state, &tree, agreed)? else { continue };
            let (kind, patch) = (wrong.kind, self.store(wrong.patch));
            made.push(Mutant { number, kind, patch, verdict, execution: Some(execution) });
        }
        Ok(made)
    }

    /// Makes and runs the candidates that stand beside the gold patch.
    pub(super) fn candidate_runs(
        &mut self,
        trees: &Trees,
        agreed: &Agreed,
    ) -> Result<Vec<Candidate>, ExecuteError> {
        let most = usize::try_from(self.input.options.candidates).unwrap_or(usize::MAX);
        if most == 0 {
            return Ok(Vec::new());
        }
        let (gold, others) = (trees.gold(self.input)?, others(self.input, trees)?);
        let executed = self.executed_lines();
        let input = CandidateInput { gold: &gold, others: &others, executed: &executed };
        let mut made = Vec::new();
        for candidate in candidates(&input, most, self.input.options.seed) {
            let Some(tree) = trees.mutated(self.input, &candidate.files)? else { continue };
            let number = u32::try_from(made.len() + 1).unwrap_or(u32::MAX);
            let state = ExecutedState::Candidate { number };
            let Some((verdict, execution)) = self.tried(state, &tree, agreed)? else { continue };
            let (kind, patch) = (candidate.kind, self.store(candidate.patch));
            made.push(Candidate { number, kind, patch, verdict, execution: Some(execution) });
        }
        Ok(made)
    }

    /// Runs a tree with another patch and says what the tests say about it.
    fn tried(
        &mut self,
        state: ExecutedState,
        tree: &VirtualTree,
        agreed: &Agreed,
    ) -> Result<Option<(MutantVerdict, ExecutionId)>, ExecuteError> {
        let place = self.run(ask(state, tree, (RunOrder::File, 1)))?;
        let Some(run) = place.map(|place| &self.runs[place]) else { return Ok(None) };
        let report = self.told(run);
        let seen = MutantRun { report: &report, verdict: run.execution.verdict };
        let verdict = mutant_verdict(&seen, &agreed.fail_to_pass(), &agreed.labels.pass_to_pass);
        Ok(Some((verdict, run.execution.id.clone())))
    }

    /// Returns what all runs so far agree on.
    pub(super) fn agreed(&self, touched: &TouchedTests) -> Agreed {
        let before = self.agreement(&ExecutedState::BaseWithTests);
        let after = self.agreement(&ExecutedState::Head);
        let mut flaky = before.flaky;
        flaky.extend(after.flaky);
        flaky.sort_by(|a, b| (&a.id, &a.state).cmp(&(&b.id, &b.state)));
        let base = self.of_state(&ExecutedState::Base).next().map(|run| self.told(run));
        let shared: BTreeSet<TestId> =
            self.runs.iter().flat_map(|run| run.report.shared_ids.iter().cloned()).collect();
        let labels = label(&States {
            base: base.as_ref(),
            before: &before.outcomes,
            after: &after.outcomes,
            flaky: &flaky,
            shared: &shared,
            touched: &|id| touched.touches(id),
        });
        Agreed { labels, flaky }
    }

    fn agreement(&self, state: &ExecutedState) -> crate::judge::Agreement {
        let told: Vec<(&Run, TestReport)> =
            self.of_state(state).map(|run| (run, self.told(run))).collect();
        let repeats: Vec<Repeat<'_>> = told
            .iter()
            .map(|(run, report)| Repeat {
                report,
                verdict: run.execution.verdict,
                selected: match &run.execution.order {
                    RunOrder::Selected { tests } => Some(tests),
                    RunOrder::File | RunOrder::Random { .. } => None,
                },
            })
            .collect();
        agree(state, &repeats)
    }
}
