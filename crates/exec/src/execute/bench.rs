//! What does one run of one state show?
//!
//! In: a state, its tree and an order. Out: a judged run. Equal runs of equal
//! trees are made once.

use std::collections::{BTreeMap, BTreeSet};
use std::path::PathBuf;
use std::sync::Arc;

use backstory_model::{
    BlobId, Ending, ExecutedState, Execution, ExecutionId, Language, Network, RunOrder, SandboxJob,
    SandboxResult, TestId, TestReport, TestRunner, TouchedTest, Usage, git_object_id,
};
use serde::Serialize;

use crate::checkout::VirtualTree;
use crate::environment::Environment;
use crate::judge::{JudgedRun, RunFacts, judge_run, with_broken_modules};
use crate::output::normalize;
use crate::report::command::{TestCommand, can_shuffle, command};
use crate::report::python;

use super::input::{Event, ExecuteError, ExecuteInput};
use super::job::{RunParts, is_pinned, job};
use super::report_folder::ReportFolder;
use super::selection::{Selection, arguments};

/// One run and what it showed.
#[derive(Clone, Debug)]
pub(super) struct Run {
    pub(super) execution: Execution,
    /// Every state whose tree it has.
    pub(super) states: Vec<ExecutedState>,
    /// As stored.
    pub(super) report: TestReport,
    pub(super) network: Network,
    pub(super) pinned: bool,
    /// What it printed.
    pub(super) output: Arc<[u8]>,
    files: Vec<String>,
    number: u32,
}

/// What is asked of the bench.
pub(super) struct Ask<'a> {
    pub(super) state: ExecutedState,
    pub(super) tree: &'a VirtualTree,
    pub(super) order: RunOrder,
    /// The how-manieth run of this state and order, from 1.
    pub(super) number: u32,
    /// Whether the lines each test executes are written down.
    pub(super) traced: bool,
    /// Test files besides the selected ones.
    pub(super) also: Vec<String>,
}

/// Runs states in one environment and keeps what they showed.
pub(super) struct Bench<'a> {
    pub(super) input: &'a ExecuteInput<'a>,
    pub(super) environment: &'a Environment,
    pub(super) runner: TestRunner,
    pub(super) language: Language,
    pub(super) selection: Selection,
    pub(super) base_time: i64,
    pub(super) runs: Vec<Run>,
    pub(super) blobs: BTreeMap<BlobId, Arc<[u8]>>,
    pub(super) usage: Usage,
}

impl Bench<'_> {
    /// Runs a state and returns the place of the run; `None` when the state has no tests.
    pub(super) fn run(&mut self, ask: Ask<'_>) -> Result<Option<usize>, ExecuteError> {
        let mut files = self.selection.files(ask.tree);
        if files.is_empty() {
            return Ok(None);
        }
        files.extend(ask.also.iter().cloned());
        let tree = ask.tree.id();
        let same = self.runs.iter().position(|run| {
            run.execution.tree == tree
                && run.execution.order == ask.order
                && run.number == ask.number
                && run.files == files
        });
        if let Some(place) = same {
            let states = &mut self.runs[place].states;
            if !states.contains(&ask.state) {
                states.push(ask.state);
            }
            return Ok(Some(place));
        }
        let run = self.make(ask, files)?;
        self.runs.push(run);
        Ok(Some(self.runs.len() - 1))
    }

    /// Keeps bytes and returns their name.
    pub(super) fn store(&mut self, bytes: impl Into<Arc<[u8]>>) -> BlobId {
        let bytes = bytes.into();
        let id = git_object_id("blob", &bytes);
        self.blobs.insert(id.clone(), bytes);
        id
    }

    fn store_json(&mut self, value: &impl Serialize) -> BlobId {
        self.store(serde_json::to_vec(value).expect("a report is plain JSON"))
    }

    fn make(&mut self, ask: Ask<'_>, files: Vec<String>) -> Result<Run, ExecuteError> {
        let input = self.input;
        let id = execution_id(&ask.state, &ask.order, ask.number);
        let layer = input.checkout.layer(input.repo, ask.tree)?;
        let command = command(self.runner, &arguments(self.runner, &files), &ask.order);
        let traced = ask.traced && self.language == Language::Python;
        let folder = ReportFolder::create(self.folder_of(&id), command.inputs.iter())?;
        let job = job(&RunParts {
            name: format!("{} {id}", input.unit.id),
            layer: layer.path,
            environment: self.environment,
            command: &command,
            reporters: input.reporters,
            report: folder.path(),
            limits: &input.options.limits,
            base_time: self.base_time,
            traced,
        });
        let result = input.sandbox.run(&job);
        let read = result.map_err(ExecuteError::from).and_then(|result| {
            let seen = self.read(&result, &folder, traced)?;
            Ok((result, seen))
        });
        folder.remove()?;
        let (result, seen) = read?;
        if result.ending == Ending::Canceled {
            return Err(ExecuteError::Canceled { unit: input.unit.id.to_string() });
        }
        let made = Made { id, command, job, result, seen, files };
        Ok(self.keep(ask, layer.tree, made))
    }

    fn folder_of(&self, id: &ExecutionId) -> PathBuf {
        self.input.scratch.join(format!("{}.{}", self.input.unit.id, id.as_str().replace('/', ".")))
    }

    fn read(
        &self,
        result: &SandboxResult,
        folder: &ReportFolder,
        traced: bool,
    ) -> Result<Seen, ExecuteError> {
        let parsed = folder.report(self.runner)?;
        let touched = if traced && parsed.tracer.is_none() { folder.touched()? } else { None };
        let spoofed: Vec<TestId> = touched
            .as_deref()
            .map(|touched| python::spoofed(self.runner, &parsed.report, touched))
            .unwrap_or_default();
        let judged = judge_run(&RunFacts {
            parsed: &parsed,
            ending: &result.ending,
            status: result.status,
            spoofed: &spoofed,
        });
        Ok(Seen { judged, touched })
    }

    fn keep(&mut self, ask: Ask<'_>, tree: backstory_model::TreeId, made: Made) -> Run {
        let Made { id, command, job, result, seen, files } = made;
        let printed = normalize(&result.output, result.cut);
        let execution = Execution {
            id,
            state: ask.state.clone(),
            tree,
            order: ask.order,
            command: command.shown,
            environment: self.environment.key.clone(),
            containment: result.containment,
            ending: result.ending,
            status: result.status,
            verdict: seen.judged.verdict,
            why: seen.judged.why,
            report: self.store_json(&seen.judged.report),
            output: self.store(printed.text.into_bytes()),
            cut: printed.cut,
            touched: seen.touched.map(|touched| self.store_json(&touched)),
        };
        add_usage(&mut self.usage, &result.usage);
        (self.input.watch)(&Event::Ran {
            execution: &execution,
            report: &seen.judged.report,
            usage: &result.usage,
        });
        Run {
            execution,
            states: vec![ask.state],
            report: seen.judged.report,
            network: job.network,
            pinned: is_pinned(&job, &self.input.options.limits, self.base_time),
            output: result.output.into(),
            files,
            number: ask.number,
        }
    }

    /// Returns the runs of a state.
    pub(super) fn of_state(&self, state: &ExecutedState) -> impl Iterator<Item = &Run> {
        self.runs.iter().filter(move |run| run.states.contains(state))
    }

    /// Returns the report of a run with the tests of broken modules, as far as
    /// the head knows them.
    pub(super) fn told(&self, run: &Run) -> TestReport {
        let known: BTreeSet<TestId> = self
            .of_state(&ExecutedState::Head)
            .flat_map(|head| head.report.results.iter().map(|result| result.id.clone()))
            .collect();
        match &run.execution.order {
            RunOrder::File | RunOrder::Random { .. } => {
                with_broken_modules(self.runner, &run.report, &known)
            }
            RunOrder::Selected { tests } => {
                let asked = tests.iter().cloned().collect();
                with_broken_modules(self.runner, &run.report, &asked)
            }
        }
    }

    /// Returns the order of the run before which `done` full runs were made:
    /// file order and random order take turns where the runner can shuffle.
    pub(super) fn order_after(&self, done: u32) -> (RunOrder, u32) {
        if can_shuffle(self.runner) {
            let number = done / 2 + 1;
            if done % 2 == 1 {
                let seed = self.input.options.seed.wrapping_add(u64::from(number));
                return (RunOrder::Random { seed }, number);
            }
            return (RunOrder::File, number);
        }
        (RunOrder::File, done + 1)
    }
}

/// What one run brought, before it is stored.
struct Made {
    id: ExecutionId,
    command: TestCommand,
    job: SandboxJob,
    result: SandboxResult,
    seen: Seen,
    files: Vec<String>,
}

struct Seen {
    judged: JudgedRun,
    touched: Option<Vec<TouchedTest>>,
}

fn add_usage(total: &mut Usage, one: &Usage) {
    total.cpu_seconds += one.cpu_seconds;
    total.overhead_seconds += one.overhead_seconds;
    total.wall_seconds += one.wall_seconds;
    total.peak_memory = total.peak_memory.max(one.peak_memory);
}

fn execution_id(state: &ExecutedState, order: &RunOrder, number: u32) -> ExecutionId {
    let state = match state {
        ExecutedState::Base => "base".to_owned(),
        ExecutedState::BaseWithTests => "base_with_tests".to_owned(),
        ExecutedState::Authored { index } => format!("authored/{index}"),
        ExecutedState::AuthoredWithTests { index } => format!("authored_with_tests/{index}"),
        ExecutedState::Head => "head".to_owned(),
        ExecutedState::HeadReverted => "head_reverted".to_owned(),
        ExecutedState::Mutant { number } => format!("mutant/{number}"),
        ExecutedState::Canaries => "canaries".to_owned(),
        ExecutedState::Candidate { number } => format!("candidate/{number}"),
    };
    let order = match order {
        RunOrder::File => "file",
        RunOrder::Random { .. } => "random",
        RunOrder::Selected { .. } => "selected",
    };
    ExecutionId::new(format!("{state}/{order}/{number}"))
}
