//! What is one commit of the mainline about, from which tree to which, by what steps?
//!
//! In: one [`WorkUnit`] and the repository. Out: its [`ChangeUnit`], or the
//! reason why there is none. A unit that cannot be read is a value, never a
//! crash and never a gap.

mod branch;
mod labels;
mod mentions;
mod patch;

use std::collections::BTreeSet;

use backstory_model::{
    AuthoredState, ChangeUnit, CollapseReason, Commit, CommitId, Link, Repository, RepositoryError,
    RunOptions, Sequence, TreeChange, TreeId, UnitLabels, WorkUnit,
};

use crate::link::Methods;
use crate::records::Records;
use branch::Branch;

pub(crate) use patch::edited_lines;

/// Says why a unit has no story.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum UnitError {
    /// The unit is rejected.
    #[error("the unit is rejected as `{reason}`: {detail}")]
    Rejected {
        /// The reason, a word of the list in `docs/rules.md`.
        reason: &'static str,
        /// What exactly, in one sentence.
        detail: String,
        /// What the unit touches, if it could be read that far.
        labels: Option<Box<UnitLabels>>,
        /// What the unit is linked to, if it could be read that far.
        links: Vec<Link>,
    },
}

impl UnitError {
    fn rejected(reason: &'static str, detail: impl Into<String>) -> Self {
        Self::Rejected { reason, detail: detail.into(), labels: None, links: Vec::new() }
    }
}

impl From<RepositoryError> for UnitError {
    fn from(error: RepositoryError) -> Self {
        match error {
            RepositoryError::Missing { .. } => Self::rejected("tree_missing", error.to_string()),
            RepositoryError::Corrupt { ref source, .. } => {
                Self::rejected("object_corrupt", format!("{error}: {source}"))
            }
        }
    }
}

/// What a unit is read with, the same for all units of a run.
#[derive(Clone, Copy, Debug)]
pub struct UnitContext<'a> {
    /// The choices of the run.
    pub options: &'a RunOptions,
    /// What the forge says, if records were given.
    pub records: Option<&'a Records>,
    /// The link methods to use.
    pub methods: &'a Methods,
    /// The numbers of [`crate::GitRepository::refs_pull_heads`]: a mention of one
    /// of them is not a mention of an issue.
    pub known_pulls: &'a BTreeSet<u64>,
}

/// Reads one unit.
///
/// The base is the merge base of the first parent and the branch head (the
/// merged parent, else the head of the pull request), and the branch's commits
/// are its states, if the branch's patch is the unit's patch; else the unit is
/// the mainline commit alone, with the reason in [`ChangeUnit::sequence`].
pub fn change_unit(
    repo: &dyn Repository,
    work: &WorkUnit,
    context: &UnitContext<'_>,
) -> Result<ChangeUnit, UnitError> {
    let mainline = Mainline::read(repo, &work.commit)?;
    let labels = labels::labels(repo, &mainline, context.options)?;
    let story = story(repo, work, &mainline)?;
    let links = mentions::links(repo, work, &mainline, &story, context)?;
    if story.base_tree == story.head_tree {
        return Err(UnitError::Rejected {
            reason: "no_change",
            detail: format!("commit `{}` has the tree of its first parent", work.commit),
            labels: Some(Box::new(labels)),
            links,
        });
    }
    Ok(ChangeUnit {
        id: work.unit.clone(),
        repo: work.repo.clone(),
        commit: work.commit.clone(),
        position: work.position,
        parent: mainline.parent.as_ref().map(|parent| parent.id.clone()),
        pull: work.pull,
        base: story.base,
        base_tree: story.base_tree,
        head: story.head,
        head_tree: story.head_tree,
        states: story.states,
        sequence: story.sequence,
        links,
        labels,
    })
}

/// The commit of the mainline against its first parent.
struct Mainline {
    commit: Commit,
    parent: Option<Commit>,
    changes: Vec<TreeChange>,
}

impl Mainline {
    fn read(repo: &dyn Repository, id: &CommitId) -> Result<Self, RepositoryError> {
        let commit = repo.commit(id)?;
        let parent = commit.parents.first().map(|parent| repo.commit(parent)).transpose()?;
        let before = parent.as_ref().map_or_else(TreeId::empty, |parent| parent.tree.clone());
        let changes = repo.changes(&before, &commit.tree)?;
        Ok(Self { commit, parent, changes })
    }

    fn base_tree(&self) -> TreeId {
        self.parent.as_ref().map_or_else(TreeId::empty, |parent| parent.tree.clone())
    }
}

/// From which tree to which, by what steps.
struct Story {
    base: Option<CommitId>,
    base_tree: TreeId,
    head: CommitId,
    head_tree: TreeId,
    states: Vec<AuthoredState>,
    sequence: Sequence,
}

impl Story {
    /// The mainline commit alone.
    fn collapsed(mainline: &Mainline, reason: CollapseReason) -> Self {
        Self {
            base: mainline.parent.as_ref().map(|parent| parent.id.clone()),
            base_tree: mainline.base_tree(),
            head: mainline.commit.id.clone(),
            head_tree: mainline.commit.tree.clone(),
            states: vec![state(&mainline.commit)],
            sequence: Sequence::Collapsed { reason },
        }
    }
}

fn story(
    repo: &dyn Repository,
    work: &WorkUnit,
    mainline: &Mainline,
) -> Result<Story, RepositoryError> {
    let head = match mainline.commit.parents.as_slice() {
        [] => return Ok(Story::collapsed(mainline, CollapseReason::NoBranch)),
        [_] => work.pull_head.as_ref(),
        [_, merged] => Some(merged),
        _ => return Ok(Story::collapsed(mainline, CollapseReason::Octopus)),
    };
    let (Some(head), Some(parent)) = (head, &mainline.parent) else {
        return Ok(Story::collapsed(mainline, CollapseReason::NoBranch));
    };
    let (base, states, sequence) = match branch::branch(repo, mainline, parent, head)? {
        Branch::Authored { base, commits } => {
            (base, commits.iter().map(state).collect::<Vec<_>>(), Sequence::Authored)
        }
        Branch::HasMerges { base, head } => {
            let reason = CollapseReason::BranchHasMerges;
            (base, vec![state(&head)], Sequence::Collapsed { reason })
        }
        Branch::Unusable(reason) => return Ok(Story::collapsed(mainline, reason)),
    };
    let Some(last) = states.last() else {
        return Ok(Story::collapsed(mainline, CollapseReason::AuthoredSequenceDiverges));
    };
    Ok(Story {
        base: Some(base.id),
        base_tree: base.tree,
        head: last.commit.clone(),
        head_tree: last.tree.clone(),
        states,
        sequence,
    })
}

fn state(commit: &Commit) -> AuthoredState {
    AuthoredState {
        commit: commit.id.clone(),
        tree: commit.tree.clone(),
        message: commit.message.clone(),
        authored_at: commit.author.seconds,
    }
}
