//! Is every test run of a trajectory an execution of its unit, and was it due?
//!
//! In: the steps and the executions of the unit. Out: findings about what a run
//! shows and why it, or a view it leads to, was chosen.

use backstory_model::{
    Action, EvidenceId, ExecutedState, ExecutionId, Observation, Phase, Provenance, RepoPath, Seen,
    Step, Trajectory,
};
use memchr::memmem;

use super::choice::{Broken, demand};
use super::executed::{Run, Runs};
use super::replay::is_change;
use super::sources::Sources;

/// Returns the execution a `run_tests` step says it shows.
pub(super) fn shown(step: &Step) -> Option<&ExecutionId> {
    match (&step.action, &step.observation) {
        (
            Action::RunTests { .. },
            Some(Seen { provenance: Provenance::Executed { execution }, .. }),
        ) => Some(execution),
        _ => None,
    }
}

/// Returns the index of the first test run.
pub(super) fn first(steps: &[Step]) -> Option<usize> {
    steps.iter().position(|step| matches!(step.action, Action::RunTests { .. }))
}

/// Returns true when the tests of a unit of one state were written first: every
/// change before the first run says so.
pub(super) fn tests_first(trajectory: &Trajectory) -> bool {
    let Some(first) = first(&trajectory.steps) else { return false };
    let mut before = trajectory.steps[..first].iter().filter(|s| is_change(&s.action)).peekable();
    before.peek().is_some() && trajectory.unit.states.len() == 1 && before.all(is_tests_first)
}

fn is_tests_first(step: &Step) -> bool {
    matches!(&step.choice, Provenance::Derived { rule, .. } if rule.as_str() == "edit/tests-first")
}

/// What choices around test runs are checked against.
#[derive(Clone, Copy)]
pub(super) struct RunChoices<'a> {
    pub(super) trajectory: &'a Trajectory,
    pub(super) runs: Option<&'a Runs<'a>>,
    pub(super) sources: Sources<'a>,
}

impl<'a> RunChoices<'a> {
    fn run(&self, id: &ExecutionId) -> Result<&'a Run<'a>, String> {
        let found = self.runs.and_then(|runs| runs.get(id));
        found.ok_or_else(|| format!("an execution `{id}` of the unit"))
    }

    /// Returns the earlier run a `step:N` evidence names.
    fn earlier(&self, index: usize, evidence: &[EvidenceId]) -> Option<&'a Step> {
        let [evidence] = evidence else { return None };
        let (kind, digits) = evidence.parts();
        let number: usize = digits.parse().ok().filter(|n: &usize| n.to_string() == digits)?;
        let step = self.trajectory.steps.get(number.checked_sub(1)?)?;
        let is_run = matches!(step.action, Action::RunTests { .. });
        (kind == "step" && number <= index && is_run).then_some(step)
    }

    /// `read/stack-frame`: an earlier run printed the path with a line of the range.
    pub(super) fn stack_frame(
        &self,
        index: usize,
        (path, lines): (&RepoPath, (u32, u32)),
        evidence: &[EvidenceId],
    ) -> Broken {
        let step = self.earlier(index, evidence).ok_or("an earlier test run as only evidence")?;
        let Some(Seen { content: Observation::TestOutput { output, .. }, .. }) = &step.observation
        else {
            return Err("a test run with an output".to_owned());
        };
        let output = self.sources.blobs.stored(output).ok_or("an output that is stored")?;
        let expected = "an output that names a line of the range";
        demand(
            frames(&output, path, &[WORK_TREE, b"./"])
                .any(|line| (lines.0..=lines.1).contains(&line)),
            expected,
        )
    }

    /// A view because of an execution: a test that did not pass there executed a line.
    pub(super) fn executed_view(
        &self,
        index: usize,
        (path, lines): (&RepoPath, (u32, u32)),
        id: &ExecutionId,
    ) -> Broken {
        let before = &self.trajectory.steps[..index];
        demand(before.iter().any(|step| shown(step) == Some(id)), "an earlier run that shows it")?;
        let run = self.run(id)?;
        let failed = |test: &backstory_model::TouchedTest| {
            test.test.as_ref().is_some_and(|id| !run.report.outcome(id).is_pass())
        };
        let touched = run.touched.iter().flat_map(|tests| tests.iter().filter(|t| failed(t)));
        let mut files = touched.flat_map(|test| &test.files);
        let met = files.any(|file| {
            file.path.as_bytes() == path.as_bytes()
                && file.lines.iter().any(|line| (lines.0..=lines.1).contains(line))
        });
        demand(met, "a line of the range that a failing test executed")
    }

    /// Checks the choice of a test run; also returns whether it uses hindsight.
    pub(super) fn run_choice(
        &self,
        index: usize,
        rule: &str,
        evidence: &[EvidenceId],
    ) -> (Broken, bool) {
        let step = &self.trajectory.steps[index];
        let outcome = self.due(index, step, rule, evidence);
        (outcome, step.phase == Phase::Debugging && !self.tests_stand(index, step))
    }

    fn due(&self, index: usize, step: &Step, rule: &str, evidence: &[EvidenceId]) -> Broken {
        let id = shown(step).ok_or("a run that shows an execution")?;
        demand(
            matches!(evidence, [only] if *only == EvidenceId::execution(id)),
            "the execution it shows as only evidence",
        )?;
        let run = self.run(id)?;
        let steps = &self.trajectory.steps;
        let phase = if rule == "run/validate" { Phase::Validation } else { Phase::Debugging };
        demand(step.phase == phase, "the phase of its rule")?;
        match rule {
            "run/reproduce" => self.reproduces(run),
            "run/recheck" => demand(
                steps[..index].iter().any(|step| has_rule(step, "run/reproduce")),
                "a run before it that reproduces",
            ),
            "run/after-ci" => demand(
                steps[..index].iter().rev().take_while(|step| !is_change(&step.action)).any(
                    |step| matches!(&step.action, Action::CiReport { conclusion, .. } if conclusion.is_red()),
                ),
                "a red report of CI before it and no change between",
            ),
            "run/validate" => {
                let open = steps[index..].iter().any(|step| is_change(&step.action));
                demand(!open, "the last change before it")?;
                demand(run.execution.state == ExecutedState::Head, "an execution of the head")
            }
            _ => Err("a published rule for this action".to_owned()),
        }
    }

    /// Some test passes in the last run and does not pass in this one.
    fn reproduces(&self, run: &Run<'_>) -> Broken {
        let last = self.trajectory.steps.iter().rev().find_map(shown);
        let last = self.run(last.ok_or("a run that ends the trajectory")?)?;
        let broken =
            |id: &str| run.report.broken_modules.iter().any(|module| is_of_module(id, module));
        let red = last.report.results.iter().filter(|test| test.outcome.is_pass()).any(|test| {
            let here = run.report.results.binary_search_by(|other| other.id.cmp(&test.id));
            let failed = here.is_ok_and(|at| !run.report.results[at].outcome.is_pass());
            failed || broken(test.id.as_str())
        });
        demand(red, "a test that passes at the end and not here")
    }

    /// Returns true when every test file of the command was changed before, or is
    /// never changed.
    fn tests_stand(&self, index: usize, step: &Step) -> bool {
        let Action::RunTests { command } = &step.action else { return true };
        let changes = |steps: &'a [Step], name: &str| {
            steps.iter().any(|step| {
                changed_paths(&step.action).any(|path| path.as_bytes() == name.as_bytes())
            })
        };
        let steps = &self.trajectory.steps;
        command
            .iter()
            .map(|argument| argument.split("::").next().unwrap_or(argument))
            .all(|name| changes(&steps[..index], name) || !changes(&steps[index..], name))
    }

    /// `edit/tests-first`: the tests come first, then the run that fails.
    pub(super) fn tests_first(&self) -> Broken {
        demand(tests_first(self.trajectory), "a unit of one state whose tests come first")?;
        let steps = &self.trajectory.steps;
        let run = first(steps).and_then(|at| shown(&steps[at]));
        let run = self.run(run.ok_or("a run after the tests")?)?;
        let expected = "a run of the base with the tests after them";
        demand(run.execution.state == ExecutedState::BaseWithTests, expected)
    }
}

/// Returns true when the id starts with the module, less `conftest.py` and `/`,
/// then no word byte; `*` and `.` are every module.
fn is_of_module(id: &str, module: &str) -> bool {
    let folder = module.strip_suffix("conftest.py").unwrap_or(module);
    let folder = folder.strip_suffix('/').unwrap_or(folder);
    let rest = id.strip_prefix(folder).and_then(|rest| rest.bytes().next());
    matches!(folder, "*" | "." | "") || rest.is_some_and(|next| !is_word_byte(next))
}

fn is_word_byte(byte: u8) -> bool {
    byte >= 0x80 || byte == b'_' || byte.is_ascii_alphanumeric()
}

fn has_rule(step: &Step, wanted: &str) -> bool {
    matches!(&step.choice, Provenance::Derived { rule, .. } if rule.as_str() == wanted)
}

/// Lists the paths a change touches.
fn changed_paths(action: &Action) -> impl Iterator<Item = &RepoPath> {
    let (one, other) = match action {
        Action::Edit { path, .. }
        | Action::Create { path, .. }
        | Action::Delete { path }
        | Action::SetMode { path, .. } => (Some(path), None),
        Action::Rename { from, to } => (Some(from), Some(to)),
        Action::Message { .. }
        | Action::Search { .. }
        | Action::List { .. }
        | Action::View { .. }
        | Action::RunTests { .. }
        | Action::CiReport { .. }
        | Action::Finish { .. } => (None, None),
    };
    one.into_iter().chain(other)
}

/// What stands before a path of the work tree in an output.
const WORK_TREE: &[u8] = concat!("/work", "/").as_bytes();

/// Lists the lines an output names of a file; `roots` may stand before its path.
pub(super) fn frames<'t>(
    output: &'t [u8],
    path: &'t RepoPath,
    roots: &'t [&'t [u8]],
) -> impl Iterator<Item = u32> + 't {
    memmem::find_iter(output, path.as_bytes()).filter_map(move |at| {
        let before = &output[..at];
        let touches = before.last().is_some_and(|b| is_word_byte(*b) || b".-/".contains(b));
        if touches && !roots.iter().any(|root| before.ends_with(root)) {
            return None;
        }
        let after = &output[at + path.as_bytes().len()..];
        let number = after.strip_prefix(b":").or_else(|| after.strip_prefix(b"\", line "))?;
        let digits = number.split(|byte| !byte.is_ascii_digit()).next()?;
        std::str::from_utf8(digits).ok()?.parse().ok()
    })
}

#[cfg(test)]
mod tests {
    use super::{WORK_TREE, frames};

    #[test]
    fn a_frame_is_a_path_of_the_work_tree_and_a_line() {
        let lines = |output: &str| -> Vec<u32> {
            frames(output.as_bytes(), &"a/b.py".into(), &[WORK_TREE, b"./"]).collect()
        };
        assert_eq!(
            lines(concat!("a/b.py:7: x\n  File \"/work", "/a/b.py\", line 9, in f\n(./a/b.py:3)")),
            [7, 9, 3]
        );
        assert_eq!(lines("/usr/a/b.py:7 xa/b.py:7 -a/b.py:7 a/b.py\", 7 a/b.pyx:7"), [0; 0]);
    }
}
