//! How are `build` and its three parts called?

use backstory_model::{RunOptions, UnitId, UnitKey, WorkUnit, exit};
use backstory_store::RunDirectory;

use crate::arguments::{
    BuildArgs, CollectArgs, ExecutionArgs, MachineArgs, PlanArgs, RunUnitArgs, SelectArgs,
    SourceArgs,
};
use crate::build::{
    self, BuildOptions, BuildReport, Plan, PlanHeader, Source, SourceRequest, UnitRunner,
    open_sources, parse_since,
};
use crate::cost::Cost;
use crate::execution::Machine;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// Builds trajectories from the history of repositories.
pub(super) fn build(args: BuildArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    let options = options(&args.select, &args.execution, settings)?;
    let jobs = settings.jobs(args.jobs)?;
    // What is wrong with the input is said before a directory is made for it.
    let opened = open_sources(&sources(args.source, args.select, settings), talk)?;
    let machine = machine(&options, args.machine, settings, talk)?;
    let options = at_level(options, machine.as_ref());
    let run = RunDirectory::open(&args.out)?;
    let header = PlanHeader::new(&opened, &options);
    let how = BuildOptions { machine: machine.as_ref(), ..BuildOptions::new(jobs) };
    let report = build::build(&opened, header, &run, how, talk)?;
    close(&report, args.json, talk)
}

/// Writes the work manifest.
pub(super) fn plan(args: PlanArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    let options = options(&args.select, &args.execution, settings)?;
    let opened = open_sources(&sources(args.source, args.select, settings), talk)?;
    let plan = build::plan(&opened, PlanHeader::new(&opened, &options))?;
    plan.write(&args.out)?;
    talk.say(&format!("{} units to do, listed in `{}`", plan.work.len(), args.out.display()));
    Ok(exit::OK)
}

/// Does some units of a work manifest.
pub(super) fn run_unit(args: RunUnitArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    let plan = Plan::read(&args.manifest)?;
    let chosen = choose(&plan, &args)?;
    let request = SourceRequest {
        repositories: args.source.repositories,
        repo_name: args.source.repo_name,
        head: None,
        records: settings.records(args.source.records),
    };
    let opened = open_sources(&request, talk)?;
    let machine = machine(&plan.header.options, args.machine, settings, talk)?;
    let run = RunDirectory::open_worker(&args.out)?;
    for source in &opened {
        let executor = build::executor(source, machine.as_ref(), &plan.header.options)?;
        let runner = UnitRunner::new(source, &run, &plan.header.options).with_executor(executor);
        for unit in chosen.iter().filter(|unit| unit.repo == source.name) {
            let done = runner.run(unit)?;
            talk.say(&format!("{}: {}", unit.unit, done.describe()));
        }
    }
    said_all(&chosen, &opened)
}

/// Opens what runs tests, if the options ask for it.
fn machine(
    options: &RunOptions,
    args: MachineArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<Option<Machine>, Failure> {
    let Some(execute) = &options.execute else { return Ok(None) };
    Machine::open(settings, args, execute.minimum, talk).map(Some)
}

/// Lowers the minimum to what was allowed and is in force, so that a later build on
/// a machine with a sandbox does the same units again.
fn at_level(mut options: RunOptions, machine: Option<&Machine>) -> RunOptions {
    if let (Some(execute), Some(machine)) = (&mut options.execute, machine) {
        execute.minimum = execute.minimum.min(machine.sandbox.containment().level);
    }
    options
}

/// Refuses to end well when a chosen unit belongs to no given repository.
fn said_all(chosen: &[&WorkUnit], opened: &[Source]) -> Result<u8, Failure> {
    let stray = chosen.iter().find(|unit| opened.iter().all(|source| source.name != unit.repo));
    match stray {
        None => Ok(exit::OK),
        Some(unit) => Err(Failure::new(format!(
            "unit `{}` belongs to `{}`, which was not given",
            unit.unit, unit.repo
        ))
        .hint("name every repository of the plan")),
    }
}

/// Puts the finished units together.
pub(super) fn collect(args: &CollectArgs, talk: &Talk) -> Result<u8, Failure> {
    let plan = Plan::read(&args.manifest)?;
    let run = RunDirectory::open(&args.out)?;
    let manifest = build::collect(&run, &plan, talk)?;
    close(&BuildReport::new(manifest, Cost::so_far())?, args.json, talk)
}

fn close(report: &BuildReport, json: bool, talk: &Talk) -> Result<u8, Failure> {
    talk.say(&format!("\n{}", report.table()));
    talk.say(&format!(
        "\n{:.2} CPU-seconds, {:.1} MiB at most",
        report.cpu_seconds, report.peak_rss_mb
    ));
    if json {
        talk.json_text(&report.to_json()?)?;
    }
    if report.broken_records > 0 {
        talk.say(&format!(
            "\n{} record lines could not be read; the build went on without them",
            report.broken_records
        ));
        return Ok(exit::FINDINGS);
    }
    Ok(exit::OK)
}

fn options(
    args: &SelectArgs,
    execution: &ExecutionArgs,
    settings: &Settings,
) -> Result<RunOptions, Failure> {
    let default = RunOptions::default();
    Ok(RunOptions {
        since: args.since.as_deref().map(parse_since).transpose()?,
        limit: args.limit,
        units: args.units.iter().map(UnitId::new).collect(),
        file_limit: settings.file_limit(args.file_limit, default.file_limit),
        execute: settings.execute(execution)?,
    })
}

fn sources(args: SourceArgs, select: SelectArgs, settings: &Settings) -> SourceRequest {
    SourceRequest {
        repositories: args.repositories,
        repo_name: args.repo_name,
        head: select.head,
        records: settings.records(args.records),
    }
}

/// Returns the units the arguments name, in the order of the plan.
fn choose<'plan>(plan: &'plan Plan, args: &RunUnitArgs) -> Result<Vec<&'plan WorkUnit>, Failure> {
    if let Some(shard) = &args.shard {
        let (index, of) = parse_shard(shard)?;
        return Ok(plan.work.iter().skip(index).step_by(of).collect());
    }
    let keys = args
        .keys
        .iter()
        .map(|key| UnitKey::new(key.as_str()).map_err(|e| Failure::of(e, "a key cannot be used")))
        .collect::<Result<Vec<_>, _>>()?;
    if let Some(key) = keys.iter().find(|key| plan.work.iter().all(|unit| unit.key != **key)) {
        return Err(Failure::new(format!("key `{key}` is not in the plan"))
            .hint("each line of the plan but the first holds a `key`"));
    }
    Ok(plan.work.iter().filter(|unit| keys.contains(&unit.key)).collect())
}

/// Reads `I/N`, I from 0.
fn parse_shard(text: &str) -> Result<(usize, usize), Failure> {
    let parts = text.split_once('/').and_then(|(index, of)| {
        let (index, of): (usize, usize) = (index.parse().ok()?, of.parse().ok()?);
        (index < of).then_some((index, of))
    });
    parts.ok_or_else(|| {
        Failure::new(format!("`{text}` is not a shard"))
            .hint("write it as `I/N`, from `0/N` to `N-1/N`")
    })
}

#[cfg(test)]
mod tests {
    use super::parse_shard;

    #[test]
    fn shards_count_from_zero() {
        assert_eq!(parse_shard("0/3").unwrap(), (0, 3));
        assert!(parse_shard("3/3").is_err());
        assert!(parse_shard("1").is_err());
    }
}
