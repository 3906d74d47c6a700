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
mod reading;
mod requirements;
mod stubs;
pub(crate) mod words;

use std::collections::BTreeMap;
use std::ops::Range;
use std::sync::Arc;

use backstory_model::{
    BlobId, CircleFile, CommitId, CutEdge, Delegation, EvidenceId, GivenFile, Instead, Plan,
    PlannedFile, Provenance, RepoName, RepoPath, RepoSnapshot, Repository, RepositoryError,
    SccPolicy, SchemaVersion, SnapshotFile, SnapshotOptions, SnapshotStory, Statement, Thought,
    TreeId, UnitId, WritingAction, WritingStep,
};

use crate::license::license;
use crate::reconstruct::Rejection;
use crate::text::{Text, TextCache};
use order::{Order, Ordered, Rank};
use outline::Outline;
use requirements::RootFile;
use stubs::Stub;

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
    /// Which places of the order each agent writes.
    agents: Vec<Range<usize>>,
    /// The signatures that are written before a file, by the place of the file.
    stubs: BTreeMap<usize, Stub>,
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
        let agents = agents(&order, input.options.scc);
        let written: Vec<Written<'a>> =
            order.files.iter().filter_map(|at| written[*at as usize].take()).collect();
        let places = written.iter().enumerate().map(|(at, of)| (&of.file.path, at)).collect();
        let mut sorted = Self { written, given, places, agents, stubs: BTreeMap::new() };
        if input.options.scc == SccPolicy::Stub {
            sorted.stubs = sorted.stubs_of(&order, &input.snapshot.graph.imports, input.options);
        }
        Ok(sorted)
    }

    fn order(input: &SnapshotInput<'a>, written: &[Option<Written<'a>>]) -> Order {
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
        order::order(&files, input.options.scc)
    }

    /// Returns true when a file is there before the file at a place is written.
    fn is_before(&self, path: &RepoPath, place: usize) -> bool {
        self.places.get(path).is_none_or(|at| *at < place)
    }
}

/// Returns which places of an order each agent writes.
fn agents(order: &Order, scc: SccPolicy) -> Vec<Range<usize>> {
    let grouped = order.circles.iter().filter(|_| scc == SccPolicy::Group);
    let lengths: BTreeMap<u32, usize> = grouped.map(|circle| (circle[0], circle.len())).collect();
    let mut agents: Vec<Range<usize>> = Vec::new();
    for (place, at) in order.files.iter().enumerate() {
        if agents.last().is_none_or(|last| last.end <= place) {
            agents.push(place..place + lengths.get(at).unwrap_or(&1));
        }
    }
    agents
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
        let agents = self.sorted.agents.iter();
        let delegations = agents.map(|agent| self.delegation(agent, &plan.files)).collect();
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
            scc: input.options.scc,
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
            let from = &of.file.path;
            let later = self.needs(of.file).iter().filter(|to| !self.sorted.is_before(to, place));
            cut.extend(later.map(|to| CutEdge {
                from: from.clone(),
                to: to.clone(),
                instead: self.instead((from, place), to),
            }));
        }
        cut
    }

    /// Returns what stands in the place of a dependency on a later file.
    fn instead(&self, (from, place): (&RepoPath, usize), to: &RepoPath) -> Option<Instead> {
        let agent = self.sorted.agents.iter().find(|agent| agent.contains(&place));
        let later = self.sorted.places.get(to);
        let soft = self.input.snapshot.graph.soft.get(from);
        let together = agent.zip(later).is_some_and(|(agent, later)| agent.contains(later));
        match self.input.options.scc {
            SccPolicy::Cut => None,
            SccPolicy::Group if together => Some(Instead::Together),
            SccPolicy::Group => soft?.contains(to).then_some(Instead::Soft),
            SccPolicy::Stub if self.sorted.stub(to, place).is_some() => Some(Instead::Stub),
            SccPolicy::Stub if soft.is_some_and(|soft| soft.contains(to)) => Some(Instead::Soft),
            SccPolicy::Stub => Some(Instead::NoStub),
        }
    }

    fn delegation(&mut self, agent: &Range<usize>, plan: &[PlannedFile]) -> Delegation {
        let sorted = self.sorted;
        let files = &sorted.written[agent.clone()];
        let mut steps = self.stub_steps(agent.start);
        for (of, planned) in files.iter().zip(&plan[agent.clone()]) {
            let mut reads = self.reads(of, planned);
            // An agent knows what it wrote itself.
            reads.retain(|read| sorted.places.get(read.path).is_none_or(|at| !agent.contains(at)));
            for read in &reads {
                self.read(of, read, &mut steps);
            }
            let read: Vec<&RepoPath> = reads.iter().map(|read| read.path).collect();
            self.write((of, &files[0]), &read, &mut steps);
        }
        let blobs = files.iter().map(|of| EvidenceId::blob(&of.file.blob));
        let evidence = [EvidenceId::tree(self.tree)].into_iter().chain(blobs);
        let others = files[1..].iter().map(|of| of.file).map(|file| CircleFile {
            path: file.path.clone(),
            mode: file.mode,
            blob: file.blob.clone(),
        });
        Delegation {
            path: files[0].file.path.clone(),
            mode: files[0].file.mode,
            blob: files[0].file.blob.clone(),
            task: Statement {
                text: words::tasks(&plan[agent.clone()]),
                provenance: Provenance::derived("story/order", evidence),
                hindsight: true,
            },
            steps,
            with: others.collect(),
        }
    }

    /// Writes a file; the agent's first one needs not be named.
    fn write(
        &mut self,
        (of, first): (&Written<'_>, &Written<'_>),
        read: &[&RepoPath],
        steps: &mut Vec<WritingStep>,
    ) {
        let named = (of.file.path != first.file.path).then_some(&of.file.path);
        let blob = EvidenceId::blob(&of.file.blob);
        self.blobs.insert(of.file.blob.clone(), Arc::clone(of.text.bytes()));
        let symbols = of.file.structure.as_ref().map_or(&[][..], |structure| &structure.symbols);
        let parts = parts::parts(&of.text, symbols, self.input.options.write_limit);
        for (number, lines) in (1..).zip(&parts) {
            let place = (&of.file.path, number, parts.len());
            let thought = words::before_write(place, &of.outline.uses_in(*lines), read);
            steps.push(WritingStep {
                thought: Some(thought_of(thought, std::slice::from_ref(&blob))),
                action: WritingAction::Write { lines: *lines, path: named.cloned() },
                choice: Provenance::derived("story/write", [blob.clone()]),
                content: Provenance::observed([blob.clone()]),
                hindsight: true,
            });
        }
    }
}

fn thought_of(text: String, evidence: &[EvidenceId]) -> Thought {
    Thought { text, provenance: Provenance::derived("story/thought", evidence.iter().cloned()) }
}
