//! Are the signatures that stand in the place of a file those of that file?
//!
//! In: a stub and the file it stands for. Out: findings. What is left out is the inside of
//! something: its first line stands behind one that opens a body, and what the plan
//! calls a definition of the file is named in what is kept.

use std::collections::BTreeSet;

use backstory_model::{
    BlobId, CutEdge, Delegation, EvidenceId, HandedFile, Instead, LineRange, Provenance, RepoPath,
    RepositoryError, SccPolicy, WritingStep,
};

use super::SnapshotAudit;
use super::circles::reached;
use super::imports::outside_strings;
use super::quoted::stands_in;
use crate::audit::finding::Place;

const RULE: &str = "story/stub";

/// A stub that is there.
#[derive(Clone, Copy)]
pub(super) struct Stub<'a> {
    blob: &'a BlobId,
    kept: &'a [LineRange],
}

impl<'a> SnapshotAudit<'a> {
    /// Checks one stub of an agent, and puts it there.
    pub(super) fn stub(
        &mut self,
        (at, delegation): (usize, &Delegation),
        (path, blob, kept): (&'a RepoPath, &'a BlobId, &'a [LineRange]),
        step: &WritingStep,
    ) -> Result<(), RepositoryError> {
        let place = Place::step(at, RULE);
        let is_later = |file: HandedFile<'_>| file.path == path && file.blob == blob;
        let later = self.story.written().any(is_later) && !self.there.contains_key(path);
        let first = self.stubs.insert(path, Stub { blob, kept }).is_none();
        let wanted = later && first && self.story.scc == SccPolicy::Stub;
        let expected = "the only stub of a file that is written later";
        self.findings.demand(wanted, place, expected, || format!("`{path}`"));
        let circle = self.depend_on_each_other(&delegation.path, path);
        self.findings.demand(circle, place, "a file of the same circle", || path.to_string());
        let bytes = self.auditor.repository().blob(blob)?.unwrap_or_default();
        let text = String::from_utf8_lossy(&bytes);
        if let Err(found) = self.signatures(path, &text, kept) {
            self.findings.note(place, "all signatures of the file and no body", found);
        }
        let derived = Provenance::derived(RULE, [EvidenceId::blob(blob)]);
        self.findings.equal(place, "choice", (&derived, &step.choice));
        self.findings.equal(place, "content", (&derived, &step.content));
        self.hindsight(at, RULE, step.hindsight);
        self.stored(at, blob)
    }

    /// Checks the read of a stub for a file.
    pub(super) fn read_stub(
        &mut self,
        at: usize,
        file: HandedFile<'_>,
        (path, blob, shown): (&RepoPath, &BlobId, &[LineRange]),
        step: &WritingStep,
    ) {
        let place = Place::step(at, "story/read");
        let stub = self.stubs.get(path).filter(|_| !self.there.contains_key(path));
        let whole = stub.is_some_and(|stub| stub.blob == blob && stub.kept == shown);
        self.findings.demand(whole, place, "all of a stub that is there", || format!("`{path}`"));
        let is_cut = |cut: &CutEdge| {
            cut.from == *file.path && cut.to == *path && cut.instead == Some(Instead::Stub)
        };
        let cut = self.story.cut_edges.iter().any(is_cut);
        self.findings.demand(cut, place, "a cut edge with a stub", || path.to_string());
        let expected = Provenance::derived(RULE, [EvidenceId::blob(blob)]);
        self.findings.equal(place, "content", (&expected, &step.content));
    }

    /// Returns true when two files depend on each other, over whatever files.
    fn depend_on_each_other(&self, one: &RepoPath, other: &RepoPath) -> bool {
        let uses = self.story.plan.files.iter();
        let uses = uses.flat_map(|file| file.uses.iter().map(|to| (&file.path, to)));
        let cut = self.needed_at_once().map(|cut| (&cut.from, &cut.to));
        let edges: Vec<(&RepoPath, &RepoPath)> = uses.chain(cut).collect();
        reached(one, &edges).contains(other) && reached(other, &edges).contains(one)
    }

    /// Looks at what is kept and at what is not.
    fn signatures(&self, path: &RepoPath, text: &str, kept: &[LineRange]) -> Result<(), String> {
        let lines: Vec<&str> = text.lines().collect();
        let last = u32::try_from(lines.len()).unwrap_or(u32::MAX);
        let apart = kept.windows(2).all(|pair| pair[0].end.saturating_add(1) < pair[1].start);
        let inside = kept.iter().all(|r| 1 <= r.start && r.start <= r.end && r.end <= last);
        let less = kept != [LineRange { start: 1, end: last }];
        if !(apart && inside && less) || kept.first().is_none_or(|first| first.start != 1) {
            return Err(format!("lines {kept:?} of {last}"));
        }
        let shown: BTreeSet<u32> = kept.iter().flat_map(|range| range.start..=range.end).collect();
        let said: Vec<&str> =
            (1..).zip(&lines).filter(|(at, _)| shown.contains(at)).map(|(_, line)| *line).collect();
        let planned = self.planned.get(path);
        let names = planned.into_iter().flat_map(|file| &file.definitions);
        let said = said.join("\n");
        if let Some(name) = names.into_iter().find(|name| !stands_in(name, &said)) {
            return Err(format!("nothing of `{name}`"));
        }
        let bare: Vec<&str> = outside_strings(text).collect();
        for end in kept.iter().map(|range| range.end).filter(|end| *end < last) {
            let left = (end + 1..=last).take_while(|at| !shown.contains(at)).count();
            let (before, after) = bare.split_at(end as usize);
            opens(before, &after[..left], after.get(left).copied())?;
        }
        Ok(())
    }
}

/// Checks that a body begins behind some lines, ends where lines are shown again, and is
/// all that is left out. What stands inside of long strings is not looked at.
fn opens(before: &[&str], left: &[&str], after: Option<&str>) -> Result<(), String> {
    let mut code = before.iter().rev().map(|line| line.trim());
    let line = code.find(|line| !line.is_empty() && !line.starts_with('#')).unwrap_or_default();
    let braces = line.contains('{') && after.is_some_and(|line| line.contains('}'));
    let head = line.match_indices('#').map(|(at, _)| line[..at].trim_end());
    let is_block = std::iter::once(line).chain(head).any(|head| head.ends_with(':'));
    let body = left.iter().find(|line| !line.trim().is_empty()).map_or(0, |line| indentation(line));
    let opens = braces || (is_block && body > 0);
    if !opens {
        return Err(format!("a gap behind {line:?}"));
    }
    let is_hidden = |line: &&&str| {
        let defines = ["def ", "async def ", "class "];
        indentation(line) < body && defines.iter().any(|word| line.trim().starts_with(word))
    };
    left.iter().find(is_hidden).map_or(Ok(()), |line| Err(format!("nothing of {line:?}")))
}

fn indentation(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

#[cfg(test)]
mod tests {
    use super::opens;

    #[test]
    fn only_the_inside_of_a_body_is_left_out() {
        let head = ["class A:", "    def a(", "        self,", "    ) -> int:  # it: counts"];
        assert_eq!(opens(&head, &["        return 1", ""], None), Ok(()));
        assert_eq!(opens(&["fn a() {"], &["    1"], Some("}")), Ok(()));
        assert!(opens(&["x = 1"], &["y = 2"], None).is_err());
        assert!(opens(&["fn a() {"], &["    1", "}", "fn b() {"], Some("    2")).is_err());
        let two = ["        return 1", "", "    def b(self):", "        return 2"];
        assert_eq!(opens(&head, &two, None), Err("nothing of \"    def b(self):\"".to_owned()));
    }
}
