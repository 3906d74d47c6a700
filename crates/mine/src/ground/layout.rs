//! Where does a repository keep its modules, packages and crates?
//!
//! In: the paths of a tree and its `Cargo.toml` and `go.mod` files. Out: a
//! [`Layout`] that finds files by path, by name and by Python module, and keeps
//! the imports resolved so far: they depend on nothing but the importing blob
//! and the layout.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};

use backstory_model::{BlobId, FileEntry, RepoPath, Repository, RepositoryError};

/// Resolved imports kept per layout.
const KEPT_EDGES: usize = 50_000;

/// The files one file imports, as positions in the tree.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Edges {
    /// The imported files; sorted, without the importing one.
    pub(super) targets: Vec<u32>,
    /// Those of them that are imported nowhere but inside something; sorted.
    pub(super) soft: Vec<u32>,
    /// Imports that name nothing in the repository.
    pub(super) external: u32,
}

/// A named directory: a crate by its name, a Go module by its path.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Named {
    pub(super) name: String,
    /// The directory, without a slash at the end; empty for the root.
    pub(super) directory: String,
}

/// The paths of one tree and what they mean to imports.
pub(super) struct Layout {
    /// Every path of the tree, sorted; the positions in [`Edges`] count these.
    paths: Vec<RepoPath>,
    manifests: Vec<(u32, BlobId)>,
    by_name: BTreeMap<Vec<u8>, Vec<u32>>,
    /// Python files by dotted module name.
    pub(super) python: BTreeMap<String, Vec<u32>>,
    pub(super) crates: Vec<Named>,
    pub(super) go_modules: Vec<Named>,
    resolved: Mutex<BTreeMap<(u32, BlobId), Arc<Edges>>>,
}

impl Layout {
    /// Reads the layout of a tree.
    pub(super) fn read(
        repo: &dyn Repository,
        entries: &[FileEntry],
    ) -> Result<Self, RepositoryError> {
        let paths: Vec<RepoPath> = entries.iter().map(|entry| entry.path.clone()).collect();
        let mut by_name: BTreeMap<Vec<u8>, Vec<u32>> = BTreeMap::new();
        for (at, path) in (0_u32..).zip(&paths) {
            by_name.entry(path.file_name().to_vec()).or_default().push(at);
        }
        let mut layout = Self {
            paths,
            manifests: manifests(entries).map(|(at, entry)| (at, entry.id.clone())).collect(),
            by_name,
            python: BTreeMap::new(),
            crates: Vec::new(),
            go_modules: Vec::new(),
            resolved: Mutex::default(),
        };
        layout.read_manifests(repo)?;
        layout.python = layout.python_modules();
        Ok(layout)
    }

    /// Returns true when a tree with these files has this layout.
    pub(super) fn is_of(&self, entries: &[FileEntry]) -> bool {
        self.paths.len() == entries.len()
            && self.paths.iter().zip(entries).all(|(path, entry)| *path == entry.path)
            && manifests(entries)
                .map(|(at, entry)| (at, &entry.id))
                .eq(self.manifests.iter().map(|(at, id)| (*at, id)))
    }

    /// Returns the resolved imports of a file, asking `resolve` once per blob.
    pub(super) fn edges(
        &self,
        at: u32,
        blob: &BlobId,
        resolve: impl FnOnce() -> Edges,
    ) -> Arc<Edges> {
        let key = (at, blob.clone());
        let lock = || self.resolved.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = lock().get(&key) {
            return Arc::clone(found);
        }
        let found = Arc::new(resolve());
        let mut resolved = lock();
        if resolved.len() >= KEPT_EDGES {
            resolved.clear();
        }
        resolved.insert(key, Arc::clone(&found));
        found
    }

    /// Returns the path at a position.
    pub(super) fn path(&self, at: u32) -> &[u8] {
        self.paths[at as usize].as_bytes()
    }

    /// Finds a file by its whole path.
    pub(super) fn find(&self, path: &str) -> Option<u32> {
        let found = self.paths.binary_search_by(|probe| probe.as_bytes().cmp(path.as_bytes()));
        found.ok().and_then(|at| u32::try_from(at).ok())
    }

    /// Returns the files whose path is `suffix` or ends with `/suffix`.
    pub(super) fn ending_with(&self, suffix: &str) -> Vec<u32> {
        let name = suffix.rsplit('/').next().unwrap_or(suffix);
        let same_name = self.by_name.get(name.as_bytes()).map_or(&[][..], Vec::as_slice);
        let ends = |at: &&u32| {
            self.path(**at)
                .strip_suffix(suffix.as_bytes())
                .is_some_and(|rest| rest.is_empty() || rest.ends_with(b"/"))
        };
        same_name.iter().filter(ends).copied().collect()
    }

    /// Returns the files that lie directly in a directory.
    pub(super) fn directly_in(&self, directory: &str) -> Vec<u32> {
        let prefix = if directory.is_empty() { String::new() } else { format!("{directory}/") };
        let from = self.paths.partition_point(|path| path.as_bytes() < prefix.as_bytes());
        let inside = self.paths[from..]
            .iter()
            .map(|path| path.as_bytes().strip_prefix(prefix.as_bytes()))
            .take_while(Option::is_some);
        (0_usize..)
            .zip(inside.flatten())
            .filter(|(_, rest)| !rest.contains(&b'/'))
            .filter_map(|(at, _)| u32::try_from(from + at).ok())
            .collect()
    }

    /// Picks the file nearest to `from`: the longest shared directory, then the
    /// shortest path, then the first.
    pub(super) fn nearest(&self, from: u32, candidates: &[u32]) -> Option<u32> {
        let here = self.path(from);
        let shared = |path: &[u8]| {
            let same = here.iter().zip(path).take_while(|(a, b)| a == b).count();
            memchr::memchr_iter(b'/', &here[..same]).count()
        };
        candidates.iter().copied().min_by_key(|at| {
            let path = self.path(*at);
            (std::cmp::Reverse(shared(path)), path.len(), *at)
        })
    }

    fn read_manifests(&mut self, repo: &dyn Repository) -> Result<(), RepositoryError> {
        for (at, id) in &self.manifests {
            let path = &self.paths[*at as usize];
            let (Some(directory), Some(bytes)) =
                (path.parent().to_text().map(str::to_owned), repo.blob(id)?)
            else {
                continue;
            };
            let text = String::from_utf8_lossy(&bytes);
            if path.file_name() == b"go.mod" {
                self.go_modules.extend(go_module(&text).map(|name| Named { name, directory }));
            } else {
                self.crates.extend(crate_name(&text).map(|name| Named { name, directory }));
            }
        }
        Ok(())
    }

    /// Names every Python file by the way it would be imported: below the
    /// nearest directory that is no package, and below the root and `src`.
    fn python_modules(&self) -> BTreeMap<String, Vec<u32>> {
        let mut modules: BTreeMap<String, Vec<u32>> = BTreeMap::new();
        for (at, path) in (0_u32..).zip(&self.paths) {
            let Some(text) = path.to_text() else { continue };
            let Some(bare) = text.strip_suffix(".py").or_else(|| text.strip_suffix(".pyi")) else {
                continue;
            };
            let bare = bare.strip_suffix("/__init__").unwrap_or(bare);
            let mut names = vec![bare, bare.strip_prefix("src/").unwrap_or(bare)];
            names.push(bare.strip_prefix(self.python_root(text)).unwrap_or(bare));
            names.sort_unstable();
            names.dedup();
            for name in names {
                modules.entry(name.replace('/', ".")).or_default().push(at);
            }
        }
        modules
    }

    /// Returns the start of a path up to where its packages begin.
    fn python_root<'p>(&self, path: &'p str) -> &'p str {
        let mut root = path.rfind('/').map_or("", |at| &path[..=at]);
        while !root.is_empty() && self.find(&format!("{root}__init__.py")).is_some() {
            let outer = root.trim_end_matches('/');
            root = outer.rfind('/').map_or("", |at| &outer[..=at]);
        }
        root
    }
}

fn manifests(entries: &[FileEntry]) -> impl Iterator<Item = (u32, &FileEntry)> {
    (0_u32..).zip(entries).filter(|(_, entry)| {
        let name = entry.path.file_name();
        entry.mode.is_file() && (name == b"Cargo.toml" || name == b"go.mod")
    })
}

fn go_module(text: &str) -> Option<String> {
    let line = text.lines().find_map(|line| line.trim().strip_prefix("module "))?;
    Some(line.split("//").next().unwrap_or(line).trim().trim_matches('"').to_owned())
}

/// Returns the name code uses for the library of a package.
fn crate_name(text: &str) -> Option<String> {
    let mut section = "";
    let mut name = None;
    for line in text.lines().map(str::trim) {
        if line.starts_with('[') {
            section = line;
        } else if let Some((key, value)) = line.split_once('=')
            && key.trim() == "name"
            && matches!(section, "[package]" | "[lib]")
        {
            let value = value.split('#').next().unwrap_or(value);
            name = Some(value.trim().trim_matches(['"', '\'']).replace('-', "_"));
        }
    }
    name
}
