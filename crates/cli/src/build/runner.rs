//! How is one unit done?
//!
//! In: one work unit and the repository it belongs to. Out: its place in the
//! run, accepted with a trajectory or rejected with a reason. Doing it again
//! changes nothing; a unit that is done and undamaged is left alone.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use backstory_exec::execute::{ExecuteError, Executed, FollowedUnit, NotFollowed, TraceAsk};
use backstory_mine::ground::Grounder;
use backstory_mine::link::Methods;
use backstory_mine::unit::{UnitContext, UnitError, change_unit};
use backstory_model::{
    BlobId, ChangeUnit, CiSummary, Disposition, ExecutionOutcome, ExecutionSummary, Link, Outcome,
    RepoPath, RunOptions, SchemaVersion, UnitExecution, UnitLabels, WorkUnit,
};
use backstory_store::{RunDirectory, UnitTexts};
use backstory_synth::{
    ExecutionEvidence, ReconstructInput, Rejection, Story, TextCache, UnitEvidence, UnitFiles,
    reconstruct, sides,
};

use crate::Failure;
use crate::build::Source;
use crate::build::evidence::evidence;
use crate::execution::{BothSides, Executor};

/// How many bytes of texts are kept between units.
const TEXT_CACHE: usize = 96 << 20;

/// What became of one unit in this process.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Done {
    /// It was done before.
    Before,
    /// It has a trajectory.
    Accepted,
    /// It was rejected.
    Rejected,
}

impl Done {
    /// Returns the word the ledger keeps; `None` when nothing was tried.
    pub fn status(self) -> Option<&'static str> {
        match self {
            Self::Before => None,
            Self::Accepted => Some("accepted"),
            Self::Rejected => Some("rejected"),
        }
    }

    /// Returns the word for people.
    pub fn describe(self) -> &'static str {
        self.status().unwrap_or("done before")
    }
}

/// Does the units of one repository and keeps what they share.
pub struct UnitRunner<'a> {
    source: &'a Source,
    run: &'a RunDirectory,
    options: &'a RunOptions,
    methods: Methods,
    known_pulls: BTreeSet<u64>,
    grounder: Grounder,
    texts: TextCache,
    executor: Option<Executor<'a>>,
}

/// A unit that was given up, with what is known of it.
struct GivenUp {
    reason: &'static str,
    detail: String,
    labels: Option<Box<UnitLabels>>,
    links: Vec<Link>,
}

/// Why a unit has no story.
enum Failed {
    /// It says so itself.
    Unit(GivenUp),
    /// This machine does.
    Machine(Failure),
}

impl Failed {
    /// Returns the failure of a command that needs the story of a unit.
    fn of_unit(self, work: &WorkUnit) -> Failure {
        match self {
            Self::Machine(failure) => failure,
            Self::Unit(given_up) => {
                Failure::new(format!("`{}` has no story: {}", work.unit, given_up.detail))
            }
        }
    }
}

impl From<GivenUp> for Failed {
    fn from(given_up: GivenUp) -> Self {
        Self::Unit(given_up)
    }
}

/// The story of a unit and what was executed for it.
struct Told {
    story: Story,
    executed: Option<Executed>,
    ci: Option<CiSummary>,
}

impl Told {
    /// Returns every text to store.
    fn blobs(&self) -> BTreeMap<BlobId, Arc<[u8]>> {
        let executed = self.executed.iter().flat_map(|executed| &executed.blobs);
        let all = self.story.blobs.iter().chain(executed);
        all.map(|(id, bytes)| (id.clone(), Arc::clone(bytes))).collect()
    }
}

/// Says in the disposition what is known of CI, if anything is.
fn summary_of_ci(evidence: &UnitEvidence) -> Option<CiSummary> {
    Some(evidence.ci.summary.clone()).filter(|summary| summary.runs > 0)
}

/// Says in the disposition what the execution came to.
fn summary(unit: &UnitExecution, json: &[u8]) -> ExecutionSummary {
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let instance = unit.instance.as_ref();
    ExecutionSummary {
        execution: RunDirectory::text_digest(json),
        outcome: unit.outcome.clone(),
        runs: count(unit.executions.len()),
        fail_to_pass: count(instance.map_or(0, |instance| instance.fail_to_pass.len())),
        pass_to_pass: count(instance.map_or(0, |instance| instance.pass_to_pass.len())),
    }
}

impl<'a> UnitRunner<'a> {
    /// Starts with nothing kept.
    pub fn new(source: &'a Source, run: &'a RunDirectory, options: &'a RunOptions) -> Self {
        Self {
            source,
            run,
            options,
            methods: Methods::all(),
            known_pulls: source.pull_heads.keys().copied().collect(),
            grounder: Grounder::new(),
            texts: TextCache::new(options.file_limit, TEXT_CACHE),
            executor: None,
        }
    }

    /// Executes every unit, too.
    pub(crate) fn with_executor(self, executor: Option<Executor<'a>>) -> Self {
        Self { executor, ..self }
    }

    /// Does one unit, unless it is done; any number of threads may do so at once.
    pub fn run(&self, work: &WorkUnit) -> Result<Done, Failure> {
        if self.run.unit(&work.key).is_some_and(|unit| !may_heal(&unit.disposition)) {
            return Ok(Done::Before);
        }
        match self.story(work) {
            Ok(told) => self.accept(work, &told).map(|()| Done::Accepted),
            Err(Failed::Unit(given_up)) => self.reject(work, given_up).map(|()| Done::Rejected),
            Err(Failed::Machine(failure)) => Err(failure),
        }
    }

    /// Does one unit again and stores nothing.
    pub(crate) fn execute_again(&self, work: &WorkUnit) -> Result<Executed, Failure> {
        let told = self.story(work).map_err(|failed| failed.of_unit(work))?;
        told.executed.ok_or_else(|| Failure::new(format!("`{}` was not executed", work.unit)))
    }

    fn story(&self, work: &WorkUnit) -> Result<Told, Failed> {
        let context = UnitContext {
            options: self.options,
            records: self.source.records.as_ref(),
            methods: &self.methods,
            known_pulls: &self.known_pulls,
        };
        let unit = change_unit(&self.source.repo, work, &context).map_err(GivenUp::from)?;
        let give_up = |rejection: Rejection| GivenUp {
            reason: rejection.reason,
            detail: rejection.detail,
            labels: Some(Box::new(unit.labels.clone())),
            links: unit.links.clone(),
        };
        let evidence = evidence(&unit, self.source);
        let story = self.reconstruct(&unit, &evidence).map_err(give_up)?;
        let ci = summary_of_ci(&evidence);
        let Some(executor) = &self.executor else {
            return Ok(Told { story, executed: None, ci });
        };
        let executed = self.execute(executor, &story).map_err(Failed::Machine)?;
        if executed.execution.executions.is_empty() {
            // Nothing ran, so there is nothing more to tell.
            return Ok(Told { story, executed: Some(executed), ci });
        }
        let execution = Some(ExecutionEvidence {
            unit: executed.execution.clone(),
            blobs: executed.blobs.clone(),
        });
        let evidence = UnitEvidence { execution, ..evidence };
        let story = self.reconstruct(&unit, &evidence).map_err(give_up)?;
        let disagrees = story.ci_disagrees.clone();
        let ci = ci.map(|ci| CiSummary { disagrees_with_execution: disagrees, ..ci });
        Ok(Told { story, executed: Some(executed), ci })
    }

    /// Follows the functions that the fix of one unit touched; stores nothing.
    pub(crate) fn follow(
        &self,
        executor: &Executor<'_>,
        work: &WorkUnit,
        ask: TraceAsk<'_>,
    ) -> Result<Result<FollowedUnit, NotFollowed>, Failure> {
        let told = self.story(work).map_err(|failed| failed.of_unit(work))?;
        let tried = || format!("failed to follow `{}`", work.unit);
        self.with_sides(&told.story, &tried, |sides| {
            executor.follow(&told.story.trajectory, sides, ask)
        })
    }

    /// Runs the states of a unit.
    fn execute(&self, executor: &Executor<'_>, story: &Story) -> Result<Executed, Failure> {
        let tried = || format!("failed to execute `{}`", story.trajectory.unit.id);
        self.with_sides(story, &tried, |sides| executor.execute(&story.trajectory, sides))
    }

    fn with_sides<T>(
        &self,
        story: &Story,
        tried: &dyn Fn() -> String,
        run: impl FnOnce(&BothSides<'_>) -> Result<T, ExecuteError>,
    ) -> Result<T, Failure> {
        let unit = &story.trajectory.unit;
        let parse = |path: &RepoPath, blob: &BlobId, bytes: &[u8]| {
            self.grounder.structure(path, blob, bytes)
        };
        let files = UnitFiles { repo: &self.source.repo, texts: &self.texts, parse: &parse };
        let sides = sides(files, &unit.base_tree, &unit.head_tree)
            .map_err(|error| Failure::of(error, &tried()))?;
        let both = BothSides { gold: &sides.gold, test: &sides.test };
        run(&both).map_err(|error| Failure::of(error, &tried()))
    }

    fn reconstruct(&self, unit: &ChangeUnit, evidence: &UnitEvidence) -> Result<Story, Rejection> {
        let repo = &self.source.repo;
        let snapshot = self.grounder.ground(repo, &unit.base_tree)?;
        reconstruct(&ReconstructInput {
            repo,
            unit,
            snapshot: &snapshot,
            evidence,
            texts: &self.texts,
            parse: &|path, blob, bytes| self.grounder.structure(path, blob, bytes),
        })
    }

    fn accept(&self, work: &WorkUnit, told: &Told) -> Result<(), Failure> {
        let trajectory = &told.story.trajectory;
        let text = |error| Failure::of(error, &format!("failed to write `{}`", work.unit));
        let json = serde_json::to_vec(trajectory).map_err(text)?;
        let execution = told.executed.as_ref().map(|executed| &executed.execution);
        let execution_json = execution.map(serde_json::to_vec).transpose().map_err(text)?;
        let blobs = told.blobs();
        for (id, bytes) in &blobs {
            if !self.run.has_blob(id) {
                self.run.put_blob(bytes)?;
            }
        }
        let disposition = Disposition {
            schema: SchemaVersion::CURRENT,
            work: work.clone(),
            outcome: Outcome::Accepted {
                trajectory: RunDirectory::text_digest(&json),
                steps: u32::try_from(trajectory.steps.len()).unwrap_or(u32::MAX),
            },
            labels: Some(trajectory.unit.labels.clone()),
            links: trajectory.unit.links.clone(),
            execution: execution
                .zip(execution_json.as_deref())
                .map(|(unit, json)| summary(unit, json)),
            ci: told.ci.clone(),
        };
        let blobs: Vec<BlobId> = blobs.into_keys().collect();
        let texts = UnitTexts { trajectory: Some(&json), execution: execution_json.as_deref() };
        Ok(self.run.commit_unit(&disposition, texts, &blobs)?)
    }

    fn reject(&self, work: &WorkUnit, given_up: GivenUp) -> Result<(), Failure> {
        let disposition = Disposition {
            schema: SchemaVersion::CURRENT,
            work: work.clone(),
            outcome: Outcome::Rejected {
                reason: given_up.reason.to_owned(),
                detail: given_up.detail,
            },
            labels: given_up.labels.map(|labels| *labels),
            links: given_up.links,
            execution: None,
            ci: None,
        };
        Ok(self.run.commit_unit(&disposition, UnitTexts::default(), &[])?)
    }
}

/// Rejections that say something of this copy of the repository, not of its
/// history: whoever fetches it again gets another answer.
pub(super) const OF_THIS_COPY: [&str; 2] = ["object_corrupt", "tree_missing"];

fn may_heal(unit: &Disposition) -> bool {
    let execution = unit.execution.as_ref().map(|summary| &summary.outcome);
    matches!(execution, Some(ExecutionOutcome::Infrastructure { .. }))
        || matches!(&unit.outcome, Outcome::Rejected { reason, .. } if OF_THIS_COPY.contains(&reason.as_str()))
}

impl From<UnitError> for GivenUp {
    fn from(error: UnitError) -> Self {
        let UnitError::Rejected { reason, detail, labels, links } = error;
        Self { reason, detail, labels, links }
    }
}
