//! What does a repository hold at one tree, and which file depends on which?
//!
//! In: the [`Repository`] port and a tree. Out: a [`RepoSnapshot`]: files with
//! language, role and structure, and the dependency graph. Structures are kept
//! by blob, and resolved imports by the set of paths, so that walking a history
//! costs changed files only. The answer does not depend on what is kept.

mod kept;
mod layout;
mod resolve;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use backstory_model::{
    BlobId, DependencyGraph, FileEntry, FileRole, FileStructure, RepoPath, RepoSnapshot,
    Repository, RepositoryError, SnapshotFile, TreeId, strong_components,
};
use backstory_syntax::{SIZE_LIMIT, language_of, parse, role_of};

use kept::KeptStructures;
use layout::{Edges, Layout};

/// Layouts kept: workers walk different stretches of a history.
const LAYOUTS: usize = 8;

/// Grounds trees of one repository and remembers what it parsed.
///
/// Shared between threads by reference. Memory is bounded by the largest tree
/// seen and does not grow with the history.
#[derive(Default)]
pub struct Grounder {
    structures: Mutex<KeptStructures>,
    layouts: Mutex<Vec<Arc<Layout>>>,
}

impl Grounder {
    /// Creates a grounder that remembers nothing yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Reads one tree into a snapshot.
    ///
    /// Parsed are files in a known language that are source, tests or
    /// documentation (not samples, scripts or build output), up to 1 MiB. A
    /// file whose blob the repository lacks has no structure. Fails only when
    /// the repository cannot answer.
    pub fn ground(
        &self,
        repo: &dyn Repository,
        tree: &TreeId,
    ) -> Result<RepoSnapshot, RepositoryError> {
        let entries = repo.files(tree)?;
        let layout = self.layout(repo, &entries)?;
        let mut files: Vec<SnapshotFile> = entries.into_iter().map(described).collect();
        self.add_structures(repo, &mut files)?;
        let graph = graph(&layout, &files);
        Ok(RepoSnapshot { tree: Some(tree.clone()), files, graph })
    }

    /// Parses one file, or remembers it: the states of a unit are the trees of
    /// later units. `None` when no known language is written there, or too much.
    pub fn structure(
        &self,
        path: &RepoPath,
        blob: &BlobId,
        bytes: &[u8],
    ) -> Option<Arc<FileStructure>> {
        let language = language_of(path).filter(|_| bytes.len() <= SIZE_LIMIT)?;
        let kept = || self.structures.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(known) = kept().get(blob, language) {
            return Some(known);
        }
        let structure = Arc::new(parse(language, bytes));
        kept().keep(blob.clone(), language, Arc::clone(&structure));
        Some(structure)
    }

    fn layout(
        &self,
        repo: &dyn Repository,
        entries: &[FileEntry],
    ) -> Result<Arc<Layout>, RepositoryError> {
        let kept =
            |layouts: &[Arc<Layout>]| layouts.iter().position(|layout| layout.is_of(entries));
        {
            let mut layouts = self.layouts.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(at) = kept(&layouts) {
                layouts[..=at].rotate_right(1);
                return Ok(Arc::clone(&layouts[0]));
            }
        }
        let layout = Arc::new(Layout::read(repo, entries)?);
        let mut layouts = self.layouts.lock().unwrap_or_else(PoisonError::into_inner);
        layouts.insert(0, Arc::clone(&layout));
        layouts.truncate(LAYOUTS);
        Ok(layout)
    }

    fn add_structures(
        &self,
        repo: &dyn Repository,
        files: &mut [SnapshotFile],
    ) -> Result<(), RepositoryError> {
        let mut parsed = Vec::new();
        let mut wanted: Vec<&mut SnapshotFile> =
            files.iter_mut().filter(|file| is_parsed(file)).collect();
        {
            let mut kept = self.structures.lock().unwrap_or_else(PoisonError::into_inner);
            for file in &mut wanted {
                let Some(language) = file.language else { continue };
                file.structure = kept.get(&file.blob, language);
            }
        }
        for file in wanted.iter_mut().filter(|file| file.structure.is_none()) {
            let Some(language) = file.language else { continue };
            if let Some(bytes) = small_blob(repo, &file.blob)? {
                let structure = Arc::new(parse(language, &bytes));
                file.structure = Some(Arc::clone(&structure));
                parsed.push((file.blob.clone(), language, structure));
            }
        }
        let mut kept = self.structures.lock().unwrap_or_else(PoisonError::into_inner);
        let structures = wanted.iter().filter_map(|file| file.structure.as_deref());
        kept.make_room_for(structures);
        for (blob, language, structure) in parsed {
            kept.keep(blob, language, structure);
        }
        Ok(())
    }
}

fn described(entry: FileEntry) -> SnapshotFile {
    let language = if entry.mode.is_file() { language_of(&entry.path) } else { None };
    SnapshotFile {
        role: role_of(&entry.path),
        path: entry.path,
        mode: entry.mode,
        blob: entry.id,
        language,
        structure: None,
    }
}

fn is_parsed(file: &SnapshotFile) -> bool {
    file.language.is_some() && file.role != FileRole::Other
}

/// Reads a blob unless it is absent or too large to be parsed.
fn small_blob(repo: &dyn Repository, id: &BlobId) -> Result<Option<Arc<[u8]>>, RepositoryError> {
    match repo.blob_size(id)? {
        Some(size) if size <= SIZE_LIMIT as u64 => repo.blob(id),
        _ => Ok(None),
    }
}

fn graph(layout: &Layout, files: &[SnapshotFile]) -> DependencyGraph {
    let mut edges: BTreeMap<u32, Arc<Edges>> = BTreeMap::new();
    let mut external = 0_u32;
    for (at, file) in (0_u32..).zip(files) {
        let (Some(language), Some(structure)) = (file.language, &file.structure) else { continue };
        let found = layout
            .edges(at, &file.blob, || resolve::edges(layout, at, language, structure.as_ref()));
        external = external.saturating_add(found.external);
        if !found.targets.is_empty() {
            edges.insert(at, found);
        }
    }
    let path = |at: u32| files[at as usize].path.clone();
    let paths = |positions: &[u32]| positions.iter().map(|to| path(*to)).collect();
    let imports = edges.iter().map(|(at, edges)| (path(*at), paths(&edges.targets))).collect();
    let soft = edges
        .iter()
        .filter(|(_, edges)| !edges.soft.is_empty())
        .map(|(at, edges)| (path(*at), paths(&edges.soft)))
        .collect();
    let targets = edges.iter().map(|(at, edges)| (*at, edges.targets.as_slice())).collect();
    let components = strong_components(&targets)
        .into_iter()
        .map(|component| component.into_iter().map(path).collect())
        .collect();
    DependencyGraph { imports, soft, components, external }
}

#[cfg(test)]
mod tests;
