//! What of a unit may name its issues?
//!
//! In: a unit as far as it is read. Out: its links: the messages, the lines it
//! adds to changelogs and the paths it adds are handed to `link`.

use backstory_model::{
    CollapseReason, Commit, CommitId, Link, RepoPath, Repository, RepositoryError, Sequence,
    TreeChange, WorkUnit,
};
use backstory_syntax::diff::{hunks, lines};

use super::{Mainline, Story, UnitContext};
use crate::link::{self, AddedLine, LARGEST_CHANGELOG, LinkInput};

/// Links a unit.
pub(super) fn links(
    repo: &dyn Repository,
    work: &WorkUnit,
    mainline: &Mainline,
    story: &Story,
    context: &UnitContext<'_>,
) -> Result<Vec<Link>, RepositoryError> {
    let mut messages: Vec<(CommitId, &str)> =
        vec![(mainline.commit.id.clone(), &mainline.commit.message)];
    for state in story.states.iter().filter(|state| state.commit != mainline.commit.id) {
        messages.push((state.commit.clone(), &state.message));
    }
    let behind = collapsed_branch(repo, work, mainline, story)?;
    messages.extend(behind.iter().map(|commit| (commit.id.clone(), commit.message.as_str())));
    let mut added_lines = Vec::new();
    let mut added_paths: Vec<RepoPath> = Vec::new();
    for change in &mainline.changes {
        if change.before.is_none() {
            added_paths.push(change.path.clone());
        }
        if link::is_changelog(&change.path) {
            push_added_lines(repo, change, &mut added_lines)?;
        }
    }
    Ok(link::links(&LinkInput {
        repo: &work.repo,
        messages: &messages,
        pull: work.pull,
        merged_at: mainline.commit.committer.seconds,
        known_pulls: context.known_pulls,
        added_changelog_lines: &added_lines,
        added_paths: &added_paths,
        records: context.records,
        enabled: context.methods,
    }))
}

/// Returns the commits of a branch that are not the states of the unit.
fn collapsed_branch(
    repo: &dyn Repository,
    work: &WorkUnit,
    mainline: &Mainline,
    story: &Story,
) -> Result<Vec<Commit>, RepositoryError> {
    let behind = match story.sequence {
        Sequence::Authored => false,
        Sequence::Collapsed { reason } => match reason {
            CollapseReason::AuthoredSequenceDiverges | CollapseReason::BranchHasMerges => true,
            CollapseReason::NoBranch
            | CollapseReason::Octopus
            | CollapseReason::BranchIncomplete => false,
        },
    };
    let mut parents = mainline.commit.parents.iter();
    let (parent, merged) = (parents.next(), parents.next());
    let (Some(parent), Some(head), true) = (parent, merged.or(work.pull_head.as_ref()), behind)
    else {
        return Ok(Vec::new());
    };
    // The messages of a history of its own, e.g., of vendored code, speak of elsewhere.
    if matches!(repo.merge_base(parent, head), Ok(None)) {
        return Ok(Vec::new());
    }
    let mut commits = link::branch_commits(repo, parent, head)?;
    let is_state = |commit: &Commit| story.states.iter().any(|state| state.commit == commit.id);
    commits.retain(|commit| commit.id != mainline.commit.id && !is_state(commit));
    Ok(commits)
}

fn push_added_lines(
    repo: &dyn Repository,
    change: &TreeChange,
    added: &mut Vec<AddedLine>,
) -> Result<(), RepositoryError> {
    let mut sides = Vec::new();
    for side in [&change.before, &change.after] {
        let Some((mode, id)) = side else {
            sides.push(None);
            continue;
        };
        let small = matches!(repo.blob_size(id), Ok(Some(size)) if size <= LARGEST_CHANGELOG);
        if !mode.is_file() || !small {
            return Ok(());
        }
        sides.push(repo.blob(id)?);
    }
    let side = |at: usize| sides.get(at).and_then(Option::as_deref).unwrap_or_default();
    let (old, new) = (side(0), side(1));
    let new_lines = lines(new);
    for at in hunks(old, new).into_iter().flat_map(|hunk| hunk.after) {
        let text = String::from_utf8_lossy(new_lines[at as usize]);
        added.push(AddedLine {
            path: change.path.clone(),
            line: at + 1,
            text: text.trim_end_matches(['\n', '\r']).to_owned(),
        });
    }
    Ok(())
}
