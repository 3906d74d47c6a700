//! How are units of a finished run executed again?
//!
//! In: a run, the units to take, and where their repositories lie. Out: what
//! happens, told as it happens; the run itself is only read.

use std::collections::BTreeMap;
use std::path::Path;

use backstory_exec::execute::{Executed, FollowedUnit, NotFollowed, TraceAsk};
use backstory_model::{Disposition, ExecuteOptions, RepoName, RunManifest, RunOptions, exit};
use backstory_store::{RunDirectory, fs};
use serde::Serialize;

use crate::arguments::ExecuteArgs;
use crate::build::{Source, UnitRunner, executor};
use crate::commands::grade::{Graded, grade};
use crate::commands::repositories::open_repositories;
use crate::commands::show::find;
use crate::execution::{Machine, telling};
use crate::settings::Settings;
use crate::{Failure, Talk};

/// One unit as `--json` prints it.
#[derive(Serialize)]
struct Line<'a> {
    unit: &'a str,
    outcome: &'a str,
    runs: usize,
    fail_to_pass: usize,
    pass_to_pass: usize,
    cpu_seconds: f64,
    overhead_seconds: f64,
}

/// One wrong version of a gold patch, as `--candidates` writes it.
#[derive(Serialize)]
struct Candidate<'a> {
    instance_id: &'a str,
    number: u32,
    kind: backstory_model::MutantKind,
    verdict: backstory_model::MutantVerdict,
    patch: String,
}

/// Executes units again and tells what happens.
pub(super) fn execute(args: ExecuteArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    let run = RunDirectory::read_only(&args.run)?;
    let manifest = run.manifest()?;
    let units = chosen(&run, &args)?;
    let mut options = manifest.options.clone();
    let mut execute = options.execute.take().unwrap_or_default();
    execute.mutants = args.candidates.unwrap_or(execute.mutants);
    options.execute = Some(execute);
    let records = settings.records(args.records);
    let again = Again::open(&run, &manifest, &args.repositories, records.as_deref())?;
    let machine = Machine::open(settings, args.machine, minimum(&options), talk)?;
    if let Some(export) = &args.grade {
        let graded = Graded { export, logs: out(args.out.as_deref())? };
        return grade(&again, &machine, &graded, &units, talk);
    }
    let mut candidates = String::new();
    for unit in &units {
        let executed = again.execute(&machine, &options, unit, talk)?;
        talk.say(&telling::closing(&executed));
        if args.json {
            talk.json_text(&json_line(unit, &executed)?)?;
        }
        candidates.push_str(&candidate_lines(&executed)?);
    }
    if args.candidates.is_some() {
        let folder = out(args.out.as_deref())?;
        fs::create_dirs(folder)?;
        fs::write_file(&folder.join("candidates.jsonl"), candidates.as_bytes())?;
    }
    Ok(exit::OK)
}

fn out(out: Option<&Path>) -> Result<&Path, Failure> {
    out.ok_or_else(|| Failure::new("no folder is given").hint("name it with `--out`"))
}

fn minimum(options: &RunOptions) -> backstory_model::ContainmentLevel {
    options.execute.as_ref().map_or(ExecuteOptions::default().minimum, |execute| execute.minimum)
}

/// Returns the named units, or all that were executed.
fn chosen(run: &RunDirectory, args: &ExecuteArgs) -> Result<Vec<Disposition>, Failure> {
    if !args.units.is_empty() {
        return args.units.iter().map(|name| find(run, name, &args.run)).collect();
    }
    let mut units = Vec::new();
    for unit in run.dispositions()? {
        units.extend(Some(unit?).filter(|unit| unit.execution.is_some()));
    }
    if units.is_empty() {
        return Err(Failure::new(format!("`{}` has no executed unit", args.run.display()))
            .hint("name the units, or build the run with `--execute`"));
    }
    Ok(units)
}

/// A finished run with its repositories opened, ready to be executed again.
pub(super) struct Again<'a> {
    /// The run.
    pub(super) run: &'a RunDirectory,
    sources: BTreeMap<RepoName, Source>,
}

impl<'a> Again<'a> {
    /// Opens the repositories at the commits the run was built from.
    pub(super) fn open(
        run: &'a RunDirectory,
        manifest: &RunManifest,
        given: &[String],
        records: Option<&Path>,
    ) -> Result<Self, Failure> {
        let mut sources = BTreeMap::new();
        for (name, repo) in open_repositories(given, run)? {
            let head = manifest.repositories.get(&name).ok_or_else(|| {
                Failure::new(format!("`{name}` is no repository of `{}`", run.path().display()))
            })?;
            let source = Source::reopen(name.clone(), repo, head.clone(), records)?;
            sources.insert(name, source);
        }
        Ok(Self { run, sources })
    }

    /// Executes one unit and tells of every run.
    pub(super) fn execute(
        &self,
        machine: &Machine,
        options: &RunOptions,
        unit: &Disposition,
        talk: &Talk,
    ) -> Result<Executed, Failure> {
        let source = self.source(unit)?;
        let tell = |event: &backstory_exec::execute::Event<'_>| talk.say(&telling::line(event));
        let executor = executor(source, Some(machine), options)?;
        let executor = executor.map(|executor| executor.watched(&tell));
        UnitRunner::new(source, self.run, options).with_executor(executor).execute_again(&unit.work)
    }

    /// Follows the functions that the fix of one unit touched.
    pub(super) fn follow(
        &self,
        machine: &Machine,
        options: &RunOptions,
        unit: &Disposition,
        ask: TraceAsk<'_>,
    ) -> Result<Result<FollowedUnit, NotFollowed>, Failure> {
        let source = self.source(unit)?;
        let not_executed = || Failure::new(format!("`{}` was not executed", unit.work.unit));
        let executor = executor(source, Some(machine), options)?.ok_or_else(not_executed)?;
        UnitRunner::new(source, self.run, options).follow(&executor, &unit.work, ask)
    }

    /// Returns the repository of a unit, with what belongs to it.
    pub(super) fn source(&self, unit: &Disposition) -> Result<&Source, Failure> {
        self.sources.get(&unit.work.repo).ok_or_else(|| {
            Failure::new(format!("where `{}` lies is not known", unit.work.repo))
                .hint("name it with `--repo NAME=PATH`")
        })
    }
}

fn json_line(unit: &Disposition, executed: &Executed) -> Result<String, Failure> {
    let instance = executed.execution.instance.as_ref();
    let line = Line {
        unit: unit.work.unit.as_str(),
        outcome: executed.execution.outcome.as_str(),
        runs: executed.execution.executions.len(),
        fail_to_pass: instance.map_or(0, |instance| instance.fail_to_pass.len()),
        pass_to_pass: instance.map_or(0, |instance| instance.pass_to_pass.len()),
        cpu_seconds: executed.usage.cpu_seconds,
        overhead_seconds: executed.usage.overhead_seconds,
    };
    to_json(&line)
}

fn candidate_lines(executed: &Executed) -> Result<String, Failure> {
    let mut lines = String::new();
    for mutant in &executed.execution.mutants {
        let Some(patch) = executed.blobs.get(&mutant.patch) else { continue };
        let line = Candidate {
            instance_id: executed.execution.unit.as_str(),
            number: mutant.number,
            kind: mutant.kind,
            verdict: mutant.verdict,
            patch: String::from_utf8_lossy(patch).into_owned(),
        };
        lines.push_str(&to_json(&line)?);
        lines.push('\n');
    }
    Ok(lines)
}

fn to_json<T: Serialize>(value: &T) -> Result<String, Failure> {
    serde_json::to_string(value).map_err(|error| Failure::of(error, "failed to write JSON"))
}
