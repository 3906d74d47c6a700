//! What does a repository answer when its objects are in memory?
//!
//! In: the objects a builder made. Out: the `Repository` port over them,
//! written apart from the real one so that the two can be compared.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use backstory_model::{BlobId, Commit, CommitId, Repository, RepositoryError, TreeEntry, TreeId};

use crate::graph;
use crate::object::{Kind, Objects};

/// A repository in memory.
#[derive(Clone, Debug, Default)]
pub struct MemoryRepository {
    commits: BTreeMap<CommitId, Commit>,
    trees: BTreeMap<TreeId, Arc<[TreeEntry]>>,
    blobs: BTreeMap<BlobId, Arc<[u8]>>,
}

impl MemoryRepository {
    pub(crate) fn new(objects: &Objects, dropped: &BTreeSet<BlobId>) -> Self {
        let mut memory = Self::default();
        for (id, object) in &objects.by_id {
            if dropped.contains(id) {
                continue;
            }
            match object.kind {
                Kind::Blob => _ = memory.blobs.insert(id.clone(), object.content.clone()),
                Kind::Tree => memory.add_tree(objects, id),
                Kind::Commit => memory.add_commit(objects, id),
                Kind::Tag => {}
            }
        }
        memory
    }

    fn add_tree(&mut self, objects: &Objects, id: &BlobId) {
        let id = TreeId::new(id.as_str()).expect("an object id has 40 digits");
        if let Some(entries) = objects.tree(&id) {
            self.trees.insert(id, entries.into());
        }
    }

    fn add_commit(&mut self, objects: &Objects, id: &BlobId) {
        let id = CommitId::new(id.as_str()).expect("an object id has 40 digits");
        if let Some(commit) = objects.commit(&id) {
            self.commits.insert(id, commit);
        }
    }

    /// Removes one object of any kind, as if it were missing from the store.
    pub fn forget(&mut self, id: &str) {
        self.commits.retain(|known, _| known.as_str() != id);
        self.trees.retain(|known, _| known.as_str() != id);
        self.blobs.retain(|known, _| known.as_str() != id);
    }

    fn parents(&self, id: &CommitId) -> Vec<CommitId> {
        self.commits.get(id).map(|commit| commit.parents.clone()).unwrap_or_default()
    }
}

fn missing(id: &str) -> RepositoryError {
    RepositoryError::Missing { id: id.to_owned() }
}

impl Repository for MemoryRepository {
    fn commit(&self, id: &CommitId) -> Result<Commit, RepositoryError> {
        self.commits.get(id).cloned().ok_or_else(|| missing(id.as_str()))
    }

    fn tree(&self, id: &TreeId) -> Result<Arc<[TreeEntry]>, RepositoryError> {
        self.trees.get(id).cloned().ok_or_else(|| missing(id.as_str()))
    }

    fn blob(&self, id: &BlobId) -> Result<Option<Arc<[u8]>>, RepositoryError> {
        Ok(self.blobs.get(id).cloned())
    }

    fn blob_size(&self, id: &BlobId) -> Result<Option<u64>, RepositoryError> {
        Ok(self.blobs.get(id).map(|bytes| bytes.len() as u64))
    }

    fn merge_base(
        &self,
        one: &CommitId,
        other: &CommitId,
    ) -> Result<Option<CommitId>, RepositoryError> {
        for id in [one, other] {
            if !self.commits.contains_key(id) {
                return Err(missing(id.as_str()));
            }
        }
        Ok(graph::merge_base(one, other, &|id| self.parents(id)))
    }
}
