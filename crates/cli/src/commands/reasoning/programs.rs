//! Which programs are written, and where did every draft go?

use std::fmt::Write as _;

use backstory_model::exit;
use backstory_model::seed::Seed;
use backstory_store::fs;
use backstory_synth::programs::{
    Funnel, Level, SynthesizeOptions, Synthesized, Unmet, synthesize as make,
};

use super::rows::Rows;
use crate::arguments::{ProgramsArgs, SynthesizeArgs, SynthesizeCommand};
use crate::cost::Cost;
use crate::{Failure, Talk};

/// The file in the folder.
pub(super) const PROGRAMS: &str = "programs.jsonl";

/// Makes what was asked for.
pub(crate) fn synthesize(args: &SynthesizeArgs, talk: &Talk) -> Result<u8, Failure> {
    match &args.command {
        SynthesizeCommand::Programs(args) => programs(args, talk),
    }
}

fn programs(args: &ProgramsArgs, talk: &Talk) -> Result<u8, Failure> {
    let levels = levels(&args.level)?;
    let options = SynthesizeOptions {
        levels,
        count: args.count,
        mutants: args.mutants,
        seed: Seed::new(args.seed),
    };
    let made = make(&options);
    fs::create_dirs(&args.output)?;
    let mut rows = Rows::create(&args.output.join(PROGRAMS))?;
    made.programs.iter().try_for_each(|program| rows.write(program))?;
    rows.finish()?;
    talk.data(&table(&made))?;
    let cost = Cost::so_far().rounded();
    talk.say(&format!(
        "{} programs in `{}`, {:.1} CPU-seconds",
        made.programs.len(),
        args.output.display(),
        cost.cpu_seconds
    ));
    if made.programs.len() < args.count {
        talk.say(&format!("{} fewer than wanted: drafts repeat", args.count - made.programs.len()));
    }
    Ok(exit::OK)
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
    let mut text = String::new();
    let mut row = |name: &str, of: &dyn Fn(&Funnel) -> usize| {
        let _ = write!(text, "{name:<28}");
        for funnel in made.funnels.values() {
            let _ = write!(text, "{:>8}", of(funnel));
        }
        let _ = writeln!(text, "{:>8}", made.funnels.values().map(of).sum::<usize>());
    };
    row("drafts", &|funnel| funnel.drafts);
    for reason in reasons {
        row(&format!("  unmet: {reason}"), &|funnel| {
            funnel.unmet.get(&reason).copied().unwrap_or_default()
        });
    }
    row("  repeated", &|funnel| funnel.repeated);
    row("mutants", &|funnel| funnel.mutants);
    row("programs", &|funnel| funnel.kept);
    let mut head = format!("{:<28}", "level");
    for level in made.funnels.keys() {
        let _ = write!(head, "{:>8}", level.number());
    }
    format!("{head}{:>8}\n{text}", "all")
}
