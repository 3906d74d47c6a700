//! Which signatures are written before their file, where files depend on each other?
//!
//! In: the order of writing and its circles. Out: for each file that an earlier file of
//! its circle needs, the lines that stand without the insides of its functions. The
//! first agent of the circle writes them.

use std::collections::BTreeMap;

use backstory_model::{
    EvidenceId, LineRange, Provenance, RepoPath, SnapshotOptions, WritingAction, WritingStep,
};
use backstory_syntax::function_insides;

use super::order::Order;
use super::{Sorted, Teller, Written, thought_of, words};

/// The signatures of a file that is written later.
pub(super) struct Stub {
    /// The place of the file whose agent writes them.
    pub(super) agent: usize,
    /// The lines they consist of.
    pub(super) kept: Vec<LineRange>,
}

impl Sorted<'_> {
    /// Returns the stubs of every circle, by the place of the file; none is longer than
    /// what may be read or written at once.
    pub(super) fn stubs_of(
        &self,
        order: &Order,
        imports: &BTreeMap<RepoPath, Vec<RepoPath>>,
        options: &SnapshotOptions,
    ) -> BTreeMap<usize, Stub> {
        let limit = options.read_limit.min(options.write_limit);
        let mut stubs = BTreeMap::new();
        for circle in &order.circles {
            let places = circle.iter().filter_map(|at| order.files.iter().position(|of| of == at));
            let places: Vec<usize> = places.collect();
            let Some(agent) = places.first().copied() else { continue };
            for (at, place) in places.iter().enumerate() {
                let path = &self.written[*place].file.path;
                let needs = |before: &usize| {
                    let needed = imports.get(&self.written[*before].file.path);
                    needed.is_some_and(|needed| needed.contains(path))
                };
                if places[..at].iter().any(needs)
                    && let Some(kept) = kept(&self.written[*place], limit)
                {
                    stubs.insert(*place, Stub { agent, kept });
                }
            }
        }
        stubs
    }

    /// Returns the signatures that stand for a file when the one at a place is written.
    pub(super) fn stub(&self, path: &RepoPath, place: usize) -> Option<&Stub> {
        let later = self.places.get(path).filter(|later| **later > place)?;
        self.stubs.get(later).filter(|stub| stub.agent <= place)
    }
}

impl Teller<'_> {
    /// Writes the signatures that the agent of a place writes before its own file.
    pub(super) fn stub_steps(&self, place: usize) -> Vec<WritingStep> {
        let agent = &self.sorted.written[place].file.path;
        let stubs = self.sorted.stubs.iter().filter(|(_, stub)| stub.agent == place);
        let steps = stubs.map(|(later, stub)| {
            let file = self.sorted.written[*later].file;
            let blob = [EvidenceId::blob(&file.blob)];
            WritingStep {
                thought: Some(thought_of(words::before_stub(agent, &file.path), &blob)),
                action: WritingAction::Stub {
                    path: file.path.clone(),
                    blob: file.blob.clone(),
                    kept: stub.kept.clone(),
                },
                choice: Provenance::derived("story/stub", blob.clone()),
                content: Provenance::derived("story/stub", blob),
                hindsight: true,
            }
        });
        steps.collect()
    }
}

/// Returns the lines outside of functions; `None` where no signature stands without a body,
/// and where they have more bytes than the limit.
fn kept(of: &Written<'_>, limit: u64) -> Option<Vec<LineRange>> {
    let insides = function_insides(of.file.language?, of.text.bytes())?;
    let names = of.outline.definitions.iter().map(|symbol| symbol.name_line);
    let hidden = |line: u32| insides.iter().any(|range| range.contains(line));
    if insides.is_empty() || names.into_iter().any(hidden) {
        return None;
    }
    let mut kept = Vec::new();
    let mut next = 1;
    let end = LineRange { start: of.text.line_count() + 1, end: of.text.line_count() + 1 };
    for range in insides.iter().chain([&end]) {
        if next < range.start {
            kept.push(LineRange { start: next, end: range.start - 1 });
        }
        next = range.end + 1;
    }
    let lines = kept.iter().flat_map(|range| range.start..=range.end);
    let size: u64 = lines.map(|line| of.text.line(line).len() as u64 + 1).sum();
    (size <= limit).then_some(kept)
}
