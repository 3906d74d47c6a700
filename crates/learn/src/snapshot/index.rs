//! Which files were read before, in this process or another?
//!
//! In: blobs of any repository. Out: their [`FileTerms`], read once each. What is kept
//! in memory is bounded; a folder, if there is one, keeps everything by blob id. Its
//! files appear by rename and carry a digest, so that processes may share it and a
//! damaged file is read anew.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use backstory_model::{BlobId, Language, Repository, RepositoryError};
use backstory_store::{StoreError, fs};
use sha2::{Digest as _, Sha256};

use super::file::FileTerms;

/// Raised when [`FileTerms`] or what is read into it changes.
const FORMAT: &str = "terms-1";

/// How many bytes of files are kept in memory.
const LIMIT: usize = 384 << 20;

/// How much effort is put into packing files of the folder.
const ZSTD_LEVEL: i32 = 1;

/// Files are kept in this many parts, so that threads seldom wait for each other.
const PARTS: usize = 64;

/// Says why a file was not indexed.
#[derive(Debug, thiserror::Error)]
pub enum IndexError {
    /// The repository could not answer.
    #[error("failed to read what the index needs")]
    Repository(#[from] RepositoryError),
    /// The folder could not be written.
    #[error("failed to keep the index")]
    Store(#[from] StoreError),
}

/// Indexed files by blob.
#[derive(Debug)]
pub struct Index {
    parts: Vec<Mutex<Part>>,
    folder: Option<PathBuf>,
    limit: usize,
}

type Generation = BTreeMap<(BlobId, Language), Arc<FileTerms>>;

/// Two generations: what was not asked for while the younger one filled up goes.
#[derive(Debug, Default)]
struct Part {
    young: Generation,
    old: Generation,
    weight: usize,
}

impl Index {
    /// Makes an index that also keeps its files in a folder, if one is given.
    pub fn new(folder: Option<PathBuf>) -> Self {
        let parts = (0..PARTS).map(|_| Mutex::default()).collect();
        Self { parts, folder, limit: LIMIT }
    }

    /// Returns what a blob holds; `None` when the repository does not have it.
    pub fn file(
        &self,
        repository: &dyn Repository,
        blob: &BlobId,
        language: Language,
    ) -> Result<Option<Arc<FileTerms>>, IndexError> {
        let key = (blob.clone(), language);
        // The lock is held while a file is read, so that no file is read twice.
        let mut part = self.part(blob).lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(found) = part.get(&key, self.limit / PARTS) {
            return Ok(Some(found));
        }
        let place = self.folder.as_ref().map(|folder| place(folder, blob, language));
        if let Some(stored) = place.as_deref().and_then(stored) {
            let stored = Arc::new(stored);
            part.keep(key, Arc::clone(&stored), self.limit / PARTS);
            return Ok(Some(stored));
        }
        let Some(bytes) = repository.blob(blob)? else { return Ok(None) };
        let read = Arc::new(FileTerms::read(language, &bytes));
        if let Some(place) = place {
            store(&place, &read)?;
        }
        part.keep(key, Arc::clone(&read), self.limit / PARTS);
        Ok(Some(read))
    }

    fn part(&self, blob: &BlobId) -> &Mutex<Part> {
        let digits = &blob.as_str()[..2];
        let number = usize::from_str_radix(digits, 16).unwrap_or(0);
        &self.parts[number % PARTS]
    }
}

impl Part {
    fn get(&mut self, key: &(BlobId, Language), limit: usize) -> Option<Arc<FileTerms>> {
        if let Some(found) = self.young.get(key) {
            return Some(Arc::clone(found));
        }
        let found = self.old.remove(key)?;
        self.keep(key.clone(), Arc::clone(&found), limit);
        Some(found)
    }

    fn keep(&mut self, key: (BlobId, Language), file: Arc<FileTerms>, limit: usize) {
        let added = file.weight();
        if self.weight + added > limit / 2 {
            self.old = std::mem::take(&mut self.young);
            self.weight = 0;
        }
        if self.young.insert(key, file).is_none() {
            self.weight += added;
        }
    }
}

fn place(folder: &Path, blob: &BlobId, language: Language) -> PathBuf {
    let (start, rest) = blob.as_str().split_at(2);
    folder.join(FORMAT).join(start).join(format!("{rest}.{language:?}"))
}

/// Reads a file of the folder; `None` when it is missing or damaged.
fn stored(place: &Path) -> Option<FileTerms> {
    let bytes = fs::read_file(place).ok()?;
    let (digest, packed) = bytes.split_at_checked(32)?;
    if Sha256::digest(packed).as_slice() != digest {
        return None;
    }
    serde_json::from_slice(&zstd::decode_all(packed).ok()?).ok()
}

fn store(place: &Path, file: &FileTerms) -> Result<(), IndexError> {
    let json = serde_json::to_vec(file).expect("plain values serialize");
    let packed = zstd::encode_all(&json[..], ZSTD_LEVEL).expect("memory takes what is written");
    let mut bytes = Sha256::digest(&packed).to_vec();
    bytes.extend(packed);
    fs::create_dirs(place.parent().unwrap_or(place))?;
    Ok(fs::write_file(place, &bytes)?)
}

#[cfg(test)]
mod tests {
    use backstory_model::{BlobId, Language};
    use backstory_store::fs;
    use backstory_testkit::RepoBuilder;

    use super::{Index, PARTS};

    const SOURCE: &str = "def read_line():\n    return 1\n";

    fn repository() -> (backstory_testkit::MemoryRepository, BlobId) {
        let mut repo = RepoBuilder::new("acme/toy");
        repo.commit("add a reader", [("reader.py", SOURCE)]);
        let blob = backstory_model::git_object_id("blob", SOURCE.as_bytes());
        (repo.memory(), blob)
    }

    #[test]
    fn a_folder_serves_what_the_repository_no_longer_has() {
        let folder = tempfile::tempdir().unwrap();
        let (mut repository, blob) = repository();
        let index = || Index::new(Some(folder.path().to_owned()));
        let read = index().file(&repository, &blob, Language::Python).unwrap().unwrap();
        repository.forget(blob.as_str());
        let again = index().file(&repository, &blob, Language::Python).unwrap().unwrap();
        assert_eq!(read, again);
        assert!(Index::new(None).file(&repository, &blob, Language::Python).unwrap().is_none());
    }

    #[test]
    fn a_damaged_file_of_the_folder_is_read_anew() {
        let folder = tempfile::tempdir().unwrap();
        let (repository, blob) = repository();
        let index = || Index::new(Some(folder.path().to_owned()));
        let read = index().file(&repository, &blob, Language::Python).unwrap().unwrap();
        let (place, _) = fs::files_below(folder.path()).unwrap().remove(0);
        let good = fs::read_file(&place).unwrap();
        for damage in [&b""[..], &good[..40], &[&good[..], b" "].concat()] {
            fs::write_file(&place, damage).unwrap();
            let again = index().file(&repository, &blob, Language::Python).unwrap().unwrap();
            assert_eq!(read, again);
            assert_eq!(fs::read_file(&place).unwrap(), good, "it is written anew");
        }
    }

    #[test]
    fn memory_is_bounded_and_what_goes_is_read_again() {
        let (repository, blob) = repository();
        let index = Index { limit: PARTS, ..Index::new(None) };
        for _ in 0..3 {
            assert!(index.file(&repository, &blob, Language::Python).unwrap().is_some());
            assert!(index.file(&repository, &blob, Language::Rust).unwrap().is_some());
        }
        let part = index.part(&blob).lock().unwrap();
        assert!(part.young.len() + part.old.len() <= 2);
    }
}
