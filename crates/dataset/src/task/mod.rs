//! What does a grader outside of this project need to judge one change?
//!
//! In: a trajectory with its execution, and the stored bytes. Out: a [`Task`]
//! with both patches as text, the ids a log can carry, the script that judges
//! and the image it would run in; or a [`LeftOut`] with the reason. The formats
//! with a grader (`swe_bench`, `harbor`) write tasks in their own folders.

mod dockerfile;
mod ids;
mod paths;
mod script;

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    BlobId, EnvironmentRecipe, Language, TaskInstance, TestRunner, Trajectory, UnitExecution,
};

use crate::export::ExportError;
use crate::{Bodies, BodyError, time};

/// A trajectory and, where its unit was executed, what came of it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Story {
    /// The trajectory.
    pub trajectory: Trajectory,
    /// What was executed.
    pub execution: Option<UnitExecution>,
}

impl From<Trajectory> for Story {
    fn from(trajectory: Trajectory) -> Self {
        Self { trajectory, execution: None }
    }
}

impl From<(Trajectory, Option<UnitExecution>)> for Story {
    fn from((trajectory, execution): (Trajectory, Option<UnitExecution>)) -> Self {
        Self { trajectory, execution }
    }
}

/// The reporter that the scripts of an export carry: its files by name, which
/// stand in one folder on the module path of the tests.
pub type Reporter = BTreeMap<String, String>;

/// Why a trajectory is no task of an export.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum LeftOut {
    /// It was not executed, or a gate does not hold.
    NoInstance,
    /// No script can judge with its runner.
    Runner,
    /// A patch is empty or not UTF-8.
    PatchNotText,
    /// A patch leaves content out that is no text, and cannot be applied.
    BinaryInPatch,
    /// A patch holds a line that a grader takes for its own marker.
    MarkerInPatch,
    /// A path in a patch is not UTF-8.
    PathNotText,
    /// No id of `FAIL_TO_PASS` can stand in a log.
    IdsNotWritable,
}

impl LeftOut {
    /// Returns the word used in the receipt.
    pub(crate) fn as_str(self) -> &'static str {
        match self {
            Self::NoInstance => "no_instance",
            Self::Runner => "runner",
            Self::PatchNotText => "patch_not_text",
            Self::BinaryInPatch => "binary_in_patch",
            Self::MarkerInPatch => "marker_in_patch",
            Self::PathNotText => "path_not_text",
            Self::IdsNotWritable => "ids_not_writable",
        }
    }
}

/// One change with everything a grader needs.
#[derive(Debug)]
pub(crate) struct Task<'a> {
    pub(crate) trajectory: &'a Trajectory,
    pub(crate) execution: &'a UnitExecution,
    pub(crate) instance: &'a TaskInstance,
    pub(crate) recipe: &'a EnvironmentRecipe,
    pub(crate) patch: String,
    pub(crate) test_patch: String,
    pub(crate) fail_to_pass: Vec<String>,
    pub(crate) pass_to_pass: Vec<String>,
    /// How many ids of the instance no log can carry.
    pub(crate) ids_dropped: u64,
    pub(crate) created_at: String,
    /// The first digits of the digest of the environment.
    pub(crate) version: String,
    pub(crate) eval_script: String,
    /// What is installed, one exact requirement a line.
    pub(crate) requirements: String,
}

impl<'a> Task<'a> {
    /// Makes the task of a trajectory.
    pub(crate) fn of(
        story: &'a Story,
        bodies: &dyn Bodies,
        reporter: &Reporter,
    ) -> Result<Result<Self, LeftOut>, ExportError> {
        let unit = &story.trajectory.unit.id;
        let in_unit = |source| ExportError::Body { unit: unit.clone(), source };
        let known = story.execution.as_ref().and_then(|execution| {
            Some((execution, execution.instance.as_ref()?, execution.recipe.as_ref()?))
        });
        let Some((execution, instance, recipe)) = known else {
            return Ok(Err(LeftOut::NoInstance));
        };
        if !can_judge(recipe) {
            return Ok(Err(LeftOut::Runner));
        }
        let patch = text(bodies, &instance.patch).map_err(in_unit)?;
        let test_patch = text(bodies, &instance.test_patch).map_err(in_unit)?;
        let (Some(patch), Some(test_patch)) = (patch, test_patch) else {
            return Ok(Err(LeftOut::PatchNotText));
        };
        let lock = execution.lock.as_ref().map(|lock| bodies.text(lock)).transpose();
        let lock = lock.map_err(in_unit)?;
        let texts = Texts { patch, test_patch, lock };
        Ok(Self::with(story, (execution, instance, recipe), texts, reporter))
    }

    fn with(
        story: &'a Story,
        known: (&'a UnitExecution, &'a TaskInstance, &'a EnvironmentRecipe),
        texts: Texts,
        reporter: &Reporter,
    ) -> Result<Self, LeftOut> {
        let (execution, instance, recipe) = known;
        let gold = paths::changed(&texts.patch)?;
        let tests = paths::changed(&texts.test_patch)?;
        let ids = ids::writable(instance, &execution.tests);
        if ids.fail_to_pass.is_empty() {
            return Err(LeftOut::IdsNotWritable);
        }
        let created_at = time::rfc3339(instance.created_at).unwrap_or_default();
        let environment = execution.executions.first().map(|run| run.environment.as_str());
        let version = environment.unwrap_or_default().chars().take(12).collect();
        let eval_script = script::write(&script::Judged {
            instance,
            recipe,
            test_patch: &texts.test_patch,
            restored: &restored(recipe.runner, instance, &gold, &tests),
            kept: &gold,
            reporter,
        });
        let requirements = dockerfile::requirements(recipe, texts.lock.as_deref());
        Ok(Self {
            trajectory: &story.trajectory,
            execution,
            instance,
            recipe,
            patch: texts.patch,
            test_patch: texts.test_patch,
            fail_to_pass: ids.fail_to_pass,
            pass_to_pass: ids.pass_to_pass,
            ids_dropped: ids.dropped,
            created_at,
            version,
            eval_script,
            requirements,
        })
    }

    /// Returns the text of an image file; `links` are other names of the work tree.
    pub(crate) fn dockerfile(&self, links: &[&str]) -> String {
        dockerfile::write(self.instance, self.recipe, links)
    }
}

struct Texts {
    patch: String,
    test_patch: String,
    lock: Option<String>,
}

/// Returns whether a script can judge with this runner: our reporter for Python
/// is a file that needs nothing else, so it can travel inside of the script, and
/// `go test` reports by itself.
fn can_judge(recipe: &EnvironmentRecipe) -> bool {
    let language = match recipe.runner {
        TestRunner::Pytest | TestRunner::Unittest => Language::Python,
        TestRunner::GoTest => Language::Go,
        TestRunner::Nextest
        | TestRunner::NodeTest
        | TestRunner::Jest
        | TestRunner::Vitest
        | TestRunner::Mocha => return false,
    };
    recipe.language == language
}

/// Returns a stored text; `None` when it is not UTF-8.
fn text(bodies: &dyn Bodies, blob: &BlobId) -> Result<Option<String>, BodyError> {
    match bodies.text(blob) {
        Ok(text) => Ok(Some(text)),
        Err(BodyError::NotText { .. }) => Ok(None),
        Err(error @ (BodyError::Missing { .. } | BodyError::Unreadable { .. })) => Err(error),
    }
}

/// Returns the paths that are put back as they are at the base before the test
/// patch is applied: those it touches and the test files that are run, but for
/// what the gold patch changes. For Go the latter are packages, which hold the work.
fn restored(
    runner: TestRunner,
    instance: &TaskInstance,
    gold: &BTreeSet<String>,
    tests: &BTreeSet<String>,
) -> BTreeSet<String> {
    let files = if runner == TestRunner::GoTest { &[] } else { &instance.test_files[..] };
    let judged = files.iter().chain(tests);
    let holds_gold = |path: &str| {
        let below = format!("{path}/");
        gold.iter().any(|gold| gold == path || gold.starts_with(&below))
    };
    judged.filter(|path| !holds_gold(path) && path.as_str() != ".").cloned().collect()
}
