//! How do the files of a git tree come to lie on disk?
//!
//! In: trees, over the `Repository` port, and changes to them. Out: folders named
//! by tree id that are never written again, as the lower layers of work
//! trees. A tree no honest author writes is refused whole.

mod edits;
mod link;
mod name;
mod tree;
mod write;

use std::io;
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use backstory_model::{BlobId, FileMode, RepoPath, Repository, RepositoryError, TreeId};
use backstory_store::StoreError;

pub use edits::{EditLimits, Edits, EditsError, edits};
pub use name::Refusal;
pub use tree::{Changes, VirtualTree};

use write::Writer;

/// Says why a tree is not on disk.
#[derive(Debug, thiserror::Error)]
pub enum CheckoutError {
    /// The tree would do harm, or cannot lie on every file system.
    #[error("tree `{tree}` is refused for `{path}`: {}", why.as_str())]
    Refused {
        /// The tree.
        tree: TreeId,
        /// The first path that is refused.
        path: RepoPath,
        /// Why.
        why: Refusal,
    },
    /// A blob is in no store.
    #[error("the content of `{path}` is missing from the repository")]
    Missing {
        /// Whose content.
        path: RepoPath,
    },
    /// The repository did not answer.
    #[error("failed to read tree `{tree}`")]
    Repository {
        /// The tree.
        tree: TreeId,
        /// What the repository said.
        #[source]
        source: RepositoryError,
    },
    /// The system did not write.
    #[error("failed to write `{path}` of tree `{tree}`")]
    Write {
        /// The tree.
        tree: TreeId,
        /// The path inside it.
        path: RepoPath,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The folder of layers cannot be used.
    #[error("failed to use the folder of work trees `{}`", folder.display())]
    Folder {
        /// The folder.
        folder: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The folder of layers cannot be made.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// One tree on disk.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Layer {
    /// The tree.
    pub tree: TreeId,
    /// Where it lies; nobody writes there.
    pub path: PathBuf,
    /// Symbolic links that lead out of the tree, and are text files instead, sorted.
    pub inert_links: Vec<RepoPath>,
    /// Submodules, which are empty folders, sorted.
    pub submodules: Vec<RepoPath>,
}

/// Keeps trees on disk, each once, and each content once.
#[derive(Debug)]
pub struct Checkout {
    folder: PathBuf,
    pool: OwnedFd,
    drafts: AtomicU64,
}

impl Checkout {
    /// Uses this folder of the host, and makes it where it is missing.
    pub fn new(folder: impl Into<PathBuf>) -> Result<Self, CheckoutError> {
        let folder = folder.into();
        let pool = folder.join("pool");
        backstory_store::fs::create_dirs(&pool)?;
        match write::open_folder(&pool) {
            Ok(pool) => Ok(Self { folder, pool, drafts: AtomicU64::new(0) }),
            Err(source) => Err(CheckoutError::Folder { folder, source }),
        }
    }

    /// Returns the folder of a tree, written when it is not there.
    ///
    /// The folder appears whole, by a rename. Files are hard links of one pool, so
    /// a tree beside known ones costs its names.
    pub fn layer(&self, repo: &dyn Repository, tree: &VirtualTree) -> Result<Layer, CheckoutError> {
        let id = tree.id();
        refuse(&id, tree)?;
        let job = Job { repo, tree, id: &id, pool: &self.pool };
        let links = job.links()?;
        let path = self.folder.join(id.as_str());
        if !path.is_dir() {
            self.write(&job, &links, &path)?;
        }
        crate::cache::touch(&path.with_extension("lock"))?;
        let of = |wanted: &dyn Fn(&Link) -> bool| {
            links.iter().filter(|link| wanted(link)).map(|link| link.path.clone()).collect()
        };
        let submodule = |file: &&(RepoPath, FileMode, BlobId)| file.1 == FileMode::Submodule;
        let submodules = tree.files().iter().filter(submodule).map(|file| file.0.clone());
        Ok(Layer {
            tree: id.clone(),
            path,
            inert_links: of(&|link| !link.live),
            submodules: submodules.collect(),
        })
    }

    /// Removes the folder of a tree; contents stay in the pool.
    pub fn remove(&self, tree: &TreeId) -> Result<(), CheckoutError> {
        Ok(backstory_store::fs::remove_dirs(&self.folder.join(tree.as_str()))?)
    }

    fn write(&self, job: &Job<'_>, links: &[Link], path: &Path) -> Result<(), CheckoutError> {
        let number = self.drafts.fetch_add(1, Ordering::Relaxed);
        let draft = self.folder.join(format!(".{}.{}.{number}", job.id, std::process::id()));
        // A process of the same number may have been killed here.
        backstory_store::fs::remove_dirs(&draft)?;
        backstory_store::fs::create_dirs(&draft)?;
        let written = job.write(&draft, links);
        // Where somebody else was first, the trees are the same.
        if written.is_ok() && std::fs::rename(&draft, path).is_ok() {
            return Ok(());
        }
        backstory_store::fs::remove_dirs(&draft)?;
        written?;
        if path.is_dir() {
            return Ok(());
        }
        let source = io::Error::other("the finished tree could not be renamed");
        Err(CheckoutError::Folder { folder: path.to_owned(), source })
    }
}

fn refuse(id: &TreeId, tree: &VirtualTree) -> Result<(), CheckoutError> {
    let paths: Vec<&RepoPath> = tree.files().iter().map(|file| &file.0).collect();
    let refused = paths
        .iter()
        .find_map(|path| name::refusal(path).map(|why| ((*path).clone(), why)))
        .or_else(|| name::clash(&paths));
    match refused {
        Some((path, why)) => Err(CheckoutError::Refused { tree: id.clone(), path, why }),
        None => Ok(()),
    }
}

/// One symbolic link of a tree.
struct Link {
    path: RepoPath,
    target: Arc<[u8]>,
    live: bool,
}

/// One tree that is being written.
struct Job<'a> {
    repo: &'a dyn Repository,
    tree: &'a VirtualTree,
    id: &'a TreeId,
    pool: &'a OwnedFd,
}

impl Job<'_> {
    fn links(&self) -> Result<Vec<Link>, CheckoutError> {
        let mut links = Vec::new();
        for (path, mode, id) in self.tree.files() {
            if *mode == FileMode::Symlink {
                let target = self.bytes(path, id)?;
                let live = link::stays_inside(path, &target);
                links.push(Link { path: path.clone(), target, live });
            }
        }
        Ok(links)
    }

    fn bytes(&self, path: &RepoPath, id: &BlobId) -> Result<Arc<[u8]>, CheckoutError> {
        match self.tree.blob(self.repo, id) {
            Ok(Some(bytes)) => Ok(bytes),
            Ok(None) => Err(CheckoutError::Missing { path: path.clone() }),
            Err(source) => Err(CheckoutError::Repository { tree: self.id.clone(), source }),
        }
    }

    fn write(&self, draft: &Path, links: &[Link]) -> Result<(), CheckoutError> {
        let fail = |path: &RepoPath| {
            let (tree, path) = (self.id.clone(), path.clone());
            move |source| CheckoutError::Write { tree, path, source }
        };
        let root = RepoPath::root();
        let mut writer = Writer::new(draft).map_err(fail(&root))?;
        for (path, mode, id) in self.tree.files() {
            match mode {
                FileMode::Submodule => _ = writer.folder(path).map_err(fail(path))?,
                FileMode::Plain | FileMode::GroupWritable => {
                    self.file(&mut writer, (path, id), false)?;
                }
                FileMode::Executable => self.file(&mut writer, (path, id), true)?,
                // Links come last, so that nothing is ever written behind one.
                FileMode::Symlink | FileMode::Directory => {}
            }
        }
        for Link { path, target, live } in links {
            let written = match live {
                true => writer.link(path, target),
                false => writer.file(path, target, 0o644),
            };
            written.map_err(fail(path))?;
        }
        Ok(())
    }

    fn file(
        &self,
        writer: &mut Writer,
        (path, id): (&RepoPath, &BlobId),
        executable: bool,
    ) -> Result<(), CheckoutError> {
        let fail =
            |source| CheckoutError::Write { tree: self.id.clone(), path: path.clone(), source };
        let (first, rest) = id.as_str().split_at(2);
        let name = format!("{first}/{rest}{}", if executable { "x" } else { "" });
        if writer.take(self.pool, &name, path).map_err(fail)? {
            return Ok(());
        }
        let bytes = self.bytes(path, id)?;
        let mode = if executable { 0o755 } else { 0o644 };
        writer.file(path, &bytes, mode).map_err(fail)?;
        writer.give(self.pool, &name, path).map_err(fail)
    }
}
