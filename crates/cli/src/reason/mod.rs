//! How do the thoughts of a run of snapshots get better?
//!
//! In: a complete run, somebody who scores and somebody who writes. Out: the same run with
//! what was tried and what won beside its stories. Steps are searched in the order of the
//! stories, so that each is shown behind the thoughts that stand by then; what was found
//! for a step before is not searched again.

mod engine;
mod step;

use std::collections::BTreeSet;

use backstory_dataset::reasoning::Tally;
use backstory_dataset::snapshot::{Verdict, each_write, writes};
use backstory_model::reasoning::{ReasonedStep, ReasoningSearch, SearchOptions};
use backstory_model::seed::Seed;
use backstory_model::{Disposition, Outcome, SchemaVersion, SnapshotStory};
use backstory_store::{ReasoningWriter, RunDirectory, RunState};
use backstory_synth::lm::Answers;
use serde::Serialize;

use crate::build::tool;
use crate::cost::Cost;
use crate::talk::Stage;
use crate::{Failure, Talk};

pub(crate) use engine::Engine;
use step::StoryWords;

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
    /// Stories.
    pub(crate) stories: usize,
    /// Writes that might be searched.
    pub(crate) writes: usize,
    /// Steps that were wanted and are not searched, because the budget was spent.
    pub(crate) over_budget: usize,
    #[serde(flatten)]
    pub(crate) tally: Tally,
    /// CPU seconds of this process.
    pub(crate) cpu_seconds: f64,
    /// The most memory this process held, in MiB.
    pub(crate) peak_rss_mb: f64,
}

/// A story of the run, and which of its steps are wanted.
struct Wanted {
    line: Disposition,
    steps: BTreeSet<usize>,
}

/// Searches the wanted steps of every story, and puts what was found into the run.
pub(crate) fn reason(
    run: &RunDirectory,
    engine: &Engine,
    (plan, answers): (&ReasonPlan, &dyn Answers),
    talk: &Talk,
) -> Result<ReasonReport, Failure> {
    let (wanted, writes) = wanted(run, plan)?;
    let total = wanted.iter().map(|story| story.steps.len()).sum();
    let stage = talk.stage("thoughts", total);
    let mut writer = run.write_reasoning()?;
    let mut search = Search {
        run,
        engine,
        plan,
        answers,
        stage: &stage,
        tally: Tally::default(),
        over_budget: 0,
    };
    for story in &wanted {
        search.story(story, &mut writer)?;
    }
    let Search { tally, over_budget, .. } = search;
    stage.finish();
    writer.seal(&told(engine, plan, writes, total - over_budget))?;
    keep_listing(run)?;
    let Cost { cpu_seconds, peak_rss_mb } = Cost::so_far().rounded();
    let stories = wanted.len();
    Ok(ReasonReport { stories, writes, over_budget, tally, cpu_seconds, peak_rss_mb })
}

/// Says how was searched.
fn told(engine: &Engine, plan: &ReasonPlan, writes: usize, steps: usize) -> ReasoningSearch {
    ReasoningSearch {
        schema: SchemaVersion::CURRENT,
        tool: tool(),
        scorer: engine.identity().clone(),
        writer: engine.generator(),
        writes: engine.writes(),
        options: plan.options.clone(),
        thoughts: plan.thoughts,
        budget: plan.budget,
        writes_found: writes,
        steps,
    }
}

/// Draws the steps to search; returns how many there are to draw from as well.
fn wanted(run: &RunDirectory, plan: &ReasonPlan) -> Result<(Vec<Wanted>, usize), Failure> {
    if run.manifest()?.snapshots.is_none() {
        return Err(backstory_store::StoreError::OfChanges { path: run.path().to_owned() }.into());
    }
    let mut found = Vec::new();
    let mut all = Vec::new();
    for line in run.dispositions()? {
        let line = line?;
        if !matches!(line.outcome, Outcome::Accepted { .. }) {
            continue;
        }
        let story = run.snapshot_story(&line)?;
        all.extend(writes(&story).map(|(step, _)| (found.len(), step)));
        found.push(Wanted { line, steps: BTreeSet::new() });
    }
    let (count, seed) = (plan.thoughts.unwrap_or(all.len()), plan.options.seed.to_string());
    let drawn = Seed::of(&["thoughts", &seed]).generator().sample(all.len(), count);
    for at in drawn {
        let (story, step) = all[at];
        found[story].steps.insert(step);
    }
    Ok((found, all.len()))
}

/// A search over the stories of a run.
struct Search<'a> {
    run: &'a RunDirectory,
    engine: &'a Engine,
    plan: &'a ReasonPlan,
    answers: &'a dyn Answers,
    stage: &'a Stage,
    tally: Tally,
    over_budget: usize,
}

impl Search<'_> {
    fn story(&mut self, wanted: &Wanted, writer: &mut ReasoningWriter<'_>) -> Result<(), Failure> {
        let story: SnapshotStory = self.run.snapshot_story(&wanted.line)?;
        let words = StoryWords::of(&story);
        let mut lines = Vec::new();
        let context = self.plan.options.context;
        let told = each_write(&story, self.run, (&wanted.steps, context), |place| {
            if self.is_spent() {
                self.over_budget += 1;
                return Ok(Verdict::Stays);
            }
            let asked = step::AskedStep { story: &story, words: &words, place };
            let found = asked.search(self.engine, &self.plan.options, self.answers)?;
            if let Some(prompt) = &found.prompt {
                writer.prompt(prompt)?;
            }
            self.tally.add(&found.step);
            self.stage.step();
            lines.push(found.text);
            Ok::<_, Failure>(verdict(&found.step))
        });
        told?;
        Ok(writer.unit(&wanted.line.work.key, &lines)?)
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
            ("writes".to_owned(), self.writes.to_string()),
        ];
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
