//! Which steps, in which order, tell the story of one unit?
//!
//! In: a unit and what is known about it. Out: a [`Story`]: the trajectory and
//! the texts it refers to; or the [`Rejection`] of a broken invariant. The six
//! phases follow each other; a later authored state may be preceded by views,
//! and what was run stands behind the changes it judges.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    BlobId, ChangeUnit, FileStructure, RepoPath, RepoSnapshot, Repository, RepositoryError,
    Trajectory, TreeId,
};

use crate::change::{FileChange, file_changes};
use crate::evidence::UnitEvidence;
use crate::plan::{First, StatePlan, plan_state};
use crate::requirement::requirement;
use crate::run::Runs;
use crate::text::TextCache;
use crate::tree::tree_after;
use crate::writer::Writer;

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
    /// The authored states that CI and an execution judge differently.
    pub ci_disagrees: Vec<u32>,
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
    let runs = Runs::of(input.evidence, unit);
    let plans = plans(input, runs.as_ref())?;
    let mut writer = Writer::new(input, runs, &plans);
    writer.requirement(&asked);
    writer.localization_and_reading(&asked)?;
    for index in 0..plans.len() {
        writer.state(index)?;
    }
    writer.validation();
    writer.finish(&message);
    writer.into_story(&asked)
}

fn plans(
    input: &ReconstructInput<'_>,
    runs: Option<&Runs<'_>>,
) -> Result<Vec<StatePlan>, Rejection> {
    let unit = input.unit;
    let mut before: &TreeId = &unit.base_tree;
    let mut plans = Vec::with_capacity(unit.states.len());
    for state in &unit.states {
        let changes = file_changes(input.repo, input.texts, before, &state.tree)?;
        let plan = match tests_first(input, runs, &changes)? {
            Some(plan) => plan,
            None => plan_state(&changes, input.snapshot, input.parse, First::Definitions),
        };
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

/// Plans the tests of a unit of one state before everything else, where a run
/// shows that they fail; `None` where the edits do not give the tree of that run.
fn tests_first(
    input: &ReconstructInput<'_>,
    runs: Option<&Runs<'_>>,
    changes: &[FileChange],
) -> Result<Option<StatePlan>, RepositoryError> {
    if input.unit.states.len() != 1 {
        return Ok(None);
    }
    let Some(run) = runs.and_then(Runs::with_tests).filter(|run| run.red) else {
        return Ok(None);
    };
    let plan = plan_state(changes, input.snapshot, input.parse, First::Tests);
    if plan.tests == 0 || plan.tests == plan.steps.len() {
        return Ok(None);
    }
    let tree = tree_after(input.repo, &input.unit.base_tree, &plan.steps[..plan.tests])?;
    Ok((tree == run.execution.tree).then_some(plan))
}
