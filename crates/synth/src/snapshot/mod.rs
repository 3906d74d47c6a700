//! How could a finished repository have been written, file by file?
//!
//! In: a grounded tree and its objects. Out: a [`SnapshotStory`] and the texts it
//! refers to, or the [`Rejection`] that says why there is none. No model is asked:
//! every word is derived from the files by a rule of `docs/rules.md`, and every
//! byte that is read or written is the repository's. The paper's own story is
//! written by a model (arXiv 2603.11103); its reasoning can be added later.

mod classify;
mod order;
mod outline;
mod parts;
mod purpose;
mod requirements;
pub(crate) mod words;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use backstory_model::{
    BlobId, CommitId, CutEdge, Delegation, EvidenceId, GivenFile, LineRange, Plan, PlannedFile,
    Provenance, ReadPart, RepoName, RepoPath, RepoSnapshot, Repository, RepositoryError,
    SchemaVersion, SnapshotFile, SnapshotOptions, SnapshotStory, Statement, Thought, TreeId,
    UnitId, WritingAction, WritingStep,
};

use crate::license::license;
use crate::reconstruct::Rejection;
use crate::text::{Text, TextCache};
use order::{Ordered, Rank};
use outline::Outline;
use requirements::RootFile;

/// What the story of a snapshot is written from.
pub struct SnapshotInput<'a> {
    /// The objects.
    pub repo: &'a dyn Repository,
    /// What the repository is called.
    pub name: &'a RepoName,
    /// The commit.
    pub commit: &'a CommitId,
    /// Its tree, grounded.
    pub snapshot: &'a RepoSnapshot,
    /// The texts read so far; its limit is the file limit of the options.
    pub texts: &'a TextCache,
    /// The choices.
    pub options: &'a SnapshotOptions,
}

/// A story and the texts it refers to.
#[derive(Clone, Debug)]
pub struct ToldSnapshot {
    /// The story.
    pub story: SnapshotStory,
    /// The texts to store, by blob id.
    pub blobs: BTreeMap<BlobId, Arc<[u8]>>,
}

/// Names the unit of a snapshot: `owner__name@` and twelve digits of the commit.
pub fn snapshot_id(name: &RepoName, commit: &CommitId) -> UnitId {
    UnitId::new(format!("{}@{}", name.flat(), &commit.as_str()[..12]))
}

/// Tells how a repository could have been written.
///
/// The same input gives the same story. Rejected is a tree that cannot be read
/// (`tree_missing`, `object_corrupt`) and one in which there is nothing to write
/// (`nothing_to_write`).
pub fn tell_snapshot(input: &SnapshotInput<'_>) -> Result<ToldSnapshot, Rejection> {
    let Some(tree) = &input.snapshot.tree else {
        let detail = format!("`{}` has no tree", input.commit);
        return Err(Rejection { reason: "tree_missing", detail });
    };
    let sorted = Sorted::read(input)?;
    if sorted.written.is_empty() {
        let detail = format!("all {} files of `{}` are given", sorted.given.len(), input.commit);
        return Err(Rejection { reason: "nothing_to_write", detail });
    }
    Teller { input, sorted: &sorted, tree, blobs: BTreeMap::new() }.tell()
}

/// The files of a snapshot, sorted into those to write and those that are there.
struct Sorted<'a> {
    /// In the order in which they are written.
    written: Vec<Written<'a>>,
    given: Vec<GivenFile>,
    /// Where each file to write stands in the order.
    places: BTreeMap<&'a RepoPath, usize>,
}

/// A file to write.
struct Written<'a> {
    file: &'a SnapshotFile,
    text: Arc<Text>,
    rank: Rank,
    outline: Outline<'a>,
}

impl<'a> Sorted<'a> {
    fn read(input: &SnapshotInput<'a>) -> Result<Self, RepositoryError> {
        let mut written = Vec::new();
        let mut given = Vec::new();
        for file in &input.snapshot.files {
            let text = input.texts.text(input.repo, file.mode, &file.blob)?;
            match classify::classify(file, text.as_deref().map_err(|reason| *reason)) {
                Ok(rank) => {
                    let Ok(text) = text else { continue };
                    let outline = Outline::of(file.structure.as_deref());
                    written.push(Some(Written { file, text, rank, outline }));
                }
                Err(reason) => given.push(GivenFile {
                    path: file.path.clone(),
                    mode: file.mode,
                    blob: file.blob.clone(),
                    reason,
                }),
            }
        }
        let order = Self::order(input, &written);
        let written: Vec<Written<'a>> =
            order.into_iter().filter_map(|at| written[at as usize].take()).collect();
        let places = written.iter().enumerate().map(|(at, of)| (&of.file.path, at)).collect();
        Ok(Self { written, given, places })
    }

    fn order(input: &SnapshotInput<'a>, written: &[Option<Written<'a>>]) -> Vec<u32> {
        let graph = &input.snapshot.graph;
        let positions: BTreeMap<&RepoPath, u32> =
            written.iter().flatten().map(|of| &of.file.path).zip(0_u32..).collect();
        let among = |edges: &BTreeMap<RepoPath, Vec<RepoPath>>, from: &RepoPath| -> Vec<u32> {
            let to = edges.get(from).into_iter().flatten();
            to.filter_map(|path| positions.get(path).copied()).collect()
        };
        let files: Vec<Ordered<'_>> = written
            .iter()
            .flatten()
            .map(|of| Ordered {
                path: &of.file.path,
                rank: of.rank,
                needs: among(&graph.imports, &of.file.path),
                soft: among(&graph.soft, &of.file.path),
            })
            .collect();
        order::order(&files)
    }

    /// Returns true when a file is there before the file at a place is written.
    fn is_before(&self, path: &RepoPath, place: usize) -> bool {
        self.places.get(path).is_none_or(|at| *at < place)
    }
}

/// Puts the parts of a story together.
struct Teller<'a> {
    input: &'a SnapshotInput<'a>,
    sorted: &'a Sorted<'a>,
    tree: &'a TreeId,
    blobs: BTreeMap<BlobId, Arc<[u8]>>,
}

impl<'a> Teller<'a> {
    fn tell(mut self) -> Result<ToldSnapshot, Rejection> {
        let input = self.input;
        let files: Vec<PlannedFile> =
            (0..self.sorted.written.len()).map(|place| self.planned(place)).collect();
        let plan = Plan {
            files,
            provenance: Provenance::derived("story/plan", [EvidenceId::tree(self.tree)]),
            hindsight: true,
        };
        let delegations =
            (0..plan.files.len()).map(|place| self.delegation(place, &plan.files[place])).collect();
        let story = SnapshotStory {
            schema: SchemaVersion::CURRENT,
            id: snapshot_id(input.name, input.commit),
            repo: input.name.clone(),
            commit: input.commit.clone(),
            tree: self.tree.clone(),
            license: license(input.repo, input.snapshot, input.texts)?,
            requirements: self.requirements(),
            plan,
            given: self.sorted.given.clone(),
            cut_edges: self.cut_edges(),
            delegations,
            finish: Statement {
                text: words::finish(self.sorted.written.len()),
                provenance: Provenance::derived("story/finish", []),
                hindsight: false,
            },
        };
        Ok(ToldSnapshot { story, blobs: self.blobs })
    }

    fn requirements(&self) -> Statement {
        let files: Vec<RootFile<'_>> = self
            .sorted
            .written
            .iter()
            .filter_map(|of| {
                let name = of.file.path.to_text().filter(|name| requirements::is_read(name))?;
                Some(RootFile { name, blob: &of.file.blob, text: of.text.as_str() })
            })
            .collect();
        let written = self.sorted.written.len();
        let told = requirements::requirements(self.input.name, &files, written);
        let tree = EvidenceId::tree(self.tree);
        let evidence = told.blobs.iter().map(EvidenceId::blob).chain([tree]);
        Statement {
            provenance: Provenance::derived("story/requirements", evidence),
            text: told.text,
            hindsight: true,
        }
    }

    /// Returns what a file depends on, by path.
    fn needs(&self, file: &SnapshotFile) -> &'a [RepoPath] {
        self.input.snapshot.graph.imports.get(&file.path).map_or(&[], Vec::as_slice)
    }

    fn planned(&self, place: usize) -> PlannedFile {
        let of = &self.sorted.written[place];
        let uses = self.needs(of.file).iter().filter(|path| self.sorted.is_before(path, place));
        PlannedFile {
            path: of.file.path.clone(),
            purpose: purpose::purpose(of.text.as_str(), of.file.language, of.rank),
            definitions: of.outline.names().into_iter().map(str::to_owned).collect(),
            uses: uses.cloned().collect(),
        }
    }

    fn cut_edges(&self) -> Vec<CutEdge> {
        let mut cut = Vec::new();
        for (place, of) in self.sorted.written.iter().enumerate() {
            let later = self.needs(of.file).iter().filter(|to| !self.sorted.is_before(to, place));
            cut.extend(later.map(|to| CutEdge { from: of.file.path.clone(), to: to.clone() }));
        }
        cut
    }

    fn delegation(&mut self, place: usize, planned: &PlannedFile) -> Delegation {
        let of = &self.sorted.written[place];
        let reads = self.reads(of, planned);
        let mut steps = Vec::new();
        for read in &reads {
            self.read(of, read, &mut steps);
        }
        let read: Vec<&RepoPath> = reads.iter().map(|read| read.path).collect();
        self.write(of, &read, &mut steps);
        let evidence = [EvidenceId::tree(self.tree), EvidenceId::blob(&of.file.blob)];
        Delegation {
            path: of.file.path.clone(),
            mode: of.file.mode,
            blob: of.file.blob.clone(),
            task: Statement {
                text: words::task(planned),
                provenance: Provenance::derived("story/order", evidence),
                hindsight: true,
            },
            steps,
        }
    }

    /// Returns what is read before a file is written: what it depends on and speaks
    /// of, the most spoken of first.
    fn reads(&self, of: &Written<'a>, planned: &PlannedFile) -> Vec<Wanted<'a>> {
        let spoken = of.outline.spoken();
        let mut wanted: Vec<Wanted<'a>> = planned
            .uses
            .iter()
            .filter_map(|path| {
                let read = &self.sorted.written[*self.sorted.places.get(path)?];
                let names = read.outline.names().into_iter();
                let names: Vec<&str> = names.filter(|name| spoken.contains(name)).collect();
                (!names.is_empty()).then_some(Wanted { path: &read.file.path, read, names })
            })
            .collect();
        wanted.sort_by(|a, b| b.names.len().cmp(&a.names.len()).then(a.path.cmp(b.path)));
        wanted
    }

    fn read(&mut self, of: &Written<'_>, wanted: &Wanted<'a>, steps: &mut Vec<WritingStep>) {
        let (path, text) = (&of.file.path, &wanted.read.text);
        let whole = LineRange { start: 1, end: text.line_count() };
        let long = text.bytes().len() as u64 > self.input.options.read_limit;
        if !long {
            let thought = words::before_read(path, wanted.path, &wanted.names);
            steps.push(self.shown(of, wanted, (ReadPart::Whole, vec![whole]), thought));
            return;
        }
        let outline = wanted.read.outline.lines().into_iter();
        let outline = outline.map(|line| LineRange { start: line, end: line }).collect();
        let thought = words::before_outline(path, wanted.path, &wanted.names);
        steps.push(self.shown(of, wanted, (ReadPart::Outline, outline), thought));
        let lines = self.definitions(wanted);
        if !lines.is_empty() {
            let thought = words::before_definitions(&wanted.names);
            steps.push(self.shown(of, wanted, (ReadPart::Definitions, lines), thought));
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
        of: &Written<'_>,
        wanted: &Wanted<'_>,
        (part, shown): (ReadPart, Vec<LineRange>),
        thought: String,
    ) -> WritingStep {
        let (file, read) = (of.file, wanted.read.file);
        self.blobs.insert(read.blob.clone(), Arc::clone(wanted.read.text.bytes()));
        let why = [EvidenceId::blob(&file.blob), EvidenceId::blob(&read.blob)];
        WritingStep {
            thought: Some(thought_of(thought, &why)),
            action: WritingAction::Read {
                path: read.path.clone(),
                part,
                blob: read.blob.clone(),
                shown,
            },
            choice: Provenance::derived("story/read", why),
            content: Provenance::observed([EvidenceId::blob(&read.blob)]),
            hindsight: true,
        }
    }

    fn write(&mut self, of: &Written<'_>, read: &[&RepoPath], steps: &mut Vec<WritingStep>) {
        let blob = EvidenceId::blob(&of.file.blob);
        self.blobs.insert(of.file.blob.clone(), Arc::clone(of.text.bytes()));
        let symbols = of.file.structure.as_ref().map_or(&[][..], |structure| &structure.symbols);
        let parts = parts::parts(&of.text, symbols, self.input.options.write_limit);
        for (number, lines) in (1..).zip(&parts) {
            let place = (&of.file.path, number, parts.len());
            let thought = words::before_write(place, &of.outline.uses_in(*lines), read);
            steps.push(WritingStep {
                thought: Some(thought_of(thought, std::slice::from_ref(&blob))),
                action: WritingAction::Write { lines: *lines },
                choice: Provenance::derived("story/write", [blob.clone()]),
                content: Provenance::observed([blob.clone()]),
                hindsight: true,
            });
        }
    }
}

/// A file to read, and the names of it that are spoken of.
struct Wanted<'a> {
    path: &'a RepoPath,
    read: &'a Written<'a>,
    names: Vec<&'a str>,
}

fn thought_of(text: String, evidence: &[EvidenceId]) -> Thought {
    Thought { text, provenance: Provenance::derived("story/thought", evidence.iter().cloned()) }
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
