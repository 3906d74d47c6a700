//! Which programs are written, and where did every draft go?

use std::fmt::Write as _;

use backstory_model::seed::Seed;
use backstory_model::{LanguageModel as _, exit};
use backstory_store::fs;
use backstory_synth::lm::Cached;
use backstory_synth::programs::{
    Funnel, Level, ModelDraftOptions, ModelDrafts, SynthesizeOptions, Synthesized, Unmet,
    synthesize as make, synthesize_with,
};

use super::rows::Rows;
use crate::arguments::{ProgramsArgs, SynthesizeArgs, SynthesizeCommand};
use crate::cost::Cost;
use crate::language_model::writer;
use crate::settings::Settings;
use crate::{Failure, Talk};

/// The file in the folder.
pub(super) const PROGRAMS: &str = "programs.jsonl";

/// The file of what a model wrote and did not obey.
const REJECTED: &str = "rejected.jsonl";

/// Makes what was asked for.
pub(crate) fn synthesize(
    args: &SynthesizeArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<u8, Failure> {
    match &args.command {
        SynthesizeCommand::Programs(args) => programs(args, settings, talk),
    }
}

fn programs(args: &ProgramsArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    let options = SynthesizeOptions {
        levels: levels(&args.level)?,
        count: args.count,
        mutants: args.mutants,
        seed: Seed::new(args.seed),
    };
    let (made, told) = match &args.model {
        None => (make(&options), None),
        Some(model) => by_model(model, args, &options, settings, talk)?,
    };
    write(args, &made)?;
    talk.data(&table(&made))?;
    let spent = told
        .as_ref()
        .map_or(String::new(), |told| format!(", {} tokens of `{}`", told.tokens, told.name));
    talk.say(&format!(
        "{} programs in `{}`{spent}, {:.1} CPU-seconds",
        made.programs.len(),
        args.output.display(),
        Cost::so_far().rounded().cpu_seconds
    ));
    if made.programs.len() < args.count {
        let is_spent = told.is_some_and(|told| told.is_spent);
        let why = if is_spent { "the budget is spent" } else { "drafts repeat or do not obey" };
        talk.say(&format!("{} fewer than wanted: {why}", args.count - made.programs.len()));
    }
    Ok(exit::OK)
}

/// Writes the programs, and of a model what did not obey.
fn write(args: &ProgramsArgs, made: &Synthesized) -> Result<(), Failure> {
    fs::create_dirs(&args.output)?;
    let mut rows = Rows::create(&args.output.join(PROGRAMS))?;
    made.programs.iter().try_for_each(|program| rows.write(program))?;
    rows.finish()?;
    if args.model.is_some() {
        let mut rows = Rows::create(&args.output.join(REJECTED))?;
        made.rejected.iter().try_for_each(|draft| rows.write(draft))?;
        rows.finish()?;
    }
    Ok(())
}

/// What a model spent.
struct Told {
    name: String,
    tokens: u64,
    is_spent: bool,
}

/// Has a model write; what it wrote before is not asked again.
fn by_model(
    model: &str,
    args: &ProgramsArgs,
    options: &SynthesizeOptions,
    settings: &Settings,
    talk: &Talk,
) -> Result<(Synthesized, Option<Told>), Failure> {
    let writer = writer(model, &args.writer, args.cache.cache.clone(), settings, talk)?;
    let cached = Cached::new(&*writer.model, &writer.answers);
    let asked = ModelDraftOptions {
        temperature: args.writer.temperature,
        max_tokens: args.writer.max_tokens,
        budget: args.writer.budget,
        at_once: writer.at_once,
    };
    let mut drafts = ModelDrafts::new(&cached, asked);
    let made = synthesize_with(options, &mut drafts)?;
    let name = cached.identity().model.to_string();
    let told = Told { name, tokens: drafts.tokens(), is_spent: drafts.is_spent() };
    Ok((made, Some(told)))
}

/// Reads `3` or `1..6`.
fn levels(text: &str) -> Result<Vec<Level>, Failure> {
    let wrong = || {
        Failure::new(format!("`{text}` names no levels"))
            .hint("one level from 1 to 6, or a range as in `--level 1..6`")
    };
    let level = |text: &str| {
        let number: u8 = text.trim().parse().map_err(|_| wrong())?;
        Level::try_from(number).map_err(|_| wrong())
    };
    let (first, last) = match text.split_once("..") {
        Some((first, last)) => (level(first)?, level(last.trim_start_matches('='))?),
        None => (level(text)?, level(text)?),
    };
    let levels: Vec<Level> =
        Level::ALL.into_iter().filter(|one| (first..=last).contains(one)).collect();
    if levels.is_empty() { Err(wrong()) } else { Ok(levels) }
}

fn table(made: &Synthesized) -> String {
    let mut reasons: Vec<Unmet> =
        made.funnels.values().flat_map(|funnel| funnel.unmet.keys().copied()).collect();
    reasons.sort();
    reasons.dedup();
    let mut all = Funnel::default();
    made.funnels.values().for_each(|funnel| all.add(funnel));
    let mut text = String::new();
    let mut row = |name: &str, of: &dyn Fn(&Funnel) -> usize| {
        let _ = write!(text, "{name:<28}");
        for funnel in made.funnels.values() {
            let _ = write!(text, "{:>8}", of(funnel));
        }
        let _ = writeln!(text, "{:>8}", of(&all));
    };
    row("drafts", &|funnel| funnel.drafts);
    for reason in reasons {
        row(&format!("  unmet: {reason}"), &|funnel| {
            funnel.unmet.get(&reason).copied().unwrap_or_default()
        });
    }
    row("  repeated", &|funnel| funnel.repeated);
    row("  kept, of a hundred", &Funnel::yielded);
    row("mutants", &|funnel| funnel.mutants);
    row("programs", &|funnel| funnel.kept);
    let mut head = format!("{:<28}", "level");
    for level in made.funnels.keys() {
        let _ = write!(head, "{:>8}", level.number());
    }
    format!("{head}{:>8}\n{text}", "all")
}
