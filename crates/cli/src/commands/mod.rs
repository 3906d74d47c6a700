//! Which function does which command call?

mod audit;
mod build;
mod cache;
mod doctor;
mod execute;
mod export;
mod grade;
mod labels;
mod learn;
mod localize;
mod reason;
mod reasoning;
mod records;
mod repositories;
mod rerun;
mod schema;
mod show;
mod snapshot;
mod validate;

use clap_complete::generate;

use crate::arguments::{Arguments, Command, CompletionsArgs};
use crate::settings::Settings;
use crate::{Environment, Failure, Talk};
use backstory_model::exit;

/// Runs one command and returns its exit code.
pub(crate) fn run(
    arguments: Arguments,
    environment: &Environment,
    talk: &Talk,
) -> Result<u8, Failure> {
    let settings = Settings::load(arguments.config.as_deref(), environment)?;
    match arguments.command {
        Command::Build(args) => build::build(args, &settings, talk),
        Command::Plan(args) => build::plan(args, &settings, talk),
        Command::RunUnit(args) => build::run_unit(args, &settings, talk),
        Command::Collect(args) => build::collect(&args, talk),
        Command::Snapshot(args) => snapshot::snapshot(&args, &settings, talk),
        Command::Reason(args) => reason::reason(&args, &settings, talk),
        Command::Show(args) => show::show(&args, talk),
        Command::Export(args) => export::export(&args, &settings, talk),
        Command::Validate(args) => validate::validate(&args, talk),
        Command::Execute(args) => execute::execute(args, &settings, talk),
        Command::Audit(args) => audit::audit(args, &settings, talk),
        Command::Records(args) => records::records(&args, &settings, talk),
        Command::Ci(args) => records::ci(&args, &settings, talk),
        Command::Learn(args) => learn::learn(&args, talk),
        Command::Localize(args) => localize::localize(args, &settings, talk),
        Command::Synthesize(args) => reasoning::synthesize(&args, &settings, talk),
        Command::Questions(args) => reasoning::questions(&args, &settings, talk),
        Command::Grade(args) => reasoning::grade(&args, &settings, talk),
        Command::Score(args) => reasoning::score(&args, &settings, talk),
        Command::Trace(args) => reasoning::trace(&args, &settings, talk),
        Command::Doctor(args) => doctor::doctor(&args, &settings, talk),
        Command::Cache(args) => cache::cache(args, &settings, talk),
        Command::Schema(args) => schema::schema(&args, talk),
        Command::Completions(args) => completions(&args, talk),
    }
}

fn completions(args: &CompletionsArgs, talk: &Talk) -> Result<u8, Failure> {
    let mut script = Vec::new();
    generate(args.shell, &mut crate::command(), "backstory", &mut script);
    talk.data(&String::from_utf8_lossy(&script))?;
    Ok(exit::OK)
}
