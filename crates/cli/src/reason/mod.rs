//! How do the thoughts of a run get better?
//!
//! In: a complete run of snapshots or of changes, somebody who scores and somebody who
//! writes. Out: the same run with what was tried and what won beside its stories. Steps are
//! searched in the order of the stories, so that each is shown behind the thoughts that stand
//! by then; what was found for a step before is not searched again.

mod change;
mod engine;
mod gate;
mod questions;
mod scopes;
mod snapshot;
mod step;
mod wanted;

use backstory_dataset::reasoning::Tally;
use backstory_dataset::snapshot::Verdict;
use backstory_model::SchemaVersion;
use backstory_model::reasoning::{
    Gate, Percentiles, ReasonedStep, ReasoningSearch, ScopeRow, SearchOptions,
};
use backstory_store::{ReasoningWriter, RunDirectory, RunState};
use backstory_synth::lm::Answers;
use serde::Serialize;

use crate::build::tool;
use crate::cost::Cost;
use crate::talk::Stage;
use crate::{Failure, Talk};

pub(crate) use engine::Engine;
use gate::GateSet;
pub(crate) use gate::percentiles;
use questions::Questions;
use scopes::Scopes;
use step::Question;
use wanted::{Drawn, Wanted};

/// What is to be searched, and how.
#[derive(Clone, Debug)]
pub(crate) struct ReasonPlan {
    /// The choices of each search.
    pub(crate) options: SearchOptions,
    /// Between which percentiles of the wanted steps a step is worth a search; all if absent.
    pub(crate) percentiles: Option<Percentiles>,
    /// Whether all code and all documents are scored as well.
    pub(crate) scopes: bool,
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
    /// Tokens that were scored to set the gate.
    pub(crate) gate_tokens: u64,
    /// Steps that were wanted and are not searched, because the budget was spent.
    pub(crate) over_budget: usize,
    #[serde(flatten)]
    pub(crate) tally: Tally,
    /// CPU seconds of this process.
    pub(crate) cpu_seconds: f64,
    /// The most memory this process held, in MiB.
    pub(crate) peak_rss_mb: f64,
}

/// Who answers, and what was answered before.
type Asked<'a> = (&'a Engine, &'a dyn Answers);

/// Searches the wanted steps of every story, and puts what was found into the run.
pub(crate) fn reason(
    run: &RunDirectory,
    engine: &Engine,
    (plan, answers): (&ReasonPlan, &dyn Answers),
    talk: &Talk,
) -> Result<ReasonReport, Failure> {
    let drawn = Drawn::of(run, plan)?;
    let of_snapshots = run.manifest()?.snapshots.is_some();
    let questions = Questions { run, of_snapshots, context: plan.options.context };
    let set = gated((questions, &drawn), (engine, answers), plan, talk)?;
    let plan = &plan.clone().behind(set.gate);
    let mut search = Search {
        questions,
        engine,
        plan,
        answers,
        gate_tokens: set.tokens,
        stage: talk.stage("thoughts", drawn.wanted()),
        writer: run.write_reasoning()?,
        tally: Tally::default(),
        over_budget: 0,
        found: Vec::new(),
    };
    for wanted in &drawn.stories {
        search.story(wanted)?;
    }
    let Search { tally, over_budget, writer, stage, found, .. } = search;
    stage.finish();
    let mut told = told(engine, plan, &drawn, over_budget);
    told.gate_scores = set.scores;
    if plan.scopes {
        told.scopes = scoped((questions, &drawn), (engine, answers), &found, talk)?;
    }
    writer.seal(&told)?;
    keep_listing(run)?;
    let Cost { cpu_seconds, peak_rss_mb } = Cost::so_far().rounded();
    Ok(ReasonReport {
        stories: drawn.stories.len(),
        writes: drawn.found,
        target_too_short: drawn.too_short,
        gate_tokens: set.tokens,
        over_budget,
        tally,
        cpu_seconds,
        peak_rss_mb,
    })
}

impl ReasonPlan {
    /// Returns the plan with the limits of a gate.
    fn behind(mut self, gate: Option<Gate>) -> Self {
        self.options.gate = gate;
        self
    }
}

/// Sets the gate if one is wanted.
fn gated(
    (questions, drawn): (Questions<'_>, &Drawn),
    asked: Asked<'_>,
    plan: &ReasonPlan,
    talk: &Talk,
) -> Result<GateSet, Failure> {
    let Some(percentiles) = plan.percentiles else { return Ok(GateSet::default()) };
    let stage = talk.stage("gate", drawn.wanted());
    GateSet::of(questions, drawn, asked, (percentiles, stage))
}

/// Scores all code and all documents with what was found for the steps of each story.
fn scoped(
    (questions, drawn): (Questions<'_>, &Drawn),
    asked: Asked<'_>,
    found: &[Vec<ReasonedStep>],
    talk: &Talk,
) -> Result<Vec<ScopeRow>, Failure> {
    let stage = talk.stage("scopes", found.len());
    let mut scopes = Scopes::new(questions, asked);
    for (wanted, steps) in drawn.stories.iter().zip(found) {
        scopes.add_story(wanted, steps)?;
        stage.step();
    }
    stage.finish();
    Ok(scopes.into_rows())
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
        percentiles: plan.percentiles,
        gate_scores: Vec::new(),
        thoughts: plan.thoughts,
        budget: plan.budget,
        writes_found: drawn.found,
        target_too_short: drawn.too_short,
        steps: drawn.wanted() - over_budget,
        scopes: Vec::new(),
    }
}

/// A search over the stories of a run.
struct Search<'a> {
    questions: Questions<'a>,
    engine: &'a Engine,
    plan: &'a ReasonPlan,
    answers: &'a dyn Answers,
    stage: Stage,
    writer: ReasoningWriter<'a>,
    gate_tokens: u64,
    tally: Tally,
    over_budget: usize,
    /// What was found for the steps of each story, without what was tried.
    found: Vec<Vec<ReasonedStep>>,
}

impl Search<'_> {
    /// Searches the wanted steps of a story.
    fn story(&mut self, wanted: &Wanted) -> Result<(), Failure> {
        self.found.push(Vec::new());
        let mut lines = Vec::new();
        let questions = self.questions;
        questions.each(wanted, |question| self.answer(question, &mut lines))?;
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
        let verdict = verdict(&found.step);
        if let Some(steps) = self.found.last_mut() {
            steps.push(bare(found.step));
        }
        Ok(verdict)
    }

    /// Returns true when the budget is spent. Answers that were kept from before count
    /// too, so that a search that was killed ends where an undisturbed one does.
    fn is_spent(&self) -> bool {
        let Tally { tokens_scored, tokens_prompted, tokens_written, .. } = &self.tally;
        let spent = self.gate_tokens + tokens_scored + tokens_prompted + tokens_written;
        self.plan.budget.is_some_and(|budget| spent >= budget)
    }
}

/// Keeps of a step what stands.
fn bare(mut step: ReasonedStep) -> ReasonedStep {
    step.searched.rows.clear();
    step.searched.texts.clear();
    step
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
        if self.gate_tokens > 0 {
            rows.push(("tokens scored for the gate".to_owned(), self.gate_tokens.to_string()));
        }
        if self.over_budget > 0 {
            rows.push(("not searched, budget spent".to_owned(), self.over_budget.to_string()));
        }
        let width = rows.iter().map(|(label, _)| label.len()).max().unwrap_or(0);
        let lines: Vec<String> =
            rows.iter().map(|(label, told)| format!("{label:width$}  {told:>9}")).collect();
        lines.join("\n")
    }
}
