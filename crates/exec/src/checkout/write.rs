//! How is a file written so that nothing outside the folder can be touched?
//!
//! In: an open folder and checked paths. Out: folders, files and links below it.
//! Every name is resolved by the kernel beneath the folder, through no link, and
//! nothing that exists is ever opened for writing.

use std::fs::File;
use std::io::{self, Write as _};
use std::os::fd::{AsFd, OwnedFd};
use std::path::Path;

use backstory_model::RepoPath;
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

/// Lets nothing lead out of a folder.
pub(super) const BENEATH: ResolveFlags =
    ResolveFlags::BENEATH.union(ResolveFlags::NO_SYMLINKS).union(ResolveFlags::NO_MAGICLINKS);

const FOLDER: Mode = Mode::from_raw_mode(0o755);

/// Opens a folder of our own by its path on the host.
pub(super) fn open_folder(path: &Path) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    Ok(rustix::fs::open(path, flags, Mode::empty())?)
}

/// Opens a folder beneath another.
pub(super) fn open_beneath(parent: impl AsFd, name: &[u8]) -> io::Result<OwnedFd> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW;
    Ok(rustix::fs::openat2(parent, name, flags, Mode::empty(), BENEATH)?)
}

/// Writes a tree in the order of its paths, keeping the folders it is in open.
pub(super) struct Writer {
    root: OwnedFd,
    /// The folders from the root to the last file, each with its path.
    open: Vec<(RepoPath, OwnedFd)>,
}

impl Writer {
    /// Starts in an empty folder.
    pub(super) fn new(root: &Path) -> io::Result<Self> {
        Ok(Self { root: open_folder(root)?, open: Vec::new() })
    }

    /// Returns the folder at this path, made where it is missing.
    pub(super) fn folder(&mut self, path: &RepoPath) -> io::Result<&OwnedFd> {
        while self.open.last().is_some_and(|(at, _)| at != path && !path.is_below(at)) {
            self.open.pop();
        }
        let known = self.open.last().map_or(0, |(at, _)| at.as_bytes().len() + 1);
        for part in path.as_bytes().get(known..).unwrap_or_default().split(|byte| *byte == b'/') {
            if part.is_empty() {
                continue;
            }
            let parent = self.open.last().map_or(&self.root, |(_, folder)| folder);
            match rustix::fs::mkdirat(parent, part, FOLDER) {
                Ok(()) | Err(Errno::EXIST) => {}
                Err(errno) => return Err(errno.into()),
            }
            let folder = open_beneath(parent, part)?;
            let at = self.open.last().map_or_else(RepoPath::root, |(at, _)| at.clone()).join(part);
            self.open.push((at, folder));
        }
        Ok(self.open.last().map_or(&self.root, |(_, folder)| folder))
    }

    /// Writes one file; fails where anything of that name exists.
    pub(super) fn file(&mut self, path: &RepoPath, bytes: &[u8], mode: u32) -> io::Result<()> {
        let folder = self.folder(&path.parent())?;
        let flags = OFlags::CREATE | OFlags::EXCL | OFlags::WRONLY | OFlags::CLOEXEC;
        let mode = Mode::from_raw_mode(mode);
        let name = path.file_name();
        let mut file = File::from(rustix::fs::openat2(folder, name, flags, mode, BENEATH)?);
        // The mode that was asked for went through the mask of this process.
        rustix::fs::fchmod(&file, mode)?;
        file.write_all(bytes)
    }

    /// Writes one symbolic link; fails where anything of that name exists.
    pub(super) fn link(&mut self, path: &RepoPath, target: &[u8]) -> io::Result<()> {
        let folder = self.folder(&path.parent())?;
        Ok(rustix::fs::symlinkat(target, folder, path.file_name())?)
    }

    /// Gives a file of the pool another name here. False when it is not there, or
    /// has as many names as the file system allows.
    pub(super) fn take(&mut self, pool: &OwnedFd, name: &str, path: &RepoPath) -> io::Result<bool> {
        let folder = self.folder(&path.parent())?;
        match rustix::fs::linkat(pool, name, folder, path.file_name(), AtFlags::empty()) {
            Ok(()) => Ok(true),
            Err(Errno::NOENT | Errno::MLINK | Errno::XDEV | Errno::PERM) => Ok(false),
            Err(errno) => Err(errno.into()),
        }
    }

    /// Gives a whole file a name in the pool; the pool may have it, or go without.
    pub(super) fn give(&mut self, pool: &OwnedFd, name: &str, path: &RepoPath) -> io::Result<()> {
        let folder = self.folder(&path.parent())?;
        let link = || rustix::fs::linkat(folder, path.file_name(), pool, name, AtFlags::empty());
        let mut given = link();
        if given == Err(Errno::NOENT) {
            let (first, _) = name.split_once('/').unwrap_or((".", name));
            match rustix::fs::mkdirat(pool, first, FOLDER) {
                Ok(()) | Err(Errno::EXIST) => given = link(),
                Err(errno) => return Err(errno.into()),
            }
        }
        match given {
            Ok(()) | Err(Errno::EXIST | Errno::MLINK | Errno::XDEV | Errno::PERM) => Ok(()),
            Err(errno) => Err(errno.into()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Writer;

    #[test]
    fn nothing_is_written_behind_a_link_or_above_the_folder() {
        let place = tempfile::tempdir().unwrap();
        let root = place.path().join("tree");
        for folder in ["tree", "victim"] {
            std::fs::create_dir(place.path().join(folder)).unwrap();
        }
        std::os::unix::fs::symlink("../victim", root.join("a")).unwrap();
        std::os::unix::fs::symlink("../victim/new", root.join("b")).unwrap();
        let mut writer = Writer::new(&root).unwrap();
        assert!(writer.file(&"a/owned".into(), b"x", 0o644).is_err());
        assert!(writer.file(&"b".into(), b"x", 0o644).is_err());
        assert!(writer.file(&"../victim/owned".into(), b"x", 0o644).is_err());
        assert!(writer.link(&"../victim/link".into(), b"x").is_err());
        assert!(writer.folder(&"../victim/folder".into()).is_err());
        assert!(place.path().join("victim").read_dir().unwrap().next().is_none());
    }
}
