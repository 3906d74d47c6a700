//! How do repositories become a run?
//!
//! In: opened repositories and options. Out: a run directory and a [`BuildReport`]. Three
//! functions do the work, on one machine or on many: [`plan`] says which units
//! there are, [`UnitRunner::run`] does one of them, [`collect`] puts them
//! together. [`build()`] is the three in a row, and stops at once when the
//! same run is already there.

mod collect;
mod evidence;
mod funnel;
mod links;
mod place;
mod plan;
mod report;
mod runner;
mod since;
mod source;
mod table;

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, Ordering};

use backstory_model::{RunOptions, UnitKey, WorkUnit};
use backstory_store::{Ledger, RunDirectory, RunState};
use rayon::iter::{ParallelBridge as _, ParallelIterator as _};

pub use collect::collect;
pub(crate) use evidence::{began, linked_issues};
pub(crate) use place::Place;
pub(crate) use plan::tool;
pub use plan::{Plan, PlanHeader, plan};
pub use report::BuildReport;
pub use runner::{Done, UnitRunner};
pub use since::parse_since;
pub use source::{Source, SourceRequest, open_sources};
pub(crate) use source::{log_folder, name_of, open_repository};

use crate::cost::Cost;
use crate::execution::{Executor, Machine};
use crate::{Failure, Talk};

/// How many units are finished before the ledger hears of them.
const LEDGER_BATCH: usize = 512;

/// How a build is done; changes nothing about what is built.
#[derive(Clone, Copy)]
pub struct BuildOptions<'a> {
    /// How many units are worked on at a time.
    pub jobs: usize,
    /// What runs tests; there is none where nothing is executed.
    pub(crate) machine: Option<&'a Machine>,
}

impl BuildOptions<'_> {
    /// Works on this many units at a time and executes nothing.
    pub fn new(jobs: usize) -> Self {
        Self { jobs, machine: None }
    }
}

/// Builds a run, or continues one, or finds that there is nothing to do.
pub fn build(
    sources: &[Source],
    header: PlanHeader,
    run: &RunDirectory,
    options: BuildOptions<'_>,
    talk: &Talk,
) -> Result<BuildReport, Failure> {
    let mut ledger = run.ledger()?;
    ledger.set_sources(sources.iter().map(|source| (&source.name, source.repo.path())))?;
    if let Some(report) = unchanged(run, &ledger, &header)? {
        talk.say("nothing has changed since the last build");
        return Ok(report.with_broken_records(source::broken_records(sources)));
    }
    ledger.begin()?;
    let plan = plan(sources, header)?;
    for source in sources {
        run_units((source, &plan), run, options, &mut ledger, talk)?;
    }
    let manifest = collect(run, &plan, talk)?;
    let cost = Cost::so_far();
    ledger.complete(&RunState {
        run_key: plan.header.run_key.clone(),
        listing: run.listing_digest()?,
        cpu_seconds: cost.cpu_seconds,
        peak_rss_mb: cost.peak_rss_mb,
    })?;
    let report = BuildReport::new(manifest, cost)?;
    Ok(report.with_broken_records(source::broken_records(sources)))
}

/// Returns the report of the last build if this one would write the same.
fn unchanged(
    run: &RunDirectory,
    ledger: &Ledger,
    header: &PlanHeader,
) -> Result<Option<BuildReport>, Failure> {
    let Some(last) = ledger.last_run()? else { return Ok(None) };
    let same =
        last.run_key == header.run_key && run.is_sealed() && run.listing_digest()? == last.listing;
    if !same {
        return Ok(None);
    }
    let manifest = run.manifest()?;
    let counts = &manifest.counts;
    let may_heal = runner::OF_THIS_COPY.iter().any(|reason| counts.rejected.contains_key(*reason))
        || counts.executed.contains_key("infra");
    if may_heal {
        return Ok(None);
    }
    Ok(Some(BuildReport::new(manifest, Cost::so_far())?))
}

/// Does every unit of one repository that is not done.
fn run_units(
    (source, plan): (&Source, &Plan),
    run: &RunDirectory,
    options: BuildOptions<'_>,
    ledger: &mut Ledger,
    talk: &Talk,
) -> Result<(), Failure> {
    let work: Vec<&WorkUnit> = plan.work.iter().filter(|unit| unit.repo == source.name).collect();
    let stage = talk.stage(&format!("{}: units", source.name), work.len());
    let executor = executor(source, options.machine, &plan.header.options)?;
    let runner = UnitRunner::new(source, run, &plan.header.options).with_executor(executor);
    let pool = rayon::ThreadPoolBuilder::new()
        .num_threads(options.jobs)
        .build()
        .map_err(|error| Failure::of(error, "failed to start the worker threads"))?;
    for batch in work.chunks(LEDGER_BATCH) {
        let tried = pool.install(|| {
            run_batch(batch, |unit| {
                let done = runner.run(unit);
                stage.step();
                done
            })
        })?;
        ledger.attempted(tried.iter().map(|(key, status)| (key, *status)))?;
    }
    stage.finish();
    Ok(())
}

/// Prepares the execution of one repository's units, if they are executed.
pub(crate) fn executor<'a>(
    source: &'a Source,
    machine: Option<&'a Machine>,
    options: &'a RunOptions,
) -> Result<Option<Executor<'a>>, Failure> {
    match (machine, &options.execute) {
        (Some(machine), Some(execute)) => {
            Executor::new(machine, &source.repo, &source.head, execute).map(Some)
        }
        _ => Ok(None),
    }
}

type Tried = Vec<(UnitKey, &'static str)>;

/// Hands out the units in order, so that neighbors share what is cached.
fn run_batch(
    batch: &[&WorkUnit],
    run: impl Fn(&WorkUnit) -> Result<Done, Failure> + Sync,
) -> Result<Tried, Failure> {
    let tried = Mutex::new(Tried::new());
    let stop = AtomicBool::new(false);
    batch.iter().par_bridge().try_for_each(|unit| {
        if stop.load(Ordering::Relaxed) {
            return Ok::<(), Failure>(());
        }
        let done = run(unit).inspect_err(|_| stop.store(true, Ordering::Relaxed))?;
        if let Some(status) = done.status() {
            tried
                .lock()
                .unwrap_or_else(std::sync::PoisonError::into_inner)
                .push((unit.key.clone(), status));
        }
        Ok(())
    })?;
    Ok(tried.into_inner().unwrap_or_else(std::sync::PoisonError::into_inner))
}
