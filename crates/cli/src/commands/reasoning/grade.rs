//! How hard are the questions of a folder for a model?
//!
//! In: a folder of questions and somebody who answers. Out: a folder with the items that
//! are neither too hard nor too easy, each with its pass rate, and their traces. Items are
//! graded in their order; what was answered before is not asked again, and counts.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use backstory_dataset::questions::{QuestionExportError, ReadItem, items};
use backstory_model::{LanguageModel, LanguageModelError, exit};
use backstory_synth::grade::{GradeOptions, Place, answers, grade as count};
use backstory_synth::lm::Cached;
use backstory_verify::{Band, Item, Outcome, RewardOptions, Scorable};

use super::calls::{Judged, settle};
use super::rows::QuestionFolder;
use crate::arguments::GradeArgs;
use crate::cost::Cost;
use crate::language_model::{Writer, writer};
use crate::settings::Settings;
use crate::{Failure, Talk};

/// How many items are answered before functions are called for all of them.
const AT_ONCE: usize = 256;

/// Grades a folder of questions.
pub(crate) fn grade(args: &GradeArgs, settings: &Settings, talk: &Talk) -> Result<u8, Failure> {
    let band = band(&args.band, args.samples)?;
    if args.output == args.questions {
        return Err(Failure::new(format!("`{}` is what is graded", args.output.display()))
            .hint("choose another directory with `-o`"));
    }
    let all = read(args)?;
    let cache = args.machine.cache.cache.clone();
    let writer = writer(&args.model, &args.writer, cache, settings, talk)?;
    let model = Cached::new(&*writer.model, &writer.answers);
    let options = options(args, band, &writer);
    let mut folder = QuestionFolder::create(&args.output)?;
    let mut grading = Grading { args, model: &model, options, tally: Tally::default() };
    let named = grading.all(&all, &mut folder, settings, talk)?;
    folder.traces_of(&args.questions, named)?;
    folder.finish()?;
    let tally = grading.tally;
    talk.data(&tally.table(args.samples))?;
    talk.say(&format!(
        "{} items in `{}`, {} tokens of `{}`, {:.1} CPU-seconds",
        tally.kept(),
        args.output.display(),
        tally.tokens,
        model.identity().model,
        Cost::so_far().rounded().cpu_seconds
    ));
    Ok(exit::OK)
}

/// A grading with everything it needs.
struct Grading<'a> {
    args: &'a GradeArgs,
    model: &'a dyn LanguageModel,
    options: GradeOptions,
    tally: Tally,
}

impl Grading<'_> {
    /// Grades every item and writes those to keep; returns the traces that they name.
    fn all(
        &mut self,
        all: &[Item],
        folder: &mut QuestionFolder,
        settings: &Settings,
        talk: &Talk,
    ) -> Result<BTreeSet<String>, Failure> {
        let mut named = BTreeSet::new();
        self.tally.items = all.len();
        let stage = talk.stage("items", all.len());
        for some in all.chunks(AT_ONCE) {
            let mut answered = Vec::new();
            for item in some {
                answered.extend(self.ask(item)?);
                stage.step();
            }
            for (item, outcomes) in judged(&answered, self.args, settings, talk)? {
                if let Some(graded) = self.place(item, &outcomes) {
                    named.extend(graded.trace_ref.clone());
                    folder.item(&graded)?;
                }
            }
        }
        stage.finish();
        Ok(named)
    }

    /// Has an item answered; `None` where it is not graded.
    ///
    /// Answers that were kept from before are counted too, so that a run that was killed
    /// ends where an undisturbed one does.
    fn ask<'i>(&mut self, item: &'i Item) -> Result<Option<AnsweredItem<'i>>, Failure> {
        let spent = self.tally.tokens;
        if self.args.writer.budget.is_some_and(|budget| spent >= budget) {
            return Ok(self.tally.leave("budget spent"));
        }
        let Ok(scorable) = item.prepare() else { return Ok(self.tally.leave("no score")) };
        match answers(item, self.model, &self.options) {
            Ok(said) => {
                self.tally.tokens += said.tokens;
                Ok(Some(AnsweredItem { item, scorable, texts: said.texts }))
            }
            Err(LanguageModelError::OverWindow { .. }) => {
                Ok(self.tally.leave("too long for the model"))
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Counts an item; returns it with its pass rate where it lies within the band.
    fn place(&mut self, item: &Item, outcomes: &[Outcome]) -> Option<Item> {
        let Some(grade) = count(outcomes, self.model.identity(), &self.options) else {
            return self.tally.leave("no score");
        };
        *self.tally.successes.entry(grade.successes).or_default() += 1;
        *self.tally.places.entry(grade.place).or_default() += 1;
        let graded = Item { difficulty: Some(grade.difficulty), ..item.clone() };
        (grade.place == Place::Within).then_some(graded)
    }
}

fn read(args: &GradeArgs) -> Result<Vec<Item>, Failure> {
    let all = items(&args.questions).map_err(QuestionExportError::from)?;
    let read: Result<Vec<ReadItem>, _> = all.collect();
    Ok(read.map_err(QuestionExportError::from)?.into_iter().map(|read| read.item).collect())
}

fn options(args: &GradeArgs, band: Band, writer: &Writer) -> GradeOptions {
    GradeOptions {
        samples: args.samples,
        at_once: writer.at_once,
        temperature: args.writer.temperature,
        max_tokens: args.writer.max_tokens,
        seed: args.seed,
        band,
    }
}

/// Reads `1..3`.
fn band(text: &str, samples: u32) -> Result<Band, Failure> {
    let number = |text: &str| text.trim().parse::<u32>().ok();
    let read = text.split_once("..").and_then(|(least, most)| {
        Some(Band { least: number(least)?, most: number(most.trim_start_matches('='))? })
    });
    let fits = |band: &Band| band.least <= band.most && band.most <= samples && samples > 0;
    read.filter(fits).ok_or_else(|| {
        Failure::new(format!("`{text}` is no band of {samples} answers"))
            .hint("name the fewest and the most right answers, as in `--band 1..3`")
    })
}

/// An item with what was said to it.
struct AnsweredItem<'a> {
    item: &'a Item,
    scorable: Scorable,
    texts: Vec<String>,
}

/// Judges every answer as the reward does; functions are called for all of them together.
fn judged<'a>(
    answered: &'a [AnsweredItem<'a>],
    args: &GradeArgs,
    settings: &Settings,
    talk: &Talk,
) -> Result<Vec<(&'a Item, Vec<Outcome>)>, Failure> {
    let reward = RewardOptions::default();
    let mut judged: Vec<Judged<'_>> = Vec::new();
    for one in answered {
        judged.extend(one.texts.iter().map(|answer| Judged {
            scorable: &one.scorable,
            python: &one.item.python_version,
            answer,
            outcome: one.scorable.score(answer, &reward),
        }));
    }
    settle(&mut judged, &reward, args.machine.clone(), settings, talk)?;
    let mut outcomes = judged.into_iter().map(|one| one.outcome);
    let of_item =
        |one: &'a AnsweredItem<'a>| (one.item, outcomes.by_ref().take(one.texts.len()).collect());
    Ok(answered.iter().map(of_item).collect())
}

/// Where every item went.
#[derive(Default)]
struct Tally {
    items: usize,
    successes: BTreeMap<u32, usize>,
    places: BTreeMap<Place, usize>,
    ungraded: BTreeMap<&'static str, usize>,
    tokens: u64,
}

impl Tally {
    fn leave<T>(&mut self, why: &'static str) -> Option<T> {
        *self.ungraded.entry(why).or_default() += 1;
        None
    }

    fn kept(&self) -> usize {
        self.places.get(&Place::Within).copied().unwrap_or_default()
    }

    fn table(&self, samples: u32) -> String {
        let mut text = String::new();
        // Writing to a string does not fail.
        let mut row = |name: &str, count: usize| {
            let _ = writeln!(text, "{name:<36}{count:>9}");
        };
        row("items", self.items);
        for (why, count) in &self.ungraded {
            row(&format!("  not graded: {why}"), *count);
        }
        for (successes, count) in &self.successes {
            row(&format!("  right {successes} of {samples}"), *count);
        }
        for (place, count) in self.places.iter().filter(|(place, _)| **place != Place::Within) {
            row(&format!("left out: {}", place.as_str()), *count);
        }
        row("kept", self.kept());
        text
    }
}
