//! Which steps say what is known about one unit?
//!
//! In: the plans of its authored states and its runs. Out: the steps in their
//! order and the texts they refer to. What a view shows, how it was chosen and
//! what has been seen before is decided here, step by step.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use backstory_model::{
    Action, BlobId, CiState, Content, EvidenceId, LineRange, Observation, Phase, Provenance,
    RepoPath, RepositoryError, Requirement, Role, SchemaVersion, Seen, Sequence, Step, Trajectory,
    git_object_id,
};

use crate::definition::looked_up;
use crate::flags::answer_flags;
use crate::hindsight::Coming;
use crate::license::license;
use crate::localize::{Localized, localize};
use crate::patch::{UnitFiles, patches};
use crate::plan::{PlannedStep, StatePlan};
use crate::reading::{View, views_of_definitions, views_of_needs};
use crate::reconstruct::{ReconstructInput, Rejection, Story};
use crate::requirement::RequirementText;
use crate::run::{Pointer, Run, Runs};
use crate::search::Corpus;
use crate::seen::SeenLines;

/// Puts steps in order and remembers what has been seen.
pub struct Writer<'a> {
    pub(super) input: &'a ReconstructInput<'a>,
    plans: &'a [StatePlan],
    runs: Option<Runs<'a>>,
    pub(super) steps: Vec<Step>,
    pub(super) seen: SeenLines,
    blobs: BTreeMap<BlobId, Arc<[u8]>>,
    order: Vec<RepoPath>,
    // Views that a run will lead to, which wait for it.
    waiting: Vec<View>,
    // The run of the state that stands, with its step.
    last_run: Option<(usize, Arc<Run<'a>>)>,
    // What CI showed of the state that stands, with its step.
    pub(super) last_report: Option<(usize, String)>,
    reproduced: bool,
    ci_disagrees: Vec<u32>,
}

impl<'a> Writer<'a> {
    /// Starts an empty story.
    pub fn new(
        input: &'a ReconstructInput<'a>,
        runs: Option<Runs<'a>>,
        plans: &'a [StatePlan],
    ) -> Self {
        Self {
            input,
            plans,
            runs,
            steps: Vec::new(),
            seen: SeenLines::default(),
            blobs: BTreeMap::new(),
            order: Vec::new(),
            waiting: Vec::new(),
            last_run: None,
            last_report: None,
            reproduced: false,
            ci_disagrees: Vec::new(),
        }
    }

    pub(super) fn push(
        &mut self,
        phase: Phase,
        action: Action,
        choice: Provenance,
        observation: Option<Seen>,
    ) -> &mut Step {
        self.steps.push(Step {
            phase,
            action,
            choice,
            observation,
            thought: None,
            hindsight: false,
            state: None,
        });
        self.steps.last_mut().expect("a step was just pushed")
    }

    /// Writes what is asked for.
    pub fn requirement(&mut self, asked: &RequirementText) {
        let action = Action::Message { role: Role::User, text: asked.text.clone() };
        self.push(Phase::Requirements, action, asked.provenance.clone(), None);
    }

    /// Writes what is looked at before the first change.
    pub fn localization_and_reading(
        &mut self,
        asked: &RequirementText,
    ) -> Result<(), RepositoryError> {
        let (repo, snapshot) = (self.input.repo, self.input.snapshot);
        let corpus = Corpus::read(repo, snapshot, self.input.texts)?;
        let whole = LineRange { start: 1, end: u32::MAX };
        let coming = Coming::of(self.plans, |path| self.run_leads_to(path, whole));
        let project = self.input.unit.repo.name();
        let localized = localize(&asked.text, project, &corpus, snapshot, &coming);
        self.localization(&localized);
        self.first_reads(localized);
        self.rank_remaining();
        let needed =
            views_of_needs(&self.plans[0].needs, &self.order, &self.seen, self.input.parse);
        self.read_or_wait(needed);
        let added = self.plans.iter().flat_map(|plan| &plan.added);
        let looked = looked_up(added, snapshot, self.input.parse);
        let text = |path: &RepoPath| {
            let blob = snapshot.file(path)?.blob.clone();
            Some((blob, Arc::clone(corpus.text(path)?)))
        };
        let mut seen = self.seen.clone();
        for view in &self.waiting {
            view.mark(&mut seen);
        }
        self.read_or_wait(views_of_definitions(&looked, &seen, text));
        Ok(())
    }

    /// Writes views of the base, except those that the run of the tests will
    /// lead to, which are kept for later.
    fn read_or_wait(&mut self, views: Vec<View>) {
        for view in views {
            if self.run_leads_to(&view.path, view.lines) {
                self.waiting.push(view);
            } else {
                let shown = self.shown_by(0);
                self.view(view, shown);
            }
        }
    }

    /// Returns true for lines that the run of the tests will lead to, in a file
    /// that is then still as it is at the base.
    fn run_leads_to(&self, path: &RepoPath, lines: LineRange) -> bool {
        let plan = &self.plans[0];
        let Some(run) = self.runs.as_ref().and_then(Runs::with_tests) else { return false };
        let touched = |step: &PlannedStep| paths(&step.action).contains(&path);
        plan.tests > 0
            && run.points_to(path, lines).is_some()
            && !plan.steps[..plan.tests].iter().any(touched)
    }

    fn localization(&mut self, localized: &Localized) {
        let shown = self.shown_by(0);
        for look in &localized.looks {
            let seen = Seen { content: look.observation.clone(), provenance: shown.clone() };
            let step = self.push(
                Phase::Localization,
                look.action.clone(),
                look.choice.clone(),
                Some(seen),
            );
            step.hindsight = look.hindsight;
        }
    }

    fn first_reads(&mut self, localized: Localized) {
        self.order = localized.order;
        for (mut view, look) in localized.reads {
            if let Some(look) = look {
                // The requirement is step 1, so look 0 is step 2.
                let evidence = [EvidenceId::step(look + 2)];
                view.choice = Provenance::derived("read/search-hit", evidence);
            }
            let mut lines = view.lines.start..=view.lines.end;
            if !lines.all(|line| self.seen.holds(&view.path, line)) {
                let shown = self.shown_by(0);
                self.view(view, shown);
            }
        }
    }

    /// Puts the files no search brought up behind the others, dependencies first.
    fn rank_remaining(&mut self) {
        let components = self.input.snapshot.graph.components.iter().flatten();
        let known: std::collections::BTreeSet<RepoPath> = self.order.iter().cloned().collect();
        self.order.extend(components.filter(|path| !known.contains(*path)).cloned());
    }

    pub(super) fn view(&mut self, view: View, shown: Provenance) {
        let total = view.text.line_count();
        let (start, end) = (view.lines.start, view.lines.end);
        view.mark(&mut self.seen);
        self.blobs.insert(view.blob.clone(), Arc::clone(view.text.bytes()));
        let content = Observation::Lines { blob: view.blob, total };
        let seen = Seen { content, provenance: shown };
        let action = Action::View { path: view.path, start, end };
        self.push(Phase::Reading, action, view.choice, Some(seen)).hindsight = view.hindsight;
    }

    /// Says where the bytes come from that are shown before state `index`.
    pub(super) fn shown_by(&self, index: usize) -> Provenance {
        let unit = self.input.unit;
        let evidence = match (index.checked_sub(1), &unit.base) {
            (Some(previous), _) => EvidenceId::commit(&unit.states[previous].commit),
            (None, Some(base)) => EvidenceId::commit(base),
            (None, None) => EvidenceId::tree(&unit.base_tree),
        };
        Provenance::observed([evidence])
    }

    /// Writes one authored state: what is read for it, its changes, and its run.
    pub fn state(&mut self, index: usize) -> Result<(), RepositoryError> {
        let plan = &self.plans[index];
        if plan.steps.is_empty() {
            return Ok(());
        }
        if index > 0 {
            let needed = views_of_needs(&plan.needs, &self.order, &self.seen, self.input.parse);
            let shown = self.shown_by(index);
            self.views_after_run(needed, &shown);
        }
        let alone = plan.steps.len() == 1;
        for step in &plan.steps[..plan.tests] {
            self.edit(index, step, alone);
        }
        self.run_of_tests(plan);
        for step in &plan.steps[plan.tests..] {
            self.edit(index, step, alone);
        }
        for part in &plan.added {
            self.store_created(part.blob.clone(), part.text.bytes(), plan);
        }
        self.seen.settle(&plan.ends);
        let unit = self.input.unit;
        if unit.sequence == Sequence::Authored && unit.states.len() > 1 {
            self.commit_message(index);
        }
        let red = self.reports_of_ci(index)?;
        self.run_of_state(index, red);
        Ok(())
    }

    /// Writes views; those that the last report or run leads to say so.
    fn views_after_run(&mut self, views: Vec<View>, shown: &Provenance) {
        for mut view in views {
            let run = self.last_run.as_ref().and_then(|(number, run)| {
                Some(match run.points_to(&view.path, view.lines)? {
                    Pointer::Frame => {
                        Provenance::derived("read/stack-frame", [EvidenceId::step(*number)])
                    }
                    Pointer::Line => Provenance::Executed { execution: run.execution.id.clone() },
                })
            });
            let led = self.report_leads_to(&view.path, view.lines).or(run);
            if let Some(choice) = led {
                view.choice = choice;
                view.hindsight = false;
            }
            self.view(view, shown.clone());
        }
    }

    /// Runs the tests that were written first, then reads what the run leads to.
    fn run_of_tests(&mut self, plan: &StatePlan) {
        if plan.tests == 0 {
            return;
        }
        let Some(run) = self.runs.as_ref().and_then(Runs::with_tests) else { return };
        // No commit has this tree.
        let shown = Provenance::observed([EvidenceId::tree(&run.execution.tree)]);
        self.debugging(run, false);
        let waiting = std::mem::take(&mut self.waiting);
        self.views_after_run(waiting, &shown);
    }

    /// Runs the tests at the end of an authored state that is not the last one,
    /// from the first state on that shows the failure.
    ///
    /// Where CI was seen to be red, a run that says the same is not shown, and one
    /// that says something else is.
    fn run_of_state(&mut self, index: usize, ci_is_red: bool) {
        self.last_run = None;
        let states = &self.input.unit.states;
        let run = self.runs.as_ref().and_then(|runs| runs.authored(&states[index].tree));
        let Some(run) = run else { return };
        let judged = match self.input.evidence.ci.states.get(index) {
            Some(CiState::Red) => Some(true),
            Some(CiState::Green) => Some(false),
            Some(CiState::Open) | None => None,
        };
        if judged.is_some_and(|red| red != run.red) {
            self.ci_disagrees.extend(u32::try_from(index));
        }
        if index + 1 == states.len() {
            return;
        }
        let shown = if ci_is_red { !run.red } else { run.red || self.reproduced };
        if shown {
            self.debugging(run, ci_is_red);
        }
    }

    fn debugging(&mut self, run: Arc<Run<'a>>, ci_is_red: bool) {
        let rule = match (ci_is_red, self.reproduced) {
            (true, _) => "run/after-ci",
            (false, true) => "run/recheck",
            (false, false) => "run/reproduce",
        };
        self.reproduced |= !ci_is_red;
        let hindsight = self.chosen_in_hindsight(&run.execution.command);
        self.run(Phase::Debugging, rule, &run).hindsight = hindsight;
        self.last_run = Some((self.steps.len(), run));
    }

    /// Returns true when the command names a test file that is changed only later.
    fn chosen_in_hindsight(&self, command: &[String]) -> bool {
        let changed: BTreeSet<&RepoPath> =
            self.steps.iter().flat_map(|step| paths(&step.action)).collect();
        let steps = self.plans.iter().flat_map(|plan| &plan.steps);
        let ever: BTreeSet<&RepoPath> = steps.flat_map(|step| paths(&step.action)).collect();
        let named = command.iter().map(|word| word.split("::").next().unwrap_or(word));
        named.map(RepoPath::from).any(|path| ever.contains(&path) && !changed.contains(&path))
    }

    fn run(&mut self, phase: Phase, rule: &str, run: &Run<'_>) -> &mut Step {
        let execution = run.execution;
        self.blobs.insert(execution.output.clone(), Arc::clone(&run.output));
        let content =
            Observation::TestOutput { output: execution.output.clone(), status: execution.status };
        let provenance = Provenance::Executed { execution: execution.id.clone() };
        let choice = Provenance::derived(rule, [EvidenceId::execution(&execution.id)]);
        let action = Action::RunTests { command: execution.command.clone() };
        self.push(phase, action, choice, Some(Seen { content, provenance }))
    }

    fn store_created(&mut self, blob: BlobId, bytes: &Arc<[u8]>, plan: &StatePlan) {
        let written = |step: &PlannedStep| match &step.action {
            Action::Create { content: Content::Text { blob: created }, .. } => *created == blob,
            _ => false,
        };
        if plan.steps.iter().any(written) {
            self.blobs.insert(blob, Arc::clone(bytes));
        }
    }

    fn edit(&mut self, index: usize, planned: &PlannedStep, alone: bool) {
        let commit = EvidenceId::commit(&self.input.unit.states[index].commit);
        let choice = if alone {
            Provenance::observed([commit.clone()])
        } else {
            let first = self.plans[index].tests > 0;
            let rule = if first { "edit/tests-first" } else { "edit/definition-before-use" };
            Provenance::derived(rule, [commit.clone()])
        };
        let provenance = if planned.settled {
            Provenance::observed([commit])
        } else {
            Provenance::derived("edit/apply", [commit])
        };
        let content =
            Observation::Applied { before: planned.before.clone(), after: planned.after.clone() };
        let seen = Some(Seen { content, provenance });
        let step = self.push(Phase::Editing, planned.action.clone(), choice, seen);
        step.state = u32::try_from(index).ok();
    }

    fn commit_message(&mut self, index: usize) {
        let state = &self.input.unit.states[index];
        let text = state.message.trim_end().to_owned();
        let choice = Provenance::observed([EvidenceId::commit(&state.commit)]);
        let action = Action::Message { role: Role::Agent, text };
        self.push(Phase::Editing, action, choice, None).state = u32::try_from(index).ok();
    }

    /// Writes the run of the head, where there is one.
    pub fn validation(&mut self) {
        if let Some(run) = self.runs.as_ref().map(Runs::head) {
            self.run(Phase::Validation, "run/validate", &run);
        }
    }

    /// Writes the end.
    pub fn finish(&mut self, message: &str) {
        let subject = message.lines().next().unwrap_or("").trim_end().to_owned();
        let choice = Provenance::observed([EvidenceId::commit(&self.input.unit.commit)]);
        let last = self.steps.last().map_or(Phase::Editing, |step| step.phase);
        self.push(last, Action::Finish { message: subject }, choice, None);
    }

    pub(super) fn store(&mut self, bytes: Vec<u8>) -> BlobId {
        let id = git_object_id("blob", &bytes);
        self.blobs.insert(id.clone(), Arc::from(bytes));
        id
    }

    /// Puts the story together with what belongs to it as a whole.
    pub fn into_story(mut self, asked: &RequirementText) -> Result<Story, Rejection> {
        let ReconstructInput { repo, unit, snapshot, texts, parse, .. } = *self.input;
        let files = UnitFiles { repo, texts, parse };
        let patches = patches(files, &unit.base_tree, &unit.head_tree)?;
        let (gold_patch, test_patch) = (self.store(patches.gold), self.store(patches.test));
        let changed: Vec<RepoPath> = self
            .plans
            .iter()
            .flat_map(|plan| &plan.ends)
            .filter_map(|end| end.from.clone())
            .collect();
        let added = self.plans.iter().flat_map(|plan| &plan.added);
        let trajectory = Trajectory {
            schema: SchemaVersion::CURRENT,
            unit: unit.clone(),
            requirement: Requirement {
                source: asked.source,
                record: asked.record.clone(),
                as_it_stood: asked.as_it_stood,
                flags: answer_flags(&asked.text, &changed, added),
            },
            license: license(repo, snapshot, texts)?,
            gold_patch,
            test_patch,
            steps: self.steps,
        };
        let ci_disagrees = self.ci_disagrees;
        Ok(Story { trajectory, blobs: self.blobs, ci_disagrees })
    }
}

/// Lists the paths an action changes.
fn paths(action: &Action) -> Vec<&RepoPath> {
    match action {
        Action::Edit { path, .. }
        | Action::Create { path, .. }
        | Action::Delete { path }
        | Action::SetMode { path, .. } => vec![path],
        Action::Rename { from, to } => vec![from, to],
        Action::Message { .. }
        | Action::Search { .. }
        | Action::List { .. }
        | Action::View { .. }
        | Action::RunTests { .. }
        | Action::CiReport { .. }
        | Action::Finish { .. } => Vec::new(),
    }
}
