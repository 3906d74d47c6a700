//! What does a story need, when there is no real grounding?
//!
//! A unit over a hand-made history and a snapshot made by parsing its files.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    AuthoredState, BlobId, ChangeUnit, CommitId, DependencyGraph, FileStructure, RepoPath,
    RepoSnapshot, Repository, Sequence, SnapshotFile, TreeId, UnitId, UnitLabels,
};
use backstory_syntax::{language_of, parse, role_of};
use backstory_synth::{ReconstructInput, Rejection, Story, TextCache, UnitEvidence, reconstruct};
use backstory_testkit::{MemoryRepository, RepoBuilder};

/// The story of the commits after `base` up to `states`, in a history in memory.
pub fn story_of(
    repo: &MemoryRepository,
    name: &RepoBuilder,
    base: Option<&CommitId>,
    states: &[CommitId],
    imports: &[(&str, &str)],
    evidence: &UnitEvidence,
) -> Result<Story, Rejection> {
    let unit = unit(repo, name, base, states);
    let snapshot = snapshot(repo, &unit.base_tree, imports);
    let input = ReconstructInput {
        repo,
        unit: &unit,
        snapshot: &snapshot,
        evidence,
        texts: &TextCache::new(1 << 20, 1 << 26),
        parse: &parse_file,
    };
    reconstruct(&input)
}

/// Parses a file by its path.
pub fn parse_file(path: &RepoPath, _: &BlobId, bytes: &[u8]) -> Option<Arc<FileStructure>> {
    Some(Arc::new(parse(language_of(path)?, bytes)))
}

/// The unit of the commits after `base` up to `states`.
pub fn unit(
    repo: &MemoryRepository,
    name: &RepoBuilder,
    base: Option<&CommitId>,
    states: &[CommitId],
) -> ChangeUnit {
    let commit = |id: &CommitId| repo.commit(id).expect("the commit exists");
    let states: Vec<AuthoredState> = states
        .iter()
        .map(|id| {
            let made = commit(id);
            AuthoredState {
                commit: id.clone(),
                tree: made.tree,
                message: made.message,
                authored_at: made.author.seconds,
            }
        })
        .collect();
    let last = states.last().expect("a unit has a state").clone();
    ChangeUnit {
        id: UnitId::new(format!("{}-1", name.name().flat())),
        repo: name.name().clone(),
        commit: last.commit.clone(),
        position: 1,
        parent: base.cloned(),
        pull: Some(1),
        base: base.cloned(),
        base_tree: base.map_or_else(TreeId::empty, |id| commit(id).tree),
        head: last.commit,
        head_tree: last.tree,
        states,
        sequence: Sequence::Authored,
        links: Vec::new(),
        labels: UnitLabels::default(),
    }
}

fn snapshot(repo: &MemoryRepository, tree: &TreeId, imports: &[(&str, &str)]) -> RepoSnapshot {
    let files = repo
        .files(tree)
        .expect("the tree exists")
        .into_iter()
        .map(|file| {
            let bytes = repo.blob(&file.id).ok().flatten();
            let structure = bytes.and_then(|bytes| parse_file(&file.path, &file.id, &bytes));
            SnapshotFile {
                language: language_of(&file.path),
                role: role_of(&file.path),
                path: file.path,
                mode: file.mode,
                blob: file.id,
                structure,
            }
        })
        .collect();
    let mut graph = DependencyGraph::default();
    let mut edges: BTreeMap<RepoPath, Vec<RepoPath>> = BTreeMap::new();
    for (from, to) in imports {
        edges.entry((*from).into()).or_default().push((*to).into());
        graph.components.push(vec![(*to).into()]);
    }
    graph.imports = edges;
    RepoSnapshot { tree: Some(tree.clone()), files, graph }
}
