//! Does an agent read what is there, and write its files whole?
//!
//! In: a delegation, and the files that are there when it begins. Out: findings, and
//! the files that are there at its end.

use std::collections::BTreeSet;

use backstory_model::{
    BlobId, Delegation, EvidenceId, HandedFile, LineRange, Provenance, ReadPart, RepoPath,
    RepositoryError, WritingAction, WritingStep,
};

use super::SnapshotAudit;
use crate::audit::finding::Place;

/// How far an agent has written.
struct Cursor<'a> {
    /// Its files; those in front of the first one are whole.
    files: Vec<HandedFile<'a>>,
    /// How many lines the first of them has.
    lines: u32,
    /// The line of it that is next.
    next: u32,
    /// A write of it was told.
    begun: bool,
}

impl Cursor<'_> {
    fn is_whole(&self) -> bool {
        self.begun && self.next == self.lines.saturating_add(1)
    }
}

impl<'a> SnapshotAudit<'a> {
    pub(super) fn delegation(
        &mut self,
        step: usize,
        delegation: &'a Delegation,
    ) -> Result<(), RepositoryError> {
        self.derived(step, "story/order", &delegation.task.provenance);
        self.hindsight(step, "story/order", delegation.task.hindsight);
        let known = self.known(step, delegation);
        let lines = self.line_count(&delegation.blob)?;
        let files = delegation.files().collect();
        let mut cursor = Cursor { files, lines, next: 1, begun: false };
        for (at, inner) in (step + 1..).zip(&delegation.steps) {
            if let Some(thought) = &inner.thought {
                self.derived(at, "story/thought", &thought.provenance);
                self.named(at, "story/thought", &thought.text, &known);
            }
            self.go_on(step, &mut cursor)?;
            match &inner.action {
                WritingAction::Read { .. } => self.read(at, &cursor, inner)?,
                WritingAction::Stub { path, blob, kept } => {
                    let place = Place::step(at, "story/stub");
                    let found = || "a stub behind a write".to_owned();
                    let first = cursor.next == 1 && !cursor.begun;
                    self.findings.demand(first, place, "stubs before the first write", found);
                    self.stub((at, delegation), (path, blob, kept), inner)?;
                }
                WritingAction::Write { lines, path } => {
                    let path = path.as_ref().unwrap_or(&delegation.path);
                    self.written(at, &mut cursor, (path, *lines));
                    self.write(at, cursor.files[0], inner);
                }
            }
        }
        let place = Place::step(step, "story/write");
        let whole = cursor.files.len() == 1 && cursor.is_whole();
        self.findings.demand(whole, place, "all lines of the files", || {
            let (file, last) = (cursor.files[0].path, cursor.next - 1);
            format!("`{file}` up to line {last} of {}", cursor.lines)
        });
        // Whatever is wrong with the writes is said: the next agents see whole files.
        self.there.extend(delegation.files().map(|file| (file.path, file.blob)));
        self.stored(step, cursor.files[0].blob)
    }

    /// Goes on to the next file of an agent when one is whole.
    fn go_on(&mut self, step: usize, cursor: &mut Cursor<'a>) -> Result<(), RepositoryError> {
        if cursor.files.len() > 1 && cursor.is_whole() {
            let done = cursor.files.remove(0);
            self.there.insert(done.path, done.blob);
            cursor.lines = self.line_count(cursor.files[0].blob)?;
            (cursor.next, cursor.begun) = (1, false);
            self.stored(step, done.blob)?;
        }
        Ok(())
    }

    /// Checks the names in a task; returns those that thoughts may name.
    fn known(&mut self, step: usize, delegation: &Delegation) -> BTreeSet<String> {
        let paths = delegation.files().map(|file| file.path);
        let planned: Vec<_> = paths.filter_map(|path| self.planned.get(path).copied()).collect();
        let mut known: BTreeSet<String> = BTreeSet::new();
        let mut own_words = delegation.task.text.clone();
        for file in &planned {
            known.insert(file.path.to_string());
            known.extend(file.uses.iter().map(ToString::to_string));
            known.extend(file.definitions.iter().cloned());
            if let Some(purpose) = &file.purpose {
                own_words = own_words.replacen(&format!("It is for: {purpose}"), "", 1);
            }
        }
        self.named(step, "story/order", &own_words, &known);
        let stubs: Vec<&RepoPath> = delegation.steps.iter().filter_map(stub_of).collect();
        known.extend(stubs.iter().map(ToString::to_string));
        let uses = planned.iter().flat_map(|file| &file.uses).chain(stubs);
        let uses = uses.filter_map(|path| self.planned.get(path));
        known.extend(uses.flat_map(|file| file.definitions.iter().cloned()));
        known
    }

    fn read(
        &mut self,
        at: usize,
        cursor: &Cursor<'_>,
        step: &WritingStep,
    ) -> Result<(), RepositoryError> {
        let WritingAction::Read { path, part, blob, shown } = &step.action else { return Ok(()) };
        let (place, file) = (Place::step(at, "story/read"), cursor.files[0]);
        let found = || "a read behind a write".to_owned();
        self.findings.demand(cursor.next == 1, place, "reads before the first write", found);
        if *part == ReadPart::Stub {
            self.read_stub(at, file, (path, blob, shown), step);
        } else {
            self.read_file((at, path), (blob, file), step);
        }
        let lines = self.line_count(blob)?;
        let apart = shown.windows(2).all(|pair| pair[0].end < pair[1].start);
        let inside = shown.iter().all(|r| 1 <= r.start && r.start <= r.end && r.end <= lines);
        let fits = match part {
            ReadPart::Whole => shown[..] == [LineRange { start: 1, end: lines }],
            ReadPart::Outline => shown.iter().all(|range| range.start == range.end),
            ReadPart::Definitions | ReadPart::Stub => !shown.is_empty(),
        };
        self.findings.demand(apart && inside && fits, place, "lines of the file, in order", || {
            format!("{part:?} {shown:?} of {lines}")
        });
        let why = [EvidenceId::blob(file.blob), EvidenceId::blob(blob)];
        let expected = Provenance::derived("story/read", why);
        self.findings.equal(place, "choice", (&expected, &step.choice));
        self.hindsight(at, "story/read", step.hindsight);
        self.stored(at, blob)
    }

    /// Checks that a file which is read is there, and is used.
    fn read_file(
        &mut self,
        (at, path): (usize, &RepoPath),
        (blob, file): (&BlobId, HandedFile<'_>),
        step: &WritingStep,
    ) {
        let place = Place::step(at, "story/read");
        let found = self.there.get(path).copied();
        let expected = "the blob of a file that is there";
        let what = || format!("`{path}` is {found:?}");
        self.findings.demand(found == Some(blob), place, expected, what);
        let used = self.planned.get(file.path).is_some_and(|planned| planned.uses.contains(path));
        self.findings.demand(used, place, "a file the plan says is used", || path.to_string());
        let expected = Provenance::observed([EvidenceId::blob(blob)]);
        self.findings.equal(place, "content", (&expected, &step.content));
    }

    /// Checks that a write goes on where the last one ended.
    fn written(
        &mut self,
        at: usize,
        cursor: &mut Cursor<'_>,
        (path, lines): (&RepoPath, LineRange),
    ) {
        let place = Place::step(at, "story/write");
        self.findings.equal(place, "file", (cursor.files[0].path, path));
        let empty = cursor.lines == 0 && lines == (LineRange { start: 1, end: 0 });
        let follows = lines.start == cursor.next && (empty || lines.start <= lines.end);
        let next = cursor.next;
        self.findings.demand(follows, place, "lines that go on", || {
            format!("{lines:?} where line {next} is next")
        });
        cursor.next = lines.end.saturating_add(1);
        cursor.begun = true;
    }

    fn write(&mut self, at: usize, file: HandedFile<'_>, step: &WritingStep) {
        let place = Place::step(at, "story/write");
        let blob = EvidenceId::blob(file.blob);
        let expected = Provenance::derived("story/write", [blob.clone()]);
        self.findings.equal(place, "choice", (&expected, &step.choice));
        let expected = Provenance::observed([blob]);
        self.findings.equal(place, "content", (&expected, &step.content));
        self.hindsight(at, "story/write", step.hindsight);
    }

    fn line_count(&self, blob: &BlobId) -> Result<u32, RepositoryError> {
        let bytes = self.auditor.repository().blob(blob)?.unwrap_or_default();
        let ended = memchr::memchr_iter(b'\n', &bytes).count();
        let open = usize::from(bytes.last().is_some_and(|last| *last != b'\n'));
        Ok(u32::try_from(ended + open).unwrap_or(u32::MAX))
    }
}

/// Returns the file whose signatures a step writes or reads.
fn stub_of(step: &WritingStep) -> Option<&RepoPath> {
    match &step.action {
        WritingAction::Stub { path, .. }
        | WritingAction::Read { path, part: ReadPart::Stub, .. } => Some(path),
        WritingAction::Read { .. } | WritingAction::Write { .. } => None,
    }
}
