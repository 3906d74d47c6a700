//! How do the thoughts of a run get better?
//!
//! In: a complete run of snapshots or of changes, somebody who scores and somebody who
//! writes. Out: the same run with what was tried and what won beside its stories. Steps are
//! searched in the order of the stories, so that each is shown behind the thoughts that stand
//! by then; what was found for a step before is not searched again.

mod change;
mod engine;
mod snapshot;
mod step;
mod wanted;

use backstory_dataset::reasoning::Tally;
use backstory_dataset::snapshot::{Verdict, each_write};
use backstory_dataset::told::ToldTrajectory;
use backstory_model::SchemaVersion;
use backstory_model::reasoning::{ReasonedStep, ReasoningSearch, SearchOptions};
use backstory_store::{ReasoningWriter, RunDirectory, RunState};
use backstory_synth::lm::Answers;
use serde::Serialize;

use crate::build::tool;
use crate::cost::Cost;
use crate::talk::Stage;
use crate::{Failure, Talk};

use change::ChangeWords;
pub(crate) use engine::Engine;
use snapshot::StoryWords;
use step::Question;
use wanted::{Drawn, Wanted};

/// What is to be searched, and how.
#[derive(Clone, Debug)]
pub(crate) struct ReasonPlan {
    /// The choices of each search.
    pub(crate) options: SearchOptions,
    /// How many steps; all if absent.
    pub(crate) thoughts: Option<usize>,
    /// How many tokens may be spent; a step that was begun is searched to its end.
    pub(crate) budget: Option<u64>,
}

/// What a search ends with.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct ReasonReport {
    /// Stories, or trajectories of changes.
    pub(crate) stories: usize,
    /// Writes, or actions, that might be searched.
    pub(crate) writes: usize,
    /// Actions of changes that are too short to be searched.
    pub(crate) target_too_short: usize,
    /// Steps that were wanted and are not searched, because the budget was spent.
    pub(crate) over_budget: usize,
    #[serde(flatten)]
    pub(crate) tally: Tally,
    /// CPU seconds of this process.
    pub(crate) cpu_seconds: f64,
    /// The most memory this process held, in MiB.
    pub(crate) peak_rss_mb: f64,
}

/// Searches the wanted steps of every story, and puts what was found into the run.
pub(crate) fn reason(
    run: &RunDirectory,
    engine: &Engine,
    (plan, answers): (&ReasonPlan, &dyn Answers),
    talk: &Talk,
) -> Result<ReasonReport, Failure> {
    let drawn = Drawn::of(run, plan)?;
    let mut search = Search {
        run,
        engine,
        plan,
        answers,
        stage: talk.stage("thoughts", drawn.wanted()),
        writer: run.write_reasoning()?,
        tally: Tally::default(),
        over_budget: 0,
    };
    let of_snapshots = run.manifest()?.snapshots.is_some();
    for wanted in &drawn.stories {
        if of_snapshots { search.story(wanted)? } else { search.change(wanted)? }
    }
    let Search { tally, over_budget, writer, stage, .. } = search;
    stage.finish();
    writer.seal(&told(engine, plan, &drawn, over_budget))?;
    keep_listing(run)?;
    let Cost { cpu_seconds, peak_rss_mb } = Cost::so_far().rounded();
    Ok(ReasonReport {
        stories: drawn.stories.len(),
        writes: drawn.found,
        target_too_short: drawn.too_short,
        over_budget,
        tally,
        cpu_seconds,
        peak_rss_mb,
    })
}

/// Says how was searched.
fn told(engine: &Engine, plan: &ReasonPlan, drawn: &Drawn, over_budget: usize) -> ReasoningSearch {
    ReasoningSearch {
        schema: SchemaVersion::CURRENT,
        tool: tool(),
        scorer: engine.identity().clone(),
        writer: engine.generator(),
        writes: engine.writes(),
        options: plan.options.clone(),
        thoughts: plan.thoughts,
        budget: plan.budget,
        writes_found: drawn.found,
        target_too_short: drawn.too_short,
        steps: drawn.wanted() - over_budget,
    }
}

/// A search over the stories of a run.
struct Search<'a> {
    run: &'a RunDirectory,
    engine: &'a Engine,
    plan: &'a ReasonPlan,
    answers: &'a dyn Answers,
    stage: Stage,
    writer: ReasoningWriter<'a>,
    tally: Tally,
    over_budget: usize,
}

impl Search<'_> {
    /// Searches the wanted writes of a snapshot's story.
    fn story(&mut self, wanted: &Wanted) -> Result<(), Failure> {
        let story = self.run.snapshot_story(&wanted.line)?;
        let words = StoryWords::of(&story);
        let asked = (&wanted.steps, self.plan.options.context);
        let mut lines = Vec::new();
        each_write(&story, self.run, asked, |place| {
            words.ask(place, |question| self.answer(question, &mut lines))
        })?;
        Ok(self.writer.unit(&wanted.line.work.key, &lines)?)
    }

    /// Searches the wanted actions of a change.
    fn change(&mut self, wanted: &Wanted) -> Result<(), Failure> {
        if wanted.steps.is_empty() {
            return Ok(());
        }
        let trajectory = self.run.trajectory(&wanted.line)?;
        let told = ToldTrajectory::of(&trajectory, self.run)?;
        let words = ChangeWords::of(&trajectory, &told);
        let mut lines = Vec::new();
        told.each_action((&wanted.steps, self.plan.options.context), |place| {
            words.ask(place, |question| self.answer(question, &mut lines))
        })?;
        Ok(self.writer.unit(&wanted.line.work.key, &lines)?)
    }

    /// Searches one step, if tokens are left.
    fn answer(
        &mut self,
        asked: &Question<'_>,
        lines: &mut Vec<String>,
    ) -> Result<Verdict, Failure> {
        if self.is_spent() {
            self.over_budget += 1;
            return Ok(Verdict::Stays);
        }
        let found = asked.search(self.engine, &self.plan.options, self.answers)?;
        if let Some(prompt) = &found.prompt {
            self.writer.prompt(prompt)?;
        }
        self.tally.add(&found.step);
        self.stage.step();
        lines.push(found.text);
        Ok(verdict(&found.step))
    }

    /// Returns true when the budget is spent. Answers that were kept from before count
    /// too, so that a search that was killed ends where an undisturbed one does.
    fn is_spent(&self) -> bool {
        let Tally { tokens_scored, tokens_prompted, tokens_written, .. } = &self.tally;
        let spent = tokens_scored + tokens_prompted + tokens_written;
        self.plan.budget.is_some_and(|budget| spent >= budget)
    }
}

/// Says what becomes of the thought of a step.
fn verdict(step: &ReasonedStep) -> Verdict {
    if step.is_decided() { Verdict::Becomes(step.thought()) } else { Verdict::Stays }
}

/// Tells the ledger that the run is as it should be, so that the stories are not told again.
fn keep_listing(run: &RunDirectory) -> Result<(), Failure> {
    let ledger = run.ledger()?;
    if let Some(last) = ledger.last_run()? {
        ledger.complete(&RunState { listing: run.listing_digest()?, ..last })?;
    }
    Ok(())
}

impl ReasonReport {
    /// Draws the report for the terminal.
    pub(crate) fn table(&self) -> String {
        let mut rows = vec![
            ("stories".to_owned(), self.stories.to_string()),
            ("steps found".to_owned(), self.writes.to_string()),
        ];
        if self.target_too_short > 0 {
            rows.push(("too short to search".to_owned(), self.target_too_short.to_string()));
        }
        rows.extend(self.tally.rows());
        if self.over_budget > 0 {
            rows.push(("not searched, budget spent".to_owned(), self.over_budget.to_string()));
        }
        let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let lines: Vec<String> =
            rows.iter().map(|(label, told)| format!("{label:width$}  {told:>9}")).collect();
        lines.join("\n")
    }
}
