//! What did the functions that fixes of a run touched do?
//!
//! In: a run, and how much of it is followed. Out: what was seen of each confirmed
//! instance, or why it was not followed.

use backstory_exec::execute::{AskedTest, FollowedUnit, NotFollowed, TraceAsk};
use backstory_model::{Disposition, ExecutedState, RunOptions, TestId, TouchedTest, UnitExecution};
use backstory_store::RunDirectory;

use crate::arguments::{FollowArgs, MachineArgs};
use crate::commands::execute::Again;
use crate::execution::Machine;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// How many times longer a run may take that is followed.
const LONGER: u32 = 4;

/// A run that is ready to be followed.
pub(super) struct Following<'a> {
    run: &'a RunDirectory,
    again: Again<'a>,
    machine: Machine,
    options: RunOptions,
    args: &'a FollowArgs,
}

/// Why a unit of a run has nothing to follow.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum NoInstance {
    /// It was not executed.
    NotExecuted,
    /// Nothing confirms that its tests tell the fix.
    NotConfirmed,
}

impl NoInstance {
    /// Returns the word of funnels.
    pub(super) fn as_str(self) -> &'static str {
        match self {
            Self::NotExecuted => "not_executed",
            Self::NotConfirmed => "not_confirmed",
        }
    }
}

impl<'a> Following<'a> {
    /// Opens the repositories and the machine; `python` is the one Python to use.
    pub(super) fn open(
        run: &'a RunDirectory,
        args: &'a FollowArgs,
        python: Option<&str>,
        machine: MachineArgs,
        settings: &Settings,
        talk: &Talk,
    ) -> Result<Self, Failure> {
        let manifest = run.manifest()?;
        let mut options = manifest.options.clone();
        let mut execute = options.execute.take().unwrap_or_default();
        execute.candidates = 0;
        execute.limits.wall_seconds = execute.limits.wall_seconds.saturating_mul(LONGER);
        execute.limits.cpu_seconds = execute.limits.cpu_seconds.saturating_mul(LONGER);
        let records = settings.records(args.records.clone());
        let again = Again::open(run, &manifest, &args.repositories, records.as_deref())?;
        let mut machine = Machine::open(settings, machine, execute.minimum, talk)?;
        if let Some(python) = python {
            machine.toolchains = machine.toolchains.with_python(python).ok_or_else(|| {
                Failure::new(format!("this machine has no Python {python}"))
                    .hint("`backstory doctor` lists what it has")
            })?;
        }
        options.execute = Some(execute);
        Ok(Self { run, again, machine, options, args })
    }

    /// Returns what was executed for a unit, if its instance is confirmed.
    pub(super) fn confirmed(
        &self,
        unit: &Disposition,
    ) -> Result<Result<UnitExecution, NoInstance>, Failure> {
        let Some(execution) = self.run.execution(unit)? else {
            return Ok(Err(NoInstance::NotExecuted));
        };
        let is_confirmed = execution.instance.is_some();
        Ok(if is_confirmed { Ok(execution) } else { Err(NoInstance::NotConfirmed) })
    }

    /// Follows the functions of one instance.
    pub(super) fn follow(
        &self,
        unit: &Disposition,
        execution: &UnitExecution,
    ) -> Result<Result<FollowedUnit, NotFollowed>, Failure> {
        let Some(instance) = &execution.instance else { return Ok(Err(NotFollowed::NoFunction)) };
        let asked = |telling: bool| -> Vec<AskedTest> {
            let is_wanted = |id: &TestId| {
                if telling {
                    instance.fail_to_pass.iter().any(|test| test.id == *id)
                } else {
                    instance.pass_to_pass.contains(id)
                }
            };
            let judged = execution.tests.iter().filter(|test| is_wanted(&test.id));
            let asked = judged.map(|test| AskedTest {
                id: test.id.clone(),
                before: Some(test.before),
                after: test.after,
            });
            asked.collect()
        };
        let (telling, passing) = (asked(true), asked(false));
        let executed = self.executed(execution)?;
        let ask = TraceAsk {
            telling: &telling,
            passing: &passing,
            executed: &executed,
            most: self.args.tests,
            events: self.args.events,
            toolchains: &self.machine.toolchains,
        };
        self.again.follow(&self.machine, &self.options, unit, ask)
    }

    /// Reads what each test executed on the head.
    fn executed(&self, execution: &UnitExecution) -> Result<Vec<TouchedTest>, Failure> {
        let mut heads = execution.executions.iter().filter(|run| run.state == ExecutedState::Head);
        let Some(stored) = heads.find_map(|run| run.touched.as_ref()) else {
            return Ok(Vec::new());
        };
        let bytes = self.run.blob(stored)?;
        serde_json::from_slice(&bytes)
            .map_err(|error| Failure::of(error, "failed to read what tests executed"))
    }
}
