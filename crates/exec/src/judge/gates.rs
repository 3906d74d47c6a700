//! Does an instance meet every condition?
//!
//! In: what was seen in all runs. Out: one result for each gate, in the order
//! of [`Gate::ALL`]. No gate can be switched off.

use std::collections::BTreeSet;

use backstory_model::{
    ContainmentLevel, ExecutedState, ExecutionId, FlakyTest, Gate, GateResult, Network, RunOrder,
    RunVerdict, TestId, TestOutcome, TestReport, TestRunner, TreeId,
};

use super::arithmetic::bound;
use crate::report::id::runs_along;

/// One run as the gates see it.
#[derive(Clone, Debug)]
pub struct GatedRun<'a> {
    /// Its id.
    pub id: &'a ExecutionId,
    /// The states whose tree it has.
    pub states: &'a [ExecutedState],
    /// In which order tests ran.
    pub order: &'a RunOrder,
    /// Its verdict.
    pub verdict: RunVerdict,
    /// Its report, tests of broken modules included.
    pub report: &'a TestReport,
    /// The level that was in force.
    pub containment: ContainmentLevel,
    /// Which network it saw.
    pub network: Network,
    /// It had the fixed environment and the limits of the unit.
    pub pinned: bool,
}

/// The planted tests of a unit.
#[derive(Clone, Copy, Debug)]
pub struct Planted<'a> {
    /// The one that must pass.
    pub passes: &'a TestId,
    /// The one that must fail.
    pub fails: &'a TestId,
}

/// What the gates are asked about.
#[derive(Clone, Debug)]
pub struct Gated<'a> {
    /// What ran the tests.
    pub runner: TestRunner,
    /// Every judged run but those of mutants.
    pub runs: &'a [GatedRun<'a>],
    /// Tests that fail before and pass after.
    pub fail_to_pass: &'a [TestId],
    /// Tests that must go on passing.
    pub pass_to_pass: &'a [TestId],
    /// Tests whose repeats differ.
    pub flaky: &'a [FlakyTest],
    /// How often base with tests and head were run.
    pub repeats: u32,
    /// What of later commits was found in what an agent sees.
    pub future: &'a [String],
    /// The planted tests; `None` when none could be planted.
    pub planted: Option<Planted<'a>>,
    /// The tree that was written for the head, and the head's own.
    pub head_trees: (&'a TreeId, &'a TreeId),
}

/// Answers every gate, in their order.
pub fn gates(gated: &Gated<'_>) -> Vec<GateResult> {
    Gate::ALL
        .into_iter()
        .map(|gate| {
            let (passed, detail) = match gated.answer(gate) {
                Ok(detail) => (true, detail),
                Err(detail) => (false, detail),
            };
            GateResult { gate, passed, detail }
        })
        .collect()
}

/// Returns the first gate that does not hold.
pub fn first_failed(results: &[GateResult]) -> Option<Gate> {
    results.iter().find(|result| !result.passed).map(|result| result.gate)
}

type Answer = Result<String, String>;

impl<'a> Gated<'a> {
    fn answer(&self, gate: Gate) -> Answer {
        match gate {
            Gate::NoFuture => self.no_future(),
            Gate::NothingDone => self.rejected(&ExecutedState::BaseWithTests),
            Gate::GoldPatch => self.gold_patch(),
            Gate::GoldReverted => self.rejected(&ExecutedState::HeadReverted),
            Gate::TestsCollected => self.tests_collected(),
            Gate::IdsRoundTrip => self.ids_round_trip(),
            Gate::Repeats => self.repeats_agree(),
            Gate::NetworkOff => self.network_off(),
            Gate::NoInfrastructureFault => self.no_infrastructure_fault(),
            Gate::ChannelsAgree => self.channels_agree(),
            Gate::Pinned => self.pinned(),
            Gate::Canaries => self.canaries(),
            Gate::ProtectedFiles => self.protected_files(),
        }
    }

    fn of_state(&self, state: &ExecutedState) -> impl Iterator<Item = &GatedRun<'a>> {
        self.runs.iter().filter(move |run| run.states.contains(state))
    }

    fn no_future(&self) -> Answer {
        match self.future.first() {
            Some(found) => Err(found.clone()),
            None => Ok("the base tree is exported as one commit of its own, and neither it nor \
                        the statement holds what came later"
                .to_owned()),
        }
    }

    /// A state without the fix must not pass every test that tells it.
    fn rejected(&self, state: &ExecutedState) -> Answer {
        let full = self.of_state(state).filter(|run| whole(run));
        let passes = |run: &GatedRun<'a>| {
            let all = self.fail_to_pass.iter().all(|id| run.report.outcome(id).is_pass());
            all.then(|| "every FAIL_TO_PASS test passes".to_owned())
        };
        let count = all(full, passes)?;
        Ok(format!("{} do not pass every FAIL_TO_PASS test", counted(count, "run")))
    }

    fn gold_patch(&self) -> Answer {
        let full = self.of_state(&ExecutedState::Head).filter(|run| whole(run));
        let failing = |run: &GatedRun<'a>| {
            let wanted = self.fail_to_pass.iter().chain(self.pass_to_pass);
            let missed = wanted.filter(|id| run.report.outcome(id) != TestOutcome::Passed);
            missed.map(|id| format!("`{id}` is {}", run.report.outcome(id).as_str())).next()
        };
        let count = all(full, failing)?;
        Ok(format!("{} pass FAIL_TO_PASS and PASS_TO_PASS", counted(count, "run")))
    }

    fn tests_collected(&self) -> Answer {
        let empty = |run: &GatedRun<'a>| {
            let nothing = run.report.collected == 0 && run.report.broken_modules.is_empty();
            nothing.then(|| "nothing was collected".to_owned())
        };
        let count = all(self.runs.iter(), empty)?;
        Ok(format!("{} collected tests", counted(count, "run")))
    }

    fn ids_round_trip(&self) -> Answer {
        let wanted: BTreeSet<&TestId> = self.fail_to_pass.iter().chain(self.pass_to_pass).collect();
        let selecting = self.of_state(&ExecutedState::Head).filter_map(|run| match run.order {
            RunOrder::Selected { tests } => Some((run, tests.iter().collect::<BTreeSet<_>>())),
            RunOrder::File | RunOrder::Random { .. } => None,
        });
        let mut covered = BTreeSet::new();
        for (run, asked) in selecting {
            let ran: BTreeSet<&TestId> = run.report.results.iter().map(|r| &r.id).collect();
            let along = |id: &TestId| asked.iter().any(|asked| runs_along(self.runner, asked, id));
            if let Some(id) = asked.difference(&ran).next() {
                return Err(format!("`{}`: `{id}` was not run", run.id));
            }
            if let Some(id) = ran.difference(&asked).find(|id| !along(id)) {
                return Err(format!("`{}`: `{id}` ran as well", run.id));
            }
            covered.extend(asked);
        }
        match wanted.difference(&covered).next() {
            Some(id) => Err(format!("`{id}` was not selected by id")),
            None => Ok(format!("{}, selected by id, ran alone", counted(wanted.len(), "test"))),
        }
    }

    fn repeats_agree(&self) -> Answer {
        let inside = |test: &&FlakyTest| {
            self.fail_to_pass.contains(&test.id) || self.pass_to_pass.contains(&test.id)
        };
        if let Some(test) = self.flaky.iter().find(inside) {
            return Err(format!("repeats of `{}` differ", test.id));
        }
        for state in [ExecutedState::BaseWithTests, ExecutedState::Head] {
            let count = self.of_state(&state).filter(|run| whole(run)).count();
            if count < self.repeats as usize {
                return Err(format!("{count} of {} repeats were run", self.repeats));
            }
        }
        Ok(format!(
            "{} equal outcomes of each test; another one is bounded at {:.0} %",
            self.repeats,
            bound(self.repeats) * 100.0
        ))
    }

    fn network_off(&self) -> Answer {
        let on = |run: &GatedRun<'a>| {
            if run.network != Network::None {
                return Some("it had a network".to_owned());
            }
            (run.containment < ContainmentLevel::Namespaces).then(|| {
                let level = run.containment.as_str();
                format!("at level `{level}` the network stays on, and the host can be read")
            })
        };
        let count = all(self.runs.iter(), on)?;
        Ok(format!("{} had no network", counted(count, "run")))
    }

    fn no_infrastructure_fault(&self) -> Answer {
        let broken = |run: &GatedRun<'a>| {
            (run.verdict == RunVerdict::Infra).then(|| "the infrastructure failed".to_owned())
        };
        let count = all(self.runs.iter(), broken)?;
        Ok(format!("{} without a fault", counted(count, "run")))
    }

    fn channels_agree(&self) -> Answer {
        let both = self.runs.iter().filter(|run| {
            run.states.contains(&ExecutedState::BaseWithTests)
                || run.states.contains(&ExecutedState::Head)
        });
        let unstable = |run: &GatedRun<'a>| {
            (run.verdict != RunVerdict::Stable).then(|| format!("it is {}", run.verdict.as_str()))
        };
        let count = all(both, unstable)?;
        Ok(format!("report, status and collected tests of {} agree", counted(count, "run")))
    }

    fn pinned(&self) -> Answer {
        let loose = |run: &GatedRun<'a>| {
            (!run.pinned).then(|| "environment or limits are not those of the unit".to_owned())
        };
        let count = all(self.runs.iter(), loose)?;
        Ok(format!("{} had the fixed environment and limits", counted(count, "run")))
    }

    fn canaries(&self) -> Answer {
        let Some(planted) = self.planted else {
            return Err("no tests could be planted".to_owned());
        };
        let lies = |run: &GatedRun<'a>| {
            let (passes, fails) =
                (run.report.outcome(planted.passes), run.report.outcome(planted.fails));
            (passes != TestOutcome::Passed || fails != TestOutcome::Failed).then(|| {
                format!(
                    "the test that must pass is {}, the one that must fail is {}",
                    passes.as_str(),
                    fails.as_str()
                )
            })
        };
        all(self.of_state(&ExecutedState::Canaries), lies)?;
        Ok("of two planted tests one passed and one failed".to_owned())
    }

    fn protected_files(&self) -> Answer {
        let (written, head) = self.head_trees;
        if written == head {
            Ok("every work tree was written from git objects; the head's is its own tree"
                .to_owned())
        } else {
            Err(format!("the work tree of the head is `{written}` and not `{head}`"))
        }
    }
}

/// Counts `runs`, at least one, unless `bad` says what is wrong with one.
fn all<'r, 'a: 'r>(
    runs: impl Iterator<Item = &'r GatedRun<'a>>,
    bad: impl Fn(&GatedRun<'a>) -> Option<String>,
) -> Result<usize, String> {
    let mut count = 0;
    for run in runs {
        count += 1;
        if let Some(what) = bad(run) {
            return Err(format!("`{}`: {what}", run.id));
        }
    }
    if count == 0 { Err("there was no such run".to_owned()) } else { Ok(count) }
}

/// Returns true when a run was asked for all tests.
fn whole(run: &GatedRun<'_>) -> bool {
    match run.order {
        RunOrder::File | RunOrder::Random { .. } => true,
        RunOrder::Selected { .. } => false,
    }
}

fn counted(count: usize, noun: &str) -> String {
    if count == 1 { format!("1 {noun}") } else { format!("{count} {noun}s") }
}
