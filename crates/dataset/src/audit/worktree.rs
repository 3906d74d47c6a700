//! Which files does the work tree hold, and what is its git tree id?
//!
//! In: a tree of the repository and the changes made to it. Out: single entries,
//! the whole list, and the tree id. Directories are read when they are needed,
//! and only those that changed are hashed again.

use std::collections::BTreeMap;

use backstory_model::{
    BlobId, FileMode, RepoPath, Repository, RepositoryError, TreeEntry, TreeId, git_object_id,
};

/// What stands at a path: its mode and blob (for submodules, the commit).
pub(super) type Entry = (FileMode, BlobId);

#[derive(Debug)]
enum Node {
    Leaf(Entry),
    Directory(Directory),
}

/// A directory; its children stand under their git sort key, which ends with a
/// slash for directories. In this order a walk visits whole paths in byte order.
#[derive(Debug)]
struct Directory {
    /// The id while nothing below changed.
    id: Option<TreeId>,
    children: Option<BTreeMap<Vec<u8>, Node>>,
}

/// The files of one state.
pub(super) struct Worktree<'a> {
    repo: &'a dyn Repository,
    root: Directory,
}

impl<'a> Worktree<'a> {
    /// Starts from a tree of the repository.
    pub(super) fn new(repo: &'a dyn Repository, tree: &TreeId) -> Self {
        Self { repo, root: Directory::unread(tree.clone()) }
    }

    /// Returns what stands at a path, unless it is a directory or nothing.
    pub(super) fn get(&mut self, path: &RepoPath) -> Result<Option<Entry>, RepositoryError> {
        let (parents, name) = split(path);
        let mut directory = &mut self.root;
        for parent in parents {
            match directory.read(self.repo)?.get_mut(&directory_key(parent)) {
                Some(Node::Directory(below)) => directory = below,
                Some(Node::Leaf(_)) | None => return Ok(None),
            }
        }
        match directory.read(self.repo)?.get(name) {
            Some(Node::Leaf(entry)) => Ok(Some(entry.clone())),
            Some(Node::Directory(_)) | None => Ok(None),
        }
    }

    /// Returns true when the path is a directory that holds something.
    pub(super) fn is_directory(&mut self, path: &RepoPath) -> Result<bool, RepositoryError> {
        if path.is_root() {
            return Ok(true);
        }
        let (parents, name) = split(path);
        let mut directory = &mut self.root;
        for parent in parents.into_iter().chain([name]) {
            match directory.read(self.repo)?.get_mut(&directory_key(parent)) {
                Some(Node::Directory(below)) => directory = below,
                Some(Node::Leaf(_)) | None => return Ok(false),
            }
        }
        Ok(true)
    }

    /// Returns true when a file can stand at the path: it is not a directory and
    /// none of its directories is a file.
    pub(super) fn is_free_for_file(&mut self, path: &RepoPath) -> Result<bool, RepositoryError> {
        if self.is_directory(path)? {
            return Ok(false);
        }
        let mut above = path.parent();
        while !above.is_root() {
            if self.get(&above)?.is_some() {
                return Ok(false);
            }
            above = above.parent();
        }
        Ok(true)
    }

    /// Writes or removes what stands at a path; directories follow by themselves.
    pub(super) fn set(
        &mut self,
        path: &RepoPath,
        entry: Option<Entry>,
    ) -> Result<(), RepositoryError> {
        let (parents, name) = split(path);
        self.root.set(self.repo, &parents, name, entry)
    }

    /// Returns the git id of the whole tree.
    pub(super) fn tree_id(&mut self) -> TreeId {
        self.root.hash()
    }

    /// Lists every file, in path-byte order.
    pub(super) fn files(&mut self) -> Result<Vec<(RepoPath, FileMode, BlobId)>, RepositoryError> {
        let mut files = Vec::new();
        self.root.walk(self.repo, &RepoPath::root(), &mut files)?;
        Ok(files)
    }
}

impl Directory {
    fn unread(id: TreeId) -> Self {
        Self { id: Some(id), children: None }
    }

    fn read(
        &mut self,
        repo: &dyn Repository,
    ) -> Result<&mut BTreeMap<Vec<u8>, Node>, RepositoryError> {
        let children = match (self.children.take(), &self.id) {
            (Some(children), _) => children,
            (None, Some(id)) if *id != TreeId::empty() => {
                repo.tree(id)?.iter().map(Node::of).collect()
            }
            (None, _) => BTreeMap::new(),
        };
        Ok(self.children.insert(children))
    }

    fn set(
        &mut self,
        repo: &dyn Repository,
        parents: &[&[u8]],
        name: &[u8],
        entry: Option<Entry>,
    ) -> Result<(), RepositoryError> {
        let children = self.read(repo)?;
        if let Some((parent, rest)) = parents.split_first() {
            let key = directory_key(parent);
            let below = children.entry(key.clone()).or_insert_with(|| {
                Node::Directory(Self { id: None, children: Some(BTreeMap::new()) })
            });
            if let Node::Directory(below) = below {
                below.set(repo, rest, name, entry)?;
                if below.children.as_ref().is_some_and(BTreeMap::is_empty) {
                    children.remove(&key);
                }
            }
        } else {
            match entry {
                Some(entry) => children.insert(name.to_vec(), Node::Leaf(entry)),
                None => children.remove(name),
            };
        }
        self.id = None;
        Ok(())
    }

    fn hash(&mut self) -> TreeId {
        if let Some(id) = &self.id {
            return id.clone();
        }
        let mut content = Vec::new();
        for (key, node) in self.children.iter_mut().flatten() {
            let (mode, id) = match node {
                Node::Leaf((mode, id)) => (*mode, id.as_str().to_owned()),
                Node::Directory(below) => (FileMode::Directory, below.hash().as_str().to_owned()),
            };
            content.extend_from_slice(mode.as_tree_text().as_bytes());
            content.push(b' ');
            content.extend_from_slice(key.strip_suffix(b"/").unwrap_or(key));
            content.push(0);
            content.extend(raw_digest(&id));
        }
        let id = as_tree(&git_object_id("tree", &content));
        self.id = Some(id.clone());
        id
    }

    fn walk(
        &mut self,
        repo: &dyn Repository,
        under: &RepoPath,
        files: &mut Vec<(RepoPath, FileMode, BlobId)>,
    ) -> Result<(), RepositoryError> {
        for (key, node) in self.read(repo)? {
            let path = under.join(key.strip_suffix(b"/").unwrap_or(key));
            match node {
                Node::Leaf((mode, id)) => files.push((path, *mode, id.clone())),
                Node::Directory(below) => below.walk(repo, &path, files)?,
            }
        }
        Ok(())
    }
}

impl Node {
    fn of(entry: &TreeEntry) -> (Vec<u8>, Self) {
        if entry.mode == FileMode::Directory {
            let below = Directory::unread(as_tree(&entry.id));
            (directory_key(&entry.name), Self::Directory(below))
        } else {
            (entry.name.clone(), Self::Leaf((entry.mode, entry.id.clone())))
        }
    }
}

fn as_tree(id: &BlobId) -> TreeId {
    TreeId::new(id.as_str()).expect("every object id has 40 digits")
}

fn directory_key(name: &[u8]) -> Vec<u8> {
    let mut key = name.to_vec();
    key.push(b'/');
    key
}

/// Splits a path into its directories and its name.
fn split(path: &RepoPath) -> (Vec<&[u8]>, &[u8]) {
    let mut parts: Vec<&[u8]> = path.as_bytes().split(|byte| *byte == b'/').collect();
    let name = parts.pop().unwrap_or(&[]);
    (parts, name)
}

/// Turns hexadecimal digits into bytes.
fn raw_digest(hex: &str) -> impl Iterator<Item = u8> + '_ {
    let value = |digit: u8| match digit {
        b'0'..=b'9' => digit - b'0',
        _ => digit - b'a' + 10,
    };
    hex.as_bytes().chunks_exact(2).map(move |pair| value(pair[0]) << 4 | value(pair[1]))
}
