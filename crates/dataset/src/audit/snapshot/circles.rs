//! Are the files that one agent writes a circle, and does one agent write each circle?
//!
//! In: the dependencies that the story tells, those that its order respects (`uses`) and
//! those that it cuts. Out: findings. That a file which is loaded does not need another
//! one is looked up in its text.

use std::collections::{BTreeMap, BTreeSet};

use backstory_model::{
    CutEdge, Delegation, HandedFile, Instead, RepoPath, RepositoryError, SccPolicy, WritingAction,
};

use super::SnapshotAudit;
use super::imports::imports_at_once;
use crate::audit::finding::Place;

const RULE: &str = "story/circle";

impl SnapshotAudit<'_> {
    /// Checks who writes what of each circle.
    pub(super) fn circles(&mut self) -> Result<(), RepositoryError> {
        let story = self.story;
        for delegation in story.delegations.iter().filter(|agent| !agent.with.is_empty()) {
            let grouped = story.scc == SccPolicy::Group && self.is_circle(delegation);
            let files: Vec<&RepoPath> = delegation.files().map(|file| file.path).collect();
            let found = || format!("{files:?}");
            let expected = "files of a circle that is grouped";
            self.findings.demand(grouped, Place::whole(RULE), expected, found);
        }
        let agents: BTreeMap<&RepoPath, (usize, HandedFile<'_>)> = story
            .delegations
            .iter()
            .enumerate()
            .flat_map(|(agent, of)| of.files().map(move |file| (file.path, (agent, file))))
            .collect();
        let stubs = stubs(&story.delegations);
        for cut in &story.cut_edges {
            let Some((from, to)) = agents.get(&cut.from).zip(agents.get(&cut.to)) else { continue };
            let stub = stubs.get(&cut.to).is_some_and(|agent| *agent <= from.0);
            self.instead(cut, from.1, (from.0 == to.0, stub))?;
        }
        Ok(())
    }

    /// Checks what stands in the place of a dependency that is cut.
    fn instead(
        &mut self,
        cut: &CutEdge,
        from: HandedFile<'_>,
        (together, stub): (bool, bool),
    ) -> Result<(), RepositoryError> {
        let place = Place::whole(RULE);
        let expected = match self.story.scc {
            SccPolicy::Cut => None,
            SccPolicy::Group if together => Some(Instead::Together),
            SccPolicy::Stub if stub => Some(Instead::Stub),
            SccPolicy::Stub if cut.instead == Some(Instead::NoStub) => cut.instead,
            SccPolicy::Group | SccPolicy::Stub => Some(Instead::Soft),
        };
        self.findings.equal(place, "instead of what is cut", (&expected, &cut.instead));
        if cut.instead == Some(Instead::Soft) {
            let bytes = self.auditor.repository().blob(from.blob)?.unwrap_or_default();
            let text = String::from_utf8_lossy(&bytes);
            let late = !imports_at_once((&cut.from, &text), &cut.to);
            self.findings.demand(late, place, "a dependency that loading does not need", || {
                format!("`{}` imports `{}` when it is loaded", cut.from, cut.to)
            });
        }
        Ok(())
    }

    /// Returns the cut edges but for those that loading a file does not need.
    pub(super) fn needed_at_once(&self) -> impl Iterator<Item = &CutEdge> {
        self.story.cut_edges.iter().filter(|cut| cut.instead != Some(Instead::Soft))
    }

    /// Returns true when each file depends on each other one, over files of the agent.
    fn is_circle(&self, delegation: &Delegation) -> bool {
        let files: BTreeSet<&RepoPath> = delegation.files().map(|file| file.path).collect();
        let uses = files.iter().filter_map(|path| self.planned.get(path));
        let uses = uses.flat_map(|file| file.uses.iter().map(|to| (&file.path, to)));
        let cut = self.needed_at_once().map(|cut| (&cut.from, &cut.to));
        let inside =
            |(from, to): &(&RepoPath, &RepoPath)| files.contains(from) && files.contains(to);
        let edges: Vec<(&RepoPath, &RepoPath)> = uses.chain(cut).filter(inside).collect();
        let back: Vec<(&RepoPath, &RepoPath)> =
            edges.iter().map(|(from, to)| (*to, *from)).collect();
        let first = &delegation.path;
        reached(first, &edges) == files && reached(first, &back) == files
    }
}

/// Returns which agent writes the signatures of a file.
fn stubs(delegations: &[Delegation]) -> BTreeMap<&RepoPath, usize> {
    let steps = delegations.iter().enumerate();
    let steps = steps.flat_map(|(agent, of)| of.steps.iter().map(move |step| (agent, step)));
    let stubs = steps.filter_map(|(agent, step)| match &step.action {
        WritingAction::Stub { path, .. } => Some((path, agent)),
        WritingAction::Read { .. } | WritingAction::Write { .. } => None,
    });
    stubs.collect()
}

/// Returns what can be reached over edges.
pub(super) fn reached<'a>(
    first: &'a RepoPath,
    edges: &[(&'a RepoPath, &'a RepoPath)],
) -> BTreeSet<&'a RepoPath> {
    let mut reached = BTreeSet::from([first]);
    let mut open = vec![first];
    while let Some(at) = open.pop() {
        for (_, to) in edges.iter().filter(|(from, _)| *from == at) {
            if reached.insert(*to) {
                open.push(*to);
            }
        }
    }
    reached
}
