//! How much did a job write into folders of the host?
//!
//! Their file systems have no limit of ours, so they are looked at from time to
//! time: the upper directory of a work tree that is kept, and what is mounted for
//! writing. Looking takes at most a tenth of the time.

use std::fs;
use std::os::unix::fs::MetadataExt as _;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::sandbox::plan::Room;

/// The shortest time between two looks.
const PERIOD: Duration = Duration::from_millis(200);

/// Times the duration of a look until the next.
const REST: u32 = 10;

/// The folders of the host one job may write.
pub struct WrittenFolders {
    folders: Vec<PathBuf>,
    room: Room,
    next: Instant,
}

impl WrittenFolders {
    /// Watches folders, each of which may hold as much as `room` says.
    pub fn new(folders: Vec<PathBuf>, room: Room) -> Self {
        Self { folders, room, next: Instant::now() + PERIOD }
    }

    /// Looks, if it is time to; returns whether a folder holds too much.
    pub fn are_over_by_now(&mut self) -> bool {
        let start = Instant::now();
        if self.folders.is_empty() || start < self.next {
            return false;
        }
        let over = self.are_over();
        let end = Instant::now();
        self.next = end + PERIOD.max((end - start) * REST);
        over
    }

    /// Returns whether a folder holds too much.
    pub fn are_over(&self) -> bool {
        self.folders.iter().any(|folder| is_over(folder, self.room))
    }
}

/// Adds up a folder until it is too much. What cannot be looked at is left out:
/// it may be gone already.
fn is_over(folder: &Path, room: Room) -> bool {
    let (mut bytes, mut files) = (0, 0);
    let mut open = vec![folder.to_path_buf()];
    while let Some(folder) = open.pop() {
        for entry in fs::read_dir(&folder).into_iter().flatten().flatten() {
            let Ok(metadata) = entry.metadata() else { continue };
            files += 1;
            bytes += metadata.blocks() * 512;
            if (room.bytes > 0 && bytes > room.bytes) || (room.files > 0 && files > room.files) {
                return true;
            }
            if metadata.is_dir() {
                open.push(entry.path());
            }
        }
    }
    false
}

#[cfg(test)]
mod tests {
    use backstory_store::fs::write_file;

    use super::*;

    #[test]
    fn a_folder_is_over_in_bytes_or_in_files() {
        let place = tempfile::tempdir().unwrap();
        for name in ["a/one", "a/b/two", "three"] {
            let path = place.path().join(name);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            write_file(&path, &[7; 10_000]).unwrap();
        }
        std::os::unix::fs::symlink("..", place.path().join("a/loop")).unwrap();
        let over = |bytes, files| is_over(place.path(), Room { bytes, files });
        assert!(!over(100_000, 6) && !over(0, 0));
        assert!(over(20_000, 100) && over(0, 5));
    }
}
