//! Does every gate say what the runs say?
//!
//! In: the runs and the roles of tests. Out: findings. A gate that the runs
//! decide must agree with them both ways; of the others, what contradicts them.

use std::collections::BTreeSet;

use backstory_model::{
    ContainmentLevel, ExecutedState, Gate, GateResult, RunOrder, RunVerdict, TestId, TestOutcome,
    TestRunner, Trajectory,
};

use super::super::finding::Findings;
use super::PLACE;
use super::judged::{Derived, is_broken, is_whole};
use super::statement::names_later_commit;
use super::stored::{Run, Runs};
use super::trees::States;

/// Compares every gate with the runs.
pub(super) fn check(
    trajectory: &Trajectory,
    runs: &Runs<'_>,
    states: &States,
    derived: &Derived,
    findings: &mut Findings,
) {
    let stored = &runs.execution.gates;
    let named: Vec<Gate> = stored.iter().map(|result| result.gate).collect();
    if derived.fail_to_pass.is_empty() {
        findings.equal(PLACE, "gates", (&Vec::new(), &named));
        return;
    }
    findings.equal(PLACE, "gates", (&Gate::ALL.to_vec(), &named));
    let seen = Seen::new(trajectory, runs, states, derived);
    for GateResult { gate, passed, .. } in stored {
        let holds = match seen.holds(*gate) {
            Decided::Yes => true,
            Decided::No => false,
            Decided::Open => *passed,
        };
        let what = format!("gate `{}`", gate.as_str());
        findings.equal(PLACE, &what, (&holds, passed));
    }
}

/// What the runs say about a gate.
enum Decided {
    Yes,
    No,
    /// Nothing against it; whether it holds was seen while running.
    Open,
}

impl Decided {
    fn exactly(holds: bool) -> Self {
        if holds { Self::Yes } else { Self::No }
    }

    fn unless(contradicted: bool) -> Self {
        if contradicted { Self::No } else { Self::Open }
    }
}

/// Returns true when a test cannot but run with those that were asked for: in Go
/// a test contains its parts.
fn runs_along(runner: Option<TestRunner>, asked: &BTreeSet<&TestId>, id: &TestId) -> bool {
    let inside = |part: &TestId, whole: &TestId| {
        let rest = part.as_str().strip_prefix(whole.as_str());
        rest.is_some_and(|rest| rest.starts_with('/'))
    };
    let is_go = runner == Some(TestRunner::GoTest);
    is_go && asked.iter().any(|asked| inside(id, asked) || inside(asked, id))
}

struct Seen<'r, 'a> {
    trajectory: &'r Trajectory,
    runs: &'r Runs<'a>,
    before: Vec<&'r Run<'a>>,
    after: Vec<&'r Run<'a>>,
    reverted: Vec<&'r Run<'a>>,
    derived: &'r Derived,
}

impl<'r, 'a> Seen<'r, 'a> {
    fn new(
        trajectory: &'r Trajectory,
        runs: &'r Runs<'a>,
        states: &States,
        derived: &'r Derived,
    ) -> Self {
        let of = |tree| States::runs_of(runs, tree);
        Self {
            trajectory,
            runs,
            before: of(states.with_tests.as_ref()),
            after: of(Some(&states.head)),
            reverted: of(states.reverted.as_ref()),
            derived,
        }
    }

    fn holds(&self, gate: Gate) -> Decided {
        match gate {
            Gate::NoFuture => Decided::unless(names_later_commit(self.trajectory)),
            Gate::NothingDone => Decided::exactly(self.rejected(&self.before)),
            Gate::GoldPatch => Decided::exactly(self.gold_passes()),
            Gate::GoldReverted => Decided::exactly(self.rejected(&self.reverted)),
            Gate::TestsCollected => Decided::exactly(
                self.judged()
                    .all(|run| run.report.collected > 0 || !run.report.broken_modules.is_empty()),
            ),
            Gate::IdsRoundTrip => Decided::exactly(self.ids_round_trip()),
            Gate::Repeats => Decided::exactly(self.repeats_agree()),
            Gate::NetworkOff => Decided::unless(
                self.judged().any(|run| run.execution.containment < ContainmentLevel::Namespaces),
            ),
            Gate::NoInfrastructureFault => Decided::exactly(
                self.judged().all(|run| run.execution.verdict != RunVerdict::Infra),
            ),
            Gate::ChannelsAgree => {
                let mut both = self.before.iter().chain(&self.after);
                Decided::exactly(both.all(|run| run.execution.verdict == RunVerdict::Stable))
            }
            Gate::Canaries => Decided::unless(!self.canaries_sing()),
            Gate::Pinned | Gate::ProtectedFiles => Decided::Open,
        }
    }

    /// Every run but those of mutants and candidates.
    fn judged(&self) -> impl Iterator<Item = &'r Run<'a>> {
        let own = |run: &&Run<'_>| {
            let state = &run.execution.state;
            !matches!(state, ExecutedState::Mutant { .. } | ExecutedState::Candidate { .. })
        };
        self.runs.list.iter().filter(own)
    }

    fn rejected(&self, runs: &[&Run<'_>]) -> bool {
        let mut whole = runs.iter().filter(|run| is_whole(run)).peekable();
        let passes_all = |run: &&Run<'_>| -> bool {
            let mut ids = self.derived.fail_to_pass.iter();
            ids.all(|(id, _)| run.report.outcome(id).is_pass())
        };
        whole.peek().is_some() && !whole.any(passes_all)
    }

    fn gold_passes(&self) -> bool {
        let mut whole = self.after.iter().filter(|run| is_whole(run)).peekable();
        whole.peek().is_some()
            && whole.all(|run| {
                let passed = |id| run.report.outcome(id) == TestOutcome::Passed;
                self.wanted().into_iter().all(passed)
            })
    }

    fn wanted(&self) -> BTreeSet<&'r TestId> {
        let fail = self.derived.fail_to_pass.iter().map(|(id, _)| id);
        fail.chain(&self.derived.pass_to_pass).collect()
    }

    fn ids_round_trip(&self) -> bool {
        let mut covered = BTreeSet::new();
        for run in &self.after {
            let RunOrder::Selected { tests } = &run.execution.order else { continue };
            let asked: BTreeSet<&TestId> = tests.iter().collect();
            let spoken = run.report.results.iter().map(|test| &test.id);
            let runner = self.runs.execution.recipe.as_ref().map(|recipe| recipe.runner);
            let broken = tests.iter().filter(|id| is_broken(runner, &run.report, id));
            let ran: BTreeSet<&TestId> = spoken.chain(broken).collect();
            let more = ran.difference(&asked).all(|id| runs_along(runner, &asked, id));
            if !asked.is_subset(&ran) || !more {
                return false;
            }
            covered.extend(asked);
        }
        self.wanted().is_subset(&covered)
    }

    fn repeats_agree(&self) -> bool {
        let repeats = self.runs.execution.repeats as usize;
        let often = |runs: &[&Run<'_>]| runs.iter().filter(|run| is_whole(run)).count() >= repeats;
        let wanted = self.wanted();
        let flaky = self.derived.flaky.keys().any(|(id, _)| wanted.contains(id));
        !flaky && often(&self.before) && often(&self.after)
    }

    /// Returns true when runs with planted tests show one that passed and one that
    /// failed, both unknown to the head.
    fn canaries_sing(&self) -> bool {
        let known: BTreeSet<&TestId> =
            self.after.iter().flat_map(|run| &run.report.results).map(|test| &test.id).collect();
        let mut planted = self
            .runs
            .list
            .iter()
            .filter(|run| run.execution.state == ExecutedState::Canaries)
            .peekable();
        planted.peek().is_some()
            && planted.all(|run| {
                let fresh = run.report.results.iter().filter(|test| !known.contains(&test.id));
                let did: BTreeSet<TestOutcome> = fresh.map(|test| test.outcome).collect();
                did.contains(&TestOutcome::Passed) && did.contains(&TestOutcome::Failed)
            })
    }
}
