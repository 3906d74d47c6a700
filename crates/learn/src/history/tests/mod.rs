//! Does the past hold what it should, and nothing else?

mod columns;
mod leaks;
mod sharing;
mod walks;

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use backstory_model::{
    BlobId, Commit, CommitId, RepoPath, Repository, RepositoryError, Signature, TreeChange,
    TreeEntry, TreeId,
};
use backstory_testkit::{Draft, MemoryRepository, signature};

use super::{Cache, FEATURES, History, Query, walk};
use crate::text::Bag;

/// No edits at all.
const NO_EDITS: [(&str, &str); 0] = [];

/// A commit message at a moment.
fn at(message: &str, moment: &str) -> Draft {
    Draft::new(message).author(who(moment))
}

fn who(moment: &str) -> Signature {
    signature("Ada Fields", "ada@example.org", moment).unwrap()
}

fn walked(repo: &dyn Repository, base: &CommitId) -> History {
    walk(repo, base, &Cache::in_memory()).unwrap()
}

/// Returns the first lines of the messages, newest first.
fn subjects(history: &History) -> Vec<&str> {
    history.commits().map(|commit| commit.message.lines().next().unwrap_or("")).collect()
}

fn paths(names: &[&str]) -> Vec<RepoPath> {
    names.iter().map(|name| RepoPath::from(*name)).collect()
}

/// Returns the process features by name, with the first candidate as the only content hit.
fn columns(
    repo: &dyn Repository,
    base: &CommitId,
    candidates: &[&str],
    issue: &str,
) -> BTreeMap<&'static str, Vec<f32>> {
    let cache = Cache::in_memory();
    let history = walk(repo, base, &cache).unwrap();
    asked(&history, candidates, issue, &cache)
}

/// Asks a walked past.
fn asked(
    history: &History,
    candidates: &[&str],
    issue: &str,
    cache: &Cache,
) -> BTreeMap<&'static str, Vec<f32>> {
    let mut content = vec![0.0; candidates.len()];
    content[0] = 1.0;
    let words = Bag::of(issue);
    let query = Query { words: &words, content: &content };
    let columns = history.features(&paths(candidates), query, cache);
    FEATURES.iter().map(|feature| feature.name).zip(columns).collect()
}

/// A repository that notes what it is asked.
struct Watched {
    inner: MemoryRepository,
    compared: Mutex<BTreeMap<(TreeId, TreeId), u32>>,
    blobs: Mutex<u32>,
}

impl Watched {
    fn new(inner: MemoryRepository) -> Self {
        Self { inner, compared: Mutex::default(), blobs: Mutex::default() }
    }

    fn comparisons(&self) -> BTreeMap<(TreeId, TreeId), u32> {
        self.compared.lock().unwrap().clone()
    }

    fn blobs_read(&self) -> u32 {
        *self.blobs.lock().unwrap()
    }
}

impl Repository for Watched {
    fn commit(&self, id: &CommitId) -> Result<Commit, RepositoryError> {
        self.inner.commit(id)
    }

    fn tree(&self, id: &TreeId) -> Result<Arc<[TreeEntry]>, RepositoryError> {
        self.inner.tree(id)
    }

    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, RepositoryError> {
        *self.blobs.lock().unwrap() += 1;
        self.inner.blob(id)
    }

    fn blob_size(&self, id: &BlobId) -> Result<Option<u64>, RepositoryError> {
        self.inner.blob_size(id)
    }

    fn merge_base(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, RepositoryError> {
        self.inner.merge_base(one, other)
    }

    fn changes(&self, before: &TreeId, after: &TreeId) -> Result<Vec<TreeChange>, RepositoryError> {
        *self.compared.lock().unwrap().entry((before.clone(), after.clone())).or_default() += 1;
        self.inner.changes(before, after)
    }
}
