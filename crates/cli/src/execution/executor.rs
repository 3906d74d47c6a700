//! How is one unit of a repository executed?
//!
//! In: the unit, its story without runs, and both sides of its change. Out:
//! what was executed and the stored texts it names.

use backstory_exec::checkout::{Changes, Layer};
use backstory_exec::environment::{
    DeriveContext, NoRecipe, ProvisionError, Provisioner, TreeSource, day_of, derive,
};
use backstory_exec::execute::{
    Environments, Event, ExecuteError, ExecuteInput, Executed, FollowedUnit, NotFollowed, Provided,
    Tag, TraceAsk, execute_unit, follow_unit,
};
use backstory_mine::GitRepository;
use backstory_model::{
    Action, ChangeUnit, CommitId, ContainmentLevel, ExecuteOptions, Repository as _,
    RepositoryError, Role, TestRunner, Trajectory, TreeId,
};

use crate::Failure;
use crate::execution::Machine;

/// Executes the units of one repository.
pub(crate) struct Executor<'a> {
    machine: &'a Machine,
    provisioner: Provisioner<'a>,
    options: &'a ExecuteOptions,
    repo: &'a GitRepository,
    /// The newest commit, from whose day the age of the others is counted.
    newest: i64,
    tags: Vec<Tag>,
    /// The mainline, oldest first, where candidates need its changes.
    mainline: Vec<(CommitId, TreeId)>,
    watch: Watch<'a>,
}

/// What is told of every run as it ends.
pub(crate) type Watch<'a> = &'a (dyn Fn(&Event<'_>) + Sync);

/// Both sides of a change, as changed files of the base.
pub(crate) struct BothSides<'a> {
    /// The base with the gold patch.
    pub(crate) gold: &'a Changes,
    /// The base with the test patch.
    pub(crate) test: &'a Changes,
}

impl<'a> Executor<'a> {
    /// Prepares the units of the mainline that ends at `head`.
    pub(crate) fn new(
        machine: &'a Machine,
        repo: &'a GitRepository,
        head: &CommitId,
        options: &'a ExecuteOptions,
    ) -> Result<Self, Failure> {
        let day = |commit: &CommitId| repo.commit(commit).map(|commit| commit.committer.seconds);
        let given =
            day(head).map_err(|error| Failure::of(error, "failed to read the newest commit"))?;
        // A run may end long before the repository does.
        let tip = repo.resolve(None).ok().and_then(|tip| day(&tip).ok());
        let newest = tip.map_or(given, |tip| tip.max(given));
        let named = repo
            .refs_tags()
            .map_err(|error| Failure::of(error, "failed to read the tags of the repository"))?;
        // A tag whose commit cannot be read has no time to compare.
        let dated = |(name, commit)| Some(Tag { name, seconds: day(&commit).ok()? });
        let tags = named.into_iter().filter_map(dated).collect();
        let provisioner = machine.provisioner();
        let read = |error| Failure::of(error, "failed to read the mainline");
        let mainline =
            if options.candidates > 0 { mainline(repo, head).map_err(read)? } else { Vec::new() };
        Ok(Self { machine, provisioner, options, repo, newest, tags, mainline, watch: &|_| {} })
    }

    /// Tells of every run as it ends.
    pub(crate) fn watched(self, watch: Watch<'a>) -> Self {
        Self { watch, ..self }
    }

    /// Executes one unit; `story` is its trajectory without runs.
    pub(crate) fn execute(
        &self,
        story: &Trajectory,
        sides: &BothSides<'_>,
    ) -> Result<Executed, ExecuteError> {
        self.with_input(story, sides, execute_unit)
    }

    /// Follows the functions that the fix of one unit touched while tests run.
    pub(crate) fn follow(
        &self,
        story: &Trajectory,
        sides: &BothSides<'_>,
        ask: TraceAsk<'_>,
    ) -> Result<Result<FollowedUnit, NotFollowed>, ExecuteError> {
        self.with_input(story, sides, |input| follow_unit(input, ask))
    }

    fn with_input<T>(
        &self,
        story: &Trajectory,
        sides: &BothSides<'_>,
        run: impl FnOnce(&ExecuteInput<'_>) -> T,
    ) -> T {
        let others = self.later_changes(&story.unit.commit);
        run(&ExecuteInput {
            repo: self.repo,
            unit: &story.unit,
            test_side: sides.test,
            gold_side: sides.gold,
            statement: statement(story),
            requirement: &story.requirement,
            tags: &self.tags,
            others: &others,
            gold_patch: &story.gold_patch,
            test_patch: &story.test_patch,
            options: self.options,
            sandbox: &*self.machine.sandbox,
            checkout: &self.machine.checkout,
            environments: self,
            reporters: self.machine.reporters(),
            scratch: self.machine.scratch(),
            watch: &|event| (self.watch)(event),
        })
    }
}

/// How many later changes are looked at for hunks of candidates.
const LATER: usize = 60;

/// Lists the first-parent commits up to `head` with their trees, oldest first.
fn mainline(
    repo: &GitRepository,
    head: &CommitId,
) -> Result<Vec<(CommitId, TreeId)>, RepositoryError> {
    let mut line = Vec::new();
    let mut next = Some(head.clone());
    while let Some(id) = next {
        let commit = match repo.commit(&id) {
            Ok(commit) => commit,
            // The history of a shallow clone ends early.
            Err(RepositoryError::Missing { .. }) => break,
            Err(error) => return Err(error),
        };
        next = commit.parents.first().cloned();
        line.push((id, commit.tree));
    }
    line.reverse();
    Ok(line)
}

impl Executor<'_> {
    /// Returns the trees before and after the changes that follow a unit. What
    /// comes later is in no work tree of the unit, and cannot be there yet.
    fn later_changes(&self, commit: &CommitId) -> Vec<(TreeId, TreeId)> {
        let place = self.mainline.iter().position(|(id, _)| id == commit);
        let later = place.map_or(&[][..], |place| &self.mainline[place..]);
        let pairs = later.windows(2).take(LATER);
        pairs.map(|pair| (pair[0].1.clone(), pair[1].1.clone())).collect()
    }

    /// Says why a runner cannot run at the level of this machine.
    fn needs_namespaces(&self, runner: TestRunner) -> Option<String> {
        let is_bound = match runner {
            // Their reporters and build folders are at fixed paths of the sandbox.
            TestRunner::Nextest | TestRunner::GoTest => true,
            TestRunner::Pytest
            | TestRunner::Unittest
            | TestRunner::NodeTest
            | TestRunner::Jest
            | TestRunner::Vitest
            | TestRunner::Mocha => false,
        };
        let level = self.machine.sandbox.containment().level;
        (is_bound && level < ContainmentLevel::Namespaces)
            .then(|| format!("`{}` is not run at level `{}`", runner.as_str(), level.as_str()))
    }
}

/// Returns what is asked for: the text of the first step.
pub(crate) fn statement(story: &Trajectory) -> &str {
    story
        .steps
        .iter()
        .find_map(|step| match &step.action {
            Action::Message { role: Role::User, text } => Some(text.as_str()),
            _ => None,
        })
        .unwrap_or_default()
}

impl Environments for Executor<'_> {
    fn provide(
        &self,
        unit: &ChangeUnit,
        test_files: &[String],
        base: &Layer,
    ) -> Result<Provided, ExecuteError> {
        let context = DeriveContext {
            source: &TreeSource::new(self.repo, &unit.head_tree)?,
            commit_day: day_of(unit.states.last().map_or(self.newest, |state| state.authored_at)),
            reference_day: day_of(self.newest),
            test_files,
            toolchains: &self.machine.toolchains,
        };
        let recipe = match derive(&context) {
            Ok(recipe) => Box::new(recipe),
            Err(NoRecipe::Repository { source }) => return Err(source.into()),
            Err(other) => return Ok(Provided::Unsupported { detail: other.to_string() }),
        };
        if let Some(detail) = self.needs_namespaces(recipe.runner) {
            return Ok(Provided::Unsupported { detail });
        }
        Ok(match self.provisioner.provision(&recipe, &base.path) {
            Ok(environment) => Provided::Ready { recipe, environment: Box::new(environment) },
            Err(ProvisionError::Failed { detail, log }) => Provided::Failed { recipe, detail, log },
            Err(error @ (ProvisionError::Index { .. } | ProvisionError::Toolchain { .. })) => {
                Provided::Infrastructure { detail: error.to_string() }
            }
            Err(ProvisionError::Sandbox(error)) => return Err(error.into()),
            Err(ProvisionError::Store(error)) => return Err(error.into()),
        })
    }
}
