//! What does an agent read before it writes a file?
//!
//! In: the file, the plan, and what is there already. Out: the reads, the file that
//! is most spoken of first; of a long file an outline and then definitions.

use std::collections::BTreeSet;
use std::sync::Arc;

use backstory_model::{
    EvidenceId, LineRange, PlannedFile, Provenance, ReadPart, RepoPath, WritingAction, WritingStep,
};

use super::{Teller, Written, thought_of, words};

/// A file to read, and the names of it that are spoken of.
pub(super) struct Wanted<'a> {
    pub(super) path: &'a RepoPath,
    read: &'a Written<'a>,
    names: Vec<&'a str>,
    /// What is there of it, where it is written later.
    stub: Option<&'a [LineRange]>,
}

impl<'a> Teller<'a> {
    /// Returns what is read before a file is written: what it depends on and speaks
    /// of, the most spoken of first.
    pub(super) fn reads(&self, of: &Written<'a>, planned: &PlannedFile) -> Vec<Wanted<'a>> {
        let spoken = of.outline.spoken();
        let sorted = self.sorted;
        let place = sorted.places.get(&of.file.path).copied().unwrap_or_default();
        let uses = planned.uses.iter().map(|path| (path, None));
        let stubs = self.needs(of.file).iter();
        // An agent knows the signatures that it wrote itself.
        let others = |path| sorted.stub(path, place).filter(|stub| stub.agent != place);
        let stubs = stubs.filter_map(|path| Some((path, Some(others(path)?.kept.as_slice()))));
        let mut wanted: Vec<Wanted<'a>> = uses
            .chain(stubs)
            .filter_map(|(path, stub)| {
                let read = &sorted.written[*sorted.places.get(path)?];
                let names = read.outline.names().into_iter();
                let names: Vec<&str> = names.filter(|name| spoken.contains(name)).collect();
                (!names.is_empty()).then_some(Wanted { path: &read.file.path, read, names, stub })
            })
            .collect();
        wanted.sort_by(|a, b| b.names.len().cmp(&a.names.len()).then(a.path.cmp(b.path)));
        wanted
    }

    /// Reads a file, unless the same agent has seen just that of it.
    pub(super) fn read(
        &mut self,
        of: &Written<'_>,
        wanted: &Wanted<'a>,
        steps: &mut Vec<WritingStep>,
    ) {
        let (path, text) = (&of.file.path, &wanted.read.text);
        let whole = LineRange { start: 1, end: text.line_count() };
        if let Some(kept) = wanted.stub {
            let thought = words::before_signatures(path, wanted.path, &wanted.names);
            self.shown((of, wanted), (ReadPart::Stub, kept.to_vec()), thought, steps);
            return;
        }
        let long = text.bytes().len() as u64 > self.input.options.read_limit;
        if !long {
            let thought = words::before_read(path, wanted.path, &wanted.names);
            self.shown((of, wanted), (ReadPart::Whole, vec![whole]), thought, steps);
            return;
        }
        let outline = wanted.read.outline.lines().into_iter();
        let outline = outline.map(|line| LineRange { start: line, end: line }).collect();
        let thought = words::before_outline(path, wanted.path, &wanted.names);
        self.shown((of, wanted), (ReadPart::Outline, outline), thought, steps);
        let lines = self.definitions(wanted);
        if !lines.is_empty() {
            let thought = words::before_definitions(&wanted.names);
            self.shown((of, wanted), (ReadPart::Definitions, lines), thought, steps);
        }
    }

    /// Returns the lines of the definitions that are wanted of a long file, as many as
    /// may be read at once.
    fn definitions(&self, wanted: &Wanted<'_>) -> Vec<LineRange> {
        let mut room = self.input.options.read_limit;
        let mut ranges: BTreeSet<LineRange> = BTreeSet::new();
        let all = wanted.read.outline.definitions.iter();
        for symbol in all.filter(|symbol| wanted.names.contains(&symbol.name.as_str())) {
            let lines =
                (symbol.lines.start..=symbol.lines.end).map(|line| wanted.read.text.line(line));
            let size: u64 = lines.map(|line| line.len() as u64 + 1).sum();
            if size <= room {
                room -= size;
                ranges.insert(symbol.lines);
            }
        }
        apart(ranges)
    }

    fn shown(
        &mut self,
        (of, wanted): (&Written<'_>, &Wanted<'_>),
        (part, shown): (ReadPart, Vec<LineRange>),
        thought: String,
        steps: &mut Vec<WritingStep>,
    ) {
        let (file, read) = (of.file, wanted.read.file);
        let (path, blob) = (read.path.clone(), read.blob.clone());
        let action = WritingAction::Read { path, part, blob, shown };
        if steps.iter().any(|step| step.action == action) {
            return;
        }
        self.blobs.insert(read.blob.clone(), Arc::clone(wanted.read.text.bytes()));
        let why = [EvidenceId::blob(&file.blob), EvidenceId::blob(&read.blob)];
        let seen = [EvidenceId::blob(&read.blob)];
        let content = match wanted.stub {
            None => Provenance::observed(seen),
            Some(_) => Provenance::derived("story/stub", seen),
        };
        steps.push(WritingStep {
            thought: Some(thought_of(thought, &why)),
            action,
            choice: Provenance::derived("story/read", why),
            content,
            hindsight: true,
        });
    }
}

/// Joins ranges that touch or overlap.
fn apart(ranges: BTreeSet<LineRange>) -> Vec<LineRange> {
    let mut joined: Vec<LineRange> = Vec::new();
    for range in ranges {
        match joined.last_mut().filter(|last| range.start <= last.end + 1) {
            Some(last) => last.end = last.end.max(range.end),
            None => joined.push(range),
        }
    }
    joined
}
