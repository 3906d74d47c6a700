//! How is `reason` called?

use std::path::Path;

use backstory_dataset::reasoning::ReasoningStatistics;
use backstory_model::reasoning::SearchOptions;
use backstory_model::{ScorerPolicy, exit};
use backstory_store::{RunDirectory, fs};
use backstory_synth::lm::{AnswerFolder, ServerOptions};

use crate::arguments::ReasonArgs;
use crate::commands::export::inside;
use crate::language_model::{ANSWERS, connect, local};
use crate::reason::{Engine, ReasonPlan, reason as search};
use crate::settings::Settings;
use crate::{Failure, Talk};

/// The report, in two forms.
const REPORT: [&str; 2] = ["report.html", "report.md"];

/// Searches the thoughts of a run, or tells what was found, or both.
pub(super) fn reason(args: &ReasonArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    // A run that is not there must not be made.
    RunDirectory::read_only(&args.run)?.manifest()?;
    if let Some(folder) = &args.report
        && inside(folder, &args.run)
    {
        return Err(Failure::new(format!("`{}` lies in the run", folder.display()))
            .hint("choose a directory outside of the run with `--report`"));
    }
    if let Some(model) = &args.model {
        search_thoughts(args, model, settings, talk)?;
    }
    if let Some(folder) = &args.report {
        report(&args.run, folder, talk)?;
    }
    Ok(exit::OK)
}

fn search_thoughts(
    args: &ReasonArgs,
    model: &str,
    settings: &Settings,
    talk: &Talk,
) -> Result<(), Failure> {
    let of_changes = RunDirectory::read_only(&args.run)?.manifest()?.snapshots.is_none();
    let plan = plan(args, of_changes)?;
    let engine = engine(args, model, settings, talk)?;
    let answers = AnswerFolder::open(&settings.cache(args.cache.clone())?.join(ANSWERS))?;
    let run = RunDirectory::open(&args.run)?;
    let report = search(&run, &engine, (&plan, &answers), talk)?;
    talk.say(&format!("\n{}", report.table()));
    talk.say(&format!(
        "\n{:.2} CPU-seconds, {:.1} MiB at most",
        report.cpu_seconds, report.peak_rss_mb
    ));
    if args.json {
        talk.json(&report)?;
    }
    Ok(())
}

/// Writes what was found for the thoughts of a run.
fn report(path: &Path, folder: &Path, talk: &Talk) -> Result<(), Failure> {
    let run = RunDirectory::read_only(path)?;
    let Some(search) = run.reasoning()? else {
        return Err(Failure::new(format!("nothing was searched for `{}`", path.display()))
            .hint("search with `--model ngram`, or with the address of a server"));
    };
    let mut statistics = ReasoningStatistics::new(search);
    for unit in run.reasoned_units()? {
        let (line, steps) = unit?;
        for step in &steps {
            statistics.add(&line.work.repo, step);
        }
    }
    let page = statistics.page();
    let html = page.to_html().map_err(|error| Failure::of(error, "failed to draw the report"))?;
    fs::create_dirs(folder)?;
    for (name, text) in REPORT.into_iter().zip([html, page.to_markdown()]) {
        let file = folder.join(name);
        fs::write_file(&file, text.as_bytes())?;
        talk.say(&format!("report: {}", file.display()));
    }
    Ok(())
}

fn plan(args: &ReasonArgs, of_changes: bool) -> Result<ReasonPlan, Failure> {
    if args.min_gain.is_nan() || args.min_gain < 0.0 {
        return Err(Failure::new(format!("`--min-gain` is {}", args.min_gain))
            .hint("give 0 or more nats a token"));
    }
    let options = SearchOptions {
        candidates: args.candidates,
        rounds: args.rounds,
        starts: args.starts,
        min_gain: args.min_gain,
        context: args.context,
        prompt_context: args.context,
        least_target: if of_changes { args.least_target } else { 0 },
        seed: args.seed,
        ..SearchOptions::default()
    };
    let (percentiles, thoughts, budget) = (args.gate, args.thoughts, args.budget);
    Ok(ReasonPlan { options, percentiles, scopes: args.scopes, thoughts, budget })
}

fn engine(
    args: &ReasonArgs,
    model: &str,
    settings: &Settings,
    talk: &Talk,
) -> Result<Engine, Failure> {
    if model == "ngram" {
        return Ok(Engine::ngram());
    }
    let policy = if args.on_policy { ScorerPolicy::OnPolicy } else { ScorerPolicy::OffPolicy };
    if model == "local" {
        return Ok(Engine::Local(local(&settings.weights(args.weights.clone())?, policy)?));
    }
    let options = ServerOptions {
        model: args.name.clone(),
        revision: args.revision.clone(),
        policy,
        ..ServerOptions::at(model)
    };
    Engine::server(connect(options, settings, talk)?)
}
