//! Does every byte of the data re-derive from what it claims to come from?
//!
//! In: stored trajectories, the repository they tell about, the records that
//! were read. Out: findings, each with the unit, the step, the rule of
//! `docs/rules.md`, what was expected and what was found. Written against the
//! published rules alone: it shares no code with what wrote the trajectories.

mod accounts;
mod change;
mod choice;
mod ci_step;
mod ci_text;
mod edit;
mod executed;
mod finding;
mod linked;
mod mainline;
mod order;
mod patch;
mod patches;
mod reasoning;
mod replay;
mod report;
mod run;
mod run_step;
mod search;
mod shown;
mod snapshot;
mod sources;
mod text;
mod unit;
mod worktree;

pub mod rerun;

use backstory_model::{Repository, Trajectory, UnitExecution};

pub use finding::{Checked, Finding, TrajectoryAudit};
pub use report::AuditReport;
pub use run::{RunContext, run};
pub use sources::{
    AuditOptions, CiOnCommit, Evidence, RecordText, RecordTexts, Sources, StoredBlobs,
};

pub(crate) use finding::printable;

use finding::Findings;
use text::Texts;

/// Audits one trajectory, and what was executed for it.
pub fn trajectory(
    trajectory: &Trajectory,
    execution: Option<&UnitExecution>,
    sources: Sources<'_>,
    options: AuditOptions,
) -> TrajectoryAudit {
    Auditor::new(sources, options).trajectory(trajectory, execution)
}

/// Audits the trajectories of one repository and keeps what they share.
pub struct Auditor<'a> {
    sources: Sources<'a>,
    texts: Texts,
}

impl<'a> Auditor<'a> {
    /// Starts with nothing kept.
    pub fn new(sources: Sources<'a>, options: AuditOptions) -> Self {
        Self { sources, texts: Texts::new(options.file_limit, options.cache_bytes) }
    }

    /// Returns the repository it audits against.
    fn repository(&self) -> &'a dyn Repository {
        self.sources.repo
    }

    /// Audits one trajectory, and what was executed for it; any number of threads
    /// may do so at once.
    pub fn trajectory(
        &self,
        trajectory: &Trajectory,
        execution: Option<&UnitExecution>,
    ) -> TrajectoryAudit {
        let mut findings = Findings::new(trajectory.unit.id.clone());
        let mut checked = Checked { trajectories: 1, ..Checked::default() };
        for step in &trajectory.steps {
            checked.count(step);
        }
        checked.states = trajectory.unit.states.len() as u64;
        if let Err(error) = trajectory.schema.check_readable() {
            findings.note(finding::Place::whole("whole/schema"), "a readable version", error);
        }
        unit::check(trajectory, self.sources, &self.texts, &mut findings);
        order::check(trajectory, &mut findings);
        let runs = execution.map(|unit| executed::Runs::read(unit, self.sources, &mut findings));
        let runs = runs.as_ref();
        if let Some(runs) = runs {
            checked.executions = runs.list.len() as u64;
            executed::check(trajectory, runs, self.sources, &self.texts, &mut findings);
        }
        choice::check(trajectory, runs, self.sources, &mut findings);
        checked.patches = patches::check(trajectory, self.sources, &self.texts, &mut findings);
        replay::Replay::new(trajectory, runs, self.sources, &self.texts, &mut findings).run();
        TrajectoryAudit { findings: findings.into_list(), checked }
    }
}
