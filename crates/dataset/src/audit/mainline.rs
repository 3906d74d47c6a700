//! Which commits of the mainline must a run account for?
//!
//! In: a repository and the commit the walk started from. Out: what is missing
//! from, or foreign to, a list of units.

use backstory_model::{CommitId, Repository, RunOptions};

/// The first-parent line, oldest first, each commit with its time.
pub(super) struct Mainline(Vec<(CommitId, i64)>);

impl Mainline {
    /// Walks back from the head as far as the repository holds commits.
    pub(super) fn read(repo: &dyn Repository, head: &CommitId) -> Self {
        let mut line = Vec::new();
        let mut next = Some(head.clone());
        while let Some(commit) = next.and_then(|id| repo.commit(&id).ok()) {
            line.push((commit.id, commit.committer.seconds));
            next = commit.parents.into_iter().next();
        }
        line.reverse();
        Self(line)
    }

    /// Returns the positions and commits that a run with these options tells about.
    fn selected(&self, options: &RunOptions) -> Vec<(u32, &CommitId)> {
        let late = |time: i64| options.since.is_none_or(|since| time >= since);
        let units = (0_u32..).zip(&self.0).filter(|(_, (_, time))| late(*time));
        let mut units: Vec<_> = units.map(|(position, (id, _))| (position, id)).collect();
        if let Some(limit) = options.limit {
            let keep = units.len().saturating_sub(limit as usize);
            units.drain(..keep);
        }
        units
    }

    /// Compares with the units of a log, which stand in this order, and returns
    /// what was expected and found where they first differ.
    pub(super) fn compare(
        &self,
        units: &[(u32, CommitId)],
        options: &RunOptions,
    ) -> Option<(String, String)> {
        let mut expected = self.selected(options);
        if !options.units.is_empty() {
            // Which units were named is checked with their ids.
            expected.retain(|(_, commit)| units.iter().any(|(_, other)| other == *commit));
        }
        let shown = |unit: Option<(u32, &CommitId)>| match unit {
            Some((position, commit)) => format!("unit {position}, commit {commit}"),
            None => "no further unit".to_owned(),
        };
        (0..expected.len().max(units.len())).find_map(|index| {
            let one = expected.get(index).copied();
            let other = units.get(index).map(|(position, commit)| (*position, commit));
            (one != other).then(|| (shown(one), shown(other)))
        })
    }
}
