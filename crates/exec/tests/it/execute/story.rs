//! Which unit is executed in a test, and in which environment?

use std::cell::RefCell;
use std::collections::BTreeMap;
use std::fmt::Write as _;

use backstory_exec::checkout::{Changes, Checkout, Layer};
use backstory_exec::environment::Environment;
use backstory_exec::execute::{
    Environments, Event, ExecuteError, ExecuteInput, Executed, Provided, Tag, execute_unit,
};
use backstory_model::{
    Access, AsItStood, AuthoredState, BlobId, ChangeUnit, CollapseReason, CommitId,
    EnvironmentRecipe, ExecuteOptions, FileRole, Language, Repository, Requirement,
    RequirementSource, Sandbox, Sequence, Sha256, TestReport, TestRunner, UnitId, UnitLabels,
    git_object_id,
};
use backstory_syntax::role_of;
use backstory_testkit::{Edit, FakeSandbox, MemoryRepository, RepoBuilder};

/// A history of one unit: a base and one commit or more on top of it.
pub(crate) struct Story {
    repo: RepoBuilder,
    commits: Vec<CommitId>,
    pub(crate) statement: String,
    pub(crate) requirement: Requirement,
    pub(crate) tags: Vec<Tag>,
    pub(crate) options: ExecuteOptions,
}

impl Story {
    /// Starts from these files.
    pub(crate) fn new(files: &[(&str, &str)]) -> Self {
        let mut repo = RepoBuilder::new("acme/toy");
        let commits = vec![repo.commit("start", written(files))];
        let options = ExecuteOptions { repeats: 3, mutants: 4, ..ExecuteOptions::default() };
        let requirement = Requirement {
            source: RequirementSource::PseudoIssue,
            record: None,
            as_it_stood: AsItStood::Exact,
            flags: Vec::new(),
        };
        let statement = "add is wrong".to_owned();
        Self { repo, commits, statement, requirement, tags: Vec::new(), options }
    }

    /// Adds an authored commit that writes these files.
    pub(crate) fn then(self, files: &[(&str, &str)]) -> Self {
        let message = format!("change {}", self.commits.len());
        self.then_titled(&message, files)
    }

    /// Adds an authored commit with this message.
    pub(crate) fn then_titled(mut self, message: &str, files: &[(&str, &str)]) -> Self {
        self.commits.push(self.repo.commit(message, written(files)));
        self
    }

    fn unit(&self, repo: &MemoryRepository) -> ChangeUnit {
        let state = |commit: &CommitId| {
            let commit = repo.commit(commit).unwrap();
            AuthoredState {
                commit: commit.id,
                tree: commit.tree,
                message: commit.message,
                authored_at: commit.author.seconds,
            }
        };
        let states: Vec<AuthoredState> = self.commits.iter().map(state).collect();
        let (base, head) = (&states[0], states.last().unwrap());
        ChangeUnit {
            id: UnitId::new("acme__toy-7"),
            repo: self.repo.name().clone(),
            commit: head.commit.clone(),
            position: 1,
            parent: Some(base.commit.clone()),
            pull: Some(7),
            base: Some(base.commit.clone()),
            base_tree: base.tree.clone(),
            head: head.commit.clone(),
            head_tree: head.tree.clone(),
            states: states[1..].to_vec(),
            sequence: Sequence::Collapsed { reason: CollapseReason::NoBranch },
            links: Vec::new(),
            labels: UnitLabels::default(),
        }
    }

    /// Returns the id of the unit's head.
    pub(crate) fn head(&self) -> &CommitId {
        self.commits.last().unwrap()
    }

    /// Executes the unit in this sandbox, and tells every run in one line.
    pub(crate) fn execute_in(&self, sandbox: &dyn Sandbox) -> Told {
        self.execute_with(sandbox, &ToyEnvironments).unwrap()
    }

    /// Executes the unit with the made-up pytest.
    pub(crate) fn execute(&self) -> Told {
        self.execute_in(&super::toy::toy_sandbox())
    }

    /// Executes the unit in these environments.
    pub(crate) fn execute_with(
        &self,
        sandbox: &dyn Sandbox,
        environments: &dyn Environments,
    ) -> Result<Told, ExecuteError> {
        let lines = RefCell::new(String::new());
        let watch = |event: &Event<'_>| tell(&mut lines.borrow_mut(), event);
        let executed = self.with_input(sandbox, environments, &watch, execute_unit)?;
        Ok(Told { executed, runs: lines.into_inner() })
    }

    /// Hands out everything that the execution of the unit reads.
    pub(crate) fn with_input<T>(
        &self,
        sandbox: &dyn Sandbox,
        environments: &dyn Environments,
        watch: &dyn Fn(&Event<'_>),
        run: impl FnOnce(&ExecuteInput<'_>) -> Result<T, ExecuteError>,
    ) -> Result<T, ExecuteError> {
        let folder = tempfile::tempdir().unwrap();
        let repo = self.repo.memory();
        let unit = self.unit(&repo);
        let (test_side, gold_side) = sides(&repo, &unit);
        let checkout = Checkout::new(folder.path().join("trees")).unwrap();
        let reporters = folder.path().join("reporters");
        backstory_store::fs::create_dirs(&reporters).unwrap();
        backstory_exec::report::assets::write(&reporters).unwrap();
        let patch = git_object_id("blob", b"");
        let done = run(&ExecuteInput {
            repo: &repo,
            unit: &unit,
            test_side: &test_side,
            gold_side: &gold_side,
            statement: &self.statement,
            requirement: &self.requirement,
            tags: &self.tags,
            others: &[],
            gold_patch: &patch,
            test_patch: &patch,
            options: &self.options,
            sandbox,
            checkout: &checkout,
            environments,
            reporters: &reporters,
            scratch: &folder.path().join("scratch"),
            watch,
        })?;
        let left = backstory_store::fs::entries(&folder.path().join("scratch"));
        assert!(left.unwrap_or_default().is_empty(), "a report folder is left behind");
        Ok(done)
    }
}

/// What came of a unit, and its runs in words.
pub(crate) struct Told {
    pub(crate) executed: Executed,
    pub(crate) runs: String,
}

impl Told {
    /// Returns outcome, labels and gates in words.
    pub(crate) fn verdict(&self) -> String {
        let execution = &self.executed.execution;
        let mut text = format!("outcome: {:?}\n", execution.outcome);
        for test in &execution.tests {
            let base = test.base.map_or("-", |outcome| outcome.as_str());
            let origin = test.origin.map_or(String::new(), |origin| format!(" ({origin:?})"));
            let (before, after) = (test.before.as_str(), test.after.as_str());
            writeln!(text, "{}: {base} > {before} > {after}{origin}", test.id).unwrap();
        }
        for test in &execution.flaky {
            writeln!(text, "{} is flaky at {:?}: {:?}", test.id, test.state, test.seen).unwrap();
        }
        for mutant in &execution.mutants {
            writeln!(text, "mutant {} {:?}: {:?}", mutant.number, mutant.kind, mutant.verdict)
                .unwrap();
        }
        for gate in execution.gates.iter().filter(|gate| !gate.passed) {
            writeln!(text, "gate {}: {}", gate.gate.as_str(), gate.detail).unwrap();
        }
        text
    }
}

fn tell(lines: &mut String, event: &Event<'_>) {
    let Event::Ran { execution, report, .. } = event else { return };
    let why = execution.why.as_deref().map_or(String::new(), |why| format!(" ({why})"));
    let broken = match report.broken_modules.len() {
        0 => String::new(),
        count => format!(", {count} broken"),
    };
    let passed = report.results.iter().filter(|result| result.outcome.is_pass()).count();
    writeln!(
        lines,
        "{}: {passed} of {} pass{broken}; {}{why}",
        execution.id,
        report.results.len(),
        execution.verdict.as_str()
    )
    .unwrap();
}

fn written(files: &[(&str, &str)]) -> Vec<(&'static str, Edit)> {
    files
        .iter()
        .map(|(path, text)| {
            let path: &'static str = Box::leak((*path).to_owned().into_boxed_str());
            (path, Edit::Write(text.as_bytes().to_vec()))
        })
        .collect()
}

/// Splits the change by the role of its files.
fn sides(repo: &MemoryRepository, unit: &ChangeUnit) -> (Changes, Changes) {
    let (mut test, mut gold) = (Changes::new(), Changes::new());
    for change in repo.changes(&unit.base_tree, &unit.head_tree).unwrap() {
        let after = change.after.map(|(mode, id)| (mode, repo.blob(&id).unwrap().unwrap()));
        match role_of(&change.path) {
            FileRole::Test => test.insert(change.path, after),
            FileRole::Source | FileRole::Docs | FileRole::Other => gold.insert(change.path, after),
        };
    }
    (test, gold)
}

/// Provides an environment of nothing for the made-up pytest.
pub(crate) struct ToyEnvironments;

/// Returns how the environment of the made-up pytest is made.
pub(crate) fn toy_recipe() -> EnvironmentRecipe {
    EnvironmentRecipe {
        language: Language::Python,
        runner: TestRunner::Pytest,
        toolchain: "python3.12".to_owned(),
        as_of: None,
        manifests: Vec::new(),
        build: backstory_model::Sha256::from_digest(&[0; 32]),
        requirements: vec!["pytest".to_owned()],
        phases: Vec::new(),
        variables: BTreeMap::new(),
    }
}

impl Environments for ToyEnvironments {
    fn provide(&self, _: &ChangeUnit, _: &[String], _: &Layer) -> Result<Provided, ExecuteError> {
        let recipe = toy_recipe();
        let environment = Environment {
            // The digest of a recipe is not what these tests are about.
            key: Sha256::from_digest(&[7; 32]),
            root: "/nowhere".into(),
            products: None,
            toolchain: Vec::new(),
            variables: recipe.variables.clone(),
            lock: b"pytest==9.2.0\n".to_vec(),
            log: Vec::new(),
            access: Access::ReadOnly,
        };
        Ok(Provided::Ready { recipe: Box::new(recipe), environment: Box::new(environment) })
    }
}

/// Reads a stored report.
pub(crate) fn report(told: &Told, id: &BlobId) -> TestReport {
    serde_json::from_slice(&told.executed.blobs[id]).unwrap()
}

/// Returns the names of the jobs a sandbox was given, without the unit.
pub(crate) fn job_names(sandbox: &FakeSandbox) -> Vec<String> {
    let name = |name: &str| name.split_once(' ').unwrap().1.to_owned();
    sandbox.jobs().iter().map(|job| name(&job.name)).collect()
}
