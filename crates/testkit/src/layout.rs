//! In which shape does a repository lie on disk?
//!
//! In: a built repository and a [`Layout`]. Out: the files git would have
//! written, plus the oddities asked for in [`Storage`].

use std::collections::{BTreeMap, BTreeSet};
use std::ffi::OsStr;
use std::fmt::Write as _;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use backstory_model::{BlobId, CommitId, FileMode, Repository as _};

use crate::builder::RepoBuilder;
use crate::disk;
use crate::object::{Kind, Object};
use crate::pack::{deflate, pack};

/// Where the parts of a repository lie.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Layout {
    /// The git directory itself, without a `config` file.
    BareWithoutConfig,
    /// The git directory itself, with its `config`.
    Bare,
    /// A work tree with its files and a `.git` directory.
    WorkTree,
    /// A work tree whose `.git` finds its objects in the sibling
    /// directory `NAME.origin` through `objects/info/alternates`.
    SharedClone,
}

/// What is odd about how a repository is stored; the default is nothing.
#[derive(Clone, Debug, Default)]
pub struct Storage {
    /// Everything in one pack instead of loose objects.
    pub packed: bool,
    /// Objects that are not written, as in a partial clone.
    pub dropped: BTreeSet<BlobId>,
    /// `refs/replace/KEY` pointing at the value.
    pub replaced: BTreeMap<BlobId, BlobId>,
    /// Commits whose parents are cut off; the parents' objects are not dropped.
    pub shallow: BTreeSet<CommitId>,
    /// The text of `config`, in place of the plain one.
    pub config: Option<String>,
    /// The URL of the remote `origin`.
    pub origin: Option<String>,
    /// Executable scripts in `hooks/`, by name.
    pub hooks: BTreeMap<String, String>,
    /// The text of `info/attributes`.
    pub attributes: Option<String>,
    /// `HEAD` names a commit instead of the branch.
    pub detached: bool,
}

impl RepoBuilder {
    /// Writes the repository into `directory` and returns the path to open.
    ///
    /// # Panics
    ///
    /// When a file cannot be written.
    pub fn write(&self, directory: &Path, layout: Layout) -> PathBuf {
        match layout {
            Layout::BareWithoutConfig => self.write_git_directory(directory, None, None),
            Layout::Bare => {
                let config = self.config_text(true);
                self.write_git_directory(directory, Some(&config), None);
            }
            Layout::WorkTree => {
                let config = self.config_text(false);
                self.write_git_directory(&directory.join(".git"), Some(&config), None);
                self.write_work_tree(directory);
            }
            Layout::SharedClone => {
                let mut origin = directory.as_os_str().to_owned();
                origin.push(".origin");
                let origin = PathBuf::from(origin);
                self.write_git_directory(&origin, Some(&self.config_text(true)), None);
                let (git, config) = (directory.join(".git"), self.config_text(false));
                self.write_git_directory(&git, Some(&config), Some(&origin));
                self.write_work_tree(directory);
            }
        }
        directory.to_owned()
    }

    fn config_text(&self, bare: bool) -> String {
        if let Some(config) = &self.storage.config {
            return config.clone();
        }
        let mut config = format!("[core]\n\trepositoryformatversion = 0\n\tbare = {bare}\n");
        if let Some(url) = &self.storage.origin {
            let _ = write!(config, "[remote \"origin\"]\n\turl = {url}\n");
        }
        config
    }

    fn write_git_directory(&self, git: &Path, config: Option<&str>, alternate: Option<&Path>) {
        for directory in ["objects/info", "objects/pack", "refs/heads", "refs/tags"] {
            disk::make_directory(&git.join(directory));
        }
        match alternate {
            Some(origin) => {
                let line = [origin.join("objects").as_os_str().as_bytes(), b"\n"].concat();
                disk::write(&git.join("objects/info/alternates"), &line);
            }
            None => self.write_objects(git),
        }
        let head = match self.tip_of(&self.branch) {
            Some(tip) if self.storage.detached => format!("{tip}\n"),
            _ => format!("ref: refs/heads/{}\n", self.branch),
        };
        disk::write(&git.join("HEAD"), head.as_bytes());
        self.write_refs(git);
        if let Some(config) = config {
            disk::write(&git.join("config"), config.as_bytes());
        }
        self.write_oddities(git);
    }

    fn write_objects(&self, git: &Path) {
        let kept: Vec<(&BlobId, &Object)> = (self.objects.by_id.iter())
            .filter(|(id, _)| !self.storage.dropped.contains(*id))
            .collect();
        if self.storage.packed {
            let packed = pack(&kept);
            let stem = git.join("objects/pack").join(format!("pack-{}", packed.name));
            disk::write(&stem.with_extension("pack"), &packed.bytes);
            disk::write(&stem.with_extension("idx"), &packed.index);
            return;
        }
        for (id, object) in kept {
            let mut bytes =
                format!("{} {}\0", object.kind.as_str(), object.content.len()).into_bytes();
            bytes.extend_from_slice(&object.content);
            let (directory, file) = id.as_str().split_at(2);
            disk::write(&git.join("objects").join(directory).join(file), &deflate(&bytes));
        }
    }

    /// Writes branches as files and everything else into `packed-refs`, as a mirror has them.
    fn write_refs(&self, git: &Path) {
        let mut packed = String::from("# pack-refs with: peeled fully-peeled sorted \n");
        for (name, id) in &self.refs {
            if name.starts_with("refs/heads/") {
                disk::write(&git.join(name), format!("{id}\n").as_bytes());
                continue;
            }
            let _ = writeln!(packed, "{id} {name}");
            if let Some(tag) = self.objects.content(Kind::Tag, id.as_str()) {
                let text = String::from_utf8_lossy(tag);
                let target = text.lines().next().and_then(|line| line.strip_prefix("object "));
                let _ = writeln!(packed, "^{}", target.unwrap_or_default());
            }
        }
        disk::write(&git.join("packed-refs"), packed.as_bytes());
    }

    fn write_oddities(&self, git: &Path) {
        for (original, replacement) in &self.storage.replaced {
            let name = format!("refs/replace/{original}");
            disk::write(&git.join(name), format!("{replacement}\n").as_bytes());
        }
        if !self.storage.shallow.is_empty() {
            let ids: Vec<&str> = self.storage.shallow.iter().map(CommitId::as_str).collect();
            disk::write(&git.join("shallow"), format!("{}\n", ids.join("\n")).as_bytes());
        }
        for (name, script) in &self.storage.hooks {
            let path = git.join("hooks").join(name);
            disk::write(&path, script.as_bytes());
            set_executable(&path);
        }
        if let Some(text) = &self.storage.attributes {
            disk::write(&git.join("info/attributes"), text.as_bytes());
        }
    }

    /// Checks the tip out; links are written as links, submodules as empty directories.
    fn write_work_tree(&self, directory: &Path) {
        disk::make_directory(directory);
        let Some(tip) = self.tip_of(&self.branch) else { return };
        let memory = self.memory();
        let files = memory.files(&self.read_commit(&tip).tree).expect("the tip's trees are there");
        for file in files {
            let path = directory.join(OsStr::from_bytes(file.path.as_bytes()));
            let bytes = memory.blob(&file.id).expect("memory cannot fail").unwrap_or_default();
            match file.mode {
                FileMode::Directory | FileMode::Submodule => disk::make_directory(&path),
                FileMode::Symlink => {
                    disk::make_directory(path.parent().unwrap_or(directory));
                    std::os::unix::fs::symlink(OsStr::from_bytes(&bytes), &path)
                        .expect("a fresh directory takes a link");
                }
                FileMode::Plain | FileMode::GroupWritable => disk::write(&path, &bytes),
                FileMode::Executable => {
                    disk::write(&path, &bytes);
                    set_executable(&path);
                }
            }
        }
    }
}

fn set_executable(path: &Path) {
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755))
        .expect("a file just written belongs to us");
}
