//! Which files make up a work tree, where no commit has them so?
//!
//! In: a tree of the repository and changed files. Out: the whole list of files
//! and the id git would give the tree. Writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use backstory_model::{
    BlobId, FileMode, RepoPath, Repository, RepositoryError, TreeId, git_object_id,
};

/// Changed files by path; `None` takes a file away.
pub type Changes = BTreeMap<RepoPath, Option<(FileMode, Arc<[u8]>)>>;

/// The files of a tree, some of which may be in no repository.
#[derive(Clone, Debug)]
pub struct VirtualTree {
    /// The id, as long as nothing is changed; trees exist that git writes otherwise.
    origin: Option<TreeId>,
    files: Vec<(RepoPath, FileMode, BlobId)>,
    extra: BTreeMap<BlobId, Arc<[u8]>>,
}

impl VirtualTree {
    /// Takes the files of a tree as they are, also where they cannot be written.
    pub fn from_tree(repo: &dyn Repository, tree: &TreeId) -> Result<Self, RepositoryError> {
        let files = repo.files(tree)?;
        let files = files.into_iter().map(|file| (file.path, file.mode, file.id)).collect();
        Ok(Self { origin: Some(tree.clone()), files, extra: BTreeMap::new() })
    }

    /// Returns the tree with these changes.
    #[must_use]
    pub fn with(&self, changes: &Changes) -> Self {
        if changes.is_empty() {
            return self.clone();
        }
        let mut extra = self.extra.clone();
        let mut files: Vec<_> =
            self.files.iter().filter(|file| !changes.contains_key(&file.0)).cloned().collect();
        for (path, change) in changes {
            if let Some((mode, bytes)) = change {
                let id = git_object_id("blob", bytes);
                extra.insert(id.clone(), bytes.clone());
                files.push((path.clone(), *mode, id));
            }
        }
        files.sort();
        Self { origin: None, files, extra }
    }

    /// Returns every file, link and submodule: path, mode and id, sorted by path.
    pub fn files(&self) -> &[(RepoPath, FileMode, BlobId)] {
        &self.files
    }

    /// Returns one file, link or submodule.
    pub fn file(&self, path: &RepoPath) -> Option<(FileMode, &BlobId)> {
        let place = self.files.partition_point(|file| file.0 < *path);
        let file = self.files.get(place).filter(|file| file.0 == *path)?;
        Some((file.1, &file.2))
    }

    /// Reads one blob of the tree; `None` when nobody has it.
    pub fn blob(
        &self,
        repo: &dyn Repository,
        id: &BlobId,
    ) -> Result<Option<Arc<[u8]>>, RepositoryError> {
        match self.extra.get(id) {
            Some(bytes) => Ok(Some(bytes.clone())),
            None => repo.blob(id),
        }
    }

    /// Returns the id git gives a tree of these files.
    pub fn id(&self) -> TreeId {
        self.origin.clone().unwrap_or_else(|| {
            let files: Vec<_> =
                self.files.iter().map(|file| (file.0.as_bytes(), file.1, &file.2)).collect();
            tree_id(&files)
        })
    }
}

/// The rest of a path, its mode and its object.
type Rest<'a> = (&'a [u8], FileMode, &'a BlobId);

fn tree_id(files: &[Rest<'_>]) -> TreeId {
    let mut entries: BTreeMap<Vec<u8>, (FileMode, BlobId)> = BTreeMap::new();
    let mut below: BTreeMap<&[u8], Vec<Rest<'_>>> = BTreeMap::new();
    for (path, mode, id) in files {
        match path.iter().position(|byte| *byte == b'/') {
            Some(at) => below.entry(&path[..at]).or_default().push((&path[at + 1..], *mode, id)),
            None => _ = entries.insert(path.to_vec(), (*mode, (*id).clone())),
        }
    }
    for (name, files) in below {
        let id = BlobId::new(tree_id(&files).as_str()).expect("a tree id has 40 digits");
        // Git sorts a folder as if its name ended in a slash.
        entries.insert([name, b"/"].concat(), (FileMode::Directory, id));
    }
    let mut content = Vec::new();
    for (name, (mode, id)) in &entries {
        content.extend_from_slice(mode.as_tree_text().as_bytes());
        content.push(b' ');
        content.extend_from_slice(name.strip_suffix(b"/").unwrap_or(name));
        content.push(0);
        content.extend(digest(id));
    }
    let id = git_object_id("tree", &content);
    TreeId::new(id.as_str()).expect("an object id has 40 digits")
}

fn digest(id: &BlobId) -> impl Iterator<Item = u8> + '_ {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit - b'a' + 10,
    };
    id.as_str().as_bytes().chunks_exact(2).map(move |pair| value(pair[0]) << 4 | value(pair[1]))
}
