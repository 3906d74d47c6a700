//! Do the edits lead from the base to every authored state, and was everything
//! shown what stood there?
//!
//! In: the steps of a trajectory. Out: findings. Walks the steps once, keeps the
//! work tree of the moment, and computes every observation again.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    Action, BlobId, EvidenceId, Observation, Provenance, RepoPath, RepositoryError, Seen, Step,
    Tier, Trajectory, TreeId,
};

use super::ci_step;
use super::executed::Runs;
use super::finding::{Findings, Place};
use super::run_step;
use super::search;
use super::shown::Shown;
use super::sources::Sources;
use super::text::{Reading, Text, Texts};
use super::worktree::Worktree;

const VIEWED_LINES: usize = 200;

/// The work tree of the moment and what was shown of it.
pub(super) struct Replay<'a> {
    pub(super) trajectory: &'a Trajectory,
    pub(super) runs: Option<&'a Runs<'a>>,
    pub(super) sources: Sources<'a>,
    pub(super) texts: &'a Texts,
    pub(super) findings: &'a mut Findings,
    pub(super) worktree: Worktree<'a>,
    /// The contents this trajectory wrote, which git may never have held.
    pub(super) written: BTreeMap<BlobId, Reading>,
    pub(super) shown: Shown,
    /// The text files of the moment, in path order; dropped by every change.
    pub(super) searchable: Option<Vec<(RepoPath, Arc<Text>)>>,
    /// The tree of the base with the tests, once `edit/tests-first` reached it.
    tests_tree: Option<TreeId>,
    /// How many authored states were compared so far.
    reached: usize,
    /// The tree of the authored state under way.
    pub(super) target: Option<(usize, Worktree<'a>)>,
}

impl<'a> Replay<'a> {
    pub(super) fn new(
        trajectory: &'a Trajectory,
        runs: Option<&'a Runs<'a>>,
        sources: Sources<'a>,
        texts: &'a Texts,
        findings: &'a mut Findings,
    ) -> Self {
        Self {
            trajectory,
            runs,
            sources,
            texts,
            findings,
            worktree: Worktree::new(sources.repo, &trajectory.unit.base_tree),
            written: BTreeMap::new(),
            shown: Shown::default(),
            searchable: None,
            tests_tree: None,
            reached: 0,
            target: None,
        }
    }

    /// Walks all steps; an unreadable object ends the walk with a finding.
    pub(super) fn run(mut self) {
        let steps = &self.trajectory.steps;
        let mut upcoming = self.trajectory.unit.states.len();
        let mut upcoming_states = vec![upcoming; steps.len()];
        for (index, step) in steps.iter().enumerate().rev() {
            if is_change(&step.action) {
                upcoming = step.state.map_or(upcoming, |state| state as usize);
            }
            upcoming_states[index] = upcoming;
        }
        for (index, step) in steps.iter().enumerate() {
            if let Err(error) = self.step(index + 1, step, upcoming_states[index]) {
                self.unreadable(Some(index + 1), &error);
                return;
            }
        }
        self.reach(self.trajectory.unit.states.len());
    }

    fn unreadable(&mut self, step: Option<usize>, error: &RepositoryError) {
        let place = Place { step, rule: "whole/objects", tier: None };
        self.findings.note(place, "an object that can be read", error);
    }

    fn step(&mut self, number: usize, step: &Step, state: usize) -> Result<(), RepositoryError> {
        match &step.action {
            Action::Message { .. } | Action::Finish { .. } => {
                let place = Place::step(number, "whole/order");
                self.findings.demand(
                    step.observation.is_none(),
                    place,
                    "no observation after a message",
                    || "an observation".to_owned(),
                );
                Ok(())
            }
            Action::RunTests { command } => {
                self.run_tests(number, step, command);
                Ok(())
            }
            Action::CiReport { .. } => {
                self.report_of_ci(number, step);
                Ok(())
            }
            Action::Search { pattern, whole_word } => {
                let expected = self.search(number, pattern, *whole_word)?;
                self.observed(number, step, ("search/literal", state), expected);
                Ok(())
            }
            Action::List { path, depth } => {
                let expected = self.list(number, path, *depth)?;
                self.observed(number, step, ("list/tree", state), expected);
                Ok(())
            }
            Action::View { path, start, end } => {
                let expected = self.view(number, path, (*start as usize, *end as usize))?;
                self.observed(number, step, ("view/lines", state), expected);
                Ok(())
            }
            Action::Edit { .. }
            | Action::Create { .. }
            | Action::Delete { .. }
            | Action::Rename { .. }
            | Action::SetMode { .. } => self.change(number, step),
        }
    }

    /// Compares a test run with the execution it shows.
    fn run_tests(&mut self, number: usize, step: &Step, command: &[String]) {
        let place = Place::step(number, "executed").claimed(Tier::Executed);
        let run = run_step::shown(step).and_then(|id| self.runs?.get(id));
        let (Some(run), Some(seen)) = (run, &step.observation) else {
            let found = format!("{:?}", step.observation);
            self.findings.note(place, "an execution of the unit", found);
            return;
        };
        let run = run.execution;
        let expected = Observation::TestOutput { output: run.output.clone(), status: run.status };
        self.findings.equal(place, "", (&expected, &seen.content));
        self.findings.equal(place, "command", (&run.command.as_slice(), &command));
        self.findings.equal(place, "tree", (&self.worktree.tree_id(), &run.tree));
        self.stored(number, &run.output);
        if self.tests_tree.is_none() && run_step::tests_first(self.trajectory) {
            self.tests_tree = Some(run.tree.clone());
        }
    }

    /// Compares what a report of CI shows with the stored log.
    fn report_of_ci(&mut self, number: usize, step: &Step) {
        let place = Place::step(number, "show/ci-log").claimed(Tier::Observed);
        if let Err(expected) = ci_step::shown(step, self.sources) {
            self.findings.note(place, expected, format_args!("{:?}", step.observation));
        }
        if let Some(output) = step.observation.as_ref().and_then(ci_step::output) {
            self.stored(number, output);
        }
    }

    fn search(
        &mut self,
        number: usize,
        pattern: &str,
        whole_word: bool,
    ) -> Result<Option<Observation>, RepositoryError> {
        let place = Place::step(number, "search/literal");
        if pattern.is_empty() || pattern.contains('\n') {
            self.findings.note(place, "a pattern of one line", format_args!("{pattern:?}"));
            return Ok(None);
        }
        if self.searchable.is_none() {
            let mut texts = Vec::new();
            for (path, mode, id) in self.worktree.files()? {
                if mode.is_file()
                    && let Some(text) = self.read(&id)?.text()
                {
                    texts.push((path, text.clone()));
                }
            }
            self.searchable = Some(texts);
        }
        let texts = self.searchable.as_deref().unwrap_or_default();
        Ok(Some(search::search(texts, pattern, whole_word)))
    }

    fn list(
        &mut self,
        number: usize,
        path: &RepoPath,
        depth: u32,
    ) -> Result<Option<Observation>, RepositoryError> {
        let place = Place::step(number, "list/tree");
        if depth == 0 || !self.worktree.is_directory(path)? {
            self.findings.note(place, "a directory and at least one level", path);
            return Ok(None);
        }
        let files = self.worktree.files()?;
        Ok(Some(search::list(files.iter().map(|(path, ..)| path), path, depth)))
    }

    fn view(
        &mut self,
        number: usize,
        path: &RepoPath,
        (start, end): (usize, usize),
    ) -> Result<Option<Observation>, RepositoryError> {
        let place = Place::step(number, "view/lines");
        let Some((mode, id)) = self.worktree.get(path)? else {
            self.findings.note(place, "a file of the state", format_args!("no `{path}`"));
            return Ok(None);
        };
        let reading = self.read(&id)?;
        let Some(text) = reading.text().filter(|_| mode.is_file()) else {
            self.findings.note(place, "a text file", format_args!("`{path}` is none"));
            return Ok(None);
        };
        let total = text.lines();
        let good = 1 <= start && start <= end && end <= total && end - start < VIEWED_LINES;
        self.findings.demand(good, place, "a range of at most 200 lines of the file", || {
            format!("lines {start} to {end} of {total}")
        });
        if good {
            self.shown.view(path, start - 1..end, total);
        }
        self.stored(number, &id);
        let total = u32::try_from(total).unwrap_or(u32::MAX);
        Ok(Some(Observation::Lines { blob: id, total }))
    }

    /// Compares an observation and its claim with what the state demands.
    fn observed(
        &mut self,
        number: usize,
        step: &Step,
        (rule, state): (&str, usize),
        expected: Option<Observation>,
    ) {
        let place = Place::step(number, rule);
        let Some(Seen { content, provenance }) = &step.observation else {
            self.findings.note(place, "an observation", "none");
            return;
        };
        let place = place.claimed(provenance.tier());
        if let Some(expected) = expected {
            self.findings.equal(place, "", (&expected, content));
        }
        let tree = self.worktree.tree_id();
        let allowed = self.evidence_of(&tree, state);
        let good = matches!(provenance, Provenance::Observed { evidence }
            if evidence.len() == 1 && allowed.contains(&evidence[0]));
        self.findings.demand(good, place, "observed in the commit whose tree the state is", || {
            format!("{provenance:?}")
        });
    }

    /// Lists what may be named as the source of this tree before a state is begun.
    fn evidence_of(&self, tree: &TreeId, state: usize) -> Vec<EvidenceId> {
        let unit = &self.trajectory.unit;
        let base = unit.base.iter().filter(|_| unit.base_tree == *tree);
        let done = unit.states.iter().take(state).filter(|done| done.tree == *tree);
        let mut allowed: Vec<_> =
            base.chain(done.map(|state| &state.commit)).map(EvidenceId::commit).collect();
        let nameless = allowed.is_empty() && self.tests_tree.as_ref() == Some(tree);
        if *tree == TreeId::empty() || nameless {
            allowed.push(EvidenceId::tree(tree));
        }
        allowed
    }

    pub(super) fn read(&self, id: &BlobId) -> Result<Reading, RepositoryError> {
        match self.written.get(id) {
            Some(reading) => Ok(reading.clone()),
            None => self.texts.read(self.sources.repo, id),
        }
    }

    /// Reads a stored blob and checks that its name is its hash.
    pub(super) fn stored(&mut self, number: usize, id: &BlobId) -> Option<Vec<u8>> {
        let place = Place::step(number, "whole/stored");
        stored(self.sources, self.findings, place, id)
    }

    /// Checks that the trees of all states before this one were reached.
    pub(super) fn reach(&mut self, state: usize) {
        let states = &self.trajectory.unit.states;
        for (index, passed) in states.iter().enumerate().take(state).skip(self.reached) {
            let tree = self.worktree.tree_id();
            if tree != passed.tree {
                let place = Place::whole("whole/replay");
                let expected = format!("tree {} of authored state {index}", passed.tree);
                self.findings.note(place, expected, format_args!("tree {tree}"));
            }
        }
        self.reached = self.reached.max(state);
    }
}

/// Returns true for the actions that change a file.
pub(super) fn is_change(action: &Action) -> bool {
    match action {
        Action::Edit { .. }
        | Action::Create { .. }
        | Action::Delete { .. }
        | Action::Rename { .. }
        | Action::SetMode { .. } => true,
        Action::Message { .. }
        | Action::Search { .. }
        | Action::List { .. }
        | Action::View { .. }
        | Action::RunTests { .. }
        | Action::CiReport { .. }
        | Action::Finish { .. } => false,
    }
}

/// Reads a stored blob and notes when it is absent or not what its name says.
pub(super) fn stored(
    sources: Sources<'_>,
    findings: &mut Findings,
    place: Place<'_>,
    id: &BlobId,
) -> Option<Vec<u8>> {
    let Some(bytes) = sources.blobs.stored(id) else {
        findings.note(place, format_args!("blob {id} in the run"), "none");
        return None;
    };
    let hash = backstory_model::git_object_id("blob", &bytes);
    findings.equal(place, "content of blob", (id, &hash));
    Some(bytes)
}
