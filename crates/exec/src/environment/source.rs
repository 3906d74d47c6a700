//! Which files of a tree does an environment depend on?
//!
//! In: a tree behind the `Repository` port. Out: its paths and the texts of a
//! few of them. Every file that was read to derive a recipe is a manifest of it.

use std::collections::BTreeMap;

use backstory_model::{BlobId, Manifest, RepoPath, Repository, RepositoryError, TreeId};

/// Bytes of a file that are read at most; a longer one is no manifest.
const LONGEST_MANIFEST: u64 = 4 << 20;

/// The files of one commit, as far as deriving a recipe looks at them.
pub trait ManifestSource {
    /// Lists every path that is UTF-8, sorted.
    fn paths(&self) -> &[String];

    /// Reads a text; `None` when there is no such file or it is not text.
    fn read(&self, path: &str) -> Result<Option<(BlobId, String)>, RepositoryError>;
}

/// A tree of a repository as a source of manifests.
pub struct TreeSource<'a> {
    repository: &'a dyn Repository,
    paths: Vec<String>,
    blobs: BTreeMap<String, BlobId>,
}

impl<'a> TreeSource<'a> {
    /// Lists the files of a tree; links and submodules are left out.
    pub fn new(repository: &'a dyn Repository, tree: &TreeId) -> Result<Self, RepositoryError> {
        let blobs: BTreeMap<String, BlobId> = repository
            .files(tree)?
            .into_iter()
            .filter(|file| file.mode.is_file())
            .filter_map(|file| Some((file.path.to_text()?.to_owned(), file.id)))
            .collect();
        Ok(Self { repository, paths: blobs.keys().cloned().collect(), blobs })
    }
}

impl ManifestSource for TreeSource<'_> {
    fn paths(&self) -> &[String] {
        &self.paths
    }

    fn read(&self, path: &str) -> Result<Option<(BlobId, String)>, RepositoryError> {
        let Some(id) = self.blobs.get(path) else { return Ok(None) };
        if self.repository.blob_size(id)?.is_none_or(|size| size > LONGEST_MANIFEST) {
            return Ok(None);
        }
        let bytes = self.repository.blob(id)?;
        let text = bytes.and_then(|bytes| String::from_utf8(bytes.to_vec()).ok());
        Ok(text.map(|text| (id.clone(), text)))
    }
}

/// Reads manifests and remembers which.
pub(crate) struct Manifests<'a> {
    source: &'a dyn ManifestSource,
    read: BTreeMap<RepoPath, Manifest>,
}

impl<'a> Manifests<'a> {
    pub(crate) fn new(source: &'a dyn ManifestSource) -> Self {
        Self { source, read: BTreeMap::new() }
    }

    /// Lists every path, sorted.
    pub(crate) fn paths(&self) -> &'a [String] {
        self.source.paths()
    }

    /// Returns true when there is such a file.
    pub(crate) fn has(&self, path: &str) -> bool {
        self.paths().binary_search_by(|known| known.as_str().cmp(path)).is_ok()
    }

    /// Returns true when there is a file below this folder.
    pub(crate) fn has_folder(&self, folder: &str) -> bool {
        let below = format!("{folder}/");
        let at = self.paths().partition_point(|known| known.as_str() < below.as_str());
        self.paths().get(at).is_some_and(|path| path.starts_with(&below))
    }

    /// Reads a manifest; the recipe depends on it from here on.
    pub(crate) fn text(&mut self, path: &str) -> Result<Option<String>, RepositoryError> {
        let Some((blob, text)) = self.source.read(path)? else { return Ok(None) };
        let path = RepoPath::from_bytes(path);
        self.read.insert(path.clone(), Manifest { path, blob });
        Ok(Some(text))
    }

    /// Reads a file for a hint that the recipe itself holds; it is no manifest.
    pub(crate) fn glance(&self, path: &str) -> Result<Option<String>, RepositoryError> {
        Ok(self.source.read(path)?.map(|(_, text)| text))
    }

    /// Returns what was read, sorted by path.
    pub(crate) fn into_read(self) -> Vec<Manifest> {
        self.read.into_values().collect()
    }
}
