//! Which steps, in which order, tell the story of one unit?
//!
//! In: a unit and what is known about it. Out: a [`Story`]: the trajectory and
//! the texts it refers to; or the [`Rejection`] of a broken invariant. The six
//! phases follow each other; a later authored state may be preceded by views.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    Action, BlobId, ChangeUnit, Content, EvidenceId, FileStructure, Observation, Phase, Provenance,
    RepoPath, RepoSnapshot, Repository, RepositoryError, Requirement, Role, SchemaVersion, Seen,
    Sequence, Step, Trajectory, TreeId, git_object_id,
};

use crate::change::file_changes;
use crate::definition::looked_up;
use crate::evidence::UnitEvidence;
use crate::flags::answer_flags;
use crate::hindsight::Coming;
use crate::license::license;
use crate::localize::{Localized, localize};
use crate::patch::patches;
use crate::plan::{PlannedStep, StatePlan, plan_state};
use crate::reading::{View, views_of_definitions, views_of_needs};
use crate::requirement::{RequirementText, requirement};
use crate::search::Corpus;
use crate::seen::SeenLines;
use crate::text::TextCache;

/// Parses a file, or says that it is none of ours; may remember what it parsed.
pub type ParseFile<'a> =
    &'a (dyn Fn(&RepoPath, &BlobId, &[u8]) -> Option<Arc<FileStructure>> + Sync);

/// What a story is written from.
pub struct ReconstructInput<'a> {
    /// The objects.
    pub repo: &'a dyn Repository,
    /// The unit.
    pub unit: &'a ChangeUnit,
    /// The base of the unit, grounded.
    pub snapshot: &'a RepoSnapshot,
    /// The records and runs that speak of the unit.
    pub evidence: &'a UnitEvidence,
    /// The texts read so far.
    pub texts: &'a TextCache,
    /// Parses a file by path, blob id and bytes.
    pub parse: ParseFile<'a>,
}

/// A trajectory and the texts it refers to.
#[derive(Clone, Debug)]
pub struct Story {
    /// The trajectory.
    pub trajectory: Trajectory,
    /// The texts to store, by blob id.
    pub blobs: BTreeMap<BlobId, Arc<[u8]>>,
}

/// Why a unit has no story.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Rejection {
    /// One word of the closed list in `docs/rules.md`.
    pub reason: &'static str,
    /// What exactly, in one sentence.
    pub detail: String,
}

impl Rejection {
    fn of(error: &RepositoryError) -> Self {
        let reason = match error {
            RepositoryError::Missing { .. } => "tree_missing",
            RepositoryError::Corrupt { .. } => "object_corrupt",
        };
        Self { reason, detail: error.to_string() }
    }
}

impl From<RepositoryError> for Rejection {
    fn from(error: RepositoryError) -> Self {
        Self::of(&error)
    }
}

/// Writes the story of one unit.
///
/// The same input gives the same story; nothing but the repository port is read.
pub fn reconstruct(input: &ReconstructInput<'_>) -> Result<Story, Rejection> {
    let unit = input.unit;
    if unit.base_tree == unit.head_tree {
        let detail = format!("base and head of `{}` are the same tree", unit.id);
        return Err(Rejection { reason: "no_change", detail });
    }
    let message = input.repo.commit(&unit.commit)?.message;
    let asked = requirement(input.evidence, unit, &message);
    let plans = plans(input)?;
    let mut writer = Writer::new(input);
    writer.requirement(&asked);
    writer.localization_and_reading(&asked, &plans)?;
    for (index, plan) in plans.iter().enumerate() {
        writer.state(index, plan);
    }
    writer.runs();
    writer.finish(&message);
    writer.into_story(&asked, &plans)
}

fn plans(input: &ReconstructInput<'_>) -> Result<Vec<StatePlan>, Rejection> {
    let unit = input.unit;
    let mut before: &TreeId = &unit.base_tree;
    let mut plans = Vec::with_capacity(unit.states.len());
    for state in &unit.states {
        let changes = file_changes(input.repo, input.texts, before, &state.tree)?;
        let plan = plan_state(&changes, input.snapshot, input.parse);
        if let Some(path) = plan.broken.first() {
            let detail =
                format!("the edits of `{path}` do not give the file of `{}`", state.commit);
            return Err(Rejection { reason: "replay_differs", detail });
        }
        plans.push(plan);
        before = &state.tree;
    }
    Ok(plans)
}

/// Puts steps in order and remembers what has been seen.
struct Writer<'a> {
    input: &'a ReconstructInput<'a>,
    steps: Vec<Step>,
    seen: SeenLines,
    blobs: BTreeMap<BlobId, Arc<[u8]>>,
    order: Vec<RepoPath>,
}

impl<'a> Writer<'a> {
    fn new(input: &'a ReconstructInput<'a>) -> Self {
        Self {
            input,
            steps: Vec::new(),
            seen: SeenLines::default(),
            blobs: BTreeMap::new(),
            order: Vec::new(),
        }
    }

    fn push(
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

    fn requirement(&mut self, asked: &RequirementText) {
        let action = Action::Message { role: Role::User, text: asked.text.clone() };
        self.push(Phase::Requirements, action, asked.provenance.clone(), None);
    }

    fn localization_and_reading(
        &mut self,
        asked: &RequirementText,
        plans: &[StatePlan],
    ) -> Result<(), RepositoryError> {
        let (repo, snapshot) = (self.input.repo, self.input.snapshot);
        let corpus = Corpus::read(repo, snapshot, self.input.texts)?;
        let coming = Coming::of(plans);
        let project = self.input.unit.repo.name();
        let localized = localize(&asked.text, project, &corpus, snapshot, &coming);
        self.localization(&localized);
        self.first_reads(localized);
        self.rank_remaining();
        self.views_before(0, plans);
        let added = plans.iter().flat_map(|plan| &plan.added);
        let looked = looked_up(added, snapshot, self.input.parse);
        let text = |path: &RepoPath| {
            let blob = snapshot.file(path)?.blob.clone();
            Some((blob, Arc::clone(corpus.text(path)?)))
        };
        for view in views_of_definitions(&looked, &self.seen, text) {
            self.view(view, 0);
        }
        Ok(())
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
                self.view(view, 0);
            }
        }
    }

    /// Puts the files no search brought up behind the others, dependencies first.
    fn rank_remaining(&mut self) {
        let components = self.input.snapshot.graph.components.iter().flatten();
        let known: std::collections::BTreeSet<RepoPath> = self.order.iter().cloned().collect();
        self.order.extend(components.filter(|path| !known.contains(*path)).cloned());
    }

    fn views_before(&mut self, index: usize, plans: &[StatePlan]) {
        let needs = &plans[index].needs;
        let views = views_of_needs(needs, &self.order, &self.seen, self.input.parse);
        for view in views {
            self.view(view, index);
        }
    }

    fn view(&mut self, view: View, index: usize) {
        let total = view.text.line_count();
        let (start, end) = (view.lines.start, view.lines.end);
        self.seen.view(&view.path, start, end, total);
        self.blobs.insert(view.blob.clone(), Arc::clone(view.text.bytes()));
        let content = Observation::Lines { blob: view.blob, total };
        let seen = Seen { content, provenance: self.shown_by(index) };
        let action = Action::View { path: view.path, start, end };
        self.push(Phase::Reading, action, view.choice, Some(seen)).hindsight = view.hindsight;
    }

    /// Says where the bytes come from that are shown before state `index`.
    fn shown_by(&self, index: usize) -> Provenance {
        let unit = self.input.unit;
        let evidence = match (index.checked_sub(1), &unit.base) {
            (Some(previous), _) => EvidenceId::commit(&unit.states[previous].commit),
            (None, Some(base)) => EvidenceId::commit(base),
            (None, None) => EvidenceId::tree(&unit.base_tree),
        };
        Provenance::observed([evidence])
    }

    fn state(&mut self, index: usize, plan: &StatePlan) {
        if plan.steps.is_empty() {
            return;
        }
        if index > 0 {
            let needs = views_of_needs(&plan.needs, &self.order, &self.seen, self.input.parse);
            for view in needs {
                self.view(view, index);
            }
        }
        let alone = plan.steps.len() == 1;
        for step in &plan.steps {
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
            Provenance::derived("edit/definition-before-use", [commit.clone()])
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

    /// Appends the test runs that are known; there are none without execution or CI records.
    fn runs(&mut self) {
        for run in &self.input.evidence.runs {
            let content =
                Observation::TestOutput { output: run.output.clone(), status: run.status };
            let seen = Seen { content, provenance: run.provenance.clone() };
            let action = Action::RunTests { command: run.command.clone() };
            self.push(Phase::Validation, action, run.provenance.clone(), Some(seen));
        }
    }

    fn finish(&mut self, message: &str) {
        let subject = message.lines().next().unwrap_or("").trim_end().to_owned();
        let choice = Provenance::observed([EvidenceId::commit(&self.input.unit.commit)]);
        let last = self.steps.last().map_or(Phase::Editing, |step| step.phase);
        self.push(last, Action::Finish { message: subject }, choice, None);
    }

    fn store(&mut self, bytes: Vec<u8>) -> BlobId {
        let id = git_object_id("blob", &bytes);
        self.blobs.insert(id.clone(), Arc::from(bytes));
        id
    }

    fn into_story(
        mut self,
        asked: &RequirementText,
        plans: &[StatePlan],
    ) -> Result<Story, Rejection> {
        let ReconstructInput { repo, unit, snapshot, texts, .. } = *self.input;
        let patches = patches(repo, texts, &unit.base_tree, &unit.head_tree)?;
        let (gold_patch, test_patch) = (self.store(patches.gold), self.store(patches.test));
        let changed: Vec<RepoPath> =
            plans.iter().flat_map(|plan| &plan.ends).filter_map(|end| end.from.clone()).collect();
        let added = plans.iter().flat_map(|plan| &plan.added);
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
        Ok(Story { trajectory, blobs: self.blobs })
    }
}
