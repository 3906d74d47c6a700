//! What did a job change in its work tree?
//!
//! In: the upper directory of an overlay, written by a job that nobody trusts.
//! Out: its edit record: changed files, removed paths, replaced folders. Follows
//! no link, reads no device, and stops at limits.

use std::collections::BTreeMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::os::fd::OwnedFd;
use std::path::{Path, PathBuf};

use backstory_model::{FileMode, RepoPath};
use rustix::fs::{AtFlags, Dir, FileType, Mode, OFlags, Stat};

use super::write::{BENEATH, open_beneath, open_folder};

/// How deep folders are followed.
const DEEPEST: usize = 64;

/// How much of an upper directory is read.
#[derive(Clone, Copy, Debug)]
pub struct EditLimits {
    /// Changed files, removed paths and folders.
    pub entries: usize,
    /// Bytes of all changed files together.
    pub bytes: u64,
}

impl Default for EditLimits {
    fn default() -> Self {
        Self { entries: 50_000, bytes: 256 << 20 }
    }
}

/// Says why an upper directory could not be read.
#[derive(Debug, thiserror::Error)]
#[error("failed to read the changes in `{}`", folder.display())]
pub struct EditsError {
    /// The upper directory.
    pub folder: PathBuf,
    /// What the system said.
    #[source]
    pub source: io::Error,
}

/// What differs from the lower layers.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Edits {
    /// Files and links as they stand: mode and bytes (for links the target).
    pub changed: BTreeMap<RepoPath, (FileMode, Vec<u8>)>,
    /// What was taken away, files and folders, sorted.
    pub removed: Vec<RepoPath>,
    /// Folders of which nothing below the upper directory shows, sorted.
    pub replaced: Vec<RepoPath>,
    /// What is no file, link or folder, or beyond the limits, sorted.
    pub left_out: Vec<RepoPath>,
}

/// Reads the upper directory of an overlay.
pub fn edits(upper: &Path, limits: EditLimits) -> Result<Edits, EditsError> {
    let failed = |source| EditsError { folder: upper.to_owned(), source };
    let mut walk = Walk { edits: Edits::default(), limits };
    let root = open_folder(upper).map_err(failed)?;
    walk.folder(&root, &RepoPath::root(), 0).map_err(failed)?;
    let mut edits = walk.edits;
    for list in [&mut edits.removed, &mut edits.replaced, &mut edits.left_out] {
        list.sort();
    }
    Ok(edits)
}

struct Walk {
    edits: Edits,
    limits: EditLimits,
}

impl Walk {
    fn folder(&mut self, folder: &OwnedFd, at: &RepoPath, depth: usize) -> io::Result<()> {
        // Sorted, so that limits leave out the same files every time.
        for name in names(folder)? {
            let path = at.join(&name);
            if self.limits.entries == 0 || depth >= DEEPEST {
                self.edits.left_out.push(at.clone());
                return Ok(());
            }
            self.limits.entries -= 1;
            let stat = rustix::fs::statat(folder, name.as_slice(), AtFlags::SYMLINK_NOFOLLOW)?;
            self.entry(folder, &path, &stat, depth)?;
        }
        Ok(())
    }

    fn entry(
        &mut self,
        folder: &OwnedFd,
        path: &RepoPath,
        stat: &Stat,
        depth: usize,
    ) -> io::Result<()> {
        let name = path.file_name();
        match FileType::from_raw_mode(stat.st_mode) {
            FileType::Directory => {
                let below = open_beneath(folder, name)?;
                if has_mark(&below, "opaque", b"y") {
                    self.edits.replaced.push(path.clone());
                }
                self.folder(&below, path, depth + 1)?;
            }
            FileType::RegularFile => self.file(folder, path, stat)?,
            FileType::Symlink => {
                let target = rustix::fs::readlinkat(folder, name, Vec::new())?;
                let link = (FileMode::Symlink, target.into_bytes());
                self.edits.changed.insert(path.clone(), link);
            }
            FileType::CharacterDevice if stat.st_rdev == 0 => self.edits.removed.push(path.clone()),
            _ => self.edits.left_out.push(path.clone()),
        }
        Ok(())
    }

    fn file(&mut self, folder: &OwnedFd, path: &RepoPath, stat: &Stat) -> io::Result<()> {
        let flags = OFlags::RDONLY | OFlags::CLOEXEC | OFlags::NOFOLLOW | OFlags::NONBLOCK;
        let opened = rustix::fs::openat2(folder, path.file_name(), flags, Mode::empty(), BENEATH);
        let size = u64::try_from(stat.st_size).unwrap_or(u64::MAX);
        let file = match opened {
            Ok(file) if size <= self.limits.bytes => file,
            Ok(_) | Err(_) => {
                self.edits.left_out.push(path.clone());
                return Ok(());
            }
        };
        if size == 0 && has_mark(&file, "whiteout", b"") {
            self.edits.removed.push(path.clone());
            return Ok(());
        }
        let mut bytes = Vec::new();
        File::from(file).take(self.limits.bytes).read_to_end(&mut bytes)?;
        self.limits.bytes = self.limits.bytes.saturating_sub(bytes.len() as u64);
        let executable = stat.st_mode & 0o100 != 0;
        let mode = if executable { FileMode::Executable } else { FileMode::Plain };
        self.edits.changed.insert(path.clone(), (mode, bytes));
        Ok(())
    }
}

fn names(folder: &OwnedFd) -> io::Result<Vec<Vec<u8>>> {
    let mut names = Vec::new();
    for entry in Dir::read_from(folder)? {
        let name = entry?.file_name().to_bytes().to_vec();
        if name != b"." && name != b".." {
            names.push(name);
        }
    }
    names.sort();
    Ok(names)
}

/// Returns true when the overlay has marked a file or folder; the mark of an
/// ordinary user's overlay lies among the user's own attributes.
fn has_mark(file: &OwnedFd, mark: &str, value: &[u8]) -> bool {
    let mut found = [0_u8; 8];
    ["trusted", "user"].iter().any(|space| {
        let name = format!("{space}.overlay.{mark}");
        let read = rustix::fs::fgetxattr(file, name.as_str(), &mut found);
        read.is_ok_and(|length| length <= found.len() && found[..length].starts_with(value))
    })
}
