//! How large is the cache, and what of it can go?
//!
//! In: the folder that keeps environments and work trees between builds. Out: what
//! lies there by kind, and less of it, the least recently used first. Whoever
//! executes holds [`CacheUse::shared`], and only who has the cache alone removes
//! anything. The cache is outside of every run, so that times of files may count.

use std::fs::{self, File};
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use backstory_store::StoreError;
use backstory_store::fs::{create_dirs, entries, files_below, remove_dirs, remove_file};

/// The file that is locked while the cache is used.
const LOCK: &str = "use.lock";

/// A kind of what lies in the cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum CachePart {
    /// What tests run in, and failures that are remembered.
    Environments,
    /// Files of git trees.
    Trees,
    /// What installers fetched.
    Downloads,
    /// What is made anew at once.
    Rest,
}

impl CachePart {
    /// Every kind, in the order they are listed.
    pub const ALL: [Self; 4] = [Self::Environments, Self::Trees, Self::Downloads, Self::Rest];

    /// Returns what people call it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Environments => "environments",
            Self::Trees => "work trees",
            Self::Downloads => "downloads",
            Self::Rest => "rest",
        }
    }
}

/// Something that is removed as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CacheEntry {
    /// What it is.
    pub part: CachePart,
    /// Where it lies.
    pub path: PathBuf,
    /// Bytes of its files; one with two names counts in each.
    pub bytes: u64,
    /// When it was used last.
    pub used: SystemTime,
}

/// What stays in the cache.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Keep {
    /// At most so many bytes.
    pub bytes: Option<u64>,
    /// What was used within this time.
    pub since: Option<Duration>,
}

/// The right to use the cache, until dropped.
#[derive(Debug)]
pub struct CacheUse {
    cache: PathBuf,
    now: SystemTime,
    _lock: File,
}

impl CacheUse {
    /// Uses the cache beside others; waits while somebody cleans it.
    pub fn shared(cache: &Path) -> Result<Self, StoreError> {
        create_dirs(cache)?;
        let path = cache.join(LOCK);
        let write = |source| StoreError::Write { path: path.clone(), source };
        let lock = File::create(&path).map_err(write)?;
        lock.lock_shared().map_err(write)?;
        Self::with(cache, lock)
    }

    /// Has the cache alone; `None` while somebody uses it.
    pub fn alone(cache: &Path) -> Result<Option<Self>, StoreError> {
        create_dirs(cache)?;
        let path = cache.join(LOCK);
        let write = |source| StoreError::Write { path: path.clone(), source };
        let lock = File::create(&path).map_err(write)?;
        match lock.try_lock() {
            Ok(()) => Self::with(cache, lock).map(Some),
            Err(fs::TryLockError::WouldBlock) => Ok(None),
            Err(fs::TryLockError::Error(source)) => Err(write(source)),
        }
    }

    fn with(cache: &Path, lock: File) -> Result<Self, StoreError> {
        let read = |source| StoreError::Read { path: cache.join(LOCK), source };
        // Making the file anew has set its time, by the clock of the same disk.
        let now = lock.metadata().and_then(|metadata| metadata.modified()).map_err(read)?;
        Ok(Self { cache: cache.to_path_buf(), now, _lock: lock })
    }

    /// Removes the least recently used entries until what is left is to be kept;
    /// returns what was removed. Contents of trees that no tree has any more go too.
    pub fn clean(&self, keep: Keep) -> Result<Vec<CacheEntry>, StoreError> {
        let mut entries = entries_of(&self.cache)?;
        entries.sort_by(|left, right| (left.used, &left.path).cmp(&(right.used, &right.path)));
        let mut left: u64 = entries.iter().map(|entry| entry.bytes).sum();
        let mut removed = Vec::new();
        for entry in entries {
            let age = self.now.duration_since(entry.used).unwrap_or_default();
            let too_old = keep.since.is_some_and(|since| age > since);
            let too_much = keep.bytes.is_some_and(|bytes| left > bytes);
            if too_old || too_much {
                left -= entry.bytes;
                remove(&entry)?;
                removed.push(entry);
            }
        }
        remove_stray_contents(&self.cache.join("trees/pool"))?;
        Ok(removed)
    }
}

/// Says that a tree or an environment is used, by the time of its stamp.
pub(crate) fn touch(stamp: &Path) -> Result<(), StoreError> {
    let made = File::create(stamp);
    made.map(drop).map_err(|source| StoreError::Write { path: stamp.to_owned(), source })
}

/// Lists what lies in a cache; nothing where there is none.
pub fn entries_of(cache: &Path) -> Result<Vec<CacheEntry>, StoreError> {
    let mut found = Vec::new();
    for place in listed(cache)? {
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        match name.as_str() {
            "environments" => found.extend(stamped(&place, CachePart::Environments)?),
            "trees" => found.extend(stamped(&place, CachePart::Trees)?),
            "downloads" => {
                for folder in listed(&place)? {
                    found.push(entry(CachePart::Downloads, folder.clone(), &folder)?);
                }
            }
            // Small, and in use while a build begins.
            LOCK | "empty" => {}
            _ => found.push(entry(CachePart::Rest, place.clone(), &place)?),
        }
    }
    Ok(found)
}

/// Lists folders whose use is told by a stamp of their name.
fn stamped(folder: &Path, part: CachePart) -> Result<Vec<CacheEntry>, StoreError> {
    let mut found = Vec::new();
    for place in listed(folder)?.into_iter().filter(|place| place.is_dir()) {
        let name = place.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if part == CachePart::Trees && name == "pool" {
            continue;
        }
        let key = name.trim_start_matches('.').split('.').next().unwrap_or_default();
        let stamp = folder.join(format!("{key}.lock"));
        let stamp = if stamp.is_file() { stamp } else { place.clone() };
        found.push(entry(part, place, &stamp)?);
    }
    Ok(found)
}

fn entry(part: CachePart, path: PathBuf, stamp: &Path) -> Result<CacheEntry, StoreError> {
    let read = |source| StoreError::Read { path: stamp.to_owned(), source };
    let used =
        fs::symlink_metadata(stamp).and_then(|metadata| metadata.modified()).map_err(read)?;
    let bytes = if path.is_dir() {
        files_below(&path)?.into_iter().map(|(_, bytes)| bytes).sum()
    } else {
        fs::symlink_metadata(&path).map_or(0, |metadata| metadata.len())
    };
    Ok(CacheEntry { part, path, bytes, used })
}

fn listed(folder: &Path) -> Result<Vec<PathBuf>, StoreError> {
    if folder.is_dir() { entries(folder) } else { Ok(Vec::new()) }
}

fn remove(entry: &CacheEntry) -> Result<(), StoreError> {
    if entry.path.is_dir() {
        remove_dirs(&entry.path)?;
        return remove_file(&entry.path.with_extension("lock"));
    }
    remove_file(&entry.path)
}

/// Removes contents that only the pool has a name for.
fn remove_stray_contents(pool: &Path) -> Result<(), StoreError> {
    use std::os::unix::fs::MetadataExt as _;
    for folder in listed(pool)? {
        for file in listed(&folder)? {
            if fs::symlink_metadata(&file).is_ok_and(|metadata| metadata.nlink() == 1) {
                remove_file(&file)?;
            }
        }
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use std::fs::FileTimes;

    use backstory_store::fs::write_file;

    use super::*;

    const DAY: Duration = Duration::from_hours(24);

    /// A cache with two environments, a tree and downloads, each older than the next.
    fn cache() -> tempfile::TempDir {
        let cache = tempfile::tempdir().unwrap();
        let now = CacheUse::shared(cache.path()).unwrap().now;
        for (days, file, stamp) in [
            (9, "environments/old/root/file", "environments/old.lock"),
            (5, "environments/new/root/file", "environments/new.lock"),
            (3, "trees/tree/file", "trees/tree.lock"),
            (1, "downloads/uv/file", "downloads/uv"),
        ] {
            let file = cache.path().join(file);
            fs::create_dir_all(file.parent().unwrap()).unwrap();
            write_file(&file, &[7; 1000]).unwrap();
            let stamp = cache.path().join(stamp);
            if !stamp.is_dir() {
                touch(&stamp).unwrap();
            }
            let time = FileTimes::new().set_modified(now - DAY * days);
            File::open(&stamp).unwrap().set_times(time).unwrap();
        }
        let pool = cache.path().join("trees/pool/ab");
        fs::create_dir_all(&pool).unwrap();
        write_file(&pool.join("stray"), b"x").unwrap();
        fs::hard_link(cache.path().join("trees/tree/file"), pool.join("kept")).unwrap();
        cache
    }

    fn names(cache: &Path, entries: &[CacheEntry]) -> Vec<String> {
        let name = |entry: &CacheEntry| {
            entry.path.strip_prefix(cache).unwrap().to_string_lossy().into_owned()
        };
        entries.iter().map(name).collect()
    }

    #[test]
    fn the_least_recently_used_goes_first_and_no_more_than_must() {
        let cache = cache();
        let alone = CacheUse::alone(cache.path()).unwrap().unwrap();
        let keep = Keep { bytes: Some(2500), since: None };
        let removed = alone.clean(keep).unwrap();
        assert_eq!(names(cache.path(), &removed), ["environments/old", "environments/new"]);
        let left = entries_of(cache.path()).unwrap();
        assert_eq!(names(cache.path(), &left), ["downloads/uv", "trees/tree"]);
        assert!(!cache.path().join("environments/old.lock").exists());
        let pool = entries(&cache.path().join("trees/pool/ab")).unwrap();
        assert_eq!(pool, [cache.path().join("trees/pool/ab/kept")]);
        assert!(alone.clean(keep).unwrap().is_empty());
    }

    #[test]
    fn what_was_used_within_the_time_stays() {
        let cache = cache();
        let alone = CacheUse::alone(cache.path()).unwrap().unwrap();
        touch(&cache.path().join("environments/old.lock")).unwrap();
        let keep = Keep { bytes: None, since: Some(DAY * 4) };
        assert_eq!(names(cache.path(), &alone.clean(keep).unwrap()), ["environments/new"]);
    }

    #[test]
    fn a_cache_in_use_is_not_cleaned() {
        let cache = cache();
        let used = CacheUse::shared(cache.path()).unwrap();
        let second = CacheUse::shared(cache.path()).unwrap();
        assert!(CacheUse::alone(cache.path()).unwrap().is_none());
        drop((used, second));
        assert!(CacheUse::alone(cache.path()).unwrap().is_some());
    }
}
